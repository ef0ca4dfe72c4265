"""Training: losses, optimizers as pure steps, one small trainer and its history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgcourse._checks import (
    FloatArray,
    RNGLike,
    as_array,
    check_array,
    check_count,
    check_real,
    check_rng,
    check_sequence,
    shown,
)
from vgcourse.layers import Arrays
from vgcourse.network import BackwardPass, ForwardPass, Network, backward, forward
from vgcourse.profiles import log10_rms, profile_of

Targets = NDArray[Any]  # labels, of int, or targets, of float

# Losses ------------------------------------------------------------------------------
#
# The value first, its gradient under it. Both are means over the batch.


def cross_entropy(
    output: FloatArray, labels: NDArray[np.int64]
) -> tuple[float, FloatArray]:
    r"""Return how unlikely the labels are under softmax, and the gradient at `output`.

    .. math:: -\frac{1}{B} \sum_b \log \mathrm{softmax}(\text{output}_b)_{y_b}

    Parameters
    ----------
    output : ndarray of float, shape (batch, classes)
        Logits.
    labels : ndarray of int, shape (batch,)
        Classes, from 0.

    Returns
    -------
    loss : float
        In nats.
    gradient : ndarray of float, shape (batch, classes)

    Raises
    ------
    ValueError or TypeError
        If an array does not hold such numbers, or shapes do not fit.
    """
    output = _check_real_array("output", output, ndim=2)
    labels = _check_labels("labels", labels, *output.shape)
    rows = np.arange(len(output))
    shifted = output - output.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - shifted[rows, labels]))
    gradient: FloatArray = powers / sums
    gradient[rows, labels] -= 1
    gradient /= len(output)
    return loss, gradient


def mean_square(output: FloatArray, targets: FloatArray) -> tuple[float, FloatArray]:
    """Return the mean of (output − target)², and the gradient at `output`.

    The mean is over batch and outputs; infinite where it overflows.

    Parameters
    ----------
    output, targets : ndarray of float, shape (batch, outputs)
        What came out, and what should have.

    Raises
    ------
    ValueError or TypeError
        If an array is empty or not of real numbers, or shapes differ.
    """
    output = _check_real_array("output", output)
    targets = _check_real_array("targets", targets)
    if output.shape != targets.shape:
        message = f"targets must have shape {output.shape}, got {targets.shape}"
        raise ValueError(message)
    with np.errstate(over="ignore", invalid="ignore"):
        difference = output - targets
        loss = float(np.mean(difference * difference))
        return loss, difference * difference.dtype.type(2 / difference.size)


def _check_real_array(
    name: str, value: ArrayLike, *, ndim: int | None = None
) -> FloatArray:
    """Return an array of floats that may be infinite or NaN: a run may overflow."""
    array = as_array(name, value)
    if array.dtype.kind not in "fiu":
        message = f"{name} must be real numbers, got {shown(value)}"
        raise TypeError(message)
    if array.size == 0 or array.ndim != (array.ndim if ndim is None else ndim):
        wanted = "not be empty" if ndim is None else f"have {ndim} axes"
        message = f"{name} must {wanted}, got shape {array.shape}"
        raise ValueError(message)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _check_labels(
    name: str, value: ArrayLike, count: int, classes: int
) -> NDArray[np.int64]:
    """Return `count` labels from 0 to below `classes`."""
    labels = as_array(name, value)
    if labels.dtype.kind not in "iu":
        message = f"{name} must be integers, got {shown(value)}"
        raise TypeError(message)
    if labels.shape != (count,):
        message = f"{name} must be {count} labels, got shape {labels.shape}"
        raise ValueError(message)
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        message = f"{name} must be labels from 0 to {classes - 1}, got {wrong[0]}"
        raise ValueError(message)
    return labels.astype(np.int64)


# Optimizers --------------------------------------------------------------------------
#
# Each is given one parameter's gradient and what it remembers of earlier ones, and
# returns what to add to the parameter and what to remember next. Nothing is changed in
# place.

State = Arrays


class Optimizer(Protocol):
    """A rule for one parameter array of any shape."""

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return what to add to the parameter, and the next state; () is the first."""


def _check_settings(lr: object, *decays: tuple[str, object]) -> None:
    if check_real("lr", lr, at_least=0) == 0:
        message = "lr must be above 0, got 0"
        raise ValueError(message)
    for name, decay in decays:
        if check_real(name, decay, at_least=0) >= 1:
            message = f"{name} must be below 1, got {decay}"
            raise ValueError(message)


@dataclass(frozen=True)
class SGD:
    """Plain gradient descent: −η g."""

    lr: float

    def __post_init__(self) -> None:
        """Check the learning rate."""
        _check_settings(self.lr)

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return −η g."""
        return -self.lr * grad, state


@dataclass(frozen=True)
class Momentum:
    """Gradient descent with a memory: −η v with v ← βv + g."""

    lr: float
    beta: float = 0.9

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_settings(self.lr, ("beta", self.beta))

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return −η v."""
        velocity = self.beta * state[0] + grad if state else grad
        return -self.lr * velocity, (velocity,)


@dataclass(frozen=True)
class RMSProp:
    """Each entry divided by the size that its gradient had lately: −η g/(√s + ε).

    s ← βs + (1 − β)g², from s = 0.
    """

    lr: float
    beta: float = 0.99
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_settings(self.lr, ("beta", self.beta))
        check_real("eps", self.eps, at_least=0)

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return −η g/(√s + ε)."""
        square = (1 - self.beta) * (grad * grad)
        if state:
            square += self.beta * state[0]
        return -self.lr * grad / (np.sqrt(square) + self.eps), (square,)


@dataclass(frozen=True)
class Adam:
    """Momentum over size, both without the bias of their start at 0: −η m̂/(√v̂ + ε).

    m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g²; after t steps m̂ = m/(1 − β₁ᵗ) and
    v̂ = v/(1 − β₂ᵗ).

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization",
       ICLR 2015.
    """

    lr: float
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_settings(self.lr, ("beta1", self.beta1), ("beta2", self.beta2))
        check_real("eps", self.eps, at_least=0)

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return −η m̂/(√v̂ + ε)."""
        m = (1 - self.beta1) * grad
        v = grad * grad
        v *= 1 - self.beta2
        steps = 1.0
        if state:
            m += self.beta1 * state[0]
            v += self.beta2 * state[1]
            steps += float(state[2])
        # m̂/(√v̂ + ε), with numerator and denominator times √(1 − β₂ᵗ).
        unbias = sqrt(1 - self.beta2**steps)
        size = np.sqrt(v)
        size += self.eps * unbias
        update: FloatArray = m / size
        update *= -self.lr * unbias / (1 - self.beta1**steps)
        return update, (m, v, np.array(steps))


# K. Jordan, "Muon: an optimizer for hidden layers in neural networks", 2024: the
# coefficients whose polynomial is steepest at 0 and settles between 0.7 and 1.2.
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalized(matrix: FloatArray, *, steps: int = 5) -> FloatArray:
    """Return a matrix with the same singular vectors and singular values near 1.

    So many Newton-Schulz steps take those above some 1 % of the Frobenius norm to
    between 0.68 and 1.13; smaller ones are multiplied by 3.4445 a step and stay small.

    Parameters
    ----------
    matrix : ndarray of float, shape (fan_out, fan_in)
        Such as a gradient.
    steps : int, default 5
        At least 1.

    Raises
    ------
    ValueError or TypeError
        If `matrix` is no matrix of real numbers, or `steps` no count.
    """
    matrix = _check_real_array("matrix", matrix, ndim=2)
    steps = check_count("steps", steps)
    a, b, c = _NEWTON_SCHULZ
    wide = matrix.shape[0] <= matrix.shape[1]
    X = matrix if wide else matrix.T
    with np.errstate(over="ignore", invalid="ignore"):
        X = X / max(float(np.linalg.norm(X)), 1e-7)
    for _ in range(steps):
        gram = X @ X.T
        X = a * X + (b * gram + c * gram @ gram) @ X
    return X if wide else X.T


@dataclass(frozen=True)
class Muon:
    """Momentum with all singular values brought near 1; for matrices.

    −η √max(1, fan_out/fan_in) · orthogonalized(βm + (1 − β)g), where m ← βm + (1 − β)g.
    What is no matrix is left to `others`.
    """

    lr: float
    beta: float = 0.95
    others: Optimizer = field(default_factory=lambda: Adam(1e-3))

    def __post_init__(self) -> None:
        """Check the settings."""
        _check_settings(self.lr, ("beta", self.beta))

    def step(self, state: State, grad: FloatArray) -> tuple[FloatArray, State]:
        """Return the orthogonalized step for a matrix, that of `others` else."""
        if grad.ndim != 2:
            return self.others.step(state, grad)
        m = (1 - self.beta) * grad
        if state:
            m += self.beta * state[0]
        ahead = self.beta * m + (1 - self.beta) * grad
        fan_out, fan_in = grad.shape
        factor = -self.lr * sqrt(max(1.0, fan_out / fan_in))
        return factor * orthogonalized(ahead), (m,)


def clip_by_norm(grads: Sequence[FloatArray], max_norm: float) -> Arrays:
    """Return all gradients, shortened together to `max_norm` if they are longer.

    The norm is the Euclidean one over all entries of all arrays.

    Raises
    ------
    ValueError or TypeError
        If `max_norm` is not a finite number above 0, or a gradient no array of real
        numbers.

    Examples
    --------
    >>> clip_by_norm([np.array([3.0]), np.array([4.0])], 1.0)
    (array([0.6]), array([0.8]))
    """
    if check_real("max_norm", max_norm, at_least=0) == 0:
        message = "max_norm must be above 0, got 0"
        raise ValueError(message)
    grads = [
        _check_real_array(f"grads[{place}]", grad)
        for place, grad in enumerate(check_sequence("grads", grads))
    ]
    peak = max((float(np.abs(grad).max()) for grad in grads), default=0.0)
    if not 0 < peak < np.inf:
        return tuple(grads)
    # Over the peak, so that no square is lost.
    squares = sum(float(np.sum(np.square(grad / peak))) for grad in grads)
    factor = max_norm / peak / sqrt(squares)
    if factor >= 1:
        return tuple(grads)
    return tuple(grad * grad.dtype.type(factor) for grad in grads)


# The trainer -------------------------------------------------------------------------


@dataclass(frozen=True)
class Break:
    """Where a run first left the finite numbers.

    Attributes
    ----------
    step : int
        Counted from 0; the loss of this step is not finite, or its gradients are not.
    layer : int
        Counted from 0: in a forward pass the lowest, in a backward pass the highest.
    where : str
        "forward", "loss" or "backward".
    """

    step: int
    layer: int
    where: str

    def __str__(self) -> str:
        """Say it in words."""
        what = {
            "forward": "a hidden state",
            "loss": "the loss",
            "backward": "a gradient",
        }[self.where]
        return (
            f"at step {self.step} {what} is no finite number any more, "
            f"first in layer {self.layer}"
        )


@dataclass(frozen=True, eq=False)
class History:
    """What a run was like. Steps and layers count from 0.

    Attributes
    ----------
    network : Network
        After the last step that ended in finite numbers.
    loss : ndarray of float, shape (steps run,)
        Of each step's batch, before the step; the last is not finite if the run broke
        there.
    chance : float
        Loss of the best answer that does not look at the input.
    accuracy : ndarray of float, shape (steps run,)
        Share of the batch that is named right; NaN where the targets are no labels.
    recorded : ndarray of int, shape (records,)
        The steps at which the statistics below were taken.
    log10_activation_rms, log10_gradient_rms : ndarray of float, shape (records, depth)
        As in `profiles.Profile`: the hidden states, and the loss gradient at z.
    saturation : ndarray of float, shape (records, depth)
        As there.
    log10_weight_grad_rms : ndarray of float, shape (records, layers with parameters)
        log10 RMS of the gradient at the weights W (a norm's γ), before clipping.
    log10_update_ratio : ndarray of float, shape (records, layers with parameters)
        log10 of the RMS of a step over that of the weights W (γ) before it.
    broke : Break or None
        Where the run first left the finite numbers; None if it did not.
    """

    network: Network
    loss: FloatArray
    chance: float
    accuracy: FloatArray
    recorded: NDArray[np.int64]
    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    log10_weight_grad_rms: FloatArray
    log10_update_ratio: FloatArray
    broke: Break | None


def train(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    optimizer: Optimizer,
    steps: int,
    batch_size: int | None = None,
    max_norm: float | None = None,
    record_every: int = 1,
    rng: RNGLike,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> History:
    """Train a network, and return what the run was like.

    A run that leaves the finite numbers stops there; its history says where.

    Parameters
    ----------
    network : Network
        Where to start from; it stays as it is.
    x : array_like, shape (examples, inputs)
        One example per row.
    y : array_like of int, shape (examples,), or of float, shape (examples, outputs)
        Labels from 0, trained with `cross_entropy`; or targets, with `mean_square`.
    optimizer : Optimizer
        Such as ``Adam(1e-3)``.
    steps : int
        How many, at least 1.
    batch_size : int, optional
        Examples in each batch: all are drawn once, then all again. None takes all at
        every step.
    max_norm : float, optional
        Longer gradients are shortened to this norm, all parameters together.
    record_every : int, default 1
        Steps from one record of the statistics per layer to the next.
    rng : int, SeedSequence or Generator
        Source of randomness: the order of the examples.
    progress : callable, optional
        Called after each step with the share of the steps that are done.

    Raises
    ------
    ValueError, TypeError
        If a number, a shape or a label is not as above.
    """
    x, y = _check_examples(network, x, y)
    if not callable(getattr(optimizer, "step", None)):
        message = f"optimizer must have a step, got {shown(optimizer)}"
        raise TypeError(message)
    steps = check_count("steps", steps)
    size = check_count("batch_size", len(x) if batch_size is None else batch_size)
    if size > len(x):
        message = f"batch_size must be at most {len(x)} examples, got {size}"
        raise ValueError(message)
    record_every = check_count("record_every", record_every)
    draw = None if batch_size is None else _batches(len(x), size, check_rng(rng))
    start = network
    states: list[State] = [() for _ in network.parameters]
    losses, accuracies, recorded, records = [], [], [], []
    broke = None
    # What overflows on the way is found, and told.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(steps):
            rows = slice(None) if draw is None else next(draw)
            there = forward(network, x[rows])
            loss, grad = _loss(there.h[-1], y[rows])
            losses.append(loss)
            accuracies.append(_accuracy(there.h[-1], y[rows]))
            if not np.isfinite(loss):
                broke = _forward_break(step, there)
                break
            back = backward(there, grad)
            grads = [array for layer in back.parameter_grads for array in layer]
            if not all(np.isfinite(array).all() for array in grads):
                broke = _backward_break(step, back)
            if max_norm is not None:
                grads = list(clip_by_norm(grads, max_norm))
            moves = [
                optimizer.step(state, array)
                for state, array in zip(states, grads, strict=True)
            ]
            updates, states = [list(part) for part in zip(*moves, strict=True)]
            if step % record_every == 0 or broke:
                recorded.append(step)
                records.append(_record(there, back, network, updates))
            if broke:
                break
            moved = [
                array + update
                for array, update in zip(network.parameters, updates, strict=True)
            ]
            start, network = network, network.with_parameters(moved)
            progress((step + 1) / steps)
    return History(
        network=network if broke is None or broke.where == "backward" else start,
        loss=np.array(losses),
        chance=chance_level(y),
        accuracy=np.array(accuracies),
        recorded=np.array(recorded, dtype=np.int64),
        **_columns(records),
        broke=broke,
    )


def evaluate(network: Network, x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Return loss and accuracy (NaN for targets) of a network on examples.

    Raises
    ------
    ValueError, TypeError
        If the examples do not fit the network.
    """
    x, y = _check_examples(network, x, y)
    with np.errstate(over="ignore", invalid="ignore"):
        output = forward(network, x).h[-1]
        return _loss(output, y)[0], _accuracy(output, y)


def chance_level(y: ArrayLike) -> float:
    """Return the loss of the best answer that does not look at the input.

    For labels the entropy of their shares, in nats: log 10 for ten classes of one
    size. For targets their variance, the mean over the outputs.

    Raises
    ------
    ValueError or TypeError
        If `y` has no examples, or is not of real numbers.
    """
    y = as_array("y", y)
    if y.dtype.kind not in "fiu":
        message = f"y must be labels or targets, got {shown(y)}"
        raise TypeError(message)
    if y.size == 0 or y.ndim == 0:
        message = f"y must have one entry per example, got shape {y.shape}"
        raise ValueError(message)
    if y.dtype.kind == "f":
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # of targets as large as that
            return float(np.mean(np.var(y, axis=0)))
    shares = np.unique(y, return_counts=True)[1] / y.size
    return float(-np.sum(shares * np.log(shares)))


def _loss(output: FloatArray, y: Targets) -> tuple[float, FloatArray]:
    if y.dtype.kind == "f":
        return mean_square(output, y)
    return cross_entropy(output, y)


def _accuracy(output: FloatArray, y: Targets) -> float:
    if y.dtype.kind == "f" or np.isnan(output).any():
        return np.nan
    return float(np.mean(output.argmax(axis=1) == y))


def _batches(
    count: int, size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of one batch after another; what is left over is drawn anew."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


class _Record(NamedTuple):
    """Statistics per layer at one step; the fields of the same names in `History`."""

    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    log10_weight_grad_rms: FloatArray
    log10_update_ratio: FloatArray


def _record(
    there: ForwardPass, back: BackwardPass, network: Network, updates: list[FloatArray]
) -> _Record:
    profile = profile_of(there, back)
    ratios = []
    place = 0
    for layer in network.layers:
        if layer.parameters:
            ratios.append(log10_rms(updates[place]) - log10_rms(layer.parameters[0]))
        place += len(layer.parameters)
    return _Record(
        profile.log10_activation_rms,
        profile.log10_gradient_rms,
        profile.saturation,
        np.array([log10_rms(grad) for grad in back.weight_grads]),
        np.array(ratios),
    )


def _columns(records: list[_Record]) -> dict[str, FloatArray]:
    """Return the records field by field; empty where a run broke before its first."""
    return {
        name: np.array([getattr(record, name) for record in records])
        for name in _Record._fields
    }


def _forward_break(step: int, there: ForwardPass) -> Break:
    for layer, h in enumerate(there.h):
        if not np.isfinite(h).all():
            return Break(step, layer, "forward")
    return Break(step, len(there.h) - 1, "loss")


def _backward_break(step: int, back: BackwardPass) -> Break:
    for layer in reversed(range(len(back.deltas))):
        arrays = (back.deltas[layer], *back.parameter_grads[layer])
        if not all(np.isfinite(array).all() for array in arrays):
            break
    return Break(step, layer, "backward")


def _check_examples(
    network: Network, x: ArrayLike, y: ArrayLike
) -> tuple[FloatArray, Targets]:
    x = check_array("x", x, min_ndim=2)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = forward(network, x[:2]).h[-1].shape[1:]
    if as_array("y", y).dtype.kind in "iu":
        labels = _check_labels("y", y, len(x), outputs[-1])
        return x.astype(network.dtype, copy=False), labels
    targets = check_array("y", y)
    if targets.shape != (len(x), *outputs):
        message = f"y must have shape {(len(x), *outputs)}, got {targets.shape}"
        raise ValueError(message)
    return x.astype(network.dtype, copy=False), targets.astype(network.dtype)
