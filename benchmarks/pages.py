"""Knob to picture, page to usable, weight of a page: measured on the built book.

Beside each explorer stands what it replaces: an ``interact`` callback that redraws the
same picture with matplotlib and encodes a PNG, in the same run.
"""

import gzip
import io
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from vgcourse import explorers, plotting

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import browser  # noqa: E402 - after its folder is on the path
import serve  # noqa: E402

SITE = ROOT / "book/_build/html"
MOVES = 200

# From the input's event to the picture in the document and laid out, for each move.
MOVE = """([place, moves]) => {
  const knobs = [...place.querySelectorAll("input[type=range]")];
  const picture = place.querySelector(".vg-pictures");
  const times = [];
  for (let i = 0; i < moves; i++) {
    const knob = knobs[i % knobs.length];
    const count = +knob.max + 1;
    knob.value = (+knob.value + 7) % count;
    const start = performance.now();
    knob.dispatchEvent(new Event("input"));
    picture.getBoundingClientRect();
    times.push(performance.now() - start);
  }
  return times;
}"""


def callback_seconds(name: str) -> float:
    """Median time of the callback that `interact` would run for one move."""
    widget = getattr(explorers, name)()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        fig, axes = plotting.figure(len(widget.panels))
        for panel, ax in zip(widget.panels, axes, strict=True):
            plotting.panel(ax, panel.view, widget.resolved(panel))
        fig.savefig(io.BytesIO(), format="png")
        plotting.close(fig)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def weigh(requests: set[str], page: str) -> str:
    """Gzipped sizes of what a page loads, in kB."""
    groups: dict[str, int] = {"code and fonts": 0, "explorer.js": 0, "tables": 0}
    for url in requests:
        file = SITE / urlsplit(url).path.lstrip("/")
        if file.suffix not in {".js", ".css", ".woff", ".woff2"}:
            continue
        size = len(gzip.compress(file.read_bytes()))
        group = "tables" if file.parent.name == "explorers" else "code and fonts"
        groups[group] += size
        if file.name == "explorer.js":
            groups[file.name] += size
    groups["HTML"] = len(gzip.compress((SITE / f"{page}.html").read_bytes()))
    return ", ".join(f"{name} {size / 1000:.0f} kB" for name, size in groups.items())


def measure(page: Page, address: str, name: str) -> None:
    """Print what one page achieves."""
    requests: set[str] = set()
    page.on("request", lambda request: requests.add(request.url))
    page.goto(f"{address}/{name}.html")
    if not page.locator(".vg-explorer").count():
        return
    print(name)
    usable = []
    for _ in range(5):
        page.goto("about:blank")
        page.goto(f"{address}/{name}.html", wait_until="commit")
        place = page.locator(".vg-explorer").first
        place.scroll_into_view_if_needed()
        place.locator("svg[data-panel]").first.wait_for()
        usable.append(page.evaluate("performance.now()"))
    print(
        f"  explorer usable after {statistics.median(usable) / 1000:.2f} s (limit 1 s)"
    )
    for place in page.locator(".vg-explorer").all():
        place.scroll_into_view_if_needed()
        place.locator("svg[data-panel]").first.wait_for()
        title = place.locator(".vg-explorer-live").get_attribute("aria-label")
        kind = next(
            n for n in explorers.__all__ if getattr(explorers, n).title == title
        )
        handle = place.element_handle()
        page.evaluate(MOVE, [handle, 20])
        times = sorted(page.evaluate(MOVE, [handle, MOVES]))
        median, slow = times[MOVES // 2], times[int(0.99 * MOVES)]
        callback = 1000 * callback_seconds(kind)
        print(
            f"  {kind}: knob to picture median {median:.1f} ms (limit 8), 99 % "
            f"{slow:.1f} ms (limit 33); interact {callback:.0f} ms, "
            f"{callback / median:.0f} times slower (at least 20)"
        )
    page.wait_for_load_state("networkidle")
    print(f"  {weigh(requests, name)}")


def main() -> None:
    """Measure every page that has an explorer."""
    with serve.running(SITE) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.FLAGS
        )
        for folder in ("book", "notebooks"):
            for file in sorted((SITE / folder).glob("*.html")):
                page = chromium.new_page(viewport={"width": 1280, "height": 900})
                measure(page, address, f"{folder}/{file.stem}")
                page.close()
        chromium.close()


if __name__ == "__main__":
    main()
