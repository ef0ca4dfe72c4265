"""A figure that turns: a function of one to three numbers, and what they can be."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vgcourse._checks import FloatArray, check_choice
from vgcourse.explorers.spec import (
    MOST_VALUES,
    Knob,
    Panel,
    Sentence,
    Trace,
    Value,
    choice_knob,
    decades,
    number_knob,
)
from vgcourse.explorers.table import Array, Table
from vgcourse.explorers.tabulate import (
    Tabulated,
    at_once,
    bars,
    dots,
    heat,
    line,
    one_by_one,
)
from vgcourse.explorers.widget import Explorer, KnobTrait
from vgcourse.explorers.words import FORMATS

__all__ = ["TurningFigure", "bars", "dots", "heat", "line", "turn"]

MOST_NUMBERS = 2_000_000  # of a table: more is too much for a page
MOST_KNOBS = 3
SCALES = ("log10", "linear", "percent")
LOGARITHMIC = ("number", "times", "compared")  # formats that are told the logarithm
BLANK = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Settings:
    """Nothing can be changed: the function may be gone."""


class TurningFigure(Explorer):
    """What :func:`turn` makes: an explorer whose knobs are a function's arguments."""

    Settings = Settings


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
    height: int | None = None,
    view: Literal["network"] | None = None,
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
    height : int, optional
        Of the picture, in pixels; 260 where missing, and 112 of a network.
    view : {"network"}, optional
        Draw a network instead of curves: the function returns one array, the size of
        each layer's gradient from the first layer to the last. The layers stand in a
        row and are tinted by that size relative to the last layer's; see
        :func:`vgcourse.plotting.network`. `y` is the title, `y_domain` the range of
        the tints.
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
    tabulate = at_once if vectorized else one_by_one
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
    if view is not None:
        check_choice("view", view, ("network",))
    make = _picture if view is None else _network
    arrays, panel = make(
        drawn,
        tuple(knob.name for knob in described),
        Panel(
            name="picture",
            y=y,
            x=x,
            scale=scale,
            series=(),
            x_domain=x_domain,
            y_frames=(y_domain,) if y_domain else decades(*(y_steps or ())),
            height=height or (260 if view is None else 112),
        ),
    )
    text, said = _words(sentence, described, spoken, logs)
    made = Table(described, arrays | said)
    traits: dict[str, Any] = {
        name: KnobTrait(value).tag(sync=True) for name, value in begin.items()
    }
    description: dict[str, Any] = {
        "__module__": __name__,
        "compute": staticmethod(lambda _settings, _progress: made),
        "title": y or sentence,
        "panels": (panel,),
        "readout": (Sentence(text),),
        "alt": alt,
    }
    cls = type("TurningFigure", (TurningFigure,), traits | description)
    figure: TurningFigure = cls()
    return figure


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
    if values and all(isinstance(value, str) for value in values):
        made = choice_knob(name, label, values)
    else:
        made = number_knob(name, label, _numbers(name, values), stops=stops)
    if not 2 <= len(made.values) <= MOST_VALUES:
        message = f"{name} needs 2 to {MOST_VALUES} values, got {len(made.values)}"
        raise ValueError(message)
    return made


def _numbers(name: str, values: list[Any]) -> list[float]:
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        numbers = [np.nan]
    if not np.isfinite(numbers).all():
        message = f"{name} must take finite numbers, or words; got {values!r:.60}"
        raise ValueError(message)
    return numbers


def _start(knobs: Sequence[Knob], start: Mapping[str, Value]) -> dict[str, Value]:
    for unknown in start.keys() - {knob.name for knob in knobs}:
        message = f"start names {unknown!r}, which is none of the knobs"
        raise ValueError(message)
    begin = {knob.name: knob.values[len(knob.values) // 2] for knob in knobs}
    for knob in knobs:
        if knob.name in start:
            begin[knob.name] = knob.values[knob.position(start[knob.name])]
    return begin


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
    drawn: Mapping[str, Tabulated], axes: tuple[str, ...], panel: Panel
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
    has_bars = any(trace.mark == "bars" for trace in traces)
    return arrays, replace(
        panel,
        series=tuple(traces),
        x_domain=(float(room[0]), float(room[1])),
        y_frames=panel.y_frames or (_frame(values, panel.scale, has_bars),),
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


def _network(
    drawn: Mapping[str, Tabulated], axes: tuple[str, ...], panel: Panel
) -> tuple[dict[str, Array], Panel]:
    """Array and panel of a network, whose tints hold every position."""
    if len(drawn) > 1 or panel.scale != "log10":
        message = (
            'a network shows one array with scale="log10", '
            f"got {', '.join(drawn)} with scale={panel.scale!r}"
        )
        raise ValueError(message)
    ((label, table),) = drawn.items()
    if table.mark == "heat" or table.x is not None:
        message = f"{label!r} must be a plain array, one number for each layer"
        raise ValueError(message)
    counts = (~np.isnan(table.values)).sum(axis=-1, keepdims=True)
    last = np.take_along_axis(table.values, counts - 1, axis=-1)
    if not np.isfinite(last).all():
        message = f"the last number of {label!r} must be neither 0 nor infinite"
        raise ValueError(message)
    relative = table.values - last
    most = np.abs(relative[np.isfinite(relative)]).max(initial=1.0)
    return {"gradient": _array(relative, axes, _unit(relative, panel.scale))}, replace(
        panel,
        view="network",
        series=(Trace("gradient", mark="boxes", color="fate", first=1),),
        y_frames=panel.y_frames or decades(np.ceil(most)),
    )


def _map_panel(
    table: Tabulated,
    drawn: Mapping[str, Tabulated],
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
        y_frames=panel.y_frames or (frame,),
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
            if form in FORMATS:
                message = (
                    f"{name} is a knob, named in the sentence as on the knob: write "
                    f"{{{name}}}, not {{{name}:{form}}}"
                )
                raise ValueError(message)
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
