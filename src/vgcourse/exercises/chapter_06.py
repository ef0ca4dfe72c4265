"""The exercises of chapter 6, initialization."""

import math

from vgcourse.exercises.kinds import Choice, Exercise, Mistake, Number

FAN_IN, FAN_OUT = 400, 100
KEPT = (1 + 0.2**2) / 2  # of the mean square, by a leaky ReLU of slope 0.2
WIDTH = 512
DEPTH, LAYER = 31, 10
SINE = (1 - math.exp(-2)) / 2  # E[sin²] at q = 1
COSINE = (1 + math.exp(-2)) / 2  # E[cos²], the mean squared slope

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
                math.sqrt(2 / (FAN_IN + FAN_OUT)),
                "that is Glorot's compromise, which knows of no activation",
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
        solution=r"A preactivation adds up 400 products, of which the leaky ReLU keeps "
        r"$(1 + 0.2^2)/2 = 0.52$ in mean square. So the variance is "
        r"$1/(0.52 \cdot 400) = 0.00481$ and the standard deviation 0.0693.",
        right="400 products, of which the leaky ReLU keeps 0.52 in mean square",
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
    Number(
        "06.3",
        asks="the factor",
        truth=2 / WIDTH / math.sqrt(2 / WIDTH),
        mistakes=[
            Mistake(
                (2 / WIDTH) ** 2 * WIDTH / 2,
                "that is the factor of the mean square; the RMS is asked for",
            ),
            Mistake(1.0, "2/n is the variance; here it stands as standard deviation"),
            Mistake(
                math.sqrt(WIDTH / 2),
                "the weights are that much too small, not too large",
            ),
            Mistake(
                2 / WIDTH * math.sqrt(WIDTH),
                "that is the sum; ReLU keeps half of its mean square besides",
            ),
        ],
        solution=r"The standard deviation should be $\sqrt{2/512} = 1/16$ and is "
        r"$2/512 = 1/256$: sixteen times too small. The RMS falls to 1/16 per layer.",
    ),
    Choice(
        "06.4",
        asks="the network",
        options=["A", "B", "C", "D"],
        truth="B",
        mistakes=[
            Mistake("A", "signal and gradient both sink: these weights are too small"),
            Mistake("C", "both are level: these weights are right"),
            Mistake(
                "D",
                "the signal stays and the gradient sinks: the slopes are too small, "
                "and larger weights would help before smaller ones do",
            ),
        ],
        solution="B: the gradient grows toward the first layer. The signal cannot grow "
        "with it, because tanh is bounded; it stands near 1, where tanh is flat. A has "
        "weights too small for ReLU (variance 1/n), C has He's, D is a sigmoid.",
        right="the gradient explodes, while tanh holds the signal back",
    ),
    Number(
        "06.5",
        asks="the factor",
        truth=0.5 ** ((DEPTH - 1) / 2),
        rtol=0.01,
        mistakes=[
            Mistake(
                0.5 ** (DEPTH / 2),
                "you counted 31 factors: the weight's own layer is none of them",
            ),
            Mistake(
                0.5 ** (DEPTH - 1),
                "that is the factor of the mean square; the RMS is asked for",
            ),
            Mistake(
                0.5 ** ((DEPTH - LAYER) / 2),
                "that is the error signal alone; it is multiplied by the signal below",
            ),
            Mistake(
                0.5 ** ((LAYER - 1) / 2),
                "that is the signal below alone; it is multiplied by the error signal",
            ),
        ],
        solution=r"Forward and backward a layer keeps $\sqrt{1/2}$ of the RMS. Below "
        r"layer 10 lie 9 layers and above it 21, so by (6.5) the factor is "
        r"$\sqrt{1/2}^{\,30} = 2^{-15} = 3.1 \times 10^{-5}$, in this layer as in any "
        r"other.",
        right="nine layers below and 21 above, and the same in every layer",
    ),
    Number(
        "06.6",
        asks="the factor",
        truth=COSINE / SINE,
        mistakes=[
            Mistake(
                math.sqrt(COSINE / SINE),
                "that is the factor of the RMS; the mean square is asked for",
            ),
            Mistake(
                COSINE,
                "that is the mean squared slope; the gain, squared, multiplies it",
            ),
            Mistake(
                1 / SINE, "that is the squared gain; the slope's mean square is missing"
            ),
            Mistake(1.0, "the signal is level, and the gradient is not"),
        ],
        solution=r"A level signal needs $g^2\,(1 - e^{-2})/2 = 1$. The slope is the "
        r"cosine, and $\mathrm{E}[\cos^2 z] = 1 - \mathrm{E}[\sin^2 z]$, so the "
        r"gradient's mean square grows by $(1 + e^{-2})/(1 - e^{-2}) = 1.313$.",
    ),
]
