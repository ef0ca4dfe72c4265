"""Find a Chromium for the tests of the built pages, or get one.

    python tools/browser.py    print its path, after installing one if need be

The tests call `find`. In order: ``$VGCOURSE_CHROMIUM``, an installed Chromium or
Chrome, Playwright's own download. Run as a command, it then tries that download, and
as root Debian's package; where both fail, one line says what to install.
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# No sandbox as root; and no service of the browser's own may call out.
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HELP = (
    "No browser for the tests of the built pages: install Chromium or Chrome "
    "(Debian: sudo apt-get install chromium), or set VGCOURSE_CHROMIUM to its path."
)


def _playwright_folder() -> Path:
    """Return the folder where Playwright keeps what it downloads."""
    if path := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(path)
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "ms-playwright"


def _candidates() -> Iterator[str]:
    """Yield what might be a browser, the preferred one first."""
    if path := os.environ.get("VGCOURSE_CHROMIUM"):
        yield path
    yield from filter(None, map(shutil.which, NAMES))
    folder = _playwright_folder()
    for program in ("chrome", "headless_shell", "chrome-headless-shell", "Chromium"):
        found = folder.glob(f"chromium*/**/{program}")
        yield from map(str, sorted(found, key=str, reverse=True))


def _succeeds(*command: str, seconds: float) -> bool:
    """Run a command quietly, and say whether it went well."""
    try:
        run = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def _runs(path: str) -> bool:
    """Whether the program starts; a stub or one without its libraries does not."""
    return _succeeds(path, "--version", seconds=60)


@functools.cache
def find() -> str | None:
    """Return the path of a Chromium or Chrome that starts, or None."""
    return next(filter(_runs, _candidates()), None)


def get() -> str | None:
    """Return the path of a browser, after installing one if there was none."""
    if find() is None:
        print("No Chromium or Chrome found: asking Playwright for one", file=sys.stderr)
        playwright = (sys.executable, "-m", "playwright", "install", "--only-shell")
        _succeeds(*playwright, "chromium", seconds=300)
        find.cache_clear()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if find() is None and is_root and shutil.which("apt-get"):
        print("Playwright's will not do: installing Debian's", file=sys.stderr)
        packages = ("chromium", "fonts-dejavu-core")
        install = ("apt-get", "install", "-y", "--no-install-recommends", *packages)
        _succeeds("apt-get", "update", seconds=300)
        _succeeds(*install, seconds=600)
        find.cache_clear()
    return find()


def main() -> int:
    """Print the path of a browser, or what to install."""
    path = get()
    print(path or HELP, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
