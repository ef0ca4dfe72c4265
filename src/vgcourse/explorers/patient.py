"""A network that does not learn because one number is wrong, and the knob for it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vgcourse.explorers import _runs
from vgcourse.explorers.rerun import option
from vgcourse.explorers.spec import Panel, Sentence, Trace, number_knob
from vgcourse.explorers.table import Array, Table
from vgcourse.explorers.widget import Explorer, knob

HIGHEST_LOSS = 4.0  # more is off the picture: a run that goes there does not come back
LEARNS = 0.2  # in nats below chance after the last steps


@dataclass(frozen=True)
class Settings:
    """What *Re-run* can change; it trains for a minute."""

    width: int = option("Width", 32)
    learning_rate: float = option("Learning rate", 0.02)
    seed: int = option("Seed", 1)


def compute(settings: Settings, progress: Callable[[float], None]) -> Table:
    """Gradients, losses and fates of all networks; the usual ones are stored."""
    if settings == Settings():
        runs = _runs.stored()
    else:
        patient = _runs.Patient(
            width=settings.width,
            learning_rate=settings.learning_rate,
            seed=settings.seed,
        )
        runs = _runs.train_all(patient, progress)
    broken = np.isnan(runs.loss).any(axis=-1)
    broke = np.isnan(runs.loss).argmax(axis=-1)
    end = np.where(broken, HIGHEST_LOSS, runs.loss[..., -20:].mean(axis=-1))
    fate = np.where(broken, 2, np.where(end < runs.chance - LEARNS, 0, 1))
    axes = ("weight_scale", "depth")
    loss = np.minimum(runs.loss, HIGHEST_LOSS)
    arrays = {
        "loss": Array(loss, axes, unit=0.001, ragged=True),
        "gradient": Array(runs.gradient, axes, unit=0.01, ragged=True),
        "chance": Array(np.full(_runs.STEPS, runs.chance), (), unit=0.001),
        "first": Array(runs.gradient[..., 0], axes, unit=0.001),
        "end": Array(end, axes, unit=0.001),
        "fate": Array(fate, axes, unit=1.0),
        "broke": Array(broke, axes, unit=1.0),
    }
    return Table(
        [
            number_knob(
                "weight_scale", "Weight scale", _runs.SCALES, stops={1.0: "He: 1"}
            ),
            number_knob("depth", "Layers", _runs.DEPTHS),
        ],
        arrays,
    )


class Patient(Explorer):
    """Depth, weight scale, and what becomes of the gradient and of the training.

    Parameters
    ----------
    weight_scale : float, default 0.7
        Times the standard deviation of He's initialization; 0.5 to 1.5 by 0.05.
    depth : {5, 30, 100}
        Number of layers.
    """

    title = "A network that does not learn, and the number that cures it"
    Settings, compute = Settings, staticmethod(compute)
    weight_scale = knob(0.7)
    depth = knob(30)

    panels = (
        Panel(
            name="network",
            view="network",
            y="gradient of each layer before the first step",
            series=(Trace("gradient", mark="boxes", color="fate", first=1),),
            y_frames=((-4.0, 4.0),),
            height=112,
        ),
        Panel(
            name="loss",
            y="loss over 200 steps of training",
            x="step",
            scale="linear",
            series=(
                Trace("chance", "guessing", color="muted"),
                Trace("loss", "this network"),
            ),
            x_domain=(0.0, float(_runs.STEPS)),
            y_frames=((0.0, HIGHEST_LOSS),),
            height=200,
        ),
    )
    readout = (
        Sentence(
            "With weights of {weight_scale} times He's size, the gradient becomes "
            "{first|times} on its way from the last of {depth} layers to the first."
        ),
        Sentence(
            "The network learns: over the last 20 of 200 steps its loss is "
            "{end|plain}, where guessing has 2.30.",
            where="fate",
            equals=0,
        ),
        Sentence(
            "The network does not learn: over the last 20 of 200 steps its loss is "
            "{end|plain}, and guessing has 2.30.",
            where="fate",
            equals=1,
        ),
        Sentence("Its loss is NaN at step {broke|whole}.", where="fate", equals=2),
    )
