"""The checks of a gate: its forward, its backward, its Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import OwnForward, Step, run_steps, value_of, values_of
from chainrule.check.case import Case, JacobianCase, Output, StatedCase, expect
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.derivatives import slope_along
from chainrule.check.diagnose import diagnose
from chainrule.check.explain import at_case, forward_is_wrong, wrong_gradient, wrong_output
from chainrule.check.inputs import Point, as_points, decoy, upstream_like
from chainrule.check.messages import CheckFailed
from chainrule.check.student_code import (
    call,
    copied,
    copies,
    entry,
    how_many,
    name_of,
    quietly,
    recognised,
    untouched,
)
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
    outputs: list[Output] = []
    given = [copies(point) for point in tried]
    steps = [Step(i, "forward", tuple(one.values())) for i, one in enumerate(given)]
    answers = call(name, partial(run_steps, gate, made_with, steps))
    for point, after, value, found in zip(tried, given, wanted, answers, strict=True):
        answer = call(name, partial(value_of, found), point)
        untouched(name, point, after)
        right = (exactly(value, bar),)
        output = Output(title, tuple(point), tuple(point.values()), right, like)
        output.got, problem = _answers(name, output, [answer])
        if problem is not None:
            raise problem
        outputs.append(output)
    wrong = [output for output in outputs if any(output.wrong)]
    if wrong:
        raise wrong_output(name, wrong[0], diagnose(outputs))
    print(f"{name}: right{how_many(tried)}.")


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
    call(name, lambda: made.forward(*copies(point).values()), point)
    bar = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    for stage, value in gives.items():
        right = exactly(value, bar)
        if not hasattr(made, stage):
            raise CheckFailed(
                f"{name} does not keep self.{stage}.", [messages.describe_point(point)]
            )
        try:
            wrong = compare(as_answer(getattr(made, stage), right.value.shape), right)
        except Unfit as unfit:
            raise CheckFailed(
                f"{name}, self.{stage}: {unfit}", [messages.describe_point(point)]
            ) from None
        if wrong is not None:
            raise CheckFailed(
                f"{name}: the stage {stage} has a wrong value.",
                [messages.describe_point(point), *entry(f"self.{stage}", wrong, "")],
            )
    print(f"{name}: all {len(gives)} stages right.")


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
    tried = as_points(at)
    title = name.rpartition(".")[0]
    own_forward = OwnForward(gate, made_with)
    inputs = [tuple(copies(point).values()) for point in tried]
    rights = call(f"{title}.forward", lambda: values_of(own_forward.many(inputs)))
    if of is not None:
        rights = [of(*point.values()) for point in tried]
    cases = [
        make_case(
            gate=title,
            names=tuple(point),
            inputs=tuple(point.values()),
            function=of or own_forward,
            upstream=upstream_like(right, f"{name} {number}") if upstream is None else upstream,
            decoy=tuple(decoy(point).values()),
        )
        for number, (point, right) in enumerate(zip(tried, rights, strict=True))
    ]
    _numerical(name, cases, own=of is None)
    failed = _returned(name, gate, made_with, tried, cases)
    if failed is not None:
        raise failed
    wrong = [case for case in cases if any(case.wrong)]
    if wrong and of is not None and _fits(own_forward, cases):
        outputs = call(f"{title}.forward", partial(_own_outputs, own_forward, cases))
        raise forward_is_wrong(name, wrong[0], diagnose(outputs))
    if wrong:
        raise wrong_gradient(name, wrong[0], diagnose(cases), own=of is None and upstream is None)
    for case in cases:
        _at_kinks(name, case)
    print(f"{name}: right{how_many(tried)}.")


# One trial of a gate: another object of the class and other points come in between, and what those
# calls raise does not matter, since such a point may lie outside the gate's domain.
_TRIAL = 6  # steps
_MATTER = (0, 1, 3, 5)


def _trial(number: int, case: Case, given: Point, upstream: Any) -> list[Step]:
    made, other = 2 * number, 2 * number + 1
    elsewhere = [tuple(map(copied, case.decoy or ())) for _ in range(2)]
    asked = isinstance(case, JacobianCase)
    return [
        Step(made),
        Step(other),
        Step(made, "forward", elsewhere[0]),
        Step(made, "forward", tuple(given.values())),
        Step(other, "forward", elsewhere[1]),
        Step(made, "jacobian") if asked else Step(made, "backward", (upstream,)),
    ]


def _returned(
    name: str,
    gate: Callable[..., Any],
    made_with: Sequence[Any],
    tried: Sequence[Point],
    cases: Sequence[Case],
) -> CheckFailed | None:
    """Run the gate forward and backward at each point: the gradients, into the cases, and what
    already speaks against the first of them."""
    given = [copies(point) for point in tried]
    upstreams = [copied(case.upstream) for case in cases]
    trials = [*map(_trial, range(len(cases)), cases, given, upstreams)]
    answers = call(
        name, partial(run_steps, gate, made_with, [step for one in trials for step in one])
    )
    failed: CheckFailed | None = None
    for place, (point, case) in enumerate(zip(tried, cases, strict=True)):
        found = [answers[_TRIAL * place + step] for step in _MATTER]
        *_, answer = call(name, partial(values_of, found), point)
        after = {**given[place], "upstream": upstreams[place]}
        try:
            untouched(name, {**point, "upstream": case.upstream}, after)
            case.got, problem = _answers(name, case, _one_each(answer, case.labels))
        except CheckFailed as one:
            case.got, problem = [None] * len(case.names), one
        except Unfit as unfit:
            headline, *rest = messages.wrapped(f"{name}: {unfit}.")
            problem = CheckFailed(headline, [*rest, at_case(case)])
            case.got = [None] * len(case.names)
        failed = failed or problem
    return failed


def _answers(
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
            if unfit.kind == "dtype":
                failed = failed or recognised(title, [at_case(case)], "float32")
            elif unfit.array is None:
                failed = failed or CheckFailed(f"{title}: {unfit}.", [at_case(case)])
    return got, failed


def _one_each(answer: Any, labels: Sequence[str]) -> Sequence[Any]:
    if len(labels) == 1:
        if isinstance(answer, (tuple, list)) and len(answer) == 1:
            raise Unfit(
                "type",
                f"a {type(answer).__name__} was returned; with one input, "
                "return the gradient itself",
            )
        return [answer]
    wanted = ", ".join(labels)
    if not isinstance(answer, (tuple, list)):
        kind = "nothing (None)" if answer is None else f"a {type(answer).__name__}"
        raise Unfit("type", f"{kind} was returned; a tuple ({wanted}) is wanted")
    if len(answer) != len(labels):
        raise Unfit(
            "type", f"{len(answer)} gradients were returned; {len(labels)} are wanted: ({wanted})"
        )
    return answer


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
                f"{title}.forward moves in steps, so backward cannot be compared with it.",
                [
                    at_case(case),
                    "When an input moves a little, the output stands still, and then jumps. Is "
                    "something rounded,",
                    "cut to whole numbers, or computed with few digits?",
                ],
            )


def _at_kinks(name: str, case: Case) -> None:
    """At a kink each gradient alone lies between two slopes; together they must fit as well.

    Moving every input that sits on a kink at once must change the output by what the gradients
    say: that is what refuses (1, 1) for a tie of max, and accepts any split that sums to 1.
    """
    kinked = [np.where(estimate.kinked, 1.0, 0.0) for estimate in case.expected]
    if isinstance(case, JacobianCase) or not any(np.any(k) for k in kinked):
        return
    slope = slope_along(case.function, case.inputs, kinked, case.upstream)
    total = sum(
        float(np.sum(got * k)) for got, k in zip(case.got, kinked, strict=True) if got is not None
    )
    wrong = compare(np.asarray(total), slope)
    if wrong is not None:
        raise CheckFailed(
            f"{name}: at a kink, the gradients do not fit each other.",
            [
                at_case(case),
                "When all inputs that tie move together by h, the output moves by "
                f"{number(wrong.expected)} h;",
                f"the gradients sum to {number(total)}.",
            ],
        )


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
        output.got, _ = _answers("", output, [answer])
        outputs.append(output)
    return outputs
