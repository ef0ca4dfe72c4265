"""What a pass does to signal and gradient, layer by layer: measured and predicted."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import erfc, sqrt
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgcourse._checks import (
    FloatArray,
    RNGLike,
    check_array,
    check_count,
    check_real,
    check_rng,
)
from vgcourse.activations import Activation
from vgcourse.activations import get as get_activation
from vgcourse.gaussian import gaussian_mean
from vgcourse.initializers import Initializer, standard_deviation
from vgcourse.initializers import get as get_initializer
from vgcourse.profiles import HISTOGRAM_EDGES, SATURATED_SLOPE, Profile

Integers = NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")


# Measured ---------------------------------------------------------------------------
#
# The passes carry S settings at once, in arrays of shape (S, batch, width), and for
# each setting ("block") the logarithm of a factor, so that nothing leaves the range of
# its number format: the numbers meant are values · 2^log2. A block whose RMS lies
# between 2^-48 and 2^48 is taken as it is: its squares are far inside float32. Beyond,
# φ is taken for its straight lines at 0 or at infinity, from which it differs by about
# 2^-48 relative, nearly float64's own precision.

_SAFE = 48.0


def _rms(values: FloatArray) -> FloatArray:
    """Root mean square of each block, in float64, none lost by underflow."""
    squares = np.vecdot(values, values).mean(axis=1, dtype=np.float64)
    rms: FloatArray = np.sqrt(squares / values.shape[2])
    for block in np.flatnonzero(rms < 2.0**-_SAFE):
        peak = float(np.abs(values[block]).max())
        if peak > 0:
            scaled = values[block].astype(np.float64) / peak
            rms[block] = peak * np.sqrt(np.mean(scaled**2))
    return rms


def _product(rows: FloatArray, matrix: FloatArray, out: FloatArray) -> None:
    """Fill `out` with rows @ matrix; one product for the examples of all blocks.

    Where the matrix is small, in pieces that BLAS does not share out: threads that
    wait for each other cost more than they save, ten times more on a busy machine.
    """
    width = len(matrix)
    rows, out = rows.reshape(-1, width), out.reshape(-1, width)
    whole = 0
    if (piece := 2**18 // width**2) >= 8:
        matrix = np.ascontiguousarray(matrix)
        whole = len(rows) // piece * piece
        pieces = (-1, piece, width)
        np.matmul(rows[:whole].reshape(pieces), matrix, out=out[:whole].reshape(pieces))
    np.matmul(rows[whole:], matrix, out=out[whole:])


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
    size = log2 + _log2(_rms(z))
    size[size == -np.inf] = 0
    tiny = (size < -_SAFE) & (activation.function(0.0) == 0)
    huge = (size > _SAFE) & any(activation.slopes_at_infinity)
    straight = tiny | huge
    # A bounded φ sees its z as it is, but for what exceeds 2^48.
    kept = np.where(straight, np.rint(size), np.maximum(size - _SAFE, 0))
    _scale(z, log2 - kept)

    h, slope = activation.function_and_derivative(z)
    for blocks, (left, right) in (
        (tiny, activation.slopes_at_zero),
        (huge, activation.slopes_at_infinity),
    ):
        jump = z.dtype.type(right - left)
        slope[blocks] = z.dtype.type(left) + jump * (z[blocks] > 0)
        h[blocks] = slope[blocks] * z[blocks]
    rms = _rms(h)
    below = np.abs(slope) < SATURATED_SLOPE
    saturation = np.array([np.count_nonzero(block) / block.size for block in below])

    h_log2, slope_log2 = np.where(straight, kept, 0), np.zeros(len(z))
    # Where all is too small for the number format, float64 is asked. One slope that is
    # not saturated is large enough for its block.
    faint, flat = rms < 2.0**-_SAFE, saturation == 1
    for function, blocks, values, value_log2 in (
        (activation.function, faint, h, h_log2),
        (activation.derivative, flat, slope, slope_log2),
    ):
        for block in np.flatnonzero(blocks):
            exact = function(z[block] * np.exp2(min(kept[block], 900)))
            exponent = np.frexp(np.abs(exact).max())[1]
            values[block], value_log2[block] = np.ldexp(exact, -exponent), exponent
    if faint.any():
        rms = _rms(h)
    log10_rms = (_log2(rms) + h_log2) * np.log10(2)
    return _Layer(h, h_log2, slope, slope_log2, log10_rms, saturation)


def _histogram(h: FloatArray, log2: FloatArray) -> FloatArray:
    bins, low = len(HISTOGRAM_EDGES) - 1, HISTOGRAM_EDGES[0]
    place = h.copy()
    _scale(place, np.minimum(log2, _SAFE))
    place = (place - h.dtype.type(low)) * h.dtype.type(bins / (-2 * low))
    where = np.clip(place, 0, bins - 1).astype(np.int64)
    where += bins * np.arange(len(h))[:, None, None]
    counts = np.bincount(where.ravel(), minlength=bins * len(h))
    shares: FloatArray = counts.reshape(len(h), bins) / h[0].size
    return shares


class _Inputs(NamedTuple):
    """What enters a pass: x · 2^log2 below, a gradient of RMS 1 above, and biases."""

    x: FloatArray
    log2: float
    output_grad: FloatArray
    sigma_b: float
    biases: FloatArray


def _draw_inputs(
    shape: tuple[int, int, int],
    *,
    sigma_b: object = 0.0,
    input_rms: object = 1.0,
    input_mean: object = 0.0,
    rng: RNGLike,
    dtype: np.dtype[Any],
) -> _Inputs:
    """Draw for networks of shape (depth, batch, width)."""
    depth, batch, width = shape
    rms = check_real("input_rms", input_rms, at_least=0)
    mean = check_real("input_mean", input_mean)
    if abs(mean) > rms:
        message = f"input_mean must be at most input_rms={rms:g}, got {mean:g}"
        raise ValueError(message)
    sigma_b = check_real("sigma_b", sigma_b, at_least=0)
    rng = check_rng(rng)
    x, output_grad = rng.standard_normal((2, 1, batch, width), dtype=dtype.type)
    shift = mean / rms if rms > 0 else 0.0
    x = dtype.type(shift) + dtype.type(sqrt(1 - shift**2)) * x
    x /= _rms(x)[0]
    output_grad /= _rms(output_grad)[0]
    biases = rng.standard_normal((depth, width)) if sigma_b else np.empty(0)
    return _Inputs(x, float(_log2(rms)), output_grad, sigma_b, biases)


class _Passes(NamedTuple):
    """Statistics of S settings, over (S, …) as in `Grid`."""

    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    histograms: FloatArray


def _run(
    activation: Activation,
    weights: FloatArray,
    gains: FloatArray,
    inputs: _Inputs,
    *,
    depths: Sequence[int],
    histogram_layers: Sequence[int] = (),
) -> _Passes:
    """Carry signal and gradients through gain · weights, for all gains at once."""
    S, depth = len(gains), len(weights)
    # One array for all layers: large pages, where the system has them.
    slopes = np.empty((depth, S, *inputs.x.shape[1:]), weights.dtype)
    slope_log2 = np.empty((depth, S))
    log10_rms, saturation = np.empty((2, S, depth))
    histograms = np.empty((S, len(histogram_layers), len(HISTOGRAM_EDGES) - 1))

    h, log2 = np.repeat(inputs.x, S, axis=0), np.full(S, inputs.log2)
    z, log2_gain = np.empty_like(h), _log2(gains)
    for layer, W in enumerate(weights):
        _product(h, W.T, out=z)
        log2 = log2 + log2_gain
        if inputs.sigma_b:
            # Signal and biases on one scale, the larger of the two.
            common = np.maximum(log2, np.log2(inputs.sigma_b))
            _scale(z, log2 - common)
            unit = np.exp2(np.log2(inputs.sigma_b) - common)
            z += unit[:, None, None] * inputs.biases[layer]
            log2 = common
        found = _activate(activation, z, log2)
        h, log2 = found.h, found.h_log2
        slopes[layer], slope_log2[layer] = found.slope, found.slope_log2
        log10_rms[:, layer], saturation[:, layer] = found.log10_rms, found.saturation
        for column in np.flatnonzero(np.equal(histogram_layers, layer)):
            histograms[:, column] = _histogram(h, log2)

    gradient = np.full((S, len(depths), depth), np.nan)
    for place, start in enumerate(depths):
        gradient[:, place, :start] = _backward(
            weights[:start],
            log2_gain,
            slopes[:start],
            slope_log2[:start],
            inputs.output_grad,
        )
    return _Passes(log10_rms, gradient, saturation, histograms)


def _backward(
    weights: FloatArray,
    log2_gain: FloatArray,
    slopes: FloatArray,
    slope_log2: FloatArray,
    output_grad: FloatArray,
) -> FloatArray:
    """Return log10 of the gradient's RMS at each z, shape (S, depth)."""
    depth, S = slopes.shape[:2]
    delta, grad = np.empty((2, *slopes.shape[1:]), slopes.dtype)
    grad[:] = output_grad
    log2_rms, log2 = np.empty((S, depth)), np.zeros(S)
    for layer in reversed(range(depth)):
        np.multiply(grad, slopes[layer], out=delta)
        log2 += slope_log2[layer]
        size = _log2(_rms(delta))
        log2_rms[:, layer] = size + log2
        if layer:
            # The pass is linear: a running scale is all it needs.
            far = (size > -np.inf) & (np.abs(size) > _SAFE / 2)
            shift = np.where(far, -np.rint(size), 0)
            _scale(delta, shift)
            log2 += log2_gain - shift
            _product(delta, weights[layer], out=grad)
    log2_rms *= np.log10(2)
    return log2_rms


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    found = np.dtype(dtype)
    if found not in (np.float32, np.float64):
        message = f"dtype must be float32 or float64, got {found}"
        raise TypeError(message)
    return found


def _in_threads(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Apply `function` to each item, on as many threads as BLAS is allowed."""
    allowed = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    count = int(allowed) if allowed.isdecimal() else os.cpu_count()
    if count == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, items))


def _draw_weights(
    initializer: Initializer,
    width: int,
    rngs: Sequence[RNGLike],
    dtype: np.dtype[Any],
) -> FloatArray:
    """Return the weights of all layers, shape (depth, width, width)."""
    weights = np.empty((len(rngs), width, width), dtype)

    def draw(layer: int) -> None:
        weights[layer] = initializer(width, width, rng=rngs[layer], dtype=dtype)

    _in_threads(draw, range(len(rngs)))
    return weights


def measure_profile(
    *,
    depth: int,
    width: int,
    activation: str | Activation,
    initializer: str | Initializer,
    gain: float = 1.0,
    batch: int = 128,
    sigma_b: float = 0.0,
    input_rms: float = 1.0,
    input_mean: float = 0.0,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> Profile:
    """Measure one forward and one backward pass of a random network.

    The logarithms are right also where the numbers themselves would over- or
    underflow: a power of two is carried beside every layer. There are no weight
    gradients.

    Parameters
    ----------
    depth, width, batch : int
        Layers; units per layer, and inputs; examples. Each at least 1.
    activation : str or Activation
        φ, by name or as an object; it acts in every layer, the last included.
    initializer : str or Initializer
        Draws the weights, by name or as an object; called with its own gain of 1.
    gain : float, default 1.0
        Multiplies every weight; at least 0.
    sigma_b : float, default 0.0
        Standard deviation of the normal biases.
    input_rms, input_mean : float, default 1.0 and 0.0
        The inputs are normal with this mean and scaled to exactly this root mean
        square, over batch and units. The mean is at most the RMS.
    rng : int, SeedSequence or Generator
        Source of randomness. It spawns ``depth + 1`` generators: one for the weights
        of each layer; the last for inputs, output gradient and biases.
    dtype : dtype, default float64
        Number format of the passes, float32 or float64.

    Returns
    -------
    Profile
        Arrays of shape (depth,).

    Raises
    ------
    ValueError, TypeError
        If a count is below 1 or no integer, a number is not finite, a name is not
        known, the mean exceeds the RMS, or `dtype` is neither float32 nor float64.

    Notes
    -----
    A slope below the smallest float64 is zero: the gradient is −inf where all slopes
    of a layer are that small, for all examples (tanh: all ``|z| > 372``).

    Examples
    --------
    >>> profile = measure_profile(
    ...     depth=100,
    ...     width=8,
    ...     activation="identity",
    ...     initializer="lecun_normal",
    ...     gain=1e-30,
    ...     rng=0,
    ...     dtype="float32",
    ... )
    >>> profile.log10_gradient_rms.shape, bool(profile.log10_gradient_rms[0] < -2900)
    ((100,), True)
    """
    depth, width = check_count("depth", depth), check_count("width", width)
    batch = check_count("batch", batch)
    activation, initializer = get_activation(activation), get_initializer(initializer)
    gains = np.array([check_real("gain", gain, at_least=0)])
    number = _check_dtype(dtype)
    *layer_rngs, last = check_rng(rng).spawn(depth + 1)
    inputs = _draw_inputs(
        (depth, batch, width),
        sigma_b=sigma_b,
        input_rms=input_rms,
        input_mean=input_mean,
        rng=last,
        dtype=number,
    )
    weights = _draw_weights(initializer, width, layer_rngs, number)
    passes = _run(activation, weights, gains, inputs, depths=[depth])
    return Profile(
        passes.log10_activation_rms[0],
        passes.log10_gradient_rms[0, 0],
        passes.saturation[0],
    )


# Predicted --------------------------------------------------------------------------


@lru_cache
def _saturation_edges(activation: Activation) -> tuple[FloatArray, bool]:
    """Where |φ′| crosses `SATURATED_SLOPE`, and whether it lies below it at −∞."""

    def saturated(z: FloatArray) -> NDArray[np.bool_]:
        below: NDArray[np.bool_] = np.abs(activation.derivative(z)) < SATURATED_SLOPE
        return below

    z = np.linspace(-64, 64, 2**15 + 1)  # GELU's slope is this small over 0.02 only
    outside = saturated(z)
    left = np.flatnonzero(outside[1:] != outside[:-1])
    low, high = z[left], z[left + 1]
    for _ in range(200):  # an edge at 0 is told from one at 2^-48
        middle = (low + high) / 2
        same = saturated(middle) == outside[left]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return high, bool(outside[0])


_upper_tail = np.vectorize(lambda z: erfc(z / sqrt(2)) / 2, otypes=[np.float64])


def _gaussian_moments(
    activation: Activation, log2_q: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log2 E φ², log2 E φ′² and P(saturated) for z ~ N(0, q)."""
    q = np.exp2(np.minimum(log2_q, 900))

    def log2_mean_square(function: Callable[[Any], Any]) -> FloatArray:
        return np.log2(
            gaussian_mean(
                lambda z: function(z) ** 2, variance=q, kinks=activation.kinks
            )
        )

    lines = [activation.slopes_at_zero, activation.slopes_at_infinity]
    with np.errstate(divide="ignore"):  # the log of a moment that is zero
        square = [np.log2((left**2 + right**2) / 2) for left, right in lines]
        forward = log2_mean_square(activation.function)
        backward = log2_mean_square(activation.derivative)
        # Farther out, a bounded φ slopes near 0 alone, where the density is 1/√q.
        backward = backward - np.maximum(log2_q - 900, 0) / 2
    edges, outside = _saturation_edges(activation)
    # The share changes sides at each edge, and each edge has its tail above it.
    sides = np.where(np.arange(len(edges)) % 2 == outside, 1.0, -1.0)
    std = np.sqrt(np.maximum(q, 1e-300))[..., None]
    saturation = outside + _upper_tail(edges / std) @ sides
    silent = log2_q == -np.inf
    saturation = np.where(
        silent, abs(activation.derivative(0.0)) < SATURATED_SLOPE, saturation
    )

    linear = [
        (log2_q < -2 * _SAFE) & (activation.function(0.0) == 0) & ~silent,
        (log2_q > 2 * _SAFE) & any(activation.slopes_at_infinity),
    ]
    flat = [np.mean(np.abs(line) < SATURATED_SLOPE) for line in lines]
    return (
        np.select(linear, [log2_q + s for s in square], forward),
        np.select(linear, square, backward),
        np.select(linear, flat, saturation),
    )


def predict_profile(
    *,
    depth: int,
    activation: str | Activation,
    sigma_w: ArrayLike,
    sigma_b: float = 0.0,
    input_rms: float = 1.0,
) -> Profile:
    r"""Predict what `measure_profile` finds, for infinite width.

    Mean-field theory: preactivations are normal with variance :math:`q_\ell`, weights
    used on the way back are independent of those used on the way forward, and

    .. math::
        q_\ell = \sigma_w^2\, \mathrm{E}[h_{\ell-1}^2] + \sigma_b^2, \quad
        \mathrm{E}[h_\ell^2] = \mathrm{E}[\varphi(\sqrt{q_\ell}\, z)^2], \quad
        \mathrm{E}[\delta_\ell^2]
        = \sigma_w^2\, \mathrm{E}[\varphi'(\sqrt{q_\ell}\, z)^2]\,
          \mathrm{E}[\delta_{\ell+1}^2],

    where :math:`\mathrm{E}[\delta_L^2] = \mathrm{E}[\varphi'(\sqrt{q_L}\, z)^2]`
    and z is standard normal.

    Parameters
    ----------
    depth : int
        Number of layers, at least 1.
    activation : str or Activation
        φ, by name or as an object.
    sigma_w : float or array_like
        Standard deviation of the weights times √width (LeCun 1, He √2).
    sigma_b : float, default 0.0
        Standard deviation of the biases.
    input_rms : float, default 1.0
        Root mean square of the inputs; their mean does not matter.

    Returns
    -------
    Profile
        Arrays of shape (depth,), or (\*sigma_w.shape, depth).

    Raises
    ------
    ValueError, TypeError
        If `depth` is below 1 or no integer, a deviation is negative or not finite,
        or the name is not known.

    References
    ----------
    .. [1] S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein, "Deep
       information propagation", ICLR 2017, sec. 3 and 4.

    Examples
    --------
    >>> he = predict_profile(depth=3, activation="relu", sigma_w=2**0.5)
    >>> he.log10_activation_rms.round(6) + 0
    array([0., 0., 0.])
    """
    depth = check_count("depth", depth)
    activation = get_activation(activation)
    weight_std = check_array("sigma_w", sigma_w).astype(np.float64)
    if (weight_std < 0).any():
        message = f"sigma_w must be at least 0, got {weight_std.min()}"
        raise ValueError(message)
    with np.errstate(divide="ignore"):  # log 0 = −inf: no weights, biases or inputs
        log2_w = 2 * np.log2(weight_std)
        log2_b = 2 * np.log2(check_real("sigma_b", sigma_b, at_least=0))
        log2_h = 2 * np.log2(check_real("input_rms", input_rms, at_least=0))
    forward, backward, saturation = [], [], []
    for _ in range(depth):
        log2_q = np.logaddexp2(log2_w + log2_h, log2_b)
        log2_h, log2_slope, share = _gaussian_moments(activation, log2_q)
        forward.append(log2_h)
        backward.append(log2_slope)
        saturation.append(share)
    factors = np.stack(backward, axis=-1)
    factors[..., :-1] += np.asarray(log2_w)[..., None]
    log2_delta = np.cumsum(factors[..., ::-1], axis=-1)[..., ::-1]
    return Profile(
        np.stack(forward, axis=-1) * np.log10(2) / 2,
        log2_delta * np.log10(2) / 2,
        np.stack(saturation, axis=-1),
    )


def chi(*, activation: str | Activation, sigma_w: float, q: float) -> float:
    r"""Return the factor :math:`\chi_1` on the squared gradient, per layer.

    .. math:: \chi_1 = \sigma_w^2\, \mathrm{E}[\varphi'(\sqrt q\, z)^2]

    for standard normal z. Below 1 gradients vanish, above 1 they explode; its square
    root is the factor on the norm.

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object.
    sigma_w : float
        Standard deviation of the weights times √width.
    q : float
        Variance of the preactivations, such as a `fixed_point`; 0 and infinity
        stand for the limits.

    Raises
    ------
    ValueError, TypeError
        If `sigma_w` or `q` is negative or no number, or the name is not known.

    Examples
    --------
    >>> round(chi(activation="relu", sigma_w=2**0.5, q=1.0), 12)
    1.0
    """
    activation = get_activation(activation)
    weight_std = check_real("sigma_w", sigma_w, at_least=0)
    variance = q if q == np.inf else check_real("q", q, at_least=0)
    if variance == 0:
        left, right = activation.slopes_at_zero
    elif variance == np.inf:
        left, right = activation.slopes_at_infinity
    else:
        _, log2_slope, _ = _gaussian_moments(activation, np.log2(variance))
        return float(weight_std**2 * np.exp2(log2_slope))
    return weight_std**2 * (left**2 + right**2) / 2


def fixed_point(
    *,
    activation: str | Activation,
    sigma_w: float,
    sigma_b: float = 0.0,
    start: float = 1.0,
) -> float:
    r"""Return the variance q* of the preactivations to which deep layers tend.

    It solves :math:`q = \sigma_w^2\, \mathrm{E}[\varphi(\sqrt q\, z)^2] +
    \sigma_b^2`: of several solutions, the one that the recursion of
    `predict_profile` reaches from `start`.

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object.
    sigma_w, sigma_b : float
        Standard deviations of the weights (times √width) and of the biases.
    start : float, default 1.0
        Variance of the preactivations in the first layer, above 0. If it is itself
        a solution, it is returned.

    Returns
    -------
    float
        q*; 0 stands for anything below 1e-12, infinity for anything above 1e12.

    Raises
    ------
    ValueError, TypeError
        If a deviation is negative, `start` is not above 0, a number is not finite,
        or the name is not known.

    References
    ----------
    .. [1] B. Poole et al., "Exponential expressivity in deep neural networks through
       transient chaos", NeurIPS 2016, sec. 2.

    Examples
    --------
    >>> round(fixed_point(activation="sigmoid", sigma_w=1.0), 6)
    0.264687
    """
    activation = get_activation(activation)
    weight_std = check_real("sigma_w", sigma_w, at_least=0)
    bias_std = check_real("sigma_b", sigma_b, at_least=0)
    near = check_real("start", start)
    if near <= 0:
        message = f"start must be above 0, got {start}"
        raise ValueError(message)

    def growth(q: float) -> float:
        mean = gaussian_mean(
            lambda z: activation.function(z) ** 2, variance=q, kinks=activation.kinks
        )
        return float(weight_std**2 * mean + bias_std**2) / q - 1

    rounding = 1e-12  # of the quadrature, with a margin
    direction = float(np.sign(growth(near)))
    if abs(growth(near)) < rounding:
        return near
    # The recursion is monotone: it goes one way until its growth changes sign.
    far = near * 2**direction
    while direction * growth(far) > -rounding:
        near, far = far, far * 2**direction
        if not 1e-12 < far < 1e12:
            return 0.0 if direction < 0 else np.inf
    for _ in range(54):
        middle = sqrt(near * far)
        near, far = (middle, far) if direction * growth(middle) > 0 else (near, middle)
    return sqrt(near * far)


# A grid of settings -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Grid:
    """Profiles over (activation, initializer, gain), as `measure_grid` returns them.

    Letters in the shapes: A activations, I initializers, G gains, D depths, H layers
    with histograms; `depth` is the largest of the depths.

    Attributes
    ----------
    activations, initializers : tuple of str, lengths A and I
    gains : ndarray of float, shape (G,)
    depths, histogram_layers : tuple of int, lengths D and H
    setting : ndarray of int, shape (I, G)
        Equal numbers, from 0, mark pairs that have the same weights and so the same
        results: a table need store each number only once.
    sigma_w : ndarray of float, shape (I, G)
        Standard deviation of the weights times √width, for `predict_profile`.
    log10_activation_rms, saturation : ndarray of float, shape (A, I, G, depth)
        As in `Profile`.
    log10_gradient_rms : ndarray of float, shape (A, I, G, D, depth)
        As in `Profile`, for an output at each of the depths; NaN above it.
    histograms : ndarray of float, shape (A, I, G, H, 61)
        Shares of the hidden states between `HISTOGRAM_EDGES`, over batch and units;
        the first and last bin also count everything beyond, so that they sum to 1.
    """

    activations: tuple[str, ...]
    initializers: tuple[str, ...]
    gains: FloatArray
    depths: tuple[int, ...]
    histogram_layers: tuple[int, ...]
    setting: Integers
    sigma_w: FloatArray
    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    histograms: FloatArray


def _families(drawn: Sequence[FloatArray]) -> list[tuple[int, float]]:
    """For each stack of weights, the first that it is a multiple of, and the multiple.

    The stacks come from the same seeds, so their first layers tell.
    """
    found: list[tuple[int, float]] = []
    for number, weights in enumerate(drawn):
        for first in sorted({first for first, _ in found}):
            base = drawn[first][0]
            multiple = float(np.vdot(weights[0], base) / (np.vdot(base, base) or 1))
            if np.allclose(weights[0], multiple * base, rtol=1e-4):
                found.append((first, multiple))
                break
        else:
            found.append((number, 1.0))
    return found


# Settings carried together: their blocks of 128 × 128 float32 fit a core's L2 cache.
_TOGETHER = 8


def measure_grid(
    *,
    activations: Sequence[str],
    initializers: Sequence[str],
    gains: Sequence[float],
    depths: Sequence[int] = (50,),
    width: int = 128,
    batch: int = 128,
    input_rms: float = 1.0,
    histogram_layers: Sequence[int] = (),
    rng: RNGLike,
    dtype: DTypeLike = np.float32,
) -> Grid:
    """Measure the profile of every (activation, initializer, gain).

    All settings share one draw: every initializer is given the same seeds, and the
    gain multiplies what it draws. Neighbors on the grid therefore differ by their
    setting, not by luck; and pairs whose weights come out as the same numbers (He with
    gain 1 and LeCun with gain √2) are measured once.

    Parameters
    ----------
    activations, initializers : sequence of str
        Names, as in `ACTIVATIONS` and `INITIALIZERS`.
    gains : sequence of float
        Multiply every weight; at least 0.
    depths : sequence of int, default (50,)
        Numbers of layers. All share one forward pass through the deepest network;
        a backward pass starts at each.
    width, batch : int, default 128
        Units per layer, and inputs; examples. Each at least 1.
    input_rms : float, default 1.0
        Root mean square of the normal inputs.
    histogram_layers : sequence of int, default ()
        Layers, from 0, whose hidden states are counted in bins.
    rng : int, SeedSequence or Generator
        Source of randomness.
    dtype : dtype, default float32
        Number format of the passes, float32 or float64.

    Returns
    -------
    Grid

    Raises
    ------
    ValueError, TypeError
        As `measure_profile`; also if a sequence is empty, or a histogram is asked of a
        layer that is not there.

    Examples
    --------
    >>> grid = measure_grid(
    ...     activations=["tanh", "relu"],
    ...     initializers=["lecun_normal", "he_normal"],
    ...     gains=[1, 2**0.5, 2],
    ...     depths=[10, 20],
    ...     histogram_layers=[19],
    ...     width=16,
    ...     batch=16,
    ...     rng=0,
    ... )
    >>> grid.setting
    array([[0, 1, 2],
           [1, 2, 3]])
    >>> grid.log10_gradient_rms.shape
    (2, 2, 3, 2, 20)
    """
    functions = [get_activation(name) for name in activations]
    draws = [get_initializer(name) for name in initializers]
    gain = np.array([check_real("gains", value, at_least=0) for value in gains])
    depths = tuple(check_count("depths", depth) for depth in depths)
    if not (functions and draws and len(gain) and depths):
        message = "activations, initializers, gains and depths must not be empty"
        raise ValueError(message)
    depth, width = max(depths), check_count("width", width)
    layers = tuple(
        check_count("histogram_layers", layer, at_least=0) for layer in histogram_layers
    )
    if layers and max(layers) >= depth:
        message = f"histogram_layers must be below depth {depth}, got {max(layers)}"
        raise ValueError(message)
    number = _check_dtype(dtype)
    input_seed, *seeds = (
        int(s) for s in check_rng(rng).integers(2**63, size=depth + 1)
    )
    inputs = _draw_inputs(
        (depth, check_count("batch", batch), width),
        input_rms=input_rms,
        rng=input_seed,
        dtype=number,
    )
    drawn = [_draw_weights(draw, width, seeds, number) for draw in draws]
    sources: dict[tuple[int, str], tuple[int, float]] = {}
    keys = []
    for first, multiple in _families(drawn):
        for g in gain * multiple:
            # Five digits tell settings apart; ratios of float32 draws have more.
            keys.append((first, f"{g:.5g}"))
            sources.setdefault(keys[-1], (first, g))
    base, scale = map(np.array, zip(*sources.values(), strict=True))
    tasks: list[tuple[int, Integers]] = []
    for place, first in product(range(len(functions)), np.unique(base)):
        columns = np.flatnonzero(base == first)
        parts = np.split(columns, range(_TOGETHER, len(columns), _TOGETHER))
        tasks += [(place, part) for part in parts]

    def run(task: tuple[int, Integers]) -> _Passes:
        place, columns = task
        return _run(
            functions[place],
            drawn[base[columns[0]]],
            scale[columns],
            inputs,
            depths=depths,
            histogram_layers=layers,
        )

    results = _in_threads(run, tasks)

    number_of = {key: number for number, key in enumerate(sources)}
    setting = np.reshape([number_of[key] for key in keys], (len(draws), len(gain)))
    deviations = [standard_deviation(name, width, width) for name in initializers]

    def spread(name: str) -> FloatArray:
        found = [getattr(passes, name) for passes in results]
        table = np.empty((len(functions), len(scale), *found[0].shape[1:]))
        for (place, columns), values in zip(tasks, found, strict=True):
            table[place, columns] = values
        return table[:, setting]

    return Grid(
        activations=tuple(activations),
        initializers=tuple(initializers),
        gains=gain,
        depths=depths,
        histogram_layers=layers,
        setting=setting,
        sigma_w=np.outer(deviations, gain * sqrt(width)),
        log10_activation_rms=spread("log10_activation_rms"),
        log10_gradient_rms=spread("log10_gradient_rms"),
        saturation=spread("saturation"),
        histograms=spread("histograms"),
    )
