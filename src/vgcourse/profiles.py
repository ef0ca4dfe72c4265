"""Statistics of a forward and a backward pass, layer by layer, whoever ran them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from vgcourse import activations
from vgcourse._checks import (
    FloatArray,
    as_array,
    as_real_array,
    check_choice,
    check_count,
    check_sequence,
    shown,
)
from vgcourse.activations import SATURATED_SLOPE, Activation

# Bins of histograms of hidden states: 0.1 wide, so that 0 and ±1 stand in the middle
# of one.
HISTOGRAM_EDGES = np.linspace(-3.05, 3.05, 62)


@dataclass(frozen=True, eq=False)
class Profile:
    """Statistics of a forward and a backward pass; the last axis is the layer.

    A statistic of numbers that have overflowed is infinite or NaN, and one of numbers
    that are all zero has the logarithm −inf.

    Attributes
    ----------
    log10_activation_rms : ndarray of float, shape (depth,)
        log10 of the root mean square of the hidden states h, over batch and units.
    log10_gradient_rms : ndarray of float, shape (depth,)
        log10 of the root mean square of the loss gradient at z, over batch and units.
    saturation : ndarray of float, shape (depth,)
        Share of (example, unit) pairs with |φ′(z)| < `SATURATED_SLOPE`, in [0, 1];
        NaN where a slope is NaN or not known.
    log10_weight_grad_rms : ndarray of float, shape (depth,), optional
        log10 of the root mean square of the loss gradient at the weights, over the
        entries of a layer's matrix, for the layers that have one; None where it was
        not asked for.
    alikeness : ndarray of float, shape (depth,), optional
        Cosine between the hidden states of two examples, over all pairs: 1 where the
        layer no longer tells its inputs apart. NaN where there is no second example,
        or nothing arrives; None where it was not asked for.
    """

    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    log10_weight_grad_rms: FloatArray | None = None
    alikeness: FloatArray | None = None

    def growth_per_layer(
        self, *, skip: int = 0, of: Literal["gradient", "activation"] = "gradient"
    ) -> FloatArray:
        r"""Return the factor on the RMS per layer, the geometric mean over layers.

        .. math:: \left(\frac{r_1}{r_n}\right)^{1/(n-1)}

        for the RMS :math:`r` of the gradient in the n layers that are not skipped:
        what a step *down*, towards the input, multiplies. It is a factor on the RMS;
        its square is the factor on the mean square, such as `meanfield.chi`.

        Parameters
        ----------
        skip : int, default 0
            Layers left out at each end, where the law of the middle does not hold yet.
        of : {"gradient", "activation"}, default "gradient"
            The gradient on its way down, or the hidden states on their way up.

        Returns
        -------
        ndarray of float, shape () or that of the axes before the layers
            NaN where nothing arrived at either end (0/0).

        Raises
        ------
        ValueError, TypeError
            If fewer than two layers are left, `skip` is negative or no integer, or
            there is no such `of`.

        Examples
        --------
        >>> halved = np.log10([1 / 8, 1 / 4, 1 / 2, 1])
        >>> Profile(np.zeros(4), halved, np.zeros(4)).growth_per_layer().round(6)
        np.float64(0.5)
        """
        skip = check_count("skip", skip, at_least=0)
        gradient = check_choice("of", of, ("gradient", "activation")) == "gradient"
        values = self.log10_gradient_rms if gradient else self.log10_activation_rms
        steps = values.shape[-1] - 2 * skip - 1
        if steps < 1:
            message = f"skip must leave two of {values.shape[-1]} layers, got {skip}"
            raise ValueError(message)
        first, last = values[..., skip], values[..., skip + steps]
        with np.errstate(invalid="ignore"):  # −inf − (−inf)
            decades = first - last if gradient else last - first
        growth: FloatArray = 10.0 ** (decades / steps)
        return growth


class ForwardPass(Protocol):
    """What `profile_of` needs of a forward pass; `slopes`, φ′(z), are welcome."""

    @property
    def z(self) -> Sequence[ArrayLike]:
        """Preactivations, one array per layer."""

    @property
    def h(self) -> Sequence[ArrayLike]:
        """Hidden states, one array per layer."""


class BackwardPass(Protocol):
    """What `profile_of` needs of a backward pass; `weight_grads` are welcome."""

    @property
    def deltas(self) -> Sequence[ArrayLike]:
        """Loss gradients at the preactivations, one array per layer."""


def profile_of(
    forward_pass: ForwardPass,
    backward_pass: BackwardPass,
    *,
    activation: str | Activation | Sequence[str | Activation] | None = None,
) -> Profile:
    """Return the statistics of any two passes: of a network, a trainer, or PyTorch.

    Parameters
    ----------
    forward_pass : ForwardPass
        Preactivations `z` and hidden states `h`, one array per layer, of any number
        format; and `slopes`, φ′(z), if it has them. Tensors of PyTorch are given as
        arrays. The layers' shapes may differ.
    backward_pass : BackwardPass
        Loss gradients at z (`deltas`), as many; and at the weights (`weight_grads`),
        of the layers that have weights, if it has them.
    activation : str, Activation or a sequence of them, optional
        φ of all layers, or of each, for a pass without slopes. Without either,
        `saturation` is not known and NaN.

    Returns
    -------
    Profile
        Arrays of shape (depth,). Squares neither under- nor overflow on the way: the
        statistics are those of the numbers as they are.

    Raises
    ------
    ValueError, TypeError
        If the passes have no layers or not the same number of them, an array is empty
        or does not hold real numbers, or an activation is not known.

    Examples
    --------
    >>> from vgcourse import network
    >>> mlp = network.mlp([[[2.0]], [[3.0]]], None, "relu")
    >>> forward = network.forward(mlp, [[1.0], [-1.0]])
    >>> backward = network.backward(forward, [[1.0], [1.0]])
    >>> profile = profile_of(forward, backward, activation="relu")
    >>> profile.saturation
    array([0.5, 0.5])
    >>> profile.growth_per_layer().round(12)
    np.float64(3.0)
    """
    zs = _arrays("forward_pass", forward_pass, "z")
    depth = len(zs)
    if not depth:
        message = "forward_pass.z must hold an array for each layer, got none"
        raise ValueError(message)
    hs = _arrays("forward_pass", forward_pass, "h", depth=depth)
    deltas = _arrays("backward_pass", backward_pass, "deltas", depth=depth)
    saturation = np.full(depth, np.nan)
    if activation is not None:
        functions = _one_per_layer(activation, depth)
        slopes = [phi.derivative(z) for phi, z in zip(functions, zs, strict=True)]
        saturation = np.array([_saturated(slope) for slope in slopes])
    elif hasattr(forward_pass, "slopes"):
        slopes = _arrays("forward_pass", forward_pass, "slopes", depth=depth)
        saturation = np.array([_saturated(slope) for slope in slopes])
    log10_weight_grad_rms = None
    if hasattr(backward_pass, "weight_grads"):
        grads = _arrays("backward_pass", backward_pass, "weight_grads")
        log10_weight_grad_rms = np.array([log10_rms(grad) for grad in grads])
    return Profile(
        np.array([log10_rms(h) for h in hs]),
        np.array([log10_rms(delta) for delta in deltas]),
        saturation,
        log10_weight_grad_rms,
        np.array([alikeness(h) for h in hs]),
    )


def log10_rms(values: ArrayLike) -> float:
    """Return log10 of the root mean square, in float64, none lost by squaring.

    −inf if all are zero, and infinite or NaN if one of the values is.

    Raises
    ------
    ValueError or TypeError
        If there are no values, or they are not real numbers.
    """
    numbers = as_array("values", values)
    if not np.can_cast(numbers.dtype, np.float64, "same_kind"):
        message = f"values must be real numbers, got {shown(values)}"
        raise TypeError(message)
    if numbers.size == 0:
        message = f"values must not be empty, got shape {numbers.shape}"
        raise ValueError(message)
    numbers = numbers.astype(np.float64)
    peak = np.abs(numbers).max()
    with np.errstate(divide="ignore"):  # log 0
        decades = float(np.log10(peak))
    if not np.isfinite(decades):
        return decades
    return decades + float(np.log10(np.mean((numbers / peak) ** 2))) / 2


def alikeness(h: ArrayLike) -> float:
    """Return the cosine between two rows, over all pairs of rows, weighted by length.

    Examples are along the first axis; NaN for fewer than two, or where all is zero.
    """
    states = as_real_array("h", h).astype(np.float64)
    if states.ndim < 2 or len(states) < 2:
        return np.nan
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        states = states.reshape(len(states), -1) / np.abs(states).max()
        own = np.vdot(states, states)
        total = states.sum(axis=0)
        pairs = np.vdot(total, total) - own
        return float(pairs / ((len(states) - 1) * own))


def _saturated(slopes: FloatArray) -> float:
    if np.isnan(slopes).any():
        return np.nan
    return float(np.mean(np.abs(slopes) < SATURATED_SLOPE))


def _arrays(
    name: str, part: object, field: str, *, depth: int | None = None
) -> list[FloatArray]:
    """Return the arrays of a field, or say what is wrong with them."""
    if not hasattr(part, field):
        message = f"{name} must have {field}, got {type(part).__name__}"
        raise TypeError(message)
    arrays = [np.asarray(array) for array in getattr(part, field)]
    if depth is not None and len(arrays) != depth:
        wanted = f"must hold an array for each layer, {depth}"
        message = f"{name}.{field} {wanted}, got {len(arrays)}"
        raise ValueError(message)
    for layer, array in enumerate(arrays):
        if not np.can_cast(array.dtype, np.float64, "same_kind"):
            message = f"{name}.{field}[{layer}] must be real, got {array.dtype}"
            raise TypeError(message)
        if array.size == 0:
            message = f"{name}.{field}[{layer}] is empty: shape {array.shape}"
            raise ValueError(message)
    return arrays


def _one_per_layer(
    activation: str | Activation | Sequence[str | Activation], depth: int
) -> list[Activation]:
    if isinstance(activation, str | Activation):
        return [activations.get(activation)] * depth
    found = [activations.get(one) for one in check_sequence("activation", activation)]
    if len(found) != depth:
        wanted = f"must be one, or one for each layer, {depth}"
        message = f"activation {wanted}, got {len(found)}"
        raise ValueError(message)
    return found
