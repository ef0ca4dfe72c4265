"""The exercises of chapter 4, saturation."""

import math

import numpy as np

from vgcourse.exercises.kinds import Array, Exercise, Mistake, Number


def kept(pair: np.ndarray) -> float:
    """Return the derivative of ten sigmoid units at the input 0.5."""
    weight, bias = (float(number) for number in pair)
    a, product = 0.5, 1.0
    for _ in range(10):
        a = float(1 / (1 + np.exp(-np.clip(weight * a + bias, -700, 700))))
        product *= weight * a * (1 - a)
    return product


EXERCISES: list[Exercise] = [
    Number(
        "04.1",
        asks="the point z",
        truth=math.acosh(1000),
        rtol=1e-4,
        mistakes=[
            Mistake(
                math.log(4e6),
                "that is twice the point: the tail of tanh falls with 2z",
            ),
            Mistake(
                math.log(1e6) / 2, "the tail has a factor in front of the exponential"
            ),
            Mistake(math.log(1e6), "that is the tail of the sigmoid"),
            Mistake(
                math.atanh(1 - 1e-6),
                "there tanh is one millionth below 1; its slope is asked for",
            ),
            Mistake(-math.acosh(1000), "the size is right; a positive z is asked for"),
        ],
        solution=r"`np.log(4e6) / 2`, about 7.601: there the tail $4\,e^{-2z}$ is "
        "$10^{-6}$. Exactly it is `np.arccosh(1000)`, by (4.3).",
    ),
    Array(
        "04.2",
        asks="a weight and a bias, as (weight, bias)",
        truth=(-4.0, 2.0),
        accepts=lambda pair: pair[0] < 0 and abs(abs(kept(pair)) - 1) < 1e-6,
        right=lambda pair: f"{abs(kept(pair)):.3g} of a change is left",
        mistakes=[
            Mistake(
                (4.0, -2.0),
                "that keeps a change, but the weight is positive",
                when=lambda pair: pair[0] >= 0 and abs(abs(kept(pair)) - 1) < 1e-6,
            ),
            Mistake(
                (4.0, 0.0),
                "a negative weight is asked for",
                when=lambda pair: pair[0] >= 0,
            ),
            Mistake(
                (-4.0, 0.0),
                lambda pair: (
                    "the weight makes up for the slope at its steepest, but "
                    f"the units do not sit there: {kept(pair):.3g} is left"
                ),
                when=lambda pair: pair[0] == -4,
            ),
            Mistake(
                (-1.0, 0.5),
                lambda pair: (
                    "the units sit where they are steepest, but there the "
                    f"slope is 1/4, and the weight must match it: {kept(pair):.2g} "
                    "is left"
                ),
                when=lambda pair: pair[1] == -pair[0] / 2,
            ),
            Mistake(
                (-1.0, 0.0),
                lambda pair: f"{kept(pair):.3g} of a change is left",
                when=lambda pair: True,
            ),
        ],
        solution=r"`(-4.0, 2.0)`: then $z = 0$ and $a = 1/2$ in every unit, the "
        r"factor is $-4 \cdot \frac14 = -1$, and ten of them make 1. By (4.4) this is "
        "a tanh chain of weight −1.",
    ),
]
