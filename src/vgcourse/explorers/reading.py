"""What a description shows at some position of its knobs: rows, frames, the sentence.

The twin of ``js/explorers/reading.js``; ``tests/test_reading.py`` compares the two.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vgcourse._checks import FloatArray
from vgcourse.explorers.table import decode
from vgcourse.explorers.words import FORMATS, counted

BLANK = re.compile(r"\{([^}|]+)(?:\|(\w+))?\}")
MARGIN = 0.04  # around what no frame holds
DRAWN = ("label", "mark", "color", "cliff")  # what a view is told of a trace
ASKED = ("scale", "base", "neutral")  # what a view of layers is told of a panel

Positions = Mapping[str, int]


class Reading:
    """A description and its table.

    Parameters
    ----------
    spec : dict
        The description as JSON has it: ``knobs``, ``arrays``, ``panels``, ``readout``.
    table : bytes
        The numbers.
    """

    def __init__(self, spec: Mapping[str, Any], table: bytes) -> None:
        self.spec = spec
        self.knobs: dict[str, Any] = {knob["name"]: knob for knob in spec["knobs"]}
        self.layouts: Mapping[str, Any] = spec["arrays"]
        self._table = table
        self._numbers: dict[str, FloatArray] = {}

    def positions(self, values: Mapping[str, Any]) -> dict[str, int]:
        """Where the knobs stand when they have these values."""
        return {
            name: knob["values"].index(values[name])
            for name, knob in self.knobs.items()
        }

    def row(self, name: str, at: Positions) -> FloatArray:
        """The numbers of one array at a position of the knobs, shape (row,)."""
        if name not in self._numbers:
            self._numbers[name] = decode(self._table, self.layouts[name])
        axes = self.layouts[name]["axes"]
        index = [
            at[axis] if axis in at else int(self.row(axis, at)[0]) for axis in axes
        ]
        row: FloatArray = self._numbers[name][tuple(index)].ravel()
        return row

    def value(self, knob: str, at: Positions) -> Any:
        """What the knob is set to."""
        return self.knobs[knob]["values"][at[knob]]

    def holds(
        self, condition: Mapping[str, Sequence[Any]] | None, at: Positions
    ) -> bool:
        """Whether the knobs have one of the values that a condition names."""
        return condition is None or all(
            self.value(name, at) in wanted for name, wanted in condition.items()
        )

    def panels(self, at: Positions) -> list[Mapping[str, Any]]:
        """The panels that are there."""
        panels = self.spec["panels"]
        return [panel for panel in panels if self.holds(panel.get("when"), at)]

    def picture(self, panel: Mapping[str, Any], at: Positions) -> dict[str, Any]:
        """What the view of `panel` draws: its arguments."""
        traces = [s for s in panel["series"] if self.holds(s.get("when"), at)]
        series = [self._series(panel, trace, at) for trace in traces]
        rules = [
            (float(height), label, group["inside"])
            for group in panel["rules"]
            for height, label in zip(
                self.row(group["array"], at), group["labels"], strict=True
            )
        ]
        picture = {
            "series": series,
            "x_label": panel["x"],
            "y_label": panel["y"],
            "x_domain": self._x_domain(panel, series, at),
            "y_domain": _frame(panel, series, rules),
        }
        if "edges" in panel:
            return picture | {"edges": self.row(panel["edges"], at)}
        if "cells" in panel:
            names = ("cells", "rows_domain", "rows_label", "scale")
            return picture | {name: panel.get(name) for name in names}
        if panel["view"] == "network":
            return picture
        picture |= {name: panel.get(name) for name in ASKED}
        return picture | {"rules": [(height, label) for height, label, _ in rules]}

    def _series(
        self, panel: Mapping[str, Any], trace: Mapping[str, Any], at: Positions
    ) -> dict[str, Any]:
        """One series of a panel with its numbers."""
        last = self.value(panel["last"], at) if "last" in panel else None
        shown = slice(None)
        if last is not None and not trace["whole"]:
            shown = slice(last + 1 - trace["first"])
        y = self.row(trace["array"], at)[shown]
        if "x" in trace:
            x = self.row(trace["x"], at)[shown]
            x = x[~np.isnan(x)]
        else:
            x = np.arange(float(y.size)) + trace["first"]
            if "flip" in panel and self.holds(panel["flip"], at):
                x = last - x
        if trace["mark"] != "heat":
            there = ~np.isnan(y)
            y = y[there]
            x = x[there] if x.size == there.size else x
        series = {"x": x, "y": y, "slope": None}
        if "slope" in trace:
            series["slope"] = 10.0 ** self.row(trace["slope"], at)[shown]
        return series | {key: trace[key] for key in DRAWN}

    def _x_domain(
        self,
        panel: Mapping[str, Any],
        series: Sequence[Mapping[str, Any]],
        at: Positions,
    ) -> tuple[float, float] | None:
        if panel["view"] == "network":
            layers = series[0]["x"]  # as wide as it is deep
            return float(layers[0]) - 0.5, float(layers[-1]) + 0.5
        if "x_domain" in panel:
            left, right = panel["x_domain"]
            return left, right
        if "x_steps" not in panel:
            return None
        last = self.value(panel["last"], at)
        end = next((step for step in panel["x_steps"] if last <= step), last)
        return panel["x_first"] - panel["pad"], end + panel["pad"]

    def sentence(self, at: Positions) -> str:
        """What the picture shows, in words and numbers."""
        parts = [
            self._filled(part, at)
            for part in self.spec["readout"]
            if self.holds(part.get("when"), at)
            and (
                "where" not in part
                or self._number(part["where"], part, at) == part["equals"]
            )
        ]
        return " ".join(parts)

    def _number(self, array: str, part: Mapping[str, Any], at: Positions) -> float:
        row = self.row(array, at)
        layer = self.value(part["at"], at) - part["first"] if "at" in part else 0
        return float(row[layer] if row.size > 1 else row[0])

    def _filled(self, part: Mapping[str, Any], at: Positions) -> str:
        def fill(found: re.Match[str]) -> str:
            name, form = found.groups()
            if name not in self.knobs:
                return FORMATS[form](self._number(name, part, at))
            knob = self.knobs[name]
            label = str(knob.get("words", knob["labels"])[at[name]])
            return label if form is None else counted(label, form)

        return BLANK.sub(fill, part["text"])


def _frame(
    panel: Mapping[str, Any],
    series: Sequence[Mapping[str, Any]],
    rules: Sequence[tuple[float, str, bool]],
) -> tuple[float, float]:
    """The first frame that holds what is drawn, or one with room around it."""
    low, high = np.inf, -np.inf
    for s in series[:1] if "cells" in panel else series:
        numbers = s["y"][np.isfinite(s["y"])]
        low = min(low, float(numbers.min(initial=np.inf)))
        high = max(high, float(numbers.max(initial=-np.inf)))
    for height, _, inside in rules:
        if inside:
            low, high = min(low, height), max(high, height)
    frames = panel["y_frames"]
    for least, most in frames:
        if len(frames) == 1 or (least <= low and high <= most) or low > high:
            return float(least), float(most)
    low, high = min(low, frames[-1][0]), max(high, frames[-1][1])
    margin = MARGIN * (high - low)
    return low - margin, high + margin
