"""What a word means is shown beside it: to the pointer, the keyboard and the finger."""

import pytest

LINK = "a.vg-term[href$='#term-spectral-norm']"
NOTE = "#about-term-spectral-norm"


@pytest.fixture(params=["book/notation", "notebooks/02_linear_chain"])
def word(request, page, site):
    """A link to a term, on a page with roles and on a chapter without."""
    page.goto(f"{site}/{request.param}.html")
    link = page.locator(LINK).first
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    assert not page.locator(NOTE).is_visible()
    return link


def test_pointer_shows_and_may_rest_on_the_definition(page, word):
    word.hover()
    note = page.locator(NOTE)
    note.wait_for(state="visible")
    assert "largest singular value" in note.inner_text()
    assert page.locator(".vg-definition:visible").count() == 1
    note.hover()
    page.wait_for_timeout(600)
    assert note.is_visible()
    page.mouse.move(2, 2)
    note.wait_for(state="hidden")


def test_escape_closes_without_moving_the_pointer(page, word):
    word.hover()
    page.locator(NOTE).wait_for(state="visible")
    page.keyboard.press("Escape")
    assert not page.locator(NOTE).is_visible()


def test_focus_shows_and_names_the_definition(page, word):
    word.focus()
    note = page.locator(NOTE)
    note.wait_for(state="visible")
    assert word.get_attribute("aria-describedby") == note.get_attribute("id")
    assert note.get_attribute("role") == "tooltip"
    page.keyboard.press("Tab")
    note.wait_for(state="hidden")


def test_definition_stays_inside_a_phone(page, word):
    page.set_viewport_size({"width": 390, "height": 700})
    word.scroll_into_view_if_needed()
    word.hover()
    page.locator(NOTE).wait_for(state="visible")
    box = page.locator(NOTE).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 700


def test_first_touch_shows_and_second_follows(browser, site):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{site}/notebooks/02_linear_chain.html")
    link, note = page.locator(LINK).first, page.locator(NOTE)
    link.tap()
    note.wait_for(state="visible")
    assert page.url.endswith("02_linear_chain.html")
    page.locator("article h1").tap()
    note.wait_for(state="hidden")
    link.tap()
    note.wait_for(state="visible")
    link.tap()
    page.wait_for_url("**/book/glossary.html#term-spectral-norm")
    context.close()


def test_chapter_links_a_bold_word_once(page, site):
    page.goto(f"{site}/notebooks/05_rectifiers.html")
    assert page.locator("strong > a.vg-term", has_text="dead").count() == 1
    assert page.complaints == []
