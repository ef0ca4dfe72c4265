"""The notebooks keep the house's form, and every rule can be broken."""

import base64
import copy
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import address
import pandas as pd
import pytest

from vgcourse import exercises, guesses

ROOT = address.ROOT
PATHS = sorted(ROOT.glob("notebooks/*.ipynb"))
Notebook = dict[str, Any]

TAGS = {
    "remove-cell",
    "remove-output",
    "hide-input",
    "after-guess",
    "raises-exception",
    "nbval-ignore-output",
}
KEPT = {"text/plain", "text/latex", "image/png"}
TABLE = re.compile(
    r"<div>\s*<style scoped>.*?</style>\s*<table[^>]*dataframe", re.DOTALL
)
OURS = re.compile(r'<div class="vg-(?:guess|exercise)" data-')
PNG_BYTES = 60_000

# What does not read in Colab and in Jupyter Book alike: searched in markdown cells.
FORBIDDEN = {
    "directive": r"^\s*(?:`{3,}|~{3,}|:{3,})\{[\w:-]+\}",
    "role": r"(?<!`)\{[a-z][\w:-]*\}`[^`\n]+`",
    "target": r"^\([\w-]+\)=\s*$",
    "labelled equation": r"^\s*\$\$\s*\([\w:-]+\)\s*$",
    "TeX reference": r"\\(?:eqref|ref|label)\{",
    "bare AMS environment": r"^\\begin\{(?:align|equation|gather)\*?\}",
    "tag beside a line break": r"\$\$[^$]*\\\\[^$]*\\tag\{",
    "footnote": r"\[\^[\w-]+\]",
    "display math inside a line": (r"\S[ \t]*\$\$[^$\n]+\$\$|\$\$[^$\n]+\$\$[ \t]*\S"),
    "relative image": r"!\[[^\]]*\]\((?!https://)",
    "GitHub alert": r"^>\s*\[!",
    "styled HTML": r"<(?:div|span|font|img)\b",
}
# What differs from one run or machine to the next, or should not have been printed.
UNSTABLE = {
    "memory address": r"\bat 0x[0-9a-f]{6,}|\b0x[0-9a-f]{8,}\b",
    "absolute path": (
        r"(?<![\w:/.])/(?:home|root|tmp|usr|opt|work|Users|content)/|\b[A-Z]:\\"
    ),
    "warning": r"\w*Warning\b",
}
HEADING = re.compile(r"^(#{1,6}) +(.+)$", re.MULTILINE)


def text(value: str | list[str]) -> str:
    """Return the text that a notebook stores as one string or as lines."""
    return value if isinstance(value, str) else "".join(value)


def cells(notebook: Notebook, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def outputs(notebook: Notebook) -> list[dict[str, Any]]:
    return [output for cell in cells(notebook, "code") for output in cell["outputs"]]


def prose(cell: dict[str, Any]) -> str:
    """Return the text of a markdown cell without its fenced code."""
    return re.sub(r"(?ms)^```.*?^```", "", text(cell["source"]))


# Each rule yields what is wrong with a notebook; its docstring says what should be.


def forbidden_markup(notebook: Notebook) -> list[str]:
    """Markdown reads alike in Colab and in Jupyter Book."""
    return [
        f"{name}: {match[0].strip()}"
        for cell in cells(notebook, "markdown")
        for name, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, text(cell["source"]), re.MULTILINE)
    ]


def headings(notebook: Notebook) -> list[str]:
    """One H1, in the first cell; no level skipped; no mathematics."""
    found = [
        (index, len(marks), title)
        for index, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "markdown"
        for marks, title in HEADING.findall(prose(cell))
    ]
    wrong = [f"mathematics: {title}" for _, _, title in found if "$" in title]
    if [index for index, level, _ in found if level == 1] != [0]:
        wrong.append("not one H1 in the first cell")
    wrong += [
        f"level skipped: {title}"
        for (_, above, _), (_, below, title) in pairwise(found)
        if below > above + 1
    ]
    return wrong


def tags(notebook: Notebook) -> list[str]:
    """Only the tags allowed; outputs are ignored only with a reason in the cell."""
    wrong = []
    for cell in notebook["cells"]:
        given = set(cell["metadata"].get("tags", []))
        wrong += sorted(given - TAGS)
        reasoned = re.search(r"(?m)^\s*#", text(cell["source"]))
        if "nbval-ignore-output" in given and not reasoned:
            wrong.append("nbval-ignore-output without a reason")
    return wrong


def plain_cells(notebook: Notebook) -> list[str]:
    """No cell is empty, and none hides its code in a form."""
    sources = [text(cell["source"]) for cell in notebook["cells"]]
    wrong = [
        f"empty cell {i}" for i, source in enumerate(sources) if not source.strip()
    ]
    code = [text(cell["source"]) for cell in cells(notebook, "code")]
    wrong += ["hidden in a form" for c in code if re.search(r"#\s*@(title|param)", c)]
    return wrong


def runs(notebook: Notebook) -> list[str]:
    """Run from top to bottom, with something to show for it, and no error."""
    counts = [cell["execution_count"] for cell in cells(notebook, "code")]
    wrong = []
    if counts != list(range(1, len(counts) + 1)):
        wrong.append(f"execution counts {counts}")
    kinds = {mime for output in outputs(notebook) for mime in output.get("data", {})}
    if "image/png" not in kinds:
        wrong.append("no picture")
    wrong += [
        f"error: {output['ename']}"
        for cell in cells(notebook, "code")
        for output in cell["outputs"]
        if output["output_type"] == "error"
        and "raises-exception" not in cell["metadata"].get("tags", [])
    ]
    return wrong


def stored_text(notebook: Notebook) -> list[str]:
    """No address, path or warning in an output, and nothing from stderr."""
    wrong = []
    for output in outputs(notebook):
        if output.get("name") == "stderr":
            wrong.append("stderr")
        data = output.get("data", {})
        shown = [value for mime, value in data.items() if mime.startswith("text/")]
        shown += [output.get("text", ""), *output.get("traceback", [])]
        for value in map(text, shown):
            wrong += [n for n, pattern in UNSTABLE.items() if re.search(pattern, value)]
    return wrong


def stored_kinds(notebook: Notebook) -> list[str]:
    """Text, LaTeX, tables, guesses, exercises, small pictures; no state of widgets."""
    wrong = ["widget state"] if "widgets" in notebook["metadata"] else []
    for output in outputs(notebook):
        data = output.get("data", {})
        kinds = set(data) - KEPT
        page = text(data.get("text/html", ""))
        if TABLE.match(page) or OURS.match(page):
            kinds.discard("text/html")
        wrong += sorted(kinds)
        size = len(base64.b64decode(text(data.get("image/png", ""))))
        if size > PNG_BYTES:
            wrong.append(f"picture of {size} bytes")
    return wrong


def alternatives(notebook: Notebook) -> list[str]:
    """Each picture in words: in its cell's metadata, or as an explorer's sentence."""
    wrong = []
    for cell in cells(notebook, "code"):
        shown = [output.get("data", {}) for output in cell["outputs"]]
        pictures = [data for data in shown if "image/png" in data]
        if any(re.match(r"\w+\(.*\)\n", text(d["text/plain"])) for d in pictures):
            continue
        words = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures and len(words) < 20:
            wrong.append(f"no alt text in cell {cell['id']}")
    return wrong


def form(notebook: Notebook) -> list[str]:
    """Format 4.5 with unique ids, and the metadata that `make notebooks-run` leaves."""
    wrong = []
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        wrong.append("not nbformat 4.5")
    if set(notebook["metadata"]) - {"widgets"} != {"kernelspec", "language_info"}:
        wrong.append(f"metadata {sorted(notebook['metadata'])}")
    ids = [cell["id"] for cell in notebook["cells"]]
    if len(set(ids)) < len(ids):
        wrong.append("ids that are not unique")
    wrong += [
        f"metadata of cell {cell['id']}"
        for cell in notebook["cells"]
        if set(cell["metadata"]) - {"tags", "mystnb"}
    ]
    return wrong


RULES: list[Callable[[Notebook], list[str]]] = [
    forbidden_markup,
    headings,
    tags,
    plain_cells,
    runs,
    stored_text,
    stored_kinds,
    alternatives,
    form,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rule(path: Path, rule: Callable) -> None:
    assert rule(json.loads(path.read_text("utf-8"))) == [], rule.__doc__


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_badges_and_install_cell_are_the_generated_ones(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    badges = notebook["cells"][address.BADGES]
    install = notebook["cells"][address.INSTALL]
    assert badges == address.badges_cell(path.stem), "make address"
    assert install == {**address.install_cell(), "execution_count": 1}, "make address"


def test_there_are_chapters() -> None:
    assert PATHS


def chapters_in(toc: str) -> list[str]:
    return re.findall(r"(?m)^\s*-\s*file:\s*notebooks/(\S+?)(?:\.ipynb)?\s*$", toc)


def test_the_book_lists_every_chapter_and_no_other_in_reading_order() -> None:
    toc = (ROOT / "book/_toc.yml").read_text("utf-8")
    assert chapters_in(toc) == [path.stem for path in PATHS]


def test_a_chapter_in_the_list_is_seen() -> None:
    toc = "chapters:\n  - file: notebooks/01_x\n  - file: book/notation\n"
    assert chapters_in(toc) == ["01_x"]


# The rules can fail: a notebook that keeps them all, and one way to break each.

PIXEL = base64.b64encode(b"\x89PNG").decode()


@pytest.fixture
def good() -> Notebook:
    def markdown(name: str, source: str) -> dict[str, Any]:
        return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}

    def code(count: int) -> dict[str, Any]:
        result = {
            "output_type": "execute_result",
            "execution_count": count,
            "metadata": {},
            "data": {"text/plain": "0.25", "image/png": PIXEL},
        }
        return {
            "cell_type": "code",
            "id": f"code-{count}",
            "metadata": {"mystnb": {"image": {"alt": "A line that climbs to 0.25."}}},
            "source": "x = 1\nx / 4",
            "execution_count": count,
            "outputs": [result],
        }

    pairs = [(markdown(f"text-{n}", f"## Step {n}"), code(n)) for n in range(1, 21)]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {}, "language_info": {}},
        "cells": [markdown("title", "# Title"), *(c for pair in pairs for c in pair)],
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_passes(rule: Callable, good: Notebook) -> None:
    assert rule(good) == []


def test_a_table_may_be_stored(good: Notebook) -> None:
    html = pd.DataFrame({"loss": [0.69]}).to_html(notebook=True)
    outputs(good)[0]["data"]["text/html"] = html
    assert stored_kinds(good) == []


def test_a_guess_and_an_exercise_may_be_stored(good: Notebook) -> None:
    guess = guesses.choice("Which?", options=["a", "b"], truth="a", answer="So.")
    outputs(good)[0]["data"]["text/html"] = guess._repr_html_()
    shown = exercises.check("06.1", None)._repr_html_()
    outputs(good)[1]["data"]["text/html"] = shown
    assert stored_kinds(good) == []


BREAKS: dict[str, tuple[Callable, Callable[[Notebook], object], str]] = {
    "markup": (
        forbidden_markup,
        lambda nb: nb["cells"][1].update(source="see {ref}`here`"),
        "role",
    ),
    "second title": (
        headings,
        lambda nb: nb["cells"][1].update(source="# Again"),
        "H1",
    ),
    "no title": (headings, lambda nb: nb["cells"][0].update(source="Title"), "H1"),
    "skipped level": (
        headings,
        lambda nb: nb["cells"][1].update(source="### Deep"),
        "level skipped",
    ),
    "formula in heading": (
        headings,
        lambda nb: nb["cells"][1].update(source="## On $x$"),
        "mathematics",
    ),
    "tag": (
        tags,
        lambda nb: nb["cells"][1].update(metadata={"tags": ["hide-cell"]}),
        "hide-cell",
    ),
    "no reason": (
        tags,
        lambda nb: nb["cells"][2].update(metadata={"tags": ["nbval-ignore-output"]}),
        "without a reason",
    ),
    "empty": (plain_cells, lambda nb: nb["cells"][2].update(source="\n"), "empty"),
    "form": (
        plain_cells,
        lambda nb: nb["cells"][2].update(source="#@title Hidden"),
        "form",
    ),
    "no alt text": (
        alternatives,
        lambda nb: nb["cells"][2].update(metadata={}),
        "no alt text",
    ),
    "not run": (runs, lambda nb: nb["cells"][2].update(execution_count=None), "counts"),
    "no output": (
        runs,
        lambda nb: [cell.update(outputs=[]) for cell in cells(nb, "code")],
        "no picture",
    ),
    "error": (
        runs,
        lambda nb: nb["cells"][2]["outputs"].append(
            {"output_type": "error", "ename": "ValueError", "traceback": []}
        ),
        "error: ValueError",
    ),
    "stderr": (
        stored_text,
        lambda nb: nb["cells"][2]["outputs"].append(
            {"output_type": "stream", "name": "stderr", "text": "oh"}
        ),
        "stderr",
    ),
    "address": (
        stored_text,
        lambda nb: outputs(nb)[0]["data"].update(
            {"text/plain": "<A at 0x7f3a5c0d1e80>"}
        ),
        "memory address",
    ),
    "path": (
        stored_text,
        lambda nb: outputs(nb)[0]["data"].update({"text/plain": "'/home/me/x.py'"}),
        "absolute path",
    ),
    "warning": (
        stored_text,
        lambda nb: outputs(nb)[0]["data"].update(
            {"text/plain": "RuntimeWarning: divide"}
        ),
        "warning",
    ),
    "html": (
        stored_kinds,
        lambda nb: outputs(nb)[0]["data"].update({"text/html": "<b>1</b>"}),
        "text/html",
    ),
    "big picture": (
        stored_kinds,
        lambda nb: outputs(nb)[0]["data"].update({"image/png": "AAAA" * 20_001}),
        "60003 bytes",
    ),
    "widget state": (
        stored_kinds,
        lambda nb: nb["metadata"].update(widgets={}),
        "widget state",
    ),
    "old format": (form, lambda nb: nb.update(nbformat_minor=4), "4.5"),
    "metadata": (form, lambda nb: nb["metadata"].update(colab={}), "colab"),
    "same id": (form, lambda nb: nb["cells"][1].update(id="title"), "unique"),
    "timing": (
        form,
        lambda nb: nb["cells"][2]["metadata"].update(execution={}),
        "metadata of cell",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_is_seen(name: str, good: Notebook) -> None:
    rule, damage, complaint = BREAKS[name]
    broken = copy.deepcopy(good)
    damage(broken)
    assert any(complaint in wrong for wrong in rule(broken)), rule(broken)


# For each forbidden pattern, what it finds and what it leaves alone.
SAMPLES = {
    "directive": (
        ["```{note}\nText\n```", ":::{tip}\nText\n:::", "~~~{code-block} python"],
        ["```python\nx = {1}\n```", "> **Note.** Text", "::: not this"],
    ),
    "role": (
        ["see {ref}`chain`", "{doc}`intro`", "by {math:numref}`x`"],
        ["the set `{a}` and `b`", "$\\mathrm{tanh}$ and `x`", "`{name}` is `x`"],
    ),
    "target": (["(chain-rule)="], ["(chain-rule) = 1", "f(x)=1"]),
    "labelled equation": (
        ["$$\nx = 1\n$$ (eq-chain)"],
        ["$$\nx = 1 \\tag{2.1}\n$$", "$$\nx\n$$\n\n(2.1)"],
    ),
    "TeX reference": (
        [r"\eqref{a}", r"see \ref{b}", r"\label{c}"],
        [r"\tag{2.1}", "a label", r"\refine{x}"],
    ),
    "bare AMS environment": (
        ["\\begin{align}\nx\n\\end{align}", r"\begin{equation*}"],
        ["$$\n\\begin{aligned}\nx\n\\end{aligned}\n$$"],
    ),
    # The book wraps a display with line breaks in `split`, which allows no tag.
    "tag beside a line break": (
        ["$$\n\\begin{aligned}a \\\\ b\\end{aligned} \\tag{1.1}\n$$"],
        ["$$\na \\\\ b\n$$\n\n$$\nx \\tag{1.2}\n$$"],
    ),
    "footnote": (["a claim[^1]", "[^note]: text"], ["x[1]", "$x^{[1]}$", "a^1"]),
    "display math inside a line": (
        ["so $$x = 1$$", "$$x = 1$$ follows"],
        ["$$x = 1$$", "\n$$\nx = 1\n$$\n", "$x$ and $y$"],
    ),
    "relative image": (
        ["![A plot](plot.png)", "![](../x.png)", "![p](http://a.org/x.png)"],
        ["![A badge](https://a.org/x.svg)", "[a link](02_x.ipynb)"],
    ),
    "GitHub alert": (["> [!NOTE]\n> Text", ">[!WARNING]"], ["> **Note.** [x](y)"]),
    "styled HTML": (
        ['<div class="alert">', "<img src='x'>", "<span>", "<font color='red'>"],
        ["<details><summary>Solution</summary>", "a < b", "<divide>"],
    ),
}


def test_every_forbidden_pattern_has_samples() -> None:
    assert set(SAMPLES) == set(FORBIDDEN)


@pytest.mark.parametrize(
    ("name", "sample"), [(n, s) for n, (bad, _) in SAMPLES.items() for s in bad]
)
def test_forbidden_pattern_finds(name: str, sample: str) -> None:
    assert re.search(FORBIDDEN[name], sample, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "sample"), [(n, s) for n, (_, good) in SAMPLES.items() for s in good]
)
def test_forbidden_pattern_leaves_alone(name: str, sample: str) -> None:
    assert not re.search(FORBIDDEN[name], sample, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("memory address", "<function f at 0x7f3a5c0d1e80>"),
        ("absolute path", "/root/x.py"),
        ("absolute path", r"C:\Users\me"),
        ("warning", "DeprecationWarning: x"),
    ],
)
def test_unstable_pattern_finds(name: str, sample: str) -> None:
    assert re.search(UNSTABLE[name], sample)


@pytest.mark.parametrize("sample", ["0x10", "at 0.5", "a/b", "https://a.org/home/x"])
def test_unstable_patterns_leave_alone(sample: str) -> None:
    assert not any(re.search(pattern, sample) for pattern in UNSTABLE.values())
