"""A function of some knobs, called at all their positions."""

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from vgcourse._checks import FloatArray, check_choice
from vgcourse.explorers.rerun import PATIENCE
from vgcourse.explorers.spec import Knob

COLORS = ("vanish", "explode", "neutral", "accent", "muted", "ink")
POINTWISE = (*COLORS, "fate")  # of dots and bars, which can have one color each
Mark = Literal["line", "dots", "bars", "heat"]


@dataclass(frozen=True, eq=False)
class Series:
    """What a function of :func:`turn` returns to be drawn; see `line` and `heat`."""

    mark: Mark
    values: Any
    x: Any = None
    color: str | None = None
    y: Any = None
    y_label: str = ""


def line(y: ArrayLike, *, x: ArrayLike | None = None, color: str = "accent") -> Series:
    """A line through the points; the course draws laws and predictions so.

    Parameters
    ----------
    y : array_like, shape (points,)
        Heights.
    x : array_like, shape (points,), optional
        Positions; 0, 1, 2, … where missing.
    color : str
        ``"accent"``, ``"ink"``, ``"muted"``, or one that says a fate: ``"vanish"``,
        ``"explode"``, ``"neutral"``.
    """
    return Series("line", y, x, check_choice("color", color, COLORS))


def dots(
    y: ArrayLike, *, x: ArrayLike | None = None, color: str | None = None
) -> Series:
    """Points; the course draws measurements so. See :func:`line`.

    Their color may also be ``"fate"``, which chooses among the three point by point.
    """
    return Series("dots", y, x, _check_color(color))


def bars(
    y: ArrayLike, *, x: ArrayLike | None = None, color: str | None = None
) -> Series:
    """Bars from the neutral line; see :func:`line`, and :func:`dots` for the color."""
    return Series("bars", y, x, _check_color(color))


def heat(
    values: ArrayLike,
    *,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    y_label: str = "",
) -> Series:
    """A map of tinted cells; lines and dots of the same figure lie on it.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        One number for each cell. With ``scale="log10"`` the tint says the fate:
        blue vanishes, orange explodes, pale stays.
    x : array_like, shape (columns,), optional
        Where the columns stand, evenly spaced, the same at every knob position;
        0, 1, 2, … where missing.
    y : array_like, shape (rows,), optional
        Where the rows stand, from bottom to top; as `x`.
    y_label : str
        What the vertical axis counts.
    """
    return Series("heat", values, x, None, y, y_label)


@dataclass(frozen=True, eq=False)
class Tabulated:
    """One name of the function's answer, at all positions; absent numbers are NaN."""

    mark: Mark | None  # None: a number for the sentence
    values: FloatArray  # shape (knob, …, points)
    x: FloatArray | None = None
    color: str | None = None
    y: FloatArray | None = None
    shape: tuple[int, ...] = ()  # of a map: rows, columns
    y_label: str = ""

    def logarithm(self) -> "Tabulated":
        """The same with log10 of the sizes."""
        with np.errstate(divide="ignore"):
            logs = np.log10(np.abs(self.values))
        return replace(self, values=logs)


def _check_color(color: str | None) -> str | None:
    if color is not None:
        check_choice("color", color, POINTWISE)
    return color


def _series(found: object, place: str) -> dict[str, Series | Any]:
    """Check the kind of one answer."""
    if not isinstance(found, Mapping) or not found:
        message = (
            f"the function must return a dict of series, {place} it gave {found!r:.60}"
        )
        raise TypeError(message)
    return {str(name): value for name, value in found.items()}


def _row(label: str, value: Any, place: str) -> tuple[Mark | None, FloatArray, Any]:
    """One entry of one answer: its mark, its flat numbers, and the series around."""
    series = value if isinstance(value, Series) else Series("line", value)
    try:
        numbers = np.ma.asarray(series.values, dtype=np.float64)
    except (TypeError, ValueError):
        message = f"{label!r} must hold numbers, {place} it is {series.values!r:.60}"
        raise TypeError(message) from None
    absent = np.ma.getmaskarray(numbers)
    plain = numbers.data
    if np.isnan(plain[~absent]).any():
        message = f"{label!r} is NaN {place}"
        raise ValueError(message)
    plain = np.where(absent, np.nan, plain)
    is_number = plain.ndim == 0 and not isinstance(value, Series)
    wanted = 2 if series.mark == "heat" else 1
    if not is_number and plain.ndim != wanted:
        message = (
            f"{label!r} must be an array with {wanted} axes for {series.mark}, "
            f"{place} its shape is {plain.shape}"
        )
        raise ValueError(message.replace("1 axes", "1 axis"))
    return None if is_number else series.mark, plain, series


def one_by_one(
    function: Callable[..., Any], knobs: Sequence[Knob]
) -> dict[str, Tabulated]:
    """Call the function at each position, with a bar where that takes its time."""
    counts = [len(knob.values) for knob in knobs]
    rows: list[dict[str, tuple[Mark | None, FloatArray, Any]]] = []
    kinds: dict[str, Mark | None] = {}
    bar = Bar(int(np.prod(counts)))
    for index in itertools.product(*map(range, counts)):
        place = f"at {_named(knobs, index)}"
        pairs = zip(knobs, index, strict=True)
        setting = {knob.name: knob.values[i] for knob, i in pairs}
        try:
            answer = function(**setting)
        except Exception as error:
            message = f"the function fails {place}: {type(error).__name__}: {error}"
            raise ValueError(message) from error
        row = {k: _row(k, v, place) for k, v in _series(answer, place).items()}
        found = {name: entry[0] for name, entry in row.items()}
        kinds = kinds or found
        if found != kinds:
            message = (
                f"the function gives {_kinds(found)} {place}, elsewhere {_kinds(kinds)}"
            )
            raise ValueError(message)
        rows.append(row)
        bar.step()
    bar.close()
    return {name: _stacked(name, [row[name] for row in rows], counts) for name in kinds}


def _kinds(found: Mapping[str, Mark | None]) -> str:
    return ", ".join(f"{name!r} ({mark or 'number'})" for name, mark in found.items())


def _stacked(
    label: str,
    entries: Sequence[tuple[Mark | None, FloatArray, Any]],
    counts: Sequence[int],
) -> Tabulated:
    mark, first, series = entries[0]
    if mark == "heat":
        for _, values, other in entries:
            if values.shape != first.shape:
                shapes = f"{first.shape} and {values.shape}"
                message = f"the map {label!r} must have one shape, got {shapes}"
                raise ValueError(message)
            if not (_same(other.x, series.x) and _same(other.y, series.y)):
                message = f"the map {label!r} must stand on the same x and y everywhere"
                raise ValueError(message)
    longest = max(values.size for _, values, _ in entries)
    table = np.full((len(entries), longest), np.nan)
    places = np.full_like(table, np.nan)
    for i, (_, values, drawn) in enumerate(entries):
        table[i, : values.size] = values.ravel()
        if mark in ("line", "dots", "bars") and drawn.x is not None:
            places[i, : values.size] = _places(label, drawn.x, values.size)
    given = series.x is not None and mark in ("line", "dots", "bars")
    return Tabulated(
        mark,
        table.reshape(*counts, longest),
        places.reshape(*counts, longest) if given else _map_x(mark, series, first),
        series.color,
        _map_y(mark, series, first),
        first.shape if mark == "heat" else (),
        series.y_label,
    )


def _same(one: Any, other: Any) -> bool:
    return one is other or np.array_equal(one, other)


def _places(label: str, x: ArrayLike, count: int) -> FloatArray:
    places = np.asarray(x, dtype=np.float64)
    if places.shape != (count,) or not np.isfinite(places).all():
        message = (
            f"x of {label!r} must be {count} finite numbers, got shape {places.shape}"
        )
        raise ValueError(message)
    return places


def _map_x(mark: Mark | None, series: Series, values: FloatArray) -> FloatArray | None:
    return _evenly("x", series.x, values.shape[1]) if mark == "heat" else None


def _map_y(mark: Mark | None, series: Series, values: FloatArray) -> FloatArray | None:
    return _evenly("y", series.y, values.shape[0]) if mark == "heat" else None


def _evenly(name: str, given: ArrayLike | None, count: int) -> FloatArray:
    places = np.arange(count, dtype=np.float64) if given is None else np.asarray(given)
    even = np.linspace(places[0], places[-1], count) if places.size == count else None
    if count < 2 or even is None or not np.allclose(places, even):
        message = (
            f"{name} of a map must be {count} evenly spaced numbers "
            "(their logarithms, if need be)"
        )
        raise ValueError(message)
    return np.asarray(places, dtype=np.float64)


def at_once(
    function: Callable[..., Any], knobs: Sequence[Knob]
) -> dict[str, Tabulated]:
    """Call the function once, with arrays that broadcast."""
    counts = tuple(len(knob.values) for knob in knobs)
    setting: dict[str, Any] = {}
    for i, knob in enumerate(knobs):
        if knob.kind == "select":
            message = f"{knob.name} takes words: call the function one by one"
            raise ValueError(message)
        shape = [1] * (len(knobs) + 1)
        shape[i] = counts[i]
        setting[knob.name] = np.array(knob.values).reshape(shape)
    everywhere = (
        f"at {_named(knobs, [0] * len(knobs))} … {_named(knobs, [-1] * len(knobs))}"
    )
    try:
        answer = function(**setting)
    except Exception as error:
        message = f"the function fails {everywhere}: {type(error).__name__}: {error}"
        raise ValueError(message) from error
    return {
        name: _broadcast(name, value, knobs, counts)
        for name, value in _series(answer, everywhere).items()
    }


def _broadcast(
    label: str, value: Any, knobs: Sequence[Knob], counts: tuple[int, ...]
) -> Tabulated:
    series = value if isinstance(value, Series) else Series("line", value)
    rest = 2 if series.mark == "heat" else 1
    numbers = np.ma.asarray(series.values, dtype=np.float64)
    absent = np.ma.getmaskarray(numbers)
    plain = np.where(absent, np.nan, numbers.data)
    last = plain.shape[-rest:] if plain.ndim >= rest else (1,) * rest
    try:
        table = np.broadcast_to(plain, counts + last)
    except ValueError:
        message = f"{label!r} must broadcast to {(*counts, *last)}, got {plain.shape}"
        raise ValueError(message) from None
    wrong = np.isnan(table) & ~np.broadcast_to(absent, table.shape)
    if wrong.any():
        place = _named(knobs, np.argwhere(wrong)[0])
        message = f"{label!r} is NaN at {place}"
        raise ValueError(message)
    if last == (1,) and not isinstance(value, Series):
        return Tabulated(None, table)
    flat = table.reshape(*counts, -1)
    if series.mark == "heat":
        x, y = _evenly("x", series.x, last[1]), _evenly("y", series.y, last[0])
        return Tabulated("heat", flat, x, None, y, last, series.y_label)
    if series.x is None:
        return Tabulated(series.mark, flat, None, series.color)
    places = np.broadcast_to(np.asarray(series.x, dtype=np.float64), table.shape)
    places = np.where(np.isnan(table), np.nan, places)
    return Tabulated(series.mark, flat, places, series.color)


def _named(knobs: Sequence[Knob], index: Sequence[int]) -> str:
    pairs = zip(knobs, index, strict=False)
    return ", ".join(f"{knob.name}={knob.values[i]!r}" for knob, i in pairs)


class Bar:
    """A bar in the cell's output, once the work has taken half a second.

    Stored and compared outputs must not depend on how fast the machine was: where
    ``VGCOURSE_PROGRESS`` is "off", as in the Makefile, there is none.
    """

    def __init__(self, count: int) -> None:
        self.count, self.done, self.shown = count, 0, -1
        self.started = time.monotonic()
        self.handle: Any = None
        self.wanted = os.environ.get("VGCOURSE_PROGRESS") != "off"

    def step(self) -> None:
        """Say that one more position is done."""
        self.done += 1
        percent = 100 * self.done // self.count
        waited = time.monotonic() - self.started
        if not self.wanted or waited < PATIENCE or percent == self.shown:
            return
        from IPython.display import HTML, display  # noqa: PLC0415 - only where shown

        self.shown = percent
        bar = HTML(f'<progress max="100" value="{percent}">{percent} %</progress>')
        if self.handle is None:
            self.handle = display(bar, display_id=True)
        else:
            self.handle.update(bar)

    def close(self) -> None:
        """Take the bar away."""
        if self.handle is not None:
            from IPython.display import clear_output  # noqa: PLC0415

            clear_output(wait=True)
