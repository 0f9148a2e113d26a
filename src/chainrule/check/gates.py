"""The checks of a gate: its forward, its backward, its Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import MAKE, OwnForward, Step, heard, passed, run_steps, values_of
from chainrule.check.case import Case, JacobianCase, Output, StatedCase, expect
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.derivatives import slope_along
from chainrule.check.diagnose import all_zeros, diagnose
from chainrule.check.explain import at_case, forward_is_wrong, wrong_gradient, wrong_output
from chainrule.check.inputs import Point, as_points, beside, decoy, other_constants, upstream_like
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions.activations import MAXES
from chainrule.check.student_code import (
    call,
    copies,
    entry,
    failed_to_fit,
    how_many,
    name_of,
    quietly,
    recognised,
    untouched,
)
from chainrule.check.trial import answers_of, first_failure, forward_first, run_trials, same_twice
from chainrule.formatting import number

__all__ = ["backward", "forward", "jacobian", "stages"]


@quietly
def forward(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    gives: Any = None,
    like: Callable[..., Any] | None = None,
    decimals: int | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check that `gate(*made_with).forward(*inputs)` gives the right output.

    at:       one point, or a list of points: dicts of named inputs in the order of forward.
    gives:    the right output (a list of them, when `at` is a list).
    like:     instead of `gives`, a function of the inputs that computes it.
    decimals: `gives` is stated to this many decimals.

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    title = name_of(gate)
    name = f"{title}.forward"
    tried = as_points(at)
    if like is not None:
        wanted = [like(*point.values()) for point in tried]
    else:
        wanted = [gives] if isinstance(at, Mapping) else list(gives)
    bar = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    own_forward = OwnForward(gate, made_with)
    outputs = [
        Output(title, tuple(point), tuple(point.values()), (exactly(value, bar),), like)
        for point, value in zip(tried, wanted, strict=True)
    ]
    failed = first_failure(_run_forward(name, own_forward, tried, outputs), outputs)
    if failed is not None:
        raise failed
    outputs = [output for output in outputs if output.got[0] is not None]
    wrong = [output for output in outputs if any(output.wrong)]
    if wrong:
        if like is not None:
            outputs = outputs + _further_outputs(name, own_forward, tried, like)
        zeros = all_zeros(outputs)
        raise wrong_output(name, wrong[0], None if zeros else diagnose(outputs), zeros)
    passed(f"{name}: right{how_many(tried)}.")


def _run_forward(
    name: str, own_forward: OwnForward, tried: Sequence[Point], outputs: Sequence[Output]
) -> list[CheckFailed | None]:
    """Run forward at each point, after it was run at another one, and beside an object that was
    made with other constants; what it gave, into the outputs, and what speaks against each."""
    given = [copies(point) for point in tried]
    others = other_constants(own_forward.made_with)
    steps = [
        step
        for n, point in enumerate(tried)
        for step in (
            Step(2 * n),
            Step(2 * n + 1, MAKE, others),
            Step(2 * n, "forward", tuple(copies(decoy(point)).values())),
            Step(2 * n, "forward", tuple(given[n].values()), n == 0),
        )
    ]
    answers = call(name, partial(run_steps, own_forward.gate, own_forward.made_with, steps))
    failed: list[CheckFailed | None] = []
    for n, (point, output) in enumerate(zip(tried, outputs, strict=True)):
        made, _, _, found = answers[4 * n :][:4]
        call(name, partial(values_of, [made, found]), point)
        untouched(name, point, given[n])
        output.got, problem = answers_of(name, output, [found])
        if problem is None and any(output.wrong):
            output.decoy = tuple(decoy(point).values())
            same_twice(output.gate, own_forward, output, found)
        failed.append(problem)
    return failed


def _further_outputs(
    name: str, own_forward: OwnForward, tried: Sequence[Point], like: Callable[..., Any]
) -> list[Output]:
    """What forward gives at further points: evidence for a diagnosis."""
    with suppress(Exception):
        points = _further(tried)
        outputs = [
            Output(
                name.rpartition(".")[0], tuple(p), tuple(p.values()),
                (exactly(like(*p.values())),), like,
            )
            for p in points
        ]  # fmt: skip
        if not any(_run_forward(name, own_forward, points, outputs)):
            return outputs
    return []


@quietly
def stages(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any],
    gives: Mapping[str, Any],
    decimals: int | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check the values that forward keeps on the gate: `gives` names the attributes.

    As `forward` otherwise. Raises CheckFailed, naming the first stage that is wrong: every later
    one depends on it.
    """
    name = f"{name_of(gate)}.forward"
    (point,) = as_points(at)
    made = call(name, lambda: gate(*made_with))
    with heard(False):
        call(name, lambda: made.forward(*copies(point).values()), point)
    bar = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    for stage, value in gives.items():
        right = exactly(value, bar)
        if not hasattr(made, stage):
            raise CheckFailed(
                f"{name} does not keep self.{stage}.", [messages.describe_point(point)]
            )
        try:
            wrong = compare(as_answer(getattr(made, stage), right.value.shape, held=True), right)
        except Unfit as unfit:
            at_point = [messages.describe_point(point)]
            raise failed_to_fit(f"{name}, self.{stage}", unfit, at_point) from None
        if wrong is not None:
            raise CheckFailed(
                f"{name}: the stage {stage} has a wrong value.",
                [messages.describe_point(point), *entry(f"self.{stage}", wrong, "")],
            )
    passed(f"{name}: all {len(gives)} stages right.")


@quietly
def backward(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    of: Callable[..., Any] | None = None,
    fork: Callable[..., Any] | None = None,
    upstream: Any = None,
    gives: Sequence[Any] | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check `gate(*made_with).backward(upstream)` against a numerical gradient.

    at:   one point, or a list of points: dicts of named inputs in the order of forward.
    of:   forward as it should be, a function of the inputs. Left out, the student's own forward is
          differentiated: the check then asks whether the two belong together.
    fork: the function with an argument for every single use of an input (`x_1`, `x_2`, `y`), so
          that a branch that was forgotten can be told.
    upstream, gives: instead of `of`, the gradient that arrives and the right gradients, one for
          each input; for a worked example.

    The upstream gradient is random unless stated. Each gate is also run forward at another point
    before, and another object of the class after, so that what backward uses has to come from the
    right call.
    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name = f"{name_of(gate)}.backward"
    if gives is None:
        _derivatives(name, gate, made_with, at, of, partial(Case, fork=fork))
    else:
        stated = partial(StatedCase, stated=gives, fork=fork)
        _derivatives(name, gate, made_with, at, of, stated, upstream)


@quietly
def jacobian(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    of: Callable[..., Any] | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check `gate(*made_with).jacobian()`, asked for after forward, against a numerical Jacobian.

    at, of: as for `backward`; one input. For a vector of length n and an output of length m the
    Jacobian has the shape (m, n).

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    _derivatives(f"{name_of(gate)}.jacobian", gate, made_with, at, of, JacobianCase)


def _derivatives(
    name: str,
    gate: Callable[..., Any],
    made_with: Sequence[Any],
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    of: Callable[..., Any] | None,
    make_case: Callable[..., Case],
    upstream: Any = None,
) -> None:
    """Try the gate at every point, compare what it returns, and diagnose it over all of them."""
    title = name.rpartition(".")[0]
    own_forward = OwnForward(gate, made_with)
    other = OwnForward(gate, other_constants(made_with)) if made_with else None
    make = partial(make_case, gate=title, function=of or own_forward, other=other)

    def cases_at(tried: Sequence[Point], first: int = 0) -> list[Case]:
        own = forward_first(title, own_forward, tried)
        rights = own if of is None else [of(*point.values()) for point in tried]
        return [
            make(
                names=tuple(point),
                inputs=tuple(point.values()),
                upstream=upstream_like(right, f"{name} {n}") if upstream is None else upstream,
                decoy=tuple(decoy(point).values()),
                own=value,
            )
            for n, (point, right, value) in enumerate(zip(tried, rights, own, strict=True), first)
        ]

    tried = as_points(at)
    cases = cases_at(tried)
    trials = run_trials(name, own_forward, tried, cases)
    _numerical(name, cases, own=of is None)
    failed = first_failure([trial.read(name) for trial in trials], cases)
    if failed is not None:
        raise failed
    cases = [case for case in cases if all(one is not None for one in case.got)]
    wrong = [case for case in cases if any(case.wrong)]
    if wrong:
        with suppress(Exception):  # which point is no good there, is no matter
            cases = cases + _evidence(name, own_forward, tried, cases_at)
    if wrong and all_zeros(cases):
        raise wrong_gradient(name, wrong[0], None, own=of is None and upstream is None, zeros=True)
    if wrong and of is not None and _fits(own_forward, cases):
        outputs = call(f"{title}.forward", partial(_own_outputs, own_forward, cases))
        raise forward_is_wrong(name, wrong[0], diagnose(outputs))
    if wrong:
        raise wrong_gradient(name, wrong[0], diagnose(cases), own=of is None and upstream is None)
    for trial in trials:
        _at_kinks(name, trial.case)
        against = trial.against(name, own_forward)
        if against is not None:
            raise against
    passed(f"{name}: right{how_many(tried)}.")


def _further(tried: Sequence[Point]) -> list[Point]:
    """Points near the given ones: two where a point is a few numbers, one of arrays is enough."""
    several = all(np.ndim(value) == 0 for value in tried[0].values())
    return [beside(tried[place % len(tried)], place) for place in range(1 + several)]


def _evidence(
    name: str,
    own_forward: OwnForward,
    tried: Sequence[Point],
    cases_at: Callable[[Sequence[Point], int], list[Case]],
) -> list[Case]:
    """Cases at further points, near the given ones: what explains by chance what came back does not
    explain it there."""
    points = _further(tried)
    further = cases_at(points, len(tried))
    trials = run_trials(name, own_forward, points, further)
    expect(further)
    if any(trial.read(name) is not None for trial in trials):
        return []
    return [case for case in further if not case.is_rough]


def _numerical(name: str, cases: Sequence[Case], own: bool) -> None:
    """Work out the expected gradients, or say why the student's own forward has none."""
    with suppress(Exception):  # which of the cases it was is found out below
        expect(cases)
    for case in cases:
        try:
            _ = case.expected
        except Exception as error:  # the student's forward, called at a neighbouring point
            raise CheckFailed(
                f"{name}: forward has no numerical gradient to compare with.",
                [at_case(case), *messages.explain_exception(error)],
            ) from None
        if case.is_rough:
            if not own:
                raise ValueError(f"the reference of {name} has no derivative {at_case(case)}")
            title = name.rpartition(".")[0]
            raise CheckFailed(
                f"{title}.forward jumps or moves in steps: it has no slope to compare with.",
                [
                    at_case(case),
                    "When an input moves a little, the output stands still, or jumps. Is something "
                    "rounded, cut to",
                    "whole numbers, computed with few digits, or written in for this very point?",
                ],
            )


def _at_kinks(name: str, case: Case) -> None:
    """At a kink each gradient alone lies between two slopes; together they must fit as well.

    Moving every input that sits on a kink at once must change the output by what the gradients
    say: that is what refuses (1, 1) for a tie of max, and accepts any split that sums to 1.
    """
    if isinstance(case, JacobianCase) or not any(one.kinked.any() for one in case.expected):
        return
    kinked = [np.where(estimate.kinked, 1.0, 0.0) for estimate in case.expected]
    slope = slope_along(case.function, case.inputs, kinked, case.upstream)
    total = sum(
        float(np.sum(got * k)) for got, k in zip(case.got, kinked, strict=True) if got is not None
    )
    wrong = compare(np.asarray(total), slope)
    if wrong is not None:
        at = [
            at_case(case),
            "When all inputs that tie move together by h, upstream times output moves by "
            f"{number(wrong.expected)} h;",
            f"the gradients sum to {number(total)}.",
        ]
        if case.gate in MAXES and compare(np.asarray(total / 2), slope) is None:
            raise recognised(f"{name}, at a tie", at, "both-winners")
        raise CheckFailed(f"{name}: at a kink, the gradients do not fit each other.", at)


def _fits(own_forward: OwnForward, cases: Sequence[Case]) -> bool:
    """Whether the gradients, wrong as they are, belong to the student's own forward."""
    own = [replace(case, function=own_forward) for case in cases]
    try:
        expect(own)
        return not any(any(case.wrong) for case in own)
    except Exception:  # that forward has no gradient
        return False


def _own_outputs(own_forward: OwnForward, cases: Sequence[Case]) -> list[Output]:
    """The student's forward at the points of a backward check."""
    answers = values_of(own_forward.many([case.inputs for case in cases]))
    outputs = []
    for case, answer in zip(cases, answers, strict=True):
        right = (exactly(case.output),)
        output = Output(case.gate, case.names, case.inputs, right, case.function)
        output.got, _ = answers_of("", output, [answer])
        outputs.append(output)
    return outputs
