"""Knob to picture: measured on the built book. loading.py has paints and weights.

Beside each explorer stands what it replaces: an ``interact`` callback that redraws the
same picture with matplotlib and encodes a PNG, in the same run.
"""

import io
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from vgcourse import explorers

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


def callback_seconds(kind: type) -> float:
    """Median time of the callback that `interact` would run for one move."""
    widget = kind()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        fig = widget.figure()
        fig.savefig(io.BytesIO(), format="png")
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(page: Page, address: str, name: str, *, is_phone: bool) -> None:
    """Print what one page achieves."""
    page.goto(f"{address}/{name}.html")
    if not page.locator(".vg-explorer").count():
        return
    print(f"{name}, {'a phone' if is_phone else 'a desk'}")
    for place in page.locator(".vg-explorer").all():
        place.scroll_into_view_if_needed()
        place.locator("svg[data-panel]").first.wait_for()
        title = place.locator(".vg-explorer-live").get_attribute("aria-label")
        kind = next((cls for cls in explorers.LARGE if cls.title == title), None)
        if kind is None:
            continue  # a figure that turns
        handle = place.element_handle()
        page.evaluate(MOVE, [handle, 20])
        times = sorted(page.evaluate(MOVE, [handle, MOVES]))
        median, slow = times[MOVES // 2], times[int(0.99 * MOVES)]
        limits = (8, 16.7) if is_phone else (2, 8)
        print(
            f"  {kind.__name__}: knob to picture median {median:.1f} ms "
            f"(limit {limits[0]}), 99 % {slow:.1f} ms (limit {limits[1]})"
        )
        if not is_phone and kind is not explorers.Initialization:  # takes a minute
            callback = 1000 * callback_seconds(kind)
            print(
                f"    interact {callback:.0f} ms, "
                f"{callback / median:.0f} times slower (at least 20)"
            )


def main() -> None:
    """Measure every page that has an explorer."""
    with serve.running(SITE) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.FLAGS
        )
        for folder in ("book", "notebooks"):
            for file in sorted((SITE / folder).glob("*.html")):
                for width, is_phone in ((1280, False), (390, True)):
                    page = chromium.new_page(viewport={"width": width, "height": 900})
                    if is_phone:  # four times slower than this machine
                        session = page.context.new_cdp_session(page)
                        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
                    name = f"{folder}/{file.stem}"
                    measure(page, address, name, is_phone=is_phone)
                    page.close()
        chromium.close()


if __name__ == "__main__":
    main()
