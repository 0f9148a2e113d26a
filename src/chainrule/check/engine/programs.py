"""Small programs that run on a student's class: what an engine is tried with, all at once.

A program builds an expression, register by register, and actions then ask the objects that came of
it. Where the class lives in another process, program and actions go over in one message, and plain
data comes back.
"""

from __future__ import annotations

import gc
import operator
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule.check.calls import heard

__all__ = ["Action", "Cost", "Instruction", "examine", "interpret", "run_program"]


class Instruction(NamedTuple):
    """One step, whose result is the register of its number.

    op:       "make" calls the class (or function) itself, "fixed" too, with fixed=True; "chain"
              applies y = y * b + c again and again; "apply" calls the function that comes first
              in more; an operator's name such as "add"; anything else is a method's.
    operands: registers, as whole numbers; anything else is a constant and handed over as it is.
    more:     further arguments, handed over as they are.
    """

    op: str
    operands: tuple[Any, ...] = ()
    more: tuple[Any, ...] = ()


class Action(NamedTuple):
    """What is done with a register in the end: "backward" calls that method, "operands" gives the
    registers that it was made of (-1 for what is none), "result" gives the register itself, "kind"
    the name of its class, and anything else is the name of an attribute."""

    what: str
    register: int


@dataclass(frozen=True)
class Cost:
    """What a program took: calls of functions, how deep they were nested, and seconds of CPU.

    Calls and depth are only counted where that was asked for; 0 otherwise.
    """

    calls: int = 0
    depth: int = 0
    seconds: float = 0.0


# Python in a browser has no clock but that on the wall, and no other thread to wait for.
_cpu_time: Callable[[], float] = getattr(time, "thread_time", time.perf_counter)

_OPERATORS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "pow", "matmul", "neg", "getitem")
}


def interpret(
    program: Sequence[Sequence[Any]],
    make: Callable[..., Any],
    method: Callable[..., Any] = lambda name, x, *more: getattr(x, name)(*more),
) -> list[Any]:
    """The registers of a program, in order.

    make: what "make" calls. method: called as method(name, x, *more) for what is no operator.
    """
    registers: list[Any] = []
    for op, operands, more in program:
        values = [registers[x] if type(x) is int else x for x in operands]
        if op == "make":
            result = make(*values, *more)
        elif op == "fixed":
            result = make(*values, fixed=True)
        elif op == "chain":
            result, factor = values
            times, addend = more
            for _ in range(times):
                result = result * factor + addend
        elif op == "apply":
            result = more[0](*values, *more[1:])
        elif op in _OPERATORS:
            result = _OPERATORS[op](*values, *more)
        else:
            result = method(op, *values, *more)
        registers.append(result)
    return registers


def run_program(
    target: Callable[..., Any],
    program: Sequence[Sequence[Any]],
    actions: Sequence[tuple[str, int]],
    count: bool = False,
) -> tuple[list[Any], tuple[int, int, float]]:
    """What each action gave, in order, and (calls, depth, seconds); raises what `target` raises.

    This is the part that runs beside the student's code, wherever that is.
    """
    meter = _Meter()
    collects, counts = gc.isenabled(), count and sys.getprofile() is None
    started = _cpu_time()
    gc.disable()  # looking for garbage among 100,000 values takes longer than making them
    if counts:
        sys.setprofile(meter.event)
    try:
        registers = interpret(program, target)
        found = [_act(what, registers, number) for what, number in actions]
    finally:
        if counts:
            sys.setprofile(None)
        if collects:
            gc.enable()
    return found, (meter.calls, meter.deepest, _cpu_time() - started)


def examine(
    target: Callable[..., Any],
    program: Sequence[Instruction],
    actions: Sequence[Action],
    count: bool = False,
    shown: bool = True,
) -> tuple[list[Any], Cost]:
    """`run_program` where the class is: here, or in another process. shown: what it prints is.

    A class in another process (a judge's) has a method `__program__`. It is asked of its type, as
    `__steps__` is. Without one, every operator crosses on its own, and nothing is counted.
    """
    if hasattr(type(target), "__program__"):
        plain = [tuple(step) for step in program], [tuple(action) for action in actions]
        found, cost = target.__program__(*plain, count)  # type: ignore[attr-defined]
    else:
        there = hasattr(type(target), "__steps__")
        with heard(shown):
            found, cost = run_program(target, program, actions, count and not there)
    return found, Cost(*cost)


def _act(what: str, registers: list[Any], number: int) -> Any:
    node = registers[number]
    if what == "result":
        return node
    if what == "kind":
        return type(node).__name__
    if what == "backward":
        node.backward()
        return None
    if what == "operands":
        places = {id(one): place for place, one in enumerate(registers)}
        return [places.get(id(one), -1) for one in node.operands]
    found = getattr(node, what)
    return found.copy() if isinstance(found, np.ndarray) else found  # it may be changed later


class _Meter:
    """Counts the calls of functions, and how deep those of Python are nested."""

    def __init__(self) -> None:
        self.calls = self.depth = self.deepest = 0

    def event(self, frame: Any, event: str, arg: Any) -> None:
        if event == "c_call":
            self.calls += 1
        elif event == "call":
            self.calls += 1
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
        elif event == "return":
            self.depth -= 1
