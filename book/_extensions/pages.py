"""What stands around the text of every page, and what a page may load.

The ways to run a chapter, under its title; the promise of the previous and the next
page; when the page changed last, and where to mend it. A content-security-policy lets
a page load from its own site alone.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from jinja2 import Environment, FileSystemLoader
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.builders.html._assets import _JavaScript
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))
import address  # noqa: E402 - after its folder is on the path

TEMPLATES = ROOT / "book/_templates"
ABOUT = yaml.safe_load((ROOT / "book/pages.yml").read_text("utf-8"))
LOCAL = "book/intro"  # has a section on running the course on one's own machine
LITE = ROOT / "book/_build/lite/complete.json"
PDF = ROOT / "book/_build/vgcourse.pdf"

# Styles may stand in the page (KaTeX places its glyphs so); scripts may not, but for
# those whose digest is named.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.S)
THEME_SCRIPT = """
(() => {
  document.documentElement.classList.add("vg-arriving");
  const page = document.documentElement.dataset;
  page.mode = "auto";
  try { page.mode = localStorage.getItem("mode") || "auto"; } catch {}
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  page.theme = page.mode === "auto" ? (dark ? "dark" : "light") : page.mode;
})();
"""
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
# Scripts of tools that no page of the course uses.
IDLE = {"design-tabs.js"}


def ways(app: Sphinx, docname: str) -> nodes.raw:
    """Return the ways to run one chapter."""
    here, name = address.read(), docname.rpartition("/")[2]
    up = "../" * docname.count("/")
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True
    ).get_template("ways.html")
    html = template.render(
        lite=json.loads(LITE.read_text("utf-8")) if LITE.exists() else None,
        browser=f"{up}lite/notebooks/index.html?path={name}.ipynb",
        colab=here.colab(name),
        binder=here.binder(name),
        notebook=f"{up}_sources/{docname}.ipynb",
        local=app.builder.get_relative_uri(docname, LOCAL) + "#on-your-own-machine",
    )
    return nodes.raw("", html, format="html")


def on_config(_app: Sphinx, config: Config) -> None:
    """Take the site's public address from the one place that knows it."""
    config.html_baseurl = config.ogp_site_url = f"{address.read().site}/"


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the ways to run a chapter under its title and first sentence."""
    if docname.startswith("notebooks/") and app.builder.name == "html":
        title = next(iter(doctree.findall(nodes.title)))
        position = title.parent.index(title) + 2
        title.parent.insert(position, ways(app, docname))


def on_page(app: Sphinx, docname: str, _template: str, context: dict, _doctree) -> None:
    """Tell the templates what they show."""
    around = app.builder.relations.get(docname, [None, None, None])
    promises = {
        side: ABOUT.get(neighbor, {}).get("promise", "")
        for side, neighbor in zip(("prev", "next"), around[1:], strict=True)
    }
    known = docname in app.env.found_docs
    context.update(
        promises=promises,
        repository=address.read().url,
        source=app.env.doc2path(docname, base=False) if known else "",
        pdf=PDF.exists(),
        security_policy=POLICY,
        theme_script=THEME_SCRIPT,
    )


def on_page_last(
    _app: Sphinx, docname: str, _template: str, context: dict, _doctree
) -> None:
    """Let no script hold up the page, and leave out those that it does not use."""
    if docname == "search":  # its scripts, at the end of its head, wait for nothing
        return
    context["script_files"] = [
        _JavaScript(
            script.filename,
            priority=script.priority,
            **{**script.attributes, "defer": "defer"},
        )
        for script in context["script_files"]
        if script.filename and Path(str(script.filename)).name not in IDLE
    ]


def sha256(script: str) -> str:
    """Return a script's digest as a policy names it."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def on_finished(app: Sphinx, exception: Exception | None) -> None:
    """Name in each page's policy the scripts that stand in the page itself."""
    if exception is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    if app.builder.name == "html":
        (Path(app.outdir) / "index.html").write_text(DOOR, "utf-8")
    for file in Path(app.outdir).rglob("*.html"):
        page = file.read_text("utf-8")
        digests = {sha256(text) for text in INLINE.findall(page)}
        allowed = " ".join(["script-src 'self'", *sorted(digests)])
        file.write_text(page.replace("script-src 'self'", allowed, 1), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("config-inited", on_config, priority=100)
    app.connect("doctree-resolved", on_doctree_resolved)
    app.connect("html-page-context", on_page)
    app.connect("html-page-context", on_page_last, priority=990)
    app.connect("build-finished", on_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
