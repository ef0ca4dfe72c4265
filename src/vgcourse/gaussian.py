"""Means over Gaussian variables, one and two, and the tail of their distribution."""

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from numpy.polynomial import chebyshev, legendre
from numpy.typing import ArrayLike

from vgcourse._checks import (
    FloatArray,
    check_array,
    check_function,
    check_real,
    check_sequence,
    shown,
)

Function = Callable[[FloatArray], FloatArray]

_REACH = 11.0  # in standard deviations; less than 1e-26 of a Gaussian lies beyond
_PANELS = np.linspace(-_REACH, _REACH, 12)
_OCTAVES = 2.0 ** np.arange(-1, 8)
_BENDS = np.concatenate([-_OCTAVES[::-1], [0.0], _OCTAVES])
_LAYERS = np.concatenate([-_OCTAVES[5::-1], [0.0], _OCTAVES[:6]])
_NODES, _WEIGHTS = legendre.leggauss(20)

# A panel is judged by the last two Legendre coefficients of what is integrated, in
# units of the integral of its absolute value. The rule is exact for twice as many, so
# where they fall off steadily a last one of 1e-7 means an error of 1e-14. Of a panel
# that has failed once nothing is assumed: there the last ones themselves must be small,
# beside the whole or, as rounding allows no more, beside what the panel holds.
_LAST = legendre.legvander(_NODES, 19)[:, 18:] * (np.arange(18, 20) + 0.5)
_STEADY = 1e-7
_SMALL = 1e-14
_ROUNDING = 1e-11
_THINNEST = 1e-14  # standard deviations: what a jump is narrowed down to
_MOST_PANELS = 2**17
# Of pairs: what the inner mean leaves to the outer one, and what fits into memory.
_PAIR_SMALL = 1e-12
_MOST_PAIR_PANELS = 2**12
_ROWS = 1024


def gaussian_mean(
    function: Function,
    *,
    variance: ArrayLike = 1.0,
    kinks: tuple[float, ...] = (),
) -> FloatArray:
    r"""Return the mean of ``function(u)`` over Gaussian `u` of mean zero.

    .. math:: \mathrm{E}[f(u)], \qquad u \sim \mathcal{N}(0, v).

    Gauss-Legendre quadrature on panels that are cut where `function` may bend:
    at the kinks and at 0, ±1/2, ±1, ±2, …, ±128, so that one rule serves tiny and
    huge variances alike. Every variance is one row of a single evaluation. A panel
    in which `function` turns out to change faster is halved until it does not.

    Parameters
    ----------
    function : callable
        Elementwise on arrays, and at most a power of `u` far out. Quickest where it is
        smooth between the kinks on the scale of 1, and settled beyond ±128.
    variance : array_like, default 1.0
        Variances `v`, at least 0.
    kinks : tuple of float, optional
        Where `function` or a derivative of it jumps, besides 0.

    Returns
    -------
    ndarray of float, shape of `variance`
        Right to about 1e-14, relative to the mean of the absolute value; to about
        1e-12 where `function` oscillates, or jumps at a place not given.

    Raises
    ------
    ValueError
        If a variance is negative or not finite, or `function` changes too fast to be
        averaged over it.

    Examples
    --------
    >>> gaussian_mean(np.square, variance=[1.0, 4.0])
    array([1., 4.])
    """
    check_function("function", function)
    v = check_array("variance", variance).astype(np.float64)
    if (v < 0).any():
        message = f"variance must be at least 0, got {v.min():g}"
        raise ValueError(message)
    bends = np.concatenate([_BENDS, _check_kinks(kinks)])
    return _mean(function, np.zeros_like(v), np.sqrt(v), bends)


def gaussian_pair_mean(
    first: Function,
    second: Function,
    *,
    correlation: ArrayLike,
    variance: ArrayLike = 1.0,
    second_variance: ArrayLike | None = None,
    kinks: tuple[float, ...] = (),
) -> FloatArray:
    r"""Return the mean of ``first(u) * second(v)`` over correlated Gaussian u and v.

    .. math::
        \mathrm{E}[f(u)\,g(v)], \qquad
        \operatorname{Cov}(u, v) = c \sqrt{\operatorname{Var} u \operatorname{Var} v},

    both of mean zero. For given u, v is Gaussian again; its mean is taken first, on
    panels as in `gaussian_mean`, and then that over u, on panels that are fine where a
    kink of `second`, seen through what is left of v's variance, is sharp.

    Parameters
    ----------
    first, second : callable
        f and g, elementwise on arrays, as in `gaussian_mean`.
    correlation : array_like
        c, from −1 to 1.
    variance, second_variance : array_like, default 1.0
        Variances of u and of v, at least 0; that of v is that of u where it is not
        given. Shapes broadcast with that of `correlation`.
    kinks : tuple of float, optional
        Where `first` or `second`, or a derivative of one, jumps, besides 0.

    Returns
    -------
    ndarray of float
        Right to about 1e-14, relative to √(E[f(u)²] E[g(v)²]); to about 1e-12 where
        a function oscillates, or jumps at a place not given.

    Raises
    ------
    ValueError
        If a correlation lies outside [−1, 1], a variance is negative, a number not
        finite, shapes do not broadcast, or a function changes too fast.

    Examples
    --------
    >>> gaussian_pair_mean(np.sign, np.sign, correlation=[0.0, 0.5]).round(6)
    array([0.      , 0.333333])
    """
    check_function("first", first)
    check_function("second", second)
    kinks = tuple(_check_kinks(kinks))
    if second_variance is None:
        second_variance = variance
    c, q, p = np.broadcast_arrays(
        check_array("correlation", correlation).astype(np.float64),
        check_array("variance", variance).astype(np.float64),
        check_array("second_variance", second_variance).astype(np.float64),
    )
    if (np.abs(c) > 1).any():
        message = (
            f"correlation must be from -1 to 1, got {c.flat[np.abs(c).argmax()]:g}"
        )
        raise ValueError(message)
    for name, v in (("variance", q), ("second_variance", p)):
        if (v < 0).any():
            message = f"{name} must be at least 0, got {v.min():g}"
            raise ValueError(message)
    means = np.empty(c.shape)
    for place in np.ndindex(c.shape):
        means[place] = _pair_mean(
            first,
            second,
            correlation=float(c[place]),
            stds=(sqrt(q[place]), sqrt(p[place])),
            kinks=kinks,
        )
    return means


def _check_kinks(kinks: object) -> list[float]:
    return [check_real("kinks", kink) for kink in check_sequence("kinks", kinks)]


def _pair_mean(
    first: Function,
    second: Function,
    *,
    correlation: float,
    stds: tuple[float, float],
    kinks: tuple[float, ...],
) -> float:
    """Return E[f(u) g(v)] for one pair; what is integrated over is z = u/std."""
    std, second_std = stds
    rest = sqrt((1 - correlation) * (1 + correlation))
    bends = np.concatenate([_BENDS, kinks])
    within_reach = np.abs(bends) < 2 * _REACH * second_std
    # Where the mean of v, for given z, passes a bend of g; and how far around a kink
    # the rest of its variance is felt. The floors make 0 / 0 a 0.
    tilt = np.copysign(max(abs(correlation), 1e-150), correlation)
    crossings = bends / tilt / max(second_std, 1e-150)
    sharp = np.concatenate([[0.0], kinks]) / tilt / max(second_std, 1e-150)
    layers = sharp[:, None] + rest / abs(tilt) * _LAYERS
    cuts = np.concatenate([bends / max(std, 1e-150), crossings, layers.ravel()])
    cuts = np.unique(cuts[np.abs(cuts) < _REACH])

    def weighted(z: FloatArray) -> FloatArray:
        center = correlation * second_std * z.ravel()
        inner = np.empty_like(center)
        for start in range(0, center.size, _ROWS):
            rows = slice(start, start + _ROWS)
            spread = np.full_like(center[rows], rest * second_std)
            inner[rows] = _mean(second, center[rows], spread, bends[within_reach])
        return first(std * z) * inner.reshape(z.shape)

    scale = sqrt(
        _mean_square(first, std, bends) * _mean_square(second, second_std, bends)
    )
    mean = _mean(
        weighted,
        np.zeros(1),
        np.ones(1),
        cuts,
        least_scale=scale,
        small=_PAIR_SMALL,
        most_panels=_MOST_PAIR_PANELS,
    )
    return float(mean[0])


def _mean_square(function: Function, std: float, bends: FloatArray) -> float:
    mean = _mean(lambda u: function(u) ** 2, np.zeros(1), np.full(1, std), bends)
    return float(mean[0])


def _mean(
    function: Function,
    center: FloatArray,
    std: FloatArray,
    bends: FloatArray,
    *,
    least_scale: float = 0.0,
    small: float = _SMALL,
    most_panels: int = _MOST_PANELS,
) -> FloatArray:
    """Return E f(center + std z), z standard normal, for each center and std.

    Errors are judged beside the mean of the absolute value, or `least_scale`.
    """
    shape, center, std = center.shape, center.ravel(), std.ravel()
    # A bend outside the reach gives a panel of width 0; the floor makes 0 / 0 a 0.
    cuts = (bends - center[:, None]) / np.maximum(std, 1e-150)[:, None]
    cuts = np.clip(cuts, -_REACH, _REACH)
    panels = np.broadcast_to(_PANELS, (center.size, _PANELS.size))
    edges = np.sort(np.concatenate([panels, cuts], axis=-1), axis=-1)
    low, high = edges[:, :-1], edges[:, 1:]
    terms = _terms(function, center[:, None], std[:, None], low, high)
    whole = np.maximum(np.abs(terms).sum(axis=(-2, -1)), least_scale)
    rough = _last(terms) > _STEADY * whole[:, None]
    terms[rough] = 0
    mean = terms.sum(axis=(-2, -1))
    row, low, high = np.nonzero(rough)[0], low[rough], high[rough]
    while row.size:
        if 2 * row.size > most_panels:
            message = (
                "function must not change so fast: over a variance of"
                f" {std[row].max() ** 2:.3g} its mean takes more than"
                f" {most_panels} panels"
            )
            raise ValueError(message)
        middle = (low + high) / 2
        row = np.append(row, row)
        low, high = np.append(low, middle), np.append(middle, high)
        terms = _terms(function, center[row], std[row], low, high)
        last, share = _last(terms), np.abs(terms).sum(axis=-1)
        smooth = (last <= small * whole[row]) | (last <= _ROUNDING * share)
        smooth |= high - low < _THINNEST
        np.add.at(mean, row[smooth], terms[smooth].sum(axis=-1))
        row, low, high = row[~smooth], low[~smooth], high[~smooth]
    result: FloatArray = mean.reshape(shape)
    return result


def _terms(
    function: Function,
    center: FloatArray,
    std: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Return the terms of the quadrature, one row of 20 for each panel."""
    middle, half = (high + low) / 2, (high - low) / 2
    z = middle[..., None] + half[..., None] * _NODES
    density = np.exp(-(z**2) / 2) / sqrt(2 * pi)
    weight = half[..., None] * _WEIGHTS * density
    values = function(center[..., None] + std[..., None] * z)
    if (
        np.shape(values) not in ((), z.shape)
        or np.asarray(values).dtype.kind not in "fiub"
    ):
        message = f"function must return a real number for each, got {shown(values)}"
        raise TypeError(message)
    terms: FloatArray = weight * values
    return terms


def _last(terms: FloatArray) -> FloatArray:
    """Return the size of the last two Legendre coefficients in each panel."""
    size: FloatArray = np.abs(terms @ _LAST).max(axis=-1)
    return size


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
