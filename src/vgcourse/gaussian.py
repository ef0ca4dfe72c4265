"""Means over Gaussian variables, and the tail of their distribution."""

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import ArrayLike

from vgcourse._checks import FloatArray, check_array

_REACH = 11.0  # in standard deviations; less than 1e-26 of a Gaussian lies beyond
_PANELS = np.linspace(-_REACH, _REACH, 12)
_OCTAVES = 2.0 ** np.arange(-1, 8)
_NODES, _WEIGHTS = legendre.leggauss(20)


def gaussian_mean(
    function: Callable[[FloatArray], FloatArray],
    *,
    variance: ArrayLike = 1.0,
    kinks: tuple[float, ...] = (),
) -> FloatArray:
    r"""Return the mean of ``function(u)`` over Gaussian `u` of mean zero.

    .. math:: \mathrm{E}[f(u)], \qquad u \sim \mathcal{N}(0, v).

    Gauss-Legendre quadrature on panels that are cut where `function` may bend:
    at the kinks and at 0, ±1/2, ±1, ±2, …, ±128, so that one rule serves tiny and
    huge variances alike. Every variance is one row of a single evaluation.

    Parameters
    ----------
    function : callable
        Elementwise on arrays. Smooth between the kinks on the scale of 1, and at
        most a power of `u` far out.
    variance : array_like, default 1.0
        Variances `v`, at least 0.
    kinks : tuple of float, optional
        Where `function` or a derivative of it jumps, besides 0.

    Returns
    -------
    ndarray of float, shape of `variance`
        Right to about 1e-14, relative to the mean of the absolute value.

    Raises
    ------
    ValueError
        If a variance is negative or not finite.
    """
    v = check_array("variance", variance).astype(np.float64)
    if (v < 0).any():
        message = f"variance must be at least 0, got {v.min():g}"
        raise ValueError(message)
    std = np.sqrt(v)[..., None]
    # A bend outside the reach gives a panel of width 0; the floor makes 0 / 0 a 0.
    bends = np.concatenate([-_OCTAVES, [0.0], _OCTAVES, kinks])
    bends = np.clip(bends / np.maximum(std, 1e-150), -_REACH, _REACH)
    panels = np.broadcast_to(_PANELS, (*v.shape, _PANELS.size))
    edges = np.sort(np.concatenate([panels, bends], axis=-1), axis=-1)
    middle, half = (edges[..., 1:] + edges[..., :-1]) / 2, np.diff(edges) / 2
    z = middle[..., None] + half[..., None] * _NODES
    density = np.exp(-(z**2) / 2) / sqrt(2 * pi)
    weight = half[..., None] * _WEIGHTS * density
    mean: FloatArray = np.sum(weight * function(std[..., None] * z), axis=(-2, -1))
    return mean


# For y ≥ 0 the Gaussian tail is Q(y) = exp(−y²/2) H(t)/(y + k) with a smooth H of
# t = (y − k)/(y + k), in the manner of J. L. Schonfelder, Math. Comp. 32 (1978).
# Chebyshev coefficients of H for k = 9/2, found with mpmath.
_TAIL_K = 4.5
_TAIL_CHEBYSHEV = (
    1.02931894133898924, -0.850330183561476165, 0.280536984594226784,
    -0.0732985784376699482, 0.0145372599012066804, -0.00192687340511698684,
    8.31667891106176682e-5, 2.68805465853030618e-5, -5.36232008570435485e-6,
    -9.730051419870386e-8, 1.54093732281373704e-7, -8.05828803432582027e-9,
    -4.32945078844821698e-9, 4.33900311472249417e-10, 1.3796197617411139e-10,
    -1.72999417789397861e-11, -5.18915971868725106e-12, 6.13932612090087152e-13,
    2.24447470907959071e-13, -1.82082096773071147e-14, -1.05078775490894264e-14,
    2.53894878945894058e-16, 4.97830011216163579e-16, 2.33802405633452753e-17,
)  # fmt: skip


def _tail_powers(terms: int) -> list[float]:
    """Return the polynomial H of so many terms as powers of t, highest first."""
    powers: list[float] = chebyshev.cheb2poly(_TAIL_CHEBYSHEV[:terms])[::-1].tolist()
    return powers


_TAIL_FLOAT32 = _tail_powers(11)
_TAIL_FLOAT64 = _tail_powers(len(_TAIL_CHEBYSHEV))


def gaussian_tail(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Q(y) and exp(−y²/2) for 0 ≤ y ≤ 40, where both have reached 0."""
    # exp turns the digits that y² loses into relative error; the square of a
    # number with few digits loses none.
    short = np.rint(16 * y) / 16
    bell = np.exp(short * short * -0.5) * np.exp((short - y) * (short + y) * 0.5)
    t = (y - _TAIL_K) / (y + _TAIL_K)
    first, *others = _TAIL_FLOAT32 if y.dtype.itemsize <= 4 else _TAIL_FLOAT64
    tail = np.full_like(t, first)
    for coefficient in others:
        tail *= t
        tail += coefficient
    return tail * bell / (y + _TAIL_K), bell
