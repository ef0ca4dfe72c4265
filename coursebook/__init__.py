"""The book's Sphinx extension: what Jupyter Book does not do for this course.

Content: `explorers` and `figures` put pictures on pages, `cards` lead to chapters,
`glossary` and `references` link words and works, `typeset` sets formulas, `search`
saves what is looked for, `asking` lets readers guess and answer. Around it: `pages`
says what stands beside the text. When all pages are there, `publish` reads each once,
and writes it as readers get it.
"""

from typing import Any

from sphinx.application import Sphinx

from coursebook import (
    asking,
    cards,
    explorers,
    figures,
    glossary,
    pages,
    publish,
    references,
    search,
    typeset,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect every part to Sphinx."""
    parts = (typeset, pages, cards, explorers, asking, references, glossary, search)
    for part in (*parts, figures, publish):
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
