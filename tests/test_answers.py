"""The pages' script reads and checks answers as Python does, word for word."""

import json
import random
import re

import pytest
from py_mini_racer import JSEvalException, MiniRacer
from test_exercises import EXERCISES, ROOT, number, related

from vgcourse._answers import UnreadableError, read_number
from vgcourse.exercises import Choice, Exercise, Mistake, Number

WORDS = (ROOT / "src/vgcourse/words.json").read_text("utf-8")
WRITTEN = [
    *("0.5", "0,5", " 1/8 ", "2·10^-3", "2 × 10⁻³", "2*10**-3", "−3", "½", "1½", "√2"),
    *("2√2", "sqrt(2)/2", "5 %", "10 000", "117 layers", "≈ 3.2", "-2^2", "2^-2^2"),
    *("pi/(pi-1)", ".5", "1e-3", "5.", "1.1^29", "(1+2)*3", "2(3)", "10⁺²", "⅔", "+7"),
    *("1e999", "10^999", "1/0", "1/(1/0)", "0/0", "(-1)^0.5", "inf", "-∞", "NaN"),
    *("1,000", "1,000,000", "1,5.2", "0,500", "eight", "2 +", "(2", "2)", "2^", "√"),
    *("1" * 100, "x" * 500, "1 2", "e", "%", "5%%", "--5", "1e", "..", "<b>", "🙂"),
    *("", " ", "None", "?", "...", "7 units", "3%2", "½½", "2^½", "\u00a00.5\u2009"),
]


@pytest.fixture(scope="module")
def page() -> MiniRacer:
    """A JavaScript engine with the rules that pages check by."""
    source = (ROOT / "js/site/answers.js").read_text("utf-8")
    alone = re.sub(r"(?m)^import .*$", "", source).replace("export ", "")
    engine = MiniRacer()
    engine.eval(f"const words = {WORDS};\n{alone}")
    engine.eval(
        """
        const read = (text) => {
          try { return readNumber(text); }
          catch (error) {
            if (!(error instanceof Unreadable)) throw error;
            return error.message;
          }
        };
        """
    )
    return engine


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_read_alike(page: MiniRacer, text: str) -> None:
    try:
        expected: object = pytest.approx(read_number(text), rel=1e-14, abs=0)
    except UnreadableError as error:
        expected = str(error)
    assert page.call("read", text) == expected


def test_any_text_is_read_alike(page: MiniRacer) -> None:
    letters = "0123456789.,e+-*/^()% √π½⁻²·×−ab"
    draw = random.Random(0)
    for _ in range(4000):
        text = "".join(draw.choices(letters, k=draw.randint(1, 9)))
        try:
            expected: object = pytest.approx(read_number(text), rel=1e-12, nan_ok=False)
        except UnreadableError as error:
            expected = str(error)
        assert page.call("read", text) == expected, text


def answers_to(exercise: Exercise) -> list[str]:
    """Return what readers may write into the box of an exercise."""
    if isinstance(exercise, Choice):
        return [*exercise.options, "", "none of these"]
    truth = float(exercise.truth)
    near = [truth * factor for factor in (0.5, 0.97, 0.999, 1.001, 1.03, 2)]
    inverse = [1 / truth, truth**0.5] if truth > 0 else []
    values = [m.answer for m in exercise.mistakes] + related(exercise) + near + inverse
    return [*(repr(float(value)) for value in values), *WRITTEN]


BOXED = [each for each in EXERCISES if isinstance(each, Number | Choice)]
MADE = [
    number(4.2),
    number(-4.2, right="a root"),
    number(0.0, atol=0.01),
    number(7, whole=True, mistakes=[Mistake(3, "so few", low=0, high=5)]),
    number(mistakes=[Mistake(3, "so many", low=2), Mistake(-3, "so few", high=0)]),
]


@pytest.mark.parametrize("exercise", [*BOXED, *MADE])
def test_an_exercise_is_answered_alike(page: MiniRacer, exercise: Exercise) -> None:
    data = json.loads(json.dumps(exercise.data()))
    for answer in answers_to(exercise):
        verdict = exercise.check(answer)
        found = page.call("check", data, answer)
        if isinstance(exercise, Choice) and verdict.state == "unreadable":
            continue  # the page has a button for each choice
        assert found == {"state": verdict.state, "says": verdict.says}, answer


def test_the_engine_says_when_the_rules_break(page: MiniRacer) -> None:
    with pytest.raises(JSEvalException):
        page.call("readNumber", "eight")
