"""The course on a train: kept, opened offline, replaced by its next edition."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
import serve
from conftest import PAGES, SITE, wait_until, wake
from playwright.sync_api import BrowserContext, Page, expect

from coursebook import publish

SAVED = "Saved for reading offline"
LANDING = "book/intro.html"
TABLES = SITE / "_static/explorers"


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A reader who has not been here before."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context) -> Page:
    """A page whose `complaints` are kept."""
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            # The theme tells its log about its colors.
            page.complaints.append(message.text) if message.type != "log" else None
        ),
    )
    page.on(
        "requestfailed",
        lambda request: (
            # The root's page is left before its icon is there.
            page.complaints.append(request.url)
            if request.failure != "net::ERR_ABORTED"
            else None
        ),
    )
    return page


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the built book, to change."""
    return Path(shutil.copytree(SITE, tmp_path / "site"))


def rebuild(site: Path) -> None:
    """Do again what the end of the book's build does."""
    worker = site / "service-worker.js"
    stamps = publish.Stamps(site)
    for file in publish.pages(site):
        stamps.use(file)
        file.write_text(stamps.stamp(file, file.read_text()))
    files = json.dumps(stamps.files())
    code = worker.read_text().partition(";\n")[2]
    worker.write_text(f"self.vgcourseFiles = {files};\n{code}")


def visit(page: Page, address: str) -> None:
    """Open a page, and wait until the whole course is saved."""
    page.goto(address)
    page.locator(".vg-saved", has_text=SAVED).wait_for(state="attached")


def shown(explorer) -> tuple[str, str]:
    """Return the sentence of an explorer, and what is drawn, but for its ghosts."""
    marks = explorer.locator(":not(.vg-ghost) > [data-mark]")
    drawn = marks.evaluate_all("marks => marks.map((mark) => mark.innerHTML).join()")
    return explorer.locator(".vg-readout").inner_text(), drawn


def test_course_visited_once_opens_whole_without_a_network(page, site, context):
    visit(page, f"{site}/{LANDING}")
    context.set_offline(True)
    for name in PAGES:
        page.goto(f"{site}/{name}.html")
        expect(page.locator("article h1")).to_be_visible()
        for place in wake(page)[:1]:  # all have their tables; one is turned
            before = shown(place)
            knob = place.locator("input[type=range]").first
            if knob.count():
                knob.focus()
                knob.press("Home")
                if shown(place) == before:
                    knob.press("End")
            else:  # few values, as buttons
                place.locator(".vg-choice label:not(:has(:checked))").last.click()
            assert shown(place) != before
        if page.locator(".math").count():
            expect(page.locator(":is(mjx-container, .katex)").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        drawn = page.locator("main img").evaluate_all(
            "images => images.every(i => i.loading === 'lazy' || i.naturalWidth)"
        )
        assert drawn, name
    page.goto(f"{site}/search.html?q=sigmoid")
    page.locator("#search-results li").first.wait_for()
    page.goto(f"{site}/")
    page.wait_for_url(f"{site}/{LANDING}")
    assert page.complaints == []


def test_course_below_a_folder_keeps_to_its_folder(page, copy, context):
    folder = copy.parent / "www/course"
    folder.parent.mkdir()
    copy.rename(folder)
    (folder.parent / "other.html").write_text("<link rel=icon href=data:,>")
    with serve.running(folder.parent) as address:
        visit(page, f"{address}/course/{LANDING}")
        scopes = page.evaluate(
            "async () => (await navigator.serviceWorker.getRegistrations())"
            ".map(r => r.scope)"
        )
        assert scopes == [f"{address}/course/"]
        page.goto(f"{address}/other.html")
        assert page.evaluate("navigator.serviceWorker.controller") is None
        context.set_offline(True)
        for name in (PAGES[0], PAGES[-1]):  # one of each folder of the course
            page.goto(f"{address}/course/{name}.html")
            expect(page.locator("article h1")).to_be_visible()
    assert page.complaints == []


def test_update_is_seen_at_once_and_then_offline_too(page, copy, context):
    chapter, script = copy / LANDING, copy / "_static/course.js"
    with serve.running(copy) as address:
        visit(page, f"{address}/{LANDING}")
        open_page = context.new_page()
        open_page.goto(f"{address}/{LANDING}")
        former = open_page.locator(".vg-explorer").first.get_attribute("data-state")
        former_script = page.locator("script[src*='course.js']").get_attribute("src")

        text = chapter.read_text().replace("<h1>", "<h1>Second edition: ")
        renamed = f"{'0' * 16}.js"
        chapter.write_text(text.replace(Path(former).name, renamed))
        table = copy / "_static/explorers" / Path(former).name
        table.rename(table.with_name(renamed))
        script.write_text(script.read_text() + "\nself.edition = 2;\n")
        rebuild(copy)

        # At once: the page and the script that belongs to it, although the worker of
        # the first edition answers.
        page.goto(f"{address}/{LANDING}")
        expect(page.locator("article h1")).to_contain_text("Second edition")
        assert page.evaluate("self.edition") == 2

        # The second worker takes over, with the page still open.
        keys = """async () => {
            const keys = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys())
                    keys.push(name.split('-http')[0] + ' ' + request.url);
            return keys;
        }"""
        wait_until(
            page,
            f"async name => (await ({keys})()).some(key => "
            "key.startsWith('vgcourse-former') && key.includes(name))",
            arg=Path(former).name,
        )
        kept = page.evaluate(keys)
        of_script = [key for key in kept if "/course.js" in key]
        assert len(of_script) == 2  # the new one, and the former put aside
        assert sum(key.endswith(former_script.lstrip("./")) for key in of_script) == 1

        context.set_offline(True)
        # A page of the first edition still finds its table, which the site has no more.
        wake(open_page)
        page.reload()
        expect(page.locator("article h1")).to_contain_text("Second edition")
        assert page.evaluate("self.edition") == 2
        wake(page)
        context.set_offline(False)

        # A third edition: nothing is left of the first.
        chapter.write_text(chapter.read_text().replace("Second", "Third"))
        rebuild(copy)
        page.reload()
        expect(page.locator("article h1")).to_contain_text("Third edition")
        wait_until(
            page,
            f"async name => !(await ({keys})()).some(key => key.includes(name))",
            arg=Path(former).name,
        )
        context.set_offline(True)
        page.reload()
        expect(page.locator("article h1")).to_contain_text("Third edition")
    assert page.complaints == []


def test_slow_network_gives_the_kept_page(page, copy, context):
    with serve.running(copy) as address:
        visit(page, f"{address}/{LANDING}")
        context.route("**/notation.html", lambda _route: None)  # never answers
        page.goto(f"{address}/book/notation.html", timeout=8000)
        expect(page.locator("article h1")).to_be_visible()


def test_reader_who_saves_data_keeps_the_visited_pages_only(page, site, context):
    context.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    page.goto(f"{site}/{LANDING}")
    wait_until(page, "navigator.serviceWorker.controller !== null")
    wait_until(page, "async () => (await caches.keys()).length == 2")
    page.wait_for_load_state("networkidle")
    page.goto(f"{site}/{PAGES[-1]}.html")
    page.wait_for_load_state("networkidle")
    assert page.locator(".vg-saved", has_text=SAVED).count() == 0
    context.set_offline(True)
    for name in (LANDING, f"{PAGES[-1]}.html"):
        page.goto(f"{site}/{name}")
        expect(page.locator("article h1")).to_be_visible()
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 300
    assert page.complaints == []
    # What was not visited: the course's own page, with links to what was.
    page.goto(f"{site}/{PAGES[-2]}.html")
    expect(page.locator("h1")).to_have_text("This page is not on your device")
    assert page.locator("li a").evaluate_all("links => links.map(a => a.href)") == [
        f"{site}/{LANDING}",
        f"{site}/{PAGES[-1]}.html",
    ]
    page.locator("li a").first.click()
    expect(page.locator("article h1")).to_be_visible()


def test_what_needs_a_network_says_so(page, site, context):
    visit(page, f"{site}/{LANDING}")
    context.set_offline(True)
    page.goto(f"{site}/lite/lab/index.html")
    expect(page.locator("h1")).to_have_text("This page is not on your device")
    assert page.locator("li a").count() >= len(PAGES)


def test_nothing_is_registered_from_a_folder(page):
    page.goto((SITE / LANDING).as_uri())
    page.wait_for_load_state("networkidle")
    assert page.locator(".vg-saved").count() == 0
    assert page.complaints == []


def test_course_can_be_installed(page, site, context):
    page.goto(f"{site}/{PAGES[-1]}.html")
    session = context.new_cdp_session(page)
    answer = session.send("Page.getAppManifest")
    assert answer["errors"] == []
    manifest = json.loads(answer["data"])
    for member in ("start_url", "scope"):
        assert urljoin(answer["url"], manifest[member]) == f"{site}/"
    session.send("Page.enable")
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Playwright's contexts are like private windows, where nothing is installed.
    assert [p["errorId"] for p in problems] in ([], ["in-incognito"])
    for icon in manifest["icons"]:
        width = page.evaluate(
            "async source => { const image = new Image(); image.src = source;"
            " await image.decode(); return image.naturalWidth }",
            urljoin(answer["url"], icon["src"]),
        )
        assert icon["sizes"] in ("any", f"{width}x{width}")


def test_worker_keeps_each_file_of_the_course_under_the_hash_of_its_content():
    first = (SITE / "service-worker.js").read_text().partition(";\n")[0]
    files = dict(json.loads(first.partition("=")[2]))
    kept = {unquote(address.partition("?")[0]) for address in files}
    assert {f"{name}.html" for name in PAGES} <= kept
    assert {f"_static/explorers/{table.name}" for table in TABLES.iterdir()} <= kept
    for name in PAGES:
        text = (SITE / f"{name}.html").read_text()
        loaded = re.findall(r'<(?:script|img)[^>]* src="([^":]+)"', text)
        loaded += re.findall(r'<link href="([^":]+)" rel="stylesheet"', text)
        assert {urljoin(f"{name}.html", reference) for reference in loaded} <= {
            *files
        }, name
    assert not [name for name in kept if re.search(r"^lite/|\.(ipynb|pdf)$", name)]
