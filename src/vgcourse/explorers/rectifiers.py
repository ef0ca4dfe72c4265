"""Rectifiers: activation × weight scale × depth, measured beside mean-field theory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse._checks import check_count
from vgcourse.explorers import names
from vgcourse.explorers.rerun import option
from vgcourse.explorers.spec import (
    Panel,
    Sentence,
    Trace,
    choice_knob,
    decades,
    grid_of,
    number_knob,
)
from vgcourse.explorers.table import Array, Table
from vgcourse.explorers.widget import Explorer, knob
from vgcourse.meanfield import predict_grid
from vgcourse.propagation import measure_grid

CURVES = (
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "identity",
    "tanh",
)
DEPTHS = (5, 10, 20, 50)
STOPS = {1.0: "LeCun: 1", 2**0.5: "He: √2"}

# Measured beside predicted; the next explorer has the same panels.
GRADIENT = Panel(
    name="gradient",
    y="gradient at layer ℓ, from 1 at the output (RMS, log scale)",
    series=(
        Trace("predicted", "predicted (mean field)", first=1),
        Trace("measured", "measured", "dots", "fate", first=1, cliff=True),
    ),
    last="depth",
    x_first=1,
    x_steps=(20, 50),
    pad=0.5,
    y_frames=decades(4, 12, 40, 160),
    height=260,
)
ACTIVE = Panel(
    name="active",
    y="share of units with a slope of at least 0.01",
    scale="percent",
    series=(
        Trace("expected", "predicted (mean field)", first=1),
        Trace("active", "measured", "dots", "ink", first=1),
    ),
    last="depth",
    x_first=1,
    x_steps=(20, 50),
    pad=0.5,
    y_frames=((-0.03, 1.05),),
    height=150,
)


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change."""

    width: int = option("Width", 128)
    batch: int = option("Batch", 64)
    seed: int = option("Seed", 0)
    number_format: str = option("Number format", "float32", ("float32", "float64"))
    lowest_sigma_w: float = option("Lowest weight scale", 0.5)
    highest_sigma_w: float = option("Highest weight scale", 2.5)
    step: float = option("Step of the weight scale", 0.1)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """Gradients and active units, measured and predicted."""
    low, high = settings.lowest_sigma_w, settings.highest_sigma_w
    scales = grid_of("sigma_w", low, high, settings.step)
    stops = {value: text for value, text in STOPS.items() if low <= value <= high}
    scale = number_knob("sigma_w", "Weight scale σ", scales, stops=stops)
    sigmas = np.array(scale.values, dtype=float)
    grid = measure_grid(
        activations=CURVES,
        initializers=["lecun_normal"],
        gains=list(sigmas),
        depths=DEPTHS,
        width=settings.width,
        batch=settings.batch,
        rng=check_count("seed", settings.seed, at_least=0),
        dtype=settings.number_format,
        progress=lambda share: progress(0.9 * share),
    )
    measured, saturation = grid.log10_gradient_rms[:, 0], grid.saturation[:, 0]
    theory = predict_grid(activations=CURVES, sigma_w=sigmas, depths=DEPTHS)
    predicted, expected = theory.log10_gradient_rms, theory.saturation
    progress(1.0)
    last = np.array(DEPTHS)[None, None, :, None] - 1
    reach = measured[..., :1] - np.take_along_axis(measured, last, axis=-1)
    axes = ("activation", "sigma_w", "depth")
    return Table(
        [
            choice_knob("activation", "Activation φ", CURVES, names.ACTIVATIONS),
            scale,
            number_knob("depth", "Depth L", DEPTHS),
        ],
        {
            "measured": Array(measured, axes, unit=2e-3, ragged=True),
            "predicted": Array(predicted, axes, unit=2e-3, ragged=True),
            "reach": Array(reach, axes),
            "active": Array(1.0 - saturation, axes[:2], 1 / 255, "uint8"),
            "expected": Array(1.0 - expected, axes[:2], 1 / 255, "uint8"),
        },
    )


class Rectifiers(Explorer):
    """Gradient layer by layer, and the share of units that let it pass.

    Parameters
    ----------
    activation : str, default "relu"
        φ of every layer.
    sigma_w : float, default 1
        Standard deviation of the weights times √n; 0.5 to 2.5 in steps of 0.1, and √2,
        He's choice for ReLU.
    depth : {5, 10, 20, 50}, default 20
        Number of layers.
    """

    title = "Rectifiers: activation, weight scale and depth"
    Settings, compute = Settings, staticmethod(compute)
    activation = knob("relu")
    sigma_w = knob(1.0)
    depth = knob(20)

    panels = (GRADIENT, ACTIVE)
    readout = (
        Sentence(
            "With {activation} and weight scale {sigma_w}, the gradient that arrives "
            "at the first of {depth|layers} is {reach|compared} at the last.",
        ),
        Sentence(
            "{active|percent} of the units in the last layer let it pass.",
            at="depth",
            first=1,
        ),
    )
