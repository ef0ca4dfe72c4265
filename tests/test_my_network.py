"""Every number that the page for those with a problem says, from the package."""

import re
from math import floor, log10, sqrt

import numpy as np
import pytest
from address import ROOT

from vgcourse import data, network, training
from vgcourse.activations import ACTIVATIONS
from vgcourse.formats import FORMATS
from vgcourse.meanfield import predict_profile

PAGE = (ROOT / "book/my_network.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
DEPTH = 40

# Activation, gain to write, PyTorch's `calculate_gain`, and the line.
TABLE = [
    ("identity", "none", 1.0, "1", "1"),
    ("relu", "ReLU", sqrt(2), "1.414", "`start(model, 2**0.5)`"),
    ("leaky_relu", "LeakyReLU(0.01)", sqrt(2), "1.414", "`start(model, 2**0.5)`"),
    ("tanh", "Tanh", 1.0, "1.667", "`start(model, 1.0)`"),
    ("sigmoid", "Sigmoid", 4.72, "1", "none holds: not in hidden layers"),
    ("elu", "ELU", 1.22, "none", "`start(model, 1.22)`"),
    ("selu", "SELU", 1.0, "0.75", "`start(model, 1.0)`"),
    ("gelu", "GELU", 1.47, "none", "`start(model, 1.47)`, see below"),
    ("silu", "SiLU", 1.56, "none", "`start(model, 1.56)`, see below"),
]


def number(value: float, digits: int) -> str:
    """Write a number as the page does, with a minus that is one."""
    return f"{round(value, digits) + 0:.{digits}f}".replace("-", "−")


def decades(**settings: object) -> float:
    """Return log10 of what is left of δ in the first layer, beside the last."""
    delta = predict_profile(**settings).log10_gradient_rms
    return float(delta[0] - delta[-1])


def default(activation: str) -> float:
    return decades(
        depth=DEPTH, width=1024, activation=activation, initializer="pytorch_default"
    )


def table() -> str:
    """Return the table to bookmark."""
    heads = (
        "Activation",
        "Forward gain",
        "Backward gain",
        "Gain to write",
        "δ with it",
        "δ as PyTorch makes it",
        "`calculate_gain`",
        "The line",
    )
    rows = [heads, ["---"] * len(heads)]
    for name, title, gain, theirs, line in TABLE:
        activation = ACTIVATIONS[name]
        rows.append(
            (
                title,
                number(activation.forward_gain, 3),
                number(activation.backward_gain, 3),
                number(gain, 3).rstrip("0").rstrip("."),
                number(decades(depth=DEPTH, activation=name, sigma_w=gain), 1),
                number(default(name), 1),
                theirs,
                "`start(model, 1.0)`" if name == "identity" else line,
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_the_table_is_what_the_package_computes() -> None:
    assert table() in PAGE


@pytest.mark.torch
def test_the_gains_of_pytorch_are_its_own() -> None:
    nn = pytest.importorskip("torch.nn", reason="PyTorch is not installed")
    for name, _, _, theirs, _ in TABLE:
        if theirs != "none":
            asked = "linear" if name == "identity" else name
            assert number(nn.init.calculate_gain(asked), 3).rstrip("0.") in theirs


def says(sentence: str) -> None:
    assert sentence in TEXT, sentence


def test_each_of_the_two_numbers_hides_what_the_other_shows() -> None:
    gelu = predict_profile(depth=DEPTH, activation="gelu", sigma_w=1.0)
    fall = gelu.log10_gradient_rms[-1] - gelu.log10_gradient_rms[0]
    assert abs(gelu.log10_weight_grad_rms[0] - gelu.log10_weight_grad_rms[-1]) < 0.1
    signal = gelu.log10_activation_rms[0] - gelu.log10_activation_rms[-1]
    assert round(signal) == round(fall) or abs(signal - fall) < 0.5
    says(f"while δ falls by {fall:.1f} decades on the way down")


def test_default_weights() -> None:
    gelu = predict_profile(
        depth=DEPTH, width=1024, activation="gelu", initializer="pytorch_default"
    )
    lost = [number(default(name), 1) for name in ("gelu", "relu", "tanh", "sigmoid")]
    says(
        "keeps 10^{} of its gradient; ReLU 10^{}, tanh 10^{}, sigmoid 10^{}.".format(
            *lost
        )
    )
    weights = gelu.log10_weight_grad_rms[-1] - gelu.log10_weight_grad_rms[0]
    says(f"Its weight gradients fall by {weights:.1f} decades")
    assert 1 - gelu.alikeness[9] < 1e-6 < 1 - gelu.alikeness[8]
    step = (gelu.log10_gradient_rms[10] - gelu.log10_gradient_rms[30]) / 20
    says(f"{number(step, 2)} per layer is a factor of {10**step:.2f} in each")
    for name, smallest in (("float16", "6.0"), ("bfloat16", "9.2"), ("float32", "1.4")):
        power = log10(FORMATS[name].smallest_subnormal)
        exponent = floor(power)
        assert f"{10 ** (power - exponent):.1f}" == smallest
        layers = floor(power / step) + 1
        says(f"| {name} | {smallest} · 10^{number(exponent, 0)} | {layers} layers |")


def test_scale() -> None:
    says(f"0.9 leaves {0.9**39:.3f} of the gradient, and 1.1 makes it {1.1**39:.0f}")
    gelu, relu = ACTIVATIONS["gelu"], ACTIVATIONS["relu"]
    # z has size 1 in every layer, so that each passes on the ratio of the two gains.
    kept = (gelu.forward_gain / gelu.backward_gain) ** 39
    says(f"change δ by a factor of {kept:.1f}, at any gain")
    assert relu.forward_gain == pytest.approx(relu.backward_gain)


def test_saturation() -> None:
    flat = {}
    for gain in (1.0, 3.0, 5.0):
        tanh = predict_profile(depth=DEPTH, activation="tanh", sigma_w=gain)
        flat[gain] = f"{100 * tanh.saturation[-1]:.0f}"
        if gain == 3:
            growth = tanh.log10_gradient_rms[0] - tanh.log10_gradient_rms[-1]
    says(f"With gain 3 a deep tanh network has {flat[3.0]} % of them")
    says(f"with gain 5 it has {flat[5.0]} %; with gain 1 none")
    assert flat[1.0] == "0"
    says(f"by {growth:.1f} decades over forty layers at gain 3")
    slope = ACTIVATIONS["tanh"].derivative(np.arctanh(0.995))
    assert round(float(slope), 2) == 0.01
    sigmoid = predict_profile(depth=DEPTH, activation="sigmoid", sigma_w=1.0)
    kept = sigmoid.growth_per_layer(skip=10)
    says(f"with gain 1, each layer deep down keeps {kept:.2f}")


def test_inputs_and_dead_units() -> None:
    large = predict_profile(depth=1, activation="tanh", sigma_w=1.0, input_rms=100.0)
    says(f"put {100 * large.saturation[0]:.0f} % of a first tanh layer out of work")
    relu = {"depth": 10, "activation": "relu", "sigma_w": sqrt(2)}
    ones, hundreds = (
        predict_profile(**relu, input_rms=size).log10_weight_grad_rms[0]
        for size in (1.0, 100.0)
    )
    says(f"multiply the first layer's weight gradient by {10 ** (hundreds - ones):.0f}")
    says(f"the cosine of two of them is {1 / (1 + 1):.1f}")
    says(f"the same gain, {ACTIVATIONS['leaky_relu'].forward_gain:.3f}")


def test_gelu_and_silu_have_no_gain_that_holds() -> None:
    gelu, silu = (ACTIVATIONS[name].forward_gain_slope for name in ("gelu", "silu"))
    says(f"is off by {gelu:.2f} % (GELU) or {silu:.2f} % (SiLU) after the next")
    low, high = (
        [decades(depth=depth, activation="gelu", sigma_w=gain) for depth in (40, 80)]
        for gain in (1.45, 1.48)
    )
    says(
        f"GELU at gain 1.45 loses {-low[0]:.1f} decades, and at 1.48 it gains "
        f"{high[0]:.1f}; over 80 layers {-low[1]:.1f} and {high[1]:.1f}."
    )
    for gain in (1.45, 1.48):
        assert abs(decades(depth=20, activation="gelu", sigma_w=gain)) < 0.5


def test_links_within_the_page_lead_to_its_parts() -> None:
    heads = re.findall(r"(?m)^## (.+)$", PAGE)
    parts = {head.lower().replace(" ", "-") for head in heads}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= parts


@pytest.mark.parametrize(("lr", "low", "high"), [(1e-3, 0, 1), (1e-2, 2.25, 2.35)])
def test_a_level_gradient_is_not_yet_training(lr: float, low: float, high: float):
    says("with Adam at 10^−3: from a loss of 2.3 to below 1 in 200 steps")
    says("At 10^−2 they stay at 2.3, which is ln 10")
    digits = data.digits()
    x = (digits.x - digits.x.mean()) / digits.x.std()
    for seed in range(2):
        start = network.random_mlp(
            [64, *[64] * 39, 10],
            activation="relu",
            initializer="he_normal",
            output_activation="identity",
            rng=seed,
            dtype=np.float32,
        )
        run = training.train(
            start,
            x,
            digits.y,
            optimizer=training.Adam(lr),
            steps=200,
            batch_size=64,
            record_every=200,
            rng=seed,
        )
        assert low < np.mean(run.loss[-20:]) < high
