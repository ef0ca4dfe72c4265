"""The table behind an explorer: named arrays, one row for each position of knobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vgcourse._checks import FloatArray
from vgcourse.explorers.spec import Knob

# Codes of int16 that are no number: −∞, "the row has ended here", ∞.
BELOW, ABSENT, ABOVE = -32768, -32767, 32767


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
    dtype : {"int16", "uint8", "float64"}
        How many such multiples there are; or numbers as they are, for a sentence.
    ragged : bool
        Whether NaN may stand where a row has ended; it is not drawn.
    """

    values: NDArray[Any]
    axes: Sequence[str] = ()
    unit: float | None = None
    dtype: Literal["int16", "uint8", "float64"] = "int16"
    ragged: bool = False

    def code(self) -> NDArray[Any]:
        """Numbers of this array as the table stores them."""
        real = self.dtype if self.dtype == "float64" else "float32"
        numbers: NDArray[Any] = np.asarray(self.values, dtype=real)
        absent = np.isnan(numbers)
        if absent.any() and not self.ragged:
            message = "a table must not hold NaN"
            raise ValueError(message)
        if self.unit is None:
            return numbers
        codes: NDArray[Any] = np.rint(np.where(absent, 0.0, numbers) / self.unit)
        if self.dtype == "uint8":
            return np.asarray(np.clip(codes, 0, 255), dtype=np.uint8)
        codes = np.clip(codes, ABSENT + 1, ABOVE - 1)
        codes[np.isneginf(numbers)], codes[np.isposinf(numbers)] = BELOW, ABOVE
        codes[absent] = ABSENT
        return np.asarray(codes, dtype="<i2")


@dataclass(frozen=True)
class Table:
    """What `compute` of an explorer returns: its knobs, and arrays over them."""

    knobs: Sequence[Knob]
    arrays: Mapping[str, Array]

    def encode(self) -> tuple[bytes, dict[str, Any]]:
        """The bytes, and for each array the layout that a reader of them needs."""
        layouts: dict[str, Any] = {}
        table = bytearray()
        for name, array in self.arrays.items():
            coded = array.code()
            table += bytes(-len(table) % 8)
            layouts[name] = {
                "dtype": str(coded.dtype),
                "shape": list(coded.shape),
                "axes": list(array.axes),
                "unit": array.unit or 1,
                "offset": len(table),
            }
            table += coded.tobytes()
        return bytes(table), layouts


def decode(table: bytes, layout: Mapping[str, Any]) -> FloatArray:
    """The numbers of one array, as every reader of the table gets them."""
    count = int(np.prod(layout["shape"]))
    coded = np.frombuffer(table, layout["dtype"], count, layout["offset"])
    coded = coded.reshape(layout["shape"])
    numbers: FloatArray = coded.astype(np.float64) * layout["unit"]
    if layout["dtype"] == "int16":
        numbers[coded == BELOW], numbers[coded == ABOVE] = -np.inf, np.inf
        numbers[coded == ABSENT] = np.nan
    return numbers
