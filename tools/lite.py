"""Build the course for a reader's own browser, into book/_build/lite.

It is JupyterLite, with the chapters and a Python kernel, Pyodide, that runs in the
page. All that it loads is fetched now, by hash or pinned version, and served with the
site: the core of Pyodide through npm, pure-Python wheels through pip, and what is
compiled (NumPy, matplotlib) from the Pyodide release. Pyodide's lock file is replaced
by one that lists these wheels and nothing else; the kernel loads from it whatever a
cell imports, so a chapter says `import vgcourse` here as it does everywhere.

What cannot be fetched is left out, and `complete.json` beside the application names it:
the chapters run where "complete" is true. A second run does again only what has
changed, and asks again for what was left out.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

import nbformat
import stamps
from jupyterlite_pyodide_kernel.constants import (
    PYODIDE_CDN_URL,
    PYODIDE_KERNEL_NPM_NAME,
    PYODIDE_KERNEL_PLUGIN_ID,
    PYODIDE_PYTHON_VERSION,
    PYODIDE_VERSION,
)
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from stamps import ROOT

SITE = ROOT / "book" / "_build" / "lite"
CACHE = ROOT / ".make" / "lite"
MADE_OF = (
    "notebooks/*.ipynb",
    "src/**/*",
    "pyproject.toml",
    "requirements-dev.txt",
    "tools/lite.*",
)

# One app opens a chapter, the other lists them.
APPS = ("notebooks", "tree")
CORE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
CORE_SHA256 = "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2"
PINS = ROOT / "tools" / "lite.txt"
KERNEL = Path(
    sys.prefix, "share/jupyter/labextensions", PYODIDE_KERNEL_NPM_NAME, "static/pypi"
)
# Loaded while the kernel starts: its own parts, so that it asks no index for them, and
# what a chapter imports first.
PRELOADED = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi")
PRELOADED += ("ipython", "vgcourse")
# Named by a wheel, and not used in a browser.
NOT_NEEDED = {
    "jupyterlab-widgets",  # the widgets' JavaScript, which the application has
    "pexpect",  # starts processes, of which a browser has none
    "psutil",  # looks at them
}
# What a reader may change back in the application's own settings.
OVERRIDES = {
    # Light or dark as the system is.
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    # The whole chapter is in the page: it can be searched, and an explorer stays alive.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
MARKERS = {
    "extra": "",
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_system": "Emscripten",
    "python_full_version": f"{PYODIDE_PYTHON_VERSION}.0",
    "python_version": PYODIDE_PYTHON_VERSION,
    "sys_platform": "emscripten",
}

Lock = dict[str, Any]


def sha256(path: Path) -> str:
    """Return the digest by which a file is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# What is fetched ------------------------------------------------------------------


def fetch_core() -> None:
    """Fetch the core of Pyodide into the cache, through npm, which checks it too."""
    archive = CACHE / f"pyodide-{PYODIDE_VERSION}.tgz"
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            message = "npm is not installed, and the core of Pyodide comes through it"
            raise OSError(message)
        once = ("--fetch-retries=0", "--fetch-timeout=60000")
        run(npm, "pack", *once, f"pyodide@{PYODIDE_VERSION}", cwd=CACHE)
    if sha256(archive) != CORE_SHA256:
        archive.unlink()
        message = f"the core of Pyodide {PYODIDE_VERSION} has another hash than pinned"
        raise OSError(message)
    with tarfile.open(archive) as tar:
        for name in CORE:
            with tar.extractfile(f"package/{name}") as source:
                (CACHE / name).write_bytes(source.read())


def fetch_wheels() -> list[Path]:
    """Fetch the pinned pure-Python wheels; return them with the course's and Lite's."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    pip += ("--retries", "1")
    pinned, course = CACHE / f"wheels-{sha256(PINS)[:12]}", CACHE / "course"
    if not pinned.exists():
        target = ("--platform", "any", "--implementation", "py", "--abi", "none")
        target += ("--python-version", PYODIDE_PYTHON_VERSION, "--only-binary", ":all:")
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            run(*pip, "download", "--no-deps", *target, "-r", PINS, "-d", folder)
            shutil.copytree(folder, pinned)
    shutil.rmtree(course, ignore_errors=True)
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", course, ROOT)
    wheels = [w for source in (pinned, course, KERNEL) for w in source.glob("*.whl")]
    # Lite stands in for two lines of widgetsnbextension; ipywidgets 8 is of the second.
    return [wheel for wheel in wheels if "widgetsnbextension-3" not in wheel.name]


def fetch_compiled(entry: Mapping[str, Any], base: str = PYODIDE_CDN_URL) -> Path:
    """Fetch a wheel of the Pyodide release into the cache, by the hash in its lock."""
    path = CACHE / "compiled" / entry["file_name"]
    if not path.exists():
        with urllib.request.urlopen(f"{base}/{path.name}", timeout=10) as response:
            content = response.read()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            message = f"{path.name} has another hash than the lock of Pyodide says"
            raise OSError(message)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return path


def run(*command: object, cwd: Path = ROOT) -> None:
    """Run a command, whose first line of complaint is the error if it fails."""
    result = subprocess.run(
        [*map(str, command)], check=False, cwd=cwd, capture_output=True, text=True
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).splitlines()
        said = next((line for line in lines if "error" in line.lower()), "it failed")
        message = f"{Path(str(command[0])).name}: {said.strip()}"
        raise OSError(message)


# What the kernel finds -------------------------------------------------------------


@dataclass(frozen=True)
class Wheel:
    """What a wheel says of itself."""

    path: Path
    name: str
    version: str
    requires: tuple[Requirement, ...]
    imports: tuple[str, ...]

    def entry(self, depends: Iterable[str]) -> Lock:
        """Return what a lock file of Pyodide says of it."""
        return {
            "name": self.name,
            "version": self.version,
            "file_name": self.path.name,
            "sha256": sha256(self.path),
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
            "imports": list(self.imports),
            "depends": sorted(depends),
        }


def read_wheel(path: Path) -> Wheel:
    """Read a wheel's name, version, requirements in a browser, and modules."""
    name, version, *_ = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        files = archive.namelist()
        metadata = next(file for file in files if file.endswith(".dist-info/METADATA"))
        headers = Parser().parsestr(archive.read(metadata).decode(), headersonly=True)
    requires = map(Requirement, headers.get_all("Requires-Dist", []))
    here = (r for r in requires if r.marker is None or r.marker.evaluate(MARKERS))
    modules = {file.partition("/")[0] for file in files if file.endswith(".py")}
    imports = {module.removesuffix(".py") for module in modules if "-" not in module}
    return Wheel(path, str(name), str(version), tuple(here), tuple(sorted(imports)))


def compiled(wheels: Iterable[Wheel], release: Mapping[str, Lock]) -> dict[str, Lock]:
    """Return the packages that `wheels` need from the Pyodide release, by name.

    Raises
    ------
    ValueError
        If a requirement is in neither, or there in another version.
    """
    ours = {wheel.name: wheel.version for wheel in wheels}
    versions = {name: entry["version"] for name, entry in release.items()} | ours
    wanted = [requirement for wheel in wheels for requirement in wheel.requires]
    needed: dict[str, Lock] = {}
    for requirement in wanted:  # which grows on the way
        name = canonicalize_name(requirement.name)
        if name in NOT_NEEDED:
            continue
        if name not in versions or versions[name] not in requirement.specifier:
            found = versions.get(name, "none")
            message = f"the browser's kernel needs {requirement}, and has {found}"
            raise ValueError(message)
        if name not in ours and name not in needed:
            needed[name] = release[name]
            wanted += map(Requirement, release[name]["depends"])
    return needed


def lock(info: Lock, wheels: Iterable[Wheel], others: Mapping[str, Lock]) -> Lock:
    """Return the lock file of the site: `wheels` and `others`, and nothing else."""
    there = {wheel.name for wheel in wheels} | set(others)
    packages = {}
    for name, entry in others.items():
        names = set(map(canonicalize_name, entry["depends"]))
        packages[name] = {**entry, "depends": sorted(there & names)}
    for wheel in wheels:
        names = {canonicalize_name(requirement.name) for requirement in wheel.requires}
        packages[wheel.name] = wheel.entry(there & names)
    return {"info": info, "packages": packages}


# The application -------------------------------------------------------------------


def settings() -> Lock:
    """Return what the application is told: its title, and to stay within the site."""
    kernel = {
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": list(PRELOADED)},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Vanishing and exploding gradients",
            "appUrl": "./tree",
            "faviconUrl": "./tree/favicon.ico",
            "litePluginSettings": {PYODIDE_KERNEL_PLUGIN_ID: kernel},
        },
    }


def chapter(path: Path) -> str:
    """Return a notebook without the cells that the book leaves out too.

    They lead to Colab and Binder, and load pictures from there. Texts are not cut into
    lines, as nbformat stores them: here nobody puts them together again.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "remove-cell" not in cell.metadata.get("tags", ())
    ]
    return json.dumps(notebook)


def build() -> list[Lock]:
    """Build the application; return what it lacks of the Pyodide release."""
    CACHE.mkdir(parents=True, exist_ok=True)
    fetch_core()
    release = json.loads((CACHE / "pyodide-lock.json").read_text("utf-8"))
    wheels = [read_wheel(path) for path in fetch_wheels()]
    needed = compiled(wheels, release["packages"])
    there = {}
    with suppress(OSError):  # the first that fails is the last that is tried
        for name, entry in needed.items():
            there[name] = fetch_compiled(entry)
    present = {name: needed[name] for name in there}

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        core = source / "static" / "pyodide"
        core.mkdir(parents=True)
        for path in (*(CACHE / name for name in CORE), *there.values()):
            shutil.copy(path, core)
        for wheel in wheels:
            shutil.copy(wheel.path, core)
        (core / "pyodide-lock.json").write_text(
            json.dumps(lock(release["info"], wheels, present))
        )
        (source / "jupyter-lite.json").write_text(json.dumps(settings()))
        (source / "overrides.json").write_text(json.dumps(OVERRIDES))
        (source / "files").mkdir()
        for path in ROOT.glob("notebooks/*.ipynb"):
            (source / "files" / path.name).write_text(chapter(path), "utf-8")
        run(
            *(sys.executable, "-m", "jupyter", "lite", "build"),
            *(option for app in APPS for option in ("--apps", app)),
            *("--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive"),
            *("--lite-dir", source, "--output-dir", Path(folder) / "site"),
            cwd=source,
        )
        stamps.remove(SITE)
        SITE.parent.mkdir(exist_ok=True)
        shutil.move(Path(folder) / "site", SITE)
    missing = [entry for name, entry in needed.items() if name not in there]
    status = {"complete": not missing, "missing": [e["file_name"] for e in missing]}
    (SITE / "complete.json").write_text(json.dumps(status))
    return missing


def up_to_date(before: Lock | None, made_of: str) -> bool:
    """Return whether nothing has changed, and what was out of reach still is."""
    if before is None or before["made of"] != made_of:
        return False
    try:
        for entry in before["missing"]:
            fetch_compiled(entry)
    except OSError:
        return True
    return not before["missing"]


def main() -> int:
    """Build the application if need be, and say what it lacks.

    That is a failure only where it is required, by the word "lite" in VGCOURSE_REQUIRE.
    """
    asked = os.environ.get("VGCOURSE_REQUIRE", "").replace(",", " ").split()
    required = int("lite" in asked)
    made_of = stamps.digest(MADE_OF)
    before = stamps.recorded(SITE)
    missing = before["missing"] if before else []
    if up_to_date(before, made_of):
        print("The course in the browser is up to date")
    else:
        start = time.perf_counter()
        try:
            missing = build()
        except OSError as error:
            stamps.remove(SITE)
            print(f"note: left out, the course in the browser: {error}")
            return required
        stamps.record(SITE, {"made of": made_of, "missing": missing})
        print(f"Built book/_build/lite ({time.perf_counter() - start:.0f} s)")
    if missing:
        names = ", ".join(entry["name"].lower() for entry in missing)
        print(f"note: out of reach, so no chapter runs in the browser yet: {names}")
    return required if missing else 0


if __name__ == "__main__":
    sys.exit(main())
