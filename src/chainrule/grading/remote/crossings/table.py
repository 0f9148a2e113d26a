"""The table of what crosses as the value it is, and how it is looked up: after all else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.grading.remote.crossings import arrays, containers, frames, numbers, stateful
from chainrule.grading.remote.crossings.row import Crossing
from chainrule.grading.remote.wire_types import (
    BY_SORT,
    OF_NO_ROW,
    READERS,
    CannotCross,
    Put,
    Reader,
    WireError,
    Writer,
    parts,
    put,
)  # fmt: skip

__all__ = ["CROSSINGS", "becoming", "crosses", "why_not"]

CROSSINGS: tuple[Crossing, ...] = (
    *containers.ROWS, *numbers.ROWS, *arrays.ROWS, *frames.ROWS, *stateful.ROWS
)  # fmt: skip

_TAG = b"x"
_MANY_KINDS = (np.ndarray, type)  # of whose values some cross in one way and some in another
_MOST_KNOWN = 10_000
_ROW_OF: dict[type, int | None] = {}
_NAMED: dict[tuple[str, str], int] = {
    tuple(kind.split(":")): number  # type: ignore[misc]
    for number, row in enumerate(CROSSINGS)
    for kind in row.kinds
}


def _row_of(value: Any) -> int | None:
    """The row for a value that the writers of plain data do not know."""
    kind = type(value)
    if kind in _ROW_OF:
        return _ROW_OF[kind]
    found = _sought(value, kind)
    if not issubclass(kind, _MANY_KINDS):
        if len(_ROW_OF) >= _MOST_KNOWN:
            _ROW_OF.clear()
            OF_NO_ROW.clear()
        _ROW_OF[kind] = found
        if found is None:
            OF_NO_ROW.add(kind)
    return found


def _sought(value: Any, kind: type) -> int | None:
    for (module, name), number in _NAMED.items():
        if module in sys.modules and getattr(sys.modules[module], name, None) is kind:
            return number
    for number, row in enumerate(CROSSINGS):
        if row.fits is not None and row.fits(value):
            return number
    return None


def _written(value: Any) -> Put | None:
    number = _row_of(value)
    if number is None:
        return None
    try:
        said = CROSSINGS[number].apart(value)
    except CannotCross:
        return None

    def put_row(out: bytearray, _: Any, to: Writer) -> None:
        to.open(0)
        out += _TAG + bytes((number,))
        put(out, said, to)
        to.depth += 1

    return put_row


def _read(source: Reader) -> Any:
    number = source.take(2)[1]
    if number >= len(CROSSINGS):
        raise WireError("a value of a kind that does not exist")
    said = parts(source, 1)[0]
    try:
        return CROSSINGS[number].made(said)
    except (WireError, TimeoutError, MemoryError):
        raise
    except Exception as error:  # of data that no value of its kind consists of
        raise WireError(f"what should be {CROSSINGS[number].name} is none: {error}") from None


def why_not(value: Any) -> str:
    """Why a value of a kind that crosses does not; nothing for one of another kind."""
    number = _row_of(value)
    try:
        if number is not None:
            CROSSINGS[number].apart(value)
    except CannotCross as reason:
        return str(reason)
    return ""


def crosses(kind: type) -> bool:
    """Whether values of a class cross as what they are."""
    return any(getattr(sys.modules.get(module), name, None) is kind for module, name in _NAMED)


def becoming(value: Any) -> Callable[[Any, Any], None] | None:
    """What makes that value another one of its kind in place; None where it cannot change, or is
    of no row."""
    number = _row_of(value)
    return None if number is None else CROSSINGS[number].become


BY_SORT.append(_written)
READERS[_TAG[0]] = _read
