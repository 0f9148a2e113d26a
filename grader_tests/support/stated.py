"""The numbers that a lecture or a problem set states, and which of them call for a truth.

A *truth* is what a number has to be, worked out by something that shares nothing with the course:
mpmath, the package autograd, or exact arithmetic.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import autograd
import autograd.numpy as anp
import mpmath
import numpy as np
from nbformat import NotebookNode

from grader_tests.support.lectures import printed

__all__ = ["Between", "Cell", "Stated", "Truths", "cells", "circuit", "mistakes", "numbers"]

_NUMBER = re.compile(
    r"""(?<![\w.])(?<!_\{)
    (?P<minus>(?<![\w)\]}])[-−])?
    (?: 10\^\{?(?P<power>-?\d+)\}?
      | (?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?)
        (?:e(?P<e>[-+]?\d+) | \s*\\times\s*10\^\{?(?P<ten>-?\d+)\}?)? )
    (?!\w)""",
    re.VERBOSE,
)
# What has digits and is no number: code, tags, addresses, and where to read on.
_NO_NUMBERS = re.compile(
    r"```.*?```|`[^`\n]*`|<[^>\n]*>|\]\([^)]*\)"
    r"|\b(?:lectures?|sets?|questions?|units?) \d+(?:(?: and| to|,) \d+)*|\bexample \d\b"
    r"|(?m:^\*\*\d\.\*\*)",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class Stated:
    """A number in a text: `at` is its place there, `unit` the value of one in its last digit."""

    text: str
    at: int
    value: mpmath.mpf
    unit: mpmath.mpf
    trivial: bool

    def is_(self, truth: float | Between) -> bool:
        """Whether it is that truth, rounded."""
        if isinstance(truth, Between):
            return truth.low <= self.value <= truth.high
        if not mpmath.isfinite(truth):
            return False
        return bool(abs(self.value - mpmath.mpf(truth)) <= 0.5 * self.unit * (1 + 1e-6))


@dataclass(frozen=True)
class Between:
    """A truth for what is not the same everywhere, such as a measurement's error."""

    low: float
    high: float


# For each cell: words, and what the numbers after them have to be, in order.
Truths = dict[str, list[tuple[str, Sequence[Any] | np.ndarray]]]


def numbers(text: str) -> Iterator[Stated]:
    """The numbers in a text, from the first to the last."""
    blank = _NO_NUMBERS.sub(lambda found: " " * len(found.group()), text)
    for found in _NUMBER.finditer(blank):
        sign = -1.0 if found["minus"] else 1.0
        if found["power"]:
            size = mpmath.mpf(10) ** int(found["power"])
            yield Stated(found.group(), found.start(), sign * size, size, trivial=True)
            continue
        digits = found["digits"].replace(",", "")
        power = int(found["e"] or found["ten"] or 0)
        unit = mpmath.mpf(10) ** (power - len(digits.partition(".")[2]))
        said = digits.replace(".", "").strip("0")
        # One digit and zeros is trivial, unless it is the size of something: 9e-06.
        trivial = len(said) <= 1 and (power == 0 or said == "1")
        value = sign * mpmath.mpf(f"{digits}e{power}")
        yield Stated(found.group(), found.start(), value, unit, trivial)


@dataclass(frozen=True)
class Cell:
    """A cell's id, what a reader sees of it, and the numbers that stand in the code around it."""

    id: str
    text: str
    given: frozenset[float]

    @cached_property
    def numbers(self) -> list[Stated]:
        """All numbers in the text, from the first to the last."""
        return list(numbers(self.text))

    def after(self, words: str, how_many: int) -> list[Stated]:
        """So many numbers after these words."""
        begin = self.text.find(words)
        assert begin >= 0, f"{self.id} does not say {words!r}"
        return [one for one in self.numbers if one.at >= begin + len(words)][:how_many]

    def around(self, number: Stated) -> str:
        """The words that a number stands in."""
        return self.text[max(number.at - 40, 0) : number.at + 12]

    def asks_for_a_truth(self, number: Stated) -> bool:
        """Not where it is one digit, and not where it was put in by the code beside it."""
        return not number.trivial and abs(number.value) not in self.given


def cells(notebook: NotebookNode) -> list[Cell]:
    """The cells of a notebook that say something."""
    found = []
    codes = [_literals(one) for one in notebook.cells]
    for k, one in enumerate(notebook.cells):
        if one.id.startswith("quiz-") and one.cell_type == "code":
            text = " ".join(_strings(one.source))
            given: frozenset[float] = frozenset()
        elif one.cell_type == "code":
            text, given = printed(one), codes[k]
        else:
            text, given = one.source, frozenset().union(*codes[max(k - 1, 0) : k + 2])
        if text:
            found.append(Cell(one.id, text, given))
    return found


def _literals(cell: NotebookNode) -> frozenset[float]:
    """The numbers in a cell of code."""
    if cell.cell_type != "code":
        return frozenset()
    constants = (one for one in ast.walk(ast.parse(cell.source)) if isinstance(one, ast.Constant))
    return frozenset(float(c.value) for c in constants if type(c.value) in (int, float))


def _strings(source: str) -> Iterable[str]:
    return (one.value for one in ast.walk(ast.parse(source))
            if isinstance(one, ast.Constant) and isinstance(one.value, str))  # fmt: skip


def mistakes(cell: Cell, truths: Truths) -> list[str]:
    """What a cell states that is not so, and what it states for which there is no truth."""
    wrong, known = [], set()
    for words, values in truths.get(cell.id, []):
        flat = _flat(values)
        found = cell.after(words, len(flat))
        known |= {one.at for one in found}
        if len(found) < len(flat) or not all(map(Stated.is_, found, flat)):
            said = ", ".join(one.text for one in found)
            wrong.append(f"{cell.id}: after {words!r} stands {said}, and it is {flat}")
    known |= _circuits(cell, wrong)
    wrong += [
        f"{cell.id}: nobody worked out the {one.text} of “{cell.around(one)}”"
        for one in cell.numbers
        if one.at not in known and cell.asks_for_a_truth(one)
    ]
    return wrong


def _flat(values: Any) -> list[Any]:
    if isinstance(values, np.ndarray):
        return [float(value) for value in values.ravel()]
    if isinstance(values, (list, tuple)):
        return [one for value in values for one in _flat(value)]
    return [float(values) if isinstance(values, np.generic) else values]


# ---- A circuit's table: `scalar  made by  value  gradient`, a line for each scalar.

_GATES = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "max": anp.maximum,
    "reciprocal": lambda x: 1.0 / x,
    "exp": anp.exp,
    "sigmoid": lambda x: 1.0 / (1.0 + anp.exp(-x)),
    "relu": lambda x: anp.maximum(0.0, x),
}
_TABLE = re.compile(r"^scalar +made by +value +gradient\n(?:.+\n?)+", re.MULTILINE)
_LINE = re.compile(r"(\S+) {2,}(input|\S+ of .+?) {2,}(\S+)(?: +(\S+))?\n?")


def circuit(table: str) -> tuple[list[float], list[float]]:
    """The values and gradients of a table's scalars by autograd, of which only inputs are read."""
    lines = [_LINE.fullmatch(line).groups() for line in table.splitlines()[1:]]  # type: ignore[union-attr]

    def run(moved: Any) -> list[Any]:
        made: dict[str, Any] = {}
        for k, (name, by, value, _) in enumerate(lines):
            gate, _, operands = by.partition(" of ")
            inputs = [made[one] for one in operands.split(", ")] if operands else []
            made[name] = _made(gate, inputs, value) + moved[k]
        return list(made.values())

    still = np.zeros(len(lines))
    return run(still), list(autograd.grad(lambda moved: run(moved)[-1])(still))


def _made(gate: str, inputs: list[Any], value: str) -> Any:
    if gate == "input":
        return float(value)
    constant = gate[1:].replace("−", "-")
    if gate[0] == "×":
        return float(constant) * inputs[0]
    if gate[0] == "+":
        return inputs[0] + float(constant)
    return inputs[0] ** float(constant) if gate[0] == "^" else _GATES[gate](*inputs)


def _circuits(cell: Cell, wrong: list[str]) -> set[int]:
    """Hold every circuit's table of a cell against autograd; returns the places of its numbers."""
    known = set()
    for table in _TABLE.finditer(cell.text):
        columns = zip(table.group().splitlines()[1:], *circuit(table.group()), strict=True)
        for line, value, gradient in columns:
            shown = [part for part in _LINE.fullmatch(line).groups()[2:] if part]  # type: ignore[union-attr]
            found = [one for part in shown for one in numbers(part)]
            if not all(map(Stated.is_, found, (value, gradient))):
                wrong.append(f"{cell.id}: {line!r}, and it is {value}, {gradient}")
        known |= {one.at for one in cell.numbers if table.start() <= one.at < table.end()}
    return known
