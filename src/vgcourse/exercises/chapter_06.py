"""The exercises of chapter 6, initialization."""

import math

from vgcourse.exercises.kinds import Exercise, Mistake, Number

FAN_IN = 3 * 3 * 64
FAN_OUT = 3 * 3 * 128
KEPT = (1 + 0.2**2) / 2  # of the mean square, by a leaky ReLU of slope 0.2

EXERCISES: list[Exercise] = [
    Number(
        "06.1",
        asks="the standard deviation",
        truth=math.sqrt(1 / (KEPT * FAN_IN)),
        mistakes=[
            Mistake(
                1 / (KEPT * FAN_IN),
                "that is the variance, not the standard deviation",
            ),
            Mistake(
                math.sqrt(1 / (KEPT * FAN_OUT)),
                "that counts the outputs; a preactivation adds up its inputs",
            ),
            Mistake(
                math.sqrt(1 / (KEPT * 64)),
                "a 3 × 3 window has nine inputs per channel",
            ),
            Mistake(
                math.sqrt(2 / FAN_IN), "that is ReLU's: the leak keeps a little more"
            ),
            Mistake(
                math.sqrt(1 / FAN_IN),
                "that makes up for the sum, not for what the leaky ReLU loses",
            ),
        ],
        rtol=0.003,
        solution=r"It adds up $3 \cdot 3 \cdot 64 = 576$ products; the variance is "
        r"$2/((1 + 0.2^2) \cdot 576) = 0.003339$ and the standard deviation 0.0578.",
        right="576 products, of which the leaky ReLU keeps 0.52 in mean square",
    ),
    Number(
        "06.2",
        asks="the factor",
        truth=0.5 / (0.5 - 1 / (2 * math.pi)),
        rtol=0.001,
        mistakes=[
            Mistake(
                0.5 - 1 / (2 * math.pi),
                "that is the variance of ReLU's output, not yet the factor",
            ),
            Mistake(
                math.sqrt(0.5 / (0.5 - 1 / (2 * math.pi))),
                "that is the factor of the size; the mean square is asked for",
            ),
            Mistake(
                1.0,
                "a layer sees the mean square of its inputs, and that is more than "
                "their variance",
            ),
            Mistake(2.0, "that is the gain that ReLU needs, and not the forum's"),
            Mistake(
                1 / (0.5 - 1 / (2 * math.pi)),
                "that is the squared gain; ReLU keeps half of the mean square",
            ),
        ],
        solution=r"The variance is $\tfrac12 - \tfrac1{2\pi}$, so the factor is "
        r"$\tfrac12 / (\tfrac12 - \tfrac1{2\pi}) = \pi/(\pi - 1) = 1.467$. A layer "
        "sees the mean square of its inputs, mean included.",
    ),
]
