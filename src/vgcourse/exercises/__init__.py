"""Exercises: one checker for notebook and page, and a solution on request.

A chapter's exercises stand in its module, ``chapter_06.py`` for chapter 6, as a list
``EXERCISES`` of :class:`Number`, :class:`Choice`, :class:`Array`, :class:`Expression`
and :class:`Function`. It is loaded when one of them is answered.
"""

import importlib
import re
from importlib.util import find_spec

from vgcourse._checks import shown
from vgcourse.exercises.kinds import (
    Array,
    Choice,
    Exercise,
    Expression,
    Function,
    Mistake,
    Number,
    Solution,
    Verdict,
)

__all__ = [
    "Array",
    "Choice",
    "Exercise",
    "Expression",
    "Function",
    "Mistake",
    "Number",
    "Solution",
    "Verdict",
    "check",
    "find",
    "solution",
]


def find(exercise: object) -> Exercise:
    """Return an exercise by its id.

    Parameters
    ----------
    exercise : str
        Chapter and number, as in ``"06.1"``.

    Returns
    -------
    Exercise

    Raises
    ------
    TypeError
        If the id is no string.
    ValueError
        If there is no such exercise; the message lists those of the chapter.
    """
    if not isinstance(exercise, str):
        message = f'exercise must be a string like "06.1", got {shown(exercise)}'
        raise TypeError(message)
    chapter = re.fullmatch(r"(\d\d)\.\d+", exercise)
    module = f"{__name__}.chapter_{chapter[1]}" if chapter else ""
    if not module or find_spec(module) is None:
        message = f'exercise must be the id of one, like "06.1"; got {shown(exercise)}'
        raise ValueError(message)
    known: dict[str, Exercise] = {
        each.id: each for each in importlib.import_module(module).EXERCISES
    }
    if exercise not in known:
        message = f"exercise must be one of {', '.join(known)}; got {shown(exercise)}"
        raise ValueError(message)
    return known[exercise]


def check(exercise: str, answer: object) -> Verdict:
    """Say whether an answer is right, and if not, what it shows.

    Parameters
    ----------
    exercise : str
        Chapter and number, as in ``"06.1"``.
    answer : object
        A number, an array, a SymPy expression, a function or a choice, as the exercise
        asks. Numbers may be text: ``"0,5"``, ``"1/8"``, ``"2·10^-3"``. None and the
        empty text are no answer yet.

    Returns
    -------
    Verdict
        Its text is one line; in a notebook the solution folds below it.

    Raises
    ------
    TypeError, ValueError
        If there is no such exercise. An answer raises nothing.

    Examples
    --------
    >>> check("06.1", None)
    Not answered yet.
    >>> check("06.1", "0,0578").state
    'right'
    >>> check("06.1", 0.00334)
    Not yet: that is the variance, not the standard deviation.
    """
    return find(exercise).check(answer)


def solution(exercise: str) -> Solution:
    r"""Return the solution of an exercise, by its id as in ``"06.1"``.

    Examples
    --------
    >>> solution("02.1")
    From $1.02^L > 10$ follows $L > \ln 10 / \ln 1.02 = 116.3$, so 117 layers.
    """
    return Solution(find(exercise).solution)
