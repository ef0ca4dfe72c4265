"""The course in the reader's own browser: JupyterLite, with Python in the page."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import serve
from conftest import ROOT, SITE, turn_gain_down
from playwright.sync_api import Locator, Page, expect

import vgcourse

LITE = SITE / "lite"
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
CHAPTER = "02_linear_chain.ipynb"
if not LITE.exists():
    reason = "the course in the browser was not built: make lite says why"
    pytest.skip(reason, allow_module_level=True)
STATUS = json.loads((LITE / "complete.json").read_text())

# Needs none of what is compiled: SymPy, and a widget whose click Python counts.
PYTHON = """
import anywidget, sympy, traitlets, vgcourse

class Counter(anywidget.AnyWidget):
    _esm = '''export default {render({model, el}) {
        const button = document.createElement("button")
        button.textContent = "Count"
        button.onclick = () => {
            model.set("clicks", model.get("clicks") + 1); model.save_changes()
        }
        model.on("change:answer", () => { el.dataset.answer = model.get("answer") })
        el.append(button); el.className = "counter"
    }}'''
    clicks = traitlets.Int().tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)

    @traitlets.observe("clicks")
    def count(self, change):
        self.answer = f"Python counts {change.new}"

x = sympy.Symbol("x")
print(vgcourse.__version__, sympy.diff(sympy.tanh(x), x))
Counter()
"""


@pytest.fixture
def workers() -> str:
    """The kernel speaks with the page through one."""
    return "allow"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Iterator[str]:
    """The address of a site that is published under a folder."""
    folder = tmp_path_factory.mktemp("host")
    shutil.copytree(LITE, folder / "course" / "lite")
    with serve.running(folder) as address:
        yield f"{address}/course/lite"


def open_chapter(page: Page, course: str) -> Locator:
    """Open the chapter as a link on its page does, and wait for its kernel."""
    page.set_default_timeout(180_000)
    expect.set_options(timeout=180_000)
    page.goto(f"{course}/notebooks/index.html?path={CHAPTER}")
    expect(page.locator(".jp-NotebookKernelStatus")).to_be_attached()
    return page.locator(".jp-Notebook")


def hosts(page: Page) -> set[str]:
    return {urlsplit(url).netloc for url in page.requests if url.startswith("http")}


def test_the_application_lists_the_chapters(page, course):
    page.goto(f"{course}/index.html")
    items = page.locator(".jp-DirListing-itemText")
    expect(items).to_have_text(CHAPTERS, timeout=60_000)
    assert hosts(page) == {urlsplit(course).netloc}


def test_a_chapter_opens_whole_and_from_this_site_alone(page, course):
    cells = json.loads((LITE / "files" / CHAPTER).read_text())["cells"]
    notebook = open_chapter(page, course)
    expect(notebook.locator(".jp-Cell")).to_have_count(len(cells))
    expect(notebook.locator("mjx-container").first).to_be_attached()
    assert hosts(page) == {urlsplit(course).netloc}


def test_a_chapter_is_there_without_the_cells_that_lead_elsewhere():
    for name in CHAPTERS:
        text = (LITE / "files" / name).read_text()
        assert "colab" not in text
        assert "import vgcourse" in text or "from vgcourse import" in text


def test_the_index_of_the_kernel_offers_what_it_holds_and_nothing_else():
    core = LITE / "static" / "pyodide"
    packages = json.loads((core / "pyodide-lock.json").read_text())["packages"]
    assert packages["vgcourse"]["imports"] == ["vgcourse"]
    assert {"sympy", "ipywidgets", "anywidget"} <= set(packages["vgcourse"]["depends"])
    for package in packages.values():
        wheel = (core / package["file_name"]).read_bytes()
        assert hashlib.sha256(wheel).hexdigest() == package["sha256"]
        assert set(package["depends"]) <= set(packages)
    offered = {package["file_name"] for package in packages.values()}
    assert {path.name for path in core.glob("*.whl")} == offered


def test_the_kernel_derives_and_a_widget_answers(page, course):
    for _ in range(3):  # on a busy machine a key may come before who listens to it
        open_chapter(page, course).locator(".jp-MarkdownCell").first.click()
        page.keyboard.press("a")  # a new cell above
        page.keyboard.press("Enter")
        page.keyboard.insert_text(PYTHON.strip())
        page.wait_for_timeout(1000)
        if page.locator(".jp-CodeCell", has_text="class Counter").count():
            break
    page.keyboard.press("Shift+Enter")
    derived = f"{vgcourse.__version__} 1 - tanh(x)**2"
    output = page.locator(".jp-OutputArea-output", has_text=derived)
    expect(output.first).to_be_attached()
    page.get_by_role("button", name="Count").click()
    answer = page.locator(".counter")
    expect(answer).to_have_attribute("data-answer", "Python counts 1")
    assert any(
        url.endswith(f"vgcourse-{vgcourse.__version__}-py3-none-any.whl")
        for url in page.requests
    )
    assert hosts(page) == {urlsplit(course).netloc}


@pytest.mark.lite
@pytest.mark.skipif(
    not STATUS["complete"],
    reason=f"out of reach when the site was built: {', '.join(STATUS['missing'])}",
)
def test_a_whole_chapter_runs_and_its_explorer_answers(page, course):
    open_chapter(page, course)
    page.locator(".lm-MenuBar-item", has_text="Run").click()
    page.get_by_text("Run All Cells", exact=True).click()
    size = page.locator("svg[data-panel=size]")
    explorer = page.locator(".vg-explorer-live", has=size)
    explorer.wait_for()
    running = page.locator(".jp-InputPrompt", has_text="[*]")
    expect(running).to_have_count(0, timeout=600_000)
    expect(page.get_by_text("Traceback (most recent call last)")).to_have_count(0)
    turn_gain_down(explorer)
    assert hosts(page) == {urlsplit(course).netloc}
