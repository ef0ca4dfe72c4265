"""A guess needs a truth, and shows a question with a folded answer."""

import json
import re
from html import unescape

import numpy as np
import pytest

from vgcourse import guesses


def carried(guess: guesses.Guess) -> dict:
    """Return what the page's script reads."""
    (found,) = re.findall(r'data-guess="([^"]*)"', guess._repr_html_())
    return json.loads(unescape(found))


NUMBER = {"truth": 22.6, "low": 1, "high": 512, "answer": "A root."}
CHOICE = {"options": ["1", "0"], "truth": "0", "answer": "Nothing is left."}
CURVE = {"x": [0, 1, 2], "truth": [1, 2, 4], "answer": "It doubles."}


@pytest.mark.parametrize(
    "guess",
    [
        guesses.number("How <large>?", **NUMBER, marks={22.6: "√512"}),
        guesses.choice("How <large>?", **CHOICE, why={"1": "That is all."}),
        guesses.curve("How <large>?", **CURVE),
    ],
    ids=["number", "choice", "curve"],
)
def test_a_guess_shows_its_question_and_folds_its_answer(guess: guesses.Guess) -> None:
    assert carried(guess) == json.loads(json.dumps(dict(guess.data)))
    shown = guess._repr_html_()
    assert shown.index("How &lt;large&gt;?</p>") < shown.index("<details>")
    assert "<details><summary>Answer</summary>" in shown
    assert repr(guess).startswith("How <large>?")
    assert repr(guess).endswith(guess.data["answer"])


def test_a_guess_is_known_by_its_question() -> None:
    one, other = (guesses.choice(q, **CHOICE).data["id"] for q in ("One?", "Other?"))
    assert one == guesses.choice("One?", **CHOICE).data["id"] != other


def test_a_curve_takes_a_function_and_rounds_what_is_stored() -> None:
    guess = guesses.curve("Draw.", x=range(3), truth=np.exp, answer="e.")
    assert guess.data["truth"] == [1.0, 2.7183, 7.3891]


@pytest.mark.parametrize(
    ("truth", "scale", "frame"),
    [
        ([1, 0.1], "log10", (0.01, 100)),
        ([1, 1e3], "log10", (1e-4, 1e4)),
        ([1e-3, 1e-6], "log10", (1e-7, 10)),
        ([1, 1e-200], "log10", (1e-220, 1e220)),
        ([0, 1], "linear", (-1.2, 1.2)),
        ([3, 3], "linear", (2, 4)),
    ],
)
def test_a_frame_does_not_give_the_answer_away(
    truth: list[float], scale: str, frame: tuple[float, float]
) -> None:
    guess = guesses.curve("Draw.", x=[0, 1], truth=truth, scale=scale, answer="So.")
    np.testing.assert_allclose((guess.data["low"], guess.data["high"]), frame)


def test_a_frame_can_be_given() -> None:
    guess = guesses.curve("Draw.", **CURVE, low=0.5, high=8)
    assert (guess.data["low"], guess.data["high"]) == (0.5, 8)


@pytest.mark.parametrize(
    ("kind", "change", "error", "says"),
    [
        ("number", {"truth": None}, TypeError, "truth must be a number"),
        ("number", {"truth": np.nan}, ValueError, "truth must be finite"),
        ("number", {"truth": -1}, ValueError, "truth must be at least 0"),
        ("number", {"low": 0}, ValueError, "positive on a log axis"),
        ("number", {"low": 600}, ValueError, "low must be below high"),
        ("number", {"scale": "log2"}, ValueError, "scale must be one of"),
        ("number", {"answer": ""}, ValueError, "answer must not be empty"),
        ("number", {"answer": 3}, TypeError, "answer must be text"),
        ("choice", {"truth": "2"}, ValueError, "truth must be one of"),
        ("choice", {"truth": None}, TypeError, "truth must be one of"),
        ("choice", {"options": ["0"]}, ValueError, "two texts or more"),
        ("choice", {"why": {"2": "no"}}, ValueError, "why must be one of"),
        ("curve", {"truth": None}, TypeError, "truth must be an array"),
        ("curve", {"truth": [1, 2]}, ValueError, "the same two points"),
        ("curve", {"truth": [1, 0, 1]}, ValueError, "positive on a log axis"),
        ("curve", {"truth": [1, np.inf, 1]}, ValueError, "truth must be finite"),
        ("curve", {"x": [0, 2, 1]}, ValueError, "x must ascend"),
        ("curve", {"low": 0}, ValueError, "low must be below high"),
    ],
)
def test_a_guess_without_a_truth_is_refused(
    kind: str, change: dict, error: type[Exception], says: str
) -> None:
    good = {"number": NUMBER, "choice": CHOICE, "curve": CURVE}[kind]
    with pytest.raises(error, match=says):
        getattr(guesses, kind)("How large?", **{**good, **change})
