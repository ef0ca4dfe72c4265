"""The glossary keeps its form, and covers the words that chapters define."""

import json
import re

import pytest
import yaml
from address import ROOT

from coursebook import glossary

SOURCE = (ROOT / "book/glossary.md").read_text("utf-8")
PAGES = yaml.safe_load((ROOT / "book/pages.yml").read_text("utf-8"))
BODY = SOURCE.partition(":sorted:\n")[2].partition("```")[0]
ENTRIES = dict(re.findall(r"(?m)^(\S.*)\n((?:  .*\n|\n)+)", BODY))
# What chapters put in bold without defining a word of the field.
OTHER = r"What |Claim |Time|Further reading|Next|\d+\.$|.*[.:?!]$|.{35,}"
BOLD = {
    (path.stem, word)
    for path in ROOT.glob("notebooks/*.ipynb")
    for cell in json.loads(path.read_text("utf-8"))["cells"]
    if cell["cell_type"] == "markdown"
    for word in re.findall(r"\*\*([^*]+)\*\*", "".join(cell["source"]))
    if not re.match(OTHER, word)
}


def paragraphs(term: str) -> list[str]:
    return [text.strip() for text in ENTRIES[term].strip().split("\n\n")]


def test_terms_are_many_and_in_order():
    assert len(ENTRIES) >= 50
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)


@pytest.mark.parametrize("term", ENTRIES)
def test_what_is_shown_beside_a_word_is_short_and_plain(term):
    shown, _ = paragraphs(term)
    assert len(re.findall(r"[.;](?: |$)", shown)) <= 4
    assert len(shown) <= 260
    assert not re.search(r"[$`{\[]", shown)


@pytest.mark.parametrize("term", ENTRIES)
def test_term_leads_to_a_page_of_the_course(term):
    _, where = paragraphs(term)
    targets = re.findall(r"\]\(([^)]+)\)", where)
    assert targets
    for target in targets:
        file = (ROOT / "book" / target).resolve()
        assert file.exists()
        assert str(file.relative_to(ROOT).with_suffix("")) in PAGES


@pytest.mark.parametrize(("chapter", "word"), sorted(BOLD))
def test_word_that_a_chapter_defines_is_in_the_glossary(chapter, word):
    known = {glossary.spelled(term): None for term in ENTRIES}
    assert glossary.meant(word, known), chapter


def test_words_are_defined_in_every_chapter_there_is():
    assert {chapter for chapter, _ in BOLD} == {
        name.partition("/")[2] for name in PAGES if name.startswith("notebooks/")
    }


def test_a_word_is_found_in_other_forms():
    known = {"dead unit": None, "mean field theory": None, "singular value": None}
    assert glossary.meant("dead", known) == "dead unit"
    assert glossary.meant("Singular values", known) == "singular value"
    assert glossary.meant("mean-field theory", known) == "mean field theory"
    assert glossary.meant("living", known) is None
