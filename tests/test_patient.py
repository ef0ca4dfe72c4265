"""The landing page's patient: its stored runs, and what its sentence says of them."""

import numpy as np
import pytest

from vgcourse import explorers
from vgcourse.explorers import _runs

# The stored numbers have three decimals. A float32 run of 200 steps, of which each
# rounding is magnified by the next steps, is the same on another machine to this.
SAME = 0.05


@pytest.mark.parametrize(("scale", "depth"), [(0.7, 30), (1.1, 5), (1.3, 30)])
def test_stored_runs_are_those_that_training_gives(scale: float, depth: int):
    runs = _runs.stored()
    loss, gradient, chance = _runs.run(_runs.Patient(), scale, depth)
    place = _runs.SCALES.index(scale), _runs.DEPTHS.index(depth)
    np.testing.assert_allclose(runs.gradient[place][:depth], gradient, atol=2e-3)
    np.testing.assert_array_equal(np.isnan(runs.loss[place]), np.isnan(loss))
    first = slice(0, 3)
    np.testing.assert_allclose(runs.loss[place][first], loss[first], rtol=2e-3)
    ends = runs.loss[place][-20:].mean(), loss[-20:].mean()
    np.testing.assert_allclose(*ends, rtol=SAME)
    np.testing.assert_allclose(runs.chance, chance, rtol=1e-12)


def test_the_first_layers_gradient_grows_by_the_scale_to_the_power_of_the_layers():
    # From the last z to the first stand depth − 1 matrices.
    runs = _runs.stored()
    he = _runs.SCALES.index(1.0)
    for d, depth in enumerate(_runs.DEPTHS):
        for s, scale in enumerate(_runs.SCALES):
            grown = runs.gradient[s, d, 0] - runs.gradient[he, d, 0]
            law = (depth - 1) * np.log10(scale)
            # In decades. Large outputs turn the gradient that comes from the loss.
            atol = 0.03 if scale <= 1 else 0.4
            np.testing.assert_allclose(grown, law, atol=atol)


@pytest.mark.parametrize(
    ("scale", "depth", "words"),
    [
        (0.7, 30, "does not learn"),
        (1.1, 30, "The network learns"),
        (1.5, 30, "Its loss is NaN at step 1."),
        (0.7, 5, "The network learns"),
        (1.2, 100, "NaN at step"),
    ],
)
def test_the_sentence_says_what_became_of_the_run(scale, depth, words):
    assert words in explorers.Patient(weight_scale=scale, depth=depth).sentence()


def test_the_cure_is_narrower_in_a_deeper_network():
    runs = _runs.stored()
    learned = np.nan_to_num(runs.loss[..., -20:].mean(axis=-1), nan=9) < 2.1
    assert learned.sum(axis=0).tolist() == [19, 4, 0]


def test_the_table_fits_in_forty_kilobytes():
    assert len(explorers.Patient().table) <= 40_000
