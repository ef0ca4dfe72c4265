"""The committed JavaScript is what its sources build, so that readers need no Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with what they need, where npm is there to fetch it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: readers need none, the bundles are there")
    ignored = shutil.ignore_patterns("node_modules")
    place = tmp_path_factory.mktemp("workspace")
    copy = shutil.copytree(ROOT / "js", place / "js", ignore=ignored)
    (place / "src/vgcourse").mkdir(parents=True)
    shutil.copy(ROOT / "src/vgcourse/words.json", place / "src/vgcourse")
    run(copy, npm, "ci", "--silent")
    return copy


def run(folder: Path, *command: str) -> None:
    result = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_committed_bundles_are_what_their_sources_build(workspace, tmp_path):
    run(workspace, "node", "build.mjs", str(tmp_path))
    bundles = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert bundles
    for bundle in bundles:
        name = bundle.relative_to(tmp_path)
        assert bundle.read_bytes() == (ROOT / name).read_bytes(), name


def test_sources_keep_their_form_and_their_types(workspace):
    run(workspace, "npm", "test")
