"""Checks of plain functions: of what they return, of a training, of a search for planted bugs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from chainrule.check import messages
from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.check.compare import Unfit, as_answer, compare, exactly, which_wrong
from chainrule.check.diagnose import diagnose
from chainrule.check.explain import entries
from chainrule.check.inputs import Point, as_points, upstream_like
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions import Misconception
from chainrule.check.student_code import (
    advice,
    call,
    copies,
    how_many,
    name_of,
    recognised,
    untouched,
)
from chainrule.formatting import number
from chainrule.numeric import Estimate, numerical_gradient

__all__ = ["finds", "function", "parameters", "refuses", "trained"]


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
    for point, value in zip(tried, wanted, strict=True):
        right = {
            part: exactly(v, _bar(v, decimals, within)) for part, v in _parts(value, parts).items()
        }
        counts: dict[str, list[int]] = {key: [] for key in point}
        given = {key: _counting(v, counts[key]) for key, v in copies(point).items()}
        answer = call(name, partial(f, *given.values()), _plain(point))
        untouched(name, point, given)
        got, problem = _compared(name, answer, value, right, point)
        made.append(Call(name, point, tuple(right), tuple(right.values()), got))
        failed = failed or problem or _called_too_often(name, counts, calls, point)
    if failed is not None:
        raise failed
    for one in made:
        if any(one.wrong):
            raise _explained(one, diagnose(cast(Sequence[Case], made)))
    print(f"{name}: right{how_many(tried)}.")


def trained(
    train: Callable[..., Any],
    *,
    loss: Callable[[dict[str, np.ndarray]], tuple[float, dict[str, np.ndarray]]],
    accuracy: Callable[[dict[str, np.ndarray]], float],
    start: dict[str, np.ndarray],
    learning_rate: float,
    steps: int,
    reaches: float,
) -> None:
    """Check that `train(loss, start, learning_rate, steps)` returns parameters that do their work.

    loss:     takes a dict of parameters, returns the loss and a dict of its gradients; may be
              called `steps` times.
    accuracy: takes a dict of parameters, returns the part that is classified right.
    start:    the parameters before; what is returned has to have their names and shapes.
    reaches:  the accuracy that is wanted, from 0 to 1.

    Any way of training is right that gets there. Raises CheckFailed.
    """
    name = name_of(train)
    losses: list[float] = []

    def watched(params: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
        value, gradients = loss(params)
        losses.append(value)
        return value, gradients

    given = copies(start)
    answer = call(name, lambda: train(watched, given, learning_rate, steps))
    untouched(name, {"params": start}, {"params": given})
    params = parameters(name, answer, start)
    if len(losses) > steps:
        raise CheckFailed(
            f"{name}: the gradient was asked for {len(losses)} times; {steps} steps were allowed."
        )
    if not losses:
        raise CheckFailed(f"{name}: the gradient was never asked for, so nothing was learned.")
    reached, after = accuracy(params), loss(params)[0]
    told = [
        f"after {len(losses)} gradients: {reached:.1%} of the points right, {reaches:.0%} wanted",
        f"the loss was {number(losses[0])} at first and is {number(after)} now",
    ]
    if reached >= reaches:
        print(f"{name}: {reached:.1%} of the points right after {len(losses)} gradients.")
    elif len(set(losses)) == 1:
        raise recognised(name, told, "gradient-stale")
    elif after > losses[0]:
        raise recognised(name, told, "uphill")
    else:
        raise CheckFailed(f"{name}: the net has not learned enough.", told)


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
    try:
        answer = f(*copies(point).values())
    except error:
        print(f"{name}: raises {wanted}, as it should.")
        return
    except NotImplementedError:
        raise CheckFailed(f"{name} is not written yet.") from None
    except Exception as other:
        raise CheckFailed(
            f"{name} raised an error, but no {wanted}.",
            [*_at(point), *messages.explain_exception(other)],
        ) from None
    told = number(answer) if np.ndim(answer) == 0 else "an array"
    headline = f"{name} returned {told} in place of raising {wanted}"
    lines = [f"{key} has shape {np.shape(value)}" for key, value in _plain(point).items()]
    raise recognised(headline, lines, mistake) if mistake else CheckFailed(headline + ".", lines)


def finds(
    finder: Callable[..., Any],
    *,
    among: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], np.ndarray]],
) -> None:
    """Check that `finder(among)` returns the names of the gates whose backward is wrong.

    among: name -> (forward, backward, x), with forward(x) and backward(x, upstream).

    Which are wrong is measured here, as for any gate. The result may be a list, a tuple or a set,
    in any order. Raises CheckFailed; its message gives numbers, and no names.
    """
    name = name_of(finder)
    wrong = {key for key, (f, b, x) in among.items() if _is_wrong(key, f, b, x)}
    answer = call(name, lambda: finder({k: (f, b, x.copy()) for k, (f, b, x) in among.items()}))
    if not isinstance(answer, (list, tuple, set, frozenset)):
        raise CheckFailed(f"{name}: {_kind(answer)} was returned; a list of names is wanted.")
    found = list(answer)
    if not all(isinstance(item, str) and item in among for item in found):
        raise CheckFailed(f"{name}: what was returned holds something that is no suspect's name.")
    if len(set(found)) != len(found):
        raise CheckFailed(f"{name}: a name was returned twice.")
    missed, blamed = wrong - set(found), set(found) - wrong
    if missed or blamed:
        raise CheckFailed(
            f"{name} is wrong about {len(missed | blamed)} of {len(among)} suspects.",
            [
                f"wrong ones that were not found:   {len(missed)} of {len(wrong)}",
                f"right ones that were blamed:      {len(blamed)} of {len(among) - len(wrong)}",
            ],
        )
    print(f"{name}: right about all {len(among)} suspects.")


def _is_wrong(
    name: str, forward: Callable[..., Any], backward: Callable[..., Any], x: np.ndarray
) -> bool:
    upstream = upstream_like(forward(x.copy()), name)
    expected = numerical_gradient(forward, x, upstream)
    claim = backward(x.copy(), upstream)
    return bool(np.shape(claim) != x.shape or compare(claim, expected) is not None)


def _counting(value: Any, calls: list[int]) -> Any:
    """A function among the inputs, made to note its calls in `calls`; anything else as it is."""
    if not callable(value):
        return value

    def counted(*inputs: Any) -> Any:
        calls.append(1)
        return value(*inputs)

    return counted


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
    named = {k: f"{k} = {name_of(v)}" for k, v in point.items() if callable(v)}
    told = [text for text in named.values() if "<lambda>" not in text]
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
    where = _at(point)
    try:
        several = _same_parts(answer, value, list(right))
    except Unfit as unfit:
        return [None] * len(right), CheckFailed(f"{name}: {unfit}.", where)
    got: list[np.ndarray | None] = []
    failed = None
    for (part, expected), one in zip(right.items(), several, strict=True):
        try:
            got.append(as_answer(one, expected.value.shape))
        except Unfit as unfit:
            got.append(unfit.array)
            label = name if part == "result" else f"{name}, {part}"
            if unfit.kind == "dtype":
                failed = failed or recognised(label, where, "float32")
            elif unfit.array is None:
                failed = failed or CheckFailed(f"{label}: {unfit}.", where)
    return got, failed


def _same_parts(answer: Any, value: Any, names: Sequence[str]) -> list[Any]:
    """The parts of the answer in the order of `names`. Raises Unfit."""
    if isinstance(value, dict):
        if not isinstance(answer, dict):
            raise Unfit("type", f"{_kind(answer)} was returned; a dict is wanted")
        if set(answer) != set(value):
            keys = ", ".join(map(repr, value))
            raise Unfit("type", f"the dict that was returned has to have the keys {keys}")
        return [answer[key] for key in names]
    if isinstance(value, (tuple, list)):
        if not isinstance(answer, (tuple, list)):
            raise Unfit("type", f"{_kind(answer)} was returned; a tuple of {len(names)} is wanted")
        if len(answer) != len(names):
            raise Unfit("type", f"{len(answer)} values were returned; {len(names)} are wanted")
        return list(answer)
    return [answer]


def parameters(name: str, answer: Any, start: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Trained parameters, with the names and shapes they had at the start. Raises CheckFailed."""
    try:
        parts = _same_parts(answer, dict(start), list(start))
        return {
            key: as_answer(part, np.shape(start[key]))
            for key, part in zip(start, parts, strict=True)
        }
    except Unfit as unfit:
        raise CheckFailed(f"{name}: {unfit}.") from None


def _called_too_often(
    name: str, counts: Mapping[str, list[int]], most: int | None, point: Point
) -> CheckFailed | None:
    for key, calls in counts.items():
        if most is not None and len(calls) > most:
            return CheckFailed(
                f"{name} called {key} {len(calls)} times; {most} are enough.", _at(point)
            )
    return None


def _explained(one: Call, row: Misconception | None) -> CheckFailed:
    parts = [part for part, wrong in zip(one.names, one.wrong, strict=True) if wrong]
    subject = one.gate if parts == ["result"] else f"{one.gate}: {', '.join(parts)}"
    verb = "is" if len(parts) == 1 else "are"
    told = f"{subject} {verb} wrong" + (f": {row.phrase}." if row else ".")
    headline, *lines = messages.wrapped(told)
    lines += [*_at(one.point), *entries(cast(Output, one)), *advice(row)]
    return CheckFailed(headline, lines, row.id if row else None)


def _kind(answer: Any) -> str:
    name = type(answer).__name__
    return "nothing (None)" if answer is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
