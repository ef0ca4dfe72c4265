"""Chains of single units: one unit per layer, so the derivative is a plain product."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vgcourse import activations
from vgcourse._checks import FloatArray, check_array, check_count
from vgcourse.activations import Activation


@dataclass(frozen=True, eq=False)
class UnitChain:
    r"""What happens in a chain :math:`a_\ell = \varphi(z_\ell)`, layer by layer.

    Attributes
    ----------
    z, a : ndarray, shape (..., depth)
        Preactivations :math:`z_\ell = w a_{\ell-1} + b` and outputs.
    factors : ndarray, shape (..., depth)
        :math:`\partial a_\ell / \partial a_{\ell-1} = w\,\varphi'(z_\ell)`; their
        product over the layers is the derivative of the chain.
    """

    z: FloatArray
    a: FloatArray
    factors: FloatArray


def unit_chain(
    weight: ArrayLike,
    start: ArrayLike,
    *,
    bias: ArrayLike = 0.0,
    activation: str | Activation,
    depth: int,
) -> UnitChain:
    """Run a chain of `depth` equal units, for many weights and inputs at once.

    Parameters
    ----------
    weight, start, bias : array_like
        w, a₀ and b; finite, and of shapes that broadcast together.
    activation : str or Activation
        φ of every unit.
    depth : int
        Number of units, at least 1.

    Returns
    -------
    UnitChain
        Arrays with the layers on their last axis. An output that leaves the range of
        float64 is held at its largest number, where the slope has settled.

    Raises
    ------
    ValueError
        If a number is not finite, shapes do not broadcast, or `depth` is below 1.

    Examples
    --------
    >>> unit_chain(2.0, 0.5, activation="identity", depth=3).a
    array([1., 2., 4.])
    """
    phi = activations.get(activation)
    depth = check_count("depth", depth)
    w, a, b = (
        check_array(name, value).astype(float)
        for name, value in (("weight", weight), ("start", start), ("bias", bias))
    )
    w, a, b = np.broadcast_arrays(w, a, b)
    z, h = np.empty((2, *w.shape, depth))
    largest = np.finfo(float).max
    with np.errstate(over="ignore"):
        for layer in range(depth):
            z[..., layer] = np.clip(w * a + b, -largest, largest)
            a = phi.function(z[..., layer])
            h[..., layer] = a
    return UnitChain(z=z, a=h, factors=w[..., None] * phi.derivative(z))
