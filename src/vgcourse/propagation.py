"""Random networks measured: what a pass does to signal and gradient, layer by layer.

`meanfield` predicts the same for infinite width.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from math import isclose, sqrt
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vgcourse import _passes
from vgcourse._checks import (
    FloatArray,
    RNGLike,
    check_count,
    check_dtype,
    check_real,
    check_rng,
    check_sequence,
    check_widths,
)
from vgcourse.activations import Activation
from vgcourse.activations import get as get_activation
from vgcourse.activations import name_of as activation_name
from vgcourse.initializers import INITIALIZERS, Initializer, Scheme, standard_deviation
from vgcourse.initializers import get as get_initializer
from vgcourse.initializers import name_of as initializer_name
from vgcourse.profiles import Profile

Progress = Callable[[float], None]
IntArray = NDArray[np.intp]
T = TypeVar("T")
R = TypeVar("R")

# Number formats of the passes.
FORMATS = ("float32", "float64")


def measure_profile(
    *,
    depth: int | None = None,
    width: int | Sequence[int],
    activation: str | Activation,
    initializer: str | Initializer,
    gain: float = 1.0,
    batch: int = 128,
    sigma_b: float | None = None,
    input_rms: float = 1.0,
    input_mean: float = 0.0,
    rng: RNGLike,
    dtype: DTypeLike = np.float64,
    threads: int | None = None,
) -> Profile:
    """Measure one forward and one backward pass of a random network.

    The logarithms are right also where the numbers themselves would over- or
    underflow: a power of two is carried beside every layer.

    Parameters
    ----------
    depth : int, optional
        Layers, at least 1. Not needed with a sequence of widths.
    width : int or sequence of int
        Units per layer, and inputs; or those of the inputs and of each layer.
    batch : int, default 128
        Examples, at least 1. The weights' gradient is the sum over them.
    activation : str or Activation
        φ, by name or as an object; it acts in every layer, the last included.
    initializer : str or Initializer
        Draws the weights, by name or as an object; called with its own gain of 1.
    gain : float, default 1.0
        Multiplies every weight; at least 0.
    sigma_b : float, optional
        Standard deviation of normal biases. By default the biases are those of the
        initializer: none, but for ``"pytorch_default"``.
    input_rms, input_mean : float, default 1.0 and 0.0
        The inputs are normal with this mean and scaled to exactly this root mean
        square, over batch and units. The mean is at most the RMS.
    rng : int, SeedSequence or Generator
        Source of randomness. It spawns ``depth + 1`` generators: one for the weights
        of each layer; the last for inputs, output gradient and biases.
    dtype : dtype, default float64
        Number format of the passes, float32 or float64.
    threads : int, optional
        Threads that draw weights, besides those of BLAS; as many as the process may
        use processors if not given. The result does not depend on it.

    Returns
    -------
    Profile
        Arrays of shape (depth,).

    Raises
    ------
    ValueError, TypeError
        If a count is below 1 or no integer, a number is not finite, a name is not
        known, the widths do not fit the depth, the mean exceeds the RMS, `dtype` is
        neither float32 nor float64, or an initializer of one's own draws another shape
        or what is not finite.

    Notes
    -----
    A slope below the smallest float64 is zero: the gradient is −inf where all slopes
    of a layer are that small, for all examples (tanh: all ``|z| > 372``).

    Examples
    --------
    >>> profile = measure_profile(
    ...     depth=100,
    ...     width=8,
    ...     activation="identity",
    ...     initializer="lecun_normal",
    ...     gain=1e-30,
    ...     rng=0,
    ...     dtype="float32",
    ... )
    >>> profile.log10_gradient_rms.shape, bool(profile.log10_gradient_rms[0] < -2900)
    ((100,), True)
    """
    widths, batch = check_widths(width, depth), check_count("batch", batch)
    depth = len(widths) - 1
    activation, initializer = get_activation(activation), get_initializer(initializer)
    gains = np.array([check_real("gain", gain, at_least=0)])
    number, threads = check_dtype(dtype, *FORMATS), _check_threads(threads)
    *layer_rngs, last = check_rng(rng).spawn(depth + 1)
    sigmas, draw_biases = _biases(initializer, widths, sigma_b)
    inputs = _passes.draw_inputs(
        batch,
        widths,
        sigma_b=sigmas,
        draw_biases=draw_biases,
        input_rms=input_rms,
        input_mean=input_mean,
        rng=last,
        dtype=number,
    )
    weights = _draw_weights(
        initializer, widths, layer_rngs, number, threads=threads, meter=_Meter()
    )
    passes = _passes.run(
        activation, weights, gains, inputs, depths=[depth], with_states=True
    )
    return Profile(
        passes.log10_activation_rms[0],
        passes.log10_gradient_rms[0, 0],
        passes.saturation[0],
        passes.log10_weight_grad_rms[0],
        passes.alikeness[0],
    )


def _biases(
    initializer: Initializer, widths: Sequence[int], sigma_b: object
) -> tuple[list[float], _passes.DrawBiases]:
    """Return each layer's standard deviation of the biases, and what draws them."""
    if sigma_b is not None:
        sigma = check_real("sigma_b", sigma_b, at_least=0)
        return [sigma] * (len(widths) - 1), _passes.normal_biases
    if not isinstance(initializer, Scheme):
        return [0.0] * (len(widths) - 1), _passes.normal_biases
    unit = replace(initializer, bias_gain=1.0)
    sigmas = [initializer.bias_gain / sqrt(fan_in) for fan_in in widths[:-1]]
    return sigmas, partial(unit.biases, 1)


# A grid of settings -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Grid:
    """Profiles over (activation, initializer, gain), as `measure_grid` returns them.

    Letters in the shapes: A activations, I initializers, G gains, D depths, H layers
    with histograms; `depth` is the largest of the depths. `at` reads one place.

    Attributes
    ----------
    activations, initializers : tuple of str, lengths A and I
    gains : ndarray of float, shape (G,)
    depths, histogram_layers : tuple of int, lengths D and H
    setting : ndarray of int, shape (I, G)
        Equal numbers, from 0, mark pairs that have the same weights and so the same
        results: a table need store each number only once.
    sigma_w : ndarray of float, shape (I, G)
        Standard deviation of the weights times √width, for `meanfield.predict_grid`.
    log10_activation_rms, saturation : ndarray of float, shape (A, I, G, depth)
        As in `Profile`.
    log10_gradient_rms : ndarray of float, shape (A, I, G, D, depth)
        As in `Profile`, for an output at each of the depths; NaN above it.
    histograms : ndarray of float, shape (A, I, G, H, 61)
        Shares of the hidden states between `HISTOGRAM_EDGES`, over batch and units;
        the first and last bin also count everything beyond, so that they sum to 1.
    """

    activations: tuple[str, ...]
    initializers: tuple[str, ...]
    gains: FloatArray
    depths: tuple[int, ...]
    histogram_layers: tuple[int, ...]
    setting: IntArray
    sigma_w: FloatArray
    log10_activation_rms: FloatArray
    log10_gradient_rms: FloatArray
    saturation: FloatArray
    histograms: FloatArray

    def at(
        self,
        *,
        activation: str | None = None,
        initializer: str | None = None,
        gain: float | None = None,
        depth: int | None = None,
    ) -> Profile:
        """Return the profile of one place of the grid, or of all along an axis.

        Parameters
        ----------
        activation, initializer : str, optional
            Names that the grid has.
        gain : float, optional
            A gain that the grid has, to nine digits.
        depth : int, optional
            Number of layers, one of `depths`; the only one, if not given.

        Returns
        -------
        Profile
            Arrays of shape (depth,). What is not given, and of which the grid has
            more than one, stays as an axis before the layers, in the order of the
            parameters.

        Raises
        ------
        ValueError, TypeError
            If the grid has no such place, or several depths and none is given.

        Examples
        --------
        >>> grid = measure_grid(
        ...     activations=["tanh", "relu"],
        ...     initializers=["lecun_normal"],
        ...     gains=[0.5, 1, 2],
        ...     depths=[3, 5],
        ...     width=8,
        ...     rng=0,
        ... )
        >>> grid.at(activation="relu", gain=2, depth=3).log10_gradient_rms.shape
        (3,)
        >>> grid.at(activation="relu", depth=5).log10_gradient_rms.shape
        (3, 5)
        """
        places = (
            _place_of_name(activation, self.activations, activation_name),
            _place_of_name(initializer, self.initializers, initializer_name),
            _place_of_number("gain", gain, self.gains.tolist()),
        )
        place = _place_of_number("depth", depth, self.depths)
        if isinstance(place, slice):
            message = f"depth must be one of {_listed(self.depths)}; got None"
            raise TypeError(message)
        layers = slice(self.depths[place])
        return Profile(
            self.log10_activation_rms[places][..., layers],
            self.log10_gradient_rms[places][..., place, layers],
            self.saturation[places][..., layers],
        )


def _place_of_name(
    wanted: object, there: Sequence[str], name_of: Callable[..., str]
) -> int | slice:
    """Return the index of what is wanted; that of all if nothing is."""
    if wanted is None:
        return 0 if len(there) == 1 else slice(None)
    return there.index(name_of(wanted, among=there))


def _place_of_number(name: str, wanted: object, there: Sequence[float]) -> int | slice:
    """Return the index of what is wanted; that of all if nothing is."""
    if wanted is None:
        return 0 if len(there) == 1 else slice(None)
    number = check_real(name, wanted)
    for place, one in enumerate(there):
        if isclose(one, number):
            return place
    message = f"{name} must be one of {_listed(there)}; got {wanted}"
    raise ValueError(message)


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def measure_grid(
    *,
    activations: Sequence[str],
    initializers: Sequence[str],
    gains: Sequence[float],
    depths: Sequence[int] = (50,),
    width: int = 128,
    batch: int = 128,
    input_rms: float = 1.0,
    histogram_layers: Sequence[int] = (),
    rng: RNGLike,
    dtype: DTypeLike = np.float32,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Grid:
    """Measure the profile of every (activation, initializer, gain).

    All settings share one draw: every initializer is given the same seeds, and the
    gain multiplies what it draws. Neighbors on the grid therefore differ by their
    setting, not by luck; and pairs whose weights come out as the same numbers (He with
    gain 1 and LeCun with gain √2) are measured once.

    Parameters
    ----------
    activations, initializers : sequence of str
        Names, as in `ACTIVATIONS` and `INITIALIZERS`.
    gains : sequence of float
        Multiply every weight; at least 0.
    depths : sequence of int, default (50,)
        Numbers of layers. All share one forward pass through the deepest network;
        a backward pass starts at each.
    width, batch : int, default 128
        Units per layer, and inputs; examples. Each at least 1.
    input_rms : float, default 1.0
        Root mean square of the normal inputs.
    histogram_layers : sequence of int, default ()
        Layers, from 0, whose hidden states are counted in bins.
    rng : int, SeedSequence or Generator
        Source of randomness.
    dtype : dtype, default float32
        Number format of the passes, float32 or float64.
    threads : int, optional
        Settings measured at the same time; as many as the process may use processors
        if not given. The result does not depend on it.
    progress : callable, optional
        Told the fraction done, from 0 to 1, every tenth of a second, on the thread
        that called.

    Returns
    -------
    Grid

    Raises
    ------
    ValueError, TypeError
        As `measure_profile`; also if a sequence is empty, or a histogram is asked of a
        layer that is not there.

    Examples
    --------
    >>> grid = measure_grid(
    ...     activations=["tanh", "relu"],
    ...     initializers=["lecun_normal", "he_normal"],
    ...     gains=[1, 2**0.5, 2],
    ...     depths=[10, 20],
    ...     histogram_layers=[19],
    ...     width=16,
    ...     batch=16,
    ...     rng=0,
    ... )
    >>> grid.setting
    array([[0, 1, 2],
           [1, 2, 3]])
    >>> grid.log10_gradient_rms.shape
    (2, 2, 3, 2, 20)
    """
    functions = [
        get_activation(name) for name in check_sequence("activations", activations)
    ]
    names = [
        initializer_name(name, argument="initializers")
        for name in check_sequence("initializers", initializers)
    ]
    gains = [
        check_real("gains", gain, at_least=0) for gain in check_sequence("gains", gains)
    ]
    depths = [check_count("depths", d) for d in check_sequence("depths", depths)]
    if not (functions and names and gains and depths):
        message = "activations, initializers, gains and depths must not be empty"
        raise ValueError(message)
    depth, width = max(depths), check_count("width", width)
    layers = [
        check_count("histogram_layers", layer, at_least=0)
        for layer in check_sequence("histogram_layers", histogram_layers)
    ]
    if layers and max(layers) >= depth:
        message = f"histogram_layers must be below depth {depth}, got {max(layers)}"
        raise ValueError(message)
    number, threads = check_dtype(dtype, *FORMATS), _check_threads(threads)
    input_seed, *seeds = (
        int(s) for s in check_rng(rng).integers(2**63, size=depth + 1)
    )
    widths = [width] * (depth + 1)
    inputs = _passes.draw_inputs(
        check_count("batch", batch),
        widths,
        input_rms=input_rms,
        rng=input_seed,
        dtype=number,
    )
    draws = [INITIALIZERS[name] for name in names]
    meter = _Meter(progress, steps=len(draws) * depth, end=0.1)
    stacks = [
        _draw_weights(draw, widths, seeds, number, threads=threads, meter=meter)
        for draw in draws
    ]
    sigmas = [sqrt(width) * standard_deviation(name, width, width) for name in names]
    settings, place = unique_settings(_multiples(stacks, sigmas), gains)

    tasks = _tasks(functions, settings)
    layers_to_pass = len(tasks) * (depth + sum(depths))
    meter = _Meter(progress, steps=layers_to_pass, start=0.1)

    def measure(task: _Task) -> _passes.Passes:
        return _passes.run(
            task.activation,
            stacks[task.stack],
            np.array([settings[column].gain for column in task.columns]),
            inputs,
            depths=depths,
            histogram_layers=layers,
            after_layer=meter.step,
        )

    results = _in_threads(measure, tasks, threads=threads, meter=meter)

    def table(statistic: str) -> FloatArray:
        found = [getattr(passes, statistic) for passes in results]
        rows = np.empty((len(functions), len(settings), *found[0].shape[1:]))
        for task, values in zip(tasks, found, strict=True):
            rows[functions.index(task.activation), task.columns] = values
        return rows[:, place]

    return Grid(
        activations=tuple(function.name for function in functions),
        initializers=tuple(names),
        gains=np.array(gains),
        depths=tuple(depths),
        histogram_layers=tuple(layers),
        setting=place,
        sigma_w=np.outer(sigmas, gains),
        log10_activation_rms=table("log10_activation_rms"),
        log10_gradient_rms=table("log10_gradient_rms"),
        saturation=table("saturation"),
        histograms=table("histograms"),
    )


# Which settings there are, and who measures them ------------------------------------


@dataclass(frozen=True)
class Setting:
    """The weights of a network: a stack of drawn matrices, times a gain.

    Attributes
    ----------
    stack : int
        Which of the stacks that are no multiple of another.
    gain : float
        Multiplies all its weights; rounded to twelve digits, so that √2 · √2 and 2
        are the same.
    """

    stack: int
    gain: float


def unique_settings(
    multiples: Sequence[tuple[int, float]], gains: Sequence[float]
) -> tuple[list[Setting], IntArray]:
    """Return the settings that differ, and which of them each pair is.

    Parameters
    ----------
    multiples : sequence of (int, float), length I
        For each initializer the stack of weights that it has drawn, and the multiple
        of this stack that it is.
    gains : sequence of float, length G

    Returns
    -------
    settings : list of Setting
        In the order in which they are first met.
    place : ndarray of int, shape (I, G)
        Index into `settings`.

    Examples
    --------
    >>> settings, place = unique_settings([(0, 1.0), (0, 2.0)], [1.0, 2.0])
    >>> [setting.gain for setting in settings]
    [1.0, 2.0, 4.0]
    >>> place
    array([[0, 1],
           [1, 2]])
    """
    asked = [
        [Setting(stack, float(f"{multiple * gain:.12g}")) for gain in gains]
        for stack, multiple in multiples
    ]
    settings = list(dict.fromkeys(chain.from_iterable(asked)))
    number = {setting: number for number, setting in enumerate(settings)}
    place = np.array([[number[setting] for setting in row] for row in asked], np.intp)
    return settings, place


def _multiples(
    stacks: Sequence[Sequence[FloatArray]], sigmas: Sequence[float]
) -> list[tuple[int, float]]:
    """For each stack the first that it is a multiple of, and the multiple.

    They come from the same seeds, so their first layers tell; by how much they differ
    is the ratio of their standard deviations, which has no rounding of the draw.
    """
    multiples: list[tuple[int, float]] = []
    for number, (weights, sigma) in enumerate(zip(stacks, sigmas, strict=True)):
        for first in sorted({first for first, _ in multiples}):
            multiple = (
                1.0 if sigma == sigmas[first] else sigma / (sigmas[first] or np.inf)
            )
            if np.allclose(weights[0], multiple * stacks[first][0], rtol=1e-4, atol=0):
                multiples.append((first, multiple))
                break
        else:
            multiples.append((number, 1.0))
    return multiples


@dataclass(frozen=True, eq=False)
class _Task:
    """Settings that one call of `_passes.run` measures: they share φ and weights."""

    activation: Activation
    stack: int
    columns: list[int]


# Settings carried together: their blocks of 128 × 128 float32 fit a core's L2 cache.
_TOGETHER = 8


def _tasks(
    activations: Sequence[Activation], settings: Sequence[Setting]
) -> list[_Task]:
    tasks = []
    for activation in dict.fromkeys(activations):
        for stack in sorted({setting.stack for setting in settings}):
            columns = [
                n for n, setting in enumerate(settings) if setting.stack == stack
            ]
            for start in range(0, len(columns), _TOGETHER):
                part = columns[start : start + _TOGETHER]
                tasks.append(_Task(activation, stack, part))
    return tasks


class _Meter:
    """Counts steps on any thread, and tells the fraction on the one that made it.

    The steps are what happens between the fractions `start` and `end` of the whole.
    """

    def __init__(
        self,
        progress: Progress | None = None,
        *,
        steps: int = 1,
        start: float = 0.0,
        end: float = 1.0,
    ) -> None:
        self.progress, self.steps, self.start, self.end = progress, steps, start, end
        self.done, self.told, self.owner = 0, 0.0, threading.get_ident()
        self.lock = threading.Lock()

    def step(self) -> None:
        """Count a step."""
        with self.lock:
            self.done += 1
        self.tell()

    def tell(self) -> None:
        """Tell the fraction, ten times a second at most, and at the end."""
        if self.progress is None or threading.get_ident() != self.owner:
            return
        if self.done == self.steps or time.monotonic() > self.told + 0.1:
            self.told = time.monotonic()
            share = self.done / self.steps
            self.progress(self.start + share * (self.end - self.start))


def _draw_weights(
    initializer: Initializer,
    widths: Sequence[int],
    rngs: Sequence[RNGLike],
    dtype: np.dtype[Any],
    *,
    threads: int,
    meter: _Meter,
) -> list[FloatArray]:
    """Return the weights of all layers, shapes (fan_out, fan_in)."""
    fans = list(pairwise(widths))
    shapes = [(fan_out, fan_in) for fan_in, fan_out in fans]
    weights = _passes.side_by_side(shapes, dtype)

    def draw(layer: int) -> None:
        W = np.asarray(initializer(*fans[layer], rng=rngs[layer], dtype=dtype))
        if W.shape != shapes[layer]:
            message = f"initializer must return {shapes[layer]}, got shape {W.shape}"
            raise ValueError(message)
        if not np.isfinite(W).all():
            message = "initializer must return finite weights"
            raise ValueError(message)
        weights[layer][:] = W
        meter.step()

    _in_threads(draw, range(len(rngs)), threads=threads, meter=meter)
    return weights


def _check_threads(threads: object) -> int:
    if threads is not None:
        return check_count("threads", threads)
    if hasattr(os, "sched_getaffinity"):  # Linux: what this process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_threads(
    function: Callable[[T], R], items: Sequence[T], *, threads: int, meter: _Meter
) -> list[R]:
    """Apply `function` to each item; an interrupt lets those not begun be."""
    if threads == 1 or len(items) == 1:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(threads)
    try:
        futures = [pool.submit(function, item) for item in items]
        while wait(futures, timeout=0.05).not_done:
            meter.tell()
        meter.tell()
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
