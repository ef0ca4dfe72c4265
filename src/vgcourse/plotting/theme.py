"""The look of every picture: palette, style, and the names of colors and numbers."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

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
HEIGHT, ROW = 2.8, 1.6  # of a picture with axes, of one row of boxes; inches
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
