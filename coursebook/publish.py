"""Make of the pages that Sphinx has written those that readers get, in one step.

Each page is read once: its stylesheets become one, every file that it loads gets the
hash of its content into its address, its policy names the scripts that stand in it, and
it is written. The service worker, which keeps the course for reading offline, gets the
list of all files with their hashes.
"""

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sphinx.application import Sphinx

from coursebook.styles import Stylesheets, words_of

WORKER = Path(__file__).parent / "vendor/service-worker.js"
NOT_PAGES = frozenset({"lite", "reports", "_static"})

# The site's root leads on to the first page.
DOOR = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="refresh" content="0; url=book/intro.html" />
<link rel="icon" href="_static/favicon.svg" />
<title>Vanishing and exploding gradients</title>
</head>
<body><a href="book/intro.html">Vanishing and exploding gradients</a></body>
</html>
"""
HEAD = """
<link rel="manifest" href="{static}/manifest.webmanifest">
<link rel="apple-touch-icon" href="{static}/icons/apple-touch-icon.png">
"""


# The policy ------------------------------------------------------------------------

# A page loads from its own site alone. Styles may stand in the page (KaTeX places its
# glyphs so); scripts may not, but for those whose digest is named.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.S)


def sha256(content: bytes) -> str:
    """Return the digest of a script or file as browsers want it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def with_policy(text: str) -> str:
    """Return a page whose policy names the scripts that stand in it."""
    digests = {f"'sha256-{sha256(script.encode())}'" for script in INLINE.findall(text)}
    allowed = " ".join(["script-src 'self'", *sorted(digests)])
    return text.replace("script-src 'self'", allowed, 1)


# The addresses ---------------------------------------------------------------------

# What pages load, as against what they link to: other pages, notebooks, a PDF.
LOADED = re.compile(r"\.(css|m?js|json|svg|png|jpg|webp|gif|woff2?|webmanifest)$")
IN_PAGE = re.compile(
    r'(?P<before>\b(?:src|href|srcset|data-state|data-program)=")(?P<value>[^":]+)'
)
IN_STYLE = re.compile(r"(?P<before>\burl\(['\"]?|@import ['\"])(?P<value>[^'\"():]+)")
HAS_HASH = re.compile(r"[0-9a-f]{16}[^/]*$")


class Stamps:
    """The files of a built book, which learn to call one another by their content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.used: dict[str, Path] = {}  # address from the root: file
        self.stamped: set[Path] = set()

    def use(self, file: Path, query: str = "") -> None:
        """Note a file of the course, and the query it is called with."""
        self.used[quote(file.relative_to(self.root).as_posix()) + query] = file

    def stamp(self, source: Path, text: str) -> str:
        """Return a page or style with the hashes of the files that it loads."""
        pattern = IN_STYLE if source.suffix == ".css" else IN_PAGE

        def called(match: re.Match[str]) -> str:
            parts = [match["value"]]
            if "srcset" in match["before"]:  # "small.png 1x, large.png 2x"
                parts = re.split(r"([\s,]+)", match["value"])
            return match["before"] + "".join(self._call(part, source) for part in parts)

        return pattern.sub(called, text)

    def files(self) -> list[tuple[str, str]]:
        """Return the address and SHA-256 of all files that are used."""
        used = self.used.items()
        return [(address, sha256(file.read_bytes())) for address, file in used]

    def _call(self, reference: str, source: Path) -> str:
        """Return `reference` with the hash of its file, where it is a file to load."""
        path = reference.partition("?")[0]
        target = unquote(html.unescape(path))
        file = Path(os.path.normpath(source.parent / target))
        is_ours = file.is_relative_to(self.root) and file.is_file()
        if not LOADED.search(file.name) or not is_ours:
            return reference
        if file.relative_to(self.root).parts[0] == "lite":
            return reference
        is_style = file.suffix == ".css"
        if is_style and file not in self.stamped:  # first, since it changes the content
            self.stamped.add(file)
            file.write_text(self.stamp(file, file.read_text("utf-8")), "utf-8")
        query = ""
        if is_style or not HAS_HASH.search(path):
            query = f"?v={hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
        self.use(file, query)
        return path + query


# What others write, mended for who hears a page -------------------------------------

# The corner of a table is no heading, and what folds is called what it shows.
MENDED = (
    (re.compile(r"<th[^>]*>(?:<p></p>)?</th>"), "<td></td>"),
    (re.compile(r'(<summary) aria-label="Toggle hidden content"'), r"\1"),
)


def mended(text: str) -> str:
    """Return a page without headings and names that say nothing."""
    for pattern, better in MENDED:
        text = pattern.sub(better, text)
    return text


# The step --------------------------------------------------------------------------


def pages(root: Path) -> Iterator[Path]:
    """Yield the pages of the course: not JupyterLite's, not templates."""
    for page in sorted(root.rglob("*.html")):
        if page.relative_to(root).parts[0] not in NOT_PAGES:
            yield page


def publish(root: Path) -> list[tuple[str, str]]:
    """Publish a built book; return address and SHA-256 of all that its pages load."""
    static = root / "_static"
    texts = {page: page.read_text("utf-8") for page in pages(root)}
    # An explorer's table has no words.
    scripts = (s for s in static.rglob("*.js") if s.parent.name != "explorers")
    spoken = (*texts.values(), *(script.read_text("utf-8") for script in scripts))
    sheets = Stylesheets(static, words_of(spoken))
    stamps = Stamps(root)
    for page, text in texts.items():
        stamps.use(page)
        called = stamps.stamp(page, sheets.join(page, mended(text)))
        page.write_text(with_policy(called), "utf-8")
    return stamps.files()


def on_page(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Say in the head of every page that the course can be installed."""
    static = context["pathto"]("_static", resource=True)
    context["metatags"] = context.get("metatags", "") + HEAD.format(static=static)


def on_finished(app: Sphinx, exception: Exception | None) -> None:
    """Publish the book, and write the service worker with all that it keeps."""
    if exception is None and app.builder.name == "html":
        root = Path(app.outdir)
        (root / "index.html").write_text(DOOR, "utf-8")
        files = json.dumps(publish(root), indent=0)
        text = f"self.vgcourseFiles = {files};\n{WORKER.read_text('utf-8')}"
        (root / "service-worker.js").write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    # Before the theme's scripts: it asks for the explorers that are in sight.
    app.add_js_file("course.js", priority=100, loading_method="defer")
    app.connect("html-page-context", on_page)
    # When no other extension writes a file any more.
    app.connect("build-finished", on_finished, priority=1000)
