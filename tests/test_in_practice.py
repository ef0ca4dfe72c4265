"""The lines of PyTorch that chapters and pages show do run."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?ms)^```python\n(.*?)^```")
PLACES = [*sorted(ROOT.glob("notebooks/*.ipynb")), *sorted(ROOT.glob("book/*.md"))]


def text_of(place: Path) -> str:
    """Return the Markdown of a page, or of a notebook's text cells."""
    if place.suffix == ".md":
        return place.read_text("utf-8")
    cells = json.loads(place.read_text("utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return "\n\n".join(texts)


def blocks_of(place: Path) -> list[str]:
    """Return the blocks of Python that a page shows and does not run itself."""
    return BLOCK.findall(text_of(place))


def promised(block: str) -> list[str]:
    """Return the lines that a block says it prints."""
    _, _, said = block.partition("# It prints:\n")
    return [line.removeprefix("# ") for line in said.splitlines()]


def run(blocks: list[str], folder: Path) -> None:
    """Run blocks one after the other in a namespace of their own."""
    namespace = {"__name__": "__main__"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for number, block in enumerate(blocks, start=1):
            exec(compile(block, f"block {number}", "exec"), namespace)
    finally:
        os.chdir(before)


SHOWN = [place for place in PLACES if blocks_of(place)]


@pytest.mark.torch
@pytest.mark.parametrize("place", SHOWN, ids=lambda place: place.stem)
def test_what_a_page_shows_runs_and_prints_what_it_says(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = blocks_of(place)
    if any("torch" in block for block in blocks):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        torch.manual_seed(0)
    run(blocks, tmp_path)
    printed = capsys.readouterr().out.splitlines()
    for line in [line for block in blocks for line in promised(block)]:
        assert line in printed


def test_what_a_block_says_it_prints_is_found() -> None:
    assert promised("print(1)\n# It prints:\n# 1\n# 2\n") == ["1", "2"]
    assert promised("print(1)  # a number\n") == []


def test_blocks_share_a_namespace_and_their_errors_are_seen(tmp_path: Path) -> None:
    blocks = BLOCK.findall("```python\nx = 1\n```\ntext\n```python\ny = x + z\n```\n")
    with pytest.raises(NameError, match="'z'"):
        run(blocks, tmp_path)
    assert "y" not in vars(sys.modules["__main__"])


def test_only_python_is_taken() -> None:
    assert BLOCK.findall("```sh\nls\n```\n`x`\n") == []
