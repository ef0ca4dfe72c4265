"""Chains of single units against complex steps and plain Python."""

import math

import numpy as np
import pytest
from ground_truth import known

from vgcourse.unit_chain import unit_chain

EXACT = 1e-12  # the same arithmetic, reordered


def test_unit_chain_equals_the_recursion_written_out():
    a, w, b = 0.3, -1.7, 0.2
    run = unit_chain(w, a, bias=b, activation="tanh", depth=5)
    for layer in range(5):
        z = w * a + b
        a = math.tanh(z)
        assert math.isclose(run.z[layer], z, rel_tol=EXACT)
        assert math.isclose(run.h[layer], a, rel_tol=EXACT)
        assert math.isclose(run.factors[layer], w / math.cosh(z) ** 2, rel_tol=EXACT)


def test_factors_multiply_up_to_the_derivative():
    # Row 1.1 of the ground truth: a 12-layer tanh chain against a complex step.
    step = 1e-30
    a = 0.4 + 1j * step
    for _ in range(12):
        a = np.tanh(1.3 * a - 0.1)
    run = unit_chain(1.3, 0.4, bias=-0.1, activation="tanh", depth=12)
    np.testing.assert_allclose(run.factors.prod(), a.imag / step, rtol=EXACT)


def test_sigmoid_chain_tends_to_its_fixed_point_not_to_the_bound():
    fixed_point, factor = known("1.8")
    run = unit_chain(1.0, 0.5, activation="sigmoid", depth=60)
    np.testing.assert_allclose(run.h[-1], fixed_point, rtol=EXACT)
    np.testing.assert_allclose(run.factors[-1], factor, rtol=EXACT)


def test_tanh_chain_decays_like_a_power_of_depth():
    power, limit = known("1.9")
    run = unit_chain(1.0, 0.5, activation="tanh", depth=100_000)
    sums = np.cumsum(np.log(run.factors))
    exponent = (sums[99_999] - sums[49_999]) / math.log(2)
    assert abs(exponent - power) < 2e-4
    assert abs(run.h[-1] * math.sqrt(2 * 100_000 / 3) - limit) < 1e-3


def test_unit_chain_broadcasts_weights_and_inputs():
    run = unit_chain([[0.5], [2.0]], [1.0, 2.0, 3.0], activation="identity", depth=4)
    assert run.h.shape == (2, 3, 4)
    np.testing.assert_allclose(run.h[1, 2], 3.0 * 2.0 ** np.arange(1, 5), rtol=EXACT)


def test_unit_chain_that_overflows_is_held_at_the_largest_number():
    run = unit_chain(1e200, 1.0, activation="identity", depth=4)
    assert np.isfinite(run.h).all()
    assert (run.factors == 1e200).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"weight": np.nan}, ValueError, "weight must be finite"),
        ({"start": np.inf}, ValueError, "start must be finite"),
        ({"bias": "x"}, TypeError, "bias must be an array of real numbers"),
        ({"depth": 0}, ValueError, "depth must be at least 1, got 0"),
        ({"activation": "step"}, ValueError, "sigmoid"),
        ({"weight": [1, 2], "start": [1, 2, 3]}, ValueError, "shape"),
    ],
)
def test_unit_chain_says_what_is_wrong(arguments, error, message):
    good = {"weight": 1.0, "start": 0.5, "activation": "tanh", "depth": 3}
    given = good | arguments
    with pytest.raises(error, match=message):
        unit_chain(given.pop("weight"), given.pop("start"), **given)
