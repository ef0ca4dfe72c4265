"""Predictions against closed forms, Gaussian draws and the table of ground truths.

Numbers of rows are those of the table.
"""

import gc
import weakref
from dataclasses import fields
from math import acosh, erfc, exp, log10, pi, sqrt

import numpy as np
import pytest
from ground_truth import known
from reference import STATISTICS, assert_profiles_equal

from vgcourse.activations import ACTIVATIONS, SATURATED_SLOPE, Activation
from vgcourse.initializers import standard_deviation
from vgcourse.meanfield import (
    FixedPoint,
    chi,
    fixed_point,
    predict_grid,
    predict_profile,
)
from vgcourse.profiles import Profile
from vgcourse.propagation import measure_profile

EXACT = 1e-12  # the same arithmetic, reordered
QUADRATURE = 1e-8


def test_predicted_saturation_follows_the_known_edges():
    # Row 3.12: σ′(z) < 0.01 beyond arccosh 49, tanh′(z) < 0.01 beyond arccosh 10.
    for activation, edge in (("sigmoid", acosh(49)), ("tanh", acosh(10))):
        for sigma_w in (0.5, 3.0, 40.0, 1e6):
            share = predict_profile(depth=1, activation=activation, sigma_w=sigma_w)
            np.testing.assert_allclose(
                share.saturation, erfc(edge / sigma_w / sqrt(2)), atol=1e-15
            )
    relu = predict_profile(depth=2, activation="relu", sigma_w=1.0)
    np.testing.assert_allclose(relu.saturation, 0.5, rtol=EXACT)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sigma_w", [0.3, 4.0])
def test_predicted_saturation_is_the_share_of_normal_draws(activation, sigma_w):
    z = sigma_w * np.random.default_rng(0).standard_normal(200_000)
    slopes = np.abs(ACTIVATIONS[activation].derivative(z))
    share = np.mean(slopes < SATURATED_SLOPE)
    found = predict_profile(depth=1, activation=activation, sigma_w=sigma_w)
    error = sqrt(share * (1 - share) / z.size) + 1e-6
    assert abs(found.saturation[0] - share) < 6 * error


def test_predicted_relu_follows_the_closed_form_at_any_scale():
    # E relu² = q/2 and E relu′² = 1/2 (row 4.1): far outside float64 too.
    for sigma_w in (1e-40, 0.2, 1.0, sqrt(2), 1e30):
        found = predict_profile(depth=40, activation="relu", sigma_w=sigma_w)
        factor = log10(sigma_w**2 / 2) / 2
        below = np.arange(1, 41)
        expected = Profile(
            below * factor, (40 - below) * factor - log10(2) / 2, np.full(40, 0.5)
        )
        assert_profiles_equal(found, expected, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_straight_lines_join_the_quadrature(activation):
    # Just below and just above the variance 2^±96 at which the lines take over.
    for exponent in (-48, 48):
        sigma_w = 2.0**exponent * np.array([0.999999, 1.000001])
        found = predict_profile(depth=2, activation=activation, sigma_w=sigma_w)
        for values in (found.log10_activation_rms, found.log10_gradient_rms):
            np.testing.assert_allclose(values[0], values[1], rtol=0, atol=1e-5)


def test_predicted_gradient_of_bounded_functions_follows_the_density_at_zero():
    # E tanh′(√q z)² → (4/3)/√(2πq): also beyond the float64 range of q.
    sigma_w = np.array([1e20, 1e100, 1e160, 1e300])
    found = predict_profile(depth=1, activation="tanh", sigma_w=sigma_w)
    expected = (np.log10(4 / 3 / sqrt(2 * pi)) - np.log10(sigma_w)) / 2
    np.testing.assert_allclose(found.log10_gradient_rms[:, 0], expected, rtol=1e-9)


def test_predicted_network_without_weights_is_silent():
    silent = predict_profile(depth=2, activation="relu", sigma_w=0.0)
    measured = measure_profile(
        depth=2,
        width=3,
        activation="relu",
        initializer="he_normal",
        gain=0.0,
        rng=0,
    )
    assert_profiles_equal(silent, measured, atol=0)
    biased = predict_profile(depth=2, activation="tanh", sigma_w=0.0, sigma_b=0.7)
    assert np.isfinite(biased.log10_activation_rms).all()
    assert biased.log10_gradient_rms[0] == -np.inf


def test_predict_profile_broadcasts_sigma_w():
    sigma_w = np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 1e9]])
    table = predict_profile(depth=4, activation="gelu", sigma_w=sigma_w, sigma_b=0.2)
    assert table.saturation.shape == (2, 3, 4)
    for place in np.ndindex(2, 3):
        one = predict_profile(
            depth=4, activation="gelu", sigma_w=sigma_w[place], sigma_b=0.2
        )
        assert one.saturation.shape == (4,)
        found = Profile(*(getattr(table, field)[place] for field in STATISTICS))
        assert_profiles_equal(found, one, atol=EXACT)


@pytest.mark.parametrize("initializer", ["he_normal", "orthogonal", "glorot_uniform"])
def test_an_initializer_stands_for_its_standard_deviation(initializer):
    shape = {"depth": 4, "activation": "gelu", "sigma_b": 0.3}
    named = predict_profile(**shape, initializer=initializer, gain=1.5)
    sigma_w = 1.5 * standard_deviation(initializer, 1, 1)
    given = predict_profile(**shape, sigma_w=sigma_w)
    for field in fields(named):
        values = getattr(named, field.name), getattr(given, field.name)
        np.testing.assert_allclose(*values, rtol=1e-12)


def test_default_weights_lose_twenty_one_decades_of_a_gelu_network():
    # 1/3 from the weights and 1/4 from the slope at 0, per layer, on the square.
    default = predict_profile(
        depth=40, width=1024, activation="gelu", initializer="pytorch_default"
    )
    decades = default.log10_gradient_rms[0] - default.log10_gradient_rms[-1]
    assert decades == pytest.approx(39 / 2 * np.log10(1 / 12), abs=0.3)
    assert round(decades, 1) == -20.9


def test_tiny_signals_of_a_thousand_layers_have_their_straight_lines():
    deep = predict_profile(depth=1000, activation="gelu", sigma_w=1.0)
    steps = np.diff(deep.log10_activation_rms[500:])
    np.testing.assert_allclose(steps, np.log10(0.5), rtol=1e-12)


def test_tanh_with_xavier_decays_like_one_over_twice_the_depth():
    # From q₁ = 1; q of a layer is the second moment of h below it.
    profile = predict_profile(depth=1000, activation="tanh", sigma_w=1.0)
    q = np.concatenate([[1.0], 100.0**profile.log10_activation_rms])
    np.testing.assert_allclose(q[[9, 49, 99]], known("4.16"), rtol=QUADRATURE)
    np.testing.assert_allclose(2 * 1000 * q[999], known("4.17"), rtol=1e-6)


FIXED_POINTS = [
    ("sigmoid", 1.0, 0.0, *known("4.19")),
    ("tanh", 5 / 3, 0.0, known("4.22")[0], known("4.22")[2]),
    ("tanh", sqrt(2), 0.0, *known("4.23")),
    ("selu", 1.0, 0.0, 1.0, *known("4.24")),
    ("tanh", 1.3, 0.3, *known("5.1")),
    ("tanh", 4.0, 0.3, *known("5.3")),
    ("tanh", 1.5, 0.3, *known("5.4")),
    ("tanh", 0.9, 0.3, *known("5.6")),
    ("tanh", sqrt(known("5.17")[0]), sqrt(0.05), known("5.17")[1], 1.0),
    ("tanh", 1.0, 0.0, 0.0, 1.0),
    ("relu", sqrt(2), 0.0, 1.0, 1.0),  # every q is one
    ("relu", sqrt(3), sqrt(0.5), np.inf, *known("5.32")),
    ("relu", 1.0, 0.3, 0.18, 0.5),
    ("relu", 1.0, 0.0, 0.0, 0.5),
]


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b", "q", "factor"), FIXED_POINTS
)
def test_fixed_points_and_their_factors(activation, sigma_w, sigma_b, q, factor):
    near = q * (1 + 1e-5) if 0 < q < np.inf else 1e-6
    for start in (1.0,) if q == 1.0 else (1e-3, 1.0, 50.0, near):
        found = fixed_point(
            activation=activation, sigma_w=sigma_w, sigma_b=sigma_b, start=start
        )
        np.testing.assert_allclose(found.q, q, rtol=QUADRATURE)
        np.testing.assert_allclose(
            chi(activation=activation, sigma_w=sigma_w, q=found.q),
            factor,
            rtol=QUADRATURE,
        )


def test_selu_factor_has_its_closed_form():
    # Row 4.24 and its constants, row 3.8: λ²/2 + λ²α²e²Φ(−2).
    scale, alpha, _ = known("3.8")
    closed = scale**2 / 2 * (1 + alpha**2 * exp(2) * erfc(sqrt(2)))
    np.testing.assert_allclose(
        chi(activation="selu", sigma_w=1, q=1), closed, rtol=1e-11
    )


def test_sigmoid_reaches_one_only_at_ten_times_xavier():
    # By bisection on σ_w².
    low, high = 50.0, 200.0
    for _ in range(40):
        square = (low + high) / 2
        q = fixed_point(activation="sigmoid", sigma_w=sqrt(square)).q
        grows = chi(activation="sigmoid", sigma_w=sqrt(square), q=q) > 1
        low, high = (low, square) if grows else (square, high)
    np.testing.assert_allclose(high, known("4.21"), rtol=1e-7)


@pytest.mark.parametrize(
    ("activation", "q", "square_w", "square_b"),
    [
        ("gelu", *known("4.26")),
        ("silu", *known("4.27")[:3]),
        ("tanh", 0.1, *known("5.22")),
        ("tanh", 1.0, *known("5.24")),
    ],
)
def test_critical_points_keep_signal_and_gradient(activation, q, square_w, square_b):
    factor = chi(activation=activation, sigma_w=sqrt(square_w), q=q)
    np.testing.assert_allclose(factor, 1, rtol=QUADRATURE)
    profile = predict_profile(
        depth=5,
        activation=activation,
        sigma_w=sqrt(square_w),
        sigma_b=sqrt(square_b),
        input_rms=sqrt((q - square_b) / square_w),
    )
    assert np.ptp(profile.log10_activation_rms) < QUADRATURE
    assert np.ptp(profile.log10_gradient_rms) < 5 * QUADRATURE


@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu", "selu", "softplus"])
@pytest.mark.parametrize("sigma_w", [1e-60, 0.3, 1.7, 1e60])
def test_predicted_grid_is_many_predicted_profiles(activation, sigma_w):
    grid = predict_grid(
        activations=["identity", activation],
        sigma_w=[[sigma_w], [1.0]],
        depths=[4, 7, 1],
        sigma_b=0.1,
        input_rms=0.5,
    )
    assert grid.log10_gradient_rms.shape == (2, 2, 1, 3, 7)
    for place, depth in enumerate([4, 7, 1]):
        one = predict_profile(
            depth=depth,
            activation=activation,
            sigma_w=sigma_w,
            sigma_b=0.1,
            input_rms=0.5,
        )
        found = Profile(
            grid.log10_activation_rms[1, 0, 0, :depth],
            grid.log10_gradient_rms[1, 0, 0, place, :depth],
            grid.saturation[1, 0, 0, :depth],
        )
        assert_profiles_equal(found, one, atol=EXACT)
        assert np.isnan(grid.log10_gradient_rms[..., place, depth:]).all()


# Activations of one's own -------------------------------------------------------------


def wave(frequency):
    """sin(frequency · z), which never settles."""

    def formula(z):
        yield np.sin(frequency * z)
        yield frequency * np.cos(frequency * z)

    slopes = (frequency, frequency)
    return Activation(
        f"sin({frequency}z)", formula, frequency, None, (-1.0, 1.0), slopes, (0.0, 0.0)
    )


@pytest.mark.parametrize(
    ("frequency", "q"), [(1, 1.0), (1, 40.0), (30, 1.0), (30, 9.0)]
)
def test_saturation_of_an_oscillation_is_the_share_of_its_flat_places(frequency, q):
    # |f cos(f z)| < s within arcsin(s / f) / f of every zero of the cosine.
    half = np.arcsin(SATURATED_SLOPE / frequency) / frequency
    zeros = (np.arange(-4000, 4000) + 0.5) * pi / frequency
    edges = np.array([zeros - half, zeros + half]) / sqrt(2 * q)
    below, above = np.vectorize(erfc)(edges) / 2
    found = predict_profile(depth=1, activation=wave(frequency), sigma_w=sqrt(q))
    np.testing.assert_allclose(found.saturation, (below - above).sum(), rtol=1e-6)


@pytest.mark.parametrize(("frequency", "sigma_w"), [(1, 9.0), (3000, 0.5)])
def test_saturation_that_cannot_be_said_is_nan(frequency, sigma_w):
    found = predict_profile(depth=2, activation=wave(frequency), sigma_w=sigma_w)
    assert np.isnan(found.saturation[0])


def test_saturation_of_a_slope_below_zero_counts_too():
    def formula(z):
        yield -np.tanh(z)
        yield -1 / np.cosh(z) ** 2

    falling = Activation(
        "falling", formula, 0.0, None, (1.0, -1.0), (-1.0, -1.0), (0.0, 0.0)
    )
    rising = predict_profile(depth=3, activation="tanh", sigma_w=4.0)
    found = predict_profile(depth=3, activation=falling, sigma_w=4.0)
    np.testing.assert_allclose(found.saturation, rising.saturation, rtol=EXACT)


def test_an_activation_takes_its_saturation_edges_with_it():
    # Found once for each activation, and not kept when it is gone.
    activation = wave(2.0)
    predict_profile(depth=1, activation=activation, sigma_w=1.0)
    edges = activation.saturation_edges
    predict_profile(depth=1, activation=activation, sigma_w=2.0)
    assert activation.saturation_edges is edges
    gone = weakref.ref(activation)
    del activation
    gc.collect()
    assert gone() is None


# What a fixed point is ----------------------------------------------------------------


def test_a_fixed_point_says_whether_it_attracts():
    assert fixed_point(activation="sigmoid", sigma_w=1.0).kind == "attracting"
    assert fixed_point(activation="relu", sigma_w=sqrt(2)).kind == "marginal"
    for name in ("gelu", "silu"):
        # forward_gain keeps q = 1 only where it starts exactly there: slopes 1.144 and
        # 1.173.
        gain = ACTIVATIONS[name].forward_gain
        found = fixed_point(activation=name, sigma_w=gain)
        assert (found.q, found.kind) == (1.0, "repelling")
        below = fixed_point(activation=name, sigma_w=gain, start=0.9)
        assert below.kind == "attracting"
        assert below.q < 0.9
    slopes = [
        fixed_point(activation=name, sigma_w=ACTIVATIONS[name].forward_gain).slope
        for name in ("gelu", "silu")
    ]
    np.testing.assert_allclose(slopes, [1.144, 1.173], atol=5e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(0.7, 0.2), (1.2, 0.6)])
def test_slope_of_a_fixed_point_is_that_of_the_recursion(activation, sigma_w, sigma_b):
    found = fixed_point(activation=activation, sigma_w=sigma_w, sigma_b=sigma_b)
    if not np.isfinite(found.q):
        pytest.skip("this signal grows without end")

    def after_a_layer(q):
        h = predict_profile(
            depth=1,
            activation=activation,
            sigma_w=1.0,
            input_rms=sqrt(q),
        ).log10_activation_rms[0]
        return sigma_w**2 * 100**h + sigma_b**2

    step = 1e-4 * found.q
    slope = (after_a_layer(found.q + step) - after_a_layer(found.q - step)) / (2 * step)
    np.testing.assert_allclose(found.slope, slope, rtol=1e-6)
    np.testing.assert_allclose(after_a_layer(found.q), found.q, rtol=1e-9)


def test_slopes_of_the_limits_are_those_of_the_straight_lines():
    assert fixed_point(activation="relu", sigma_w=1.0) == FixedPoint(0.0, 0.5)
    grows = fixed_point(activation="relu", sigma_w=3.0)
    assert grows.q == np.inf
    np.testing.assert_allclose(grows.slope, 4.5, rtol=EXACT)


@pytest.mark.parametrize("activation", ["relu", "identity", "tanh"])
def test_weights_of_any_size_have_a_fixed_point(activation):
    assert fixed_point(activation=activation, sigma_w=1e308).q == np.inf
    assert fixed_point(activation=activation, sigma_w=1e-308).q == 0
    assert fixed_point(activation=activation, sigma_w=0.0).q == 0
    assert chi(activation=activation, sigma_w=1e308, q=1.0) == np.inf
    biased = fixed_point(activation=activation, sigma_w=1e-200, sigma_b=0.5)
    np.testing.assert_allclose(biased.q, 0.25, rtol=QUADRATURE)


@pytest.mark.parametrize("start", [1e-300, 1e-20, 1e20, 1e300])
def test_a_fixed_point_is_reached_from_afar(start):
    found = fixed_point(activation="tanh", sigma_w=1.3, sigma_b=0.3, start=start)
    np.testing.assert_allclose(found.q, 0.607046791909, rtol=QUADRATURE)  # row 5.1


PREDICTED = {"depth": 3, "activation": "tanh", "sigma_w": 1.0}
GRID = {"activations": ["tanh"], "sigma_w": 1.0, "depths": [3]}
AT_REST = {"activation": "tanh", "sigma_w": 1.0}
FACTOR = {"activation": "tanh", "sigma_w": 1.0, "q": 1.0}


@pytest.mark.parametrize(
    ("function", "usual", "wrong", "error", "message"),
    [
        (predict_profile, PREDICTED, {"depth": 0}, ValueError, "depth must be at"),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": -1.0},
            ValueError,
            "sigma_w must be at",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": np.inf},
            ValueError,
            "sigma_w must be",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": [[1], [1, 2]]},
            ValueError,
            "sigma_w must have rows of one length",
        ),
        (predict_profile, PREDICTED, {"sigma_b": -1.0}, ValueError, "sigma_b must be"),
        (
            predict_profile,
            PREDICTED,
            {"initializer": "he_normal"},
            TypeError,
            "sigma_w or initializer must be given, and not both",
        ),
        (
            predict_profile,
            PREDICTED,
            {"width": [3, 4]},
            TypeError,
            "initializer must be given where widths differ, or with a gain",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": None, "initializer": "constant"},
            ValueError,
            "initializer must draw independent weights, got constant",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": None, "initializer": lambda *_, **__: 1.0},
            ValueError,
            "initializer must have a known standard deviation",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": None, "initializer": "pytorch_default"},
            TypeError,
            "width must be given: 'pytorch_default' draws biases by it",
        ),
        (
            predict_profile,
            PREDICTED,
            {"sigma_w": None, "initializer": "he_normal", "width": [5] * 99},
            ValueError,
            "width must hold depth",
        ),
        (
            predict_profile,
            PREDICTED,
            {"input_mean": 2.0},
            ValueError,
            "input_mean must be at most input_rms=1, got 2",
        ),
        (
            predict_profile,
            PREDICTED,
            {"input_rms": np.nan},
            ValueError,
            "input_rms must",
        ),
        (
            predict_profile,
            PREDICTED,
            {"activation": "x"},
            ValueError,
            "activation must",
        ),
        (
            predict_grid,
            GRID,
            {"activations": "tanh"},
            TypeError,
            "activations must be a",
        ),
        (predict_grid, GRID, {"activations": []}, ValueError, "activations and depths"),
        (
            predict_grid,
            GRID,
            {"depths": 3},
            TypeError,
            "depths must be a sequence, got 3",
        ),
        (predict_grid, GRID, {"depths": [0]}, ValueError, "depths must be at least 1"),
        (predict_grid, GRID, {"sigma_w": "1"}, TypeError, "sigma_w must be an array"),
        (
            fixed_point,
            AT_REST,
            {"start": 0.0},
            ValueError,
            "start must be above 0, got 0",
        ),
        (fixed_point, AT_REST, {"sigma_w": "1"}, TypeError, "sigma_w must be a number"),
        (
            fixed_point,
            AT_REST,
            {"sigma_b": -1.0},
            ValueError,
            "sigma_b must be at least 0",
        ),
        (chi, FACTOR, {"q": -1.0}, ValueError, "q must be at least 0, got -1.0"),
        (chi, FACTOR, {"q": np.nan}, ValueError, "q must be finite, got nan"),
        (chi, FACTOR, {"q": None}, TypeError, "q must be a number, got None"),
        (chi, FACTOR, {"q": np.ones(2)}, TypeError, "q must be a number, got array"),
        (predict_grid, GRID, {"depths": np.array(2)}, TypeError, "depths must be a se"),
        (
            chi,
            FACTOR,
            {"sigma_w": np.nan},
            ValueError,
            "sigma_w must be finite, got nan",
        ),
    ],
)
def test_theory_says_what_is_wrong(function, usual, wrong, error, message):
    with pytest.raises(error, match=message) as caught:
        function(**{**usual, **wrong})
    assert "\n" not in str(caught.value)
