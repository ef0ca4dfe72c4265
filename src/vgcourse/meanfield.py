"""Random networks predicted: mean-field theory of signal and gradient.

In a network of infinite width the preactivations are Gaussian, and what `propagation`
measures becomes a mean over one Gaussian variable per layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erfc, log2, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse._checks import (
    FloatArray,
    as_array,
    check_array,
    check_count,
    check_real,
    check_sequence,
)
from vgcourse._passes import SAFE
from vgcourse.activations import SATURATED_SLOPE, Activation
from vgcourse.activations import get as get_activation
from vgcourse.gaussian import gaussian_mean
from vgcourse.profiles import Profile

Blocks = NDArray[np.bool_]


# Means over the preactivations of one layer, z ~ N(0, q) ----------------------------
#
# Variances and moments are carried as logarithms to base 2: they leave float64.


def _straight(activation: Activation, log2_q: FloatArray) -> tuple[Blocks, Blocks]:
    """Where φ is its straight lines at 0, and where those at infinity."""
    tiny = (log2_q < -2 * SAFE) & (activation.function(0.0) == 0)
    huge = (log2_q > 2 * SAFE) & any(activation.slopes_at_infinity)
    return tiny & (log2_q > -np.inf), huge


def _log2_mean_square(
    activation: Activation,
    function: Callable[[FloatArray], FloatArray],
    log2_q: FloatArray,
) -> FloatArray:
    """Log2 of E f(z)², by quadrature, at variances up to 2^900."""
    with np.errstate(divide="ignore"):  # the log of a moment that is zero
        logarithm: FloatArray = np.log2(
            gaussian_mean(
                lambda z: function(z) ** 2,
                variance=np.exp2(np.minimum(log2_q, 900)),
                kinks=activation.kinks,
            )
        )
    return logarithm


def _log2_lines(activation: Activation) -> tuple[float, float]:
    """Log2 of the mean squared slope at 0 and at infinity, half on either side."""
    lines = [activation.slopes_at_zero, activation.slopes_at_infinity]
    with np.errstate(divide="ignore"):
        at_zero, at_infinity = np.log2(np.mean(np.square(lines), axis=1)).tolist()
    return at_zero, at_infinity


def _log2_signal(activation: Activation, log2_q: FloatArray) -> FloatArray:
    """Log2 of E φ(z)²."""
    at_zero, at_infinity = _log2_lines(activation)
    return np.select(
        _straight(activation, log2_q),
        [log2_q + at_zero, log2_q + at_infinity],
        _log2_mean_square(activation, activation.function, log2_q),
    )


def _log2_slope(activation: Activation, log2_q: FloatArray) -> FloatArray:
    """Log2 of E φ′(z)²."""
    quadrature = _log2_mean_square(activation, activation.derivative, log2_q)
    # Farther out, a bounded φ slopes near 0 alone, where the density is 1/√q.
    quadrature = quadrature - np.maximum(log2_q - 900, 0) / 2
    return np.select(_straight(activation, log2_q), _log2_lines(activation), quadrature)


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
        [log2_q == -np.inf, *_straight(activation, log2_q)], [silent, *flat], share
    )
    return saturation


# Layer after layer ------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Layers:
    """What a forward pass is predicted to be; the last axis is the layer."""

    log2_w: FloatArray
    log2_signal: FloatArray
    log2_slope: FloatArray
    saturation: FloatArray

    def log10_gradient_rms(self, depth: int) -> FloatArray:
        """log10 of the gradient's RMS below an output after `depth` layers."""
        factors = self.log2_slope[..., :depth].copy()
        factors[..., :-1] += self.log2_w[..., None]
        log2_delta = np.cumsum(factors[..., ::-1], axis=-1)[..., ::-1]
        rms: FloatArray = log2_delta * (np.log10(2) / 2)
        return rms


def _layers(
    activation: Activation,
    *,
    depth: int,
    sigma_w: ArrayLike,
    sigma_b: object,
    input_rms: object,
) -> _Layers:
    weight_std = check_array("sigma_w", sigma_w).astype(np.float64)
    if (weight_std < 0).any():
        message = f"sigma_w must be at least 0, got {weight_std.min()}"
        raise ValueError(message)
    with np.errstate(divide="ignore"):  # log 0 = −inf: no weights, biases or inputs
        log2_w = 2 * np.log2(weight_std)
        log2_b = 2 * np.log2(check_real("sigma_b", sigma_b, at_least=0))
        log2_h = 2 * np.log2(check_real("input_rms", input_rms, at_least=0))
    signal, slope, saturation = [], [], []
    for _ in range(depth):
        log2_q = np.logaddexp2(log2_w + log2_h, log2_b)
        log2_h = _log2_signal(activation, log2_q)
        signal.append(log2_h)
        slope.append(_log2_slope(activation, log2_q))
        saturation.append(_saturation(activation, log2_q))
    return _Layers(
        log2_w,
        np.stack(signal, axis=-1),
        np.stack(slope, axis=-1),
        np.stack(saturation, axis=-1),
    )


def predict_profile(
    *,
    depth: int,
    activation: str | Activation,
    sigma_w: ArrayLike,
    sigma_b: float = 0.0,
    input_rms: float = 1.0,
) -> Profile:
    r"""Predict what `propagation.measure_profile` finds, for infinite width.

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
        Arrays of shape (depth,), or (\*sigma_w.shape, depth). The saturation is NaN
        where it cannot be said: for a φ′ that turns faster than about 100 times per
        unit of z, or one that still turns at \|z\| = 32, where :math:`q > 64`.

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
    layers = _layers(
        get_activation(activation),
        depth=depth,
        sigma_w=sigma_w,
        sigma_b=sigma_b,
        input_rms=input_rms,
    )
    return Profile(
        layers.log2_signal * (np.log10(2) / 2),
        layers.log10_gradient_rms(depth),
        layers.saturation,
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
        As for `predict_profile`.

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
    signal, gradient, saturation = [], [], []
    for function in functions:
        layers = _layers(
            function,
            depth=deepest,
            sigma_w=sigma_w,
            sigma_b=sigma_b,
            input_rms=input_rms,
        )
        below = np.full((*layers.log2_w.shape, len(depths), deepest), np.nan)
        for place, depth in enumerate(depths):
            below[..., place, :depth] = layers.log10_gradient_rms(depth)
        signal.append(layers.log2_signal * (np.log10(2) / 2))
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
    activation = get_activation(activation)
    with np.errstate(divide="ignore"):  # log 0 = −inf
        log2_w = 2 * np.log2(check_real("sigma_w", sigma_w, at_least=0))
    infinite = as_array("q", q).ndim == 0 and q == np.inf
    variance = q if infinite else check_real("q", q, at_least=0)
    if variance == 0:
        log2_slope = _log2_lines(activation)[0]
    elif variance == np.inf:
        log2_slope = _log2_lines(activation)[1]
    else:
        log2_slope = float(_log2_slope(activation, np.log2(variance)))
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
    """

    q: float
    slope: float

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
        return FixedPoint(float(np.exp2(log2_q)), slope)

    def growth(log2_q: float) -> float:
        signal = _log2_signal(activation, np.asarray(log2_q))
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
    straight = _straight(activation, np.asarray(log2_q))
    if any(straight) or np.isinf(log2_q):
        line = _log2_lines(activation)[int(log2_q > 0)]
        return float(np.exp2(log2_w + line))

    def integrand(u: FloatArray) -> FloatArray:
        h, slope = activation.function_and_derivative(u)
        return h * slope * u

    mean = gaussian_mean(integrand, variance=np.exp2(log2_q), kinks=activation.kinks)
    return float(np.exp2(log2_w - log2_q) * mean)
