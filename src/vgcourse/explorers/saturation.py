"""Saturation: where a unit sits on its curve, and what its slope lets through."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse import products
from vgcourse._checks import FloatArray, check_count
from vgcourse.activations import ACTIVATIONS
from vgcourse.explorers.rerun import option
from vgcourse.explorers.spec import (
    Panel,
    Rules,
    Sentence,
    Trace,
    choice_knob,
    count_knob,
    decades,
    grid_of,
    number_knob,
)
from vgcourse.explorers.table import Array, Table
from vgcourse.explorers.widget import Explorer, knob
from vgcourse.unit_chain import unit_chain

CURVES = ("sigmoid", "tanh")
STARTS = (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0)
REACH = 8.0  # of the drawn curve on either side of zero


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change."""

    max_depth: int = option("Depth, at most", 30)
    lowest_weight: float = option("Lowest weight", 0.5)
    highest_weight: float = option("Highest weight", 8.0)
    step: float = option("Step of the weight", 0.5)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """Units, slopes, factors and products of every chain."""
    depth = check_count("max_depth", settings.max_depth)
    low, high = settings.lowest_weight, settings.highest_weight
    weights = number_knob(
        "weight", "Weight w", grid_of("weight", low, high, settings.step)
    )
    biases = number_knob("bias", "Bias b", grid_of("bias", -4.0, 4.0, 1.0))
    runs = []
    for i, name in enumerate(CURVES):
        runs.append(
            unit_chain(
                np.array(weights.values, dtype=float)[:, None, None],
                np.array(STARTS),
                bias=np.array(biases.values, dtype=float)[:, None],
                activation=name,
                depth=depth,
            )
        )
        progress((i + 1) / len(CURVES))
    curves = [ACTIVATIONS[name] for name in CURVES]
    pairs = list(zip(curves, runs, strict=True))
    slope = np.stack([curve.derivative(run.z) for curve, run in pairs])
    factors = np.stack([run.factors for run in runs])
    most = np.array([curve.max_slope for curve in curves])
    bound = np.abs(most[:, None] * np.array(weights.values, dtype=float))
    best = np.broadcast_to(bound[..., None], (*bound.shape, depth))
    grid = np.linspace(-REACH, REACH, 97)
    drawn = np.stack([curve.function(grid) for curve in curves])
    axes = ("activation", "weight", "bias", "start")
    return Table(
        [
            choice_knob("activation", "Activation φ", CURVES),
            weights,
            biases,
            number_knob("start", "Input h₀", STARTS),
            count_knob("depth", "Depth L", depth),
        ],
        {
            "grid": Array(grid),
            "curve": Array(drawn, ("activation",)),
            "z": Array(np.stack([run.z for run in runs]), axes, unit=1e-3),
            "h": Array(np.stack([run.h for run in runs]), axes, unit=1e-4),
            "log10_slope": Array(np.log10(slope), axes, unit=1e-3),
            "factors": Array(np.abs(factors), axes, unit=1e-3),
            "one": Array(np.ones(1)),
            "product": Array(_running(factors), axes),
            "bound": Array(bound, axes[:2]),
            "best": Array(_running(best), axes[:2]),
        },
    )


def _running(factors: FloatArray) -> FloatArray:
    """log10 of the running product, from 1 before the first factor."""
    return np.insert(products.log10_products(factors), 0, 0.0, axis=-1)


class Saturation(Explorer):
    """A chain of sigmoid or tanh units: tangent, factors under their bound, product.

    Parameters
    ----------
    activation : {"sigmoid", "tanh"}
        φ of every unit.
    weight : float, default 1.0
        w of every unit; 0.5 to 8 in steps of 0.5.
    bias : float, default 0.0
        b of every unit; −4 to 4 in whole steps.
    start : float, default 0.5
        h₀, the number that goes in.
    depth : int, default 10
        Number of units, 1 to 30.
    """

    title = "Saturation: the slope that a unit offers, and the bound that it keeps"
    Settings, compute = Settings, staticmethod(compute)
    activation = knob("sigmoid")
    weight = knob(1.0)
    bias = knob(0.0)
    start = knob(0.5)
    depth = knob(10)

    panels = (
        Panel(
            name="curve",
            y="the curve φ(z), each unit on it, the tangent of the last one",
            x="preactivation z",
            scale="linear",
            series=(
                Trace("curve", x="grid", color="muted", whole=True),
                Trace("h", "a unit", "dots", first=1, x="z", slope="log10_slope"),
            ),
            last="depth",
            x_domain=(-REACH, REACH),
            y_frames=((-0.1, 1.1), (-1.15, 1.15)),
            height=200,
        ),
        Panel(
            name="factors",
            y="each factor |w·φ′(z)|, under its bound",
            scale="linear",
            series=(Trace("factors", mark="bars", color="fate", first=1),),
            last="depth",
            x_first=1,
            x_steps=(10, 30),
            pad=0.6,
            y_frames=((0.0, 1.15), (0.0, 2.3), (0.0, 9.0)),
            neutral=1.0,
            rules=(
                Rules("bound", ("bound |w|·max φ′",), inside=True),
                Rules("one", ("1: neither grows nor shrinks",)),
            ),
            height=190,
        ),
        Panel(
            name="product",
            y="running product |dhℓ/dh₀| (log scale)",
            series=(
                Trace("best", "best case: every factor at its bound", color="muted"),
                Trace("product", "this chain", "dots", "fate", cliff=True),
            ),
            last="depth",
            x_steps=(10, 30),
            pad=0.6,
            y_frames=decades(4, 12, 40, 160),
            height=230,
        ),
    )
    readout = (
        Sentence(
            "A chain of {depth|units} with {activation} makes a small change of the "
            "input {product|times}; with every factor at its bound it would be "
            "{best|times}.",
            at="depth",
        ),
        Sentence(
            "The last unit offers the slope {log10_slope|number} at z = {z|plain}.",
            at="depth",
            first=1,
        ),
    )
