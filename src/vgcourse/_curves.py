"""Means over the preactivations of a layer as smooth curves, quick at many points.

The logarithm of each is a `Curve` that is a series from the first point on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from vgcourse._checks import FloatArray
from vgcourse._hermite import squared_coefficients
from vgcourse._moments import Curve
from vgcourse.activations import Activation
from vgcourse.gaussian import gaussian_mean

Indices = NDArray[np.intp]

FARTHEST = 40.0  # |log₂ q| from which a variance counts as 0 or infinite
_ANGLES = 64  # from 0 to π/2

_ANGLE_PLACES = chebyshev.chebpts1(_ANGLES)
_ANGLE_FIT = np.linalg.inv(chebyshev.chebvander(_ANGLE_PLACES, _ANGLES - 1))


class LengthCurves:
    """ln E φ(u)², its slope in ln q, and ln E φ′(u)², for u ~ N(0, q)."""

    def __init__(self, activation: Activation) -> None:
        self._activation = activation
        self._curves = Curve(self._exact, often=1)

    def _exact(self, log2_q: FloatArray) -> FloatArray:
        phi, q = self._activation, np.exp2(log2_q)

        def mean(function: Callable[[FloatArray], FloatArray]) -> FloatArray:
            return gaussian_mean(function, variance=q, kinks=phi.kinks)

        def pull(u: FloatArray) -> FloatArray:
            h, slope = phi.function_and_derivative(u)
            return h * slope * u

        signal = mean(lambda u: phi.function(u) ** 2)
        slope = mean(lambda u: phi.derivative(u) ** 2)
        return np.stack([np.log(signal), mean(pull) / signal, np.log(slope)], axis=-1)

    def at(self, log2_q: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the three curves at these points."""
        signal, steepness, slope = self._curves.at(log2_q).T
        return signal, steepness, slope


@dataclass(frozen=True, eq=False)
class AlongTheAngle:
    """Chebyshev series in θ from 0 to π/2, one column per point."""

    values: FloatArray
    slopes: FloatArray

    def at(self, theta: FloatArray, points: Indices) -> tuple[FloatArray, FloatArray]:
        """Return the series of these points and their slopes, each at its θ."""
        t = theta * (4 / pi) - 1
        value = chebyshev.chebval(t, self.values[:, points], tensor=False)
        return value, chebyshev.chebval(t, self.slopes[:, points], tensor=False)


class ApartCurves:
    """ln R(q, θ), what a layer makes of a difference between two signals.

    R = E[(φ(u) − φ(v))²] / E[(u − v)²] for u and v of variance q and correlation
    c = cos θ; at θ = 0 it is E φ′². NaN where the series of `_hermite` does not end.
    """

    def __init__(self, activation: Activation) -> None:
        self._activation = activation
        self._curves = Curve(self._exact, often=1)

    def _exact(self, log2_q: FloatArray) -> FloatArray:
        q = np.exp2(log2_q)
        squares, complete = squared_coefficients(self._activation, q)
        # (1 − cᵏ)/(1 − c) = 1 + c + … + cᵏ⁻¹: nothing is lost as c comes to 1.
        beyond = np.cumsum(squares[:, ::-1], axis=-1)[:, ::-1][:, 1:]
        c = np.cos((_ANGLE_PLACES + 1) * (pi / 4))
        powers = c ** np.arange(beyond.shape[1])[:, None]
        values: FloatArray = np.log(beyond @ powers / q[:, None]) @ _ANGLE_FIT.T
        return np.where(complete[:, None], values, np.nan)  # so is then the piece

    def at(self, log2_q: FloatArray) -> AlongTheAngle:
        """Return R of each point as a function of θ."""
        values = self._curves.at(log2_q).T
        return AlongTheAngle(values, chebyshev.chebder(values) * (4 / pi))


def falling_root(
    function: Callable[[FloatArray, Indices], tuple[FloatArray, FloatArray]],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Return where a function falls through zero, between `low` and `high`, 1-D.

    `function` is given places and the points they belong to, and returns value and
    slope. Newton's step, or half the interval where that would lead out of it.
    """
    low, high = low.copy(), high.copy()
    x = (low + high) / 2
    left = np.arange(x.size)
    for _ in range(60):
        if left.size == 0:
            break
        value, slope = function(x[left], left)
        above = value > 0
        low[left[above]] = x[left[above]]
        high[left[~above]] = x[left[~above]]
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x[left] - value / slope
        outside = ~((new >= low[left]) & (new <= high[left]))
        new[outside] = (low[left] + high[left])[outside] / 2
        moved = np.abs(new - x[left])
        x[left] = new
        left = left[moved > 1e-14 * (1 + np.abs(new))]
    return x
