"""Mistakes with numbers and memory: types, things changed in place, differences for derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply, JacobianCase, Output
from chainrule.check.misconceptions.model import Misconception, Prediction, outputs, ways
from chainrule.numeric.probe import evaluate

_PROMISES = "01_scalar_circuits#What-a-gate-promises"
_STEPS = tuple(10.0**-k for k in range(1, 7))


def _whole(case: Case | Output) -> bool:
    return any(np.asarray(i).dtype.kind == "i" for i in case.inputs)


def _clean(gradient: np.ndarray) -> np.ndarray:
    """Without the last digits of a numerical gradient, which may put 1 just below 1."""
    return np.round(gradient, 9)


def _truncated(cut: Callable[[Case], Prediction]) -> Callable[[Case], Prediction]:
    """Fractions lost where an input holds whole numbers; nothing lost elsewhere."""
    return lambda case: cut(case) if _whole(case) else case.right


def _local_cut(cut: Callable[[np.ndarray], np.ndarray]) -> Callable[[Case], Prediction]:
    """The local gradients cut to whole numbers, times upstream, where the two have one shape."""

    def predict(case: Case) -> Prediction:
        same = (
            g.shape == np.shape(case.upstream) or not np.ndim(case.upstream) for g in case.local
        )
        if not all(same):
            raise DoesNotApply("upstream has another shape than the local gradients")
        return [cut(_clean(g)) * case.upstream for g in case.local]

    return predict


def _differences(case: Case) -> list[Prediction]:
    """(f(x + h) - f(x)) / h for each entry of each input, at steps of several lengths; where it is
    off in proportion to h."""
    output = case.output  # there is none where only gradients are stated
    places = [(i, entry) for i, x in enumerate(case.inputs) for entry in np.ndindex(np.shape(x))]
    steps = [step for long in _STEPS for step in (long, long / 2)]
    asked = [_moved(case.inputs, *place, step) for step in steps for place in places]
    answers = evaluate(case.function, asked)
    quotients = [
        _quotients(case, places, answers[i * len(places) :][: len(places)], output, step)
        for i, step in enumerate(steps)
    ]
    return [
        long if _is_proportional(case, long, short) else [None] * len(case.names)
        for long, short in zip(quotients[::2], quotients[1::2], strict=True)
    ]


def _is_proportional(case: Case, long: list[np.ndarray], short: list[np.ndarray]) -> bool:
    """Whether the difference to the gradient is half as large with the shorter step; not with a
    straight line, nor where the function is not smooth, or cannot be evaluated."""
    off, less = (_flat(quotients) - _flat(case.right) for quotients in (long, short))
    return bool(np.abs(off - 2 * less).max() <= 0.3 * np.abs(off).max())


def _quotients(
    case: Case,
    places: Sequence[tuple[int, tuple[int, ...]]],
    answers: Sequence[Any],
    output: np.ndarray,
    step: float,
) -> list[np.ndarray]:
    """The difference quotients by each input, from the outputs with one entry moved at a time."""
    slopes: list[np.ndarray] = [np.zeros(right.shape) for right in case.right]
    for (i, entry), answer in zip(places, answers, strict=True):
        moved = np.nan if isinstance(answer, Exception) else np.asarray(answer, dtype=np.float64)
        change = (moved - output) / step
        if isinstance(case, JacobianCase):
            by_entry: Any = (..., *entry)
            slopes[i][by_entry] = change
        else:
            slopes[i][entry] = np.sum(case.upstream * change)
    return slopes


def _moved(inputs: Sequence[Any], i: int, entry: tuple[int, ...], step: float) -> list[Any]:
    """The inputs, with one entry of one of them moved on by a step."""
    moved = np.array(inputs[i], dtype=np.float64)
    moved[entry] += step
    return [*inputs[:i], moved[()], *inputs[i + 1 :]]


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(a) for a in arrays])


ROWS = (
    Misconception(
        "integer-arithmetic",
        "fractions were lost with whole-number inputs",
        "The inputs were integers here, and what was computed stayed integer: look for // or "
        "int(), or for an array that took over the inputs' type.",
        _PROMISES,
        ways(
            _truncated(_local_cut(np.floor)),
            _truncated(_local_cut(np.trunc)),
            _truncated(lambda c: [np.trunc(_clean(g)) for g in c.right]),
        ),
        output=outputs(
            lambda case: np.trunc(case.right) if _whole(case) else case.right,
            lambda case: np.floor(case.right) if _whole(case) else case.right,
        ),
    ),
    Misconception(
        "forward-difference",
        "a difference quotient, not the derivative",
        "This is how much the output changes over a small step, which is off by about as much as "
        "the step is long. Work the derivative out by hand.",
        "06_gradient_checking#Forward-and-central-differences",
        _differences,
    ),
    # The rows below are recognised before any value is compared; they predict nothing.
    Misconception(
        "float32",
        "these numbers have too few digits",
        "The course computes in float64, with about 16 digits; float32 has about 7, and float16 "
        "about 3. Look for a dtype or an astype, or turn the inputs into float64 first.",
        _PROMISES,
    ),
    Misconception(
        "inputs-modified",
        "an input was changed in place",
        "The caller still needs that array as it was. Work on a copy, or make a new one: what is "
        "added in place shows under every name that the array has.",
        _PROMISES,
    ),
    Misconception(
        "upstream-modified",
        "the upstream gradient was changed in place",
        "Another gate may get the same array as its upstream gradient. Work on a copy, or "
        "make a new one.",
        _PROMISES,
    ),
)
