"""The network: against plain loops, PyTorch, finite differences, and itself."""

import re

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import network
from vgcourse.activations import ACTIVATIONS, get
from vgcourse.initializers import INITIALIZERS, he_normal
from vgcourse.network import (
    BackwardPass,
    ForwardPass,
    Network,
    backward,
    forward,
    jacobians,
    random_mlp,
)

EXACT = 1e-12  # the same arithmetic, reordered
TORCH = 1e-10  # relative to the largest entry, in float64

names = pytest.mark.parametrize("name", ACTIVATIONS)
NAMES = st.sampled_from(list(ACTIVATIONS))
WIDTHS = st.lists(st.integers(min_value=1, max_value=8), min_size=2, max_size=5)
SEEDS = st.integers(min_value=0, max_value=2**32)


def example(
    name: str, widths=(5, 7, 6, 3), *, rng, batch: int = 4, dtype: type = np.float64
) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return a network with biases, an input, and a gradient at its output."""
    rng = np.random.default_rng(rng)
    drawn = random_mlp(widths, activation=name, initializer="he_normal", rng=rng)
    biases = [rng.standard_normal(width) for width in widths[1:]]
    mlp = network.mlp([W.astype(dtype) for W in drawn.weights], biases, name)
    x = rng.standard_normal((batch, widths[0])).astype(dtype)
    return mlp, x, rng.standard_normal((batch, widths[-1])).astype(dtype)


def run(mlp: Network, x, output_grad) -> tuple[ForwardPass, BackwardPass]:
    """Return both passes."""
    forward_pass = forward(mlp, x)
    return forward_pass, backward(forward_pass, output_grad)


def all_gradients(backward_pass: BackwardPass) -> list[np.ndarray]:
    """Return everything that a backward pass computes."""
    parts = backward_pass
    return [*parts.deltas, *parts.weight_grads, *parts.bias_grads, parts.input_grad]


@names
def test_both_passes_equal_plain_loops(name: str):
    mlp, x, output_grad = example(name, rng=0)
    forward_pass, backward_pass = run(mlp, x, output_grad)
    output, weight_grads, bias_grads, input_grad = reference.slow_passes(
        list(mlp.weights),
        list(mlp.biases),
        get(name).function,
        get(name).derivative,
        x=x,
        output_grad=output_grad,
    )
    close = {"rtol": EXACT, "atol": EXACT}
    np.testing.assert_allclose(forward_pass.h[-1], output, **close)
    np.testing.assert_allclose(backward_pass.input_grad, input_grad, **close)
    for layer in range(mlp.depth):
        np.testing.assert_allclose(
            backward_pass.weight_grads[layer], weight_grads[layer], **close
        )
        np.testing.assert_allclose(
            backward_pass.bias_grads[layer], bias_grads[layer], **close
        )


@names
def test_passes_hold_what_their_fields_say(name: str):
    mlp, x, output_grad = example(name, rng=1)
    forward_pass, backward_pass = run(mlp, x, output_grad)
    assert mlp.depth == 3
    assert mlp.widths == (5, 7, 6, 3)
    np.testing.assert_array_equal(forward_pass.x, x)
    below = (x, *forward_pass.h)
    for layer, (W, b) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        z = forward_pass.z[layer]
        np.testing.assert_allclose(z, below[layer] @ W.T + b, rtol=EXACT)
        np.testing.assert_array_equal(forward_pass.h[layer], get(name).function(z))
        np.testing.assert_array_equal(
            forward_pass.slopes[layer], get(name).derivative(z)
        )
        assert backward_pass.deltas[layer].shape == z.shape
        assert backward_pass.weight_grads[layer].shape == W.shape
        assert backward_pass.bias_grads[layer].shape == b.shape
    np.testing.assert_allclose(
        backward_pass.deltas[-1],
        output_grad * get(name).derivative(forward_pass.z[-1]),
        rtol=EXACT,
    )


@pytest.mark.torch
@names
@pytest.mark.parametrize("seed", range(3))
def test_gradients_equal_those_of_torch(name: str, seed: int):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    theirs = {
        "identity": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": F.relu,
        "leaky_relu": F.leaky_relu,
        "prelu": lambda z: F.prelu(z, torch.tensor(0.25, dtype=z.dtype)),
        "elu": F.elu,
        "selu": F.selu,
        "gelu": F.gelu,
        "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
        "silu": F.silu,
        # By default PyTorch's is a line from 20 on, which is right to 1e-9 only.
        "softplus": lambda z: F.softplus(z, threshold=700),
        "mish": F.mish,
        # F.hardsigmoid carries 1/6 in float32 through its float64 backward pass.
        "hard_sigmoid": lambda z: F.relu6(z + 3) / 6,
        "softsign": F.softsign,
    }[name]
    mlp, x, output_grad = example(name, (6, 9, 8, 8, 5), rng=seed, batch=7)
    weights = [torch.tensor(W, requires_grad=True) for W in mlp.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in mlp.biases]
    h = inputs = torch.tensor(x, requires_grad=True)
    zs = []
    for W, b in zip(weights, biases, strict=True):
        zs.append(h @ W.T + b)
        zs[-1].retain_grad()
        h = theirs(zs[-1])
    h.backward(torch.tensor(output_grad))

    forward_pass, backward_pass = run(mlp, x, output_grad)
    expected = [tensor.grad for tensor in (*zs, *weights, *biases, inputs)]
    pairs = [(forward_pass.h[-1], h.detach())]
    pairs += zip(all_gradients(backward_pass), expected, strict=True)
    for ours, tensor in pairs:
        scale = float(tensor.abs().max())
        np.testing.assert_allclose(ours, tensor.numpy(), rtol=0, atol=TORCH * scale)


@names
def test_gradients_equal_finite_differences_along_a_direction(name: str):
    mlp, x, _ = example(name, rng=3)
    rng = np.random.default_rng(4)

    def output(weights, biases, x):
        return forward(network.mlp(weights, biases, name), x).h[-1]

    def put(parts, layer, part):
        return [*parts[:layer], part, *parts[layer + 1 :]]

    def gradients(output_grad):
        return run(mlp, x, output_grad)[1]

    reference.check_directional_derivative(
        lambda x: output(mlp.weights, mlp.biases, x),
        lambda g: gradients(g).input_grad,
        x,
        rng=rng,
    )
    for layer in range(mlp.depth):
        reference.check_directional_derivative(
            lambda W, layer=layer: output(put(mlp.weights, layer, W), mlp.biases, x),
            lambda g, layer=layer: gradients(g).weight_grads[layer],
            mlp.weights[layer],
            rng=rng,
        )
        reference.check_directional_derivative(
            lambda b, layer=layer: output(mlp.weights, put(mlp.biases, layer, b), x),
            lambda g, layer=layer: gradients(g).bias_grads[layer],
            mlp.biases[layer],
            rng=rng,
        )


@given(widths=WIDTHS, name=NAMES, seed=SEEDS)
def test_product_of_jacobians_equals_the_backward_pass(widths, name: str, seed: int):
    mlp, x, output_grad = example(name, widths, rng=seed, batch=2)
    forward_pass, backward_pass = run(mlp, x, output_grad)
    layers = jacobians(forward_pass)
    assert [J.shape for J in layers] == [(2, *W.shape) for W in mlp.weights]
    for row in range(2):
        product = np.eye(widths[0])
        for J in layers:
            product = J[row] @ product
        np.testing.assert_allclose(
            output_grad[row] @ product,
            backward_pass.input_grad[row],
            rtol=1e-9,
            atol=EXACT,
        )


def test_chain_of_one_unit_per_layer_equals_a_complex_step():
    # Row 1.1 of the ground truth: a random 12-layer tanh chain, ∏ w φ′(z).
    rng = np.random.default_rng(5)
    w, b = rng.uniform(0.5, 2, 12), rng.standard_normal(12)
    a = 0.3 + 1e-30j
    for weight, bias in zip(w, b, strict=True):
        a = np.tanh(weight * a + bias)
    mlp = network.mlp(w[:, None, None], b[:, None], "tanh")
    forward_pass = forward(mlp, [[0.3]])
    factors = [J.item() for J in jacobians(forward_pass)]
    np.testing.assert_allclose(np.prod(factors), a.imag / 1e-30, rtol=EXACT)
    gradient = backward(forward_pass, [[1.0]]).input_grad.item()
    np.testing.assert_allclose(gradient, a.imag / 1e-30, rtol=EXACT)


def test_identity_network_without_biases_is_the_product_of_its_weights():
    mlp = random_mlp(
        [4, 6, 5, 2], activation="identity", initializer="glorot_normal", rng=0
    )
    x, grad = np.random.default_rng(0).standard_normal((2, 3, 4))
    forward_pass, backward_pass = run(mlp, x, grad[:, :2])
    W1, W2, W3 = mlp.weights
    np.testing.assert_allclose(forward_pass.h[-1], x @ (W3 @ W2 @ W1).T, rtol=1e-10)
    np.testing.assert_allclose(
        backward_pass.input_grad, grad[:, :2] @ (W3 @ W2 @ W1), rtol=1e-10
    )


@given(c=st.floats(0.1, 10), seed=SEEDS)
def test_scaled_weights_of_a_relu_network_scale_output_and_gradient(c, seed: int):
    mlp = random_mlp([3, 8, 8, 2], activation="relu", initializer=he_normal, rng=seed)
    x, grad = np.random.default_rng(seed).standard_normal((2, 5, 3))
    scaled = network.mlp([c * W for W in mlp.weights], None, "relu")
    before, after = run(mlp, x, grad[:, :2]), run(scaled, x, grad[:, :2])
    np.testing.assert_allclose(
        after[0].h[-1], c**3 * before[0].h[-1], rtol=1e-9, atol=EXACT
    )
    np.testing.assert_allclose(
        after[1].input_grad, c**3 * before[1].input_grad, rtol=1e-9, atol=EXACT
    )


@given(name=NAMES, seed=SEEDS)
def test_permuting_hidden_units_changes_nothing_else(name: str, seed: int):
    mlp, x, output_grad = example(name, rng=seed)
    order = np.random.default_rng(seed).permutation(7)
    W, b = list(mlp.weights), list(mlp.biases)
    W[0], b[0], W[1] = W[0][order], b[0][order], W[1][:, order]
    permuted = network.mlp(W, b, name)
    before, after = run(mlp, x, output_grad), run(permuted, x, output_grad)
    close = {"rtol": 1e-9, "atol": EXACT}
    np.testing.assert_allclose(after[0].h[0], before[0].h[0][:, order], **close)
    np.testing.assert_allclose(after[0].h[-1], before[0].h[-1], **close)
    np.testing.assert_allclose(
        after[1].deltas[0], before[1].deltas[0][:, order], **close
    )
    np.testing.assert_allclose(after[1].input_grad, before[1].input_grad, **close)


@given(name=NAMES, seed=SEEDS, a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_backward_is_linear_in_the_output_error(name: str, seed: int, a, b: float):
    mlp, x, first = example(name, rng=seed)
    second = np.random.default_rng(seed).standard_normal(first.shape)
    forward_pass = forward(mlp, x)
    parts = [
        all_gradients(backward(forward_pass, grad))
        for grad in (first, second, a * first + b * second)
    ]
    for one, two, both in zip(*parts, strict=True):
        np.testing.assert_allclose(both, a * one + b * two, rtol=1e-9, atol=1e-10)


@names
def test_examples_of_a_batch_do_not_meet(name: str):
    mlp, x, output_grad = example(name, rng=6)
    forward_pass, whole = run(mlp, x, output_grad)
    singles = [
        run(mlp, x[row : row + 1], output_grad[row : row + 1]) for row in range(len(x))
    ]
    for row, (single_forward, single) in enumerate(singles):
        np.testing.assert_allclose(
            forward_pass.h[-1][row], single_forward.h[-1][0], rtol=1e-10
        )
        np.testing.assert_allclose(
            whole.input_grad[row], single.input_grad[0], rtol=1e-9, atol=EXACT
        )
    for layer in range(mlp.depth):
        total = sum(single.weight_grads[layer] for _, single in singles)
        np.testing.assert_allclose(
            whole.weight_grads[layer], total, rtol=1e-9, atol=EXACT
        )


@names
def test_float32_is_kept_and_close_to_float64(name: str):
    mlp, x, output_grad = example(name, rng=7, dtype=np.float32)
    assert mlp.dtype == np.float32
    # What is not in the network's format is taken into it.
    forward_pass, backward_pass = run(mlp, x.astype(float), output_grad.astype(float))
    arrays = [forward_pass.x, *forward_pass.z, *forward_pass.h, *mlp.biases]
    arrays += [*all_gradients(backward_pass), *jacobians(forward_pass)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    wide = network.mlp([W.astype(float) for W in mlp.weights], mlp.biases, name)
    for ours, exact in zip(
        all_gradients(backward_pass),
        all_gradients(run(wide, x, output_grad)[1]),
        strict=True,
    ):
        scale = np.abs(exact).max()
        np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-5 * scale)


def test_mlp_takes_lists_and_owns_its_arrays():
    W = np.ones((2, 2), np.float32)
    mlp = network.mlp([W, [[1, 2]]], [[0, 0], [3]], get("tanh"))
    assert mlp.dtype == np.float64  # the wider of float32 and what lists become
    assert mlp.layers[0].activation is get("tanh")
    W[:] = 5
    assert (mlp.weights[0] == 1).all()
    with pytest.raises(AttributeError):
        mlp.layers[0].activation = get("relu")


def test_mlp_without_biases_has_zeros():
    mlp = network.mlp([np.ones((2, 3), np.float32)], None, "relu")
    assert [b.tolist() for b in mlp.biases] == [[0, 0]]
    assert mlp.biases[0].dtype == np.float32


@pytest.mark.parametrize(
    "initializer", [n for n in INITIALIZERS if n != "pytorch_default"]
)
def test_random_mlp_draws_layer_after_layer(initializer: str):
    mlp = random_mlp(
        [3, 5, 2],
        activation="tanh",
        initializer=initializer,
        gain=1.5,
        rng=8,
        dtype=np.float32,
    )
    rng = np.random.default_rng(8)
    for W, (fan_in, fan_out) in zip(mlp.weights, [(3, 5), (5, 2)], strict=True):
        expected = INITIALIZERS[initializer](
            fan_in, fan_out, gain=1.5, rng=rng, dtype=np.float32
        )
        np.testing.assert_array_equal(W, expected)
        assert W.dtype == np.float32
    assert all((b == 0).all() for b in mlp.biases)


def test_random_mlp_needs_an_explicit_rng():
    with pytest.raises(TypeError, match="rng"):
        random_mlp([3, 2], activation="tanh", initializer="zeros")


ONE = np.ones((3, 2))
GOOD = network.mlp([ONE], None, "tanh")
PASSED = forward(GOOD, [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: network.mlp([], None, "tanh"),
            ValueError,
            "weights must hold at least one matrix, got none",
        ),
        (
            lambda: network.mlp([ONE, ONE], None, "tanh"),
            ValueError,
            "weights[1] must take the 3 outputs of weights[0], got shape (3, 2)",
        ),
        (
            lambda: network.mlp([ONE[0]], None, "tanh"),
            ValueError,
            "weights[0] must have 2 dimensions, got shape (2,)",
        ),
        (
            lambda: network.mlp([ONE * np.nan], None, "tanh"),
            ValueError,
            "weights[0] must be finite, got nan",
        ),
        (
            lambda: network.mlp([ONE], [[0, 0, np.inf]], "tanh"),
            ValueError,
            "biases[0] must be finite, got inf",
        ),
        (
            lambda: network.mlp([ONE], [[0, 0]], "tanh"),
            ValueError,
            "biases[0] must have shape (3,), got (2,)",
        ),
        (
            lambda: network.mlp([ONE], [], "tanh"),
            ValueError,
            "biases must be 1 vectors, got 0",
        ),
        (
            lambda: network.mlp([[["a"]]], None, "tanh"),
            TypeError,
            "weights[0] must be an array of real numbers, got dtype <U1",
        ),
        (
            lambda: network.mlp([ONE], None, "softmax"),
            ValueError,
            f"activation must be one of {', '.join(ACTIVATIONS)}; got 'softmax'",
        ),
        (
            lambda: Network(()),
            ValueError,
            "layers must hold at least one layer, got none",
        ),
        (
            lambda: Network((GOOD, ONE)),
            TypeError,
            "layers must be layers, got ndarray",
        ),
        (
            lambda: forward([[1.0, 2.0]], GOOD),
            TypeError,
            "network must be a Network, got list",
        ),
        (
            lambda: forward(GOOD, [1.0, 2.0]),
            ValueError,
            "x must have one example per row, got shape (2,)",
        ),
        (
            lambda: forward(GOOD, [[1.0]]),
            ValueError,
            "Dense must be given 2 numbers a row, got shape (1, 1)",
        ),
        (
            lambda: forward(GOOD, [[1.0, np.nan]]),
            ValueError,
            "x must be finite, got nan",
        ),
        (
            lambda: backward(PASSED, [[1.0, 2.0]]),
            ValueError,
            "output_grad must have shape (1, 3), got (1, 2)",
        ),
        (
            lambda: backward(PASSED, ONE.T[:, [0, 0, 0]]),
            ValueError,
            "output_grad must have shape (1, 3), got (2, 3)",
        ),
        (
            lambda: backward(GOOD, PASSED),
            TypeError,
            "forward_pass must be a ForwardPass, got Network",
        ),
        (
            lambda: jacobians(GOOD),
            TypeError,
            "forward_pass must be a ForwardPass, got Network",
        ),
        (
            lambda: random_mlp([3], activation="tanh", initializer="zeros", rng=0),
            ValueError,
            "widths must be at least 2 numbers, got [3]",
        ),
        (
            lambda: random_mlp([3, 0], activation="tanh", initializer="zeros", rng=0),
            ValueError,
            "widths must be at least 1, got 0",
        ),
        (
            lambda: random_mlp([3, 1.5], activation="tanh", initializer="zeros", rng=0),
            TypeError,
            "widths must be an integer, got 1.5",
        ),
        (
            lambda: random_mlp([3, 2], activation="tanh", initializer="he", rng=0),
            ValueError,
            f"initializer must be one of {', '.join(INITIALIZERS)}; got 'he'; "
            "did you mean he_normal or he_uniform?",
        ),
        (
            lambda: random_mlp([3, 2], activation="tan", initializer="zeros", rng=0),
            ValueError,
            f"activation must be one of {', '.join(ACTIVATIONS)}; got 'tan'; "
            "did you mean tanh?",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, error: type[Exception], message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_biases_are_drawn_where_the_initializer_draws_them():
    settings = {"activation": "tanh", "rng": 0}
    drawn = network.random_mlp([400, 300, 2], initializer="pytorch_default", **settings)
    for layer in drawn.layers:
        limit = 1 / np.sqrt(layer.W.shape[1])
        for values in (layer.W, layer.b):
            assert 0 < np.abs(values).max() <= limit
    assert np.abs(drawn.biases[0]).max() > 0.98 / 20
    he = network.random_mlp([4, 3, 2], initializer="he_normal", **settings)
    assert not any(np.any(b) for b in he.biases)
