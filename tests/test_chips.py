"""A link to a state of an explorer becomes a chip that sets its knobs."""

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")

from sphinx.application import Sphinx

CONF = """
from coursebook.explorers import on_chips
extensions = ["myst_parser"]
def setup(app):
    app.connect("doctree-read", on_chips)
"""


def test_a_link_to_a_state_is_a_chip(tmp_path):
    (tmp_path / "conf.py").write_text(CONF, "utf-8")
    text = "# Title\n\nSet [0.95](#explorer-1?gain=0.95&depth=200) now.\n"
    (tmp_path / "index.md").write_text(text, "utf-8")
    out = tmp_path / "out"
    app = Sphinx(tmp_path, tmp_path, out, out, "html", warningiserror=True, status=None)
    app.build()
    page = (out / "index.html").read_text("utf-8")
    assert 'href="#explorer-1?gain=0.95&amp;depth=200"' in page
    assert "vg-chip" in page
