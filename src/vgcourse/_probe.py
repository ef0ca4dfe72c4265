"""What can be found out about a function of one number by asking it for values."""

from collections.abc import Callable

import numpy as np

from vgcourse._checks import FloatArray, check_function

Function = Callable[[FloatArray], FloatArray]

# Where functions are looked at closely; neither end, nor a place between, is round.
_REACH = 40.0
_GRID = np.linspace(-_REACH, _REACH, 10_241) + 1 / 3000
_PLACES = np.array([-7.3, -2.9, -1.3, -0.7, -0.2, 0.1, 0.45, 1.1, 1.9, 3.7, 8.1])
# A difference quotient of sixth order: with this step rounding and curvature are both
# about 1e-13.
_STEP = 2.0**-7
_STENCIL = np.array([-1, 9, -45, 45, -9, 1]) / 60
_OFFSETS = np.array([-3, -2, -1, 1, 2, 3])


def elementwise(name: str, function: object) -> Function:
    """Return the function, silent and of the format of its argument.

    Raises
    ------
    ValueError, TypeError
        If it does not return one finite number for each it is given.
    """
    phi = check_function(name, function)

    def called(z: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            return np.asarray(phi(z), dtype=z.dtype)

    values = called(_PLACES)
    if values.shape != _PLACES.shape:
        shapes = f"of shape {_PLACES.shape} it made {values.shape}"
        message = f"{name} must act elementwise, {shapes}"
        raise ValueError(message)
    if not np.isfinite(values).all():
        bad = ~np.isfinite(values)
        where, value = _PLACES[bad][0], values[bad][0]
        message = f"{name} must be finite, at z = {where:g} it is {value}"
        raise ValueError(message)
    return called


def check_derivative(
    function: Function, derivative: Function, kinks: tuple[float, ...]
) -> None:
    """Say where a derivative does not belong to its function."""
    quotient = difference_quotient(function, kinks)(_PLACES)
    given = derivative(_PLACES)
    off = np.abs(given - quotient) > 1e-6 * (1 + np.abs(quotient))
    if off.any():
        z, is_there, wanted = _PLACES[off][0], given[off][0], quotient[off][0]
        message = (
            f"derivative must be that of function: at z = {z:g} it is {is_there:.6g}, "
            f"but the function's slope is {wanted:.6g}"
        )
        raise ValueError(message)


def difference_quotient(function: Function, kinks: tuple[float, ...]) -> Function:
    """Return the derivative of a function that is smooth between the kinks and 0."""

    def slope(z: FloatArray) -> FloatArray:
        place = z.astype(np.float64)
        step = _STEP * np.maximum(np.abs(place), 1)
        for kink in (0.0, *kinks):
            away = np.abs(place - kink) / 4
            step = np.minimum(step, np.maximum(away, 1e-6))
        # The distance that there is, after rounding.
        step = (place + step) - place
        values = function(place + _OFFSETS.reshape(-1, *[1] * place.ndim) * step)
        quotient = np.tensordot(_STENCIL, values, axes=1) / step
        return np.asarray(quotient, dtype=z.dtype)

    return slope


def find_kinks(function: Function) -> tuple[float, ...]:
    """Return where the slope of a function jumps, within 40 of 0."""
    low, high = _GRID[:-1], _GRID[1:]
    width = 1e-5
    while low.size:
        # Across half an interval a smooth slope changes by half as much.
        bent = _jump(function, low, high) > 1e-3
        low, high = low[bent], high[bent]
        if low.size == 0 or (high - low).max() <= width:
            break
        middle = (low + high) / 2
        low, high = np.append(low, middle), np.append(middle, high)
        order = np.argsort(low)
        low, high = low[order], high[order]
    places = (low + high) / 2
    new = np.diff(places, prepend=-np.inf) > 10 * width
    return tuple(_rounded(place) for place in places[new])


def _jump(function: Function, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return how much steeper a function is at one end than at the other."""
    step = (high - low) / 64
    left = (function(low) - function(low - step)) / step
    right = (function(high + step) - function(high)) / step
    change: FloatArray = np.abs(right - left)
    return change


def _rounded(place: float) -> float:
    """Return a number of few digits where one is near."""
    near = round(place * 24) / 24
    return near + 0.0 if abs(near - place) < 2e-5 else float(place)


def at_zero(derivative: Function) -> tuple[float, float]:
    """Return the slopes just left and just right of 0, where straight lines lead."""
    near, far = derivative(np.array([[-1e-5, 1e-5], [-2e-5, 2e-5]]))
    left, right = (2 * near - far).tolist()
    return left, right


def steepest(
    derivative: Function, kinks: tuple[float, ...]
) -> tuple[float, float | None]:
    """Return the largest |slope|, and where; None for a whole interval."""

    def size(z: FloatArray) -> FloatArray:
        away = np.abs(z[:, None] - np.array([np.inf, *kinks])).min(axis=1)
        # At a kink a difference quotient sees both sides.
        return np.where(away < 1e-5, 0.0, np.abs(derivative(z)))

    low, high = -_REACH, _REACH
    sizes = size(_GRID)
    if np.count_nonzero(sizes > sizes.max() * (1 - 1e-9)) > 2:
        return float(sizes.max()), None
    for _ in range(5):
        grid = np.linspace(low, high, 2001)
        sizes = size(grid)
        best = int(np.argmax(sizes))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    return float(sizes.max()), float((low + high) / 2)


def at_infinity(function: Function) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the limits at −∞ and +∞, and the slopes of the straight lines there.

    Raises
    ------
    ValueError
        If the function grows faster than a straight line.
    """
    limits, slopes = [], []
    for sign in (-1.0, 1.0):
        near, far = function(sign * np.array([1e75, 1e150]))
        slope = far / (sign * 1e150)
        if not np.isfinite(slope):
            near, far = function(sign * np.array([1e4, 1e8]))
            slope = far / (sign * 1e8)
        if not abs(slope) < 1e4:
            message = (
                "function must grow at most like a straight line, so that its means "
                f"exist; at z = {sign * 1e8:g} it is {far:g}"
            )
            raise ValueError(message)
        slope = 0.0 if abs(slope) < 1e-7 else float(slope)
        settled = abs(near - far) <= 1e-9 * (1 + abs(far))
        slopes.append(slope)
        if settled:
            limits.append(float(far))
        else:
            limits.append(sign * slope * np.inf if slope else np.nan)
    return (limits[0], limits[1]), (slopes[0], slopes[1])
