"""Arrays of something else than numbers: text, dates, records, objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from chainrule.grading.remote.crossings.row import Crossing, exactly, typed
from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["ROWS"]

_UNIT = r"\[\d{0,6}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic)\]"
_ELEMENT = re.compile(rf"[<>|](?:[US]\d{{1,7}}|[mM]8(?:{_UNIT})?|[biufc]\d{{1,2}})")
_MOST_AXES, _MOST_FIELDS = 32, 1000


def _described(dtype: np.dtype) -> Any:
    """A type of elements in plain data. Raises CannotCross."""
    if dtype.names is not None:
        found = [(name, _described(dtype[name])) for name in dtype.names]
        if not all(type(one) is str for _, one in found) or _dtype(found) != dtype:
            raise CannotCross("records with holes in them, or of records")
        return found
    if dtype.kind not in "biufcUSmM":
        raise CannotCross(f"elements of {dtype}")
    return dtype.str


def _dtype(said: Any) -> np.dtype:
    if type(said) is list and 0 < len(said) <= _MOST_FIELDS:
        pairs = [exactly(2, pair) for pair in said]
        return np.dtype([(typed(name, str), _dtype(typed(one, str))) for name, one in pairs])
    if not _ELEMENT.fullmatch(typed(said, str)):
        raise CannotCross("a type that does not exist")
    return np.dtype(said)


def _array_apart(value: Any) -> Any:
    if not value.dtype.itemsize:
        raise CannotCross("elements of no size")
    return _described(value.dtype), value.shape, value.tobytes()


def _array_made(said: Any) -> Any:
    described, shape, raw = exactly(3, said)
    dtype, size = _dtype(described), _size(shape)
    if not dtype.itemsize:
        raise CannotCross("elements of no size")
    if len(typed(raw, bytes)) != size * dtype.itemsize:
        raise CannotCross("an array of another size than its shape says")
    return np.ndarray(shape, dtype, bytearray(raw))


def _size(shape: Any) -> int:
    axes = [typed(axis, int) for axis in typed(shape, tuple)]
    if len(axes) > _MOST_AXES or any(axis < 0 for axis in axes):
        raise CannotCross("a shape that does not exist")
    return prod(axes)


def _one_made(said: Any) -> Any:
    value = _array_made(said)
    if value.ndim:
        raise CannotCross("many where one was expected")
    return value[()]


def _objects_apart(value: np.ndarray) -> Any:
    return value.shape, list(value.flat)


def _objects_made(said: Any) -> Any:
    shape, items = exactly(2, said)
    if len(typed(items, list)) != _size(shape):
        raise CannotCross("an array of another size than its shape says")
    flat = np.empty(len(items), object)
    for place, item in enumerate(items):  # a list of lists would become more axes
        flat[place] = item
    return flat.reshape(shape)


def _become(value: Any, other: Any) -> None:
    value[...] = other


def _elements_are(kinds: str) -> Callable[[Any], bool]:
    return lambda value: type(value) is np.ndarray and value.dtype.kind in kinds


ROWS = (
    Crossing(
        "an array of text, dates or records", (), _array_apart, _array_made, _elements_are("USmMV")
    ),
    Crossing(
        "a date of numpy, or a record", ("numpy:datetime64", "numpy:timedelta64", "numpy:void"),
        lambda v: _array_apart(np.asarray(v)), _one_made,
    ),
    Crossing("an array of objects", (), _objects_apart, _objects_made, _elements_are("O")),
)  # fmt: skip
