"""Checks of plain functions: of what they return, and of what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import CALL, Step, passed, run_steps, value_of
from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.check.compare import Unfit, as_answer, exactly, which_wrong
from chainrule.check.diagnose import all_zeros, diagnose
from chainrule.check.explain import came_back, entries, listed
from chainrule.check.inputs import Point, as_points
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions import Misconception
from chainrule.check.plain import kind_of
from chainrule.check.student_code import (
    advice,
    call,
    copies,
    failed_to_fit,
    how_many,
    name_of,
    quietly,
    recognised,
    untouched,
)
from chainrule.formatting import number
from chainrule.numeric import Estimate

__all__ = ["function", "refuses", "same_parts"]


_OF_CASES = {name for kind in (Case, Output) for name in (*vars(kind), *kind.__annotations__)}


@dataclass
class Call:
    """One call of a function, with what the diagnosis asks of a `Case`.

    gate:     the name of the student's function, for rows of the table that fit one only.
    point:    its inputs, by name.
    names:    of the parts of its result.
    expected: the right value of each part; got: what came, None where it could not be compared.
    """

    gate: str
    point: Point
    names: tuple[str, ...]
    expected: tuple[Estimate, ...]
    got: list[np.ndarray | None]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.names

    @property
    def right(self) -> list[np.ndarray]:
        return [estimate.value for estimate in self.expected]

    @property
    def wrong(self) -> list[bool]:
        return which_wrong(self.got, self.expected)

    def __getattr__(self, attribute: str) -> Any:
        if attribute in _OF_CASES:  # a row that speaks of gradients cannot speak of this
            raise DoesNotApply(f"a plain function has no {attribute}")
        raise AttributeError(attribute)


@quietly
def function(
    f: Callable[..., Any],
    *,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    gives: Any = None,
    like: Callable[..., Any] | None = None,
    decimals: int | None = None,
    within: float = 0.0,
    parts: Sequence[str] = (),
    calls: int | None = None,
    repeatable: bool = False,
) -> None:
    """Check that `f(*inputs)` returns the right numbers, in the right shapes.

    at:       one point, or a list of points: dicts of named inputs in the order of f's arguments;
              numbers, arrays, dicts of arrays, or functions that f is to call.
    gives:    the right result: a number, an array, a tuple or a dict of these (a list of results,
              when `at` is a list).
    like:     instead of `gives`, a function of the inputs that computes it.
    decimals: `gives` is stated to this many decimals.
    within:   how far off a result may be, relative to it, or to 1 where it is smaller.
    parts:    names for the parts of a tuple, in messages.
    calls:    how often f may call a function among its inputs, at most.
    repeatable: called twice with the same inputs, f has to call its functions at the same places.

    Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name = name_of(f)
    tried = as_points(at)
    if like is not None:
        wanted = [like(*copies(point).values()) for point in tried]
    else:
        wanted = [gives] if isinstance(at, Mapping) else list(gives)
    made: list[Call] = []
    failed: CheckFailed | None = None
    sound = 0  # so many of the first calls gave something that can be compared
    for point, value in zip(tried, wanted, strict=True):
        right = {
            part: exactly(v, _bar(v, decimals, within)) for part, v in _parts(value, parts).items()
        }
        answer, asked = _answer(name, f, point, shown=not made)
        got, problem = _compared(name, answer, value, right, point)
        made.append(Call(name, point, tuple(right), tuple(right.values()), got))
        failed = failed or problem or _called_too_often(name, asked, calls, point)
        if repeatable and failed is None:
            failed = _asks_elsewhere(name, asked, _answer(name, f, point)[1], point)
        sound += failed is None
    wrong = [one for one in made[:sound] if any(one.wrong)]
    if failed is not None and not wrong:
        raise failed
    if wrong:
        alike = [one for one in made[:sound] if one.names == wrong[0].names]
        cases = cast(Sequence[Case], alike)
        zeros = all_zeros(cases)
        raise _explained(wrong[0], None if zeros else diagnose(cases), zeros)
    passed(f"{name}: right{how_many(tried)}.")


def _answer(
    name: str, f: Callable[..., Any], point: Point, shown: bool = False
) -> tuple[Any, dict[str, list[Any]]]:
    """What f gives, and where it called each function among its inputs."""
    asked: dict[str, list[Any]] = {key: [] for key, value in point.items() if callable(value)}
    copied = copies(point)
    given = {key: _noting(v, asked[key]) if key in asked else v for key, v in copied.items()}
    steps = [Step(0, CALL, tuple(given.values()), shown)]
    (found,) = call(name, partial(run_steps, f, (), steps), _plain(point))
    answer = call(name, partial(value_of, found), _plain(point))
    untouched(name, point, given)
    return answer, asked


@quietly
def refuses(
    f: Callable[..., Any],
    *,
    at: Mapping[str, Any],
    error: type[Exception] = ValueError,
    mistake: str | None = None,
) -> None:
    """Check that `f(*inputs)` raises `error`, of which the docstring of f has to speak.

    mistake: id of the misconception that shows when f returns a result.

    Raises CheckFailed when f returns something, or raises another exception.
    """
    name, wanted = name_of(f), error.__name__
    (point,) = as_points(at)
    answer = _raised_or_returned(f, copies(point).values())
    if isinstance(answer, error):
        passed(f"{name}: raises {wanted}, as it should.")
        return
    if isinstance(answer, NotImplementedError):
        raise CheckFailed(f"{name} is not written yet.")
    if isinstance(answer, Exception):
        raise CheckFailed(
            f"{name} raised an error, but no {wanted}.",
            [*_at(point), *messages.explain_exception(answer)],
        )
    lines = [f"{key} has shape {np.shape(value)}" for key, value in _plain(point).items()]
    try:
        value = as_answer(answer, np.shape(answer) if answer is not None else ())
    except (Unfit, ValueError):  # no number at all, so nothing was mistaken for one
        headline = f"{name} returned {kind_of(answer)} in place of raising {wanted}."
        raise CheckFailed(headline, lines) from None
    told = number(float(value)) if value.ndim == 0 else "an array"
    headline = f"{name} returned {told} in place of raising {wanted}"
    flat = _raised_or_returned(f, [np.ravel(one) for one in copies(point).values()])
    if mistake is None or (np.ndim(flat) == 0 and flat == answer):  # it paid no heed to shapes
        raise CheckFailed(headline + ".", lines)
    raise recognised(headline, lines, mistake)


def _raised_or_returned(f: Callable[..., Any], inputs: Iterable[Any]) -> Any:
    (found,) = call(name_of(f), partial(run_steps, f, (), [Step(0, CALL, tuple(inputs), True)]))
    return found


def _noting(function: Callable[..., Any], asked: list[Any]) -> Callable[..., Any]:
    """A function among the inputs, made to note where it is called."""

    def noted(*inputs: Any, **named: Any) -> Any:
        asked.append(tuple(np.array(one) for one in (*inputs, *named.values())))
        return function(*inputs, **named)

    return noted


def _asks_elsewhere(
    name: str, once: Mapping[str, list[Any]], twice: Mapping[str, list[Any]], point: Point
) -> CheckFailed | None:
    for key, places in once.items():
        same = len(places) == len(twice[key]) and all(
            len(a) == len(b) and all(map(np.array_equal, a, b))
            for a, b in zip(places, twice[key], strict=True)
        )
        if not same:
            lines = [*_at(point), f"called twice with these, it calls {key} at different inputs"]
            return recognised(name, lines, "seed-ignored")
    return None


def _plain(point: Point) -> Point:
    """What can be shown of a point: functions left out, dicts spread."""
    shown: Point = {}
    for name, value in point.items():
        if isinstance(value, dict):
            shown |= {f"{name}[{key!r}]": part for key, part in value.items()}
        elif not callable(value):
            shown[name] = value
    return shown


def _at(point: Point) -> list[str]:
    """Where it was tried: values, or the shapes of arrays where values would fill the screen."""
    named = {k: name_of(v) for k, v in point.items() if callable(v)}
    told = [f"{k} = {text}" for k, text in named.items() if text not in (k, "<lambda>")]
    plain = _plain(point)
    values = [messages.describe_point({k: v}).removeprefix("at ") for k, v in plain.items()]
    lines = messages.wrapped("at " + ", ".join([*told, *values]))
    if len(lines) == 1:
        return lines
    brief = [
        f"{k} of shape {np.shape(v)}" if np.ndim(v) else text
        for (k, v), text in zip(plain.items(), values, strict=True)
    ]
    return messages.wrapped("at " + ", ".join([*told, *brief]))


def _parts(value: Any, names: Sequence[str] = ()) -> dict[str, Any]:
    """A result by part: the keys of a dict, the names given to a tuple's, or one part in all."""
    if isinstance(value, dict):
        return value
    if isinstance(value, (tuple, list)):
        return dict(zip(names or [f"result[{i}]" for i in range(len(value))], value, strict=True))
    return {"result": value}


def _bar(value: Any, decimals: int | None, within: float) -> np.ndarray:
    stated = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    return np.maximum(stated, within * np.maximum(1.0, np.abs(np.asarray(value, dtype=float))))


def _compared(
    name: str, answer: Any, value: Any, right: Mapping[str, Estimate], point: Point
) -> tuple[list[np.ndarray | None], CheckFailed | None]:
    """What came, part by part, and what speaks against it before any value is compared."""
    try:
        several = same_parts(answer, value, list(right))
    except Unfit as unfit:
        return [None] * len(right), failed_to_fit(name, unfit, _at(point))
    got: list[np.ndarray | None] = []
    failed = None
    for (part, expected), one in zip(right.items(), several, strict=True):
        try:
            got.append(as_answer(one, expected.value.shape))
        except Unfit as unfit:
            got.append(unfit.array)
            label = name if part == "result" else f"{name}, {part}"
            if unfit.kind == "dtype":
                failed = failed or recognised(label, _at(point), "float32")
            elif unfit.array is None:
                failed = failed or failed_to_fit(label, unfit, _at(point))
    return got, failed


def same_parts(answer: Any, value: Any, names: Sequence[str]) -> list[Any]:
    """The parts of the answer in the order of `names`. Raises Unfit."""
    if isinstance(value, dict):
        if not isinstance(answer, dict):
            raise Unfit("type", f"{kind_of(answer)} was returned; a dict is wanted")
        if set(answer) != set(value):
            keys = ", ".join(map(repr, value))
            raise Unfit("type", f"the dict that was returned has to have the keys {keys}")
        return [answer[key] for key in names]
    if isinstance(value, (tuple, list)):
        if not isinstance(answer, (tuple, list)):
            known = f"a tuple ({', '.join(names)})"
            many = f"a list or a tuple of {len(names)} values"
            wanted = many if names[0] == "result[0]" else known
            raise Unfit("type", f"{kind_of(answer)} was returned; {wanted} is wanted")
        if len(answer) != len(names):
            raise Unfit("type", f"{len(answer)} values were returned; {len(names)} are wanted")
        return list(answer)
    return [answer]


def _called_too_often(
    name: str, asked: Mapping[str, list[Any]], most: int | None, point: Point
) -> CheckFailed | None:
    for key, calls in asked.items():
        if most is not None and len(calls) > most:
            return CheckFailed(
                f"{name} called {key} {len(calls)} times; "
                f"{'once is' if most == 1 else f'{most} times are'} enough.",
                _at(point),
            )
    return None


def _explained(one: Call, row: Misconception | None, zeros: bool = False) -> CheckFailed:
    parts = [part for part, wrong in zip(one.names, one.wrong, strict=True) if wrong]
    subject = f"{one.gate} is" if parts == ["result"] else f"{one.gate}: {listed(parts)}"
    told = f"{subject} wrong" + came_back(row, zeros, len(parts))
    headline, *lines = messages.wrapped(told)
    lines += [*_at(one.point), *entries(cast(Output, one)), *advice(row)]
    return CheckFailed(headline, lines, row.id if row else None)
