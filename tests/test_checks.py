"""The checks of arguments: what they let through, and the one line they say."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import _checks

COUNTS = st.integers(min_value=1, max_value=10**6)


def says(message: str) -> str:
    return f"^{re.escape(message)}$"


@given(COUNTS)
def test_check_count_returns_a_plain_int(count: int) -> None:
    checked = _checks.check_count("depth", np.int64(count))
    assert checked == count
    assert type(checked) is int


@given(COUNTS)
def test_check_count_refuses_what_is_below_the_limit(count: int) -> None:
    message = says(f"depth must be at least 1, got {1 - count}")
    with pytest.raises(ValueError, match=message):
        _checks.check_count("depth", 1 - count)


def test_check_count_has_a_limit_of_its_own() -> None:
    assert _checks.check_count("layer", 0, at_least=0) == 0
    with pytest.raises(ValueError, match=says("layer must be at least 2, got 1")):
        _checks.check_count("layer", 1, at_least=2)


@pytest.mark.parametrize("value", [2.0, "3", True, None])
def test_check_count_refuses_what_is_no_integer(value: object) -> None:
    with pytest.raises(
        TypeError, match=says(f"depth must be an integer, got {value!r}")
    ):
        _checks.check_count("depth", value)


@pytest.mark.parametrize("value", [2, 0.5, np.float32(0.25), np.int8(-3)])
def test_check_real_returns_a_plain_float(value: float) -> None:
    checked = _checks.check_real("gain", value)
    assert checked == value
    assert type(checked) is float


@pytest.mark.parametrize("value", ["1", False, None, 1j])
def test_check_real_refuses_what_is_no_number(value: object) -> None:
    with pytest.raises(TypeError, match=says(f"gain must be a number, got {value!r}")):
        _checks.check_real("gain", value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_check_real_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match=says(f"gain must be finite, got {value}")):
        _checks.check_real("gain", value)


def test_check_real_refuses_what_is_below_the_limit() -> None:
    assert _checks.check_real("gain", 0.0, at_least=0.0) == 0.0
    with pytest.raises(ValueError, match=says("gain must be at least 0, got -0.5")):
        _checks.check_real("gain", -0.5, at_least=0.0)


def test_check_choice_returns_a_choice() -> None:
    assert _checks.check_choice("mode", "fan_in", ("fan_in", "fan_out")) == "fan_in"


@pytest.mark.parametrize(
    ("value", "error"), [("fan", ValueError), (1, TypeError), (None, TypeError)]
)
def test_check_choice_lists_the_choices(value: object, error: type[Exception]) -> None:
    # An iterator is enough: the choices are read once.
    message = says(f"mode must be one of fan_in, fan_out; got {value!r}")
    with pytest.raises(error, match=message):
        _checks.check_choice("mode", value, iter(["fan_in", "fan_out"]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_check_array_keeps_floats_as_they_are(dtype: type[np.floating]) -> None:
    array = np.ones((2, 3), dtype)
    assert _checks.check_array("W", array) is array


def test_check_array_makes_integers_float64() -> None:
    checked = _checks.check_array("W", [[1, 2]], ndim=2)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked, [[1.0, 2.0]])


@pytest.mark.parametrize("value", [["a"], [True], [1j], [None]])
def test_check_array_refuses_what_is_not_real(value: list[object]) -> None:
    dtype = np.asarray(value).dtype
    message = says(f"W must be an array of real numbers, got dtype {dtype}")
    with pytest.raises(TypeError, match=message):
        _checks.check_array("W", value)


def test_check_array_refuses_another_number_of_dimensions() -> None:
    message = says("W must have 2 dimensions, got shape (3,)")
    with pytest.raises(ValueError, match=message):
        _checks.check_array("W", np.ones(3), ndim=2)


def test_check_array_wants_an_axis_where_one_is_needed() -> None:
    assert _checks.check_array("factors", [2.0], min_ndim=1).shape == (1,)
    message = says("factors must have 1 or more dimensions, got 0")
    with pytest.raises(ValueError, match=message):
        _checks.check_array("factors", 2.0, min_ndim=1)


def test_check_array_refuses_what_is_empty() -> None:
    message = says("W must not be empty, got shape (0, 3)")
    with pytest.raises(ValueError, match=message):
        _checks.check_array("W", np.ones((0, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_check_array_names_the_value_that_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match=says(f"W must be finite, got {bad}")):
        _checks.check_array("W", [1.0, bad])


@pytest.mark.parametrize("seed", [3, np.int64(3), np.random.SeedSequence(3)])
def test_check_rng_takes_a_seed(seed: _checks.RNGLike) -> None:
    expected = np.random.default_rng(3).standard_normal(4)
    draws = _checks.check_rng(seed).standard_normal(4)
    np.testing.assert_array_equal(draws, expected)


def test_check_rng_uses_a_generator_as_it_is() -> None:
    rng = np.random.default_rng(0)
    assert _checks.check_rng(rng) is rng


@pytest.mark.parametrize("value", [None, 1.0, True, "0"])
def test_check_rng_has_no_default(value: object) -> None:
    message = says(f"rng must be an int, SeedSequence or Generator, got {value!r}")
    with pytest.raises(TypeError, match=message):
        _checks.check_rng(value)


def test_check_rng_refuses_a_negative_seed() -> None:
    with pytest.raises(ValueError, match=says("rng must be at least 0, got -1")):
        _checks.check_rng(-1)


def test_an_array_takes_one_line_of_a_message() -> None:
    array = np.arange(400.0).reshape(20, 20)
    for check in (_checks.check_count, _checks.check_real, _checks.check_rng):
        arguments = (array,) if check is _checks.check_rng else ("depth", array)
        with pytest.raises(TypeError) as caught:
            check(*arguments)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300
