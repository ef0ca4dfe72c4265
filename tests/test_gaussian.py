"""Gaussian means against closed forms, and the tail against multi-precision."""

import math
import re

import mpmath as mp
import numpy as np
import pytest

from vgcourse.gaussian import gaussian_mean, gaussian_tail

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
    # Row 5.26: E erf² = (2/π) asin(2q/(1 + 2q)), E erf′² = (4/π)/√(1 + 4q).
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
    assert math.isclose(value[-1], 0.396503719029, rel_tol=1e-11)
    assert math.isclose(slope[-1], 0.653158104959, rel_tol=1e-11)


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
