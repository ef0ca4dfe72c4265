"""Chains of single units: one unit per layer, so the derivative is a plain product."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vgcourse import activations
from vgcourse._checks import FloatArray, check_array, check_count
from vgcourse.activations import Activation


@dataclass(frozen=True, eq=False)
class UnitChain:
    r"""What happens in a chain :math:`h_\ell = \varphi(z_\ell)`, layer by layer.

    Attributes
    ----------
    z, h : ndarray, shape (..., depth)
        Preactivations :math:`z_\ell = w h_{\ell-1} + b` and outputs.
    factors : ndarray, shape (..., depth)
        :math:`\partial h_\ell / \partial h_{\ell-1} = w\,\varphi'(z_\ell)`; their
        product over the layers is the derivative of the chain.
    """

    z: FloatArray
    h: FloatArray
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
        w, h₀ and b; finite, and of shapes that broadcast together.
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
    >>> unit_chain(2.0, 0.5, activation="identity", depth=3).h
    array([1., 2., 4.])
    """
    phi = activations.get(activation)
    depth = check_count("depth", depth)
    w, h, b = np.broadcast_arrays(
        check_array("weight", weight).astype(float),
        check_array("start", start).astype(float),
        check_array("bias", bias).astype(float),
    )
    z, outputs = np.empty((2, *w.shape, depth))
    largest = np.finfo(float).max
    with np.errstate(over="ignore"):
        for layer in range(depth):
            z[..., layer] = np.clip(w * h + b, -largest, largest)
            h = phi.function(z[..., layer])
            outputs[..., layer] = h
    return UnitChain(z=z, h=outputs, factors=w[..., None] * phi.derivative(z))
