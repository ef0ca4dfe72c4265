"""Make the book installable, and keep it for reading offline.

Every page gets the course's own script and the links of an installable application.
When the book is built, each script, style, font and picture that its pages load gets
the hash of its content into its address, and the service worker gets the list of them
all. So this extension must be the last that touches the files.
"""

import base64
import hashlib
import html
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sphinx.application import Sphinx

LAST = 1000  # the priority of what runs after the other extensions
WORKER = Path(__file__).with_name("service-worker.js")
# What pages load, as against what they link to: other pages, notebooks, a PDF.
LOADED = re.compile(r"\.(css|m?js|json|svg|png|jpg|webp|gif|woff2?|webmanifest)$")
NOT_PAGES = frozenset({"lite", "reports", "_static"})
IN_PAGE = re.compile(
    r'(?P<before>\b(?:src|href|srcset|data-state|data-program)=")(?P<value>[^":]+)'
)
IN_STYLE = re.compile(r"(?P<before>\burl\(['\"]?|@import ['\"])(?P<value>[^'\"():]+)")
HAS_HASH = re.compile(r"[0-9a-f]{16}[^/]*$")
HEAD = """
<link rel="manifest" href="{static}/manifest.webmanifest">
<link rel="apple-touch-icon" href="{static}/icons/apple-touch-icon.png">
"""


class Site:
    """A built book, whose files learn to call one another by their content."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.used: dict[str, Path] = {}  # address from the root: file
        self.stamped: set[Path] = set()

    def pages(self) -> list[Path]:
        """Return the pages of the course: not JupyterLite's, not templates."""
        found = self.root.rglob("*.html")
        return sorted(p for p in found if self.parts(p)[0] not in NOT_PAGES)

    def parts(self, file: Path) -> tuple[str, ...]:
        """Return the folders down to a file, and its name."""
        return file.relative_to(self.root).parts

    def use(self, file: Path, query: str = "") -> None:
        """Note a file of the course, and the query it is called with."""
        self.used[quote("/".join(self.parts(file))) + query] = file

    def stamp(self, source: Path) -> None:
        """Write the hashes of the files that a page or style loads beside them."""
        self.stamped.add(source)
        pattern = IN_STYLE if source.suffix == ".css" else IN_PAGE

        def value(match: re.Match[str]) -> str:
            several = "srcset" in match["before"]  # "small.png 1x, large.png 2x"
            parts = (
                re.split(r"([\s,]+)", match["value"]) if several else [match["value"]]
            )
            return match["before"] + "".join(self.call(part, source) for part in parts)

        before = source.read_text("utf-8")
        after = pattern.sub(value, before)
        if after != before:
            source.write_text(after, "utf-8")

    def call(self, reference: str, source: Path) -> str:
        """Return `reference` with the hash of its file, where it is a file to load."""
        path = reference.partition("?")[0]
        target = unquote(html.unescape(path))
        file = Path(os.path.normpath(source.parent / target))
        is_ours = file.is_relative_to(self.root) and file.is_file()
        if not LOADED.search(file.name) or not is_ours or self.parts(file)[0] == "lite":
            return reference
        is_style = file.suffix == ".css"
        if is_style and file not in self.stamped:
            self.stamp(file)  # first, since it changes the content
        query = ""
        if is_style or not HAS_HASH.search(path):
            query = f"?v={hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
        self.use(file, query)
        return path + query

    def files(self) -> list[tuple[str, str]]:
        """Stamp the pages; return the address and SHA-256 of all that they load."""
        for page in self.pages():
            self.use(page)
            self.stamp(page)
        return [
            (
                address,
                base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode(),
            )
            for address, file in self.used.items()
        ]


def on_page(app: Sphinx, _page: str, _template: str, context: dict, _tree: Any) -> None:
    """Say in the head of every page that the course can be installed."""
    static = context["pathto"]("_static", resource=True)
    context["metatags"] = context.get("metatags", "") + HEAD.format(static=static)


def on_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write the service worker at the root of the book, with all that it keeps."""
    if exception is None and app.builder.format == "html":
        root = Path(app.outdir)
        files = json.dumps(Site(root).files(), indent=0)
        text = f"self.vgcourseFiles = {files};\n{WORKER.read_text('utf-8')}"
        (root / "service-worker.js").write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    # Before the theme's scripts: it asks for the explorers that are in sight.
    app.add_js_file("course.js", priority=100, loading_method="defer")
    app.connect("html-page-context", on_page)
    app.connect("build-finished", on_finished, priority=LAST)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
