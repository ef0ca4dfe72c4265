"""Show every picture of the package in the theme of the page.

In the book's build a figure comes as a vector picture too (``VGCOURSE_SVG``). This
extension writes it in the light and in the dark palette under ``_static/figures/``, and
the page gets two images, of which the theme shows one; the browser loads an image only
when it is shown and near. The directive ``still`` shows the picture of an explorer
without its controls, the directive ``palette`` the colors themselves.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from vgcourse import explorers, plotting

FOLDER = "_static/figures"
PIXELS = 100  # on a wide page, for each inch of a figure


class pair(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A picture in both themes."""


def write(app: Sphinx, vector: str, alt: str) -> pair:
    """Write both pictures, and make the node that shows them."""
    width, height = re.findall(r'(?:width|height)="([\d.]+)pt"', vector)[:2]
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    node = pair("", alt=alt, classes=[])
    node["width"] = round(float(width) / 72 * PIXELS)
    node["height"] = round(float(height) / 72 * PIXELS)
    digest = hashlib.sha256(vector.encode()).hexdigest()[:16]
    for theme in plotting.THEMES:
        node[theme] = f"{FOLDER}/{digest}-{theme}.svg"
        picture = plotting.themed(vector, theme)
        (Path(app.outdir) / node[theme]).write_text(picture, encoding="utf-8")
    return node


def chosen(
    app: Sphinx, views: dict[str, nodes.Element], alt: str = ""
) -> nodes.Element:
    """The picture of a notebook's output: a pair where it can be had, or else a PNG."""
    kind = "image/svg+xml" if "image/svg+xml" in views else "image/png"
    picture = next(iter(views[kind].findall(nodes.image))).deepcopy()
    alt = alt or picture.get("alt", "")
    if kind == "image/png":
        picture["alt"] = alt
        return picture
    file = Path(app.srcdir) / picture["uri"]
    return write(app, file.read_text(encoding="utf-8"), alt)


def drawn(env: BuildEnvironment, figure: plotting.Picture, alt: str) -> nodes.Element:
    """The picture of a figure that was drawn in the build itself."""
    return write(env.app, plotting.svg(figure), alt)


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Put pairs in the place of the vector pictures of a notebook."""
    for bundle in list(doctree.findall(nodes.container)):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        views = {view["mime_type"]: view for view in bundle.children}
        if "image/svg+xml" in views:
            bundle.replace_self(chosen(app, views))


class StillDirective(SphinxDirective):
    """``{still} LinearChain`` with the option ``knobs``, a YAML mapping."""

    required_arguments = 1
    option_spec = {"knobs": directives.unchanged}  # noqa: RUF012 - docutils reads it

    def run(self) -> list[nodes.Node]:
        """Draw the explorer's picture."""
        values = yaml.safe_load(self.options.get("knobs", "")) or {}
        widget = getattr(explorers, self.arguments[0])(**values)
        picture = drawn(self.env, widget.figure(), widget.sentence())
        self.set_source_info(picture)
        return [picture]


class PaletteDirective(SphinxDirective):
    """``{palette} light`` or ``dark``: its colors, each with its contrast on paper."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make a list: what each color looks like, is called and is."""
        colors = plotting.THEMES[self.arguments[0]]
        paper, ink = colors["paper"], colors["ink"]
        rows = "".join(
            f'<li><i style="background:{shade}"></i><b>{name}</b> <code>{shade}</code> '
            f"<span>{plotting.contrast(shade, paper):.1f}</span></li>"
            for name, shade in colors.items()
        )
        look = f"background:{paper};color:{ink};border-color:{colors['edge']}"
        text = f'<ul class="vg-palette" style="{look}">{rows}</ul>'
        return [nodes.raw("", text, format="html")]


def visit_html(translator: Any, node: pair) -> None:
    """Write both images."""
    here = translator.builder.get_target_uri(translator.builder.current_docname)
    late = {} if translator.builder.name == "singlehtml" else {"loading": "lazy"}
    for theme in plotting.THEMES:
        translator.body.append(
            translator.emptytag(
                node,
                "img",
                "\n",
                CLASS=f"vg-figure only-{theme}",
                src=relative_uri(here, node[theme]),
                alt=node["alt"],
                width=node["width"],
                height=node["height"],
                decoding="async",
                **late,
            )
        )
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.add_node(pair, html=(visit_html, None))
    app.add_directive("still", StillDirective)
    app.add_directive("palette", PaletteDirective)
    # After the explorers, which take their own pictures.
    app.connect("doctree-read", on_doctree_read, priority=600)
