"""Initialization: activation × initializer × gain × depth, the whole picture."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vgcourse._checks import FloatArray, check_count
from vgcourse.explorers.base import (
    Array,
    Explorer,
    Knob,
    KnobTrait,
    Panel,
    Sentence,
    Setting,
    Trace,
    no_progress,
)
from vgcourse.explorers.rectifiers import GRADIENT
from vgcourse.meanfield import predict_grid
from vgcourse.profiles import HISTOGRAM_EDGES
from vgcourse.propagation import measure_grid

CURVES = (
    "tanh",
    "sigmoid",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "identity",
)
SCHEMES = (
    "lecun_normal",
    "lecun_uniform",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "truncated_normal",
    "orthogonal",
)
GAINS = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
DEPTHS = (10, 30, 100)
LAYERS = (1, 2, 5, 10, 20, 30, 60, 100)  # of which histograms are drawn


class Initialization(Explorer):
    """Activations, gradients and saturation, layer by layer, at the first step.

    Parameters
    ----------
    activation : str, default "tanh"
        φ of every layer.
    initializer : str, default "glorot_normal"
        How the weights are drawn.
    gain : float, default 1.0
        Multiplies the standard deviation.
    depth : {10, 30, 100}, default 30
        Number of layers.
    """

    title = "Initialization: activation, initializer, gain and depth"
    activation = KnobTrait("tanh").tag(sync=True)
    initializer = KnobTrait("glorot_normal").tag(sync=True)
    gain = KnobTrait(1.0).tag(sync=True)
    depth = KnobTrait(30).tag(sync=True)

    panels = (
        *(
            Panel(
                name=f"activations_{depth}",
                y="activations in some layers (histograms)",
                view="histograms",
                series=(Trace("shares", x=f"layers_{depth}", mark="bars"),),
                edges="edges",
                y_domain=(float(HISTOGRAM_EDGES[0]), float(HISTOGRAM_EDGES[-1])),
                when={"depth": (depth,)},
                height=200,
            )
            for depth in DEPTHS
        ),
        replace(GRADIENT, height=230),
        Panel(
            name="saturation",
            y="units with a slope below 0.01: saturated, or shut",
            scale="percent",
            series=(
                Trace("expected", first=1),
                Trace("saturation", mark="dots", color="explode", first=1),
            ),
            last="depth",
            x_first=1,
            pad=0.5,
            y_domain=(-0.03, 1.03),
            height=150,
        ),
    )
    readout = (
        Sentence(
            "{activation} with {initializer} and gain {gain}: the gradient that "
            "arrives at the first of {depth} layers is {reach|times} than at the last.",
        ),
        Sentence(
            "The activations of the last layer have RMS {size|number}; "
            "{saturation|percent} of its units have a slope below 0.01.",
            at="depth",
            first=1,
        ),
    )
    settings = (
        Setting("width", "Width", 128),
        Setting("batch", "Batch", 64),
        Setting("seed", "Seed", 0),
        Setting("number_format", "Number format", "float32", ("float32", "float64")),
        Setting("input_rms", "RMS of the inputs", 1.0),
    )

    def __init__(
        self,
        *,
        activation: str = "tanh",
        initializer: str = "glorot_normal",
        gain: float = 1.0,
        depth: int = 30,
    ) -> None:
        super().__init__()
        self.rerun()
        self.activation, self.initializer = activation, initializer
        self.gain, self.depth = gain, depth

    def rerun(
        self,
        *,
        width: int = 128,
        batch: int = 64,
        seed: int = 0,
        number_format: str = "float32",
        input_rms: float = 1.0,
        progress: Callable[[float], None] = no_progress,
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        width, batch, seed : int
            Units per layer, examples, and the seed of weights and inputs.
        number_format : {"float32", "float64"}
            Of the measured passes.
        input_rms : float
            Root mean square of the inputs.
        progress : callable, optional
            Is told the fraction done.
        """
        grid = measure_grid(
            activations=CURVES,
            initializers=SCHEMES,
            gains=GAINS,
            depths=DEPTHS,
            width=width,
            batch=batch,
            input_rms=input_rms,
            histogram_layers=[layer - 1 for layer in LAYERS],
            rng=check_count("seed", seed, at_least=0),
            dtype=number_format,
            progress=lambda share: progress(0.95 * share),
        )
        # Pairs of initializer and gain with the same weights share their rows; for the
        # prediction, what two draws of the same σ_w differ by is rounded away.
        _, pair = np.unique(grid.setting, return_index=True)
        sigmas, scale = np.unique(grid.sigma_w.round(2), return_inverse=True)
        theory = predict_grid(
            activations=CURVES, sigma_w=sigmas, depths=DEPTHS, input_rms=input_rms
        )
        progress(1.0)

        def rows(values: FloatArray) -> FloatArray:
            flat = values.reshape(len(CURVES), grid.setting.size, *values.shape[3:])
            return flat[:, pair]

        measured = rows(grid.log10_gradient_rms)
        shown = ~np.isnan(measured)
        last = np.array(DEPTHS)[None, None, :, None] - 1
        ends = np.take_along_axis(measured, last, axis=-1)
        axes = ("activation", "setting")
        layers = {
            f"layers_{depth}": Array(np.array([n for n in LAYERS if n <= depth]))
            for depth in DEPTHS
        }
        self._show(
            [
                Knob("activation", "Activation φ", CURVES, CURVES, kind="select"),
                Knob("initializer", "Initializer", SCHEMES, SCHEMES, kind="select"),
                Knob("gain", "Gain", GAINS, [f"{gain:g}" for gain in GAINS]),
                Knob("depth", "Depth L", DEPTHS, [str(depth) for depth in DEPTHS]),
            ],
            {
                "setting": Array(grid.setting, ("initializer", "gain"), 1.0),
                "scale": Array(
                    scale.reshape(grid.setting.shape), ("initializer", "gain"), 1.0
                ),
                "edges": Array(HISTOGRAM_EDGES),
                **layers,
                "shares": Array(rows(grid.histograms), axes, 1 / 255, "uint8"),
                "measured": Array(
                    np.where(shown, measured, 0.0), (*axes, "depth"), 5e-3
                ),
                "predicted": Array(
                    np.nan_to_num(theory.log10_gradient_rms),
                    ("activation", "scale", "depth"),
                    5e-3,
                ),
                "reach": Array(measured[..., :1] - ends, (*axes, "depth")),
                "size": Array(rows(grid.log10_activation_rms), axes, 5e-3),
                "saturation": Array(rows(grid.saturation), axes, 1 / 255, "uint8"),
                "expected": Array(
                    theory.saturation, ("activation", "scale"), 1 / 255, "uint8"
                ),
            },
        )
