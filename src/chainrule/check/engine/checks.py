"""The checks of an autograd engine: of values that remember how they were made.

    check.engine.backward(Value, "x * y + x", at=dict(x=2.0, y=-4.0))
    check.engine.backward(Value, seed=1)

A class is tried on a formula, or on random expressions with forks. Gradients are compared with the
numerical gradient of the same expression, which NumPy works out; no gradient is written down here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from chainrule.check.calls import passed
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.engine.expressions import Expression, plain_expressions
from chainrule.check.engine.formulas import formula
from chainrule.check.engine.growth import DEEP, grows
from chainrule.check.engine.programs import Action, Cost, Instruction, examine
from chainrule.check.engine.trials import (
    ask,
    backward_of,
    compare_value,
    expressions_of,
    how_many,
    of_wrong_kind,
    trial_of,
    untouched,
    values_of,
    where,
    wrong_gradient,
    wrong_leaf,
)
from chainrule.check.engine.walks import BackwardTrial, explained
from chainrule.check.messages import CheckFailed
from chainrule.check.student_code import call, entry, name_of, quietly, recognised

__all__ = ["backward", "forward", "long_way", "remembers", "twice"]


@quietly
def forward(
    made: Callable[..., Any],
    of: str = "",
    *,
    at: Mapping[str, Any] | None = None,
    seed: int | None = None,
    count: int = 6,
    arrays: bool = False,
    fixed: Collection[str] = (),
) -> None:
    """Check the values that an engine works out.

    made:   the class, called with a number (or an array) for each leaf.
    of, at: a formula and the values of its leaves, as in "p = x * y; p + x"; or
    seed:   of random expressions, so many, of numbers or of arrays.
    fixed:  leaves of the formula that are made with fixed=True: constants that want no gradient.

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name = name_of(made)
    tried = expressions_of(of, at, seed, count, arrays, fixed)
    for one in tried:
        value, *leaves = ask(name, made, one, values_of(one))
        untouched(name, made, one, leaves)
        compare_value(name, one, value)
    passed(f"{name}: the values of {how_many(tried)} are right.")


@quietly
def backward(
    made: Callable[..., Any],
    of: str = "",
    *,
    at: Mapping[str, Any] | None = None,
    seed: int | None = None,
    count: int = 6,
    arrays: bool = False,
    fixed: Collection[str] = (),
) -> None:
    """Check the gradients that `backward()` leaves at the leaves; as `forward` otherwise."""
    name = name_of(made)
    tried = expressions_of(of, at, seed, count, arrays, fixed)
    trials: list[BackwardTrial] = []
    for one in tried:
        values, gradients, after = backward_of(name, made, one)
        untouched(name, made, one, values[1:])
        compare_value(name, one, values[0])
        problem = of_wrong_kind(name, one, gradients)
        if problem is not None:
            raise problem
        untouched(name, made, one, after)
        trials.append(trial_of(one, gradients))
    wrong = [found for found in map(wrong_leaf, trials) if found is not None]
    if wrong:
        probes = []
        for one in plain_expressions(7, 5, arrays):
            probes.append(trial_of(one, backward_of(name, made, one)[1]))
        raise wrong_gradient(name, *wrong[0], trials, explained(probes))
    passed(f"{name}: the gradients of {how_many(tried)} are right.")


@quietly
def remembers(made: Callable[..., Any], of: str, *, at: Mapping[str, Any]) -> None:
    """Check that every value of a formula knows, as `operands`, what it was made of, in order."""
    name = name_of(made)
    one = formula(of, at)
    inner = range(len(one.leaves), len(one.program))
    asked = [Action("operands", number) for number in range(len(one.program))]
    found = ask(name, made, one, asked)
    for number in inner:
        known = [x for x in found[number] if x >= 0]
        wanted = [x for x in one.program[number].operands if type(x) is int]
        if known != wanted and set(known) >= set(wanted):
            raise CheckFailed(
                f"{name}: the operands are there, but not in the order in which they were given.",
                [*where(one)],
            )
        if known != wanted and -1 in found[number] and len(found[number]) >= len(wanted):
            raise CheckFailed(
                f"{name}: in the place of an operand there is another value.", where(one)
            )
        if known != wanted:
            raise recognised(name, where(one), "engine-forgets-operands")
    if any(found[number] for number in range(len(one.leaves))):
        raise CheckFailed(f"{name}: a leaf was made of nothing, so it has no operands.", where(one))
    passed(f"{name}: every value knows what it was made of.")


@quietly
def twice(made: Callable[..., Any], of: str, *, at: Mapping[str, Any]) -> None:
    """Check that a second backward starts from zero: of the same output, and of another one that is
    made of the same values."""
    name = name_of(made)
    one = formula(of, at)
    more = Expression(
        (*one.program, Instruction("mul", (one.output, 0))),
        one.leaves,
        one.fixed,
        one.names,
        (*one.lines(), f"f * {one.names[0]}"),
    )
    read = [Action("gradient", number) for number in range(len(one.leaves))]
    asked = [Action("backward", one.output), *read, Action("backward", one.output), *read]
    asked += [Action("backward", more.output), *read]
    found = ask(name, made, more, asked)
    size = len(read) + 1
    first, again, other = (found[n * size + 1 : (n + 1) * size] for n in range(3))
    wrong = _first_wrong(name, one, first)
    if wrong is not None:
        raise CheckFailed(f"{name}: already the gradients of a first backward are wrong.", wrong)
    alone = ask(name, made, more, asked[2 * size :])[1:]
    wrong = _first_wrong(name, more, alone)
    if wrong is not None:
        raise CheckFailed(f"{name}: the gradients of f * {one.names[0]} are wrong.", wrong)
    for expression, gradients, when in (
        (one, again, "in a second backward of f"),
        (more, other, f"in a backward of f * {one.names[0]}, after those of f"),
    ):
        wrong = _first_wrong(name, expression, gradients)
        if wrong is not None:
            raise recognised(name, [when, *wrong], "engine-not-reset")
    passed(f"{name}: a second backward starts from zero.")


def _first_wrong(name: str, one: Expression, gradients: Sequence[Any]) -> list[str] | None:
    """Lines about the first of the leaves' gradients that is wrong, or None."""
    problem = of_wrong_kind(name, one, gradients)
    if problem is not None:
        raise problem
    for label, gradient, expected in zip(one.names, gradients, one.gradients, strict=True):
        off = compare(as_answer(gradient, expected.value.shape, held=True), expected)
        if off is not None:
            return [*where(one), *entry(f"{label}.gradient", off, "")]
    return None


@quietly
def long_way(made: Callable[..., Any]) -> None:
    """Check 100,000 gates in a row, y = y * b + 0.00001 again and again, and a tower of forks."""
    name = name_of(made)
    a, b, c = 0.5, 0.99999, 1e-5

    def tried(gates: int, count: bool) -> tuple[list[Any], Cost]:
        chain = Instruction("chain", (0, 1), (gates // 2, c))
        program = [Instruction("make", (a,)), Instruction("make", (b,)), chain]
        asked = [Action("backward", 2), *(Action("gradient", n) for n in (0, 1))]
        return examine(made, program, asked, count, shown=False)

    def compare_with(gates: int, found: list[Any]) -> None:
        value, by_b = a, 0.0
        for _ in range(gates // 2):
            by_b = value + b * by_b
            value = value * b + c
        told = f"y = a, and {gates // 2:,} times y = y * b + 0.00001"
        for label, gradient, right in zip("ab", found[1:], (b ** (gates // 2), by_b), strict=True):
            try:
                off = compare(as_answer(gradient, (), held=True), exactly(right, 1e-7 * abs(right)))
            except Unfit as unfit:
                raise CheckFailed(f"{name}, {label}.gradient: {unfit}.", [told]) from None
            if off is not None:
                lines = [told, *entry(f"{label}.gradient", off, "")]
                raise CheckFailed(f"{name}: the gradient through {gates:,} gates is wrong.", lines)

    _tower(name, made)
    grows(name, tried, compare_with)
    passed(f"{name}: right through {DEEP:,} gates in a row.")


_FLOORS = (4, 12)  # of a tower of forks: y = y + y, so that the ways to its foot double with each
_MOST_GROWTH = 16  # times as many calls for three times as many floors


def _tower(name: str, made: Callable[..., Any]) -> None:
    calls = []
    for floors in _FLOORS:
        program = [Instruction("make", (1.0,))]
        program += [Instruction("add", (n, n)) for n in range(floors)]
        asked = [Action("backward", floors), Action("gradient", 0)]
        run = partial(examine, made, program, asked, count=True, shown=False)
        (_, gradient), cost = call(name, run)
        calls.append(cost.calls)
        told = f"y = x, and {floors} times y = y + y"
        try:
            off = compare(as_answer(gradient, (), held=True), exactly(2.0**floors))
        except Unfit as unfit:
            raise CheckFailed(f"{name}, x.gradient: {unfit}.", [told]) from None
        if off is not None:
            lines = [told, *entry("x.gradient", off, "")]
            raise CheckFailed(f"{name}: the gradient of a tower of forks is wrong.", lines)
    if calls[1] > _MOST_GROWTH * calls[0]:
        lines = [
            f"{_FLOORS[1]} times y = y + y takes {calls[1]:,} calls of functions, {_FLOORS[0]} "
            f"times only {calls[0]:,}"
        ]
        raise recognised(name, lines, "engine-visits-again")
