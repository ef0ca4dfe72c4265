"""Passes through many random networks at once, whatever the size of the numbers.

The package has two pairs of passes. The one in `network` is there to be read: the
formulas, layer by layer, in the number format of the network. This one is there to
sweep: the same formulas for S settings that share their weights up to a factor, with
statistics in place of the numbers themselves, and right where these would leave their
number format. A test compares the two.

Signal and gradients stand in arrays of shape (S, batch, width), and for each setting
("block") the logarithm of a factor: the numbers meant are values · 2^log2. A block
whose RMS lies between 2^-48 and 2^48 is taken as it is: its squares are far inside
float32. Beyond, φ is taken for its straight lines at 0 or at infinity, from which it
differs by about 2^-48 relative, nearly float64's own precision.
"""

from collections.abc import Callable, Sequence
from math import prod, sqrt
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse._checks import FloatArray, RNGLike, check_mean, check_rng
from vgcourse.activations import SATURATED_SLOPE, Activation
from vgcourse.profiles import HISTOGRAM_EDGES, alikeness

# The logarithm of what counts as tiny or huge; `meanfield` changes to the straight
# lines at the same place.
SAFE = 48.0

Blocks = NDArray[np.bool_]


# A block: its size, its scale, its product ------------------------------------------


def _rms(values: FloatArray) -> FloatArray:
    """Root mean square of each block, in float64, none lost by underflow."""
    squares = np.vecdot(values, values).mean(axis=1, dtype=np.float64)
    rms: FloatArray = np.sqrt(squares / values.shape[2])
    for block in np.flatnonzero(rms < 2.0**-SAFE):
        peak = float(np.abs(values[block]).max())
        if peak > 0:
            scaled = values[block].astype(np.float64) / peak
            rms[block] = peak * np.sqrt(np.mean(scaled**2))
    return rms


def _log2(values: ArrayLike) -> FloatArray:
    """Return the logarithm; that of 0, a signal or gradient that is gone, is −inf."""
    with np.errstate(divide="ignore"):
        logarithm: FloatArray = np.log2(values)
    return logarithm


def _scale(values: FloatArray, log2: FloatArray) -> None:
    """Multiply each block by its 2^log2, in place."""
    if log2.any():
        factor = np.exp2(np.minimum(log2, 120)).astype(values.dtype)
        values *= factor[:, None, None]


def _product(rows: FloatArray, matrix: FloatArray, out: FloatArray) -> None:
    """Fill `out` with rows @ matrix, one product for the examples of all blocks.

    Where the matrix is small, in pieces that BLAS does not share out: threads that
    wait for each other cost more than they save, ten times more on a busy machine.
    """
    inputs, outputs = matrix.shape
    rows, out = rows.reshape(-1, inputs), out.reshape(-1, outputs)
    whole = 0
    if (piece := 2**18 // matrix.size) >= 8:
        matrix = np.ascontiguousarray(matrix)
        whole = len(rows) // piece * piece
        np.matmul(
            rows[:whole].reshape(-1, piece, inputs),
            matrix,
            out=out[:whole].reshape(-1, piece, outputs),
        )
    np.matmul(rows[whole:], matrix, out=out[whole:])


def _log2_rms_of_products(delta: FloatArray, h: FloatArray) -> FloatArray:
    """Log2 of the RMS of each block's δᵀh, the gradient of the weights between them.

    Of few examples and wide layers the products δδᵀ and hhᵀ say it at less cost: with
    E examples, ‖δᵀh‖² is the sum over the E × E entries of both.
    """
    examples, outputs = delta.shape[1:]
    inputs = h.shape[2]
    squares = np.empty(len(delta))
    for block, (above, below) in enumerate(zip(delta, h, strict=True)):
        if examples * (outputs + inputs) < outputs * inputs:
            gradients = (above @ above.T).astype(np.float64)
            squares[block] = np.vdot(gradients, below @ below.T)
        else:
            products = (above.T @ below).astype(np.float64)
            squares[block] = np.vdot(products, products)
    return _log2(squares / (outputs * inputs)) / 2


# One layer, forward -----------------------------------------------------------------


class _Preactivation(NamedTuple):
    """Preactivations z · 2^log2, and the blocks for which φ is a straight line.

    They are so small or so large. The others have log2 = 0, or an RMS of 2^48.
    """

    z: FloatArray
    log2: FloatArray
    tiny: Blocks
    huge: Blocks


def _rescaled(
    activation: Activation, z: FloatArray, log2: FloatArray
) -> _Preactivation:
    """Bring z · 2^log2 to where φ can take it; `z` is overwritten."""
    size = log2 + _log2(_rms(z))
    size[size == -np.inf] = 0
    tiny = (size < -SAFE) & (activation.function(0.0) == 0)
    huge = (size > SAFE) & any(activation.slopes_at_infinity)
    # A bounded φ sees its z as it is, but for what exceeds 2^48.
    kept = np.where(tiny | huge, np.rint(size), np.maximum(size - SAFE, 0))
    _scale(z, log2 - kept)
    return _Preactivation(z, kept, tiny, huge)


def _applied(
    activation: Activation, preactivation: _Preactivation
) -> tuple[FloatArray, FloatArray]:
    """Return φ(z) and φ′(z), and where φ is a straight line this line and its slope."""
    z, _, tiny, huge = preactivation
    h, slope = activation.function_and_derivative(z)
    for blocks, (left, right) in (
        (tiny, activation.slopes_at_zero),
        (huge, activation.slopes_at_infinity),
    ):
        jump = z.dtype.type(right - left)
        slope[blocks] = z.dtype.type(left) + jump * (z[blocks] > 0)
        h[blocks] = slope[blocks] * z[blocks]
    return h, slope


def _rescued(
    function: Callable[[FloatArray], FloatArray],
    preactivation: _Preactivation,
    blocks: Blocks,
    *,
    values: FloatArray,
    log2: FloatArray,
) -> None:
    """Fill these blocks of values · 2^log2 with what float64 says of them."""
    for block in np.flatnonzero(blocks):
        factor = np.exp2(min(preactivation.log2[block], 900))
        exact = function(preactivation.z[block] * factor)
        exponent = np.frexp(np.abs(exact).max())[1]
        values[block], log2[block] = np.ldexp(exact, -exponent), exponent


class _Layer(NamedTuple):
    """One layer of a forward pass: h · 2^h_log2, slope · 2^slope_log2, statistics."""

    h: FloatArray
    h_log2: FloatArray
    slope: FloatArray
    slope_log2: FloatArray
    log10_rms: FloatArray
    saturation: FloatArray


def _activate(activation: Activation, z: FloatArray, log2: FloatArray) -> _Layer:
    """Apply φ and φ′ to z · 2^log2; `z` is overwritten."""
    preactivation = _rescaled(activation, z, log2)
    h, slope = _applied(activation, preactivation)
    straight = preactivation.tiny | preactivation.huge
    h_log2 = np.where(straight, preactivation.log2, 0)
    slope_log2 = np.zeros(len(z))

    # Where all is too small for the number format, float64 is asked. One slope that is
    # not saturated is large enough for its block.
    rms, saturation = _rms(h), _saturation(slope)
    faint = rms < 2.0**-SAFE
    if faint.any():
        _rescued(activation.function, preactivation, faint, values=h, log2=h_log2)
        rms = _rms(h)
    flat = saturation == 1
    if flat.any():
        _rescued(
            activation.derivative, preactivation, flat, values=slope, log2=slope_log2
        )
    log10_rms = (_log2(rms) + h_log2) * np.log10(2)
    return _Layer(h, h_log2, slope, slope_log2, log10_rms, saturation)


def _saturation(slope: FloatArray) -> FloatArray:
    """Share of small slopes in each block; NaN where one of them is NaN."""
    below = np.abs(slope) < SATURATED_SLOPE
    shares = np.array([np.count_nonzero(block) / block.size for block in below])
    shares[np.isnan(slope.min(axis=(1, 2)))] = np.nan
    return shares


def _histogram(h: FloatArray, log2: FloatArray) -> FloatArray:
    """Shares of each block between `HISTOGRAM_EDGES`; NaN where it holds a NaN."""
    bins, low = len(HISTOGRAM_EDGES) - 1, HISTOGRAM_EDGES[0]
    place = h.copy()
    _scale(place, np.minimum(log2, SAFE))
    place = (place - h.dtype.type(low)) * h.dtype.type(bins / (-2 * low))
    unknown = np.isnan(place.min(axis=(1, 2)))
    place[unknown] = 0
    # The one kind of integer that a 32-bit platform, such as the browser, counts too.
    where = np.clip(place, 0, bins - 1).astype(np.intp)
    where += bins * np.arange(len(h), dtype=np.intp)[:, None, None]
    counts = np.bincount(where.ravel(), minlength=bins * len(h))
    shares: FloatArray = counts.reshape(len(h), bins) / h[0].size
    shares[unknown] = np.nan
    return shares


# What enters a pass -----------------------------------------------------------------


class Inputs(NamedTuple):
    """What enters a pass: x · 2^log2 below, a gradient of RMS 1 above, and biases.

    A layer's biases are its `biases`, of variance 1, times its `sigma_b`.
    """

    x: FloatArray
    log2: float
    output_grad: FloatArray
    sigma_b: Sequence[float]
    biases: Sequence[FloatArray]


class DrawBiases(Protocol):
    """What draws so many numbers of variance 1."""

    def __call__(self, count: int, *, rng: np.random.Generator) -> FloatArray:
        """Return them, shape (count,)."""


def normal_biases(count: int, *, rng: np.random.Generator) -> FloatArray:
    """Draw standard normal numbers."""
    return rng.standard_normal(count)


def draw_inputs(
    batch: int,
    widths: Sequence[int],
    *,
    sigma_b: Sequence[float] = (),
    draw_biases: DrawBiases = normal_biases,
    input_rms: object = 1.0,
    input_mean: object = 0.0,
    rng: RNGLike,
    dtype: np.dtype[Any],
) -> Inputs:
    """Draw for networks whose inputs and layers have these widths."""
    rms, mean = check_mean(input_rms, input_mean)
    rng = check_rng(rng)
    x = rng.standard_normal((1, batch, widths[0]), dtype=dtype.type)
    output_grad = rng.standard_normal((1, batch, widths[-1]), dtype=dtype.type)
    shift = mean / rms if rms > 0 else 0.0
    x = dtype.type(shift) + dtype.type(sqrt(1 - shift**2)) * x
    x /= _rms(x)[0]
    output_grad /= _rms(output_grad)[0]
    biases = (
        [draw_biases(width, rng=rng) for width in widths[1:]] if any(sigma_b) else []
    )
    return Inputs(x, float(_log2(rms)), output_grad, sigma_b, biases)


# The passes -------------------------------------------------------------------------


class Passes(NamedTuple):
    """Statistics of S settings: as in `Profile` and `Grid`, with S as first axis."""

    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    histograms: FloatArray
    log10_weight_grad_rms: FloatArray
    alikeness: FloatArray


def nothing() -> None:
    """Do nothing, at the end of a layer."""


@np.errstate(over="ignore", invalid="ignore")
def run(
    activation: Activation,
    weights: Sequence[FloatArray],
    gains: FloatArray,
    inputs: Inputs,
    *,
    depths: Sequence[int],
    histogram_layers: Sequence[int] = (),
    with_states: bool = False,
    after_layer: Callable[[], None] = nothing,
) -> Passes:
    """Carry signal and gradients through gain · weights, for all gains at once.

    Parameters
    ----------
    activation : Activation
        φ of every layer.
    weights : sequence of ndarray of float, shapes (fan_out, fan_in)
        What all settings share.
    gains : ndarray of float, shape (S,)
        Multiply the weights.
    inputs : Inputs
        Shared by all settings too.
    depths : sequence of int
        At which layers a backward pass starts; at most `depth`.
    histogram_layers : sequence of int
        Layers, from 0, whose hidden states are counted in bins.
    with_states : bool
        Whether to keep the hidden states for the weights' gradients, below the last of
        the depths, and for the alikeness; without, both are NaN.
    after_layer : callable
        Called at the end of each layer of each pass.

    Notes
    -----
    An activation of one's own may leave the number format; no warning, the statistics
    then say so.
    """
    S, depth = len(gains), len(weights)
    batch, dtype = inputs.x.shape[1], weights[0].dtype
    shapes = [(S, batch, len(W)) for W in weights]
    slopes = side_by_side(shapes, dtype)
    slope_log2 = np.empty((depth, S))
    log10_rms, saturation = np.empty((2, S, depth))
    weight_grads, alike = np.full((2, S, depth), np.nan)
    histograms = np.empty((S, len(histogram_layers), len(HISTOGRAM_EDGES) - 1))

    h, log2 = np.repeat(inputs.x, S, axis=0), np.full(S, inputs.log2)
    log2_gain, spare = _log2(gains), _Spare(shapes, dtype)
    states = [(h, log2)]
    for layer, W in enumerate(weights):
        z = spare.of(shapes[layer])
        _product(h, W.T, out=z)
        log2 = log2 + log2_gain
        if any(inputs.sigma_b):
            # Signal and biases on one scale, the larger of the two.
            log2_b = _log2(inputs.sigma_b[layer])
            common = np.maximum(log2, log2_b)
            _scale(z, log2 - common)
            unit = np.exp2(log2_b - common)
            z += unit[:, None, None] * inputs.biases[layer]
            log2 = common
        found = _activate(activation, z, log2)
        h, log2 = found.h, found.h_log2
        slopes[layer], slope_log2[layer] = found.slope, found.slope_log2
        log10_rms[:, layer], saturation[:, layer] = found.log10_rms, found.saturation
        for column in np.flatnonzero(np.equal(histogram_layers, layer)):
            histograms[:, column] = _histogram(h, log2)
        if with_states:
            states.append((h, log2))
            alike[:, layer] = [alikeness(block) for block in h]
        after_layer()

    gradient = np.full((S, len(depths), depth), np.nan)
    for place, start in enumerate(depths):
        gradient[:, place, :start], weight_grads[:, :start] = _backward(
            weights[:start],
            log2_gain,
            slopes[:start],
            slope_log2[:start],
            inputs.output_grad,
            states=states[:start] if with_states else (),
            after_layer=after_layer,
        )
    return Passes(log10_rms, gradient, saturation, histograms, weight_grads, alike)


def side_by_side(
    shapes: Sequence[tuple[int, ...]], dtype: np.dtype[Any]
) -> list[FloatArray]:
    """Return arrays of these shapes in one: large pages, where the system has them."""
    sizes = [prod(shape) for shape in shapes]
    whole, ends = np.empty(sum(sizes), dtype), np.cumsum(sizes)
    parts = zip(sizes, ends, shapes, strict=True)
    return [whole[end - size : end].reshape(shape) for size, end, shape in parts]


class _Spare:
    """Room for an array of any of these shapes, one at a time."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], dtype: np.dtype[Any]) -> None:
        self._room = np.empty(max(map(prod, shapes)), dtype)

    def of(self, shape: tuple[int, ...]) -> FloatArray:
        return self._room[: prod(shape)].reshape(shape)


def _backward(
    weights: Sequence[FloatArray],
    log2_gain: FloatArray,
    slopes: Sequence[FloatArray],
    slope_log2: FloatArray,
    output_grad: FloatArray,
    *,
    states: Sequence[tuple[FloatArray, FloatArray]],
    after_layer: Callable[[], None],
) -> tuple[FloatArray, FloatArray]:
    """Return log10 of the gradient's RMS at each z and each W, shapes (S, depth)."""
    depth, S = slope_log2.shape
    shapes, dtype = [slope.shape for slope in slopes], slopes[0].dtype
    deltas, grads = _Spare(shapes, dtype), _Spare(shapes, dtype)
    grad = grads.of(shapes[-1])
    grad[:] = output_grad
    log2_rms, log2 = np.empty((S, depth)), np.zeros(S)
    log2_weight_grads = np.full((S, depth), np.nan)
    for layer in reversed(range(depth)):
        delta = deltas.of(shapes[layer])
        np.multiply(grad, slopes[layer], out=delta)
        log2 += slope_log2[layer]
        size = _log2(_rms(delta))
        log2_rms[:, layer] = size + log2
        # The pass is linear: a running scale is all it needs.
        far = (size > -np.inf) & (np.abs(size) > SAFE / 2)
        shift = np.where(far, -np.rint(size), 0)
        _scale(delta, shift)
        log2 -= shift
        if states:
            h, h_log2 = states[layer]
            products = _log2_rms_of_products(delta, h)
            log2_weight_grads[:, layer] = products + log2 + h_log2
        if layer:
            log2 += log2_gain
            grad = grads.of(shapes[layer - 1])
            _product(delta, weights[layer], out=grad)
        after_layer()
    return log2_rms * np.log10(2), log2_weight_grads * np.log10(2)
