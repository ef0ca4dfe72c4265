"""Products of matrices whose rows are hundreds of decades apart, with every digit.

Three questions are answered for others, in mantissas and binary exponents: `norms`,
`singular_values` and `log2_growth`. A product is kept as ``diag(2**exponents) @ rows``,
with rows of moderate size; the methods, and their papers, are named in `products`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vgcourse._checks import FloatArray

IntArray = NDArray[np.integer[Any]]

_EPS = float(np.finfo(np.float64).eps)
_NO_SCALE = -(1 << 40)  # the binary exponent of a zero: below that of any product
_SAFE_ORDER = 256  # binary orders from 1, the fourth root of the largest float64
_MOST_SWEEPS = 60  # of Jacobi rotations; 2 to 9 were seen
# Binary orders that the rows or columns of a factor left whole may span. Of products of
# 12 factors whose rows and columns span 40, log10 of the singular values is wrong by
# 2e-13 with 2 to 8, by 7e-13 with 16, and small ones are lost as zeros with 32.
_WIDEST = 8
# LAPACK's QR is used, for speed, where the smallest entry times the number of
# entries is not below _SMALLEST beside the largest one, and no row of the triangular
# product is more than _STEEPEST times as large as its diagonal entry. For the products
# above the error stays at 2e-13 down to a _SMALLEST of 2^-10; it is 4e-12 with 2^-16
# and 1e-7 with 2^-30. _STEEPEST is a bound by reason alone, on how many rounding
# errors of its diagonal entry a row may carry; no product was found that shows it.
_SMALLEST = 2.0**-10
_STEEPEST = 2.0**6


def norms(
    chain: Iterable[FloatArray], vector: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Return the norms of a vector after each matrix, as mantissas and exponents."""
    mantissas, tops = [], []
    start = np.zeros(vector.size, dtype=np.int64)
    rows, exponents = _normalized(vector[:, None], start)
    for J in chain:
        rows, exponents = _times(J, rows, exponents)
        top = exponents.max()
        mantissas.append(np.linalg.norm(_ldexp(rows.T, exponents - top)))
        tops.append(top)
    return np.array(mantissas), np.array(tops)


def singular_values(chain: list[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Return those that are not 0, unsorted, as mantissas and exponents."""
    width = chain[0].shape[1]
    rows, exponents = _normalized(np.eye(width), np.zeros(width, dtype=np.int64))
    for T, _ in _qr_steps(_elementary(chain), width):
        rows, exponents = _times(T, rows, exponents)
    rows, exponents = _orthogonalized(rows, exponents)
    return np.linalg.norm(rows, axis=1), exponents


def log2_growth(chain: list[FloatArray]) -> FloatArray:
    """Return log2 of the diagonal of the triangular product, where it is not 0."""
    width = chain[0].shape[1]
    log2_size: FloatArray = np.zeros(width)
    for _, size in _qr_steps(_elementary(chain), width):
        log2_size = size
    return log2_size


def _ldexp(mantissas: FloatArray, exponents: IntArray) -> FloatArray:
    """Return mantissas * 2**exponents, for exponents of any size."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(mantissas, np.clip(exponents, -2200, 2200).astype(np.intc))


def _normalized(rows: FloatArray, exponents: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the same diag(2**exponents) @ rows with rows of maximum in [1/2, 1)."""
    size = np.abs(rows).max(axis=1, initial=0)
    shift = np.frexp(size)[1]
    # A zero row has no scale of its own: it must never be the largest one.
    exponents = np.where(size == 0, _NO_SCALE, exponents + shift)
    return _ldexp(rows, -shift[:, None]), exponents


def _times(
    A: FloatArray, rows: FloatArray, exponents: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return A @ diag(2**exponents) @ rows in the same row-scaled form."""
    mantissas, scales = np.frexp(A)
    scales = np.where(A == 0, _NO_SCALE, scales.astype(np.int64)) + exponents
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
        if spread <= _WIDEST and np.abs(rows).max() <= _SAFE_ORDER:
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
    parts = 1 + int(np.abs(orders).max()) // _SAFE_ORDER
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
            noise = 8 * max(A.shape) * _EPS * float(np.abs(A).max())
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
    if not live.any() or size[live].min() * size.size < _SMALLEST * size.max():
        return None
    Q_live, R = np.linalg.qr(A[live])
    pivots = np.arange(len(R))
    diagonal = np.abs(R[pivots, pivots])
    lead = np.exp2(np.minimum(log2_size - log2_size[pivots, None], 1000))
    lean = (np.abs(R) * lead).max(axis=1) / np.maximum(diagonal, noise)
    if diagonal.min() <= noise or lean.max() > _STEEPEST:
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
    tolerance = (len(rows) + 8) * _EPS
    rounds = _rounds(len(rows))
    for _ in range(_MOST_SWEEPS if rounds else 0):
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
