"""Saturation: where a unit sits on its curve, and what its slope lets through."""

from collections.abc import Callable

import numpy as np

from vgcourse import products
from vgcourse._checks import check_count
from vgcourse.activations import ACTIVATIONS
from vgcourse.explorers.base import (
    Array,
    Explorer,
    Knob,
    KnobTrait,
    Panel,
    Rules,
    Sentence,
    Setting,
    Trace,
    count_knob,
    from_one,
    grid_of,
    no_progress,
)
from vgcourse.unit_chain import unit_chain

CURVES = ("sigmoid", "tanh")
STARTS = (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0)
REACH = 8.0  # of the drawn curve on either side of zero


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
        a₀, the number that goes in.
    depth : int, default 10
        Number of units, 1 to 30.
    """

    title = "Saturation: the slope that a unit offers, and the bound that it keeps"
    activation = KnobTrait("sigmoid").tag(sync=True)
    weight = KnobTrait(1.0).tag(sync=True)
    bias = KnobTrait(0.0).tag(sync=True)
    start = KnobTrait(0.5).tag(sync=True)
    depth = KnobTrait(10).tag(sync=True)

    panels = (
        Panel(
            name="curve",
            y="the curve φ(z), each unit on it, the tangent of the last one",
            x="preactivation z",
            scale="linear",
            series=(
                Trace("curve", x="grid", color="muted", whole=True),
                Trace("a", "a unit", "dots", first=1, x="z", slope="slope"),
            ),
            last="depth",
            x_domain=(-REACH, REACH),
            y_domain=(-1.15, 1.15),
            height=230,
        ),
        Panel(
            name="factors",
            y="each factor |w·φ′(z)|, under its bound",
            scale="linear",
            series=(Trace("factors", mark="bars", color="fate", first=1),),
            last="depth",
            x_first=1,
            pad=0.6,
            y_least=(0.0, 1.1),
            neutral=1.0,
            rules=(
                Rules("bound", ("bound |w|·max φ′",)),
                Rules("one", ("1: neither grows nor shrinks",)),
            ),
            height=190,
        ),
        Panel(
            name="product",
            y="running product |daℓ/da₀| (log scale)",
            series=(
                Trace("best", "best case: every factor at its bound", color="muted"),
                Trace("product", "this chain", "dots", "fate", cliff=True),
            ),
            last="depth",
            pad=0.6,
            y_least=(-2.0, 1.0),
            height=230,
        ),
    )
    readout = (
        Sentence(
            "After {depth} {activation} units a small change of the input has become "
            "{product|times}; with every factor at its bound it would be {best|times}.",
            at="depth",
        ),
        Sentence(
            "The last unit offers the slope {slope|plain} at z = {z|plain}.",
            at="depth",
            first=1,
        ),
    )
    settings = (
        Setting("max_depth", "Depth, at most", 30),
        Setting("lowest_weight", "Lowest weight", 0.5),
        Setting("highest_weight", "Highest weight", 8.0),
        Setting("step", "Step of the weight", 0.5),
    )

    def __init__(
        self,
        *,
        activation: str = "sigmoid",
        weight: float = 1.0,
        bias: float = 0.0,
        start: float = 0.5,
        depth: int = 10,
    ) -> None:
        super().__init__()
        self.rerun()
        self.activation, self.weight, self.bias = activation, weight, bias
        self.start, self.depth = start, depth

    def rerun(
        self,
        *,
        max_depth: int = 30,
        lowest_weight: float = 0.5,
        highest_weight: float = 8.0,
        step: float = 0.5,
        progress: Callable[[float], None] = no_progress,
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        max_depth : int
            Where the depth knob ends.
        lowest_weight, highest_weight, step : float
            What the weight knob can be set to.
        progress : callable, optional
            Is told the fraction done.
        """
        max_depth = check_count("max_depth", max_depth)
        weights = grid_of("weight", lowest_weight, highest_weight, step)
        biases = grid_of("bias", -4.0, 4.0, 1.0)
        runs = []
        for i, name in enumerate(CURVES):
            runs.append(
                unit_chain(
                    np.array(weights)[:, None, None],
                    np.array(STARTS),
                    bias=np.array(biases)[:, None],
                    activation=name,
                    depth=max_depth,
                )
            )
            progress((i + 1) / len(CURVES))
        z = np.stack([run.z for run in runs])
        factors = np.stack([run.factors for run in runs])
        slope = np.stack(
            [
                ACTIVATIONS[name].derivative(run.z)
                for name, run in zip(CURVES, runs, strict=True)
            ]
        )
        most = np.array([ACTIVATIONS[name].max_slope for name in CURVES])
        bound = np.abs(most[:, None] * weights)
        best = np.broadcast_to(bound[..., None], (*bound.shape, max_depth))
        grid = np.linspace(-REACH, REACH, 97)
        axes = ("activation", "weight", "bias", "start")
        self._show(
            [
                Knob("activation", "Activation φ", CURVES, CURVES, kind="select"),
                Knob("weight", "Weight w", weights, [f"{w:.4g}" for w in weights]),
                Knob("bias", "Bias b", biases, [f"{b:g}" for b in biases]),
                Knob("start", "Input a₀", STARTS, [f"{a:g}" for a in STARTS]),
                count_knob("depth", "Depth L", max_depth),
            ],
            {
                "grid": Array(grid),
                "curve": Array(
                    np.stack([ACTIVATIONS[name].function(grid) for name in CURVES]),
                    ("activation",),
                ),
                "z": Array(z, axes, unit=1e-3),
                "a": Array(np.stack([run.h for run in runs]), axes, unit=1e-4),
                "slope": Array(slope, axes, unit=1e-4),
                "factors": Array(np.abs(factors), axes, unit=1e-3),
                "one": Array(np.ones(1)),
                "product": Array(from_one(products.log10_products(factors)), axes),
                "bound": Array(bound, ("activation", "weight")),
                "best": Array(
                    from_one(products.log10_products(best)), ("activation", "weight")
                ),
            },
        )
