"""Long products of scalars and matrices: in log space, and as formats lose them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgcourse._checks import FloatArray, check_array, check_choice, check_real

Matrices = Sequence[ArrayLike] | FloatArray
IntArray = NDArray[np.integer[Any]]

LOG10_2 = math.log10(2)
EPS = float(np.finfo(np.float64).eps)
MOST_STEPS = 10**8  # of `cliff`: about a second
NO_SCALE = -(1 << 40)  # the binary exponent of a zero: below that of any product
WIDEST = 8  # binary orders that the rows or columns of a factor left whole may span
SAFE_ORDER = 256  # binary orders from 1, the fourth root of the largest float64
MOST_SWEEPS = 60  # of Jacobi rotations; 2 to 9 were seen
# LAPACK's QR is used, for speed, where the smallest entry times the number of
# entries is not below SMALLEST beside the largest one, and no row of the triangular
# product is more than STEEPEST times as large as its diagonal entry.
SMALLEST = 2.0**-10
STEEPEST = 2.0**6


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


def log10_products(factors: ArrayLike) -> FloatArray:
    r"""Return log10 of the absolute running product, which no format can hold.

    .. math:: \log_{10} |f_1 \cdots f_\ell| = \sum_{k \le \ell} \log_{10} |f_k|

    Parameters
    ----------
    factors : array_like, shape (..., depth)
        Factors, the first to act first; dimensionless.

    Returns
    -------
    ndarray of float64, shape (..., depth)
        Log10 of the product of the factors up to each layer; −inf from the
        first zero on.

    Raises
    ------
    ValueError, TypeError
        If `factors` is empty, a single number, not finite or not real.

    Examples
    --------
    >>> log10_products([10, -100, 1000])
    array([1., 3., 6.])
    """
    f = _factors(factors)
    with np.errstate(divide="ignore"):  # log10 of a zero factor is −inf
        return np.cumsum(np.log10(np.abs(f)), axis=-1)


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
    return _rounded_products(number.round(_factors(factors)), number)


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
    if float(f) > 1 and math.log(number.max) > MOST_STEPS * math.log(float(f)):
        message = (
            f"factor must not be that close to 1: {factor} in {number.name} takes"
            f" more than {MOST_STEPS:.0e} multiplications to overflow"
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


def log10_norms(matrices: Matrices, x: ArrayLike) -> FloatArray:
    r"""Return log10 of the norm of a vector on its way through a chain of matrices.

    .. math:: \log_{10} \lVert J_\ell \cdots J_1 x \rVert, \quad \ell = 1, \dots, L

    Every component is carried as a mantissa and an integer power of two, so
    neither the norms nor the components can overflow or underflow.

    Parameters
    ----------
    matrices : array_like, shape (depth, n, n), or sequence of 2-D arrays
        :math:`J_1, \dots, J_L`, the first to act first; each of shape
        (fan_out, fan_in), with the fan_in that the one before puts out.
    x : array_like, shape (fan_in of the first matrix,)
        The vector that enters.

    Returns
    -------
    ndarray of float64, shape (depth,)
        Log10 of the Euclidean norm after each matrix; −inf for the zero vector.

    Raises
    ------
    ValueError, TypeError
        If the chain is empty, shapes do not fit, or a value is not finite or real.

    Examples
    --------
    >>> log10_norms([[[1e200]], [[1e200]]], [1.0])
    array([200., 400.])
    """
    chain = _chain(matrices)
    vector = _float64("x", x, ndim=1)
    if vector.size != chain[0].shape[1]:
        message = (
            f"x must have shape ({chain[0].shape[1]},) to enter matrices[0] of shape"
            f" {chain[0].shape}, got {vector.shape}"
        )
        raise ValueError(message)
    log10_norm = np.empty(len(chain))
    rows, exponents = _normalized(
        vector[:, None], np.zeros(vector.size, dtype=np.int64)
    )
    for layer, J in enumerate(chain):
        rows, exponents = _times(J, rows, exponents)
        top = exponents.max()
        with np.errstate(divide="ignore"):  # log10 of a zero vector is −inf
            log10_mantissa = np.log10(np.linalg.norm(_ldexp(rows.T, exponents - top)))
        log10_norm[layer] = log10_mantissa + top * LOG10_2
    return log10_norm


def log10_singular_values(matrices: Matrices) -> FloatArray:
    r"""Return log10 of the singular values of a product of matrices.

    The product is never formed. Householder QR with pivots goes through the chain
    factor by factor and collects a triangular product, its rows scaled by powers
    of two; one-sided Jacobi rotations, whose relative accuracy does not depend on
    such a scaling [1]_, end it. Rows and columns of very different size within a
    factor are split off as diagonal factors first, and the pivots keep the errors
    of every row small beside that row [2]_. So neither a product that leaves the
    floating-point range nor singular values hundreds of decades apart cost
    accuracy; as with every method, a factor that is nearly singular for other
    reasons than its scaling does.

    Parameters
    ----------
    matrices : array_like, shape (depth, n, n), or sequence of 2-D arrays
        :math:`J_1, \dots, J_L`, the first to act first; each of shape
        (fan_out, fan_in), with the fan_in that the one before puts out.

    Returns
    -------
    ndarray of float64, shape (min(fan_in of the first, fan_out of the last),)
        Log10 of the singular values of :math:`J_L \cdots J_1`, descending; −inf
        for a zero. A factor counts as rank-deficient where rounding would hide the
        difference: 1e-15 × width beside its largest entry, after the splitting.

    Raises
    ------
    ValueError, TypeError
        If the chain is empty, shapes do not fit, or a value is not finite or real.

    References
    ----------
    .. [1] J. Demmel and K. Veselić, "Jacobi's method is more accurate than QR",
       SIAM J. Matrix Anal. Appl. 13, 1992.
    .. [2] A. Cox and N. Higham, "Stability of Householder QR factorization for
       weighted least squares problems", in Numerical Analysis 1997.

    Examples
    --------
    >>> log10_singular_values([[[1e300, 0], [0, 1e-5]]] * 2)
    array([600., -10.])
    """
    chain = _chain(matrices)
    width = chain[0].shape[1]
    rows, exponents = _normalized(np.eye(width), np.zeros(width, dtype=np.int64))
    for T, _ in _qr_steps(_elementary(chain), width):
        rows, exponents = _times(T, rows, exponents)
    rows, exponents = _orthogonalized(rows, exponents)
    values = np.log10(np.linalg.norm(rows, axis=1)) + exponents * LOG10_2
    log10_values = np.full(min(width, chain[-1].shape[0]), -np.inf)
    log10_values[: values.size] = np.sort(values)[::-1]
    return log10_values


def lyapunov_exponents(matrices: Matrices) -> FloatArray:
    r"""Return the mean growth per layer of a product of matrices, by QR.

    An orthonormal frame is carried through the chain and orthonormalized after
    every factor; the exponents are the means over the layers of the log absolute
    diagonal of the triangular factors [1]_. At finite depth they differ from
    ``log10_singular_values(matrices) * log(10) / depth`` by O(1 / depth).

    Parameters
    ----------
    matrices : array_like, shape (depth, n, n), or sequence of 2-D arrays
        :math:`J_1, \dots, J_L`, the first to act first; each of shape
        (fan_out, fan_in), with the fan_in that the one before puts out.

    Returns
    -------
    ndarray of float64, shape (narrowest width of the chain,)
        Lyapunov exponents in nats per layer, descending; −inf for directions
        that the product sends to zero.

    Raises
    ------
    ValueError, TypeError
        If the chain is empty, shapes do not fit, or a value is not finite or real.

    References
    ----------
    .. [1] G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, "Lyapunov
       characteristic exponents for smooth dynamical systems", Meccanica 15, 1980.

    Examples
    --------
    >>> lyapunov_exponents([[[0.5, 0], [0, 2]]] * 100).round(3)
    array([ 0.693, -0.693])
    """
    chain = _chain(matrices)
    width = chain[0].shape[1]
    for _, log2_size in _qr_steps(_elementary(chain), width):
        nats = log2_size * math.log(2)
    narrowest = min(width, *(J.shape[0] for J in chain))
    exponents = np.full(narrowest, -np.inf)
    exponents[: nats.size] = np.sort(nats)[::-1] / len(chain)
    return exponents


def _float64(name: str, value: ArrayLike, *, ndim: int | None = None) -> FloatArray:
    """Return `value` as a finite float64 array."""
    return check_array(name, value, ndim=ndim).astype(np.float64, copy=False)


def _factors(value: ArrayLike) -> FloatArray:
    """Return `value` as a float64 array with a last axis to multiply along."""
    factors = _float64("factors", value)
    if factors.ndim == 0:
        message = "factors must have at least one dimension, got a single number"
        raise ValueError(message)
    return factors


def _chain(matrices: object) -> list[FloatArray]:
    """Return the matrices as float64, or say why they cannot be multiplied."""
    if isinstance(matrices, np.ndarray):
        chain = list(_float64("matrices", matrices, ndim=3))
    elif isinstance(matrices, Iterable):
        chain = [_float64(f"matrices[{i}]", J, ndim=2) for i, J in enumerate(matrices)]
    else:
        message = f"matrices must be a sequence of 2-D arrays, got {matrices!r}"
        raise TypeError(message)
    if not chain:
        message = "matrices must hold at least one matrix, got none"
        raise ValueError(message)
    for layer, (before, J) in enumerate(pairwise(chain), start=1):
        if J.shape[1] != before.shape[0]:
            message = (
                f"matrices[{layer}] of shape {J.shape} cannot follow"
                f" matrices[{layer - 1}] of shape {before.shape}"
            )
            raise ValueError(message)
    return chain


def _ldexp(mantissas: FloatArray, exponents: IntArray) -> FloatArray:
    """Return mantissas * 2**exponents, for exponents of any size."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(mantissas, np.clip(exponents, -2200, 2200).astype(np.intc))


def _normalized(rows: FloatArray, exponents: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the same diag(2**exponents) @ rows with rows of maximum in [1/2, 1)."""
    size = np.abs(rows).max(axis=1, initial=0)
    shift = np.frexp(size)[1]
    # A zero row has no scale of its own: it must never be the largest one.
    exponents = np.where(size == 0, NO_SCALE, exponents + shift)
    return _ldexp(rows, -shift[:, None]), exponents


def _times(
    A: FloatArray, rows: FloatArray, exponents: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return A @ diag(2**exponents) @ rows in the same row-scaled form."""
    mantissas, scales = np.frexp(A)
    scales = np.where(A == 0, NO_SCALE, scales.astype(np.int64)) + exponents
    top = scales.max(axis=1)
    return _normalized(_ldexp(mantissas, scales - top[:, None]) @ rows, top)


def _elementary(chain: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Yield factors with the same product, each of moderate scale within.

    Rows or columns of very different size, which rounding in a dense product
    would mix, become diagonal factors of powers of two (1-D arrays), and so do
    huge and tiny matrices.
    """
    for J in chain:
        columns, rows = _binary_orders(J, axis=0), _binary_orders(J, axis=1)
        spread = max(np.ptp(columns), np.ptp(rows))
        if spread <= WIDEST and np.abs(rows).max() <= SAFE_ORDER:
            yield J
        else:
            core = _ldexp(J, -columns)
            rows = _binary_orders(core, axis=1)
            yield from _diagonals(columns)
            yield _ldexp(core, -rows[:, None])
            yield from _diagonals(rows)


def _binary_orders(J: FloatArray, *, axis: int) -> IntArray:
    """Return the binary exponents of the columns (axis 0) or rows (axis 1)."""
    orders: IntArray = np.frexp(np.abs(J).max(axis=axis))[1].astype(np.int64)
    return orders


def _diagonals(orders: IntArray) -> Iterator[FloatArray]:
    """Yield diagonals whose product is 2**orders, none of them extreme."""
    parts = 1 + int(np.abs(orders).max()) // SAFE_ORDER
    for part in range(parts):
        share = orders * (part + 1) // parts - orders * part // parts
        yield _ldexp(np.ones(orders.size), share)


def _qr_steps(
    factors: Iterable[FloatArray], width: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the T of J Q = Q' T for each J, where Q' is the next Q, from Q = 1 on.

    T is triangular but for the order of its columns, of which the largest in the
    product so far come first. With T comes log2 of the absolute diagonal of that
    product. Where the product loses rank, Q loses columns.
    """
    Q: FloatArray = np.eye(width)
    log2_size: FloatArray = np.zeros(width)
    for J in factors:
        if J.ndim == 1:  # a diagonal of powers of two: exact
            A, noise = J[:, None] * Q, 0.0
        else:
            A = J @ Q
            noise = 8 * max(A.shape) * EPS * float(np.abs(A).max())
        plain = _plain_qr(A, log2_size, noise)
        Q, T, pivots = plain or _pivoted_qr(A, log2_size, noise)
        diagonal = np.abs(T[np.arange(pivots.size), pivots])
        log2_size = log2_size[pivots] + np.log2(diagonal)
        yield T, log2_size
        if not pivots.size:
            return


def _plain_qr(
    A: FloatArray, log2_size: FloatArray, noise: float
) -> tuple[FloatArray, FloatArray, IntArray] | None:
    """Return what `_pivoted_qr` does, by LAPACK, if A needs no pivots; else None."""
    size = np.abs(A)
    live = size.max(axis=1) > 0
    if not live.any() or size[live].min() * size.size < SMALLEST * size.max():
        return None
    Q_live, R = np.linalg.qr(A[live])
    pivots = np.arange(len(R))
    diagonal = np.abs(R[pivots, pivots])
    lead = np.exp2(np.minimum(log2_size - log2_size[pivots, None], 1000))
    lean = (np.abs(R) * lead).max(axis=1) / np.maximum(diagonal, noise)
    if diagonal.min() <= noise or lean.max() > STEEPEST:
        return None
    Q = np.zeros((len(A), len(R)))
    Q[live] = Q_live
    return Q, R, pivots


def _pivoted_qr(
    A: FloatArray, log2_size: FloatArray, noise: float
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return Q, T and the pivots' columns of A = Q T, by Householder reflections.

    The next column is the largest in units of 2**-log2_size, the next row the one
    of its largest entry: then small rows and entries keep their own precision,
    which LAPACK, who takes rows and columns as they come, cannot promise.
    """
    height, width = A.shape
    W = np.hstack([A, np.eye(height)])  # becomes T beside the transpose of Q
    pivots: list[int] = []
    for k in range(min(height, width)):
        size = np.abs(W[k:, :width])
        largest = size.max(axis=0)
        largest[pivots] = 0
        alive = np.flatnonzero(largest > noise)
        if alive.size == 0:
            break
        column = int(alive[np.argmax(np.log2(largest[alive]) + log2_size[alive])])
        row = k + int(size[:, column].argmax())
        pivots.append(column)
        W[[k, row]] = W[[row, k]]
        u = W[k:, column] / W[k, column]
        if np.count_nonzero(u) > 1:
            norm = np.linalg.norm(u)
            u[0] += norm
            W[k:] -= np.outer(u / (norm * u[0]), u @ W[k:])
            W[k + 1 :, column] = 0
    rank = len(pivots)
    return W[:rank, width:].T, W[:rank, :width], np.array(pivots, dtype=np.int64)


def _orthogonalized(
    rows: FloatArray, exponents: IntArray
) -> tuple[FloatArray, IntArray]:
    """Rotate pairs of the rows of diag(2**exponents) @ rows until all are orthogonal.

    Let g be the larger of two rows, h the smaller, c their cosine, ρ = ‖h‖/‖g‖ and
    τ = 2c / (1 − ρ² + √((1 − ρ²)² + 4c²ρ²)). The rotation by the angle of tangent
    ρτ gives g/‖g‖ + ρ²τ h/‖h‖ and h/‖h‖ − τ g/‖g‖, up to the factor of its cosine:
    a form in which a ρ that underflows does no harm.
    """
    order = np.argsort(-exponents)
    rows, exponents = rows[order], exponents[order]
    R = np.linalg.qr(rows.T).R  # the QR of the transpose leaves little to rotate
    rows, exponents = _normalized(_ldexp(R, exponents - exponents[:, None]), exponents)
    tolerance = (len(rows) + 8) * EPS
    rounds = _rounds(len(rows))
    for _ in range(MOST_SWEEPS if rounds else 0):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        if np.abs(np.tril(unit @ unit.T, -1)).max() <= tolerance:
            break
        for first, second in rounds:
            norms = np.linalg.norm(rows, axis=1)
            lead = exponents[second] - exponents[first]
            swap = _ldexp(norms[second], lead) > norms[first]
            g, h = np.where(swap, second, first), np.where(swap, first, second)
            c = np.vecdot(rows[g], rows[h]) / (norms[g] * norms[h])
            turn = np.abs(c) > tolerance / 2
            g, h, c = g[turn], h[turn], c[turn]
            if not c.size:
                continue
            ratio = norms[h] / norms[g]
            rho = _ldexp(ratio, exponents[h] - exponents[g])
            gap = (1 - rho) * (1 + rho)
            tau = 2 * c / (gap + np.hypot(gap, 2 * c * rho))
            cosine = 1 / np.hypot(1, rho * tau)
            new_g = rows[g] + (rho**2 * tau / ratio)[:, None] * rows[h]
            new_h = rows[h] - (tau * ratio)[:, None] * rows[g]
            for k, new in (g, new_g), (h, new_h):
                rows[k], exponents[k] = _normalized(cosine[:, None] * new, exponents[k])
    return rows, exponents


def _rounds(count: int) -> list[tuple[IntArray, IntArray]]:
    """Return rounds of disjoint pairs that together hold each pair of rows once."""
    seats = count + count % 2  # an odd count has an empty seat, which sits out
    rounds = []
    for turn in range(seats - 1 if count > 1 else 0):
        table = np.append(0, 1 + np.roll(np.arange(seats - 1), turn))
        first, second = table[: seats // 2], table[seats // 2 :][::-1]
        played = np.maximum(first, second) < count
        rounds.append((first[played], second[played]))
    return rounds
