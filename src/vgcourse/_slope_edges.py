"""Where the slope of a function falls below a limit, and where it rises above it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse._checks import FloatArray

# Where a slope is searched for places at which it crosses the limit; how finely:
# GELU's slope is below 0.01 over 0.02 only; and up to which deviation of a Gaussian z
# no more than 1e-15 of it lies outside.
_SEARCHED = 64.0
_POINTS = 2**15 + 1
_INSIDE = _SEARCHED / 8


@dataclass(frozen=True, eq=False)
class SlopeEdges:
    """Where a slope crosses a limit in size, and how much that is worth.

    Attributes
    ----------
    at : ndarray of float, shape (edges,)
        The places.
    step : ndarray of float, shape (edges,)
        1 where the slope is below the limit from there on, and −1 where it is above.
    outside : float
        1 if the slope is below the limit far on the left, else 0.
    reach : float
        Standard deviation of z up to which all edges that matter are known: infinite
        for a slope that settles, 0 for one that turns faster than it is searched.
    """

    at: FloatArray
    step: FloatArray
    outside: float
    reach: float


def slope_edges(
    derivative: Callable[[FloatArray], FloatArray], limit: float
) -> SlopeEdges:
    """Return where the size of `derivative` crosses `limit`."""
    z = np.linspace(-_SEARCHED, _SEARCHED, _POINTS)
    slope = derivative(z)
    # |φ′| < s where φ′ < s, but not where φ′ ≤ −s: each of the two is followed by
    # itself, so that a slope that changes its sign between two points is not missed.
    places, steps, outside = [], [], 0.0
    for sign, bound in ((1.0, limit), (-1.0, np.nextafter(-limit, 0))):
        inside = slope < bound
        left = np.flatnonzero(inside[1:] != inside[:-1])
        low, high = z[left], z[left + 1]
        for _ in range(200):  # an edge at 0 is told from one at 2^-48
            middle = (low + high) / 2
            same = (derivative(middle) < bound) == inside[left]
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        places.append(high)
        steps.append(sign * np.where(inside[left], -1.0, 1.0))
        outside += sign * float(inside[0])
    at = np.concatenate(places)
    # Halfway between two points a slope that is followed is their mean, but at a kink.
    astray = np.abs(slope[1:-1] - (slope[:-2] + slope[2:]) / 2)
    missed = np.mean(astray > 0.1 * np.abs(slope).max()) > 0.001
    settles = not (np.abs(at) > _SEARCHED / 2).any()
    reach = 0.0 if missed else np.inf if settles else _INSIDE
    return SlopeEdges(at, np.concatenate(steps), outside, reach)
