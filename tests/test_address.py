"""The repository's address stands in one place, and everything else agrees with it."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import address
import pytest
from address import ROOT, Address
from IPython.core.inputtransformer2 import TransformerManager

OURS = Address("someone/a-fork", "v1.2.3")
PLACEHOLDER = Address(address.PLACEHOLDER, "v0.1.0")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a copy of every file that may hold the address."""
    for pattern in (*address.TEXTS, "pyproject.toml", "notebooks/*.ipynb"):
        for path in ROOT.glob(pattern):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return tmp_path


def rewrite(root: Path) -> list[str]:
    changes = address.pending(root)
    for path, text in changes.items():
        path.write_text(text, "utf-8")
    return sorted(str(path.relative_to(root)) for path in changes)


def contents(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_text("utf-8") for path in files}


def test_everything_agrees_with_pyproject() -> None:
    stale = [str(path.relative_to(ROOT)) for path in address.pending()]
    assert stale == [], "make address rewrites them"


def test_the_files_that_lead_readers_on_hold_the_address() -> None:
    here = address.read()
    readme = (ROOT / "README.md").read_text("utf-8")
    first = min(path.stem for path in ROOT.glob("notebooks/*.ipynb"))
    for link in (here.url, here.site, here.colab(first), here.binder(first)):
        assert link in readme
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f'repository-code: "{here.url}"\n' in citation
    assert f"version: {here.tag[1:]}\n" in citation
    config = (ROOT / "book/_config.yml").read_text("utf-8")
    assert f"\n  url: {here.url}\n" in config
    assert f"\n  branch: {here.tag}\n" in config


def test_a_fork_is_one_edit(house: Path) -> None:
    before = contents(house)
    address.set_address(OURS.url, house)
    changed = rewrite(house)
    notebooks = {name for name in before if name.startswith("notebooks/")}
    assert {"README.md", "CITATION.cff", "book/_config.yml", *notebooks} <= set(changed)
    here = address.read(house)
    assert here.slug == OURS.slug
    after = contents(house)
    for name, text in after.items():
        assert address.PLACEHOLDER not in text, name
    for name in notebooks:
        assert f"{here.url}@{here.tag}" in after[name], name
    # Once is enough, and the way back leads to where we were.
    assert rewrite(house) == []
    address.set_address(address.read().url, house)
    rewrite(house)
    assert contents(house) == before


def test_a_disagreement_is_seen_and_mended(house: Path) -> None:
    readme = house / "README.md"
    right = readme.read_text("utf-8")
    tag = address.read(house).tag
    readme.write_text(right.replace(f"/{tag}/notebooks", "/v0.0.9/notebooks"), "utf-8")
    assert readme.read_text("utf-8") != right
    assert rewrite(house) == ["README.md"]
    assert readme.read_text("utf-8") == right


def test_missing_cells_are_put_where_they_belong() -> None:
    cells = [
        {"cell_type": "markdown", "id": name, "metadata": {}, "source": [name]}
        for name in ("title", "goals", "imports")
    ]
    text = json.dumps({"cells": cells, "metadata": {}})
    once = address.rewrite_notebook(text, "01_x", OURS)
    ids = [cell["id"] for cell in json.loads(once)["cells"]]
    assert ids == ["title", "badges", "goals", "install", "imports"]
    assert address.rewrite_notebook(once, "01_x", OURS) == once


def test_a_rewritten_install_cell_keeps_its_count() -> None:
    cells = [{"id": "title"}, {"id": "goals"}, address.install_cell(PLACEHOLDER)]
    cells[-1]["execution_count"] = 1
    text = address.rewrite_notebook(json.dumps({"cells": cells}), "01_x", OURS)
    install = json.loads(text)["cells"][address.INSTALL]
    assert install["execution_count"] == 1
    assert install["source"] == address.install_cell(OURS)["source"]


def test_badges_lead_to_the_tag_of_this_edition() -> None:
    source = "".join(address.badges_cell("01_x", OURS)["source"])
    assert re.findall(r"\]\(([^)]+)\)(?!\])", source) == [
        "https://colab.research.google.com/github/someone/a-fork/blob/v1.2.3/notebooks/01_x.ipynb",
        "https://mybinder.org/v2/gh/someone/a-fork/v1.2.3?urlpath=lab/tree/notebooks/01_x.ipynb",
    ]


def test_the_install_cell_installs_the_helper_package_alone_at_a_tag() -> None:
    source = "".join(address.install_cell(OURS)["source"])
    assert 'COURSE = "git+https://github.com/someone/a-fork@v1.2.3"' in source
    assert '%pip install -q --no-deps "vgcourse @ {COURSE}"' in source
    assert "requirements" not in source


def run_install_cell(where: Address) -> list[str]:
    """Return the magics that the install cell calls when it is run."""
    called: list[str] = []

    def run_line_magic(name: str, line: str) -> None:
        called.append(f"%{name} {line}")

    source = "".join(address.install_cell(where)["source"])
    code = TransformerManager().transform_cell(source)
    shell = SimpleNamespace(run_line_magic=run_line_magic)
    exec(code, {"get_ipython": lambda: shell})
    return called


@pytest.mark.parametrize("where", [OURS, PLACEHOLDER], ids=["fork", "placeholder"])
def test_the_install_cell_does_nothing_outside_colab(
    where: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_install_cell(where) == []
    assert capsys.readouterr().out == ""


def test_the_install_cell_runs_in_colab(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    assert run_install_cell(OURS) == ['%pip install -q --no-deps "vgcourse @ {COURSE}"']
    assert capsys.readouterr().out == ""
    assert run_install_cell(PLACEHOLDER) == []
    assert "no public address" in capsys.readouterr().out


@pytest.mark.parametrize(
    "url",
    ["https://github.com/a/b", "https://github.com/a/b/", "https://github.com/a/b.git"],
)
def test_an_address_is_read_with_or_without_its_ending(url: str) -> None:
    assert address.parse(url) == "a/b"


@pytest.mark.parametrize(
    "url", ["", "a/b", "http://github.com/a/b", "https://github.com/a"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"an address looks like .*, got "):
        address.parse(url)


def test_other_repositories_are_left_alone() -> None:
    text = "https://github.com/OWNER/vgcourse-data and https://github.com/x/vgcourse"
    assert address.rewrite_text(text, address.PLACEHOLDER, OURS) == text
