"""Exercises as data: what is asked for, how wide it counts, what mistakes show.

An exercise holds its truth as a value that its chapter's module has computed, and the
answers that people give when they make a known mistake, with what these show.
`js/site/src/answers.js` checks numbers and choices by the same rules; a test compares.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from vgcourse._answers import (
    UnreadableError,
    ended,
    folded,
    is_empty,
    placed,
    read_number,
    shorten,
    to_html,
    words,
)

State = Literal["empty", "unreadable", "right", "wrong"]
CLOSE = 0.05  # relative: so near to the truth it is digits that are missing
KNOWN = 0.005  # relative: so near to a mistake's answer, it is that mistake


@dataclass(frozen=True, eq=False)
class Mistake:
    """An answer that people give, and what it shows.

    Attributes
    ----------
    answer : object
        The answer, or an example of it where `when`, `low` or `high` say more.
    says : str or callable
        Follows "Not yet: ", as in ``"that is the variance, not the standard
        deviation"``. A callable gets the answer.
    low, high : float, optional
        For a number: any answer between the two shows the same.
    when : callable, optional
        Whether an answer shows the mistake. Not for numbers and choices, which pages
        check as well.
    """

    answer: Any
    says: str | Callable[[Any], str]
    low: float | None = None
    high: float | None = None
    when: Callable[[Any], bool] | None = None

    def words_for(self, answer: Any) -> str:
        """Return what the mistake shows, for this answer."""
        return ended(self.says if isinstance(self.says, str) else self.says(answer))


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the checker says; its text is what a notebook shows.

    Attributes
    ----------
    state : {"empty", "unreadable", "right", "wrong"}
    says : str
        One line.
    exercise : Exercise
        What was answered.
    """

    state: State
    says: str
    exercise: "Exercise" = field(repr=False)

    def __str__(self) -> str:
        """Return the line."""
        return self.says

    def __repr__(self) -> str:
        """Return the line: it is what a cell prints."""
        return self.says

    def _repr_html_(self) -> str:
        solution = folded("Solution", to_html(self.exercise.solution))
        inside = f"<p>{to_html(self.says)[3:-4]}</p>{solution}"
        return placed("exercise", self.exercise.data(), inside)


@dataclass(frozen=True, eq=False)
class Solution:
    """A solution as text; notebooks set its formulas."""

    text: str

    def __repr__(self) -> str:
        """Return the text."""
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise.

    Attributes
    ----------
    id : str
        Chapter and number, as in ``"06.1"``.
    asks : str
        What is asked for, in a few words: it labels the box on the page.
    truth : object
        A right answer, computed.
    mistakes : sequence of Mistake
        At least one. The first that fits speaks.
    solution : str
        Text with `code` and formulas between single dollars.
    right : str or callable
        Follows "Right: ". A callable gets the answer.
    accepts : callable, optional
        Whether an answer is right, where there is more than one right answer. Not for
        numbers and choices.
    """

    id: str
    asks: str
    truth: Any
    mistakes: Sequence[Mistake]
    solution: str
    right: str | Callable[[Any], str] = ""
    accepts: Callable[[Any], bool] | None = None

    kind: ClassVar[str] = ""

    def check(self, answer: object) -> Verdict:
        """Say whether an answer is right, and if not, what it shows."""
        if is_empty(answer):
            return Verdict("empty", words()["empty"], self)
        try:
            value = self.read(answer)
        except UnreadableError as error:
            return Verdict("unreadable", str(error), self)
        if self.is_right(value):
            right = self.right if isinstance(self.right, str) else self.right(value)
            if not right:
                return Verdict("right", words()["right"], self)
            says = words()["right_because"].format(says=ended(right))
            return Verdict("right", says, self)
        hint = self.hint(value)
        says = words()["hint"].format(says=hint) if hint else words()["wrong"]
        return Verdict("wrong", says, self)

    def read(self, answer: Any) -> Any:
        """Return the answer in the form that is compared, or say why it has none."""
        raise NotImplementedError

    def same(self, one: Any, other: Any, *, rtol: float | None = None) -> bool:
        """Whether two answers that were read are the same answer."""
        raise NotImplementedError

    def is_right(self, value: Any) -> bool:
        """Whether an answer that was read is right."""
        if self.accepts is not None:
            return bool(self.accepts(value))
        return self.same(value, self.read(self.truth))

    def hint(self, value: Any) -> str:
        """Return what a wrong answer shows, or nothing where that is not known."""
        for mistake in self.mistakes:
            if self.shows(value, mistake):
                return mistake.words_for(value)
        return ""

    def shows(self, value: Any, mistake: Mistake) -> bool:
        """Whether an answer that was read shows a mistake."""
        if mistake.when is not None:
            return bool(mistake.when(value))
        return self.same(value, self.read(mistake.answer), rtol=KNOWN)

    def faults(self) -> Iterator[str]:
        """Say what is wrong with the exercise itself; the tests ask every one."""
        if not self.mistakes:
            yield "no mistakes"
        for name in ("asks", "solution"):
            if not getattr(self, name).strip():
                yield f"no {name}"
        if self.check(self.truth).state != "right":
            yield f"the truth is not right: {self.check(self.truth)}"
        for mistake in self.mistakes:
            verdict = self.check(mistake.answer)
            if verdict.state == "unreadable":
                yield f"{mistake.answer} is no answer: {verdict}"
            elif mistake.words_for(self.read(mistake.answer)) not in verdict.says:
                yield f"{mistake.answer} is answered with: {verdict}"

    def faults_of_a_page(self) -> Iterator[str]:
        """Say what a page could not do, which checks numbers and choices as well."""
        spoken = [self.right, *(mistake.says for mistake in self.mistakes)]
        if any(callable(text) for text in spoken):
            yield "pages say the same words: text, no function"
        if self.accepts is not None or any(m.when for m in self.mistakes):
            yield "pages check it too: no accepts, no when"

    def data(self) -> dict[str, Any]:
        """Return what a page must know of the exercise."""
        return {"id": self.id, "kind": self.kind, "asks": self.asks}


@dataclass(frozen=True, eq=False)
class Number(Exercise):
    """A number is asked for.

    Attributes
    ----------
    rtol : float, default 0.005
        How far from the truth an answer may be, relative to it: three digits.
    atol : float, default 0
        The same, absolute.
    whole : bool, default False
        Only a whole number will do, and exactly the right one.
    unit : str
        Stands behind the box on the page.
    """

    rtol: float = 0.005
    atol: float = 0.0
    whole: bool = False
    unit: str = ""

    kind: ClassVar[str] = "number"

    def read(self, answer: Any) -> float:
        """Return the number."""
        return read_number(answer)

    def same(self, one: float, other: float, *, rtol: float | None = None) -> bool:
        """Whether two numbers agree as well as the exercise asks, or within `rtol`."""
        tolerance = self.rtol if rtol is None else max(rtol, self.rtol)
        if self.whole:
            return abs(one - other) < 1e-9
        return abs(one - other) <= tolerance * abs(other) + self.atol

    def hint(self, value: float) -> str:
        """Return what a wrong number shows: at least on which side it lies."""
        return super().hint(value) or ended(words()[self.relation(value)])

    def shows(self, value: float, mistake: Mistake) -> bool:
        """Whether a number shows a mistake: by its range, or its one answer."""
        if mistake.low is None and mistake.high is None:
            return super().shows(value, mistake)
        low = -math.inf if mistake.low is None else mistake.low
        high = math.inf if mistake.high is None else mistake.high
        return low <= value <= high

    def relation(self, value: float) -> str:
        """Name how a wrong number is related to the truth."""
        truth = float(self.truth)
        if self.whole:
            if value != round(value):
                return "whole"
            if abs(value - truth) == 1:
                return "one_more" if value > truth else "one_less"
            return "large" if value > truth else "small"
        # Near 1 a number, its square and its reciprocal cannot be told apart.
        if abs(truth) > 0 and abs(abs(truth) - 1) > CLOSE:
            relatives = {"sign": -truth, "reciprocal": 1 / truth, "square": truth**2}
            relatives["percent"] = 100 * truth
            if truth > 0:
                relatives["root"] = math.sqrt(truth)
                relatives["log10"] = math.log10(truth)
                relatives["log"] = math.log(truth)
            for name, relative in relatives.items():
                if abs(value - relative) <= KNOWN * abs(relative):
                    return name
        if abs(value - truth) <= CLOSE * abs(truth):
            return "close"
        return "large" if value > truth else "small"

    def faults(self) -> Iterator[str]:
        """Say what is wrong with the exercise itself."""
        yield from self.faults_of_a_page()
        yield from super().faults()

    def data(self) -> dict[str, Any]:
        """Return what a page must know to check the number."""
        numbers = {"truth": float(self.truth), "rtol": self.rtol, "atol": self.atol}
        known = [
            {
                "answer": float(mistake.answer),
                "low": mistake.low,
                "high": mistake.high,
                "says": mistake.words_for(float(mistake.answer)),
            }
            for mistake in self.mistakes
        ]
        right = self.right if isinstance(self.right, str) else self.right(self.truth)
        shown = {"whole": self.whole, "unit": self.unit, "right": right}
        return {**super().data(), **numbers, **shown, "mistakes": known}


@dataclass(frozen=True, eq=False)
class Choice(Exercise):
    """One of several options is asked for, by its text or its letter.

    Attributes
    ----------
    options : sequence of str
        In the order in which the question lists them: a, b, c, …
    """

    options: Sequence[str] = ()

    kind: ClassVar[str] = "choice"

    def read(self, answer: Any) -> str:
        """Return the option that was meant."""
        text = " ".join(str(answer).split())
        letters = "abcdefghijklmnopqrstuvwxyz"[: len(self.options)]
        for option in self.options:
            if text.casefold() == option.casefold():
                return option
        if len(text.strip("().")) == 1 and text.strip("().").lower() in letters:
            return self.options[letters.index(text.strip("().").lower())]
        for option in self.options:
            try:
                if math.isclose(read_number(answer), read_number(option)):
                    return option
            except UnreadableError:
                continue
        known = ", ".join(letters)
        message = words()["option"].format(text=shorten(text), options=known)
        raise UnreadableError(message)

    def same(self, one: str, other: str, *, rtol: float | None = None) -> bool:
        """Whether two options are the same one."""
        del rtol
        return one == other

    def faults(self) -> Iterator[str]:
        """Say what is wrong with the exercise itself."""
        if self.truth not in self.options:
            yield "the truth is none of the options"
            return
        yield from self.faults_of_a_page()
        yield from super().faults()
        told = {mistake.answer for mistake in self.mistakes}
        for option in self.options:
            if (option == self.truth) == (option in told):
                yield f"one of truth and mistakes must speak of {option!r}"

    def data(self) -> dict[str, Any]:
        """Return what a page must know to check the choice."""
        known = [
            {"answer": m.answer, "says": m.words_for(m.answer)} for m in self.mistakes
        ]
        right = self.right if isinstance(self.right, str) else self.right(self.truth)
        shown = {"options": list(self.options), "truth": self.truth, "right": right}
        return {**super().data(), **shown, "mistakes": known}


@dataclass(frozen=True, eq=False)
class Array(Exercise):
    """Several numbers are asked for, in one or more axes.

    Attributes
    ----------
    rtol : float, default 0.005
        How far from the truth each number may be, relative to the largest.
    """

    rtol: float = 0.005

    kind: ClassVar[str] = "array"

    def read(self, answer: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the numbers, in the shape that is asked for."""
        if isinstance(answer, str):
            answer = [
                part
                for part in answer.strip("()[] ").split(";" if ";" in answer else ",")
                if part.strip()
            ]
        try:
            given = np.asarray(answer, dtype=object)
        except ValueError as error:
            message = "The rows of an array must be equally long."
            raise UnreadableError(message) from error
        wanted = np.shape(self.truth)
        if given.shape != wanted:
            message = (
                f"An array of shape {wanted} is asked for, and {given.shape} came."
            )
            raise UnreadableError(message)
        numbers = [read_number(number) for number in given.flat]
        return np.array(numbers, dtype=np.float64).reshape(wanted)

    def same(self, one: Any, other: Any, *, rtol: float | None = None) -> bool:
        """Whether all numbers agree."""
        tolerance = self.rtol if rtol is None else max(rtol, self.rtol)
        return bool(np.abs(one - other).max() <= tolerance * np.abs(other).max())


@dataclass(frozen=True, eq=False)
class Expression(Exercise):
    """A SymPy expression is asked for; equal is what is equal at every value.

    Symbols are told by their names alone, whatever was assumed of them.
    """

    kind: ClassVar[str] = "expression"

    def read(self, answer: Any) -> Any:
        """Return the expression in the symbols of the truth."""
        import sympy as sp  # noqa: PLC0415 -- only who needs it waits for it

        known = {symbol.name: symbol for symbol in self.truth.free_symbols}
        try:
            expression = sp.sympify(answer, locals=dict(known))
            if not isinstance(expression, sp.Expr):
                raise TypeError(answer)
            same = {symbol: known[symbol.name] for symbol in expression.free_symbols}
            return expression.xreplace(same)
        except KeyError as error:
            names = ", ".join(sorted(known))
            found = shorten(error.args[0])
            message = (
                f"The answer holds {found}: an expression in {names} is asked for."
            )
            raise UnreadableError(message) from error
        except (sp.SympifyError, AttributeError, TypeError, SyntaxError) as error:
            message = f"“{shorten(str(answer))}” cannot be read as an expression."
            raise UnreadableError(message) from error

    def same(self, one: Any, other: Any, *, rtol: float | None = None) -> bool:
        """Whether two expressions agree to twenty digits at five points."""
        import sympy as sp  # noqa: PLC0415 -- only who needs it waits for it

        del rtol
        symbols = sorted(self.truth.free_symbols, key=lambda symbol: symbol.name)
        for start in range(5):
            # Irrational, so that no two terms agree by accident.
            values = [
                sp.sqrt(sp.prime(start + 2 * k + 1)) / (2 + k)
                for k in range(len(symbols))
            ]
            at = dict(zip(symbols, values, strict=True))
            numbers = [sp.N(side.subs(at), 30) for side in (one, other)]
            if not all(number.is_number and number.is_finite for number in numbers):
                return False
            gap = sp.Abs(numbers[0] - numbers[1])
            if gap > sp.Float("1e-20") * (1 + sp.Abs(numbers[1])):
                return False
        return True


@dataclass(frozen=True, eq=False)
class Function(Exercise):
    """A function is asked for, compared with the truth at some points.

    Attributes
    ----------
    at : sequence of tuple
        The arguments of each call.
    rtol : float, default 1e-6
        How far from the truth a value may be, relative to the largest in it.
    """

    at: Sequence[tuple[Any, ...]] = ()
    rtol: float = 1e-6

    kind: ClassVar[str] = "function"

    def read(self, answer: Any) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
        """Return the function's values at the points."""
        if not callable(answer):
            message = f"A function is asked for, and {type(answer).__name__} came."
            raise UnreadableError(message)
        values = []
        for arguments in self.at:
            called = f"the function at {', '.join(shorten(repr(a)) for a in arguments)}"
            try:
                value = np.asarray(answer(*arguments), dtype=np.float64)
            except Exception as error:
                reason = f"{type(error).__name__}: {shorten(str(error))}"
                message = f"{called[0].upper()}{called[1:]} raised {reason}."
                raise UnreadableError(message) from error
            if not np.isfinite(value).all():
                message = f"{called[0].upper()}{called[1:]} is not finite."
                raise UnreadableError(message)
            values.append(value)
        return values

    def same(self, one: Any, other: Any, *, rtol: float | None = None) -> bool:
        """Whether two functions agree at every point."""
        del rtol
        return all(
            mine.shape == theirs.shape
            and bool(np.all(np.abs(mine - theirs) <= self.rtol * np.abs(theirs).max()))
            for mine, theirs in zip(one, other, strict=True)
        )

    def faults(self) -> Iterator[str]:
        """Say what is wrong with the exercise itself."""
        if len(self.at) < 2:
            yield "one point proves no function: give two or more"
        yield from super().faults()
