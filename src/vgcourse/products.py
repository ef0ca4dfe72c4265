"""Long products of scalars and matrices, carried in log space."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse import _graded_qr
from vgcourse._checks import FloatArray, check_array, shown

Matrices = Sequence[ArrayLike] | FloatArray


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
    f = check_array("factors", factors, min_ndim=1).astype(np.float64)
    with np.errstate(divide="ignore"):  # log10 of a zero factor is −inf
        return np.cumsum(np.log10(np.abs(f)), axis=-1)


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
    vector = check_array("x", x, ndim=1).astype(np.float64)
    if vector.size != chain[0].shape[1]:
        message = (
            f"x must have shape ({chain[0].shape[1]},) to enter matrices[0] of shape"
            f" {chain[0].shape}, got {vector.shape}"
        )
        raise ValueError(message)
    return _log10(*_graded_qr.norms(chain, vector))


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
    values = _log10(*_graded_qr.singular_values(chain))
    log10_values = np.full(min(chain[0].shape[1], chain[-1].shape[0]), -np.inf)
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
    nats = _graded_qr.log2_growth(chain) * math.log(2)
    narrowest = min(chain[0].shape[1], *(J.shape[0] for J in chain))
    exponents = np.full(narrowest, -np.inf)
    exponents[: nats.size] = np.sort(nats)[::-1] / len(chain)
    return exponents


def _chain(matrices: object) -> list[FloatArray]:
    """Return the matrices as float64, or say why they cannot be multiplied."""
    if isinstance(matrices, np.ndarray):
        chain = list(check_array("matrices", matrices, ndim=3))
    elif isinstance(matrices, Iterable):
        chain = [
            check_array(f"matrices[{layer}]", J, ndim=2)
            for layer, J in enumerate(matrices)
        ]
    else:
        message = f"matrices must be a sequence of 2-D arrays, got {shown(matrices)}"
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
    return [J.astype(np.float64) for J in chain]


def _log10(mantissas: FloatArray, exponents: NDArray[np.integer[Any]]) -> FloatArray:
    """Return log10 of mantissas * 2**exponents; −inf for a zero."""
    with np.errstate(divide="ignore"):
        log10: FloatArray = np.log10(mantissas) + exponents * math.log10(2)
    return log10
