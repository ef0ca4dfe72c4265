"""The activations against their definitions in multi-precision, and their bounds."""

import math
import re

import mpmath as mp
import numpy as np
import pytest
import reference
from ground_truth import known
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import activations, network
from vgcourse.activations import ACTIVATIONS, Activation
from vgcourse.gaussian import gaussian_mean
from vgcourse.unit_chain import unit_chain

EXACT = 1e-12  # the same arithmetic, reordered
QUADRATURE = 1e-12  # relative; about 1e-15 was seen
INF = math.inf
# Far enough from 0 on both sides for every tail that float32 can hold.
POINTS = np.concatenate([np.linspace(-36.1, 36.2, 187), np.linspace(-3.17, 3.13, 128)])

names = pytest.mark.parametrize("name", ACTIVATIONS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def of_ones_own(name: str, formula: activations.Formula) -> Activation:
    """Return an activation of which only the formula matters."""
    return Activation(name, formula, 1.0, 0.0, (-1.0, 1.0), (1.0, 1.0), (0.0, 0.0))


def test_all_activations_of_the_course_are_there():
    assert list(ACTIVATIONS) == list(reference.ACTIVATIONS)
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())


@names
@dtypes
def test_function_and_derivative_are_right_to_a_few_units_in_the_last_place(
    name: str, dtype: type
):
    z = POINTS.astype(dtype)
    function, slope = reference.precise_values(reference.ACTIVATIONS[name], z)
    # The tail of gelu_tanh is the exponential of a cubic, which magnifies.
    units = 2000 if name == "gelu_tanh" and dtype is np.float64 else 5
    tolerance = units * float(np.finfo(dtype).eps)
    # What ends as a subnormal number has fewer digits, down to none.
    floor = max(units, 100) * float(np.finfo(dtype).smallest_subnormal)
    values, slopes = ACTIVATIONS[name].function_and_derivative(z)
    np.testing.assert_allclose(values, function, rtol=tolerance, atol=floor)
    # The slopes of smooth rectifiers cross 0 inside ±3: terms of size 1 cancel.
    near, scale = np.abs(z) < 3, np.maximum(np.abs(slope), 0.25)
    assert (np.abs(slopes - slope)[near] <= tolerance * scale[near]).all()
    np.testing.assert_allclose(slopes[~near], slope[~near], rtol=tolerance, atol=floor)


@names
@dtypes
def test_limits_are_reached_without_a_warning(name: str, dtype: type):
    activation = ACTIVATIONS[name]
    ends = np.array([-INF, INF], dtype)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(
            activation.function(ends), np.array(activation.limits, dtype)
        )
        np.testing.assert_array_equal(
            activation.derivative(ends), np.array(activation.slopes_at_infinity, dtype)
        )


@names
@dtypes
def test_far_out_an_activation_is_a_line_or_its_limit(name: str, dtype: type):
    activation = ACTIVATIONS[name]
    z = np.array([-1e4, 1e4], dtype)
    with np.errstate(all="raise"):
        values, slopes = activation.function_and_derivative(z)
    line = np.array(activation.slopes_at_infinity) * [-1e4, 1e4]
    level = np.where(line == 0, activation.limits, 0)
    # The only one that is late is softsign, by 1/(1 + |z|).
    rtol, atol = (1.1e-4, 1.1e-8) if name == "softsign" else (1e-6, 0)
    np.testing.assert_allclose(values, line + level, rtol=rtol)
    np.testing.assert_allclose(
        slopes, activation.slopes_at_infinity, rtol=1e-6, atol=atol
    )


@names
def test_slopes_at_zero_are_those_on_both_sides(name: str):
    activation = ACTIVATIONS[name]
    np.testing.assert_allclose(
        activation.derivative([-1e-20, 1e-20]), activation.slopes_at_zero, rtol=EXACT
    )
    if activation.function(0.0) == 0:  # near 0 it is a pair of lines
        np.testing.assert_allclose(
            activation.function([-1e-20, 1e-20]) / [-1e-20, 1e-20],
            activation.slopes_at_zero,
            rtol=EXACT,
        )


@names
def test_derivative_jumps_at_the_kinks_and_nowhere_else(name: str):
    kinks = ACTIVATIONS[name].kinks
    places = np.arange(-5.0, 5.5, 0.5)
    jumps = np.abs(
        ACTIVATIONS[name].derivative(places + 1e-9)
        - ACTIVATIONS[name].derivative(places - 1e-9)
    )
    assert tuple(places[jumps > 1e-3]) == kinks


@names
def test_derivative_is_that_of_the_function(name: str):
    rng = np.random.default_rng(1)
    z = rng.standard_normal(50)
    reference.check_directional_derivative(
        ACTIVATIONS[name].function,
        lambda g: g * ACTIVATIONS[name].derivative(z),
        z,
        rng=rng,
    )


@names
def test_max_slope_is_the_supremum_and_reached_where_said(name: str):
    activation = ACTIVATIONS[name]
    found = reference.supremum(lambda z: np.abs(activation.derivative(z)))
    np.testing.assert_allclose(found, activation.max_slope, rtol=1e-9)
    assert found <= activation.max_slope * (1 + EXACT)
    if activation.max_slope_at is not None:
        there = activation.derivative(activation.max_slope_at)
        np.testing.assert_allclose(there, activation.max_slope, rtol=EXACT)
    else:  # on a whole interval
        slopes = activation.derivative(np.linspace(0.1, 2.9, 9))
        on_the_left = activation.derivative(np.linspace(-2.9, -0.1, 9))
        assert (slopes == activation.max_slope).all() or (
            on_the_left == activation.max_slope
        ).all()


@pytest.mark.parametrize(
    ("name", "slope", "at"),
    [
        ("sigmoid", known("3.1")[0], 0.0),
        ("tanh", known("3.1")[1], 0.0),
        ("softsign", known("3.1")[4], 0.0),
        ("gelu", known("3.3")[0], math.sqrt(2)),
        ("gelu_tanh", known("3.4")[0], known("3.4")[2]),
        ("silu", known("3.5")[0], known("3.5")[2]),
        ("mish", known("3.7")[0], known("3.7")[2]),
        ("selu", known("3.8")[2], 0.0),
        ("hard_sigmoid", known("3.10")[0], None),
        ("elu", known("3.11")[0], None),
    ],
)
def test_max_slope_has_the_known_value(name: str, slope: float, at: float | None):
    assert math.isclose(ACTIVATIONS[name].max_slope, slope, rel_tol=EXACT)
    if at is None:
        assert ACTIVATIONS[name].max_slope_at is None
    else:
        assert math.isclose(ACTIVATIONS[name].max_slope_at, at, abs_tol=EXACT)


@pytest.mark.parametrize(
    ("name", "slope", "at"),
    [
        ("gelu", known("3.3")[1], -math.sqrt(2)),
        ("gelu_tanh", known("3.4")[1], -known("3.4")[2]),
        ("silu", known("3.5")[1], -known("3.5")[2]),
        ("mish", known("3.7")[1], known("3.7")[3]),
    ],
)
def test_smooth_rectifiers_fall_on_the_left(name: str, slope: float, at: float):
    derivative = ACTIVATIONS[name].derivative
    assert math.isclose(derivative(at), slope, rel_tol=1e-11)
    lowest = -reference.supremum(lambda z: -derivative(z))
    assert math.isclose(lowest, slope, rel_tol=1e-11)


def test_silu_is_steepest_at_the_root_of_its_equation():
    # Row 3.5: x tanh(x/2) = 2.
    x = ACTIVATIONS["silu"].max_slope_at
    assert math.isclose(x * math.tanh(x / 2), 2, rel_tol=EXACT)


def scaled_tanh(z):
    yield 1.7159 * np.tanh(2 * z / 3)
    yield 1.7159 * 2 / 3 / np.cosh(2 * z / 3) ** 2


def arctan(z):
    yield np.arctan(z)
    yield 1 / (1 + z**2)


def hard_swish(z):
    yield z * np.clip(z + 3, 0, 6) / 6
    yield np.where(z > 3, 1.0, np.where(z < -3, 0.0, (2 * z + 3) / 6))


def gaussian_erf(z):
    # erf x = 2 Φ(√2 x) − 1, and Φ is GELU divided by its argument.
    u = math.sqrt(2) * z
    yield 2 * ACTIVATIONS["gelu"].function(u) / u - 1
    yield 2 / math.sqrt(math.pi) * np.exp(-(z**2))


@pytest.mark.parametrize(
    ("formula", "slope"),
    [
        (arctan, 1.0),  # row 3.1
        (gaussian_erf, 1.1283791670955126),
        (scaled_tanh, 1.143933333333),  # row 3.2
        (hard_swish, known("3.10")[1]),
    ],
)
def test_an_activation_of_ones_own_has_the_known_supremum(formula, slope: float):
    own = of_ones_own(formula.__name__, formula)
    z = np.array([-2.5, -0.7, 0.3, 1.9])
    reference.check_directional_derivative(
        own.function, lambda g: g * own.derivative(z), z, rng=np.random.default_rng(0)
    )
    with np.errstate(over="ignore"):
        found = reference.supremum(own.derivative)
    assert math.isclose(found, slope, rel_tol=1e-7)
    assert activations.get(own) is own


def test_scaled_tanh_passes_through_one():
    value = of_ones_own("scaled_tanh", scaled_tanh).function(1.0)
    assert math.isclose(value, known("3.2")[1], rel_tol=1e-11)


def test_selu_constants_fix_mean_zero_and_second_moment_one():
    scale, alpha, _ = known("3.8")
    selu = ACTIVATIONS["selu"]
    assert selu.slopes_at_infinity == (0.0, scale)
    np.testing.assert_allclose(
        selu.slopes_at_zero[0] / selu.slopes_at_zero[1], alpha, rtol=EXACT
    )
    assert abs(gaussian_mean(selu.function, kinks=selu.kinks)) < QUADRATURE
    assert math.isclose(selu.forward_gain, 1, rel_tol=QUADRATURE)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("gelu", 0, 1),
        ("silu", 0, 1),
        ("mish", 0, 1),
        ("softplus", 0, 1),
        ("elu", 0, 1),
        ("selu", *known("3.11")[4:]),
    ],
)
def test_rectifiers_end_with_slope_zero_and_one(name: str, left: float, right: float):
    slopes = ACTIVATIONS[name].derivative([-40.0, 40.0])
    np.testing.assert_allclose(slopes, [left, right], rtol=1e-9, atol=1e-9)


def test_saturation_begins_where_the_closed_form_says():
    edges = [math.acosh(49), math.acosh(10)]
    np.testing.assert_allclose(edges, known("3.12"), rtol=1e-12)
    for name, edge in zip(("sigmoid", "tanh"), edges, strict=True):
        slopes = ACTIVATIONS[name].derivative([-edge, edge])
        np.testing.assert_allclose(slopes, 0.01, rtol=EXACT)


def test_sigmoid_slope_is_kept_on_the_positive_side():
    # s(1 − s) is exactly 0 from 53 ln 2 on.
    sigmoid = ACTIVATIONS["sigmoid"]
    edge = 53 * math.log(2)
    assert math.isclose(edge, known("3.13")[0], rel_tol=1e-12)
    s = sigmoid.function(np.nextafter(edge, INF) + 1e-9)
    assert s * (1 - s) == 0
    assert abs(math.log10(sigmoid.derivative(36.8)) - known("3.13")[1]) < 0.02
    assert sigmoid.derivative(36.8) == sigmoid.derivative(-36.8)


def test_weight_beats_the_sigmoid_bound_only_from_four_and_only_in_a_window():
    # |w| σ′(wz) ≥ 1 on a width of (2/w) arccosh(w/2 − 1).
    derivative = ACTIVATIONS["sigmoid"].derivative
    z = np.linspace(-0.5, 0.5, 1_000_001)
    widest, w = known("3.14")
    width = 2 / w * math.acosh(w / 2 - 1)
    assert math.isclose(width, widest, rel_tol=1e-11)
    for other in (6.8, w, 7.0):
        share = np.mean(other * derivative(other * z) >= 1)
        assert math.isclose(share, 2 / other * math.acosh(other / 2 - 1), abs_tol=3e-6)
        assert share <= width + 3e-6
    assert (3.999 * derivative(3.999 * z) < 1).all()
    assert 4 * derivative(0.0) == 1


@pytest.mark.parametrize("variance", [1e-6, 0.3, 1.0, 40.0])
def test_rectifier_moments_equal_the_closed_forms(variance: float):
    # Row 4.1.
    relu, s = ACTIVATIONS["relu"], math.sqrt(variance)
    mean = gaussian_mean(relu.function, variance=variance)
    second = gaussian_mean(lambda z: relu.function(z) ** 2, variance=variance)
    assert math.isclose(second, s**2 / 2, rel_tol=QUADRATURE)
    assert math.isclose(mean, s / math.sqrt(2 * math.pi), rel_tol=QUADRATURE)
    spread = s**2 * (math.pi - 1) / (2 * math.pi)
    assert math.isclose(second - mean**2, spread, rel_tol=QUADRATURE)


def test_leaky_relu_has_equal_moments_of_value_and_slope():
    # Slope 0.2.
    leaky = activations.leaky_relu(0.2)
    assert math.isclose(leaky.forward_gain**-2, known("4.1")[3], rel_tol=QUADRATURE)
    assert math.isclose(leaky.backward_gain**-2, known("4.1")[3], rel_tol=QUADRATURE)


@pytest.mark.parametrize(
    ("name", "second", "slope"),
    [
        ("tanh", *known("4.2")[:2]),
        ("sigmoid", *known("4.2")[2:]),
    ],
)
def test_gaussian_moments_have_the_known_values(name: str, second, slope: float):
    activation = ACTIVATIONS[name]
    assert math.isclose(activation.forward_gain**-2, second, abs_tol=1e-12)
    assert math.isclose(activation.backward_gain**-2, slope, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        *zip(("tanh", "gelu", "silu", "sigmoid", "selu"), known("4.4"), strict=True),
        ("relu", math.sqrt(2)),
    ],
)
def test_forward_gain_has_the_known_value(name: str, gain: float):
    assert math.isclose(ACTIVATIONS[name].forward_gain, gain, rel_tol=1e-12)


@names
def test_gains_equal_multi_precision_integrals(name: str):
    phi = reference.ACTIVATIONS[name]
    cuts = [-12, -6, -3, 0, 3, 6, 12]
    with mp.workdps(20):
        second = mp.quad(lambda z: phi(z) ** 2 * mp.npdf(z), cuts)
        slope = mp.quad(lambda z: mp.diff(phi, z) ** 2 * mp.npdf(z), cuts)
    assert math.isclose(ACTIVATIONS[name].forward_gain, second**-0.5, rel_tol=1e-11)
    assert math.isclose(ACTIVATIONS[name].backward_gain, slope**-0.5, rel_tol=1e-11)


@pytest.mark.torch
def test_torch_gains_of_rectifiers_agree_and_those_of_squashers_do_not():
    # Row 4.5.
    torch = pytest.importorskip("torch")
    calculate_gain = torch.nn.init.calculate_gain
    for ours, theirs in [
        (ACTIVATIONS["identity"], calculate_gain("linear")),
        (ACTIVATIONS["relu"], calculate_gain("relu")),
        (activations.leaky_relu(0.2), calculate_gain("leaky_relu", 0.2)),
    ]:
        assert math.isclose(ours.forward_gain, theirs, rel_tol=QUADRATURE)
        assert math.isclose(ours.backward_gain, theirs, rel_tol=QUADRATURE)
    assert math.isclose(calculate_gain("leaky_relu", 0.2), 1.3867505, rel_tol=1e-7)
    for name, theirs in [("sigmoid", 1), ("tanh", 5 / 3), ("selu", 3 / 4)]:
        assert calculate_gain(name) == theirs
        assert abs(ACTIVATIONS[name].forward_gain - theirs) > 0.05
        assert abs(ACTIVATIONS[name].backward_gain - theirs) > 0.05


@names
def test_gaussian_mean_serves_tiny_and_huge_variances(name: str):
    activation = ACTIVATIONS[name]

    def second(variance):
        return gaussian_mean(
            lambda z: activation.function(z) ** 2,
            variance=variance,
            kinks=activation.kinks,
        )

    tiny, huge = 1e-20, 1e20
    # Near 0 and far out an activation is a pair of lines or constants.
    at_zero = activation.function(0.0)
    left, right = activation.slopes_at_zero
    near = at_zero**2 or tiny * (left**2 + right**2) / 2
    np.testing.assert_allclose(second(tiny), near, rtol=1e-8)
    slopes = np.array(activation.slopes_at_infinity)
    level = np.where(slopes == 0, activation.limits, 0)
    far = ((slopes**2 * huge + level**2) / 2).sum()
    np.testing.assert_allclose(second(huge), far, rtol=1e-8)


@names
@dtypes
def test_a_large_array_is_its_parts(name: str, dtype: type):
    # Longer than a block, not a multiple of one, and not in C order.
    z = np.random.default_rng(0).standard_normal((3, 70, 301)).astype(dtype).T
    values, slopes = ACTIVATIONS[name].function_and_derivative(z)
    assert values.dtype == slopes.dtype == dtype
    assert values.shape == slopes.shape == z.shape
    for part in [(slice(0, 5), 3), (slice(None), -1, 2), (300, slice(60, 70))]:
        np.testing.assert_array_equal(values[part], ACTIVATIONS[name].function(z[part]))
        np.testing.assert_array_equal(
            slopes[part], ACTIVATIONS[name].derivative(z[part])
        )


@names
def test_numbers_integers_and_half_precision_are_served(name: str):
    activation = ACTIVATIONS[name]
    wide = activation.function(np.array([2.0]))
    for z in (2, 2.0, np.int8(2), [2], np.array(2.0)):
        assert activation.function(z) == wide[0]
        assert np.shape(activation.function(z)) == np.shape(z)
        assert activation.derivative(z).dtype == np.float64
    half = activation.function(np.array([2.0, -300.0], np.float16))
    assert half.dtype == np.float16
    np.testing.assert_allclose(half[0], wide[0], rtol=2e-3)


@pytest.mark.parametrize("z", [1j, "1", None])
def test_what_is_no_real_number_is_a_type_error(z):
    with pytest.raises(TypeError, match=r"^Cannot cast .* to dtype\(.float64.\)"):
        ACTIVATIONS["tanh"].function(z)


@names
def test_function_does_not_share_memory_with_its_argument(name: str):
    z = np.linspace(-1, 1, 5)
    before = z.copy()
    for result in ACTIVATIONS[name].function_and_derivative(z):
        assert not np.shares_memory(z, result)
    np.testing.assert_array_equal(z, before)


@names
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 20_000])  # in one block, and in several
def test_what_is_no_number_stays_none(name: str, dtype: type, size: int):
    z = np.full(size, np.nan, dtype)
    with np.errstate(all="raise"):
        values, slopes = ACTIVATIONS[name].function_and_derivative(z)
    assert np.isnan(values).all()
    assert np.isnan(slopes).all()


@pytest.mark.parametrize(
    "activation",
    [
        activations.leaky_relu(0.0),
        activations.leaky_relu(1.0),
        activations.leaky_relu(-2.0),
        activations.prelu(0.5),
        activations.elu(0.0),
        activations.elu(3.0),
        of_ones_own("cliff", lambda z: iter([np.where(z > 1, z, 0), z > 1])),
    ],
    ids=lambda activation: activation.name,
)
def test_a_parameter_does_not_hide_what_is_no_number(activation: Activation):
    assert np.isnan(activation.function_and_derivative(np.nan)).all()


def test_a_network_that_has_overflowed_reports_no_vanished_gradient():
    # float16, forty ReLU layers at four times He's scale: an explosion, not a 0.
    mlp = network.random_mlp(
        [64] * 41,
        activation="relu",
        initializer="he_normal",
        gain=4.0,
        rng=0,
        dtype=np.float16,
    )
    x = np.random.default_rng(0).standard_normal((8, 64)).astype(np.float16)
    with np.errstate(over="ignore", invalid="ignore"):
        forward_pass = network.forward(mlp, x)
        output_grad = np.ones((8, 64), np.float16)
        backward_pass = network.backward(forward_pass, output_grad)
    assert np.isnan(forward_pass.h[-1]).all()
    assert np.isnan(backward_pass.input_grad).all()


def test_a_negative_slope_bounds_a_product_by_its_size():
    folded = activations.leaky_relu(-2.0)
    assert folded.max_slope == 2.0
    assert folded.limits == (INF, INF)
    np.testing.assert_array_equal(folded.function([-3.0, 3.0]), [6.0, 3.0])
    run = unit_chain(-1.0, 1.0, activation=folded, depth=9)
    # From the second unit on z is negative: every factor is −1 · −2, the bound.
    assert np.abs(run.factors).max() == folded.max_slope
    np.testing.assert_array_equal(
        activations.leaky_relu(-1.0).function([-3, 3]), [3, 3]
    )


SLOPES = st.floats(min_value=-3, max_value=3)


@given(slope=SLOPES)
@pytest.mark.parametrize("make", [activations.leaky_relu, activations.prelu])
def test_rectifiers_with_a_slope_are_two_lines(make, slope: float):
    activation = make(slope)
    z = np.array([-INF, -2.0, -0.5, 0.5, INF])
    # slope · (−∞) is not a number for slope 0, where φ is 0.
    expected = [slope * -INF if slope else 0.0, slope * -2.0, slope * -0.5, 0.5, INF]
    np.testing.assert_array_equal(activation.function(z), expected)
    np.testing.assert_array_equal(
        activation.derivative(z), [slope, slope, slope, 1.0, 1.0]
    )
    assert activation.max_slope == max(1, abs(slope))
    assert activation.limits == (expected[0], INF)
    gain = math.sqrt(2 / (1 + slope**2))
    assert math.isclose(activation.forward_gain, gain, rel_tol=QUADRATURE)
    assert math.isclose(activation.backward_gain, gain, rel_tol=QUADRATURE)


@pytest.mark.parametrize(
    ("alpha", "slope", "at"), [(0.0, 1.0, None), (0.5, 1.0, None), (2.0, 2.0, 0.0)]
)
def test_elu_takes_its_limit_as_a_parameter(alpha: float, slope: float, at):
    # Row 3.11: sup max(1, alpha).
    elu = activations.elu(alpha)
    assert elu.name == f"elu({alpha:g})"
    assert (elu.max_slope, elu.max_slope_at) == (slope, at)
    assert elu.limits == (-alpha, INF)
    np.testing.assert_array_equal(elu.function([-INF, 3.0]), [-alpha, 3.0])
    np.testing.assert_allclose(
        elu.derivative([-2.0, 2.0]), [alpha * math.exp(-2), 1.0], rtol=EXACT
    )
    found = reference.supremum(elu.derivative)
    np.testing.assert_allclose(found, elu.max_slope, rtol=1e-6)


def test_names_tell_an_unusual_parameter():
    assert activations.leaky_relu().name == "leaky_relu"
    assert activations.leaky_relu(0.2).name == "leaky_relu(0.2)"
    assert activations.prelu(-1).name == "prelu(-1)"
    assert activations.elu().name == "elu"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: activations.prelu(np.nan),
            ValueError,
            "slope must be finite, got nan",
        ),
        (lambda: activations.elu(-1), ValueError, "alpha must be at least 0, got -1"),
        (
            lambda: activations.leaky_relu("0.1"),
            TypeError,
            "slope must be a number, got '0.1'",
        ),
        (
            lambda: activations.get("softmax"),
            ValueError,
            f"activation must be one of {', '.join(ACTIVATIONS)}; got 'softmax'",
        ),
        (
            lambda: activations.get("leakyrlu"),
            ValueError,
            f"activation must be one of {', '.join(ACTIVATIONS)}; got 'leakyrlu'; "
            "did you mean leaky_relu?",
        ),
        (
            lambda: activations.get(np.tanh),
            TypeError,
            f"activation must be one of {', '.join(ACTIVATIONS)}; got {np.tanh!r}",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, error: type[Exception], message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_get_returns_the_activation_of_that_name():
    assert activations.get("tanh") is ACTIVATIONS["tanh"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("GELU", "gelu"),
        ("nn.LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        ("Leaky ReLU", "leaky_relu"),
        ("swish", "silu"),
        ("torch.nn.functional.hardsigmoid", "hard_sigmoid"),
        ("gelu_new", "gelu_tanh"),
        ("linear", "identity"),
    ],
)
def test_names_are_known_as_people_write_them(written: str, name: str):
    assert activations.get(written) is ACTIVATIONS[name]


def test_moments_of_selu_are_drawn_back_to_their_fixed_point():
    # d(mean, variance) of the output by d(mean, variance) of the input, at
    # (0, 1), with weights of sum 0 and square sum 1: only the variance is felt.
    selu = ACTIVATIONS["selu"]

    def moments(variance: float) -> np.ndarray:
        first, second = (
            gaussian_mean(
                lambda z, k=k: selu.function(z) ** k, variance=variance, kinks=(0.0,)
            )
            for k in (1, 2)
        )
        return np.array([first, second - first**2])

    step = 1e-5
    column = (moments(1 + step) - moments(1 - step)) / (2 * step)
    np.testing.assert_allclose(column, known("3.9")[:2], atol=1e-8)
    np.testing.assert_allclose(np.linalg.norm(column), known("3.9")[2], atol=1e-8)


def test_gain_from_the_standard_deviation_is_not_that_of_he():
    # ReLU has a mean, and the second moment is what the next layer feels.
    relu = ACTIVATIONS["relu"]
    mean, square = (
        gaussian_mean(lambda z, k=k: relu.function(z) ** k, kinks=(0.0,))
        for k in (1, 2)
    )
    gain = 1 / np.sqrt(square - mean**2)
    np.testing.assert_allclose([gain, gain**2 * square], known("13.7"), rtol=1e-9)
    np.testing.assert_allclose(relu.forward_gain, np.sqrt(2), rtol=1e-12)


# An activation of one's own ---------------------------------------------------------


@pytest.mark.parametrize("with_derivative", [True, False])
@names
def test_an_activation_is_found_from_its_function(name: str, with_derivative: bool):
    known = ACTIVATIONS[name]
    derivative = known.derivative if with_derivative else None
    found = activations.from_function(known.function, derivative, name=name)
    assert found.name == name
    np.testing.assert_allclose(found.kinks, known.kinks if name != "elu" else ())
    assert found.limits == pytest.approx(known.limits)
    assert found.slopes_at_zero == pytest.approx(known.slopes_at_zero, abs=2e-9)
    assert found.slopes_at_infinity == pytest.approx(known.slopes_at_infinity)
    assert found.max_slope == pytest.approx(known.max_slope, abs=2e-5)
    z = np.linspace(-9.1, 9, 1000)  # no kink is among them
    np.testing.assert_array_equal(found.function(z), known.function(z))
    np.testing.assert_allclose(found.derivative(z), known.derivative(z), atol=1e-6)
    assert math.isclose(found.forward_gain, known.forward_gain, rel_tol=1e-9)
    assert math.isclose(found.backward_gain, known.backward_gain, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("function", "derivative", "error", "message"),
    [
        (
            np.tanh,
            lambda z: np.where(z < 1, 1 - np.tanh(z) ** 2, 0.5),
            ValueError,
            "derivative must be that of function: at z = 1.1 it is 0.5, but the "
            "function's slope is 0.359201",
        ),
        (np.square, None, ValueError, "function must grow at most like a straight"),
        (np.log, None, ValueError, "function must be finite, at z = -7.3 it is nan"),
        (np.sum, None, ValueError, "function must act elementwise"),
        ("tanh", None, TypeError, "function must be a function, got 'tanh'"),
    ],
)
def test_what_is_no_activation_is_one_clear_line(function, derivative, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}") as caught:
        activations.from_function(function, derivative)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("gelu", 1.144), ("silu", 1.173), ("tanh", 0.461), ("relu", 1.0), ("selu", 0.783)],
)
def test_a_forward_gain_says_whether_it_keeps_the_signal(name: str, slope: float):
    activation, step = ACTIVATIONS[name], 1e-4

    def after(variance: float) -> float:
        second = gaussian_mean(
            lambda z: activation.function(z) ** 2,
            variance=variance,
            kinks=activation.kinks,
        )
        return float(second) * activation.forward_gain**2

    quotient = (after(1 + step) - after(1 - step)) / (2 * step)
    assert math.isclose(activation.forward_gain_slope, quotient, abs_tol=1e-7)
    assert round(activation.forward_gain_slope, 3) == slope
