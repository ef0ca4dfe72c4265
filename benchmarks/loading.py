"""How a page loads: paints, shifts, weight; beside it the same chapter by default.

Medians of five loads of the built book by a link to a page's first explorer, on
loopback and on a slow phone: the processor slowed four times, 10 Mbit/s, 40 ms. The
default is Jupyter Book's own build of the same chapter, stored outputs and all, made in
a folder of its own for the occasion.
"""

import functools
import gzip
import io
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import browser  # noqa: E402 - after its folder is on the path
import build_book  # noqa: E402
import serve  # noqa: E402

SITE = ROOT / "book/_build/html"
FIRST = "notebooks/02_linear_chain"
SECOND = "notebooks/01_chain_of_derivatives"
RUNS = 5
PHONE = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8}
PHONE["uploadThroughput"] = PHONE["downloadThroughput"]

# Since the navigation began: when the first explorer was drawn, and what moved.
WATCH = """
new MutationObserver((_, observer) => {
  if (!document.querySelector(".vg-explorer svg[data-panel]")) return;
  observer.disconnect();
  requestAnimationFrame(() => (window.usable = performance.now()));
}).observe(document, { childList: true, subtree: true });
window.shifts = 0;
new PerformanceObserver((list) => list.getEntries().forEach((e) => {
  if (!e.hadRecentInput) window.shifts += e.value;
})).observe({ type: "layout-shift", buffered: true });
"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@functools.cache
def packed(file: Path) -> bytes:
    """A file as a host of pages sends it."""
    return gzip.compress(file.read_bytes())


class Packing(serve.Quiet):
    """Serves text gzipped, as hosts of pages do."""

    def send_head(self) -> io.BytesIO | None:
        """Answer one request."""
        file = Path(self.translate_path(self.path))
        if file.suffix not in {".html", ".css", ".js", ".svg"} or not file.is_file():
            return super().send_head()
        content = packed(file)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)


def slow_down(page: Page) -> CDPSession:
    """Give a page a phone's processor and network."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", PHONE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return session


def load(chromium: Browser, address: str, *, phone: bool) -> tuple[float, float, float]:
    """Return first paint and usable explorer, in seconds, and the layout's shift."""
    page = chromium.new_page(
        viewport={"width": 390 if phone else 1280, "height": 900},
        service_workers="block",
    )
    page.add_init_script(WATCH)
    if phone:
        slow_down(page)
    page.goto(f"{address}#explorer-1", wait_until="networkidle")
    page.locator(".vg-explorer svg[data-panel]").first.wait_for()
    # From the top on, as a reader would, so that what comes late may move things.
    page.evaluate("window.scrollTo(0, 0)")
    for _ in range(12):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(60)
    paint, usable, shift = page.evaluate(f"[{PAINT}, window.usable, window.shifts]")
    page.close()
    return paint / 1000, usable / 1000, shift


def weigh(requests: list[str], folder: Path) -> dict[str, float]:
    """Gzipped kilobytes by kind, of what a page asked for."""
    kinds = {".js": "script", ".css": "style", ".html": "page", ".woff2": "font"}
    weights: dict[str, float] = {}
    for url in requests:
        path = folder / urlsplit(url).path.lstrip("/")
        if not path.is_file():
            continue
        kind = "table" if path.parent.name == "explorers" else kinds.get(path.suffix)
        size = len(gzip.compress(path.read_bytes()))
        weights[kind or "picture"] = weights.get(kind or "picture", 0) + size / 1000
    return weights


def requested(page: Page, address: str) -> list[str]:
    """What a page asks for, and does not have yet."""
    asked: list[str] = []
    page.on(
        "response",
        lambda r: (
            asked.append(r.url)
            if r.status == 200 and not r.from_service_worker
            else None
        ),
    )
    page.goto(address)
    for place in page.locator(".vg-explorer").all():  # for their tables
        place.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    return list(dict.fromkeys(asked))


def told(weights: dict[str, float]) -> str:
    """A line about weights."""
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in sorted(weights.items()))
    without_tables = sum(weights.values()) - weights.get("table", 0)
    return f"{without_tables:.0f} kB gzipped, tables apart ({parts})"


def build_default(folder: Path) -> Path:
    """Build the chapter as Jupyter Book does when nobody tells it more."""
    shutil.copy(ROOT / f"{FIRST}.ipynb", folder / "chapter.ipynb")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: chapter\n")
    (folder / "_config.yml").write_text(
        "title: T\nexecute: {execute_notebooks: force}\n"
    )
    build = [*build_book.JUPYTER_BOOK, "build", str(folder)]
    subprocess.run(build, check=True, capture_output=True)
    return folder / "_build/html"


def weigh_pages(chromium: Browser, host: str) -> None:
    """Print what a first chapter weighs, and a second one after it."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, service_workers="block"
    )
    page = context.new_page()
    first = requested(page, f"{host}/{FIRST}.html")
    print(f"  a first chapter: {told(weigh(first, SITE))} (limit 600)")
    page = context.new_page()
    second = requested(page, f"{host}/{SECOND}.html")
    fresh = [url for url in second if url not in first]
    print(f"  a second one, cache warm: {told(weigh(fresh, SITE))} (limit 150)")
    context.close()


def main() -> None:
    """Measure, and print."""
    limits = {False: (0.5, 0.8), True: (2.5, 3.5)}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.FLAGS
        )
        with serve.running(SITE, Packing) as host:
            for name in ("book/intro", FIRST, "notebooks/06_initialization"):
                for phone, (paint, usable) in limits.items():
                    runs = [
                        load(chromium, f"{host}/{name}.html", phone=phone)
                        for _ in range(RUNS)
                    ]
                    medians = [
                        statistics.median(run) for run in zip(*runs, strict=True)
                    ]
                    print(
                        f"{name}, {'phone' if phone else 'loopback'}: first paint "
                        f"{medians[0]:.2f} s (limit {paint}), explorer usable "
                        f"{medians[1]:.2f} s (limit {usable}), layout shift "
                        f"{medians[2]:.3f} (limit 0.05)"
                    )
            weigh_pages(chromium, host)
        with tempfile.TemporaryDirectory() as folder:
            site = build_default(Path(folder))
            with serve.running(site) as host:
                page = chromium.new_page()
                weights = weigh(requested(page, f"{host}/chapter.html"), site)
                print(f"  default build, what its own host sends: {told(weights)}")
        chromium.close()


if __name__ == "__main__":
    main()
