"""What the search looks into: formulas in Unicode, prose before code, no outputs."""

import json
import re

import pytest
from address import ROOT
from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.search.en import SearchEnglish

from coursebook import search


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\sigma_w", "σ_w"),
        (r"W^{(\ell)}", "W^(ℓ)"),
        (r"\varphi'(z)", "φ'(z)"),
        (r"10^{-19.727}", "10^(-19.727)"),
        (r"\tfrac12", "1/2"),
        (r"\frac{\partial \mathcal L}{\partial x}", "∂L/∂x"),
        (r"\chi = \sigma_w^2\, \mathrm{E}[\varphi'(z)^2]", "χ = σ_w^2 E[φ'(z)^2]"),
        (r"J^{(1)\top} \le 1. \tag{2.1}", "J^(1)T ≤ 1. (2.1)"),
        (r"n_\text{in}", "n_in"),
        (r"q_{\ell+1}", "q_(ℓ+1)"),
    ],
)
def test_formula_is_written_in_a_line(tex, line):
    assert search.unicode(tex) == line


@pytest.fixture
def doctree() -> nodes.document:
    """A page with one section inside another, code, an output, and a glossary."""
    title = nodes.title(text="Page")
    code = nodes.literal_block(text="chi(q)")
    output = nodes.container("", nodes.paragraph(text="0.25"))
    output["nb_element"] = "cell_code_output"
    prose = nodes.paragraph("", "The factor ", nodes.math(text=r"\chi"))
    inner = nodes.section(
        "", nodes.title(text="Inner"), nodes.paragraph(text="Deep."), ids=["inner"]
    )
    item = nodes.definition_list_item(
        "",
        nodes.term(text="gain", ids=["term-gain"]),
        nodes.definition("", nodes.paragraph(text="A number.")),
    )
    terms = nodes.definition_list("", item, classes=["glossary"])
    page = nodes.section("", title, code, output, prose, inner, terms, ids=["page"])
    document = nodes.document(None, None)
    document += page
    return document


def test_each_section_and_term_is_found_for_itself(doctree):
    assert list(search.sections(doctree)) == [
        ("Page", "", "The factor χ chi(q)"),
        ("Inner", "inner", "Deep."),
        ("gain", "term-gain", "A number."),
    ]


# What practitioners ask --------------------------------------------------------------


def texts(name: str) -> dict[str, object]:
    """Return a page as the build saves it, roughly: its sections from the source."""
    path = ROOT / name
    if (ROOT / f"{name}.md").exists():
        source = (ROOT / f"{name}.md").read_text("utf-8")
    else:
        cells = json.loads(path.with_suffix(".ipynb").read_text("utf-8"))["cells"]
        source = "\n\n".join("".join(cell["source"]) for cell in cells)
    source = re.sub(r"(?s)^---.*?---", "", source)
    source = re.sub(r"\$+([^$]+)\$+", lambda tex: search.unicode(tex[1]), source)
    parts = re.split(r"(?m)^#{1,3} (?=[A-Z*])", source)
    sections = []
    for number, part in enumerate(parts[1:]):
        title, _, text = part.partition("\n")
        anchor = re.sub(r"\W+", "-", title.lower()).strip("-") if number else ""
        sections.append([title, anchor, " ".join(text.split())])
    return {"title": sections[0][0], "address": f"{name}.html", "sections": sections}


@pytest.fixture(scope="module")
def engine() -> MiniRacer:
    """The search in an engine without a browser, over the pages' sources."""
    toc = (ROOT / "book/_toc.yml").read_text("utf-8")
    names = re.findall(r"(?m)^(?:root| *- file): (\S+)$", toc)
    data = {
        "pages": [texts(name) for name in names if name != "book/glossary"],
        "synonyms": search.SYNONYMS,
        "near": search.NEAR,
        "silent": search.SILENT_WORDS,
        "symptoms": search.SYMPTOMS,
        "lists": search.LISTS,
    }
    english = SearchEnglish({})
    script = (ROOT / "js/site/search.js").read_text("utf-8")
    alone = re.sub(r"(?m)^import .*$", "", script)
    engine = MiniRacer()
    engine.eval(
        f"""
        {english.js_stemmer_code}
        const stopwords = {json.dumps(sorted(english.stopwords))};
        const searchTexts = {json.dumps(data)};
        const Search = {{}};
        {alone}
        const asked = (query) => {{
          const {{ found, notes }} = search(query);
          const places = found.map((one) => `${{one.page.address}}#${{one.anchor}}`);
          return JSON.stringify({{ places, notes: notes.join(" ") }});
        }};
        """
    )
    return engine


# The query, where one of its first three places must be, and what is said besides.
PAGE = "book/my_network.html"
CHAPTER = "notebooks/0"
QUERIES = [
    ("AdamW", f"{PAGE}#learning-rate", ""),
    ("bf16", f"{PAGE}#number-format", ""),
    ("kaiming_uniform", f"{CHAPTER}6_initialization.html", ""),
    ("nn.init.xavier_uniform_", f"{CHAPTER}6_initialization.html", ""),
    ("xavier", f"{CHAPTER}6_initialization.html", ""),
    ("swish", f"{CHAPTER}5_rectifiers.html#bend-the-corner", ""),
    ("LayerNorm", f"{PAGE}#scale", ""),
    ("layer norm", f"{PAGE}#scale", ""),
    ("spike", f"{PAGE}#what-this-page-does-not-treat", ""),
    ("first layer gradient 1e-9", f"{PAGE}#read-it", ""),
    ("my loss is NaN", f"{PAGE}#read-it", ""),
    ("loss nan after a few steps", f"{PAGE}#read-it", ""),
    ("dead relu", f"{PAGE}#dead-units", ""),
    ("dying ReLU", f"{PAGE}#dead-units", ""),
    ("GELU init", f"{PAGE}#the-table-to-bookmark", ""),
    ("which initialization for tanh", f"{CHAPTER}6_initialization.html", ""),
    ("gradient clipping", f"{PAGE}#learning-rate", ""),
    ("fp16 underflow", f"{CHAPTER}2_linear_chain.html", ""),
    ("learning rate too high", f"{PAGE}#learning-rate", ""),
    ("saturated sigmoid", f"{CHAPTER}4_saturation.html", ""),
    ("loss stays at 2.3", f"{PAGE}#learning-rate", ""),
    ("nn.Linear default initialization", f"{PAGE}#default-weights", ""),
    ("fan_in fan_out", f"{CHAPTER}6_initialization.html", ""),
    ("leaky relu slope", f"{CHAPTER}5_rectifiers.html", ""),
    ("gradeint vanishes", "book/intro.html", "Shown for “gradient”."),
    (
        "intialization",  # codespell:ignore intialization
        f"{CHAPTER}6_initialization.html",
        "Shown for “initialization”",
    ),
    ("sigmiod", f"{CHAPTER}4_saturation.html", "Shown for “sigmoid”."),
    ("autocast", f"{PAGE}#number-format", ""),
    ("calculate_gain", f"{PAGE}#the-table-to-bookmark", ""),
    ("he init", f"{CHAPTER}6_initialization.html", ""),
    ("conv2d std", f"{PAGE}#default-weights", ""),
    ("zebra", "", "“zebra” is not in this course."),
]


@pytest.mark.parametrize(("query", "place", "note"), QUERIES)
def test_a_practitioner_finds_the_place(engine, query, place, note):
    answer = json.loads(engine.call("asked", query))
    first = answer["places"][:3]
    assert not place or any(found.startswith(place) for found in first), answer
    assert answer["notes"] == "" if note == "" else note in answer["notes"]
