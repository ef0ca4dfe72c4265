"""WCAG 2.2 AA on every page, by axe-core: light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PAGES, wake

# Once for all rules; then, in each other look, for those that a look can break. The
# rest depend on the page's elements alone, which are the same in all.
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Experimental in axe: what a control shows is in what it is called.
NAMES = "label-content-name-mismatch"
# The glyphs of a formula: hidden from screen readers, which get the MathML beside them,
# and drawn in the ink of their paragraph. There are thousands.
GLYPHS = [".katex-html"]
LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
LOOKS += ["target-size"]
# Colors have faded, menus are closed, and the theme, 300 ms after the window's last
# change of size, has looked which blocks scroll: all on the page's own clock.
SETTLED = """() => new Promise((done) => requestAnimationFrame(() =>
  requestAnimationFrame(() => setTimeout(done, 400))))"""


def violations(page, rules) -> list[str]:
    """What axe finds on the page as it is, one line for each place."""
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    if rules is LEVELS:
        options["rules"] = {NAMES: {"enabled": True}}
    found = Axe().run(page, {"exclude": [GLYPHS]}, options)
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", [*PAGES, "search"])
def test_page_keeps_wcag_aa(page, site, name):
    page.goto(f"{site}/{name}.html")
    wake(page)
    found = {}
    for theme in ("light", "dark"):
        for width in (1280, 390):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(SETTLED)
            assert page.locator(f"html[data-theme={theme}]").count()
            first = not found
            found[theme, width] = violations(page, LEVELS if first else LOOKS)
    assert not any(found.values()), found
