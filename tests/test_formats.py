"""The number formats, against ml_dtypes, exact fractions and slow loops."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from ground_truth import known
from hypothesis import given, settings
from hypothesis import strategies as st

from vgcourse import formats

FORMATS = list(formats.FORMATS)


@pytest.mark.parametrize(
    ("name", "subnormal", "normal", "largest"),
    [
        ("float16", *known("12.1")[0:3]),
        ("bfloat16", *known("12.1")[4:7]),
        ("float32", *known("12.1")[8:11]),
        ("float64", *known("12.1")[12:15]),
    ],
)
def test_number_format_knows_the_limits(name, subnormal, normal, largest):
    number = formats.number_format(name)
    assert (number.smallest_subnormal, number.smallest_normal) == (subnormal, normal)
    assert number.max == largest
    assert number.eps == float(ml_dtypes.finfo(name).eps)
    assert number is formats.FORMATS[name]
    assert number.dtype == ("float32" if name == "bfloat16" else name)


@pytest.mark.parametrize(
    "same",
    [
        ("float16", np.float16, np.dtype("float16")),
        ("bfloat16", ml_dtypes.bfloat16, np.dtype(ml_dtypes.bfloat16)),
        ("float64", float, np.float64),
    ],
)
def test_number_format_takes_names_types_and_dtypes(same):
    assert len({formats.number_format(dtype) for dtype in same}) == 1


# Products --------------------------------------------------------------------------


def test_bfloat16_is_that_of_ml_dtypes_bit_by_bit():
    # Every upper half of a float32, beside lower halves on both sides of a tie.
    upper = np.arange(2**16, dtype=np.uint32) << 16
    lower = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xC000, 0xFFFF], dtype=np.uint32)
    values = (upper[:, None] | lower).view(np.float32)
    with np.errstate(invalid="ignore"):  # a signaling NaN is among them
        found = formats.FORMATS["bfloat16"].round(values)
        expected = values.astype(ml_dtypes.bfloat16)
    nan = np.isnan(values)
    assert np.isnan(found[nan]).all()
    bits = found.view(np.uint32)[~nan]
    np.testing.assert_array_equal(bits & 0xFFFF, 0)
    np.testing.assert_array_equal(bits >> 16, expected[~nan].view(np.uint16))


def test_bfloat16_rounds_float64_once():
    # By way of float32 this would end on a tie, and go down to 1.
    found = formats.FORMATS["bfloat16"].round(1 + 2.0**-8 + 2.0**-40)
    assert found == 1 + 2.0**-7


@pytest.mark.parametrize("dtype", FORMATS)
def test_rounding_keeps_what_is_no_number_and_the_sign_of_zero(dtype):
    number = formats.FORMATS[dtype]
    tiny = number.smallest_subnormal / 4
    values = number.round([np.nan, np.inf, -np.inf, -0.0, -tiny, number.max])
    np.testing.assert_array_equal(values, [np.nan, np.inf, -np.inf, 0, 0, number.max])
    assert np.signbit(values[3:5]).all()


TYPES = {name: np.dtype(getattr(ml_dtypes, name, name)) for name in FORMATS}


def rounded_steps(factors, dtype):
    """Multiply one by one, each product rounded to the format."""
    dtype = TYPES[dtype]
    product, found = dtype.type(1), []
    with np.errstate(all="ignore"):
        for factor in np.asarray(factors).astype(dtype):
            product = dtype.type(product * factor)
            found.append(product)
    return np.array(found, dtype=float)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("drift", [-0.6, -0.05, 0.05, 0.6])
def test_naive_products_round_after_every_multiplication(dtype, drift):
    factors = np.random.default_rng(2).lognormal(drift, 0.5, (3, 2, 400))
    factors[0, 1, 7] = 0
    products = formats.naive_products(factors, dtype=dtype)
    assert products.dtype == formats.FORMATS[dtype].dtype
    slow = np.apply_along_axis(rounded_steps, -1, factors, dtype)
    np.testing.assert_array_equal(products, slow)


@pytest.mark.parametrize("dtype", FORMATS)
def test_naive_products_leave_overflow_and_underflow_as_they_happen(dtype):
    number = formats.number_format(dtype)
    products = formats.naive_products([number.max, -2, 0], dtype=dtype)
    assert products[0] == number.max
    assert products[1] == -np.inf
    assert np.isnan(products[2])
    tiny = formats.naive_products([number.smallest_subnormal, 0.5], dtype=dtype)
    assert tiny.tolist() == [number.smallest_subnormal, 0]


def test_float16_rounds_half_its_smallest_number_to_zero():
    half, smallest, infinite = known("12.2")
    found = formats.naive_products(
        [[half], [half * 1.001], [infinite]], dtype="float16"
    )
    assert found[:, 0].tolist() == [0, smallest, np.inf]


@pytest.mark.parametrize(
    ("gain", "depths"),
    [
        (0.5, known("1.4")[1::2]),
        (0.25, known("1.5")[1::2]),
        (1.5, known("1.6")),
        (0.9, (None, None, None, None)),
        (1.0, (None, None, None, None)),
        (0.0, (1, 1, 1, 1)),
    ],
)
def test_cliff_depths_are_those_of_the_ground_truth(gain, depths):
    assert tuple(formats.cliff(gain, dtype=dtype) for dtype in FORMATS) == depths
    assert formats.cliff(-gain, dtype=np.float32) == depths[2]


@pytest.mark.parametrize(
    ("gain", "first"), [(0.5, known("1.4")[::2]), (0.25, known("1.5")[::2])]
)
def test_products_turn_subnormal_at_the_depth_of_the_ground_truth(gain, first):
    for dtype, depth in zip(FORMATS, first, strict=True):
        products = formats.naive_products([gain] * 1100, dtype=dtype).astype(float)
        small = products < formats.number_format(dtype).smallest_normal
        assert int(small.argmax()) + 1 == depth, dtype


@pytest.mark.parametrize(("dtype", "k"), list(zip(FORMATS, known("1.7"), strict=True)))
def test_gain_nine_tenths_sticks_above_zero(dtype, k):
    products = formats.naive_products([0.9] * 10_000, dtype=dtype).astype(float)
    assert products[-1] == k * formats.number_format(dtype).smallest_subnormal


def exact_cliff(factor, dtype, steps):
    """Step with exact fractions rounded to a 16-bit format, without its arithmetic."""
    digits, least = {"float16": (11, -24), "bfloat16": (8, -133)}[dtype]
    largest = Fraction(formats.number_format(dtype).max)
    product = Fraction(1)
    factor = Fraction(float(formats.FORMATS[dtype].round(factor)))
    for depth in range(1, steps + 1):
        product *= factor
        order = math.floor(math.log2(product)) if product else least
        unit = Fraction(2) ** max(order - digits + 1, least)
        product = round(product / unit) * unit  # ties to even
        if product == 0 or product > largest:
            return depth
    return None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_cliff_equals_the_slow_loop_and_none_is_right(dtype):
    # Among others the rounded 1/2, its neighbours, and the neighbours of 1.
    eps = formats.FORMATS[dtype].eps
    gains = [0.5 - eps / 4, 0.5, 0.5 + eps / 2, 1 - eps / 2, 1 + eps, 1 + 2 * eps]
    for gain in [*gains, *np.linspace(0.02, 2.5, 40)]:
        steps = 20_000 if gain > 1 else 600
        assert formats.cliff(gain, dtype=dtype) == exact_cliff(gain, dtype, steps), gain


@settings(max_examples=40)
@given(
    st.floats(0.01, 30).filter(lambda gain: not 1 < gain < 1.01),
    st.sampled_from(FORMATS),
)
def test_cliff_is_the_first_depth_without_a_number(gain, dtype):
    depth = formats.cliff(gain, dtype=dtype)
    products = formats.naive_products([gain] * (depth or 2000), dtype=dtype)
    lost = (products == 0) | np.isinf(products)
    assert lost[-1] == (depth is not None)
    assert not lost[:-1].any()


def test_cliff_of_a_gain_just_above_one_is_found_in_chunks():
    depth = formats.cliff(1.0001)
    with np.errstate(over="ignore"):
        assert np.isinf(
            np.multiply.accumulate(np.full(depth, 1.0001))[-2:]
        ).tolist() == [
            False,
            True,
        ]
    # log(max) / log(gain), where rounding averages out.
    assert abs(depth - math.log(1.7976931348623157e308) / math.log(1.0001)) < 10


# Bad input --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: formats.number_format("int8"),
            ValueError,
            "float16, bfloat16, float32",
        ),
        (lambda: formats.number_format(np.int8), ValueError, "got 'int8'"),
        (lambda: formats.number_format(None), TypeError, "dtype must be one of"),
        (lambda: formats.naive_products([1], dtype="half"), ValueError, "got 'half'"),
        (lambda: formats.naive_products([]), ValueError, "factors must not be empty"),
        (lambda: formats.cliff(np.inf), ValueError, "factor must be finite"),
        (lambda: formats.cliff("2"), TypeError, "factor must be a number"),
        (lambda: formats.cliff(2, dtype="float8"), ValueError, "float16, bfloat16"),
        (lambda: formats.cliff(1 + 1e-9), ValueError, "not be that close to 1"),
    ],
)
def test_bad_input_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
