"""Weights to start from: fans, variance scaling, LeCun, Glorot, He, orthogonal, LSUV.

Glorot's scheme is also called Xavier's, He's also Kaiming's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod, sqrt
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from vgcourse._checks import (
    FloatArray,
    RNGLike,
    check_array,
    check_choice,
    check_count,
    check_dtype,
    check_flag,
    check_function,
    check_name,
    check_real,
    check_rng,
    check_sequence,
    shown,
)

FanMode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "uniform", "truncated_normal"]

# Standard deviation of N(0, 1) truncated to [−2, 2], √(1 − 4 φ(2)/(2Φ(2) − 1)).
TRUNCATED_STD = 0.8796256610342398


class Initializer(Protocol):
    """What every entry of `INITIALIZERS` is: a function that makes weights."""

    def __call__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        gain: float = 1.0,
        rng: RNGLike,
        dtype: DTypeLike = np.float64,
    ) -> FloatArray:
        """Return weights of shape (fan_out, fan_in), proportional to `gain`.

        Parameters
        ----------
        fan_in, fan_out : int
            Number of inputs and of outputs of the layer. Both at least 1.
        gain : float, default 1.0
            Multiplies the weights, on top of the initializer's own scale.
            Dimensionless, at least 0.
        rng : int, SeedSequence or Generator
            Source of randomness. A `Generator` is used as it is, so its state
            advances. Asked for even where nothing is drawn, so that initializers
            can be exchanged.
        dtype : dtype, default float64
            float16, float32 or float64.

        Raises
        ------
        ValueError
            If a fan is below 1 or the gain is negative or not finite.
        TypeError
            If a fan is no integer, `rng` no source or `dtype` no float.
        """
        ...


def fans(
    shape: Sequence[int],
    *,
    layout: Literal["torch", "keras"] = "torch",
    groups: int = 1,
    transposed: bool = False,
    stride: int = 1,
) -> tuple[int, int]:
    """Return (fan_in, fan_out): how many numbers a unit sums, and how many it feeds.

    A dense layer has no kernel axes. In a convolution every position of the kernel
    counts: 3 × 3 from 64 to 128 channels has the fans (576, 1152).

    Parameters
    ----------
    shape : sequence of int
        Shape of the weights. In the layout of PyTorch (outputs, inputs of a group,
        *kernel), of a transposed convolution (inputs, outputs of a group, *kernel);
        in that of Keras (*kernel, inputs, outputs).
    layout : {"torch", "keras"}, default "torch"
        Whose order the axes have. That of Keras knows neither groups nor transposed
        convolutions here.
    groups : int, default 1
        Groups of channels that do not see one another; all, if depthwise.
    transposed : bool, default False
        Whether the convolution is transposed, and so spreads its inputs.
    stride : int, default 1
        Along every kernel axis, which it must divide: of a transposed convolution
        only one position in `stride` reaches an output, of another only one in
        `stride` is fed by an input.

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two axes, an entry is below 1 or no integer, or the
        options do not fit the shape.

    Examples
    --------
    >>> fans((128, 64, 3, 3)), fans((3, 3, 64, 128), layout="keras")
    ((576, 1152), (576, 1152))
    >>> fans((4, 1, 3, 3), groups=4)
    (9, 9)
    >>> fans((512, 256, 4, 4), transposed=True, stride=4)
    (512, 4096)
    """
    sizes = [
        check_count(f"shape[{axis}]", size)
        for axis, size in enumerate(check_sequence("shape", shape))
    ]
    if len(sizes) < 2:
        message = f"shape must have at least 2 axes, got {tuple(sizes)}"
        raise ValueError(message)
    check_choice("layout", layout, ("torch", "keras"))
    transposed = check_flag("transposed", transposed)
    groups, stride = check_count("groups", groups), check_count("stride", stride)
    if layout == "keras":
        if groups > 1 or transposed:
            message = "layout must be 'torch' with groups or transposed, got 'keras'"
            raise ValueError(message)
        *kernel, inputs, outputs = sizes
        sizes = [outputs, inputs, *kernel]
    first, second, *kernel = sizes
    if first % groups:
        message = f"groups must divide shape[0], got {groups} and {first}"
        raise ValueError(message)
    if any(size % stride for size in kernel):
        message = f"stride must divide the kernel {tuple(kernel)}, got {stride}"
        raise ValueError(message)
    # Of the whole kernel on one side; on the other only what the stride lets through.
    whole, thinned = prod(kernel), prod(size // stride for size in kernel)
    if transposed:
        return first // groups * thinned, second * whole
    return second * whole, first // groups * thinned


def variance_scaling(
    fan_in: int,
    fan_out: int,
    *,
    gain: float = 1.0,
    mode: FanMode = "fan_in",
    distribution: Distribution = "normal",
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    r"""Draw independent weights whose variance is set by the fan.

    .. math:: \mathrm{E}[W_{ij}] = 0, \qquad \mathrm{Var}[W_{ij}] = g^2 / n,

    where :math:`g` is the `gain` and :math:`n` the fan chosen by `mode`. (The
    ``scale`` of Keras and JAX is :math:`g^2`.)

    Parameters
    ----------
    fan_in, fan_out : int
        Number of inputs and of outputs of the layer. Both at least 1.
    gain : float, default 1.0
        Multiplies the standard deviation. Dimensionless, at least 0.
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
        Which fan divides the variance. ``"fan_in"`` keeps the variance of the
        preactivations across depth, ``"fan_out"`` that of the gradients, and
        ``"fan_avg"``, the mean of the two, is Glorot's compromise.
    distribution : {"normal", "uniform", "truncated_normal"}, default "normal"
        All three have the variance above: the uniform one ends at √3 standard
        deviations; the truncated one is a Gaussian cut at two of *its own*, widened
        by 1/0.8796 to make up for the cut.
    rng : int, SeedSequence or Generator
        Source of randomness. A `Generator` is used as it is, so its state advances.
    dtype : dtype, default float64
        float16, float32 or float64.

    Returns
    -------
    ndarray of float, shape (fan_out, fan_in)
        The weights `W` of a layer ``z = W @ h + b``.

    Raises
    ------
    ValueError
        If a fan is below 1, the gain is negative or not finite, or `mode` or
        `distribution` is not one of the three.
    TypeError
        If a fan is no integer, `rng` no source or `dtype` no float.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, "Efficient BackProp",
       1998, sec. 4.6.
    .. [2] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
       feedforward neural networks", AISTATS 2010, sec. 4.2.
    .. [3] K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers",
       ICCV 2015, sec. 2.2.

    Examples
    --------
    >>> variance_scaling(4, 3, rng=0).shape
    (3, 4)
    """
    std = _scaled_std(fan_in, fan_out, gain, mode)
    check_choice("distribution", distribution, get_args(Distribution))
    wanted, drawn = _check_dtype(dtype)
    _check_fits("gain", gain, _TALLEST * std, wanted)
    rng, shape = check_rng(rng), (fan_out, fan_in)
    if distribution == "uniform":
        W = rng.random(shape, dtype=drawn)
        W -= 0.5
        W *= std * 2 * sqrt(3)
        return W.astype(wanted, copy=False)
    W = rng.standard_normal(shape, dtype=drawn)
    if distribution == "truncated_normal":
        # Clipping instead of drawing again would leave a std of 0.9594, not 0.8796.
        while (outside := np.abs(W) > 2).any():
            W[outside] = rng.standard_normal(np.count_nonzero(outside), dtype=drawn)
        std /= TRUNCATED_STD
    W *= std
    return W.astype(wanted, copy=False)


@dataclass(frozen=True)
class Scheme:
    """An `Initializer`: `variance_scaling` with gain, mode and distribution settled.

    Attributes
    ----------
    gain : float
        The scheme's own; √2 for He.
    mode, distribution : str
        As for `variance_scaling`.
    bias_gain : float, default 0.0
        Standard deviation of the biases times √fan_in.
    """

    gain: float
    mode: FanMode
    distribution: Distribution
    bias_gain: float = 0.0

    def __call__(
        self,
        fan_in: int,
        fan_out: int,
        *,
        gain: float = 1.0,
        rng: RNGLike,
        dtype: DTypeLike = np.float64,
    ) -> FloatArray:
        """Draw weights of shape (fan_out, fan_in); the two gains multiply."""
        return variance_scaling(
            fan_in,
            fan_out,
            gain=self.gain * check_real("gain", gain, at_least=0),
            mode=self.mode,
            distribution=self.distribution,
            rng=rng,
            dtype=dtype,
        )

    def biases(
        self, fan_in: int, fan_out: int, *, rng: RNGLike, dtype: DTypeLike = np.float64
    ) -> FloatArray:
        """Draw biases of shape (fan_out,), from the distribution of the weights.

        Their standard deviation is `bias_gain` / √fan_in, whatever the weights' gain.
        """
        std = self.bias_gain / sqrt(check_count("fan_in", fan_in))
        column = variance_scaling(
            1, fan_out, gain=std, distribution=self.distribution, rng=rng, dtype=dtype
        )
        return column.ravel()


lecun_normal = Scheme(1.0, "fan_in", "normal")
lecun_uniform = Scheme(1.0, "fan_in", "uniform")
glorot_normal = Scheme(1.0, "fan_avg", "normal")
glorot_uniform = Scheme(1.0, "fan_avg", "uniform")
he_normal = Scheme(sqrt(2), "fan_in", "normal")
he_uniform = Scheme(sqrt(2), "fan_in", "uniform")
truncated_normal = Scheme(1.0, "fan_in", "truncated_normal")
# Uniform between ±1/√fan_in, the biases too: what nn.Linear and nn.Conv2d draw, by way
# of kaiming_uniform_(W, a=√5).
pytorch_default = Scheme(1 / sqrt(3), "fan_in", "uniform", bias_gain=1 / sqrt(3))


def orthogonal(
    fan_in: int,
    fan_out: int,
    *,
    gain: float = 1.0,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    """Draw a matrix whose singular values are all `gain`, uniformly among these.

    Its columns are orthogonal if ``fan_out >= fan_in``, its rows if ``fan_out <=
    fan_in``. Parameters, shape and errors as for every `Initializer`.

    References
    ----------
    .. [1] A. Saxe, J. McClelland and S. Ganguli, "Exact solutions to the nonlinear
       dynamics of learning in deep linear neural networks", ICLR 2014.
    .. [2] F. Mezzadri, "How to generate random matrices from the classical compact
       groups", Notices of the AMS 54 (2007).
    """
    small, large = sorted(
        (check_count("fan_in", fan_in), check_count("fan_out", fan_out))
    )
    gain = check_real("gain", gain, at_least=0)
    wanted, drawn = _check_dtype(dtype)
    _check_fits("gain", gain, gain, wanted)
    draw = check_rng(rng).standard_normal((large, small), dtype=drawn)
    Q, R = np.linalg.qr(draw)
    # QR leaves the signs to the algorithm; with a positive diagonal of R it is
    # unique, and Q is uniform (Haar) because a Gaussian matrix has no direction.
    Q *= np.copysign(gain, R.diagonal()).astype(drawn)
    return (Q if fan_out == large else Q.T).astype(wanted, order="C", copy=False)


def zeros(
    fan_in: int,
    fan_out: int,
    *,
    gain: float = 1.0,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    """Return zeros: no signal passes, no gradient either."""
    return constant(fan_in, fan_out, gain=gain, value=0.0, rng=rng, dtype=dtype)


def constant(
    fan_in: int,
    fan_out: int,
    *,
    gain: float = 1.0,
    value: float | None = None,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    """Return equal weights, so that all units of a layer stay copies of one another.

    Parameters as for every `Initializer`, and

    Parameters
    ----------
    value : float, optional
        The weight at gain 1. By default ``1 / fan_in``: each unit takes the mean
        of its inputs.
    """
    shape = check_count("fan_out", fan_out), check_count("fan_in", fan_in)
    value = 1 / fan_in if value is None else check_real("value", value)
    gain = check_real("gain", gain, at_least=0)
    check_rng(rng)
    wanted, _ = _check_dtype(dtype)
    _check_fits("gain times value", gain * value, gain * value, wanted)
    return np.full(shape, gain * value, dtype=wanted)


def lsuv(
    inputs: ArrayLike,
    widths: Sequence[int],
    *,
    function: Callable[[FloatArray], FloatArray],
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
) -> list[FloatArray]:
    r"""Return weights that give every layer unit variance on these inputs.

    Layer-sequential unit variance: each layer gets an orthogonal matrix, divided by
    the standard deviation of the preactivations it makes of a batch,

    .. math:: W_\ell \leftarrow W_\ell / \operatorname{std}(W_\ell h_{\ell-1}),

    the layers one after another. The paper repeats the division until the variance is
    close enough to 1; without biases one is exact.

    Parameters
    ----------
    inputs : array_like, shape (batch, widths[0])
        Examples in rows, as the network will see them.
    widths : sequence of int
        Units per layer, the input first: at least two numbers, each at least 1.
    function : callable
        φ, elementwise on arrays.
    rng : int, SeedSequence or Generator
        Source of randomness; the layers draw from it in order.
    dtype : dtype, default float64
        float16, float32 or float64.

    Returns
    -------
    list of ndarray of float, shapes (fan_out, fan_in)
        The weights, such as :func:`vgcourse.network.mlp` takes. Computed in float64,
        then rounded.

    Raises
    ------
    ValueError
        If `inputs` has another shape or is not finite, or the preactivations of a layer
        do not vary, so that nothing can be divided by their deviation.
    TypeError
        If a width is no integer, `rng` no source or `dtype` no float.

    References
    ----------
    .. [1] D. Mishkin and J. Matas, "All you need is a good init", ICLR 2016,
       algorithm 1.

    Examples
    --------
    >>> W = lsuv([[1.0], [3.0]], [1, 1], function=np.tanh, rng=0)[0]
    >>> float(np.abs(W[0, 0]))
    1.0
    """
    widths = [check_count("widths", n) for n in check_sequence("widths", widths)]
    if len(widths) < 2:
        message = f"widths must be at least 2 numbers, got {widths}"
        raise ValueError(message)
    check_function("function", function)
    h: FloatArray = check_array("inputs", inputs, ndim=2).astype(np.float64)
    if h.shape[1] != widths[0]:
        message = f"inputs must have shape (batch, {widths[0]}), got {h.shape}"
        raise ValueError(message)
    wanted, _ = _check_dtype(dtype)
    rng, weights = check_rng(rng), []
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        W = orthogonal(fan_in, fan_out, rng=rng)
        z = h @ W.T
        std = z.std()
        if not 0 < std < np.inf:
            message = f"layer {layer} must get inputs that vary, got a std of {std:g}"
            raise ValueError(message)
        weights.append((W / std).astype(wanted))
        h = function(z / std)
    return weights


INITIALIZERS: dict[str, Initializer] = {
    "lecun_normal": lecun_normal,
    "lecun_uniform": lecun_uniform,
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "truncated_normal": truncated_normal,
    "orthogonal": orthogonal,
    "pytorch_default": pytorch_default,
    "zeros": zeros,
    "constant": constant,
}


# What they are called elsewhere. `kaiming_uniform_` of PyTorch with its own arguments
# is He's; the default of nn.Linear calls it with others.
ALSO_CALLED = {
    "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
    "torch_default": "pytorch_default",
    "pytorch": "pytorch_default",
    "default": "pytorch_default",
}


def get(initializer: str | Initializer) -> Initializer:
    """Return the initializer of that name, or the one given.

    Names are known as people write them: ``"Xavier-Normal"``, ``"kaiming_uniform_"``.

    Raises
    ------
    ValueError or TypeError
        If it is neither; the message lists the names, and says which one is near.
    """
    return initializer if callable(initializer) else INITIALIZERS[name_of(initializer)]


def name_of(
    initializer: object,
    *,
    among: Iterable[str] = INITIALIZERS,
    argument: str = "initializer",
) -> str:
    """Return the name among these that is meant, as `get` understands it.

    Raises
    ------
    ValueError or TypeError
        If none is; the message lists the names.
    """
    return check_name(argument, initializer, among, also_called=ALSO_CALLED)


def standard_deviation(
    initializer: str | Initializer, fan_in: int, fan_out: int, *, gain: float = 1.0
) -> float:
    """Return the standard deviation of one weight, over the draws.

    Parameters
    ----------
    initializer : str or Initializer
        A name in `INITIALIZERS`, what stands there, or a `Scheme` of your own. The
        entries of an orthogonal matrix have gain/√max(fan_in, fan_out); what is not
        drawn has 0.
    fan_in, fan_out, gain
        As for every `Initializer`.

    Raises
    ------
    ValueError, TypeError
        If the initializer is not among these, or as every `Initializer`.

    Examples
    --------
    >>> round(standard_deviation("he_normal", 256, 128), 6)
    0.088388
    """
    found = get(initializer)
    if isinstance(found, Scheme):
        own = found.gain * check_real("gain", gain, at_least=0)
        return _scaled_std(fan_in, fan_out, own, found.mode)
    if found not in INITIALIZERS.values():
        message = (
            "initializer must have a known standard deviation, as those with a name "
            f"and every Scheme do; got {shown(initializer)}"
        )
        raise ValueError(message)
    gain = check_real("gain", gain, at_least=0)
    largest = max(check_count("fan_in", fan_in), check_count("fan_out", fan_out))
    return gain / sqrt(largest) if found is orthogonal else 0.0


def _scaled_std(fan_in: int, fan_out: int, gain: float, mode: FanMode) -> float:
    gain = check_real("gain", gain, at_least=0)
    check_choice("mode", mode, get_args(FanMode))
    fan_in = check_count("fan_in", fan_in)
    fan_out = check_count("fan_out", fan_out)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return gain / sqrt(fan[mode])


# No normal number that is drawn is so large: 40 standard deviations are 1e-350.
_TALLEST = 40


def _check_fits(name: str, value: float, largest: float, dtype: np.dtype[Any]) -> None:
    """Say that weights as large as `largest` overflow in the number format."""
    if abs(largest) > float(np.finfo(dtype).max):
        message = f"{name} must leave the weights finite in {dtype}, got {value:g}"
        raise ValueError(message)


def _check_dtype(dtype: DTypeLike) -> tuple[np.dtype[Any], Any]:
    """Return the format that is wanted, and the one that a `Generator` can draw."""
    wanted = check_dtype(dtype, "float16", "float32", "float64")
    return wanted, np.float64 if wanted == np.float64 else np.float32
