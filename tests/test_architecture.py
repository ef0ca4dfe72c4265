"""The rooms of the package import one another in one direction only."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import vgcourse

PACKAGE = Path(vgcourse.__file__).parent

# What each room imports besides the standard library and the checks of arguments: no
# arrow more, and none that is not there.
ALLOWED = {
    "__init__": set(),
    "_checks": {"numpy"},
    "gaussian": {"numpy"},
    "_slope_edges": {"numpy"},
    "_probe": {"numpy"},
    "activations": {
        "numpy",
        "vgcourse._probe",
        "vgcourse._slope_edges",
        "vgcourse.gaussian",
    },
    "initializers": {"numpy"},
    "formats": {"numpy"},
    "_graded_qr": {"numpy"},
    "products": {"numpy", "vgcourse._graded_qr"},
    "unit_chain": {"numpy", "vgcourse.activations"},
    "symbolic": {"sympy"},
    "layers": {"numpy", "vgcourse.activations"},
    "network": {
        "numpy",
        "vgcourse.activations",
        "vgcourse.initializers",
        "vgcourse.layers",
    },
    "profiles": {"numpy", "vgcourse.activations"},
    "_moments": {
        "numpy",
        "vgcourse._hermite",
        "vgcourse._passes",
        "vgcourse.activations",
        "vgcourse.gaussian",
    },
    "_passes": {"numpy", "vgcourse.activations", "vgcourse.profiles"},
    "propagation": {
        "numpy",
        "vgcourse._passes",
        "vgcourse.activations",
        "vgcourse.initializers",
        "vgcourse.profiles",
    },
    "meanfield": {
        "numpy",
        "vgcourse._moments",
        "vgcourse.activations",
        "vgcourse.gaussian",
        "vgcourse.initializers",
        "vgcourse.profiles",
    },
    "_hermite": {"numpy", "vgcourse.activations", "vgcourse.gaussian"},
    "_curves": {
        "numpy",
        "vgcourse._hermite",
        "vgcourse._moments",
        "vgcourse.activations",
        "vgcourse.gaussian",
    },
    "phases": {
        "numpy",
        "vgcourse._curves",
        "vgcourse._hermite",
        "vgcourse.activations",
        "vgcourse.gaussian",
    },
    "critical": {
        "numpy",
        "vgcourse._curves",
        "vgcourse.activations",
        "vgcourse.gaussian",
    },
    "data": {"numpy"},
    "training": {
        "numpy",
        "vgcourse.layers",
        "vgcourse.network",
        "vgcourse.profiles",
    },
    # PIL comes with matplotlib.
    "plotting": {"numpy", "matplotlib", "PIL", "vgcourse.plotting"},
    "_answers": {"numpy"},
    "guesses": {"numpy", "vgcourse._answers"},
    "exercises": {"numpy", "sympy", "vgcourse._answers", "vgcourse.exercises"},
    "explorers": {
        "numpy",
        "ipywidgets",
        "anywidget",
        "traitlets",
        "IPython",
        "vgcourse.activations",
        "vgcourse.data",
        "vgcourse.explorers",
        "vgcourse.formats",
        "vgcourse.initializers",
        "vgcourse.meanfield",
        "vgcourse.network",
        "vgcourse.plotting",
        "vgcourse.products",
        "vgcourse.profiles",
        "vgcourse.propagation",
        "vgcourse.training",
        "vgcourse.unit_chain",
    },
}
FOLDERS = {"plotting", "exercises", "explorers"}
HEAVY = ("sympy", "matplotlib", "ipywidgets", "anywidget", "IPython", "torch")


def imports(source: str, package: str = "vgcourse") -> set[str]:
    """Return what a module imports: rooms by their full name, others by their first.

    Relative imports are read as if the module stood in `package`.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = [*(parts if node.level else []), *filter(None, [node.module])]
            stem = ".".join(base)
            # `from vgcourse import products` imports a room, not the package alone.
            whole = stem == "vgcourse"
            names = [f"{stem}.{a.name}" for a in node.names] if whole else [stem]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            room = f"vgcourse.{rest.partition('.')[0]}"
            found.add(room if first == "vgcourse" else first)
    return found - {"vgcourse._checks"} - sys.stdlib_module_names


def arrows(room: str, source: str) -> set[str]:
    """Return what a module of a room imports."""
    return imports(source, f"vgcourse.{room}" if room in FOLDERS else "vgcourse")


def wrong_arrows(room: str, source: str) -> set[str]:
    """Return what a module of a room imports and may not."""
    return arrows(room, source) - ALLOWED[room]


def sources() -> dict[str, list[str]]:
    """Return the sources of each room's modules."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0] if len(inside.parts) > 1 else inside.stem
        found.setdefault(room, []).append(path.read_text("utf-8"))
    return found


def test_every_room_has_its_place_in_the_house() -> None:
    assert set(sources()) == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_every_room_imports_exactly_what_is_declared(room: str) -> None:
    found = set().union(*(arrows(room, source) for source in sources()[room]))
    assert found == ALLOWED[room]


@pytest.mark.parametrize(
    ("room", "source", "wrong"),
    [
        ("products", "from vgcourse.network import mlp", {"vgcourse.network"}),
        ("products", "from vgcourse import propagation", {"vgcourse.propagation"}),
        ("products", "import vgcourse.network as n", {"vgcourse.network"}),
        ("products", "from . import network", {"vgcourse.network"}),
        ("products", "from .network import mlp", {"vgcourse.network"}),
        ("network", "def f():\n    import matplotlib.pyplot", {"matplotlib"}),
        (
            "plotting",
            "from vgcourse.products import log10_norms",
            {"vgcourse.products"},
        ),
        ("symbolic", "import numpy as np", {"numpy"}),
        ("propagation", "import torch, math", {"torch"}),
        ("explorers", "from scipy.special import erf", {"scipy"}),
        ("exercises", "from vgcourse import plotting", {"vgcourse.plotting"}),
        ("explorers", "from ..torch import diagnose", {"vgcourse.torch"}),
    ],
)
def test_a_wrong_arrow_is_seen(room: str, source: str, wrong: set[str]) -> None:
    assert wrong_arrows(room, source) == wrong


@pytest.mark.parametrize(
    ("room", "source"),
    [
        (
            "network",
            "from .activations import ACTIVATIONS\nfrom ._checks import check_rng",
        ),
        ("propagation", "import math\nfrom vgcourse import profiles, _checks"),
        ("explorers", "from ._base import Explorer\nfrom .. import plotting, products"),
    ],
)
def test_a_right_arrow_is_let_through(room: str, source: str) -> None:
    assert wrong_arrows(room, source) == set()


def loaded_by(statement: str) -> set[str]:
    """Return the heavy packages that a fresh interpreter has loaded after it."""
    look = f"{statement}; import sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    command = [sys.executable, "-c", look]
    return set(
        subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout.split()
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import vgcourse") == set()


@pytest.mark.parametrize(
    "room",
    [
        "gaussian",
        "activations",
        "initializers",
        "formats",
        "products",
        "propagation",
        "meanfield",
        "exercises",
        "guesses",
    ],
)
def test_a_room_that_computes_loads_nothing_heavy(room: str) -> None:
    assert loaded_by(f"import vgcourse.{room}") == set()


def test_what_is_heavy_is_seen() -> None:
    assert loaded_by("from vgcourse import symbolic") == {"sympy"}


def test_every_public_room_is_an_attribute_of_the_package() -> None:
    assert set(vgcourse.__all__) == {name for name in ALLOWED if name[0] != "_"}
    for room in vgcourse.__all__:
        assert getattr(vgcourse, room).__name__ == f"vgcourse.{room}"
    assert set(dir(vgcourse)) >= set(vgcourse.__all__)


def test_a_room_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'attic'"):
        vgcourse.attic  # noqa: B018 -- reading the attribute is what fails


def test_the_version_is_the_one_in_pyproject() -> None:
    pyproject = (PACKAGE.parent.parent / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{vgcourse.__version__}"\n' in pyproject


def test_the_floors_are_those_of_pyproject() -> None:
    root = PACKAGE.parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    floors = [dependency.replace(">=", "==") for dependency in project["dependencies"]]
    tested = (root / "tests" / "floors.txt").read_text("utf-8").splitlines()
    assert [line for line in tested if line in floors] == floors
