"""The number formats: what each can hold, and what it loses of a long product."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgcourse._checks import check_array, check_choice, check_real


@dataclass(frozen=True)
class NumberFormat:
    """A binary floating-point format: what it holds, and how it rounds.

    Attributes
    ----------
    name : str
        One of the keys of `FORMATS`.
    digits : int
        Binary digits of a normal number, the leading one included.
    largest_exponent : int
        The largest finite number lies just below 2 to this power.
    dtype : dtype
        NumPy's type that holds the numbers. NumPy has no bfloat16: its numbers are
        held in float32, which has them all.
    """

    name: str
    digits: int
    largest_exponent: int
    dtype: np.dtype[Any]

    @property
    def max(self) -> float:
        """Largest finite number."""
        return math.ldexp(2**self.digits - 1, self.largest_exponent - self.digits)

    @property
    def eps(self) -> float:
        """Distance from 1 to the next larger number."""
        return math.ldexp(1.0, 1 - self.digits)

    @property
    def smallest_normal(self) -> float:
        """Smallest positive number that keeps all digits."""
        return math.ldexp(1.0, 2 - self.largest_exponent)

    @property
    def smallest_subnormal(self) -> float:
        """Smallest positive number; half of it rounds to zero."""
        return self.smallest_normal * self.eps

    def round(self, values: ArrayLike) -> NDArray[Any]:
        """Return the nearest numbers of this format, in an array of `dtype`.

        To nearest, ties to even; subnormal numbers are kept, what is half a step
        above `max` or more becomes infinite, and infinities and NaN stay.

        Parameters
        ----------
        values : array_like of float
            Of any shape, in float64 or less.

        Examples
        --------
        >>> FORMATS["bfloat16"].round([1.0, 1.003, 1.005, 4e38])
        array([1.       , 1.       , 1.0078125,       inf], dtype=float32)
        """
        wide = np.asarray(values, dtype=np.float64)
        with np.errstate(over="ignore", under="ignore"):
            if self.name == "bfloat16":
                # The distance to the next number, which is a power of two and so
                # divides exactly; it does not shrink below the smallest number.
                least = 3 - self.largest_exponent - self.digits
                step = np.ldexp(1.0, np.maximum(np.frexp(wide)[1] - self.digits, least))
                wide = np.rint(wide / step) * step
            return wide.astype(self.dtype)


FORMATS: Mapping[str, NumberFormat] = MappingProxyType(
    {
        "float16": NumberFormat("float16", 11, 16, np.dtype(np.float16)),
        "bfloat16": NumberFormat("bfloat16", 8, 128, np.dtype(np.float32)),
        "float32": NumberFormat("float32", 24, 128, np.dtype(np.float32)),
        "float64": NumberFormat("float64", 53, 1024, np.dtype(np.float64)),
    }
)
"""The number formats of the course, by name: IEEE 754's, and Google's bfloat16."""


def number_format(dtype: DTypeLike | NumberFormat) -> NumberFormat:
    """Return a number format, given by name or by dtype.

    Parameters
    ----------
    dtype : {"float16", "bfloat16", "float32", "float64"}, dtype or NumberFormat
        The format, or a NumPy or ml_dtypes type of that name.

    Returns
    -------
    NumberFormat
        With its limits, and its way to round.

    Raises
    ------
    ValueError, TypeError
        If it is none of the four; the message lists them.

    Examples
    --------
    >>> number_format("float16").max
    65504.0
    """
    if isinstance(dtype, NumberFormat):
        return dtype
    name = np.dtype(dtype).name if isinstance(dtype, type | np.dtype) else dtype
    return FORMATS[check_choice("dtype", name, FORMATS)]


def naive_products(
    factors: ArrayLike, *, dtype: DTypeLike | NumberFormat = "float64"
) -> NDArray[Any]:
    """Return the running product as a number format computes it.

    The factors are rounded to the format, and so is the product after every
    multiplication (to nearest, ties to even, subnormal numbers kept). Overflow
    and underflow are left as they happen, so a zero factor after an overflow
    gives NaN.

    Parameters
    ----------
    factors : array_like, shape (..., depth)
        Factors, the first to act first; dimensionless.
    dtype : {"float64", "float32", "bfloat16", "float16"} or dtype, default "float64"
        The number format.

    Returns
    -------
    ndarray of the format's dtype, shape (..., depth)
        Product of the factors up to each layer; numbers of bfloat16 are held in
        float32.

    Raises
    ------
    ValueError, TypeError
        If `factors` is empty, a single number, not finite or not real, or
        `dtype` is none of `FORMATS`.

    Examples
    --------
    >>> naive_products([300, 300, 0.5], dtype="float16")
    array([300.,  inf,  inf], dtype=float16)
    """
    number = number_format(dtype)
    f = check_array("factors", factors, min_ndim=1)
    return _rounded_products(number.round(f), number)


def _rounded_products(factors: NDArray[Any], number: NumberFormat) -> NDArray[Any]:
    """Multiply along the last axis numbers of a format, and round every product."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if number.name != "bfloat16":
            # Unlike `reduce`, `accumulate` stores, so rounds, every partial product.
            return np.multiply.accumulate(factors, axis=-1)
        products = factors.copy()
        for layer in range(1, factors.shape[-1]):
            # Two numbers of 8 digits have a product of 16, which float64 has too.
            exact = products[..., layer - 1].astype(np.float64) * factors[..., layer]
            products[..., layer] = number.round(exact)
        return products


_MOST_STEPS = 10**8  # about a second


def cliff(factor: float, *, dtype: DTypeLike | NumberFormat = "float64") -> int | None:
    """Return the depth at which a constant factor's product is infinite or zero.

    The factor is rounded to the format, and the product after every
    multiplication, as in `naive_products`.

    Parameters
    ----------
    factor : float
        The factor of every layer; its sign does not matter.
    dtype : {"float64", "float32", "bfloat16", "float16"} or dtype, default "float64"
        The number format.

    Returns
    -------
    int or None
        First depth, in layers, whose product is infinite or zero; None if there
        is none, that is if the rounded factor f has 1/2 < abs(f) <= 1.

    Raises
    ------
    ValueError, TypeError
        If `factor` is not a finite number, `dtype` is none of `FORMATS`, or f is
        so close above 1 that the answer takes more than about 1e8 steps.

    Examples
    --------
    >>> cliff(0.5, dtype="float16"), cliff(1.5, dtype="float16")
    (25, 28)
    >>> cliff(0.9, dtype="float16") is None
    True
    """
    number = number_format(dtype)
    f = number.round(abs(check_real("factor", factor)))[()]
    # Let s be the smallest subnormal, so that the multiples of s round to
    # themselves and what lies above s/2 does not round to 0.
    # 1/2 < f <= 1: a product p >= s is followed by pf > s/2, so never by 0, and by
    # pf <= p, so never by infinity: there is no cliff.
    # f <= 1/2: p is followed by at most p/2, rounded, and s/2 is a tie that goes
    # to 0: the cliff is zero, after as many steps as there are binary orders.
    # f > 1: pf lies at least one spacing above p, so the product rises at every
    # step and the cliff is infinity, after about log(max) / log(f) steps.
    if 0.5 < float(f) <= 1:
        return None
    if float(f) > 1 and math.log(number.max) > _MOST_STEPS * math.log(float(f)):
        message = (
            f"factor must not be that close to 1: {factor} in {number.name} takes"
            f" more than {_MOST_STEPS:.0e} multiplications to overflow"
        )
        raise ValueError(message)
    depth, product, steps = 0, number.dtype.type(1), 1 << 10
    while True:
        chunk = np.full(steps + 1, f)
        chunk[0] = product
        products = _rounded_products(chunk, number)[1:]
        gone = (products == 0) | np.isinf(products)
        if gone[-1]:  # zero and infinity stay, so looking at the last is enough
            return depth + int(gone.argmax()) + 1
        depth, product = depth + steps, products[-1]
        steps = min(2 * steps, 1 << 16)
