"""What was read and solved: remembered here, shown, forgotten, never sent."""

import json

import pytest
from conftest import PAGES, SITE, wait_until
from playwright.sync_api import Page, expect

KEY = "vgcourse-progress-1"
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/0")]
CHAPTER, OTHER = CHAPTERS[:2]
EXERCISES = (SITE / f"{CHAPTER}.html").read_text().count("<summary>Solution</summary>")


def remember(page: Page, site: str, text: str) -> None:
    """Put something into the memory of the browser, from another page."""
    page.goto(f"{site}/{OTHER}.html")
    page.wait_for_load_state("networkidle")
    page.evaluate("pair => localStorage.setItem(...pair)", [KEY, text])


def stored(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


def mark(page: Page, chapter: str):
    """The chapter's link in the sidebar, which has its mark and its words."""
    own = "#" if page.url.endswith(f"{chapter}.html") else chapter.partition("/")[2]
    return page.locator(f".bd-docs-nav a[href^='{own}']:has(.vg-mark)")


def test_each_exercise_has_its_box_beside_its_solution(visit):
    solutions = visit.page.locator("summary", has_text="Solution")
    boxes = visit.page.locator(".vg-solved")
    assert boxes.count() == solutions.count()
    assert boxes.count() > 0 or visit.name not in CHAPTERS
    for box, solution in zip(boxes.all(), solutions.all(), strict=True):
        one, other = box.bounding_box(), solution.bounding_box()
        assert abs(one["y"] - other["y"]) < 8
    for index in range(boxes.count()):
        name = f"Solved, exercise {index + 1}"
        expect(visit.page.get_by_role("checkbox", name=name)).to_have_count(1)


def test_marks_are_kept_shown_and_read_aloud(page, site):
    page.goto(f"{site}/{CHAPTER}.html")
    assert page.locator(".vg-mark, .vg-summary").count() == 0
    page.get_by_role("checkbox", name="Solved, exercise 2").check()
    assert stored(page) == {CHAPTER: {"read": False, "solved": [2], "of": EXERCISES}}
    page.get_by_role("checkbox", name="I have read this chapter").check()
    words = f"read, 1 of {EXERCISES} exercises solved"
    expect(mark(page, CHAPTER)).to_contain_text(words)

    page.goto(f"{site}/{OTHER}.html")
    expect(mark(page, CHAPTER)).to_contain_text(words)
    link = page.get_by_role("link", name=words)
    assert link.evaluate("link => link.closest('.bd-docs-nav') !== null")
    expect(page.locator(".vg-summary p")).to_have_text(
        f"1 of {len(CHAPTERS)} chapters read, 1 exercise solved; "
        "known to this browser only."
    )
    expect(mark(page, OTHER)).to_have_count(0)

    page.goto(f"{site}/{CHAPTER}.html")
    read = page.get_by_role("checkbox", name="I have read this chapter")
    expect(read).to_be_checked()
    expect(page.get_by_role("checkbox", name="Solved, exercise 2")).to_be_checked()
    read.uncheck()
    page.get_by_role("checkbox", name="Solved, exercise 2").uncheck()
    assert stored(page) == {}
    assert page.locator(".vg-mark, .vg-summary").count() == 0


def test_progress_is_forgotten_at_a_click_and_brought_back_at_another(page, site):
    page.goto(f"{site}/{CHAPTER}.html")
    page.get_by_role("checkbox", name="Solved, exercise 1").check()
    before = stored(page)
    button = page.locator(".vg-reset")
    button.click()
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    expect(page.locator(".vg-mark")).to_have_count(0)
    expect(page.locator(".vg-solved input").first).not_to_be_checked()
    expect(page.get_by_role("status").first).to_have_text("Your progress is forgotten.")
    expect(button).to_have_text("Undo")
    assert button.evaluate("button => button === document.activeElement")
    button.click()
    assert stored(page) == before
    expect(page.locator(".vg-solved input").first).to_be_checked()


def test_progress_follows_in_other_tabs_and_is_sent_nowhere(browser, site):
    context = browser.new_context(service_workers="block")
    page, other = context.new_page(), context.new_page()
    for tab in (page, other):
        tab.goto(f"{site}/{CHAPTER}.html")
        tab.wait_for_load_state("networkidle")
    sent = []
    context.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - Playwright wants a function of Python
    page.locator(".vg-read input").check()
    page.locator(".vg-solved input").first.check()
    expect(mark(other, CHAPTER)).to_contain_text("read, 1 of")
    expect(other.locator(".vg-read input")).to_be_checked()
    page.locator(".vg-reset").click()
    expect(other.locator(".vg-read input")).not_to_be_checked()
    page.wait_for_timeout(300)
    # An explorer or a picture may come as the reader comes near; nothing else.
    assert {request.method for request in sent} <= {"GET"}
    assert all(request.url.startswith(f"{site}/_static/") for request in sent)
    assert context.cookies() == []
    context.close()


def test_boxes_and_button_work_with_the_keyboard_alone(page, site):
    page.goto(f"{site}/{CHAPTER}.html")
    page.locator("summary", has_text="Solution").first.focus()
    page.keyboard.press("Shift+Tab")
    box = page.locator(".vg-solved input").first
    expect(box).to_be_focused()
    assert box.evaluate("box => getComputedStyle(box).outlineStyle") == "solid"
    page.keyboard.press("Space")
    assert stored(page)[CHAPTER]["solved"] == [1]
    page.locator(".vg-reset").focus()
    page.keyboard.press("Enter")
    assert stored(page) == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_targets_are_large_enough_and_nothing_moves(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    places = """() => (window.scrollTo(0, 0), [...document.querySelectorAll(
        'article summary, article .cell, .prev-next-footer, .bd-docs-nav a')]
        .map(e => { const {x, y} = e.getBoundingClientRect(); return [x, y]; }))"""
    page.route("**/explorer.js*", lambda route: route.abort())
    page.route("**/course.js*", lambda route: route.abort())
    page.goto(f"{site}/{CHAPTER}.html")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.documentElement.classList.remove('vg-arriving')")
    without = page.evaluate(places)
    page.unroute("**/course.js*")
    page.reload()
    wait_until(page, "() => !document.querySelector('.vg-arriving')")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(places) == without
    for control in page.locator(".vg-check input").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        control.check()
    assert page.evaluate(places) == without
    if width == 390:  # the sidebar is a drawer
        page.locator(".primary-toggle").first.dispatch_event("click")
    button = page.locator(".vg-reset").bounding_box()
    assert min(button["width"], button["height"]) >= 24
    expect(mark(page, CHAPTER)).to_be_visible()


def test_chapter_with_fewer_exercises_than_before_corrects_what_is_known(page, site):
    known = {CHAPTER: {"read": True, "solved": [1, 9], "of": 9}}
    page.goto(f"{site}/{OTHER}.html")
    page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)", [KEY, json.dumps(known)]
    )
    page.goto(f"{site}/{CHAPTER}.html")
    assert stored(page)[CHAPTER] == {"read": True, "solved": [1], "of": EXERCISES}


@pytest.mark.parametrize(
    "broken", ["{", "3", "null", '{"x": 1}', '{"x": {"solved": 1}}']
)
def test_broken_memory_is_no_error(page, site, broken):
    remember(page, site, broken)
    page.goto(f"{site}/{CHAPTER}.html")
    page.locator(".vg-solved input").first.check()
    assert list(stored(page)) == [CHAPTER]
    assert page.complaints == []


def test_blocked_memory_leaves_no_dead_control(page, site):
    page.add_init_script(
        f"""for (const name of ["getItem", "setItem", "removeItem"]) {{
            const plain = Storage.prototype[name];
            Storage.prototype[name] = function (key, ...rest) {{
                if (key === "{KEY}") throw new DOMException("blocked", "SecurityError");
                return plain.call(this, key, ...rest);
            }};
        }}"""
    )
    page.goto(f"{site}/{CHAPTER}.html")
    page.wait_for_load_state("networkidle")
    assert page.locator(".vg-check, .vg-mark, .vg-summary").count() == 0
    assert page.complaints == []


def test_without_javascript_nothing_is_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}.html")
    expect(page.locator("summary").first).to_be_visible()
    assert page.locator("[class*='vg-check'], .vg-mark, .vg-notes").count() == 0
    context.close()
