"""WCAG 2.2 AA on every page, by axe-core: light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PHONE, WIDE, wake

# On each page once for all rules; then, in other looks, for those that the look can
# break. The rest depend on the page's elements alone, which are the same in all.
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLORS = ["color-contrast", "link-in-text-block"]
OF_SIZES = ["scrollable-region-focusable", "target-size"]
# Experimental in axe: what a control shows is in what it is called.
NAMES = "label-content-name-mismatch"
# The glyphs of a formula: hidden from screen readers, which get the MathML beside them,
# and drawn in the ink of their paragraph. There are thousands.
GLYPHS = ".katex-html"
# So are the words of code: of those that look alike, in the same ink on the same paper,
# one is enough.
ALIKE = "[data-alike]"
MARK_ALIKE = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span")) {
    const paper = getComputedStyle(word.closest("pre")).backgroundColor;
    const { color, backgroundColor, fontWeight, fontSize } = getComputedStyle(word);
    const look = [paper, color, backgroundColor, fontWeight, fontSize].join();
    word.toggleAttribute("data-alike", seen.has(look));
    seen.add(look);
  }
}"""
# Colors have faded, menus are closed, and the theme, 300 ms after the window's last
# change of size, has looked which blocks scroll: all on the page's own clock.
SETTLED = """() => new Promise((done) => requestAnimationFrame(() =>
  requestAnimationFrame(() => setTimeout(done, 400))))"""


def violations(page, theme, size, rules) -> list[str]:
    """What axe finds in one look of the page, one line for each place."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size(size)
    page.evaluate(SETTLED)
    page.evaluate(MARK_ALIKE)
    assert page.locator(f"html[data-theme={theme}]").count()
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    if rules is LEVELS:
        options["rules"] = {NAMES: {"enabled": True}}
    found = Axe().run(page, {"exclude": [[GLYPHS], [ALIKE]]}, options)
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def test_page_keeps_wcag_aa(visit):
    assert violations(visit.page, "light", WIDE, LEVELS) == []


def test_page_keeps_wcag_aa_in_the_dark(visit):
    assert violations(visit.page, "dark", WIDE, OF_COLORS) == []


def test_page_keeps_wcag_aa_on_a_phone(visit):
    assert violations(visit.page, "light", PHONE, OF_SIZES) == []


# On two pages: what a phone alone shows, head and drawers, is the same on all.
@pytest.mark.parametrize("name", ["book/intro", "search"])
def test_page_keeps_wcag_aa_on_a_phone_in_both_themes(page, site, name):
    page.goto(f"{site}/{name}.html")
    wake(page)
    for theme in ("light", "dark"):
        assert violations(page, theme, PHONE, [*OF_COLORS, *OF_SIZES]) == []


def test_search_keeps_wcag_aa(page, site):
    page.goto(f"{site}/search.html")
    assert violations(page, "light", WIDE, LEVELS) == []
    assert violations(page, "dark", WIDE, OF_COLORS) == []
