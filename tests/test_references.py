"""What the course cites is in the list of references, and nothing else is."""

import json
import re

import pytest
from address import ROOT
from pybtex.database import Entry, Person, parse_file

from coursebook import references

ENTRIES = dict(parse_file(str(ROOT / "book/references.bib")).entries)
# Older than the web, and no copy that we could vouch for.
WITHOUT_LINK = {"cox1998", "schonfelder1978"}
OURS = ("https://colab.research.google.com/", "https://mybinder.org/")
CITED = [
    (path.stem, words, url)
    for path in sorted(ROOT.glob("notebooks/*.ipynb"))
    for cell in json.loads(path.read_text("utf-8"))["cells"]
    if cell["cell_type"] == "markdown"
    for words, url in re.findall(
        r"(?<!!)\[([^][]+)\]\((https?://[^)\s]+)\)", "".join(cell["source"])
    )
    if not url.startswith(OURS)
]
IN_CODE = {
    reference: name
    for name, text in references.docstrings()
    for reference in re.findall(r"\.\. \[\d\] (.*?)(?= \.\. \[|$| examples ---)", text)
}


def names(words: str, entry: Entry) -> bool:
    """Return whether the words of a link give the first author and the year."""
    author = entry.persons["author"][0].last_names[0]
    return words.startswith(author) and entry.fields["year"] in words


@pytest.mark.parametrize(("chapter", "words", "url"), CITED)
def test_link_of_a_chapter_is_in_the_list(chapter, words, url):
    found = [entry for entry in ENTRIES.values() if entry.fields.get("url") == url]
    assert len(found) == 1, f"{chapter} links to {url}"
    assert names(words, found[0])


@pytest.mark.parametrize("reference", IN_CODE)
def test_reference_of_a_docstring_is_in_the_list(reference):
    found = [e for e in ENTRIES.values() if references.cites(reference, e)]
    assert len(found) == 1, IN_CODE[reference]


@pytest.mark.parametrize("key", ENTRIES)
def test_entry_is_used(key):
    entry = ENTRIES[key]
    linked = {url for _, _, url in CITED}
    assert entry.fields.get("url") in linked or any(
        references.cites(text, entry) for _, text in references.docstrings()
    )


@pytest.mark.parametrize("key", ENTRIES)
def test_entry_is_complete(key):
    fields = ENTRIES[key].fields
    assert ENTRIES[key].persons["author"]
    assert fields["title"]
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    assert key.endswith(fields["year"])
    assert {"journal", "booktitle", "publisher"} & set(fields)
    assert ("url" in fields) == (key not in WITHOUT_LINK)
    page = (ROOT / "book/references.md").read_text("utf-8")
    assert f'keywords % "{fields["keywords"]}"' in page


def test_something_is_cited():
    assert len(CITED) > 20
    assert len(IN_CODE) > 8


@pytest.fixture
def paper() -> Entry:
    people = {"author": [Person("Doe, Jane"), Person("Roe, Richard")]}
    return Entry("article", {"title": "On {X}: a tale", "year": "1999"}, people)


def test_names_of_another_paper_are_seen(paper):
    assert names("Doe and Roe (1999)", paper)
    assert not names("Roe and Doe (1999)", paper)
    assert not names("Doe and Roe (2000)", paper)


def test_paper_is_found_by_title_or_by_author_and_year(paper):
    assert references.cites('j. doe, "on x", 2000', paper)
    assert references.cites("in the manner of j. doe et al., 1999", paper)
    assert not references.cites("j. doe, 2000", paper)
    assert not references.cites("r. roe, 1999", paper)


FACTS = {
    "authors": [{"name": "The authors"}, {"given-names": "J.", "family-names": "Doe"}],
    "title": "A course",
    "version": "1.2.3",
    "url": "https://example.org",
}


def test_course_is_cited_in_text():
    assert references.citation(FACTS, "2026", "text") == (
        "The authors, J. Doe (2026). A course, version 1.2.3. https://example.org"
    )


def test_course_is_cited_as_an_entry_that_parses(tmp_path):
    file = tmp_path / "course.bib"
    file.write_text(references.citation(FACTS, "2026", "bibtex"))
    entry = parse_file(str(file)).entries["vgcourse"]
    assert [str(person) for person in entry.persons["author"]] == [
        "{The authors}",
        "{J. Doe}",
    ]
    assert entry.fields["title"] == "A course"
    assert entry.fields["url"] == "https://example.org"
    assert "1.2.3" in entry.fields["note"]
