"""The exercises of chapter 7, the edge of chaos."""

import math

from vgcourse.exercises.kinds import Choice, Exercise, Mistake, Number

SQUARE_B = 0.5  # of ReLU with σ_w² = 1
CHI, LEFT = 0.9, 1e-3
LAYERS = math.log(LEFT) / (math.log(CHI) / 2)
# σ_w of tanh at the edge for σ_b = 0.3, from `critical.critical_sigma_w`.
EDGE = 1.3955840460837
# Of the sine at q* = 1/2: χ₁ = σ_w² (1 + 1/e)/2 = 1, and q* − σ_w² (1 − 1/e)/2 is σ_b².
Q = 0.5
SINE_SQUARE_W = 2 / (1 + math.exp(-2 * Q))
SINE_SQUARE_B = Q - SINE_SQUARE_W * (1 - math.exp(-2 * Q)) / 2

EXERCISES: list[Exercise] = [
    Number(
        "07.1",
        asks="the mean square",
        truth=2 * SQUARE_B,
        mistakes=[
            Mistake(
                SQUARE_B,
                "that is what the biases add in each layer; half of what was there "
                "before comes on top",
            ),
            Mistake(
                SQUARE_B / 2,
                "the biases are added after the half is taken, not before",
            ),
        ],
        solution=r"Half of the mean square passes ReLU, so $q^* = q^*/2 + 0.5$, and "
        r"$q^* = 1$. Each layer halves the distance to it.",
    ),
    Number(
        "07.2",
        asks="the number of layers",
        truth=round(LAYERS),
        rtol=0.01,
        mistakes=[
            Mistake(
                round(LAYERS / 2),
                "χ₁ multiplies the mean square; the RMS falls half as fast",
            ),
            Mistake(
                round(math.log10(LEFT) / (math.log10(CHI) / 2) / math.log(10)),
                "mind the logarithms: both natural, or both to base 10",
            ),
            Mistake(
                round(math.log(LEFT) / (CHI - 1)),
                "that takes the RMS to lose a tenth per layer; it loses a twentieth",
            ),
        ],
        solution=r"The RMS is multiplied by $\sqrt{0.9}$ per layer, so "
        r"$\tfrac{\ell}{2} \ln 0.9 = \ln 0.001$ and $\ell = 131$.",
    ),
    Choice(
        "07.3",
        asks="the network",
        options=["A", "B", "C", "D"],
        truth="C",
        mistakes=[
            Mistake("A", "here all inputs become alike: that is order"),
            Mistake(
                "B",
                "inputs grow alike, ever more slowly: ReLU at its edge, with He's "
                "weights",
            ),
            Mistake(
                "D",
                "after thirty layers it still tells the pairs apart: that is the edge",
            ),
        ],
        solution="C: inputs that were alike grow apart. A is ordered, D is tanh at the "
        "edge, and B is ReLU at its own: a power of the depth, not an exponential.",
        right="inputs that were alike grow apart there, and their gradients explode",
    ),
    Choice(
        "07.4",
        asks="the remedy",
        options=["learning rate", "weights", "biases", "width"],
        truth="weights",
        mistakes=[
            Mistake(
                "learning rate",
                "the images have become the same image by layer 50, whatever the step",
            ),
            Mistake(
                "biases",
                "larger biases lead farther into order: the edge lies at larger "
                "weights then",
            ),
            Mistake(
                "width",
                "χ₁ does not know the width; a wide network only follows it more "
                "closely",
            ),
        ],
        solution=r"At $\sigma_b = 0.22$ the edge lies at $\sigma_w = 1.33$. With "
        r"$\sigma_w = 1$ the network is ordered, and its depth scale is a few layers.",
        right="1.33 is the edge for these biases",
    ),
    Number(
        "07.5",
        asks="the size of the weights",
        truth=EDGE,
        rtol=0.005,
        mistakes=[
            Mistake(EDGE**2, "that is the variance; σ_w is its root"),
            Mistake(1.0, "that is the edge without biases"),
            Mistake(
                1.327,
                "that is the edge at a bias variance of 0.05; here the standard "
                "deviation is 0.3",
            ),
            Mistake(
                1.5828,
                "you took 0.3 for the variance of the biases; it is their standard "
                "deviation",
            ),
        ],
        solution='`critical.critical_sigma_w(activation="tanh", sigma_b=0.3)` gives '
        "1.40.",
    ),
    Number(
        "07.6",
        asks="the size of the biases",
        truth=math.sqrt(SINE_SQUARE_B),
        rtol=0.01,
        mistakes=[
            Mistake(SINE_SQUARE_B, "that is the variance; σ_b is its root"),
            Mistake(
                math.sqrt(SINE_SQUARE_W),
                "that is the size of the weights at the edge",
            ),
            Mistake(SINE_SQUARE_W, "that is the variance of the weights, times n"),
        ],
        solution=r"$\chi_1 = 1$ asks for $\sigma_w^2 = 2/(1 + e^{-1}) = 1.46$. Then "
        r"$\sigma_b^2 = \tfrac12 - 1.46\,(1 - e^{-1})/2 = \tfrac12 - \tanh \tfrac12 = "
        r"0.038$, and $\sigma_b = 0.195$.",
    ),
]
