"""Which mistake of an engine explains the gradients that it gave, over several expressions.

What an engine did is seen in all of its gradients, those on the way too. Where each gate's share is
worked out from the gradient that the engine itself had at that gate, it shows at which value things
go wrong, in whatever order the engine went. The rest are walks in a wrong order, which are walked
here and compared. One mistake is told, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.check.engine.expressions import Expression
from chainrule.numeric import numerical_gradients

__all__ = ["BackwardTrial", "blamed_gates", "explained"]

Share = tuple[int, int, np.ndarray]
"""What one use of a value sends back: the register that uses it, which operand it is, how much."""


@dataclass
class BackwardTrial:
    """An expression that an engine went back through.

    gradients: what it had at every register in the end, in order; of the register's shape.
    """

    expression: Expression
    gradients: list[np.ndarray]

    @cached_property
    def locals(self) -> list[list[Share]]:
        """For every register, what its uses would send back of an upstream of ones."""
        return self._shares(lambda k: np.ones(np.shape(self.values[k])))

    @cached_property
    def shares(self) -> list[list[Share]]:
        """For every register, what its uses send back of the gradient that the engine had there."""
        return self._shares(lambda k: self.gradients[k])

    @cached_property
    def values(self) -> list[np.ndarray]:
        """What every register holds."""
        return [np.asarray(value, dtype=np.float64) for value in self.expression.registers()]

    def _shares(self, upstream: Callable[[int], np.ndarray]) -> list[list[Share]]:
        found: list[list[Share]] = [[] for _ in self.values]
        for user, step in enumerate(self.expression.program):
            places = [p for p, x in enumerate(step.operands) if type(x) is int]
            if not places:
                continue
            inputs = [self.values[step.operands[p]] for p in places]
            estimates = numerical_gradients(
                self.expression.gate(user, places), inputs, upstream(user)
            )
            for place, estimate in zip(places, estimates, strict=True):
                found[step.operands[place]].append((user, place, estimate.value))
        return found

    @cached_property
    def odd(self) -> list[int]:
        """The registers whose gradient is not the sum of what their uses send back."""
        return [
            r
            for r, uses in enumerate(self.shares)
            if uses and self.wanted(r) and not _same(self.gradients[r], _sum(uses))
        ]

    def wanted(self, register: int) -> bool:
        """Whether a register wants a gradient: a leaf that is fixed does not."""
        fixed = self.expression.fixed
        return register >= len(fixed) or not fixed[register]


def explained(trials: Sequence[BackwardTrial]) -> str | None:
    """The id of the mistake that explains every gradient of every trial, or None."""
    if not any(trial.odd or not np.any(trial.gradients[-1]) for trial in trials):
        return None
    fitting = {name for name, fits in _LOOKS.items() if all(map(fits, trials))}
    fitting &= {name for name in fitting if any(_tells(name, trial) for trial in trials)}
    for name, walks in _WALKS.items():
        if any(all(_walked(walk, trial) for trial in trials) for walk in walks):
            fitting.add(name)
    if any(all(_handed_on(trial, turned) for trial in trials) for turned in _EITHER):
        fitting.add("engine-shared-gradient")
    return fitting.pop() if len(fitting) == 1 else None


def blamed_gates(trials: Sequence[BackwardTrial]) -> list[str]:
    """The one or two kinds of gate that all wrong gradients went through, if all else is right."""
    wrong: set[tuple[str, int]] = set()  # a gate, and which of its operands
    right: set[tuple[str, int]] = set()
    for trial in trials:
        for r, uses in enumerate(trial.shares):
            if len(uses) == 1 and trial.wanted(r):  # at a fork one cannot tell
                user, place, _ = uses[0]
                (right, wrong)[r in trial.odd].add((trial.expression.program[user].op, place))
    gates = sorted({gate for gate, _ in wrong})
    return gates if len(gates) <= _MOST_BLAMED and not wrong & right else []


_MOST_BLAMED = 2


# What can be seen at each value ------------------------------------------------------------------


def _nothing_starts(trial: BackwardTrial) -> bool:
    return not any(np.any(gradient) for gradient in trial.gradients)


def _one_use_alone(trial: BackwardTrial) -> bool:
    """Every value has what one of its uses sends back."""
    return all(
        any(_same(trial.gradients[r], share) for *_, share in uses)
        for r, uses in enumerate(trial.shares)
        if uses and trial.wanted(r)
    )


def _local_alone(trial: BackwardTrial) -> bool:
    """Every value has the sum of the local gradients of its uses."""
    return all(
        _same(trial.gradients[r], _sum(uses))
        for r, uses in enumerate(trial.locals)
        if uses and trial.wanted(r)
    )


_LOOKS: dict[str, Callable[[BackwardTrial], bool]] = {
    "engine-unseeded": _nothing_starts,
    "engine-overwrites": _one_use_alone,
    "upstream-forgotten": _local_alone,
}


def _tells(name: str, trial: BackwardTrial) -> bool:
    """Whether a trial speaks for this mistake, rather than for none."""
    if name == "engine-unseeded":
        return True
    if name == "upstream-forgotten":
        return any(
            not _same(_sum(uses), _sum(shares))
            for uses, shares in zip(trial.locals, trial.shares, strict=True)
            if uses
        )
    return bool(trial.odd)


# Walks in a wrong order --------------------------------------------------------------------------


Walk = Callable[[BackwardTrial], Iterator[int | tuple[int, int]]]
"""The registers in the order in which an engine lets each pass its gradient on; or, where it does
so to one operand after the other, a register and which of its operands."""


def _operands(trial: BackwardTrial, register: int) -> list[int]:
    return [x for x in trial.expression.program[register].operands if type(x) is int]


def _no_visits_kept(turned: bool) -> Walk:
    """An order made by going down every path, with what was met before put in again."""

    def walk(trial: BackwardTrial) -> Iterator[int]:
        order: list[int] = []

        def visit(register: int) -> None:
            for x in _operands(trial, register)[:: -1 if turned else 1]:
                visit(x)
            order.append(register)

        visit(trial.expression.output)
        return reversed(order)

    return walk


def _at_once(turned: bool, together: bool = True) -> Walk:
    """Each value passes on what it has whenever it gets something, to all operands and then on, or
    to one and on, and then to the next."""

    def walk(trial: BackwardTrial) -> Iterator[int | tuple[int, int]]:
        def visit(register: int) -> Iterator[int | tuple[int, int]]:
            if together:
                yield register
            places = list(enumerate(_operands(trial, register)))
            for place, x in places[:: -1 if turned else 1]:
                if not together:
                    yield register, place
                yield from visit(x)

        return visit(trial.expression.output)

    return walk


def _from_a_list(last: bool, marked: bool, turned: bool) -> Walk:
    """A list of what is to be done, taken from one end; each once, or as often as it is met."""

    def walk(trial: BackwardTrial) -> Iterator[int]:
        waiting, seen = [trial.expression.output], {trial.expression.output}
        while waiting:
            register = waiting.pop() if last else waiting.pop(0)
            yield register
            for x in _operands(trial, register)[:: -1 if turned else 1]:
                if not marked or x not in seen:
                    seen.add(x)
                    waiting.append(x)

    return walk


def _preorder(turned: bool) -> Walk:
    """Each value once, as soon as it is reached."""

    def walk(trial: BackwardTrial) -> Iterator[int | tuple[int, int]]:
        seen: set[int | tuple[int, int]] = set()
        for register in _at_once(turned)(trial):
            if register not in seen:
                seen.add(register)
                yield register

    return walk


def _inputs_first(trial: BackwardTrial) -> Iterator[int]:
    return iter(range(len(trial.expression.program)))


_EITHER = (False, True)
_WALKS: dict[str, list[Walk]] = {
    "engine-visits-again": [
        *(_no_visits_kept(turned) for turned in _EITHER),
        *(_at_once(turned, together) for turned in _EITHER for together in _EITHER),
        *(_from_a_list(last, False, turned) for last in _EITHER for turned in _EITHER),
    ],
    "engine-order": [
        *(_preorder(turned) for turned in _EITHER),
        *(_from_a_list(last, True, turned) for last in _EITHER for turned in _EITHER),
        _inputs_first,
    ],
}


def _walked(walk: Walk, trial: BackwardTrial) -> bool:
    """Whether this walk gives the gradients that the engine gave."""
    ways: dict[int, list[tuple[int, int, np.ndarray]]] = {}
    for r, uses in enumerate(trial.locals):
        for user, place, local in uses:
            ways.setdefault(user, []).append((r, place, local))
    if any(value.ndim for value in trial.values):
        return False  # numbers only: there a local gradient is a number too
    gradients = [np.zeros(()) for _ in trial.values]
    gradients[trial.expression.output] = np.ones(())
    for step in walk(trial):
        register, only = step if isinstance(step, tuple) else (step, None)
        for r, place, local in ways.get(register, ()):
            if only is None or place == only:
                gradients[r] = gradients[r] + gradients[register] * local
    return all(map(_same, gradients, trial.gradients))


def _handed_on(trial: BackwardTrial, turned: bool) -> bool:
    """Whether an engine gives these gradients that goes the right way, but takes the array that is
    handed to it for the gradient, and adds into it later. An add gate hands on what it got."""
    gradients: list[np.ndarray | None] = [None] * len(trial.values)
    gradients[trial.expression.output] = np.ones(())
    order = dict.fromkeys(reversed(list(_no_visits_kept(turned)(trial))))
    for number in reversed(order):
        step, upstream = trial.expression.program[number], gradients[number]
        places = [p for p, x in enumerate(step.operands) if type(x) is int]
        if upstream is None or not places:
            continue
        inputs = [trial.values[step.operands[p]] for p in places]
        gate = trial.expression.gate(number, places)
        for n, place in enumerate(places):
            x, share = step.operands[place], upstream
            if step.op != "add" or upstream.shape != trial.values[x].shape:
                share = np.array(numerical_gradients(gate, inputs, upstream)[n].value)
            mine = gradients[x]
            if mine is None:
                gradients[x] = share
            else:
                mine += share
    pairs = zip(gradients, trial.gradients, strict=True)
    return all(one is not None and _same(one, other) for one, other in pairs)


def _sum(uses: Sequence[Share]) -> np.ndarray:
    return sum((share for *_, share in uses), np.zeros(()))


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return np.shape(one) == np.shape(other) and bool(
            np.allclose(one, other, rtol=1e-6, atol=1e-9)
        )
