"""Each page has its promise, and each chapter its question and its true time."""

import json
import re
from typing import Any

import pytest
import yaml
from address import ROOT

PAGES = yaml.safe_load((ROOT / "book/pages.yml").read_text("utf-8"))
TOC = (ROOT / "book/_toc.yml").read_text("utf-8")
CHAPTERS = {name: page for name, page in PAGES.items() if name.startswith("notebooks/")}


def minutes(notebook: dict[str, Any]) -> int:
    """Return the time that a chapter itself says it takes."""
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    return int(re.search(r"\*\*Time:\*\* about (\d+) minutes", text)[1])


def test_pages_are_those_of_the_table_of_contents_in_its_order():
    assert list(PAGES) == re.findall(r"(?m)^(?:root| *- file): (\S+)$", TOC)


@pytest.mark.parametrize("name", CHAPTERS)
def test_time_is_the_one_the_chapter_gives(name):
    notebook = json.loads((ROOT / f"{name}.ipynb").read_text("utf-8"))
    assert PAGES[name]["minutes"] == minutes(notebook)


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_has_a_question(name):
    assert PAGES[name]["question"].endswith("?")


@pytest.mark.parametrize("name", PAGES)
def test_promise_is_one_short_line(name):
    promise = PAGES[name]["promise"]
    assert promise.endswith(".")
    assert 30 <= len(promise) <= 100
    assert "$" not in promise


def test_robots_are_let_in_everywhere():
    robots = (ROOT / "book/robots.txt").read_text("utf-8")
    assert re.findall(r"(?m)^(?!#)\S.*$", robots) == ["User-agent: *", "Allow: /"]
    config = yaml.safe_load((ROOT / "book/_config.yml").read_text("utf-8"))
    assert "book/robots.txt" in config["sphinx"]["config"]["html_extra_path"]
