"""SymPy's derivations, checked by SymPy, by numbers, and by closed forms."""

import numpy as np
import pytest
import sympy as sp
from ground_truth import known

from vgcourse import symbolic
from vgcourse.activations import ACTIVATIONS
from vgcourse.unit_chain import unit_chain

NAMES = [None, *symbolic.FUNCTIONS]


@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize("depth", range(1, 7))
def test_derivative_is_the_product_of_its_factors(depth, activation):
    assert symbolic.chain_rule_gap(depth, activation) == 0


@pytest.mark.parametrize("activation", [None, "identity"])
def test_chain_rule_gap_sees_a_missing_factor(activation, monkeypatch):
    factors = symbolic.derivative_factors
    monkeypatch.setattr(
        symbolic, "derivative_factors", lambda *given: factors(*given)[1:]
    )
    assert symbolic.chain_rule_gap(3, activation) != 0


def test_factors_carry_weight_and_slope_by_name():
    w, _, z, _ = symbolic.symbols(2)
    assert symbolic.derivative_factors(3)[1] == w * symbolic.phi_prime(z)
    assert len(symbolic.derivative_factors(9)) == 9


@pytest.mark.parametrize("activation", list(symbolic.FUNCTIONS))
def test_composed_chain_and_factors_equal_numpy(activation):
    depth, values = 4, {}
    for layer in range(1, depth + 1):
        w, b, _, _ = symbolic.symbols(layer)
        values |= {w: sp.Rational(13, 10), b: sp.Rational(1, 5)}
    values[symbolic.start()] = sp.Rational(3, 10)
    run = unit_chain(1.3, 0.3, bias=0.2, activation=activation, depth=depth)
    chain = symbolic.composed_chain(depth, activation).subs(values)
    np.testing.assert_allclose(float(chain), run.h[-1], rtol=1e-14)
    for layer, factor in enumerate(symbolic.derivative_factors(depth, activation)):
        number = symbolic.written_out(factor, depth, activation).subs(values)
        np.testing.assert_allclose(float(number), run.factors[layer], rtol=1e-13)


@pytest.mark.parametrize("activation", list(symbolic.FUNCTIONS))
def test_function_and_slope_equal_the_package(activation):
    z = np.array([-2.0, -0.5, 0.75, 3.0])
    for ours, theirs in (
        (symbolic.function(activation), ACTIVATIONS[activation].function),
        (symbolic.slope(activation), ACTIVATIONS[activation].derivative),
    ):
        numbers = [float(ours(sp.Float(value))) for value in z]
        np.testing.assert_allclose(numbers, theirs(z), rtol=1e-13)


def test_latex_prints_phi_and_its_derivative():
    z = sp.Symbol("z")
    assert sp.latex(symbolic.phi(z)) == r"\varphi\left(z\right)"
    assert sp.latex(symbolic.phi(z).diff(z)) == r"\varphi'\left(z\right)"
    assert sp.latex(symbolic.phi(z) ** 2) == r"\varphi^{2}\left(z\right)"


@pytest.mark.parametrize(
    ("activation", "largest"),
    [("sigmoid", known("3.1")[0]), ("tanh", known("3.1")[1])],
)
def test_slope_deficit_is_zero_at_zero_alone(activation, largest):
    # Row 13.2: "at most", not "below".
    z = sp.Symbol("z", real=True)
    deficit = symbolic.slope_deficit(activation)
    assert deficit.subs(z, 0) == 0
    assert deficit.func is sp.Pow
    assert deficit.exp == 2
    assert sp.simplify(deficit.base.diff(z) - symbolic.slope(activation)(z)) == 0
    points = np.array([-3.0, -0.1, 0.2, 5.0])
    numbers = [float(deficit.subs(z, point)) for point in points]
    slopes = ACTIVATIONS[activation].derivative(points)
    np.testing.assert_allclose(numbers, largest - slopes, rtol=1e-12)


def test_slope_deficit_refuses_what_sympy_does_not_confirm(monkeypatch):
    monkeypatch.setattr(symbolic, "slope", lambda _: symbolic.phi)
    with pytest.raises(ArithmeticError, match="does not confirm the deficit of tanh"):
        symbolic.slope_deficit("tanh")


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_slope_is_largest_at_zero_alone(activation):
    # Claim C07, proved: no other root, for the function rises everywhere.
    z = sp.Symbol("z", real=True)
    root = symbolic.slope_deficit(activation).base
    assert sp.solveset(root, z, sp.S.Reals) == sp.FiniteSet(0)
    rise = sp.simplify(symbolic.slope(activation)(z).rewrite(sp.exp))
    assert rise.is_positive


def test_slope_reach_follows_from_the_slope():
    # w·σ′(u) = w / (2(1 + cosh u)) is 1 where cosh u = w/2 − 1, so only from w = 4 on.
    w, u = sp.Symbol("w", positive=True), sp.Symbol("u", real=True)
    even = 1 / (2 * (1 + sp.cosh(u)))
    gap = symbolic.slope("sigmoid")(u) - even
    assert sp.simplify(gap.rewrite(sp.exp)) == 0
    assert sp.solve((w * even - 1).subs(sp.cosh(u), u), u) == [w / 2 - 1]
    assert symbolic.slope_reach(w) == 2 / w * sp.acosh(w / 2 - 1)


def test_slope_reach_is_the_interval_where_a_sigmoid_unit_passes_all():
    width, weight_of_most = known("3.14")
    w, x = sp.Symbol("w", positive=True), sp.Symbol("x", real=True)
    reach = symbolic.slope_reach(w)
    edge = reach / 2
    passed = (w * symbolic.slope("sigmoid")(w * x)).subs(x, edge)
    for weight in (4.5, 6.894, 20.0):
        assert abs(float(passed.subs(w, weight)) - 1) < 1e-12
    assert reach.subs(w, 4) == 0
    best = sp.nsolve(reach.diff(w), 6.9)
    np.testing.assert_allclose(float(best), weight_of_most, rtol=1e-9)
    np.testing.assert_allclose(float(reach.subs(w, best)), width, rtol=1e-6)


def test_gaussian_moments_are_those_of_the_ground_truth():
    half, mean, spread, leaky = known("4.1")
    s, a = sp.Symbol("s", positive=True), sp.Symbol("a", real=True)
    moment = symbolic.gaussian_moment
    assert moment("relu") == s**2 / 2
    assert sp.simplify(moment("relu", power=1) - s / sp.sqrt(2 * sp.pi)) == 0
    assert moment("relu", of_slope=True) == sp.Rational(1, 2)
    variance = moment("relu") - moment("relu", power=1) ** 2
    assert sp.simplify(variance - s**2 * (sp.pi - 1) / (2 * sp.pi)) == 0
    assert sp.simplify(moment("leaky_relu") - s**2 * (1 + a**2) / 2) == 0
    slope = moment("leaky_relu", of_slope=True)
    assert sp.simplify(slope - (1 + a**2) / 2) == 0
    assert slope.subs(a, sp.Rational(1, 5)) == sp.Rational(str(leaky))
    assert float(moment("relu").subs(s, 1)) == half
    assert abs(moment("relu", power=1).subs(s, 1) - mean) < 1e-11
    assert abs(variance.subs(s, 1) - spread) < 1e-11
    assert moment("identity", power=4) == 3 * s**4
    assert moment("identity", of_slope=True) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: symbolic.composed_chain(0), ValueError, "depth must be at least 1"),
        (lambda: symbolic.composed_chain(2.0), TypeError, "depth must be an integer"),
        (lambda: symbolic.function("gelu"), ValueError, "identity, sigmoid, tanh"),
        (lambda: symbolic.slope_deficit("relu"), ValueError, "sigmoid, tanh"),
        (lambda: symbolic.gaussian_moment("tanh"), ValueError, "leaky_relu"),
        (lambda: symbolic.gaussian_moment("relu", power=0), ValueError, "power"),
    ],
)
def test_bad_input_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()
