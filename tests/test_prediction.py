"""Predicted beside measured, and the factors of the table of ground truths.

Numbers of rows are those of the table.
"""

from math import log, sqrt

import numpy as np
import pytest
from ground_truth import known
from reference import STATISTICS, assert_profiles_equal

from vgcourse import network
from vgcourse.activations import ACTIVATIONS
from vgcourse.initializers import variance_scaling
from vgcourse.meanfield import fixed_point, predict_profile
from vgcourse.profiles import Profile
from vgcourse.propagation import measure_profile


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
    means = [np.mean([getattr(p, f) for p in measured], axis=0) for f in STATISTICS]
    mean = Profile(*means)
    predicted = predict_profile(**shape, sigma_w=sigma_w)
    variance = 5 * depth / width
    atol = (6 * sqrt(variance / seeds) + variance / 2) / (2 * log(10))
    assert_profiles_equal(mean, predicted, atol=atol)
    np.testing.assert_allclose(mean.saturation, predicted.saturation, atol=0.05)


# Activation, σ_w², σ_b², factor on the squared gradient, relative tolerance; then
# width, depth and number of networks, as the table has them.
SIMULATED = [
    ("relu", 1 / 3, 1 / 1800, known("4.12")[0], 0.05, 600, 14, 3),  # torch
    ("tanh", 1 / 3, 1 / 1800, known("4.12")[1], 0.03, 600, 14, 3),  # torch
    ("relu", 1.0, 0.0, *known("4.13"), 0.03, 600, 20, 3),  # Keras
    ("sigmoid", 1.0, 0.0, known("4.19")[1], 0.03, 600, 12, 4),
    ("tanh", 25 / 9, 0.0, known("4.22")[2], 0.02, 1000, 30, 4),
    ("selu", 1.0, 0.0, *known("4.24"), 0.015, 1000, 40, 4),
    ("tanh", 1.69, 0.09, known("5.31")[0], 0.015, 1000, 30, 5),  # ordered
    ("tanh", 6.25, 0.09, known("5.31")[1], 0.02, 1000, 30, 5),  # chaotic
    ("tanh", 1.76095, 0.05, known("5.31")[2], 0.015, 1000, 30, 5),  # critical
    ("relu", 3.0, 0.5, *known("5.32"), 0.03, 1000, 24, 4),
    ("relu", sqrt(2 * 512), 0.0, *known("13.1"), 0.08, 512, 12, 3),  # Var = √(2/n)
    ("relu", 4.0, 0.0, *known("13.4"), 0.04, 800, 20, 4),
]


@pytest.mark.parametrize("case", SIMULATED)
def test_simulated_networks_have_the_factors_of_the_table(case):
    activation, square_w, square_b, factor, rtol, width, depth, nets = case
    sigmas = {"sigma_w": sqrt(square_w), "sigma_b": sqrt(square_b)}
    q = fixed_point(activation=activation, **sigmas).q
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
    np.testing.assert_allclose(np.mean(squares), known("4.16")[1], rtol=0.2)


def test_he_in_narrow_networks_shrinks_the_median():
    # 20 units, 20 layers, one direction.
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
    np.testing.assert_allclose(10 ** np.median(logs), known("13.5"), rtol=0.3)


@pytest.mark.parametrize(
    ("mode", "gain", "activation", "total"),
    [
        ("fan_in", sqrt(2), "relu", 1.0),  # row 4.14
        ("fan_out", sqrt(2), "relu", 4.0),  # row 4.14
        ("fan_avg", 1.0, "identity", 1.6),  # row 4.15
    ],
)
def test_gradients_through_a_narrowing_layer(mode, gain, activation, total):
    # 400 units feed 100; the gradient goes from the 100 to the 400, and what each of
    # these gets is a quarter of the total.
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
