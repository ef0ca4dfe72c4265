"""Predicted profiles beside PyTorch's autograd, over thirty random networks."""

from itertools import pairwise

import numpy as np
import pytest
from reference import rms

from vgcourse.meanfield import predict_profile
from vgcourse.profiles import profile_of

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

STANDARD_ERRORS = 6
BATCH, DRAWS = 16, 12
PHI = {
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.selu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
DRAWN = {
    "pytorch_default": None,
    "he_normal": torch.nn.init.kaiming_normal_,
    "he_uniform": torch.nn.init.kaiming_uniform_,
    "glorot_normal": torch.nn.init.xavier_normal_,
    "glorot_uniform": torch.nn.init.xavier_uniform_,
    "orthogonal": torch.nn.init.orthogonal_,
}


def random_settings(number):
    """Widths, activation, initializer and biases of one of the thirty."""
    rng = np.random.default_rng(number)
    depth = int(rng.integers(3, 9))
    # The widths differ by up to a factor of two.
    widths = [int(width) for width in rng.integers(120, 241, size=depth + 1)]
    return {
        "width": widths,
        "activation": list(PHI)[number % len(PHI)],
        "initializer": list(DRAWN)[number % len(DRAWN)],
        "sigma_b": None if number % 3 == 0 else float(rng.uniform(0, 0.5)),
        "input_rms": float(rng.uniform(0.5, 1.5)),
    }


class Pass:
    """What `profile_of` reads: one forward and backward pass of `torch.nn.Linear`s."""

    def __init__(self, *, width, activation, initializer, sigma_b, input_rms):
        layers = [
            torch.nn.Linear(*fans, dtype=torch.float64) for fans in pairwise(width)
        ]
        default = initializer == "pytorch_default"
        h = torch.randn(BATCH, width[0], dtype=torch.float64)
        h = h * (input_rms / rms(h.numpy()))
        zs, hs = [], []
        for layer in layers:
            if not default:
                DRAWN[initializer](layer.weight)
            if sigma_b is not None or not default:
                torch.nn.init.normal_(layer.bias, std=sigma_b or 0.0)
            zs.append(layer(h))
            zs[-1].retain_grad()
            h = PHI[activation](zs[-1])
            hs.append(h.detach().numpy())
        output_grad = torch.randn_like(h)
        h.backward(output_grad / rms(output_grad.numpy()))
        self.z, self.h = [z.detach().numpy() for z in zs], hs
        self.deltas = [z.grad.numpy() for z in zs]
        self.weight_grads = [layer.weight.grad.numpy() for layer in layers]


@pytest.mark.parametrize("number", range(30))
def test_gradients_of_a_random_network_are_as_predicted(number):
    torch.manual_seed(number)
    settings = random_settings(number)
    passes = [Pass(**settings) for _ in range(DRAWS)]
    profiles = [profile_of(one, one) for one in passes]
    predicted = predict_profile(**settings, batch=BATCH)
    for name in (
        "log10_activation_rms",
        "log10_gradient_rms",
        "log10_weight_grad_rms",
    ):
        squares = np.array([100 ** getattr(profile, name) for profile in profiles])
        expected = 100 ** getattr(predicted, name)
        error = squares.std(axis=0, ddof=1) / np.sqrt(DRAWS)
        off = np.abs(squares.mean(axis=0) - expected)
        assert (off <= STANDARD_ERRORS * error).all(), (
            settings,
            name,
            off / error,
            off / expected,
        )
    alike = np.array([profile.alikeness for profile in profiles])
    error = alike.std(axis=0, ddof=1) / np.sqrt(DRAWS)
    off = np.abs(alike.mean(axis=0) - predicted.alikeness)
    assert (off <= STANDARD_ERRORS * error).all(), (settings, off / error)
