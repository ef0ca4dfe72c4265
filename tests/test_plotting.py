"""Figures are tested by the data in their artists, never by pixels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from vgcourse import plotting
from vgcourse.plotting import COLORS, Series


@pytest.fixture
def ax():
    return plotting.figure()[1][0]


def test_figure_gives_axes_in_reading_order():
    fig, axes = plotting.figure(2, 3, height=2.0)
    assert len(axes) == 6
    assert fig.get_size_inches().tolist() == [7.0, 4.0]


def test_profile_draws_the_points_and_leaves_out_infinite_ones(ax):
    plotting.profile(ax, Series([0, 1, 2], [0.0, -1.0, -np.inf]), y_label="size")
    (base, line) = ax.get_lines()
    assert base.get_ydata() == [0, 0]
    assert line.get_xydata().tolist() == [[0, 0], [1, -1]]
    assert ax.get_title(loc="left") == "size"
    assert ax.get_legend() is None


def test_profile_draws_dots_and_bars_by_sign(ax):
    plotting.profile(
        ax,
        Series([0, 1], [1.0, -1.0], "measured", "dots", "sign"),
        Series([0, 1], [2.0, -3.0], mark="bars", color="sign"),
        y_label="y",
    )
    dots = ax.collections[0]
    assert dots.get_offsets().tolist() == [[0, 1], [1, -1]]
    shades = [COLORS["explode"], COLORS["vanish"]]
    assert [to_hex(c) for c in dots.get_facecolors()] == shades
    assert [bar.get_height() for bar in ax.patches] == [2.0, -3.0]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == shades
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["measured"]


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


@pytest.mark.parametrize(("lost", "sign"), [(np.inf, "∞"), (-np.inf, "0")])
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
    assert plotting.power_of_ten(-3.0) == "$10^{-3}$"
    assert plotting.power_of_ten(0.5) == ""
    plotting.profile(ax, Series([0, 1], [0.0, 0.5]), y_label="y", scale="percent")
    assert ax.yaxis.get_major_formatter()(0.25) == "25 %"


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
