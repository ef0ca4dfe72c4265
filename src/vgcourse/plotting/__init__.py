"""Matplotlib pictures: the look (`theme`), the sheet (`figures`), the `views` on it."""

from vgcourse.plotting.figures import Picture, close, figure, png, svg, themed
from vgcourse.plotting.theme import (
    COLORS,
    THEMES,
    TYPEFACE,
    WIDTH,
    color,
    contrast,
    power_of_ten,
)
from vgcourse.plotting.views import (
    VIEWS,
    Series,
    bars,
    cells,
    dots,
    heat,
    histograms,
    legend,
    line,
    panel,
    profile,
)

__all__ = [
    "COLORS",
    "THEMES",
    "TYPEFACE",
    "VIEWS",
    "WIDTH",
    "Picture",
    "Series",
    "bars",
    "cells",
    "close",
    "color",
    "contrast",
    "dots",
    "figure",
    "heat",
    "histograms",
    "legend",
    "line",
    "panel",
    "png",
    "power_of_ten",
    "profile",
    "svg",
    "themed",
]
