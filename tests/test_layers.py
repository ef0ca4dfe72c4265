"""The layers: against PyTorch's autograd, finite differences, and what they keep."""

import re

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from vgcourse.activations import get
from vgcourse.layers import (
    BatchNorm,
    Chain,
    Dense,
    LayerNorm,
    Pointwise,
    Residual,
    RMSNorm,
    batch_norm,
    dense,
    layer_norm,
    residual,
    rms_norm,
)
from vgcourse.network import Network, backward, forward, jacobians

EXACT = 1e-12  # the same arithmetic, reordered
TORCH = 1e-9  # relative to the largest entry, in float64

SEEDS = st.integers(min_value=0, max_value=2**32)
KINDS = (
    "dense",
    "pointwise",
    "layer norm",
    "RMS norm",
    "batch norm",
    "chain",
    "residual",
)
kinds = pytest.mark.parametrize("kind", KINDS)
PHI = ("tanh", "relu", "gelu", "identity")


def drawn(kind: str, width: int, rng: np.random.Generator):
    """Return a layer of `width` inputs and outputs with nothing at its usual value."""
    normal = rng.standard_normal
    phi = get(PHI[rng.integers(len(PHI))])
    eps = 10.0 ** rng.uniform(-8, -1)
    if kind == "chain":
        names = ("batch norm", "dense", "residual", "layer norm", "pointwise")
        return Chain(tuple(drawn(name, width, rng) for name in names))
    if kind == "residual":
        branch = tuple(drawn(name, width, rng) for name in ("RMS norm", "dense"))
        return Residual(Chain(branch), rng.uniform(-2, 2))
    return {
        "dense": Dense(normal((width, width)), normal(width), phi),
        "pointwise": Pointwise(phi),
        "layer norm": LayerNorm(normal(width), normal(width), eps),
        "RMS norm": RMSNorm(normal(width), eps),
        "batch norm": BatchNorm(normal(width), normal(width), eps),
    }[kind]


def by_torch(layer, h, parameters):
    """Return what PyTorch makes of `h`, with these tensors as the parameters."""
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    phi = {"tanh": torch.tanh, "relu": F.relu, "gelu": F.gelu, "identity": lambda z: z}
    match layer:
        case Dense():
            h = phi[layer.activation.name](F.linear(h, *parameters))
        case Pointwise():
            h = phi[layer.activation.name](h)
        case LayerNorm():
            h = F.layer_norm(h, h.shape[-1:], *parameters, eps=layer.eps)
        case RMSNorm():
            h = F.rms_norm(h, h.shape[-1:], *parameters, eps=layer.eps)
        case BatchNorm():
            scale, shift = parameters
            usual = {"running_mean": None, "running_var": None, "training": True}
            h = F.batch_norm(h, weight=scale, bias=shift, eps=layer.eps, **usual)
        case Chain():
            left = iter(parameters)
            for part in layer.layers:
                h = by_torch(part, h, [next(left) for _ in part.parameters])
        case Residual():
            h = h + layer.scale * by_torch(layer.branch, h, parameters)
    return h


@pytest.mark.torch
@kinds
def test_layers_and_their_pullbacks_equal_torch_in_a_hundred_settings(kind: str):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(100):
        # Of two numbers a norm leaves the signs alone, and no gradient to compare.
        width, batch = rng.integers(4, 13), rng.integers(4, 10)
        layer = drawn(kind, int(width), rng)
        h = rng.standard_normal((batch, width)) * 10.0 ** rng.uniform(-1, 1)
        grad = rng.standard_normal(h.shape)
        given_h = torch.tensor(h, requires_grad=True)
        tensors = [torch.tensor(p, requires_grad=True) for p in layer.parameters]
        theirs = by_torch(layer, given_h, tensors)
        theirs.backward(torch.tensor(grad))

        output, pullback = layer.forward(h)
        gradients = pullback(grad)
        ours = [output, gradients.input, *gradients.parameters]
        expected = [theirs.detach(), given_h.grad, *(t.grad for t in tensors)]
        for found, tensor in zip(ours, expected, strict=True):
            scale = float(tensor.abs().max())
            np.testing.assert_allclose(
                found, tensor.numpy(), rtol=0, atol=TORCH * scale
            )


@kinds
@given(seed=SEEDS)
def test_pullbacks_are_the_derivatives(kind: str, seed: int):
    rng = np.random.default_rng(seed)
    layer, h = drawn(kind, 5, rng), rng.standard_normal((4, 5))

    def put(place, part):
        parts = list(layer.parameters)
        parts[place] = part
        return layer.with_parameters(parts)

    def gradients(grad):
        return layer.forward(h)[1](grad)

    reference.check_directional_derivative(
        lambda h: layer.forward(h)[0], lambda g: gradients(g).input, h, rng=rng
    )
    for place, part in enumerate(layer.parameters):
        reference.check_directional_derivative(
            lambda part, place=place: put(place, part).forward(h)[0],
            lambda g, place=place: gradients(g).parameters[place],
            part,
            rng=rng,
        )


def test_layers_act_on_the_last_axis_of_sequences():
    rng = np.random.default_rng(0)
    h, grad = rng.standard_normal((2, 3, 4, 5))
    for kind in ("dense", "pointwise", "layer norm", "RMS norm", "residual"):
        layer = drawn(kind, 5, rng)
        output, pullback = layer.forward(h)
        flat, flat_pullback = layer.forward(h.reshape(12, 5))
        np.testing.assert_allclose(output, flat.reshape(3, 4, 5), rtol=EXACT)
        gradients, expected = pullback(grad), flat_pullback(grad.reshape(12, 5))
        np.testing.assert_allclose(
            gradients.input, expected.input.reshape(3, 4, 5), rtol=1e-9, atol=EXACT
        )
        for ours, theirs in zip(gradients.parameters, expected.parameters, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=EXACT)


@given(seed=SEEDS, shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_norms_ignore_what_they_take_away(seed: int, shift: float, scale: float):
    h = np.random.default_rng(seed).standard_normal((6, 8))
    for layer, other in (
        (layer_norm(8, eps=0), shift + scale * h),
        (batch_norm(8, eps=0), shift + scale * h),
        (rms_norm(8, eps=0), scale * h),
    ):
        np.testing.assert_allclose(
            layer.forward(other)[0], layer.forward(h)[0], rtol=1e-9, atol=1e-9
        )


@given(seed=SEEDS)
def test_gradients_through_norms_are_at_right_angles_to_their_outputs(seed: int):
    h, grad = np.random.default_rng(seed).standard_normal((2, 6, 8))
    for layer, axis in ((layer_norm(8, eps=0), 1), (batch_norm(8, eps=0), 0)):
        unit, pullback = layer.forward(h)
        back = pullback(grad).input
        size = np.abs(back).max()
        np.testing.assert_allclose(back.sum(axis), 0, atol=1e-11 * size)
        np.testing.assert_allclose((back * unit).sum(axis), 0, atol=1e-11 * size)


@pytest.mark.parametrize("silent", ["branch", "scale"])
def test_a_residual_layer_with_nothing_in_its_branch_has_the_identity(silent: str):
    rng = np.random.default_rng(0)
    zero = silent == "branch"
    W = np.zeros((4, 4)) if zero else rng.standard_normal((4, 4))
    layer = residual(dense(W, None, "tanh"), scale=1 if zero else 0)
    passed = forward(Network((layer,)), rng.standard_normal((3, 4)))
    np.testing.assert_array_equal(passed.h[0], passed.x)
    np.testing.assert_array_equal(
        jacobians(passed)[0], np.broadcast_to(np.eye(4), (3, 4, 4))
    )


def test_a_chain_is_known_by_its_last_activation():
    rng = np.random.default_rng(1)
    linear, norm, phi = drawn("dense", 5, rng), layer_norm(5), Pointwise(get("tanh"))
    linear = Dense(linear.W, linear.b, get("identity"))
    x, grad = rng.standard_normal((2, 3, 5))
    passed = forward(Network((Chain((linear, norm, phi)), norm)), x)
    back = backward(passed, grad)
    z = norm.forward(linear.forward(x)[0])[0]
    np.testing.assert_array_equal(passed.z[0], z)
    np.testing.assert_array_equal(passed.slopes[0], get("tanh").derivative(z))
    np.testing.assert_array_equal(passed.h[0], np.tanh(z))
    np.testing.assert_array_equal(passed.z[1], passed.h[1])
    np.testing.assert_array_equal(passed.slopes[1], np.ones((3, 5)))
    np.testing.assert_array_equal(back.deltas[1], grad)
    _, norm_back = norm.forward(passed.h[0])
    np.testing.assert_allclose(
        back.deltas[0], norm_back(grad).input * passed.slopes[0], rtol=EXACT
    )


def test_a_chain_without_activation_has_its_output_for_preactivation():
    x = np.random.default_rng(2).standard_normal((3, 5))
    passed = forward(Network((Chain((layer_norm(5), rms_norm(5))),)), x)
    np.testing.assert_array_equal(passed.z[0], passed.h[0])
    np.testing.assert_array_equal(backward(passed, x).deltas[0], x)


def test_parameters_are_named_in_order_and_given_back_in_order():
    rng = np.random.default_rng(3)
    network = Network((drawn("chain", 5, rng), drawn("RMS norm", 5, rng)))
    moved = [2 * array for array in network.parameters]
    for ours, expected in zip(
        network.with_parameters(moved).parameters, moved, strict=True
    ):
        np.testing.assert_array_equal(ours, expected)
    x = rng.standard_normal((3, 5))
    grads = backward(forward(network, x), x).parameter_grads
    assert [g.shape for layer in grads for g in layer] == [p.shape for p in moved]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_layers_keep_the_number_format(dtype: type):
    rng = np.random.default_rng(4)
    h = rng.standard_normal((3, 5)).astype(dtype)
    for kind in KINDS:
        layer = drawn(kind, 5, rng)
        layer = layer.with_parameters([p.astype(dtype) for p in layer.parameters])
        output, pullback = layer.forward(h)
        gradients = pullback(output)
        arrays = [output, gradients.input, gradients.delta, *gradients.parameters]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@kinds
def test_what_is_not_a_number_stays_so(kind: str):
    rng = np.random.default_rng(5)
    layer, h = drawn(kind, 5, rng), rng.standard_normal((4, 5))
    h[:, 2] = np.nan
    output, pullback = layer.forward(h)
    assert np.isnan(output[:, 2]).all()
    assert np.isnan(pullback(np.ones_like(h)).delta).any() or layer.parameters
    assert np.isnan(pullback(np.full_like(h, np.nan)).input).all()


ONE = np.ones((3, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: dense(ONE, [0, 0], "tanh"),
            ValueError,
            "b must have shape (3,), got (2,)",
        ),
        (
            lambda: dense(ONE * np.nan, None, "tanh"),
            ValueError,
            "W must be finite, got nan",
        ),
        (
            lambda: dense(ONE, None, 3),
            TypeError,
            re.compile("activation must be one of .*; got 3"),
        ),
        (
            lambda: layer_norm(0),
            ValueError,
            "width must be at least 1, got 0",
        ),
        (
            lambda: rms_norm(2, eps=-1),
            ValueError,
            "eps must be at least 0, got -1",
        ),
        (
            lambda: layer_norm(4).forward(ONE),
            ValueError,
            "LayerNorm must be given 4 numbers a row, got shape (3, 2)",
        ),
        (
            lambda: batch_norm(2).forward(ONE[:1]),
            ValueError,
            "BatchNorm must be given at least 2 examples, got 1",
        ),
        (
            residual,
            ValueError,
            "layers must hold at least one layer, got none",
        ),
        (
            lambda: residual(layer_norm(2), scale=np.inf),
            ValueError,
            "scale must be finite, got inf",
        ),
        (
            lambda: residual(dense(ONE, None, "relu")).forward(ONE),
            ValueError,
            "a branch must keep the shape (3, 2), got (3, 3)",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, error: type[Exception], message):
    pattern = message if isinstance(message, re.Pattern) else re.escape(message)
    with pytest.raises(error, match=pattern) as raised:
        call()
    assert "\n" not in str(raised.value)
