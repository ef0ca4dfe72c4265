"""Every notebook runs on Colab's releases, in a kernel that looks like Colab's.

`make colab` makes the environment; what stands in for Colab is in ``launcher.py``.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import address
import nbformat
import pytest
import run_notebooks
from nbformat import NotebookNode
from packaging.requirements import Requirement

ROOT = address.ROOT
PYTHON = ROOT / ".make/colab/bin/python"
LAUNCHER = Path(__file__).with_name("launcher.py")
PINS = (ROOT / "tests/colab.txt").read_text("utf-8").splitlines()[1:]
PATHS = sorted(ROOT.glob("notebooks/*.ipynb"))

PRESS = """\
import ipywidgets

for shown in list(Out.values()):
    if isinstance(shown, ipywidgets.VBox):
        *_, row, message = shown.children
        row.children[0].click()
        print(message.value)
"""
PRESSED = "Done: the picture above shows your numbers.\n"
# Takes the place of %pip, and says what it was told.
ECHO = 'get_ipython().register_magic_function(print, "line", "pip")'


@pytest.fixture(scope="module", autouse=True)
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tell Jupyter of a kernel named ``colab``."""
    jupyter = tmp_path_factory.mktemp("jupyter")
    spec = {
        "argv": [str(PYTHON), str(LAUNCHER), "-f", "{connection_file}"],
        "display_name": "Colab",
        "language": "python",
    }
    folder = jupyter / "kernels/colab"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(jupyter))
        patch.delenv("MPLBACKEND")  # pictures are to be shown in the notebook
        yield


def run(notebook: NotebookNode) -> NotebookNode:
    return run_notebooks.execute(notebook, ROOT / "notebooks", kernel="colab")


def of_code(*sources: str) -> NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def printed(cell: NotebookNode) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def views(notebook: NotebookNode) -> list[NotebookNode]:
    """The outputs that hold an explorer."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    mimes = {run_notebooks.WIDGET_VIEW, "image/png"}
    return [output for output in shown if mimes <= set(output.get("data", {}))]


@pytest.fixture(scope="module")
def asked(kernel: None) -> list[NotebookNode]:
    """What one kernel says of two installations, without and with an address."""
    slugs = address.PLACEHOLDER, "me/course"
    installs = [address.install_cell(address.Address(s, "v1.2.3")) for s in slugs]
    names = [pin.partition("==")[0] for pin in PINS]
    versions = (
        "from importlib.metadata import version\n"
        f"for name in {names}:\n    print(f'{{name}}=={{version(name)}}')"
    )
    sources = ["".join(cell["source"]) for cell in installs]
    return run(of_code(ECHO, *sources, versions)).cells


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_chapter_runs_in_colab_and_says_what_the_book_says(path: Path) -> None:
    stored = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(c.source for c in stored.cells if c.cell_type == "code")
    panels = code.count("rerun_panel()")
    # A chapter without a large explorer has figures that turn; a side road may not.
    assert panels or "explorers.turn(" in code or path.stem.startswith("side_")
    notebook.cells.append(nbformat.v4.new_code_cell(PRESS))
    run(notebook)
    run_notebooks.check(notebook)

    # Colab can show the explorers: it is told who manages the views.
    managers = [v.metadata[run_notebooks.WIDGET_VIEW]["colab"] for v in views(notebook)]
    assert managers or "explorers." not in code
    assert all("url" in manager["custom_widget_manager"] for manager in managers)

    pressed = notebook.cells.pop()
    assert printed(pressed) == PRESSED * panels

    run_notebooks.normalize(notebook)
    for index, (ours, theirs) in enumerate(
        zip(stored.cells, notebook.cells, strict=True)
    ):
        hidden = "remove-output" in ours.metadata.get("tags", [])
        if index != address.INSTALL and not hidden:
            said = run_notebooks.words(theirs)
            assert said == run_notebooks.words(ours), theirs.source


def test_the_first_cell_installs_the_course_where_it_has_an_address(asked) -> None:
    nowhere, somewhere = (printed(cell).strip() for cell in asked[1:3])
    assert nowhere == "vgcourse has no public address yet: Colab cannot install it."
    *options, name, at, url = somewhere.replace('"', "").split()
    assert options == ["install", "-q", "--no-deps"]
    assert Requirement(f"{name} {at} {url}").url == (
        "git+https://github.com/me/course@v1.2.3"
    )


def test_the_kernel_has_the_pinned_releases(asked) -> None:
    assert printed(asked[3]).splitlines() == PINS
