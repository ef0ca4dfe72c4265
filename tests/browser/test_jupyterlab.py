"""With a live kernel: a chapter in JupyterLab, an explorer turned, *Re-run* pressed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import turn_gain_down
from playwright.sync_api import expect

from vgcourse import exercises

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "02_linear_chain.ipynb"
ASKED = "asked.ipynb"  # a guess, an exercise answered wrongly and rightly
CELLS = [
    "from vgcourse import exercises, guesses\n"
    'guesses.choice("What is left?", options=["1", "1/32"], truth="1/32", '
    'answer="Squares add up.")',
    'exercises.check("06.1", exercises.find("06.1").mistakes[0].answer)',
    'exercises.check("06.1", exercises.find("06.1").truth)',
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """JupyterLab on a copy of the chapter; every cell is drawn, seen or not."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / CHAPTER, folder)
    asked = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"display_name": "Python 3", "name": "python3"}},
    )
    nbformat.write(asked, folder / ASKED)
    settings = folder / "settings/@jupyterlab/notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(
        json.dumps({"windowingMode": "none"})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.port": port,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "",
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "LabApp.news_url": "none",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab"),
            *(f"--{name}={value}" for name, value in options.items()),
        ],
        env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(30)


def test_chapter_runs_and_its_explorer_answers_in_jupyterlab(page, lab):
    page.set_default_timeout(120_000)
    expect.set_options(timeout=120_000)
    page.goto(f"{lab}/lab/tree/{CHAPTER}?reset")  # no other notebook is open
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").first.wait_for()
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.get_by_text("Run All Cells", exact=True).click()

    size = page.locator("svg[data-panel=size]")
    explorer = page.locator(".vg-explorer-live", has=size)
    explorer.wait_for()
    expect(page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(0)
    readout = turn_gain_down(explorer)

    panel = page.locator(".widget-vbox", has=page.get_by_text("Re-run"))
    depth = panel.get_by_label("Depth, at most")
    depth.fill("30")
    depth.press("Enter")
    panel.get_by_role("button", name="Re-run").click()
    page.get_by_text("Done: the picture above shows your numbers.").wait_for()
    expect(explorer.locator("[data-knob=depth]")).to_have_attribute("max", "29")
    expect(readout).to_contain_text("layers of gain 0.85")


def test_a_guess_folds_and_an_exercise_is_checked_in_jupyterlab(page, lab):
    page.set_default_timeout(120_000)
    expect.set_options(timeout=120_000)
    page.goto(f"{lab}/lab/tree/{ASKED}?reset")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").first.wait_for()
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.get_by_text("Run All Cells", exact=True).click()

    guess = page.locator(".vg-guess")
    expect(guess).to_contain_text("What is left?")
    expect(guess.locator("details p")).to_be_hidden()
    guess.get_by_text("Answer", exact=True).click()
    expect(guess.locator("details p")).to_have_text("1/32. Squares add up.")
    wrong, right = page.locator(".vg-exercise").all()
    expect(wrong).to_contain_text(f"Not yet: {exercises.find('06.1').mistakes[0].says}")
    expect(right).to_contain_text("Right")
    expect(right.locator("details p")).to_be_hidden()
