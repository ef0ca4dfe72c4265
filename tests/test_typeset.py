"""Formulas become HTML and MathML in the build, and a wrong one stops it."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from coursebook import typeset


def test_formula_carries_its_tag_for_the_eye_and_for_a_screen_reader():
    html = typeset.typeset(r"\lVert x \rVert \le \tfrac{1}{4}\tag{2.1}", display=True)
    assert 'class="katex-tag"' in html
    assert "<mtext>(2.1)</mtext>" in html
    assert '<annotation encoding="application/x-tex">\\lVert x' in html


def test_numbered_formula_shows_its_number():
    node = nodes.math_block("", "a = b", number=7)
    assert "<mtext>(7)</mtext>" in typeset.formula(node, display=True)


@pytest.mark.parametrize("tex", [r"\nosuchthing", r"\frac{1}{", "a_b_c"])
def test_formula_that_cannot_be_read_is_a_warning_so_the_build_fails(tex, monkeypatch):
    told = []
    monkeypatch.setattr(typeset.LOGGER, "warning", lambda *args, **_: told.append(args))
    assert typeset.formula(nodes.math("", tex), display=False) == f"<code>{tex}</code>"
    assert tex in told[0]
    assert "KaTeX parse error" in told[0][1]


@pytest.mark.parametrize(
    ("tex", "after", "glued"),
    [
        ("b/a", ". Then", "."),
        ("x", "), or", "),"),
        ("x", " stays", ""),
        (r"\frac{1}{2}" * 4, ". Then", ""),
    ],
)
def test_a_short_formula_keeps_the_punctuation_after_it(tex, after, glued):
    document = new_document("")
    line = nodes.paragraph("", "", nodes.math("", tex), nodes.Text(after))
    document += line
    typeset.glue(None, document)
    assert line.astext() == f"{tex}{after}"
    together = [node.astext() for node in line.findall(nodes.inline)]
    assert together == ([f"{tex}{glued}"] if glued else [])
