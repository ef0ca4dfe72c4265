"""Cards for chapters: the question, the time, and a small picture of the answer.

    ```{chapters}
    ```

Under a part's own page these are its chapters, elsewhere all. The words come from
``book/pages.yml``. The pictures are computed here, by the package, as lines of the page
itself, so that they follow its theme.
"""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from coursebook.pages import ABOUT
from vgcourse import activations, products, propagation
from vgcourse.unit_chain import unit_chain

WIDTH, HEIGHT, MARGIN = 220.0, 90.0, 6.0
Line = tuple[str, Iterable[float]]


def _chained() -> list[Line]:
    """Products of slope × weight along a chain of sigmoids, for two weights."""
    chains = unit_chain([1.0, 6.0], 0.5, activation="sigmoid", depth=12)
    falls = products.log10_products(chains.factors)
    return [("vanish", [0, *falls[0]]), ("accent", [0, *falls[1]])]


def _linear() -> list[Line]:
    """Products of fifty factors of 1.5, and of 0.5."""
    factors = np.full((50, 2), (1.5, 0.5))
    grows, falls = products.log10_products(factors.T)
    return [("explode", [0, *grows]), ("vanish", [0, *falls])]


def _slopes(name: str) -> list[Line]:
    """An activation and its slope."""
    z = np.linspace(-5.0, 5.0, 101)
    function = activations.get(name)
    return [("accent", function.function(z)), ("vanish", function.derivative(z))]


def _initialized() -> list[Line]:
    """Signals in deep ReLU networks: weights too large, as He says, too small."""
    lines: list[Line] = []
    for color, gain in (("explode", 1.2), ("accent", 1.0), ("vanish", 0.8)):
        profile = propagation.measure_profile(
            depth=30,
            width=64,
            activation="relu",
            initializer="he_normal",
            gain=gain,
            rng=0,
        )
        lines.append((color, [0, *profile.log10_activation_rms]))
    return lines


PICTURES: dict[str, Callable[[], list[Line]]] = {
    "notebooks/01_chain_of_derivatives": _chained,
    "notebooks/02_linear_chain": _linear,
    "notebooks/04_saturation": lambda: _slopes("sigmoid"),
    "notebooks/05_rectifiers": lambda: _slopes("relu"),
    "notebooks/06_initialization": _initialized,
}


def svg(lines: list[Line]) -> str:
    """Draw lines over a common range, from one side of the card to the other."""
    rows = [(color, np.asarray(list(y), dtype=float)) for color, y in lines]
    low = min(y.min() for _, y in rows)
    span = max(y.max() for _, y in rows) - low
    drawn = []
    for color, y in rows:
        across = np.linspace(MARGIN, WIDTH - MARGIN, y.size)
        down = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - low) / span
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
        drawn.append(f'<polyline class="vg-{color}" points="{points}" />')
    box = f"0 0 {WIDTH:g} {HEIGHT:g}"
    return f'<svg viewBox="{box}" aria-hidden="true">{"".join(drawn)}</svg>'


def _with_card(names: Iterable[str]) -> list[str]:
    """Return the pages among `names` that answer a question, in their order."""
    return [name for name in names if "question" in ABOUT.get(name, {})]


class chapters(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """Where cards stand."""


class ChaptersDirective(SphinxDirective):
    """``{chapters}``: what follows in this page's part, or all of them."""

    def run(self) -> list[nodes.Node]:
        """Leave the drawing to the writer, who knows all titles."""
        here = self.env.docname
        for part in self.config.external_site_map.root.subtrees:
            if here in part.files():
                return [chapters("", names=_with_card(part.files()))]
        main_road = [name for name in ABOUT if "/side_" not in name]
        return [chapters("", names=_with_card(main_road))]


def visit_html(translator: Any, node: chapters) -> None:
    """Write the cards as a list of links."""
    builder = translator.builder
    cards = []
    for name in node["names"]:
        link = builder.get_relative_uri(builder.current_docname, name)
        about = ABOUT[name]
        picture = svg(PICTURES[name]()) if name in PICTURES else ""
        cards.append(
            f'<li><a href="{link}">{picture}'
            f"<b>{escape(builder.env.titles[name].astext())}</b>"
            f"<span>{escape(about['question'])}</span>"
            f"<small>{about['minutes']} minutes</small></a></li>"
        )
    translator.body.append(f'<ul class="vg-cards">{"".join(cards)}</ul>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.add_node(chapters, html=(visit_html, None))
    app.add_directive("chapters", ChaptersDirective)
