"""The course's derivations in SymPy: expressions to show, and proofs to assert."""

from collections.abc import Callable
from typing import Any

import sympy as sp

from vgcourse._checks import check_choice, check_count, check_flag, check_real, shown

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
    """Return φ′ as a function of SymPy expressions.

    Parameters
    ----------
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known. The slope of
        ReLU is Heaviside(z).
    """
    z = sp.Dummy("z", real=True)
    derivative = sp.diff(function(activation)(z), z)
    if activation == "relu":  # z·δ(z) is zero everywhere; what is left is the step
        derivative = sp.Heaviside(z)
    return lambda value: derivative.subs(z, value)


def symbols(layer: int) -> tuple[sp.Symbol, sp.Symbol, sp.Symbol, sp.Symbol]:
    """Return w, b, z and a of a layer, counted from 1; a of layer 0 is the input."""
    layer = check_count("layer", layer, at_least=0)
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
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known.
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
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known.

    Examples
    --------
    >>> composed_chain(2, "identity")
    b_2 + w_2*(a_0*w_1 + b_1)
    """
    return function(activation)(preactivations(depth, activation)[-1])


def derivative_factors(depth: int, activation: str | None = None) -> list[Expr]:
    """Return the factors w_ℓ·φ′(z_ℓ) of da_L/da₀, for ℓ = 1, …, L.

    The z_ℓ stand under their own names; `written_out` puts in what they are.

    Parameters
    ----------
    depth : int
        Number of units L, at least 1.
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known.

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
    """Put z₁, …, z_L of a chain into an expression that names them.

    Parameters
    ----------
    expression : Expr
        Such as one of the `derivative_factors`.
    depth : int
        Number of units L, at least 1.
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known.
    """
    if not isinstance(expression, sp.Basic):
        message = f"expression must be one of SymPy, got {shown(expression)}"
        raise TypeError(message)
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
    activation : {"identity", "sigmoid", "tanh", "relu"}, optional
        None means a φ of which only its derivative's name φ′ is known.

    Examples
    --------
    >>> [chain_rule_gap(depth) for depth in range(1, 7)]
    [0, 0, 0, 0, 0, 0]
    """
    whole = sp.diff(composed_chain(depth, activation), start())
    product = sp.Mul(*derivative_factors(depth, activation))
    return _without_kinks(whole - written_out(product, depth, activation))


def _without_kinks(gap: Expr) -> Expr:
    # x·δ(x) = 0: each kink of ReLU leaves such a term, and each is zero.
    return sp.simplify(gap.replace(sp.DiracDelta, lambda *_: sp.S.Zero))


# Saturation -------------------------------------------------------------------------


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
    if sp.simplify(largest - slope(activation)(z) - root**2) != 0:
        message = f"SymPy does not confirm the deficit of {activation}"
        raise ArithmeticError(message)
    return root**2


def slope_reach(w: Expr) -> Expr:
    """Return the width of {x : w·σ′(wx) ≥ 1}, real for w ≥ 4: (2/w)·arcosh(w/2 − 1)."""
    if not isinstance(w, sp.Expr) and check_real("w", w) == 0:
        message = "w must not be 0"
        raise ValueError(message)
    return 2 / w * sp.acosh(w / 2 - 1)


# Gaussian moments -------------------------------------------------------------------


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
    of_slope = check_flag("of_slope", of_slope)
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
