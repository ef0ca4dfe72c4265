"""Build the book into book/_build/html, unless nothing that it is made of has changed.

What the code or the environment changes makes every notebook run again; what only the
pages change makes the pages be laid out again. A build that failed is not kept: its
warnings would be silent the second time.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import stamps
from stamps import ROOT

BUILD = ROOT / "book" / "_build"
PDF = BUILD / "vgcourse.pdf"
LOG = ROOT / ".make" / "book.log"
# A file that the code groups match makes every notebook run again; a notebook whose
# own code changed runs again by itself, since Jupyter's cache knows notebooks by code.
DATA = ("src/**/*.npz", "src/**/*.gz", "src/**/*.json")
CODE = ("src/**/*.py", *DATA, "requirements.txt")
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
HTML = BUILD / "html"
RUNS = BUILD / ".jupyter_cache"

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
    code = stamps.digest(CODE)
    # The pages link to what stands beside them.
    beside = [PDF.exists(), (BUILD / "lite").exists()]
    now = [code, stamps.digest(PAGES), beside]
    if stamps.recorded(HTML) == now:
        add_pdf()
        add_lite()
        print("The book is up to date")
        return 0

    print(
        "Building the book: the notebooks run, this takes a minute or two", flush=True
    )
    LOG.parent.mkdir(exist_ok=True)
    stamps.remove(HTML)
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    if stamps.recorded(RUNS) != code:
        stamps.remove(RUNS)
        shutil.rmtree(BUILD / "jupyter_execute", ignore_errors=True)
    RUNS.mkdir(parents=True, exist_ok=True)
    # Should the build fail, what ran without an error need not run again.
    stamps.record(RUNS, code)
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
    stamps.record(HTML, now)
    print(f"Built book/_build/html ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
