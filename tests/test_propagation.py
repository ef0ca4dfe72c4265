"""Measured profiles against plain passes, and where number formats end."""

from itertools import pairwise
from math import log, log10

import mpmath as mp
import numpy as np
import pytest
import reference
from reference import assert_profiles_equal, rms

from vgcourse import network
from vgcourse.activations import ACTIVATIONS, Activation
from vgcourse.initializers import INITIALIZERS
from vgcourse.meanfield import predict_profile
from vgcourse.profiles import Profile, profile_of
from vgcourse.propagation import measure_profile

EXACT = 1e-12  # the same arithmetic, reordered
# In log10: the rounding of each number format, carried through up to 300 layers.
ROUNDING = {"float64": 1e-10, "float32": 2e-4}


def drawn(*, depth, width, batch, initializer, rng, dtype):
    """Weights, inputs and output gradient of RMS 1, and the generator for biases."""
    *layers, last = np.random.default_rng(rng).spawn(depth + 1)
    draw = INITIALIZERS[initializer]
    weights = [np.float64(draw(width, width, rng=r, dtype=dtype)) for r in layers]
    x, output_grad = np.float64(last.standard_normal((2, batch, width), dtype=dtype))
    return weights, x / rms(x), output_grad / rms(output_grad), last


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


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize(
    ("widths", "batch"), [([9, 9, 9], 7), ([6, 9, 4, 8], 5), ([40, 30, 50], 3)]
)
def test_widths_weight_gradients_and_alikeness_are_those_of_a_plain_pass(
    widths, batch, dtype
):
    rngs = np.random.default_rng(3).spawn(len(widths))
    *layers, last = rngs
    scheme = INITIALIZERS["pytorch_default"]
    fans = list(pairwise(widths))
    weights = [
        np.float64(scheme(*pair, rng=rng, dtype=dtype))
        for pair, rng in zip(fans, layers, strict=True)
    ]
    x = np.float64(last.standard_normal((batch, widths[0]), dtype=dtype))
    grad = np.float64(last.standard_normal((batch, widths[-1]), dtype=dtype))
    biases = [scheme.biases(*pair, rng=last) for pair in fans]
    mlp = network.mlp(weights, biases, "gelu")
    forward = network.forward(mlp, x / rms(x))
    backward = network.backward(forward, grad / rms(grad))
    expected = profile_of(forward, backward)
    found = measure_profile(
        width=widths,
        batch=batch,
        activation="gelu",
        initializer="pytorch_default",
        rng=3,
        dtype=dtype,
    )
    assert_profiles_equal(found, expected, atol=ROUNDING[dtype])
    for name in ("log10_weight_grad_rms", "alikeness"):
        values = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(*values, rtol=0, atol=5 * ROUNDING[dtype])


def test_weight_gradients_are_level_where_the_gradient_falls():
    # Without biases a rectifier hands on δ and h by factors that cancel.
    shape = {"depth": 60, "activation": "relu", "initializer": "lecun_normal"}
    found = measure_profile(**shape, width=100, rng=0, dtype="float32")
    predicted = predict_profile(**shape)
    for profile in (found, predicted):
        falls = profile.log10_gradient_rms[0] - profile.log10_gradient_rms[-1]
        assert falls == pytest.approx(-59 * log10(2) / 2, abs=1)
    assert np.ptp(predicted.log10_weight_grad_rms) == pytest.approx(0, abs=1e-9)
    assert np.ptp(found.log10_weight_grad_rms) < 1


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


def test_same_seed_same_profile_whatever_the_threads():
    shape = {"depth": 4, "width": 6, "activation": "tanh", "initializer": "he_normal"}
    one = measure_profile(**shape, rng=7, threads=1)
    assert_profiles_equal(measure_profile(**shape, rng=7, threads=3), one, atol=0)
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
        ("width", [3, 0], ValueError, "width must be at least 1, got 0"),
        ("width", [3], ValueError, "width must hold that of the inputs and of each"),
        ("width", [3] * 9, ValueError, r"width must hold depth \+ 1 = . numbers"),
        ("depth", None, TypeError, "depth must be an integer, got None"),
        ("sigma_b", -0.1, ValueError, "sigma_b must be at least 0, got -0.1"),
        ("input_rms", np.inf, ValueError, "input_rms must be finite, got inf"),
        ("input_mean", 1.5, ValueError, "input_mean must be at most input_rms=1"),
        ("rng", 0.5, TypeError, "rng must be an int, SeedSequence or Generator"),
        ("threads", 0, ValueError, "threads must be at least 1, got 0"),
        (
            "dtype",
            "single word",
            TypeError,
            "dtype must be float32 or float64, got 'si",
        ),
        (
            "initializer",
            lambda fan_in, fan_out, *, rng, dtype: np.full((fan_out, fan_in), np.nan),
            ValueError,
            "initializer must return finite weights",
        ),
        (
            "initializer",
            lambda fan_in, fan_out, *, rng, dtype: np.ones((fan_out, 1)),
            ValueError,
            r"initializer must return \(3, 3\), got shape \(3, 1\)",
        ),
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


def broken(z):
    """An activation that has no value beyond 1."""
    yield np.where(np.abs(z) <= 1, z, np.nan)
    yield np.where(np.abs(z) <= 1, 1.0, np.nan)


@pytest.mark.parametrize("dtype", ROUNDING)
def test_what_is_no_number_stays_so(dtype):
    activation = Activation(
        "broken", broken, 1.0, None, (np.nan, np.nan), (1.0, 1.0), (0.0, 0.0)
    )
    shape = {"depth": 3, "width": 6, "batch": 5, "rng": 0, "dtype": dtype}
    profile = measure_profile(
        **shape, activation=activation, initializer="lecun_normal"
    )
    for statistic in reference.STATISTICS:
        assert np.isnan(getattr(profile, statistic)).all(), statistic
    fine = measure_profile(
        **shape, activation=activation, initializer="lecun_normal", gain=1e-3
    )
    assert np.isfinite(fine.log10_gradient_rms).all()
    np.testing.assert_array_equal(fine.saturation, 0)
