"""The exercises of chapter 3, random factors."""

import math

from vgcourse.exercises.kinds import Choice, Exercise, Mistake, Number

GOOD, BAD, YEARS = 1.5, 0.6, 20
INPUTS, RMS, STD = 64, 3.0, 0.25
OPEN, LAYERS = 0.25, 6
WIDTH = 10
RATE = -1 / (2 * WIDTH)  # of the RMS, in nats per layer

EXERCISES: list[Exercise] = [
    Number(
        "03.1",
        asks="the factor",
        truth=(GOOD * BAD) ** (YEARS / 2),
        rtol=0.01,
        mistakes=[
            Mistake(
                ((GOOD + BAD) / 2) ** YEARS,
                "that is the average, held up by a few lucky stretches of twenty years",
            ),
            Mistake(
                (GOOD * BAD) ** YEARS,
                "0.9 is what a good and a bad year make together, and twenty years "
                "are ten such pairs",
            ),
            Mistake(GOOD * BAD, "that is one good year and one bad one; take twenty"),
            Mistake(
                YEARS / 2 * math.log(GOOD * BAD),
                "that is the logarithm of the factor",
            ),
            Mistake(
                1.0, "what is gained in one year is not lost in the next: multiply"
            ),
        ],
        solution=r"A good year and a bad one multiply by $1.5 \cdot 0.6 = 0.9$. Twenty "
        r"years are, typically, ten such pairs: $0.9^{10} = 0.35$. The average, "
        r"$1.05^{20} = 2.65$, belongs to a few lucky stretches of twenty years.",
    ),
    Number(
        "03.2",
        asks="the RMS",
        truth=math.sqrt(INPUTS) * STD * RMS,
        mistakes=[
            Mistake(
                INPUTS * STD * RMS,
                "that adds up sizes; independent terms add up in their squares",
            ),
            Mistake(
                INPUTS * STD**2 * RMS**2,
                "that is the mean square; the RMS is its root",
            ),
            Mistake(
                math.sqrt(INPUTS * STD) * RMS,
                "0.25 is the standard deviation; the variance is its square",
            ),
            Mistake(STD * RMS, "that is the size of one term, and there are 64"),
        ],
        solution=r"By (3.5) the mean square is $64 \cdot 0.25^2 \cdot 3^2 = 36$, and "
        r"its root is $\sqrt{64} \cdot 0.25 \cdot 3 = 6$.",
    ),
    Number(
        "03.3",
        asks="the share",
        truth=math.sqrt(OPEN) ** LAYERS,
        mistakes=[
            Mistake(
                OPEN**LAYERS,
                "that is the share of open paths, and of the mean square; the RMS is "
                "its root",
            ),
            Mistake(math.sqrt(OPEN), "that is one layer; there are six"),
            Mistake(
                OPEN,
                "that is the mean square after one layer; six layers and the root are "
                "asked for",
            ),
            Mistake(
                1.0,
                "the open units do not make up for the shut ones by themselves",
            ),
        ],
        solution=r"Of the paths the share $(1/4)^6$ is open, and so much is left of "
        r"the mean square. The RMS is the root: $(1/2)^6 = 1/64$.",
    ),
    Choice(
        "03.4",
        asks="the kind of network",
        options=["A", "B", "C", "D"],
        truth="B",
        mistakes=[
            Mistake(
                "A",
                "all curves fall together: a larger variance cures that",
            ),
            Mistake("C", "this one is healthy: level, and hardly any scatter"),
            Mistake(
                "D",
                "all curves rise together: a smaller variance cures that",
            ),
        ],
        solution="B, the narrow one. Its curves fan out, and a variance moves all of "
        "them alike: it can lift the fan or lower it, and never close it. What helps "
        "is a larger width or a smaller depth. A and D have the wrong variance; C is "
        "fine.",
        right="the curves fan out: depth divided by width is too large, and a variance "
        "moves all of them alike",
    ),
    Number(
        "03.5",
        asks="the value of 10v",
        truth=math.exp(-2 * RATE),
        rtol=0.01,
        mistakes=[
            Mistake(
                math.exp(-RATE),
                "that is the gain, a factor of the deviation; 10v is a variance",
            ),
            Mistake(
                1.0,
                "that keeps the mean square level; a typical network sinks",
            ),
            Mistake(
                math.exp(2 * RATE),
                "that lowers the weights; the typical signal sinks, so raise them",
            ),
            Mistake(
                math.exp(-4 * RATE),
                "the RMS loses 1/(2n) nats per layer, and its square 1/n",
            ),
        ],
        solution=r"By (3.6) the rate is zero if $\ln g = 1/(2n) = 0.05$: $g = 1.05$. "
        r"A gain multiplies standard deviations, so $10\, v = g^2 = e^{0.1} = 1.105$. "
        r"(The table's measured gain, squared, is 1.11.) With it the mean square grows "
        r"by 1.105 per layer.",
    ),
    Number(
        "03.6",
        asks="the share p",
        truth=1 / 3,
        rtol=0.01,
        mistakes=[
            Mistake(
                1.0,
                "that makes the average largest, and the typical island dies out",
            ),
            Mistake(0.0, "then nothing ever grows"),
            Mistake(
                2 / 3,
                "there growth is back at zero; the best share lies half way",
            ),
            Mistake(
                0.5, "that grows, by 1.025 a year, but a smaller share grows faster"
            ),
        ],
        solution=r"A good year and a bad one multiply by $(1 + p)(1 - 0.6 p) = "
        r"1 + 0.4 p - 0.6 p^2$, which is largest at $p = 1/3$: there it is 1.067, so "
        "1.03 a year. The same weather that kills an island which sows everything "
        "lets this one grow.",
    ),
]
