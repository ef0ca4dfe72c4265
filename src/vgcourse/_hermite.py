"""Means over pairs of correlated Gaussian variables, as a power series in c.

With Hermite polynomials He_k, φ(√q z) = Σ a_k(q) He_k(z)/√k!, and for unit Gaussians of
correlation c only equal degrees meet (F. G. Mehler, 1866):

    E[φ(√q x) φ(√q y)] = Σ a_k(q)² cᵏ.
"""

from functools import lru_cache
from math import pi, sqrt

import numpy as np

from vgcourse._checks import FloatArray
from vgcourse.activations import Activation
from vgcourse.gaussian import gaussian_mean

_DEGREES = 2048
_REACH = 12.0  # standard deviations; what lies beyond is below 1e-15 of any a_k
_STEP = 1 / 32  # the rule of equal steps gains digits exponentially for a smooth φ
_LOST = 1e-12  # of E φ², beyond the last degree


def projection(z: FloatArray, weights: FloatArray | float, degrees: int) -> FloatArray:
    """Return what turns φ(√q z) at these places into a_k, shape (places, degrees).

    `weights` are those of a rule that integrates over z.
    """
    polynomials = np.empty((degrees, z.size))
    # Weighted by √density, so that no degree leaves the range of numbers.
    polynomials[0] = np.exp(-(z**2) / 4) / (2 * pi) ** 0.25
    polynomials[1] = z * polynomials[0]
    for k in range(1, degrees - 1):
        two_below = sqrt(k) * polynomials[k - 1]
        polynomials[k + 1] = (z * polynomials[k] - two_below) / sqrt(k + 1)
    found: FloatArray = (polynomials * polynomials[0] * weights).T
    return found


@lru_cache(maxsize=1)
def _rule() -> tuple[FloatArray, FloatArray]:
    """Return places z in equal steps, and their projection."""
    z = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    return z, projection(z, _STEP, _DEGREES)


def squared_coefficients(
    activation: Activation, q: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return a_k(q)², shape (*q.shape, degrees), and where they are all there is.

    False stands where the series has not come to its end: at a kink of φ, or where φ
    is steep beside √q.
    """
    z, project = _rule()
    squares = (activation.function(np.sqrt(q)[..., None] * z) @ project) ** 2
    whole = gaussian_mean(
        lambda u: activation.function(u) ** 2, variance=q, kinks=activation.kinks
    )
    complete = np.abs(squares.sum(axis=-1) - whole) <= _LOST * whole
    complete &= squares[..., -64:].sum(axis=-1) <= _LOST * whole
    return squares, complete
