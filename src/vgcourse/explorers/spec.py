"""How an explorer is described: knobs, arrays of its table, pictures, one sentence.

The description is data. It is read in one place in Python (:mod:`reading`) and in one
in JavaScript (``js/explorers/reading.js``), and a test compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import numpy as np

from vgcourse._checks import check_real

MOST_VALUES = 200  # of one knob: more can be neither seen nor set

Value = float | int | str
Condition = Mapping[str, Sequence[Value]]
Frame = tuple[float, float]


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
        The native input; of five values or fewer each gets a button.
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
class Trace:
    """One series of a panel: an array of the table and how it is drawn.

    `first` is the layer of the array's first number. `x` names an array of positions
    where these are not layers, and `slope` one of log10 of slopes: a tangent is then
    drawn at the last point. `whole` keeps a trace as it is where the panel shows only
    some layers; `when` limits it to some values of some knobs.
    """

    array: str
    label: str = ""
    mark: Literal["line", "dots", "bars", "heat", "boxes"] = "line"
    color: str = "accent"
    cliff: bool = False
    first: int = 0
    x: str | None = None
    slope: str | None = None
    whole: bool = False
    when: Condition | None = None


@dataclass(frozen=True)
class Rules:
    """Labelled horizontal lines: an array with one number for each label.

    The frame holds those that are `inside`; the others show where they fit.
    """

    array: str
    labels: Sequence[str]
    inside: bool = False


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes
    ----------
    name, y, x : str
        Its name, its title, and what its horizontal axis counts.
    series, rules : sequence
        What is drawn.
    view : {"profile", "histograms", "heat", "network"}
        A function of :mod:`vgcourse.plotting` and its twin in JavaScript.
    scale : {"log10", "linear", "percent"}
        What the heights are.
    base, neutral : float
        Where bars start; what parts growth from decay, where that is not `base`.
    y_frames, x_steps : sequence
        The frame stands still while a knob moves: of the ranges of y the first is taken
        that holds what is drawn, of the ends of x the first that holds the last layer.
    x_domain : (float, float), optional
        A fixed range in place of `x_steps`.
    x_first, pad : float
        Where the layers begin, and room on both sides of them.
    last : str, optional
        The knob that says how many layers are drawn.
    flip : condition, optional
        Knob values at which the first number belongs to the last layer.
    edges : str, optional
        The array of the bins' edges, of a histogram.
    cells, rows_domain, rows_label
        Of a map: rows and columns, and its vertical axis; the frame is of the tints.
    when : condition, optional
        Knob values at which the panel is there.
    height : int
        In pixels.
    """

    name: str
    y: str
    series: Sequence[Trace]
    y_frames: Sequence[Frame]
    view: Literal["profile", "histograms", "heat", "network"] = "profile"
    x: str = "layer ℓ"
    scale: Literal["log10", "linear", "percent"] = "log10"
    base: float = 0.0
    neutral: float | None = None
    x_steps: Sequence[int] | None = None
    x_domain: Frame | None = None
    x_first: int = 0
    pad: float = 0.0
    last: str | None = None
    flip: Condition | None = None
    rules: Sequence[Rules] = ()
    edges: str | None = None
    cells: tuple[int, int] | None = None
    rows_domain: Frame | None = None
    rows_label: str | None = None
    when: Condition | None = None
    height: int = 240


@dataclass(frozen=True)
class Sentence:
    """Part of the readout; ``{knob}``, ``{knob|layers}`` and ``{array|format}``.

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


def decades(*steps: float) -> tuple[Frame, ...]:
    """Frames from −s to s, around a factor of 1 on a log axis."""
    return tuple((-float(step), float(step)) for step in steps)


def plain(item: Any) -> Any:
    """A description as JSON has it: mappings, lists, numbers, text; what is unset, not.

    Numbers of NumPy become Python's, and positions that are keys become text.
    """
    if is_dataclass(item) and not isinstance(item, type):
        found = {f.name: getattr(item, f.name) for f in fields(item)}
        return {name: plain(v) for name, v in found.items() if v is not None}
    if isinstance(item, Mapping):
        return {str(key): plain(value) for key, value in item.items()}
    if isinstance(item, str):
        return item
    if isinstance(item, Sequence):
        return [plain(value) for value in item]
    return item.item() if isinstance(item, np.generic) else item


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


def number_knob(
    name: str,
    label: str,
    values: Sequence[float],
    *,
    stops: Mapping[float, str] | None = None,
) -> Knob:
    """A knob for numbers; those of `stops` are marked with their names.

    Stops that are missing among the values are put in their place.
    """
    named = {round(float(value), 12): text for value, text in (stops or {}).items()}
    known = sorted({round(float(v), 12) for v in values} | named.keys())
    # np.arange(0.5, 2, 0.05) has a number within 1e-12 of 0.55; a stop may be closer.
    kept = [v for i, v in enumerate(known) if i == 0 or v - known[i - 1] > 1e-9]
    whole = all(v.is_integer() for v in kept)
    labels = [f"{v:.4g}".replace("-", "−") for v in kept]
    marked: dict[int, str] = {}
    for value, text in named.items():
        position = min(range(len(kept)), key=lambda i: abs(kept[i] - value))
        marked[position] = labels[position] = text
    numbers: list[Value] = [int(v) if whole else v for v in kept]
    # Beside the knob stands "He: √2", in the sentence "√2".
    words = [text.rpartition(": ")[2] for text in labels] if marked else None
    return Knob(name, label, numbers, labels, words, stops=marked or None)


def choice_knob(
    name: str,
    label: str,
    values: Sequence[str],
    labels: Mapping[str, str] | None = None,
) -> Knob:
    """A knob for words; `labels` says how people write them."""
    written = [(labels or {}).get(value, value) for value in values]
    return Knob(name, label, tuple(values), written, kind="select")


def count_knob(name: str, label: str, most: int) -> Knob:
    """A knob for the whole numbers from 1 to `most`."""
    return number_knob(name, label, range(1, most + 1))
