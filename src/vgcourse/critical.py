"""The edge of chaos: which weights and biases keep a gradient's size through depth."""

import numpy as np
from numpy.typing import ArrayLike

from vgcourse._checks import LARGEST_STD, FloatArray, check_array
from vgcourse._curves import FARTHEST, Indices, LengthCurves, falling_root
from vgcourse.activations import Activation
from vgcourse.activations import get as get_activation
from vgcourse.gaussian import gaussian_mean

_ROUNDING = 1e-11  # of a variance


def critical_point(
    *, activation: str | Activation, q: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    r"""Return the σ_w and σ_b that keep the variance at q and the gradient's size.

    .. math:: \sigma_w^2 = \frac{1}{\mathrm{E}[\varphi'(\sqrt q z)^2]}, \qquad
              \sigma_b^2 = q - \sigma_w^2\, \mathrm{E}[\varphi(\sqrt q z)^2]

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object.
    q : array_like
        Variances of the preactivations, above 0.

    Returns
    -------
    sigma_w, sigma_b : ndarray of float, shape of `q`
        NaN where σ_b² would have to be below 0.

    Raises
    ------
    ValueError, TypeError
        If `q` is not above 0 or not finite, or the name is not known.

    References
    ----------
    .. [1] J. Pennington, S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry", NeurIPS 2017, sec. 2.2.

    Examples
    --------
    >>> sigma_w, sigma_b = critical_point(activation="tanh", q=1.0)
    >>> round(float(sigma_w), 4), round(float(sigma_b), 4)
    (1.4674, 0.3885)
    """
    phi = get_activation(activation)
    variance = check_array("q", q, at_least=0)
    if (variance == 0).any():
        message = "q must be above 0, got 0"
        raise ValueError(message)
    gradient = gaussian_mean(
        lambda u: phi.derivative(u) ** 2, variance=variance, kinks=phi.kinks
    )
    signal = gaussian_mean(
        lambda u: phi.function(u) ** 2, variance=variance, kinks=phi.kinks
    )
    square_b = variance - signal / gradient
    rounded = np.abs(square_b) < _ROUNDING * variance
    with np.errstate(invalid="ignore"):
        sigma_b = np.where(rounded, 0.0, np.sqrt(square_b))
    return np.where(np.isnan(sigma_b), np.nan, 1 / np.sqrt(gradient)), sigma_b


def critical_sigma_w(
    *, activation: str | Activation, sigma_b: ArrayLike = 0.0
) -> FloatArray:
    r"""Return the σ_w at which χ₁ = 1, for given σ_b: the edge of chaos.

    Parameters
    ----------
    activation : str or Activation
        φ, by name or as an object.
    sigma_b : array_like
        Standard deviations of the biases.

    Returns
    -------
    ndarray of float, shape of `sigma_b`
        The smallest q* at which the line is crossed counts. NaN where none is found
        for q* from 1e-12 to 1e12: for ReLU, at any σ_b but 0.

    Raises
    ------
    ValueError, TypeError
        If a deviation is negative or not finite, or the name is not known.

    References
    ----------
    .. [1] S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein, "Deep
       information propagation", ICLR 2017, sec. 3 and fig. 1.

    Examples
    --------
    >>> critical_sigma_w(activation="tanh", sigma_b=[0.0, 0.3]).round(4)
    array([1.    , 1.3956])
    """
    phi = get_activation(activation)
    bias = check_array("sigma_b", sigma_b, at_least=0, at_most=LARGEST_STD)
    square_b = (bias**2).astype(np.float64).ravel()
    curves = LengthCurves(phi)

    def missing(log2_q: FloatArray, at: Indices) -> tuple[FloatArray, FloatArray]:
        """Return σ_b² − (what the line has at this q), in units of q; no slope."""
        signal, _, gradient = curves.at(log2_q)
        q = np.exp2(log2_q)
        return square_b[at] / q - 1 + np.exp(signal - gradient) / q, np.full_like(
            q, np.nan
        )

    sigma_w = np.full(square_b.size, np.nan)
    # Where the line starts, q* = 0: for φ(0) = 0 a network without biases.
    at_start = (square_b == 0) & (phi.function(0.0) == 0)
    steepness = np.sqrt(np.mean(np.square(phi.slopes_at_zero)))
    if steepness > 0:
        sigma_w[at_start] = 1 / steepness
    left = np.nonzero(~at_start)[0]
    # Octave by octave upwards: no farther than needed, for a φ that oscillates.
    left = np.nonzero(~at_start)[0]
    low, high = np.full((2, square_b.size), np.nan)
    for octave in np.arange(-FARTHEST, FARTHEST + 1):
        value, _ = missing(np.full(left.size, octave), left)
        low[left[value > _ROUNDING]] = octave
        crossed = (value < -_ROUNDING) & np.isfinite(low[left])
        high[left[crossed]] = octave
        left = left[~crossed]
        if left.size == 0:
            break
    found = np.nonzero(np.isfinite(high))[0]
    log2_q = falling_root(lambda x, at: missing(x, found[at]), low[found], high[found])
    _, _, gradient = curves.at(log2_q)
    sigma_w[found] = np.exp(-gradient / 2)
    return sigma_w.reshape(bias.shape)
