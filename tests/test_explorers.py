"""Explorers without a browser: tables, words, answers to bad input."""

import gzip
import json
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgcourse import explorers, formats
from vgcourse.explorers import rerun, words
from vgcourse.explorers.spec import Knob
from vgcourse.explorers.table import Array, Table, decode
from vgcourse.unit_chain import unit_chain

ALL = explorers.LARGE


AXES = ("layer", "preactivation", "step")  # what a panel calls its x axis, in words
FLOAT32 = 1e-6  # relative: what rounding to float32 leaves of a table


def plainly(text):
    """The same with spaces that may break."""
    return text.replace("\u00a0", " ")


@pytest.fixture(scope="module", params=ALL, ids=lambda cls: cls.__name__)
def made(request, explorer_of):
    """One explorer of each kind."""
    explorer, _ = explorer_of(request.param)
    return explorer


@pytest.fixture
def explorer(made):
    """The same, with its knobs put back after the test."""
    before = {name: getattr(made, name) for name in made.knobs}
    yield made
    for name, value in before.items():
        setattr(made, name, value)


def test_table_holds_what_was_computed(made, explorer_of):
    _, computed = explorer_of(type(made))
    for name, array in computed.arrays.items():
        held = decode(made.table, made.spec["arrays"][name])
        exact = np.asarray(array.values, dtype=float).reshape(held.shape)
        kept = np.isfinite(exact)
        np.testing.assert_array_equal(kept, np.isfinite(held))
        step = (array.unit or 0.0) / 2 * 1.001
        np.testing.assert_allclose(
            held[kept], exact[kept], rtol=FLOAT32, atol=step + 1e-30
        )


def test_table_is_quickly_fetched(made):
    assert len(gzip.compress(made.table)) <= 400_000


def test_description_names_knobs_and_arrays_that_exist(explorer):
    spec = json.loads(json.dumps(explorer.spec))
    assert spec == explorer.spec
    knobs = {knob["name"] for knob in spec["knobs"]}
    arrays = spec["arrays"].keys()
    for layout in spec["arrays"].values():
        assert set(layout["axes"]) <= knobs | arrays
    for knob in spec["knobs"]:
        assert len(knob["values"]) == len(knob["labels"])
    parts = [*spec["panels"], *spec["readout"]]
    parts += [trace for panel in spec["panels"] for trace in panel["series"]]
    for part in parts:
        for key in ("when", "flip"):
            assert set(part.get(key, {})) <= knobs
        assert {part[key] for key in ("last", "at") if key in part} <= knobs
        named = {
            part[k] for k in ("array", "x", "slope", "where", "edges") if k in part
        }
        assert {name for name in named if not name.startswith(AXES)} <= arrays
    assert 2 <= len(knobs) <= 5


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
    shown = explorer.pictures()
    # A map has a scale of tints besides.
    axes = [ax for ax in explorer.figure().axes if ax.get_label() != "<colorbar>"]
    assert len(axes) == len(shown)


def test_rerun_panel_hands_its_settings_to_rerun(explorer, monkeypatch):
    seen = []
    monkeypatch.setattr(type(explorer), "rerun", lambda _, **given: seen.append(given))
    *controls, row, message = explorer.rerun_panel().children
    assert len(controls) == len(fields(explorer.Settings))
    row.children[0].click()
    assert message.value.startswith("Done")
    (given,) = seen
    assert isinstance(given.pop("progress"), rerun.Progress)
    assert given == {each.name: each.default for each in fields(explorer.Settings)}


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
    assert explorer.row("since") == [25]
    assert np.isfinite(explorer.row("held")[:25]).all()
    assert explorer.row("held")[25] == -np.inf
    assert "holds exactly 0 from layer 25 on" in explorer.sentence()


def test_linear_chain_sentence_speaks_of_the_true_value():
    explorer = explorers.LinearChain()
    # Row 1.2: 1.5^50 = 637621500.2
    assert "After 50 layers of gain 1.5 the signal is 6.4 × 10⁸ times larger." in (
        plainly(explorer.sentence())
    )
    explorer.direction = "backward"
    assert plainly(explorer.sentence()).startswith("Back through 50 layers")
    explorer.depth = 1
    assert plainly(explorer.sentence()).startswith("Back through 1 layer of")


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
    progress = rerun.Progress(bar)
    progress(0.3)
    assert bar.layout.visibility == "hidden"
    progress.started -= 1.0
    progress(0.6)
    assert bar.layout.visibility == "visible"
    assert bar.value == 0.6


def test_array_codes_infinity_and_the_end_of_a_row():
    values = np.array([-np.inf, -1.0, 0.5, np.inf, np.nan])
    table, layouts = Table([], {"a": Array(values, unit=0.5, ragged=True)}).encode()
    assert np.frombuffer(table, "<i2").tolist() == [-32768, -2, 1, 32767, -32767]
    np.testing.assert_array_equal(decode(table, layouts["a"]), values)


def test_table_refuses_nan():
    with pytest.raises(ValueError, match="must not hold NaN"):
        Array(np.array([np.nan])).code()
    with pytest.raises(ValueError, match="must not hold NaN"):
        Array(np.array([np.nan]), unit=0.1).code()


def test_knob_moves_to_the_nearest_value():
    knob = Knob("g", "g", (0.5, 1.0, 2.0), ("a", "b", "c"))
    assert [knob.nearest(v) for v in (0.0, 0.7, 1.6, 9.0)] == [0.5, 0.5, 2.0, 2.0]
    words_only = Knob("k", "k", ("x", "y"), ("x", "y"), kind="select")
    assert [words_only.nearest(v) for v in ("y", "gone")] == ["y", "x"]


def test_control_suits_the_setting():
    @dataclass(frozen=True)
    class Settings:
        count: int = rerun.option("a", 1)
        size: float = rerun.option("a", 1.0)
        kind: str = rerun.option("a", "x", ("x", "y"))

    controls = rerun.panel(Settings, lambda **_: None).children[:3]
    kinds = [type(control).__name__ for control in controls]
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
    assert plainly(words.from_log10(x)) == text


@given(st.floats(-300, 300))
def test_from_log10_is_within_five_percent(x):
    text = plainly(words.from_log10(x))
    number = text.replace(" × 10", "e").translate(
        str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    )
    assert abs(np.log10(float(number)) - x) <= np.log10(1.051)


def test_times_says_larger_smaller_or_neither():
    assert plainly(words.times(1.0)) == "10 times larger"
    assert plainly(words.times(-3.0)) == "1000 times smaller"
    assert plainly(words.times(0.001)) == "as large as before"
    assert plainly(words.times(-np.inf)) == "exactly zero"
    assert plainly(words.times(np.inf)) == "infinite"
    assert plainly(words.FORMATS["percent"](0.125)) == "13 %"


def test_cliffs_of_the_table_are_those_of_the_formats():
    explorer = explorers.LinearChain(depth=200)
    for gain in (0.25, 0.5, 1.5, 2.0):
        for name in explorer.knobs["number_format"].values:
            explorer.gain, explorer.number_format = gain, name
            cliff = formats.cliff(gain, dtype=name)
            if cliff is not None and cliff <= 200:
                assert explorer.row("since") == [cliff]
                assert explorer.row("state")[cliff] in (-1, 1)
            else:
                assert not set(explorer.row("state")) & {-1, 1}


def test_a_format_that_rounds_back_is_stuck_and_the_sentence_says_since_when():
    explorer = explorers.LinearChain(gain=0.9, depth=200, number_format="float16")
    sizes = formats.naive_products(np.full(200, 0.9), dtype="float16").astype(float)
    last_move = np.flatnonzero(np.diff(sizes))[-1] + 2  # sizes[0] is after layer 1
    assert sizes[-1] > 0
    said = f"float16 is stuck at 2.4 × 10⁻⁷ since layer {last_move}."
    assert plainly(explorer.sentence()).endswith(said)
    explorer.depth = int(last_move)
    assert "stuck" not in explorer.sentence()
    explorer.gain, explorer.depth = 1.0, 200
    assert "stuck" not in explorer.sentence()  # nor does the true value move


def test_the_end_of_the_line_moves_with_the_gain_while_the_frame_stands():
    explorer = explorers.LinearChain(gain=1.5)
    ends, frames = [], []
    for gain in explorer.knobs["gain"].values:
        if gain < 1.1:
            continue
        explorer.gain = gain
        ((_, picture),) = explorer.pictures()
        low, high = picture["y_domain"]
        frames.append((low, high))
        ends.append((picture["series"][0]["y"][-1] - low) / (high - low))
        assert picture["x_domain"] == (0, 50)
    assert set(frames) == {(-4, 4), (-12, 12), (-40, 40)}
    steps = np.abs(np.diff(ends)) * 252  # pixels of the picture's height
    assert steps.min() > 1


def test_saturation_speaks_of_a_slope_that_is_almost_zero():
    explorer = explorers.Saturation(activation="tanh", weight=8.0, depth=10, start=1.0)
    z = explorer.row("z")[9]
    slope = 1 / np.cosh(z) ** 2
    assert slope < 1e-6
    assert f"the slope {words.size(slope)} at" in explorer.sentence()


def test_half_a_digit_is_rounded_up():
    explorer = explorers.Saturation(activation="sigmoid", weight=5.0, bias=-3.0)
    explorer.start, explorer.depth = 0.5, 3
    assert words.FORMATS["plain"](0.125) == "0.13"
    assert "the slope 0.13 at" in explorer.sentence()  # 0.125 and a little
