"""How the cost of something grows with a circuit, told by small circuits before a large one runs.

A recursion of 100,000 calls may take a whole kernel with it, and what grows with the square of the
circuit would not come to an end. Both show at a few hundred and a few thousand gates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.check.engine.programs import Cost
from chainrule.check.messages import CheckFailed
from chainrule.check.student_code import call, recognised

__all__ = ["DEEP", "grows"]

DEEP = 100_000  # gates in a row
_COUNTED = 300  # at so many, nested calls are counted
_TIMED = (1_000, 10_000)
_SQUARE = 45.0  # ten times the gates take ten times as long, or a hundred times
_NOTICED = 0.3  # seconds of CPU, below which nobody minds


def grows(
    name: str,
    tried: Callable[[int, bool], tuple[list[Any], Cost]],
    compare: Callable[[int, list[Any]], None],
) -> None:
    """Try something on few gates in a row, and on DEEP once it is clear that it can.

    tried:   called with a number of gates, and whether calls are counted; gives results and costs.
    compare: called with a number of gates and the results; raises CheckFailed where they are wrong.

    Raises CheckFailed where calls are nested as deeply as the circuit is, or where it takes ages.
    """
    found, cost = _within(name, tried, _COUNTED, True)
    if cost.depth > _COUNTED // 2:
        raise _too_deep(name)
    compare(_COUNTED, found)
    if all(_squared(name, tried) for _ in range(2)):  # once may be chance
        raise CheckFailed(
            f"{name}: the time grows with the square of the circuit's length.",
            [
                f"{_TIMED[1]:,} gates in a row take over {_SQUARE:.0f} times as long as "
                f"{_TIMED[0]:,}; {DEEP:,} would take",
                "minutes. Is a list searched for every gate, where a set would know at once?",
            ],
        )
    compare(DEEP, _within(name, tried, DEEP, False)[0])


def _squared(name: str, tried: Callable[[int, bool], tuple[list[Any], Cost]]) -> bool:
    few, many = (_within(name, tried, gates, False)[1].seconds for gates in _TIMED)
    return many > _NOTICED and many > _SQUARE * few


def _within(
    name: str, tried: Callable[[int, bool], tuple[list[Any], Cost]], gates: int, count: bool
) -> tuple[list[Any], Cost]:
    try:
        found: tuple[list[Any], Cost] = call(name, lambda: tried(gates, count))
        return found
    except CheckFailed as failed:
        if isinstance(failed.__context__, RecursionError):
            raise _too_deep(name) from None
        raise


def _too_deep(name: str) -> CheckFailed:
    told = f"tried with {_COUNTED} gates in a row; there will be {DEEP:,}"
    return recognised(name, [told], "engine-recursion")
