"""What every explorer is: knobs, a table that Python fills, pictures, one sentence.

The table holds the result of the package's functions at every combination of the
knobs. The browser looks rows up and draws them; it computes nothing.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import anywidget
import ipywidgets
import numpy as np
import traitlets
from numpy.typing import NDArray

from vgcourse._checks import FloatArray, check_real
from vgcourse.explorers.words import FORMATS

HERE = Path(__file__).parent
BUNDLE = HERE / "explorer.js"
STYLESHEET = HERE / "explorer.css"

DRAWN = ("label", "mark", "color", "cliff")  # what a view is told of a trace
MOST_VALUES = 200  # of one knob: more can be neither seen nor set

Value = float | int | str
Condition = Mapping[str, Sequence[Value]]


@dataclass(frozen=True)
class Knob:
    """A control: the values it can take, and how they are written.

    Attributes
    ----------
    name, label : str
        Trait of the explorer; text beside the input.
    values, labels : sequence
        What the knob can be set to, and the text of each.
    words : sequence of str, optional
        How the sentence speaks of each value; the labels where missing.
    kind : {"range", "select"}
        The native input.
    stops : mapping of int to str, optional
        Positions that are marked on the input, and their names.
    """

    name: str
    label: str
    values: Sequence[Value]
    labels: Sequence[str]
    words: Sequence[str] | None = None
    kind: Literal["range", "select"] = "range"
    stops: Mapping[int, str] | None = None

    def position(self, value: object) -> int:
        """Index of `value` among the knob's values."""
        for i, known in enumerate(self.values):
            if value == known or (
                isinstance(known, float | int)
                and isinstance(value, float | int)
                and abs(value - known) < 1e-9
            ):
                return i
        known = f"{self.labels[0]} … {self.labels[-1]}"
        if self.kind == "select":
            known = ", ".join(str(v) for v in self.values)
        message = f"{self.name} must be one of {known}; got {value!r}"
        raise ValueError(message)

    def nearest(self, value: Value) -> Value:
        """The value that the knob can take and that lies closest to `value`."""
        if value in self.values or isinstance(value, str):
            return value if value in self.values else self.values[0]
        return min(self.values, key=lambda known: abs(float(known) - value))


@dataclass(frozen=True)
class Array:
    """Numbers of the table.

    Attributes
    ----------
    values : ndarray
        First axes: those named in `axes`, in this order. What remains is a row.
    axes : sequence of str
        Names of knobs, or of other arrays whose one number is the position: so rows
        that several knob positions have in common are stored once.
    unit : float, optional
        Where given, numbers are stored as whole multiples of it, else as float32.
    dtype : {"int16", "uint8"}
        How many such multiples there are. The ends of int16 stand for infinity.
    ragged : bool
        Whether NaN may stand where a row has ended; it is not drawn.
    """

    values: NDArray[Any]
    axes: Sequence[str] = ()
    unit: float | None = None
    dtype: Literal["int16", "uint8"] = "int16"
    ragged: bool = False

    def code(self, values: NDArray[Any]) -> NDArray[Any]:
        """Numbers of this array as the table stores them."""
        coded: NDArray[Any] = np.asarray(values, dtype=np.float32)
        absent = np.isnan(coded)
        if absent.any() and not self.ragged:
            message = "a table must not hold NaN"
            raise ValueError(message)
        if self.unit is None:
            return coded
        codes: NDArray[Any] = np.rint(np.where(absent, 0.0, coded) / self.unit)
        if self.dtype == "uint8":
            return np.asarray(np.clip(codes, 0, 255), dtype=np.uint8)
        codes = np.clip(codes, -32766, 32766)
        codes[np.isneginf(coded)], codes[np.isposinf(coded)] = -32768, 32767
        codes[absent] = -32767
        return np.asarray(codes, dtype="<i2")

    def encode(self) -> tuple[bytes, dict[str, Any]]:
        """The bytes, and the layout that a reader of them needs."""
        coded = self.code(self.values)
        layout = {
            "dtype": str(coded.dtype),
            "shape": list(coded.shape),
            "axes": list(self.axes),
            "unit": self.unit or 1,
        }
        return coded.tobytes(), layout

    def held(self, index: tuple[int, ...]) -> FloatArray:
        """What a reader of the table gets for one row, shape (row,)."""
        coded = self.code(np.ravel(self.values[index]))
        numbers = coded * (self.unit or 1.0)
        if coded.dtype == np.int16:
            numbers = np.where(coded == -32768, -np.inf, numbers)
            numbers = np.where(coded == 32767, np.inf, numbers)
            numbers = np.where(coded == -32767, np.nan, numbers)
        return np.asarray(numbers, dtype=np.float64)


@dataclass(frozen=True)
class Trace:
    """One series of a panel: an array of the table and how it is drawn.

    `first` is the layer of the array's first number. `x` names an array of positions
    where these are not layers, and `slope` one of slopes: a short tangent is then drawn
    at the last point. `whole` keeps a trace as it is where the panel shows only some
    layers; `when` limits it to some values of some knobs.
    """

    array: str
    label: str = ""
    mark: Literal["line", "dots", "bars", "heat"] = "line"
    color: str = "accent"
    cliff: bool = False
    first: int = 0
    x: str | None = None
    slope: str | None = None
    whole: bool = False
    when: Condition | None = None


@dataclass(frozen=True)
class Rules:
    """Labelled horizontal lines: an array with one number for each label."""

    array: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Panel:
    """One picture.

    `view` names a function of :mod:`vgcourse.plotting` and its twin in JavaScript.
    `last` names the knob that says how many layers are drawn; `flip` the knob values
    at which the first number belongs to the last layer. `y_least` is the least range;
    `neutral` parts what grows from what shrinks where that is not `base`; `edges`
    names the array of the bins' edges where the view is a histogram. With `y_steps`
    the frame is the smallest from −s to s that holds what is drawn. A map ("heat")
    has `cells`, rows and columns, and `rows_domain` and `rows_label` on its vertical
    axis; its `y_domain` is that of the tints.
    """

    name: str
    y: str
    series: Sequence[Trace]
    view: str = "profile"
    x: str = "layer ℓ"
    scale: Literal["log10", "linear", "percent"] = "log10"
    base: float = 0.0
    neutral: float | None = None
    y_least: tuple[float, float] = (-1.0, 1.0)
    y_domain: tuple[float, float] | None = None
    y_steps: Sequence[float] | None = None
    x_domain: tuple[float, float] | None = None
    rows_domain: tuple[float, float] | None = None
    rows_label: str | None = None
    cells: tuple[int, int] | None = None
    x_first: int = 0
    pad: float = 0.0
    last: str | None = None
    flip: Condition | None = None
    rules: Sequence[Rules] = ()
    edges: str | None = None
    when: Condition | None = None
    height: int = 240


@dataclass(frozen=True)
class Sentence:
    """Part of the readout; ``{knob}`` and ``{array|format}`` are filled in.

    A row is read at the layer that the knob `at` shows; a row of one number as it is.
    `when` limits the sentence to knob values, `where` and `equals` to a number of the
    table.
    """

    text: str
    at: str | None = None
    first: int = 0
    when: Condition | None = None
    where: str | None = None
    equals: float | None = None


@dataclass(frozen=True)
class Setting:
    """A control of the *Re-run* panel: a keyword of the explorer's `rerun`."""

    name: str
    label: str
    default: Value
    choices: Sequence[Value] | None = None


class KnobTrait(traitlets.TraitType):
    """A trait that accepts the values of the knob of the same name."""

    info_text = "a value of the knob"

    def validate(self, obj: "Explorer", value: Value) -> Value:
        """Return the knob's own value, or say which there are."""
        knob = obj.knobs.get(self.name or "")
        return value if knob is None else knob.values[knob.position(value)]


@dataclass
class Progress:
    """Shows a bar once a computation has taken half a second."""

    bar: ipywidgets.FloatProgress
    started: float = field(default_factory=time.monotonic)

    def __call__(self, fraction: float) -> None:
        """Say that this fraction of the work is done."""
        if time.monotonic() - self.started > 0.5:
            self.bar.layout.visibility = "visible"
        self.bar.value = fraction


def no_progress(_fraction: float) -> None:
    """Report to nobody."""


class Explorer(anywidget.AnyWidget):
    """A picture with knobs; see the module's first lines.

    A subclass names its knobs as `KnobTrait` traits, its `title`, `panels`,
    `readout` and `settings`, and has a method `rerun` that ends in `_show`.
    """

    _esm = BUNDLE.read_text(encoding="utf-8") + (
        "\nexport default vgcourseExplorer.default;\n"
    )
    _css = STYLESHEET.read_text(encoding="utf-8")
    # ipywidgets 7 would display itself and leave the still picture out.
    _ipython_display_ = None

    spec = traitlets.Dict().tag(sync=True)
    table = traitlets.Bytes().tag(sync=True)

    title: ClassVar[str]
    panels: ClassVar[Sequence[Panel]]
    readout: ClassVar[Sequence[Sentence]]
    settings: ClassVar[Sequence[Setting]] = ()
    alt: str = ""  # of the still picture; the sentence where there is none

    def __init__(self) -> None:
        """Make an explorer without contents."""
        self.knobs: dict[str, Knob] = {}
        self.arrays: dict[str, Array] = {}
        super().__init__()

    def rerun(self) -> None:
        """Compute the table anew; every explorer has its own keywords."""
        raise NotImplementedError

    def _show(
        self,
        knobs: Sequence[Knob],
        arrays: Mapping[str, Array],
        **values: Value,
    ) -> None:
        """Put a computed table and knobs on display, in one message."""
        layouts: dict[str, Any] = {}
        table = bytearray()
        for name, array in arrays.items():
            coded, layouts[name] = array.encode()
            table += bytes(-len(table) % 4)
            layouts[name]["offset"] = len(table)
            table += coded
        spec = {
            "kind": type(self).__name__,
            "title": self.title,
            **({"alt": self.alt} if self.alt else {}),
            "knobs": [_plain(knob) for knob in knobs],
            "arrays": layouts,
            "panels": [_plain(panel) for panel in self.panels],
            "readout": [_plain(part) for part in self.readout],
        }
        with self.hold_sync():
            self.knobs, self.arrays = {}, dict(arrays)
            for knob in knobs:
                wanted = values.get(knob.name, getattr(self, knob.name))
                if knob.name in values:
                    knob.position(wanted)
                setattr(self, knob.name, knob.nearest(wanted))
            self.knobs = {knob.name: knob for knob in knobs}
            self.spec = json.loads(json.dumps(spec))
            self.table = bytes(table)

    def row(self, name: str) -> NDArray[Any]:
        """The numbers of one array at the present knobs, as the table holds them.

        Returns
        -------
        ndarray of float, shape (row,)
        """
        array = self.arrays[name]
        return array.held(tuple(map(self._position, array.axes)))

    def _position(self, axis: str) -> int:
        if axis in self.knobs:
            return self.knobs[axis].position(self._value(axis))
        return int(self.row(axis)[0])

    def sentence(self) -> str:
        """What the picture shows at the present knobs, in words and numbers."""
        parts = [self._fill(part) for part in self.readout if self._says(part)]
        return " ".join(parts)

    def figure(self) -> Any:
        """Draw the present picture with matplotlib.

        Returns
        -------
        matplotlib.figure.Figure
            Not attached to pyplot, so nothing has to be closed.
        """
        from vgcourse import plotting  # noqa: PLC0415 - matplotlib only where drawn

        shown = [panel for panel in self.panels if self._holds(panel.when)]
        fig, axes = plotting.figure(len(shown))
        for panel, ax in zip(shown, axes, strict=True):
            plotting.panel(ax, panel.view, self.resolved(panel))
        plotting.close(fig)
        return fig

    def resolved(self, panel: Panel) -> dict[str, Any]:
        """What the view of `panel` draws at the present knobs: its arguments."""
        last = int(self._value(panel.last)) if panel.last else None
        flipped = panel.flip is not None and self._holds(panel.flip)
        series: list[dict[str, Any]] = []
        for trace in panel.series:
            if not self._holds(trace.when):
                continue
            shown = slice(None)
            if last is not None and not trace.whole:
                shown = slice(last + 1 - trace.first)
            y = self.row(trace.array)[shown]
            x = np.arange(y.size) + trace.first
            if trace.x is not None:
                x = self.row(trace.x)[shown]
            elif flipped and last is not None:
                x = last - x
            if trace.mark != "heat" and np.isnan(y).any():
                x, y = x[~np.isnan(y)], y[~np.isnan(y)]
            series.append(
                {
                    "x": x,
                    "y": y,
                    "slope": self.row(trace.slope)[shown] if trace.slope else None,
                    **{key: getattr(trace, key) for key in DRAWN},
                }
            )
        rules = [
            (height, label)
            for group in panel.rules
            for height, label in zip(self.row(group.array), group.labels, strict=True)
        ]
        picture = {
            "series": series,
            "x_label": panel.x,
            "y_label": panel.y,
            "x_domain": panel.x_domain,
            "y_domain": panel.y_domain or _domain(panel, [s["y"] for s in series]),
        }
        if panel.edges is not None:
            return {**picture, "edges": self.row(panel.edges)}
        if panel.cells is not None:
            return {
                **picture,
                "cells": panel.cells,
                "rows_domain": panel.rows_domain,
                "rows_label": panel.rows_label,
                "scale": panel.scale,
            }
        right = max(1 if last is None else last, 1)
        default = (panel.x_first - panel.pad, right + panel.pad)
        picture["x_domain"] = panel.x_domain or default
        return {
            **picture,
            "rules": rules,
            "scale": panel.scale,
            "base": panel.base,
            "neutral": panel.neutral,
        }

    def rerun_panel(self) -> ipywidgets.VBox:
        """Controls for `rerun`; they need a kernel.

        Returns
        -------
        ipywidgets.VBox
            One control for each setting, the button *Re-run*, a progress bar that
            shows when the computation takes longer than half a second, and a line
            that says what went wrong if something did.
        """
        controls = {s.name: _control(s) for s in self.settings}
        button = ipywidgets.Button(description="Re-run", button_style="primary")
        bar = ipywidgets.FloatProgress(min=0.0, max=1.0)
        message = ipywidgets.Label()

        def recompute(_button: object) -> None:
            bar.value, bar.layout.visibility = 0.0, "hidden"
            button.disabled = True
            try:
                chosen = {name: control.value for name, control in controls.items()}
                self.rerun(**chosen, progress=Progress(bar))  # type: ignore[call-arg]
                message.value = "Done: the picture above shows your numbers."
            except (TypeError, ValueError) as error:
                message.value = f"Not run: {error}."
            finally:
                button.disabled, bar.layout.visibility = False, "hidden"

        bar.layout.visibility = "hidden"
        button.on_click(recompute)
        rows = [*controls.values(), ipywidgets.HBox([button, bar]), message]
        return ipywidgets.VBox(rows)

    def __repr__(self) -> str:
        """Name the explorer and its knobs; the same in every run."""
        values = ", ".join(f"{name}={self._value(name)!r}" for name in self.knobs)
        return f"{type(self).__name__}({values})"

    def _repr_mimebundle_(
        self, **_options: object
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Bundle the live view with its still picture and its sentence."""
        from vgcourse import plotting  # noqa: PLC0415 - matplotlib only where drawn

        bundle = super()._repr_mimebundle_()
        data, metadata = ({}, {}) if bundle is None else bundle
        drawn = self.figure()
        data["image/png"] = plotting.png(drawn)
        if (vector := drawn._repr_svg_()) is not None:
            data["image/svg+xml"] = vector
        data["text/plain"] = f"{self!r}\n{self.sentence()}"
        words = {"alt": f"{self.alt} {self.sentence()}".strip()}
        metadata |= {"image/png": words, "image/svg+xml": words}
        return data, metadata

    def _value(self, name: str) -> Any:
        return getattr(self, name)

    def _holds(self, condition: Condition | None) -> bool:
        return condition is None or all(
            self._value(name) in wanted for name, wanted in condition.items()
        )

    def _says(self, part: Sentence) -> bool:
        if not self._holds(part.when):
            return False
        return part.where is None or self._number(part.where, part) == part.equals

    def _number(self, array: str, part: Sentence) -> float:
        row = self.row(array)
        layer = int(self._value(part.at)) - part.first if part.at else 0
        return float(row[layer] if row.size > 1 else row[0])

    def _fill(self, part: Sentence) -> str:
        def fill(found: re.Match[str]) -> str:
            name, form = found.groups()
            if form is not None and name in self.knobs:
                label = self._label(name)
                return f"{label} {form[:-1] if label == '1' else form}"
            if form is not None:
                return FORMATS[form](self._number(name, part))
            return self._label(name)

        return re.sub(r"\{([^}|]+)(?:\|(\w+))?\}", fill, part.text)

    def _label(self, name: str) -> str:
        knob = self.knobs[name]
        return str((knob.words or knob.labels)[knob.position(self._value(name))])


def grid_of(name: str, lowest: float, highest: float, step: float) -> list[float]:
    """Values of a knob from `lowest` to `highest`, or what is wrong with the range."""
    low = check_real(f"lowest {name}", lowest)
    high = check_real(f"highest {name}", highest)
    width = check_real("step", step)
    if low >= high or width <= 0:
        message = (
            f"the range of {name} must go up in positive steps, "
            f"got {lowest} to {highest} in steps of {step}"
        )
        raise ValueError(message)
    count = int(np.floor((high - low) / width + 1e-9)) + 1
    if count > MOST_VALUES:
        message = f"{name} can have at most {MOST_VALUES} values, got {count}"
        raise ValueError(message)
    return [round(low + width * i, 9) for i in range(count)]


def log10_size(numbers: FloatArray) -> FloatArray:
    """log10 of the size of each number; minus infinity for zero."""
    with np.errstate(divide="ignore"):
        return np.log10(np.abs(np.asarray(numbers, dtype=np.float64)))


def from_one(log10_sizes: FloatArray) -> FloatArray:
    """The sizes after each layer, with the start, a size of 1, before them."""
    return np.insert(log10_sizes, 0, 0.0, axis=-1)


def count_knob(name: str, label: str, most: int) -> Knob:
    """A knob for the whole numbers from 1 to `most`."""
    values = range(1, most + 1)
    return Knob(name, label, list(values), [str(value) for value in values])


def _plain(item: Any) -> dict[str, Any]:
    """The fields that are set, under the names that the views use."""
    names = {"y_least": "yLeast", "y_domain": "yDomain", "x_domain": "xDomain"}
    names |= {"x_first": "xFirst", "y_steps": "ySteps", "rows_domain": "rowsDomain"}
    names["rows_label"] = "rowsLabel"
    return {
        names.get(key, key): [_drop(v) for v in value] if key == "series" else value
        for key, value in asdict(item).items()
        if value is not None
    }


def _drop(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not None}


def _domain(panel: Panel, rows: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Room for what is drawn, and never less than the panel's least range."""
    drawn = np.concatenate([*rows, panel.y_least])
    drawn = drawn[np.isfinite(drawn)]
    if panel.y_steps is not None:
        most = np.abs(np.concatenate(rows)[np.isfinite(np.concatenate(rows))])
        reach = float(most.max(initial=0.0))
        step = next((s for s in panel.y_steps if reach <= s), panel.y_steps[-1])
        return -step, step
    margin = 0.04 * np.ptp(drawn)
    return float(drawn.min() - margin), float(drawn.max() + margin)


def _control(setting: Setting) -> ipywidgets.Widget:
    """The ipywidgets control that suits a setting's default."""
    layout = ipywidgets.Layout(width="360px")
    style = {"description_width": "180px"}
    kind: Callable[..., ipywidgets.Widget] = ipywidgets.FloatText
    options: dict[str, Any] = {"value": setting.default}
    if setting.choices is not None:
        kind, options["options"] = ipywidgets.Dropdown, list(setting.choices)
    elif isinstance(setting.default, int):
        kind = ipywidgets.IntText
    return kind(description=setting.label, layout=layout, style=style, **options)
