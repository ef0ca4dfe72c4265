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
    "swish": ["silu"],
    "kaiming_uniform": ["he", "he_uniform", "kaiming"],
    "kaiming_normal": ["he", "he_normal", "kaiming"],
    "xavier_uniform": ["glorot", "glorot_uniform"],
    "xavier_normal": ["glorot", "glorot_normal"],
    "kaiming_uniform_": ["he", "he_uniform", "kaiming"],
    "kaiming_normal_": ["he", "he_normal", "kaiming"],
    "xavier_uniform_": ["glorot", "glorot_uniform"],
    "xavier_normal_": ["glorot", "glorot_normal"],
    "decrease": ["falls", "fall"],
    "decreasing": ["falls", "fall"],
    "drop": ["falls", "fall"],
    "stuck": ["stays", "stay"],
    "flat": ["stays", "level"],
    "plateau": ["stays", "level"],
    "converge": ["learns", "train"],
    "layernorm": ["normalization"],
    "batchnorm": ["normalization"],
    "rmsnorm": ["normalization"],
    "groupnorm": ["normalization"],
    "lr": ["learning rate", "step"],
    "amp": ["autocast", "float16"],
    "half": ["float16"],
    "mixed": ["float16", "bfloat16"],
    "underflow": ["subnormal"],
    "dying": ["dead"],
    "nans": ["nan"],
    "diverges": ["nan", "exploding"],
    "diverge": ["nan", "exploding"],
    "blows": ["exploding"],
    "clip": ["clipping"],
    "weights": ["weight"],
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
# What the course may not treat, and what stands nearest to it here.
NEAR = {
    "adamw": ["adam", "optimizer"],
    "lion": ["adam", "optimizer"],
    "lamb": ["adam", "optimizer"],
    "spike": ["spikes", "exploding"],
    "spikes": ["exploding"],
    "layernorm": ["normalization"],
    "batchnorm": ["normalization"],
    "transformer": ["attention", "residual"],
    "transformers": ["attention", "residual"],
    "lstm": ["recurrent", "gates"],
    "gru": ["recurrent", "gates"],
    "rnn": ["recurrent"],
    "dropout": ["random"],
    "gan": ["saturation"],
    "resnet": ["skip", "residual"],
    "mup": ["width", "initialization"],
    "warmup": ["learning"],
    "tensorflow": ["keras", "pytorch"],
}
# The page for those who tell a symptom, in a sentence; and one that is a list.
SYMPTOMS = "book/my_network.html"
LISTS = "book/references.html"
# Words of sentences that say nothing about the place.
SILENT_WORDS = [
    *("my", "i", "me", "we", "why", "does", "do", "did", "how"),
    *("what", "which", "who", "when", "where", "can", "could", "should", "would"),
    *("get", "gets", "after", "before", "have", "has", "had", "too", "so"),
    *("very", "just", "use", "used", "using", "from", "with", "about", "any"),
    *("all", "only", "still", "always", "never", "am", "been", "being", "its"),
    *("it's", "than", "go", "goes", "going", "make", "doesn", "don", "isn"),
    *("t", "s", "vs", "or", "model", "help", "problem"),
]
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
    data = {
        "pages": pages,
        "synonyms": SYNONYMS,
        "near": NEAR,
        "silent": SILENT_WORDS,
        "symptoms": SYMPTOMS,
        "lists": LISTS,
    }
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
