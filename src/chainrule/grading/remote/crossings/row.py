"""What a row of the table of crossings says, and what the rows share."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["Crossing", "exactly", "of", "typed"]


class Crossing(NamedTuple):
    """A kind of values that cross.

    name: in words. kinds: its types, "module:name" each. apart: plain data that says it all; raises
    CannotCross where this one has something that cannot. made: the value from that data; whatever
    it raises means that it is no such data. fits: whether a value whose type is none of `kinds` is
    one. become: makes a value what another one is, in place; None for what never changes.
    """

    name: str
    kinds: tuple[str, ...]
    apart: Callable[[Any], Any]
    made: Callable[[Any], Any]
    fits: Callable[[Any], bool] | None = None
    become: Callable[[Any, Any], None] | None = None


def of(module: str, name: str) -> Any:
    """What a module has by that name; the module is imported only now."""
    return getattr(importlib.import_module(module), name)


def typed(value: Any, kind: type) -> Any:
    """The value, which has to be of that very type. Raises CannotCross."""
    if type(value) is not kind:
        raise CannotCross(f"{kind.__name__} was expected")
    return value


def exactly(count: int, said: Any) -> tuple[Any, ...]:
    """The parts of a tuple of so many. Raises CannotCross, for a range without an end too."""
    if type(said) is not tuple or len(said) != count:
        raise CannotCross(f"{count} parts were expected")
    return said
