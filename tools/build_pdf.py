"""Print the whole course as book/_build/vgcourse.pdf, unless nothing in it has changed.

Sphinx lays all chapters out on one page, with the stored outputs of the notebooks, so
that nothing runs; Chromium prints that page with the book's own stylesheets. It prints
twice: the first time says on which page each heading stands, for the contents.
"""

import contextlib
import io
import logging
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from html import escape

import address
import browser
import build_book
import pikepdf
import stamps
import yaml
from bs4 import BeautifulSoup, Tag
from jupyter_book.sphinx import build_sphinx
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit
from stamps import ROOT

BUILD = ROOT / "book" / "_build" / "pdf"
PAPER = BUILD / "html" / "paper.html"
PDF = build_book.PDF
LOG = ROOT / ".make" / "pdf.log"
LONG = 30  # lines of code that a page need not hold together
# As in build_book, and what stands on the first page.
MADE_OF = (*build_book.CODE, *build_book.PAGES, "tools/build_pdf.py")
# Where a link leads: the number of a page, counted from 0, and the height on it.
Places = dict[str, tuple[int, float]]


@dataclass(frozen=True)
class Entry:
    """A line of the contents: a part, a chapter (h1) or a section of one (h2)."""

    kind: str
    title: str
    place: str = ""


class PdfError(Exception):
    """The course cannot be printed; one line says why."""


def lay_out() -> BeautifulSoup:
    """Return the one page with all chapters, as Sphinx writes it."""
    shutil.rmtree(BUILD, ignore_errors=True)
    with (
        LOG.open("w") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        failed = build_sphinx(
            str(ROOT),
            str(BUILD / "html"),
            noconfig=True,
            path_config=str(ROOT / "book/_config.yml"),
            confoverrides={
                "latex_individualpages": False,
                "external_toc_path": str(ROOT / "book/_toc.yml"),
                "nb_execution_mode": "off",
                "nitpicky": True,
            },
            doctreedir=str(BUILD / "doctrees"),
            builder="singlehtml",
            warningiserror=True,
            keep_going=True,
        )
    if failed:
        raise PdfError(build_book.complaints(LOG.read_text(errors="replace")))
    root = yaml.safe_load((ROOT / "book/_toc.yml").read_text("utf-8"))["root"]
    page = BUILD / "html" / f"{root}.html"
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def last_change() -> date:
    """Return the day of the last commit, or today where there is no history."""
    command = ["git", "log", "-1", "--format=%cs"]
    result = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True
    )
    return date.fromisoformat(result.stdout.strip() or date.today().isoformat())


def title_page(settings: dict) -> str:
    """Return the first page."""
    here, day = address.read(), last_change()
    return f"""<section class="vg-title">
<p class="vg-name">{settings["title"]}</p>
<p>An interactive course, on paper</p>
<p>{settings["author"]}</p>
<p>Version {here.tag[1:]}, {day.day} {day:%B %Y}</p>
<p>The explorers answer, and the cells run, at <a href="{here.site}">{here.site}</a></p>
<p>Text and pictures are under
<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>,
the code under the BSD 3-Clause license.</p>
</section>"""


def prepare(article: Tag) -> None:
    """Open what a reader would open, and give each place an id of its own."""
    for code in article.select("details.hide"):  # a code cell, not a solution
        code.summary.decompose()
        code.unwrap()
    for code in article.select(".cell_input"):
        if code.get_text().count("\n") > LONG:
            code["class"] = [*code["class"], "vg-long"]
    for folded in article.select("details"):
        folded["open"] = ""
    for unneeded in article.select("a.headerlink, script"):
        unneeded.decompose()
    chapters = article.select(".toctree-wrapper > section")
    taken = {chapter["id"] for chapter in chapters}
    for chapter in chapters:
        # Sphinx puts the chapters under the first page; they stand beside it.
        for level in range(2, 7):
            for heading in chapter.find_all(f"h{level}"):
                heading.name = f"h{level - 1}"
        # They have sections of the same name, and a link leads to the first of an id.
        places = chapter.find_all(id=True)
        renamed = {
            tag["id"]: f"{chapter['id']}-{tag['id']}"
            for tag in places
            if tag["id"] in taken
        }
        for tag in places:
            tag["id"] = renamed.get(tag["id"], tag["id"])
            taken.add(tag["id"])
        for link in chapter.select('a[href^="#"]'):
            place = link["href"][1:]
            link["href"] = f"#{renamed.get(place, place)}"


def entries(article: Tag) -> list[Entry]:
    """List the parts, the chapters and their sections."""

    def of(section: Tag) -> Entry:
        heading = section.find(["h1", "h2"])
        return Entry(heading.name, heading.get_text(), section["id"])

    toc = yaml.safe_load((ROOT / "book/_toc.yml").read_text("utf-8"))
    found = [of(article.section)]
    wrappers = article.select(".toctree-wrapper")
    for part, wrapper in zip(toc["parts"], wrappers, strict=True):
        found.append(Entry("part", part["caption"]))
        for chapter in wrapper.find_all("section", recursive=False):
            found.append(of(chapter))
            found += map(of, chapter.find_all("section", recursive=False))
    return found


def contents(found: list[Entry], places: Places) -> str:
    """Return the table of contents, with the pages once they are known."""
    lines = []
    for entry in found:
        text = escape(entry.title)
        if entry.place:
            page = places[entry.place][0] + 1 if places else ""
            text = f'<a href="#{entry.place}">{text}</a><i></i><span>{page}</span>'
        lines.append(f'<li class="vg-{entry.kind}">{text}</li>')
    head = '<nav class="vg-contents"><p class="vg-name">Contents</p><ul>'
    return "\n".join([head, *lines, "</ul></nav>"])


def compose(site: BeautifulSoup, first: str, places: Places) -> str:
    """Return the page to print: title, contents, chapters; no script, no navigation."""
    article = site.select_one("article.bd-article")
    styles = "\n".join(map(str, site.select('head link[rel="stylesheet"], head style')))
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head><meta charset="utf-8">{site.title}
{styles}</head>
<body class="vg-paper">
{first}
{contents(entries(article), places)}
<main class="bd-main"><div class="bd-content"><div class="bd-article-container">
{article}
</div></div></main></body></html>"""


def find_places(pdf: bytes) -> Places:
    """Return the page and the height of every place that a link leads to."""
    reader = PdfReader(io.BytesIO(pdf))
    return {
        name.removeprefix("/"): (
            reader.get_destination_page_number(place),
            float(place.top),
        )
        for name, place in reader.named_destinations.items()
    }


def print_page(site: BeautifulSoup, first: str) -> tuple[bytes, Places]:
    """Print the page, and print it again with the page numbers in its contents."""
    path = browser.find()
    if path is None:
        raise PdfError(browser.HELP)
    places: Places = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browser.FLAGS)
        page = chromium.new_page()
        for _ in range(2):
            PAPER.write_text(compose(site, first, places), "utf-8")
            page.goto(PAPER.as_uri(), wait_until="load")
            pdf = page.pdf(
                prefer_css_page_size=True, print_background=True, tagged=True
            )
            places = find_places(pdf)
        chromium.close()
    return pdf, places


def finish(pdf: bytes, places: Places, found: list[Entry], settings: dict) -> None:
    """Write the file with its outline, and with what a library asks of it."""
    # Chromium counts fewer objects in its trailer than it writes, and pypdf says so.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    chapter = None
    for entry in found:
        if entry.place:
            page, top = places[entry.place]
            above = chapter if entry.kind == "h2" else None
            fit = Fit.xyz(left=0, top=top)
            item = writer.add_outline_item(
                title=entry.title, page_number=page, parent=above, fit=fit
            )
            chapter = chapter if above else item
    writer.add_metadata(
        {
            "/Author": settings["author"],
            "/Subject": f"An interactive course, on paper: {address.read().site}",
            "/Creator": "vgcourse",
        }
    )
    writer.page_mode = "/UseOutlines"
    whole = io.BytesIO()
    writer.write(whole)
    # The marks for screen readers are more than half of it, and shrink to a tenth.
    packed = pikepdf.ObjectStreamMode.generate
    with pikepdf.open(whole) as file:
        file.save(PDF, object_stream_mode=packed, linearize=True)


def main() -> int:
    """Print the course if need be, and say how long it took."""
    now = stamps.digest(MADE_OF)
    if stamps.recorded(PDF) == now:
        print("The PDF is up to date")
        return 0
    print("Printing the course", flush=True)
    start = time.perf_counter()
    settings = yaml.safe_load((ROOT / "book/_config.yml").read_text("utf-8"))
    LOG.parent.mkdir(exist_ok=True)
    try:
        site = lay_out()
        article = site.select_one("article.bd-article")
        prepare(article)
        pdf, places = print_page(site, title_page(settings))
        finish(pdf, places, entries(article), settings)
    except PdfError as error:
        print(error)
        return 1
    stamps.record(PDF, now)
    seconds = time.perf_counter() - start
    print(f"Printed {PDF.relative_to(ROOT)} ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
