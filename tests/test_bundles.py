"""The committed JavaScript is what its sources build, so that readers need no Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = {
    "explorers-js": ["src/vgcourse/explorers/explorer.js"],
    "site-js": ["book/_static/course.js", "book/_extensions/service-worker.js"],
}


@pytest.mark.parametrize("folder", BUNDLES)
def test_committed_bundle_is_what_its_source_builds(tmp_path, folder):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: readers need none, the bundle is committed")
    ignored = shutil.ignore_patterns("node_modules")
    source = shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for command in ([npm, "ci", "--silent"], ["node", "build.mjs", str(tmp_path)]):
        subprocess.run(command, cwd=source, check=True, capture_output=True)
    for bundle in BUNDLES[folder]:
        assert (tmp_path / bundle).read_bytes() == (ROOT / bundle).read_bytes(), bundle
