"""Every page: complete, quiet, from this site alone, and from a folder too."""

import gzip
import re
from urllib.parse import urlsplit

import icons
import pytest
from conftest import PAGES, PHONE, SITE, wait_until, wake
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

EXPLORERS = [
    page for page in PAGES if "vg-explorer" in (SITE / f"{page}.html").read_text()
]

# Try to load what the policy forbids, and return which rules stood in the way.
REFUSALS = """async (elsewhere) => {
  const refused = [];
  addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
    refused.push(effectiveDirective));
  const add = (tag, attributes) =>
    document.head.append(Object.assign(document.createElement(tag), attributes));
  add("img", { src: `${elsewhere}/a.png` });
  add("script", { src: `${elsewhere}/a.js` });
  add("link", { rel: "stylesheet", href: `${elsewhere}/a.css` });
  add("script", { textContent: "window.broken = true" });
  document.body.setAttribute("onclick", "window.broken = true");
  document.body.click();
  await fetch(elsewhere).catch(() => 0);
  await new Promise((done) => setTimeout(done, 50));
  return refused;
}"""


def test_the_book_has_its_pages():
    assert "book/intro" in EXPLORERS
    assert len([page for page in EXPLORERS if page.startswith("notebooks/")]) >= 2


def test_page_is_complete_without_another_host_and_below_a_folder(visit):
    assert visit.page.complaints == []
    assert visit.page.requests
    assert all(url.startswith(f"{visit.host}/course/") for url in visit.page.requests)


@pytest.mark.parametrize("name", [*PAGES, "search"])
def test_page_has_a_policy_that_names_its_own_site_alone(name):
    text = (SITE / f"{name}.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    sources = set(re.sub(r"'sha256-[^']+'", "", policy).replace(";", " ").split())
    rules = {word for word in sources if word.endswith("-src")}
    sources -= rules | {"base-uri", "form-action"}
    assert {"default-src", "script-src", "object-src"} <= rules
    assert sources <= {"'self'", "'none'", "'unsafe-inline'", "data:"}
    assert "script-src 'self' 'unsafe" not in policy


@pytest.mark.parametrize("name", ["book/intro", "notebooks/02_linear_chain"])
def test_page_refuses_what_comes_from_elsewhere(page, site, name):
    page.goto(f"{site}/{name}.html")
    refused = page.evaluate(REFUSALS, site.replace("127.0.0.1", "127.0.0.2"))
    kinds = ["img-src", "script-src-elem", "style-src-elem", "connect-src"]
    assert sorted(refused) == sorted([*kinds, "script-src-elem", "script-src-attr"])


# One page of each kind: what differs from a site is how their common script loads.
@pytest.mark.parametrize(
    "name", ["book/intro", "book/glossary", "notebooks/06_initialization"]
)
def test_page_works_from_a_folder(page, name):
    page.goto((SITE / f"{name}.html").as_uri())
    places = wake(page)
    page.wait_for_load_state("networkidle")
    assert page.complaints == []
    assert not [url for url in page.requests if url.startswith("http")]
    for place in places:
        assert place.locator(".vg-readout").inner_text()
    if 'class="math' in (SITE / f"{name}.html").read_text():
        assert page.locator(".katex math").count()


def test_page_fits_a_phone(visit):
    visit.page.set_viewport_size(PHONE)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_page_keeps_to_its_weight(visit):
    weight = {}
    for url in set(visit.page.requests):
        path = SITE / urlsplit(url).path.removeprefix("/course/")
        if path.suffix in {".js", ".css", ".woff", ".woff2"}:
            weight[path] = len(gzip.compress(path.read_bytes()))
    code = {p: n for p, n in weight.items() if p.parent.name != "explorers"}
    assert 0 < sum(code.values()) <= 900e3
    assert sum(n for p, n in code.items() if p.name == "explorer.js") <= 200e3
    assert len(gzip.compress((SITE / f"{visit.name}.html").read_bytes())) <= 250e3


def test_page_has_no_dead_control_and_says_what_it_shows(visit):
    for place in visit.explorers:
        for knob in place.locator("input, select").all():
            assert knob.evaluate("knob => knob.labels[0].textContent.trim()")
        panel = place.locator("svg[data-panel]").first
        caption = visit.page.locator(f"#{panel.get_attribute('aria-labelledby')}")
        assert caption.inner_text()
    live = ".vg-check *, .vg-explorer *, .vg-guess *, .vg-exercise *, .claim *"
    controls = "input, select, button.widget-button"
    assert visit.page.locator(f"article :is({controls}):not({live})").count() == 0


def test_every_icon_of_the_pages_is_in_the_small_fonts():
    kept = {name for names in icons.ICONS.values() for name in names.split()}
    styles = {"lg", "solid", "brands", "regular", "sm"}
    for name in PAGES:
        text = (SITE / f"{name}.html").read_text()
        shown = set(re.findall(r"\bfa-([a-z-]+)", text)) - styles
        assert shown <= kept, name
    for font_name, names in icons.ICONS.items():
        font = TTFont(SITE / "_static" / icons.FONTS / f"{font_name}.woff2")
        points = icons.code_points()
        assert {points[n] for n in names.split()} <= set(font.getBestCmap())


@pytest.mark.parametrize("width", [390, 1280])
def test_reader_stays_where_the_address_led_while_a_page_arrives(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/notebooks/06_initialization.html#exercises")
    wait_until(page, "() => !document.querySelector('.vg-arriving')")
    page.wait_for_load_state("networkidle")
    sections = page.locator(".bd-article section > section")
    shown = sections.evaluate_all("all => all.map(s => s.style.contentVisibility)")
    assert set(shown) == {"visible"}
    assert 0 <= page.locator("#exercises h2").bounding_box()["y"] < 120


def test_contents_mark_the_section_in_sight_also_after_scrolling_back(page, site):
    page.goto(f"{site}/notebooks/05_rectifiers.html")
    page.wait_for_load_state()
    marked = page.locator("#pst-page-toc-nav a.active")
    headings = page.locator("article section > section > h2")
    down = "(node) => scrollTo(0, node.getBoundingClientRect().top + scrollY - 99)"
    for number in (3, 1):
        title = (headings.nth(number).text_content() or "").strip("#\n ")
        for _ in range(20):  # sections above may still be laid out, and move it
            headings.nth(number).evaluate(down)
            page.wait_for_timeout(300)
            if marked.all_inner_texts() == [title]:
                break
        expect(marked).to_have_text(title)
    page.evaluate("scrollTo(0, 0)")
    expect(marked).to_have_count(0)
