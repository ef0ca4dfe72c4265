"""The exercises of chapter 2, the linear chain."""

import math

import numpy as np

from vgcourse.exercises.kinds import Array, Choice, Exercise, Mistake, Number

W = np.array([[0.9, 10.0], [0.0, 0.9]])


def stretched(gradient: np.ndarray) -> float:
    """Return how often its length a gradient has after nine layers back."""
    back = np.linalg.matrix_power(W.T, 9) @ gradient
    length = np.linalg.norm(gradient)
    return float(np.linalg.norm(back) / length) if length else 0.0


def smallest_trap(gain: float) -> int:
    """Return the first number of float16 that rounding brings back to itself."""
    value = np.float16(1)
    while value != value * np.float16(gain):
        value = value * np.float16(gain)
    return round(float(value) * 2**24)


def random_pairs(pairs: int = 4000) -> tuple[float, float]:
    """Return two shares of random pairs whose matrices have spectral radius 0.9.

    Of those whose product has a spectral radius above 1, and of those whose product can
    stretch some signal.
    """
    W = np.random.default_rng(0).standard_normal((pairs, 2, 2, 2))
    radius = np.abs(np.linalg.eigvals(W)).max(axis=-1)
    W = 0.9 * W / radius[..., None, None]
    both = W[:, 1] @ W[:, 0]
    grows = np.abs(np.linalg.eigvals(both)).max(axis=-1) > 1
    stretches = np.linalg.norm(both, ord=2, axis=(-2, -1)) > 1
    return float(grows.mean()), float(stretches.mean())


GROW, STRETCH = random_pairs()

EXERCISES: list[Exercise] = [
    Number(
        "02.1",
        asks="the number of layers",
        truth=math.ceil(math.log(10) / math.log(1.02)),
        whole=True,
        unit="layers",
        mistakes=[
            Mistake(
                math.floor(math.log(10) / math.log(1.02)),
                "with so many layers the signal is still below ten times its size",
            ),
            Mistake(
                round(10 / 0.02),
                "2 % of what there is, not of what there was at first: the growth "
                "is a power, not a sum",
            ),
            Mistake(
                round(9 / 0.02),
                "2 % of what there is, not of what there was at first: the growth "
                "is a power, not a sum",
            ),
            Mistake(
                round(math.log(2) / math.log(1.02)),
                "after so many layers it has doubled; ten times is asked for",
            ),
            Mistake(
                math.ceil(10 / math.log10(1.02)),
                "you have divided 10, not its logarithm, by the growth per layer",
            ),
        ],
        solution=r"From $1.02^L > 10$ follows $L > \ln 10 / \ln 1.02 = 116.3$, "
        "so 117 layers.",
    ),
    Array(
        "02.2",
        asks="a gradient, as [first, second]",
        truth=np.array([1.0, 0.0]),
        accepts=lambda gradient: stretched(gradient) > 38,
        right=lambda gradient: f"it comes out {stretched(gradient):.3f} times as long",
        mistakes=[
            Mistake(
                [0.0, 0.0], "a gradient of zero stays zero", when=lambda g: not g.any()
            ),
            Mistake(
                [0.0, 1.0],
                lambda gradient: (
                    "that is the axis that the signal is stretched "
                    "along; backward it is the transpose that acts, and this gradient "
                    f"comes out {stretched(gradient):.3f} times as long"
                ),
                when=lambda gradient: abs(gradient[1]) > 5 * abs(gradient[0]),
            ),
            Mistake(
                [1.0, 1.0],
                lambda gradient: (
                    "only the length along the first axis is stretched; "
                    f"this one comes out {stretched(gradient):.3f} times as long"
                ),
                when=lambda gradient: True,
            ),
        ],
        solution=r"`[1.0, 0.0]`. Backward it is $W^\top$ that acts: its singular "
        "values are the same, but it stretches the *first* axis, by 38.744. Along "
        "the second axis a gradient shrinks to $0.9^9 = 0.387$, in the same network "
        "in which a signal along it grows.",
    ),
    Number(
        "02.3",
        asks="the number of smallest numbers",
        truth=smallest_trap(0.75),
        whole=True,
        mistakes=[
            Mistake(0, "it does not reach zero: half of one smallest number is a tie"),
            Mistake(
                1, "two of them times 0.75 are 1.5, a tie: which neighbor is even?"
            ),
            Mistake(3, "three of them times 0.75 are 2.25, and the nearest is 2"),
            Mistake(
                smallest_trap(0.9),
                "that is the trap of 0.9; four of them times 0.75 are exactly 3",
            ),
            Mistake(5, "five of them times 0.75 are 3.75, and the nearest is 4"),
        ],
        solution="At 2. Three of them times 0.75 are 2.25, nearest to 2; two of them "
        "are 1.5, a tie between 1 and 2, and 2 is even.",
        right="1.5 is a tie between 1 and 2, and 2 is even",
    ),
    Choice(
        "02.4",
        asks="the network whose gradient is stuck",
        options=["a", "b", "c", "d"],
        truth="c",
        mistakes=[
            Mistake(
                "a",
                "that gradient is exactly zero from some layer down: it has hit the "
                "cliff",
            ),
            Mistake("b", "that gradient grows in every layer: it explodes"),
            Mistake("d", "that gradient is level at 1, where it started: it is well"),
        ],
        solution="c: its gradient falls at first, and then stays at one small number, "
        "which is not zero and no longer depends on the depth. a has hit the cliff, b "
        "explodes, d is well.",
        right="it falls, and then stays at one small number",
    ),
    Number(
        "02.5",
        asks="the share of pairs that grow, from 0 to 1",
        truth=GROW,
        rtol=0.0,
        atol=0.03,
        mistakes=[
            Mistake(
                0.0,
                "the eigenvalues of the two say nothing about those of their product: "
                "some pairs do grow",
            ),
            Mistake(
                STRETCH,
                "in so many pairs the largest *singular* value of the product is above "
                "1: it can stretch some signal once, but in the long run it is the "
                "spectral radius that counts",
                low=STRETCH - 0.03,
                high=STRETCH + 0.03,
            ),
            Mistake(
                100 * GROW,
                "that is in percent; a share from 0 to 1 is asked for",
                low=20.0,
                high=35.0,
            ),
        ],
        solution="In somewhat more than a quarter of them, about 0.28: draw both "
        "matrices, divide each by its spectral radius and multiply by 0.9, and look at "
        "the spectral radius of the product.",
        right="each shrinks in the long run, and more than a quarter of the pairs grow",
    ),
]
