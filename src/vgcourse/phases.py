r"""Order and chaos: what deep layers make of one signal, of two, and of a gradient.

Mean-field theory of random networks of infinite width, for all σ_w and σ_b at once.
The variance q of the preactivations comes to a fixed point q*; the correlation c of two
inputs comes to a fixed point c*; the squared gradient grows by χ₁ per layer. Where
χ₁ < 1 two inputs grow alike (order), where χ₁ > 1 they grow apart (chaos).
"""

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse._checks import LARGEST_STD, FloatArray, check_array, check_real
from vgcourse._curves import (
    FARTHEST,
    ApartCurves,
    Indices,
    LengthCurves,
    falling_root,
)
from vgcourse._hermite import squared_coefficients
from vgcourse.activations import Activation
from vgcourse.activations import get as get_activation
from vgcourse.gaussian import gaussian_mean, gaussian_pair_mean

_ROUNDING = 1e-11  # of the logarithm of a factor per layer
_MARGIN = 1e-9  # of χ₁ around 1: "critical"


def _broadcast(**arrays: FloatArray) -> tuple[FloatArray, ...]:
    try:
        wide = [array.astype(np.float64) for array in arrays.values()]
        return tuple(np.broadcast_arrays(*wide))
    except ValueError:
        names = " and ".join(arrays)
        shapes = " and ".join(str(array.shape) for array in arrays.values())
        message = f"{names} must have shapes that broadcast, got {shapes}"
        raise ValueError(message) from None


# One layer --------------------------------------------------------------------------


def length_map(
    q: ArrayLike,
    *,
    activation: str | Activation,
    sigma_w: ArrayLike,
    sigma_b: ArrayLike = 0.0,
) -> FloatArray:
    r"""Return the variance of the next layer's preactivations, where this one has q.

    .. math:: \mathcal V(q) = \sigma_w^2\, \mathrm{E}[\varphi(\sqrt q\, z)^2]
              + \sigma_b^2, \qquad z \sim \mathcal N(0, 1)

    Parameters
    ----------
    q : array_like
        Variances of the preactivations, at least 0.
    activation : str or Activation
        φ, by name or as an object.
    sigma_w, sigma_b : array_like
        Standard deviations of the weights (times √width) and of the biases. Shapes
        broadcast with that of `q`.

    Returns
    -------
    ndarray of float
        Right to about 1e-14 of itself.

    Raises
    ------
    ValueError, TypeError
        If a number is negative or not finite, shapes do not broadcast, or the name is
        not known.

    References
    ----------
    .. [1] B. Poole et al., "Exponential expressivity in deep neural networks through
       transient chaos", NeurIPS 2016, eq. 3.

    Examples
    --------
    >>> length_map([1.0, 2.0], activation="relu", sigma_w=2**0.5, sigma_b=1.0)
    array([2., 3.])
    """
    phi = get_activation(activation)
    q, weight, bias = _broadcast(
        q=check_array("q", q, at_least=0),
        sigma_w=check_array("sigma_w", sigma_w, at_least=0, at_most=LARGEST_STD),
        sigma_b=check_array("sigma_b", sigma_b, at_least=0, at_most=LARGEST_STD),
    )
    signal = gaussian_mean(lambda u: phi.function(u) ** 2, variance=q, kinks=phi.kinks)
    return weight**2 * signal + bias**2


def correlation_map(
    c: ArrayLike,
    *,
    activation: str | Activation,
    sigma_w: float,
    sigma_b: float = 0.0,
    q: float,
) -> FloatArray:
    r"""Return the correlation of two signals after a layer, where it was c before.

    .. math:: \mathcal C(c) = \frac{\sigma_w^2\, \mathrm{E}[\varphi(u)\,\varphi(v)]
              + \sigma_b^2}{\mathcal V(q)}

    for Gaussian u and v of variance q and correlation c: those of two inputs at one
    unit. Its slope at c = 1 is χ₁ where q is the fixed point q*.

    Parameters
    ----------
    c : array_like
        Correlations, from −1 to 1.
    activation : str or Activation
        φ, by name or as an object.
    sigma_w, sigma_b : float
        Standard deviations of the weights (times √width) and of the biases.
    q : float
        Variance of the preactivations of both, above 0; q* where the layer is deep.

    Returns
    -------
    ndarray of float, shape of `c`
        Right to about 1e-12.

    Raises
    ------
    ValueError, TypeError
        If `c` leaves [−1, 1], `q` is not above 0, a deviation is negative, a number is
        not finite, nothing comes out of the layer, or the name is not known.

    References
    ----------
    .. [1] B. Poole et al., "Exponential expressivity in deep neural networks through
       transient chaos", NeurIPS 2016, eq. 5.

    Examples
    --------
    >>> correlation_map([0.0, 1.0], activation="relu", sigma_w=1.0, q=1.0).round(6)
    array([0.31831, 1.     ])
    """
    phi = get_activation(activation)
    correlation = check_array("c", c).astype(np.float64)
    if (np.abs(correlation) > 1).any():
        far = correlation.flat[np.abs(correlation).argmax()]
        message = f"c must be from -1 to 1, got {far:g}"
        raise ValueError(message)
    weight = check_real("sigma_w", sigma_w, at_least=0, at_most=LARGEST_STD)
    bias = check_real("sigma_b", sigma_b, at_least=0, at_most=LARGEST_STD)
    variance = check_real("q", q, at_least=0)
    if variance == 0:
        message = f"q must be above 0, got {q}"
        raise ValueError(message)
    length = length_map(variance, activation=phi, sigma_w=weight, sigma_b=bias)
    if length == 0:
        message = f"sigma_w must let a signal through where sigma_b is 0, got {sigma_w}"
        raise ValueError(message)
    squares, complete = squared_coefficients(phi, np.asarray(variance))
    if complete:
        together = np.polynomial.polynomial.polyval(correlation, squares)
    else:
        together = gaussian_pair_mean(
            phi.function,
            phi.function,
            correlation=correlation,
            variance=variance,
            kinks=phi.kinks,
        )
    return (weight**2 * together + bias**2) / length


# Many layers ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    r"""What becomes of signal, gradient and correlation in deep layers.

    All arrays have the shape to which σ_w and σ_b broadcast.

    Attributes
    ----------
    q : ndarray of float
        The fixed point q* of the length map; 0 and infinity stand for what is below
        1e-12 and above 1e12.
    chi : ndarray of float
        χ₁, the factor per layer on the squared gradient.
    length_slope : ndarray of float
        Slope of the length map at q*.
    c : ndarray of float
        The fixed point c* of the correlation map that attracts: 1, or below it where
        χ₁ > 1. NaN where q* is 0 or infinite, and where it could not be found to ten
        digits: above χ₁ = 1, for a φ with a kink or at variances above about 30.
    correlation_slope : ndarray of float
        Slope of the correlation map at c*; NaN where c* is.
    """

    q: FloatArray
    chi: FloatArray
    length_slope: FloatArray
    c: FloatArray
    correlation_slope: FloatArray

    @property
    def phase(self) -> NDArray[np.str_]:
        """``"ordered"``, ``"critical"`` (χ₁ is 1 to nine digits) or ``"chaotic"``."""
        critical = np.abs(self.chi - 1) < _MARGIN
        side = np.where(self.chi < 1, "ordered", "chaotic")
        return np.where(critical, "critical", side)

    @property
    def length_scale(self) -> FloatArray:
        """ξ_q = −1/ln|slope|: layers in which q comes e times nearer to q*."""
        return _layers_per_e(self.length_slope)

    @property
    def correlation_scale(self) -> FloatArray:
        """ξ_c = −1/ln|slope|: layers in which c comes e times nearer to c*."""
        return _layers_per_e(self.correlation_slope)

    @property
    def gradient_scale(self) -> FloatArray:
        """ξ_∇ = 1/|ln χ₁|: layers in which the squared gradient changes e times."""
        return _layers_per_e(np.exp(-np.abs(np.log(self.chi))))


def _layers_per_e(slope: FloatArray) -> FloatArray:
    """Return −1/ln|slope|, infinite where it is 1 to nine digits."""
    with np.errstate(divide="ignore"):
        rate = -np.log(np.abs(slope))
        scale: FloatArray = np.where(np.abs(rate) < _MARGIN, np.inf, 1 / rate)
    return scale


def phase_diagram(
    *,
    activation: str | Activation,
    sigma_w: ArrayLike,
    sigma_b: ArrayLike = 0.0,
) -> PhaseDiagram:
    r"""Return fixed points, factors and depth scales for many σ_w and σ_b at once.

    .. math::
        \chi_1 = \sigma_w^2\, \mathrm{E}[\varphi'(\sqrt{q^*} z)^2], \qquad
        \xi_q = \frac{-1}{\ln \mathcal V'(q^*)}, \qquad
        \xi_c = \frac{-1}{\ln \mathcal C'(c^*)}

    Of several q*, the one that the length map comes to from q = 1.

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object; :math:`|\varphi|` is taken to grow with \|z\| on the
        whole.
    sigma_w, sigma_b : array_like
        Standard deviations of the weights (times √width) and of the biases. Shapes
        broadcast: a row of one and a column of the other make a plane.

    Raises
    ------
    ValueError, TypeError
        If a deviation is negative or not finite, shapes do not broadcast, the name is
        not known, or φ changes too fast to be averaged.

    References
    ----------
    .. [1] B. Poole et al., "Exponential expressivity in deep neural networks through
       transient chaos", NeurIPS 2016, eq. 3 to 6.
    .. [2] S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein, "Deep
       information propagation", ICLR 2017, eq. 7 and 9 (depth scales).

    Examples
    --------
    >>> tanh = phase_diagram(activation="tanh", sigma_w=[1.3, 2.5], sigma_b=0.3)
    >>> tanh.phase.tolist(), tanh.chi.round(3)
    (['ordered', 'chaotic'], array([0.94 , 1.585]))
    """
    phi = get_activation(activation)
    weight, bias = _broadcast(
        sigma_w=check_array("sigma_w", sigma_w, at_least=0, at_most=LARGEST_STD),
        sigma_b=check_array("sigma_b", sigma_b, at_least=0, at_most=LARGEST_STD),
    )
    shape = weight.shape
    weight, bias = weight.ravel(), bias.ravel()
    curves = LengthCurves(phi)
    log2_q = _log2_fixed_points(curves, weight**2, bias**2)
    q = np.exp2(log2_q)
    chi, slope = np.empty(q.size), np.empty(q.size)
    c, correlation_slope = np.full(q.size, np.nan), np.full(q.size, np.nan)

    for limit, lines in (
        (-np.inf, phi.slopes_at_zero),
        (np.inf, phi.slopes_at_infinity),
    ):
        there = log2_q == limit
        chi[there] = weight[there] ** 2 * np.mean(np.square(lines))
        slope[there] = chi[there]
    within = np.isfinite(log2_q)
    signal, steepness, gradient = curves.at(log2_q[within])
    square = weight[within] ** 2
    chi[within] = square * np.exp(gradient)
    slope[within] = square * np.exp(signal) * steepness / q[within]

    together = within & (chi < 1 + _MARGIN)
    c[together], correlation_slope[together] = 1.0, chi[together]
    apart = within & (chi >= 1 + _MARGIN)
    c[apart], correlation_slope[apart] = _chaotic(phi, log2_q[apart], weight[apart])
    columns = (q, chi, slope, c, correlation_slope)
    return PhaseDiagram(*(column.reshape(shape) for column in columns))


def _log2_fixed_points(
    curves: LengthCurves, square_w: FloatArray, square_b: FloatArray
) -> FloatArray:
    """Return log₂ q* at each point, ±∞ beyond `FARTHEST`."""

    def growth(log2_q: FloatArray, at: Indices) -> tuple[FloatArray, FloatArray]:
        """Return ln(V(q)/q) and its slope in log₂ q."""
        signal, steepness, _ = curves.at(log2_q)
        signal = square_w[at] * np.exp(signal)
        whole = signal + square_b[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(whole) - log2_q * log(2)
            share = np.where(whole > 0, signal / whole, 1.0)
        return value, (share * steepness - 1) * log(2)

    points = np.arange(square_w.size)
    near = np.zeros(points.size)
    first, _ = growth(near, points)
    direction = np.where(np.abs(first) < _ROUNDING, 0.0, np.sign(first))
    # The length map rises: its iteration goes one way until its growth changes sign.
    far = near + direction
    going = points[direction != 0]
    while going.size:
        value, _ = growth(far[going], going)
        onward = direction[going] * value > -_ROUNDING
        going = going[onward & (np.abs(far[going]) < FARTHEST)]
        near[going] = far[going]
        far[going] += direction[going]
    beyond = np.abs(far) >= FARTHEST
    found = np.where(beyond, np.copysign(np.inf, direction), near)
    inside = points[(direction != 0) & ~beyond]
    found[inside] = falling_root(
        lambda x, at: growth(x, inside[at]),
        np.minimum(near, far)[inside],
        np.maximum(near, far)[inside],
    )
    return found


def _chaotic(
    activation: Activation, log2_q: FloatArray, sigma_w: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return c* < 1 and the slope of the correlation map there."""
    c, slope = np.full(log2_q.size, np.nan), np.full(log2_q.size, np.nan)
    if log2_q.size == 0:
        return c, slope
    series = ApartCurves(activation).at(log2_q)
    known = np.nonzero(np.isfinite(series.values[0]))[0]
    log_w = 2 * np.log(sigma_w)

    def stretch(theta: FloatArray, at: Indices) -> tuple[FloatArray, FloatArray]:
        """Return ln of what a layer makes of the squared distance, and its slope."""
        value, change = series.at(theta, known[at])
        return value + log_w[known[at]], change

    zeros = np.zeros(known.size)
    theta = falling_root(stretch, zeros, zeros + pi / 2)
    _, change = stretch(theta, np.arange(known.size))
    c[known] = np.cos(theta)
    slope[known] = 1 + np.tan(theta / 2) * change
    return c, slope
