"""The description means the same in Python and in JavaScript, at each position.

The committed bundle runs without a browser, and is asked for what it would draw.
"""

import functools
import itertools
import json

import numpy as np
import pytest

from vgcourse import explorers
from vgcourse.explorers.widget import Explorer
from vgcourse.explorers.words import FORMATS

# Positions that are compared of one explorer: all where there are no more, else the
# corners and so many drawn at random: three have over 50,000, which take minutes.
MOST = 5_000

COMPARED = """
const end = (v) => (v > 0 ? 1e6 : v < 0 ? -1e6 : 0);
const told = (row) => Array.from(row, (v) => (Number.isFinite(v) ? v : end(v)));
var reading;
function load(spec, bytes) {
  reading = new vgcourseExplorer.Reading(spec, Uint8Array.from(bytes).buffer);
}
function shown(positions) {
  const names = reading.spec.knobs.map(({ name }) => name);
  return JSON.stringify(positions.map((position) => {
    const at = Object.fromEntries(names.map((name, i) => [name, position[i]]));
    const panels = reading.panels(at).map((panel) => reading.picture(panel, at));
    return [
      reading.sentence(at),
      panels.map(({ name, x_domain, y_domain, series, rules }) => [
        name, x_domain, y_domain, rules.map(({ y, label }) => [y, label]),
        series.map(({ x, y, slope, label, mark, color }) =>
          [told(x), told(y), slope ? slope.at(-1) : null, label, mark, color]),
      ]),
    ];
  }));
}
"""


def told(row):
    return np.nan_to_num(np.asarray(row, float), posinf=1e6, neginf=-1e6)


def shown(explorer, at):
    """What Python says of a position, in the form that the script above gives."""
    reading, panels = explorer.reading, []
    for panel in reading.panels(at):
        picture = reading.picture(panel, at)
        rules = picture.get("rules", [])
        series = [
            [
                told(s["x"]),
                told(s["y"]),
                None if s["slope"] is None else np.log10(s["slope"][-1]),
                *(s[key] for key in ("label", "mark", "color")),
            ]
            for s in picture["series"]
        ]
        domains = [picture["x_domain"], picture["y_domain"]]
        panels.append([panel["name"], *domains, rules, series])
    return reading.sentence(at), panels


@pytest.fixture(scope="module")
def compared(javascript):
    javascript.eval(COMPARED)
    return javascript


def growth(gain, depth, kind):
    layers = np.arange(depth + 1)
    sign = -1 if kind == "alternating" else 1
    return {
        "signal": explorers.dots((sign * gain) ** layers, x=layers / 2),
        "law": gain**layers,
        "end": sign * gain**depth,
        "share": 1 / depth,
    }


def turning(**options):
    return explorers.turn(
        growth,
        {"gain": [0, 0.5, 1, 1.5], "depth": [1, 4, 9], "kind": ["same", "alternating"]},
        sentence="{depth:layers} of {gain}, {kind}: {end:number}, {end:times}, "
        "{share:percent}, {share:plain}, {end:whole}.",
        alt="Lines.",
        **options,
    )


def a_map():
    return explorers.turn(
        lambda gain: {"map": explorers.heat(gain ** np.arange(12.0).reshape(3, 4))},
        {"gain": [0.5, 1, 2]},
        sentence="{gain}",
        alt="A map.",
    )


def a_network():
    return explorers.turn(
        lambda gain, depth: {"gradient": float(gain) ** np.arange(depth)[::-1]},
        {"gain": [0, 0.5, 1, 2], "depth": [1, 5, 50]},
        sentence="{depth:layers} of {gain}",
        alt="A network.",
        view="network",
    )


LARGE = {cls.__name__: cls for cls in explorers.LARGE}
MAKERS = {
    **LARGE,
    "turn": turning,
    "turn in steps": functools.partial(turning, y_steps=(1, 4)),
    "turn, linear": functools.partial(turning, scale="linear"),
    "map": a_map,
    "network": a_network,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_python_and_javascript_read_the_same(make, compared, explorer_of):
    explorer: Explorer = explorer_of(make)[0] if make in LARGE.values() else make()
    compared.eval(
        f"load({json.dumps(explorer.spec)}, [{','.join(map(str, explorer.table))}])"
    )
    counts = [len(knob.values) for knob in explorer.knobs.values()]
    positions = list(itertools.product(*map(range, counts)))
    if len(positions) > MOST:
        rng = np.random.default_rng(0)
        corners = list(itertools.product(*((0, count - 1) for count in counts)))
        drawn = rng.choice(len(positions), MOST, replace=False)
        positions = corners + [positions[i] for i in drawn]
    theirs = json.loads(compared.eval(f"shown({json.dumps(positions)})"))
    for position, (sentence, panels) in zip(positions, theirs, strict=True):
        at = dict(zip(explorer.knobs, position, strict=True))
        said, drawn = shown(explorer, at)
        assert sentence == said, at
        for their_panel, our_panel in zip(panels, drawn, strict=True):
            assert their_panel[0] == our_panel[0]
            same(their_panel[1:], our_panel[1:], at)


def same(theirs, ours, where):
    """Numbers to the last few digits, words letter by letter."""
    if isinstance(ours, np.ndarray):
        found = np.asarray(theirs, float)
        assert found.shape == ours.shape, where
        assert (np.abs(found - ours) <= 1e-9 * (1 + np.abs(ours))).all(), where
    elif isinstance(theirs, list):
        assert len(theirs) == len(ours), where
        for one, other in zip(theirs, ours, strict=True):
            same(one, other, where)
    elif isinstance(theirs, str) or theirs is None or ours is None:
        assert theirs == ours, where
    else:
        assert abs(theirs - ours) <= 1e-9 * (1 + abs(ours)), (where, theirs, ours)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("plain", "0.13"),  # Python's own format says 0.12, JavaScript's 0.13
        ("percent", "13\u00a0%"),
    ],
)
def test_halves_are_rounded_up(call, text):
    assert FORMATS[call](0.125) == text
