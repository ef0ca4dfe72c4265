"""Time the imports of the package against `import numpy`, in fresh interpreters."""

import statistics
import subprocess
import sys
import time

LIMIT = 1.3
ROUNDS = 11
STATEMENTS = {
    "nothing": "pass",
    "numpy": "import numpy",
    "vgcourse": "import vgcourse",
    "every room that computes": (
        "from vgcourse import activations, formats, initializers, network, products, "
        "propagation"
    ),
}


def seconds(statement: str) -> float:
    """Return how long a fresh interpreter takes for a statement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the medians, and their ratios to NumPy's; fail above the limit."""
    for statement in STATEMENTS.values():  # the first import of all reads the disk
        seconds(statement)
    # By turns, so that what else the machine does falls on all alike.
    rounds = [[seconds(s) for s in STATEMENTS.values()] for _ in range(ROUNDS)]
    start, *medians = map(statistics.median, zip(*rounds, strict=True))
    times = dict(zip(list(STATEMENTS)[1:], medians, strict=True))
    for name, median in times.items():
        ratio = (median - start) / (times["numpy"] - start)
        print(f"import {name:<25} {1000 * (median - start):5.0f} ms  ratio {ratio:.2f}")
    ratio = (times["vgcourse"] - start) / (times["numpy"] - start)
    print(f"vgcourse to numpy: {ratio:.2f}, at most {LIMIT}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
