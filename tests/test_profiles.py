"""Statistics of passes against plain formulas, in every number format."""

from dataclasses import dataclass

import numpy as np
import pytest

from vgcourse import network, profiles
from vgcourse.activations import ACTIVATIONS, SATURATED_SLOPE, leaky_relu
from vgcourse.profiles import (
    HISTOGRAM_EDGES,
    Profile,
    log10_rms,
    profile_of,
)

EXACT = 1e-12  # the same arithmetic, reordered


@dataclass
class Forward:
    """A pass that no network of ours has run."""

    z: list
    h: list


@dataclass
class Backward:
    """A backward pass with weight gradients."""

    deltas: list
    weight_grads: list


@dataclass
class Deltas:
    """A backward pass that keeps no weight gradients."""

    deltas: list


def passes(activation, *, widths=(5, 4, 7, 3), dtype=np.float64, gain=1.0):
    rng = np.random.default_rng(0)
    mlp = network.random_mlp(
        widths,
        activation=activation,
        initializer="he_normal",
        gain=gain,
        rng=rng,
        dtype=dtype,
    )
    forward = network.forward(mlp, rng.standard_normal((6, widths[0])))
    grad = rng.standard_normal((6, widths[-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        return forward, network.backward(forward, grad)


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_profile_holds_the_root_mean_squares_and_the_share_of_small_slopes(activation):
    forward, backward = passes(activation, gain=3.0)
    profile = profile_of(forward, backward, activation=activation)
    for found, arrays in (
        (profile.log10_activation_rms, forward.h),
        (profile.log10_gradient_rms, backward.deltas),
        (profile.log10_weight_grad_rms, backward.weight_grads),
    ):
        np.testing.assert_allclose(10**found, [rms(a) for a in arrays], rtol=EXACT)
    slopes = [ACTIVATIONS[activation].derivative(z) for z in forward.z]
    shares = [np.mean(np.abs(slope) < SATURATED_SLOPE) for slope in slopes]
    np.testing.assert_array_equal(profile.saturation, shares)


def test_profile_can_be_made_from_passes_of_any_kind():
    forward, backward = passes("tanh")
    whole = profile_of(forward, backward, activation="tanh")
    lists = profile_of(
        Forward([z.tolist() for z in forward.z], list(forward.h)),
        Backward(list(backward.deltas), list(backward.weight_grads)),
        activation=["tanh", ACTIVATIONS["tanh"], "tanh"],
    )
    for field, values in vars(whole).items():
        np.testing.assert_array_equal(getattr(lists, field), values, err_msg=field)


def test_each_layer_may_have_its_own_activation():
    # At −5 the slope of sigmoid is 0.0066, of leaky ReLU 0.01, of ReLU 0.
    z = [np.full((2, 1), -5.0)] * 3
    profile = profile_of(
        Forward(z, z), Deltas(z), activation=["sigmoid", leaky_relu(), "relu"]
    )
    np.testing.assert_array_equal(profile.saturation, [1, 0, 1])


@dataclass
class Slopes(Forward):
    """A forward pass that keeps its slopes."""

    slopes: list


def test_slopes_that_a_pass_keeps_are_used():
    z = [np.zeros((1, 4))] * 2
    forward = Slopes(z, z, slopes=[[[0.5, 0.0, 0.0, 0.0]], [[-1.0, -2.0, 0.0, 1.0]]])
    profile = profile_of(forward, Deltas(z))
    np.testing.assert_array_equal(profile.saturation, [0.75, 0.25])
    asked = profile_of(forward, Deltas(z), activation="tanh")
    np.testing.assert_array_equal(asked.saturation, [0, 0])


def test_weight_gradients_are_those_of_the_layers_that_have_weights():
    z = [np.ones((1, 4))] * 3
    profile = profile_of(Forward(z, z), Backward(z, [np.full((4, 4), 0.1)]))
    np.testing.assert_allclose(profile.log10_weight_grad_rms, [-1], rtol=EXACT)


def test_what_a_pass_does_not_hold_is_not_made_up():
    forward, backward = passes("tanh")
    bare = Forward(list(forward.z), list(forward.h))
    profile = profile_of(bare, Deltas(list(backward.deltas)))
    assert profile.log10_weight_grad_rms is None
    assert np.isnan(profile.saturation).all()
    assert np.isfinite(profile.log10_gradient_rms).all()


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-30, 1.0, 1e200])
def test_squares_are_not_lost(size):
    values = size * np.array([[1.0, -2.0], [0.0, 3.0]])
    expected = np.log10(size) + np.log10(14 / 4) / 2
    # The smallest numbers of the format have few digits.
    atol = 1e-3 if size < 1e-300 else EXACT
    np.testing.assert_allclose(log10_rms(values), expected, rtol=0, atol=atol)


def test_half_precision_is_measured_without_its_limits():
    values = np.full((300, 300), 6e4, dtype=np.float16)
    np.testing.assert_allclose(log10_rms(values), np.log10(6e4), rtol=1e-3)
    tiny = np.full((3, 3), 6e-8, dtype=np.float16)
    np.testing.assert_allclose(log10_rms(tiny), np.log10(5.96e-8), rtol=1e-3)


@pytest.mark.parametrize("other", [0.0, 1.0, np.inf])
def test_nan_stays_nan_and_infinity_infinity(other):
    assert np.isnan(log10_rms([other, np.nan]))
    assert log10_rms([other, -np.inf]) == np.inf
    assert log10_rms([0.0, -0.0]) == -np.inf


def test_a_pass_that_overflowed_says_so():
    # Forty layers of float16, each four times too large: φ(z) ends at infinity.
    forward, backward = passes("softsign", widths=(64,) * 6)
    z = [*forward.z[:3], np.full((6, 64), np.nan), np.full((6, 64), np.nan)]
    h = [*forward.h[:2], np.full((6, 64), np.inf), *z[3:]]
    deltas = [*z[3:], *backward.deltas[2:]]
    profile = profile_of(Forward(z, h), Deltas(deltas), activation="softsign")
    np.testing.assert_array_equal(np.isnan(profile.saturation), [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(
        np.isnan(profile.log10_activation_rms), [0, 0, 0, 1, 1]
    )
    assert profile.log10_activation_rms[2] == np.inf
    np.testing.assert_array_equal(np.isnan(profile.log10_gradient_rms), [1, 1, 0, 0, 0])


def test_one_nan_slope_leaves_the_share_unknown():
    z = [np.array([[-9.0, np.nan]])]
    found = profile_of(Forward(z, z), Deltas(z), activation="tanh")
    assert np.isnan(found.saturation).all()


# Growth ------------------------------------------------------------------------------


def profile(gradient, activation=None):
    gradient = np.asarray(gradient, dtype=float)
    h = np.zeros_like(gradient) if activation is None else np.asarray(activation)
    return Profile(h, gradient, np.zeros_like(gradient))


@pytest.mark.parametrize("skip", [0, 1, 3])
@pytest.mark.parametrize("factor", [0.2, 1.0, 3.0])
def test_growth_of_a_geometric_profile_is_its_factor(factor, skip):
    steps = np.arange(10) * np.log10(factor)
    found = profile(steps[::-1], 2 * steps)
    np.testing.assert_allclose(found.growth_per_layer(skip=skip), factor, rtol=EXACT)
    growth = found.growth_per_layer(skip=skip, of="activation")
    np.testing.assert_allclose(growth, factor**2, rtol=EXACT)


def test_growth_is_the_geometric_mean_of_the_factors_between_the_layers_kept():
    factors = np.array([100.0, 2.0, 8.0, 1000.0])
    decades = np.concatenate([np.cumsum(np.log10(factors[::-1]))[::-1], [0.0]])
    growth = profile(decades).growth_per_layer
    np.testing.assert_allclose(growth(skip=1), 4.0, rtol=EXACT)
    np.testing.assert_allclose(growth(), (1.6e6) ** 0.25, rtol=EXACT)


def test_growth_is_taken_along_the_last_axis():
    decades = np.multiply.outer(np.log10([[0.5, 2.0, 4.0]]), np.arange(6)[::-1])
    growth = profile(decades).growth_per_layer(skip=1)
    np.testing.assert_allclose(growth, [[0.5, 2.0, 4.0]], rtol=EXACT)


def test_growth_of_what_is_gone_or_overflowed_is_not_a_number_made_up():
    inf, nan = np.inf, np.nan
    found = profile([[-inf, 0, 0], [-inf, -inf, -inf], [nan, 1, 0], [inf, 0, 0]])
    np.testing.assert_array_equal(found.growth_per_layer(), [0, nan, nan, inf])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"skip": 2}, ValueError, "skip must leave two of 5 layers, got 2"),
        ({"skip": -1}, ValueError, "skip must be at least 0, got -1"),
        ({"skip": 1.0}, TypeError, "skip must be an integer, got 1.0"),
        ({"of": "weights"}, ValueError, "of must be one of gradient, activation"),
    ],
)
def test_growth_says_what_is_wrong(options, error, message):
    with pytest.raises(error, match=message):
        profile(np.zeros(5)).growth_per_layer(**options)


@pytest.mark.parametrize(
    ("forward", "backward", "activation", "error", "message"),
    [
        (3, Deltas([1.0]), None, TypeError, "forward_pass must have z, got int"),
        (
            Forward([], []),
            Deltas([]),
            None,
            ValueError,
            "forward_pass.z must hold an array for each layer, got none",
        ),
        (
            Forward([[1.0]], [[1.0]] * 2),
            Deltas([[1.0]]),
            None,
            ValueError,
            "forward_pass.h must hold an array for each layer, 1, got 2",
        ),
        (
            Forward([[1.0]], [[]]),
            Deltas([[1.0]]),
            None,
            ValueError,
            r"forward_pass.h\[0\] is empty: shape \(0,\)",
        ),
        (
            Forward([[1.0]], [["a"]]),
            Deltas([[1.0]]),
            None,
            TypeError,
            r"forward_pass.h\[0\] must be real, got <U1",
        ),
        (
            Forward([[1.0]], [[1.0]]),
            Deltas([]),
            None,
            ValueError,
            "backward_pass.deltas must hold an array for each layer, 1, got 0",
        ),
        (
            Forward([[1.0]], [[1.0]]),
            Deltas([[1.0]]),
            ["relu", "tanh"],
            ValueError,
            "activation must be one, or one for each layer, 1, got 2",
        ),
        (
            Forward([[1.0]], [[1.0]]),
            Deltas([[1.0]]),
            "rellu",
            ValueError,
            "activation must be one of identity",
        ),
    ],
)
def test_profile_of_says_what_is_wrong(forward, backward, activation, error, message):
    with pytest.raises(error, match=message):
        profile_of(forward, backward, activation=activation)


def test_zero_and_one_stand_in_the_middle_of_a_bin():
    middles = (HISTOGRAM_EDGES[1:] + HISTOGRAM_EDGES[:-1]) / 2
    for value in (-1.0, 0.0, 1.0):
        assert np.abs(middles - value).min() < EXACT


def test_alikeness_is_the_cosine_between_examples():
    h = np.array([[3.0, 4.0], [4.0, 3.0], [0.0, 5.0]])
    pairs = [24, 20, 15]
    assert profiles.alikeness(1e200 * h) == pytest.approx(np.mean(pairs) / 25)
    assert profiles.alikeness(h.reshape(3, 1, 2)) == profiles.alikeness(h)
    assert np.isnan(profiles.alikeness(h[:1]))
    assert np.isnan(profiles.alikeness(0 * h))
