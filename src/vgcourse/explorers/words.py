"""Numbers in words, for an explorer's sentence and the text of its still picture.

The twin of ``js/explorers/words.js``. Python rounds halves to even and JavaScript up,
so that both round here with a function of their own.
"""

import math
from collections.abc import Callable

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
UNBROKEN = "\u00a0"  # a number stays on one line


def rounded(x: float, digits: int) -> str:
    """A number to that many decimals, halves away from zero."""
    if math.isinf(x):
        return "infinite" if x > 0 else "−infinite"
    whole = math.floor(abs(x) * 10**digits + 0.5)
    text = str(whole).zfill(digits + 1)
    if digits:
        text = f"{text[:-digits]}.{text[-digits:]}"
    return f"−{text}" if x < 0 and whole else text


def from_log10(x: float) -> str:
    """The number 10**x, to two digits."""
    if math.isinf(x):
        return "infinite" if x > 0 else "0"
    exponent = math.floor(x)
    tenths = math.floor(10 ** (x - exponent) * 10 + 0.5)
    if tenths == 100:
        tenths, exponent = 10, exponent + 1
    if -2 <= exponent <= 3:
        return rounded(tenths * 10.0 ** (exponent - 1), max(0, 1 - exponent))
    mantissa = f"{tenths // 10}.{tenths % 10}"
    return f"{mantissa}{UNBROKEN}×{UNBROKEN}10{str(exponent).translate(RAISED)}"


def times(x: float) -> str:
    """How a factor of 10**x changes a size."""
    if math.isinf(x):
        return "infinite" if x > 0 else "exactly zero"
    if abs(x) < 0.02:
        return "as large as before"
    return f"{from_log10(abs(x))}{UNBROKEN}times {'larger' if x > 0 else 'smaller'}"


def compared(x: float) -> str:
    """How a size compares with another that is 10**x times smaller."""
    if math.isinf(x):
        return f"{times(x)}, unlike"
    return "as large as" if abs(x) < 0.02 else f"{times(x)} than"


def size(x: float) -> str:
    """A plain number to two digits, however small."""
    if x == 0:
        return "0"
    text = from_log10(math.log10(abs(x)))
    return f"−{text}" if x < 0 else text


def counted(number: str, noun: str) -> str:
    """A number and what it counts, which is named as of several: "1 layer"."""
    return f"{number}{UNBROKEN}{noun[:-1] if number == '1' else noun}"


FORMATS: dict[str, Callable[[float], str]] = {
    "number": from_log10,
    "times": times,
    "compared": compared,
    "size": size,
    "percent": lambda x: f"{rounded(100 * x, 0)}{UNBROKEN}%",
    "plain": lambda x: rounded(x, 2),
    "whole": lambda x: rounded(x, 0),
    "minus": lambda x: "−" if x else "",
}
