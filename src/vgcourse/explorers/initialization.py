"""Initialization: activation × initializer × gain × depth, the whole picture."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vgcourse._checks import FloatArray, check_count
from vgcourse.explorers import names
from vgcourse.explorers.rectifiers import ACTIVE, GRADIENT
from vgcourse.explorers.rerun import option
from vgcourse.explorers.spec import Panel, Sentence, Trace, choice_knob, number_knob
from vgcourse.explorers.table import Array, Table
from vgcourse.explorers.widget import Explorer, knob
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
    "glorot_normal",
    "he_normal",
    "truncated_normal",
    "orthogonal",
)
GAINS = (0.5, 0.7, 0.8, 0.9, 0.98, 1.0, 1.02, 1.1, 1.25, 1.5, 2.0)
DEPTHS = (10, 30, 100)
LAYERS = (1, 2, 5, 10, 20, 30, 60, 100)  # of which histograms are drawn


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change."""

    width: int = option("Width", 128)
    batch: int = option("Batch", 64)
    seed: int = option("Seed", 0)
    number_format: str = option("Number format", "float32", ("float32", "float64"))
    input_rms: float = option("RMS of the inputs", 1.0)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """Networks measured at the first step, and what theory says of them."""
    grid = measure_grid(
        activations=CURVES,
        initializers=SCHEMES,
        gains=GAINS,
        depths=DEPTHS,
        width=settings.width,
        batch=settings.batch,
        input_rms=settings.input_rms,
        histogram_layers=[layer - 1 for layer in LAYERS],
        rng=check_count("seed", settings.seed, at_least=0),
        dtype=settings.number_format,
        progress=lambda share: progress(0.95 * share),
    )
    # Pairs of initializer and gain with the same weights share their rows; for the
    # prediction, what two draws of the same σ_w differ by is rounded away.
    setting = grid.setting
    _, first = np.unique(setting, return_index=True)
    sigmas, scale = np.unique(grid.sigma_w.round(2), return_inverse=True)
    theory = predict_grid(
        activations=CURVES,
        sigma_w=sigmas,
        depths=DEPTHS,
        input_rms=settings.input_rms,
    )
    progress(1.0)

    def rows(values: FloatArray) -> FloatArray:
        """One row for each activation and distinct setting."""
        flat = values.reshape(len(CURVES), setting.size, *values.shape[3:])
        return flat[:, first]

    measured = rows(grid.log10_gradient_rms)
    last = np.array(DEPTHS)[None, None, :, None] - 1
    reach = measured[..., :1] - np.take_along_axis(measured, last, axis=-1)
    layers = np.array(
        [[n if n <= depth else np.nan for n in LAYERS] for depth in DEPTHS]
    )
    axes, schemes = ("activation", "setting"), ("initializer", "gain")
    share = 1 / 255
    return Table(
        [
            choice_knob("activation", "Activation φ", CURVES, names.ACTIVATIONS),
            choice_knob("initializer", "Initializer", SCHEMES, names.INITIALIZERS),
            number_knob("gain", "Gain", GAINS, stops={1.0: "1", 1.02: "1.02"}),
            number_knob("depth", "Depth L", DEPTHS),
        ],
        {
            "setting": Array(setting, schemes, 1.0),
            "scale": Array(scale.reshape(setting.shape), schemes, 1.0),
            "edges": Array(HISTOGRAM_EDGES),
            "layers": Array(layers, ("depth",), ragged=True),
            "shares": Array(rows(grid.histograms), axes, share, "uint8"),
            "measured": Array(measured, (*axes, "depth"), 5e-3, ragged=True),
            "predicted": Array(
                theory.log10_gradient_rms,
                ("activation", "scale", "depth"),
                5e-3,
                ragged=True,
            ),
            "reach": Array(reach, (*axes, "depth")),
            "size": Array(rows(grid.log10_activation_rms), axes, 5e-3),
            "active": Array(1.0 - rows(grid.saturation), axes, share, "uint8"),
            "expected": Array(
                1.0 - theory.saturation, ("activation", "scale"), share, "uint8"
            ),
        },
    )


class Initialization(Explorer):
    """Activations, gradients and active units, layer by layer, at the first step.

    Parameters
    ----------
    activation : str, default "tanh"
        φ of every layer.
    initializer : str, default "glorot_normal"
        How the weights are drawn.
    gain : float, default 0.8
        Multiplies the standard deviation.
    depth : {10, 30, 100}, default 30
        Number of layers.
    """

    title = "Initialization: activation, initializer, gain and depth"
    Settings, compute = Settings, staticmethod(compute)
    activation = knob("tanh")
    initializer = knob("glorot_normal")
    gain = knob(0.8)
    depth = knob(30)

    panels = (
        Panel(
            name="activations",
            y="activations in some layers (histograms)",
            view="histograms",
            series=(Trace("shares", x="layers", mark="bars"),),
            edges="edges",
            x_domain=(-0.6, len(LAYERS) - 0.4),
            y_frames=((float(HISTOGRAM_EDGES[0]), float(HISTOGRAM_EDGES[-1])),),
            height=200,
        ),
        replace(GRADIENT, x_steps=(30, 100), height=230),
        replace(ACTIVE, x_steps=(30, 100)),
    )
    readout = (
        Sentence(
            "{activation} with {initializer} and gain {gain}: the gradient that "
            "arrives at the first of {depth|layers} is {reach|compared} at the last.",
        ),
        Sentence(
            "The activations of the last layer have RMS {size|number}; "
            "{active|percent} of its units let the gradient pass.",
            at="depth",
            first=1,
        ),
    )
