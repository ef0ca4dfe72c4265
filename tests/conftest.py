"""What every test relies on: settings, closed figures, and no silent skip in CI."""

import functools
import os
import sys
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Before NumPy is there: one thread, so that runs side by side do not fight.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "agg"

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT)]

# Marks whose tests must run, and not be skipped: "browser", "torch" (see .ci/run) and
# "lite" (see .github/workflows/lite.yml).
REQUIRED = frozenset(os.environ.get("VGCOURSE_REQUIRE", "").replace(",", " ").split())
_ran: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives the built pages in Chromium")
    settings.register_profile("ci", derandomize=True, deadline=None)
    settings.load_profile("ci")


def pytest_itemcollected(item: pytest.Item) -> None:
    # A chapter in the browser needs more than a browser: a build with the network.
    if "browser" in item.path.parts and not item.get_closest_marker("lite"):
        item.add_marker("browser")


def _fail_if_required(report: Any, names: frozenset[str]) -> None:
    """Turn a skip into a failure where what was skipped is required."""
    if report.skipped and not hasattr(report, "wasxfail") and names:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        report.outcome = "failed"
        report.longrepr = f"VGCOURSE_REQUIRE={' '.join(sorted(names))}, but {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    names = REQUIRED & {mark.name for mark in item.iter_markers()}
    report.ran = sorted(names) if report.when == "call" and not report.skipped else []
    _fail_if_required(report, names)
    return report


def pytest_runtest_logreport(report: Any) -> None:
    """Note what ran; where processes share the tests, the first one hears of all."""
    _ran.update(report.ran)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    report = yield
    # A whole module was left out: what its marks would have been is not known.
    _fail_if_required(report, REQUIRED)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    is_helper = hasattr(session.config, "workerinput")  # of pytest-xdist
    if REQUIRED - _ran and not session.config.option.collectonly and not is_helper:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for name in sorted(REQUIRED - _ran) if not config.option.collectonly else ():
        terminalreporter.line(
            f"VGCOURSE_REQUIRE={name}, but no such test ran", red=True
        )


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Say in one line where the comparisons with PyTorch are left out."""
    if find_spec("torch") or all("browser" in item.path.parts for item in items):
        return []
    return ["note: PyTorch is not installed, nothing is compared with it: make torch"]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close what a test has drawn, so that figures do not pile up."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def explorer_of() -> Callable[[type], tuple[Any, Any]]:
    """Make an explorer of a class once, with the table it computed: some take seconds.

    Whoever turns its knobs puts them back.
    """

    @functools.cache
    def make(cls: Any) -> tuple[Any, Any]:
        tables, compute = [], cls.compute

        def noted(*given: Any) -> Any:
            tables.append(compute(*given))
            return tables[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cls, "compute", noted)
            explorer = cls()
        return explorer, *tables

    return make


@pytest.fixture(scope="session")
def javascript() -> Any:
    """The explorers' bundle in an engine without a browser."""
    from py_mini_racer import MiniRacer  # noqa: PLC0415 - not with the oldest releases

    from vgcourse.explorers.widget import BUNDLE  # noqa: PLC0415

    engine = MiniRacer()
    engine.eval("class EventTarget {}")  # of a browser: a model without a kernel is one
    engine.eval(BUNDLE.read_text(encoding="utf-8"))
    return engine
