"""The exercises of chapter 4, saturation."""

import math

import numpy as np

from vgcourse.exercises.kinds import Array, Choice, Exercise, Mistake, Number

WEIGHT, OUTPUT = 5.0, 0.9
# Of four units that put out 0.5, 0.5, 0.999 and 0.001.
SLOPES = [output * (1 - output) for output in (0.5, 0.5, 0.999, 0.001)]
# fsum, since the last digit of sum differs from one Python to the next.
SQUARES = math.fsum(slope**2 for slope in SLOPES)
# Gains that keep the gradient of thirty tanh layers, and of wide sigmoid layers;
# a test finds both anew.
LEVEL, LEVEL_SIGMOID = 1.2356, 10.15


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
        asks="the factor",
        truth=WEIGHT * OUTPUT * (1 - OUTPUT),
        mistakes=[
            Mistake(
                OUTPUT * (1 - OUTPUT),
                "that is the slope; the factor is weight × slope",
            ),
            Mistake(
                WEIGHT / 4,
                "that takes the slope at its steepest; this unit does not sit there",
            ),
            Mistake(WEIGHT * OUTPUT, "that is weight × output, not weight × slope"),
            Mistake(
                WEIGHT * (1 - OUTPUT**2),
                "that is the slope of tanh; the sigmoid has a(1 − a)",
            ),
            Mistake(
                WEIGHT * (1 - OUTPUT),
                "the slope is a(1 − a), and one of its two halves is missing",
            ),
        ],
        solution=r"The slope is $a(1-a) = 0.9 \cdot 0.1 = 0.09$, and the factor "
        r"$5 \cdot 0.09 = 0.45$: a weight of 5 does not make up for it.",
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
        r"factor is $-4 \cdot \frac14 = -1$, and ten of them make 1. By (4.3) this is "
        "a tanh chain of weight −1.",
    ),
    Number(
        "04.3",
        asks="the variance v",
        truth=1 / SQUARES,
        rtol=0.01,
        mistakes=[
            Mistake(
                len(SLOPES) / SQUARES,
                "that is n·v; the variance v is a quarter of it",
            ),
            Mistake(
                math.sqrt(1 / SQUARES),
                "that is the standard deviation; the variance is its square",
            ),
            Mistake(
                1 / (len(SLOPES) / 16),
                "that would do if all four units were steep; two are saturated",
            ),
            Mistake(
                1 / math.fsum(SLOPES),
                "that adds up the slopes; random terms add up in their squares",
            ),
            Mistake(
                math.sqrt(len(SLOPES) / SQUARES),
                "that is the gain g, and g² = n·v; the variance v is asked for",
            ),
        ],
        solution=r"The slopes are $\frac14$, $\frac14$ and twice 0.001, the sum of "
        r"their squares is $\frac{2}{16} = 0.125$, and $v \cdot 0.125 = 1$ gives "
        r"$v = 8$. With all four steep it would be 4.",
    ),
    Choice(
        "04.4",
        asks="the network",
        options=["A", "B", "C", "D"],
        truth="B",
        mistakes=[
            Mistake(
                "A",
                "its gradient falls too, but no unit is saturated: the slopes are "
                "fine, the weights are too small",
            ),
            Mistake("C", "this one is healthy: level, and nothing is saturated"),
            Mistake(
                "D",
                "only its first layer is saturated: the inputs are too large, and all "
                "other layers are fine",
            ),
        ],
        solution="B: in every layer more than half of the units are saturated, and the "
        "gradient falls. It has large biases, which push whole units to an end. A has "
        "too small weights and full slopes, C is healthy, and D was given inputs of "
        "RMS 100.",
        right="its units are saturated in every layer, here by large biases; bring "
        "these to 0",
    ),
    Choice(
        "04.5",
        asks="what is wrong",
        options=["a", "b", "c", "d"],
        truth="b",
        mistakes=[
            Mistake("a", "no slope of tanh is ever negative, whatever the weights"),
            Mistake(
                "c",
                "factors along the depth are averaged so; here the numbers themselves "
                "are no slopes",
            ),
            Mistake("d", "outputs around 0 are centered, as one would wish"),
        ],
        solution=r"(b). $h(1-h)$ is the slope of a sigmoid. For outputs of mean 0 its "
        r"mean is $0 - 0.2 = -0.2$. The slope of tanh is $1 - h^2$, here 0.8 on "
        "average: nothing is wrong with the network.",
        right="h(1 − h) is the slope of a sigmoid, and no slope of tanh is negative",
    ),
    Number(
        "04.6",
        asks="the gain g",
        truth=LEVEL,
        rtol=0.005,
        mistakes=[
            Mistake(
                1.0,
                "that would do if tanh were a line; thirty layers leave 16 %",
                low=0.95,
                high=1.05,
            ),
            Mistake(
                5 / 3,
                "that is the gain which PyTorch advises for tanh; with it the "
                "gradient grows",
            ),
            Mistake(
                LEVEL**2,
                "that is n·v, the square of the gain",
            ),
            Mistake(
                LEVEL_SIGMOID,
                "that is what a wide sigmoid network needs",
                low=9.5,
                high=10.5,
            ),
            Mistake(4.0, "a quarter is the sigmoid's best slope; that of tanh is 1"),
        ],
        solution="1.24, found by halving: between 1, where the gradient falls, and "
        "1.5, where it grows, take the middle, keep the half in which the sign of "
        "`log10_gradient_rms[0] - log10_gradient_rms[-1]` changes, and go on. At "
        "another depth it is another gain: the deeper, the nearer to 1.",
    ),
]
