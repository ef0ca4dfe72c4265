"""The runs behind the landing page's patient: one network at many weight scales."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from vgcourse import data, training
from vgcourse._checks import FloatArray
from vgcourse.network import random_mlp

SCALES = tuple(round(0.5 + 0.05 * step, 2) for step in range(21))
DEPTHS = (5, 30, 100)
STEPS = 200


@dataclass(frozen=True)
class Patient:
    """What is trained: ReLU layers on handwritten digits, by plain gradient descent."""

    width: int = 32
    examples: int = 256
    batch_size: int = 64
    learning_rate: float = 0.02
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Runs:
    """Every run, over (weight scales, depths).

    Attributes
    ----------
    loss : ndarray of float, shape (scales, depths, steps)
        Before each step, in nats; NaN from where a run has left the finite.
    gradient : ndarray of float, shape (scales, depths, most layers)
        log10 of the gradient's RMS at each layer's z over that at the last one's,
        before the first step; NaN beyond a network's depth.
    chance : float
        Loss of guessing.
    """

    loss: FloatArray
    gradient: FloatArray
    chance: float


def run(
    patient: Patient, scale: float, depth: int
) -> tuple[FloatArray, FloatArray, float]:
    """Train one network; return its loss, gradient and chance as in `Runs`."""
    digits = data.digits()
    x = digits.x[: patient.examples].astype(np.float32)
    y = digits.y[: patient.examples]
    network = random_mlp(
        [x.shape[1], *[patient.width] * (depth - 1), 10],
        activation="relu",
        initializer="he_normal",
        gain=scale,
        output_activation="identity",
        rng=patient.seed,
        dtype=np.float32,
    )
    history = training.train(
        network,
        x,
        y,
        optimizer=training.SGD(patient.learning_rate),
        steps=STEPS,
        batch_size=patient.batch_size,
        record_every=STEPS,
        rng=patient.seed,
    )
    loss = np.full(STEPS, np.nan)
    finite = np.isfinite(history.loss)
    loss[: len(finite)][finite] = history.loss[finite]
    gradient = history.log10_gradient_rms[0]
    return loss, gradient - gradient[-1], history.chance


def train_all(patient: Patient, progress: Callable[[float], None]) -> Runs:
    """Train at every scale and depth; about a minute."""
    loss = np.full((len(SCALES), len(DEPTHS), STEPS), np.nan)
    gradient = np.full((len(SCALES), len(DEPTHS), max(DEPTHS)), np.nan)
    for i, scale in enumerate(SCALES):
        for d, depth in enumerate(DEPTHS):
            loss[i, d], gradient[i, d, :depth], chance = run(patient, scale, depth)
        progress((i + 1) / len(SCALES))
    return Runs(loss, gradient, chance)


def stored() -> Runs:
    """Return the runs of `Patient()`, which a test trains anew at some settings."""
    with files("vgcourse.explorers").joinpath("patient.npz").open("rb") as file:
        arrays = np.load(file)
        loss, gradient = (arrays[name].astype(float) for name in ("loss", "gradient"))
        return Runs(loss, gradient, float(arrays["chance"]))


def store(runs: Runs) -> None:
    """Write them beside this module."""
    path = files("vgcourse.explorers").joinpath("patient.npz")
    np.savez_compressed(
        str(path),
        loss=runs.loss.round(3).astype(np.float32),
        gradient=runs.gradient.round(3).astype(np.float32),
        chance=runs.chance,
    )
