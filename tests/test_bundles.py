"""The committed JavaScript is what its sources build, so that readers need no Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_committed_bundles_are_what_their_sources_build(tmp_path):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: readers need none, the bundles are there")
    ignored = shutil.ignore_patterns("node_modules")
    source = shutil.copytree(ROOT / "js", tmp_path / "js", ignore=ignored)
    built = tmp_path / "built"
    for command in ([npm, "ci", "--silent"], ["node", "build.mjs", str(built)]):
        subprocess.run(command, cwd=source, check=True, capture_output=True)
    bundles = [path for path in built.rglob("*") if path.is_file()]
    assert bundles
    for bundle in bundles:
        name = bundle.relative_to(built)
        assert bundle.read_bytes() == (ROOT / name).read_bytes(), name
