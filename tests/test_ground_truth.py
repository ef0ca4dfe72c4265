"""The table of known numbers and the tests that cite it belong together."""

import math
import re
from pathlib import Path

import pytest
from ground_truth import ROWS, known

CITED = re.compile(r'known\("(\d+\.\d+)"\)|\b[Rr]ows? (\d+\.\d+)')
CITING = [
    path
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.name != "test_ground_truth.py"
]


def cited() -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in CITING)
    return {number for found in CITED.findall(text) for number in found if number}


def test_every_row_that_a_test_cites_is_in_the_table():
    assert cited() - ROWS.keys() == set()


def test_every_row_of_the_table_is_cited_by_a_test():
    assert ROWS.keys() - cited() == set()


@pytest.mark.parametrize("row", ROWS)
def test_row_is_complete(row):
    assert all(ROWS[row].values())
    assert all(math.isfinite(number) for number in known(row))
