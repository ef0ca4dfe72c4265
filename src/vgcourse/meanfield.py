"""Random networks predicted: mean-field theory of signal and gradient.

In a network of infinite width the preactivations are Gaussian, and what `propagation`
measures becomes a mean over one Gaussian variable per layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, log2, sqrt

import numpy as np
from numpy.typing import ArrayLike

from vgcourse._checks import (
    FloatArray,
    as_array,
    check_array,
    check_count,
    check_mean,
    check_real,
    check_sequence,
    check_widths,
    shown,
)
from vgcourse._moments import apart, moments
from vgcourse.activations import SATURATED_SLOPE, Activation
from vgcourse.activations import get as get_activation
from vgcourse.gaussian import gaussian_mean
from vgcourse.initializers import (
    INITIALIZERS,
    Initializer,
    Scheme,
    standard_deviation,
)
from vgcourse.initializers import get as get_initializer
from vgcourse.profiles import Profile

# Layer after layer ------------------------------------------------------------------


_upper_tail = np.vectorize(lambda z: erfc(z / sqrt(2)) / 2, otypes=[np.float64])


def _saturation(activation: Activation, log2_q: FloatArray) -> FloatArray:
    """P(|φ′(z)| < `SATURATED_SLOPE`), NaN beyond the reach of the edges."""
    edges = activation.saturation_edges
    std = np.sqrt(np.exp2(np.clip(log2_q, -900, 900)))
    # The share changes at each edge, and each edge has its tail above it.
    share = edges.outside + _upper_tail(edges.at / std[..., None]) @ edges.step
    share = np.where(std > edges.reach, np.nan, np.clip(share, 0, 1))
    lines = np.abs([activation.slopes_at_zero, activation.slopes_at_infinity])
    flat = list(np.mean(lines < SATURATED_SLOPE, axis=1))
    silent = abs(activation.derivative(0.0)) < SATURATED_SLOPE
    saturation: FloatArray = np.select(
        [log2_q == -np.inf, *moments(activation).straight(log2_q)],
        [silent, *flat],
        share,
    )
    return saturation


@dataclass(frozen=True)
class _Weights:
    """What a layer's weights and biases do to mean squares, as logarithms to base 2.

    The last axis is the layer, the first are those of the settings.
    """

    log2_forward: FloatArray  # fan_in · Var(W)
    log2_backward: FloatArray  # fan_out · Var(W)
    log2_b: FloatArray

    @property
    def are_equal(self) -> bool:
        """Whether all layers have the same."""
        parts = (self.log2_forward, self.log2_b)
        return all(bool((part == part[..., :1]).all()) for part in parts)


@np.errstate(invalid="ignore")  # ∞ − ∞
def _still(new: FloatArray, old: FloatArray) -> bool:
    return bool((np.abs(new - old) <= 1e-14 * np.abs(old) + 1e-15).all())


def _weights(
    depth: int, *, forward: ArrayLike, backward: ArrayLike, sigma_b: ArrayLike
) -> _Weights:
    """Take the standard deviations to logarithms, one per layer."""
    stds = np.asarray(forward), np.asarray(backward), np.asarray(sigma_b)
    with np.errstate(divide="ignore"):  # log 0 = −inf: no weights or biases
        logs = [2 * np.log2(np.asarray(std, dtype=np.float64)) for std in stds]
    return _Weights(
        *(np.broadcast_to(log, (*log.shape[:-1], depth)) for log in logs),
    )


def _equal_weights(depth: int, sigma_w: ArrayLike, sigma_b: object) -> _Weights:
    std = check_array("sigma_w", sigma_w).astype(np.float64)
    if (std < 0).any():
        message = f"sigma_w must be at least 0, got {std.min()}"
        raise ValueError(message)
    biases = check_real("sigma_b", sigma_b, at_least=0)
    per_layer = std[..., None]
    return _weights(depth, forward=per_layer, backward=per_layer, sigma_b=[biases])


def _bias_gain(initializer: Initializer) -> float:
    return initializer.bias_gain if isinstance(initializer, Scheme) else 0.0


def _drawn_weights(
    widths: Sequence[int],
    initializer: str | Initializer,
    *,
    gain: object,
    sigma_b: object,
) -> _Weights:
    """Return the weights that an initializer draws between these widths."""
    scheme = get_initializer(initializer)
    if scheme is INITIALIZERS["constant"]:
        message = "initializer must draw independent weights, got constant"
        raise ValueError(message)
    factor = check_real("gain", gain, at_least=0)
    fans = list(pairwise(widths))
    stds = np.array([standard_deviation(scheme, *pair, gain=factor) for pair in fans])
    fan_in, fan_out = np.array(fans, dtype=np.float64).T
    biases = _bias_gain(scheme) / np.sqrt(fan_in)
    if sigma_b is not None:
        biases[:] = check_real("sigma_b", sigma_b, at_least=0)
    return _weights(
        len(fans),
        forward=np.sqrt(fan_in) * stds,
        backward=np.sqrt(fan_out) * stds,
        sigma_b=biases,
    )


@dataclass(frozen=True, eq=False)
class _Layers:
    """What a forward pass is predicted to be; the last axis is the layer."""

    weights: _Weights
    log2_q: FloatArray
    log2_input: FloatArray  # of each layer: the input, then the signal below
    log2_signal: FloatArray
    log2_slope: FloatArray
    saturation: FloatArray

    def log2_delta(self, depth: int) -> FloatArray:
        """Log2 of E δ² below an output after `depth` layers."""
        factors = self.log2_slope[..., :depth].copy()
        factors[..., :-1] += self.weights.log2_backward[..., 1:depth]
        total: FloatArray = np.cumsum(factors[..., ::-1], axis=-1)[..., ::-1]
        return total

    def log10_gradient_rms(self, depth: int) -> FloatArray:
        """log10 of the gradient's RMS below an output after `depth` layers."""
        rms: FloatArray = self.log2_delta(depth) * _LOG10_RMS
        return rms


_LOG10_RMS = np.log10(2) / 2


def _layers(
    activation: Activation, weights: _Weights, *, depth: int, input_rms: object
) -> _Layers:
    means = moments(activation)
    with np.errstate(divide="ignore"):  # log 0 = −inf: no inputs
        log2_h = 2 * np.log2(check_real("input_rms", input_rms, at_least=0))
    log2_h = np.full(weights.log2_forward.shape[:-1], log2_h)
    variance: list[FloatArray] = []
    signal = [log2_h]
    equal = weights.are_equal
    for layer in range(depth):
        log2_q = np.logaddexp2(
            weights.log2_forward[..., layer] + log2_h, weights.log2_b[layer]
        )
        if layer and equal and _still(log2_q, variance[-1]):
            # At rest: so are all that follow.
            variance.extend([variance[-1]] * (depth - layer))
            signal.extend([signal[-1]] * (depth - layer))
            break
        log2_h = means.log2_signal(np.asarray(log2_q))
        variance.append(log2_q)
        signal.append(log2_h)
    stacked, states = np.stack(variance, axis=-1), np.stack(signal, axis=-1)
    return _Layers(
        weights,
        log2_q=stacked,
        log2_input=states[..., :-1],
        log2_signal=states[..., 1:],
        log2_slope=means.log2_slope(stacked),
        saturation=_saturation(activation, stacked),
    )


_ROWS = 2**12  # of Hermite shares that are held at a time


@np.errstate(all="ignore")  # ∞ − ∞ where nothing arrives, log 0 of opposite inputs
def _alikeness(
    activation: Activation, layers: _Layers, input_alikeness: float
) -> FloatArray:
    """Return the cosine between the hidden states of two inputs, layer by layer.

    Carried as 1 − cosine, of which no digit is lost as two states become one.
    """
    depth = layers.log2_q.shape[-1]
    log2_q = layers.log2_q.reshape(-1, depth)
    # What of q comes from the layer below; the biases are the same for all inputs.
    incoming = layers.weights.log2_forward + layers.log2_input
    share = np.exp2(incoming - layers.log2_q).reshape(-1, depth)
    found = np.empty(log2_q.shape)
    # The first layer from which all have the same variance.
    changes = np.flatnonzero((log2_q != log2_q[:, -1:]).any(axis=0))
    moving = int(changes[-1]) + 2 if changes.size else 1
    together = max(1, _ROWS // depth)
    for start in range(0, len(log2_q), together):
        rows = slice(start, start + together)
        shares = moments(activation).apart(log2_q[rows].ravel())
        shares = shares.reshape(-1, depth, shares.shape[-1])
        distance = np.full(len(shares), 1 - input_alikeness)
        for layer in range(depth):
            new = apart(shares[:, layer], share[rows, layer] * distance)
            found[rows, layer] = new
            if layer >= moving and _still(new, distance):
                found[rows, layer:] = new[:, None]
                break
            distance = new
    alikeness: FloatArray = 1 - found.reshape(layers.log2_q.shape)
    return alikeness


def predict_profile(
    *,
    depth: int | None = None,
    activation: str | Activation,
    sigma_w: ArrayLike | None = None,
    sigma_b: float | None = None,
    initializer: str | Initializer | None = None,
    gain: float = 1.0,
    width: int | Sequence[int] | None = None,
    batch: int = 128,
    input_rms: float = 1.0,
    input_mean: float = 0.0,
) -> Profile:
    r"""Predict what `propagation.measure_profile` finds, for large width.

    Mean-field theory: preactivations are normal with variance :math:`q_\ell`, weights
    used on the way back are independent of those used on the way forward, and

    .. math::
        q_\ell = \sigma_w^2\, \mathrm{E}[h_{\ell-1}^2] + \sigma_b^2, \quad
        \mathrm{E}[h_\ell^2] = \mathrm{E}[\varphi(\sqrt{q_\ell}\, z)^2], \quad
        \mathrm{E}[\delta_\ell^2]
        = \sigma_w^2\, \mathrm{E}[\varphi'(\sqrt{q_\ell}\, z)^2]\,
          \mathrm{E}[\delta_{\ell+1}^2],

    where :math:`\mathrm{E}[\delta_L^2] = \mathrm{E}[\varphi'(\sqrt{q_L}\, z)^2]`
    and z is standard normal. Where the width changes from layer to layer, σ_w² is
    fan_in · Var(W) on the way forward and fan_out · Var(W) on the way back.

    Give `sigma_w`, or an `initializer`.

    Parameters
    ----------
    depth : int, optional
        Number of layers, at least 1. Not needed with a sequence of widths.
    activation : str or Activation
        φ, by name or as an object.
    sigma_w : float or array_like, optional
        Standard deviation of the weights times √width (LeCun 1, He √2).
    sigma_b : float, optional
        Standard deviation of the biases; by default those of the initializer, which
        are 0 for all but ``"pytorch_default"``.
    initializer : str or Initializer, optional
        By name or as a `Scheme`; `gain` multiplies its weights.
    gain : float, default 1.0
        At least 0.
    width : int or sequence of int, optional
        As for `measure_profile`. Only a sequence, or an initializer with biases, needs
        it.
    batch : int, default 128
        Examples over which the weights' gradient is a sum; their gradients at the
        output are independent.
    input_rms, input_mean : float, default 1.0 and 0.0
        Root mean square and mean of the inputs. The mean matters to the alikeness
        alone, of which inputs have (mean/RMS)².

    Returns
    -------
    Profile
        Arrays of shape (depth,), or (\*sigma_w.shape, depth). The saturation is NaN
        where it cannot be said: for a φ′ that turns faster than about 100 times per
        unit of z, or one that still turns at \|z\| = 32, where :math:`q > 64`. The
        alikeness is right to 1e-4 or better, or NaN where φ turns too fast beside √q.

    Raises
    ------
    ValueError, TypeError
        If a count is below 1 or no integer, a deviation is negative or not finite, a
        name is not known, the widths do not fit the depth, the initializer has no
        known standard deviation, or both or neither of `sigma_w` and `initializer`
        are given.

    References
    ----------
    .. [1] S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein, "Deep
       information propagation", ICLR 2017, sec. 3 and 4.

    Examples
    --------
    >>> he = predict_profile(depth=3, activation="relu", sigma_w=2**0.5)
    >>> he.log10_activation_rms.round(6) + 0
    array([0., 0., 0.])
    >>> torch = predict_profile(
    ...     depth=40, width=1024, activation="gelu", initializer="pytorch_default"
    ... )
    >>> round(torch.log10_gradient_rms[0] - torch.log10_gradient_rms[-1], 1)
    np.float64(-20.9)
    """
    activation = get_activation(activation)
    if (sigma_w is None) == (initializer is None):
        message = "sigma_w or initializer must be given, and not both"
        raise TypeError(message)
    if sigma_w is not None and (not isinstance(width, int | None) or gain != 1):
        message = "initializer must be given where widths differ, or with a gain"
        raise TypeError(message)
    if width is None and initializer is not None:
        if sigma_b is None and _bias_gain(get_initializer(initializer)):
            message = f"width must be given: {shown(initializer)} draws biases by it"
            raise TypeError(message)
        width = 1
    widths = check_widths(1 if width is None else width, depth)
    depth = len(widths) - 1
    if initializer is not None:
        weights = _drawn_weights(widths, initializer, gain=gain, sigma_b=sigma_b)
    elif sigma_w is not None:
        weights = _equal_weights(depth, sigma_w, 0.0 if sigma_b is None else sigma_b)
    rms, mean = check_mean(input_rms, input_mean)
    examples = check_count("batch", batch)
    layers = _layers(activation, weights, depth=depth, input_rms=rms)
    log2_delta = layers.log2_delta(depth)
    return Profile(
        layers.log2_signal * _LOG10_RMS,
        log2_delta * _LOG10_RMS,
        layers.saturation,
        (log2_delta + layers.log2_input + log2(examples)) * _LOG10_RMS,
        _alikeness(activation, layers, (mean / rms) ** 2 if rms else 0.0),
    )


def predict_grid(
    *,
    activations: Sequence[str | Activation],
    sigma_w: ArrayLike,
    depths: Sequence[int],
    sigma_b: float = 0.0,
    input_rms: float = 1.0,
) -> Profile:
    r"""Predict what `propagation.measure_grid` finds, for infinite width.

    Parameters
    ----------
    activations : sequence of str or Activation, length A
        φ, by name or as objects.
    sigma_w : float or array_like
        Standard deviation of the weights times √width, such as `Grid.sigma_w` of
        shape (I, G).
    depths : sequence of int, length D
        Numbers of layers.
    sigma_b, input_rms : float, default 0.0 and 1.0
        Standard deviation of the biases, root mean square of the inputs.

    Returns
    -------
    Profile
        Signal and saturation of shape (A, \*sigma_w.shape, depth) for the largest of
        the depths; the gradient of shape (A, \*sigma_w.shape, D, depth), for an output
        at each of the depths, and NaN above it.

    Raises
    ------
    ValueError, TypeError
        As `predict_profile`; also if a sequence is empty.

    Examples
    --------
    >>> grid = predict_grid(
    ...     activations=["relu", "tanh"], sigma_w=[1.0, 2**0.5, 2.0], depths=[5, 10]
    ... )
    >>> grid.log10_gradient_rms.shape
    (2, 3, 2, 10)
    """
    functions = [
        get_activation(name) for name in check_sequence("activations", activations)
    ]
    depths = [check_count("depths", d) for d in check_sequence("depths", depths)]
    if not (functions and depths):
        message = "activations and depths must not be empty"
        raise ValueError(message)
    deepest = max(depths)
    weights = _equal_weights(deepest, sigma_w, sigma_b)
    signal, gradient, saturation = [], [], []
    for function in functions:
        layers = _layers(function, weights, depth=deepest, input_rms=input_rms)
        below = np.full((*np.shape(sigma_w), len(depths), deepest), np.nan)
        for place, depth in enumerate(depths):
            below[..., place, :depth] = layers.log10_gradient_rms(depth)
        signal.append(layers.log2_signal * _LOG10_RMS)
        gradient.append(below)
        saturation.append(layers.saturation)
    return Profile(np.stack(signal), np.stack(gradient), np.stack(saturation))


# The limit of many layers -----------------------------------------------------------


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
        Variance of the preactivations, such as `fixed_point` finds; 0 and infinity
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
    means = moments(get_activation(activation))
    with np.errstate(divide="ignore"):  # log 0 = −inf
        log2_w = 2 * np.log2(check_real("sigma_w", sigma_w, at_least=0))
    infinite = as_array("q", q).ndim == 0 and q == np.inf
    variance = q if infinite else check_real("q", q, at_least=0)
    if variance == 0:
        log2_slope = means.line_at_zero
    elif variance == np.inf:
        log2_slope = means.line_at_infinity
    else:
        log2_slope = float(means.log2_slope(np.log2([variance]))[0])
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.exp2(log2_w + log2_slope))


@dataclass(frozen=True)
class FixedPoint:
    """A variance that a layer gives back as it was given, and what becomes of others.

    Attributes
    ----------
    q : float
        The variance of the preactivations; 0 stands for anything below 1e-12,
        infinity for anything above 1e12.
    slope : float
        What a layer makes of a small deviation from q: below 1 in size it shrinks,
        above it grows. Dimensionless.
    start : float, default 1.0
        The variance in the first layer from which it was reached; from another one
        the recursion may come to another fixed point.
    """

    q: float
    slope: float
    start: float = 1.0

    @property
    def kind(self) -> str:
        """What becomes of variances near by.

        They come to q where it is ``"attracting"``, and leave it where it is
        ``"repelling"``; where it is ``"marginal"``, with a slope of 1 to nine digits,
        they stay or move ever more slowly.
        """
        if abs(abs(self.slope) - 1) < 1e-9:
            return "marginal"
        return "attracting" if abs(self.slope) < 1 else "repelling"


def fixed_point(
    *,
    activation: str | Activation,
    sigma_w: float,
    sigma_b: float = 0.0,
    start: float = 1.0,
) -> FixedPoint:
    r"""Return the variance q* of the preactivations to which deep layers tend.

    It solves :math:`q = \sigma_w^2\, \mathrm{E}[\varphi(\sqrt q\, z)^2] +
    \sigma_b^2`: of several solutions, the one that the recursion of
    `predict_profile` reaches from `start`.

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object. For one of your own, :math:`|\varphi|` is taken to
        grow with \|z\| on the whole, so that the recursion goes one way.
    sigma_w, sigma_b : float
        Standard deviations of the weights (times √width) and of the biases.
    start : float, default 1.0
        Variance of the preactivations in the first layer, above 0. If it is itself
        a solution, it is returned, also where it repels all others.

    Returns
    -------
    FixedPoint
        q*, and whether it attracts.

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
    >>> found = fixed_point(activation="sigmoid", sigma_w=1.0)
    >>> round(found.q, 6), found.kind
    (0.264687, 'attracting')
    """
    activation = get_activation(activation)
    with np.errstate(divide="ignore"):  # log 0 = −inf
        log2_w = 2 * np.log2(check_real("sigma_w", sigma_w, at_least=0))
        log2_b = 2 * np.log2(check_real("sigma_b", sigma_b, at_least=0))
    first = check_real("start", start)
    if first <= 0:
        message = f"start must be above 0, got {start}"
        raise ValueError(message)

    def found(log2_q: float) -> FixedPoint:
        slope = _slope_of_the_recursion(activation, log2_w, log2_q)
        return FixedPoint(float(np.exp2(log2_q)), slope, first)

    def growth(log2_q: float) -> float:
        signal = moments(activation).log2_signal(np.asarray(log2_q))
        return float(np.logaddexp2(log2_w + signal, log2_b) - log2_q)

    rounding = 1.5e-12  # of the quadrature, with a margin
    near = float(np.log2(first))
    if abs(growth(near)) < rounding:
        return found(near)
    # The recursion is monotone: it goes one way until its growth changes sign.
    direction = float(np.sign(growth(near)))
    far = near + direction
    while direction * growth(far) > -rounding:
        near, far = far, far + direction
        if direction * far > log2(1e12):
            return found(direction * np.inf)
    for _ in range(54):
        middle = (near + far) / 2
        near, far = (middle, far) if direction * growth(middle) > 0 else (near, middle)
    return found((near + far) / 2)


@np.errstate(over="ignore")
def _slope_of_the_recursion(
    activation: Activation, log2_w: float, log2_q: float
) -> float:
    """Return the derivative of σ_w² E φ(√q z)² by q: σ_w² E[φ(u) φ′(u) u] / q."""
    means = moments(activation)
    if any(means.straight(np.asarray(log2_q))) or np.isinf(log2_q):
        line = means.line_at_infinity if log2_q > 0 else means.line_at_zero
        return float(np.exp2(log2_w + line))

    def integrand(u: FloatArray) -> FloatArray:
        h, slope = activation.function_and_derivative(u)
        return h * slope * u

    mean = gaussian_mean(integrand, variance=np.exp2(log2_q), kinks=activation.kinks)
    return float(np.exp2(log2_w - log2_q) * mean)
