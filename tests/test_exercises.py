"""Exercises take any answer, and say what a wrong one shows."""

import importlib
import math
import re
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp

from vgcourse import exercises, meanfield
from vgcourse._answers import UnreadableError, read_number, to_html
from vgcourse.exercises import (
    Array,
    Choice,
    Exercise,
    Expression,
    Function,
    Mistake,
    Number,
)

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted(Path(exercises.__file__).parent.glob("chapter_*.py"))
EXERCISES: list[Exercise] = [
    each
    for chapter in CHAPTERS
    for each in importlib.import_module(f"vgcourse.exercises.{chapter.stem}").EXERCISES
]
NONSENSE = ["one half", "1e999", "1,000", "2 +", "x" * 500, "nan", "1/0", {}, True]
NONSENSE += [float("inf"), [[1, 2], [3]], print, object(), b"1", "[1, ", "<b>", "^"]


def related(exercise: Exercise) -> list[object]:
    """Return answers that any exercise of its kind may get."""
    truth = exercise.truth
    if isinstance(exercise, Number):
        off = [truth + 1, truth - 1] if exercise.whole else [100 * truth, truth**2]
        return [-truth, 10 * truth, *off, truth + 0.5]
    if isinstance(exercise, Array):
        return [np.zeros(np.shape(truth)), 10 * np.ones(np.shape(truth))]
    if isinstance(exercise, Expression):
        return [0, -truth, 2 * truth, truth**2, 1 / truth]
    if isinstance(exercise, Function):
        return [lambda *_: 0.0, lambda *_: 1.0]
    return []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_an_exercise_is_sound(exercise: Exercise) -> None:
    assert list(exercise.faults()) == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_an_exercise_takes_its_solution_mistakes_and_nonsense(
    exercise: Exercise,
) -> None:
    check = exercises.check
    assert check(exercise.id, exercise.truth).state == "right"
    assert check(exercise.id, None).says == "Not answered yet."
    mistakes = [mistake.answer for mistake in exercise.mistakes] + related(exercise)
    assert len(mistakes) >= 5 or isinstance(exercise, Choice)
    for mistake in mistakes:
        verdict = check(exercise.id, mistake)
        assert verdict.state == "wrong" or exercise.is_right(exercise.read(mistake))
        assert verdict.says.startswith(("Not yet", "Right"))
    for nonsense in NONSENSE:
        if isinstance(exercise, Array) and nonsense == "1,000":
            continue  # the numbers 1 and 0
        verdict = check(exercise.id, nonsense)
        assert verdict.state in {"unreadable", "wrong"}
        assert "\n" not in verdict.says
        assert len(verdict.says) < 250


def test_every_exercise_stands_in_its_chapter_and_is_numbered_in_order() -> None:
    for chapter in CHAPTERS:
        number = chapter.stem.removeprefix("chapter_")
        listed = importlib.import_module(f"vgcourse.exercises.{chapter.stem}").EXERCISES
        ids = [exercise.id for exercise in listed]
        assert ids == [f"{number}.{n}" for n in range(1, len(ids) + 1)]


def test_the_gains_of_chapter_4_keep_a_gradient_level() -> None:
    known = importlib.import_module("vgcourse.exercises.chapter_04")
    profile = meanfield.predict_profile(
        depth=30, activation="tanh", sigma_w=known.LEVEL
    )
    first, last = profile.log10_gradient_rms[[0, -1]]
    assert abs(first - last) < 0.001
    sigmoid = {"activation": "sigmoid", "sigma_w": known.LEVEL_SIGMOID}
    settled = meanfield.fixed_point(**sigmoid).q
    assert abs(meanfield.chi(**sigmoid, q=settled) - 1) < 0.001


def test_each_exercise_is_asked_once_in_its_chapter_and_no_other_is() -> None:
    asked: dict[str, list[str]] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        ids = re.findall(r"exercises\.check\(\s*[\"'](.*?)[\"']", code)
        asked.setdefault(path.stem[:2], []).extend(ids)
    for chapter in CHAPTERS:
        number = chapter.stem.removeprefix("chapter_")
        ids = [each.id for each in EXERCISES if each.id.startswith(f"{number}.")]
        assert asked.pop(number) == ids
    assert not any(asked.values()), "asked where no exercise is described"


def number(truth: float = 0.0578, **options: object) -> Number:
    base = {
        "id": "00.1",
        "asks": "the number",
        "truth": truth,
        "mistakes": [Mistake(0.00334, "that is the variance")],
        "solution": "It is the number.",
    }
    return Number(**{**base, **options})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,5", 0.5),
        ("1/8", 0.125),
        ("2·10^-3", 0.002),
        ("2 × 10⁻³", 0.002),
        ("2*10**-3", 0.002),
        ("−3", -3),
        ("½", 0.5),
        ("1½", 1.5),
        ("√2", math.sqrt(2)),
        ("2√2", 2 * math.sqrt(2)),
        ("sqrt(2)/2", math.sqrt(0.5)),
        ("5 %", 0.05),
        ("10 000", 10_000),
        ("117 layers", 117),
        ("≈ 3.2", 3.2),
        ("-2^2", -4),
        ("2^-2^2", 2**-4),
        ("pi/(pi-1)", math.pi / (math.pi - 1)),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("0,500", 0.5),
        ("1.1^29", 1.1**29),
        (Fraction(1, 8), 0.125),
        (np.float32(0.5), 0.5),
        (np.array([[0.5]]), 0.5),
        (sp.Rational(1, 8), 0.125),
    ],
)
def test_a_number_is_read_as_people_write_it(text: object, value: float) -> None:
    assert math.isclose(read_number(text), value, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1e999", "no finite number"),
        (10**400, "no finite number"),
        ("10^999", "no finite number"),
        ("1/0", "no finite number"),
        ("(-1)^0.5", "no finite number"),
        ("inf", "no finite number"),
        (float("nan"), "no finite number"),
        ("1,000", "in two ways"),
        ("1,000,000", "in two ways"),
        ("1,5.2", "in two ways"),
        ("eight", "cannot be read"),
        ("2 +", "cannot be read"),
        ("(2", "cannot be read"),
        ("2)", "cannot be read"),
        ("2^", "cannot be read"),
        ("√", "cannot be read"),
        ("1" * 100, "cannot be read"),
        (True, "cannot be read"),
        (1j, "cannot be read"),
        (lambda: 0, "function"),
        (sp.Symbol("x"), "cannot be read"),
        ([1, 2], r"shape \(2,\)"),
    ],
)
def test_what_is_no_number_is_told_in_one_line(text: object, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        read_number(text)


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (number(), 0.00334, "that is the variance."),
        (number(), -0.0578, "sign"),
        (number(), 1 / 0.0578, "reciprocal"),
        (number(), 0.0578**2 * 1.001, "variance"),
        (number(4.2), 4.2**2, "square of"),
        (number(4.2), 4.2**0.5, "square root"),
        (number(4.2), math.log10(4.2), "base 10"),
        (number(4.2), math.log(4.2), "natural"),
        (number(4.2), 420, "percent"),
        (number(-4.2), -5, "too small"),
        (number(4.2), 4.3, "more digits"),
        (number(4.2), 9, "too large"),
        (number(0.0, atol=0.01), 0.02, "too large"),
        (number(1.0), 1.05 * 1.05, "too large"),
        (number(7, whole=True), 8, "one too many"),
        (number(7, whole=True), 6, "one too few"),
        (number(7, whole=True), 6.5, "whole number"),
        (number(7, whole=True), 70, "too large"),
        (number(7, whole=True), 2, "too small"),
        (number(mistakes=[Mistake(3, "so many", low=2)]), 8, "so many"),
        (number(mistakes=[Mistake(-3, "so few", high=0)]), -8, "so few"),
    ],
)
def test_a_wrong_number_is_told_what_it_shows(
    exercise: Number, answer: float, says: str
) -> None:
    verdict = exercise.check(answer)
    assert verdict.state == "wrong"
    assert says in verdict.says


def test_right_says_why_where_there_is_more_to_say() -> None:
    assert str(number().check(0.0578)) == "Right."
    assert str(number(right="a root").check("0.0578")) == "Right: a root."


PAIR = Array(
    id="00.2",
    asks="two numbers",
    truth=[1.0, 0.0],
    mistakes=[Mistake([0, 1], lambda given: f"{given[1]:.0f} comes second")],
    solution="First 1.",
    right=lambda given: f"{given[0]:.0f} comes first",
)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([1, 0], "Right: 1 comes first."),
        ("1; 0", "Right: 1 comes first."),
        ("(1, 0)", "Right: 1 comes first."),
        (np.array([0, 1]), "Not yet: 1 comes second."),
        ([3, 4], "Not yet."),
        ([1, 2, 3], "An array of shape (2,) is asked for, and (3,) came."),
        (
            [1, "1e999"],
            "“1e999” is no finite number: write it like 0.5, 1/8 or 2·10^-3.",
        ),
        ([[1, 2], [3]], "An array of shape (2,) is asked for, and (2,) came."),
        ("", "Not answered yet."),
    ],
)
def test_an_array_is_read_and_compared(answer: object, says: str) -> None:
    verdict = PAIR.check(answer)
    assert str(verdict) == says or verdict.state == "unreadable"


X, Y = sp.symbols("x y")
SQUARE = Expression(
    id="00.3",
    asks="an expression",
    truth=(X + Y) ** 2,
    mistakes=[Mistake(X**2 + Y**2, "the mixed term is missing")],
    solution="Multiply out.",
)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (X**2 + 2 * X * Y + Y**2, "Right."),
        ("x**2 + 2*x*y + y**2", "Right."),
        (sp.Symbol("x", positive=True) ** 2 + 2 * X * Y + Y**2, "Right."),
        (X**2 + Y**2, "Not yet: the mixed term is missing."),
        (X**2 + 2 * X * Y + Y**2 + sp.Rational(1, 10**12), "Not yet."),
        (X / 0, "Not yet."),
        (3, "Not yet."),
        (sp.Symbol("z"), "The answer holds z: an expression in x, y is asked for."),
        ("x +", "“x +” cannot be read as an expression."),
        ([X], "“[x]” cannot be read as an expression."),
    ],
)
def test_expressions_are_equal_when_their_values_are(answer: object, says: str) -> None:
    assert str(SQUARE.check(answer)) == says


TWICE = Function(
    id="00.4",
    asks="a function",
    truth=lambda x: 2 * x,
    mistakes=[Mistake(lambda x: x * x, "that is the square")],
    solution="Add it to itself.",
    at=[(1.0,), (2.0,), (np.array([1.0, 5.0]),)],
)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x + x, "Right."),
        (np.square, "Not yet: that is the square."),
        (lambda x: 2.0, "Not yet."),
        (
            lambda x: 1 / 0,
            "The function at 1.0 raised ZeroDivisionError: division by zero.",
        ),
        (lambda x: np.nan, "The function at 1.0 is not finite."),
        (lambda x: "x", "The function at 1.0 raised ValueError"),
        (2.0, "A function is asked for, and float came."),
    ],
)
def test_functions_are_compared_at_points(answer: object, says: str) -> None:
    assert str(TWICE.check(answer)).startswith(says)


REMEDY = Choice(
    id="00.5",
    asks="the remedy",
    truth="1/32",
    options=["1", "1/32", "He's weights"],
    mistakes=[Mistake("1", "half are shut"), Mistake("He's weights", "no cure")],
    solution="A root.",
)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("1/32", "Right."),
        (0.03125, "Right."),
        ("b", "Right."),
        ("(B)", "Right."),
        ("he's  weights", "Not yet: no cure."),
        (1, "Not yet: half are shut."),
        ("d", "“d” is none of the choices: answer with one of a, b, c."),
    ],
)
def test_a_choice_is_known_by_text_letter_or_value(answer: object, says: str) -> None:
    assert str(REMEDY.check(answer)) == says


@pytest.mark.parametrize(
    ("exercise", "fault"),
    [
        (number(mistakes=[]), "no mistakes"),
        (number(solution=" "), "no solution"),
        (number(asks=""), "no asks"),
        (number(math.nan), "the truth is not right"),
        (number(mistakes=[Mistake(0.0578, "no")]), "0.0578 is answered with: Right"),
        (number(mistakes=[Mistake(1, "a"), Mistake(1, "b")]), "1 is answered"),
        (number(mistakes=[Mistake("x", "a")]), "x is no answer"),
        (number(right=str), "text, no function"),
        (number(accepts=bool), "no accepts"),
        (number(mistakes=[Mistake(1, "a", when=bool)]), "no when"),
        (Choice("00.1", "a", "x", [Mistake("y", "no")], "s"), "none of the options"),
        (
            Choice("00.1", "a", "x", [Mistake("y", "no")], "s", options="xyz"),
            "must speak of 'z'",
        ),
        (Function("00.1", "a", abs, [], "s", at=[(1,)]), "one point"),
    ],
)
def test_a_faulty_exercise_is_seen(exercise: Exercise, fault: str) -> None:
    assert any(fault in found for found in exercise.faults())


@pytest.mark.parametrize("exercise", ["06.99", "99.1", "6.1", "", "../06.1"])
def test_an_unknown_exercise_is_told(exercise: str) -> None:
    with pytest.raises(ValueError, match="exercise must be"):
        exercises.check(exercise, 1)


def test_an_id_is_text() -> None:
    with pytest.raises(TypeError, match="must be a string"):
        exercises.check(6.1, 1)


def test_a_notebook_shows_the_line_and_folds_the_solution() -> None:
    verdict = exercises.check("06.1", None)
    assert repr(verdict) == str(verdict) == "Not answered yet."
    shown = verdict._repr_html_()
    assert shown.index("Not answered yet.") < shown.index("<details><summary>Solution")
    assert "data-exercise=" in shown


def test_a_solution_comes_when_asked_for() -> None:
    found = exercises.solution("02.1")
    assert repr(found) == found._repr_markdown_()
    assert "117 layers" in repr(found)


def test_text_becomes_html_and_formulas_stay() -> None:
    text = "A `x < 1`, *not* **so**\nlong: $a < b*c*d$.\n\nNext & last."
    expected = (
        "<p>A <code>x &lt; 1</code>, <em>not</em> <strong>so</strong> long: "
        "$a &lt; b*c*d$.</p><p>Next &amp; last.</p>"
    )
    assert to_html(text) == expected
