"""A figure that turns: a function of one to three numbers, and what they can be."""

import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse._checks import FloatArray, check_choice
from vgcourse.explorers.base import (
    MOST_VALUES,
    Array,
    Explorer,
    Knob,
    KnobTrait,
    Panel,
    Sentence,
    Trace,
    Value,
)
from vgcourse.explorers.words import FORMATS

MOST_NUMBERS = 2_000_000  # of a table: more is too much for a page
MOST_KNOBS = 3
SCALES = ("log10", "linear", "percent")
COLORS = ("vanish", "explode", "neutral", "accent", "muted", "ink", "fate")
LOGARITHMIC = ("number", "times")  # formats that are told the number's logarithm
BLANK = re.compile(r"\{(\w+)(?::(\w+))?\}")
Mark = Literal["line", "dots", "bars", "heat"]
Position = Mapping[str, Value]


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
        ``"explode"``, ``"neutral"``, and ``"fate"``, which chooses among the three
        point by point.
    """
    return Series("line", y, x, _check_color(color))


def dots(
    y: ArrayLike, *, x: ArrayLike | None = None, color: str | None = None
) -> Series:
    """Points; the course draws measurements so. See :func:`line`."""
    return Series("dots", y, x, _check_color(color))


def bars(
    y: ArrayLike, *, x: ArrayLike | None = None, color: str | None = None
) -> Series:
    """Bars from the neutral line; see :func:`line`."""
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


class TurningFigure(Explorer):
    """What :func:`turn` makes: an explorer whose knobs are a function's arguments."""


def turn(
    function: Callable[..., Mapping[str, Any]],
    knobs: Mapping[str, Sequence[Any] | NDArray[Any]],
    *,
    sentence: str,
    alt: str,
    start: Mapping[str, Value] | None = None,
    labels: Mapping[str, str] | None = None,
    stops: Mapping[str, Mapping[float, str]] | None = None,
    x: str = "layer ℓ",
    y: str = "",
    scale: Literal["log10", "linear", "percent"] = "log10",
    logs: bool = False,
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
    y_steps: Sequence[float] | None = None,
    height: int = 260,
    vectorized: bool = False,
) -> TurningFigure:
    """Make a figure that turns out of a function of one to three numbers.

    The function is called at every combination of the knobs, here and now; the figure
    then answers without Python, on the page as in a notebook. The last expression of
    a cell shows it.

    Parameters
    ----------
    function : callable
        Takes the knobs as keywords; returns a dict. A label with an array of shape
        (points,) is drawn as a line over 0, 1, 2, …; one with :func:`line`,
        :func:`dots`, :func:`bars` or :func:`heat` as these say; a name with a number
        is spoken in the sentence. The names are the same at every position; a line
        may be longer at one position than at another.
    knobs : mapping of str to sequence
        For each argument the values that it can take: numbers or words.
    sentence : str
        What the picture shows, in words and numbers: ``{knob}``, ``{knob:layers}``
        ("1 layer", "50 layers") or ``{name:format}``. Formats: ``number`` (two
        digits), ``times`` ("4.9 × 10⁶ times larger"), ``percent`` of a fraction,
        ``plain`` (two decimals), ``whole``.
    alt : str
        What the still picture shows, for those who do not see it.
    start : mapping, optional
        Where the knobs stand at first; in the middle where missing.
    labels : mapping, optional
        Text beside each knob; its name where missing.
    stops : mapping, optional
        For a knob, values that are marked on it, with their names:
        ``{"gain": {2**0.5: "He: √2"}}``. They are added to its values if missing.
    x, y : str
        Names of the axes; `y` is the title of the picture.
    scale : {"log10", "linear", "percent"}
        How heights are drawn. With ``"log10"`` the logarithm of the size of what the
        function returns, where 0 and infinity are marked as such.
    logs : bool, default False
        With ``scale="log10"``: the function returns log10 of the sizes itself, in
        series, and in numbers that the sentence says as ``number`` or ``times``.
    x_domain, y_domain : (float, float), optional
        The frame, `y_domain` in log10 where the scale is. Where missing, one frame
        holds every position, so that it stands still while a knob moves.
    y_steps : sequence of float, optional
        Frames from −s to s (decades) instead, of which the smallest that holds the
        picture is taken once the hand lets go, such as ``(4, 12, 40, 160)``.
    height : int
        Of the picture, in pixels.
    vectorized : bool, default False
        Call the function once, with arrays that broadcast over the knobs and have one
        axis more, of length 1, for the points. Where a line is shorter at some
        position, mask its end (:mod:`numpy.ma`).

    Returns
    -------
    TurningFigure
        A widget whose knobs are traits, as with every explorer.

    Raises
    ------
    TypeError, ValueError
        If a description is wrong, or if the function raises, returns NaN or something
        of another kind; the message names the position.

    Examples
    --------
    >>> figure = turn(
    ...     lambda gain: {"signal": gain ** np.arange(51), "end": gain**50},
    ...     {"gain": [0.5, 1.0, 1.5]},
    ...     start={"gain": 1.5},
    ...     sentence="After 50 layers of {gain} the signal is {end:times}.",
    ...     alt="A line that rises from 1 to 6 × 10⁸.",
    ... )
    >>> figure.sentence()
    'After 50 layers of 1.5 the signal is 6.4 × 10⁸ times larger.'
    """
    check_choice("scale", scale, SCALES)
    if logs and scale != "log10":
        message = f'logs=True goes with scale="log10", got scale={scale!r}'
        raise ValueError(message)
    described = _knobs(knobs, labels or {}, stops or {})
    begin = _start(described, start or {})
    tabulate = _at_once if vectorized else _one_by_one
    found = tabulate(function, described)
    drawn = {k: v for k, v in found.items() if v.mark is not None}
    spoken = {k: v.values[..., 0] for k, v in found.items() if v.mark is None}
    if not drawn:
        message = f"the function returned nothing to draw, only {', '.join(spoken)}"
        raise ValueError(message)
    count = sum(table.values.size for table in found.values())
    if count > MOST_NUMBERS:
        message = f"the table would hold {count:,} numbers, at most {MOST_NUMBERS:,}"
        raise ValueError(message)
    if scale == "log10" and not logs:
        drawn = {label: table.logarithm() for label, table in drawn.items()}
    arrays, panel = _picture(
        drawn,
        tuple(knob.name for knob in described),
        Panel(
            name="picture",
            y=y,
            x=x,
            scale=scale,
            series=(),
            x_domain=x_domain,
            y_domain=y_domain,
            y_steps=None if y_steps is None else tuple(map(float, y_steps)),
            height=height,
        ),
    )
    text, said = _words(sentence, described, spoken, logs)
    traits: dict[str, Any] = {
        name: KnobTrait(value).tag(sync=True) for name, value in begin.items()
    }
    description: dict[str, Any] = {
        "__module__": __name__,
        "title": y or sentence,
        "panels": (panel,),
        "readout": (Sentence(text),),
        "alt": alt,
    }
    cls = type("TurningFigure", (TurningFigure,), traits | description)
    figure: TurningFigure = cls()
    figure._show(described, arrays | said)
    return figure


@dataclass(frozen=True, eq=False)
class _Tabulated:
    """One name of the function's answer, at all positions; absent numbers are NaN."""

    mark: Mark | None  # None: a number for the sentence
    values: FloatArray  # shape (knob, …, points)
    x: FloatArray | None = None
    color: str | None = None
    y: FloatArray | None = None
    shape: tuple[int, ...] = ()  # of a map: rows, columns
    y_label: str = ""

    def logarithm(self) -> "_Tabulated":
        with np.errstate(divide="ignore"):
            logs = np.log10(np.abs(self.values))
        return _Tabulated(
            self.mark, logs, self.x, self.color, self.y, self.shape, self.y_label
        )


def _check_color(color: str | None) -> str | None:
    if color is not None:
        check_choice("color", color, COLORS)
    return color


def _knobs(
    values: Mapping[str, Any],
    labels: Mapping[str, str],
    stops: Mapping[str, Mapping[float, str]],
) -> list[Knob]:
    if not 1 <= len(values) <= MOST_KNOBS:
        message = f"a figure turns by 1 to {MOST_KNOBS} knobs, got {len(values)}"
        raise ValueError(message)
    for name, given in (("labels", labels), ("stops", stops)):
        for unknown in given.keys() - values.keys():
            message = f"{name} names {unknown!r}, which is none of the knobs"
            raise ValueError(message)
    return [
        _knob(name, list(given), labels.get(name, name), stops.get(name, {}))
        for name, given in values.items()
    ]


def _knob(name: str, values: list[Any], label: str, stops: Mapping[float, str]) -> Knob:
    if hasattr(Explorer, name) or not name.isidentifier():
        message = f"a knob cannot be called {name!r}: explorers use that name"
        raise ValueError(message)
    if all(isinstance(value, str) for value in values):
        known: list[Value] = values
    else:
        known = _numbers(name, [*values, *stops])
    if not 2 <= len(known) <= MOST_VALUES:
        message = f"{name} needs 2 to {MOST_VALUES} values, got {len(known)}"
        raise ValueError(message)
    if isinstance(known[0], str):
        return Knob(name, label, known, [str(v) for v in known], kind="select")
    written = [f"{v:.4g}".replace("-", "−") for v in known]
    marked: dict[int, str] = {}
    for value, text in stops.items():
        position = min(range(len(known)), key=lambda i: abs(float(known[i]) - value))
        marked[position] = written[position] = text
    return Knob(name, label, known, written, stops=marked or None)


def _numbers(name: str, values: list[Any]) -> list[Value]:
    """Sorted, each once; whole numbers stay whole."""
    try:
        reals = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        reals = np.array([np.nan])
    if reals.ndim != 1 or not np.isfinite(reals).all():
        message = f"{name} must take finite numbers, or words; got {values!r:.60}"
        raise ValueError(message)
    # np.arange(0.5, 2, 0.05) has 0.5500000000000000444 in it.
    unique = np.unique(reals.round(12))
    kept = [unique[0], *unique[1:][np.diff(unique) > 1e-9]]
    whole = np.array_equal(kept, np.rint(kept))
    return [int(v) if whole else float(v) for v in kept]


def _start(knobs: Sequence[Knob], start: Mapping[str, Value]) -> dict[str, Value]:
    for unknown in start.keys() - {knob.name for knob in knobs}:
        message = f"start names {unknown!r}, which is none of the knobs"
        raise ValueError(message)
    begin = {knob.name: knob.values[len(knob.values) // 2] for knob in knobs}
    for knob in knobs:
        if knob.name in start:
            begin[knob.name] = knob.values[knob.position(start[knob.name])]
    return begin


def _named(knobs: Sequence[Knob], index: Sequence[int]) -> str:
    pairs = zip(knobs, index, strict=False)
    return ", ".join(f"{knob.name}={knob.values[i]!r}" for knob, i in pairs)


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


def _one_by_one(
    function: Callable[..., Any], knobs: Sequence[Knob]
) -> dict[str, _Tabulated]:
    """Call the function at each position, with a bar where that takes its time."""
    counts = [len(knob.values) for knob in knobs]
    rows: list[dict[str, tuple[Mark | None, FloatArray, Any]]] = []
    kinds: dict[str, Mark | None] = {}
    bar = _Bar(int(np.prod(counts)))
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
) -> _Tabulated:
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
    return _Tabulated(
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


def _at_once(
    function: Callable[..., Any], knobs: Sequence[Knob]
) -> dict[str, _Tabulated]:
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
) -> _Tabulated:
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
        return _Tabulated(None, table)
    flat = table.reshape(*counts, -1)
    if series.mark == "heat":
        x, y = _evenly("x", series.x, last[1]), _evenly("y", series.y, last[0])
        return _Tabulated("heat", flat, x, None, y, last, series.y_label)
    if series.x is None:
        return _Tabulated(series.mark, flat, None, series.color)
    places = np.broadcast_to(np.asarray(series.x, dtype=np.float64), table.shape)
    places = np.where(np.isnan(table), np.nan, places)
    return _Tabulated(series.mark, flat, places, series.color)


class _Bar:
    """A bar in the cell's output, once the work has taken half a second."""

    def __init__(self, count: int) -> None:
        self.count, self.done, self.shown = count, 0, -1
        self.started = time.monotonic()
        self.handle: Any = None

    def step(self) -> None:
        self.done += 1
        percent = 100 * self.done // self.count
        if time.monotonic() - self.started < 0.5 or percent == self.shown:
            return
        from IPython.display import HTML, display  # noqa: PLC0415 - only where shown

        self.shown = percent
        bar = HTML(f'<progress max="100" value="{percent}">{percent} %</progress>')
        if self.handle is None:
            self.handle = display(bar, display_id=True)
        else:
            self.handle.update(bar)

    def close(self) -> None:
        if self.handle is not None:
            from IPython.display import clear_output  # noqa: PLC0415

            clear_output(wait=True)


def _array(values: FloatArray, axes: Sequence[str], unit: float | None) -> Array:
    """An array of the table, without the axes along which nothing changes."""
    kept = []
    for i, name in reversed(list(enumerate(axes))):
        first = values.take([0], axis=i)
        if np.array_equal(values, np.broadcast_to(first, values.shape), equal_nan=True):
            values = first.squeeze(axis=i)
        else:
            kept.append(name)
    return Array(values, tuple(reversed(kept)), unit=unit, ragged=True)


def _unit(values: FloatArray, scale: str) -> float | None:
    """A step that no picture and no two digits can see, or none: 1, 2 or 5 × 10^k."""
    numbers = values[np.isfinite(values)]
    most = float(np.abs(numbers).max(initial=0.0))
    if most == 0.0:
        return 1.0
    if np.ptp(numbers) < most / 4:
        return None  # small changes of a large number
    step = most / (32_000 if scale == "log10" else 16_000)
    power = 10.0 ** np.floor(np.log10(step))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9))
    return float(max(step, 0.002) if scale == "log10" else step)


def _picture(
    drawn: Mapping[str, _Tabulated], axes: tuple[str, ...], panel: Panel
) -> tuple[dict[str, Array], Panel]:
    """Arrays and panel; the frame holds every position unless one was given."""
    arrays: dict[str, Array] = {}
    traces = []
    left, right = np.inf, -np.inf
    maps = [table for table in drawn.values() if table.mark == "heat"]
    if len(maps) > 1:
        message = f"one map for each figure, got {len(maps)}"
        raise ValueError(message)
    for i, (label, table) in enumerate(drawn.items()):
        arrays[f"series_{i}"] = _array(
            table.values, axes, _unit(table.values, panel.scale)
        )
        if table.mark == "heat":
            continue
        where = None
        x = np.broadcast_to(
            np.arange(float(table.values.shape[-1])), table.values.shape
        )
        if table.x is not None:
            where, x = f"x_{i}", table.x
            arrays[where] = _array(table.x, axes, None)
        known = x[~np.isnan(table.values) & ~np.isnan(x)]
        pad = 0.5 if table.mark == "bars" else 0.0
        left = min(left, known.min(initial=np.inf) - pad)
        right = max(right, known.max(initial=-np.inf) + pad)
        log = panel.scale == "log10"
        fate = "fate" if log and table.mark != "line" else "accent"
        traces.append(
            Trace(
                f"series_{i}",
                label if len(drawn) > 1 else "",
                table.mark or "line",
                table.color or fate,
                cliff=log and not maps,
                x=where,
            )
        )
    if maps:
        return arrays, _map_panel(maps[0], drawn, traces, panel)
    room = panel.x_domain or ((left, right) if right > left else (left - 1, left + 1))
    values = np.concatenate([table.values.ravel() for table in drawn.values()])
    frame = panel.y_domain or _frame(
        values, panel.scale, any(t.mark == "bars" for t in traces)
    )
    return arrays, replace(
        panel,
        series=tuple(traces),
        x_domain=(float(room[0]), float(room[1])),
        y_domain=None if panel.y_steps else frame,
    )


def _frame(values: FloatArray, scale: str, based: bool) -> tuple[float, float]:
    """A frame that holds all finite numbers, and 1 on a log axis or under bars."""
    numbers = values[np.isfinite(values)]
    if scale == "log10" or based or numbers.size == 0:
        numbers = np.append(numbers, 0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if scale == "percent":
        low, high = min(low, 0.0), max(high, 1.0)
    if high - low < 1e-12:
        low, high = low - 1.0, high + 1.0
    margin = 0.04 * (high - low)
    return low - margin, high + margin


def _map_panel(
    table: _Tabulated,
    drawn: Mapping[str, _Tabulated],
    traces: Sequence[Trace],
    panel: Panel,
) -> Panel:
    assert table.x is not None
    assert table.y is not None
    name = f"series_{[*drawn.values()].index(table)}"
    numbers = table.values[np.isfinite(table.values)]
    if panel.scale == "log10":
        most = max(float(np.abs(numbers).max(initial=0.0)), 0.1)
        frame = (-most, most)
    else:
        frame = (float(numbers.min()), float(numbers.max()))
        if panel.scale == "percent":
            frame = (min(frame[0], 0.0), max(frame[1], 1.0))
    return replace(
        panel,
        view="heat",
        series=(Trace(name, mark="heat"), *traces),
        x_domain=_edges(table.x),
        rows_domain=_edges(table.y),
        rows_label=table.y_label,
        cells=(table.shape[0], table.shape[1]),
        y_domain=panel.y_domain or (None if panel.y_steps else frame),
    )


def _edges(centers: FloatArray) -> tuple[float, float]:
    half = (centers[1] - centers[0]) / 2
    return float(centers[0] - half), float(centers[-1] + half)


def _words(
    sentence: str,
    knobs: Sequence[Knob],
    spoken: Mapping[str, FloatArray],
    logs: bool,
) -> tuple[str, dict[str, Array]]:
    """The sentence as the engine reads it, and the numbers that it needs."""
    named = {knob.name: knob for knob in knobs}
    axes = tuple(named)
    arrays: dict[str, Array] = {}
    for name in spoken.keys() & named.keys():
        message = f"the function returns {name!r}, which is the name of a knob"
        raise ValueError(message)

    def blank(found: re.Match[str]) -> str:
        name, form = found.groups()
        if name in named:
            return f"{{{name}|{form}}}" if form else f"{{{name}}}"
        if name not in spoken:
            known = ", ".join([*named, *spoken])
            message = f"the sentence speaks of {name!r}; there are {known}"
            raise ValueError(message)
        check_choice(f"the format of {name}", form or "", tuple(FORMATS))
        values = spoken[name]
        minus = ""
        if form in LOGARITHMIC:
            if not logs:
                if form == "number" and (values < 0).any():
                    arrays[f"minus {name}"] = _array(
                        (values < 0).astype(float)[..., None], axes, 1.0
                    )
                    minus = f"{{minus {name}|minus}}"
                with np.errstate(divide="ignore"):
                    values = np.log10(np.abs(values))
            name = f"log10 {name}"
        arrays[name] = _array(values[..., None], axes, None)
        return f"{minus}{{{name}|{form}}}"

    return BLANK.sub(blank, sentence), arrays
