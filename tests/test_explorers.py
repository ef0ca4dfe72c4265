"""Explorers without a browser: tables, words, answers to bad input."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import explorers, formats
from vgcourse.explorers import base, words
from vgcourse.explorers.base import Array, Knob, Setting
from vgcourse.unit_chain import unit_chain

ALL = explorers.LARGE
FLOAT32 = 1e-6  # relative: what rounding to float32 leaves of a table


@pytest.fixture(scope="module", params=ALL, ids=lambda cls: cls.__name__)
def made(request):
    """One explorer of each kind: some take seconds to compute."""
    return request.param()


@pytest.fixture
def explorer(made):
    """The same, with its knobs put back after the test."""
    before = {name: getattr(made, name) for name in made.knobs}
    yield made
    for name, value in before.items():
        setattr(made, name, value)


def from_table(explorer, name):
    """The present row, as the browser reads it from the bytes."""
    layout = explorer.spec["arrays"][name]
    count = int(np.prod(layout["shape"]))
    data = np.frombuffer(explorer.table, layout["dtype"], count, layout["offset"])
    data = data.reshape(layout["shape"]).astype(float)
    if layout["dtype"] != "float32":
        ends = {-32768: -np.inf, 32767: np.inf}
        data = np.vectorize(lambda code: ends.get(code, code * layout["unit"]))(data)
    knobs = {knob["name"]: knob for knob in explorer.spec["knobs"]}
    index = tuple(
        knobs[axis]["values"].index(getattr(explorer, axis))
        if axis in knobs
        else int(from_table(explorer, axis)[0])
        for axis in layout["axes"]
    )
    return np.ravel(data[index])


def test_table_holds_every_row_that_python_computes(explorer):
    rng = np.random.default_rng(1)
    for _ in range(5):
        for name, knob in explorer.knobs.items():
            setattr(explorer, name, knob.values[rng.integers(len(knob.values))])
        for name, array in explorer.arrays.items():
            held = from_table(explorer, name)
            np.testing.assert_allclose(explorer.row(name), held, rtol=1e-15)
            index = tuple(map(explorer._position, array.axes))
            exact = np.ravel(array.values[index]).astype(float)
            kept = np.isfinite(exact)
            np.testing.assert_array_equal(kept, np.isfinite(held))
            step = (array.unit or 0.0) / 2 * 1.001
            np.testing.assert_allclose(
                held[kept], exact[kept], rtol=FLOAT32, atol=step + 1e-30
            )


def test_spec_is_json_and_names_knobs_that_exist(explorer):
    spec = json.loads(json.dumps(explorer.spec))
    names = {knob["name"] for knob in spec["knobs"]}
    for layout in spec["arrays"].values():
        assert set(layout["axes"]) <= names | set(spec["arrays"])
    for knob in spec["knobs"]:
        assert len(knob["values"]) == len(knob["labels"])
    assert 2 <= len(names) <= 5


def test_mime_bundle_carries_still_picture_and_sentence(explorer):
    data, _ = explorer._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert len(data["image/png"]) <= 60_000
    assert data["text/plain"] == f"{explorer!r}\n{explorer.sentence()}"
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "image/svg+xml" not in data


def test_mime_bundle_in_the_book_carries_a_vector_picture(explorer, monkeypatch):
    monkeypatch.setenv("VGCOURSE_SVG", "1")
    data, _ = explorer._repr_mimebundle_()
    assert data["image/svg+xml"].startswith("<svg")
    assert data["image/png"].startswith(b"\x89PNG")


def test_repr_names_the_knobs_and_makes_the_same_explorer(explorer):
    values = ", ".join(f"{n}={getattr(explorer, n)!r}" for n in explorer.knobs)
    assert repr(explorer) == f"{type(explorer).__name__}({values})"


def test_a_value_off_the_knob_is_refused_and_nothing_changes(explorer):
    before = repr(explorer)
    for name, knob in explorer.knobs.items():
        with pytest.raises(ValueError, match=f"{name} must be one of"):
            setattr(explorer, name, "nonsense")
        if not isinstance(knob.values[0], str):
            with pytest.raises(ValueError, match=f"{name} must be one of"):
                setattr(explorer, name, 1e9)
    assert repr(explorer) == before


def test_figure_draws_one_axes_for_each_panel(explorer):
    shown = [panel for panel in explorer.panels if explorer._holds(panel.when)]
    assert len(explorer.figure().axes) == len(shown)


def test_rerun_panel_hands_its_settings_to_rerun(explorer, monkeypatch):
    seen = []
    monkeypatch.setattr(type(explorer), "rerun", lambda _, **given: seen.append(given))
    *controls, row, message = explorer.rerun_panel().children
    assert len(controls) == len(explorer.settings)
    row.children[0].click()
    assert message.value.startswith("Done")
    (given,) = seen
    assert isinstance(given.pop("progress"), base.Progress)
    assert given == {setting.name: setting.default for setting in explorer.settings}


def test_rerun_with_the_defaults_of_its_panel_changes_nothing():
    for cls in (explorers.Chain, explorers.LinearChain, explorers.Saturation):
        explorer = cls()
        before = explorer.table
        explorer.rerun_panel().children[-2].children[0].click()
        assert explorer.table == before


def test_rerun_panel_says_what_is_wrong_and_keeps_the_picture(explorer):
    *controls, row, message = explorer.rerun_panel().children
    before = explorer.table
    number = next(c for c in controls if type(c).__name__ == "IntText")
    number.value = 0 if number.description != "Seed" else -1
    row.children[0].click()
    assert message.value.startswith("Not run: ")
    assert "at least 1" in message.value
    assert explorer.table == before
    assert not row.children[0].disabled


def test_linear_chain_table_is_the_product_of_its_factors():
    explorer = explorers.LinearChain(gain=0.5, depth=200, number_format="float16")
    np.testing.assert_allclose(
        explorer.row("exact"), np.arange(201) * np.log10(0.5), rtol=FLOAT32
    )
    # Row 1.4 of the ground truth: float16 is exactly 0 from depth 25 on.
    assert explorer.row("cliff") == [25]
    assert np.isfinite(explorer.row("held")[:25]).all()
    assert explorer.row("held")[25] == -np.inf
    assert "exactly zero after 25 layers" in explorer.sentence()


def test_linear_chain_sentence_speaks_of_the_true_value():
    explorer = explorers.LinearChain()
    # Row 1.2: 1.5^50 = 637621500.2
    assert "After 50 layers of 1.5·I the signal is 6.4 × 10⁸ times larger." in (
        explorer.sentence()
    )
    explorer.direction = "backward"
    assert explorer.sentence().startswith("Back through 50 layers")


def test_linear_chain_rerun_with_orthogonal_matrices_keeps_the_norm():
    explorer = explorers.LinearChain(gain=1.0)
    explorer.rerun(matrix="orthogonal", width=8, seed=3, max_depth=30)
    assert len(explorer.knobs["depth"].values) == 30
    assert explorer.depth == 30  # 50 is gone; the nearest is left
    np.testing.assert_allclose(explorer.row("exact"), 0.0, atol=1e-12)


def test_linear_chain_rerun_with_random_matrices_follows_log10_norms():
    explorer = explorers.LinearChain(gain=1.0)
    explorer.rerun(matrix="lecun_normal", width=8, seed=3, max_depth=30)
    forward = explorer.row("exact")
    explorer.direction = "backward"
    assert not np.allclose(forward, explorer.row("exact"))
    explorer.gain = 2.0
    explorer.direction = "forward"
    np.testing.assert_allclose(
        explorer.row("exact") - forward, np.arange(31) * np.log10(2.0), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_depth": 0}, "max_depth must be at least 1, got 0"),
        ({"max_depth": 2.5}, "max_depth must be an integer, got 2.5"),
        ({"lowest_gain": 2.0, "highest_gain": 1.0}, "range of gain must go up"),
        ({"lowest_gain": 1.0, "highest_gain": 1.0}, "range of gain must go up"),
        ({"step": 0.0}, "range of gain must go up"),
        ({"step": 1e-6}, "at most 200 values"),
        ({"highest_gain": float("nan")}, "highest gain must be finite"),
        ({"matrix": "diagonal"}, "identity, lecun_normal, orthogonal"),
        ({"width": 0}, "width must be at least 1"),
        ({"matrix": "orthogonal", "seed": -1}, "rng must be at least 0"),
    ],
)
def test_linear_chain_rerun_says_what_is_wrong(settings, message):
    explorer = explorers.LinearChain()
    before = explorer.table
    with pytest.raises((TypeError, ValueError), match=message):
        explorer.rerun(**settings)
    assert explorer.table == before


def test_chain_table_is_the_derivative_of_the_chain():
    explorer = explorers.Chain(weight=-2.0, activation="tanh", depth=7, start=0.25)
    explorer.rerun(bias=0.5)
    run = unit_chain(-2.0, 0.25, bias=0.5, activation="tanh", depth=30)
    # Finite difference of the whole chain: an independent route.
    step = 1e-6
    ends = unit_chain(
        -2.0, [0.25 - step, 0.25 + step], bias=0.5, activation="tanh", depth=7
    )
    slope = (ends.h[1, -1] - ends.h[0, -1]) / (2 * step)
    np.testing.assert_allclose(10 ** explorer.row("product")[7], abs(slope), rtol=1e-5)
    np.testing.assert_allclose(
        explorer.row("factors"), np.log10(np.abs(run.factors)), rtol=FLOAT32
    )


def test_progress_bar_shows_only_after_half_a_second():
    *_, row, _message = explorers.Chain().rerun_panel().children
    bar = row.children[1]
    progress = base.Progress(bar)
    progress(0.3)
    assert bar.layout.visibility == "hidden"
    progress.started -= 1.0
    progress(0.6)
    assert bar.layout.visibility == "visible"
    assert bar.value == 0.6


def test_hybrid_array_codes_infinity_at_the_ends():
    coded, layout = Array(np.array([-np.inf, -1.0, 0.5, np.inf]), unit=0.5).encode()
    assert np.frombuffer(coded, "<i2").tolist() == [-32768, -2, 1, 32767]
    assert layout["unit"] == 0.5


def test_table_refuses_nan():
    with pytest.raises(ValueError, match="must not hold NaN"):
        Array(np.array([np.nan])).encode()
    with pytest.raises(ValueError, match="must not hold NaN"):
        Array(np.array([np.nan]), unit=0.1).encode()


def test_knob_moves_to_the_nearest_value():
    knob = Knob("g", "g", (0.5, 1.0, 2.0), ("a", "b", "c"))
    assert [knob.nearest(v) for v in (0.0, 0.7, 1.6, 9.0)] == [0.5, 0.5, 2.0, 2.0]
    words_only = Knob("k", "k", ("x", "y"), ("x", "y"), kind="select")
    assert [words_only.nearest(v) for v in ("y", "gone")] == ["y", "x"]


def test_control_suits_the_setting():
    kinds = [
        type(base._control(setting)).__name__
        for setting in (
            Setting("a", "a", 1),
            Setting("a", "a", 1.0),
            Setting("a", "a", "x", ("x", "y")),
        )
    ]
    assert kinds == ["IntText", "FloatText", "Dropdown"]


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "1.0"),
        (np.log10(6.4e8), "6.4 × 10⁸"),
        (np.log10(0.0123), "0.012"),
        (np.log10(0.00123), "1.2 × 10⁻³"),
        (np.log10(9.99), "10"),
        (np.log10(4321), "4300"),
        (np.inf, "infinite"),
        (-np.inf, "0"),
    ],
)
def test_from_log10_writes_two_digits(x, text):
    assert words.from_log10(x) == text


@given(st.floats(-300, 300))
def test_from_log10_is_within_five_percent(x):
    text = words.from_log10(x)
    number = text.replace(" × 10", "e").translate(
        str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    )
    assert abs(np.log10(float(number)) - x) <= np.log10(1.051)


def test_times_says_larger_smaller_or_neither():
    assert words.times(1.0) == "10 times larger"
    assert words.times(-3.0) == "1000 times smaller"
    assert words.times(0.001) == "as large as before"
    assert words.times(-np.inf) == "exactly zero"
    assert words.times(np.inf) == "infinite"
    assert words.percent(0.125) == "13 %"


def test_cliffs_of_the_table_are_those_of_chains():
    explorer = explorers.LinearChain(depth=200)
    for gain in (0.25, 0.5, 1.5, 2.0):
        for name in explorer.knobs["number_format"].values:
            explorer.gain, explorer.number_format = gain, name
            depth = formats.cliff(gain, dtype=name)
            expected = depth if depth is not None and depth <= 200 else 0
            assert explorer.row("cliff") == [expected]
