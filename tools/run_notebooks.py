"""Execute the notebooks and store their outputs, normalized.

    python tools/run_notebooks.py                      all of them
    python tools/run_notebooks.py notebooks/NAME.ipynb  some of them

What is stored is text, LaTeX and small pictures: enough for Colab and GitHub to show
something before anything runs, and for strict nbval to compare. What differs from one
run or machine to the next (times, widget models, kernel details) is left out.
"""

import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# What nbformat and JupyterLab draw at random: 8 hexadecimal digits, or a UUID.
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,4}(-?[0-9a-f]{12})?")


class RunError(Exception):
    """A notebook that did not run as it must; one line says where and why."""


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in several pieces, whose borders depend on timing."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            merged.append(output)
    return merged


def normalize_output(output: NotebookNode) -> NotebookNode:
    """Drop from an output what another run would store differently."""
    if output.output_type in {"display_data", "execute_result"}:
        if WIDGET_VIEW in output.data:
            # A viewer that prefers the view shows nothing without its state.
            del output.data[WIDGET_VIEW]
            output.data.pop("text/html", None)
        described = output.metadata.keys() & output.data.keys()
        output.metadata = NotebookNode({m: output.metadata[m] for m in described})
    elif output.output_type == "error":
        # A traceback holds the paths of this machine; its last line is what counts.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    return output


def normalize_ids(cells: list[NotebookNode]) -> None:
    """Give every cell an id that a second run, or a rebuilt notebook, keeps."""
    taken: set[str] = set()
    for cell in cells:
        name = cell.get("id", "")
        if not name or name in taken or RANDOM_ID.fullmatch(name):
            digest = hashlib.sha256(cell.source.encode()).hexdigest()
            lengths = range(7, len(digest))
            name = next(
                candidate
                for candidate in (f"cell-{digest[:length]}" for length in lengths)
                if candidate not in taken
            )
        cell.id = name
        taken.add(name)


def normalize(notebook: NotebookNode) -> NotebookNode:
    """Leave in a notebook only what every machine stores alike."""
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        # Tags, and what MyST-NB is told: a picture in words, for those who cannot see.
        kept = {key: cell.metadata.get(key) for key in ("tags", "mystnb")}
        cell.metadata = NotebookNode({k: value for k, value in kept.items() if value})
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [normalize_output(o) for o in merge_streams(cell.outputs)]
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    normalize_ids(notebook.cells)
    return notebook


def words(cell: NotebookNode) -> list[Any]:
    """Return everything that a cell shows but its pictures."""
    return [
        [output.get(key) for key in ("name", "text", "ename", "evalue")]
        + [v for mime, v in sorted(output.get("data", {}).items()) if "text/" in mime]
        for output in cell.get("outputs", [])
    ]


def check(notebook: NotebookNode) -> None:
    """Refuse a notebook that wrote to the standard error stream."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                line = output.text.strip().splitlines()[0]
                message = f"cell {index} wrote to stderr: {line}"
                raise RunError(message)


def execute(
    notebook: NotebookNode, folder: Path, *, kernel: str = KERNEL["name"]
) -> NotebookNode:
    """Run every cell in `folder`, with the kernel of this environment or another."""
    client = NotebookClient(
        notebook,
        kernel_name=kernel,
        timeout=600,
        startup_timeout=600,  # a kernel takes a minute where the machine is busy
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(
            stderr=subprocess.DEVNULL
        )  # the kernel's remarks, not the cells'
    except CellExecutionError as error:
        index = next(
            index
            for index, cell in enumerate(notebook.cells)
            if any(o.output_type == "error" for o in cell.get("outputs", []))
            and "raises-exception" not in cell.metadata.get("tags", [])
        )
        message = f"cell {index} raised {error.ename}: {error.evalue}"
        raise RunError(message) from error
    return notebook


def run(path: Path) -> None:
    """Execute one notebook and store it, or raise `RunError` and store nothing."""
    notebook: Any = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    check(notebook)
    nbformat.write(normalize(notebook), path)


def main(arguments: list[str]) -> int:
    """Run the notebooks named, or all, and say how each went."""
    # The kernel must be the one of this environment, with pictures stored inline.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.pop("MPLBACKEND", None)
    paths = [Path(a) for a in arguments] or sorted(ROOT.glob("notebooks/*.ipynb"))
    failed = 0
    for number, path in enumerate(paths, start=1):
        start = time.perf_counter()
        try:
            run(path)
            result = "stored"
        except RunError as error:
            failed += 1
            result = f"FAILED, {error}"
        seconds = time.perf_counter() - start
        print(f"[{number}/{len(paths)}] {path.name}: {result} ({seconds:.1f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
