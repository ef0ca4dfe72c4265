"""Build the book into book/_build/html, unless nothing that it is made of has changed.

What the code or the environment changes makes every notebook run again; what only the
pages change makes the pages be laid out again. A build that failed is not kept: its
warnings would be silent the second time.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "book" / "_build"
PDF = BUILD / "vgcourse.pdf"
STAMP = ROOT / ".make" / "book.json"
LOG = ROOT / ".make" / "book.log"
# A file that the code groups match makes every notebook run again; a notebook whose
# own code changed runs again by itself, since Jupyter's cache knows notebooks by code.
CODE = ("src/**/*.py", "requirements.txt")
PAGES = (
    "src/**/*",
    "pyproject.toml",
    "notebooks/*.ipynb",
    "book/*",
    "book/_static/**/*",
    "coursebook/**/*",
    "book/_templates/**/*",
    "*.md",
)
# What a build lays out, and what it keeps of the notebooks that ran.
PARTS = ("html", ".doctrees")
RUNS = (".jupyter_cache", "jupyter_execute")


def digest(patterns: Iterable[str]) -> str:
    """Return a digest of the names and contents of the files that match."""
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    whole = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return whole.hexdigest()


# Not the script beside Python: it holds the path that .venv was made in.
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")


def command() -> list[str]:
    """Return the command that builds the book."""
    options = "--config book/_config.yml --toc book/_toc.yml --path-output book"
    strict = "-n -W --keep-going"
    return [*JUPYTER_BOOK, "build", ".", *options.split(), *strict.split()]


def environment() -> dict[str, str]:
    """Return the environment of the build: this kernel, pictures inline and as SVG."""
    settings = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "VGCOURSE_SVG": "1"}
    settings.pop("MPLBACKEND", None)
    return settings


def add_pdf() -> None:
    """Put the course on paper, where `make pdf` has printed it, beside the pages."""
    if PDF.exists():
        shutil.copy(PDF, BUILD / "html" / PDF.name)


def complaints(log: str) -> str:
    """Return the warnings and errors of a build's log, or else its end."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", log).splitlines()
    found = [line for line in lines if re.search(r"(WARNING|ERROR|[a-z]Error):", line)]
    return "\n".join(found or lines[-40:])


def add_lite(build: Path = BUILD) -> None:
    """Put into the site what tools/lite.py has built, if it has, as links to it."""
    site = build / "html" / "lite"
    shutil.rmtree(site, ignore_errors=True)
    if (build / "lite").exists():
        shutil.copytree(build / "lite", site, copy_function=os.link)


def main() -> int:
    """Build the book if need be, and say how long it took."""
    now: dict[str, object] = {"code": digest(CODE), "pages": digest(PAGES)}
    # The pages link to what stands beside them.
    now["beside"] = [PDF.exists(), (BUILD / "lite").exists()]
    before = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    if before == now and (BUILD / "html" / "index.html").exists():
        add_pdf()
        add_lite()
        print("The book is up to date")
        return 0

    print(
        "Building the book: the notebooks run, this takes a minute or two", flush=True
    )
    LOG.parent.mkdir(exist_ok=True)
    for part in PARTS if before.get("code") == now["code"] else PARTS + RUNS:
        shutil.rmtree(BUILD / part, ignore_errors=True)
    # Should the build fail, what ran without an error need not run again.
    STAMP.write_text(json.dumps({"code": now["code"]}))
    start = time.perf_counter()
    with LOG.open("w") as log:
        result = subprocess.run(
            command(),
            check=False,
            cwd=ROOT,
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    seconds = time.perf_counter() - start
    if result.returncode:
        print(complaints(LOG.read_text(errors="replace")))
        for report in sorted((BUILD / "html" / "reports").rglob("*.log")):
            print(report.read_text(errors="replace"))
        print(f"The book did not build ({seconds:.0f} s): see {LOG.relative_to(ROOT)}")
        return 1
    add_pdf()
    add_lite()
    STAMP.write_text(json.dumps(now))
    print(f"Built book/_build/html ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
