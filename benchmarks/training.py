"""Time training steps against PyTorch's eager steps, on the threads both are given.

``OMP_NUM_THREADS=1`` for one. Both sides hold the same network in float32, take the
same batches, and check nothing but what they check by default.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from vgcourse import data, training
from vgcourse.network import random_mlp

DEPTH, WIDTH, BATCH = 30, 128, 128
STEPS, ROUNDS = 20, 7
OPTIMIZERS: dict[str, tuple[training.Optimizer, Callable]] = {
    "SGD": (training.SGD(1e-3), lambda p: torch.optim.SGD(p, 1e-3)),
    "Adam": (training.Adam(1e-4), lambda p: torch.optim.Adam(p, 1e-4)),
}
FUNCTIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}


def torch_model(network) -> torch.nn.Sequential:
    """Return the same network in PyTorch."""
    layers = []
    for layer in network.layers:
        linear = torch.nn.Linear(*reversed(layer.W.shape))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.W))
            linear.bias.zero_()
        layers += [linear, FUNCTIONS.get(layer.activation.name, torch.nn.Identity)()]
    return torch.nn.Sequential(*layers)


def torch_steps(model, optimizer, x, y) -> None:
    """Train for `STEPS` steps, noting loss and accuracy."""
    rows = _rows(len(x))
    for _ in range(STEPS):
        batch = next(rows)
        optimizer.zero_grad()
        output = model(x[batch])
        loss = torch.nn.functional.cross_entropy(output, y[batch])
        loss.item(), (output.argmax(1) == y[batch]).float().mean().item()
        loss.backward()
        optimizer.step()


def _rows(count: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(count)
        for start in range(0, count - BATCH + 1, BATCH):
            yield order[start : start + BATCH]


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(activation: str, name: str) -> bool:
    """Print the time of a step on both sides, by turns."""
    digits = data.digits()
    x, y = digits.x.astype(np.float32), digits.y
    network = random_mlp(
        [x.shape[1], *[WIDTH] * (DEPTH - 1), 10],
        activation=activation,
        initializer="he_normal" if activation == "relu" else "lecun_normal",
        output_activation="identity",
        rng=0,
        dtype=np.float32,
    )
    ours, theirs = OPTIMIZERS[name]
    model = torch_model(network)
    optimizer = theirs(model.parameters())
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    setting = {"optimizer": ours, "steps": STEPS, "batch_size": BATCH, "rng": 0}
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: training.train(network, x, y, **setting, record_every=STEPS),
        "recorded": lambda: training.train(network, x, y, **setting),
        "torch": lambda: torch_steps(model, optimizer, *tensors),
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side, run in sides.items():
            times[side].append(seconds(run) / STEPS)
    medians = {side: statistics.median(spent) for side, spent in times.items()}
    ratio = medians["ours"] / medians["torch"]
    print(
        f"{activation:>5}, {name:>4}: {1e3 * medians['ours']:.2f} ms a step, PyTorch "
        f"{1e3 * medians['torch']:.2f} ms, ratio {ratio:.2f}, at most 1; with the "
        f"statistics of every step {1e3 * medians['recorded']:.2f} ms"
    )
    return ratio <= 1


def main() -> int:
    """Print all comparisons; fail where a limit is missed."""
    print(
        f"{DEPTH} layers, {WIDTH} wide, batch {BATCH}, float32, "
        f"{torch.get_num_threads()} threads"
    )
    good = [compare(phi, name) for phi in FUNCTIONS for name in OPTIMIZERS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
