"""What the checks of an engine share: asking it, and putting into words what it said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.engine.expressions import Expression, array_expressions, scalar_expressions
from chainrule.check.engine.formulas import formula
from chainrule.check.engine.programs import Action, examine
from chainrule.check.engine.walks import BackwardTrial, blamed_gates
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.check.student_code import advice, call, copied, entry, recognised

__all__ = [
    "ask",
    "backward_of",
    "compare_value",
    "expressions_of",
    "how_many",
    "of_wrong_kind",
    "trial_of",
    "untouched",
    "values_of",
    "where",
    "wrong_gradient",
    "wrong_leaf",
]

_GATES = {
    "add": "+", "sub": "−", "mul": "×", "truediv": "/", "pow": "**", "matmul": "@",
    "neg": "the minus", "getitem": "the index", "exp": "exp", "log": "log", "tanh": "tanh",
    "relu": "relu", "sum": "sum", "mean": "mean",
}  # fmt: skip

_MADE_OF = {"truediv": "× and **", "sub": "+ and ×", "neg": "×", "mean": "sum and ×"}
"""Of which of a student's gates those are made that problem set 7 gives."""


def expressions_of(
    of: str,
    at: Mapping[str, Any] | None,
    seed: int | None,
    count: int,
    arrays: bool,
    fixed: Collection[str],
) -> list[Expression]:
    if of and at is not None:
        return [formula(of, at, fixed)]
    if seed is None:
        raise TypeError("a formula with at=, or a seed, says what is to be tried")
    return (array_expressions if arrays else scalar_expressions)(seed, count)


def ask(
    name: str, made: Callable[..., Any], one: Expression, actions: Sequence[Action]
) -> list[Any]:
    """What the actions give; the leaves are copies, which an engine may do with what it likes."""
    program = [step._replace(operands=tuple(map(copied, step.operands))) for step in one.program]
    point = dict(zip(one.names, one.leaves, strict=True))
    return call(name, partial(examine, made, program, actions), point, _written(one))[0]


def backward_of(
    name: str, made: Callable[..., Any], one: Expression
) -> tuple[list[Any], list[Any], list[Any]]:
    """The values of output and leaves, every gradient after backward, and the leaves once more."""
    asked = [*values_of(one), Action("backward", one.output)]
    asked += [Action("gradient", number) for number in range(len(one.program))]
    asked += values_of(one)[1:]
    found = ask(name, made, one, asked)
    leaves = len(one.leaves)
    return found[: 1 + leaves], found[2 + leaves : -leaves], found[-leaves:]


def values_of(one: Expression) -> list[Action]:
    return [Action("value", number) for number in (one.output, *range(len(one.leaves)))]


def how_many(tried: Sequence[Expression]) -> str:
    return f"{len(tried)} expressions" if len(tried) > 1 else tried[0].lines()[-1]


def where(one: Expression) -> list[str]:
    """How the expression is written, and where it was tried, in a few lines."""
    point = dict(zip(one.names, one.leaves, strict=True))
    return [*_written(one), messages.describe_point(point)]


def _written(one: Expression) -> list[str]:
    """How the expression is written, in four lines at most."""
    lines = one.lines()
    shown = lines if len(lines) <= 4 else ["…", *lines[-3:]]
    return [line[:94] for line in shown]


def compare_value(name: str, one: Expression, value: Any) -> None:
    try:
        off = compare(as_answer(value, one.value.shape, held=True), exactly(one.value))
    except Unfit as unfit:
        raise CheckFailed(f"{name}, f.value: {unfit}.", where(one)) from None
    if off is not None:
        raise CheckFailed(f"{name} gives a wrong value.", [*where(one), *entry("f.value", off, "")])


def untouched(name: str, made: Callable[..., Any], one: Expression, values: Sequence[Any]) -> None:
    """Refuses leaves whose values are not those they were made with: changed later, or at once."""
    for number, (label, before, after) in enumerate(
        zip(one.names, one.leaves, values, strict=True)
    ):
        if not np.array_equal(np.asarray(before), np.asarray(after)):
            lines = [*where(one), f"{label}.value is not what it was at first."]
            leaves = replace(one, program=one.program[: len(one.leaves)])
            (alone,) = ask(name, made, leaves, [Action("value", number)])
            if not np.array_equal(np.asarray(before), np.asarray(alone)):
                lines = [*where(one), f"{label}.value is not what {label} was made with."]
                raise CheckFailed(f"{name}: a leaf does not hold the value it was given.", lines)
            raise recognised(name, lines, "engine-changes-values")


def of_wrong_kind(name: str, one: Expression, gradients: Sequence[Any]) -> CheckFailed | None:
    """What speaks against the gradients of the leaves before a value is compared."""
    for number, (label, leaf) in enumerate(zip(one.names, one.leaves, strict=True)):
        if one.fixed[number]:
            gradient = np.asarray(0.0 if gradients[number] is None else gradients[number])
            if gradient.dtype.kind in "fiu" and np.any(gradient):
                told = [*where(one), f"{label} was made with fixed=True."]
                return CheckFailed(f"{name}: a constant got a gradient.", told)
            continue
        try:
            as_answer(gradients[number], np.shape(leaf), held=True)
        except Unfit as unfit:
            lines = where(one)
            if unfit.kind == "shape":
                came = np.shape(gradients[number])
                lines.append(f"{label}.gradient has the shape {came}, {label} has {np.shape(leaf)}")
                return recognised(name, lines, "engine-not-unbroadcast")
            return CheckFailed(f"{name}, {label}.gradient: {unfit}.", lines)
    return None


def trial_of(one: Expression, gradients: Sequence[Any]) -> BackwardTrial:
    """The trial; a gradient on the way that is no array of the right shape counts as zeros."""
    found = []
    for value, gradient in zip(one.registers(), gradients, strict=True):
        try:
            found.append(as_answer(gradient, np.shape(value)))
        except Unfit:
            found.append(np.zeros(np.shape(value)))
    return BackwardTrial(one, found)


def wrong_leaf(trial: BackwardTrial) -> tuple[BackwardTrial, int] | None:
    for number, expected in enumerate(trial.expression.gradients):
        fixed = trial.expression.fixed[number]
        if not fixed and compare(trial.gradients[number], expected) is not None:
            return trial, number
    return None


def wrong_gradient(
    name: str,
    trial: BackwardTrial,
    number: int,
    trials: Sequence[BackwardTrial],
    mistake: str | None,
) -> CheckFailed:
    one = trial.expression
    off = compare(trial.gradients[number], one.gradients[number])
    assert off is not None
    label = one.names[number]
    row = MISCONCEPTIONS[mistake] if mistake else None
    told = f": {row.phrase}." if row else "."
    lines = [*where(one), *entry(f"{label}.gradient", off, ""), *advice(row)]
    gates = [] if row else blamed_gates(trials)
    if gates:
        through = " and ".join(_GATES[gate] for gate in gates)
        given = [f"; {_GATES[g]} is made of {_MADE_OF[g]}" for g in gates if g in _MADE_OF]
        lines.append(f"All that is wrong came back through {through}{''.join(given)}.")
    return CheckFailed(f"{name}: the gradient of {label} is wrong{told}", lines, mistake)
