"""What a student returned, as plain data: one rule, for a check at home and for a judge.

A namedtuple is a tuple, a subclass of float a float, an array of objects the numbers it holds, a
fraction the number that it is where a float can hold it. What is not in the table stays as it is,
and is then said to be the wrong type.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["NUMERIC", "a_or_an", "kind_of", "plain"]

# By NumPy's letters: which of its types have the same size depends on the machine.
NUMERIC = {float, int, np.ndarray} | {
    np.dtype(code).type for code in np.typecodes["AllInteger"] + np.typecodes["Float"]
}
"""Types that are numbers, or arrays of them."""

_AS_THEY_ARE = NUMERIC | {bool, str, type(None), complex, bytes}


def _exactly(value: Any) -> Any:
    """The float that this is, or the value itself where no float is."""
    try:
        number = float(value)
        return number if Fraction(value) == Fraction(number) else value
    except (ArithmeticError, ValueError, TypeError):
        return value


def _of_array(value: Any) -> Any:
    """As an array of NumPy's own class; of numbers, where it holds objects that are numbers."""
    masked = sys.modules.get("numpy.ma")  # which takes longer to import than most checks take
    if masked is not None and isinstance(value, masked.MaskedArray):
        return value
    array = np.ndarray.view(value, np.ndarray)
    if array.dtype != object:
        return array
    items = [plain(item) for item in array.ravel().tolist()]
    if not all(type(item) in NUMERIC and type(item) is not np.ndarray for item in items):
        return array
    return np.array(items, dtype=np.float64).reshape(array.shape)


# The first that fits. The base class reads the value, so nothing a student wrote runs.
_TABLE: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (tuple, lambda value: tuple(plain(item) for item in tuple.__iter__(value))),
    (list, lambda value: [plain(item) for item in list.__iter__(value)]),
    (dict, lambda value: {key: plain(item) for key, item in dict.items(value)}),
    (float, lambda value: float.__float__(value)),
    (int, lambda value: int.__int__(value)),
    (Fraction, _exactly),
    (Decimal, _exactly),
    (np.ndarray, _of_array),
)


def plain(value: Any) -> Any:
    """The value as plain data, and what it holds, where the table knows how; else the value itself.

    An array, or a class of one, keeps its memory.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE and not (kind is np.ndarray and value.dtype == object):
        return value
    try:
        for known, convert in _TABLE:
            if issubclass(kind, known):
                return convert(value)
        if hasattr(kind, "__array__") and not issubclass(kind, np.generic):  # as a pandas.Series
            return _of_array(np.asarray(value))
    except Exception:  # it holds itself, or does not let itself be read
        return value
    return value


def kind_of(answer: Any) -> str:
    """What was returned, in words: `an array`, `a str`, `nothing (None)`."""
    name = type(answer).__name__  # that of an object in another process is the same
    if answer is None:
        return "nothing (None)"
    if name == "ndarray":
        kinds = {"b": " of True and False", "c": " of complex numbers"}
        kind = answer.dtype.kind if isinstance(answer, np.ndarray) else "O"
        return "an array" + kinds.get(kind, "" if kind in "fiu" else " of objects")
    return a_or_an(name) + (" object" if name.endswith(("Error", "Exception")) else "")


def a_or_an(name: str) -> str:
    """The name with its article."""
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
