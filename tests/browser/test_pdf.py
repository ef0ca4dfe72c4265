"""The course on paper: what `make pdf` prints is all there, and looks like a book."""

import json
import re
from collections.abc import Iterator

import build_pdf
import pytest
from playwright.sync_api import Browser, Page
from pypdf import PageObject, PdfReader

CHAPTERS = [
    "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    .splitlines()[0]
    .removeprefix("# ")
    for path in sorted(build_pdf.ROOT.glob("notebooks/*.ipynb"))
]


@pytest.fixture(scope="module")
def pdf() -> PdfReader:
    return PdfReader(build_pdf.PDF)


@pytest.fixture(scope="module")
def text(pdf: PdfReader) -> list[str]:
    """The words of each page, its number first, with one space between them."""
    return [" ".join(page.extract_text().split()) for page in pdf.pages]


@pytest.fixture
def paper(browser: Browser) -> Iterator[Page]:
    """What was printed, laid out as wide as the text on paper: 174 mm."""
    page = browser.new_page(viewport={"width": 658, "height": 900})
    page.emulate_media(media="print")
    page.goto(build_pdf.PAPER.as_uri())
    yield page
    page.close()


def fonts(page: PageObject) -> Iterator[dict]:
    """The description of each font of a page; without one it is not in the file."""
    for font in page["/Resources"].get("/Font", {}).values():
        if font.get("/Subtype") == "/Type3":  # drawn: the shapes are in the font itself
            continue
        descendants = font.get_object().get("/DescendantFonts", [font])
        yield descendants[0].get_object()["/FontDescriptor"]


def test_the_outline_leads_to_every_chapter(pdf: PdfReader, text: list[str]) -> None:
    chapters = {
        item.title: pdf.get_destination_page_number(item)
        for item in pdf.outline
        if not isinstance(item, list)
    }
    assert set(CHAPTERS) <= set(chapters)
    for chapter in CHAPTERS:
        page = chapters[chapter]
        assert text[page].startswith(f"{page + 1} {chapter}")
    sections = [item for item in pdf.outline if isinstance(item, list)]
    assert len(sections) >= len(CHAPTERS)


def test_the_contents_tell_on_which_page_a_chapter_stands(
    pdf: PdfReader, text: list[str]
) -> None:
    assert text[1].startswith("Contents")
    contents = " ".join(text[1:3])  # two pages of them
    for chapter in CHAPTERS:
        number = int(re.search(rf"{re.escape(chapter)} (\d+)", contents)[1])
        assert text[number - 1].startswith(f"{number} {chapter}")


def test_the_first_page_says_what_it_is_whose_and_how_it_may_be_used(
    pdf: PdfReader, text: list[str]
) -> None:
    for words in ("Vanishing and exploding gradients", "Version", "CC BY 4.0"):
        assert words in text[0]
    assert pdf.metadata.title == "Vanishing and exploding gradients"
    assert pdf.metadata.author == "The vgcourse authors"
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert pdf.root_object["/Lang"] == "en"


def test_explorers_formulas_and_solutions_are_printed(text: list[str]) -> None:
    whole = " ".join(text)
    whole = whole.replace("\u00a0", " ")
    assert "float16 is stuck at 2.4 × 10⁻⁷ since layer 142." in whole
    assert whole.count("Turn the knobs.") >= len(CHAPTERS)
    assert "so 117 layers" in whole  # the solution of an exercise
    assert re.search(r"\(1\.2\)", whole)  # the number of a formula


def test_a_link_to_an_explorer_leads_to_its_page_on_the_site(pdf: PdfReader) -> None:
    links = {
        note.get_object().get("/A", {}).get("/URI", "").lower()
        for page in pdf.pages
        for note in page.get("/Annots", [])
    }
    site = build_pdf.address.read().site.lower()  # as a browser writes a host
    assert f"{site}/notebooks/02_linear_chain.html" in links


def test_no_page_is_empty_and_there_are_neither_few_nor_too_many(
    pdf: PdfReader, text: list[str]
) -> None:
    bare = [
        number
        for number, (page, words) in enumerate(zip(pdf.pages, text, strict=True), 1)
        if len(words) < 100 and not page.images
    ]
    assert bare == []
    assert len(CHAPTERS) * 10 < len(pdf.pages) < len(CHAPTERS) * 25


def test_fonts_are_in_the_file_and_the_file_is_small(pdf: PdfReader) -> None:
    found = [font for page in pdf.pages for font in fonts(page)]
    assert found
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in found)
    assert build_pdf.PDF.stat().st_size < 6_000_000


def test_nothing_is_wider_than_the_paper(paper: Page) -> None:
    wide = paper.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((e) => e instanceof HTMLElement && !e.closest(".katex-mathml"))
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
            .map((e) => `${e.tagName} ${e.className}: ${e.textContent.slice(0, 60)}`)"""
    )
    assert wide == []


def test_two_places_never_share_a_name_and_every_link_finds_its_place(
    paper: Page,
) -> None:
    missing = paper.evaluate(
        """() => [...document.querySelectorAll('a[href^="#"]')]
            .map((a) => decodeURIComponent(a.getAttribute("href").slice(1)))
            .filter((id) => !document.getElementById(id))"""
    )
    twice = paper.evaluate(
        """() => [...document.querySelectorAll("main [id]")].map((e) => e.id)
            .filter((id, at, all) => all.indexOf(id) !== at)"""
    )
    assert (missing, twice) == ([], [])


def test_a_single_chapter_prints_its_title_and_solutions_and_nothing_to_click(
    page: Page, site: str
) -> None:
    page.emulate_media(media="print")
    page.goto(f"{site}/notebooks/02_linear_chain.html")
    assert page.locator(".bd-article h1").is_visible()
    assert page.get_by_text("so 117 layers").is_visible()
    for gone in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-area"):
        assert not page.locator(gone).first.is_visible(), gone
