"""What the search looks into: formulas in Unicode, prose before code, no outputs."""

import pytest
from docutils import nodes

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
