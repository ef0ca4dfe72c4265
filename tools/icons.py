"""Cut the theme's icon fonts down to the icons that the book shows.

    python tools/icons.py

The whole fonts, and the theme's script of all icons, would be more than half of a
page's weight. What this writes under ``book/_static`` takes their place; it is
committed, and a test finds every icon of the built pages in it.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

STATIC = Path(__file__).resolve().parent.parent / "book/_static"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
FONTS = Path("vendor/fontawesome/webfonts")
ICONS = {
    "fa-solid-900": (
        "angle-down angle-left angle-right arrow-up bars chevron-down chevron-up "
        "circle-half-stroke code download expand file file-pdf lightbulb list "
        "magnifying-glass moon outdent pencil-alt play rocket sun xmark"
    ),
    "fa-brands-400": "github",
}


def code_points() -> dict[str, int]:
    """The character of each icon, from the theme's stylesheet."""
    css = (THEME / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    rules = re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\(\w+)"', css)
    return {
        name: int(code, 16)
        for selectors, code in rules
        for name in re.findall(r"\.fa-([\w-]+)", selectors)
    }


def main() -> None:
    """Write the small fonts."""
    points = code_points()
    (STATIC / FONTS).mkdir(parents=True, exist_ok=True)
    for font_name, names in ICONS.items():
        options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
        options.recalc_timestamp = False
        font = subset.load_font(str(THEME / FONTS / f"{font_name}.ttf"), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[points[name] for name in names.split()])
        cutter.subset(font)
        target = STATIC / FONTS / f"{font_name}.woff2"
        subset.save_font(font, str(target), options)
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
