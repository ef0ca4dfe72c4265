"""Show what a word means beside the word.

Links to the glossary, written with the role ``term``, get the definition's first
paragraph, which the pages' script shows. Chapters are plain Markdown, which has no
roles: in them the first bold occurrence of a word of the glossary becomes such a link.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

PAGE = "book/glossary"
Definitions = dict[str, tuple[str, nodes.paragraph]]


def spelled(word: str) -> str:
    """Return a word as it is looked up: small letters, spaces for hyphens."""
    return re.sub(r"[-\s]+", " ", word).strip(" .,:;").lower()


def definitions(glossary: nodes.document) -> Definitions:
    """Return, for each term, its anchor and the first paragraph that explains it."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        explained = next(item.findall(nodes.paragraph))
        for term in item.findall(nodes.term):
            found[spelled(term.astext())] = (term["ids"][0], explained)
    return found


def meant(word: str, known: Definitions) -> str | None:
    """Return the term that a bold word stands for: "dead" for "dead unit", a plural."""
    word = spelled(word)
    guesses = (word, word.removesuffix("s"), f"{word} unit")
    return next((guess for guess in guesses if guess in known), None)


def bold(
    app: Sphinx, doctree: nodes.document, docname: str, known: Definitions
) -> None:
    """Link the first bold occurrence of each term of a chapter to the glossary."""
    seen = set()
    for strong in list(doctree.findall(nodes.strong)):
        term = meant(strong.astext(), known)
        inside_link = isinstance(strong.parent, nodes.reference)
        if term is None or term in seen or inside_link:
            continue
        seen.add(term)
        words = nodes.inline("", "", *strong.children)
        anchor = known[term][0]
        link = make_refnode(app.builder, docname, PAGE, anchor, words)
        strong.replace_self(nodes.strong("", "", link))


def links(doctree: nodes.document, known: Definitions) -> Iterator[tuple[str, Any]]:
    """Yield the links to terms, and the terms' anchors."""
    anchors = {anchor for anchor, _ in known.values()}
    for link in doctree.findall(nodes.reference):
        page, _, anchor = link.get("refuri", "").partition("#")
        if (
            link.get("internal")
            and page.endswith("glossary.html")
            and anchor in anchors
        ):
            yield anchor, link


def on_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the definitions of a page's terms at its end, for the script to show."""
    if app.builder.format != "html" or docname == PAGE:
        return
    known = definitions(app.env.get_doctree(PAGE))
    if docname.startswith("notebooks/"):
        bold(app, doctree, docname, known)
    explained = dict(known.values())
    found = list(links(doctree, known))
    for _, link in found:
        link["classes"].append("vg-term")
        link.attributes.pop("reftitle", None)  # a second bubble
    for anchor in dict.fromkeys(anchor for anchor, _ in found):
        note = nodes.container(ids=[f"about-{anchor}"], classes=["vg-definition"])
        note += explained[anchor].deepcopy()
        next(doctree.findall(nodes.section)).append(note)


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("doctree-resolved", on_resolved)
