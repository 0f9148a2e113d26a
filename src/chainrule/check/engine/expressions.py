"""Random expressions with forks, the same on every run: what an engine is tried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.check.engine.programs import Instruction, interpret
from chainrule.check.memo import worked_out
from chainrule.numeric import Estimate, numerical_gradients

__all__ = ["Expression", "array_expressions", "plain_expressions", "scalar_expressions"]

_NAMES = "abcdefgh"
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**", "matmul": "@"}

_METHODS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "sum": lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    "mean": lambda x, axis=None: np.mean(x, axis=axis),
}


@dataclass(frozen=True)
class Expression:
    """A program and the values of its leaves; its last register is the output, a single number.

    program: its first instructions make the leaves, in order.
    leaves:  their values: numbers, or arrays.
    fixed:   of each leaf, whether it is a constant that wants no gradient.
    names:   what the leaves are called.
    text:    the lines in which it is written; worked out from the program where they are not given.
    """

    program: tuple[Instruction, ...]
    leaves: tuple[Any, ...]
    fixed: tuple[bool, ...]
    names: tuple[str, ...]
    text: tuple[str, ...] = ()

    @property
    def output(self) -> int:
        """The number of the output's register."""
        return len(self.program) - 1

    def registers(self, *leaves: Any) -> list[Any]:
        """The value of every register, worked out by NumPy."""
        values = iter(leaves or self.leaves)
        with np.errstate(all="ignore"):
            return interpret(self.program, lambda *_, **__: next(values), _reference)

    @cached_property
    def value(self) -> np.ndarray:
        """The value of the output."""
        return np.asarray(self.registers()[-1], dtype=np.float64)

    @cached_property
    def gradients(self) -> tuple[Estimate, ...]:
        """The numerical gradient of the output by each leaf."""
        return worked_out(
            "of an expression",
            self.content,
            lambda: numerical_gradients(self.output_of, self.leaves),
        )

    @property
    def content(self) -> tuple[Any, ...]:
        """All that decides what it comes to, as plain data."""
        return tuple(map(tuple, self.program)), self.leaves

    @property
    def output_of(self) -> Callable[..., Any]:
        """The output as a function of the leaves."""
        return _AtLeaves(self)

    def gate(self, number: int, places: Sequence[int]) -> Callable[..., Any]:
        """What makes register `number`, as a function of the operands in these places."""
        op, operands, more = self.program[number]

        def run(*given: Any) -> Any:
            values = dict(zip(places, given, strict=True))
            filled = tuple(values.get(place, x) for place, x in enumerate(operands))
            with np.errstate(all="ignore"):
                return interpret([Instruction(op, filled, more)], lambda: None, _reference)[0]

        return run

    @cached_property
    def uses(self) -> list[list[tuple[int, int]]]:
        """For each register, where it is used: (register, which of its operands)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.program]
        for user, step in enumerate(self.program):
            for place, x in enumerate(step.operands):
                if type(x) is int:
                    found[x].append((user, place))
        return found

    def lines(self) -> list[str]:
        """How it is written: a line for each value that forks, the last one for f."""
        if self.text:
            return [*self.text[:-1], f"f = {self.text[-1]}"]
        written: list[tuple[str, bool]] = []  # text, and whether it has to stand in parentheses
        lines: list[str] = []
        for number, step in enumerate(self.program):
            if number < len(self.leaves):
                text, loose = self.names[number], False
            else:
                text, loose = _written(step, written)
            if number == self.output:
                lines.append(f"f = {text}")
            elif number >= len(self.leaves) and len(self.uses[number]) > 1:
                name = f"p{len(lines) + 1}"
                lines.append(f"{name} = {text}")
                text, loose = name, False
            written.append((text, loose))
        return lines


_ACROSS = ("sum", "mean", "getitem", "matmul")  # gates whose entries have to do with each other


class _AtLeaves:
    """An expression's output as a function of its leaves; of numbers, at many points in one go."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def __call__(self, *leaves: Any) -> Any:
        return self.expression.registers(*leaves)[-1]

    def many(self, points: Sequence[Sequence[Any]]) -> list[Any]:
        """The outputs at several points."""
        whole = any(step.op in _ACROSS for step in self.expression.program)
        if whole or any(np.ndim(leaf) for leaf in self.expression.leaves):
            return [self(*point) for point in points]
        found = self(*np.array(points, dtype=np.float64).T)
        return list(np.broadcast_to(found, len(points)))


def _reference(name: str, x: Any, *more: Any) -> Any:
    return _METHODS[name](x, *more)


def _written(step: Instruction, written: Sequence[tuple[str, bool]]) -> tuple[str, bool]:
    operands = [
        written[x] if type(x) is int else (f"{x:g}" if np.ndim(x) == 0 else "constant", False)
        for x in step.operands
    ]
    texts = [f"({text})" if loose else text for text, loose in operands]
    if step.op in _SIGNS:
        return f"{texts[0]} {_SIGNS[step.op]} {texts[1]}", True
    if step.op == "neg":
        return f"-{texts[0]}", True
    if step.op == "getitem":
        return f"{texts[0]}[{_index(step.more[0])}]", False
    return f"{texts[0]}.{step.op}({', '.join(map(str, step.more))})", False


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    shown = []
    for part in parts:
        if isinstance(part, slice):
            ends = [("" if end is None else str(end)) for end in (part.start, part.stop)]
            shown.append(":".join(ends))
        else:
            shown.append(str(np.asarray(part).tolist()))
    return ", ".join(shown)


# Gates that every few expressions have between them, so that none goes untried.
_GATES = ("mul", "tanh", "add", "truediv", "exp", "pow", "sub", "log", "neg", "relu", "const")
_ARRAY_GATES = (*_GATES, "sum", "mean")
_PLAIN = ("mul", "add", "tanh")


def scalar_expressions(seed: int, count: int, gates: int = 8) -> list[Expression]:
    """Random expressions of numbers, those with few gates first; every one has a fork.

    seed: the same expressions for the same seed. gates: how many the last one has, about.
    """
    rng = np.random.default_rng(seed)

    def leaves(size: int) -> list[Any]:
        return [float(v) for v in _apart(rng, 2 + size // 5)]

    return _all_drawn(rng, _GATES, count, gates, leaves)


def array_expressions(seed: int, count: int, gates: int = 6) -> list[Expression]:
    """Random expressions of arrays whose shapes differ, so that most of them broadcast."""
    rng = np.random.default_rng(seed)

    def leaves(size: int) -> list[Any]:
        rows, columns = (int(k) for k in rng.permutation([2, 3, 4])[:2])
        beside = _beside(rows, columns)[int(rng.integers(0, 4)) :][:2]
        return [_apart(rng, shape) for shape in [(rows, columns), *beside]]

    return _all_drawn(rng, _ARRAY_GATES, count, gates, leaves)


def plain_expressions(seed: int, count: int, arrays: bool = False) -> list[Expression]:
    """Expressions of add, multiply and tanh alone, which every engine has as gates of its own."""
    rng = np.random.default_rng(seed)

    def leaves(size: int) -> list[Any]:
        return [_apart(rng, (2, 3)) if arrays else float(_apart(rng, ())) for _ in range(2)]

    return _all_drawn(rng, _PLAIN, count, 6, leaves)


def _beside(rows: int, columns: int) -> list[tuple[int, ...]]:
    """Shapes that broadcast against (rows, columns)."""
    return [(columns,), (rows, 1), (1, columns), (columns,), (), (rows, 1)]


def _apart(rng: np.random.Generator, shape: Any) -> np.ndarray:
    """Numbers between 0.5 and 2 in size, so that a kink at 0 is far."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2.0, size=shape)


# What a gate may be given, so that it has a value and is not near a kink.
_SAFE: dict[str, Callable[[np.ndarray], bool]] = {
    "exp": lambda x: bool(np.all(np.abs(x) < 3)),
    "log": lambda x: bool(np.all(x > 0.2)),
    "tanh": lambda x: bool(np.all(np.abs(x) < 3)),
    "relu": lambda x: bool(np.all(np.abs(x) > 0.05)),
}
_TRIES = 20
_LEAST = 1e-3  # a gradient, so that losing it shows


def _all_drawn(
    rng: np.random.Generator,
    gates: Sequence[str],
    count: int,
    most: int,
    leaves: Callable[[int], list[Any]],
) -> list[Expression]:
    sizes = [int(n) for n in np.linspace(2, most, count).round()]
    return [_drawn(rng, gates, number, size, leaves) for number, size in enumerate(sizes)]


def _drawn(
    rng: np.random.Generator,
    gates: Sequence[str],
    number: int,
    size: int,
    leaves: Callable[[int], list[Any]],
) -> Expression:
    """An expression of so many gates and a few more; the first two are those whose turn it is."""
    for _ in range(_TRIES):
        sketch = _Sketch(rng, leaves(size))
        for k in range(size):
            turn = gates[(2 * number + k) % len(gates)] if k < 2 else str(rng.choice(gates))
            for _ in range(_TRIES):
                if sketch.try_gate(turn):
                    break
        made = sketch.finished()
        if _moves(made):
            return made
    return made


def _moves(one: Expression) -> bool:
    """Whether every entry of every leaf moves the output, and not by too much."""
    here = float(one.value)
    for number, leaf in enumerate(one.leaves):
        moved = np.array(leaf, dtype=np.float64)
        for index in np.ndindex(moved.shape):
            there = moved.copy()
            there[index] += 1e-4
            leaves = [*one.leaves[:number], there, *one.leaves[number + 1 :]]
            slope = abs(float(one.registers(*leaves)[-1]) - here) / 1e-4
            if not _LEAST < slope < 1e4:
                return False
    return True


class _Sketch:
    """An expression in the making: its steps so far, their values, and how often each is used."""

    def __init__(self, rng: np.random.Generator, leaves: list[Any]) -> None:
        self.rng, self.leaves = rng, leaves
        self.steps: list[tuple[Any, ...]] = []
        self.values = [np.asarray(leaf) for leaf in leaves]
        self.used = [0] * len(leaves)

    def step(self, op: str, *operands: Any, more: tuple[Any, ...] = ()) -> None:
        given = tuple(self.values[x] if type(x) is int else x for x in operands)
        (value,) = interpret([Instruction(op, given, more)], lambda: None, _reference)
        self.steps.append((op, operands, more))
        self.values.append(np.asarray(value))
        self.used.append(0)
        for x in operands:
            if type(x) is int:
                self.used[x] += 1

    def pick(self) -> int:
        """Something that is not used yet, or anything, so that there are forks."""
        fresh = [i for i, n in enumerate(self.used) if not n]
        return int(self.rng.choice(fresh if fresh and self.rng.random() < 0.6 else len(self.used)))

    def try_gate(self, op: str) -> bool:
        """Add such a gate to things picked at random, if it has a sensible value there."""
        x, y = self.pick(), self.pick()
        one, other = self.values[x], self.values[y]
        if op in _SAFE:
            fits = _SAFE[op](one)
            operands: tuple[Any, ...] = (x,)
        elif op in ("sum", "mean"):
            fits, operands = one.ndim > 0, (x,)
        elif op == "pow":
            fits, operands = bool(np.all(np.abs(one) < 4)), (x, float(self.rng.choice([2, 3])))
        elif op == "neg":
            fits, operands = True, (x,)
        elif op == "const":
            op, *operands_ = _CONSTANTS[int(self.rng.integers(len(_CONSTANTS)))]
            fits, operands = True, tuple(x if o is None else o for o in operands_)
        else:
            small = np.abs(other).min() < 0.3 if op == "truediv" else False
            fits = _broadcasts(one.shape, other.shape) and not small
            fits = fits and not (op in ("sub", "truediv") and x == y)
            operands = (x, y)
        if fits:
            more = (int(self.rng.integers(one.ndim)),) if op in ("sum", "mean") else ()
            self.step(op, *operands, more=more)
        return bool(fits)

    def finished(self) -> Expression:
        """All that is left over is summed up; a leaf is used again where nothing forked."""
        if not any(n > 1 for n in self.used):
            self.step("mul", 0, 0)
        for number in range(len(self.values)):
            if self.values[number].ndim and not self.used[number]:
                self.step("sum", number)
        rest = [i for i, n in enumerate(self.used) if not n]
        while len(rest) > 1:
            self.step("add", rest.pop(0), rest.pop(0))
            rest.append(len(self.values) - 1)
        last, leaves = len(self.values) - 1, len(self.leaves)
        inner = [i for i in range(leaves, last - 2) if not self.values[i].ndim]
        if inner:  # a value that is used near the output as well, beside a longer way to it
            self.step("mul", last, int(self.rng.choice(inner)))
        program = [Instruction("make", (leaf,)) for leaf in self.leaves]
        program += [Instruction(*one) for one in self.steps]
        names = tuple(_NAMES[: len(self.leaves)])
        return Expression(tuple(program), tuple(self.leaves), (False,) * len(self.leaves), names)


_CONSTANTS: tuple[tuple[Any, ...], ...] = (
    ("sub", 1.5, None), ("mul", None, 0.5), ("add", 2.0, None), ("truediv", None, 2.0),
    ("mul", -2.0, None), ("sub", None, 0.5), ("add", None, 1.0),
)  # fmt: skip


def _broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(one[::-1], other[::-1], strict=False))
