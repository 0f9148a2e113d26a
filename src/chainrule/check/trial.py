"""A gate on trial: its objects are made and called as in a net, among others of their class.

What a gate uses has to come from its own last forward. So each object that counts is run forward
and backward at another point first, another object is made with other constants and run in between,
and backward is called again, with an upstream gradient of another size.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.by_hand import is_quotient
from chainrule.check.calls import BY_HAND, MAKE, OwnForward, Step, run_steps, value_of, values_of
from chainrule.check.case import BEFORE, Case, JacobianCase, Output
from chainrule.check.compare import Unfit, as_answer, which_wrong
from chainrule.check.explain import at_case
from chainrule.check.inputs import Point, other_constants
from chainrule.check.messages import CheckFailed
from chainrule.check.plain import kind_of
from chainrule.check.student_code import (
    call,
    copied,
    copies,
    failed_to_fit,
    recognised,
    untouched,
)  # fmt: skip
from chainrule.numeric import Estimate

__all__ = [
    "Trial",
    "answers_of",
    "first_failure",
    "forward_first",
    "one_each",
    "run_trials",
    "same_twice",
]

_STEPS = 10
_MATTER = (0, 4, 6)  # what other steps raise does not: their points may be outside the domain
_FORWARD, _DERIVATIVE, _BY_HAND = 4, 6, 7
_SIZES = (1e3, 1e-3)  # of the upstream gradient, when backward is called again
_ALIKE = 1e-12
_OFTEN = 20  # calls: so often nobody draws the same few numbers by chance


@dataclass
class Trial:
    """What came of one case.

    answer:  what backward returned. failed: what speaks against the gate whatever that is.
    by_hand: no measuring was seen while backward ran.
    again:   what backward gave when it was called again, or raised.
    """

    case: Case
    answer: Any
    failed: CheckFailed | None
    by_hand: bool
    again: Sequence[Any]

    def read(self, name: str) -> CheckFailed | None:
        """Put the gradients into the case. What speaks against them before they are compared."""
        case = self.case
        case.got = [None] * len(case.names)
        if self.failed is not None:
            return self.failed
        try:
            shape = case.expected[0].value.shape
            answers = one_each(self.answer, case.labels, case.other is not None, shape)
        except Unfit as unfit:
            if unfit.kind == "constant":
                return recognised(name, [at_case(case)], "gradient-for-constant")
            return failed_to_fit(name, unfit, [at_case(case)])
        case.got, failed = answers_of(name, case, answers)
        return failed

    def against(self, name: str, own_forward: OwnForward) -> CheckFailed | None:
        """What speaks against a gate whose gradient is right."""
        if not self.by_hand or is_quotient(self.case, own_forward):
            return recognised(name, [at_case(self.case)], "forward-difference")
        for size, answer in zip(_SIZES, self.again, strict=False):
            if not _is_right(self.case, answer, size):
                return _otherwise(name, self.case, own_forward, size)
        return None


def _is_right(case: Case, answer: Any, size: float) -> bool:
    """Whether an answer is the right gradient for an upstream gradient of another size."""
    if isinstance(answer, Exception):
        return False
    try:
        parts = one_each(answer, case.labels, shape=case.expected[0].value.shape)
        got = [
            as_answer(part, right.value.shape) / size
            for part, right in zip(parts, case.expected, strict=True)
        ]
    except Unfit:
        return False
    return not any(which_wrong(got, case.expected))


def _otherwise(name: str, case: Case, own_forward: OwnForward, size: float) -> CheckFailed:
    """Backward gave something else when it was called again: because it was, or for the size."""
    at = [at_case(case)]
    steps = [
        Step(0, "forward", tuple(map(copied, case.inputs))),
        Step(0, "backward", (case.upstream * size,)),
    ]
    with suppress(Exception):
        answer = run_steps(own_forward.gate, own_forward.made_with, steps)[1]
        if _is_right(case, answer, size):
            return recognised(name, at, "second-backward")
    how = "1000 times as large" if size > 1 else "a thousandth of that"
    return recognised(name, [*at, f"and with an upstream gradient {how}"], "upstream-clipped")


def run_trials(
    name: str, own_forward: OwnForward, tried: Sequence[Point], cases: Sequence[Case]
) -> list[Trial]:
    """Run the gate forward and backward at each point.

    Raises CheckFailed where forward raises something, or is no function.
    """
    given = [copies(point) for point in tried]
    upstreams = [copied(case.upstream) for case in cases]
    others = other_constants(own_forward.made_with)
    steps = [
        step
        for number, case in enumerate(cases)
        for step in _steps(number, case, tuple(given[number].values()), upstreams[number], others)
    ]
    answers = call(name, partial(run_steps, own_forward.gate, own_forward.made_with, steps))
    trials: list[Trial] = []
    for place, (point, case) in enumerate(zip(tried, cases, strict=True)):
        found = answers[_STEPS * place :][:_STEPS]
        failed = None
        try:
            call(name, partial(values_of, [found[step] for step in _MATTER]), point)
            same_twice(name.rpartition(".")[0], own_forward, case, found[_FORWARD])
            after = {**given[place], "upstream": upstreams[place]}
            untouched(name, {**point, "upstream": case.upstream}, after)
        except CheckFailed as one:
            failed = one
        again = [] if isinstance(case, JacobianCase) else found[_BY_HAND + 1 :]
        by_hand = found[_BY_HAND] is not False
        trials.append(Trial(case, found[_DERIVATIVE], failed, by_hand, again))
        if failed is not None and failed.headline.startswith(name.rpartition(".")[0] + ".forward"):
            raise trials[0].failed or failed
    return trials


def _steps(
    number: int, case: Case, given: tuple[Any, ...], upstream: Any, others: tuple[Any, ...]
) -> list[Step]:
    """The steps of one case. Another object of the class and other points come in between."""
    one, other = 2 * number, 2 * number + 1
    elsewhere = [tuple(map(copied, case.decoy or ())) for _ in range(2)]
    jacobian = isinstance(case, JacobianCase)

    def derivative(size: float, heard: bool = False) -> Step:
        if jacobian:
            return Step(one, "jacobian", (), heard)
        return Step(one, "backward", (upstream if size == 1 else case.upstream * size,), heard)

    return [
        Step(one),
        Step(other, MAKE, others),
        Step(one, "forward", elsewhere[0]),
        derivative(BEFORE),
        Step(one, "forward", given, number == 0),
        Step(other, "forward", elsewhere[1]),
        derivative(1, number == 0),
        Step(one, BY_HAND),
        *map(derivative, _SIZES),
    ]


# Forward ------------------------------------------------------------------------------------------


def forward_first(title: str, own_forward: OwnForward, tried: Sequence[Point]) -> list[np.ndarray]:
    """What forward gives at each point. Raises CheckFailed where that is nothing one can compute
    with: then nothing is said of backward."""
    name = f"{title}.forward"
    inputs = [tuple(copies(point).values()) for point in tried]
    answers = call(name, lambda: own_forward.many(inputs))
    outputs = []
    for point, answer in zip(tried, answers, strict=True):
        answer = call(name, partial(value_of, answer), point)
        try:
            outputs.append(as_answer(answer, np.shape(answer) if answer is not None else ()))
        except Unfit as unfit:
            where = [messages.describe_point(point)]
            if unfit.kind == "dtype":
                raise recognised(f"{name}: {unfit}", where, "float32") from None
            raise failed_to_fit(name, unfit, where) from None
        except ValueError:  # a ragged list has no shape
            where = [messages.describe_point(point)]
            raise CheckFailed(f"{name}: what was returned is no array.", where) from None
    return outputs


def same_twice(title: str, own_forward: OwnForward, case: Case | Output, output: Any) -> None:
    """Raises CheckFailed where forward gave another output than it gives an object made anew."""
    inputs = tuple(map(copied, case.inputs))
    fresh = own_forward.many([inputs])[0] if case.own is None else case.own
    if _alike(output, fresh):
        return
    name, at = f"{title}.forward", [at_case(case)]
    again = own_forward.many([tuple(map(copied, inputs)) for _ in range(_OFTEN)])
    if not all(_alike(again[0], one) for one in again):
        raise CheckFailed(
            f"{name} is no function: two calls with the same inputs gave different outputs.",
            [*at, "So nothing can be said of its slope. Is something drawn at random, or counted?"],
        )
    decoy = tuple(map(copied, case.decoy or ()))
    steps = [
        Step(0), Step(1, MAKE, other_constants(own_forward.made_with)),
        Step(0, "forward", tuple(map(copied, inputs))), Step(2),
        Step(2, "forward", decoy), Step(2, "forward", tuple(map(copied, inputs))),
    ]  # fmt: skip
    found = run_steps(own_forward.gate, own_forward.made_with, steps)
    if own_forward.made_with and not _alike(found[2], fresh):
        raise recognised(name, at, "constants-shared")
    if not _alike(found[5], fresh):
        raise recognised(name, at, "forward-remembers")
    raise recognised(f"{title}.backward", at, "output-modified")


def _alike(one: Any, other: Any) -> bool:
    if np.shape(one) == np.shape(other) == () and _is_float(one) and _is_float(other):
        one, other = float(one), float(other)
        return one == other or abs(one - other) <= _ALIKE * abs(other) or one != one != other
    try:
        a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    except (TypeError, ValueError):
        return type(one) is type(other)
    return a.shape == b.shape and np.allclose(a, b, rtol=_ALIKE, atol=0.0, equal_nan=True)


def _is_float(value: Any) -> bool:
    return type(value) is float or getattr(value, "dtype", None) == np.float64


# What came back -----------------------------------------------------------------------------------


def answers_of(
    name: str, case: Case | Output, answers: Sequence[Any]
) -> tuple[list[np.ndarray | None], CheckFailed | None]:
    """What came back as arrays, and what speaks against it before a value is compared.

    An array of the wrong shape is kept: its shape is compared as the values are, and diagnosed.
    """
    got: list[np.ndarray | None] = []
    failed = None
    for label, answer, right in zip(case.labels, answers, case.expected, strict=True):
        title = name if isinstance(case, Output) else f"{name}, {label}"
        try:
            got.append(as_answer(answer, right.value.shape))
        except Unfit as unfit:
            got.append(unfit.array)
            mistake = _shown_by(unfit, case, right)
            if mistake is not None:
                failed = failed or recognised(f"{title}: {unfit}", [at_case(case)], mistake)
            elif unfit.array is None:
                failed = failed or failed_to_fit(title, unfit, [at_case(case)])
    return got, failed


_OUT_OF_RANGE = ("overflow", "softmax-overflow", "log-of-zero")


def first_failure(
    failed: Sequence[CheckFailed | None], cases: Sequence[Case] | Sequence[Output]
) -> CheckFailed | None:
    """The failure to be told; none where a wrong value says more: what is wrong where inputs are
    small was not made so by large ones."""
    first = next((one for one in failed if one is not None), None)
    small = any(one is None and any(cases[place].wrong) for place, one in enumerate(failed))
    return None if first is not None and first.misconception in _OUT_OF_RANGE and small else first


def _depth(answer: Any) -> int:
    """How deeply lists are nested."""
    return (
        1 + _depth(answer[0]) if isinstance(answer, (tuple, list)) and answer else np.ndim(answer)
    )


# Gates that work out powers of e, and from where on these leave the range of a float.
_SOFTMAX = ("Softmax", "BatchSoftmax", "LargeSoftmax", "SoftmaxCrossEntropy")
_POWERS = ("Sigmoid", "Tanh", "ELU", "Softplus", "SigmoidStack", *_SOFTMAX)
_LARGE = 350.0


def _shown_by(unfit: Unfit, case: Case | Output, right: Estimate) -> str | None:
    """The mistake that an answer shows which cannot be compared."""
    if unfit.kind == "dtype":
        return "float32"
    if unfit.flags is not None and type(case) is Case:
        local = case.local[[r is right for r in case.expected].index(True)]
        return "upstream-forgotten" if np.array_equal(unfit.flags, np.round(local, 9)) else None
    if unfit.kind == "finite":
        return overflown(case.gate, case.inputs, str(unfit))
    return None


def overflown(gate: str, inputs: Sequence[Any], said: str) -> str | None:
    """What makes an answer infinite, or no number, where inputs are large."""
    largest = max(np.abs(value).max(initial=0.0) for value in map(np.asarray, inputs))
    if gate not in _POWERS or not largest > _LARGE:
        return None
    positive = max(value.max(initial=0.0) for value in map(np.asarray, inputs))
    far_below = gate == "SoftmaxCrossEntropy" and positive <= _LARGE and "(inf)" in said
    return "log-of-zero" if far_below else "softmax-overflow" if gate in _SOFTMAX else "overflow"


def one_each(
    answer: Any, labels: Sequence[str], constants: bool = False, shape: tuple[int, ...] = ()
) -> Sequence[Any]:
    """The answer for each label. Raises Unfit. An array of several gradients unpacks as a tuple.

    constants: the gate was made with some, which get no gradient. shape: of the only gradient.
    """
    if len(labels) == 1:
        if not isinstance(answer, (tuple, list)) or not answer:
            return [answer]
        if len(answer) == 1 and _depth(answer) != len(shape):
            kind = kind_of(answer)
            raise Unfit("type", f"{kind} was returned; with one input, return the gradient itself")
        if constants and isinstance(answer, tuple) and len(answer) == 2:
            raise Unfit("constant", "there is one input, and two gradients were returned")
        return [answer]
    wanted = ", ".join(labels)
    if isinstance(answer, np.ndarray) and answer.ndim:
        answer = list(answer)
    if not isinstance(answer, (tuple, list)):
        raise Unfit("type", f"{kind_of(answer)} was returned; a tuple ({wanted}) is wanted")
    if len(answer) != len(labels):
        many = "1 gradient was" if len(answer) == 1 else f"{len(answer)} gradients were"
        raise Unfit("type", f"{many} returned; {len(labels)} are wanted: ({wanted})")
    return answer
