"""Guesses, exercises and claims on the built pages: by pointer, touch and keyboard."""

import json
import re
from html import unescape

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import PAGES, SITE, swipe, wait_until
from playwright.sync_api import Locator, Page, expect
from test_accessibility import LEVELS, SETTLED

from vgcourse import guesses

KEY = "vgcourse-progress-1"
DATA = r'data-exercise="([^"]*)"'
TEXTS = {name: (SITE / f"{name}.html").read_text("utf-8") for name in PAGES}
# One of each kind, put on a page of the book: chapters may change theirs.
LAYERS = np.arange(51)
MADE = {
    "number": guesses.number(
        "How large is the sum?", truth=22.6, low=1, high=512, answer="A root."
    ),
    "choice": guesses.choice(
        "What is left?",
        options=["1", "1/32", "1/1024"],
        truth="1/32",
        answer="Squares add up.",
        why={"1/1024": "That is the share of the paths that are open."},
    ),
    "curve": guesses.curve(
        "Draw it.", x=LAYERS, truth=1.5**LAYERS, y_label="size", answer="It grows."
    ),
}


def open_guess(page: Page, site: str, kind: str) -> tuple[Locator, dict]:
    """Open a page with a guess of a kind on it; return its place and data."""
    address = f"{site}/book/claims.html"
    made = MADE[kind]._repr_html_()
    before, article, text = TEXTS["book/claims"].partition(
        '<article class="bd-article">'
    )
    body = before + article + text.replace("</h1>", f"</h1>{made}", 1)
    page.route(
        address, lambda route: route.fulfill(body=body, content_type="text/html")
    )
    page.goto(address)
    wait_until(page, "() => !document.querySelector('.vg-arriving')")
    place = page.locator(".vg-guess")
    place.scroll_into_view_if_needed()
    return place, dict(MADE[kind].data)


def first_exercise() -> tuple[str, dict]:
    """The first exercise of the book that asks for a number: its page, and its data."""
    return next(
        (page, data)
        for page, text in TEXTS.items()
        for data in map(json.loads, map(unescape, re.findall(DATA, text)))
        if data["kind"] == "number"
    )


def stored(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


def answers(place: Locator) -> Locator:
    """What the place tells when the guess is made."""
    return place.locator(".vg-told-answer")


def test_a_number_is_guessed_by_keyboard_and_remembered(page, site):
    place, data = open_guess(page, site, "number")
    expect(answers(place)).to_be_hidden()
    slider = place.get_by_role("slider", name="Your guess")
    slider.focus()
    slider.press("Home")
    expect(place.locator("output")).not_to_be_empty()
    slider.press("Tab")
    page.keyboard.press("Enter")
    expect(answers(place)).to_be_visible()
    expect(answers(place)).to_contain_text(
        re.compile("You were off by|That is it|is 0")
    )
    expect(place.locator(".vg-marked .vg-truth")).to_contain_text("truth")
    expect(place.locator(".vg-marked .vg-yours")).to_contain_text("you")
    (kept,) = stored(page).values()
    assert kept["guesses"][data["id"]] == pytest.approx(data["low"], rel=1e-3)

    page.reload()
    expect(answers(place)).to_be_visible()
    page.get_by_role("button", name="Forget my progress").click()
    expect(answers(place)).to_be_hidden()
    expect(slider).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(answers(place)).to_be_visible()
    place.get_by_role("button", name="Guess again").click()
    expect(answers(place)).to_be_hidden()
    assert stored(page) == {}


def test_a_choice_is_guessed_wrongly_and_answered(page, site):
    place, data = open_guess(page, site, "choice")
    place.get_by_role("button", name="This is my guess").click()
    expect(place).to_contain_text("Choose one first.")
    wrong = next(option for option in data["options"] if option != data["truth"])
    place.get_by_role("radio", name=wrong, exact=True).check()
    place.get_by_role("button", name="This is my guess").click()
    expect(answers(place)).to_contain_text(data["why"].get(wrong, "You said"))
    chosen = place.locator(".vg-chosen li")
    expect(chosen.filter(has=page.locator(".vg-truth"))).to_contain_text(data["truth"])
    expect(chosen.filter(has=page.locator(".vg-yours"))).to_contain_text(wrong)


def test_a_curve_is_drawn_by_pointer_and_keyboard(page, site):
    place, data = open_guess(page, site, "curve")
    stage = place.locator(".vg-stage").first
    stage.scroll_into_view_if_needed()
    handles = place.get_by_role("slider")
    before = handles.last.get_attribute("aria-valuetext")
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 200, steps=4)
    page.mouse.up()
    drawn = handles.last.get_attribute("aria-valuetext")
    assert drawn != before
    levels = [int(h.get_attribute("aria-valuenow")) for h in handles.all()]
    assert levels == sorted(levels, reverse=True)  # one stroke, also where it was quick
    page.keyboard.press("ArrowUp")
    assert handles.last.get_attribute("aria-valuetext") != drawn
    page.keyboard.press("ArrowLeft")
    expect(handles.nth(handles.count() - 2)).to_be_focused()
    place.get_by_role("button", name="This is my guess").click()
    expect(answers(place)).to_contain_text(re.compile("furthest off|That is it"))
    assert place.locator(".vg-told-answer path").count() == 2
    (kept,) = stored(page).values()
    assert len(kept["guesses"][data["id"]]) == len(levels)


@pytest.mark.parametrize("kind", MADE)
def test_a_guess_is_made_by_touch(phone, site, kind):
    place, data = open_guess(phone, site, kind)
    if kind == "choice":
        place.locator("label").first.tap()
        expected = data["options"][0]
    elif kind == "number":
        slider = place.get_by_role("slider", name="Your guess")
        slider.tap(position={"x": slider.bounding_box()["width"] - 8, "y": 10})
        expected = pytest.approx(data["high"], rel=0.3)
    else:
        place.locator(".vg-stage").first.scroll_into_view_if_needed()
        box = place.locator(".vg-stage").first.bounding_box()
        left, right = box["x"] + 64, box["x"] + box["width"] - 20
        scrolled = phone.evaluate("scrollY")
        down = np.linspace(box["y"] + 40, box["y"] + box["height"] - 60, 9)
        swipe(phone, *zip(np.linspace(left, right, 9), down, strict=True))
        assert phone.evaluate("scrollY") == scrolled  # it drew, the page stood still
        # The first tap after strokes that a program made only ends them.
        place.locator("p").first.tap()
    place.get_by_role("button", name="This is my guess").tap()
    expect(answers(place)).to_be_visible()
    (kept,) = stored(phone).values()
    guessed = kept["guesses"][data["id"]]
    if kind == "curve":
        assert guessed == sorted(guessed, reverse=True)
        assert guessed[0] > guessed[-1]
    else:
        assert guessed == expected


def test_what_gives_the_answer_away_waits_for_the_guess(page, site):
    name = next(name for name, text in TEXTS.items() if "tag_after-guess" in text)
    page.goto(f"{site}/{name}.html")
    cells = page.locator(".tag_after-guess")
    expect(cells.first).to_be_hidden()
    page.locator(".vg-asked .vg-plain").evaluate_all(
        "buttons => buttons.forEach((button) => button.click())"
    )
    for cell in cells.all():
        expect(cell).to_be_visible()


def test_nothing_is_hidden_without_javascript_or_on_paper(browser, page, site):
    name = next(name for name, text in TEXTS.items() if "tag_after-guess" in text)
    page.goto(f"{site}/{name}.html")
    page.emulate_media(media="print")
    expect(page.locator(".tag_after-guess").first).to_be_visible()
    expect(page.locator(".vg-guess details").first).to_be_visible()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{site}/{name}.html")
    expect(plain.locator(".tag_after-guess").first).to_be_visible()
    plain.locator(".vg-guess summary").first.click()
    expect(plain.locator(".vg-guess details p").first).to_be_visible()
    plain.context.close()


def test_an_exercise_is_answered_wrongly_then_rightly(page, site):
    name, data = first_exercise()
    page.goto(f"{site}/{name}.html")
    place = page.locator(f".vg-exercise[data-exercise*='\"{data['id']}\"']")
    box = place.get_by_role("textbox")
    expect(box).to_have_accessible_name(f"Your answer: {data['asks']}")
    says = place.get_by_role("status")
    mistake = data["mistakes"][0]
    for text, line in (
        ("", "Not answered yet."),
        ("eight", "“eight” cannot be read as a number"),
        ("1e999", "no finite number"),
        (repr(mistake["answer"]), f"Not yet: {mistake['says']}"),
        (repr(data["truth"]).replace(".", ","), "Right"),
    ):
        box.fill(text)
        box.press("Enter")
        expect(says).to_contain_text(line)
        expect(box).to_have_value(text)
    expect(place.get_by_role("checkbox")).to_be_checked()
    page.reload()
    expect(place.get_by_role("checkbox")).to_be_checked()
    expect(place.locator("details p").first).to_be_hidden()
    place.get_by_text("Solution", exact=True).click()
    expect(place.locator("details p").first).to_be_visible()


def test_a_claim_is_guessed_before_its_verdict_on_both_its_pages(page, site):
    page.goto(f"{site}/book/claims.html")
    claim = page.locator(".vg-claim").first
    verdict = claim.locator(".vg-verdict").first
    expect(verdict).to_be_hidden()
    claim.get_by_role("button", name="It depends").click()
    expect(verdict).to_be_visible()
    expect(claim.get_by_role("status")).to_contain_text(
        re.compile("As you said|You said")
    )
    number = re.search(r"C\d\d", claim.inner_text())[0]
    chapter = claim.locator("xpath=preceding::p[a][1]/a")
    chapter.click()
    there = page.locator(".vg-claim", has_text=f"Claim {number}.")
    expect(there.locator(".vg-verdict").first).to_be_visible()


def test_guesses_work_from_a_folder(page):
    name = next(name for name, text in TEXTS.items() if 'class="vg-guess"' in text)
    page.goto((SITE / f"{name}.html").as_uri())
    place = page.locator(".vg-guess").first
    place.get_by_role("button", name="Show me").click()
    expect(answers(place)).to_be_visible()


@pytest.mark.parametrize("kind", ["number", "choice", "curve"])
def test_a_guess_keeps_wcag_aa_and_the_phone_before_it_is_made(page, site, kind):
    page.set_viewport_size({"width": 390, "height": 844})
    place, _ = open_guess(page, site, kind)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.evaluate(SETTLED)
        options = {"runOnly": LEVELS, "resultTypes": ["violations"]}
        found = Axe().run(page, {"include": [[".vg-guess"]]}, options)
        assert found.response["violations"] == []
        box = place.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        widest = place.evaluate("each => each.scrollWidth - each.clientWidth")
        assert widest <= 1
    assert page.complaints == []
