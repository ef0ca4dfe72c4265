"""The course's derivations in SymPy: expressions to show, and proofs to assert."""

from collections.abc import Callable
from typing import Any

import sympy as sp

from vgcourse._checks import check_choice, check_count

Expr = Any  # SymPy's expressions; the library is untyped


class phi_prime(sp.Function):  # noqa: N801 - printed as a function's name is written
    """The derivative φ′ of an activation of which nothing else is known."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _call(r"\varphi'", self, printer, exp)


class phi(sp.Function):  # noqa: N801 - printed as a function's name is written
    """An activation φ of which only is known that it has a derivative."""

    def fdiff(self, _argindex: int = 1) -> Expr:
        """Return φ′ at the same argument."""
        return phi_prime(self.args[0])

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _call(r"\varphi", self, printer, exp)


def _call(name: str, call: sp.Function, printer: Any, exp: str | None) -> str:
    inside = printer._print(call.args[0])
    power = f"^{{{exp}}}" if exp else ""
    return rf"{name}{power}\left({inside}\right)"


def _sigmoid(z: Expr) -> Expr:
    return 1 / (1 + sp.exp(-z))


FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "identity": lambda z: z,
    "sigmoid": _sigmoid,
    "tanh": sp.tanh,
    "relu": lambda z: z * sp.Heaviside(z),
}


def function(activation: str | None = None) -> Callable[[Expr], Expr]:
    """Return φ as a function of SymPy expressions.

    Parameters
    ----------
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known. ReLU is
        z·Heaviside(z), so that SymPy can differentiate it.
    """
    if activation is None:
        return phi
    return FUNCTIONS[check_choice("activation", activation, FUNCTIONS)]


def slope(activation: str | None = None) -> Callable[[Expr], Expr]:
    """Return φ′ as a function of SymPy expressions; see `function`."""
    z = sp.Dummy("z", real=True)
    derivative = sp.diff(function(activation)(z), z)
    if activation == "relu":  # z·δ(z) is zero everywhere; what is left is the step
        derivative = sp.Heaviside(z)
    return lambda value: derivative.subs(z, value)


def symbols(layer: int) -> tuple[sp.Symbol, sp.Symbol, sp.Symbol, sp.Symbol]:
    """Return w, b, z and a of a layer, counted from 1; all real."""
    w, b, z, a = sp.symbols(f"w_{layer} b_{layer} z_{layer} a_{layer}", real=True)
    return w, b, z, a


def start() -> sp.Symbol:
    """Return a₀, the number that goes into the chain."""
    return symbols(0)[3]


def preactivations(depth: int, activation: str | None = None) -> list[Expr]:
    """Return z₁, …, z_L written out in a₀, the weights and the biases.

    Parameters
    ----------
    depth : int
        Number of units L, at least 1.
    activation : str, optional
        As in `function`.
    """
    depth = check_count("depth", depth)
    apply, a, found = function(activation), start(), []
    for layer in range(1, depth + 1):
        w, b, _, _ = symbols(layer)
        found.append(w * a + b)
        a = apply(found[-1])
    return found


def composed_chain(depth: int, activation: str | None = None) -> Expr:
    """Return the output a_L of a chain of single units as an expression in a₀.

    Parameters
    ----------
    depth : int
        Number of units L, at least 1.
    activation : str, optional
        As in `function`.

    Examples
    --------
    >>> composed_chain(2, "identity")
    b_2 + w_2*(a_0*w_1 + b_1)
    """
    return function(activation)(preactivations(depth, activation)[-1])


def derivative_factors(depth: int, activation: str | None = None) -> list[Expr]:
    """Return the factors w_ℓ·φ′(z_ℓ) of da_L/da₀, for ℓ = 1, …, L.

    The z_ℓ stand under their own names; `written_out` puts in what they are.

    Examples
    --------
    >>> derivative_factors(2)
    [w_1*phi_prime(z_1), w_2*phi_prime(z_2)]
    """
    depth, derivative = check_count("depth", depth), slope(activation)
    found = []
    for layer in range(1, depth + 1):
        w, _, z, _ = symbols(layer)
        found.append(w * derivative(z))
    return found


def written_out(expression: Expr, depth: int, activation: str | None = None) -> Expr:
    """Put z₁, …, z_L of a chain into an expression that names them."""
    values = preactivations(depth, activation)
    names = [symbols(layer)[2] for layer in range(1, depth + 1)]
    return expression.subs(dict(zip(names, values, strict=True)))


def chain_rule_gap(depth: int, activation: str | None = None) -> Expr:
    """Return derivative minus product of factors; 0 is the proof that they agree.

    SymPy differentiates the composed chain as one expression, without the chain's
    factors, and simplifies the difference with symbols throughout.

    Parameters
    ----------
    depth : int
        Number of units L, at least 1.
    activation : str, optional
        As in `function`.

    Examples
    --------
    >>> [chain_rule_gap(depth) for depth in range(1, 7)]
    [0, 0, 0, 0, 0, 0]
    """
    whole = sp.diff(composed_chain(depth, activation), start())
    product = sp.Mul(*derivative_factors(depth, activation))
    return _without_kinks(whole - written_out(product, depth, activation))


def chain_rule_step_gap(activation: str | None = None) -> Expr:
    """Return what one more unit adds to the derivative, minus its factor, as above.

    The unit stands on a chain A(a₀) of which nothing is known, so that 0 proves the
    step from any depth to the next, and with the depths above the rule for all.

    Examples
    --------
    >>> chain_rule_step_gap()
    0
    """
    w, b, _, _ = symbols(1)
    chain = sp.Function("A")(start())
    z = w * chain + b
    whole = sp.diff(function(activation)(z), start())
    return _without_kinks(whole - w * slope(activation)(z) * sp.diff(chain, start()))


def _without_kinks(gap: Expr) -> Expr:
    # x·δ(x) = 0: each kink of ReLU leaves such a term, and each is zero.
    return sp.simplify(gap.replace(sp.DiracDelta, lambda *_: sp.S.Zero))


def prove_chain_rule(depth: int, activation: str | None = None) -> bool:
    """Whether SymPy finds derivative and product of factors equal; see above."""
    return bool(chain_rule_gap(depth, activation) == 0)


def jacobian_product(depth: int) -> Expr:
    """Return D_L W_L ⋯ D_1 W_1 as a product of matrix symbols, for display.

    D_ℓ is the diagonal matrix of the slopes φ′(z_ℓ); the widths N_0, …, N_L differ.
    """
    depth = check_count("depth", depth)
    n = sp.symbols(f"N_0:{depth + 1}", integer=True, positive=True)
    layers = range(depth, 0, -1)
    matrices = [
        sp.MatrixSymbol(f"{name}_{layer}", n[layer], n[layer - (name == "W")])
        for layer in layers
        for name in "DW"
    ]
    return sp.MatMul(*matrices)


def jacobian_gap(depth: int, width: int = 2) -> sp.Matrix:
    """Return Jacobian minus D_L W_L ⋯ D_1 W_1, written out; zero is the proof.

    Parameters
    ----------
    depth, width : int
        Number of layers and units in each; SymPy differentiates every output by
        every input, so both stay small.
    """
    depth, width = check_count("depth", depth), check_count("width", width)
    x = sp.Matrix(sp.symbols(f"x_1:{width + 1}", real=True))
    h, product = x, sp.eye(width)
    for layer in range(1, depth + 1):
        W = sp.Matrix(width, width, lambda i, j, k=layer: sp.Symbol(f"W{k}_{i}{j}"))
        b = sp.Matrix(width, 1, lambda i, _, k=layer: sp.Symbol(f"b{k}_{i}"))
        z = W * h + b
        product = sp.diag(*z.applyfunc(phi_prime)) * W * product
        h = z.applyfunc(phi)
    return (h.jacobian(x) - product).applyfunc(sp.expand)


# Saturation -------------------------------------------------------------------------


def sigmoid_slope_gap() -> Expr:
    """Return σ′ − σ(1 − σ), simplified; 0 is the proof."""
    z = sp.Symbol("z", real=True)
    return sp.simplify(slope("sigmoid")(z) - _sigmoid(z) * (1 - _sigmoid(z)))


def tanh_slope_gap() -> Expr:
    """Return tanh′ − (1 − tanh²), simplified; 0 is the proof."""
    z = sp.Symbol("z", real=True)
    return sp.simplify(slope("tanh")(z) - (1 - sp.tanh(z) ** 2))


def slope_deficit(activation: str) -> Expr:
    """Return the maximal slope minus the slope, as a square that is 0 only at z = 0.

    Parameters
    ----------
    activation : {"sigmoid", "tanh"}

    Returns
    -------
    Expr
        (σ(z) − 1/2)² for the sigmoid, whose slope is at most 1/4, and tanh² z for
        tanh, whose slope is at most 1. SymPy checks the identity on the way; as both
        functions increase strictly, each square vanishes at z = 0 alone.

    Examples
    --------
    >>> slope_deficit("tanh")
    tanh(z)**2
    """
    z = sp.Symbol("z", real=True)
    check_choice("activation", activation, ("sigmoid", "tanh"))
    largest, root = {
        "sigmoid": (sp.Rational(1, 4), _sigmoid(z) - sp.Rational(1, 2)),
        "tanh": (sp.S.One, sp.tanh(z)),
    }[activation]
    if sp.simplify(largest - slope(activation)(z) - root**2) != 0:  # pragma: no cover
        message = f"SymPy does not confirm the deficit of {activation}"
        raise ArithmeticError(message)
    return root**2


def steepest_points(activation: str) -> sp.Set:
    """Return all real z where the deficit above is 0, as SymPy solves for them.

    Examples
    --------
    >>> steepest_points("sigmoid")
    {0}
    """
    root = slope_deficit(activation).base
    return sp.solveset(root, sp.Symbol("z", real=True), sp.S.Reals)


def weighted_slope_deficit() -> Expr:
    """Return |w|/4 − |w|·σ′(wz + b) as |w|·(σ(wz + b) − 1/2)², for real w, z and b.

    It is never negative, and 0 at z = −b/w: at a fixed bias the largest factor of a
    sigmoid unit is |w|/4, wherever the bias puts it.
    """
    w, z, b = sp.symbols("w z b", real=True)
    value = sp.Symbol("z", real=True)
    deficit = slope_deficit("sigmoid").subs(value, w * z + b)
    return sp.Abs(w) * deficit


def slope_reach(w: Expr) -> Expr:
    """Return the width of {x : w·σ′(wx) ≥ 1}, real for w ≥ 4: (2/w)·arcosh(w/2 − 1)."""
    return 2 / w * sp.acosh(w / 2 - 1)


# Gaussian moments and variances -----------------------------------------------------


def gaussian_moment(activation: str, *, power: int = 2, of_slope: bool = False) -> Expr:
    """Return E[φ(z)ᵏ] or E[φ′(z)ᵏ] for z ~ N(0, s²), integrated exactly.

    Parameters
    ----------
    activation : {"identity", "relu", "leaky_relu"}
        For leaky_relu the slope of the negative side is the symbol a.
    power : int, default 2
        k, at least 1.
    of_slope : bool, default False
        Whether the moment is that of φ′.

    Examples
    --------
    >>> gaussian_moment("relu"), gaussian_moment("leaky_relu", of_slope=True)
    (s**2/2, a**2/2 + 1/2)
    """
    power = check_count("power", power)
    check_choice("activation", activation, ("identity", "relu", "leaky_relu"))
    a = sp.Symbol("a", real=True)
    left = {"identity": sp.S.One, "relu": sp.S.Zero, "leaky_relu": a}[activation]
    z, s = sp.Symbol("z", real=True), sp.Symbol("s", positive=True)
    density = sp.exp(-(z**2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    base = sp.S.One if of_slope else z
    sides = ((left, -sp.oo, 0), (sp.S.One, 0, sp.oo))
    return sp.expand(
        sum(
            sp.integrate((side * base) ** power * density, (z, low, high))
            for side, low, high in sides
        )
    )


def variance_of_sum(terms: int) -> Expr:
    """Return E[(Σᵢ wᵢxᵢ)²] for independent weights with mean 0 and variance v.

    The square is multiplied out and averaged term by term: E[wᵢwⱼ] is v where i = j
    and 0 elsewhere, whatever the inputs are, so v·Σ xᵢ² is left. With E[xᵢ²] = m for
    every input this is n·v·m.

    Parameters
    ----------
    terms : int
        Number of inputs n, at least 1.

    Examples
    --------
    >>> variance_of_sum(3)
    3*m*v
    """
    terms = check_count("terms", terms)
    w, x = sp.symbols(f"w_1:{terms + 1}"), sp.symbols(f"x_1:{terms + 1}")
    v, m = sp.symbols("v m", positive=True)
    square = sp.Poly(sp.expand(sum(map(sp.Mul, w, x)) ** 2), *w)
    kept = [
        coefficient * v
        for powers, coefficient in square.terms()
        if max(powers) == 2  # wᵢwⱼ with i ≠ j averages to 0
    ]
    return sp.expand(sum(kept)).subs({xi**2: m for xi in x})


def variance_of_any_sum() -> Expr:
    """Return the same for any number n of terms, by induction on it.

    One more term makes (S + wx)² of S². As w has mean 0 and is independent of S and
    x, the mean grows by v·m; SymPy solves that recursion.

    Examples
    --------
    >>> variance_of_any_sum()
    m*n*v
    """
    S, w, x = sp.symbols("S w x")
    v, m = sp.symbols("v m", positive=True)
    n, variance = sp.Symbol("n", integer=True, positive=True), sp.Function("V")
    added = sp.Poly(sp.expand((S + w * x) ** 2 - S**2), w)
    means = {1: sp.S.Zero, 2: v}  # of w and of w²
    step = sum(term * means[power] for (power,), term in added.terms())
    recursion = variance(n + 1) - variance(n) - step.subs(x**2, m)
    return sp.rsolve(recursion, variance(n), {variance(0): 0})


def forward_condition() -> sp.Eq:
    """Return n_in·v = 1: the signal keeps its variance through a linear layer."""
    n_in, v = sp.symbols("n_in v", positive=True)
    return sp.Eq(n_in * v, 1)


def backward_condition() -> sp.Eq:
    """Return n_out·v = 1: the gradient keeps its variance on the way back."""
    n_out, v = sp.symbols("n_out v", positive=True)
    return sp.Eq(n_out * v, 1)


def glorot_variance() -> Expr:
    """Return Glorot's variance 2/(n_in + n_out), from the two conditions.

    For n_in ≠ n_out no variance meets both. Their sum, (n_in + n_out)·v = 2, has one
    solution: the two factors n_in·v and n_out·v then have mean 1, and lie on either
    side of it. For equal fans it meets both.
    """
    forward, backward = forward_condition(), backward_condition()
    v = sp.Symbol("v", positive=True)
    both = sp.Eq(forward.lhs + backward.lhs, forward.rhs + backward.rhs)
    (solution,) = sp.solve(both, v)
    return solution


def compromise_variances() -> dict[str, Expr]:
    """Return the variances that meet both conditions best, in three senses.

    ``"mean"`` gives the two factors n_in·v and n_out·v the mean 1 (Glorot's choice),
    ``"squares"`` makes the squares of their distances from 1 least, ``"log_squares"``
    those of their logarithms from 0. All are 1/n for equal fans n.
    """
    v = sp.Symbol("v", positive=True)
    factors = [forward_condition().lhs, backward_condition().lhs]
    squares = sum((factor - 1) ** 2 for factor in factors)
    log_squares = sum(sp.log(factor) ** 2 for factor in factors)
    (least,) = sp.solve(sp.diff(squares, v), v)
    (log_least,) = sp.solve(sp.diff(log_squares, v), v)
    return {"mean": glorot_variance(), "squares": least, "log_squares": log_least}
