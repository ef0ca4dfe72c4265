"""Training: optimizers against PyTorch's, the losses, and what a history says."""

import re

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import data
from vgcourse.layers import batch_norm, dense
from vgcourse.network import Network, backward, forward, random_mlp
from vgcourse.profiles import profile_of
from vgcourse.training import (
    SGD,
    Adam,
    Break,
    Momentum,
    Muon,
    RMSProp,
    chance_level,
    clip_by_norm,
    cross_entropy,
    evaluate,
    mean_square,
    orthogonalized,
    train,
)

EXACT = 1e-12  # the same arithmetic, reordered
SEEDS = st.integers(min_value=0, max_value=2**32)


def small(*, activation="tanh", gain=1.0, seed=0, dtype=np.float64) -> Network:
    """Return a network for the two arms of a spiral."""
    return random_mlp(
        [2, 8, 8, 2],
        activation=activation,
        initializer="lecun_normal",
        gain=gain,
        output_activation="identity",
        rng=seed,
        dtype=dtype,
    )


ARMS = data.spirals(60, rng=0)


# Optimizers


def drawn(kind: str, rng: np.random.Generator, torch):
    """Return an optimizer with random settings, ours and PyTorch's."""
    lr = 10.0 ** rng.uniform(-4, 0)
    beta, beta2 = rng.uniform(0, 0.99), rng.uniform(0.5, 0.9999)
    eps = 10.0 ** rng.uniform(-12, -2)
    return {
        "SGD": (SGD(lr), lambda p: torch.optim.SGD(p, lr)),
        "momentum": (
            Momentum(lr, beta),
            lambda p: torch.optim.SGD(p, lr, momentum=beta),
        ),
        "RMSProp": (
            RMSProp(lr, beta2, eps),
            lambda p: torch.optim.RMSprop(p, lr, alpha=beta2, eps=eps),
        ),
        "Adam": (
            Adam(lr, beta, beta2, eps),
            lambda p: torch.optim.Adam(p, lr, betas=(beta, beta2), eps=eps),
        ),
        "Muon": (
            Muon(lr, beta),
            lambda p: torch.optim.Muon(p, lr, weight_decay=0, momentum=beta),
        ),
    }[kind]


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["SGD", "momentum", "RMSProp", "Adam", "Muon"])
def test_optimizers_equal_those_of_torch_in_a_hundred_settings(kind: str, monkeypatch):
    torch = pytest.importorskip("torch")
    # PyTorch orthogonalizes in bfloat16, of three digits; here in the number format.
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    rng = np.random.default_rng(0)
    for _ in range(100):
        ours, theirs = drawn(kind, rng, torch)
        shape = tuple(rng.integers(1, 6, 2))
        parameter = rng.standard_normal(shape)
        tensor = torch.tensor(parameter, requires_grad=True)
        optimizer = theirs([tensor])
        state = ()
        size = 10.0 ** rng.uniform(-6, 3)
        for _ in range(8):
            grad = size * rng.standard_normal(shape)
            update, state = ours.step(state, grad)
            parameter = parameter + update
            tensor.grad = torch.tensor(grad)
            optimizer.step()
        scale = np.abs(parameter).max()
        np.testing.assert_allclose(
            parameter, tensor.detach().numpy(), rtol=0, atol=1e-9 * scale
        )


def test_steps_change_nothing_that_they_are_given():
    rng = np.random.default_rng(0)
    for optimizer in (SGD(1), Momentum(1), RMSProp(1), Adam(1), Muon(1)):
        first, second = rng.standard_normal((2, 3, 4))
        _, state = optimizer.step((), first)
        before = [np.copy(part) for part in state]
        once = optimizer.step(state, second)
        again = optimizer.step(state, second)
        np.testing.assert_array_equal(once[0], again[0])
        for part, copy in zip(state, before, strict=True):
            np.testing.assert_array_equal(part, copy)


@pytest.mark.parametrize(("beta2", "jump"), [(0.999, 3.1623), (0.95, 0.44722)])
def test_after_a_long_calm_adam_jumps_by_so_many_learning_rates(beta2, jump):
    # (1 − β₁)/√(1 − β₂), for a gradient that has been 0 and is 1.
    optimizer, state = Adam(1.0, beta2=beta2, eps=0), ()
    calm = np.zeros(1)
    with np.errstate(invalid="ignore"):  # 0/0, as long as nothing has come
        for _ in range(20_000):
            _, state = optimizer.step(state, calm)
    update, _ = optimizer.step(state, np.ones(1))
    np.testing.assert_allclose(update, [-jump], rtol=1e-4)


@pytest.mark.parametrize(("size", "step"), [(1e-8, 0.5), (1e-10, 0.0099)])
def test_adam_no_longer_hides_the_scale_of_gradients_below_its_eps(size, step):
    update, _ = Adam(1.0).step((), np.array([size]))
    np.testing.assert_allclose(update, [-step], rtol=1e-3)


def test_muon_leaves_what_is_no_matrix_to_the_other_rule():
    grad = np.array([1.0, -2.0])
    found, _ = Muon(0.1, others=SGD(0.5)).step((), grad)
    np.testing.assert_array_equal(found, [-0.5, 1.0])


def test_muon_brings_all_singular_values_near_one():
    matrix = np.random.default_rng(0).standard_normal((256, 512))
    values = np.linalg.svd(orthogonalized(matrix), compute_uv=False)
    assert values.min() > 0.65
    assert values.max() < 1.2
    # The slope at 0, of five steps.
    faint = np.diag([1.0, 1e-6])
    values = np.diag(orthogonalized(faint))
    np.testing.assert_allclose(values[1], 1e-6 * 3.4445**5, rtol=1e-3)


@given(seed=SEEDS, max_norm=st.floats(1e-3, 1e3))
def test_clip_by_norm_shortens_and_keeps_the_direction(seed: int, max_norm: float):
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.uniform(-3, 3)
    grads = [size * rng.standard_normal((3, 4)), size * rng.standard_normal(5)]
    clipped = clip_by_norm(grads, max_norm)
    before, after = (np.concatenate([g.ravel() for g in gs]) for gs in (grads, clipped))
    length = np.linalg.norm(before)
    np.testing.assert_allclose(np.linalg.norm(after), min(length, max_norm), rtol=EXACT)
    np.testing.assert_allclose(after * length, before * np.linalg.norm(after))
    for once, twice in zip(clipped, clip_by_norm(clipped, max_norm), strict=True):
        np.testing.assert_allclose(once, twice, rtol=EXACT)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_clip_by_norm_loses_no_square(size: float):
    clipped = clip_by_norm([np.array([3 * size]), np.array([4 * size])], size)
    np.testing.assert_allclose(clipped, [[0.6 * size], [0.8 * size]], rtol=EXACT)


def test_clip_by_norm_leaves_what_is_no_number():
    (grad,) = clip_by_norm([np.array([1.0, np.nan])], 0.1)
    np.testing.assert_array_equal(grad, [1, np.nan])


# Losses


def test_losses_and_their_gradients_equal_finite_differences():
    rng = np.random.default_rng(0)
    output, targets = rng.standard_normal((2, 6, 4))
    labels = rng.integers(0, 4, 6)
    for loss, y in ((cross_entropy, labels), (mean_square, targets)):
        reference.check_directional_derivative(
            lambda output, loss=loss, y=y: np.array(loss(output, y)[0]),
            lambda g, loss=loss, y=y: g * loss(output, y)[1],
            output,
            rng=rng,
        )


@pytest.mark.torch
def test_losses_equal_those_of_torch():
    F = pytest.importorskip("torch").nn.functional
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    output, targets = 100 * rng.standard_normal((2, 6, 4))
    labels = rng.integers(0, 4, 6)
    for ours, theirs, y in (
        (cross_entropy, F.cross_entropy, labels),
        (mean_square, F.mse_loss, targets),
    ):
        tensor = torch.tensor(output, requires_grad=True)
        expected = theirs(tensor, torch.tensor(y))
        expected.backward()
        loss, grad = ours(output, y)
        np.testing.assert_allclose(loss, expected.item(), rtol=EXACT)
        np.testing.assert_allclose(grad, tensor.grad.numpy(), rtol=1e-9, atol=EXACT)


def test_chance_is_the_loss_of_the_best_constant():
    np.testing.assert_allclose(chance_level([0, 1, 2, 3] * 5), np.log(4), rtol=EXACT)
    labels = np.array([0, 0, 0, 1])
    constant = np.broadcast_to(np.log([0.75, 0.25]), (4, 2))
    np.testing.assert_allclose(
        chance_level(labels), cross_entropy(constant, labels)[0], rtol=EXACT
    )
    y = np.random.default_rng(0).standard_normal((9, 3))
    constant = np.broadcast_to(y.mean(axis=0), y.shape)
    np.testing.assert_allclose(chance_level(y), mean_square(constant, y)[0], rtol=EXACT)


# The trainer


@pytest.mark.torch
def test_a_run_is_the_one_that_torch_makes():
    torch = pytest.importorskip("torch")
    network = small()
    history = train(
        network, ARMS.x, ARMS.y, optimizer=Adam(0.01), steps=30, max_norm=0.5, rng=0
    )
    parameters = [torch.tensor(p, requires_grad=True) for p in network.parameters]
    optimizer = torch.optim.Adam(parameters, 0.01)
    x, y = torch.tensor(ARMS.x), torch.tensor(ARMS.y)
    losses = []
    for _ in range(30):
        W1, b1, W2, b2, W3, b3 = parameters
        h = torch.tanh(torch.tanh(x @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
        loss = torch.nn.functional.cross_entropy(h, y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
    # Clipping divides by the norm + 1e-6 there.
    np.testing.assert_allclose(history.loss, losses, rtol=1e-5)


def test_a_history_holds_what_its_fields_say():
    network = small()
    history = train(network, ARMS.x, ARMS.y, optimizer=SGD(0.1), steps=7, rng=0)
    assert history.loss.shape == history.accuracy.shape == (7,)
    np.testing.assert_allclose(history.chance, np.log(2), rtol=EXACT)
    assert history.broke is None
    np.testing.assert_array_equal(history.recorded, range(7))
    passed = forward(network, ARMS.x)
    loss, grad = cross_entropy(passed.h[-1], ARMS.y)
    back = backward(passed, grad)
    profile = profile_of(passed, back)
    assert history.loss[0] == loss
    assert history.accuracy[0] == np.mean(passed.h[-1].argmax(axis=1) == ARMS.y)
    for field in ("log10_activation_rms", "log10_gradient_rms", "saturation"):
        np.testing.assert_array_equal(
            getattr(history, field)[0], getattr(profile, field)
        )
    for layer, (W, grad) in enumerate(
        zip(network.weights, back.weight_grads, strict=True)
    ):
        size = np.sqrt(np.mean(grad**2))
        np.testing.assert_allclose(
            history.log10_weight_grad_rms[0, layer], np.log10(size), rtol=1e-9
        )
        ratio = 0.1 * size / np.sqrt(np.mean(W**2))
        np.testing.assert_allclose(
            history.log10_update_ratio[0, layer], np.log10(ratio), rtol=1e-9
        )
    np.testing.assert_allclose(
        network.weights[0], small().weights[0], rtol=0
    )  # where it started from stays as it is


def test_the_same_seed_makes_the_same_run_and_batches_draw_each_example_once():
    setting = {"optimizer": SGD(1e-9), "steps": 8, "batch_size": 15}
    first, again, other = (
        train(small(), ARMS.x, ARMS.y, **setting, rng=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.loss, again.loss)
    assert (first.loss != other.loss).any()
    # At a standstill, four batches of 15 are all 60 examples.
    whole = evaluate(small(), ARMS.x, ARMS.y)[0]
    np.testing.assert_allclose(first.loss[:4].mean(), whole, rtol=1e-6)
    np.testing.assert_allclose(first.loss[4:].mean(), whole, rtol=1e-6)


def test_spirals_are_learned_and_regression_too():
    history = train(
        small(seed=3), ARMS.x, ARMS.y, optimizer=Adam(0.03), steps=300, rng=0
    )
    assert evaluate(history.network, ARMS.x, ARMS.y)[1] > 0.95
    wave = data.wave(80, rng=0)
    network = random_mlp(
        [1, 16, 16, 1],
        activation="tanh",
        initializer="lecun_normal",
        output_activation="identity",
        gain=2,
        rng=0,
    )
    history = train(
        network, wave.x, wave.y, optimizer=Adam(0.02), steps=400, record_every=50, rng=0
    )
    np.testing.assert_array_equal(history.recorded, np.arange(0, 400, 50))
    assert history.log10_gradient_rms.shape == (8, 3)
    assert history.loss[-1] < 0.05 * history.chance
    assert np.isnan(history.accuracy).all()


def test_a_run_that_leaves_the_finite_stops_and_says_where():
    digits = data.digits()
    network = random_mlp(
        [64, *[128] * 5, 10],
        activation="relu",
        initializer="he_normal",
        gain=5,
        rng=0,
    )
    setting = {"optimizer": SGD(10.0), "steps": 50, "batch_size": 64, "rng": 0}
    history = train(network, digits.x, digits.y, **setting)
    broke = history.broke
    assert broke is not None
    assert broke.step == len(history.loss) - 1 < 49
    assert np.isfinite(history.loss[:-1]).all()
    assert not np.isfinite(history.loss[-1])
    # The network is the last one whose output is finite.
    output = forward(history.network, digits.x[:64]).h[-1]
    assert np.isfinite(output).any()
    assert str(broke) == (
        f"at step {broke.step} a hidden state is no finite number any more, "
        f"first in layer {broke.layer}"
    )


def test_a_gradient_that_overflows_on_its_way_is_found_in_its_layer():
    huge = dense(np.full((2, 2), 1e200), None, "identity")
    tiny = dense(np.full((2, 2), 1e-250), None, "identity")
    x, y = 1e-160 * np.ones((3, 2)), np.array([0, 1, 1])
    steep = Network((tiny, huge, huge))
    history = train(steep, x, y, optimizer=SGD(1e-300), steps=3, rng=0)
    assert history.broke == Break(0, 0, "backward")
    assert len(history.recorded) == 1
    assert not np.isfinite(history.log10_weight_grad_rms[0, 0])


def test_a_loss_that_overflows_over_finite_outputs_is_told_apart():
    network = Network((dense([[1.0]], None, "identity"),))
    run = train(network, [[1e200]], [[0.0]], optimizer=SGD(0.1), steps=2, rng=0)
    assert run.broke == Break(0, 0, "loss")


def test_a_run_that_breaks_at_once_has_a_history():
    network = small(activation="relu", gain=1e200)
    history = train(network, ARMS.x, ARMS.y, optimizer=SGD(1), steps=3, rng=0)
    assert history.broke == Break(0, 1, "forward")
    assert history.recorded.size == 0
    assert history.network is network


def test_progress_is_told_after_each_step():
    told = []
    train(
        small(), ARMS.x, ARMS.y, optimizer=SGD(1), steps=4, rng=0, progress=told.append
    )
    assert told == [0.25, 0.5, 0.75, 1]


def run(**changed):
    setting = {"x": ARMS.x, "y": ARMS.y, "optimizer": SGD(1), "steps": 1, "rng": 0}
    return lambda: train(small(), **(setting | changed))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD(0), ValueError, "lr must be above 0, got 0"),
        (lambda: Adam(-1), ValueError, "lr must be at least 0, got -1"),
        (lambda: Momentum(np.nan), ValueError, "lr must be finite, got nan"),
        (lambda: RMSProp("1"), TypeError, "lr must be a number, got '1'"),
        (lambda: Adam(1, beta2=1), ValueError, "beta2 must be below 1, got 1"),
        (lambda: Adam(1, eps=-1), ValueError, "eps must be at least 0, got -1"),
        (
            lambda: clip_by_norm([ARMS.x], 0),
            ValueError,
            "max_norm must be above 0, got 0",
        ),
        (
            run(y=ARMS.y + 1),
            ValueError,
            "y must be labels from 0 to 1, got 2",
        ),
        (run(y=ARMS.y[1:]), ValueError, "y must be 60 labels, got shape (59,)"),
        (
            run(y=ARMS.x[:, :1]),
            ValueError,
            "y must have shape (60, 2), got (60, 1)",
        ),
        (run(x=ARMS.x[:0]), ValueError, "x must not be empty, got shape (0, 2)"),
        (run(batch_size=0), ValueError, "batch_size must be at least 1, got 0"),
        (
            run(batch_size=61),
            ValueError,
            "batch_size must be at most 60 examples, got 61",
        ),
        (run(steps=0), ValueError, "steps must be at least 1, got 0"),
        (
            lambda: train(
                Network((batch_norm(2),)),
                ARMS.x,
                ARMS.y,
                optimizer=SGD(1),
                steps=1,
                batch_size=1,
                rng=0,
            ),
            ValueError,
            "BatchNorm must be given at least 2 examples, got 1",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, error: type[Exception], message: str):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()
