"""Draw the icons of the installed course from book/_static/logo.svg, with Chromium.

    python tools/app_icons.py

They are committed; run this again when the logo changes.
"""

from pathlib import Path

import browser
from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "book/_static"
# File: pixels, share of the side that the logo takes, background. A launcher may cut a
# maskable icon down to a circle of 80 %; iOS paints what is transparent black.
ICONS = {
    "icon-192": (192, 0.94, "transparent"),
    "icon-512": (512, 0.94, "transparent"),
    "maskable-512": (512, 0.56, "#ffffff"),
    "apple-touch-icon": (180, 0.72, "#ffffff"),
}


def main() -> None:
    """Write the icons."""
    logo = (STATIC / "logo.svg").read_text(encoding="utf-8")
    (STATIC / "icons").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find(), args=browser.FLAGS
        )
        for name, (size, share, background) in ICONS.items():
            page = chromium.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>body {{ margin: 0; height: 100vh; display: grid; "
                f"place-items: center; background: {background} }} "
                f"svg {{ width: {share:.0%} }}</style>{logo}"
            )
            target = STATIC / "icons" / f"{name}.png"
            page.screenshot(path=target, omit_background=True)
            print(f"{target.name}: {target.stat().st_size} bytes")
            page.close()
        chromium.close()


if __name__ == "__main__":
    main()
