"""Nonsense, given to every public function in place of each argument.

Each call ends in a result or in a ValueError or TypeError of one line that names the
argument, or something else that the reader wrote.
"""

import inspect
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import sympy as sp

import vgcourse
from vgcourse import network, products, profiles, training


def nonsense() -> None:
    """Take nothing, return nothing, where a function is wanted or is not."""


HUGE = 10**400  # where a real number is wanted; so many layers would take for ever

NONSENSE: list[Any] = [
    None,
    "nonsense",
    "",
    b"bytes",
    True,
    0,
    -1,
    2.5,
    1e308,
    -1e308,
    np.nan,
    np.inf,
    1j,
    [],
    [[1.0], [2.0, 3.0]],
    [None],
    ["nonsense"],
    {},
    {"nonsense": 1},
    object(),
    np.array("nonsense"),
    np.array(1e308),
    np.empty((0, 3)),
    np.full((2, 2), np.nan),
    np.full((1, 2, 1, 1), 1e308),
    np.array([1j, 2j]),
    np.array([None, object()], dtype=object),
    nonsense,
]

MLP = network.mlp([[[0.5, 1.0], [1.0, 0.5]], [[1.0, 2.0]]], None, "tanh")
FORWARD = network.forward(MLP, [[1.0, 2.0], [3.0, 4.0]])
BACKWARD = network.backward(FORWARD, [[1.0], [1.0]])
CHAIN = [[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]
WEIGHTS = {"fan_in": 3, "fan_out": 2, "gain": 1.0, "rng": 0, "dtype": "float32"}
PREDICTED = {"sigma_w": 1.0, "sigma_b": 0.1}

# One right call of each public function, by room: the argument of each name.
CALLS: dict[str, dict[str, dict[str, Any]]] = {
    "activations": {
        "elu": {"alpha": 1.0},
        "from_function": {"function": np.tanh, "derivative": None, "name": "own"},
        "get": {"activation": "tanh"},
        "leaky_relu": {"slope": 0.1},
        "name_of": {"activation": "tanh"},
        "prelu": {"slope": 0.1},
    },
    "critical": {
        "critical_point": {"activation": "tanh", "q": 0.5},
        "critical_sigma_w": {"activation": "tanh", "sigma_b": 0.1},
    },
    "data": {
        "digits": {},
        "spirals": {"count": 6, "arms": 2, "turns": 1.0, "noise": 0.1, "rng": 0},
        "wave": {"count": 5, "periods": 2.0, "rng": 0},
    },
    "exercises": {
        "check": {"exercise": "06.1", "answer": 1.0},
        "find": {"exercise": "06.1"},
        "solution": {"exercise": "06.1"},
    },
    "formats": {
        "cliff": {"factor": 1.5, "dtype": "float16"},
        "naive_products": {"factors": [1.0, 2.0], "dtype": "float16"},
        "number_format": {"dtype": "float16"},
    },
    "gaussian": {
        "gaussian_mean": {"function": np.tanh, "variance": 1.0, "kinks": (1.0,)},
        "gaussian_pair_mean": {
            "first": np.tanh,
            "second": np.tanh,
            "correlation": 0.5,
            "variance": 1.0,
            "second_variance": 2.0,
            "kinks": (1.0,),
        },
    },
    "guesses": {
        "choice": {
            "question": "Which?",
            "options": ["1", "2"],
            "truth": "1",
            "answer": "One.",
            "why": {"2": "Two."},
        },
        "curve": {
            "question": "Draw it.",
            "x": [0, 1, 2],
            "truth": [1.0, 2.0, 4.0],
            "scale": "log10",
            "x_label": "x",
            "y_label": "y",
            "answer": "A line.",
            "low": 0.1,
            "high": 10.0,
        },
        "number": {
            "question": "How many?",
            "truth": 2.0,
            "low": 1.0,
            "high": 3.0,
            "scale": "log10",
            "answer": "Two.",
            "marks": {2.0: "two"},
            "unit": "layers",
        },
    },
    "initializers": {
        "constant": {**WEIGHTS, "value": 0.5},
        "fans": {
            "shape": (4, 2, 3, 3),
            "layout": "torch",
            "groups": 2,
            "transposed": False,
            "stride": 1,
        },
        "get": {"initializer": "he_normal"},
        "lsuv": {
            "inputs": np.eye(3),
            "widths": [3, 2],
            "function": np.tanh,
            "rng": 0,
            "dtype": "float32",
        },
        "name_of": {"initializer": "he_normal"},
        "orthogonal": WEIGHTS,
        "pytorch_default": WEIGHTS,
        "standard_deviation": {
            "initializer": "he_normal",
            "fan_in": 3,
            "fan_out": 2,
            "gain": 1.0,
        },
        "variance_scaling": {**WEIGHTS, "mode": "fan_in", "distribution": "normal"},
        "zeros": WEIGHTS,
        "glorot_normal": WEIGHTS,
        "glorot_uniform": WEIGHTS,
        "he_normal": WEIGHTS,
        "he_uniform": WEIGHTS,
        "lecun_normal": WEIGHTS,
        "lecun_uniform": WEIGHTS,
        "truncated_normal": WEIGHTS,
    },
    "layers": {
        "batch_norm": {"width": 3, "eps": 1e-5, "dtype": "float32"},
        "dense": {"W": [[1.0, 2.0]], "b": [0.5], "activation": "relu"},
        "layer_norm": {"width": 3, "eps": 1e-5, "dtype": "float32"},
        "residual": {"branch": MLP.layers[0], "scale": 1.0},
        "rms_norm": {"width": 3, "eps": 1e-5, "dtype": "float32"},
    },
    "meanfield": {
        "chi": {"activation": "tanh", "sigma_w": 1.0, "q": 1.0},
        "fixed_point": {"activation": "tanh", **PREDICTED, "start": 1.0},
        "predict_grid": {
            "activations": ["tanh"],
            **PREDICTED,
            "depths": [2],
            "input_rms": 1.0,
        },
        "predict_profile": {
            "depth": 2,
            "activation": "tanh",
            **PREDICTED,
            "input_rms": 1.0,
        },
    },
    "network": {
        "backward": {"forward_pass": FORWARD, "output_grad": [[1.0], [1.0]]},
        "forward": {"network": MLP, "x": [[1.0, 2.0]]},
        "jacobians": {"forward_pass": FORWARD},
        "mlp": {"weights": CHAIN, "biases": [[0, 0], [0, 0]], "activation": "relu"},
        "random_mlp": {
            "widths": [2, 3],
            "activation": "relu",
            "initializer": "he_normal",
            "gain": 1.0,
            "output_activation": "identity",
            "rng": 0,
            "dtype": "float32",
        },
    },
    "phases": {
        "correlation_map": {"c": 0.5, "activation": "tanh", **PREDICTED, "q": 0.5},
        "length_map": {"q": 0.5, "activation": "tanh", **PREDICTED},
        "phase_diagram": {"activation": "tanh", **PREDICTED},
    },
    "products": {
        "log10_norms": {"matrices": CHAIN, "x": [1.0, 2.0]},
        "log10_products": {"factors": [1.0, 2.0]},
        "log10_singular_values": {"matrices": CHAIN},
        "lyapunov_exponents": {"matrices": CHAIN},
    },
    "profiles": {
        "alikeness": {"h": [[1.0, 2.0], [2.0, 1.0]]},
        "log10_rms": {"values": [1.0, 2.0]},
        "profile_of": {
            "forward_pass": FORWARD,
            "backward_pass": BACKWARD,
            "activation": "tanh",
        },
    },
    "propagation": {
        "measure_grid": {
            "activations": ["tanh"],
            "initializers": ["he_normal"],
            "gains": [1.0],
            "depths": [2],
            "width": 3,
            "batch": 2,
            "rng": 0,
        },
        "measure_profile": {
            "depth": 2,
            "width": 3,
            "activation": "tanh",
            "initializer": "he_normal",
            "gain": 1.0,
            "batch": 2,
            "sigma_b": 0.1,
            "input_rms": 1.0,
            "rng": 0,
        },
    },
    "symbolic": {
        "chain_rule_gap": {"depth": 1, "activation": "tanh"},
        "composed_chain": {"depth": 1, "activation": "tanh"},
        "derivative_factors": {"depth": 1, "activation": "tanh"},
        "function": {"activation": "tanh"},
        "gaussian_moment": {"activation": "identity", "power": 1, "of_slope": False},
        "preactivations": {"depth": 1, "activation": "tanh"},
        "slope": {"activation": "tanh"},
        "slope_deficit": {"activation": "tanh"},
        "slope_reach": {"w": 5},
        "start": {},
        "symbols": {"layer": 1},
        "written_out": {"expression": sp.S.One, "depth": 1, "activation": "tanh"},
    },
    "training": {
        "Adam": {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8},
        "Momentum": {"lr": 0.1, "beta": 0.9},
        "Muon": {"lr": 0.1, "beta": 0.9},
        "RMSProp": {"lr": 0.1, "beta": 0.9, "eps": 1e-8},
        "SGD": {"lr": 0.1},
        "chance_level": {"y": [0, 1, 1]},
        "clip_by_norm": {"grads": [np.ones(2)], "max_norm": 1.0},
        "cross_entropy": {"output": np.ones((2, 3)), "labels": np.array([0, 2])},
        "evaluate": {"network": MLP, "x": [[1.0, 2.0]], "y": [[1.0]]},
        "mean_square": {"output": np.ones((2, 1)), "targets": np.zeros((2, 1))},
        "orthogonalized": {"matrix": np.eye(2), "steps": 2},
        "train": {
            "network": MLP,
            "x": [[1.0, 2.0]],
            "y": [[1.0]],
            "optimizer": training.SGD(0.1),
            "steps": 1,
            "batch_size": 1,
            "max_norm": 1.0,
            "record_every": 1,
            "rng": 0,
        },
    },
    "unit_chain": {
        "unit_chain": {
            "weight": 1.0,
            "start": 0.5,
            "bias": 0.1,
            "activation": "tanh",
            "depth": 2,
        },
    },
}

# What is not called here, and why.
APART = {
    "gaussian_tail": "runs inside the activations' formulas, which check",
    "unique_settings": "is given what measure_grid has checked",
}
PICTURES = {"plotting", "explorers"}  # have tests of their own

# What a message may name in place of the argument: what the argument is passed on as,
# or consists of.
INSTEAD = {
    "activations": ["activation"],
    "branch": ["layers"],
    "first": ["function"],
    "output": ["labels", "targets"],
    "output_activation": ["activation"],
    "second": ["function"],
    "second_variance": ["variance"],
    "x": ["Dense must be given"],
}
PLACES = [
    (room, name, argument)
    for room, functions in CALLS.items()
    for name, call in functions.items()
    for argument in call
]


def call(room: str, name: str, arguments: dict[str, Any]) -> object:
    function = getattr(import_module(f"vgcourse.{room}"), name)
    positional = [
        arguments.pop(parameter.name)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.VAR_POSITIONAL
    ]
    return function(*positional, **arguments)


def complaint(function: Callable[[], object], *names: str) -> str | None:
    """Return what is wrong with how a call ends; None if it ends well.

    An error must name one of `names`, if there are any.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            function()
    except (ValueError, TypeError) as error:
        message = str(error)
        named = not names or any(name in message for name in names)
        return None if message and named and "\n" not in message else message or "''"
    except Exception as error:
        return repr(error)
    return None


def is_public(room: str, name: str) -> bool:
    value = getattr(import_module(f"vgcourse.{room}"), name)
    return (
        not name.startswith("_")
        and getattr(value, "__module__", "") == f"vgcourse.{room}"
        and (inspect.isfunction(value) or hasattr(value, "mode"))
    )


@pytest.mark.parametrize("room", sorted(set(vgcourse.__all__) - PICTURES))
def test_every_public_function_is_called(room: str) -> None:
    public = {
        name for name in dir(import_module(f"vgcourse.{room}")) if is_public(room, name)
    }
    assert public - APART.keys() - CALLS.get(room, {}).keys() == set()


@pytest.mark.parametrize("room", CALLS)
def test_the_calls_are_right_as_they_stand(room: str) -> None:
    for name, arguments in CALLS[room].items():
        call(room, name, dict(arguments))


@pytest.mark.parametrize(("room", "name", "argument"), PLACES, ids=str)
def test_nonsense_is_a_one_line_error_that_names_something(
    room: str, name: str, argument: str
) -> None:
    right = CALLS[room][name]
    wrong = [*NONSENSE, HUGE] if isinstance(right[argument], float) else NONSENSE
    for value in wrong:

        def attempt(value: Any = value) -> object:
            return call(room, name, {**right, argument: value})

        names = (argument, *INSTEAD.get(argument, ()), "nonsense()")
        assert complaint(attempt, *names) is None, repr(value)


X = np.array([[1.0, 2.0]])


@pytest.mark.parametrize(
    "swapped",
    [
        lambda: network.forward(X, MLP),
        lambda: network.backward(X, FORWARD),
        lambda: network.backward(BACKWARD, X),
        lambda: network.jacobians(MLP),
        lambda: network.mlp("relu", None, CHAIN),
        lambda: products.log10_norms([1.0, 2.0], CHAIN),
        lambda: profiles.profile_of(BACKWARD, FORWARD),
        lambda: training.evaluate(X, MLP, [[1.0]]),
        lambda: training.train(
            X, MLP, [[1.0]], optimizer=training.SGD(0.1), steps=1, rng=0
        ),
        lambda: training.clip_by_norm(1.0, [np.ones(2)]),
        lambda: training.cross_entropy(np.array([0, 2]), np.ones((2, 3))),
    ],
)
def test_operands_in_the_wrong_order_are_an_error(
    swapped: Callable[[], object],
) -> None:
    assert complaint(swapped) is None
    with pytest.raises((ValueError, TypeError)):
        swapped()


@pytest.mark.parametrize(
    ("room", "name", "argument"),
    [
        (room, name, argument)
        for room, name, argument in PLACES
        if type(CALLS[room][name][argument]) is float
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.array])
def test_numbers_of_numpy_do_where_numbers_do(
    room: str, name: str, argument: str, kind: Callable[[float], Any]
) -> None:
    right = CALLS[room][name]
    call(room, name, {**right, argument: kind(right[argument])})


def test_the_complaint_is_heard() -> None:
    def fails(error: Exception) -> Callable[[], object]:
        def function() -> None:
            raise error

        return function

    assert complaint(lambda: None) is None
    assert complaint(fails(ValueError("x must be a number"))) is None
    assert complaint(fails(ValueError("two\nlines"))) is not None
    assert complaint(fails(AttributeError("x"))) is not None
    assert complaint(lambda: np.float64(1e308) * 10) is not None
    assert complaint(fails(TypeError("bad")), "x") == "bad"
    assert complaint(fails(TypeError("bad x")), "x") is None
    assert complaint(fails(ValueError())) is not None
