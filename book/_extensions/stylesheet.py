"""Give the book one stylesheet, of the rules that its pages use.

Theme and libraries bring a dozen stylesheets, and a page needs a quarter of what is in
them; a phone waits for all before it shows a word. When the book is built, this
extension joins the stylesheets that the pages name, in their order, into one. A
rule stays if each class and id in its selector is a word of a page or a script.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from offline import LAST, Site
from sphinx.application import Sphinx
from tinycss2.ast import Node

NAME = "styles.css"
LINK = re.compile(r'\s*<link\b[^>]*\brel="stylesheet"[^>]*>')
ATTRIBUTE = re.compile(r'\b(href|media)="([^"]*)"')
URL = re.compile(r"""(\burl\(['"]?)(?!data:|#|\w+:|/)([^'")]+)""")
WORD = re.compile(r"[A-Za-z_][\w-]*")
# Classes that a script puts together out of parts.
COMPOSED = ("vg-", "bs-tooltip-")


def parsed(rules: str | list[Node]) -> list[Node]:
    """Return the rules and comments of a stylesheet, or of the inside of a rule."""
    inside = tinycss2.parse_rule_list
    read = tinycss2.parse_stylesheet if isinstance(rules, str) else inside
    return read(rules, skip_whitespace=True)


def selectors(prelude: list[Node]) -> list[list[Node]]:
    """Return the selectors of a rule, which commas divide."""
    found: list[list[Node]] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def is_used(selector: list[Node], words: frozenset[str]) -> bool:
    """Whether something may match a selector; what is in :not() and :is() is let be."""
    names = {token.value for token in selector if token.type == "hash"}
    names |= {b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"}
    return all(name in words or name.startswith(COMPOSED) for name in names)


def reduced(rules: Iterable[Node], words: frozenset[str]) -> Iterator[str]:
    """Yield the rules that are used, and whose they are by what licence, as text."""
    for rule in rules:
        if rule.type == "qualified-rule":
            used = [s for s in selectors(rule.prelude) if is_used(s, words)]
            if used:
                names = ",".join(tinycss2.serialize(s).strip() for s in used)
                yield f"{names}{{{tinycss2.serialize(rule.content).strip()}}}\n"
        elif rule.type == "comment":
            if rule.value.startswith("!"):
                yield f"{rule.serialize()}\n"
        elif rule.type == "error":
            message = f"a stylesheet cannot be read: {rule.message}"
            raise ValueError(message)
        elif rule.lower_at_keyword in {"media", "supports"}:
            inside = "".join(reduced(parsed(rule.content), words))
            if inside:
                condition = tinycss2.serialize(rule.prelude)
                yield f"@{rule.at_keyword}{condition}{{\n{inside}}}\n"
        elif rule.lower_at_keyword != "charset":  # the page has said it
            yield f"{rule.serialize()}\n"


def text_of(file: Path, folder: Path) -> str:
    """Return a stylesheet as it would stand in `folder`, with what it imports."""

    def moved(url: re.Match[str]) -> str:
        return url[1] + os.path.relpath(file.parent / url[2], folder)

    parts = []
    for rule in parsed(file.read_text("utf-8")):
        if rule.type == "at-rule" and rule.lower_at_keyword == "import":
            source = next(t.value for t in rule.prelude if t.type in {"string", "url"})
            parts.append(text_of(file.parent / source.partition("?")[0], folder))
        else:
            parts.append(URL.sub(moved, rule.serialize()))
    return "\n".join(parts)


def sheets_of(links: Iterable[str], page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the stylesheet that each link of a page names, and for which media."""
    for link in links:
        named = dict(ATTRIBUTE.findall(link))
        file = page.parent / unescape(named["href"]).partition("?")[0]
        yield Path(os.path.normpath(file)), named.get("media", "all")


def joined(sheets: Iterable[tuple[Path, str]], folder: Path) -> str:
    """Return stylesheets as one."""
    whole = ""
    for file, media in sheets:
        text = text_of(file, folder)
        whole += text if media == "all" else f"@media {media} {{{text}}}"
    return whole


def join(root: Path) -> None:
    """Give each page of a built book one stylesheet in the place of those it names."""
    folder = root / "_static"
    pages = {page: page.read_text("utf-8") for page in Site(root).pages()}
    # An explorer's table has no words.
    scripts = (s for s in folder.rglob("*.js") if s.parent.name != "explorers")
    texts = [*pages.values(), *(script.read_text("utf-8") for script in scripts)]
    words = frozenset(WORD.findall(" ".join(texts)))
    made: dict[tuple[tuple[Path, str], ...], Path] = {}
    for page, text in pages.items():
        links = LINK.findall(text)
        if not links:
            continue
        sheets = tuple(sheets_of(links, page))
        if sheets not in made:
            rules = "".join(reduced(parsed(joined(sheets, folder)), words))
            name = f"styles-{hashlib.sha256(rules.encode()).hexdigest()[:16]}.css"
            made[sheets] = folder / name
            made[sheets].write_text(rules, "utf-8")
        address = os.path.relpath(made[sheets], page.parent)
        before, _, after = text.partition(links[0])
        link = f'\n<link rel="stylesheet" href="{address}" />'
        page.write_text(before + link + LINK.sub("", after), "utf-8")


def on_finished(app: Sphinx, exception: Exception | None) -> None:
    """Join the stylesheets when all pages are there."""
    if exception is None and app.builder.name == "html":
        join(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("build-finished", on_finished, priority=LAST - 1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
