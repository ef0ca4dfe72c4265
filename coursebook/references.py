"""The list of references, with the way back to what cites each; and how to cite us.

Chapters cite by plain links, which read in Colab too. So the entry of a reference finds
its chapters by the link, takes over what the chapter says the reference is good for,
and names the functions whose docstrings cite it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from pybtex.database import Entry, parse_file
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Plain
from pybtex.style.sorting.author_year_title import SortingStyle as ByAuthor
from pybtex.style.template import field, first_of, href, join, optional, sentence
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).resolve().parents[1]
BIBLIOGRAPHY = ROOT / "book/references.bib"
PAGE = "book/references"


class ByYear(ByAuthor):
    """The oldest first."""

    def sorting_key(self, entry: Entry) -> tuple[Any, ...]:
        """Return what is compared."""
        return (entry.fields["year"], *super().sorting_key(entry))


class Course(Plain):
    """Pybtex's plain style with linked titles, and no addresses in the text."""

    default_sorting_style = ByYear

    def format_title(self, _entry: Entry, which: str, as_sentence: bool = True) -> Any:
        """Link the title, and keep its capitals."""
        title = first_of[optional[href[field("url"), field(which)]], field(which)]
        return sentence[title] if as_sentence else title

    def format_btitle(self, entry: Entry, which: str, as_sentence: bool = True) -> Any:
        """Link the title of a book, but not of one that a paper is in."""
        if which == "title":
            return self.format_title(entry, which, as_sentence)
        return super().format_btitle(entry, which, as_sentence)

    def format_web_refs(self, _entry: Entry) -> Any:
        """Say nothing: the title is the link."""
        return join[""]


def plain(text: str) -> str:
    """Return `text` in small letters, with the braces and line breaks taken out."""
    return re.sub(r"\s+", " ", re.sub(r"[{}]", "", text)).lower()


def docstrings(folder: Path = ROOT / "src") -> Iterator[tuple[str, str]]:
    """Yield each module's and function's name with the text that may cite."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text("utf-8")
        parts = path.relative_to(folder).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        comments = re.findall(r"(?m)^ *# ?(.*)$", source)
        yield module, plain(" ".join(comments))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield f"{module}.{node.name}", plain(ast.get_docstring(node) or "")


def cites(text: str, entry: Entry) -> bool:
    """Return whether a text names the entry: by quoted title, or author and year."""
    title = re.split("[:;]| and for ", plain(entry.fields["title"]))[0]
    author = plain(entry.persons["author"][0].last_names[0])
    year = entry.fields["year"]
    named = re.search(rf"\b{re.escape(author)}\b[^\"]{{0,60}}\b{year}\b", text)
    return f'"{title}' in text or named is not None


def purpose(link: nodes.reference) -> list[nodes.Node]:
    """Return what follows a link that opens an item of a list: its ": …"."""
    siblings = link.parent.children
    if siblings[0] is not link or not isinstance(link.parent.parent, nodes.list_item):
        return []
    return [node.deepcopy() for node in siblings[1:]]


def in_the_text(app: Sphinx) -> dict[str, list[nodes.paragraph]]:
    """Return, by address, the title of each page that links to it and what it says."""
    found: dict[str, list[nodes.paragraph]] = {}
    for page in app.env.toctree_includes[app.config.root_doc]:
        if page == PAGE:
            continue
        links: dict[str, list[nodes.reference]] = {}
        for link in app.env.get_doctree(page).findall(nodes.reference):
            links.setdefault(link.get("refuri", ""), []).append(link)
        for url, same in links.items():
            title = app.env.titles[page].astext()
            back = make_refnode(app.builder, PAGE, page, None, nodes.Text(title))
            said = next(filter(None, map(purpose, same)), [])
            found.setdefault(url, []).append(nodes.paragraph("", "", back, *said))
    return found


def in_the_code(
    entry: Entry, texts: list[tuple[str, str]]
) -> Iterator[nodes.paragraph]:
    """Yield one line with the names of what cites the entry by its title."""
    names = [name for name, text in texts if cites(text, entry)]
    if names:
        line = nodes.paragraph(text="In the code")
        for count, name in enumerate(names):
            line += [nodes.Text(", " if count else ": "), nodes.literal(text=name)]
        yield line


def on_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add to each entry where it is used."""
    if docname != PAGE:
        return
    entries = parse_file(str(BIBLIOGRAPHY), bib_format="bibtex").entries
    pages, texts = in_the_text(app), list(docstrings())
    cite: Any = app.env.get_domain("cite")
    items = {name: i for i in doctree.findall(nodes.list_item) for name in i["ids"]}
    for citation in cite.citations:
        entry = entries[citation.key]
        linking = pages.get(entry.fields.get("url"), [])
        uses = [*linking, *in_the_code(entry, texts)]
        listed = nodes.bullet_list(classes=["vg-uses"])
        listed += [nodes.list_item("", use) for use in uses]
        item = items[citation.citation_id]
        item["ids"] = [citation.key]  # an address that stays
        item += listed


class CiteCourse(SphinxDirective):
    """The course itself, as ``CITATION.cff`` says it is to be cited."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make a block that can be copied."""
        form = directives.choice(self.arguments[0], ("text", "bibtex"))
        file = ROOT / "CITATION.cff"
        self.env.note_dependency(str(file))
        facts = yaml.safe_load(file.read_text("utf-8"))
        text = citation(facts, self.config.copyright, form)
        block = nodes.literal_block(text, text, language=form, classes=["vg-cite"])
        self.set_source_info(block)
        return [block]


def citation(facts: dict[str, Any], year: str, form: str) -> str:
    """Return the citation of the course in plain text or as BibTeX."""
    names = [
        author.get("name") or f"{author['given-names']} {author['family-names']}"
        for author in facts["authors"]
    ]
    if form == "text":
        return (
            f"{', '.join(names)} ({year}). {facts['title']}, "
            f"version {facts['version']}. {facts['url']}"
        )
    fields = {
        "author": " and ".join(f"{{{name}}}" for name in names),
        "title": facts["title"],
        "year": year,
        "note": f"Version {facts['version']}",
        "url": facts["url"],
    }
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{vgcourse,\n{body}\n}}"


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    register_plugin("pybtex.style.formatting", "course", Course)
    app.add_directive("cite-course", CiteCourse)
    app.connect("doctree-resolved", on_resolved)
