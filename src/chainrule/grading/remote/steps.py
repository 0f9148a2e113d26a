"""The steps of a check (`check.calls.Step`) as they cross: column by column, which is quick.

A numerical gradient calls one method at hundreds of points; so the methods are named once, and the
arguments of all steps stand in one row, which crosses as one piece where all are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

__all__ = ["Columns", "packed", "unpacked"]

Columns = tuple[list[int], list[str], list[int], list[int], list[Any]]
"""Of each step: which object, what is called (a place in the list that follows it), how many
arguments; and all arguments."""


def packed(steps: Sequence[tuple[int, str, tuple[Any, ...]]]) -> Columns:
    """Steps as columns."""
    places: dict[str, int] = {}
    methods = [places.setdefault(method, len(places)) for _, method, _ in steps]
    counts = [len(args) for _, _, args in steps]
    args = list(chain.from_iterable(args for _, _, args in steps))
    return [which for which, _, _ in steps], list(places), methods, counts, args


def unpacked(columns: Columns) -> list[tuple[int, str, tuple[Any, ...]]]:
    """The steps again."""
    whiches, names, methods, counts, args = columns
    found, start = [], 0
    for which, method, count in zip(whiches, methods, counts, strict=True):
        found.append((which, names[method], tuple(args[start : start + count])))
        start += count
    return found
