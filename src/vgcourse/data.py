"""Small real data that needs no download, and tasks made on the spot."""

import gzip
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from vgcourse._checks import FloatArray, RNGLike, check_count, check_real, check_rng

# The bytes that scikit-learn 1.9 ships, 57 kB: to read them no second package of
# 30 MB is needed, neither in Colab nor in the browser.
_DIGITS = "digits.csv.gz"

_MOST = 1e6  # turns, periods and noise; a sine of much more has no digit left


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs and what a network is to say of them.

    Attributes
    ----------
    x : ndarray of float, shape (examples, inputs)
        One example per row.
    y : ndarray of int, shape (examples,), or of float, shape (examples, outputs)
        Class labels from 0, or targets.
    """

    x: FloatArray
    y: NDArray[np.int64] | FloatArray

    def split(self, share: float, *, rng: RNGLike) -> tuple["Dataset", "Dataset"]:
        """Return two parts, drawn at random: `share` of the examples, and the others.

        Parameters
        ----------
        share : float
            Fraction of the examples in the first part, between 0 and 1.
        rng : int, SeedSequence or Generator
            Source of randomness.

        Raises
        ------
        ValueError or TypeError
            If one part would be empty, or `share` is not a number.
        """
        count = round(check_real("share", share) * len(self.x))
        if not 0 < count < len(self.x):
            message = f"share must leave examples on both sides, got {share}"
            raise ValueError(message)
        order = check_rng(rng).permutation(len(self.x))
        first, second = order[:count], order[count:]
        return (
            Dataset(self.x[first], self.y[first]),
            Dataset(self.x[second], self.y[second]),
        )


def digits() -> Dataset:
    """Return 1797 handwritten digits, 8 × 8 pixels each, and which digit they are.

    The pixels are shifted and scaled by one number each, so that over all images they
    have mean 0 and root mean square 1.

    Returns
    -------
    Dataset
        `x` of shape (1797, 64), row after row of each image; `y` from 0 to 9.

    Notes
    -----
    The test set of *Optical Recognition of Handwritten Digits* by E. Alpaydin and
    C. Kaynak (1998), UCI Machine Learning Repository, licensed CC BY 4.0; the file is
    the one that scikit-learn (BSD-3-Clause) distributes.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Cascading classifiers", Kybernetika 34, 1998.

    Examples
    --------
    >>> dataset = digits()
    >>> dataset.x.shape, dataset.y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    packed = files("vgcourse").joinpath(_DIGITS).read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    pixels = table[:, :-1].astype(np.float64)
    x = (pixels - pixels.mean()) / pixels.std()
    return Dataset(x, table[:, -1])


def spirals(
    count: int, *, arms: int = 2, turns: float = 1.0, noise: float = 0.0, rng: RNGLike
) -> Dataset:
    """Return points on spirals, and the arm that each lies on.

    Parameters
    ----------
    count : int
        Number of points, at least one for each arm.
    arms : int, default 2
        Number of spirals, the classes; at least 2.
    turns : float, default 1.0
        How often each winds around the middle.
    noise : float, default 0.0
        Standard deviation of what is added to both coordinates.
    rng : int, SeedSequence or Generator
        Source of randomness.

    Returns
    -------
    Dataset
        `x` of shape (count, 2) within the unit circle, but for the noise; labels `y`,
        as many of each class as `count` allows.

    Raises
    ------
    ValueError or TypeError
        If a count or a number is not as above.
    """
    arms = check_count("arms", arms, at_least=2)
    count = check_count("count", count, at_least=arms)
    turns = check_real("turns", turns, at_least=-_MOST, at_most=_MOST)
    noise = check_real("noise", noise, at_least=0, at_most=_MOST)
    rng = check_rng(rng)
    y = np.arange(count) % arms
    radius = np.sqrt(rng.uniform(0.01, 1, count))
    angle = 2 * np.pi * (turns * radius + y / arms)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Dataset(x + noise * rng.standard_normal(x.shape), y)


def wave(count: int, *, periods: float = 2.0, rng: RNGLike) -> Dataset:
    """Return numbers and the height of a sine there, a task for one input and output.

    Parameters
    ----------
    count : int
        Number of points.
    periods : float, default 2.0
        Periods of the sine between −1 and 1.
    rng : int, SeedSequence or Generator
        Source of randomness.

    Returns
    -------
    Dataset
        `x` of shape (count, 1), uniform between −1 and 1, and targets
        ``sin(π · periods · x)``.

    Raises
    ------
    ValueError or TypeError
        If `count` is no count or `periods` not a finite number.
    """
    count = check_count("count", count)
    periods = check_real("periods", periods, at_least=-_MOST, at_most=_MOST)
    x = check_rng(rng).uniform(-1, 1, (count, 1))
    return Dataset(x, np.sin(np.pi * periods * x))
