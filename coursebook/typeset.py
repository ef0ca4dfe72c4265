"""Typeset mathematics while the book is built: a page needs no script for it.

KaTeX runs in V8, inside this process. Each formula becomes HTML for the eye and MathML
for a screen reader; one that KaTeX does not understand fails the build.
"""

import functools
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
SCRIPT = Path(__file__).parent / "vendor/katex.min.js"
PUNCTUATION = re.compile(r"[.,;:!?)\]]+")
SHORT = 30  # characters of TeX; a longer formula may have to break on a phone
# Unicode in a formula (ℓ, ·) is meant; anything else that LaTeX would refuse is not.
OPTIONS = """{
  throwOnError: true, displayMode: display, output: "htmlAndMathml",
  strict: (code) => code === "unicodeTextInMathMode" ? "ignore" : "error",
}"""


@functools.cache
def katex() -> MiniRacer:
    """Start KaTeX once for the build."""
    engine = MiniRacer()
    engine.eval(SCRIPT.read_text(encoding="utf-8"))
    engine.eval(
        f"const typeset = (tex, display) => katex.renderToString(tex, {OPTIONS})"
    )
    return engine


@functools.cache
def typeset(tex: str, *, display: bool) -> str:
    """Return a formula as HTML."""
    return str(katex().call("typeset", tex, display))


def formula(node: nodes.math | nodes.math_block, *, display: bool) -> str:
    """Return the HTML of a node, or warn where it stands in the sources."""
    tex = node.astext()
    if node.get("number") is not None:
        tex += rf"\tag{{{node['number']}}}"
    try:
        return typeset(tex, display=display)
    except JSEvalException as error:
        reason = next(line for line in str(error).splitlines() if "Error:" in line)
        LOGGER.warning("%s in %s", reason.strip(), tex, location=node)
        return f"<code>{tex}</code>"


def glue(_app: Sphinx, doctree: nodes.document) -> None:
    """Keep a short formula and the punctuation after it on one line."""
    for math in list(doctree.findall(nodes.math)):
        after = math.next_node(descend=False, siblings=True)
        found = isinstance(after, nodes.Text) and PUNCTUATION.match(after)
        if found and len(math.astext()) <= SHORT:
            after.parent.replace(after, nodes.Text(after[found.end() :]))
            glued = nodes.inline(classes=["vg-glued"])
            math.replace_self(glued)
            glued += [math, nodes.Text(found[0])]


def visit_math(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(formula(node, display=False))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a displayed formula; a wide one scrolls by itself."""
    start = translator.starttag(node, "div", CLASS="math")
    translator.body.append(f"{start}{formula(node, display=True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.add_html_math_renderer("typeset", (visit_math, None), (visit_math_block, None))
    app.add_css_file("katex/katex.css")
    app.connect("doctree-read", glue)
