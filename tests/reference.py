"""Slow, plain versions of what the package computes, and the derivative check."""

from collections.abc import Callable, Iterable

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A central difference with step 1e-6 errs by about 1e-10 from rounding and by 1e-12
# from curvature; the margin is for functions that change faster than they are large.
DERIVATIVE = 1e-6


def check_directional_derivative(
    function: Callable[[Array], Array],
    pullback: Callable[[Array], Array],
    x: Array,
    *,
    rng: np.random.Generator,
    step: float = 1e-6,
    rtol: float = DERIVATIVE,
) -> None:
    """Check a backward pass by one number: along a random direction, seen from another.

    For random `v` of the shape of `x` and `g` of the shape of ``function(x)``, compare
    ``⟨pullback(g), v⟩`` with ``⟨g, function(x + step v) − function(x − step v)⟩ / 2
    step``; `pullback` is the transposed derivative of `function` at `x`. The relative
    tolerance is on the norms, ``‖pullback(g)‖ ‖v‖``, since the numbers themselves may
    cancel.
    """
    x = np.asarray(x, dtype=np.float64)
    v = rng.standard_normal(x.shape)
    g = rng.standard_normal(np.shape(function(x)))
    gradient = pullback(g)
    assert np.shape(gradient) == x.shape
    analytic = np.vdot(gradient, v)
    numeric = np.vdot(g, function(x + step * v) - function(x - step * v)) / (2 * step)
    scale = np.linalg.norm(gradient) * np.linalg.norm(v)
    assert abs(analytic - numeric) <= rtol * scale, (analytic, numeric)


def rms(values: Array) -> float:
    """Return the root mean square, as one writes it."""
    return float(np.sqrt(np.mean(np.square(values))))


# What every profile holds, measured or predicted.
STATISTICS = ("log10_activation_rms", "log10_gradient_rms", "saturation")


def assert_profiles_equal(found: object, expected: object, *, atol: float) -> None:
    """Compare all statistics of two profiles; NaN equals NaN."""
    for name in STATISTICS:
        values = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(*values, rtol=0, atol=atol, err_msg=name)


def supremum(function: Callable[[Array], Array], reach: float = 60.0) -> float:
    """Return the largest value on [−reach, reach]: a fine grid, then a finer one."""
    low, high = -reach, reach
    for _ in range(4):
        grid = np.linspace(low, high, 100_001)
        best = int(np.argmax(function(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    return float(function(np.linspace(low, high, 1001)).max())


_ALPHA = mp.mpf("1.6732632423543772848170429916717")
_LAMBDA = mp.mpf("1.0507009873554804934193349852946")

# The activations as their papers write them, for numbers of any precision.
ACTIVATIONS: dict[str, Callable[[mp.mpf], mp.mpf]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": mp.tanh,
    "relu": lambda z: max(z, mp.mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else mp.mpf(0.01) * z,
    "prelu": lambda z: z if z > 0 else z / 4,
    "elu": lambda z: z if z > 0 else mp.expm1(z),
    "selu": lambda z: _LAMBDA * (z if z > 0 else _ALPHA * mp.expm1(z)),
    "gelu": lambda z: z * mp.ncdf(z),
    # (1 + tanh u)/2 = 1/(1 + exp(−2u)), which does not cancel far out.
    "gelu_tanh": lambda z: (
        z / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)))
    ),
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "softplus": lambda z: mp.log1p(mp.exp(z)),
    "mish": lambda z: z * mp.tanh(mp.log1p(mp.exp(z))),
    "hard_sigmoid": lambda z: min(max(z + 3, mp.mpf(0)), mp.mpf(6)) / 6,
    "softsign": lambda z: z / (1 + abs(z)),
}


def precise_values(
    function: Callable[[mp.mpf], mp.mpf], z: Iterable[float]
) -> tuple[Array, Array]:
    """Return function and derivative in multi-precision, rounded at the end."""
    values, slopes = [], []
    with mp.workdps(120):
        for number in map(mp.mpf, map(float, z)):
            values.append(float(function(number)))
            slopes.append(float(mp.diff(function, number)))
    return np.array(values), np.array(slopes)


def slow_passes(
    weights: list[Array],
    biases: list[Array],
    phi: Callable[[float], float],
    slope: Callable[[float], float],
    *,
    x: Array,
    output_grad: Array,
) -> tuple[Array, list[Array], list[Array], Array]:
    """Return output, weight, bias and input gradients; one number at a time."""
    output, input_grad = np.zeros_like(output_grad), np.zeros_like(x)
    weight_grads = [np.zeros_like(W) for W in weights]
    bias_grads = [np.zeros_like(b) for b in biases]
    for example in range(len(x)):
        z, h = [], [x[example]]
        for W, b in zip(weights, biases, strict=True):
            rows, below = range(len(W)), range(W.shape[1])
            z.append([b[i] + sum(W[i, j] * h[-1][j] for j in below) for i in rows])
            h.append([phi(number) for number in z[-1]])
        output[example] = h[-1]
        grad = output_grad[example]
        for layer, W in reversed(list(enumerate(weights))):
            rows, below = range(len(W)), range(W.shape[1])
            delta = [grad[i] * slope(z[layer][i]) for i in rows]
            for i in rows:
                bias_grads[layer][i] += delta[i]
                for j in below:
                    weight_grads[layer][i, j] += delta[i] * h[layer][j]
            grad = [sum(delta[i] * W[i, j] for i in rows) for j in below]
        input_grad[example] = grad
    return output, weight_grads, bias_grads, input_grad
