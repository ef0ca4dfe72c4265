"""The exercises of chapter 5, rectifiers."""

import math

from vgcourse.exercises.kinds import Exercise, Mistake, Number

BELOW_TWO = math.erfc(-2 / math.sqrt(2)) / 2  # of a standard normal variable

EXERCISES: list[Exercise] = [
    Number(
        "05.1",
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
        "05.2",
        asks="the number of examples",
        truth=math.ceil(math.log(0.01) / math.log(BELOW_TWO)),
        whole=True,
        unit="examples",
        mistakes=[
            Mistake(
                math.floor(math.log(0.01) / math.log(BELOW_TWO)),
                "with one more it is fewer than 1 %",
            ),
            Mistake(
                round(64 * BELOW_TWO**64 / 0.01),
                "the share of dead units falls like a power of B, not like 1/B",
            ),
            Mistake(
                math.ceil(math.log(0.01) / math.log(0.23)),
                "0.23 is what 64 examples leave; take the 64th root of it first",
                low=2,
                high=5,
            ),
            Mistake(
                math.ceil(math.log(0.01) / math.log(2 * BELOW_TWO - 1)),
                "only one of the two sides is shut",
            ),
            Mistake(
                math.ceil(math.log(0.99) / math.log(BELOW_TWO)),
                "that leaves 1 % alive, or fewer",
            ),
        ],
        solution=r"From $\Phi(2)^B < 0.01$ follows "
        r"$B > \ln 0.01 / \ln 0.97725 = 200.1$, so 201 examples. A unit is dead only "
        "with respect to the examples there are.",
    ),
    Number(
        "05.3",
        asks="the variance, as a multiple of 1/n",
        truth=2 / (1 + (-1) ** 2),
        unit="/n",
        mistakes=[
            Mistake(2.0, "that is ReLU's, whose other half is shut"),
            Mistake(0.5, "that is what is kept of the variance with the slope 0"),
            Mistake(math.sqrt(2), "that is ReLU's standard deviation, not a variance"),
            Mistake(0.0, "the slope enters as a square: 1 + a², not 1 + a"),
            Mistake(-1.0, "a variance is not negative"),
        ],
        solution=r"It is $|z|$, whose slope is $\pm1$ everywhere. (5.6) gives the "
        "gain 1, so the variance is 1: as for the identity, nothing is lost, only "
        "folded.",
        right="nothing is lost, only folded",
    ),
]
