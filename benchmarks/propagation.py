"""Time profiles and the grid of settings against the same passes in PyTorch.

Both sides take the threads that PyTorch takes: ``OMP_NUM_THREADS=1`` for one.
"""

import gzip
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from math import sqrt

import numpy as np
import torch

from vgcourse.initializers import lecun_normal
from vgcourse.meanfield import predict_profile
from vgcourse.propagation import Grid, measure_grid, measure_profile

ROUNDS = 7
DEPTH, WIDTH, BATCH = 100, 512, 256

GAINS = [2 ** (step / 2) for step in range(-4, 5)]
GRID = {"depths": [50], "width": 128, "batch": 128}
INITIALIZERS = {
    "lecun_normal": lambda W, g: torch.nn.init.normal_(W, std=g / sqrt(W.shape[1])),
    "lecun_uniform": lambda W, g: _uniform(W, g * sqrt(3 / W.shape[1])),
    "glorot_normal": lambda W, g: torch.nn.init.xavier_normal_(W, gain=g),
    "glorot_uniform": lambda W, g: torch.nn.init.xavier_uniform_(W, gain=g),
    "he_normal": lambda W, g: torch.nn.init.kaiming_normal_(W).mul_(g),
    "he_uniform": lambda W, g: torch.nn.init.kaiming_uniform_(W).mul_(g),
    "truncated_normal": lambda W, g: _truncated(W, g / sqrt(W.shape[1]) / 0.8796),
    "orthogonal": lambda W, g: torch.nn.init.orthogonal_(W, gain=g),
}
ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.selu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus,
}


def _uniform(W: torch.Tensor, limit: float) -> torch.Tensor:
    return torch.nn.init.uniform_(W, -limit, limit)


def _truncated(W: torch.Tensor, std: float) -> torch.Tensor:
    return torch.nn.init.trunc_normal_(W, std=std, a=-2 * std, b=2 * std)


def torch_weights(
    depth: int, width: int, initializer: str, gain: float
) -> list[torch.Tensor]:
    """Return weights drawn by PyTorch."""
    draw = INITIALIZERS[initializer]
    return [draw(torch.empty(width, width), gain) for _ in range(depth)]


def torch_passes(
    weights: list[torch.Tensor], batch: int, activation: str, *, weight_grads: bool
) -> None:
    """Run one forward and one backward pass, without any statistics."""
    phi, width = ACTIVATIONS[activation], len(weights[0])
    h = torch.randn(batch, width).requires_grad_(not weight_grads)
    for W in weights:
        W.requires_grad_(weight_grads).grad = None
    for W in weights:
        h = phi(h @ W.T)
    h.backward(torch.randn(batch, width))


def torch_profile(activation: str) -> None:
    """Initialize, and run both passes as a training step does."""
    weights = torch_weights(DEPTH, WIDTH, "lecun_normal", 1.0)
    torch_passes(weights, BATCH, activation, weight_grads=True)


def torch_grid() -> None:
    """Loop over the settings; only gradients that the profile needs."""
    for activation in ACTIVATIONS:
        for initializer in INITIALIZERS:
            for gain in GAINS:
                weights = torch_weights(50, GRID["width"], initializer, gain)
                torch_passes(weights, GRID["batch"], activation, weight_grads=False)


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def by_turns(*functions: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the medians; by turns, so that what else is done falls on all alike."""
    times = [[seconds(function) for function in functions] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def profiles() -> bool:
    """Compare one profile, with its initialization and without."""
    weights = [
        lecun_normal(WIDTH, WIDTH, rng=layer, dtype=np.float32)
        for layer in range(DEPTH)
    ]
    tensors, prepared = [torch.from_numpy(W) for W in weights], cycle(weights)
    good = True
    for activation in ("tanh", "relu"):
        shape = {"depth": DEPTH, "width": WIDTH, "batch": BATCH, "dtype": np.float32}
        shape["threads"] = torch.get_num_threads()
        measure = partial(measure_profile, **shape, activation=activation, rng=0)
        passes = partial(torch_passes, tensors, BATCH, activation)
        ours, bare, theirs, training, lean = by_turns(
            partial(measure, initializer="lecun_normal"),
            # Only copied: what was drawn before.
            partial(measure, initializer=lambda *_, **__: next(prepared)),
            partial(torch_profile, activation),
            partial(passes, weight_grads=True),
            partial(passes, weight_grads=False),
        )
        print(f"profile, {activation}, depth {DEPTH}, width {WIDTH}, batch {BATCH}:")
        print(
            f"  with initialization    {ours:.3f} s, PyTorch {theirs:.3f} s, "
            f"ratio {ours / theirs:.2f}, at most 1"
        )
        print(
            f"  without                {bare:.3f} s, PyTorch {training:.3f} s, "
            f"ratio {bare / training:.2f}, at most 1"
        )
        print(
            f"  and no weight gradients         PyTorch {lean:.3f} s, "
            f"ratio {bare / lean:.2f} (with statistics on our side alone)"
        )
        good &= ours <= theirs and bare <= training
    return good


def wide() -> bool:
    """Compare 40 layers of 1024 units, with the gradients of the weights."""
    shape = {"depth": 40, "width": 1024, "batch": 128, "dtype": np.float32}
    weights = [
        lecun_normal(1024, 1024, rng=layer, dtype=np.float32) for layer in range(40)
    ]
    tensors, prepared = [torch.from_numpy(W) for W in weights], cycle(weights)
    ours, theirs = by_turns(
        partial(
            measure_profile,
            **shape,
            activation="tanh",
            initializer=lambda *_, **__: next(prepared),
            rng=0,
            threads=torch.get_num_threads(),
        ),
        partial(torch_passes, tensors, 128, "tanh", weight_grads=True),
    )
    print(
        f"profile, tanh, depth 40, width 1024, batch 128: {ours:.3f} s, "
        f"PyTorch {theirs:.3f} s, ratio {ours / theirs:.2f}, at most 1.2"
    )
    return ours <= 1.2 * theirs


def predictions() -> bool:
    """Time the prediction of a thousand layers."""
    good = True
    for activation in ("tanh", "gelu"):
        predict = partial(
            predict_profile, depth=1000, activation=activation, sigma_w=1.3, sigma_b=0.2
        )
        (took,) = by_turns(predict)
        good &= took <= 0.05
        print(f"prediction, {activation}, depth 1000: {1000 * took:.0f} ms, at most 50")
    return good


def packed(grid: Grid) -> bytes:
    """Return a table with each setting once, as a picture needs it.

    Logarithms in hundredths of a decade as int16, the change from layer to layer;
    shares as uint8.
    """
    _, once = np.unique(grid.setting, return_index=True)

    def flat(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1, *values.shape[3:])[:, once]

    def steps(values: np.ndarray) -> np.ndarray:
        steps = np.rint(100 * np.clip(values, -327, 327)).astype(np.int16)
        return np.diff(steps, axis=-1, prepend=np.int16(0))

    parts = [steps(flat(grid.log10_activation_rms))]
    for place, depth in enumerate(grid.depths):
        gradients = flat(grid.log10_gradient_rms)[:, :, place, :depth]
        parts.append(steps(gradients[..., ::-1]))
    for shares in (grid.saturation, grid.histograms):
        parts.append(np.rint(255 * flat(shares)).astype(np.uint8))
    # Byte planes: the upper bytes of small steps are nearly all the same.
    planes = [
        part.ravel().view(np.uint8).reshape(-1, part.itemsize).T for part in parts
    ]
    return b"".join(plane.tobytes() for plane in planes)


def grids() -> bool:
    """Compare the grid of chapter 06, and weigh its table."""
    measure = partial(
        measure_grid,
        activations=list(ACTIVATIONS),
        initializers=list(INITIALIZERS),
        gains=GAINS,
        width=GRID["width"],
        batch=GRID["batch"],
        rng=0,
        threads=torch.get_num_threads(),
    )
    layers = [0, 4, 9, 19, 49]
    usual = partial(measure, depths=[50], histogram_layers=layers)
    ours, theirs = by_turns(usual, torch_grid, rounds=3)
    count = len(ACTIVATIONS) * len(INITIALIZERS) * len(GAINS)
    print(f"grid, {count} settings, depth 50, width 128, batch 128:")
    print(
        f"  {ours:.2f} s, at most 10; PyTorch, looped over all settings, no weight "
        f"gradients, no statistics {theirs:.2f} s: {theirs / ours:.1f} times faster, "
        "at least 2"
    )
    start = time.perf_counter()
    grid = measure(depths=[10, 20, 50, 100], histogram_layers=[*layers, 99])
    took = time.perf_counter() - start
    table = packed(grid)
    size = len(gzip.compress(table, 9)) / 1000
    print(
        f"  to depth 100, gradients from 10, 20, 50 and 100: {took:.2f} s, table "
        f"{len(table) / 1000:.0f} kB, gzipped {size:.0f} kB, at most 400"
    )
    return ours <= 10 and theirs >= 2 * ours and size <= 400


def main() -> int:
    """Print all comparisons; fail where a limit is missed."""
    print(f"{torch.get_num_threads()} threads")
    good = predictions()
    good &= wide()
    good &= profiles()
    return 0 if grids() and good else 1


if __name__ == "__main__":
    sys.exit(main())
