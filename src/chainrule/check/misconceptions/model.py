"""What a row of the table is, and the ways of predicting that several rows share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.check.calls import value_of
from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.numeric.probe import evaluate

__all__ = [
    "Changed", "Misconception", "OutputWays", "Predict", "Prediction",
    "elementwise", "everywhere", "of_point", "outputs", "says_nothing", "times", "ways",
]  # fmt: skip

Prediction = Sequence[np.ndarray | None]
"""What a mistake would have returned for each input, in order; None where it says nothing."""

Predict = Callable[[Case], list[Prediction]]
"""The ways a mistake can show, the same number in the same order at every point; may be empty."""

OutputWays = Callable[[Output], list[Prediction]]
"""The same for forward: each prediction holds one array, the output."""


def says_nothing(case: Any) -> list[Prediction]:
    """For a mistake that no value shows."""
    return []


@dataclass(frozen=True)
class Misconception:
    """One row of the table.

    id:       stable name, used by tests, reports and exports.
    phrase:   what went wrong, for a headline or a table; completes "dx is wrong: ...".
    sentence: for the student: the idea, not the answer.
    section:  where the idea is taught, as `notebook#heading`.
    predict:  from a case, what backward would have returned.
    gates:    the classes it can happen in; empty for any.
    covers:   ids of other rows that say less; when they fit as well, this row is the one told.
    whole:    the mistake shows in all gradients at once, so it must explain the right ones too.
    output:   from an output, what forward would have returned.
    unless:   whether, in all these cases together, something else explains the same.
    """

    id: str
    phrase: str
    sentence: str
    section: str
    predict: Predict = says_nothing
    gates: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    whole: bool = False
    output: OutputWays = says_nothing
    unless: Callable[[Sequence[Any]], bool] = lambda cases: False


class Changed:
    """A function that is worked out from values of another one, `f`.

    where: from its inputs, the argument lists that f is asked at; then: from those values, its own.
    Asked at many points together, it asks f so: where f lives in another process, in one message.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        where: Callable[..., Sequence[Sequence[Any]]],
        then: Callable[..., Any] = lambda value: value,
    ) -> None:
        self.f, self.where, self.then = f, where, then

    def __call__(self, *inputs: Any) -> Any:
        (value,) = self.many([inputs])
        return value_of(value)

    def many(self, points: Sequence[Sequence[Any]]) -> list[Any]:
        """The values at several points; what f raised is in its place."""
        asked = [list(self.where(*point)) for point in points]
        answers = iter(evaluate(self.f, [inputs for one in asked for inputs in one]))
        return [self._value([next(answers) for _ in one]) for one in asked]

    def _value(self, answers: list[Any]) -> Any:
        errors = [answer for answer in answers if isinstance(answer, Exception)]
        return errors[0] if errors else self.then(*answers)


def ways(*kinds: Callable[[Case], Prediction]) -> Predict:
    """Several ways a mistake can show; one that makes no sense at a point is left out there."""

    def predict(case: Case) -> list[Prediction]:
        found: list[Prediction] = []
        for kind in kinds:
            try:
                found.append(kind(case))
            except DoesNotApply:
                found.append([None] * len(case.names))
        return found

    return predict


def outputs(*kinds: Callable[[Output], Any]) -> OutputWays:
    """As `ways`, for forward: each kind gives the one array that would have come out, or None."""

    def predict(case: Output) -> list[Prediction]:
        found: list[Prediction] = []
        for kind in kinds:
            try:
                value = kind(case)
                found.append([None if value is None else np.asarray(value, dtype=np.float64)])
            except DoesNotApply:
                found.append([None])
        return found

    return predict


def of_point(wrong: Callable[..., Any]) -> Callable[[Any], Prediction]:
    """For a plain function: what `wrong(*inputs)` gives; a list has an item for each part."""

    def predict(call: Any) -> Prediction:
        found = wrong(*call.point.values())
        parts = found if isinstance(found, list) else [found]
        return [np.asarray(part, dtype=np.float64) for part in parts]

    return predict


def times(factor: Callable[[Case | Output], float]) -> Callable[[Case], Prediction]:
    """The right gradients, all multiplied."""
    return lambda case: [factor(case) * g for g in case.right]


def everywhere(value: Callable[[Case], Any]) -> Callable[[Case], Prediction]:
    """The same value for every input that has its shape."""

    def predict(case: Case) -> Prediction:
        same = np.asarray(value(case))
        return [same if np.shape(i) == same.shape else None for i in case.inputs]

    return predict


def elementwise(change: Callable[[Case], Any]) -> Callable[[Case], Prediction]:
    """The gradient at changed inputs, for a gate with one input and an output of its shape."""

    def predict(case: Case) -> Prediction:
        if len(case.inputs) != 1 or case.output.shape != np.shape(case.inputs[0]):
            return [None] * len(case.inputs)
        return case.gradients(inputs=(change(case),))

    return predict
