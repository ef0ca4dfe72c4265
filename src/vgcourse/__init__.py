"""What the chapters on vanishing and exploding gradients would otherwise repeat.

One room per idea, loaded when first used, so that ``import vgcourse`` is cheap:
`gaussian`, `activations`, `initializers`, `formats`, `products`, `unit_chain`,
`symbolic`, `layers`, `network`, `profiles`, `propagation`, `meanfield`, `training`,
`data`, `plotting`, `explorers`, `exercises` and `guesses`.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "activations",
    "critical",
    "data",
    "exercises",
    "explorers",
    "formats",
    "gaussian",
    "guesses",
    "initializers",
    "layers",
    "meanfield",
    "network",
    "phases",
    "plotting",
    "products",
    "profiles",
    "propagation",
    "symbolic",
    "training",
    "unit_chain",
]


def __getattr__(name: str) -> ModuleType:
    """Load a room when it is first asked for."""
    if name in __all__:
        return importlib.import_module(f"vgcourse.{name}")
    message = f"module 'vgcourse' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the rooms beside what is loaded."""
    return sorted({*globals(), *__all__})
