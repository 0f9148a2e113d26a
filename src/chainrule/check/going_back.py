"""Checks of every gradient on the way back through a circuit: typed in, or worked out by code.

    check.numbers(pencil, of="q = x + y; f = q * z", at=dict(x=-2.0, y=5.0, z=-4.0))

The circuit is written as a formula in which values have names. What is wrong first, going back, is
told, and nothing of what follows from it. Each gate is differentiated numerically, from the right
gradient of what it feeds; no gradient is written down anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import heard, passed
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.engine.expressions import Expression
from chainrule.check.engine.formulas import named
from chainrule.check.messages import CheckFailed
from chainrule.check.plain import kind_of
from chainrule.check.student_code import (
    call,
    copies,
    name_of,
    off_of,
    quietly,
    recognised,
    untouched,
)  # fmt: skip
from chainrule.formatting import number
from chainrule.numeric import numerical_gradients

__all__ = ["gradients", "numbers"]

_EXACT = 1e-7  # relative to the largest entry of a gradient: what float64 leaves, and far more
_CLOSE = 0.02  # so near, something was rounded on the way
_MOST_SHOWN = 8  # names of gradients in a line


@quietly
def numbers(f: Callable[..., Any], *, of: str, at: Mapping[str, float]) -> None:
    """Check numbers that were worked out with a pencil: `f()` returns a dict of them.

    of: the circuit, its named values separated by semicolons: "q = x + y; f = q * z". The last one
        is the output.
    at: the value of each input.

    Wanted is the gradient of every named value and of every input, under `dq` for q; that of the
    output is 1, and may be left out. Raises CheckFailed, with the first that is wrong going back.
    """
    _check(name_of(f), lambda: f(), of, at, ())


@quietly
def gradients(
    f: Callable[..., Any],
    *,
    of: str,
    at: Mapping[str, Any],
    more: Sequence[Any] = (),
    fixed: Collection[str] = (),
) -> None:
    """Check a function that returns the gradient of every named value of a circuit, in a dict.

    of:    the circuit, as for `numbers`; of arrays, in NumPy's words.
    at:    the values of its inputs, handed to f in this order; more: what f gets after them.
    fixed: inputs that want no gradient.

    Raises CheckFailed, as `numbers` does, and tells a gradient of the wrong shape from one that is
    nearly right.
    """
    name, point = name_of(f), dict(at)
    given = copies(point)

    def run() -> Any:
        return f(*given.values(), *more)

    def unchanged() -> None:
        untouched(name, point, given)

    _check(name, run, of, at, fixed, unchanged)


def _check(
    name: str,
    run: Callable[[], Any],
    of: str,
    at: Mapping[str, Any],
    fixed: Collection[str],
    unchanged: Callable[[], None] = lambda: None,
) -> None:
    circuit = _Circuit(*named(of, at, fixed))
    with heard(True):
        answer = call(name, run, dict(at))
    unchanged()
    if not isinstance(answer, dict):
        raise CheckFailed(f"{name}: {kind_of(answer)} was returned; a dict of gradients is wanted.")
    labels = {f"d{value}": register for value, register in circuit.going_back()}
    output = next(iter(labels))
    missing = [label for label in labels if label not in answer and label != output]
    strange = [str(label) for label in answer if label not in labels]
    if strange:
        raise CheckFailed(f"{name}: {strange[0]!r} is no gradient of a value of this circuit.")
    right: list[str] = []
    for label, register in labels.items():
        if label in missing:
            told = ", ".join(missing[:_MOST_SHOWN]) + (" …" if len(missing) > _MOST_SHOWN else "")
            raise CheckFailed(f"{name}: the dict lacks {told}.", _lines(circuit, right))
        if label in answer:
            problem = circuit.wrong(name, label, register, answer[label])
            if problem is not None:
                headline, lines, mistake = problem
                lines = [*_lines(circuit, right), *lines]
                if mistake is None:
                    raise CheckFailed(headline + ".", lines)
                raise recognised(headline, lines, mistake)
        right.append(label)
    passed(f"{name}: all {len(labels)} gradients are right.")


def _lines(circuit: _Circuit, right: Sequence[str]) -> list[str]:
    """Where it was tried, and what was right before the first that was not."""
    before = f"right so far, going back: {', '.join(right[-_MOST_SHOWN:])}"
    return [*circuit.where(), *([before] if right else [])]


@dataclass
class _Circuit:
    """A circuit, and the register of every name in it."""

    expression: Expression
    names: dict[str, int]

    def __post_init__(self) -> None:
        self.values = [np.asarray(x, dtype=np.float64) for x in self.expression.registers()]
        self.right = [np.zeros(value.shape) for value in self.values]
        self.right[-1] = np.ones(self.values[-1].shape)
        self.shares: list[list[tuple[int, int, np.ndarray]]] = [[] for _ in self.values]
        for user in reversed(range(len(self.values))):
            for place, share in enumerate(self.sent_back(user, self.right[user])):
                operand = self.expression.program[user].operands[place]
                if share is not None:
                    self.right[operand] = self.right[operand] + share
                    self.shares[operand].append((user, place, share))

    def going_back(self) -> Iterator[tuple[str, int]]:
        """Names and registers, the output first, the inputs last; fixed inputs left out."""
        inputs = len(self.expression.leaves)
        inner = [(name, r) for name, r in self.names.items() if r >= inputs]
        yield from sorted(inner, key=lambda pair: -pair[1])
        for name, r in self.names.items():
            if r < inputs and not self.expression.fixed[r]:
                yield name, r

    def sent_back(self, user: int, upstream: np.ndarray) -> list[np.ndarray | None]:
        """What a gate sends back to each operand, of this upstream; None for a constant."""
        operands = self.expression.program[user].operands
        places = [p for p, x in enumerate(operands) if type(x) is int]
        if not places or user < len(self.expression.leaves):
            return []
        gate = self.expression.gate(user, places)
        found = numerical_gradients(gate, [self.values[operands[p]] for p in places], upstream)
        shares = dict(zip(places, found, strict=True))
        return [np.array(shares[p].value) if p in shares else None for p in range(len(operands))]

    def where(self) -> list[str]:
        lines = self.expression.lines()
        lines = [lines[-1].removeprefix("f = ")] if len(lines) == 1 else lines
        text = "; ".join([*lines[:-1], lines[-1].removeprefix("f = ")])
        point = dict(zip(self.expression.names, self.expression.leaves, strict=True))
        shown = messages.wrapped(text)
        if len(shown) > 2:
            shown = ["… " + text[-86:].partition("; ")[2]]
        return [*shown, messages.describe_point(point)]

    def wrong(
        self, name: str, label: str, register: int, answer: Any
    ) -> tuple[str, list[str], str | None] | None:
        """What is wrong with the gradient of a register: headline, lines, id of a misconception."""
        right = self.right[register]
        try:
            got = as_answer(answer, right.shape)
        except Unfit as unfit:
            mistake = self.mistake(register, unfit.array) if unfit.array is not None else None
            if mistake is not None:
                return f"{name}: {label} is wrong", [f"{label}: {unfit}"], mistake
            return f"{name}, {label}: {unfit}", [], None
        size = np.abs(right).max(initial=0.0)
        if compare(got, exactly(right, _EXACT * size)) is None:
            return None
        off = np.abs(got - right).max()
        told = [f"{label}: got {number(float(got))}"] if got.ndim == 0 else []
        if off <= _CLOSE * size:
            return f"{name}: {label} is close, but not exact", [*told, _ROUNDED], None
        if got.size > 1:
            entries = int(np.sum(np.abs(got - right) > _EXACT * size))
            told.append(f"{label}: {off_of(entries, got.size)}")
        mistake = self.mistake(register, got)
        return f"{name}: {label} is wrong", [*told, *self.users(register, mistake)], mistake

    def users(self, register: int, mistake: str | None) -> list[str]:
        """From where a gradient comes back, if no mistake is named and all of that has names."""
        names = {number: name for name, number in self.names.items()}
        users = sorted({user for user, *_ in self.shares[register]})
        if mistake is not None or not users or not names.keys() >= {*users, register}:
            return []
        *others, last = (names[user] for user in users)
        told = f"{', '.join(others)} and {last}" if others else last
        return [f"What comes back to {names[register]} comes from {told}."]

    def mistake(self, register: int, got: np.ndarray) -> str | None:
        """The id of the one misconception that explains a wrong gradient, or None."""
        fitting = {
            mistake
            for mistake, predicted in self.predictions(register)
            if predicted.shape == got.shape and np.allclose(predicted, got, rtol=1e-6, atol=1e-9)
        }
        return fitting.pop() if len(fitting) == 1 else None

    def predictions(self, register: int) -> Iterator[tuple[str, np.ndarray]]:
        """What mistakes would have given for this register."""
        uses, right = self.shares[register], self.right[register]
        users = [(self.expression.program[user].op, user, place) for user, place, _ in uses]
        if len(uses) > 1:  # those of the later gates were written down first
            yield "fork-first-only", uses[0][2]
            yield "fork-last-only", uses[-1][2]
        yield "sign", -right
        yield "factor-half", right / 2
        yield "factor-two", right * 2
        passed = [np.asarray(self.right[user]) for _, user, _ in users]
        if len({one.shape for one in passed}) == 1 and passed:
            bent = right.ndim > 0 and all(op in _BENT for op, *_ in users)
            summed = all(one.shape != right.shape for one in passed)
            kind = "slope-skipped" if bent else "bias-not-summed" if summed else ""
            yield kind or "upstream-passed-on", sum(passed, np.zeros(passed[0].shape))
        local = [self.sent_back(u, np.ones(self.right[u].shape))[p] for _, u, p in users]
        yield "upstream-forgotten", sum((x for x in local if x is not None), np.zeros(right.shape))
        if any(op == "mul" for op, *_ in users):
            own = [
                self.right[user] * self.values[register] if op == "mul" else share
                for (op, *_), (user, _, share) in zip(users, uses, strict=True)
            ]
            if all(one.shape == right.shape for one in own):
                yield "own-input", sum(own, np.zeros(right.shape))
        if users and all(op == "mean" for op, *_ in users):
            yield "mean-forgotten", right * self.values[register].size


_BENT = ("exp", "log", "relu", "tanh")  # gates whose local gradient is a slope
_ROUNDED = "Was something rounded on the way? Every gradient after it would be off, too."
