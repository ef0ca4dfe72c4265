"""Means over the preactivations of one layer, z ~ N(0, q), as curves over log q.

Variances and moments are carried as logarithms to base 2: they leave float64. A curve
is cut into pieces of two octaves of q; where it is asked for often, a piece becomes a
Chebyshev series, so that a thousand layers cost little more than a few.
"""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from math import erfc, pi, sqrt

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import NDArray

from vgcourse._checks import FloatArray
from vgcourse._hermite import projection
from vgcourse._passes import SAFE
from vgcourse.activations import Activation
from vgcourse.gaussian import gaussian_mean

Blocks = NDArray[np.bool_]

_NODES = 24  # of a piece, in log q
_ORDERS = np.arange(_NODES)
_PLACES = chebyshev.chebpts1(_NODES)
_FIT = np.linalg.inv(chebyshev.chebvander(_PLACES, _NODES - 1))
_OFTEN = 3  # points in a piece from which it becomes a series


class Curve:
    """A function of log2 q with several columns, remembered where it is asked for.

    Parameters
    ----------
    exact : callable
        From log2 q, shape (points,), to values of shape (points, columns); smooth.
    often : int
        Points that a piece is asked for until it becomes a series.
    """

    def __init__(
        self, exact: Callable[[FloatArray], FloatArray], *, often: int = _OFTEN
    ) -> None:
        self._exact = exact
        self._often = often
        self._series: dict[float, FloatArray] = {}
        self._asked: Counter[float] = Counter()

    def at(self, log2_q: FloatArray) -> FloatArray:
        """Return the values, shape (points, columns)."""
        if log2_q.size == 0:
            return self.at(np.zeros(1))[:0]  # with the columns that there are
        pieces = np.floor(log2_q / 2)
        if log2_q.size == 1:
            numbers, counts = [float(pieces[0])], [1]
        else:
            unique, count = np.unique(pieces, return_counts=True)
            numbers, counts = unique.tolist(), count.tolist()
        self._remember(numbers, counts)
        known = [number for number in numbers if number in self._series]
        if len(known) == len(numbers) == 1:
            return self._in_piece(log2_q, known[0])
        parts = [(pieces == n, self._in_piece(log2_q[pieces == n], n)) for n in known]
        rest = ~np.isin(pieces, known)
        if rest.any():
            parts.append((rest, self._exact(log2_q[rest])))
        values = np.empty((log2_q.size, parts[0][1].shape[1]))
        for where, part in parts:
            values[where] = part
        return values

    def _remember(self, numbers: list[float], counts: list[int]) -> None:
        """Make the series of the pieces that are asked for often, all at once."""
        often = []
        for number, count in zip(numbers, counts, strict=True):
            if number in self._series or not abs(number) <= SAFE:
                continue
            self._asked[number] += count
            if self._asked[number] >= self._often:
                often.append(number)
        if often:
            places = [2 * number + 1 + _PLACES for number in often]
            values = np.split(self._exact(np.concatenate(places)), len(often))
            for number, at_places in zip(often, values, strict=True):
                self._series[number] = _FIT @ at_places

    def _in_piece(self, log2_q: FloatArray, number: float) -> FloatArray:
        inside = log2_q - (2 * number + 1)  # from −1 up to, but not, 1
        polynomials: FloatArray = np.cos(np.arccos(inside)[:, None] * _ORDERS)
        return polynomials @ self._series[number]


class Moments:
    """What a layer's φ makes of z ~ N(0, q): E φ(z)², E φ′(z)², and of pairs."""

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self._vanishes = bool(activation.function(0.0) == 0)
        self._grows = any(activation.slopes_at_infinity)
        lines = [activation.slopes_at_zero, activation.slopes_at_infinity]
        with np.errstate(divide="ignore"):  # log 0
            line = np.log2(np.mean(np.square(lines), axis=1))
        # Log2 of the mean squared slope at 0 and at infinity, half on either side.
        self.line_at_zero, self.line_at_infinity = line.tolist()
        self._signal = Curve(lambda q: self._log2_mean_square(activation.function, q))
        self._slope = Curve(lambda q: self._log2_mean_square(activation.derivative, q))
        self._apart = Curve(lambda q: _squared_coefficients(activation, q))

    def straight(self, log2_q: FloatArray) -> tuple[Blocks, Blocks]:
        """Where φ is its straight lines at 0, and where those at infinity."""
        tiny = (log2_q < -2 * SAFE) & (log2_q > -np.inf) & self._vanishes
        return tiny, (log2_q > 2 * SAFE) & self._grows

    def log2_signal(self, log2_q: FloatArray) -> FloatArray:
        """Log2 of E φ(z)²."""
        if (np.abs(log2_q) <= 2 * SAFE).all():
            return _shaped(self._signal, log2_q)
        tiny, huge = self.straight(log2_q)
        line: FloatArray = log2_q + np.where(
            tiny, self.line_at_zero, self.line_at_infinity
        )
        if (tiny | huge).all():
            return line
        curved = np.where(tiny | huge, 0.0, log2_q)
        signal: FloatArray = np.where(tiny | huge, line, _shaped(self._signal, curved))
        return signal

    def log2_slope(self, log2_q: FloatArray) -> FloatArray:
        """Log2 of E φ′(z)²."""
        tiny, huge = self.straight(log2_q)
        curved = np.where(tiny | huge, 0.0, log2_q)
        # Farther out, a bounded φ slopes near 0 alone, where the density is 1/√q.
        slope = _shaped(self._slope, curved) - np.maximum(curved - 900, 0) / 2
        slope = np.where(huge, self.line_at_infinity, slope)
        straight: FloatArray = np.where(tiny, self.line_at_zero, slope)
        return straight

    def apart(self, log2_q: FloatArray) -> FloatArray:
        """What is needed to say how far a layer takes two signals apart.

        One row per point, made for `apart`; NaN where Hermite degrees do not end.
        """
        log2_q = np.clip(log2_q, -2 * SAFE, 2 * SAFE)
        return self._apart.at(log2_q)

    def _log2_mean_square(
        self, function: Callable[[FloatArray], FloatArray], log2_q: FloatArray
    ) -> FloatArray:
        """Log2 of E f(z)², by quadrature, in one column."""
        # Never so far that squares leave float64: there the moment has settled.
        settled = np.where(log2_q == -np.inf, log2_q, np.clip(log2_q, -900, 900))
        mean = gaussian_mean(
            lambda z: function(z) ** 2,
            variance=np.exp2(settled),
            kinks=self.activation.kinks,
        )
        with np.errstate(divide="ignore"):  # the log of a moment that is zero
            logarithm: FloatArray = np.log2(mean)
        return logarithm[:, None]


def _shaped(curve: Curve, log2_q: FloatArray) -> FloatArray:
    """Return a curve's one column in the shape of the points."""
    column: FloatArray = curve.at(log2_q.ravel())[:, 0]
    return column.reshape(log2_q.shape)


def moments(activation: Activation) -> Moments:
    """Return the moments of an activation, made once and kept with it."""
    kept = vars(activation)
    if "_moments" not in kept:
        kept["_moments"] = Moments(activation)
    found: Moments = kept["_moments"]
    return found


# Pairs ------------------------------------------------------------------------------
#
# The series of `_hermite`, cut short: what lies beyond is known from φ's slopes.

_DEGREES = 128
_REACH = 11.0
# Fine at 0, where φ bends: down to the width of a steep φ.
_CUTS = np.concatenate([4.0 ** np.arange(-6, 0), np.arange(1, _REACH + 1)])
_LEGENDRE, _WEIGHTS = legendre.leggauss(20)


def _rule(cuts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return places z, fine where φ bends, and their projection."""
    edges = np.unique(np.clip(np.concatenate([-_CUTS, [0.0], _CUTS, cuts]), -11, 11))
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    z = (middle[:, None] + half[:, None] * _LEGENDRE).ravel()
    return z, projection(z, (half[:, None] * _WEIGHTS).ravel(), _DEGREES)


@lru_cache(maxsize=1)
def _usual_rule() -> tuple[FloatArray, FloatArray]:
    return _rule(np.empty(0))


def _squared_coefficients(activation: Activation, log2_q: FloatArray) -> FloatArray:
    """Return a_k² for k = 1, 2, …, for all beyond, and what these add to Σ k a_k².

    As shares of E φ(z)², so that their sum is that of 1 − a_0². Σ k a_k² is q E φ′(z)².
    """
    std = np.exp2(log2_q / 2)
    whole = gaussian_mean(
        lambda z: activation.function(z) ** 2, variance=std**2, kinks=activation.kinks
    )
    slope = gaussian_mean(
        lambda z: activation.derivative(z) ** 2, variance=std**2, kinks=activation.kinks
    )
    squares = np.empty((log2_q.size, _DEGREES))
    if not any(activation.kinks):
        z, project = _usual_rule()
        squares[:] = (activation.function(std[:, None] * z) @ project) ** 2
    else:
        for row, one in enumerate(std):
            z, project = _rule(np.array(activation.kinks) / one)
            squares[row] = (activation.function(one * z) @ project) ** 2
    squares /= whole[:, None]
    beyond = 1 - squares.sum(axis=1)
    steeper = std**2 * slope / whole - squares @ np.arange(_DEGREES)
    steeper[np.abs(beyond) < 1e-10] = 0
    beyond[np.abs(beyond) < 1e-10] = 0
    beyond[(beyond < 0) | (beyond > 0.1)] = np.nan
    return np.column_stack([squares[:, 1:], beyond, steeper])


_DEGREE = np.arange(1, _DEGREES)
_FARTHEST = 1 - 2.0**-53  # of which the logarithm is finite
_erfc = np.frompyfunc(erfc, 1, 1)


def apart(shares: FloatArray, distance: FloatArray) -> FloatArray:
    """Return 1 − alikeness of φ(u) and φ(v), where that of u and v is `distance`.

    1 − cᵏ of each degree k, weighted with its share. Beyond the last degree the shares
    fall like k^(−5/2), as they do where φ has a kink; summed as an integral, from where
    their sums of a_k² and of k a_k² are what they must be.
    """
    rate = -np.log1p(-np.minimum(distance, _FARTHEST))
    below = -np.expm1(rate[..., None] * -_DEGREE)
    far: FloatArray = np.vecdot(below, shares[..., :-2])
    beyond, steeper = shares[..., -2], shares[..., -1]
    if not beyond.any():
        return far
    first = steeper / np.maximum(3 * beyond, 1e-300)
    y = np.clip(first * rate, 0, 700.0)
    tail = 2 * y * np.exp(-y) - np.expm1(-y)
    tail -= 2 * sqrt(pi) * y**1.5 * np.float64(_erfc(np.sqrt(y)))
    far += beyond * tail
    return far
