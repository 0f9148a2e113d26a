"""Calls of a gate's objects, together in one message where the gate lives in another process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from chainrule.check.by_hand import Watch
from chainrule.check.plain import plain

__all__ = [
    "BY_HAND", "CALL", "MAKE", "Objects", "OwnForward", "Step", "heard", "hearing", "passed",
    "run_steps", "value_of", "values_of", "watched",
]  # fmt: skip

CALL = "?call"
MAKE = "?make"
BY_HAND = "?by hand"
_DERIVATIVES = ("backward", "jacobian")


class Step(NamedTuple):
    """One call.

    which:  of several objects; each is made when it is first named.
    method: what is called; without one, the object is only made. `MAKE` makes it with `args` in
            place of what the others are made with; `CALL` calls what would make one, a function;
            `BY_HAND` calls nothing, and gives whether the derivatives of that object were worked
            out by hand, as far as one sees.
    args:   what it is called with.
    heard:  what it prints is shown.
    """

    which: int
    method: str = ""
    args: tuple[Any, ...] = ()
    heard: bool = False


class Objects:
    """Objects that `make(*made_with)` makes, and calls of their methods.

    watched: those of which `BY_HAND` will be asked.
    """

    def __init__(
        self, make: Callable[..., Any], made_with: Sequence[Any], watched: Iterable[int] = ()
    ) -> None:
        self._make, self._made_with = make, made_with
        self._made: dict[int, Any] = {}
        self._watches = {which: Watch() for which in watched}

    def take(self, which: int, method: str, args: Sequence[Any]) -> Any:
        """What one step gives, as plain data where it can be. Raises what it raises."""
        found = plain(self._take(which, method, args))
        if isinstance(found, BaseException):  # it was returned, not raised
            return type(type(found).__name__, (), {})()
        return found

    def _take(self, which: int, method: str, args: Sequence[Any]) -> Any:
        if method == CALL:
            return self._make(*args)
        if method == BY_HAND:
            return not self._watches[which].seen
        if which not in self._made:
            self._made[which] = self._make(*(args if method == MAKE else self._made_with))
        if not method or method == MAKE:
            return None
        call = getattr(self._made[which], method)
        watch = self._watches.get(which)
        if method in _DERIVATIVES:
            return _kept(call(*args) if watch is None else watch.backward(call, args))
        if watch is None or method != "forward":
            return call(*args)
        return watch.forward(call, args)


def watched(steps: Iterable[tuple[int, str, *tuple[Any, ...]]]) -> set[int]:
    """The objects of which some step asks whether they were worked out by hand."""
    return {which for which, method, *_ in steps if method == BY_HAND}


def _kept(answer: Any) -> Any:
    """A gradient as it is now: a gate may use one array for all that it hands back."""
    if isinstance(answer, (tuple, list)):
        return [_kept(one) for one in answer] if type(answer) is list else tuple(map(_kept, answer))
    return np.array(answer) if type(answer) is np.ndarray else answer


def run_steps(
    gate: Callable[..., Any], made_with: Sequence[Any], steps: Sequence[Step]
) -> list[Any]:
    """What each step returned, in order; the exception in its place where it raised one.

    Objects are made by `gate(*made_with)`. What a call changes of its arguments, and of what an
    earlier one returned, is changed here.

    A class in another process (a judge's) has a method `__steps__`, which takes them all at once.
    It is asked of its type, since a student's class may call a method of its own as it likes.
    """
    if _is_elsewhere(gate):
        asked = [(which, method, args) for which, method, args, _ in steps]
        return gate.__steps__(asked, made_with)  # type: ignore[attr-defined]
    objects = Objects(gate, made_with, watched(steps))
    answers: list[Any] = []
    for which, method, args, shown in steps:
        try:
            with heard(shown):
                answers.append(objects.take(which, method, args))
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
        with heard(False):
            for point in points:
                try:
                    found.append(plain(self.gate(*self.made_with).forward(*point)))
                except TimeoutError:  # as in `run_steps`
                    raise
                except Exception as error:
                    found.append(error)
        return found


# What student code prints -------------------------------------------------------------------------

_MOST_LINES = 10
_LONGEST_LINE = 1000


class _Ear:
    """In place of stdout while student code runs: the first lines, and how many more there were."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._lines: list[str] = []
        self._begun, self._more = "", 0

    def write(self, text: str) -> int:
        *done, begun = (self._begun + text).split("\n")
        self._begun = begun[:_LONGEST_LINE]
        room = _MOST_LINES - len(self._lines)
        self._lines += [line[:_LONGEST_LINE] for line in done[:room]]
        self._more += len(done[room:])
        return len(text)

    def flush(self) -> None:
        """Nothing waits here."""

    def isatty(self) -> bool:
        return False

    def say(self) -> None:
        """Show what was heard."""
        if self._begun:
            self.write("\n")
        for line in self._lines:
            print(line)
        if self._more:
            print(f"and {self._more} more lines" if self._more > 1 else "and 1 more line")
        self.clear()


_listening: ContextVar[_Ear | None] = ContextVar("listening", default=None)


@contextlib.contextmanager
def hearing() -> Iterator[None]:
    """What is heard in here is shown at the end, ten lines at most."""
    ear = _Ear()
    before = _listening.set(ear)
    try:
        yield
    finally:
        _listening.reset(before)
        ear.say()


def heard(shown: bool) -> contextlib.redirect_stdout[_Ear]:
    """What is printed in here is kept for the end of the check, or dropped."""
    return contextlib.redirect_stdout((_listening.get() if shown else None) or _Ear())


def passed(line: str) -> None:
    """The line that a check prints when it passed, under what was heard."""
    ear = _listening.get()
    if ear is not None:
        ear.say()
    print(line)
