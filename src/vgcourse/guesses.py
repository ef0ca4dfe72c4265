"""Guesses: a question that a reader answers before the truth is shown.

On the course's pages a guess is a control: the reader sets, chooses or draws, commits,
and then sees guess and truth in one picture. In Jupyter, on GitHub and on paper it is
the question, with the answer folded below.
"""

import hashlib
import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vgcourse._answers import folded, placed, to_html
from vgcourse._checks import (
    check_array,
    check_choice,
    check_real,
    check_sequence,
    shown,
)

SCALES = ("log10", "linear")
DECADES = (2.0, 4.0, 12.0, 40.0, 160.0)  # above and below, of a frame for curves
DIGITS = 5  # of a curve's numbers: a picture needs no more


@dataclass(frozen=True, eq=False)
class Guess:
    """A question with a folded answer; the last expression of its cell.

    Attributes
    ----------
    data : dict
        What the page's script needs: kind, question, truth, and how it is asked for.
    """

    data: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return question and answer as text, for paper and terminals."""
        options = self.data.get("options", [])
        lines = [self.data["question"], *(f"- {option}" for option in options)]
        return "\n".join([*lines, f"Answer: {self.told()}"])

    def _repr_html_(self) -> str:
        options = self.data.get("options", [])
        items = "".join(f"<li>{html.escape(option)}</li>" for option in options)
        listed = f"<ul>{items}</ul>" if items else ""
        answer = folded("Answer", to_html(self.told()))
        inside = to_html(self.data["question"]) + listed + answer
        return placed("guess", dict(self.data), inside)

    def told(self) -> str:
        """Return the answer in words, after the truth where words leave it open."""
        answer = str(self.data["answer"])
        if self.data["kind"] == "choice":
            return f"{self.data['truth']}. {answer}".strip()
        return answer


def _described(kind: str, question: object, answer: object, **data: Any) -> Guess:
    """Return a guess, known by its question in the reader's browser."""
    said = {"question": _text("question", question), "answer": _text("answer", answer)}
    key = hashlib.sha256(said["question"].encode()).hexdigest()[:8]
    return Guess({"id": key, "kind": kind, **said, **data})


def _text(name: str, value: object) -> str:
    """Return a text without the space around it, or say that it must be one."""
    if not isinstance(value, str):
        message = f"{name} must be text, got {shown(value)}"
        raise TypeError(message)
    if not value.strip():
        message = f"{name} must not be empty"
        raise ValueError(message)
    return value.strip()


def _mapping(name: str, value: object) -> dict[Any, Any]:
    """Return a mapping as a dict, empty for None, or say that it must be one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"{name} must be a mapping, got {shown(value)}"
        raise TypeError(message)
    return dict(value)


def number(
    question: str,
    *,
    truth: float,
    low: float,
    high: float,
    scale: str = "log10",
    answer: str,
    marks: Mapping[float, str] | None = None,
    unit: str = "",
) -> Guess:
    """Ask for a number, set on an axis from `low` to `high`.

    Parameters
    ----------
    question : str
        With `code`, *stress* and formulas between single dollars, if need be.
    truth : float
        The right number, computed. May lie beyond the axis; at scale ``"log10"`` it
        must not be negative.
    low, high : float
        Ends of the axis.
    scale : {"log10", "linear"}, default "log10"
        What is even on the axis, and how the distance is told: in decades or as it is.
    answer : str
        What is said beside the truth.
    marks : mapping of float to str, optional
        Values that the axis names.
    unit : str
        Follows every number.

    Returns
    -------
    Guess

    Raises
    ------
    TypeError, ValueError
        If the truth is missing or not finite, or the axis has no length.

    Examples
    --------
    >>> number("How large is it?", truth=512**0.5, low=1, high=512, answer="√512.")
    How large is it?
    Answer: √512.
    """
    truth = check_real("truth", truth)
    low, high = check_real("low", low), check_real("high", high)
    check_choice("scale", scale, SCALES)
    if low >= high or (scale == "log10" and low <= 0):
        message = (
            f"low must be below high, and positive on a log axis; got {low}, {high}"
        )
        raise ValueError(message)
    if scale == "log10" and truth < 0:
        message = f"truth must be at least 0 on a log axis, got {truth}"
        raise ValueError(message)
    named = [
        [check_real("marks", value), _text("marks", name)]
        for value, name in _mapping("marks", marks).items()
    ]
    axis = {"low": low, "high": high, "scale": scale, "marks": named, "unit": unit}
    # Rounded, so that every machine stores the same.
    return _described("number", question, answer, truth=_rounded(truth), **axis)


def choice(
    question: str,
    *,
    options: Sequence[str],
    truth: str,
    answer: str,
    why: Mapping[str, str] | None = None,
) -> Guess:
    """Ask for one of some options.

    Parameters
    ----------
    question : str
        As for :func:`number`.
    options : sequence of str
        Two or more.
    truth : str
        The right one.
    answer : str
        What is said beside the truth.
    why : mapping of str to str, optional
        What a wrong option shows, said to those who chose it.

    Returns
    -------
    Guess

    Raises
    ------
    TypeError, ValueError
        If `truth` or a key of `why` is none of the options.

    Examples
    --------
    >>> choice("What is left?", options=["1", "1/32"], truth="1/32", answer="A root.")
    What is left?
    - 1
    - 1/32
    Answer: 1/32. A root.
    """
    options = [
        _text("options", option) for option in check_sequence("options", options)
    ]
    if len(options) < 2:
        message = f"options must be two texts or more, got {options}"
        raise ValueError(message)
    check_choice("truth", truth, options)
    reasons = _mapping("why", why)
    for option, reason in reasons.items():
        check_choice("why", option, options)
        _text("why", reason)
    listed = {"options": options, "truth": truth, "why": reasons}
    return _described("choice", question, answer, **listed)


def curve(
    question: str,
    *,
    x: ArrayLike,
    truth: ArrayLike | Callable[[Any], ArrayLike],
    scale: str = "log10",
    x_label: str = "layer ℓ",
    y_label: str = "",
    answer: str,
    low: float | None = None,
    high: float | None = None,
) -> Guess:
    """Ask for a curve, drawn over layers by pointer, touch or keyboard.

    Parameters
    ----------
    question : str
        As for :func:`number`.
    x : array_like, shape (points,)
        Ascending positions, such as layers.
    truth : array_like of shape (points,), or callable
        The right values at `x`, or a function of `x` that returns them. Positive on a
        log axis.
    scale : {"log10", "linear"}, default "log10"
        Of the vertical axis.
    x_label, y_label : str
        Of the axes, in Unicode.
    answer : str
        What is said beside the truth.
    low, high : float, optional
        Ends of the vertical axis. Otherwise a frame that does not give the answer away:
        as far below the first value as above it.

    Returns
    -------
    Guess

    Raises
    ------
    TypeError, ValueError
        If the truth is missing, not finite, or has another shape than `x`.

    Examples
    --------
    >>> halves = curve("Draw it.", x=range(9), truth=lambda x: 0.5**x, answer="A line.")
    >>> halves.data["low"], halves.data["high"]
    (0.0001, 10000.0)
    """
    at = check_array("x", x, ndim=1)
    values = check_array("truth", truth(at) if callable(truth) else truth, ndim=1)
    check_choice("scale", scale, SCALES)
    if values.shape != at.shape or at.size < 2:
        shapes = f"{values.shape} and {at.shape}"
        message = f"truth and x must have the same two points or more, got {shapes}"
        raise ValueError(message)
    if not (np.diff(at) > 0).all():
        message = "x must ascend"
        raise ValueError(message)
    if scale == "log10" and values.min() <= 0:
        message = f"truth must be positive on a log axis, got {values.min()}"
        raise ValueError(message)
    frame = _frame(values, scale)
    low = frame[0] if low is None else check_real("low", low)
    high = frame[1] if high is None else check_real("high", high)
    if low >= high or (scale == "log10" and low <= 0):
        message = (
            f"low must be below high, and positive on a log axis; got {low}, {high}"
        )
        raise ValueError(message)
    series = {"x": [_rounded(p) for p in at], "truth": [_rounded(v) for v in values]}
    axes = {"low": low, "high": high, "scale": scale}
    labels = {"x_label": x_label, "y_label": y_label}
    return _described("curve", question, answer, **series, **axes, **labels)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _frame(values: Any, scale: str) -> tuple[float, float]:
    """Return an axis on which the first value lies in the middle."""
    if scale == "log10":
        start = math.log10(values[0])
        reach = round(1.1 * float(np.abs(np.log10(values) - start).max()), 6)
        decades = next((d for d in DECADES if d >= reach), math.ceil(reach))
        middle = round(start)
        return 10.0 ** (middle - decades), 10.0 ** (middle + decades)
    reach = 1.2 * float(np.abs(values - values[0]).max()) or 1.0
    return _rounded(values[0] - reach), _rounded(values[0] + reach)
