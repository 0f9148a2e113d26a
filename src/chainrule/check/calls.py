"""Calls of a gate's objects, together in one message where the gate lives in another process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

__all__ = ["OwnForward", "Step", "run_steps", "value_of", "values_of"]


class Step(NamedTuple):
    """One call.

    which:  of several objects; each is made when it is first named.
    method: what is called; without one, the object is only made.
    args:   what it is called with.
    """

    which: int
    method: str = ""
    args: tuple[Any, ...] = ()


def run_steps(
    gate: Callable[..., Any], made_with: Sequence[Any], steps: Sequence[Step]
) -> list[Any]:
    """What each step returned, in order; the exception in its place where it raised one.

    Objects are made by `gate(*made_with)`. What a call changes of its arguments is changed here.

    A class in another process (a judge's) has a method `__steps__`, which takes them all at once.
    It is asked of its type, since a student's class may call a method of its own as it likes.
    """
    if _is_elsewhere(gate):
        return gate.__steps__(steps, made_with)  # type: ignore[attr-defined]
    made: dict[int, Any] = {}
    answers: list[Any] = []
    for which, method, args in steps:
        try:
            if which not in made:
                made[which] = gate(*made_with)
            answers.append(getattr(made[which], method)(*args) if method else None)
        except TimeoutError:  # whoever ends a call that takes too long means all of them
            raise
        except Exception as error:
            answers.append(error)
    return answers


def _is_elsewhere(gate: Callable[..., Any]) -> bool:
    return hasattr(type(gate), "__steps__")


def value_of(answer: Any) -> Any:
    """What a step returned. Raises what it raised."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def values_of(answers: Sequence[Any]) -> list[Any]:
    """What several steps returned. Raises what the first of them raised that did."""
    return [value_of(answer) for answer in answers]


class OwnForward:
    """The student's forward, of a new object for every call, as a function to differentiate."""

    def __init__(self, gate: Callable[..., Any], made_with: Sequence[Any]) -> None:
        self.gate, self.made_with = gate, tuple(made_with)

    def __call__(self, *inputs: Any) -> Any:
        (output,) = self.many([inputs])
        return value_of(output)

    def many(self, points: Sequence[Sequence[Any]]) -> list[Any]:
        """The outputs at several points; what a call raised is in its place."""
        if _is_elsewhere(self.gate):
            steps = [Step(place, "forward", tuple(point)) for place, point in enumerate(points)]
            return run_steps(self.gate, self.made_with, steps)
        found: list[Any] = []
        for point in points:
            try:
                found.append(self.gate(*self.made_with).forward(*point))
            except TimeoutError:  # as in `run_steps`
                raise
            except Exception as error:
                found.append(error)
        return found
