"""Figures that turn: what the function returned is what the table holds."""

import zlib

import numpy as np
import pytest

from vgcourse import explorers
from vgcourse.explorers import tabulate

LAYERS = np.arange(51)
WORDS = {"sentence": "{gain}", "alt": "A line."}


def sizes(gain, depth):
    layers = np.arange(depth + 1)
    return {"signal": gain**layers, "end": gain ** float(depth)}


def plainly(figure):
    """The sentence with spaces that may break."""
    return figure.sentence().replace("\u00a0", " ")


def make(function=sizes, knobs=None, **options):
    default = {"gain": np.arange(0.5, 2.01, 0.05), "depth": [1, 10, 50]}
    return explorers.turn(function, knobs or default, **(WORDS | options))


def test_every_row_is_the_logarithm_of_what_the_function_returned():
    figure = make()
    for gain in figure.knobs["gain"].values:
        for depth in figure.knobs["depth"].values:
            figure.gain, figure.depth = gain, depth
            (series,) = figure.pictures()[0][1]["series"]
            exact = np.arange(depth + 1) * np.log10(gain)
            assert series["y"].shape == exact.shape  # as long as the depth says
            # The table's step is at most 1 / 32,000 of its largest number, or 0.002.
            np.testing.assert_allclose(series["y"], exact, atol=0.0011)
            np.testing.assert_array_equal(series["x"], np.arange(depth + 1))


def test_the_frame_holds_every_position_and_stands_still():
    figure = make()
    frames, tops = set(), []
    for gain in figure.knobs["gain"].values:
        figure.gain, figure.depth = gain, 50
        picture = figure.pictures()[0][1]
        frames.add((picture["x_domain"], picture["y_domain"]))
        low, high = picture["y_domain"]
        tops.append((picture["series"][0]["y"][-1] - low) / (high - low))
    assert len(frames) == 1
    assert np.all(np.diff(tops) > 0)  # the end of the line moves at each step
    assert 0 < min(tops) < max(tops) < 1


def test_stepped_frames_are_the_smallest_that_hold_the_picture():
    figure = make(y_steps=(4, 12, 40))
    for gain, step in ((1.0, 4), (1.1, 4), (1.5, 12), (2.0, 40), (0.5, 40)):
        figure.gain, figure.depth = gain, 50
        assert figure.pictures()[0][1]["y_domain"] == (-step, step)


def test_the_sentence_speaks_of_knobs_and_numbers():
    figure = make(
        sentence="{depth:layers} of {gain}: {end:times}, {end:number}, {end:percent}.",
        labels={"gain": "Gain g"},
    )
    figure.gain, figure.depth = 0.5, 1
    assert plainly(figure) == ("1 layer of 0.5: 2.0 times smaller, 0.50, 50 %.")
    figure.gain, figure.depth = 2.0, 10
    assert plainly(figure) == (
        "10 layers of 2: 1000 times larger, 1000, 102400 %."  # two digits
    )
    assert figure.knobs["gain"].label == "Gain g"
    assert figure.knobs["depth"].label == "depth"


def test_a_negative_number_keeps_its_sign():
    figure = make(
        lambda gain: {"y": [gain], "end": gain},
        {"gain": [-2, 0, 2]},
        sentence="{end:number} {end:plain}",
    )
    said = []
    for gain in figure.knobs["gain"].values:
        figure.gain = gain
        said.append(figure.sentence())
    assert said == ["−2.0 −2.00", "0 0.00", "2.0 2.00"]


def test_logarithms_are_taken_as_they_are():
    figure = make(
        lambda gain: {"y": 50 * np.log10(gain) * LAYERS, "end": -400.0},
        {"gain": [0.5, 2.0]},
        logs=True,
        sentence="{end:number}",
    )
    figure.gain = 0.5
    np.testing.assert_allclose(figure.row("series_0"), -15.05 * LAYERS, rtol=1e-3)
    assert plainly(figure) == "1.0 × 10⁻⁴⁰⁰"


def test_stops_are_added_and_named():
    figure = make(stops={"gain": {1.0: "one", 2**0.5: "He: √2"}})
    knob = figure.knobs["gain"]
    assert len(knob.values) == 32
    marked = {round(knob.values[i], 12): label for i, label in knob.stops.items()}
    assert marked == {1.0: "one", round(2**0.5, 12): "He: √2"}
    figure.gain = 2**0.5
    assert figure.knobs["gain"].labels[figure.positions()["gain"]] == "He: √2"
    assert figure.sentence() == "√2"


@pytest.mark.parametrize("mark", ["line", "dots", "bars"])
def test_marks_are_drawn_where_they_stand(mark):
    draw = getattr(explorers, mark)
    figure = make(
        lambda gain: {"y": draw([gain, 2 * gain], x=[gain, 7], color="ink")},
        {"gain": [1, 2, 3]},
        scale="linear",
    )
    figure.gain = 3
    (series,) = figure.pictures()[0][1]["series"]
    assert (series["mark"], series["color"]) == (mark, "ink")
    np.testing.assert_allclose(series["x"], [3, 7])
    np.testing.assert_allclose(series["y"], [3, 6], atol=1e-3)
    pad = 0.5 if mark == "bars" else 0.0
    assert figure.panels[0].x_domain == (1 - pad, 7 + pad)


def test_a_map_has_a_cell_for_each_number():
    def growth(gain):
        depths, layers = np.ogrid[0:5, 0:3]
        values = 10.0 ** (gain * (depths - layers))
        return {
            "map": explorers.heat(values, y=[10, 20, 30, 40, 50], y_label="depth"),
            "here": explorers.dots([30], x=[1]),
        }

    figure = make(growth, {"gain": [0, 1, 2]})
    figure.gain = 2
    picture = figure.pictures()[0][1]
    assert tuple(picture["cells"]) == (5, 3)
    assert picture["x_domain"] == (-0.5, 2.5)
    assert tuple(picture["rows_domain"]) == (5.0, 55.0)
    assert picture["y_domain"] == (-8, 8)
    depths, layers = np.ogrid[0:5, 0:3]
    np.testing.assert_allclose(picture["series"][0]["y"], 2 * np.ravel(depths - layers))
    axes = figure.figure().axes
    image = axes[0].images[0].get_array()
    np.testing.assert_allclose(image, 2.0 * (depths - layers))


def test_zero_and_infinity_are_cliffs_on_a_log_axis():
    figure = make(
        lambda gain: {"y": [1.0, gain, gain**2]}, {"gain": [0.0, 1.0, np.float64(2)]}
    )
    figure.gain = 0.0
    (series,) = figure.pictures()[0][1]["series"]
    assert series["cliff"]
    np.testing.assert_array_equal(series["y"], [0, -np.inf, -np.inf])
    assert "0" in [text.get_text() for text in figure.figure().axes[0].texts]


def test_a_vectorized_function_is_called_once_and_gives_the_same():
    calls = []

    def at_once(gain, depth):
        calls.append((gain.shape, depth.shape))
        shown, signal = np.broadcast_arrays(depth >= LAYERS, gain**LAYERS)
        signal = np.ma.array(signal, mask=~shown)
        return {"signal": signal, "end": gain**depth}

    sentence = "{end:times}"
    one_by_one = make(sentence=sentence)
    figure = make(at_once, vectorized=True, sentence=sentence)
    assert calls == [((31, 1, 1), (1, 3, 1))]
    for gain in figure.knobs["gain"].values[::5]:
        for depth in figure.knobs["depth"].values:
            for each in (figure, one_by_one):
                each.gain, each.depth = gain, depth
            ours, theirs = (
                each.pictures()[0][1]["series"][0] for each in (figure, one_by_one)
            )
            np.testing.assert_array_equal(ours["y"], theirs["y"])
            assert figure.sentence() == one_by_one.sentence()


def test_a_vectorized_map():
    figure = make(
        lambda gain: {"map": explorers.heat(gain[..., None] * np.ones((4, 3)))},
        {"gain": [1, 10]},
        vectorized=True,
    )
    figure.gain = 10
    np.testing.assert_allclose(figure.row("series_0"), np.ones(12))


def test_what_no_knob_changes_is_stored_once():
    figure = make(lambda gain: {"law": 2.0**LAYERS, "here": [gain]}, {"gain": [1, 2]})
    assert figure.spec["arrays"]["series_0"]["axes"] == []
    assert figure.spec["arrays"]["series_1"]["axes"] == ["gain"]


def test_a_table_is_small():
    figure = make(knobs={"gain": np.arange(0.5, 2.01, 0.05), "depth": [10, 50, 200]})
    assert len(zlib.compress(figure.table)) < 20_000


def fails_at(position, answer):
    def function(gain, depth):
        if (gain, depth) == position:
            if isinstance(answer, Exception):
                raise answer
            return answer
        return sizes(gain, depth)

    return function


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ZeroDivisionError("oops"), "fails at gain=0.55, depth=10: ZeroDivisionErr"),
        ({"signal": [1, np.nan], "end": 1.0}, "'signal' is NaN at gain=0.55, depth=10"),
        ({"signal": [1], "end": np.nan}, "'end' is NaN at gain=0.55, depth=10"),
        (
            {"signal": [[1]], "end": 1},
            r"1 axis for line, at gain=0.55, .* \(1, 1\)",
        ),
        ({"signal": [1]}, r"gives 'signal' \(line\) at gain=0.55, depth=10, elsewhere"),
        ({"signal": "ab", "end": 1}, "'signal' must hold numbers, at gain=0.55"),
        (None, "must return a dict of series, at gain=0.55, depth=10 it gave None"),
    ],
)
def test_a_wrong_answer_is_named_with_its_position(answer, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(fails_at((0.55, 10), answer))


def test_a_wrong_answer_of_a_vectorized_function_is_named_with_its_position():
    def at_once(gain, depth):
        return {"signal": np.where((gain == 0.55) & (depth == 10), np.nan, LAYERS)}

    with pytest.raises(ValueError, match=r"'signal' is NaN at gain=0\.55, depth=10"):
        make(at_once, vectorized=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"knobs": {"layout": [1, 2]}}, "cannot be called 'layout'"),
        ({"knobs": {"gain": [1]}}, "gain needs 2 to 200 values, got 1"),
        ({"knobs": {"gain": range(300)}}, "gain needs 2 to 200 values, got 300"),
        ({"knobs": {"gain": [1, "x"]}}, "must take finite numbers, or words"),
        ({"knobs": {n: [1, 2] for n in "abcd"}}, "1 to 3 knobs, got 4"),
        ({"start": {"gain": 0.123}}, "gain must be one of"),
        ({"start": {"depht": 1}}, "start names 'depht'"),
        ({"labels": {"depht": "d"}}, "labels names 'depht'"),
        ({"sentence": "{nothing:times}"}, "speaks of 'nothing'; there are gain, dep"),
        ({"sentence": "{end:money}"}, "format of end"),
        ({"sentence": "{gain:plain}"}, "write {gain}, not {gain:plain}"),
        ({"scale": "loq"}, "scale"),
        ({"scale": "linear", "logs": True}, "logs=True goes with"),
        ({"function": lambda gain, depth: {"end": 1}}, "nothing to draw, only end"),
        ({"function": lambda gain, depth: {"gain": 1, "y": [1]}}, "name of a knob"),
        (
            {"function": lambda gain, depth: {"y": explorers.heat([1, 2])}},
            "2 axes for heat",
        ),
        (
            {
                "function": lambda gain, depth: {
                    "y": explorers.heat(np.eye(3), x=[1, 10, 100])
                }
            },
            "evenly spaced",
        ),
    ],
)
def test_bad_descriptions_are_refused(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(**options)


def test_a_color_is_one_of_the_course():
    with pytest.raises(ValueError, match="color"):
        explorers.line([1], color="red")
    assert explorers.dots([1], color="fate").color == "fate"
    with pytest.raises(ValueError, match="color must be one of vanish"):
        explorers.line([1], color="fate")  # one line has one color


def test_a_slow_function_shows_a_bar_and_takes_it_away(monkeypatch):
    shown, cleared = [], []

    class Handle:
        def update(self, bar):
            shown.append(bar.data)

    def display(bar, *, display_id):
        shown.append(bar.data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("IPython.display.clear_output", lambda wait: cleared.append(1))
    monkeypatch.delenv("VGCOURSE_PROGRESS", raising=False)
    bar = tabulate.Bar(4)
    bar.step()
    bar.started -= 1.0
    bar.step()
    bar.step()
    bar.close()
    assert ["50 %" in shown[0], "75 %" in shown[1]] == [True, True]
    assert cleared == [1]


def test_where_outputs_are_stored_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(
        "IPython.display.display", lambda *_, **__: pytest.fail("shown")
    )
    monkeypatch.setenv("VGCOURSE_PROGRESS", "off")
    bar = tabulate.Bar(4)
    bar.started -= 1.0
    bar.step()
    bar.close()


def test_the_still_picture_has_words_for_those_who_do_not_see_it():
    figure = make(alt="A rising line.", sentence="After {depth:layers}.")
    data, metadata = figure._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "A rising line. After 10\u00a0layers."
    assert figure.spec["alt"] == "A rising line."
    assert data["text/plain"].endswith("\nAfter 10\u00a0layers.")


def gradients(weight, depth):
    return {"gradient": weight ** np.arange(depth)[::-1], "first": weight**depth}


def test_a_network_compares_its_layers_with_the_last():
    figure = make(
        lambda **knobs: (
            gradients(**knobs) | {"gradient": 5 * gradients(**knobs)["gradient"]}
        ),
        {"weight": [0.1, 1.0, 2.0], "depth": [1, 4, 50]},
        sentence="{weight}",
        view="network",
    )
    for weight in (0.1, 1.0, 2.0):
        for depth in (1, 4, 50):
            figure.weight, figure.depth = weight, depth
            ((view, picture),) = figure.pictures()
            (layers,) = picture["series"]
            assert view == "network"
            np.testing.assert_array_equal(layers["x"], np.arange(1, depth + 1))
            exact = np.arange(depth)[::-1] * np.log10(weight)
            np.testing.assert_allclose(layers["y"], exact, atol=0.002)
            assert picture["x_domain"] == (0.5, depth + 0.5)
            assert picture["y_domain"] == (-49, 49)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (gradients, {"scale": "linear"}, 'one array with scale="log10"'),
        (lambda **_: {"one": LAYERS, "other": LAYERS}, {}, "got one, other"),
        (lambda **_: {"g": explorers.dots([1, 2], x=[0, 1])}, {}, "a plain array"),
        (lambda **_: {"g": [1.0, 0.0]}, {}, "neither 0 nor infinite"),
        (gradients, {"view": "tree"}, "view must be one of"),
    ],
)
def test_what_is_no_network_is_said(function, options, message):
    knobs = {"weight": [0.5, 1.0], "depth": [1, 2]}
    with pytest.raises(ValueError, match=message):
        make(function, knobs, sentence="{weight}", **({"view": "network"} | options))
