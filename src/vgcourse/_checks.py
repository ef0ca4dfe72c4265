"""Types of the package's arguments, and the one-line errors for bad ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

FloatArray = NDArray[np.floating[Any]]
LARGEST_STD = 1e150  # its square is still a number, and that times another one too
RNGLike = int | np.random.SeedSequence | np.random.Generator


def shown(value: object) -> str:
    """Return `value` as a message writes it: in one line, and not too long a one."""
    line = " ".join(repr(value).split())
    return line if len(line) <= 200 else f"{line[:200]} …"


def check_count(name: str, value: object, *, at_least: int = 1) -> int:
    """Return `value` as an int, or say that `name` must be a whole number."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        message = f"{name} must be an integer, got {shown(value)}"
        raise TypeError(message)
    if value < at_least:
        message = f"{name} must be at least {at_least}, got {value}"
        raise ValueError(message)
    return int(value)


def check_real(
    name: str, value: object, *, at_least: float = -np.inf, at_most: float = np.inf
) -> float:
    """Return `value` as a float, or say that `name` must be a finite number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, Real):
        message = f"{name} must be a number, got {shown(value)}"
        raise TypeError(message)
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond float64
        number = np.inf
    if not np.isfinite(number):
        message = f"{name} must be finite, got {shown(value)}"
        raise ValueError(message)
    if number < at_least:
        message = f"{name} must be at least {at_least:g}, got {value}"
        raise ValueError(message)
    if number > at_most:
        message = f"{name} must be at most {at_most:g}, got {value}"
        raise ValueError(message)
    return number


def check_flag(name: str, value: object) -> bool:
    """Return `value` as a bool, or say that `name` must be True or False."""
    if not isinstance(value, bool | np.bool_):
        message = f"{name} must be True or False, got {shown(value)}"
        raise TypeError(message)
    return bool(value)


def check_function(name: str, value: object) -> Callable[..., Any]:
    """Return `value` if it can be called, or say that `name` must be a function."""
    if not callable(value):
        message = f"{name} must be a function, got {shown(value)}"
        raise TypeError(message)
    return value


def check_choice(name: str, value: object, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`, or list them."""
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        message = f"{name} must be one of {', '.join(choices)}; got {shown(value)}"
        error = ValueError if isinstance(value, str) else TypeError
        raise error(message)
    return value


def check_name(
    name: str,
    value: object,
    choices: Iterable[str],
    *,
    also_called: Mapping[str, str],
) -> str:
    """Return the one of `choices` that is meant, or list them and say what is near.

    Capitals, hyphens and what stands before a dot make no difference: ``"nn.GELU"`` is
    ``"gelu"``, and so is every other name in `also_called`.
    """
    choices = list(choices)
    known = {_letters(other): one for other, one in also_called.items()}
    known = {key: one for key, one in known.items() if one in choices}
    known |= {_letters(one): one for one in choices}
    written = _letters(value) if isinstance(value, str) else ""
    if written in known:
        return known[written]
    begun = [key for key in known if len(written) > 1 and key.startswith(written)]
    near = begun or get_close_matches(written, known, cutoff=0.75)
    try:
        return check_choice(name, value, choices)
    except ValueError as error:
        if not near:
            raise
        meant = " or ".join(dict.fromkeys(known[key] for key in near))
        message = f"{error}; did you mean {meant}?"
        raise ValueError(message) from None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.rpartition(".")[2].lower()))


def check_widths(width: object, depth: object) -> list[int]:
    """Return the widths of the inputs and of each layer, or say what does not fit."""
    if isinstance(width, Integral) or not isinstance(width, Iterable):
        layers = check_count("depth", depth)
        return [check_count("width", width)] * (layers + 1)
    widths = [check_count("width", one) for one in check_sequence("width", width)]
    if len(widths) < 2:
        message = f"width must hold that of the inputs and of each layer, got {widths}"
        raise ValueError(message)
    if depth is not None and check_count("depth", depth) != len(widths) - 1:
        message = (
            f"width must hold depth + 1 = {check_count('depth', depth) + 1} numbers, "
            f"that of the inputs first, got {len(widths)}"
        )
        raise ValueError(message)
    return widths


def check_mean(input_rms: object, input_mean: object) -> tuple[float, float]:
    """Return root mean square and mean of inputs, or say why there are none such."""
    rms = check_real("input_rms", input_rms, at_least=0)
    mean = check_real("input_mean", input_mean)
    if abs(mean) > rms:
        message = f"input_mean must be at most input_rms={rms:g}, got {mean:g}"
        raise ValueError(message)
    return rms, mean


def check_sequence(name: str, value: object) -> Sequence[Any]:
    """Return `value` as a list, or say that `name` must be a sequence."""
    is_number = isinstance(value, np.ndarray) and value.ndim == 0
    if isinstance(value, str | bytes) or is_number or not isinstance(value, Iterable):
        message = f"{name} must be a sequence, got {shown(value)}"
        raise TypeError(message)
    return list(value)


def check_dtype(dtype: DTypeLike, *formats: str) -> np.dtype[Any]:
    """Return `dtype` if it is one of these number formats, or list them."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.name not in formats:
        choices = f"{', '.join(formats[:-1])} or {formats[-1]}"
        message = f"dtype must be {choices}, got {found or shown(dtype)}"
        raise TypeError(message)
    return found


def as_array(name: str, value: object) -> NDArray[Any]:
    """Return `value` as an array of any type, or say that its rows differ in length."""
    try:
        return np.asarray(value)
    except ValueError:
        message = f"{name} must have rows of one length, got {shown(value)}"
        raise ValueError(message) from None


def as_real_array(name: str, value: object) -> FloatArray:
    """Return `value` as a float array, or say that it must hold real numbers.

    float16, float32 and float64 are kept; anything else becomes float64.
    """
    array = as_array(name, value)
    if array.dtype.kind not in "fiu":
        message = f"{name} must be an array of real numbers, got dtype {array.dtype}"
        raise TypeError(message)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def check_array(
    name: str,
    value: ArrayLike,
    *,
    ndim: int | None = None,
    min_ndim: int = 0,
    at_least: float = -np.inf,
    at_most: float = np.inf,
) -> FloatArray:
    """Return `value` as `as_real_array`, or say what in it is not a finite number."""
    array = as_real_array(name, value)
    if ndim is not None and array.ndim != ndim:
        message = f"{name} must have {ndim} dimensions, got shape {array.shape}"
        raise ValueError(message)
    if array.ndim < min_ndim:
        message = f"{name} must have {min_ndim} or more dimensions, got {array.ndim}"
        raise ValueError(message)
    if array.size == 0:
        message = f"{name} must not be empty, got shape {array.shape}"
        raise ValueError(message)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        message = f"{name} must be finite, got {bad}"
        raise ValueError(message)
    if (array < at_least).any():
        message = f"{name} must be at least {at_least:g}, got {array.min():g}"
        raise ValueError(message)
    if (array > np.float64(at_most)).any():
        message = f"{name} must be at most {at_most:g}, got {array.max():g}"
        raise ValueError(message)
    return array


def check_rng(rng: object) -> np.random.Generator:
    """Return the generator that `rng` stands for; there is no default."""
    if isinstance(rng, np.random.SeedSequence | np.random.Generator):
        return np.random.default_rng(rng)
    if isinstance(rng, bool) or not isinstance(rng, Integral):
        message = f"rng must be an int, SeedSequence or Generator, got {shown(rng)}"
        raise TypeError(message)
    return np.random.default_rng(check_count("rng", rng, at_least=0))
