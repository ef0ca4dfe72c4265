"""One unit per layer: each factor weight × slope, and the running product."""

from collections.abc import Callable

import numpy as np

from vgcourse import products
from vgcourse._checks import check_count
from vgcourse.explorers.base import (
    Array,
    Explorer,
    Knob,
    KnobTrait,
    Panel,
    Sentence,
    Setting,
    Trace,
    count_knob,
    from_one,
    grid_of,
    log10_size,
    no_progress,
)
from vgcourse.unit_chain import unit_chain

CURVES = ("identity", "sigmoid", "tanh", "relu")
INPUTS = (-2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)


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
        a₀, the number that goes in.
    """

    title = "A chain of single units: factors and their product"
    weight = KnobTrait(1.5).tag(sync=True)
    activation = KnobTrait("tanh").tag(sync=True)
    depth = KnobTrait(12).tag(sync=True)
    start = KnobTrait(0.5).tag(sync=True)

    panels = (
        Panel(
            name="factors",
            y="each factor |w·φ′(z)| (log scale)",
            series=(Trace("factors", mark="bars", color="fate", first=1, cliff=True),),
            last="depth",
            x_first=1,
            pad=0.6,
            y_least=(-1.0, 0.5),
            height=190,
        ),
        Panel(
            name="product",
            y="the running product |daℓ/da₀| (log scale)",
            series=(
                Trace("product"),
                Trace("product", mark="dots", color="fate", cliff=True),
            ),
            last="depth",
            pad=0.6,
            y_least=(-2.0, 1.0),
            height=230,
        ),
    )
    readout = (
        Sentence(
            "With w = {weight} and {activation}, {depth} layers turn a small change of "
            "the input into one {product|times}.",
            at="depth",
        ),
        Sentence("The last factor is {factors|number}.", at="depth", first=1),
    )
    settings = (
        Setting("max_depth", "Depth, at most", 30),
        Setting("bias", "Bias of every unit", 0.0),
        Setting("lowest_weight", "Lowest weight", -3.0),
        Setting("highest_weight", "Highest weight", 3.0),
        Setting("step", "Step of the weight", 0.125),
    )

    def __init__(
        self,
        *,
        weight: float = 1.5,
        activation: str = "tanh",
        depth: int = 12,
        start: float = 0.5,
    ) -> None:
        super().__init__()
        self.rerun()
        self.weight, self.activation = weight, activation
        self.depth, self.start = depth, start

    def rerun(
        self,
        *,
        max_depth: int = 30,
        bias: float = 0.0,
        lowest_weight: float = -3.0,
        highest_weight: float = 3.0,
        step: float = 0.125,
        progress: Callable[[float], None] = no_progress,
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        max_depth : int
            Where the depth knob ends.
        bias : float
            b of every unit.
        lowest_weight, highest_weight, step : float
            What the weight knob can be set to.
        progress : callable, optional
            Is told the fraction done.
        """
        max_depth = check_count("max_depth", max_depth)
        weights = grid_of("weight", lowest_weight, highest_weight, step)
        factors = np.empty((len(weights), len(CURVES), len(INPUTS), max_depth))
        for i, name in enumerate(CURVES):
            factors[:, i] = unit_chain(
                np.array(weights)[:, None],
                np.array(INPUTS),
                bias=bias,
                activation=name,
                depth=max_depth,
            ).factors
            progress((i + 1) / len(CURVES))
        axes = ("weight", "activation", "start")
        self._show(
            [
                Knob("weight", "Weight w", weights, [f"{w:.4g}" for w in weights]),
                Knob("activation", "Activation φ", CURVES, CURVES, kind="select"),
                Knob("start", "Input a₀", INPUTS, [f"{a:g}" for a in INPUTS]),
                count_knob("depth", "Depth L", max_depth),
            ],
            {
                "factors": Array(log10_size(factors), axes),
                "product": Array(from_one(products.log10_products(factors)), axes),
            },
        )
