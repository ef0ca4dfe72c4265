"""Means over one layer's preactivations: curves, and pairs of inputs."""

import numpy as np
import pytest

from vgcourse._moments import Curve, apart, moments
from vgcourse.activations import ACTIVATIONS
from vgcourse.gaussian import gaussian_mean, gaussian_pair_mean
from vgcourse.meanfield import predict_profile

CORRELATIONS = np.array([0.0, 0.3, 0.9, 0.99, 0.999])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_remembered_curve_equals_the_quadrature(name: str):
    phi = ACTIVATIONS[name]
    log2_q = np.linspace(-6, 6, 97)
    for found, function in (
        (moments(phi).log2_signal(log2_q), phi.function),
        (moments(phi).log2_slope(log2_q), phi.derivative),
    ):
        mean = gaussian_mean(
            lambda z, function=function: function(z) ** 2,
            variance=2**log2_q,
            kinks=phi.kinks,
        )
        np.testing.assert_allclose(2**found, mean, rtol=1e-11)


def test_a_curve_asks_once_and_then_remembers():
    asked = []

    def exact(x):
        asked.append(x.size)
        return np.stack([np.sin(x), np.cos(x)], axis=-1)

    curve, x = Curve(exact), np.linspace(4.1, 5.9, 50)
    for _ in range(2):
        expected = np.stack([np.sin(x), np.cos(x)], axis=-1)
        np.testing.assert_allclose(curve.at(x), expected, atol=1e-13)
    assert asked == [24]


@pytest.mark.parametrize(
    ("name", "q", "atol"),
    [
        ("relu", 1.0, 1e-6),
        ("leaky_relu", 1e-30, 1e-6),
        ("selu", 4.0, 1e-6),
        ("elu", 1.0, 1e-6),
        ("tanh", 1.0, 1e-11),
        ("tanh", 10.0, 1e-5),
        ("gelu", 2.0, 1e-11),
        ("sigmoid", 4.0, 1e-11),
        ("hard_sigmoid", 9.0, 1e-5),
    ],
)
def test_alikeness_after_a_layer_is_the_mean_over_pairs(name, q, atol):
    phi = ACTIVATIONS[name]
    pairs = gaussian_pair_mean(
        phi.function,
        phi.function,
        correlation=CORRELATIONS,
        variance=q,
        kinks=phi.kinks,
    )
    whole = gaussian_mean(lambda z: phi.function(z) ** 2, variance=q, kinks=phi.kinks)
    shares = moments(phi).apart(np.full(len(CORRELATIONS), np.log2(q)))
    found = apart(shares, 1 - CORRELATIONS)
    np.testing.assert_allclose(1 - found, pairs / whole, atol=atol)


def test_relu_keeps_its_closed_form_where_inputs_are_nearly_one():
    # 1 − [√(1 − c²) + c (π − arccos c)]/π, for c = cos θ.
    theta = np.array([1e-4, 1e-3, 1e-2, 0.1])
    expected = 1 - np.cos(theta) - (np.sin(theta) - theta * np.cos(theta)) / np.pi
    shares = moments(ACTIVATIONS["relu"]).apart(np.zeros(4))
    found = apart(shares, 2 * np.sin(theta / 2) ** 2)
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_two_inputs_of_a_relu_network_come_together_like_one_over_the_square():
    # 1 − c = 9π²/(2ℓ²) deep down: each layer takes (2√2/3π)(1 − c)^(3/2) of it.
    deep = predict_profile(depth=2000, activation="relu", sigma_w=2**0.5)
    expected = 9 * np.pi**2 / 2 / 2000**2
    np.testing.assert_allclose(1 - deep.alikeness[-1], expected, rtol=0.03)


def test_biases_make_inputs_alike_and_steep_weights_tell_them_apart():
    settings = {"depth": 300, "activation": "tanh"}
    ordered = predict_profile(**settings, sigma_w=1.0, sigma_b=0.5)
    chaotic = predict_profile(**settings, sigma_w=3.0, sigma_b=0.0, input_mean=0.9)
    assert ordered.alikeness[-1] == pytest.approx(1, abs=1e-12)
    assert chaotic.alikeness[0] > 0.6
    assert chaotic.alikeness[-1] == pytest.approx(0, abs=1e-6)


def test_nothing_has_no_direction():
    silent = predict_profile(depth=2, activation="tanh", sigma_w=0.0)
    assert np.isnan(silent.alikeness).all()
