"""A network is a tuple of layers: forward pass, backward pass, Jacobians."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vgcourse import activations, initializers
from vgcourse._checks import (
    FloatArray,
    RNGLike,
    check_array,
    check_count,
    check_rng,
    check_sequence,
)
from vgcourse.activations import Activation
from vgcourse.initializers import Initializer, Scheme
from vgcourse.layers import Arrays, Chain, Dense, Pullback


@dataclass(frozen=True, eq=False)
class Network(Chain):
    r"""Layers one after another, from the input to the output.

    A multilayer perceptron, made by :func:`mlp` or :func:`random_mlp`, is dense layers,

    .. math:: h^{(\ell)} = \varphi(z^{(\ell)}), \qquad
              z^{(\ell)} = W^{(\ell)} h^{(\ell-1)} + b^{(\ell)}

    in every layer, the last included.

    Attributes
    ----------
    layers : tuple of Layer
        ``layers[0]`` is given the input.
    """

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @property
    def weights(self) -> Arrays:
        """The matrices W of the dense layers."""
        return tuple(layer.W for layer in self.layers if isinstance(layer, Dense))

    @property
    def biases(self) -> Arrays:
        """The vectors b of the dense layers."""
        return tuple(layer.b for layer in self.layers if isinstance(layer, Dense))

    @property
    def widths(self) -> tuple[int, ...]:
        """Units per dense layer, the input first."""
        return (self.weights[0].shape[1], *(len(W) for W in self.weights))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Number format in which both passes compute; float64 without parameters."""
        return np.result_type(*self.parameters) if self.parameters else np.dtype(float)


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What a forward pass computes. Layers count from 0, the input is not a layer.

    Attributes
    ----------
    x : ndarray of float, shape (batch, widths[0])
        The input, one example per row; what layer 0 is given.
    z : tuple of ndarray of float, shapes (batch, fan_out)
        Preactivations, one array per layer; the output, where a layer has none.
    h : tuple of ndarray of float, shapes (batch, fan_out)
        Hidden states φ(z), one array per layer; ``h[-1]`` is the output.
    slopes : tuple of ndarray of float, shapes (batch, fan_out)
        φ′(z), one array per layer; ones, where a layer has no activation.
    pullbacks : tuple of Pullback
        The way back through each layer.
    """

    x: FloatArray
    z: Arrays
    h: Arrays
    slopes: Arrays
    pullbacks: tuple[Pullback, ...]


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """Gradients of a loss that is a sum over the batch.

    Attributes
    ----------
    deltas : tuple of ndarray of float, shapes (batch, fan_out)
        Error signals: gradients at the preactivations `z`, per example.
    parameter_grads : tuple of tuple of ndarray of float
        Per layer, the gradients at its parameters, summed over the batch.
    input_grad : ndarray of float, shape (batch, widths[0])
        Gradient at the input, per example.
    """

    deltas: Arrays
    parameter_grads: tuple[Arrays, ...]
    input_grad: FloatArray

    @property
    def weight_grads(self) -> Arrays:
        """Gradients at W, shapes (fan_out, fan_in); at γ, where a layer has that."""
        return tuple(grads[0] for grads in self.parameter_grads if len(grads) > 0)

    @property
    def bias_grads(self) -> Arrays:
        """Gradients at b, shapes (fan_out,); at β, where a layer has that."""
        return tuple(grads[1] for grads in self.parameter_grads if len(grads) > 1)


def forward(network: Network, x: ArrayLike) -> ForwardPass:
    """Return the preactivations and hidden states of all layers.

    Parameters
    ----------
    network : Network
        The network.
    x : array_like, shape (batch, widths[0])
        Examples in rows; taken into the number format of the network.

    Raises
    ------
    ValueError
        If `x` has another shape or is not finite.
    TypeError
        If `network` is not a network or `x` not an array of real numbers.

    Examples
    --------
    >>> forward(mlp([[[2.0]], [[3.0]]], None, "relu"), [[1.0], [-1.0]]).h[-1]
    array([[6.],
           [0.]])
    """
    _check_kind("network", network, Network)
    x = check_array("x", x)
    if x.ndim < 2:
        message = f"x must have one example per row, got shape {x.shape}"
        raise ValueError(message)
    x = h = x.astype(network.dtype, copy=False)
    zs, hs, slopes, pullbacks = [], [], [], []
    for layer in network.layers:
        h, pullback = layer.forward(h)
        hs.append(h)
        zs.append(h if pullback.z is None else pullback.z)
        slope = pullback.slope
        slopes.append(np.ones_like(h) if slope is None else slope)
        pullbacks.append(pullback)
    return ForwardPass(x, tuple(zs), tuple(hs), tuple(slopes), tuple(pullbacks))


def backward(forward_pass: ForwardPass, output_grad: ArrayLike) -> BackwardPass:
    r"""Carry a gradient at the output back through all layers.

    .. math:: \delta^{(\ell)} = \varphi'(z^{(\ell)}) \odot
              W^{(\ell+1)\top} \delta^{(\ell+1)}

    Parameters
    ----------
    forward_pass : ForwardPass
        What :func:`forward` returned.
    output_grad : array_like, of the shape of the output
        Gradient of the loss at ``forward_pass.h[-1]``, per example.

    Raises
    ------
    ValueError
        If `output_grad` has another shape or is not finite.
    TypeError
        If `forward_pass` is not one, or `output_grad` not an array of real numbers.
    """
    _check_kind("forward_pass", forward_pass, ForwardPass)
    grad = check_array("output_grad", output_grad)
    output = forward_pass.h[-1]
    if grad.shape != output.shape:
        message = f"output_grad must have shape {output.shape}, got {grad.shape}"
        raise ValueError(message)
    grad = grad.astype(output.dtype, copy=False)
    deltas, parameter_grads = [], []
    for pullback in reversed(forward_pass.pullbacks):
        gradients = pullback(grad)
        grad = gradients.input
        deltas.append(gradients.delta)
        parameter_grads.append(gradients.parameters)
    return BackwardPass(tuple(deltas[::-1]), tuple(parameter_grads[::-1]), grad)


def jacobians(forward_pass: ForwardPass) -> Arrays:
    """Return the layer Jacobians of every example; J = D·W where a layer is dense.

    Each row is the pullback of one unit vector, so every layer has a Jacobian that
    treats each example by itself.

    Returns
    -------
    tuple of ndarray of float, shapes (batch, fan_out, fan_in)
        ``J[layer][example]`` is the derivative of ``h[layer]`` with respect to what
        the layer is given. The product from the last layer to the first is the
        derivative of the output with respect to the input.

    Raises
    ------
    TypeError
        If `forward_pass` is not a forward pass.
    """
    _check_kind("forward_pass", forward_pass, ForwardPass)
    return tuple(
        np.stack(
            [
                pullback(np.broadcast_to(unit, h.shape)).input
                for unit in np.eye(h.shape[-1], dtype=h.dtype)
            ],
            axis=-2,
        )
        for h, pullback in zip(forward_pass.h, forward_pass.pullbacks, strict=True)
    )


def mlp(
    weights: Sequence[ArrayLike],
    biases: Sequence[ArrayLike] | None,
    activation: str | Activation,
) -> Network:
    """Return a multilayer perceptron with these weights.

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
    W = [
        check_array(f"weights[{layer}]", matrix, ndim=2)
        for layer, matrix in enumerate(check_sequence("weights", weights))
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
    biases = check_sequence("biases", biases)
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
    dtype, phi = np.result_type(*W), activations.get(activation)
    return Network(
        tuple(
            Dense(matrix.astype(dtype), vector.astype(dtype), phi)
            for matrix, vector in zip(W, b, strict=True)
        )
    )


def random_mlp(
    widths: Sequence[int],
    *,
    activation: str | Activation,
    initializer: str | Initializer,
    gain: float = 1.0,
    output_activation: str | Activation | None = None,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> Network:
    """Return a multilayer perceptron with drawn weights.

    The biases are zero, but for an initializer that draws them: ``"pytorch_default"``.

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
    output_activation : str or Activation, optional
        φ of the last layer, such as "identity" for logits; None means that of all.
    rng : int, SeedSequence or Generator
        Source of randomness; the layers draw from it in order.
    dtype : dtype, default float64
        Number format of the network.

    Raises
    ------
    ValueError or TypeError
        If a width, a name, the gain, `rng` or `dtype` is not as above.
    """
    widths = [
        check_count("widths", width) for width in check_sequence("widths", widths)
    ]
    if len(widths) < 2:
        message = f"widths must be at least 2 numbers, got {widths}"
        raise ValueError(message)
    draw, rng = initializers.get(initializer), check_rng(rng)
    weights, biases = [], []
    for fan_in, fan_out in pairwise(widths):
        weights.append(draw(fan_in, fan_out, gain=gain, rng=rng, dtype=dtype))
        if isinstance(draw, Scheme) and draw.bias_gain:
            biases.append(draw.biases(fan_in, fan_out, rng=rng, dtype=dtype))
    drawn = mlp(weights, biases or None, activation)
    if output_activation is None:
        return drawn
    top = Dense(drawn.weights[-1], drawn.biases[-1], activations.get(output_activation))
    return Network((*drawn.layers[:-1], top))


def _check_kind(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        message = f"{name} must be a {kind.__name__}, got {type(value).__name__}"
        raise TypeError(message)
