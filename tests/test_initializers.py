"""The initializers: their moments, their bounds, and what they have in common."""

import math
import re

import numpy as np
import pytest
from ground_truth import known
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import initializers
from vgcourse.initializers import (
    INITIALIZERS,
    Scheme,
    fans,
    lsuv,
    standard_deviation,
    variance_scaling,
)

EXACT = 1e-12  # the same arithmetic, reordered
STANDARD_ERRORS = 6

names = pytest.mark.parametrize("name", INITIALIZERS)
drawn = pytest.mark.parametrize(
    "name", [name for name in INITIALIZERS if name not in ("zeros", "constant")]
)
dtypes = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
FANS = st.integers(min_value=1, max_value=40)
NAMES = st.sampled_from(list(INITIALIZERS))
SEEDS = st.integers(min_value=0, max_value=2**32)


def assert_mean_is(expected: float, samples: np.ndarray) -> None:
    """Assert that the mean is as expected, within six standard errors."""
    error = samples.std() / math.sqrt(samples.size)
    assert abs(samples.mean() - expected) <= STANDARD_ERRORS * error


def test_all_initializers_of_the_course_are_there():
    assert list(INITIALIZERS) == [
        *("lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform"),
        *("he_normal", "he_uniform", "truncated_normal", "orthogonal"),
        *("pytorch_default", "zeros", "constant"),
    ]


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("lecun_normal", known("4.6")[0]),
        ("lecun_uniform", known("4.6")[0]),
        ("truncated_normal", known("4.6")[0]),
        ("glorot_normal", known("4.6")[1]),
        ("glorot_uniform", known("4.6")[1]),
        ("he_normal", known("4.6")[3]),
        ("he_uniform", known("4.6")[3]),
        ("orthogonal", known("4.6")[0]),
        ("pytorch_default", known("4.6")[0] / math.sqrt(3)),
        ("zeros", 0.0),
        ("constant", 0.0),
    ],
)
def test_standard_deviation_has_the_known_value(name: str, std: float):
    # Fan_in 256, fan_out 128.
    assert math.isclose(standard_deviation(name, 256, 128), std, rel_tol=1e-11)
    assert math.isclose(
        standard_deviation(name, 256, 128, gain=3), 3 * std, rel_tol=1e-11
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("kaiming_uniform", "he_uniform"),
        ("nn.init.kaiming_normal_", "he_normal"),
        ("Xavier-Normal", "glorot_normal"),
        ("xavier_uniform_", "glorot_uniform"),
        ("HeNormal", "he_normal"),
        ("PyTorch default", "pytorch_default"),
    ],
)
def test_names_are_known_as_people_write_them(written: str, name: str):
    assert initializers.get(written) is INITIALIZERS[name]
    assert standard_deviation(written, 6, 5) == standard_deviation(name, 6, 5)


@pytest.mark.torch
def test_pytorch_default_is_what_pytorch_draws():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    theirs = torch.nn.Linear(400, 900)
    scheme = INITIALIZERS["pytorch_default"]
    drawn = (
        (theirs.weight, scheme(400, 900, rng=0)),
        (theirs.bias, scheme.biases(400, 900, rng=0)),
    )
    for tensor, ours in drawn:
        values = tensor.detach().numpy().ravel()
        assert ours.shape == tensor.shape
        assert_mean_is(1 / (3 * 400), values**2)
        assert_mean_is(1 / (3 * 400), ours**2)
        for sample in (values, ours):
            assert 0.99 / 20 < np.abs(sample).max() <= 1 / 20 + 1e-9


@pytest.mark.parametrize(
    ("mode", "std"),
    [
        ("fan_in", known("4.6")[3]),
        ("fan_out", known("4.6")[5]),
        ("fan_avg", math.sqrt(2) * known("4.6")[1]),
    ],
)
def test_standard_deviation_of_a_scheme_of_ones_own(mode: str, std: float):
    # He's 2/n, by fan_in and by fan_out.
    he = Scheme(math.sqrt(2), mode, "normal")
    assert math.isclose(standard_deviation(he, 256, 128), std, rel_tol=1e-11)
    assert_mean_is(std**2, he(256, 128, rng=0) ** 2)


@drawn
def test_weights_have_mean_zero_and_the_stated_second_moment(name: str):
    W = INITIALIZERS[name](256, 128, gain=1.5, rng=0)
    assert_mean_is(0, W)
    assert_mean_is(standard_deviation(name, 256, 128, gain=1.5) ** 2, W**2)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("glorot_uniform", known("4.6")[2]), ("he_uniform", known("4.6")[4])],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_weights_fill_the_interval_up_to_its_limit(name, limit, dtype: type):
    W = INITIALIZERS[name](256, 128, rng=0, dtype=dtype)
    assert np.abs(W).max() <= limit * (1 + np.finfo(dtype).eps)
    for end in (W.min(), W.max()):
        assert math.isclose(abs(end), limit, rel_tol=1e-3)


def test_fans_of_a_convolution_count_the_kernel():
    fan_in, fan_out = fans((128, 64, 3, 3))
    assert (fan_in, fan_out) == (576, 1152)
    std = standard_deviation("he_normal", fan_in, fan_out)
    assert math.isclose(std, *known("4.7"), rel_tol=1e-11)
    assert fans((128, 64)) == (64, 128)


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((4, 1, 3, 3), {"groups": 4}, (9, 9)),  # depthwise
        ((8, 2, 3, 3), {"groups": 2}, (18, 36)),
        ((512, 256, 4, 4), {"transposed": True, "stride": 4}, (512, 4096)),
        ((64, 32, 3, 3), {"transposed": True}, (576, 288)),
        ((3, 3, 64, 128), {"layout": "keras"}, (576, 1152)),
        ((64, 128), {"layout": "keras"}, (64, 128)),
    ],
)
def test_fans_know_groups_transposition_and_layout(shape, options, expected):
    assert fans(shape, **options) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 3}, "groups must divide shape[0], got 3 and 4"),
        ({"stride": 2}, "stride must divide the kernel (3, 3), got 2"),
        (
            {"layout": "keras", "groups": 4},
            "layout must be 'torch' with groups or transposed, got 'keras'",
        ),
        ({"layout": "jax"}, "layout must be one of torch, keras; got 'jax'"),
    ],
)
def test_fans_say_which_option_does_not_fit(options, message: str):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        fans((4, 1, 3, 3), **options)


def test_gain_may_be_an_array_without_axes():
    W = initializers.he_normal(4, 3, gain=np.array(2.0), rng=0)
    np.testing.assert_array_equal(W, initializers.he_normal(4, 3, gain=2.0, rng=0))


def test_truncated_weights_are_a_widened_gaussian_cut_at_two():
    # He with fan_in 256 draws with the last of these before the cut.
    _, cut_variance, before_the_cut = known("4.8")
    variance = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))
    assert math.isclose(variance, cut_variance, rel_tol=1e-11)
    assert math.isclose(initializers.TRUNCATED_STD, variance**0.5, rel_tol=EXACT)
    std = math.sqrt(2 / 256)
    widened = std / initializers.TRUNCATED_STD
    assert math.isclose(widened, before_the_cut, rel_tol=1e-11)
    W = INITIALIZERS["truncated_normal"](256, 1024, gain=math.sqrt(2), rng=0)
    assert np.abs(W).max() <= 2 * widened
    assert np.abs(W).max() > 1.999 * widened
    assert_mean_is(std**2, W**2)


def test_truncated_weights_are_not_clipped():
    # Clipping, and then dividing by 0.8796, would be 9 % too wide.
    clipped = np.clip(np.random.default_rng(0).standard_normal(2**18), -2, 2)
    assert_mean_is(known("4.9")[0] ** 2, clipped**2)
    W = INITIALIZERS["truncated_normal"](1, 2**18, rng=0)
    edge = 2 / initializers.TRUNCATED_STD
    assert np.count_nonzero(np.abs(W) == np.abs(W).max()) == 1
    assert np.mean(np.abs(W) > 0.9999 * edge) < 1e-3


def test_truncated_weights_have_their_std_at_any_gain():
    # Row 4.10: cut-offs that do not scale with the std leave a small one untouched.
    for gain in (0.02, 1.0, 50.0):
        W = INITIALIZERS["truncated_normal"](400, 400, gain=20 * gain, rng=0)
        assert np.abs(W).max() <= 2 * gain / initializers.TRUNCATED_STD
        assert_mean_is(gain**2, W**2)


@pytest.mark.torch
def test_torch_truncates_at_absolute_cut_offs():
    # Nothing is cut at std 0.02, so the correction inflates the variance.
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    draw = torch.nn.init.trunc_normal_(torch.empty(400, 400), std=0.02).double().numpy()
    ratio, inflated = known("4.10")
    assert_mean_is(ratio, (draw / 0.02) ** 2)
    assert_mean_is(inflated, (draw / 0.02 / initializers.TRUNCATED_STD) ** 2)


@pytest.mark.torch
def test_torch_linear_default_is_a_uniform_scheme_of_gain_one_over_sqrt_three():
    # U(±1/√fan_in), that is, variance 1/(3 fan_in).
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.nn.Linear(400, 300).weight.detach().numpy()
    default = Scheme(1 / math.sqrt(3), "fan_in", "uniform")
    ours = default(400, 300, rng=0, dtype=np.float32)
    assert ours.shape == theirs.shape
    for W in (ours, theirs):
        assert 0.999 / 20 < np.abs(W).max() <= 1.000001 / 20
        assert_mean_is(*known("4.11"), 3 * 400 * W.astype(float) ** 2)


@given(fan_in=FANS, fan_out=FANS, gain=st.floats(0.1, 10), seed=SEEDS)
def test_orthogonal_has_all_singular_values_equal_to_the_gain(
    fan_in: int, fan_out: int, gain: float, seed: int
):
    W = initializers.orthogonal(fan_in, fan_out, gain=gain, rng=seed)
    assert W.shape == (fan_out, fan_in)
    values = np.linalg.svd(W, compute_uv=False)
    np.testing.assert_allclose(values, gain, rtol=EXACT)


def test_orthogonal_product_keeps_every_singular_value():
    depth, gain, rng = 50, 1.1, np.random.default_rng(0)
    product = np.eye(8)
    for _ in range(depth):
        product = initializers.orthogonal(8, 8, gain=gain, rng=rng) @ product
    values = np.linalg.svd(product, compute_uv=False)
    np.testing.assert_allclose(values, gain**depth, rtol=EXACT)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(3, 3), (2, 3), (3, 2)])
def test_orthogonal_prefers_no_direction(fan_in: int, fan_out: int):
    # Householder QR alone would make the first entry negative every time.
    rng = np.random.default_rng(0)
    draws = np.array(
        [initializers.orthogonal(fan_in, fan_out, rng=rng) for _ in range(2000)]
    )
    for entry in np.ndindex(fan_out, fan_in):
        assert_mean_is(0, draws[:, *entry])
        assert_mean_is(1 / 3, draws[:, *entry] ** 2)
    if fan_in == fan_out:
        assert_mean_is(0, np.linalg.det(draws))  # rotations and reflections alike


def test_constant_weights_take_the_mean_of_the_inputs():
    x = np.arange(4.0)
    np.testing.assert_allclose(
        initializers.constant(4, 3, rng=0) @ x, [1.5, 1.5, 1.5], rtol=EXACT
    )
    W = initializers.constant(4, 3, value=-0.5, gain=2, rng=0)
    np.testing.assert_array_equal(W, np.full((3, 4), -1.0))
    np.testing.assert_array_equal(initializers.zeros(4, 3, rng=0), np.zeros((3, 4)))


@given(fan_in=FANS, fan_out=FANS, name=NAMES, seed=SEEDS)
def test_initializers_share_their_shape_seed_and_gain(
    fan_in: int, fan_out: int, name: str, seed: int
):
    draw = INITIALIZERS[name]
    W = draw(fan_in, fan_out, rng=seed)
    assert W.shape == (fan_out, fan_in)
    assert W.dtype == np.float64
    np.testing.assert_array_equal(draw(fan_in, fan_out, rng=seed), W)
    # Doubling is exact in binary floating point.
    np.testing.assert_array_equal(draw(fan_in, fan_out, gain=2, rng=seed), 2 * W)
    np.testing.assert_array_equal(draw(fan_in, fan_out, gain=0, rng=seed), 0 * W)


@drawn
def test_a_generator_advances_and_a_seed_does_not(name: str):
    draw, rng = INITIALIZERS[name], np.random.default_rng(7)
    first, second = draw(5, 4, rng=rng), draw(5, 4, rng=rng)
    assert (first != second).any()
    for seed in (7, np.random.SeedSequence(7)):
        np.testing.assert_array_equal(draw(5, 4, rng=seed), first)


@names
@dtypes
def test_number_format_is_the_one_asked_for(name: str, dtype: type):
    W = INITIALIZERS[name](30, 20, rng=0, dtype=dtype)
    assert W.dtype == dtype
    assert W.flags.c_contiguous
    # float16 is rounded from float32, so the two are one draw.
    wide = INITIALIZERS[name](30, 20, rng=0, dtype=max(dtype, np.float32, key=np.dtype))
    np.testing.assert_array_equal(W, wide.astype(dtype))


@names
def test_an_initializer_needs_an_explicit_rng(name: str):
    with pytest.raises(TypeError, match="rng"):
        INITIALIZERS[name](3, 2)
    message = "^rng must be an int, SeedSequence or Generator, got None$"
    with pytest.raises(TypeError, match=message):
        INITIALIZERS[name](3, 2, rng=None)


@names
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fan_in": 0}, ValueError, "fan_in must be at least 1, got 0"),
        ({"fan_out": -1}, ValueError, "fan_out must be at least 1, got -1"),
        ({"fan_in": 2.5}, TypeError, "fan_in must be an integer, got 2.5"),
        ({"gain": -1.0}, ValueError, "gain must be at least 0, got -1.0"),
        ({"gain": np.nan}, ValueError, "gain must be finite, got nan"),
        ({"gain": "he"}, TypeError, "gain must be a number, got 'he'"),
        ({"rng": -1}, ValueError, "rng must be at least 0, got -1"),
        (
            {"dtype": np.int32},
            TypeError,
            "dtype must be float16, float32 or float64, got int32",
        ),
    ],
)
def test_bad_input_is_one_clear_line(name: str, options, error, message: str):
    good = {"fan_in": 3, "fan_out": 2, "rng": 0}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        INITIALIZERS[name](**(good | options))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: variance_scaling(3, 2, mode="fan", rng=0),
            ValueError,
            "mode must be one of fan_in, fan_out, fan_avg; got 'fan'",
        ),
        (
            lambda: variance_scaling(3, 2, distribution="cauchy", rng=0),
            ValueError,
            "distribution must be one of normal, uniform, truncated_normal; "
            "got 'cauchy'",
        ),
        (
            lambda: initializers.get("xavier"),
            ValueError,
            f"initializer must be one of {', '.join(INITIALIZERS)}; got 'xavier'; "
            "did you mean glorot_normal or glorot_uniform?",
        ),
        (
            lambda: initializers.get(None),
            TypeError,
            f"initializer must be one of {', '.join(INITIALIZERS)}; got None",
        ),
        (
            lambda: standard_deviation("xavier", 3, 2),
            ValueError,
            f"initializer must be one of {', '.join(INITIALIZERS)}; got 'xavier'; "
            "did you mean glorot_normal or glorot_uniform?",
        ),
        (
            lambda: standard_deviation("zeros", 0, 2),
            ValueError,
            "fan_in must be at least 1, got 0",
        ),
        (
            lambda: initializers.constant(3, 2, value=np.inf, rng=0),
            ValueError,
            "value must be finite, got inf",
        ),
        (lambda: fans((3,)), ValueError, "shape must have at least 2 axes, got (3,)"),
        (lambda: fans((3, 0)), ValueError, "shape[1] must be at least 1, got 0"),
    ],
)
def test_bad_choices_are_one_clear_line(call, error: type[Exception], message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_get_returns_the_initializer_of_that_name_or_the_one_given():
    assert initializers.get("he_normal") is initializers.he_normal
    assert initializers.get(variance_scaling) is variance_scaling


# Layer-sequential unit variance -------------------------------------------------------


def relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


@pytest.mark.parametrize("function", [np.tanh, relu, np.sin])
@pytest.mark.parametrize("scale", [1e-8, 3.0])
def test_lsuv_gives_every_layer_unit_variance(function, scale: float):
    h = scale * np.random.default_rng(0).standard_normal((32, 20))
    for W in lsuv(h, [20, 40, 40, 5], function=function, rng=1):
        z = h @ W.T
        assert math.isclose(z.var(), 1, rel_tol=EXACT)
        values = np.linalg.svd(W, compute_uv=False)  # orthogonal, times a number
        np.testing.assert_allclose(values, values[0], rtol=EXACT)
        h = function(z)


def test_lsuv_of_relu_comes_to_the_weights_of_he_in_wide_layers():
    # Orthogonal weights of gain √2 keep E z² at 1; LSUV divides by the deviation of
    # all z of the layer, whose mean is 0 in the mean over draws.
    x = np.random.default_rng(0).standard_normal((64, 400))
    _, *later = lsuv(x, [400] * 5, function=relu, rng=1)
    gains = [np.linalg.norm(W, 2) for W in later]
    np.testing.assert_allclose(gains, math.sqrt(2), rtol=0.05)


def test_lsuv_draws_the_same_weights_for_the_same_seed():
    x = np.random.default_rng(0).standard_normal((8, 4))
    first = lsuv(x, [4, 3], function=np.tanh, rng=5, dtype=np.float32)
    again = lsuv(x, [4, 3], function=np.tanh, rng=5, dtype=np.float32)
    np.testing.assert_array_equal(first[0], again[0])
    assert first[0].dtype == np.float32
    assert first[0].shape == (3, 4)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"inputs": np.zeros((8, 4))}, ValueError, "layer 0 must get inputs that vary"),
        ({"inputs": np.ones(4)}, ValueError, "inputs must have 2 dimensions"),
        ({"inputs": np.ones((8, 5))}, ValueError, r"inputs must have shape \(batch, 4"),
        ({"inputs": [[np.nan] * 4]}, ValueError, "inputs must be finite"),
        ({"function": np.zeros_like}, ValueError, "layer 1 must get inputs that vary"),
        ({"widths": [4]}, ValueError, "widths must be at least 2 numbers"),
        ({"widths": [4, 2.5]}, TypeError, "widths must be an integer"),
        ({"rng": None}, TypeError, "rng must be"),
        ({"dtype": int}, TypeError, "dtype must be"),
    ],
)
def test_lsuv_names_bad_input(wrong, error, message: str):
    usual = {
        "inputs": np.random.default_rng(0).standard_normal((8, 4)),
        "widths": [4, 3, 2],
        "function": np.tanh,
        "rng": 0,
    }
    with pytest.raises(error, match=message):
        lsuv(**{**usual, **wrong})
