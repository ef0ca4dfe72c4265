"""A multilayer perceptron as frozen arrays: forward pass, backward pass, Jacobians."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vgcourse import activations, initializers
from vgcourse._checks import FloatArray, RNGLike, check_array, check_count, check_rng
from vgcourse.activations import Activation
from vgcourse.initializers import Initializer

Arrays = tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False, init=False)
class MLP:
    r"""A multilayer perceptron.

    .. math:: h^{(\ell)} = \varphi(z^{(\ell)}), \qquad
              z^{(\ell)} = W^{(\ell)} h^{(\ell-1)} + b^{(\ell)}

    in every layer, the last included.

    Parameters
    ----------
    weights : sequence of array_like, shapes (fan_out, fan_in)
        One matrix per layer; ``weights[0]`` acts on the input. Their number format
        (the widest, if they differ) becomes that of the whole network.
    biases : sequence of array_like, shapes (fan_out,), or None
        One vector per layer; None means zeros.
    activation : str or Activation
        φ, by name or as an object.

    Raises
    ------
    ValueError
        If there is no layer, a number is not finite, shapes do not fit, or there is
        no activation of that name.
    TypeError
        If something is not an array of real numbers or not an activation.
    """

    weights: Arrays
    biases: Arrays
    activation: Activation

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None,
        activation: str | Activation,
    ) -> None:
        """Check the parts and bring them into one number format."""
        W = [
            check_array(f"weights[{layer}]", matrix, ndim=2)
            for layer, matrix in enumerate(weights)
        ]
        if not W:
            message = "weights must hold at least one matrix, got none"
            raise ValueError(message)
        for layer, (below, above) in enumerate(pairwise(W), start=1):
            if above.shape[1] != len(below):
                wanted = f"must take the {len(below)} outputs of weights[{layer - 1}]"
                message = f"weights[{layer}] {wanted}, got shape {above.shape}"
                raise ValueError(message)
        if biases is None:
            biases = [np.zeros(len(matrix)) for matrix in W]
        if len(biases) != len(W):
            message = f"biases must be {len(W)} vectors, got {len(biases)}"
            raise ValueError(message)
        b = [
            check_array(f"biases[{layer}]", vector, ndim=1)
            for layer, vector in enumerate(biases)
        ]
        for layer, (matrix, vector) in enumerate(zip(W, b, strict=True)):
            if len(vector) != len(matrix):
                wanted = f"must have shape ({len(matrix)},)"
                message = f"biases[{layer}] {wanted}, got {vector.shape}"
                raise ValueError(message)
        dtype = np.result_type(*W)
        # A frozen dataclass sets its fields in this way only.
        object.__setattr__(self, "weights", tuple(matrix.astype(dtype) for matrix in W))
        object.__setattr__(self, "biases", tuple(vector.astype(dtype) for vector in b))
        object.__setattr__(self, "activation", activations.get(activation))

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return len(self.weights)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units per layer, the input first; one more than `depth`."""
        return (self.weights[0].shape[1], *(len(W) for W in self.weights))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number format in which both passes compute."""
        return self.weights[0].dtype


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What a forward pass computes. Layers count from 0, the input is not a layer.

    Attributes
    ----------
    x : ndarray of float, shape (batch, widths[0])
        The input, one example per row; what layer 0 is given.
    z : tuple of ndarray of float, shapes (batch, fan_out)
        Preactivations, one array per layer.
    h : tuple of ndarray of float, shapes (batch, fan_out)
        Hidden states φ(z), one array per layer; ``h[-1]`` is the output.
    """

    x: FloatArray
    z: Arrays
    h: Arrays


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """Gradients of a loss that is a sum over the batch.

    Attributes
    ----------
    deltas : tuple of ndarray of float, shapes (batch, fan_out)
        Error signals: gradients at the preactivations, per example.
    weight_grads : tuple of ndarray of float, shapes (fan_out, fan_in)
        Gradients at the weights, summed over the batch.
    bias_grads : tuple of ndarray of float, shapes (fan_out,)
        Gradients at the biases, summed over the batch.
    input_grad : ndarray of float, shape (batch, widths[0])
        Gradient at the input, per example.
    """

    deltas: Arrays
    weight_grads: Arrays
    bias_grads: Arrays
    input_grad: FloatArray


def forward(mlp: MLP, x: ArrayLike) -> ForwardPass:
    """Return the preactivations and hidden states of all layers.

    Parameters
    ----------
    mlp : MLP
        The network.
    x : array_like, shape (batch, widths[0])
        Examples in rows; taken into the number format of the network.

    Raises
    ------
    ValueError
        If `x` has another shape or is not finite.
    TypeError
        If `x` is not an array of real numbers.

    Examples
    --------
    >>> forward(MLP([[[2.0]], [[3.0]]], None, "relu"), [[1.0], [-1.0]]).h[-1]
    array([[6.],
           [0.]])
    """
    x = h = _check_batch("x", x, mlp.widths[0], mlp)
    zs, hs = [], []
    for W, b in zip(mlp.weights, mlp.biases, strict=True):
        z = h @ W.T + b
        h = mlp.activation.function(z)
        zs.append(z)
        hs.append(h)
    return ForwardPass(x, tuple(zs), tuple(hs))


def backward(
    mlp: MLP, forward_pass: ForwardPass, output_grad: ArrayLike
) -> BackwardPass:
    r"""Carry a gradient at the output back through all layers.

    .. math:: \delta^{(\ell)} = \varphi'(z^{(\ell)}) \odot
              W^{(\ell+1)\top} \delta^{(\ell+1)}

    Parameters
    ----------
    mlp : MLP
        The network.
    forward_pass : ForwardPass
        What :func:`forward` returned for this network.
    output_grad : array_like, shape (batch, widths[-1])
        Gradient of the loss at ``forward_pass.h[-1]``, per example.

    Raises
    ------
    ValueError
        If the forward pass does not fit the network, or `output_grad` has another
        shape or is not finite.
    TypeError
        If `output_grad` is not an array of real numbers.
    """
    _check_fit(mlp, forward_pass)
    grad = _check_batch("output_grad", output_grad, mlp.widths[-1], mlp)
    if len(grad) != len(forward_pass.x):
        message = f"output_grad must have {len(forward_pass.x)} rows, got {len(grad)}"
        raise ValueError(message)
    deltas: list[FloatArray] = []
    for W, z in zip(reversed(mlp.weights), reversed(forward_pass.z), strict=True):
        delta = grad * mlp.activation.derivative(z)
        grad = delta @ W
        deltas.insert(0, delta)
    inputs = (forward_pass.x, *forward_pass.h[:-1])
    return BackwardPass(
        deltas=tuple(deltas),
        weight_grads=tuple(d.T @ h for d, h in zip(deltas, inputs, strict=True)),
        bias_grads=tuple(delta.sum(axis=0) for delta in deltas),
        input_grad=grad,
    )


def jacobians(mlp: MLP, forward_pass: ForwardPass) -> Arrays:
    """Return the layer Jacobians J = D·W of every example.

    Returns
    -------
    tuple of ndarray of float, shapes (batch, fan_out, fan_in)
        ``J[layer][example]`` is the derivative of ``h[layer]`` with respect to what
        the layer is given. The product from the last layer to the first is the
        derivative of the output with respect to the input.

    Raises
    ------
    ValueError
        If the forward pass does not fit the network.
    """
    _check_fit(mlp, forward_pass)
    return tuple(
        mlp.activation.derivative(z)[:, :, None] * W
        for W, z in zip(mlp.weights, forward_pass.z, strict=True)
    )


def random_mlp(
    widths: Sequence[int],
    *,
    activation: str | Activation,
    initializer: str | Initializer,
    gain: float = 1.0,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> MLP:
    """Return a network with drawn weights and zero biases.

    Parameters
    ----------
    widths : sequence of int
        Units per layer, the input first: at least two numbers, each at least 1.
    activation : str or Activation
        φ, by name or as an object.
    initializer : str or Initializer
        How each layer's weights are drawn, by name or as a function.
    gain : float, default 1.0
        Multiplies all weights. Dimensionless, at least 0.
    rng : int, SeedSequence or Generator
        Source of randomness; the layers draw from it in order.
    dtype : dtype, default float64
        Number format of the network.

    Raises
    ------
    ValueError or TypeError
        If a width, a name, the gain, `rng` or `dtype` is not as above.
    """
    widths = [check_count("widths", width) for width in widths]
    if len(widths) < 2:
        message = f"widths must be at least 2 numbers, got {widths}"
        raise ValueError(message)
    draw, rng = initializers.get(initializer), check_rng(rng)
    weights = [
        draw(fan_in, fan_out, gain=gain, rng=rng, dtype=dtype)
        for fan_in, fan_out in pairwise(widths)
    ]
    return MLP(weights, None, activation)


def _check_batch(name: str, value: ArrayLike, width: int, mlp: MLP) -> FloatArray:
    array = check_array(name, value, ndim=2)
    if array.shape[1] != width:
        message = f"{name} must have shape (batch, {width}), got {array.shape}"
        raise ValueError(message)
    return array.astype(mlp.dtype, copy=False)


def _check_fit(mlp: MLP, forward_pass: ForwardPass) -> None:
    widths = (forward_pass.x.shape[1], *(z.shape[1] for z in forward_pass.z))
    if widths != mlp.widths:
        message = f"forward_pass must have widths {mlp.widths}, got {widths}"
        raise ValueError(message)
