"""What stands around the text of every page.

The ways to run a chapter, under its title; the promise of the previous and the next
page; when the page changed last, and where to mend it.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from jinja2 import Environment, FileSystemLoader
from sphinx.application import Sphinx
from sphinx.config import Config

from coursebook.publish import POLICY
from tools import address

Context = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]

TEMPLATES = ROOT / "book/_templates"
ABOUT = yaml.safe_load((ROOT / "book/pages.yml").read_text("utf-8"))
LOCAL = "book/intro"  # has a section on running the course on one's own machine
LITE = ROOT / "book/_build/lite/complete.json"
PDF = ROOT / "book/_build/vgcourse.pdf"

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


def on_page(
    app: Sphinx, docname: str, _template: str, context: Context, _doctree: object
) -> None:
    """Tell the templates what they show."""
    builder: Any = app.builder
    around = builder.relations.get(docname, [None, None, None])
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
    _app: Sphinx, docname: str, _template: str, context: Context, _doctree: object
) -> None:
    """Let no script hold up the page, and leave out those that it does not use."""
    if docname == "search":  # its scripts, at the end of its head, wait for nothing
        return
    context["script_files"] = [
        type(script)(
            script.filename,
            priority=script.priority,
            **{**script.attributes, "defer": "defer"},
        )
        for script in context["script_files"]
        if script.filename and Path(str(script.filename)).name not in IDLE
    ]


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("config-inited", on_config, priority=100)
    app.connect("doctree-resolved", on_doctree_resolved)
    app.connect("html-page-context", on_page)
    app.connect("html-page-context", on_page_last, priority=990)
