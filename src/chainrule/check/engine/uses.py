"""Checks of what is built with an engine: a function of its values, and a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.check.calls import heard, passed
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.engine.formulas import formula
from chainrule.check.engine.programs import Action, Instruction, examine
from chainrule.check.messages import CheckFailed, describe_point
from chainrule.check.plain import a_or_an
from chainrule.check.student_code import (
    call,
    copied,
    copies,
    entry,
    name_of,
    quietly,
    recognised,
    untouched,
)  # fmt: skip
from chainrule.check.training import parameters
from chainrule.numeric import numerical_gradient, numerical_gradients

__all__ = ["function", "slopes", "trained"]


@quietly
def function(
    f: Callable[..., Any],
    made: Callable[..., Any],
    *,
    at: Mapping[str, Any],
    like: Callable[..., Any],
    more: Sequence[Any] = (),
    value_only: bool = False,
) -> None:
    """Check a function of an engine's values, and the gradients that go back through it.

    f:    called with a value of class `made` for each entry of `at`, and with `more`.
    like: the same function of plain numbers or arrays. value_only: gradients are left alone.

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name, point = name_of(f), dict(at)
    leaves = [Instruction("make", (copied(value),)) for value in point.values()]
    last = len(leaves)
    applied = Instruction("apply", tuple(range(last)), (f, *map(copied, more)))
    asked = [Action("value", last)]
    if not value_only:
        asked += [Action("backward", last), *(Action("gradient", n) for n in range(last))]
    program = [*leaves, applied]

    def run() -> tuple[list[Any], str]:
        """What the actions give; or, if it was no value of the class that came back, its kind."""
        try:
            return examine(made, program, asked)[0], ""
        except AttributeError:
            (kind,) = examine(made, program, [Action("kind", last)])[0]
            if kind == made.__name__:
                raise
            return [], str(kind)

    found, kind = call(name, run, point)
    if kind:
        told = f"{'nothing (None)' if kind == 'NoneType' else a_or_an(kind)} was returned"
        wanted = a_or_an(made.__name__)
        raise CheckFailed(f"{name}: {told}; {wanted} is wanted.", [describe_point(point)])
    right = exactly(like(*point.values()))
    _right(name, " gives a wrong value.", "value", found[0], right, point)
    if not value_only:
        expected = numerical_gradients(like, tuple(point.values()))
        for label, gradient, one in zip(point, found[2:], expected, strict=True):
            told = f": the gradient of {label} is wrong."
            _right(name, told, f"{label}.gradient", gradient, one, point)
    passed(f"{name}: {'the value is' if value_only else 'value and gradient are'} right.")


@quietly
def slopes(
    f: Callable[..., Any], made: Callable[..., Any], of: str, *, at: Mapping[str, Any]
) -> None:
    """Check `f(output, x)`, which gives the derivative of an output by a leaf as a value of class
    `made` again: the derivatives of a formula, and the derivatives of these.

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name, one = name_of(f), formula(of, at)
    names, leaves = one.names, range(len(one.leaves))
    program = list(one.program)
    program += [Instruction("apply", (one.output, n), (f,)) for n in leaves]
    firsts = range(one.output + 1, len(program))
    program += [Instruction("apply", (first, n), (f,)) for first in firsts for n in leaves]
    asked = [Action("value", number) for number in range(one.output + 1, len(program))]
    found = call(name, partial(examine, made, program, asked), dict(at))[0]

    def derivatives(*point: Any) -> np.ndarray:
        return np.array([estimate.value for estimate in numerical_gradients(one.output_of, point)])

    rights = [
        (f"df/d{name}", value) for name, value in zip(names, derivatives(*one.leaves), strict=True)
    ]
    for row, first in enumerate(names):
        for n, second in enumerate(names):

            def along(x: Any, n: int = n, row: int = row) -> Any:
                return derivatives(*one.leaves[:n], float(x), *one.leaves[n + 1 :])[row]

            value = numerical_gradient(along, one.leaves[n]).value
            rights.append((f"d(df/d{first})/d{second}", value))
    for (label, value), answer in zip(rights, found, strict=True):
        near = exactly(value, _OF_SLOPES * max(1.0, abs(float(value))))
        _right(name, f": {label} of f = {of} is wrong.", label, answer, near, dict(at))
    passed(f"{name}: all first and second derivatives of f = {of} are right.")


_OF_SLOPES = 1e-5  # differences of differences are no better


def _right(
    name: str, wrong: str, label: str, answer: Any, right: Any, point: dict[str, Any]
) -> None:
    try:
        off = compare(as_answer(answer, right.value.shape, held=True), right)
    except Unfit as unfit:
        raise CheckFailed(f"{name}, {label}: {unfit}.", [describe_point(point)]) from None
    if off is not None:
        raise CheckFailed(name + wrong, [describe_point(point), *entry(label, off, "")])


@quietly
def trained(
    train: Callable[..., Any],
    *,
    start: dict[str, np.ndarray],
    X: np.ndarray,
    y: np.ndarray,
    learning_rate: float,
    steps: int,
    accuracy: Callable[[dict[str, np.ndarray]], float],
    reaches: float,
) -> None:
    """Check that `train(start, X, y, learning_rate, steps)` returns parameters that do their work.

    start:    the parameters before; what is returned has to have their names and shapes.
    accuracy: takes such a dict, returns the part that is classified right.

    Any way of training is right that gets there, and stands still at a learning rate of 0. Raises
    CheckFailed.
    """
    name, given = name_of(train), copies(start)
    images, classes = copied(X), copied(y)
    with heard(True):
        answer = call(name, lambda: train(given, images, classes, learning_rate, steps))
    untouched(name, {"params": start, "X": X, "y": y}, {"params": given, "X": images, "y": classes})
    params = parameters(name, answer, start)
    with heard(False):
        still = call(name, lambda: train(copies(start), copied(X), copied(y), 0.0, 1))
    if any(np.any(one != start[key]) for key, one in parameters(name, still, start).items()):
        raise CheckFailed(
            f"{name}: the learning rate is not used as it should be.",
            ["with learning_rate = 0, one step still moved the parameters"],
        )
    before, reached = accuracy(start), accuracy(params)
    if reached < reaches:
        told = (
            f"after {steps} steps: {reached:.1%} of the examples right, {reaches:.0%} wanted; "
            f"at first {before:.1%}"
        )
        with heard(False):
            once = call(name, lambda: train(copies(start), copied(X), copied(y), learning_rate, 1))
        mistake = _seen_in_a_step(parameters(name, once, start), start, X, y, learning_rate)
        if mistake is not None:
            raise recognised(name, [told], mistake)
        raise CheckFailed(f"{name}: the net has not learned enough.", [told])
    passed(f"{name}: {reached:.1%} of the examples right after {steps} steps.")


_OTHER_STEPS = {  # which layers but the last, and whether the last one, have a ReLU; which way
    "uphill": (True, False, 1.0),
    "relu-on-scores": (True, True, -1.0),
    "relu-missing": (False, False, -1.0),
}


def _seen_in_a_step(
    after: dict[str, np.ndarray],
    start: dict[str, np.ndarray],
    X: np.ndarray,
    y: np.ndarray,
    learning_rate: float,
) -> str | None:
    """The mistake that one step of a training shows, if its parameters are named W1, b1, W2, ..."""
    layers = len(start) // 2
    names = [f"{kind}{n}" for n in range(1, layers + 1) for kind in "Wb"]
    if set(names) != set(start):
        return None
    found = []
    for mistake, (between, at_last, sign) in _OTHER_STEPS.items():
        bent = [between] * (layers - 1) + [at_last]
        slopes = _slopes([start[name] for name in names], bent, X, y)
        moved = [start[n] + sign * learning_rate * g for n, g in zip(names, slopes, strict=True)]
        if all(np.allclose(after[n], m, rtol=1e-7) for n, m in zip(names, moved, strict=True)):
            found.append(mistake)
    return found[0] if len(found) == 1 else None


def _slopes(
    params: list[np.ndarray], bent: list[bool], X: np.ndarray, y: np.ndarray
) -> list[np.ndarray]:
    """The gradients of softmax cross entropy by W1, b1, W2, ...; bent: which layers have a ReLU."""
    values, layers = [X], list(zip(params[::2], params[1::2], strict=True))
    for (W, b), relu in zip(layers, bent, strict=True):
        z = values[-1] @ W + b
        values.append(np.maximum(z, 0.0) if relu else z)
    powers = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
    arrives = powers / powers.sum(axis=1, keepdims=True)
    arrives[np.arange(len(y)), y] -= 1.0
    arrives /= len(y)
    found: list[np.ndarray] = []
    for n in reversed(range(len(layers))):
        if bent[n]:
            arrives = arrives * (values[n + 1] > 0)
        found = [values[n].T @ arrives, arrives.sum(axis=0), *found]
        arrives = arrives @ layers[n][0].T
    return found
