"""The exercises of chapter 1, the chained derivative."""

import sympy as sp

from vgcourse.exercises.kinds import Exercise, Expression, Mistake, Number

A0, W1, W2, W3 = sp.symbols("a_0 w_1 w_2 w_3")
A1 = sp.tanh(W1 * A0)
A2 = sp.tanh(W2 * A1)
A3 = sp.tanh(W3 * A2)
SLOPE2 = 1 - A2**2
SLOPE3 = 1 - A3**2


def three_units(a0: complex) -> complex:
    """Return three tanh units of weight 1.5 in a row."""
    a = sp.sympify(a0)
    for _ in range(3):
        a = sp.tanh(sp.Rational(3, 2) * a)
    return complex(sp.N(a, 30))


def slope_of_three_units() -> float:
    """Return the derivative at 0.5, by SymPy."""
    at = {W1: sp.Rational(3, 2), W2: sp.Rational(3, 2), W3: sp.Rational(3, 2)}
    derivative = sp.diff(A3.subs(at), A0)
    return float(sp.N(derivative.subs(A0, sp.Rational(1, 2)), 30))


SLOPE = slope_of_three_units()

EXERCISES: list[Exercise] = [
    Expression(
        "01.1",
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
        solution="`a1 * (1 - sp.tanh(w2 * a1)**2) * w3 * (1 - sp.tanh(w3 * a2)**2)`: "
        "by (1.3), what the layer receives, its slope, and the factor above it.",
        right="what the layer receives, its slope, and the factor above it",
    ),
    Number(
        "01.2",
        asks="the slope of three tanh units at 0.5, by a complex step",
        truth=SLOPE,
        rtol=1e-12,
        mistakes=[
            Mistake(
                three_units(0.5 + 1e-8j).imag,
                "that is the imaginary part alone: divide it by the step",
            ),
            Mistake(three_units(0.5).real, "that is the value, not the slope"),
            Mistake(0.0, "the imaginary part was lost: the step is 1e-200j, with a j"),
            Mistake(
                SLOPE * (1 + 1e-8),
                "that has the error of a difference of two numbers: take the "
                "imaginary part instead",
                low=SLOPE * (1 - 1e-6),
                high=SLOPE * (1 + 1e-6),
            ),
            Mistake(1.5**3, "that is the weights alone"),
        ],
        solution="`function(0.5 + 1e-200j).imag / 1e-200`. Nothing cancels, so the "
        "step can be as small as the number format allows.",
        right="nothing cancels, whatever the step",
    ),
]
