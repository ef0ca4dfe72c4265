"""Draw what book/_static/logo.svg stands in, with Chromium: icons, the social card.

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
# What a link to the course shows where it is passed on.
CARD = """<style>
body { margin: 0; height: 630px; padding: 0 80px; display: grid; align-items: center;
  grid-template-columns: 1fr 420px; background: #14181e; color: #e6edf3;
  font-family: system-ui, "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 28px; font-size: 68px; line-height: 1.12; }
p { margin: 0; font-size: 32px; line-height: 1.4; color: #9aa6b2; }
svg { width: 400px; justify-self: end; }
</style><div><h1>Vanishing and exploding gradients</h1>
<p>Derived, measured, and yours to turn:<br>an interactive course</p></div>"""


def main() -> None:
    """Write the icons and the card."""
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
        page = chromium.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(CARD + logo)
        page.screenshot(path=STATIC / "social-card.png")
        chromium.close()


if __name__ == "__main__":
    main()
