"""Matplotlib pictures: one function per view, drawn on the Axes it is given."""

import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike
from PIL import Image

# The one palette of figures, explorers and pages (their style sheets are compared with
# it by a test). Blue and orange are the course's two poles; they stay apart for every
# kind of color vision, and so does the accent, by its lightness.
THEMES = {
    "light": {
        "paper": "#ffffff",
        "ink": "#1f2328",
        "muted": "#59636e",
        "grid": "#e4e7eb",
        "edge": "#d0d7de",
        "soft": "#f6f8fa",
        "vanish": "#1478c4",
        "explode": "#c2470a",
        "neutral": "#6e5a80",
        "accent": "#571f84",
    },
    "dark": {
        "paper": "#14181e",
        "ink": "#e6edf3",
        "muted": "#9aa6b2",
        "grid": "#2b323b",
        "edge": "#3a434d",
        "soft": "#1c222a",
        "vanish": "#3d9be6",
        "explode": "#ff9454",
        "neutral": "#b3a6bf",
        "accent": "#d3bbf2",
    },
}
COLORS = THEMES["light"]
# A vector picture uses the reader's own typeface, as the pages do.
TYPEFACE = (
    'system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif'
)
# Six inches at 11 points: on a phone, 358 pixels wide, no text is under 9 pixels.
WIDTH, TEXT = 6.0, 11
LINE = 1.5
NEUTRAL = 0.02  # as far from the neutral line, a height neither grows nor shrinks
STYLE: Any = {
    "axes.edgecolor": COLORS["muted"],
    "axes.labelcolor": COLORS["ink"],
    "axes.labelsize": TEXT,
    "axes.spines.bottom": False,
    "axes.spines.left": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "figure.dpi": 120,
    "font.size": TEXT,
    "grid.color": COLORS["grid"],
    "text.color": COLORS["ink"],
    "xtick.color": COLORS["muted"],
    "ytick.color": COLORS["muted"],
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Mark = Literal["line", "dots", "bars", "heat"]
Scale = Literal["log10", "linear", "percent"]


@dataclass(frozen=True, eq=False)
class Series:
    """One set of points in a view.

    Attributes
    ----------
    x, y : ndarray, shape (points,)
        Positions; infinite values of `y` are left out of the drawing.
    label : str
        Name in the legend; an empty one is not listed.
    mark : {"line", "dots", "bars", "heat"}
        How the points are drawn. The convention of the course: a line is what a law
        predicts, dots are what was measured.
    color : str
        A key of `COLORS` or any matplotlib color. Bars with the color ``"fate"``
        are blue below the base line and orange above.
    cliff : bool
        Mark the first infinite or vanished value at the edge of the picture.
    slope : ndarray, shape (points,), optional
        Slopes; a short tangent is drawn at the last point.
    """

    x: ArrayLike
    y: ArrayLike
    label: str = ""
    mark: Mark = "line"
    color: str = "accent"
    cliff: bool = False
    slope: ArrayLike | None = None


class Picture(Figure):
    """A figure that the book, which asks for it, gets as a vector picture too."""

    def _repr_svg_(self) -> str | None:
        return svg(self) if "VGCOURSE_SVG" in os.environ else None


def figure(
    rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float = 2.8
) -> tuple[Figure, list[Axes]]:
    """Make a figure in the course's style.

    Parameters
    ----------
    rows, columns : int
        Grid of Axes.
    width, height : float
        Width of the figure and height of one row, in inches.

    Returns
    -------
    Figure, list of Axes
        The Axes in reading order.
    """
    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(
            rows,
            columns,
            FigureClass=Picture,
            figsize=(width, height * rows),
            squeeze=False,
            layout="constrained",
        )
        interactive = plt.isinteractive()
    # The first figure may have loaded the backend; what that switched on stays on.
    mpl.interactive(interactive)
    return fig, list(axes.flat)


def panel(ax: Axes, view: str, picture: Mapping[str, Any]) -> Axes:
    """Draw a panel of an explorer: the twin of its picture in the browser.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    view : str
        Name of a view of this module.
    picture : mapping
        What :meth:`vgcourse.explorers.Explorer.resolved` returns: the view's keyword
        arguments, and its ``series``.
    """
    options = dict(picture)
    return VIEWS[view](ax, *(Series(**s) for s in options.pop("series")), **options)


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


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors, from 1 to 21, as WCAG 2.2 defines it."""
    shades = np.array([to_rgb(one), to_rgb(other)])
    linear = np.where(
        shades <= 0.04045, shades / 12.92, ((shades + 0.055) / 1.055) ** 2.4
    )
    dark, bright = np.sort(linear @ [0.2126, 0.7152, 0.0722]) + 0.05
    return float(bright / dark)


def color(name: str) -> str:
    """The color of that name in the course's palette, or `name` itself."""
    return COLORS.get(name, name)


def fate(distance: float) -> str:
    """Name of the color of a height this far above the neutral line."""
    if abs(distance) < NEUTRAL:
        return "neutral"
    return "explode" if distance > 0 else "vanish"


def power_of_ten(exponent: float, _position: int = 0) -> str:
    """Label of a log10 tick; empty between whole decades."""
    whole = float(exponent).is_integer()
    return "10" + f"{exponent:.0f}".translate(RAISED) if whole else ""


def profile(
    ax: Axes,
    *series: Series,
    y_label: str,
    x_label: str = "layer ℓ",
    scale: Scale = "log10",
    base: float = 0.0,
    neutral: float | None = None,
    rules: Sequence[tuple[float, str]] = (),
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
) -> Axes:
    """Draw a quantity layer by layer.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    *series : Series
        What to draw; with ``scale="log10"`` their `y` are log10 values.
    y_label, x_label : str
        The first becomes the title above the y axis.
    scale : {"log10", "linear", "percent"}
        What `y` holds: log10 values, plain numbers or fractions.
    base : float
        Height of the neutral line, where bars start; 0 is a factor of 1 in log10.
    neutral : float, optional
        What the color ``"fate"`` takes for neither growing nor shrinking; `base`
        where missing.
    rules : sequence of (float, str)
        Labelled horizontal lines, such as the limits of a number format. Those
        outside `y_domain` are left out.
    x_domain, y_domain : (float, float), optional
        Ranges of the axes; from the data where missing.

    Returns
    -------
    Axes
        The same `ax`.
    """
    ax.axhline(base, color=COLORS["muted"], linewidth=0.75)
    for s in series:
        _draw(ax, s, base, base if neutral is None else neutral)
    if x_domain is not None:
        ax.set_xlim(*x_domain)
    if y_domain is not None:
        ax.set_ylim(*y_domain)
    low, high = ax.get_ylim()
    for height, label in rules:
        if low <= height <= high:
            ax.axhline(height, color=COLORS["muted"], linestyle="--", linewidth=0.9)
            ax.annotate(
                label,
                (1, height),
                xycoords=("axes fraction", "data"),
                xytext=(-3, 2),
                textcoords="offset points",
                ha="right",
                va="bottom",
                fontsize=TEXT,
                color=COLORS["muted"],
                bbox={
                    "facecolor": COLORS["paper"],
                    "alpha": 0.8,
                    "linewidth": 0,
                    "pad": 1,
                },
            )
    for s in series:
        if s.cliff:
            _mark_cliff(ax, s)
    ax.set_xlabel(x_label)
    _head(ax, y_label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if scale == "log10":
        ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(power_of_ten))
    elif scale == "percent":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
    if any(s.label for s in series):
        legend(ax)
    return ax


def legend(ax: Axes) -> None:
    """Name what is drawn, where there is most room; it hides the grid, never data."""
    names = ax.legend(
        loc="best",
        fontsize=TEXT,
        labelcolor=COLORS["ink"],
        facecolor=COLORS["paper"],
        edgecolor="none",
        framealpha=0.8,
        borderpad=0.2,
        handlelength=1.3,
        handletextpad=0.5,
    )
    names.set_zorder(1)


def _head(ax: Axes, title: str) -> None:
    ax.set_title(
        title, loc="left", fontsize=TEXT, fontweight="bold", color=COLORS["ink"]
    )


def _draw(ax: Axes, series: Series, base: float, neutral: float) -> None:
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    kept = np.isfinite(y)
    x, y = x[kept], y[kept]
    label = series.label or None
    shade: str | list[str] = color(series.color)
    if series.color == "fate":
        shade = [COLORS[fate(height - neutral)] for height in y]
    if series.mark == "bars":
        ax.bar(x, y - base, bottom=base, width=0.76, color=shade, label=label)
    elif series.mark == "dots":
        size = 18 if y.size <= 80 else 8  # so that many stay apart
        ax.scatter(x, y, s=size, c=shade, linewidths=0, zorder=2.5, label=label)
    else:
        ax.plot(x, y, color=shade, linewidth=LINE, label=label)
    if series.slope is not None and y.size:
        ax.axline(
            (x[-1], y[-1]),
            slope=float(np.asarray(series.slope)[kept][-1]),
            color=COLORS["explode"],
            linewidth=1.2,
            linestyle="--",
        )


def _mark_cliff(ax: Axes, series: Series) -> None:
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    lost = np.flatnonzero(~np.isfinite(y))
    if lost.size == 0:
        return
    overflow = y[lost[0]] > 0
    shade = COLORS["explode" if overflow else "vanish"]
    ax.axvline(x[lost[0]], color=shade, linestyle=":", linewidth=1)
    ax.annotate(
        "∞" if overflow else "0",
        (x[lost[0]], 1.0 if overflow else 0.0),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4 if overflow else 4),
        textcoords="offset points",
        va="top" if overflow else "bottom",
        fontsize=15,
        color=shade,
    )


def histograms(
    ax: Axes,
    *series: Series,
    edges: ArrayLike,
    y_label: str,
    x_label: str = "layer ℓ",
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
) -> Axes:
    """Draw how values are spread in some layers, one upright histogram for each.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    *series : Series
        `x` holds the layers, `y` their shares by bin, one layer after the other:
        shape (layers · bins,), or more, which is not drawn. The widest bar of a layer
        has the same width in all.
    edges : array_like, shape (bins + 1,)
        Where the bins end, on the vertical axis.
    y_label, x_label, x_domain, y_domain
        As in `profile`.

    Returns
    -------
    Axes
        The same `ax`; layers stand side by side at equal distances.
    """
    ends = np.asarray(edges, dtype=float)
    for s in series:
        layers = np.asarray(s.x)
        shares = np.asarray(s.y, dtype=float)[: layers.size * (ends.size - 1)]
        shares = shares.reshape(layers.size, -1)
        width = 0.9 * shares / np.maximum(shares.max(axis=1, keepdims=True), 1e-12)
        places = np.arange(layers.size)[:, None]
        ax.barh(
            np.broadcast_to(ends[:-1], width.shape).ravel(),
            width.ravel(),
            height=np.broadcast_to(np.diff(ends), width.shape).ravel(),
            left=(places - width / 2).ravel(),
            align="edge",
            color=color(s.color),
            label=s.label or None,
        )
        ax.set_xticks(places.ravel(), [f"{layer:g}" for layer in layers])
    ax.set_ylim(*(y_domain or (ends[0], ends[-1])))
    if x_domain is not None:
        ax.set_xlim(*x_domain)
    ax.set_xlabel(x_label)
    _head(ax, y_label)
    return ax


def heat(
    ax: Axes,
    *series: Series,
    cells: tuple[int, int],
    y_label: str,
    x_label: str = "layer ℓ",
    rows_label: str | None = None,
    rows_domain: tuple[float, float],
    x_domain: tuple[float, float],
    y_domain: tuple[float, float],
    scale: Scale = "log10",
) -> Axes:
    """Draw a map of tinted cells, and what else is to lie on it.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    *series : Series
        The first holds the cells in `y`, row by row from the bottom, shape
        (rows · columns,); NaN is left empty. The others are drawn over it.
    cells : (int, int)
        Rows and columns.
    y_label : str
        What the tint says; the title of the picture.
    x_label, rows_label : str
        What the axes count.
    rows_domain, x_domain : (float, float)
        Ranges of the axes, from edge to edge of the cells.
    y_domain : (float, float)
        Range of the tints. With ``scale="log10"`` the middle of the palette is a
        factor of 1, as in the course's other pictures.
    scale : {"log10", "linear", "percent"}
        What the cells hold.

    Returns
    -------
    Axes
        The same `ax`, with a scale of tints beside it.
    """
    values = np.asarray(series[0].y, dtype=float).reshape(cells)
    poles = [COLORS["paper"], COLORS["accent"]]
    if scale == "log10":
        poles = [COLORS["vanish"], COLORS["paper"], COLORS["explode"]]
    tints = ax.imshow(
        np.clip(values, *y_domain),
        cmap=LinearSegmentedColormap.from_list("fate", poles),
        vmin=y_domain[0],
        vmax=y_domain[1],
        extent=(*x_domain, *rows_domain),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    for s in series[1:]:
        _draw(ax, s, 0.0, 0.0)
    ax.set_xlim(*x_domain)
    ax.set_ylim(*rows_domain)
    ax.grid(visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(x_label)
    ax.set_ylabel(rows_label or "")
    _head(ax, y_label)
    bar = ax.figure.colorbar(tints, ax=ax, pad=0.02)
    bar.outline.set_visible(False)
    if scale == "log10":
        bar.locator = MaxNLocator(5, integer=True)
        bar.formatter = FuncFormatter(power_of_ten)
    elif scale == "percent":
        bar.formatter = FuncFormatter(lambda y, _: f"{100 * y:.0f} %")
    bar.update_ticks()
    if any(s.label for s in series[1:]):
        legend(ax)
    return ax


VIEWS: dict[str, Callable[..., Axes]] = {
    "profile": profile,
    "histograms": histograms,
    "heat": heat,
}
