"""What a reader answers and reads: numbers as people write them, text as pages show it.

`js/site/src/answers.js` reads numbers by the same rules; a test compares the two.
"""

import html
import json
import math
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

LONGEST = 80  # characters of a number; more is no number
EMPTY = {"", "none", "...", "?"}
RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
SIGNS = str.maketrans("−–·×⋅∙⁄∕÷", "--****///")  # noqa: RUF001 -- read alike
TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?P<name>sqrt|√|pi|π)|(?P<sign>[-+*/^()%])"
)


class UnreadableError(ValueError):
    """An answer that cannot be understood; the message says why, in one line."""


@cache
def words() -> dict[str, Any]:
    """Return the sentences that the checker speaks, in Python and on the pages."""
    source = resources.files("vgcourse").joinpath("words.json")
    found: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return found


def is_empty(answer: object) -> bool:
    """Whether nothing has been answered yet."""
    if isinstance(answer, str):
        return answer.strip().lower() in EMPTY
    return answer is None or answer is Ellipsis


def read_number(answer: object) -> float:
    """Return the finite number that a reader wrote.

    Parameters
    ----------
    answer : object
        A number of any kind (Python, NumPy, SymPy), or text as people write numbers:
        ``"0,5"``, ``"1/8"``, ``"2·10^-3"``, ``"2 × 10⁻³"``, ``"√2"``, ``"5 %"``.

    Returns
    -------
    float

    Raises
    ------
    UnreadableError
        If it is no number, not a finite one, or can be read in two ways.

    Examples
    --------
    >>> read_number("2·10^-3")
    0.002
    >>> read_number("0,5") == read_number("1/2") == read_number("50 %")
    True
    """
    if isinstance(answer, str):
        return _finite(_read_text(answer), answer)
    if isinstance(answer, bool | np.bool_ | bytes):
        raise UnreadableError(words()["number"].format(text=answer))
    if isinstance(answer, list | tuple | np.ndarray):
        shape = np.shape(np.asarray(answer, dtype=object))
        if math.prod(shape) != 1:
            raise UnreadableError(words()["single"].format(text=shape))
        return read_number(np.asarray(answer, dtype=object).item())
    try:
        number = float(answer)  # type: ignore[arg-type]  # whatever knows how
    except (TypeError, ValueError) as error:
        raise UnreadableError(words()["number"].format(text=_brief(answer))) from error
    except OverflowError:
        number = math.inf
    return _finite(number, answer)


def _brief(answer: object) -> str:
    """Write an answer in a few characters, without addresses of this machine."""
    text = repr(answer)
    return type(answer).__name__ if " at 0x" in text else shorten(text)


def shorten(text: str) -> str:
    """Cut a long text, so that a line stays a line."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


def _finite(number: float, answer: object) -> float:
    if not math.isfinite(number):
        raise UnreadableError(words()["infinite"].format(text=shorten(str(answer))))
    return number


def _in_ascii(text: str) -> str:
    """Write superscripts, fractions, signs and spaces in one way."""
    text = re.sub(
        "[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda raised: f"^({raised[0].translate(RAISED)})", text
    )
    text = re.sub(
        r"(\d*)([½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])",
        lambda part: f"({part[1] or 0}+{unicodedata.normalize('NFKC', part[2])})",
        text,
    )
    text = unicodedata.normalize("NFKC", text).translate(SIGNS).lower()
    text = text.replace("**", "^").strip().lstrip("≈~= ")
    text = re.sub(r"(?<=[\d%)]) [a-z]{3,}$", "", text)  # "117 layers"
    return re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", text)  # "10 000"


def _read_text(answer: str) -> float:
    """Read text as a product, quotient, power or sum of numbers."""
    shown = shorten(answer)
    wrong = UnreadableError(words()["number"].format(text=shown))
    text = _in_ascii(answer)
    if len(text) > LONGEST:
        raise wrong
    if "," in text:
        thousands = re.search(r"(?<![\d.])[1-9]\d{0,2},\d{3}(?!\d)", text)
        if thousands or text.count(",") > 1 or "." in text:
            raise UnreadableError(words()["comma"].format(text=shown))
        text = text.replace(",", ".")
    if re.fullmatch(r"[-+]?(inf|infinity|nan|∞)", text):
        return math.nan
    tokens = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        token = TOKEN.match(text, at)
        if token is None:
            raise wrong
        tokens.append(token[0])
        at = token.end()
    reader = _Reader(tokens)
    number = reader.sum()
    if number is None or reader.tokens:
        raise wrong
    return number


class _Reader:
    """Recursive descent over the tokens of one number; None is what cannot be read."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def next_is(self, signs: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in signs.split()

    def sum(self) -> float | None:
        total = self.product()
        while total is not None and self.next_is("+ -"):
            sign = 1.0 if self.tokens.pop(0) == "+" else -1.0
            term = self.product()
            total = None if term is None else total + sign * term
        return total

    def product(self) -> float | None:
        value = self.power()
        while value is not None and self.next_is("* / √ sqrt pi π ("):
            sign = self.tokens.pop(0) if self.next_is("* /") else "*"
            factor = self.power()
            if factor is None:
                return None
            value = value * factor if sign == "*" else _quotient(value, factor)
        return value

    def power(self) -> float | None:
        if self.next_is("+ -"):
            sign = 1.0 if self.tokens.pop(0) == "+" else -1.0
            value = self.power()
            return None if value is None else sign * value
        base = self.atom()
        if base is None or not self.next_is("^"):
            return base
        self.tokens.pop(0)
        exponent = self.power()
        return None if exponent is None else _raised(base, exponent)

    def atom(self) -> float | None:
        if not self.tokens:
            return None
        token = self.tokens.pop(0)
        value: float | None = None
        if token[0].isdigit() or token[0] == ".":
            value = float(token)
        elif token in {"pi", "π"}:
            value = math.pi
        elif token in {"sqrt", "√"}:
            inside = self.atom()
            value = None if inside is None else _raised(inside, 0.5)
        elif token == "(":
            value = self.sum()
            if not self.next_is(")"):
                return None
            self.tokens.pop(0)
        if value is not None and self.next_is("%"):
            self.tokens.pop(0)
            value /= 100
        return value


def _quotient(above: float, below: float) -> float:
    """Divide as a browser does: what is too large, or no number, raises nothing."""
    with np.errstate(all="ignore"):
        return float(np.float64(above) / np.float64(below))


def _raised(base: float, exponent: float) -> float:
    """Raise to a power, as a browser does."""
    with np.errstate(all="ignore"):
        return float(np.float64(base) ** np.float64(exponent))


def ended(text: str) -> str:
    """Return a text that ends as a sentence does."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def to_html(text: str) -> str:
    """Return a text with `code`, *stress*, **bold** and blank lines as HTML.

    Formulas between dollars stay as they are: JupyterLab and the book set them.
    """
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in paragraphs)


def _inline(text: str) -> str:
    pieces = re.split(r"(`[^`]+`|\$[^$]+\$)", " ".join(text.split()))
    for index, piece in enumerate(pieces):
        safe = html.escape(piece, quote=False)
        if piece.startswith("`"):
            pieces[index] = f"<code>{safe[1:-1]}</code>"
        elif not piece.startswith("$"):
            bold = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
            pieces[index] = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", bold)
        else:
            pieces[index] = safe
    return "".join(pieces)


def folded(summary: str, inside: str) -> str:
    """Return HTML that opens on request, with or without a script."""
    return f"<details><summary>{summary}</summary>{inside}</details>"


def placed(kind: str, data: dict[str, Any], inside: str) -> str:
    """Return HTML that the book's script finds and brings to life by `data`."""
    carried = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return f'<div class="vg-{kind}" data-{kind}="{html.escape(carried)}">{inside}</div>'
