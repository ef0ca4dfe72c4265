"""One function per view, drawn on the Axes it is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

from vgcourse.plotting.theme import COLORS, LINE, TEXT, color, fate, power_of_ten
from vgcourse.plotting.ticks import Places, SizeLabels, Sizes

Mark = Literal["line", "dots", "bars", "heat", "boxes"]
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
    mark : {"line", "dots", "bars", "heat", "boxes"}
        How the points are drawn. The convention of the course: a line is what a law
        predicts, dots are what was measured.
    color : str
        A key of `COLORS` or any matplotlib color. Bars with the color ``"fate"``
        are blue below the base line and orange above.
    cliff : bool
        Mark the first value that is infinite, vanished or NaN, at the picture's edge.
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


def line(
    x: ArrayLike,
    y: ArrayLike,
    label: str = "",
    *,
    color: str = "accent",
    cliff: bool = False,
    slope: ArrayLike | None = None,
) -> Series:
    """Return a line, for what a law predicts; arguments as in `Series`."""
    return Series(x, y, label, "line", color, cliff, slope)


def dots(
    x: ArrayLike,
    y: ArrayLike,
    label: str = "",
    *,
    color: str = "accent",
    cliff: bool = False,
    slope: ArrayLike | None = None,
) -> Series:
    """Return dots, for what was measured; arguments as in `Series`."""
    return Series(x, y, label, "dots", color, cliff, slope)


def bars(
    x: ArrayLike,
    y: ArrayLike,
    label: str = "",
    *,
    color: str = "fate",
    cliff: bool = False,
) -> Series:
    """Return bars from the base line; arguments as in `Series`."""
    return Series(x, y, label, "bars", color, cliff)


def cells(values: ArrayLike) -> Series:
    """Return the cells of a `heat`, shape (rows, columns), the lowest row first."""
    return Series([], values, mark="heat")


def boxes(gradients: ArrayLike) -> Series:
    """Return the layers of a `network`, tinted relative to the last one.

    Parameters
    ----------
    gradients : array_like, shape (layers,)
        log10 of the size of each layer's gradient, from the first layer to the last.

    Raises
    ------
    ValueError
        If there is no layer, a value is NaN, or the last gradient is 0 or infinite, to
        which the others are compared.
    """
    logs = np.asarray(gradients, dtype=float)
    if logs.ndim != 1 or logs.size == 0 or np.isnan(logs).any():
        message = f"gradients must be one number for each layer, got {gradients!r:.60}"
        raise ValueError(message)
    if np.isinf(logs[-1]):
        message = f"log10 of the last gradient must be finite, got {logs[-1]}"
        raise ValueError(message)
    return Series(np.arange(1, logs.size + 1), logs - logs[-1], mark="boxes")


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

    Called once for each Axes, with all that is to be drawn; a later call adds to it.

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
    # The underscore keeps it out of the legend.
    if not any(drawn.get_label() == "_base" for drawn in ax.lines):
        ax.axhline(base, color=COLORS["muted"], linewidth=0.75, label="_base")
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
    ax.xaxis.set_major_locator(Places())
    if scale == "log10":
        ax.yaxis.set_major_locator(Sizes())
        ax.yaxis.set_major_formatter(SizeLabels())
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
    overflow = not y[lost[0]] < 0  # what is no number comes from what is too large
    shade = COLORS["explode" if overflow else "vanish"]
    sign = "NaN" if np.isnan(y[lost[0]]) else "∞" if overflow else "0"
    ax.axvline(x[lost[0]], color=shade, linestyle=":", linewidth=1)
    ax.annotate(
        sign,
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
    cells: tuple[int, int] | None = None,
    y_label: str,
    x_label: str = "layer ℓ",
    rows_label: str | None = None,
    rows_domain: tuple[float, float] | None = None,
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
    scale: Scale = "log10",
) -> Axes:
    """Draw a map of tinted cells, and what else is to lie on it.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    *series : Series
        The first holds the cells in `y`, as `cells` makes it: shape (rows, columns),
        the lowest row first, or flat; NaN is left empty. The others are drawn over it.
    cells : (int, int), optional
        Rows and columns, of flat cells.
    y_label : str
        What the tint says; the title of the picture.
    x_label, rows_label : str
        What the axes count.
    rows_domain, x_domain : (float, float), optional
        Ranges of the axes, from edge to edge of the cells, which are counted from 1
        where missing.
    y_domain : (float, float), optional
        Range of the tints; from the finite values where missing. With
        ``scale="log10"`` the middle of the palette is a factor of 1, as in the
        course's other pictures.
    scale : {"log10", "linear", "percent"}
        What the cells hold.

    Returns
    -------
    Axes
        The same `ax`, with a scale of tints beside it.
    """
    values = np.asarray(series[0].y, dtype=float)
    shape: tuple[int, ...] = cells or values.shape
    if len(shape) != 2:
        message = f"cells must have shape (rows, columns), got {shape}"
        raise ValueError(message)
    rows, columns = shape
    values = values.reshape(shape)
    rows_domain = rows_domain or (0.5, rows + 0.5)
    x_domain = x_domain or (0.5, columns + 0.5)
    if y_domain is None:
        finite = values[np.isfinite(values)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
        reach = max(-low, high, 1.0)
        y_domain = (-reach, reach) if scale == "log10" else (low, high)
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
    ax.xaxis.set_major_locator(Places())
    ax.set_xlabel(x_label)
    ax.set_ylabel(rows_label or "")
    _head(ax, y_label)
    bar = ax.figure.colorbar(tints, ax=ax, pad=0.02)
    bar.outline.set_visible(False)
    if scale == "log10":
        bar.locator, bar.formatter = Sizes(), SizeLabels()
    elif scale == "percent":
        bar.formatter = FuncFormatter(lambda y, _: f"{100 * y:.0f} %")
    bar.update_ticks()
    if any(s.label for s in series[1:]):
        legend(ax)
    return ax


SIDES = (0.11, 0.85)  # of the picture: between them the layers stand
SWATCHES = 9  # of the key
GROUND = 0.2  # opacity of what neither vanishes nor explodes


def network(
    ax: Axes,
    series: Series,
    *,
    y_label: str,
    x_label: str = "layer ℓ",
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
) -> Axes:
    """Draw a network: its layers in a row, each tinted by the size of its gradient.

    Blue has vanished, orange has exploded, pale violet is as large as at the last
    layer. An arrow says where the gradient comes from. A row is 1.6 inches high:
    ``fig, (ax,) = plotting.figure(height=plotting.ROW)``.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    series : Series
        The layers, as `boxes` makes them; up to a hundred can be told apart.
    y_label : str
        What the tint says; the title of the picture.
    x_label : str
        What the boxes are; the browser reads it aloud, with the layer's number.
    x_domain : (float, float), optional
        From edge to edge of the boxes; from the layers where missing.
    y_domain : (float, float), optional
        Range of the tints, in decades; where missing, whole decades that hold all.

    Returns
    -------
    Axes
        The same `ax`, without axes.
    """
    layers, values = np.asarray(series.x, float), np.asarray(series.y, float)
    first, last = x_domain or (layers[0] - 0.5, layers[-1] + 0.5)
    if y_domain is None:
        most = np.abs(values[np.isfinite(values)]).max(initial=1.0)
        y_domain = (-float(np.ceil(most)), float(np.ceil(most)))
    low, high = y_domain
    left, right = SIDES
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    _head(ax, y_label)
    words: Any = {"fontsize": TEXT, "va": "center"}
    ax.text(0, 0.75, "input", **words)
    ax.text(1, 0.75, "loss", ha="right", fontweight="bold", **words)
    through = ax.plot(
        [0.08, right], [0.75, 0.75], color=COLORS["muted"], linewidth=0.75
    )
    through[0].set_zorder(0.5)  # behind the boxes
    ax.annotate(
        "",
        (right + 0.01, 0.75),
        (0.94, 0.75),
        arrowprops={"arrowstyle": "->", "color": COLORS["accent"], "lw": LINE},
    )
    step = (right - left) / (last - first)
    width = min(0.07, 0.84 * step if step > 0.012 else step)
    for layer, value in zip(layers, values, strict=True):
        center = left + (layer - first) * step
        share = value / -low if value < 0 else value / high
        _box(ax, (center - width / 2, 0.55), (width, 0.4), share)
    ax.text(left, 0.42, f"layer {layers[0]:g}", color=COLORS["muted"], **words)
    if layers.size > 1:
        name = f"{layers[-1]:g}"
        ax.text(right, 0.42, name, ha="right", color=COLORS["muted"], **words)
    ax.text(1, 0.42, "gradient", ha="right", color=COLORS["accent"], **words)
    begin, size = 0.39, 0.22 / SWATCHES
    for i, share in enumerate(np.linspace(-1.0, 1.0, SWATCHES).tolist()):
        _box(ax, (begin + i * size, 0.05), (size, 0.14), share)
    ax.text(begin + 0.11, 0.12, "1", ha="center", **words)
    ax.text(begin - 0.015, 0.12, f"smaller {power_of_ten(low)}", ha="right", **words)
    ax.text(begin + 0.235, 0.12, f"{power_of_ten(high)} larger", **words)
    return ax


def _box(
    ax: Axes, corner: tuple[float, float], size: tuple[float, float], share: float
) -> None:
    """An even ground, and over it as much of a pole's color as `share` says."""
    pole = COLORS["vanish" if share < 0 else "explode"]
    for shade, opacity in ((COLORS["neutral"], GROUND), (pole, min(1.0, abs(share)))):
        ax.add_patch(Rectangle(corner, *size, color=shade, alpha=opacity, linewidth=0))


VIEWS: dict[str, Callable[..., Axes]] = {
    "profile": profile,
    "histograms": histograms,
    "heat": heat,
    "network": network,
}


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
