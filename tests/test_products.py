"""Products of scalars and matrices, against slow loops, exact and multi-precision."""

import math
from itertools import permutations

import mpmath as mp
import numpy as np
import pytest
from ground_truth import known
from hypothesis import given, settings
from hypothesis import strategies as st

from vgcourse import _graded_qr, formats, products

EXACT = 1e-12  # same arithmetic, reordered
DECADES = 1e-11  # in log10 of values up to 1e3, whose own spacing is 1e-13


def precise_log10_singular_values(matrices, digits=1500):
    """Multiply, then decompose, in multi-precision; −inf below all digits."""
    with mp.workdps(digits):
        product = mp.matrix(np.asarray(matrices[0]).tolist())
        for J in matrices[1:]:
            product = mp.matrix(np.asarray(J).tolist()) * product
        if product.rows < product.cols:
            product = product.T
        values = sorted(mp.svd_r(product, compute_uv=False), reverse=True)
        floor = values[0] * mp.mpf(10) ** (-0.9 * digits)
        return np.array([float(mp.log10(s)) if s > floor else -np.inf for s in values])


def assert_precise(matrices, digits=1500):
    expected = precise_log10_singular_values(matrices, digits)
    found = products.log10_singular_values(matrices)
    np.testing.assert_allclose(found, expected, rtol=0, atol=DECADES)


def orthogonal(n, rng):
    return np.linalg.qr(rng.standard_normal((n, n))).Q


def digamma(x):
    return float(mp.digamma(x))


def within_six_errors(sample, expected):
    assert abs(np.mean(sample) - expected) < 6 * np.std(sample) / math.sqrt(sample.size)


# Products of scalars ----------------------------------------------------------------


def test_log10_products_of_a_constant_gain_are_those_of_the_ground_truth():
    def product(gain, depth):
        return 10 ** products.log10_products([gain] * depth)[-1]

    found = [product(1.5, depth) for depth in (10, 50, 100)]
    np.testing.assert_allclose(found, known("1.2"), rtol=EXACT)
    found = [product(0.5, 50), product(0.5, 100), product(0.25, 50)]
    np.testing.assert_allclose(found, known("1.3"), rtol=EXACT)


@settings(max_examples=40)
@given(st.lists(st.floats(-8, 8).filter(lambda f: abs(f) > 0.1), min_size=1))
def test_log10_products_equal_naive_products_on_short_chains(factors):
    factors = factors[:60]
    naive = formats.naive_products(factors)
    np.testing.assert_allclose(
        products.log10_products(factors), np.log10(np.abs(naive)), rtol=0, atol=EXACT
    )


def test_log10_products_run_along_the_last_axis_and_stay_zero():
    factors = np.array([[[10.0, -10.0, 1e300]], [[1e-300, 0.0, 5.0]]])
    expected = [[[1, 2, 302]], [[-300, -np.inf, -np.inf]]]
    np.testing.assert_allclose(products.log10_products(factors), expected, rtol=EXACT)
    assert (
        products.log10_products(np.ones((2, 5), dtype=np.float16)).dtype == np.float64
    )


def test_lognormal_products_follow_the_mean_of_the_log():
    # Claims C01, C05, C06: mean 1, a small median, P(product > 1) small.
    rate, median, above, _ = known("2.1")
    z = np.random.default_rng(0).standard_normal((100_000, 20))
    nats = products.log10_products(np.exp(z - 0.5))[:, -1] * math.log(10)
    within_six_errors(nats, 20 * rate)
    assert math.isclose(above, mp.ncdf(-mp.sqrt(5)), rel_tol=1e-6)
    within_six_errors((nats > 0).astype(float), above)
    # The median's standard error is √(π/2) times that of the mean.
    error = math.sqrt(math.pi / 2 * 20 / nats.size)
    assert abs(np.median(nats) - math.log(median)) < 6 * error


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        # E and Var of log|X|.
        (lambda rng, n: rng.uniform(0, 2, n), *known("2.2")),
        (
            lambda rng, n: rng.standard_normal(n),
            *known("2.5")[:2],
        ),
        (lambda rng, n: rng.exponential(1, n), known("2.6")[1], math.pi**2 / 6),
        (
            lambda rng, n: rng.choice([0.5, 1.5], n),
            known("2.6")[0],
            (math.log(3) / 2) ** 2,
        ),
    ],
)
def test_long_random_products_grow_by_the_mean_of_the_log(draw, mean, variance):
    depth = 400_000
    factors = draw(np.random.default_rng(1), depth)
    nats = products.log10_products(factors)[-1] * math.log(10)
    assert abs(nats / depth - mean) < 6 * math.sqrt(variance / depth)


def test_average_of_many_products_misses_their_mean():
    # The true mean is exactly 1.
    factors = np.random.default_rng(0).uniform(0, 2, (20_000, 200))
    assert np.mean(10 ** products.log10_products(factors)[:, -1]) < known("2.4")[0]


# Norms ------------------------------------------------------------------------------


def test_log_norms_equal_naive_norms_on_short_chains():
    rng = np.random.default_rng(3)
    matrices = [
        rng.standard_normal(shape) for shape in [(5, 3), (4, 5), (1, 4), (6, 1)]
    ]
    x, norms = rng.standard_normal(3), []
    h = x
    for J in matrices:
        h = J @ h
        norms.append(np.linalg.norm(h))
    np.testing.assert_allclose(
        products.log10_norms(matrices, x), np.log10(norms), rtol=0, atol=EXACT
    )


def test_log_norms_of_a_constant_gain_grow_on_a_line_at_any_depth():
    # Claim C03, rows 1.2 and 1.3.
    depth = np.arange(1, 2001)
    for gain in (1.5, 0.5):
        norms = products.log10_norms([gain * np.eye(3)] * 2000, [3, 0, 4])
        np.testing.assert_allclose(
            norms, math.log10(5) + depth * math.log10(gain), rtol=EXACT
        )


def test_log_norms_keep_components_hundreds_of_decades_apart():
    J = np.diag([1e300, 1e-300])
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = products.log10_norms([J, J, J, swap, J, J, J, J], [1, 1])
    expected = [300, 600, 900, 900, 600, 300, 0, 300]
    np.testing.assert_allclose(
        found[[*range(6), 7]], np.r_[expected[:6], 300], atol=1e-9
    )
    np.testing.assert_allclose(found[6], math.log10(2) / 2, atol=1e-9)


def test_log_norms_of_nothing_are_minus_infinity():
    assert np.isneginf(products.log10_norms([np.eye(2)] * 2, [0, 0])).all()
    assert np.isneginf(products.log10_norms(np.diag([1.0, 0])[None], [0, 1])).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 30))
def test_log_norms_are_homogeneous(seed, width, depth):
    rng = np.random.default_rng(seed)
    matrices, x = rng.standard_normal((depth, width, width)), rng.standard_normal(width)
    scaled = products.log10_norms(1e250 * matrices, 1e-250 * x)
    shift = 250 * np.arange(depth)
    np.testing.assert_allclose(
        scaled - shift, products.log10_norms(matrices, x), rtol=0, atol=1e-10
    )


# Singular values --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "depth"), [(1, 50), (2, 200), (3, 100), (5, 60), (8, 20)]
)
@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_singular_values_of_random_products_are_precise(n, depth, scale):
    # The largest cases leave the range by far: 1e200 ** 200.
    rng = np.random.default_rng(n)
    assert_precise(scale * rng.standard_normal((depth, n, n)), 600)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_singular_values_survive_one_factor_that_spans_300_decades(order):
    D = np.diag(np.array([1e150, 1.0, 1e-150])[list(order)])
    rng = np.random.default_rng(0)
    U, V = orthogonal(3, rng), orthogonal(3, rng)
    G = rng.standard_normal((3, 3, 3))
    np.testing.assert_allclose(
        products.log10_singular_values([U, D, V]), [150, 0, -150], atol=DECADES
    )
    assert_precise([D, G[0], D, G[1], D])
    assert_precise([G[0] @ D, G[1], D @ G[2]])  # scaled columns, then scaled rows
    assert_precise([D, V, np.linalg.inv(D)])


@pytest.mark.parametrize("seed", range(12))
def test_singular_values_of_badly_scaled_factors_are_precise(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))

    def size(shape):
        return 10.0 ** rng.uniform(-100, 100, shape)

    kinds = [
        lambda G: G,
        lambda G: G * size((n, 1)),
        lambda G: G * size(n),
        lambda _: np.diag(size(n)),
        lambda _: np.eye(n)[rng.permutation(n)],
    ]
    matrices = [kinds[rng.integers(5)](rng.standard_normal((n, n))) for _ in range(6)]
    assert_precise(matrices, 3000)


def test_singular_values_come_back_when_growth_is_undone():
    # Each half spans 80 decades, the whole none.
    up, down = np.diag([10.0, 0.1]), np.diag([0.1, 10.0])
    found = products.log10_singular_values([up] * 40 + [down] * 40)
    np.testing.assert_allclose(found, [0, 0], atol=DECADES)
    U = orthogonal(2, np.random.default_rng(0))
    found = products.log10_singular_values([up] * 100 + [U] + [down] * 100)
    assert_precise([up] * 100 + [U] + [down] * 100)
    assert found[0] > 190


def test_singular_values_of_non_normal_products_are_precise():
    jordan = np.eye(4) + 10 * np.eye(4, k=1)
    assert_precise([jordan] * 50)
    assert_precise([np.array([[0.9, 5], [0, 0.8]])] * 300)


@pytest.mark.parametrize(
    "widths", [(3, 5, 4, 7, 2), (6, 2, 6), (6, 1, 6), (2, 7, 9), (9, 7, 2), (1, 4, 1)]
)
def test_singular_values_of_changing_widths_are_precise(widths):
    rng = np.random.default_rng(0)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    matrices = [rng.standard_normal(shape) for shape in shapes]
    values = products.log10_singular_values(matrices)
    assert values.shape == (min(widths[0], widths[-1]),)
    assert np.isneginf(values).sum() == values.size - min(widths)
    assert_precise(matrices, 200)


@pytest.mark.parametrize(
    ("matrices", "rank"),
    [
        ([np.ones((2, 2))], 1),
        ([np.outer([1.0, 3, -2], [0.3, 0.7, 11])], 1),
        ([np.zeros((2, 3)), np.ones((2, 2))], 0),
        ([np.diag([1.0, 0, 1]), np.diag([0.0, 1, 1])], 1),
        ([np.diag([1.0, 0, 0]), np.diag([0.0, 1, 1]), np.eye(3)], 0),
        ([np.array([[1.0, 2], [2, 4]]), np.diag([1e200, 1e-200])], 1),
        ([np.diag([1e-9, 0.0])] * 100, 1),
    ],
)
def test_singular_values_of_a_product_without_full_rank_hold_zeros(matrices, rank):
    values = products.log10_singular_values(matrices)
    assert np.isfinite(values).sum() == rank
    assert np.isneginf(values[rank:]).all()
    if rank == 1:
        top = precise_log10_singular_values(matrices)[0]
        np.testing.assert_allclose(values[0], top, rtol=0, atol=DECADES)


def test_dead_units_take_rank_from_wide_products():
    rng = np.random.default_rng(0)
    masks = rng.random((6, 40, 1)) < 0.5
    matrices = rng.standard_normal((6, 40, 40)) * masks
    # Almost surely the rank is that of the narrowest layer.
    values = products.log10_singular_values(matrices)
    assert np.isfinite(values).sum() == masks.sum(axis=1).min()


@pytest.mark.parametrize("n", [1, 6, 33, 64])
def test_orthogonal_products_are_isometries(n):
    # Row 6.8: condition number 1 up to round-off at depth 100.
    rng = np.random.default_rng(n)
    matrices = [orthogonal(n, rng) for _ in range(100)]
    values = products.log10_singular_values(matrices)
    assert 10 ** (values[0] - values[-1]) - 1 < 1e-11
    gained = products.log10_singular_values([1e3 * Q for Q in matrices])
    np.testing.assert_allclose(gained, 300, rtol=1e-13)


def test_singular_values_are_those_of_numpy_and_of_the_transposes():
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((4, 64, 64)) / 8
    values = products.log10_singular_values(matrices)
    product = np.linalg.multi_dot(list(matrices[::-1]))
    plain = np.linalg.svd(product, compute_uv=False)
    # LAPACK's errors are small beside the largest value only.
    np.testing.assert_allclose(10**values, plain, rtol=0, atol=1e-13 * plain[0])
    back = products.log10_singular_values([J.T for J in matrices[::-1]])
    np.testing.assert_allclose(values, back, rtol=0, atol=1e-10)


def test_wide_deep_products_keep_the_determinant_and_their_transpose():
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((200, 64, 64)) / 8
    values = products.log10_singular_values(matrices)
    nats = np.linalg.slogdet(matrices).logabsdet.sum()
    np.testing.assert_allclose(values.sum(), nats / math.log(10), rtol=EXACT)
    back = products.log10_singular_values(matrices.transpose(0, 2, 1)[::-1])
    np.testing.assert_allclose(values, back, rtol=0, atol=1e-9)
    assert np.all(np.diff(values) < 0)


def test_both_ways_to_factorize_agree(monkeypatch):
    # LAPACK where it needs no pivots, Householder with pivots elsewhere.
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((30, 9, 9))
    fast = products.log10_singular_values(matrices)
    monkeypatch.setattr(_graded_qr, "_plain_qr", lambda *_: None)
    slow = products.log10_singular_values(matrices)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=DECADES)


@pytest.mark.parametrize(
    ("A", "log2_size", "noise", "plain"),
    [
        ([[1, 2], [3, 4]], [0, 0], 1e-15, True),
        ([[1, 2], [3, 4]], [0, 20], 1e-15, False),  # the second column goes first
        ([[1, 1e-9], [3, 4]], [0, 0], 1e-15, False),  # a small entry to keep
        ([[1, 2], [2, 4]], [0, 0], 1e-14, False),  # no rank to go on
    ],
)
def test_lapack_is_left_where_pivots_matter(A, log2_size, noise, plain):
    found = _graded_qr._plain_qr(np.array(A, dtype=float), np.array(log2_size), noise)
    assert (found is not None) == plain


def test_singular_values_reach_the_ends_of_the_range():
    rng = np.random.default_rng(0)
    largest = np.finfo(np.float64).max * rng.uniform(0.5, 1, (3, 3))
    smallest = 2.0**-1022 * rng.standard_normal((3, 3))
    assert_precise([largest, largest, smallest, largest])
    assert_precise([np.diag([1.7e308, 3e-308, 1.0]), largest, smallest])
    masked = largest * np.array([[1], [0], [1]])
    assert np.isfinite(products.log10_singular_values([masked] * 5)).sum() == 2


# Lyapunov exponents -----------------------------------------------------------------


def ginibre_exponents(n):
    """Rows 2.7 and 2.11: those of products of n × n matrices of N(0, 1/n) entries."""
    return np.array([(math.log(2 / n) + digamma((n - i) / 2)) / 2 for i in range(n)])


def ginibre_errors(n, depth):
    """Row 2.10: the log of a chi variable of k degrees has variance ψ′(k/2)/4."""
    variances = [float(mp.polygamma(1, (n - i) / 2)) / 4 for i in range(n)]
    return np.sqrt(np.array(variances) / depth)


@pytest.mark.parametrize(
    ("n", "top"),
    [
        *zip((1, 2, 10, 100), known("2.7"), strict=True),
        *zip((1, 2, 10, 100), known("2.8"), strict=True),
    ],
)
def test_top_exponent_of_the_closed_form_is_that_of_the_ground_truth(n, top):
    assert abs(ginibre_exponents(n)[0] - top) < 1e-9


def test_exponents_of_the_closed_form_sum_up_to_the_mean_log_determinant():
    np.testing.assert_allclose(ginibre_exponents(4).sum(), known("2.11")[0], rtol=1e-9)


@pytest.mark.parametrize(("n", "depth"), [(1, 2000), (2, 2000), (4, 2000), (10, 1000)])
def test_exponents_of_gaussian_products_are_newmans(n, depth):
    # Rows 2.7 and 2.11. Pivots and the first layers shift the sum by O(1) nats.
    matrices = np.random.default_rng(n).standard_normal((depth, n, n)) / math.sqrt(n)
    found = products.lyapunov_exponents(matrices)
    margin = 6 * ginibre_errors(n, depth) + 3 / depth
    assert np.all(np.abs(found - ginibre_exponents(n)) < margin)


def test_gain_that_makes_a_typical_norm_neutral_exceeds_one():
    # g = exp(−λ₁), exp(γ/2) for n = 2.
    gains = [math.exp(-ginibre_exponents(n)[0]) for n in (2, 10, 100)]
    np.testing.assert_allclose(gains, known("2.9"), rtol=1e-9)
    gain = gains[0]
    matrices = np.random.default_rng(5).standard_normal((2000, 2, 2)) / math.sqrt(2)
    neutral = products.lyapunov_exponents(gain * matrices)[0]
    shift = products.lyapunov_exponents(matrices)[0] + math.log(gain)
    np.testing.assert_allclose(neutral, shift, rtol=0, atol=1e-12)
    assert abs(neutral) < 6 * ginibre_errors(2, 2000)[0] + 3 / 2000


def test_log_norm_increments_have_the_variance_of_a_chi_variable():
    n, depth = 10, 2000
    matrices = np.random.default_rng(6).standard_normal((depth, n, n)) / math.sqrt(n)
    steps = np.diff(products.log10_norms(matrices, np.ones(n))) * math.log(10)
    (expected,) = known("2.10")
    assert abs(ginibre_errors(n, 1)[0] ** 2 - expected) < 1e-9
    within_six_errors((steps - steps.mean()) ** 2, expected)


def test_condition_number_of_gaussian_products_grows_as_the_exponents_part():
    n, depth = 20, 1000
    matrices = np.random.default_rng(7).standard_normal((depth, n, n)) / math.sqrt(n)
    (expected,) = known("6.9")
    assert abs(np.ptp(ginibre_exponents(n)) - expected) < 1e-9
    error = np.linalg.norm(ginibre_errors(n, depth)[[0, -1]])
    exponents = products.lyapunov_exponents(matrices)
    assert abs(np.ptp(exponents) - expected) < 6 * error + 6 / depth
    nats = products.log10_singular_values(matrices) * math.log(10) / depth
    assert np.all(np.abs(nats - exponents) < 10 / depth)


def test_exponents_of_a_diagonal_chain_are_exact():
    exponents = products.lyapunov_exponents([np.diag([0.5, 1e-200, 2.0])] * 500)
    expected = [math.log(2), -math.log(2), -200 * math.log(10)]
    np.testing.assert_allclose(exponents, expected, rtol=EXACT)


def test_exponents_of_lost_directions_are_minus_infinity():
    exponents = products.lyapunov_exponents([np.ones((2, 2))] * 1000)
    assert abs(exponents[0] - math.log(2)) < 1 / 1000  # the start is not aligned
    assert np.isneginf(exponents[1])
    shapes = [(5, 4), (2, 5), (4, 2)]
    rng = np.random.default_rng(0)
    narrow = products.lyapunov_exponents(
        [rng.standard_normal(shape) for shape in shapes]
    )
    assert narrow.shape == (2,)
    assert np.isneginf(products.lyapunov_exponents(np.zeros((3, 2, 2)))).all()


# Bad input --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: products.log10_products(2.0),
            ValueError,
            "1 or more dimensions, got 0",
        ),
        (lambda: products.log10_products([1, np.nan]), ValueError, "must be finite"),
        (lambda: products.log10_products([1j]), TypeError, "real numbers"),
        (lambda: products.log10_norms([], [1]), ValueError, "at least one matrix"),
        (
            lambda: products.log10_norms([np.eye(2)], [1, 2, 3]),
            ValueError,
            r"shape \(2,\)",
        ),
        (
            lambda: products.log10_norms([np.eye(2)], [1, np.inf]),
            ValueError,
            "x must be",
        ),
        (
            lambda: products.log10_singular_values(3),
            TypeError,
            "sequence of 2-D arrays",
        ),
        (lambda: products.log10_singular_values(np.eye(2)), ValueError, "3 dimensions"),
        (lambda: products.log10_singular_values([[1, 2]]), ValueError, "2 dimensions"),
        (
            lambda: products.log10_singular_values([np.eye(2), np.eye(3)]),
            ValueError,
            r"matrices\[1\] of shape \(3, 3\) cannot follow",
        ),
        (
            lambda: products.lyapunov_exponents(np.ones((2, 3, 2))),
            ValueError,
            "cannot follow",
        ),
        (
            lambda: products.lyapunov_exponents([np.full((2, 2), np.nan)]),
            ValueError,
            r"matrices\[0\] must be finite",
        ),
        (
            lambda: products.lyapunov_exponents(np.zeros((0, 2, 2))),
            ValueError,
            "must not be empty",
        ),
    ],
)
def test_bad_input_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
