"""The linear chain: W = g·I in every layer, forward and backward."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse import formats, products
from vgcourse._checks import FloatArray, check_choice, check_count, check_rng
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
from vgcourse.initializers import INITIALIZERS

MATRICES = ("identity", "lecun_normal", "orthogonal")
FORMATS = ("float16", "bfloat16", "float32", "float64")
FORWARD, BACKWARD = {"direction": ["forward"]}, {"direction": ["backward"]}
# What has become of the number that a format holds.
HELD, INFINITE, ZERO, STUCK = 0, 1, -1, 2


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change.

    The gain multiplies I, or a random matrix of this width, drawn for each layer.
    """

    matrix: str = option("Matrix of each layer", "identity", MATRICES)
    width: int = option("Width", 32)
    seed: int = option("Seed", 0)
    max_depth: int = option("Depth, at most", 200)
    lowest_gain: float = option("Lowest gain", 0.25)
    highest_gain: float = option("Highest gain", 2.0)
    step: float = option("Step of the gain", 0.05)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """True sizes, and what each number format holds of them, layer by layer."""
    check_choice("matrix", settings.matrix, MATRICES)
    depth = check_count("max_depth", settings.max_depth)
    low, high = settings.lowest_gain, settings.highest_gain
    gains = number_knob("gain", "Gain g", grid_of("gain", low, high, settings.step))
    factors = np.array(gains.values)[:, None, None] * _growth(settings, depth)
    exact = products.log10_products(factors)
    start = np.zeros((*exact.shape[:-1], 1))
    exact = np.concatenate([start, exact], axis=-1)
    axes = ("gain", "number_format", "direction")
    held = np.empty((len(gains.values), len(FORMATS), *exact.shape[1:]))
    for i, name in enumerate(FORMATS):
        with np.errstate(divide="ignore"):
            sizes = formats.naive_products(factors, dtype=name).astype(np.float64)
            logs = np.log10(np.abs(sizes))
        held[:, i] = np.concatenate([start, logs], axis=-1)
        progress((i + 1) / len(FORMATS))
    state, since = _fate(held, exact[:, None])
    limits = [formats.number_format(name) for name in FORMATS]
    ends = [(f.max, f.smallest_normal, f.smallest_subnormal) for f in limits]
    return Table(
        [
            gains,
            count_knob("depth", "Depth L", depth),
            choice_knob("direction", "Direction", ("forward", "backward")),
            choice_knob("number_format", "Number format", FORMATS),
        ],
        {
            "exact": Array(exact, ("gain", "direction")),
            "held": Array(held, axes),
            "state": Array(state, axes, unit=1.0),
            "since": Array(since, axes, unit=1.0),
            "limits": Array(np.log10(np.array(ends)), ("number_format",)),
        },
    )


def _growth(settings: Settings, depth: int) -> FloatArray:
    """Factor per layer on a signal's and on a gradient's size, shape (2, depth)."""
    width = check_count("width", settings.width)
    draws, starts = check_rng(settings.seed).spawn(2)
    if settings.matrix == "identity":
        return np.ones((2, depth))
    draw = INITIALIZERS[settings.matrix]
    weights = [draw(width, width, rng=draws) for _ in range(depth)]
    norms = []
    for path in (weights, [W.T for W in reversed(weights)]):
        x = starts.standard_normal(width)
        norms.append(products.log10_norms(path, x / np.linalg.norm(x)))
    return 10.0 ** np.diff(norms, prepend=0.0)


def _fate(held: FloatArray, exact: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What has become of each held number, and after how many layers.

    A number is stuck where rounding gives it back layer after layer, to the deepest,
    while the true value goes on.
    """
    lost = ~np.isfinite(held)
    with np.errstate(invalid="ignore"):
        same = np.isclose(np.diff(held, axis=-1), 0.0, rtol=0, atol=1e-12)
    moves = ~same | (np.abs(np.diff(exact, axis=-1)) < 1e-6)
    depth = held.shape[-1] - 1
    # The layer after the last move; `depth` where the last layer still moves.
    begin = depth - np.argmax(moves[..., ::-1], axis=-1)[..., None]
    begin = np.where(moves.any(axis=-1, keepdims=True), begin, 0)
    layers = np.arange(depth + 1)
    stuck = ~lost & (layers > begin) & ~lost.any(axis=-1, keepdims=True)
    state = np.where(lost, np.sign(held), np.where(stuck, STUCK, HELD))
    first_lost = lost.argmax(axis=-1)[..., None]
    return state, np.where(lost.any(axis=-1, keepdims=True), first_lost, begin)


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
    Settings, compute = Settings, staticmethod(compute)
    gain = knob(1.5)
    depth = knob(50)
    direction = knob("forward")
    number_format = knob("float32")

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
            y_frames=decades(4, 12, 40, 160),
            x_steps=(50, 200),
            height=300,
        ),
    )
    readout = (
        Sentence(
            "After {depth|layers} of gain {gain} the signal is {exact|times}.",
            at="depth",
            when=FORWARD,
        ),
        Sentence(
            "Back through {depth|layers} of gain {gain} the gradient is {exact|times}.",
            at="depth",
            when=BACKWARD,
        ),
        *(
            Sentence(f"{{number_format}} {text}.", at="depth", where="state", equals=at)
            for at, text in (
                (INFINITE, "has overflowed to infinity at layer {since|whole}"),
                (ZERO, "holds exactly 0 from layer {since|whole} on"),
                (STUCK, "is stuck at {held|number} since layer {since|whole}"),
            )
        ),
    )
