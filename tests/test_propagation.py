"""Measured and predicted profiles against plain passes, each other, and the tables.

Numbers of rows are those of the table of ground truths.
"""

from math import acosh, erfc, exp, log, log10, pi, sqrt

import mpmath as mp
import numpy as np
import pytest
import reference

from vgcourse import network
from vgcourse.activations import ACTIVATIONS
from vgcourse.initializers import INITIALIZERS, variance_scaling
from vgcourse.profiles import HISTOGRAM_EDGES, SATURATED_SLOPE, Profile, profile_of
from vgcourse.propagation import (
    chi,
    fixed_point,
    measure_grid,
    measure_profile,
    predict_profile,
)

EXACT = 1e-12  # the same arithmetic, reordered
# In log10: the rounding of each number format, carried through up to 300 layers.
ROUNDING = {"float64": 1e-10, "float32": 2e-4}
QUADRATURE = 1e-8
FIELDS = ("log10_activation_rms", "log10_gradient_rms", "saturation")


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def assert_profiles_equal(found, expected, *, atol):
    for field in FIELDS:
        values = getattr(found, field), getattr(expected, field)
        np.testing.assert_allclose(*values, rtol=0, atol=atol, err_msg=field)


def drawn(*, depth, width, batch, initializer, rng, dtype):
    """Weights, inputs and output gradient of RMS 1, and the generator for biases."""
    *layers, last = np.random.default_rng(rng).spawn(depth + 1)
    draw = INITIALIZERS[initializer]
    weights = [np.float64(draw(width, width, rng=r, dtype=dtype)) for r in layers]
    x, output_grad = np.float64(last.standard_normal((2, batch, width), dtype=dtype))
    return weights, x / rms(x), output_grad / rms(output_grad), last


# Measured: against plain passes, and where these leave their number format -----------


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_profile_equals_a_plain_pass(activation, dtype):
    shape = {"depth": 5, "width": 9, "batch": 7, "rng": 3, "dtype": dtype}
    weights, x, output_grad, last = drawn(**shape, initializer="he_uniform")
    mlp = network.mlp(
        [1.25 * W for W in weights], 0.3 * last.standard_normal((5, 9)), activation
    )
    forward = network.forward(mlp, 2 * x)
    backward = network.backward(forward, output_grad)
    found = measure_profile(
        **shape,
        activation=activation,
        initializer="he_uniform",
        gain=1.25,
        sigma_b=0.3,
        input_rms=2.0,
    )
    expected = profile_of(forward, backward, activation=activation)
    assert_profiles_equal(found, expected, atol=ROUNDING[dtype])


def slow_slope(phi, z):
    """Difference quotient with digits for steps below z and slopes like exp(−2|z|)."""
    with mp.workdps(60 + abs(mp.mag(z)) + min(400, int(abs(z)))):
        return mp.diff(phi, z)


def slow_profile(activation, weights, *, x, output_grad, biases=None):
    """Log10 of the two RMS in multi-precision, one number at a time, nothing lost."""
    phi = reference.ACTIVATIONS[activation]
    depth, width = len(weights), len(weights[0])
    signals = [mp.mpf(0)] * depth
    gradients = [mp.mpf(0)] * depth
    with mp.workdps(60):
        for example, top in zip(x, output_grad, strict=True):
            h, slopes = [mp.mpf(float(number)) for number in example], []
            for layer, W in enumerate(weights):
                bias = np.zeros(width) if biases is None else biases[layer]
                z = [mp.fdot(row, h) + b for row, b in zip(W, bias, strict=True)]
                h = [phi(number) for number in z]
                slopes.append([slow_slope(phi, number) for number in z])
                signals[layer] += sum(number**2 for number in h)
            grad = [mp.mpf(float(number)) for number in top]
            for layer in reversed(range(depth)):
                delta = [g * s for g, s in zip(grad, slopes[layer], strict=True)]
                gradients[layer] += sum(number**2 for number in delta)
                grad = [mp.fdot(column, delta) for column in weights[layer].T]
        count = x.size
        return [
            np.array([float(mp.log10(total / count) / 2) for total in totals])
            for totals in (signals, gradients)
        ]


EXTREME = [
    *[("identity", gain, 40) for gain in (5.0, 0.1)],
    *[("relu", gain, 40) for gain in (5.0, 0.1)],
    ("tanh", 0.01, 40),
    ("tanh", 60.0, 3),  # slopes below the smallest float32
    ("sigmoid", 60.0, 3),
    ("sigmoid", 0.01, 40),
    ("gelu", 10.0, 25),
    ("gelu", 0.02, 40),
    ("softplus", 10.0, 25),
    ("softplus", 0.01, 40),
    ("silu", 0.01, 40),
    ("mish", 10.0, 25),
    ("selu", 10.0, 40),
    ("elu", 0.01, 40),
    ("leaky_relu", 1e-30, 20),
    ("selu", 1e30, 20),
    ("softsign", 1e-3, 30),
    ("softsign", 1e20, 3),  # a bounded function far beyond float32's squares
]


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize(("activation", "gain", "depth"), EXTREME)
def test_profile_is_exact_in_log10_where_formats_end(activation, gain, depth, dtype):
    shape = {"depth": depth, "width": 8, "batch": 1, "rng": 5, "dtype": dtype}
    weights, x, output_grad, _ = drawn(**shape, initializer="lecun_normal")
    found = measure_profile(
        **shape, activation=activation, initializer="lecun_normal", gain=gain
    )
    signal, gradient = slow_profile(
        activation, [gain * W for W in weights], x=x, output_grad=output_grad
    )
    atol = ROUNDING[dtype]
    np.testing.assert_allclose(found.log10_activation_rms, signal, rtol=0, atol=atol)
    np.testing.assert_allclose(found.log10_gradient_rms, gradient, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", ROUNDING)
def test_values_below_the_number_format_are_not_lost(dtype):
    # Equal weights and inputs of −1 make every z = −200 in layer 0, then 200·h.
    profile = measure_profile(
        depth=2,
        width=4,
        batch=3,
        activation="sigmoid",
        initializer="constant",
        gain=200.0,
        input_mean=-1.0,
        rng=0,
        dtype=dtype,
    )
    atol = ROUNDING[dtype]
    np.testing.assert_allclose(
        profile.log10_activation_rms, [-200 / log(10), log10(0.5)], rtol=0, atol=atol
    )
    np.testing.assert_array_equal(profile.saturation, [1, 0])
    top = measure_profile(
        depth=1,
        width=4,
        batch=3,
        activation="tanh",
        initializer="constant",
        gain=300.0,
        input_mean=-1.0,
        rng=0,
        dtype=dtype,
    )
    expected = log10(4) - 600 / log(10)  # tanh′(300) = 4 exp(−600), for every unit
    np.testing.assert_allclose(top.log10_gradient_rms, expected, rtol=0, atol=atol)


def test_a_huge_signal_on_the_flat_side_reaches_the_limit():
    profile = measure_profile(
        depth=1,
        width=3,
        batch=2,
        activation="selu",
        initializer="constant",
        gain=1e20,
        input_mean=-1.0,
        rng=0,
    )
    limit = log10(1.0507009873554805 * 1.6732632423543772)
    np.testing.assert_allclose(profile.log10_activation_rms, limit, rtol=EXACT)
    assert profile.log10_gradient_rms == -np.inf


def test_squares_below_the_number_format_are_not_lost():
    # One unit: slopes of about 2^-48 and 2^-24, whose product squared is 2^-143.
    profile = measure_profile(
        depth=2,
        width=1,
        batch=1,
        activation="tanh",
        initializer="constant",
        gain=8.9,
        input_rms=1.938,
        rng=0,
        dtype=np.float32,
    )
    slopes = log10(4) - 2 * np.array([8.9 * 1.938, 8.9]) / log(10)
    np.testing.assert_allclose(
        profile.log10_gradient_rms,
        [slopes.sum() + log10(8.9), slopes[1]],
        atol=ROUNDING["float32"],
    )


@pytest.mark.parametrize("activation", ["identity", "relu", "prelu"])
@pytest.mark.parametrize("gain", [5.0, 0.1])
def test_homogeneous_networks_shift_by_the_gain_per_layer(activation, gain):
    # Claim C11. float32 ends at 10^38; here the signal reaches 10^±300.
    shape = {
        "depth": 300,
        "width": 24,
        "batch": 4,
        "activation": activation,
        "initializer": "he_normal",
        "rng": 1,
        "dtype": np.float32,
    }
    base, scaled = measure_profile(**shape), measure_profile(**shape, gain=gain)
    below = np.arange(1, 301)
    expected = Profile(
        base.log10_activation_rms + below * log10(gain),
        base.log10_gradient_rms + (300 - below) * log10(gain),
        base.saturation,
    )
    # Here and there a unit of relu whose z is nearly 0 is rounded to the other side.
    assert_profiles_equal(scaled, expected, atol=0.01)
    assert abs(scaled.log10_activation_rms[-1]) > 100


def test_a_power_of_two_as_gain_shifts_exactly():
    shape = {"depth": 200, "width": 10, "activation": "relu", "rng": 0}
    base = measure_profile(**shape, initializer="he_normal", dtype="float32")
    scaled = measure_profile(
        **shape, initializer="he_normal", gain=2**-9, dtype="float32"
    )
    shift = -9 * np.log10(2) * np.arange(1, 201)
    np.testing.assert_allclose(
        scaled.log10_activation_rms, base.log10_activation_rms + shift, rtol=EXACT
    )


@pytest.mark.parametrize(
    ("activation", "options"),
    [
        ("tanh", {"initializer": "zeros"}),
        ("relu", {"initializer": "he_normal", "gain": 0.0}),
        ("hard_sigmoid", {"initializer": "constant", "gain": 9.0, "input_mean": 1.0}),
        ("tanh", {"initializer": "constant", "gain": 1e3, "input_mean": 1.0}),
    ],
)
def test_a_gradient_that_is_zero_is_minus_infinity_without_warning(activation, options):
    profile = measure_profile(
        depth=3, width=4, batch=2, activation=activation, **options, rng=0
    )
    assert (profile.log10_gradient_rms[:2] == -np.inf).all()


def test_gradient_at_the_output_has_rms_one():
    for dtype, atol in ROUNDING.items():
        profile = measure_profile(
            depth=1,
            width=5,
            activation="identity",
            initializer="zeros",
            rng=0,
            dtype=dtype,
        )
        np.testing.assert_allclose(profile.log10_gradient_rms, 0, atol=atol)


@pytest.mark.parametrize("input_rms", [1e-300, 0.3, 1.0, 40.0, 1e250])
def test_inputs_have_exactly_the_rms_asked_for(input_rms):
    for share in (0.0, -0.8, 1.0):
        profile = measure_profile(
            depth=1,
            width=16,
            activation="identity",
            initializer="orthogonal",
            input_rms=input_rms,
            input_mean=share * input_rms,
            rng=4,
            dtype=np.float32,
        )
        np.testing.assert_allclose(
            profile.log10_activation_rms, log10(input_rms), atol=ROUNDING["float32"]
        )


def test_the_mean_of_the_inputs_does_not_matter_their_rms_does():
    # Claim C19: in the first layer, averaged over weights, only E x² counts.
    first = [
        [
            measure_profile(
                depth=1,
                width=400,
                activation="tanh",
                initializer="lecun_normal",
                input_rms=input_rms,
                input_mean=input_mean,
                rng=seed,
            ).log10_activation_rms[0]
            for seed in range(40)
        ]
        for input_rms, input_mean in ((2, 0), (2, 2), (1, 0))
    ]
    predicted = [
        predict_profile(
            depth=1, activation="tanh", sigma_w=1.0, input_rms=r
        ).log10_activation_rms[0]
        for r in (2, 2, 1)
    ]
    error = np.std(first, axis=1) / np.sqrt(40)
    assert (np.abs(np.mean(first, axis=1) - predicted) < 6 * error).all()


def test_large_biases_meet_small_signals_on_one_scale():
    shape = {"depth": 3, "width": 50, "activation": "identity", "rng": 0}
    shape |= {"initializer": "lecun_normal", "dtype": "float32"}
    profile = measure_profile(**shape, gain=1e-100, sigma_b=1e-120)
    np.testing.assert_allclose(
        profile.log10_activation_rms, [-100, -120, -120], rtol=0, atol=0.3
    )
    same = measure_profile(**shape, gain=1e-100, sigma_b=1e-200)
    np.testing.assert_allclose(
        same.log10_activation_rms, [-100, np.log10(2) / 2 - 200, -200], atol=0.3
    )


def test_same_seed_same_profile_whatever_the_threads(monkeypatch):
    shape = {"depth": 4, "width": 6, "activation": "tanh", "initializer": "he_normal"}
    one = measure_profile(**shape, rng=7)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert_profiles_equal(measure_profile(**shape, rng=7), one, atol=0)
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert_profiles_equal(measure_profile(**shape, rng=7), one, atol=0)
    generator = np.random.default_rng(7)
    assert_profiles_equal(measure_profile(**shape, rng=generator), one, atol=0)
    again = measure_profile(**shape, rng=generator)
    assert (again.log10_activation_rms != one.log10_activation_rms).all()


PROFILE = {
    "depth": 2,
    "width": 3,
    "activation": "tanh",
    "initializer": "he_normal",
    "rng": 0,
}


def test_measure_profile_needs_an_explicit_rng():
    with pytest.raises(TypeError, match="rng"):
        measure_profile(**{name: PROFILE[name] for name in PROFILE if name != "rng"})


@pytest.mark.parametrize(
    ("option", "value", "error", "message"),
    [
        ("depth", 0, ValueError, "depth must be at least 1, got 0"),
        ("depth", 2.0, TypeError, "depth must be an integer, got 2.0"),
        ("width", -3, ValueError, "width must be at least 1, got -3"),
        ("batch", True, TypeError, "batch must be an integer, got True"),
        ("activation", "rellu", ValueError, "activation must be one of identity, .*"),
        ("initializer", "xavier", ValueError, "initializer must be one of .*he_normal"),
        ("gain", np.nan, ValueError, "gain must be finite, got nan"),
        ("gain", -1.0, ValueError, "gain must be at least 0, got -1.0"),
        ("sigma_b", -0.1, ValueError, "sigma_b must be at least 0, got -0.1"),
        ("input_rms", np.inf, ValueError, "input_rms must be finite, got inf"),
        ("input_mean", 1.5, ValueError, "input_mean must be at most input_rms=1"),
        ("rng", 0.5, TypeError, "rng must be an int, SeedSequence or Generator"),
        (
            "dtype",
            "float16",
            TypeError,
            "dtype must be float32 or float64, got float16",
        ),
    ],
)
def test_measure_profile_says_what_is_wrong(option, value, error, message):
    with pytest.raises(error, match=message) as caught:
        measure_profile(**(PROFILE | {option: value}))
    assert "\n" not in str(caught.value)


# Predicted ---------------------------------------------------------------------------


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
    measured = measure_profile(**(PROFILE | {"activation": "relu", "gain": 0.0}))
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
        found = Profile(*(getattr(table, field)[place] for field in FIELDS))
        assert_profiles_equal(found, one, atol=EXACT)


def test_tanh_with_xavier_decays_like_one_over_twice_the_depth():
    # Row 4.16, from q₁ = 1; q of a layer is the second moment of h below it.
    profile = predict_profile(depth=1000, activation="tanh", sigma_w=1.0)
    q = np.concatenate([[1.0], 100.0**profile.log10_activation_rms])
    np.testing.assert_allclose(
        q[[9, 49, 99]], [0.05801184784, 0.01043073840, 0.00512071567], rtol=QUADRATURE
    )
    np.testing.assert_allclose(2 * 1000 * q[999], 1.00333307, rtol=1e-6)  # row 4.17


FIXED_POINTS = [
    ("sigmoid", 1.0, 0.0, 0.264686875182, 0.055720706770),  # row 4.19
    ("tanh", 5 / 3, 0.0, 1.178480490386, 1.209831320383),  # row 4.22
    ("tanh", sqrt(2), 0.0, 0.617964769770, 1.105528820440),  # row 4.23
    ("selu", 1.0, 0.0, 1.0, 1.071574992456),  # row 4.24
    ("tanh", 1.3, 0.3, 0.607046791909, 0.939807428682),  # row 5.1
    ("tanh", 4.0, 0.3, 12.604149497836, 2.367261035545),  # row 5.3
    ("tanh", 1.5, 0.3, 0.960844279740, 1.060981264141),  # row 5.4
    ("tanh", 0.9, 0.3, 0.216524634251, 0.600371254692),  # row 5.6
    ("tanh", sqrt(1.760954639608), sqrt(0.05), 0.570047881641, 1.0),  # row 5.17
    ("tanh", 1.0, 0.0, 0.0, 1.0),
    ("relu", sqrt(2), 0.0, 1.0, 1.0),  # every q is one
    ("relu", sqrt(3), sqrt(0.5), np.inf, 1.5),  # row 5.32
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
        np.testing.assert_allclose(found, q, rtol=QUADRATURE)
        np.testing.assert_allclose(
            chi(activation=activation, sigma_w=sigma_w, q=found),
            factor,
            rtol=QUADRATURE,
        )


def test_selu_factor_has_its_closed_form():
    # Row 4.24: λ²/2 + λ²α²e²Φ(−2).
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    closed = scale**2 / 2 * (1 + alpha**2 * exp(2) * erfc(sqrt(2)))
    np.testing.assert_allclose(
        chi(activation="selu", sigma_w=1, q=1), closed, rtol=1e-11
    )


def test_sigmoid_reaches_one_only_at_ten_times_xavier():
    # Row 4.21, by bisection on σ_w².
    low, high = 50.0, 200.0
    for _ in range(40):
        square = (low + high) / 2
        q = fixed_point(activation="sigmoid", sigma_w=sqrt(square))
        grows = chi(activation="sigmoid", sigma_w=sqrt(square), q=q) > 1
        low, high = (low, square) if grows else (square, high)
    np.testing.assert_allclose(high, 103.007553853994, rtol=1e-7)


@pytest.mark.parametrize(
    ("activation", "q", "square_w", "square_b"),
    [
        ("gelu", 3.561552812809, 1.983058257435, 0.172922390756),  # row 4.26
        ("silu", 14.320173618026, 1.988004678269, 0.555143170722),  # row 4.27
        ("tanh", 0.1, 1.177569096165, 0.000832280424686),  # row 5.22
        ("tanh", 1.0, 2.153302648904, 0.150964629379),  # row 5.24
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


@pytest.mark.parametrize(
    ("function", "options", "error", "message"),
    [
        (predict_profile, {"depth": 0}, ValueError, "depth must be at least 1"),
        (predict_profile, {"sigma_w": -1.0}, ValueError, "sigma_w must be at least 0"),
        (predict_profile, {"sigma_w": np.inf}, ValueError, "sigma_w must be finite"),
        (predict_profile, {"sigma_b": -1.0}, ValueError, "sigma_b must be at least 0"),
        (
            predict_profile,
            {"input_rms": np.nan},
            ValueError,
            "input_rms must be finite",
        ),
        (predict_profile, {"activation": "x"}, ValueError, "activation must be one of"),
        (fixed_point, {"start": 0.0}, ValueError, "start must be above 0, got 0.0"),
        (fixed_point, {"sigma_w": "1"}, TypeError, "sigma_w must be a number, got '1'"),
        (fixed_point, {"sigma_b": -1.0}, ValueError, "sigma_b must be at least 0"),
        (chi, {"q": -1.0}, ValueError, "q must be at least 0, got -1.0"),
        (chi, {"sigma_w": np.nan}, ValueError, "sigma_w must be finite, got nan"),
    ],
)
def test_theory_says_what_is_wrong(function, options, error, message):
    needed = {"depth": 3} if function is predict_profile else {}
    needed |= {"q": 1.0} if function is chi else {}
    with pytest.raises(error, match=message):
        function(**({"activation": "tanh", "sigma_w": 1.0} | needed | options))


# Predicted beside measured ------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(0.8, 0.3), (1.6, 0.0)])
def test_prediction_agrees_with_measurement(activation, sigma_w, sigma_b):
    # ln of a squared norm gains a variance of at most about 5/width per layer (relu,
    # Gaussian weights), and loses half of it on average: the logarithm is concave.
    depth, width, seeds = 12, 250, 4
    shape = {"depth": depth, "activation": activation, "sigma_b": sigma_b}
    measured = [
        measure_profile(
            **shape,
            width=width,
            batch=64,
            initializer="lecun_normal",
            gain=sigma_w,
            rng=seed,
            dtype=np.float32,
        )
        for seed in range(seeds)
    ]
    means = [np.mean([getattr(p, f) for p in measured], axis=0) for f in FIELDS]
    mean = Profile(*means)
    predicted = predict_profile(**shape, sigma_w=sigma_w)
    variance = 5 * depth / width
    atol = (6 * sqrt(variance / seeds) + variance / 2) / (2 * log(10))
    assert_profiles_equal(mean, predicted, atol=atol)
    np.testing.assert_allclose(mean.saturation, predicted.saturation, atol=0.05)


# Activation, σ_w², σ_b², factor on the squared gradient, relative tolerance; then
# width, depth and number of networks, as the table has them.
SIMULATED = [
    ("relu", 1 / 3, 1 / 1800, 1 / 6, 0.05, 600, 14, 3),  # row 4.12, defaults of torch
    ("tanh", 1 / 3, 1 / 1800, 1 / 3, 0.03, 600, 14, 3),  # row 4.12
    ("relu", 1.0, 0.0, 0.5, 0.03, 600, 20, 3),  # row 4.13, default of Keras
    ("sigmoid", 1.0, 0.0, 0.055720706770, 0.03, 600, 12, 4),  # row 4.19
    ("tanh", 25 / 9, 0.0, 1.209831320383, 0.02, 1000, 30, 4),  # row 4.22
    ("selu", 1.0, 0.0, 1.071574992456, 0.015, 1000, 40, 4),  # row 4.24
    ("tanh", 1.69, 0.09, 0.939807, 0.015, 1000, 30, 5),  # row 5.31, ordered
    ("tanh", 6.25, 0.09, 1.585225, 0.02, 1000, 30, 5),  # row 5.31, chaotic
    ("tanh", 1.76095, 0.05, 1.0, 0.015, 1000, 30, 5),  # row 5.31, critical
    ("relu", 3.0, 0.5, 1.5, 0.03, 1000, 24, 4),  # row 5.32
    ("relu", sqrt(2 * 512), 0.0, 16.0, 0.08, 512, 12, 3),  # row 13.1: Var = √(2/n)
    ("relu", 4.0, 0.0, 2.0, 0.04, 800, 20, 4),  # row 13.4
]


@pytest.mark.parametrize("case", SIMULATED)
def test_simulated_networks_have_the_factors_of_the_table(case):
    activation, square_w, square_b, factor, rtol, width, depth, nets = case
    sigmas = {"sigma_w": sqrt(square_w), "sigma_b": sqrt(square_b)}
    q = fixed_point(activation=activation, **sigmas)
    at_rest = sqrt((q - square_b) / square_w) if 0 < q < np.inf else 1.0
    logs = []
    for seed in range(nets):
        profile = measure_profile(
            depth=depth,
            width=width,
            batch=32,
            activation=activation,
            initializer="lecun_uniform" if activation == "relu" else "lecun_normal",
            gain=sigmas["sigma_w"],
            sigma_b=sigmas["sigma_b"],
            input_rms=at_rest,
            rng=seed,
            dtype=np.float32,
        )
        # Near the input and the output the scale differs.
        logs.append(2 * np.log10(profile.growth_per_layer(skip=3)))
    np.testing.assert_allclose(10 ** np.mean(logs), factor, rtol=rtol)


def test_tanh_with_xavier_decays_as_predicted_at_layer_50():
    # Row 4.16, 24 networks.
    squares = [
        100
        ** measure_profile(
            depth=49,
            width=500,
            batch=8,
            activation="tanh",
            initializer="glorot_normal",
            rng=seed,
            dtype=np.float32,
        ).log10_activation_rms[-1]
        for seed in range(24)
    ]
    np.testing.assert_allclose(np.mean(squares), 0.01043073840, rtol=0.2)


def test_he_keeps_the_mean_of_narrow_networks_not_the_median():
    # Row 13.5: 20 units, 20 layers, one direction.
    logs = []
    for seed in range(500):
        profile = measure_profile(
            depth=21,
            width=20,
            batch=1,
            activation="relu",
            initializer="he_normal",
            rng=seed,
        )
        logs.append(
            2 * (profile.log10_gradient_rms[0] - profile.log10_gradient_rms[-1])
        )
    np.testing.assert_allclose(10 ** np.median(logs), 0.06433, rtol=0.3)


@pytest.mark.parametrize(
    ("mode", "gain", "activation", "total", "per_unit"),
    [
        ("fan_in", sqrt(2), "relu", 1.0, 0.25),  # row 4.14
        ("fan_out", sqrt(2), "relu", 4.0, 1.0),  # row 4.14
        ("fan_avg", 1.0, "identity", 1.6, 0.4),  # row 4.15
    ],
)
def test_gradients_through_a_narrowing_layer(mode, gain, activation, total, per_unit):
    # 400 units feed 100; the gradient goes from the 100 to the 400.
    ratios, rng = [], np.random.default_rng(0)
    for _ in range(60):
        weights = [
            variance_scaling(
                400, fan_out, gain=gain, mode=mode, rng=rng, dtype=np.float64
            )
            for fan_out in (400, 100)
        ]
        mlp = network.mlp(weights, None, activation)
        forward = network.forward(mlp, rng.standard_normal((1, 400)))
        # A gradient at the last z, where φ′ has not yet acted.
        backward = network.backward(forward, rng.standard_normal((1, 100)))
        ratios.append(np.sum(backward.deltas[0] ** 2) / np.sum(backward.deltas[1] ** 2))
    np.testing.assert_allclose(np.mean(ratios), total, rtol=0.08)
    np.testing.assert_allclose(np.mean(ratios) * 100 / 400, per_unit, rtol=0.08)


# A grid of settings ------------------------------------------------------------------


GRID = {
    "activations": ["tanh", "relu", "sigmoid"],
    "initializers": ["lecun_normal", "he_normal", "lecun_uniform", "orthogonal"],
    "gains": [0.5, sqrt(0.5), 1.0, sqrt(2)],
    "depths": [3, 6],
    "histogram_layers": [5, 0],
    "width": 10,
    "batch": 7,
    "rng": 2,
    "dtype": np.float64,
}


def test_grid_equals_a_loop_over_plain_passes():
    grid = measure_grid(**GRID)
    assert grid.log10_activation_rms.shape == grid.saturation.shape == (3, 4, 4, 6)
    assert grid.log10_gradient_rms.shape == (3, 4, 4, 2, 6)
    assert grid.histograms.shape == (3, 4, 4, 2, 61)
    first, *seeds = np.random.default_rng(2).integers(2**63, size=7)
    x, output_grad = np.random.default_rng(first).standard_normal((2, 7, 10))
    for a, i, g in np.ndindex(3, 4, 4):
        draw = INITIALIZERS[GRID["initializers"][i]]
        gain = GRID["gains"][g]
        weights = [draw(10, 10, gain=gain, rng=seed) for seed in seeds]
        mlp = network.mlp(weights, None, GRID["activations"][a])
        forward = network.forward(mlp, x / rms(x))
        found = grid.log10_activation_rms[a, i, g]
        np.testing.assert_allclose(
            found, np.log10([rms(h) for h in forward.h]), atol=1e-9
        )
        slopes = np.array(forward.slopes)
        saturated = (np.abs(slopes) < SATURATED_SLOPE).mean(axis=(1, 2))
        np.testing.assert_allclose(grid.saturation[a, i, g], saturated, atol=EXACT)
        for d, depth in enumerate(GRID["depths"]):
            top = network.mlp(weights[:depth], None, GRID["activations"][a])
            backward = network.backward(
                network.forward(top, x / rms(x)), output_grad / rms(output_grad)
            )
            found = grid.log10_gradient_rms[a, i, g, d]
            np.testing.assert_allclose(
                found[:depth], np.log10([rms(z) for z in backward.deltas]), atol=1e-9
            )
            assert np.isnan(found[depth:]).all()
        for place, layer in enumerate(GRID["histogram_layers"]):
            low, high = HISTOGRAM_EDGES[[0, -1]] * (1 - 1e-12)
            counts, _ = np.histogram(
                np.clip(forward.h[layer], low, high), HISTOGRAM_EDGES
            )
            found = grid.histograms[a, i, g, place]
            np.testing.assert_allclose(found, counts / 70, atol=EXACT)


def test_grid_names_equal_settings_once():
    grid = measure_grid(**GRID)
    np.testing.assert_array_equal(
        grid.setting, [[0, 1, 2, 3], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    )
    np.testing.assert_allclose(grid.sigma_w[:, 2], [1, sqrt(2), 1, 1], rtol=EXACT)
    np.testing.assert_allclose(grid.sigma_w[1], sqrt(2) * grid.gains, rtol=EXACT)
    alone = measure_grid(**(GRID | {"initializers": ["he_normal"]}))
    np.testing.assert_allclose(
        alone.log10_gradient_rms[:, 0], grid.log10_gradient_rms[:, 1], atol=1e-9
    )


def test_grid_in_float32_is_exact_in_log10_and_keeps_zero_apart():
    options = {
        "activations": ["identity", "gelu"],
        "initializers": ["zeros", "lecun_normal", "constant", "zeros"],
        "gains": [1e-9, 1e9],
        "depths": [30],
        "width": 12,
        "histogram_layers": [0, 29],
        "rng": 0,
    }
    grid = measure_grid(**options)
    silent = grid.log10_activation_rms[:, [0, 3]]
    assert (silent == -np.inf).all()
    identity = grid.log10_activation_rms[0, 1]
    np.testing.assert_allclose(
        identity[1] - identity[0], 18 * np.arange(1, 31), rtol=1e-5
    )
    assert np.isfinite(grid.log10_activation_rms[:, 1:3]).all()
    # All hidden states in the middle bin, or in the two outer ones.
    np.testing.assert_array_equal(grid.histograms[0, 1, 0, 1, 30], 1)
    np.testing.assert_allclose(
        grid.histograms[0, 1, 1, 1, [0, -1]].sum(), 1, rtol=EXACT
    )


def test_grid_does_not_depend_on_threads_or_company(monkeypatch):
    base = measure_grid(**GRID)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr("vgcourse.propagation._TOGETHER", 3)
    other = measure_grid(**GRID)
    for name, values in vars(base).items():
        if isinstance(values, np.ndarray):
            np.testing.assert_allclose(values, getattr(other, name), rtol=0, atol=1e-9)


def test_wide_grids_use_one_product():
    # 300 × 300 weights are not cut in pieces.
    wide = GRID | {"width": 300, "activations": ["tanh"], "initializers": ["he_normal"]}
    profile = measure_grid(**wide).log10_activation_rms[0, 0, 2]
    predicted = predict_profile(depth=6, activation="tanh", sigma_w=sqrt(2))
    np.testing.assert_allclose(profile, predicted.log10_activation_rms, atol=0.03)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"activations": []}, ValueError, "activations, .* must not be empty"),
        ({"gains": []}, ValueError, "activations, .* must not be empty"),
        ({"depths": []}, ValueError, "activations, .* must not be empty"),
        ({"gains": [1.0, np.inf]}, ValueError, "gains must be finite, got inf"),
        ({"gains": [-1.0]}, ValueError, "gains must be at least 0, got -1.0"),
        ({"depths": [5, 0]}, ValueError, "depths must be at least 1, got 0"),
        (
            {"histogram_layers": [6]},
            ValueError,
            "histogram_layers must be below depth 6",
        ),
        ({"histogram_layers": [-1]}, ValueError, "histogram_layers must be at least 0"),
        ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
        ({"initializers": ["he"]}, ValueError, "initializer must be one of"),
        ({"rng": None}, TypeError, "rng must be an int, SeedSequence or Generator"),
    ],
)
def test_measure_grid_says_what_is_wrong(options, error, message):
    with pytest.raises(error, match=message):
        measure_grid(**(GRID | options))
