"""The course in the reader's browser: what it is made of, and what happens without."""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import build_book
import nbformat
import pytest
import serve
from packaging.utils import canonicalize_name

lite = pytest.importorskip("lite", reason="`make floors` installs no JupyterLite")

ROOT = Path(__file__).resolve().parent.parent


def make_wheel(
    folder: Path, name: str, version: str = "1.0", requires: tuple[str, ...] = ()
) -> Any:
    """Return what the tool reads from a wheel with one module."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata = [f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-{version}.data/scripts/start.py", "")
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(metadata))
    return lite.read_wheel(path)


def entry(name: str, version: str = "2.0", depends: tuple[str, ...] = ()) -> Any:
    return {
        "name": name,
        "version": version,
        "file_name": f"{name}-{version}-wasm32.whl",
        "sha256": hashlib.sha256(b"compiled").hexdigest(),
        "depends": list(depends),
    }


RELEASE = {
    "numpy": entry("numpy"),
    "ml-dtypes": entry("ml_dtypes", depends=("numpy",)),
    "pandas": entry("pandas", depends=("numpy",)),
}


def test_a_wheel_says_its_modules_and_what_it_requires_in_a_browser(tmp_path: Path):
    requires = ("numpy>=2", 'pywin; sys_platform == "win32"', 'torch; extra == "torch"')
    wheel = make_wheel(tmp_path, "course", requires=requires)
    assert (wheel.name, wheel.version, wheel.imports) == ("course", "1.0", ("course",))
    assert [str(requirement) for requirement in wheel.requires] == ["numpy>=2"]


def test_the_release_gives_what_is_required_directly_or_not_and_no_more(tmp_path: Path):
    wheels = [
        make_wheel(tmp_path, "course", requires=("ml_dtypes>=1", "widget", "psutil")),
        make_wheel(tmp_path, "widget"),
    ]
    assert set(lite.compiled(wheels, RELEASE)) == {"ml-dtypes", "numpy"}


@pytest.mark.parametrize(
    ("requirement", "complaint"),
    [
        ("numpy>=3", "needs numpy>=3, and has 2.0"),
        ("scipy", "needs scipy, and has none"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, requirement: str, complaint: str):
    wheel = make_wheel(tmp_path, "course", requires=(requirement,))
    with pytest.raises(ValueError, match=complaint):
        lite.compiled([wheel], RELEASE)


def test_the_lock_leaves_out_what_is_not_there(tmp_path: Path):
    wheels = [
        make_wheel(tmp_path, "course", requires=("ml_dtypes", "widget")),
        make_wheel(tmp_path, "widget"),
    ]
    partial = lite.lock({}, wheels, {"ml-dtypes": RELEASE["ml-dtypes"]})["packages"]
    assert partial["course"]["depends"] == ["ml-dtypes", "widget"]
    assert partial["ml-dtypes"]["depends"] == []
    whole = lite.lock({}, wheels, RELEASE)["packages"]
    assert whole["ml-dtypes"]["depends"] == ["numpy"]
    assert whole["course"]["sha256"] == lite.sha256(wheels[0].path)


def test_what_is_fetched_is_kept_if_its_hash_is_the_one_in_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lite, "CACHE", tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    good, bad = RELEASE["numpy"], RELEASE["pandas"]
    (tmp_path / good["file_name"]).write_bytes(b"compiled")
    (tmp_path / bad["file_name"]).write_bytes(b"something else")
    with serve.running(tmp_path) as address:
        path = lite.fetch_compiled(good, address)
        with pytest.raises(OSError, match="has another hash"):
            lite.fetch_compiled(bad, address)
        with pytest.raises(OSError, match="404"):
            lite.fetch_compiled(RELEASE["ml-dtypes"], address)
    assert path.read_bytes() == b"compiled"
    assert lite.fetch_compiled(good, address) == path  # from the cache, the server gone
    assert [file.name for file in path.parent.iterdir()] == [good["file_name"]]


def test_a_chapter_loses_the_cells_that_the_book_leaves_out_and_its_cut_lines(
    tmp_path: Path,
):
    output = nbformat.v4.new_output("stream", text="one\ntwo\n")
    cells = [
        nbformat.v4.new_markdown_cell("badges", metadata={"tags": ["remove-cell"]}),
        nbformat.v4.new_code_cell(
            "a\nb", metadata={"tags": ["hide"]}, outputs=[output]
        ),
    ]
    path = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    [cell] = json.loads(lite.chapter(path))["cells"]
    assert cell["source"] == "a\nb"
    assert cell["outputs"][0]["text"] == "one\ntwo\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what the tool builds, and no npm."""
    for name in ("SITE", "CACHE"):
        monkeypatch.setattr(lite, name, tmp_path / name)
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.delenv("VGCOURSE_REQUIRE", raising=False)
    return tmp_path


def test_without_npm_it_is_left_out_and_one_line_says_so(
    house: Path, capsys: pytest.CaptureFixture[str]
):
    assert lite.main() == 0
    assert re.fullmatch("note: left out, .*: npm is not .*\n", capsys.readouterr().out)


def test_a_command_that_fails_is_told_by_its_first_complaint():
    script = "import sys; sys.exit('warning: old\\nERROR: no route\\nsee the log')"
    with pytest.raises(OSError, match=r"^python\S*: ERROR: no route$"):
        lite.run(sys.executable, "-c", script)


def test_where_it_is_required_it_is_not_left_out(
    house: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VGCOURSE_REQUIRE", "browser lite")
    assert lite.main() == 1


def test_a_second_run_asks_again_for_what_was_out_of_reach(
    house: Path, monkeypatch: pytest.MonkeyPatch
):
    reachable = []

    def fetch(entry: Any) -> None:
        if entry["name"] not in reachable:
            raise OSError

    def build() -> list[Any]:
        lite.SITE.mkdir(exist_ok=True)
        builds.append(list(reachable))
        return [] if reachable else [RELEASE["numpy"]]

    builds: list[list[str]] = []
    monkeypatch.setattr(lite, "fetch_compiled", fetch)
    monkeypatch.setattr(lite, "build", build)
    for _ in range(2):
        assert lite.main() == 0
    assert builds == [[]]
    reachable.append("numpy")
    for _ in range(2):
        assert lite.main() == 0
    assert builds == [[], ["numpy"]]


def pins(path: str) -> dict[str, str]:
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / path).read_text())
    return {canonicalize_name(name): version for name, version in found}


def test_the_browser_has_the_widgets_and_the_sympy_of_the_requirements():
    browser, here = pins("tools/lite.txt"), pins("requirements.txt")
    for name in ("sympy", "ipywidgets", "anywidget"):
        assert browser[name] == here[name]


def test_the_site_holds_what_was_built_for_the_browser_and_no_more(tmp_path: Path):
    page = tmp_path / "html" / "lite" / "index.html"
    for text in ("old", "new"):
        (tmp_path / "lite").mkdir(exist_ok=True)
        (tmp_path / "lite" / "index.html").unlink(missing_ok=True)
        (tmp_path / "lite" / "index.html").write_text(text)
        build_book.add_lite(tmp_path)
        assert page.read_text() == text
    (tmp_path / "lite" / "index.html").unlink()
    build_book.add_lite(tmp_path)
    assert not page.exists()
