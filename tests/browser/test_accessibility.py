"""WCAG 2.2 AA on every page, by axe-core: light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PAGES, wake
from playwright.sync_api import Browser

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(t, w) for t in ("light", "dark") for w in (1280, 390)]


def violations(page) -> list[str]:
    """What axe finds on the page as it is, one line for each place."""
    found = Axe().run(page, options={"runOnly": LEVELS}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
@pytest.mark.parametrize("name", [*PAGES, "search"])
def test_page_keeps_wcag_aa(browser: Browser, site, name, theme, width):
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page.goto(f"{site}/{name}.html")
    wake(page)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    page.close()
