"""Figures: drawn for both themes, sharp, small, loaded when shown."""

import gzip
import io
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import PAGES, PHONE, SITE, wait_until
from PIL import Image

from vgcourse import plotting

TWIN = 'class="vg-figure only-light'
FIGURES = [page for page in PAGES if "vg-figure" in (SITE / f"{page}.html").read_text()]
# Where one page stands for all: the one with the most figures.
RICHEST = max(FIGURES, key=lambda page: (SITE / f"{page}.html").read_text().count(TWIN))
LOADED = "figure => figure.complete && figure.naturalWidth"
SIZES = "all => all.map(f => [f.clientWidth, f.clientHeight])"
# Explorers stand in the place of their stills once they are there.
SHOWN = "article .vg-figure:not(.vg-explorer *)"


def pictures(name: str) -> list[dict[str, str]]:
    """The attributes of every image of a page's text."""
    article = (SITE / f"{name}.html").read_text().partition("<article")[2]
    tags = re.findall(r"<img [^>]*>", article.partition("</article>")[0])
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in tags]


def lightness(screenshot: bytes) -> tuple[int, int]:
    """Lightness in two corners, from 0 to 255; inside of what a round corner leaves."""
    image = Image.open(io.BytesIO(screenshot)).convert("L")
    return image.getpixel((6, 6)), image.getpixel((image.width - 7, image.height - 7))


def test_every_chapter_has_figures():
    chapters = {page for page in PAGES if page.startswith("notebooks/")}
    assert chapters <= set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_every_picture_has_its_twin_and_its_size(name):
    found = pictures(name)
    for light, dark in zip(found[::2], found[1::2], strict=True):
        assert "vg-figure only-light" in light["class"]
        assert "vg-figure only-dark" in dark["class"]
        assert light["src"] == dark["src"].replace("-dark.", "-light.")
        alike = {"alt", "width", "height", "loading", "decoding"}
        assert {key: light[key] for key in alike} == {key: dark[key] for key in alike}
        assert light["alt"]
        assert light["loading"] == "lazy"
        shape = (SITE / name).parent / light["src"]
        wide, high = re.findall(r'(?:width|height)="([\d.]+)pt"', shape.read_text())[:2]
        ratio = int(light["width"]) / int(light["height"])
        assert ratio == pytest.approx(float(wide) / float(high), rel=0.01)


@pytest.mark.parametrize(
    "file", sorted(SITE.glob("_static/figures/*")), ids=lambda file: file.stem
)
def test_picture_is_small_and_keeps_to_the_palette(file: Path):
    text = file.read_text(encoding="utf-8")
    assert len(text) <= 100e3
    assert len(gzip.compress(text.encode())) <= 10e3
    theme = file.stem.rpartition("-")[2]
    shades = set(re.findall(r"#[0-9a-f]{6}\b", text))
    assert shades <= set(plotting.THEMES[theme].values())


def shown(page):
    """The figures in sight: of each pair of twins the one of the theme."""
    figures = [figure for figure in page.locator(SHOWN).all() if figure.is_visible()]
    assert len(figures) == page.locator(SHOWN).count() / 2
    return figures


@pytest.mark.parametrize("theme", plotting.THEMES)
def test_figures_stand_on_the_paper_of_the_theme(visit, theme):
    visit.page.emulate_media(color_scheme=theme)
    wait_until(visit.page, "t => document.documentElement.dataset.theme === t", theme)
    for figure in shown(visit.page):
        figure.scroll_into_view_if_needed()
        wait_until(visit.page, LOADED, figure.element_handle())
        for corner in lightness(figure.screenshot()):
            assert corner == 255 if theme == "light" else corner < 40
        style = figure.evaluate("f => [getComputedStyle(f).filter, f.closest('a')]")
        assert style == ["none", None]


# On one page: it is the stylesheet of all that keeps the other twin from loading.
@pytest.mark.parametrize("theme", plotting.THEMES)
def test_the_twin_of_the_other_theme_is_not_loaded(page, site, theme):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{site}/{RICHEST}.html")
    for figure in shown(page):
        figure.scroll_into_view_if_needed()
        wait_until(page, LOADED, figure.element_handle())
    assert [url for url in page.requests if f"-{theme}.svg" in url]
    other = {"light": "dark", "dark": "light"}[theme]
    assert not [url for url in page.requests if f"-{other}.svg" in url]


@pytest.mark.parametrize("theme", plotting.THEMES)
def test_without_javascript_the_light_figures_show(browser, site, theme):
    context = browser.new_context(java_script_enabled=False, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{site}/{RICHEST}.html")
    for kind, is_shown in (("light", True), ("dark", False)):
        for figure in page.locator(f".vg-figure.only-{kind}").all():
            assert figure.is_visible() == is_shown
    context.close()


def test_figures_fit_a_phone(visit):
    visit.page.set_viewport_size(PHONE)
    widths = [figure.bounding_box()["width"] for figure in shown(visit.page)]
    assert all(330 <= width <= 358 for width in widths)


# On one page: it is a picture's size in the page, tested above, that keeps its place.
def test_figures_leave_the_page_where_it_is_when_they_arrive(page, site):
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{RICHEST}.html")
    figures = page.locator(f"{SHOWN}.only-light")
    before = figures.evaluate_all(SIZES)
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert figures.evaluate_all(SIZES) == pytest.approx(np.array(before), abs=1)
