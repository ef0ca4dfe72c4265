"""Figures in the course's style, and as the files that notebook and book store."""

import io
import os
import re
from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from vgcourse.plotting.theme import COLORS, HEIGHT, STYLE, THEMES, TYPEFACE, WIDTH


class Picture(Figure):
    """A figure that the book, which asks for it, gets as a vector picture too."""

    def _repr_svg_(self) -> str | None:
        return svg(self) if "VGCOURSE_SVG" in os.environ else None


def figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = WIDTH,
    height: float | Sequence[float] = HEIGHT,
) -> tuple[Figure, list[Axes]]:
    """Make a figure in the course's style.

    Parameters
    ----------
    rows, columns : int
        Grid of Axes.
    width : float
        Of the figure, in inches.
    height : float or sequence of float
        Of each row, in inches.

    Returns
    -------
    Figure, list of Axes
        The Axes in reading order.
    """
    heights: list[float] = np.broadcast_to(height, rows).tolist()
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(
            rows,
            columns,
            FigureClass=Picture,
            figsize=(width, sum(heights)),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        interactive = plt.isinteractive()
    # The first figure may have loaded the backend; what that switched on stays on.
    mpl.interactive(interactive)
    return fig, list(axes.flat)


def close(fig: Figure) -> None:
    """Detach a figure from pyplot, so that a notebook does not show it twice."""
    plt.close(fig)


def png(fig: Figure) -> bytes:
    """The figure as a PNG of few colors, small enough to be stored in a notebook."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(
        96, method=Image.Quantize.MAXCOVERAGE
    ).save(packed, "png", optimize=True)
    return packed.getvalue()


def svg(fig: Figure) -> str:
    """The figure as a vector picture without a background, in the light theme.

    Text stays text, in `TYPEFACE`; :func:`themed` gives the picture in another theme.
    What matplotlib drew in black is drawn in ink.
    """
    drawn = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "vgcourse"}):
        fig.savefig(drawn, format="svg", transparent=True)
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    look = f"text{{font-family:{TYPEFACE};fill:{COLORS['ink']}}}</style>"
    for pattern, instead in (
        (r"<metadata>.*?</metadata>", ""),
        (r"</style>", look),
        (r"font-family: [^;\"]*;? ?", ""),
        (r' transform="rotate\(-?0 [^"]*"', ""),
        (r' id="[a-zA-Z]\w*_\d+"', ""),  # names of groups: nothing refers to them
        (r"(?<=\d\.\d\d)\d+(?=[^<>]*>)", ""),  # a hundredth of a point is enough
        (r"#000000\b", COLORS["ink"]),
        (r"\s+", " "),
        (r"> <", "><"),
    ):
        text = re.sub(pattern, instead, text, flags=re.DOTALL)
    return text


def themed(picture: str, theme: str) -> str:
    """A vector picture with the colors of `THEMES` ``["light"]`` swapped for another's.

    Other colors, such as those of a heat map, stay.
    """
    instead = {shade: THEMES[theme][name] for name, shade in COLORS.items()}
    return re.sub(
        r"#[0-9a-f]{6}\b", lambda found: instead.get(found[0], found[0]), picture
    )
