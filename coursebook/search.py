"""Search that finds symbols and terms, section by section, and works from a folder.

Sphinx's index knows whole pages, cuts "0.25" in two, takes χ for another thing than
``chi``, and fetches each page found for an excerpt, formulas and all. So the text of
each section is saved here, formulas in Unicode; ``search.js`` looks into it.
"""

import json
import operator
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from docutils import nodes
from pylatexenc.latex2text import LatexNodes2Text
from sphinx.application import Sphinx

FILE = "_static/search-texts.js"
# What readers type: what else it may be called here.
SYNONYMS = {
    "xavier": ["glorot"],
    "glorot": ["xavier"],
    "kaiming": ["he"],
    "he": ["kaiming"],
    "backprop": ["backpropagation"],
    "init": ["initialization"],
    "fp16": ["float16"],
    "fp32": ["float32"],
    "fp64": ["float64"],
    "bf16": ["bfloat16"],
    "relu": ["rectifier"],
    "denormal": ["subnormal"],
    "varphi": ["phi"],
}
CONVERTER = LatexNodes2Text(math_mode="text", strict_latex_spaces=False)
SILENT = (nodes.section, nodes.title, nodes.raw, nodes.comment)
ASIDE = {"cell_code_output", "glossary", "sd-stretched-link"}
Section = tuple[str, str, str]


def unicode(tex: str) -> str:
    r"""Return a formula as it may be written in a line: ``\sigma_w`` is σ_w."""
    tex = re.sub(r"\\[td]frac", r"\\frac", tex)
    tex = re.sub(r"\\tag\{([^}]*)\}", r"\\quad (\1)", tex)
    tex = re.sub(r"\^\{(?!\()([^{}]{2,})\}", r"^{(\1)}", tex)  # 2^{10}: 2^(10)
    tex = re.sub(r"_\{([^{}]*[-+=][^{}]*)\}", r"_{(\1)}", tex)  # q_{l+1}: q_(l+1)
    tex = re.sub(r"\\top\b", "T", tex)
    tex = re.sub(r"\\mathcal\s*(?:\{\s*L\s*\}|L)", "L", tex)
    line = CONVERTER.latex_to_text(tex)
    line = re.sub(r"\s*([=≠<>≤≥≈∝→·])\s*", r" \1 ", line)
    return re.sub(r"\s+", " ", line).strip()


def pieces(node: nodes.Node) -> Iterator[tuple[bool, str]]:
    """Yield what is read in a node, and whether it is code.

    Left out are sections inside it, the outputs of cells, and the terms of a glossary.
    """
    if isinstance(node, nodes.Text):
        yield False, node.astext()
    elif isinstance(node, nodes.math):
        yield False, unicode(node.astext())
    elif isinstance(node, nodes.math_block):
        yield False, f" {unicode(node.astext())} "
    elif isinstance(node, nodes.literal_block):
        yield True, f"{node.astext()} "
    elif not isinstance(node, SILENT) and not ASIDE & {
        node.get("nb_element"),
        *node["classes"],
    }:
        for child in node.children:
            yield from pieces(child)
        if not isinstance(node, nodes.Inline):
            yield False, " "


def text(parts: Iterable[nodes.Node]) -> str:
    """Return the text of nodes in one line, code last: excerpts begin with prose."""
    found = [piece for part in parts for piece in pieces(part)]
    in_order = sorted(found, key=operator.itemgetter(0))
    return re.sub(r"\s+", " ", "".join(words for _, words in in_order)).strip()


def sections(doctree: nodes.document) -> Iterator[Section]:
    """Yield title, anchor and text of each section, and of each term explained."""
    for number, section in enumerate(doctree.findall(nodes.section)):
        title = next(section.findall(nodes.title))
        yield title.astext(), section["ids"][0] if number else "", text(section)
    for item in doctree.findall(nodes.definition_list_item):
        if "glossary" in item.parent["classes"]:
            term = next(item.findall(nodes.term))
            explained = item.findall(nodes.definition)
            yield term.astext(), term["ids"][0], text(explained)


def on_finished(app: Sphinx, exception: Exception | None) -> None:
    """Save the texts of all pages of the table of contents."""
    if exception or app.builder.format != "html":
        return
    root = app.config.root_doc
    pages = [
        {
            "title": app.env.titles[name].astext(),
            "address": app.builder.get_target_uri(name),
            "sections": list(sections(app.env.get_doctree(name))),
        }
        for name in (root, *app.env.toctree_includes[root])
    ]
    data = {"pages": pages, "synonyms": SYNONYMS}
    (Path(app.outdir) / FILE).write_text(
        f"const searchTexts = {json.dumps(data, ensure_ascii=False)};\n", "utf-8"
    )


def on_page(app: Sphinx, name: str, *_context: object) -> None:
    """Load texts and script on the search page only."""
    if name == "search":
        app.add_js_file("search-texts.js", loading_method="defer")
        app.add_js_file("search.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("html-page-context", on_page)
    app.connect("build-finished", on_finished)
