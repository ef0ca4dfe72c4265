"""Mount the course's explorers on static pages, without a kernel or a server.

A notebook that has been executed for the book carries the state of its widgets. For
each explorer in it, this extension saves knobs and table in a script of its own under
``_static/explorers/``, and leaves its still picture on the page where the explorer
will stand; the course's own script loads both that and the views when the reader
comes near. The directive ``explorer`` does the same on a page that is not a notebook.
In the course on paper (the builder ``singlehtml``) the still picture stands alone, over
the sentence.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import WIDGET_VIEW_MIMETYPE
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset
from sphinx.util.osutil import relative_uri

from coursebook import figures
from vgcourse import explorers
from vgcourse.explorers.reading import Positions, Reading
from vgcourse.explorers.widget import BUNDLE, STYLESHEET

LOGGER = logging.getLogger(__name__)
State = dict[str, Any]
FOLDER = "_static/explorers"
CHIP = re.compile(r"explorer-\d+\?")
FEW = 5  # of as many values, each gets a button, as in js/explorers/knobs.js
# What a notebook stores of an explorer in words: its name and knobs, and its sentence.
STORED = re.compile(r"[A-Z]\w*\(.*\)\n(?P<sentence>.+)", re.DOTALL)


class explorer(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """Where an explorer stands; its child is the still picture, on paper with words."""


def shell(number: int, reading: Reading, at: Positions) -> tuple[str, str]:
    """Return what stands before and after the still picture, in the explorer's shape.

    Nothing moves on the page when the explorer takes this place: its controls, not yet
    alive, its captions and its sentence are here, and each picture has its height.
    """
    knobs = "".join(
        _control(f"explorer-{number}-{name}", knob, at[name])
        for name, knob in reading.knobs.items()
    )
    room = []
    for panel in reading.panels(at):
        labels = [s["label"] for s in panel["series"] if s["label"]]
        keys = "".join(
            f'<span class="vg-key"><i></i>{label}</span>' for label in labels
        )
        legend = f'<div class="vg-legend">{keys}</div>' if keys else ""
        room.append(
            f'<p class="vg-caption">{panel["y"]}</p>{legend}'
            f'<div style="height: {panel["height"]}px"></div>'
        )
    before = (
        '<div class="vg-explorer-live"><div class="vg-top"><div class="vg-controls">'
        f'{knobs}</div><p class="vg-readout">{escape(reading.sentence(at))}</p></div>'
        f'<div class="vg-pictures vg-waiting">{"".join(room)}'
    )
    after = (
        '</div><div class="vg-tools"><button class="vg-tool" disabled>Pin</button>'
        '<button class="vg-tool" disabled>Reset</button></div></div>'
    )
    return before, after


def _control(name: str, knob: Mapping[str, Any], position: int) -> str:
    """Return a knob that is not yet alive."""
    labels = [escape(label) for label in knob["labels"]]
    head = f'<label for="{name}">{knob["label"]}</label>'
    if len(labels) <= FEW:
        texts = "".join(f"<label><span>{label}</span></label>" for label in labels)
        return (
            '<fieldset class="vg-knob vg-choice" disabled>'
            f"<legend>{knob['label']}</legend>{texts}</fieldset>"
        )
    if knob["kind"] == "select":
        select = f'<select id="{name}" disabled><option>{labels[position]}</option>'
        return f'<div class="vg-knob vg-select">{head}{select}</select></div>'
    step = '<button class="vg-step" disabled>{}</button>'.format
    stops = '<div class="vg-stops"></div>' if "stops" in knob else ""
    return (
        f'<div class="vg-knob vg-range">{head}<output>{labels[position]}</output>'
        f'<div class="vg-slide">{step("−")}<input type="range" id="{name}" '
        f'max="{len(labels) - 1}" value="{position}" disabled />{step("+")}</div>'
        f"{stops}</div>"
    )


def save(app: Sphinx, spec: State, values: State, table: str) -> str:
    """Write the script that mounts one explorer; return its place in the book."""
    state = json.dumps({"spec": spec, "values": values, "table": table}, sort_keys=True)
    name = f"{hashlib.sha256(state.encode()).hexdigest()[:16]}.js"
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"vgcourseExplorer.mount({state});\n", encoding="utf-8")
    return f"{FOLDER}/{name}"


def place(
    app: Sphinx,
    docname: str,
    state: tuple[State, State, str],
    picture: nodes.Element,
) -> explorer:
    """Make the node of one explorer on a page, and save its state."""
    count = app.env.metadata[docname].setdefault("explorers", 0) + 1
    app.env.metadata[docname]["explorers"] = count
    spec, values, table = state
    reading = Reading(spec, base64.b64decode(table))
    at = reading.positions(values)
    picture["alt"] = f"{spec.get('alt', '')} {reading.sentence(at)}".strip()
    around = shell(count, reading, at)
    node = explorer("", picture, number=count, state=save(app, *state), around=around)
    picture["classes"].append("vg-still")
    return node


def still(app: Sphinx, docname: str, picture: nodes.Element) -> explorer:
    """Make the node of an explorer on paper, where no knob can be turned."""
    page = f"{app.config.html_baseurl.rstrip('/')}/{docname}.html"
    there = nodes.reference("", "Turn the knobs.", refuri=page, internal=False)
    words = nodes.paragraph("", "", nodes.Text(f"{picture['alt']} "), there)
    return explorer("", picture, words)


def put_on_paper(
    app: Sphinx, bundle: nodes.container, views: dict[str, nodes.Element]
) -> None:
    """Put picture and sentence in the place of an explorer's stored output."""
    text = views["text/plain"].astext() if "text/plain" in views else ""
    if "image/png" in views and (stored := STORED.fullmatch(text)):
        picture = next(iter(views["image/png"].findall(nodes.image))).deepcopy()
        picture["alt"] = stored["sentence"]
        bundle.replace_self(still(app, app.env.docname, picture))


def on_doctree_read(app: Sphinx, doctree: nodes.document) -> None:
    """Put explorers in the place of the widget views of an executed notebook."""
    docname = app.env.docname
    scripts = NbMetadataCollector.get_js_files(app.env, docname)
    _, saved = scripts.pop("ipywidgets_state", (None, {}))
    models = json.loads(saved.get("body", "{}")).get("state", {})
    for bundle in list(doctree.findall(nodes.container)):
        if bundle.get("nb_element") != "mime_bundle":
            continue
        views = {view["mime_type"]: view for view in bundle.children}
        if app.builder.name == "singlehtml":
            put_on_paper(app, bundle, views)
            continue
        if WIDGET_VIEW_MIMETYPE not in views:
            continue
        text = views[WIDGET_VIEW_MIMETYPE].astext()
        model = models.get(
            json.loads(text[text.index("{") : text.rindex("}") + 1])["model_id"]
        )
        if model is None or "spec" not in model["state"]:
            LOGGER.warning(
                "a control that needs a kernel would be dead on this page; "
                "give its cell the tag remove-output",
                location=bundle,
            )
            continue
        state, spec = model["state"], model["state"]["spec"]
        table = next(b["data"] for b in model["buffers"] if b["path"] == ["table"])
        alt = views["text/plain"].astext().partition("\n")[2]
        picture = figures.chosen(app, views, alt)
        values = {knob["name"]: state[knob["name"]] for knob in spec["knobs"]}
        bundle.replace_self(place(app, docname, (spec, values, table.strip()), picture))


def on_chips(_app: Sphinx, doctree: nodes.document) -> None:
    """Make chips of links to states, as ``[0.95](#explorer-1?gain=0.95)``."""
    for link in list(doctree.findall(addnodes.pending_xref)):
        target = link.get("reftarget", "")
        if CHIP.match(target):
            chip = nodes.reference("", "", refuri=f"#{target}", internal=True)
            chip["classes"].append("vg-chip")
            chip += link.children
            link.replace_self(chip)


class ExplorerDirective(SphinxDirective):
    """``{explorer} LinearChain``, with ``knobs``, a YAML mapping, and ``play``.

    The latter names a knob that goes through its values once, from the first to the
    one it was given, when the explorer is first seen.
    """

    required_arguments = 1
    option_spec = {  # noqa: RUF012 - docutils reads it
        "knobs": directives.unchanged,
        "play": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Compute the explorer here, in the build."""
        values = yaml.safe_load(self.options.get("knobs", "")) or {}
        widget = getattr(explorers, self.arguments[0])(**values)
        picture = figures.drawn(self.env, widget.figure(), widget.sentence())
        self.set_source_info(picture)
        if self.env.app.builder.name == "singlehtml":
            return [still(self.env.app, self.env.docname, picture)]
        table = base64.b64encode(widget.table).decode()
        knobs = {name: getattr(widget, name) for name in widget.knobs}
        state = (widget.spec, knobs, table)
        node = place(self.env.app, self.env.docname, state, picture)
        node["play"] = self.options.get("play", "")
        return [node]


def visit_html(translator: Any, node: explorer) -> None:
    """Open the place of an explorer."""
    if "state" not in node:
        translator.body.append('<div class="vg-paper-explorer">')
        return
    here = translator.builder.get_target_uri(translator.builder.current_docname)
    state = relative_uri(here, node["state"])
    program = relative_uri(here, f"_static/{BUNDLE.name}")
    play = f' data-play="{node["play"]}"' if node.get("play") else ""
    translator.body.append(
        f'<div class="vg-explorer" id="explorer-{node["number"]}" '
        f'data-program="{program}" data-state="{state}"{play}>{node["around"][0]}'
    )


def depart_html(translator: Any, node: explorer) -> None:
    """Close the place of an explorer."""
    translator.body.append(f"{node.get('around', ('', ''))[1]}</div>")


def visit_other(_translator: Any, _node: explorer) -> None:
    """Elsewhere the still picture is enough."""


def on_start(app: Sphinx) -> None:
    """Take bundle and stylesheet from the package, so that there is one of each."""
    if app.builder.format == "html":
        for file in (BUNDLE, STYLESHEET):
            copy_asset(str(file), str(Path(app.outdir) / "_static"))


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    other = (visit_other, visit_other)
    app.add_node(explorer, html=(visit_html, depart_html), latex=other, text=other)
    app.add_directive("explorer", ExplorerDirective)
    app.connect("doctree-read", on_doctree_read)
    app.connect("doctree-read", on_chips)
    app.add_css_file(STYLESHEET.name)
    app.connect("builder-inited", on_start)
