"""A layer is ``forward(h) -> (h, pullback)``, its derivative under its forward line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vgcourse import activations
from vgcourse._checks import (
    FloatArray,
    check_array,
    check_count,
    check_dtype,
    check_real,
)
from vgcourse.activations import Activation

Arrays = tuple[FloatArray, ...]

FORMATS = ("float16", "float32", "float64")


@dataclass(frozen=True, eq=False)
class Gradients:
    """What a gradient at a layer's output becomes on its way back through the layer.

    Attributes
    ----------
    input : ndarray of float
        Gradient at what the layer was given, of the same shape.
    parameters : tuple of ndarray of float
        Gradients at the layer's parameters, in their order, summed over the batch.
    delta : ndarray of float
        Gradient at the preactivation; at the output, where there is no activation.
    """

    input: FloatArray
    parameters: Arrays
    delta: FloatArray


@dataclass(frozen=True, eq=False)
class Pullback:
    """The way back through a layer, from where its forward pass has been.

    Attributes
    ----------
    back : callable
        Takes the gradient at the output, returns `Gradients`. So does the pullback.
    z, slope : ndarray of float, or None
        Preactivation z and φ′(z), where the layer has an activation.
    """

    back: Callable[[FloatArray], Gradients]
    z: FloatArray | None = None
    slope: FloatArray | None = None

    def __call__(self, grad: FloatArray) -> Gradients:
        """Carry a gradient at the output back through the layer."""
        return self.back(grad)


class Layer(Protocol):
    """What a network is made of; nothing in a layer ever changes."""

    @property
    def parameters(self) -> Arrays:
        """What training moves."""

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the same layer with other parameters, of the same shapes."""

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return the output for a batch `h`, and the way back."""


@dataclass(frozen=True, eq=False)
class Dense:
    """Every output hears every input: φ(W h + b).

    Attributes
    ----------
    W : ndarray of float, shape (fan_out, fan_in)
        The weights.
    b : ndarray of float, shape (fan_out,)
        The biases.
    activation : Activation
        φ.
    """

    W: FloatArray
    b: FloatArray
    activation: Activation

    @property
    def parameters(self) -> Arrays:
        """The weights, the biases."""
        return self.W, self.b

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the layer with other weights and biases."""
        W, b = parameters
        return replace(self, W=W, b=b)

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return φ(W h + b) along the last axis of `h`, and the way back."""
        _check_width(self, h, self.W.shape[1])
        z = h @ self.W.T
        z += self.b
        output, slope = self.activation.function_and_derivative(z)

        def back(grad: FloatArray) -> Gradients:
            delta = grad * slope
            rows = delta.reshape(-1, len(self.b))
            W_grad = rows.T @ h.reshape(len(rows), -1)
            return Gradients(delta @ self.W, (W_grad, rows.sum(axis=0)), delta)

        return output, Pullback(back, z, slope)


@dataclass(frozen=True, eq=False)
class Pointwise:
    """An activation by itself, for where something stands between it and the weights.

    Attributes
    ----------
    activation : Activation
        φ.
    """

    activation: Activation

    @property
    def parameters(self) -> Arrays:
        """None."""
        return ()

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the layer; there is nothing to change."""
        () = parameters
        return self

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return φ(h), and the way back."""
        output, slope = self.activation.function_and_derivative(h)

        def back(grad: FloatArray) -> Gradients:
            delta = grad * slope
            return Gradients(delta, (), delta)

        return output, Pullback(back, h, slope)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """What layer norm and batch norm have in common: γ, β and ε."""

    scale: FloatArray
    shift: FloatArray
    eps: float = 1e-5

    @property
    def parameters(self) -> Arrays:
        """γ, β."""
        return self.scale, self.shift

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the layer with another γ and β."""
        scale, shift = parameters
        return replace(self, scale=scale, shift=shift)


@dataclass(frozen=True, eq=False)
class LayerNorm(_Scaled):
    r"""Each example brought to mean 0 and variance 1 over its units.

    .. math:: y = \gamma \odot \frac{h - \bar h}{\sqrt{\mathrm{var}(h) + \epsilon}}
              + \beta

    Attributes
    ----------
    scale, shift : ndarray of float, shape (width,)
        γ and β.
    eps : float
        ε, added to the variance.

    References
    ----------
    .. [1] J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization",
       arXiv:1607.06450, 2016.
    """

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return `h` normalized along its last axis, and the way back."""
        _check_width(self, h, len(self.scale))
        unit, unit_back = _normalized(h, -1, self.eps, center=True)

        def back(grad: FloatArray) -> Gradients:
            parameters = _over_rows(grad * unit), _over_rows(grad)
            return Gradients(unit_back(grad * self.scale), parameters, grad)

        return self.scale * unit + self.shift, Pullback(back)


@dataclass(frozen=True, eq=False)
class RMSNorm:
    r"""Each example brought to root mean square 1 over its units.

    .. math:: y = \gamma \odot \frac{h}{\sqrt{\overline{h^2} + \epsilon}}

    Attributes
    ----------
    scale : ndarray of float, shape (width,)
        γ.
    eps : float
        ε, added to the mean square.

    References
    ----------
    .. [1] B. Zhang and R. Sennrich, "Root mean square layer normalization",
       arXiv:1910.07467, 2019.
    """

    scale: FloatArray
    eps: float = 1e-5

    @property
    def parameters(self) -> Arrays:
        """γ alone."""
        return (self.scale,)

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the layer with another γ."""
        (scale,) = parameters
        return replace(self, scale=scale)

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return `h` normalized along its last axis, and the way back."""
        _check_width(self, h, len(self.scale))
        unit, unit_back = _normalized(h, -1, self.eps, center=False)

        def back(grad: FloatArray) -> Gradients:
            parameters = (_over_rows(grad * unit),)
            return Gradients(unit_back(grad * self.scale), parameters, grad)

        return self.scale * unit, Pullback(back)


@dataclass(frozen=True, eq=False)
class BatchNorm(_Scaled):
    r"""Each unit brought to mean 0 and variance 1 over the batch it is given.

    .. math:: y = \gamma \odot \frac{h - \mathrm{E}_B[h]}
              {\sqrt{\mathrm{var}_B(h) + \epsilon}} + \beta

    As in training: no averages over earlier batches are kept or used.

    Attributes
    ----------
    scale, shift : ndarray of float, shape (width,)
        γ and β.
    eps : float
        ε, added to the variance.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015.
    """

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return `h` normalized along its first axis, and the way back."""
        _check_width(self, h, len(self.scale))
        if len(h) < 2:
            message = f"BatchNorm must be given at least 2 examples, got {len(h)}"
            raise ValueError(message)
        unit, unit_back = _normalized(h, 0, self.eps, center=True)

        def back(grad: FloatArray) -> Gradients:
            parameters = _over_rows(grad * unit), _over_rows(grad)
            return Gradients(unit_back(grad * self.scale), parameters, grad)

        return self.scale * unit + self.shift, Pullback(back)


@dataclass(frozen=True, eq=False)
class Chain:
    """Layers one after another, which are a layer again.

    Attributes
    ----------
    layers : tuple of Layer
        The first is given the input.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Say what is not a layer, or that there is none."""
        if not self.layers:
            message = "layers must hold at least one layer, got none"
            raise ValueError(message)
        for layer in self.layers:
            if not callable(getattr(layer, "forward", None)):
                message = f"layers must be layers, got {type(layer).__name__}"
                raise TypeError(message)

    @property
    def parameters(self) -> Arrays:
        """Those of all layers, the first layer's first."""
        return tuple(array for layer in self.layers for array in layer.parameters)

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the chain with other parameters in its layers."""
        left = iter(parameters)
        changed = tuple(
            layer.with_parameters([next(left) for _ in layer.parameters])
            for layer in self.layers
        )
        return replace(self, layers=changed)

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return the last layer's output, and the way back through all of them.

        Preactivation and slope are those of the last layer that has an activation.
        """
        pullbacks: list[Pullback] = []
        for layer in self.layers:
            h, pullback = layer.forward(h)
            pullbacks.append(pullback)
        active = [pullback for pullback in pullbacks if pullback.slope is not None]
        last = active[-1] if active else None

        def back(grad: FloatArray) -> Gradients:
            delta = grad
            parameters: Arrays = ()
            for pullback in reversed(pullbacks):
                gradients = pullback(grad)
                grad = gradients.input
                parameters = gradients.parameters + parameters
                if pullback is last:
                    delta = gradients.delta
            return Gradients(grad, parameters, delta)

        if last is None:
            return h, Pullback(back)
        return h, Pullback(back, last.z, last.slope)


@dataclass(frozen=True, eq=False)
class Residual:
    """A branch beside a way on which nothing happens: h + scale · branch(h).

    Attributes
    ----------
    branch : Layer
        Gives back the shape that it is given.
    scale : float
        Multiplies the branch. Dimensionless; 0 leaves h alone.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image
       recognition", CVPR 2016.
    """

    branch: Layer
    scale: float = 1.0

    @property
    def parameters(self) -> Arrays:
        """Those of the branch."""
        return self.branch.parameters

    def with_parameters(self, parameters: Sequence[FloatArray]) -> Self:
        """Return the layer with other parameters in its branch."""
        return replace(self, branch=self.branch.with_parameters(parameters))

    def forward(self, h: FloatArray) -> tuple[FloatArray, Pullback]:
        """Return h + scale · branch(h), and the way back."""
        branch, branch_back = self.branch.forward(h)
        if branch.shape != h.shape:
            message = f"a branch must keep the shape {h.shape}, got {branch.shape}"
            raise ValueError(message)

        def back(grad: FloatArray) -> Gradients:
            gradients = branch_back(self.scale * grad)
            return Gradients(grad + gradients.input, gradients.parameters, grad)

        return h + self.scale * branch, Pullback(back)


# With checks, and from what one has at hand ------------------------------------------


def dense(W: ArrayLike, b: ArrayLike | None, activation: str | Activation) -> Dense:
    """Return a dense layer.

    Parameters
    ----------
    W : array_like, shape (fan_out, fan_in)
        The weights; their number format becomes that of the layer.
    b : array_like, shape (fan_out,), or None
        The biases; None means zeros.
    activation : str or Activation
        φ, by name or as an object.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite or a name is not known.
    TypeError
        If something is not an array of real numbers or not an activation.

    Examples
    --------
    >>> h, pullback = dense([[2.0, 3.0]], None, "relu").forward(np.array([[1.0, 1.0]]))
    >>> h, pullback(np.ones((1, 1))).input
    (array([[5.]]), array([[2., 3.]]))
    """
    W = check_array("W", W, ndim=2)
    b = np.zeros(len(W)) if b is None else check_array("b", b, ndim=1)
    if len(b) != len(W):
        message = f"b must have shape ({len(W)},), got {b.shape}"
        raise ValueError(message)
    return Dense(W.copy(), b.astype(W.dtype), activations.get(activation))


def layer_norm(
    width: int, *, eps: float = 1e-5, dtype: DTypeLike = np.float64
) -> LayerNorm:
    """Return a layer norm of `width` units with γ = 1 and β = 0.

    Raises
    ------
    ValueError or TypeError
        If `width` is no count, `eps` not a finite number, at least 0, or `dtype`
        none of float16, float32 and float64.
    """
    scale = np.ones(check_count("width", width), check_dtype(dtype, *FORMATS))
    return LayerNorm(scale, np.zeros_like(scale), check_real("eps", eps, at_least=0))


def rms_norm(
    width: int, *, eps: float = 1e-5, dtype: DTypeLike = np.float64
) -> RMSNorm:
    """Return an RMS norm of `width` units with γ = 1.

    Raises
    ------
    ValueError or TypeError
        If `width` is no count, `eps` not a finite number, at least 0, or `dtype`
        none of float16, float32 and float64.
    """
    scale = np.ones(check_count("width", width), check_dtype(dtype, *FORMATS))
    return RMSNorm(scale, check_real("eps", eps, at_least=0))


def batch_norm(
    width: int, *, eps: float = 1e-5, dtype: DTypeLike = np.float64
) -> BatchNorm:
    """Return a batch norm of `width` units with γ = 1 and β = 0.

    Raises
    ------
    ValueError or TypeError
        If `width` is no count, `eps` not a finite number, at least 0, or `dtype`
        none of float16, float32 and float64.
    """
    scale = np.ones(check_count("width", width), check_dtype(dtype, *FORMATS))
    return BatchNorm(scale, np.zeros_like(scale), check_real("eps", eps, at_least=0))


def residual(*branch: Layer, scale: float = 1.0) -> Residual:
    """Return h + scale · branch(h), the branch given layer by layer.

    Raises
    ------
    ValueError or TypeError
        If there is no layer, or `scale` is not a finite number.
    """
    return Residual(Chain(branch), check_real("scale", scale))


def _normalized(
    h: FloatArray, axis: int, eps: float, *, center: bool
) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    """Return `h` with mean square 1 along an axis, and the way back."""
    if center:
        h = h - h.mean(axis, keepdims=True)
    rms = np.sqrt(np.mean(h * h, axis, keepdims=True) + h.dtype.type(eps))
    unit: FloatArray = h / rms

    def back(grad: FloatArray) -> FloatArray:
        # A projection: what would have changed the size is taken out of the
        # gradient, and what would have changed the mean.
        grad = grad - unit * np.mean(grad * unit, axis, keepdims=True)
        if center:
            grad = grad - grad.mean(axis, keepdims=True)
        result: FloatArray = grad / rms
        return result

    return unit, back


def _over_rows(values: FloatArray) -> FloatArray:
    """Sum over all axes but the last."""
    total: FloatArray = values.reshape(-1, values.shape[-1]).sum(axis=0)
    return total


def _check_width(layer: object, h: FloatArray, width: int) -> None:
    if h.shape[-1] != width:
        name = type(layer).__name__
        message = f"{name} must be given {width} numbers a row, got shape {h.shape}"
        raise ValueError(message)
