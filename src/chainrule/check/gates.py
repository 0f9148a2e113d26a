"""The two checks of a gate: its forward, and its backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.check import report
from chainrule.check.calling import (
    advice,
    call,
    copied,
    copies,
    entry,
    how_many,
    ignored,
    name_of,
    recognised,
    untouched,
)
from chainrule.check.case import Case
from chainrule.check.compare import Unfit, as_answer, compare, exactly
from chainrule.check.diagnose import diagnose
from chainrule.check.misconceptions import Misconception
from chainrule.check.points import Point, as_points, decoy, upstream_like
from chainrule.check.report import CheckFailed
from chainrule.numeric import directional_slopes

__all__ = ["backward", "forward", "stages"]


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
    name = f"{name_of(gate)}.forward"
    tried = as_points(at)
    if like is not None:
        wanted = [like(*point.values()) for point in tried]
    else:
        wanted = [gives] if isinstance(at, Mapping) else list(gives)
    bar = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    for point, value in zip(tried, wanted, strict=True):
        right = exactly(value, bar)
        given = copies(point)
        answer = call(name, lambda g=given: gate(*made_with).forward(*g.values()), point)
        untouched(name, point, given)
        try:
            wrong = compare(as_answer(answer, right.value.shape), right)
        except Unfit as unfit:
            raise CheckFailed(f"{name}: {unfit}", [report.describe_point(point)]) from None
        if wrong is not None:
            raise CheckFailed(
                f"{name} gives a wrong value.",
                [report.describe_point(point), *entry("output", wrong, "")],
            )
    print(f"{name}: right{how_many(tried)}.")


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
        where = report.describe_point(point)
        if not hasattr(made, stage):
            raise CheckFailed(f"{name} does not keep self.{stage}.", [where])
        try:
            wrong = compare(as_answer(getattr(made, stage), right.value.shape), right)
        except Unfit as unfit:
            raise CheckFailed(f"{name}, self.{stage}: {unfit}", [where]) from None
        if wrong is not None:
            raise CheckFailed(
                f"{name}: the stage {stage} has a wrong value.",
                [where, *entry(f"self.{stage}", wrong, "")],
            )
    print(f"{name}: all {len(gives)} stages right.")


def backward(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    of: Callable[..., Any] | None = None,
    fork: Callable[..., Any] | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check `gate(*made_with).backward(upstream)` against a numerical gradient.

    at:   one point, or a list of points: dicts of named inputs in the order of forward.
    of:   forward as it should be, a function of the inputs. Left out, the student's own forward is
          differentiated: the check then asks whether the two belong together.
    fork: the function with an argument for every single use of an input (`x_1`, `x_2`, `y`), so
          that a branch that was forgotten can be told.

    The upstream gradient is random. Each gate is also run forward at another point before, and
    another object of the class after, so that what backward uses has to come from the right call.
    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name = f"{name_of(gate)}.backward"
    own = of is None

    def own_forward(*inputs: Any) -> Any:
        return gate(*made_with).forward(*inputs)

    tried = as_points(at)
    cases: list[Case] = []
    failed: CheckFailed | None = None
    for number, point in enumerate(tried):
        output = call(f"{name_of(gate)}.forward", lambda p=point: own_forward(*copies(p).values()))
        reference = own_forward if of is None else of
        shape = np.shape(output if of is None else of(*point.values()))
        case = Case(
            gate=name_of(gate),
            names=tuple(point),
            inputs=tuple(point.values()),
            function=reference,
            upstream=upstream_like(np.zeros(shape), f"{name} {number}"),
            fork=fork,
            decoy=tuple(decoy(point).values()),
        )
        _numerical(name, case, point)
        case.got, problem = _gradients(name, gate, made_with, point, case)
        cases.append(case)
        failed = failed or problem
    if failed is not None:
        raise failed
    wrong = [case for case in cases if any(_wrong(case))]
    if wrong:
        raise _explained(name, wrong[0], diagnose(cases), own)
    for case, point in zip(cases, tried, strict=True):
        _at_kinks(name, case, point)
    print(f"{name}: right{how_many(tried)}.")


def _gradients(
    name: str, gate: Callable[..., Any], made_with: Sequence[Any], point: Point, case: Case
) -> tuple[list[np.ndarray | None], CheckFailed | None]:
    """Run one gate forward and backward; its gradients, and what already speaks against them."""
    given = copies(point)
    upstream = copied(case.upstream)

    def run() -> Any:
        made, other = gate(*made_with), gate(*made_with)
        ignored(lambda: made.forward(*copies(decoy(point)).values()))
        made.forward(*given.values())
        ignored(lambda: other.forward(*copies(decoy(point)).values()))
        return made.backward(upstream)

    answer = call(name, run, point)
    where = report.describe_point(point, case.upstream)
    try:
        untouched(name, {**point, "upstream": case.upstream}, {**given, "upstream": upstream})
        several = _one_each(answer, case.names)
    except (CheckFailed, Unfit) as problem:
        if isinstance(problem, Unfit):
            problem = CheckFailed(f"{name}: {problem}", [where])
        return [None] * len(case.names), problem
    got: list[np.ndarray | None] = []
    failed = None
    for one, part, expected in zip(case.names, several, case.expected, strict=True):
        try:
            got.append(as_answer(part, expected.value.shape))
        except Unfit as unfit:
            got.append(None)
            failed = failed or (
                recognised(f"{name}, d{one}", [where], "float32")
                if unfit.kind == "dtype"
                else CheckFailed(f"{name}, d{one}: {unfit}.", [where])
            )
    return got, failed


def _one_each(answer: Any, names: tuple[str, ...]) -> Sequence[Any]:
    if len(names) == 1:
        if isinstance(answer, (tuple, list)) and len(answer) == 1:
            raise Unfit(
                "type",
                f"a {type(answer).__name__} was returned; with one input, "
                "return the gradient itself",
            )
        return [answer]
    wanted = ", ".join("d" + name for name in names)
    if not isinstance(answer, (tuple, list)):
        kind = "nothing (None)" if answer is None else f"a {type(answer).__name__}"
        raise Unfit("type", f"{kind} was returned; a tuple ({wanted}) is wanted")
    if len(answer) != len(names):
        raise Unfit(
            "type", f"{len(answer)} gradients were returned; {len(names)} are wanted: ({wanted})"
        )
    return answer


def _numerical(name: str, case: Case, point: Point) -> None:
    """Work out the expected gradients, or say why the student's own forward has none."""
    try:
        _ = case.expected
    except Exception as error:  # the student's forward, called at a neighbouring point
        raise CheckFailed(
            f"{name}: forward has no numerical gradient to compare with.",
            [report.describe_point(point), *report.explain_exception(error)],
        ) from None


def _at_kinks(name: str, case: Case, point: Point) -> None:
    """At a kink each gradient alone lies between two slopes; together they must fit as well.

    Moving every input that sits on a kink at once must change the output by what the gradients
    say: that is what refuses (1, 1) for a tie of max, and accepts any split that sums to 1.
    """
    kinked = [np.where(estimate.kinked, 1.0, 0.0) for estimate in case.expected]
    if not any(np.any(k) for k in kinked):
        return
    slope = directional_slopes(case.function, case.inputs, kinked, case.upstream)
    total = sum(
        float(np.sum(got * k)) for got, k in zip(case.got, kinked, strict=True) if got is not None
    )
    wrong = compare(np.asarray(total), slope)
    if wrong is not None:
        raise CheckFailed(
            f"{name}: at a kink, the gradients do not fit each other.",
            [
                report.describe_point(point, case.upstream),
                "When all inputs that tie move together by h, the output moves by "
                f"{report.number(wrong.expected)} h;",
                f"the gradients sum to {report.number(total)}.",
            ],
        )


def _explained(name: str, case: Case, row: Misconception | None, own: bool) -> CheckFailed:
    names = [n for n, wrong in zip(case.names, _wrong(case), strict=True) if wrong]
    listed = " and ".join("d" + n for n in names)
    verb = "is" if len(names) == 1 else "are"
    headline = f"{name}: {listed} {verb} wrong" + (f": {row.phrase}." if row else ".")
    point = dict(zip(case.names, case.inputs, strict=True))
    lines = [report.describe_point(point, case.upstream)]
    source = " (the numerical gradient of your own forward)" if own else ""
    shown = 0
    for one, got, expected in zip(case.names, case.got, case.expected, strict=True):
        wrong = None if got is None else compare(got, expected)
        if wrong is not None and shown < 2:
            lines += entry("d" + one, wrong, source if not shown else "")
            shown += 1
    lines += advice(row)
    return CheckFailed(headline, lines, row.id if row else None)


def _wrong(case: Case) -> list[bool]:
    return [
        got is not None and compare(got, expected) is not None
        for got, expected in zip(case.got, case.expected, strict=True)
    ]
