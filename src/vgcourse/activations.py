"""The activations φ: function, derivative, bounds, and the gains that suit them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from math import erf, exp, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from vgcourse._checks import FloatArray, check_name, check_real
from vgcourse._probe import (
    at_infinity,
    at_zero,
    check_derivative,
    difference_quotient,
    elementwise,
    find_kinks,
    steepest,
)
from vgcourse._slope_edges import SlopeEdges, slope_edges
from vgcourse.gaussian import gaussian_mean, gaussian_tail

Values = Iterator[FloatArray]
Formula = Callable[[FloatArray], Values]

INF = float("inf")

# A unit counts as saturated where its slope |φ′(z)| is below this.
SATURATED_SLOPE = 0.01


@dataclass(frozen=True, eq=False)
class Activation:
    """An activation φ, its derivative, and what bounds a product of slopes.

    Attributes
    ----------
    name : str
        As in `ACTIVATIONS`, followed by its parameter where that is not the usual.
    formula : callable
        Generator function of a float array that yields φ(z), then φ′(z). Where z is
        NaN, both are, whatever it yields.
    max_slope : float
        Supremum of |φ′| over the real line. Dimensionless.
    max_slope_at : float or None
        Where |φ′| reaches it or tends to it (may be ±∞); None for a whole interval.
    limits : tuple of float
        φ(−∞) and φ(+∞).
    slopes_at_zero : tuple of float
        φ′ just left and just right of 0.
    slopes_at_infinity : tuple of float
        φ′(−∞) and φ′(+∞). Where one is not 0, φ(z)/z tends to it too.
    kinks : tuple of float
        Where φ′ jumps.

    Notes
    -----
    `function`, `derivative` and `function_and_derivative` act elementwise on a
    number or an array of any shape. float32 and float64 are kept, integers become
    float64. Those in `ACTIVATIONS` are right to a few units in the last place of
    the larger of their terms, far out too, reach the limits at ±∞, keep NaN, and
    never warn; the left tail of ``"gelu_tanh"`` is right to 1e-12. At a kink φ′ takes
    the value that PyTorch gives it. What is no real number is a TypeError.

    Two names have a second meaning elsewhere. ``"hard_sigmoid"`` is relu6(z + 3)/6, of
    slope 1/6, as in PyTorch; Keras 2 calls clip(z/5 + 1/2, 0, 1) so, of slope 1/5.
    ``"gelu"`` is zΦ(z); the default of JAX, and GPT-2, use ``"gelu_tanh"``.

    Examples
    --------
    >>> ACTIVATIONS["sigmoid"].derivative([-1000, 0])
    array([0.  , 0.25])
    """

    name: str
    formula: Formula
    max_slope: float
    max_slope_at: float | None
    limits: tuple[float, float]
    slopes_at_zero: tuple[float, float]
    slopes_at_infinity: tuple[float, float]
    kinks: tuple[float, ...] = ()

    def function(self, z: ArrayLike) -> FloatArray:
        """Return φ(z), of the shape of `z`."""
        return self._values(z, 1)[0]

    def derivative(self, z: ArrayLike) -> FloatArray:
        """Return φ′(z), of the shape of `z`."""
        return self._values(z, 2)[1]

    def function_and_derivative(self, z: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return φ(z) and φ′(z) at the price of φ′ alone."""
        function, derivative = self._values(z, 2)
        return function, derivative

    @cached_property
    def forward_gain(self) -> float:
        """1/√E[φ(z)²] for z ~ N(0, 1): keeps the second moment of the signal at 1.

        Only if it is 1: `forward_gain_slope` says what becomes of a signal that is not.
        """
        second = gaussian_mean(lambda z: self.function(z) ** 2, kinks=self.kinks)
        return 1 / sqrt(second)

    @cached_property
    def forward_gain_slope(self) -> float:
        """What a layer with `forward_gain` makes of a small deviation of E[z²] from 1.

        E[zφ(z)φ′(z)]/E[φ(z)²] for z ~ N(0, 1). Below 1 in size the signal comes back
        to 1 from layer to layer, for a straight or kinked line it stays where it is,
        and above 1 it runs away: GELU (1.144) and SiLU (1.173) start from a point that
        repels, so that a deep network leaves it.
        """

        def pull(z: FloatArray) -> FloatArray:
            h, slope = self.function_and_derivative(z)
            return h * slope * z

        return float(gaussian_mean(pull, kinks=self.kinks)) * self.forward_gain**2

    @cached_property
    def backward_gain(self) -> float:
        """1/√E[φ′(z)²] for z ~ N(0, 1): keeps the second moment of the gradient.

        As long as the preactivations have the second moment 1, which weights with this
        gain do not keep there, but for φ with the same `forward_gain`.
        """
        second = gaussian_mean(lambda z: self.derivative(z) ** 2, kinks=self.kinks)
        return 1 / sqrt(second)

    @cached_property
    def saturation_edges(self) -> SlopeEdges:
        """Where |φ′| crosses `SATURATED_SLOPE`."""
        return slope_edges(self.derivative, SATURATED_SLOPE)

    def _values(self, z: ArrayLike, count: int) -> list[FloatArray]:
        """Return the first `count` of φ(z), φ′(z)."""
        array = np.asarray(z)
        if array.dtype.kind != "f":
            array = array.astype(np.float64, casting="same_kind")
        # Overflow to ∞ and underflow to 0 are the right limits in every formula.
        with np.errstate(over="ignore", under="ignore"):
            if array.size <= _BLOCK:
                return [value[()] for value in self._evaluated(array, count)]
            results = [np.empty(array.size, array.dtype) for _ in range(count)]
            flat = array.ravel()
            for start in range(0, array.size, _BLOCK):
                block = slice(start, start + _BLOCK)
                values = self._evaluated(flat[block], count)
                for result, value in zip(results, values, strict=True):
                    result[block] = value
        return [result.reshape(array.shape) for result in results]

    def _evaluated(self, z: FloatArray, count: int) -> list[FloatArray]:
        """Return the first `count` values of the formula, NaN where z is NaN.

        A comparison makes a number of NaN; a network that has overflowed would then
        look like one that has lost its gradient.
        """
        values = list(islice(self.formula(z), count))
        if np.isnan(np.vdot(z, z)):  # the quickest way to see one
            values = [np.where(np.isnan(z), z, value) for value in values]
        return values


_BLOCK = 2**14  # numbers at a time, so that the steps of a formula stay in cache


# The pieces of the formulas. `np.clip` is three times faster than `np.maximum`
# with a number, and sums of masked terms are much faster than `np.where`.


def _positive(z: FloatArray) -> FloatArray:
    return np.clip(z, 0, INF)


def _negative(z: FloatArray) -> FloatArray:
    return np.clip(z, -INF, 0)


def _step(z: FloatArray) -> FloatArray:
    return np.greater(z, 0).astype(z.dtype)


def _decay(z: FloatArray) -> FloatArray:
    return np.exp(-np.abs(z))


# The formulas: φ first, φ′ under it, sharing its steps. Whoever wants φ alone stops
# after the first value.


def _identity(z: FloatArray) -> Values:
    yield z.copy()
    yield np.ones_like(z)


def _sigmoid(z: FloatArray) -> Values:
    e = _decay(z)
    yield np.maximum(e, z > 0) / (1 + e)  # 1/(1 + e) on the right, e/(1 + e) left
    # Not s(1 − s), which is exactly 0 from z = 53 ln 2 = 36.7 on.
    yield e / (1 + e) ** 2


def _tanh(z: FloatArray) -> Values:
    yield np.tanh(z)
    # Not 1 − tanh², which is exactly 0 from z = 19 on.
    e = _decay(2 * z)
    yield 4 * e / (1 + e) ** 2


def _relu(z: FloatArray) -> Values:
    yield _positive(z)
    yield _step(z)


def _leaky(z: FloatArray, slope: float) -> Values:
    yield _positive(z) + slope * _negative(z)
    right = _step(z)
    yield right + slope * (1 - right)


def _elu(z: FloatArray, alpha: float = 1.0) -> Values:
    left = _negative(z)
    yield _positive(z) + alpha * np.expm1(left)
    right = _step(z)
    yield right + alpha * (1 - right) * np.exp(left)


# The one pair with E[φ] = 0 and E[φ²] = 1 under N(0, 1): G. Klambauer et al.,
# "Self-normalizing neural networks", 2017.
_SELU_ALPHA = 1.6732632423543772
_SELU_LAMBDA = 1.0507009873554805


def _selu(z: FloatArray) -> Values:
    elu = _elu(z, alpha=_SELU_ALPHA)
    yield _SELU_LAMBDA * next(elu)
    yield _SELU_LAMBDA * next(elu)


def _gelu(z: FloatArray) -> Values:
    y = np.clip(np.abs(z), 0, 40)
    tail, bell = gaussian_tail(y)
    yield _positive(z) - y * tail  # zΦ(z) on both sides of 0
    right = _step(z)
    yield right + (1 - 2 * right) * (tail - y * bell * (1 / sqrt(2 * pi)))


# In the next four a factor z is cut at ±1000, far beyond where e reaches 0, so that
# an infinite z times that 0 is 0.


# tanh of c(z + kz³), c = √(2/π), stands for 2Φ(z) − 1: D. Hendrycks and K. Gimpel,
# "Gaussian error linear units (GELUs)", 2016, sec. 2.
_GELU_LINEAR = 2 * sqrt(2 / pi)
_GELU_CUBIC = 0.044715 * _GELU_LINEAR


def _gelu_tanh(z: FloatArray) -> Values:
    # zσ(w) with w = 2c(z + kz³); exp would turn what float32 loses of w into
    # relative error.
    y = np.clip(z.astype(np.float64), -1000, 1000)
    w = y * (_GELU_LINEAR + _GELU_CUBIC * y * y)
    e = _decay(w)
    yield _positive(z) - (np.abs(y) * (e / (1 + e))).astype(z.dtype)
    rise = _GELU_LINEAR + 3 * _GELU_CUBIC * y * y
    slope = (np.maximum(e, y > 0) + y * rise * e / (1 + e)) / (1 + e)
    yield slope.astype(z.dtype)


def _silu(z: FloatArray) -> Values:
    e, right = _decay(z), np.greater(z, 0)
    yield _positive(z) - np.clip(np.abs(z), 0, 1000) * (e / (1 + e))  # zσ(z)
    yield (np.maximum(e, right) + np.clip(z, -1000, 1000) * e / (1 + e)) / (1 + e)


def _mish(z: FloatArray) -> Values:
    # z n/d with n/d = tanh(log(1 + eᶻ)), n = p² + 2pm and d = n + 2m², where
    # p/m = eᶻ and the larger of p and m is 1, so that nothing overflows.
    e, right = _decay(z), _step(z)
    p, m = np.maximum(e, right), np.maximum(e, 1 - right)
    n = p * p + 2 * e
    d = n + 2 * m * m
    yield np.clip(z, -1000, INF) * (n / d)
    yield (n + np.clip(z, -1000, 1000) * e * 4 * m * (p + m) / d) / d


def _softplus(z: FloatArray) -> Values:
    e = _decay(z)
    yield _positive(z) + np.log1p(e)
    yield np.maximum(e, z > 0) / (1 + e)


def _hard_sigmoid(z: FloatArray) -> Values:
    yield np.clip(z + 3, 0, 6) / 6
    yield np.less(np.abs(z), 3).astype(z.dtype) / 6


def _softsign(z: FloatArray) -> Values:
    largest = np.finfo(z.dtype).max  # ∞/∞ would be no number
    z = np.clip(z, -largest, largest)
    yield z / (1 + np.abs(z))
    yield (1 / (1 + np.abs(z))) ** 2


def leaky_relu(slope: float = 0.01) -> Activation:
    """Return max(z, 0) + slope·min(z, 0), a fixed slope on the left.

    Parameters
    ----------
    slope : float, default 0.01
        Slope for negative z; any finite number. A negative one folds the line: φ is
        above 0 on both sides, and with −1 it is the absolute value.

    Raises
    ------
    ValueError or TypeError
        If `slope` is not a finite number.
    """
    return _with_left_slope("leaky_relu", slope, usual=0.01)


def prelu(slope: float = 0.25) -> Activation:
    """Return max(z, 0) + slope·min(z, 0), a slope on the left that is to be learned.

    Parameters
    ----------
    slope : float, default 0.25
        Slope for negative z; any finite number. The usual one is where K. He et al.,
        "Delving deep into rectifiers", 2015, sec. 2.1, start to learn.

    Raises
    ------
    ValueError or TypeError
        If `slope` is not a finite number.
    """
    return _with_left_slope("prelu", slope, usual=0.25)


def _with_left_slope(name: str, slope: float, *, usual: float) -> Activation:
    slope = check_real("slope", slope)
    return Activation(
        name if slope == usual else f"{name}({slope:g})",
        partial(_leaky, slope=slope) if slope else _relu,
        max_slope=max(1.0, abs(slope)),
        max_slope_at=None,
        limits=(-INF * slope if slope else 0.0, INF),
        slopes_at_zero=(slope, 1.0),
        slopes_at_infinity=(slope, 1.0),
        kinks=() if slope == 1 else (0.0,),
    )


def elu(alpha: float = 1.0) -> Activation:
    """Return z on the right and α(eᶻ − 1) on the left.

    Parameters
    ----------
    alpha : float, default 1.0
        Minus the limit at −∞; at least 0.

    Raises
    ------
    ValueError or TypeError
        If `alpha` is not a finite number, at least 0.
    """
    alpha = check_real("alpha", alpha, at_least=0)
    return Activation(
        "elu" if alpha == 1 else f"elu({alpha:g})",
        partial(_elu, alpha=alpha),
        max_slope=max(1.0, alpha),
        max_slope_at=0.0 if alpha > 1 else None,
        limits=(-alpha, INF),
        slopes_at_zero=(alpha, 1.0),
        slopes_at_infinity=(0.0, 1.0),
        kinks=() if alpha == 1 else (0.0,),
    )


def from_function(
    function: Callable[[FloatArray], ArrayLike],
    derivative: Callable[[FloatArray], ArrayLike] | None = None,
    *,
    name: str = "own",
) -> Activation:
    r"""Return an activation of your own; what else it needs is found by asking it.

    Parameters
    ----------
    function : callable
        φ, elementwise on an array. It grows at most like a straight line.
    derivative : callable, optional
        φ′, elementwise. Without it the slope is a difference quotient, right to about
        1e-11, or 1e-6 beside a kink.
    name : str, default "own"
        What pictures and messages call it.

    Returns
    -------
    Activation
        Kinks and the largest slope are looked for where \|z\| is below 40, limits far
        out.

    Raises
    ------
    ValueError, TypeError
        If `derivative` is not that of `function` (the message says where), φ grows too
        fast for its means to exist, or what is given is no elementwise function.

    Examples
    --------
    >>> squared = from_function(lambda z: z * np.tanh(z), name="z tanh z")
    >>> squared.derivative([0.0, 1.0]).round(6)
    array([0.      , 1.181568])
    """
    phi = elementwise("function", function)
    limits, slopes_at_infinity = at_infinity(phi)
    kinks = find_kinks(phi)
    if derivative is None:
        slope = difference_quotient(phi, kinks)
    else:
        slope = elementwise("derivative", derivative)
        check_derivative(phi, slope, kinks)

    def formula(z: FloatArray) -> Values:
        yield phi(z)
        yield slope(z)

    max_slope, max_slope_at = steepest(slope, kinks)
    return Activation(
        name,
        formula,
        max_slope=max_slope,
        max_slope_at=max_slope_at,
        limits=limits,
        slopes_at_zero=at_zero(slope),
        slopes_at_infinity=slopes_at_infinity,
        kinks=kinks,
    )


def _squasher(
    name: str, formula: Formula, *, slope: float, limits: tuple[float, float]
) -> Activation:
    """Return a smooth φ that is steepest at 0 and flat at both ends."""
    return Activation(
        name,
        formula,
        max_slope=slope,
        max_slope_at=0.0,
        limits=limits,
        slopes_at_zero=(slope, slope),
        slopes_at_infinity=(0.0, 0.0),
    )


def _smooth_rectifier(
    name: str, formula: Formula, *, slope: float, at: float, at_zero: float = 0.5
) -> Activation:
    """Return a smooth φ that ends at 0 on the left and as z on the right."""
    return Activation(
        name,
        formula,
        max_slope=slope,
        max_slope_at=at,
        limits=(0.0, INF),
        slopes_at_zero=(at_zero, at_zero),
        slopes_at_infinity=(0.0, 1.0),
    )


_SELU_AT_ZERO = _SELU_LAMBDA * _SELU_ALPHA

# Where no closed form is at hand, the steepest slope and its place are the root of φ″,
# found with mpmath.
_ALL = (
    Activation(
        "identity",
        _identity,
        max_slope=1.0,
        max_slope_at=None,
        limits=(-INF, INF),
        slopes_at_zero=(1.0, 1.0),
        slopes_at_infinity=(1.0, 1.0),
    ),
    _squasher("sigmoid", _sigmoid, slope=0.25, limits=(0.0, 1.0)),
    _squasher("tanh", _tanh, slope=1.0, limits=(-1.0, 1.0)),
    Activation(
        "relu",
        _relu,
        max_slope=1.0,
        max_slope_at=None,
        limits=(0.0, INF),
        slopes_at_zero=(0.0, 1.0),
        slopes_at_infinity=(0.0, 1.0),
        kinks=(0.0,),
    ),
    leaky_relu(),
    prelu(),
    elu(),
    Activation(
        "selu",
        _selu,
        max_slope=_SELU_AT_ZERO,
        max_slope_at=0.0,
        limits=(-_SELU_AT_ZERO, INF),
        slopes_at_zero=(_SELU_AT_ZERO, _SELU_LAMBDA),
        slopes_at_infinity=(0.0, _SELU_LAMBDA),
        kinks=(0.0,),
    ),
    _smooth_rectifier(
        "gelu", _gelu, slope=(1 + erf(1)) / 2 + exp(-1) / sqrt(pi), at=sqrt(2)
    ),
    _smooth_rectifier(
        "gelu_tanh", _gelu_tanh, slope=1.1289930686587718, at=1.4185040087908284
    ),
    _smooth_rectifier("silu", _silu, slope=1.099839320128867, at=2.3993572805154675),
    _smooth_rectifier("softplus", _softplus, slope=1.0, at=INF),
    _smooth_rectifier(
        "mish", _mish, slope=1.088498161251728, at=1.4905711794854284, at_zero=0.6
    ),
    Activation(
        "hard_sigmoid",
        _hard_sigmoid,
        max_slope=1 / 6,
        max_slope_at=None,
        limits=(0.0, 1.0),
        slopes_at_zero=(1 / 6, 1 / 6),
        slopes_at_infinity=(0.0, 0.0),
        kinks=(-3.0, 3.0),
    ),
    _squasher("softsign", _softsign, slope=1.0, limits=(-1.0, 1.0)),
)

ACTIVATIONS = {activation.name: activation for activation in _ALL}

# What they are called elsewhere.
ALSO_CALLED = {
    "swish": "silu",
    "linear": "identity",
    "logistic": "sigmoid",
    "gelu_new": "gelu_tanh",
    "gelu_approximate": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}


def get(activation: str | Activation) -> Activation:
    """Return the activation of that name, or the one given.

    Names are known as people write them: ``"GELU"``, ``"nn.LeakyReLU"``, ``"swish"``.

    Raises
    ------
    ValueError or TypeError
        If it is neither; the message lists the names, and says which one is near.
    """
    if isinstance(activation, Activation):
        return activation
    return ACTIVATIONS[name_of(activation)]


def name_of(activation: object, *, among: Iterable[str] = ACTIVATIONS) -> str:
    """Return the name among these that is meant, as `get` understands it.

    Raises
    ------
    ValueError or TypeError
        If none is; the message lists the names.
    """
    return check_name("activation", activation, among, also_called=ALSO_CALLED)
