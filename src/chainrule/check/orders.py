"""A check of an order in which gates can run: any right one is accepted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from chainrule.check.calls import heard, passed
from chainrule.check.engine.growth import grows
from chainrule.check.engine.programs import Action, Cost, Instruction, examine
from chainrule.check.messages import CheckFailed
from chainrule.check.plain import kind_of
from chainrule.check.student_code import call, name_of, quietly, recognised

__all__ = ["order"]

_LONGEST = 40  # characters of a value in a message

Circuit = Mapping[Any, Sequence[Any]]
"""For each value of a circuit, the values that it was made of; an input was made of none."""


@quietly
def order(
    f: Callable[..., Any],
    *,
    of: Circuit | Sequence[Circuit],
    output: Hashable = "f",
    backward: bool = False,
    deep: bool = False,
) -> None:
    """Check that `f(circuit, output)` gives an order in which a circuit's values can be worked out.

    of:       a circuit, or several: value -> the values it was made of.
    output:   the value in which every one of them ends.
    backward: the order of going back is wanted: everything after all that it feeds.
    deep:     100,000 gates in a row are tried as well.

    Right is every order that holds each value that the output is made of once, the output too, and
    nothing else. Raises CheckFailed.
    """
    name = name_of(f)
    circuits = [of] if isinstance(of, Mapping) else list(of)
    for number, circuit in enumerate(circuits):
        given = {value: tuple(parts) for value, parts in circuit.items()}
        with heard(number == 0):
            answer = call(name, partial(f, given, output))
        problem = _wrong(answer, circuit, output, backward)
        if problem is not None:
            told, mistake = problem
            lines = [f"in the circuit {_shown(circuit)}", *told[1:]]
            if mistake is not None:
                raise recognised(f"{name}: {told[0]}", lines, mistake)
            raise CheckFailed(f"{name}: {told[0]}.", lines)
    if deep:
        _try_deep(name, f, backward)
    many = f" for {len(circuits)} circuits" if len(circuits) > 1 else ""
    passed(f"{name}: right{many}{', and for one of 100,000 gates' if deep else ''}.")


def _wrong(
    answer: Any, circuit: Circuit, output: Hashable, backward: bool
) -> tuple[list[str], str | None] | None:
    """What is wrong with an order: lines, the first for a headline, and the id of a misconception;
    None for a right one."""
    if not isinstance(answer, (list, tuple)):
        return [f"{kind_of(answer)} was returned; a list is wanted"], None
    wanted = _made_of(circuit, output)
    found = list(answer)
    strange = [value for value in found if not isinstance(value, Hashable) or value not in wanted]
    if strange:
        return [
            f"{_briefly(strange[0])} is no part of {output!r}, and has no place in its order"
        ], None
    place: dict[Hashable, int] = {}
    for n, value in enumerate(found):
        if value in place:
            return [f"{value!r} is there more than once"], "engine-visits-again"
        place[value] = n
    missing = sorted((value for value in wanted if value not in place), key=repr)
    if missing:
        return [f"{missing[0]!r} is missing"], None
    for value in found:
        for part in circuit[value]:
            late = place[part] < place[value] if backward else place[part] > place[value]
            if late and backward:
                return [f"{part!r} comes before {value!r}, which sends something back to it"], None
            if late:
                return [f"{value!r} comes before {part!r}, of which it is made"], None
    return None


def _briefly(value: Any) -> str:
    """A value as Python writes it; what kind it is, where that is long."""
    text = repr(value) if isinstance(value, (str, int, float, tuple)) else ""
    return text if 0 < len(text) <= _LONGEST else kind_of(value)


def _made_of(circuit: Circuit, output: Hashable) -> set[Hashable]:
    found, waiting = {output}, [output]
    while waiting:
        for part in circuit[waiting.pop()]:
            if part not in found:
                found.add(part)
                waiting.append(part)
    return found


def _chain(gates: int) -> dict[int, tuple[int, ...]]:
    """So many gates in a row, each made of the one before and of the input."""
    return {0: ()} | {n: (n - 1, 0) for n in range(1, gates + 1)}


def _try_deep(name: str, f: Callable[..., Any], backward: bool) -> None:
    def tried(gates: int, count: bool) -> tuple[list[Any], Cost]:
        program = [Instruction("make", (), (_chain(gates), gates))]
        return examine(f, program, [Action("result", 0)], count, shown=False)

    def compare(gates: int, found: list[Any]) -> None:
        if _wrong(found[0], _chain(gates), gates, backward) is not None:
            raise CheckFailed(f"{name}: the order of {gates:,} gates in a row is wrong.")

    grows(name, tried, compare)


def _shown(circuit: Circuit) -> str:
    parts = [f"{value} = ({', '.join(map(str, made))})" for value, made in circuit.items() if made]
    text = ", ".join(parts)
    return text if len(text) < 70 else f"of {len(circuit)} values"
