"""What a page asks its reader: guesses, exercises, and the verdicts of claims.

The package writes guesses and exercises as HTML with a folded answer; here their
formulas are set. Claims are blockquotes whose verdict is marked, so that it can be
guessed before it shows. What gives a guess away carries the tag ``after-guess``; this
extension keeps the tag of text cells, which MyST-NB drops. The script ``ask.js`` brings
all of it to life, on pages that have some.

    ```{claims}
    ```

lists every claim of the notebooks, under the chapter in which it is put to the test.
"""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from myst_nb.core.render import MditRenderMixin
from py_mini_racer import JSEvalException
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursebook.typeset import typeset

LOGGER = logging.getLogger(__name__)
AFTER = "after-guess"
SHELL = re.compile(r'<div class="vg-(?:guess|exercise)" data-[^>]*>')
TEX = re.compile(r"\$([^$]+)\$")
CLAIM = re.compile(r"Claim C\d\d\.")
VERDICT = re.compile(r"(True|False|It depends)\.")
QUOTE = re.compile(r"(?m)^> \*\*Claim (C\d\d)\.\*\*.*\n(?:>.*(?:\n|$))*")
TITLE = re.compile(r"(?m)^# +(.+)$")


def with_formulas(html: str) -> str:
    """Set the formulas of a guess or an exercise; its data stays as it is."""
    shell = SHELL.match(html)
    if shell is None:
        return html

    def set_formula(found: re.Match[str]) -> str:
        return typeset(unescape(found[1]), display=False)

    return shell[0] + TEX.sub(set_formula, html[shell.end() :])


def begins_with(node: nodes.Node, pattern: re.Pattern[str]) -> bool:
    """Whether the first words of a paragraph are bold, and these."""
    if not isinstance(node, nodes.paragraph):
        return False
    # An empty text may stand before it.
    first = next((child for child in node.children if child.astext()), None)
    return isinstance(first, nodes.strong) and bool(pattern.fullmatch(first.astext()))


def mark_claims(doctree: nodes.document) -> int:
    """Mark each claim and its verdict; return how many there are."""
    count = 0
    for quote in doctree.findall(nodes.block_quote):
        if not quote.children or not begins_with(quote.children[0], CLAIM):
            continue
        verdicts = [begins_with(child, VERDICT) for child in quote.children]
        if True not in verdicts:
            LOGGER.warning("a claim has no verdict", location=quote)
            continue
        quote["classes"].append("vg-claim")
        for child in quote.children[verdicts.index(True) :]:
            child["classes"].append("vg-verdict")
        count += 1
    return count


def prepare(app: Sphinx, doctree: nodes.document) -> None:
    """Mark what a page asks, and note that it needs the script."""
    asked = mark_claims(doctree)
    for raw in doctree.findall(nodes.raw):
        asked += bool(SHELL.match(raw.astext()))
    app.env.metadata[app.env.docname]["asks"] = bool(asked)


def set_all_formulas(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set the formulas of all that a page asks."""
    del app, docname
    for raw in list(doctree.findall(nodes.raw)):
        try:
            html = with_formulas(raw.astext())
        except JSEvalException as error:
            LOGGER.warning("%s in a guess or an exercise", error, location=raw)
            continue
        if html != raw.astext():
            raw.replace_self(nodes.raw("", html, format="html"))


def add_script(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document,
) -> None:
    """Load the script on the pages that ask."""
    del template, context, doctree
    if app.env.metadata.get(docname, {}).get("asks"):
        app.add_js_file("ask.js", loading_method="defer")


def keep_tags_of_text() -> None:
    """Let a text cell's tag ``after-guess`` reach its elements."""
    render = MditRenderMixin.render_nb_cell_markdown

    def render_and_mark(self: Any, token: Any) -> None:
        place, before = self.current_node, len(self.current_node)
        render(self, token)
        if AFTER not in token.meta["metadata"].get("tags", []):
            return
        if self.current_node is not place:
            LOGGER.warning("a text cell with the tag %s must have no heading", AFTER)
        for node in place.children[before:]:
            node["classes"].append(f"tag_{AFTER}")

    MditRenderMixin.render_nb_cell_markdown = render_and_mark


def claims_of(notebook: Path) -> tuple[str, list[str]]:
    """Return a chapter's title, and its claims as Markdown."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    text = "\n\n".join(
        "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
    )
    title = TITLE.search(text)
    found = [claim[0].rstrip() for claim in QUOTE.finditer(text)]
    return title[1] if title else notebook.stem, found


class Claims(SphinxDirective):
    """All claims of the notebooks, with links to their chapters."""

    def run(self) -> list[nodes.Node]:
        """Return the claims as the page's own Markdown."""
        folder = Path(self.env.srcdir) / "notebooks"
        lines: list[str] = []
        for notebook in sorted(folder.glob("[0-9]*.ipynb")):
            self.env.note_dependency(str(notebook))
            title, claims = claims_of(notebook)
            if not claims:
                continue
            lines += ["", f"[{title}](../notebooks/{notebook.name})", ""]
            for claim in claims:
                moved = claim.replace("](", "](../notebooks/")
                moved = re.sub(r"\]\(\.\./notebooks/(?=https?:|#)", "](", moved)
                lines += [*moved.splitlines(), ""]
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, ""), self.content_offset, holder)
        return list(holder.children)


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    keep_tags_of_text()
    app.add_directive("claims", Claims)
    app.connect("doctree-read", prepare)
    app.connect("doctree-resolved", set_all_formulas)
    app.connect("html-page-context", add_script)
