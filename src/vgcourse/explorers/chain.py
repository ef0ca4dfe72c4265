"""One unit per layer: each factor weight × slope, and the running product."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse import products
from vgcourse._checks import check_count
from vgcourse.explorers import names
from vgcourse.explorers.rerun import option
from vgcourse.explorers.spec import (
    Panel,
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

CURVES = ("identity", "sigmoid", "tanh", "relu")
INPUTS = (-2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change."""

    max_depth: int = option("Depth, at most", 30)
    bias: float = option("Bias of every unit", 0.0)
    lowest_weight: float = option("Lowest weight", -3.0)
    highest_weight: float = option("Highest weight", 3.0)
    step: float = option("Step of the weight", 0.125)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """Factors and products of every chain."""
    depth = check_count("max_depth", settings.max_depth)
    low, high = settings.lowest_weight, settings.highest_weight
    weights = number_knob(
        "weight", "Weight w", grid_of("weight", low, high, settings.step)
    )
    factors = np.empty((len(weights.values), len(CURVES), len(INPUTS), depth))
    for i, name in enumerate(CURVES):
        factors[:, i] = unit_chain(
            np.array(weights.values, dtype=float)[:, None],
            np.array(INPUTS),
            bias=settings.bias,
            activation=name,
            depth=depth,
        ).factors
        progress((i + 1) / len(CURVES))
    with np.errstate(divide="ignore"):
        sizes = np.log10(np.abs(factors))
    product = np.insert(products.log10_products(factors), 0, 0.0, axis=-1)
    axes = ("weight", "activation", "start")
    return Table(
        [
            weights,
            choice_knob("activation", "Activation φ", CURVES, names.ACTIVATIONS),
            number_knob("start", "Input h₀", INPUTS),
            count_knob("depth", "Depth L", depth),
        ],
        {"factors": Array(sizes, axes), "product": Array(product, axes)},
    )


class Chain(Explorer):
    """The derivative of a chain of single units, factor by factor.

    Parameters
    ----------
    weight : float, default 1.5
        w, the same in every layer; −3 to 3 in steps of 0.125.
    activation : {"identity", "sigmoid", "tanh", "relu"}
        φ of every layer.
    depth : int, default 12
        Number of layers, 1 to 30.
    start : float, default 0.5
        h₀, the number that goes in.
    """

    title = "A chain of single units: factors and their product"
    Settings, compute = Settings, staticmethod(compute)
    weight = knob(1.5)
    activation = knob("tanh")
    depth = knob(12)
    start = knob(0.5)

    panels = (
        Panel(
            name="factors",
            y="each factor |w·φ′(z)| (log scale)",
            series=(Trace("factors", mark="bars", color="fate", first=1, cliff=True),),
            last="depth",
            x_first=1,
            x_steps=(12, 30),
            pad=0.6,
            y_frames=decades(1, 4, 12),
            height=190,
        ),
        Panel(
            name="product",
            y="the running product |dhℓ/dh₀| (log scale)",
            series=(
                Trace("product", color="muted"),
                Trace("product", mark="dots", color="fate", cliff=True),
            ),
            last="depth",
            x_steps=(12, 30),
            pad=0.6,
            y_frames=decades(4, 12, 40, 160),
            height=230,
        ),
    )
    readout = (
        Sentence(
            "With w = {weight} and {activation}, {depth|layers} turn a small change of "
            "the input into one {product|times}.",
            at="depth",
        ),
        Sentence("The last factor is {factors|number}.", at="depth", first=1),
    )
