"""The exercises of chapter 5, rectifiers."""

import math

from vgcourse.exercises.kinds import Choice, Exercise, Mistake, Number

LEAK, LEAKY_LAYERS = 0.5, 20
KEPT_BY_LEAK = 2 * (1 + LEAK**2) / 2  # of the mean square, with variance 2/n
KEEP = 0.8  # what dropout leaves

EXERCISES: list[Exercise] = [
    Number(
        "05.1",
        asks="the derivative",
        # Through C to D, E and F: all other paths begin at a shut unit.
        truth=-1 * 3 * 2 + -1 * 1 * 1 + -1 * 3 * -1,
        mistakes=[
            Mistake(3.0, "that is for x = 1; now other units are open"),
            Mistake(4.0, "that is y; the derivative has the weight −1 from x to C"),
            Mistake(-5.0, "that adds up all nine paths, but A and B are shut now"),
            Mistake(-7.0, "you left out F, which is open now as before"),
            Mistake(-3.0, "you left out E, which is open now: only C feeds it"),
            Mistake(-6.0, "that is one path, through D; E and F are open too"),
        ],
        solution=r"Now $z_A = -2$, $z_B = -1$ and $z_C = 1$: only C is open, and it "
        r"gives D, E and F the values 3, 1 and 3, all open. Three paths: "
        r"$-1 \cdot 3 \cdot 2 = -6$, $-1 \cdot 1 \cdot 1 = -1$ and "
        r"$-1 \cdot 3 \cdot (-1) = 3$, together $-4$.",
        right="C, D, E and F are open, and three paths run through them",
    ),
    Number(
        "05.2",
        asks="the factor",
        truth=1.1**29,
        mistakes=[
            Mistake(
                1.1**30,
                "you counted 30 factors: a matrix's own are not in its gradient",
            ),
            Mistake(1.1**28, "you counted 28 factors"),
            Mistake(
                1.1, "every layer between the matrix and the output adds its factor"
            ),
            Mistake(
                1 + 29 * 0.1, "the factors are multiplied, not their excess added up"
            ),
            Mistake(
                1 + 30 * 0.1, "the factors are multiplied, not their excess added up"
            ),
        ],
        solution="By $c^{L-1} = 1.1^{29} = 15.9$, like that of every other matrix.",
        right="29 of 30 matrices stand in it",
    ),
    Number(
        "05.3",
        asks="the factor",
        truth=math.sqrt(KEPT_BY_LEAK) ** LEAKY_LAYERS,
        rtol=0.01,
        mistakes=[
            Mistake(
                KEPT_BY_LEAK**LEAKY_LAYERS,
                "that is the mean square; the RMS is its root",
            ),
            Mistake(
                math.sqrt(KEPT_BY_LEAK / 2) ** LEAKY_LAYERS,
                "that is for the variance 1/n; it is 2/n here",
            ),
            Mistake(math.sqrt(KEPT_BY_LEAK), "that is one layer; there are twenty"),
            Mistake(
                (1 + LEAK) ** (LEAKY_LAYERS / 2),
                "the slope enters as a square: 1 + a², not 1 + a",
            ),
            Mistake(1.0, "2/n is right for a shut side of slope 0; here it leaks"),
        ],
        solution=r"By (5.4) a layer multiplies the mean square by "
        r"$2 \cdot (1 + \frac14)/2 = 1.25$, and the RMS by its root. Twenty layers: "
        r"$1.25^{10} = 9.3$. The leak makes the gradient explode, slowly.",
    ),
    Choice(
        "05.4",
        asks="the network",
        options=["A", "B", "C", "D"],
        truth="D",
        mistakes=[
            Mistake(
                "A",
                "this one bends: what it keeps depends on the size of the signal, so "
                "it is no ReLU, and no factor straightens it",
            ),
            Mistake(
                "B",
                "more than seven decades in 19 layers are a factor of 0.4 per layer, "
                "and √2 makes that 0.58",
            ),
            Mistake(
                "C",
                "here nothing arrives: a layer is dead, and no positive factor on the "
                "weights makes a unit change sides",
            ),
        ],
        solution="D: three decades in 19 layers are a factor of 0.71 per layer, "
        r"a ReLU network with variance $1/n$, and $\sqrt 2 \cdot 0.71 = 1$. B falls "
        r"by 0.41 per layer (PyTorch's default, $1/(3n)$) and needs $\sqrt 6$. A is "
        "GELU, whose share depends on the signal. In C a layer is dead.",
        right="0.71 per layer is √½, and √2 pays it back",
    ),
    Number(
        "05.5",
        asks="the share",
        truth=1 / 4,
        mistakes=[
            Mistake(
                11 / 16,
                "that is the share of zeros, your colleague's number; a dead unit is "
                "zero for every example",
            ),
            Mistake(
                1.0,
                "every unit is shut for some example; dead are those that are shut for "
                "all",
            ),
            Mistake(3 / 4, "that is the share of units that live"),
            Mistake(0.0, "look at unit 3: no example opens it"),
            Mistake(5 / 16, "that is the share of outputs that are not zero"),
        ],
        solution="One unit of four, the third: 25 %. The mean of `h == 0` counts "
        "zeros, and shut for many examples is not dead. Ask each unit whether it is "
        "zero for *every* example: `(h == 0).all(axis=0).mean()`.",
        right="only unit 3 is zero for every example",
    ),
    Number(
        "05.6",
        asks="the variance, as a multiple of 1/n",
        truth=2 * KEEP,
        unit="/n",
        rtol=0.01,
        mistakes=[
            Mistake(
                2.0,
                "dropout keeps the mean, but not the mean square: what is left was "
                "divided by 0.8",
            ),
            Mistake(
                2 / KEEP,
                "dropout with division makes the mean square larger, so the weights "
                "must be smaller",
            ),
            Mistake(
                2 * KEEP**2,
                "the division by 0.8 counts squared, but only 0.8 of the units are "
                "left to be divided",
            ),
            Mistake(KEEP, "that is without the shut half of ReLU"),
            Mistake(
                2 * math.sqrt(KEEP),
                "that is a root too many: variances go with mean squares",
            ),
        ],
        solution=r"Of the mean square dropout keeps the share 0.8 of the terms, each "
        r"divided by $0.8^2$: it becomes $1/0.8 = 1.25$ times as large. With ReLU's "
        r"½ a layer keeps $n v \cdot \frac12 \cdot 1.25$, which is 1 at $n v = 1.6$. "
        "The gradient meets the same factors.",
        right="dropout multiplies the mean square by 1.25, and the weights pay for it",
    ),
]
