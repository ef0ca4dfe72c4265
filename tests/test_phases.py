"""Order and chaos against closed forms, simulated networks and known numbers.

Numbers of rows are those of the table of ground truths.
"""

from math import acos, asin, erf, exp, pi, sqrt

import numpy as np
import pytest
from ground_truth import known

from vgcourse.activations import ACTIVATIONS, Activation
from vgcourse.critical import critical_point, critical_sigma_w
from vgcourse.gaussian import gaussian_pair_mean
from vgcourse.initializers import lecun_normal, orthogonal
from vgcourse.meanfield import chi, fixed_point
from vgcourse.network import forward, random_mlp
from vgcourse.phases import correlation_map, length_map, phase_diagram

DIGITS = 1e-10  # what the room promises
QUADRATURE = 1e-8  # to how many digits the rows are written


def smooth(name, function, derivative, *, limit):
    """Return an activation whose slope at 0 is that of `derivative`."""

    def formula(z):
        yield function(z)
        yield derivative(z)

    slope = float(derivative(np.array(0.0)))
    return Activation(
        name, formula, abs(slope), 0.0, (-limit, limit), (slope, slope), (0.0, 0.0)
    )


SIN = smooth("sin", np.sin, np.cos, limit=1.0)
ERF = smooth(
    "erf",
    np.vectorize(erf, otypes=[np.float64]),
    lambda z: 2 / sqrt(pi) * np.exp(-(z**2)),
    limit=1.0,
)
LECUN = smooth(
    "lecun_tanh",
    lambda z: 1.7159 * np.tanh(2 * z / 3),
    lambda z: 1.7159 * 2 / 3 / np.cosh(np.clip(2 * z / 3, -300, 300)) ** 2,
    limit=1.7159,
)

# The mean of φ(u)φ(v) for variance q and correlation c, and of φ′(u)φ′(v).
CLOSED = {
    "relu": (
        lambda q, c: q * (sqrt(1 - c * c) + c * (pi - acos(c))) / (2 * pi),
        lambda q, c: (pi - acos(c)) / (2 * pi),
    ),
    "erf": (
        lambda q, c: 2 / pi * asin(2 * q * c / (1 + 2 * q)),
        lambda q, c: 4 / pi / sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2),
    ),
    "sin": (
        lambda q, c: exp(-q) * np.sinh(q * c),
        lambda q, c: exp(-q) * np.cosh(q * c),
    ),
}
FUNCTIONS = {"relu": ACTIVATIONS["relu"], "erf": ERF, "sin": SIN}


# One layer ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("q", [1e-6, 0.7, 12.0])
def test_length_map_has_its_closed_form(name, q):
    # At q = 0.7 the means are those of row 5.26.
    together, _ = CLOSED[name]
    found = length_map(q, activation=FUNCTIONS[name], sigma_w=1.3, sigma_b=0.2)
    expected = 1.3**2 * together(q, 1.0) + 0.2**2
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("q", [0.01, 0.7, 12.0])
def test_correlation_map_has_its_closed_form(name, q):
    together, _ = CLOSED[name]
    c = [-1.0, -0.5, 0.0, 0.5, 0.999, 1.0]
    found = correlation_map(
        c, activation=FUNCTIONS[name], sigma_w=1.3, sigma_b=0.2, q=q
    )
    length = 1.3**2 * together(q, 1.0) + 0.2**2
    expected = [(1.3**2 * together(q, each) + 0.2**2) / length for each in c]
    np.testing.assert_allclose(found, expected, rtol=0, atol=DIGITS)


def test_correlation_map_of_relu_is_the_arc_cosine_kernel():
    c = np.array([0.0, 0.5, -0.5])
    he = {"activation": "relu", "sigma_w": sqrt(2), "q": 3.0}
    np.testing.assert_allclose(
        correlation_map(c, **he), known("5.27"), rtol=0, atol=DIGITS
    )
    step = 1e-4
    above, below = correlation_map([0.5 + step, 0.5 - step], **he)
    slope = (above - below) / (2 * step)
    np.testing.assert_allclose(slope, known("5.28")[0], rtol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu"])
def test_the_series_agrees_with_the_quadrature_of_pairs(activation):
    phi = ACTIVATIONS[activation]
    for q, c in ((0.3, -0.8), (2.0, 0.6), (9.0, 0.97)):
        pair = gaussian_pair_mean(phi.function, phi.function, correlation=c, variance=q)
        length = length_map(q, activation=phi, sigma_w=1.0)
        found = correlation_map(c, activation=phi, sigma_w=1.0, q=q)
        np.testing.assert_allclose(found * length, pair, rtol=DIGITS)


# Many layers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sigma_w", "row"), [(1.3, "5.1"), (4.0, "5.3"), (1.5, "5.4"), (0.9, "5.6")]
)
def test_fixed_points_of_tanh_are_known(sigma_w, row):
    found = phase_diagram(activation="tanh", sigma_w=sigma_w, sigma_b=0.3)
    np.testing.assert_allclose([found.q, found.chi], known(row), rtol=QUADRATURE)


@pytest.mark.parametrize(("sigma_w", "row"), [(2.5, "5.7"), (1.5, "5.9")])
def test_correlations_of_chaotic_tanh_are_known(sigma_w, row):
    found = phase_diagram(activation="tanh", sigma_w=sigma_w, sigma_b=0.3)
    np.testing.assert_allclose(
        [found.c, found.correlation_slope], known(row), rtol=1e-7
    )
    assert found.phase == "chaotic"


def test_depth_scales_of_tanh_are_known():
    found = phase_diagram(activation="tanh", sigma_w=[1.3, 2.5], sigma_b=0.3)
    scales = [*found.correlation_scale, *found.length_scale]
    np.testing.assert_allclose(scales, known("5.12"), rtol=1e-7)
    np.testing.assert_allclose(found.length_slope[0], known("5.13")[0], rtol=1e-9)
    np.testing.assert_allclose(
        found.gradient_scale, 1 / np.abs(np.log(found.chi)), rtol=1e-12
    )


def test_the_scaled_tanh_of_lecun_does_not_keep_unit_variance():
    found = phase_diagram(activation=LECUN, sigma_w=1.0)
    # The row counts the second moment of the signal; with σ_w = 1 that is q*.
    np.testing.assert_allclose([found.q, found.chi], known("13.8"), rtol=QUADRATURE)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_diagram_is_many_fixed_points(activation):
    sigma_w, sigma_b = np.array([0.0, 0.4, 1.0, 1.7, 6.0]), np.array([0.0, 0.05, 1.3])
    found = phase_diagram(
        activation=activation, sigma_w=sigma_w[:, None], sigma_b=sigma_b
    )
    for place in np.ndindex(5, 3):
        w, b = sigma_w[place[0]], sigma_b[place[1]]
        one = fixed_point(activation=activation, sigma_w=w, sigma_b=b)
        factor = chi(activation=activation, sigma_w=w, q=one.q)
        expected = [one.q, factor, one.slope]
        values = [found.q[place], found.chi[place], found.length_slope[place]]
        np.testing.assert_allclose(values, expected, rtol=DIGITS, atol=1e-13)


@pytest.mark.parametrize("name", ["erf", "sin"])
def test_where_two_inputs_come_to_rest_the_closed_forms_do_too(name):
    together, steepness = CLOSED[name]
    sigma_w, sigma_b = np.array([[1.05], [1.8], [2.6]]), np.array([0.1, 0.4])
    found = phase_diagram(activation=FUNCTIONS[name], sigma_w=sigma_w, sigma_b=sigma_b)
    assert (found.phase == "chaotic").any()
    for place in np.ndindex(3, 2):
        w, b = sigma_w[place[0], 0], sigma_b[place[1]]
        q, c = float(found.q[place]), float(found.c[place])
        np.testing.assert_allclose(w**2 * together(q, 1.0) + b**2, q, rtol=DIGITS)
        after = (w**2 * together(q, c) + b**2) / q
        np.testing.assert_allclose(after, c, rtol=0, atol=DIGITS)
        slope = w**2 * steepness(q, c)
        np.testing.assert_allclose(found.correlation_slope[place], slope, rtol=DIGITS)
        assert slope <= 1


def test_without_biases_chaos_makes_two_inputs_strangers():
    # tanh is odd: c* = 0.
    found = phase_diagram(activation="tanh", sigma_w=[1.01, 1.4, 3.0])
    np.testing.assert_allclose(found.c, 0, atol=1e-9)


def test_simulated_correlations_settle_where_they_should():
    rng, nets, width, inputs = np.random.default_rng(0), 6, 500, 10
    seen = []
    for _ in range(nets):
        h = rng.standard_normal((inputs, width))
        for layer in range(60):
            W = 2.5 / sqrt(width) * rng.standard_normal((width, width))
            z = h @ W.T + 0.3 * rng.standard_normal(width)
            h = np.tanh(z)
            if layer >= 20:
                norms = np.linalg.norm(z, axis=1)
                c = z @ z.T / np.outer(norms, norms)
                seen.append(c[np.triu_indices(inputs, 1)].mean())
    assert abs(np.mean(seen) - known("5.11")[0]) < 0.03


def test_limits_stand_for_what_leaves_the_range():
    relu = phase_diagram(activation="relu", sigma_w=[1.0, sqrt(2), 2.0])
    np.testing.assert_array_equal(relu.q, [0, 1, np.inf])
    np.testing.assert_allclose(relu.chi, [0.5, 1, 2], rtol=1e-12)
    assert relu.phase.tolist() == ["ordered", "critical", "chaotic"]
    np.testing.assert_array_equal(relu.c, [np.nan, 1, np.nan])
    assert relu.length_scale[1] == np.inf
    silent = phase_diagram(activation="tanh", sigma_w=0.0)
    assert silent.q == 0
    assert silent.chi == 0


def test_correlations_that_cannot_be_said_are_nan():
    # SELU has a kink; tanh at q* = 57 is a step.
    for activation, sigma_w in (("selu", 1.0), ("tanh", 8.0)):
        found = phase_diagram(activation=activation, sigma_w=sigma_w, sigma_b=0.3)
        assert found.phase == "chaotic"
        assert np.isnan(found.c)


def test_shapes_broadcast():
    sigma_w, sigma_b = np.linspace(0.5, 3, 5), np.array([[0.0], [0.1]])
    found = phase_diagram(activation="tanh", sigma_w=sigma_w, sigma_b=sigma_b)
    assert found.phase.shape == found.q.shape == found.c.shape == (2, 5)
    one = phase_diagram(activation="tanh", sigma_w=sigma_w[3], sigma_b=0.1)
    np.testing.assert_allclose(found.c[1, 3], one.c, rtol=1e-12)


# The edge of chaos --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("square_b", "square_w", "q"),
    [
        (2.01e-5, *known("5.14")),
        (0.05, *known("5.17")),
        (0.09, *known("5.18")),
        (0.1, *known("5.19")),
        (0.3, *known("5.21")),
    ],
)
def test_critical_line_of_tanh_is_known(square_b, square_w, q):
    sigma_w = critical_sigma_w(activation="tanh", sigma_b=sqrt(square_b))
    np.testing.assert_allclose(sigma_w**2, square_w, rtol=QUADRATURE)
    found = phase_diagram(activation="tanh", sigma_w=sigma_w, sigma_b=sqrt(square_b))
    np.testing.assert_allclose(found.q, q, rtol=1e-7)
    assert found.phase == "critical"
    assert found.correlation_scale == np.inf


@pytest.mark.parametrize(("q", "row"), [(0.1, "5.22"), (1.0, "5.24")])
def test_critical_points_of_tanh_are_known(q, row):
    sigma_w, sigma_b = critical_point(activation="tanh", q=q)
    np.testing.assert_allclose([sigma_w**2, sigma_b**2], known(row), rtol=QUADRATURE)
    again = critical_sigma_w(activation="tanh", sigma_b=sigma_b)
    np.testing.assert_allclose(again, sigma_w, rtol=DIGITS)


def test_critical_lines_start_where_biases_end():
    assert critical_sigma_w(activation="tanh") == 1
    np.testing.assert_allclose(critical_sigma_w(activation="relu"), sqrt(2), rtol=1e-15)
    assert np.isnan(critical_sigma_w(activation="relu", sigma_b=0.1))
    np.testing.assert_allclose(
        critical_sigma_w(activation="sigmoid") ** 2, known("4.21")[0], rtol=1e-9
    )
    sigma_w, sigma_b = critical_point(activation="relu", q=[0.1, 7.0])
    np.testing.assert_allclose(sigma_w, sqrt(2), rtol=1e-12)
    np.testing.assert_array_equal(sigma_b, 0)
    assert np.isnan(critical_point(activation="sigmoid", q=1.0)).all()
    line = critical_sigma_w(activation=SIN, sigma_b=[[0.0, 0.3]])
    assert line.shape == (1, 2)
    assert line[0, 0] == 1


# The spectrum of the end-to-end Jacobian ----------------------------------------------


def squared_singular_values(matrices):
    product = np.linalg.multi_dot(matrices[::-1])
    return np.linalg.svd(product, compute_uv=False) ** 2


def relative_variance(squares):
    return np.var(squares) / np.mean(squares) ** 2


def test_spectrum_of_a_gaussian_linear_network_has_the_known_moments():
    variance, mean, third = known("6.6")
    rng = np.random.default_rng(0)
    draws = [
        squared_singular_values([lecun_normal(400, 400, rng=rng) for _ in range(depth)])
        for depth in (5, 2)
        for _ in range(6)
    ]
    np.testing.assert_allclose(np.mean(draws[:6]), mean, rtol=0.06)
    np.testing.assert_allclose(np.var(draws[:6]), variance, rtol=0.06)
    np.testing.assert_allclose(np.mean(np.array(draws[6:]) ** 3), third, rtol=0.1)


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [("lecun_normal", known("6.7")[0]), ("orthogonal", known("6.7")[1])],
)
def test_relu_has_no_isometry(initializer, expected):
    rng = np.random.default_rng(1)
    seen = []
    for _ in range(8):
        network = random_mlp(
            [400] * 6, activation="relu", initializer=initializer, gain=sqrt(2), rng=rng
        )
        passed = forward(network, rng.standard_normal((1, 400)))
        factors = [
            slopes[0][:, None] * W
            for slopes, W in zip(passed.slopes, network.weights, strict=True)
        ]
        seen.append(squared_singular_values(factors))
    np.testing.assert_allclose(relative_variance(seen), expected, rtol=0.1)


def test_orthogonal_tanh_on_the_critical_line_comes_near_isometry():
    ratio, with_rotations, with_draws = known("6.10")
    sigma_w, sigma_b = critical_point(activation="tanh", q=0.1)
    phi, rng, width = ACTIVATIONS["tanh"], np.random.default_rng(2), 300
    z = sqrt(0.1) * rng.standard_normal(400_000)
    slopes = phi.derivative(z) ** 2
    np.testing.assert_allclose(np.mean(slopes**2) / np.mean(slopes) ** 2, ratio, 1e-3)
    for draw, expected, rtol in (
        (orthogonal, with_rotations, 0.1),
        (lecun_normal, with_draws, 0.12),
    ):
        seen = []
        for _ in range(4):
            h, factors = rng.standard_normal(width), []
            h *= sqrt((0.1 - sigma_b**2) / sigma_w**2)
            for _ in range(10):
                W = draw(width, width, gain=float(sigma_w), rng=rng)
                z = W @ h + sigma_b * rng.standard_normal(width)
                factors.append(phi.derivative(z)[:, None] * W)
                h = phi.function(z)
            seen.append(squared_singular_values(factors))
        np.testing.assert_allclose(relative_variance(seen), expected, rtol=rtol)


# Bad input ----------------------------------------------------------------------------

LENGTH = {"q": 1.0, "activation": "tanh", "sigma_w": 1.0}
CORRELATION = {"c": 0.5, "activation": "tanh", "sigma_w": 1.0, "q": 1.0}
DIAGRAM = {"activation": "tanh", "sigma_w": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("function", "usual", "wrong", "error", "message"),
    [
        (length_map, LENGTH, {"q": -1.0}, ValueError, "q must be at least 0"),
        (length_map, LENGTH, {"q": np.nan}, ValueError, "q must be finite"),
        (length_map, LENGTH, {"sigma_w": "one"}, TypeError, "sigma_w must be an array"),
        (length_map, LENGTH, {"sigma_b": -0.1}, ValueError, "sigma_b must be at least"),
        (
            length_map,
            LENGTH,
            {"q": [1.0, 2.0], "sigma_w": [1.0, 2.0, 3.0]},
            ValueError,
            r"q and sigma_w and sigma_b must have shapes that broadcast, got \(2,\)",
        ),
        (correlation_map, CORRELATION, {"c": 1.5}, ValueError, "c must be from -1"),
        (correlation_map, CORRELATION, {"q": 0.0}, ValueError, "q must be above 0"),
        (correlation_map, CORRELATION, {"q": [1.0]}, TypeError, "q must be a number"),
        (correlation_map, CORRELATION, {"sigma_w": 0}, ValueError, "sigma_w must let"),
        (phase_diagram, DIAGRAM, {"sigma_w": -1.0}, ValueError, "sigma_w must be at"),
        (phase_diagram, DIAGRAM, {"sigma_b": np.inf}, ValueError, "sigma_b must be"),
        (phase_diagram, DIAGRAM, {"sigma_b": [0, 1, 2]}, ValueError, "broadcast"),
        (phase_diagram, DIAGRAM, {"activation": "x"}, ValueError, "activation must"),
        (phase_diagram, DIAGRAM, {"activation": 3}, TypeError, "activation must"),
        (critical_point, {"activation": "tanh"}, {"q": 0.0}, ValueError, "q must be"),
        (critical_point, {"activation": "tanh"}, {"q": -1}, ValueError, "q must be"),
        (critical_sigma_w, {"activation": "tanh"}, {"sigma_b": -1}, ValueError, "si"),
        (critical_sigma_w, {"activation": "tanh"}, {"sigma_b": []}, ValueError, "si"),
    ],
)
def test_bad_input_is_named(function, usual, wrong, error, message):
    with pytest.raises(error, match=message):
        function(**{**usual, **wrong})
