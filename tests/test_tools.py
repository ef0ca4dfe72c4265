"""What the Makefile calls: the tools do what their names say, and say so when not."""

import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import browser
import build_book
import nbformat
import pytest
import run_notebooks
import serve
import steps
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TOOLS = Path(run_notebooks.__file__).parent
VIEW = run_notebooks.WIDGET_VIEW


# Notebooks ------------------------------------------------------------------------


def stored(*cells: nbformat.NotebookNode, **metadata: Any) -> nbformat.NotebookNode:
    notebook = new_notebook(cells=list(cells), metadata=metadata)
    return run_notebooks.normalize(notebook)


def test_normalize_keeps_the_still_picture_of_a_widget_and_drops_its_view() -> None:
    data = {VIEW: {}, "text/html": "<b>", "text/plain": "Chain()", "image/png": "AA=="}
    about = {VIEW: {"x": 1}, "image/png": {"alt": "a chain"}}
    output = new_output("display_data", data, metadata=about)
    [cell] = stored(new_code_cell("Chain()", outputs=[output])).cells
    assert cell.outputs[0].data == {"text/plain": "Chain()", "image/png": "AA=="}
    assert cell.outputs[0].metadata == {"image/png": {"alt": "a chain"}}


def test_normalize_keeps_a_table_that_is_no_widget() -> None:
    output = new_output("display_data", {"text/html": "<table>"})
    [cell] = stored(new_code_cell("t", outputs=[output])).cells
    assert cell.outputs[0].data == {"text/html": "<table>"}


def test_normalize_drops_state_and_times_and_keeps_tags() -> None:
    metadata = {"execution": {"iopub.execute_input": "2026"}, "tags": ["hide-input"]}
    notebook = stored(
        new_code_cell("1", metadata=metadata), widgets={"state": {}}, colab={}
    )
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.cells[0].metadata == {"tags": ["hide-input"]}


def test_normalize_counts_code_cells_from_one() -> None:
    result = new_output("execute_result", {"text/plain": "1"}, execution_count=7)
    notebook = stored(
        new_markdown_cell("# T"),
        new_code_cell("1", execution_count=7, outputs=[result]),
        new_code_cell("2", execution_count=3),
    )
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2]
    assert notebook.cells[1].outputs[0].execution_count == 1


def test_normalize_joins_pieces_of_one_stream_only() -> None:
    pieces = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    outputs = [new_output("stream", name=name, text=text) for name, text in pieces]
    [cell] = stored(new_code_cell("print", outputs=outputs)).cells
    assert [output.text for output in cell.outputs] == ["ab", "c", "d"]


def test_normalize_leaves_of_a_traceback_what_every_machine_says() -> None:
    error = new_output(
        "error", ename="ValueError", evalue="no", traceback=["/some/path", "no"]
    )
    [cell] = stored(new_code_cell("raise", outputs=[error])).cells
    assert cell.outputs[0].traceback == ["ValueError: no"]


def test_random_ids_become_ids_that_a_rebuilt_notebook_gets_again() -> None:
    def ids() -> list[str]:
        cells = [new_markdown_cell("same"), new_markdown_cell("same")]
        cells += [new_code_cell("x"), new_code_cell("y", id="my-cell")]
        return [cell.id for cell in stored(*cells).cells]

    first = ids()
    assert first == ids()
    assert len(set(first)) == len(first)
    assert first[-1] == "my-cell"
    assert all(name.startswith("cell-") for name in first[:-1])


def test_normalize_twice_is_normalize_once() -> None:
    once = stored(new_markdown_cell("a"), new_code_cell("b"))
    before = json.dumps(once)
    assert json.dumps(run_notebooks.normalize(once)) == before


def run_tool(name: str, *arguments: object, **settings: Any) -> Any:
    command = [sys.executable, str(TOOLS / name), *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, **settings
    )


def test_a_notebook_is_run_in_its_folder_and_stored(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("found")
    cells = [new_code_cell("open('here.txt').read()"), new_code_cell("1 / 4")]
    path = tmp_path / "x.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    result = run_tool("run_notebooks.py", path)
    assert result.returncode == 0, result.stderr
    assert "[1/1] x.ipynb: stored" in result.stdout
    code = nbformat.read(path, 4).cells
    assert [cell.outputs[0].data["text/plain"] for cell in code] == ["'found'", "0.25"]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("1 / 0", "cell 1 raised ZeroDivisionError: division by zero"),
        ("import warnings; warnings.warn('mind')", "cell 1 wrote to stderr: "),
    ],
)
def test_a_notebook_that_fails_is_not_stored(
    tmp_path: Path, source: str, complaint: str
) -> None:
    path = tmp_path / "x.ipynb"
    nbformat.write(
        new_notebook(cells=[new_code_cell("1"), new_code_cell(source)]), path
    )
    before = path.read_bytes()
    result = run_tool("run_notebooks.py", path)
    assert result.returncode == 1
    assert f"[1/1] x.ipynb: FAILED, {complaint}" in result.stdout
    assert path.read_bytes() == before


# Browser --------------------------------------------------------------------------


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return an empty folder where browsers are looked for."""
    monkeypatch.delenv("VGCOURSE_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(browser, "NAMES", ())
    browser.find.cache_clear()
    yield tmp_path
    browser.find.cache_clear()


def program(path: Path, *, code: int = 0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_no_browser_is_none(no_browser: Path) -> None:
    assert browser.find() is None


def test_the_browser_that_was_named_comes_first(
    no_browser: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = program(no_browser / "bin" / "chromium")
    monkeypatch.setattr(browser, "NAMES", (installed,))
    assert browser.find() == installed
    named = program(no_browser / "mine")
    monkeypatch.setenv("VGCOURSE_CHROMIUM", named)
    browser.find.cache_clear()
    assert browser.find() == named


def test_a_browser_that_does_not_start_is_passed_over(
    no_browser: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = program(no_browser / "bin" / "chromium-browser", code=1)
    monkeypatch.setattr(browser, "NAMES", (stub,))
    assert browser.find() is None
    own = program(no_browser / "chromium_headless_shell-9" / "linux" / "headless_shell")
    browser.find.cache_clear()
    assert browser.find() == own


# Steps ----------------------------------------------------------------------------

UNIT = """
note: PyTorch is not installed
SKIPPED [2] tests/test_x.py:1: no torch
=========== 1 failed, 41 passed, 2 skipped, 1 xfailed in 3.21s ===========
"""


def test_steps_read_the_closing_line_of_pytest() -> None:
    outcome = steps.Outcome("unit", 3.5, False, UNIT)
    assert outcome.count("passed") == 41
    assert outcome.count("failed", "error", "errors") == 1
    assert outcome.closing_lines == [UNIT.strip().splitlines()[-1]]
    assert outcome.notes == ["note: PyTorch is not installed"]


def test_the_summary_adds_up_all_tests() -> None:
    outcomes = [
        steps.Outcome("lint", 1.0, True, "All checks passed!"),
        steps.Outcome("unit", 3.5, False, UNIT),
        steps.Outcome("browser", 2.0, True, "===== 7 passed in 1.90s (0:01:30) ====="),
    ]
    lines = steps.summary(outcomes, 5.0).splitlines()
    assert lines[-1] == "tests: 49 passed, 1 failed, 2 skipped"
    assert any(line.split() == ["unit", "3.5", "s", "FAILED"] for line in lines)
    assert any(line.split() == ["lint", "1.0", "s", "ok"] for line in lines)


def test_steps_go_on_after_a_failure_and_report_it(tmp_path: Path) -> None:
    makefile = "good:\n\t@echo fine\nbad:\n\t@echo broken; exit 1\n"
    (tmp_path / "Makefile").write_text(makefile)
    result = run_tool("steps.py", "bad", "good", cwd=tmp_path)
    assert result.returncode == 1
    assert "broken" in result.stdout
    assert "fine" not in result.stdout
    assert "[2/2] good" in result.stdout
    assert (tmp_path / ".make/logs/good.txt").read_text() == "fine\n"
    assert run_tool("steps.py", "good", cwd=tmp_path).returncode == 0


# Book and server ------------------------------------------------------------------


def test_the_book_is_built_with_warnings_as_errors() -> None:
    command = " ".join(build_book.command())
    options = "--config book/_config.yml --toc book/_toc.yml --path-output book"
    assert command.endswith(f"build . {options} -n -W --keep-going")


def test_a_failed_build_tells_what_is_wrong_and_no_more() -> None:
    wrong = "/x/intro.md:18: WARNING: unknown document"
    log = f"reading sources...\n\x1b[91m{wrong}\x1b[39;49;00m\ndone\n"
    assert build_book.complaints(log) == wrong
    assert build_book.complaints("one\ntwo\n") == "one\ntwo"


def test_a_second_server_finds_another_port(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the course")
    with serve.server(tmp_path) as one, serve.server(tmp_path) as two:
        assert one.server_port != two.server_port
        assert {one.server_address[0], two.server_address[0]} == {"127.0.0.1"}
        thread = threading.Thread(target=two.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{two.server_port}/"
        with urllib.request.urlopen(address) as page:
            assert page.read() == b"the course"
        two.shutdown()
        thread.join()


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, ValueError])
def test_a_reader_who_leaves_early_is_no_error_of_the_server(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[Exception],
) -> None:
    def fail(self: serve.Quiet) -> None:
        raise error

    monkeypatch.setattr(serve.Quiet, "do_GET", fail)
    with serve.running(tmp_path) as address, pytest.raises(ConnectionError):
        urllib.request.urlopen(address, timeout=10)
    told = error.__name__ in capsys.readouterr().err
    assert told == (error is ValueError)


# No silent skip -------------------------------------------------------------------

SUITE = """
import pytest

@pytest.mark.torch
def test_compared():
    pytest.importorskip({module!r})
"""
MODULE = """
import pytest

pytest.importorskip({module!r})

@pytest.mark.torch
def test_compared():
    pass
"""
PAGE = """
import pytest

@pytest.mark.skipif({module!r} != "json", reason="no browser")
def test_page():
    pass
"""
LITE = PAGE.replace("\n@pytest", "\n@pytest.mark.lite\n@pytest", 1)
OTHER = "def test_other(): pass"


ALONE, SHARED = "", "-p xdist.plugin -n 2"


def run_pytest(
    root: Path, required: str, files: dict[str, str], module: str, options: str = ALONE
) -> str:
    """Run a small suite under the house's conftest, and return what pytest says."""
    (root / "pytest.ini").write_text("[pytest]\nmarkers =\n  torch\n  lite\n")
    for name, source in files.items():
        path = root / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.format(module=module))
    shutil.copy(Path(__file__).with_name("conftest.py"), root / "tests")
    settings = {"VGCOURSE_REQUIRE": required, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, *options.split(), "tests"],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, **settings},
    )
    return f"{result.stdout}\nexit code {result.returncode}"


FILES = {
    "test_marked.py": SUITE,
    "test_module.py": MODULE,
    "browser/test_page.py": PAGE,
    "browser/test_lite.py": LITE,
    "test_other.py": OTHER,
}


def test_what_is_not_required_may_be_skipped(tmp_path: Path) -> None:
    said = run_pytest(tmp_path, "", FILES, "no_such_module")
    assert "1 passed, 4 skipped" in said
    assert "exit code 0" in said


@pytest.mark.parametrize("options", [ALONE, SHARED])
def test_what_is_required_and_there_passes(tmp_path: Path, options: str) -> None:
    said = run_pytest(tmp_path, "browser,torch", FILES, "json", options)
    assert "5 passed" in said
    assert "exit code 0" in said


def test_a_browser_is_not_all_that_a_chapter_in_the_browser_requires(
    tmp_path: Path,
) -> None:
    files = {"browser/test_lite.py": LITE, "browser/test_other.py": OTHER}
    said = run_pytest(tmp_path, "browser", files, "no_such_module")
    assert "1 passed, 1 skipped" in said
    assert "exit code 0" in said


@pytest.mark.parametrize(
    ("required", "file", "count", "options"),
    [
        ("torch", "test_marked.py", "1 failed", ALONE),
        ("torch", "test_module.py", "1 error", ALONE),
        ("browser", "browser/test_page.py", "1 error", ALONE),
        ("lite", "browser/test_lite.py", "1 error", ALONE),
        ("torch", "test_other.py", "1 passed", ALONE),
        ("torch", "test_marked.py", "1 failed", SHARED),
        ("torch", "test_other.py", "1 passed", SHARED),
    ],
)
def test_what_is_required_and_did_not_run_fails(
    tmp_path: Path, required: str, file: str, count: str, options: str
) -> None:
    files = {file: FILES[file]}
    said = run_pytest(tmp_path, required, files, "no_such_module", options)
    assert count in said
    assert f"VGCOURSE_REQUIRE={required}, but no such test ran" in said
    assert "exit code 0" not in said
