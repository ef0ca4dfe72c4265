"""The linear chain: W = g·I in every layer, forward and backward."""

from collections.abc import Callable

import numpy as np

from vgcourse import formats, products
from vgcourse._checks import FloatArray, check_choice, check_count, check_rng
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
    log10_size,
    no_progress,
)
from vgcourse.initializers import INITIALIZERS

MATRICES = ("identity", "lecun_normal", "orthogonal")
FORMATS = ("float16", "bfloat16", "float32", "float64")
FORWARD, BACKWARD = {"direction": ["forward"]}, {"direction": ["backward"]}


class LinearChain(Explorer):
    """Size of a signal on its way through `depth` layers W = g·I, or back.

    Parameters
    ----------
    gain : float, default 1.5
        g; 0.25 to 2 in steps of 0.05.
    depth : int, default 50
        Number of layers, 1 to 200.
    direction : {"forward", "backward"}
        Whether the signal of the input or the gradient of the output is followed.
    number_format : {"float16", "bfloat16", "float32", "float64"}
        In which the dots are multiplied up, one layer at a time; the line is the true
        value, carried as a logarithm.
    """

    title = "The linear chain: the same gain, layer after layer"
    gain = KnobTrait(1.5).tag(sync=True)
    depth = KnobTrait(50).tag(sync=True)
    direction = KnobTrait("forward").tag(sync=True)
    number_format = KnobTrait("float32").tag(sync=True)

    panels = (
        Panel(
            name="size",
            y="size relative to the start (log scale)",
            series=(
                Trace("exact", "true value", color="accent"),
                Trace("held", "what the format holds", "dots", "fate", cliff=True),
            ),
            last="depth",
            flip=BACKWARD,
            rules=(Rules("limits", ("largest", "smallest normal", "smallest of all")),),
            y_least=(-2.0, 2.0),
            height=300,
        ),
    )
    readout = (
        Sentence(
            "After {depth} layers of {gain} the signal is {exact|times}.",
            at="depth",
            when=FORWARD,
        ),
        Sentence(
            "Back through {depth} layers of {gain} the gradient is {exact|times}.",
            at="depth",
            when=BACKWARD,
        ),
        Sentence(
            "In {number_format} it has become infinite after {cliff|whole} layers.",
            at="depth",
            where="state",
            equals=1,
        ),
        Sentence(
            "In {number_format} it is exactly zero after {cliff|whole} layers.",
            at="depth",
            where="state",
            equals=-1,
        ),
    )
    settings = (
        Setting("matrix", "Matrix of each layer", "identity", MATRICES),
        Setting("width", "Width", 32),
        Setting("seed", "Seed", 0),
        Setting("max_depth", "Depth, at most", 200),
        Setting("lowest_gain", "Lowest gain", 0.25),
        Setting("highest_gain", "Highest gain", 2.0),
        Setting("step", "Step of the gain", 0.05),
    )

    def __init__(
        self,
        *,
        gain: float = 1.5,
        depth: int = 50,
        direction: str = "forward",
        number_format: str = "float32",
    ) -> None:
        super().__init__()
        self.rerun()
        self.gain, self.depth = gain, depth
        self.direction, self.number_format = direction, number_format

    def rerun(
        self,
        *,
        matrix: str = "identity",
        width: int = 32,
        seed: int = 0,
        max_depth: int = 200,
        lowest_gain: float = 0.25,
        highest_gain: float = 2.0,
        step: float = 0.05,
        progress: Callable[[float], None] = no_progress,
    ) -> None:
        """Compute the table anew.

        Parameters
        ----------
        matrix : {"identity", "lecun_normal", "orthogonal"}
            What the gain multiplies: I, or a random matrix, drawn for each layer.
        width, seed : int
            Size of the random matrices, and their seed.
        max_depth : int
            Where the depth knob ends.
        lowest_gain, highest_gain, step : float
            What the gain knob can be set to.
        progress : callable, optional
            Is told the fraction done.
        """
        check_choice("matrix", matrix, MATRICES)
        max_depth = check_count("max_depth", max_depth)
        gains = grid_of("gain", lowest_gain, highest_gain, step)
        growth = _growth(matrix, check_count("width", width), seed, max_depth)
        factors = np.array(gains)[:, None, None] * growth
        exact = from_one(products.log10_products(factors))
        held = np.empty((len(gains), len(FORMATS), *exact.shape[1:]))
        for i, name in enumerate(FORMATS):
            sizes = formats.naive_products(factors, dtype=name)
            held[:, i] = from_one(log10_size(sizes))
            progress((i + 1) / len(FORMATS))
        lost = ~np.isfinite(held)
        self._show(
            [
                Knob(
                    "gain",
                    "Gain g",
                    gains,
                    [f"{gain:.4g}" for gain in gains],
                    [
                        f"{gain:.4g}·{'I' if matrix == 'identity' else 'W'}"
                        for gain in gains
                    ],
                ),
                count_knob("depth", "Depth L", max_depth),
                Knob(
                    "direction",
                    "Direction",
                    ("forward", "backward"),
                    ("forward", "backward"),
                    kind="select",
                ),
                Knob("number_format", "Number format", FORMATS, FORMATS, kind="select"),
            ],
            {
                "exact": Array(exact, ("gain", "direction")),
                "held": Array(held, ("gain", "number_format", "direction")),
                "state": Array(
                    np.where(lost, np.sign(held), 0),
                    ("gain", "number_format", "direction"),
                    unit=1.0,
                ),
                "cliff": Array(
                    lost.argmax(axis=-1)[..., None],
                    ("gain", "number_format", "direction"),
                    unit=1.0,
                ),
                "limits": Array(
                    np.array([_limits(name) for name in FORMATS]), ("number_format",)
                ),
            },
        )


def _growth(matrix: str, width: int, seed: int, depth: int) -> FloatArray:
    """Factor per layer on a signal's and on a gradient's size, shape (2, depth)."""
    if matrix == "identity":
        return np.ones((2, depth))
    draws, starts = check_rng(seed).spawn(2)
    weights = [INITIALIZERS[matrix](width, width, rng=draws) for _ in range(depth)]
    directions = (weights, [W.T for W in reversed(weights)])
    norms = []
    for path in directions:
        x = starts.standard_normal(width)
        norms.append(products.log10_norms(path, x / np.linalg.norm(x)))
    return 10.0 ** np.diff(norms, prepend=0.0)


def _limits(name: str) -> tuple[float, float, float]:
    limits = formats.number_format(name)
    return (
        float(np.log10(limits.max)),
        float(np.log10(limits.smallest_normal)),
        float(np.log10(limits.smallest_subnormal)),
    )
