"""The built pages, served on loopback, and a browser that notes what they do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import browser as chromium
import pytest
import serve
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "book/_build/html"
PAGES = sorted(
    str(page.relative_to(SITE).with_suffix(""))
    for folder in ("book", "notebooks")
    for page in (SITE / folder).glob("*.html")
)
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 800}
# What is true on a quiet machine comes later on a busy one.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book."""
    with serve.running(SITE) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.HELP)
    with sync_playwright() as playwright:
        # No other host can be reached, on whatever machine this runs.
        alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(
            executable_path=path, args=[*chromium.FLAGS, alone]
        )
        yield browser
        browser.close()


@pytest.fixture
def workers() -> str:
    """Whether service workers may run; the tests that need them say so."""
    return "block"


def noting_page(browser: Browser, **options: object) -> Page:
    """A page without motion, whose `requests` and `complaints` are kept."""
    page = browser.new_page(reduced_motion="reduce", **options)
    page.requests = []
    page.complaints = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.complaints.append(message.text) if message.type == "error" else None
        ),
    )
    page.on("requestfailed", lambda request: page.complaints.append(request.url))
    return page


@pytest.fixture
def page(browser: Browser, workers: str) -> Iterator[Page]:
    """A page on a desk, by pointer and keyboard."""
    page = noting_page(browser, viewport=WIDE, service_workers=workers)
    yield page
    page.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page in the hand, by touch alone."""
    page = noting_page(
        browser,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        service_workers="block",
    )
    yield page
    page.close()


def swipe(page: Page, *points: tuple[float, float]) -> None:
    """Draw a finger over the screen from point to point."""
    hand = page.context.new_cdp_session(page)
    touches = [[{"x": float(x), "y": float(y)}] for x, y in points]
    kinds = ["touchStart", *["touchMove"] * (len(points) - 1), "touchEnd"]
    for kind, touch in zip(kinds, [*touches, []], strict=True):
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touch})
    hand.detach()


@dataclass(frozen=True)
class Visit:
    """A page of the book that is open, with its explorers alive."""

    name: str
    host: str
    page: Page
    explorers: list[Locator]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a host that has the book in a folder, ``course``."""
    root = tmp_path_factory.mktemp("host")
    (root / "course").symlink_to(SITE)
    with serve.running(root) as address:
        yield address


@pytest.fixture(scope="session", params=PAGES)
def opened(
    request: pytest.FixtureRequest, browser: Browser, folder: str
) -> Iterator[Visit]:
    """Each page of the book, opened once for all that is asked of each: see `visit`."""
    page = noting_page(browser, viewport=WIDE, service_workers="block")
    page.goto(f"{folder}/course/{request.param}.html")
    explorers = wake(page)
    page.wait_for_load_state("networkidle")
    yield Visit(request.param, folder, page, explorers)
    page.close()


@pytest.fixture
def visit(opened: Visit) -> Visit:
    """A page of the book as a visitor with a wide, light screen has it before her."""
    opened.page.set_viewport_size(WIDE)
    opened.page.emulate_media(color_scheme="light")
    return opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what is asked of one page, also where two processes share."""
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if "opened" in params:
            item.add_marker(pytest.mark.xdist_group(params["opened"]))


def wait_until(page: Page, script: str, arg: object = None) -> None:
    """Wait for a script to be true; the pages' policy forbids Playwright's own way."""
    for _ in range(300):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(100)
    message = f"not true within 30 seconds: {script}"
    raise AssertionError(message)


def turn_gain_down(explorer: Locator) -> Locator:
    """Turn the linear chain's gain from 0.9 by one step; return its sentence."""
    readout = explorer.locator(".vg-readout")
    before = readout.inner_text()
    knob = explorer.locator("[data-knob=gain]")
    knob.focus()
    knob.press("ArrowLeft")
    expect(readout).not_to_have_text(before)
    expect(readout).to_contain_text("gain 0.85")
    return readout


def wake(page: Page) -> list:
    """Scroll every explorer near, and wait until all are mounted, the page laid out.

    What waits for a guess is shown.
    """
    page.locator(".vg-asked .vg-plain, .vg-claim .vg-plain").evaluate_all(
        "buttons => buttons.forEach((button) => button.click())"
    )
    places = page.locator(".vg-explorer").all()
    for place in places:
        place.scroll_into_view_if_needed()
        place.locator("svg[data-panel]").first.wait_for()
    wait_until(page, "() => !document.querySelector('.vg-arriving')")
    return places
