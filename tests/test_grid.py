"""A grid of settings against a loop over plain passes."""

import threading
from math import sqrt

import numpy as np
import pytest
from reference import assert_profiles_equal, rms

from vgcourse import network, propagation
from vgcourse.initializers import INITIALIZERS
from vgcourse.profiles import HISTOGRAM_EDGES, profile_of
from vgcourse.propagation import Setting, measure_grid, unique_settings

EXACT = 1e-12  # the same arithmetic, reordered

GRID = {
    "activations": ["tanh", "relu", "sigmoid"],
    "initializers": ["lecun_normal", "he_normal", "lecun_uniform", "orthogonal"],
    "gains": [0.5, sqrt(0.5), 1.0, sqrt(2)],
    "depths": [3, 6],
    "histogram_layers": [5, 0],
    "width": 10,
    "batch": 7,
    "rng": 2,
    "dtype": np.float64,
}


def plain_passes(grid, *, activation, initializer, gain, depth):
    """Both passes of one place of the grid, with what `measure_grid` draws for it."""
    first, *seeds = np.random.default_rng(grid["rng"]).integers(
        2**63, size=max(grid["depths"]) + 1
    )
    shape = (2, grid["batch"], grid["width"])
    x, output_grad = np.random.default_rng(first).standard_normal(shape)
    draw = INITIALIZERS[initializer]
    width = grid["width"]
    weights = [draw(width, width, gain=gain, rng=seed) for seed in seeds[:depth]]
    mlp = network.mlp(weights, None, activation)
    forward = network.forward(mlp, x / rms(x))
    return forward, network.backward(forward, output_grad / rms(output_grad))


def test_grid_equals_a_loop_over_plain_passes():
    grid = measure_grid(**GRID)
    assert grid.log10_activation_rms.shape == grid.saturation.shape == (3, 4, 4, 6)
    assert grid.log10_gradient_rms.shape == (3, 4, 4, 2, 6)
    assert grid.histograms.shape == (3, 4, 4, 2, 61)
    for a, i, g, d in np.ndindex(3, 4, 4, 2):
        depth = GRID["depths"][d]
        place = {
            "activation": GRID["activations"][a],
            "initializer": GRID["initializers"][i],
            "gain": GRID["gains"][g],
            "depth": depth,
        }
        forward, backward = plain_passes(GRID, **place)
        expected = profile_of(forward, backward, activation=place["activation"])
        assert_profiles_equal(grid.at(**place), expected, atol=1e-9)
        assert np.isnan(grid.log10_gradient_rms[a, i, g, d, depth:]).all()
        for column, layer in enumerate(GRID["histogram_layers"]):
            if layer >= depth:
                continue
            low, high = HISTOGRAM_EDGES[[0, -1]] * (1 - 1e-12)
            h = np.clip(forward.h[layer], low, high)
            counts, _ = np.histogram(h, HISTOGRAM_EDGES)
            found = grid.histograms[a, i, g, column]
            np.testing.assert_allclose(found, counts / 70, atol=EXACT)


def test_grid_names_equal_settings_once():
    grid = measure_grid(**GRID)
    np.testing.assert_array_equal(
        grid.setting, [[0, 1, 2, 3], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    )
    np.testing.assert_allclose(grid.sigma_w[:, 2], [1, sqrt(2), 1, 1], rtol=EXACT)
    np.testing.assert_allclose(grid.sigma_w[1], sqrt(2) * grid.gains, rtol=EXACT)
    alone = measure_grid(**(GRID | {"initializers": ["he_normal"]}))
    np.testing.assert_allclose(
        alone.log10_gradient_rms[:, 0], grid.log10_gradient_rms[:, 1], atol=1e-9
    )


def test_grid_in_float32_is_exact_in_log10_and_keeps_zero_apart():
    options = {
        "activations": ["identity", "gelu"],
        "initializers": ["zeros", "lecun_normal", "constant", "zeros"],
        "gains": [1e-9, 1e9],
        "depths": [30],
        "width": 12,
        "histogram_layers": [0, 29],
        "rng": 0,
    }
    grid = measure_grid(**options)
    silent = grid.log10_activation_rms[:, [0, 3]]
    assert (silent == -np.inf).all()
    identity = grid.log10_activation_rms[0, 1]
    np.testing.assert_allclose(
        identity[1] - identity[0], 18 * np.arange(1, 31), rtol=1e-5
    )
    assert np.isfinite(grid.log10_activation_rms[:, 1:3]).all()
    # All hidden states in the middle bin, or in the two outer ones.
    np.testing.assert_array_equal(grid.histograms[0, 1, 0, 1, 30], 1)
    np.testing.assert_allclose(
        grid.histograms[0, 1, 1, 1, [0, -1]].sum(), 1, rtol=EXACT
    )


def test_grid_does_not_depend_on_threads_or_company(monkeypatch):
    base = measure_grid(**GRID, threads=1)
    monkeypatch.setattr("vgcourse.propagation._TOGETHER", 3)
    other = measure_grid(**GRID, threads=2)
    for name, values in vars(base).items():
        if isinstance(values, np.ndarray):
            np.testing.assert_allclose(values, getattr(other, name), rtol=0, atol=1e-9)


def test_wide_grids_equal_plain_passes_too():
    # 300 × 300 weights are not multiplied in pieces, as the narrow ones are.
    place = {"activation": "tanh", "initializer": "he_normal", "gain": 1.0, "depth": 6}
    wide = GRID | {"width": 300, "activations": ["tanh"], "initializers": ["he_normal"]}
    expected = profile_of(*plain_passes(wide, **place), activation="tanh")
    assert_profiles_equal(measure_grid(**wide).at(**place), expected, atol=1e-9)


# One place of the grid ----------------------------------------------------------------


def test_a_grid_is_read_by_names():
    grid = measure_grid(**GRID)
    at = grid.at(activation="relu", initializer="orthogonal", gain=sqrt(2), depth=3)
    np.testing.assert_array_equal(
        at.log10_gradient_rms, grid.log10_gradient_rms[1, 3, 3, 0, :3]
    )
    np.testing.assert_array_equal(at.saturation, grid.saturation[1, 3, 3, :3])


def test_what_is_not_named_stays_as_an_axis():
    grid = measure_grid(**GRID)
    gains = grid.at(activation="relu", initializer="he_normal", depth=6)
    np.testing.assert_array_equal(
        gains.log10_gradient_rms, grid.log10_gradient_rms[1, 1, :, 1]
    )
    assert gains.growth_per_layer(skip=1).shape == (4,)
    whole = grid.at(depth=3)
    assert whole.log10_gradient_rms.shape == (3, 4, 4, 3)
    assert whole.log10_activation_rms.shape == (3, 4, 4, 3)


def test_the_only_one_need_not_be_named():
    one = {"activations": ["tanh"], "initializers": ["he_normal"], "gains": [1.0]}
    grid = measure_grid(**(GRID | one | {"depths": [6]}))
    np.testing.assert_array_equal(grid.at().saturation, grid.saturation[0, 0, 0])
    np.testing.assert_array_equal(
        grid.at().log10_gradient_rms, grid.log10_gradient_rms[0, 0, 0, 0]
    )


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        (
            {"activation": "gelu"},
            ValueError,
            "activation must be one of tanh, relu, sig",
        ),
        ({"initializer": 3}, TypeError, "initializer must be one of lecun_normal, "),
        (
            {"gain": 1.01},
            ValueError,
            "gain must be one of 0.5, 0.707107, 1, 1.41421; got",
        ),
        ({"gain": "1"}, TypeError, "gain must be a number, got '1'"),
        ({"depth": 5}, ValueError, "depth must be one of 3, 6; got 5"),
        ({"depth": None}, TypeError, "depth must be one of 3, 6; got None"),
    ],
)
def test_a_grid_says_what_it_does_not_have(place, error, message):
    grid = measure_grid(**GRID)
    with pytest.raises(error, match=message):
        grid.at(**({"depth": 3} | place))


# Settings that are the same -----------------------------------------------------------


def test_settings_are_the_same_if_their_weights_are():
    settings, place = unique_settings(
        [(0, 1.0), (0, sqrt(2)), (2, 1.0)], [1.0, sqrt(2), 2.0]
    )
    np.testing.assert_array_equal(place, [[0, 1, 2], [1, 2, 3], [4, 5, 6]])
    assert settings[2] == Setting(0, 2.0)
    assert [setting.stack for setting in settings] == [0, 0, 0, 0, 2, 2, 2]


def test_settings_that_are_close_are_not_the_same():
    settings, place = unique_settings([(0, 1.0)], [1.0, 1.0 + 1e-9, 1e-9, 1.1e-9])
    np.testing.assert_array_equal(place, [[0, 1, 2, 3]])
    assert len(settings) == 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gains_that_nearly_agree_are_measured_each_for_itself(dtype):
    grid = measure_grid(
        activations=["identity"],
        initializers=["he_normal", "lecun_normal"],
        gains=[1.0, 1.000001],
        depths=[50],
        width=8,
        rng=0,
        dtype=dtype,
    )
    assert len(np.unique(grid.setting)) == 4
    change = np.diff(grid.at().log10_activation_rms[..., -1], axis=1)
    np.testing.assert_allclose(change, 50 * np.log10(1.000001), rtol=0.3)


# Progress -----------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_rises_to_one_on_the_thread_that_asked(threads):
    told, on = [], set()

    def progress(share):
        told.append(share)
        on.add(threading.get_ident())

    measure_grid(**GRID, threads=threads, progress=progress)
    assert on == {threading.get_ident()}
    assert told == sorted(told)
    assert told[-1] == 1
    assert told.count(1) == 1


def test_progress_moves_with_every_layer_and_draw(monkeypatch):
    clock = iter(range(1, 10**6))
    monkeypatch.setattr(propagation.time, "monotonic", lambda: next(clock))
    told = []
    measure_grid(**GRID, threads=1, progress=told.append)
    # Four initializers draw six layers each; then tasks of at most eight settings, with
    # six layers forward and nine back.
    assert told[:24] == pytest.approx(np.arange(1, 25) / 240)
    steps = len(told) - 24
    assert steps % 15 == 0
    assert told[24:] == pytest.approx(0.1 + 0.9 * np.arange(1, steps + 1) / steps)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_the_measurement(threads):
    def progress(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_grid(**GRID, threads=threads, progress=progress)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"activations": []}, ValueError, "activations, .* must not be empty"),
        ({"gains": []}, ValueError, "activations, .* must not be empty"),
        ({"depths": []}, ValueError, "activations, .* must not be empty"),
        ({"gains": [1.0, np.inf]}, ValueError, "gains must be finite, got inf"),
        ({"gains": [-1.0]}, ValueError, "gains must be at least 0, got -1.0"),
        ({"depths": [5, 0]}, ValueError, "depths must be at least 1, got 0"),
        (
            {"histogram_layers": [6]},
            ValueError,
            "histogram_layers must be below depth 6",
        ),
        ({"histogram_layers": [-1]}, ValueError, "histogram_layers must be at least 0"),
        ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
        ({"initializers": ["he"]}, ValueError, "initializers must be one of"),
        ({"activations": "tanh"}, TypeError, "activations must be a sequence, got 'ta"),
        ({"gains": 2.0}, TypeError, "gains must be a sequence, got 2.0"),
        ({"depths": 5}, TypeError, "depths must be a sequence, got 5"),
        ({"threads": 0.5}, TypeError, "threads must be an integer, got 0.5"),
        ({"rng": None}, TypeError, "rng must be an int, SeedSequence or Generator"),
    ],
)
def test_measure_grid_says_what_is_wrong(options, error, message):
    with pytest.raises(error, match=message):
        measure_grid(**(GRID | options))
