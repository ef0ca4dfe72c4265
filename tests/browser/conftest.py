"""The built pages, served on loopback, and a browser that notes what they do."""

from collections.abc import Iterator
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
    size = {"width": 1280, "height": 900}
    page = noting_page(browser, viewport=size, service_workers=workers)
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
