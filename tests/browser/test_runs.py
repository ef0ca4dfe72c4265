"""What the notebooks said when they ran for the book is what is stored in them.

The build runs each notebook whose own code or the package's has changed, with the
kernel of this environment; Jupyter's cache keeps what it said.
"""

import build_book
import nbformat
import pytest
import run_notebooks
from jupyter_cache import get_cache

PATHS = sorted(build_book.ROOT.glob("notebooks/*.ipynb"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_says_in_the_book_what_is_stored(path):
    stored = nbformat.read(path, as_version=4)
    runs = get_cache(build_book.RUNS)
    run = runs.get_cache_bundle(runs.match_cache_notebook(stored).pk).nb
    run_notebooks.check(run)
    run_notebooks.normalize(run)
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    for ours, theirs in zip(cells, run.cells, strict=True):
        if "nbval-ignore-output" not in ours.metadata.get("tags", []):
            said = run_notebooks.words(theirs)
            assert said == run_notebooks.words(ours), theirs.source
