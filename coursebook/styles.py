"""Give the book one stylesheet, of the rules that its pages use.

Theme and libraries bring a dozen stylesheets, and a page needs a quarter of what is in
them; a phone waits for all before it shows a word. The stylesheets that a page names
are joined in their order into one. A rule stays if each class and id in its selector is
a word of a page or a script.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path

import tinycss2
from tinycss2.ast import Node

LINK = re.compile(r'\s*<link\b[^>]*\brel="stylesheet"[^>]*>')
ATTRIBUTE = re.compile(r'\b(href|media)="([^"]*)"')
URL = re.compile(r"""(\burl\(['"]?)(?!data:|#|\w+:|/)([^'")]+)""")
WORD = re.compile(r"[A-Za-z_][\w-]*")
# Classes that a script puts together out of parts.
COMPOSED = ("vg-", "bs-tooltip-")

Words = frozenset[str]


def words_of(texts: Iterable[str]) -> Words:
    """Return all words that may be a class or an id."""
    return frozenset(word for text in texts for word in WORD.findall(text))


def parsed(rules: str | list[Node]) -> list[Node]:
    """Return the rules and comments of a stylesheet, or of the inside of a rule."""
    inside = tinycss2.parse_rule_list
    read = tinycss2.parse_stylesheet if isinstance(rules, str) else inside
    nodes: list[Node] = read(rules, skip_whitespace=True)
    return nodes


def selectors(prelude: list[Node]) -> list[list[Node]]:
    """Return the selectors of a rule, which commas divide."""
    found: list[list[Node]] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def is_used(selector: list[Node], words: Words) -> bool:
    """Whether something may match a selector; what is in :not() and :is() is let be."""
    names = {token.value for token in selector if token.type == "hash"}
    names |= {b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"}
    return all(name in words or name.startswith(COMPOSED) for name in names)


def reduced(rules: Iterable[Node], words: Words) -> Iterator[str]:
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


class Stylesheets:
    """The stylesheets of a built book, joined anew in its folder of static files."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.folder = folder
        self.words = words
        self.made: dict[tuple[tuple[Path, str], ...], Path] = {}

    def join(self, page: Path, text: str) -> str:
        """Return the text of a page with one stylesheet for all that it names."""
        links = LINK.findall(text)
        if not links:
            return text
        sheets = tuple(sheets_of(links, page))
        if sheets not in self.made:
            self.made[sheets] = self._write(sheets)
        address = os.path.relpath(self.made[sheets], page.parent)
        before, _, after = text.partition(links[0])
        link = f'\n<link rel="stylesheet" href="{address}" />'
        return before + link + LINK.sub("", after)

    def _write(self, sheets: tuple[tuple[Path, str], ...]) -> Path:
        rules = "".join(reduced(parsed(joined(sheets, self.folder)), self.words))
        digest = hashlib.sha256(rules.encode()).hexdigest()[:16]
        file = self.folder / f"styles-{digest}.css"
        file.write_text(rules, "utf-8")
        return file
