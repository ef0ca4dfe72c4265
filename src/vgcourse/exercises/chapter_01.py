"""The exercises of chapter 1, the chained derivative."""

import math

import sympy as sp

from vgcourse.exercises.kinds import Choice, Exercise, Expression, Mistake, Number

A0, W1, W2, W3 = sp.symbols("a_0 w_1 w_2 w_3")
A1 = sp.tanh(W1 * A0)
A2 = sp.tanh(W2 * A1)
A3 = sp.tanh(W3 * A2)
SLOPE2 = 1 - A2**2
SLOPE3 = 1 - A3**2


TYPICAL = 50 * math.log10(1.2) + 50 * math.log10(0.8)

# Sigmoid units of weight 1: the state that reproduces itself, and its slope.
STATE = 0.5
for _ in range(100):
    STATE = 1 / (1 + math.exp(-STATE))
DECADES = -math.log10(STATE * (1 - STATE))

EXERCISES: list[Exercise] = [
    Number(
        "01.1",
        asks="the derivative of the output with respect to the input",
        truth=2 * 0.4 * 0.25 * 0.8,
        mistakes=[
            Mistake(2 * 0.25, "those are the weights alone: each goes with a slope"),
            Mistake(0.4 * 0.8, "those are the slopes alone: each goes with a weight"),
            Mistake(2 * 0.4 + 0.25 * 0.8, "the factors are multiplied, not added"),
            Mistake(0.25 * 0.8, "that is the upper unit alone"),
            Mistake(2 * 0.4, "that is the lower unit alone"),
        ],
        solution=r"$2 \cdot 0.4 = 0.8$ for the first unit, $0.25 \cdot 0.8 = 0.2$ "
        r"for the second, together $0.8 \cdot 0.2 = 0.16$.",
    ),
    Number(
        "01.2",
        asks="log10 of the typical product",
        truth=TYPICAL,
        rtol=0.01,
        mistakes=[
            Mistake(
                0.0,
                "that is log10 of the mean product, 1; a typical one follows the mean "
                "of the log",
            ),
            Mistake(
                2 * TYPICAL,
                "one half of the layers has 1.2 and the other half 0.8: 50 each",
            ),
            Mistake(
                TYPICAL * math.log(10),
                "that is in nats; divide by 2.30 to get decades",
            ),
            Mistake(TYPICAL / 100, "that is for one layer; there are 100"),
            Mistake(10**TYPICAL, "that is the product itself; its log10 is asked for"),
            Mistake(-TYPICAL, "0.8 costs more than 1.2 brings: the product is below 1"),
        ],
        solution=r"$\frac12 \log_{10} 1.2 + \frac12 \log_{10} 0.8 = \frac12 \log_{10} "
        r"0.96 = -0.0089$ decades per layer, hence $-0.89$ in 100 layers.",
    ),
    Choice(
        "01.3",
        asks="the network in which one layer is broken",
        options=["a", "b", "c", "d"],
        truth="c",
        mistakes=[
            Mistake(
                "a",
                "all layers have the same factor below 1: this gradient vanishes, and "
                "no layer is worse than the others",
            ),
            Mistake(
                "b",
                "all layers have the same factor above 1: this gradient explodes",
            ),
            Mistake("d", "level, small and a low loss: this network is trained"),
        ],
        solution="c: the gradient is level from layer 12 down to layer 6, and "
        "exactly zero below: one layer passes nothing on. a vanishes, b explodes, d is "
        "trained.",
        right="level down to layer 6, and nothing below it",
    ),
    Expression(
        "01.4",
        asks="the derivative of a₃ with respect to the middle weight",
        truth=sp.diff(A3, W2),
        mistakes=[
            Mistake(
                SLOPE2 * W3 * SLOPE3,
                "what the middle layer receives, a₁, is missing",
            ),
            Mistake(
                A1 * SLOPE2 * SLOPE3,
                "the weight of the layer above is missing",
            ),
            Mistake(
                A1 * W3 * SLOPE3,
                "the middle layer's own slope is missing",
            ),
            Mistake(
                A1 * SLOPE2 * W3,
                "the slope of the layer above is missing",
            ),
            Mistake(
                W2 * SLOPE2 * W3 * SLOPE3,
                "that is the derivative with respect to a₁, not to the weight",
            ),
        ],
        solution="`tanh_1 * (1 - tanh_2**2) * w3 * (1 - tanh_3**2)`: "
        "by (1.4) what the layer receives, its slope, and the factor above it.",
        right="what the layer receives, its slope, and the factor above it",
    ),
    Number(
        "01.5",
        asks="the depth",
        truth=math.ceil(7 / DECADES),
        whole=True,
        unit="layers",
        mistakes=[
            Mistake(math.floor(7 / DECADES), "with so many layers it is still above"),
            Mistake(
                math.ceil(7 / math.log10(4)),
                "that is for the best slope, 1/4; the units settle at a slope of 0.22",
            ),
            Mistake(7, "each layer costs 0.65 decades, not a whole one"),
            Mistake(5, "7 decades are divided by 0.65, not multiplied"),
            Mistake(
                math.ceil(7 * math.log(10) / DECADES),
                "decades on one side and nats on the other: 7 is in decades already",
            ),
        ],
        solution=r"$L \cdot 0.65 > 7$ gives $L > 10.8$, so from 11 layers on.",
    ),
]
