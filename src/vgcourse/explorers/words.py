"""Numbers in words, for an explorer's sentence and the text of its still picture."""

import math
from collections.abc import Callable

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def from_log10(x: float) -> str:
    """The number 10**x, to two digits."""
    if math.isinf(x):
        return "infinite" if x > 0 else "0"
    exponent = math.floor(x)
    mantissa = f"{10 ** (x - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    if -2 <= exponent <= 3:
        return f"{float(mantissa) * 10.0**exponent:.{max(0, 1 - exponent)}f}"
    return f"{mantissa} × 10{str(exponent).translate(RAISED)}"


def times(x: float) -> str:
    """How a factor of 10**x changes a size."""
    if math.isinf(x):
        return "infinite" if x > 0 else "exactly zero"
    if abs(x) < 0.02:
        return "as large as before"
    return f"{from_log10(abs(x))} times {'larger' if x > 0 else 'smaller'}"


def percent(x: float) -> str:
    """A fraction in percent, rounded half up as the browser does."""
    return f"{math.floor(100 * x + 0.5)} %"


FORMATS: dict[str, Callable[[float], str]] = {
    "number": from_log10,
    "times": times,
    "percent": percent,
    "plain": lambda x: f"{x:.2f}",
    "whole": lambda x: f"{math.floor(x + 0.5)}",
    "minus": lambda x: "−" if x else "",
}
