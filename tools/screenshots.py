"""Photograph the built pages: light and dark, wide and narrow, a knob turned.

Usage: ``python tools/screenshots.py [page …]``, pages as ``book/intro``, or all.
The pictures go to ``build/screenshots/``.
"""

import sys
from pathlib import Path

import browser
import serve
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build/screenshots"
# Pictures that wait for the reader would be missing.
EAGER = "for (const picture of document.images) picture.loading = 'eager';"


def main(pages: list[str]) -> None:
    """Take the pictures."""
    pages = pages or sorted(
        str(file.relative_to(serve.HTML).with_suffix(""))
        for folder in ("book", "notebooks")
        for file in (serve.HTML / folder).glob("*.html")
    )
    TARGET.mkdir(parents=True, exist_ok=True)
    with serve.running() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.FLAGS
        )
        for page_name in pages:
            for theme in ("light", "dark"):
                for width in (1280, 390):
                    page = chromium.new_page(
                        viewport={"width": width, "height": 900}, color_scheme=theme
                    )
                    page.goto(f"{address}/{page_name}.html")
                    page.evaluate(EAGER)
                    page.wait_for_load_state("networkidle")
                    turn_knobs(page)
                    name = f"{page_name.replace('/', '-')}-{theme}-{width}.png"
                    page.screenshot(path=TARGET / name, full_page=True)
                    print(f"{TARGET / name}")
                    page.close()
        chromium.close()


def turn_knobs(page) -> None:
    """Bring every explorer to life, and turn its first knob by five steps."""
    for place in page.locator(".vg-explorer").all():
        place.scroll_into_view_if_needed()
        place.locator("input:enabled, select:enabled").first.wait_for()
        knob = place.locator("input[type=range]").first
        if not knob.count():
            continue  # few values, as buttons
        knob.focus()
        for _ in range(5):
            knob.press("ArrowLeft")
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main(sys.argv[1:])
