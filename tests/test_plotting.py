"""Figures are tested by the data in their artists, never by pixels."""

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from vgcourse import plotting
from vgcourse.explorers.widget import STYLESHEET
from vgcourse.plotting import COLORS, THEMES, Series

ROOT = Path(__file__).resolve().parent.parent
# How people see who lack one kind of cone: Machado, Oliveira and Fernandes (2009),
# doi:10.1109/TVCG.2009.113, severity 1; they act on linear RGB.
EYES = {
    "typical": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Distances in OKLab, where 0.02 is just seen: the poles ten times that, others six.
POLES_APART, APART = 0.2, 0.12


def oklab(color, eyes):
    """Color as these eyes see it, in OKLab (Ottosson 2020, bottosson.github.io)."""
    red_green_blue = np.array(to_rgb(color))
    linear = np.where(
        red_green_blue <= 0.04045,
        red_green_blue / 12.92,
        ((red_green_blue + 0.055) / 1.055) ** 2.4,
    )
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    ) @ np.clip(EYES[eyes] @ linear, 0, 1)
    opponents = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return opponents @ np.cbrt(cones)


@pytest.mark.parametrize("theme", THEMES)
def test_text_lines_and_dots_stand_out_from_the_paper(theme):
    colors = THEMES[theme]
    for name in ("ink", "muted", "vanish", "explode", "accent"):
        # 4.5 is what WCAG 2.2 asks of text; lines and dots need 3.
        assert plotting.contrast(colors[name], colors["paper"]) >= 4.5, name
    for name in ("ink", "muted"):
        assert plotting.contrast(colors[name], colors["soft"]) >= 4.5, name


def test_contrast_is_that_of_the_standard():
    assert plotting.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert plotting.contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_poles_and_accent_stay_apart_for_every_kind_of_color_vision(theme, eyes):
    for one, other in itertools.combinations(("vanish", "explode", "accent"), 2):
        seen = [oklab(THEMES[theme][name], eyes) for name in (one, other)]
        least = APART if other == "accent" else POLES_APART
        assert np.linalg.norm(np.subtract(*seen)) >= least, (one, other)


def test_style_sheets_take_their_colors_from_the_palette():
    sheet = STYLESHEET.read_text(encoding="utf-8")
    blocks = re.findall(r"\{[^}]*--vg-paper:[^}]*\}", sheet)
    for theme, block in zip(("light", "dark"), blocks, strict=True):
        found = dict(re.findall(r"--vg-(\w+): (#\w+);", block))
        assert found == THEMES[theme]
    assert not re.findall(r"#[0-9a-f]{3,8}\b", sheet.split(blocks[1])[1])
    course = (ROOT / "book/_static/course.css").read_text(encoding="utf-8")
    for theme, rules in re.findall(r'data-theme="(\w+)"\] \{(.*?)\}', course):
        assert set(re.findall(r"#[0-9a-f]{6}", rules)) <= set(THEMES[theme].values())
    assert f"font-family-base: {plotting.TYPEFACE};" in course


def test_vector_picture_is_the_same_each_time_and_its_text_is_whole(ax):
    ax.plot([0, 1], [0, 1], "black", label="0.224704 < 1 and σ")
    plotting.legend(ax)
    picture = plotting.svg(ax.figure)
    assert picture == plotting.svg(ax.figure)
    root = ET.fromstring(picture)
    assert root.get("width") == "432pt"
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[-1] == "0.224704 < 1 and σ"
    assert plotting.TYPEFACE in picture
    assert "DejaVu Sans'" not in picture  # matplotlib's own list of typefaces
    assert "#000000" not in picture


def test_themed_swaps_the_palette_and_nothing_else(ax):
    plotting.profile(
        ax,
        Series([0, 1, 2], [1.0, -1.0, np.inf], "a", "bars", "fate", cliff=True),
        Series([0, 1], [1.0, -1.0], "b", slope=[1.0, 1.0]),
        y_label="y",
        rules=[(0.5, "a rule")],
    )
    ax.plot([0, 1], [0, 1], color="#123456")
    light = plotting.svg(ax.figure)
    dark = plotting.themed(light, "dark")

    def shades(picture):
        return set(re.findall(r"#[0-9a-f]{6}\b", picture))

    names = {name for name, shade in COLORS.items() if shade in shades(light)}
    assert names >= {"paper", "ink", "muted", "grid", "vanish", "explode", "accent"}
    assert shades(light) == {COLORS[name] for name in names} | {"#123456"}
    assert shades(dark) == {THEMES["dark"][name] for name in names} | {"#123456"}
    assert plotting.themed(light, "light") == light


def test_only_the_book_gets_the_vector_picture(ax, monkeypatch):
    monkeypatch.delenv("VGCOURSE_SVG", raising=False)
    assert ax.figure._repr_svg_() is None
    monkeypatch.setenv("VGCOURSE_SVG", "1")
    assert ax.figure._repr_svg_().startswith("<svg")


def test_text_is_legible_on_a_phone(ax):
    plotting.profile(
        ax, Series([0, 1], [0.0, 5.0], "a"), y_label="y", rules=[(2.0, "rule")]
    )
    picture = plotting.svg(ax.figure)
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", picture)]
    phone, points = 358, 72 * plotting.WIDTH  # what a phone of 390 pixels leaves
    assert min(sizes) * phone / points >= 9


@pytest.fixture
def ax():
    return plotting.figure()[1][0]


def test_figure_gives_axes_in_reading_order():
    fig, axes = plotting.figure(2, 3, height=2.0)
    assert len(axes) == 6
    assert fig.get_size_inches().tolist() == [6.0, 4.0]


def test_profile_draws_the_points_and_leaves_out_infinite_ones(ax):
    plotting.profile(ax, Series([0, 1, 2], [0.0, -1.0, -np.inf]), y_label="size")
    (base, line) = ax.get_lines()
    assert base.get_ydata() == [0, 0]
    assert line.get_xydata().tolist() == [[0, 0], [1, -1]]
    assert ax.get_title(loc="left") == "size"
    assert ax.get_legend() is None


def test_profile_tints_dots_and_bars_by_their_fate(ax):
    plotting.profile(
        ax,
        Series([0, 1], [1.0, -1.0], "measured", "dots", "fate"),
        Series([0, 1], [2.0, -3.0], mark="bars", color="fate"),
        y_label="y",
    )
    dots = ax.collections[0]
    assert dots.get_offsets().tolist() == [[0, 1], [1, -1]]
    shades = [COLORS["explode"], COLORS["vanish"]]
    assert [to_hex(c) for c in dots.get_facecolors()] == shades
    assert [bar.get_height() for bar in ax.patches] == [2.0, -3.0]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == shades
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["measured"]


def test_profile_draws_lines_and_dots_as_they_are_called(ax):
    plotting.profile(
        ax,
        plotting.line([0, 1, 2], [0.0, 1.0, 2.0], "predicted", color="muted"),
        plotting.dots([0, 1], [0.5, 1.5], color="vanish"),
        plotting.bars([0, 1], [3.0, -3.0]),
        y_label="size",
    )
    line = ax.get_lines()[-1]
    assert line.get_xydata().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert to_hex(line.get_color()) == COLORS["muted"]
    dots = ax.collections[0]
    assert dots.get_offsets().tolist() == [[0, 0.5], [1, 1.5]]
    assert to_hex(dots.get_facecolors()[0]) == COLORS["vanish"]
    shades = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert shades == [COLORS["explode"], COLORS["vanish"]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["predicted"]


def test_profile_has_one_base_line_and_one_legend_however_often_it_is_called(ax):
    for label in ("one", "two"):
        plotting.profile(ax, plotting.line([0, 1], [0.0, 1.0], label), y_label="y")
    assert [line.get_label() for line in ax.get_lines()] == ["_base", "one", "two"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]


def test_heat_draws_a_table_with_a_factor_of_one_in_the_middle_of_its_tints(ax):
    values = [[-3.0, np.nan, 0.0], [1.0, 2.0, -np.inf]]
    plotting.heat(ax, plotting.cells(values), y_label="size", rows_label="gain")
    (image,) = ax.get_images()
    assert image.get_extent() == [0.5, 3.5, 0.5, 2.5]
    assert image.get_clim() == (-3, 3)
    shown = image.get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(shown)[0], [False, True, False])
    np.testing.assert_array_equal(shown[1], [1, 2, -3])
    middle = image.cmap(image.norm(0.0))[:3]
    np.testing.assert_allclose(middle, to_rgb(COLORS["paper"]), atol=0.01)
    assert to_hex(image.cmap(image.norm(-3.0))) == COLORS["vanish"]
    assert to_hex(image.cmap(image.norm(3.0))) == COLORS["explode"]
    scale = ax.figure.axes[1]
    assert scale.yaxis.get_major_formatter()(-2.0) == "10⁻²"


def test_heat_takes_flat_cells_and_says_what_does_not_fit(ax):
    flat = Series([], [0.0, 0.5, 1.0, 0.25], mark="heat")
    plotting.heat(ax, flat, cells=(2, 2), y_label="share", scale="percent")
    assert ax.get_images()[0].get_array().tolist() == [[0.0, 0.5], [1.0, 0.25]]
    with pytest.raises(
        ValueError, match=r"cells must have shape \(rows, columns\), got"
    ):
        plotting.heat(ax, flat, y_label="share")


def boxes_of(ax):
    """The tint over each box: its place, color and opacity."""
    tints = ax.patches[1::2]  # each lies over its ground
    return [
        (patch.get_x() + patch.get_width() / 2, to_hex(patch.get_facecolor()), alpha)
        for patch in tints
        if (alpha := patch.get_alpha()) is not None
    ]


def test_network_tints_each_layer_by_its_gradient_relative_to_the_last(ax):
    plotting.network(ax, plotting.boxes([-7.0, -3.0, -1.0, 0.0, -2.0]), y_label="y")
    layers = boxes_of(ax)[:5]
    places = np.diff([place for place, _, _ in layers])
    np.testing.assert_allclose(places, places[0])
    assert places[0] > 0
    shades = [COLORS[name] for name in ("vanish", "vanish", "explode", "explode")]
    assert [shade for _, shade, _ in layers][:4] == shades
    # Relative to the last: -5, -1, 1, 2, 0; the range is -5 to 5.
    np.testing.assert_allclose([alpha for _, _, alpha in layers], [1, 0.2, 0.2, 0.4, 0])
    words = [text.get_text() for text in ax.texts]
    for word in ("input", "loss", "layer 1", "5", "smaller 10⁻⁵", "10⁵ larger"):
        assert word in words


def test_network_of_what_is_gone_and_of_one_layer(ax):
    plotting.network(
        ax, plotting.boxes([-np.inf, 9.0, 0.0]), y_label="y", y_domain=(-4, 4)
    )
    tints = boxes_of(ax)[:3]
    assert [alpha for *_, alpha in tints] == [1, 1, 0]
    assert [shade for _, shade, _ in tints][:2] == [
        COLORS["vanish"],
        COLORS["explode"],
    ]
    assert plotting.boxes([3.0]).y.tolist() == [0.0]


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        ([], "one number for each layer"),
        ([[0.0]], "one number for each layer"),
        ([np.nan, 0.0], "one number for each layer"),
        ([0.0, -np.inf], "the last gradient must be finite, got -inf"),
    ],
)
def test_boxes_say_what_is_no_network(gradients, message):
    with pytest.raises(ValueError, match=message):
        plotting.boxes(gradients)


def test_a_hundred_layers_stand_side_by_side_in_the_picture(ax):
    plotting.network(ax, plotting.boxes(np.linspace(-9, 0, 100)), y_label="y")
    grounds = ax.patches[:200:2]
    lefts = np.array([patch.get_x() for patch in grounds])
    rights = lefts + [patch.get_width() for patch in grounds]
    assert (lefts[1:] >= rights[:-1] - 1e-9).all()
    assert lefts.min() > 0.1
    assert rights.max() < 0.86


def test_figure_has_rows_of_different_heights():
    fig, (upper, lower) = plotting.figure(2, height=[1.0, 3.0])
    assert fig.get_figheight() == 4
    fig.draw_without_rendering()
    assert lower.get_position().height > 2 * upper.get_position().height
    plotting.close(fig)


def test_profile_draws_the_rules_that_are_in_sight(ax):
    plotting.profile(
        ax,
        Series([0, 1], [0.0, 5.0]),
        y_label="y",
        rules=[(4.8, "largest"), (300.0, "far away")],
        x_domain=(0, 1),
        y_domain=(-1, 6),
    )
    assert [text.get_text() for text in ax.texts] == ["largest"]
    assert ax.get_ylim() == (-1, 6)


@pytest.mark.parametrize(
    ("lost", "sign"), [(np.inf, "∞"), (-np.inf, "0"), (np.nan, "NaN")]
)
def test_profile_marks_the_cliff(ax, lost, sign):
    plotting.profile(ax, Series([0, 1, 2], [0.0, 1.0, lost], cliff=True), y_label="y")
    assert [text.get_text() for text in ax.texts] == [sign]
    assert ax.get_lines()[-1].get_xdata() == [2, 2]


def test_profile_without_a_cliff_marks_none(ax):
    plotting.profile(ax, Series([0, 1], [0.0, 1.0], cliff=True), y_label="y")
    assert not ax.texts


def test_profile_draws_a_tangent_at_the_last_point(ax):
    plotting.profile(
        ax,
        Series([0.0, 1.0], [0.0, 2.0], slope=[1.0, 3.0]),
        y_label="y",
        scale="linear",
    )
    tangent = ax.get_lines()[-1]
    assert tangent.get_slope() == 3.0
    assert tangent.get_xy1() == (1.0, 2.0)


def test_scales_label_their_ticks(ax):
    assert plotting.power_of_ten(-3.0) == "10⁻³"
    assert plotting.power_of_ten(0.5) == ""
    plotting.profile(ax, Series([0, 1], [0.0, 0.5]), y_label="y", scale="percent")
    assert ax.yaxis.get_major_formatter()(0.25) == "25 %"


# Sizes from 0.7 to 2, a decade, two, fifteen; one that is nearly a point.
@pytest.mark.parametrize(
    "frame", [(-0.155, 0.301), (0.0, 1.0), (-1.9, 0.2), (-9.5, 6.0), (-0.01, 0.012)]
)
def test_a_scale_of_sizes_has_three_ticks_at_least_as_in_the_browser(
    ax, javascript, frame
):
    low, high = frame
    plotting.profile(ax, Series([0, 1], frame), y_label="y", y_domain=frame)
    ours = [tick for tick in ax.get_yticks() if low <= tick <= high]
    labels = [ax.yaxis.get_major_formatter()(tick) for tick in ours]
    call = f"JSON.stringify(vgcourseExplorer.TICKS.log10({list(frame)}))"
    theirs = json.loads(javascript.eval(call))
    assert min(len(ours), len(theirs)) >= 3
    assert len(set(labels)) == len(labels)
    assert all(low <= tick <= high for tick, _ in theirs)
    if 0.5 < high - low < 2.5:  # chosen by rule; elsewhere by either library
        assert labels == [label for _, label in theirs]
        np.testing.assert_allclose(ours, [tick for tick, _ in theirs], atol=1e-12)


@pytest.mark.parametrize(
    ("frame", "are_whole"), [((0.7, 2), False), ((0, 3), True), ((0, 50), True)]
)
def test_places_are_whole_numbers_where_there_are_enough(
    ax, javascript, frame, are_whole
):
    series = Series(frame, [0.0, 1.0])
    plotting.profile(ax, series, y_label="y", scale="linear", x_domain=frame)
    ours = [tick for tick in ax.get_xticks() if frame[0] <= tick <= frame[1]]
    call = f"vgcourseExplorer.placeTicks({{ x_domain: {list(frame)} }}, 640)"
    theirs = [
        tick for tick, _ in json.loads(javascript.eval(f"JSON.stringify({call})"))
    ]
    for found in (ours, theirs):
        assert len(found) >= 3
        assert (np.mod(found, 1) == 0).all() == are_whole


def test_histograms_draw_each_layer_centered_and_scaled(ax):
    plotting.histograms(
        ax,
        Series([1, 10], [0.25, 0.75, 1.0, 0.0], mark="bars"),
        edges=[-1.0, 0.0, 1.0],
        y_label="activation",
        x_domain=(-1, 2),
    )
    bars = [(bar.get_x(), bar.get_width(), bar.get_y()) for bar in ax.patches]
    np.testing.assert_allclose(
        bars,
        [(-0.15, 0.3, -1), (-0.45, 0.9, 0), (0.55, 0.9, -1), (1, 0, 0)],
        atol=1e-12,
    )
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "10"]
    assert ax.get_ylim() == (-1, 1)


def test_panel_draws_the_view_of_that_name(ax):
    picture = {"series": [{"x": [0, 1], "y": [0.0, 1.0]}], "y_label": "y"}
    plotting.panel(ax, "profile", picture)
    assert ax.get_lines()[-1].get_ydata().tolist() == [0.0, 1.0]


def test_close_detaches_a_figure_from_pyplot():
    fig, _ = plotting.figure()
    plotting.close(fig)
    assert fig.number not in plt.get_fignums()
