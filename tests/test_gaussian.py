"""Gaussian means against closed forms, and the tail against multi-precision."""

import math
import re

import mpmath as mp
import numpy as np
import pytest
from ground_truth import known

from vgcourse.activations import ACTIVATIONS
from vgcourse.gaussian import gaussian_mean, gaussian_pair_mean, gaussian_tail

QUADRATURE = 1e-12  # relative; about 1e-15 was seen


def test_gaussian_mean_equals_closed_forms():
    # E sin² = (1 − e^(−2q))/2 (row 5.26), E cos = e^(−q/2), E u⁴ = 3q².
    q = np.array([[0.0, 1e-3, 0.7], [1.0, 3.0, 10.0]])
    tails = [math.erfc(0.3 / math.sqrt(2 * v)) / 2 if v else 0 for v in q.flat]
    for function, mean in [
        (lambda u: np.sin(u) ** 2, -np.expm1(-2 * q) / 2),
        (np.cos, np.exp(-q / 2)),
        (lambda u: u**4, 3 * q**2),
        (lambda u: (u > 0.3).astype(float), np.reshape(tails, q.shape)),
    ]:
        found = gaussian_mean(function, variance=q, kinks=(0.3,))
        assert found.shape == q.shape
        np.testing.assert_allclose(found, mean, rtol=QUADRATURE, atol=1e-15)


def test_gaussian_mean_of_a_squasher_is_right_at_any_variance():
    # E erf² = (2/π) asin(2q/(1 + 2q)), E erf′² = (4/π)/√(1 + 4q).
    q = np.concatenate([10.0 ** np.arange(-12, 13), [0.7]])
    erf = np.vectorize(math.erf)
    value = gaussian_mean(lambda u: erf(u) ** 2, variance=q)
    slope = gaussian_mean(
        lambda u: 4 / math.pi * np.exp(-2 * np.minimum(np.abs(u), 40) ** 2), variance=q
    )
    expected = 2 / math.pi * np.arcsin(2 * q / (1 + 2 * q))
    # The closed form itself loses half the digits where the arcsine is steep.
    np.testing.assert_allclose(value[q < 1e6], expected[q < 1e6], rtol=1e-11)
    np.testing.assert_allclose(slope, 4 / math.pi / np.sqrt(1 + 4 * q), rtol=QUADRATURE)
    assert math.isclose(value[-1], known("5.26")[0], rel_tol=1e-11)
    assert math.isclose(slope[-1], known("5.26")[1], rel_tol=1e-11)


@pytest.mark.parametrize(
    ("variance", "error", "message"),
    [
        (-0.5, ValueError, "variance must be at least 0, got -0.5"),
        ([1.0, np.nan], ValueError, "variance must be finite, got nan"),
        ("1", TypeError, "variance must be an array of real numbers, got dtype <U1"),
    ],
)
def test_gaussian_mean_refuses_what_is_no_variance(variance, error, message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        gaussian_mean(np.cos, variance=variance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussian_tail_is_right_to_a_few_units_in_the_last_place(dtype: type):
    y = np.linspace(0, 40, 801).astype(dtype)
    with np.errstate(under="ignore"):
        tail, bell = gaussian_tail(y)
    with mp.workdps(30):
        tails = [float(mp.erfc(mp.mpf(float(v)) / mp.sqrt(2)) / 2) for v in y]
        bells = [float(mp.exp(-(mp.mpf(float(v)) ** 2) / 2)) for v in y]
    limits = np.finfo(dtype)
    # What ends as a subnormal number has fewer digits, down to none.
    floor = 100 * float(limits.smallest_subnormal)
    tolerance = 5 * float(limits.eps)
    np.testing.assert_allclose(tail, tails, rtol=tolerance, atol=floor)
    np.testing.assert_allclose(bell, bells, rtol=tolerance, atol=floor)


# What oscillates, or jumps where nobody said ------------------------------------------


@pytest.mark.parametrize("variance", [1.0, 1e2, 1e4, 1e6])
def test_gaussian_mean_of_a_fast_oscillation_is_right(variance: float):
    # E sin² u = (1 − e^(−2q))/2, over up to ten thousand periods.
    mean = gaussian_mean(lambda u: np.sin(u) ** 2, variance=variance)
    assert math.isclose(mean, -math.expm1(-2 * variance) / 2, rel_tol=1e-11)


def test_gaussian_mean_of_a_steep_slope_is_right():
    # The slope of sin 30z: E (30 cos 30z)² = 450 (1 + e^(−1800)).
    mean = gaussian_mean(lambda u: (30 * np.cos(30 * u)) ** 2)
    assert math.isclose(mean, 450, rel_tol=1e-11)


def test_rows_that_need_more_panels_do_not_disturb_the_others():
    variance = np.array([[1.0, 1e4], [1e-3, 400.0]])
    mean = gaussian_mean(lambda u: np.sin(u) ** 2, variance=variance)
    np.testing.assert_allclose(mean, -np.expm1(-2 * variance) / 2, rtol=1e-11)


@pytest.mark.parametrize("jump", [-3.3, 0.3, 1.7])
def test_gaussian_mean_finds_a_jump_that_was_not_named(jump: float):
    mean = gaussian_mean(lambda u: (u > jump).astype(float))
    assert math.isclose(mean, math.erfc(jump / math.sqrt(2)) / 2, rel_tol=1e-11)


def test_gaussian_mean_says_what_it_cannot_do():
    message = r"^function must not change so fast: over a variance of 1e\+20 its mean"
    with pytest.raises(ValueError, match=message):
        gaussian_mean(lambda u: np.sin(u) ** 2, variance=1e20)


@pytest.mark.parametrize("wrong", [None, 1j, [1.0, 2.0]])
def test_gaussian_mean_says_what_a_function_returned_in_place_of_numbers(wrong):
    message = (
        f"^function must return a real number for each, got {re.escape(repr(wrong))}"
    )
    with pytest.raises(TypeError, match=message):
        gaussian_mean(lambda _: wrong)


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu", "silu", "elu"])
def test_what_the_course_averages_takes_one_evaluation(name: str):
    activation = ACTIVATIONS[name]
    calls = []

    def square_of_slope(u: np.ndarray) -> np.ndarray:
        calls.append(u.shape)
        return activation.derivative(u) ** 2

    variances = 10.0 ** np.arange(-20, 21)
    gaussian_mean(square_of_slope, variance=variances, kinks=activation.kinks)
    assert len(calls) == 1


# Two variables ------------------------------------------------------------------------

PAIR = 1e-10
CORRELATIONS = np.array(
    [-1, -1 + 1e-6, -0.9, -0.5, 0, 1e-9, 0.3, 0.5, 0.99, 1 - 1e-8, 1 - 1e-13, 1]
)


def relu(u):
    return np.maximum(u, 0.0)


def step(u):
    return (u > 0).astype(float)


@pytest.mark.parametrize("variances", [(1.0, 1.0), (1e-4, 30.0)])
def test_pair_mean_of_rectifiers_is_the_arc_cosine_kernel(variances):
    # Y. Cho and L. Saul, 2009: E relu relu = √(qp)(sin θ + (π − θ) cos θ)/2π.
    q, p = variances
    theta = np.arccos(CORRELATIONS)
    values = gaussian_pair_mean(
        relu, relu, correlation=CORRELATIONS, variance=q, second_variance=p
    )
    kernel = (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / (2 * np.pi)
    np.testing.assert_allclose(values, math.sqrt(q * p) * kernel, rtol=0, atol=PAIR)
    slopes = gaussian_pair_mean(
        step, step, correlation=CORRELATIONS, variance=q, second_variance=p
    )
    np.testing.assert_allclose(slopes, (np.pi - theta) / (2 * np.pi), rtol=0, atol=PAIR)


@pytest.mark.parametrize("variances", [(0.7, 0.7), (1e-6, 2.0), (100.0, 3.0)])
def test_pair_mean_of_sines_equals_its_closed_form(variances):
    # E sin u sin v = e^(−(q + p)/2) sinh(c √(qp)).
    q, p = variances
    found = gaussian_pair_mean(
        np.sin, np.sin, correlation=CORRELATIONS, variance=q, second_variance=p
    )
    root = math.sqrt(q * p)
    # sinh in two exponentials: neither overflows beside the factor before it.
    up = np.exp(CORRELATIONS * root - (q + p) / 2)
    down = np.exp(-CORRELATIONS * root - (q + p) / 2)
    np.testing.assert_allclose(found, (up - down) / 2, rtol=0, atol=PAIR)


@pytest.mark.parametrize("variance", [1e-3, 0.7, 50.0])
def test_pair_mean_of_error_functions_is_an_arcsine(variance: float):
    # C. Williams, 1997: E erf erf = (2/π) asin(2cq/(1 + 2q)).
    erf = np.vectorize(math.erf)
    correlations = CORRELATIONS[::2]
    found = gaussian_pair_mean(erf, erf, correlation=correlations, variance=variance)
    ratio = 2 * correlations * variance / (1 + 2 * variance)
    np.testing.assert_allclose(found, 2 / np.pi * np.arcsin(ratio), rtol=0, atol=PAIR)


def test_pair_mean_knows_kinks_that_are_not_at_zero():
    # Windows on both sides: for independent variables the product of two tails.
    found = gaussian_pair_mean(
        lambda u: (u > 0.3).astype(float),
        lambda v: (v > -1.1).astype(float),
        correlation=[0.0, 1.0],
        kinks=(0.3, -1.1),
    )
    tails = [math.erfc(edge / math.sqrt(2)) / 2 for edge in (0.3, -1.1)]
    expected = [tails[0] * tails[1], tails[0]]
    np.testing.assert_allclose(found, expected, rtol=0, atol=PAIR)


def test_pair_mean_may_be_taken_in_either_order():
    tanh, gelu = ACTIVATIONS["tanh"].function, ACTIVATIONS["gelu"].function
    one = gaussian_pair_mean(
        tanh, gelu, correlation=0.6, variance=3.0, second_variance=0.2
    )
    other = gaussian_pair_mean(
        gelu, tanh, correlation=0.6, variance=0.2, second_variance=3.0
    )
    assert math.isclose(one, other, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("sigma_w", "q", "correlation", "slope"),
    [
        (2.5, None, *known("5.7")),
        (1.5, known("5.4")[0], *known("5.9")),
    ],
)
def test_pair_mean_finds_the_correlation_at_which_chaos_settles(
    sigma_w: float, q: float | None, correlation: float, slope: float
):
    # tanh with sigma_b 0.3: q* first, then the stable fixed point of the map of c.
    tanh = ACTIVATIONS["tanh"]
    found_q = 1.0
    for _ in range(200):
        square = gaussian_mean(lambda u: tanh.function(u) ** 2, variance=found_q)
        found_q = float(sigma_w**2 * square + 0.09)
    assert q is None or math.isclose(found_q, q, rel_tol=1e-9)
    product = gaussian_pair_mean(
        tanh.function, tanh.function, correlation=correlation, variance=found_q
    )
    assert abs((sigma_w**2 * product + 0.09) / found_q - correlation) < 1e-10
    slopes = gaussian_pair_mean(
        tanh.derivative, tanh.derivative, correlation=correlation, variance=found_q
    )
    assert abs(sigma_w**2 * slopes - slope) < 1e-9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"correlation": 1.5}, ValueError, "correlation must be from -1 to 1, got 1.5"),
        ({"variance": -1}, ValueError, "variance must be at least 0, got -1"),
        (
            {"second_variance": -2},
            ValueError,
            "second_variance must be at least 0, got -2",
        ),
        ({"correlation": np.nan}, ValueError, "correlation must be finite, got nan"),
    ],
)
def test_pair_mean_says_what_is_wrong(options, error, message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        gaussian_pair_mean(np.sin, np.cos, **({"correlation": 0.5} | options))
