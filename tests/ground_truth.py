"""The numbers that the package must reproduce: rows of ``ground_truth.csv``.

Each was found by a route of its own (a closed form, quadrature, exact rational
rounding, a seeded simulation) before it was written down. `statement` says what the
numbers of `value` are, in this order; `tolerance` what a finite check may miss them by.
"""

import csv
from pathlib import Path

with (Path(__file__).parent / "ground_truth.csv").open(encoding="utf-8") as file:
    ROWS = {row["row"]: row for row in csv.DictReader(file)}


def known(row: str) -> tuple[float, ...]:
    """Return the numbers of one row."""
    return tuple(float(number) for number in ROWS[row]["value"].split(";"))
