"""Rectifiers: activation × weight scale × depth, measured beside mean-field theory."""

from collections.abc import Callable

import numpy as np

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
    grid_of,
    no_progress,
)
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

# Measured gradients beside predicted ones; the next explorer has the same panel.
GRADIENT = Panel(
    name="gradient",
    y="gradient at layer ℓ, from 1 at the output (RMS, log scale)",
    series=(
        Trace("predicted", "predicted (mean field)", first=1),
        Trace("measured", "measured", "dots", "fate", first=1, cliff=True),
    ),
    last="depth",
    x_first=1,
    pad=0.5,
    y_least=(-2.0, 2.0),
    height=260,
)


class Rectifiers(Explorer):
    """Gradient layer by layer, and the share of units that let it pass.

    Parameters
    ----------
    activation : str, default "relu"
        φ of every layer.
    sigma_w : float, default 1.4
        Standard deviation of the weights times √n; 0.5 to 2.5 in steps of 0.1. He's
        choice is √2 ≈ 1.41.
    depth : {5, 10, 20, 50}, default 20
        Number of layers.
    """

    title = "Rectifiers: activation, weight scale and depth"
    activation = KnobTrait("relu").tag(sync=True)
    sigma_w = KnobTrait(1.4).tag(sync=True)
    depth = KnobTrait(20).tag(sync=True)

    panels = (
        GRADIENT,
        Panel(
            name="active",
            y="share of units with a slope of at least 0.01",
            scale="percent",
            series=(
                Trace("expected", color="accent", first=1),
                Trace("active", mark="dots", color="explode", first=1),
            ),
            last="depth",
            x_first=1,
            pad=0.5,
            y_domain=(0.0, 1.05),
            height=170,
        ),
    )
    readout = (
        Sentence(
            "With {activation} and σ_w = {sigma_w}, the gradient that arrives at the "
            "first of {depth} layers is {reach|times} than at the last.",
        ),
        Sentence(
            "{active|percent} of the units in the last layer let it pass.",
            at="depth",
            first=1,
        ),
    )
    settings = (
        Setting("width", "Width", 128),
        Setting("batch", "Batch", 64),
        Setting("seed", "Seed", 0),
        Setting("number_format", "Number format", "float32", ("float32", "float64")),
        Setting("lowest_sigma_w", "Lowest σ_w", 0.5),
        Setting("highest_sigma_w", "Highest σ_w", 2.5),
        Setting("step", "Step of σ_w", 0.1),
    )

    def __init__(
        self, *, activation: str = "relu", sigma_w: float = 1.4, depth: int = 20
    ) -> None:
        super().__init__()
        self.rerun()
        self.activation, self.sigma_w, self.depth = activation, sigma_w, depth

    def rerun(
        self,
        *,
        width: int = 128,
        batch: int = 64,
        seed: int = 0,
        number_format: str = "float32",
        lowest_sigma_w: float = 0.5,
        highest_sigma_w: float = 2.5,
        step: float = 0.1,
        progress: Callable[[float], None] = no_progress,
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        width, batch, seed : int
            Units per layer, examples, and the seed of weights and inputs.
        number_format : {"float32", "float64"}
            Of the measured passes.
        lowest_sigma_w, highest_sigma_w, step : float
            What the σ_w knob can be set to.
        progress : callable, optional
            Is told the fraction done.
        """
        sigmas = grid_of("sigma_w", lowest_sigma_w, highest_sigma_w, step)
        grids = []
        for i, name in enumerate(CURVES):
            grids.append(
                measure_grid(
                    activations=[name],
                    initializers=["lecun_normal"],
                    gains=sigmas,
                    depths=DEPTHS,
                    width=width,
                    batch=batch,
                    rng=check_count("seed", seed, at_least=0),
                    dtype=number_format,
                )
            )
            progress((i + 1) / (len(CURVES) + 1))
        measured = np.stack([grid.log10_gradient_rms[0, 0] for grid in grids])
        saturation = np.stack([grid.saturation[0, 0] for grid in grids])
        theory = predict_grid(activations=CURVES, sigma_w=sigmas, depths=DEPTHS)
        shown = ~np.isnan(measured)
        last = np.array(DEPTHS) - 1
        ends = np.take_along_axis(measured, last[None, None, :, None], axis=-1)[..., 0]
        axes = ("activation", "sigma_w", "depth")
        self._show(
            [
                Knob("activation", "Activation φ", CURVES, CURVES, kind="select"),
                Knob(
                    "sigma_w", "Weight scale σ_w", sigmas, [f"{s:.4g}" for s in sigmas]
                ),
                Knob("depth", "Depth L", DEPTHS, [str(depth) for depth in DEPTHS]),
            ],
            {
                "measured": Array(np.where(shown, measured, 0.0), axes, unit=2e-3),
                "predicted": Array(
                    np.where(shown, theory.log10_gradient_rms, 0.0), axes, unit=2e-3
                ),
                "reach": Array((measured[..., 0] - ends)[..., None], axes),
                "active": Array(1.0 - saturation, axes[:2], 1 / 255, "uint8"),
                "expected": Array(1.0 - theory.saturation, axes[:2], 1 / 255, "uint8"),
            },
        )
