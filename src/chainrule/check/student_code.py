"""Student code is called here, and what all checks say of it is put into words here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import hearing
from chainrule.check.compare import Difference, Unfit
from chainrule.check.inputs import Point
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions import MISCONCEPTIONS, Misconception
from chainrule.check.site import where_to_read
from chainrule.formatting import number
from chainrule.numeric.probe import silenced

__all__ = [
    "advice", "call", "copied", "copies", "entry", "failed_to_fit", "how_many", "name_of",
    "off_of", "quietly", "recognised", "untouched",
]  # fmt: skip

_TOO_MANY = re.compile(r"\w*\(?\)? ?takes (\d+) positional arguments? but (\d+) (?:was|were) given")

_CAST_DOWN = re.compile(r"Cannot cast ufunc .* from dtype\('float64'\) to dtype\('int\d+'\)")

_Given = ParamSpec("_Given")


def quietly(check: Callable[_Given, None]) -> Callable[_Given, None]:
    """A check that lets nobody warn: nbgrader scores a cell that writes to stderr as zero.

    What student code prints is shown under it, the first lines of it.
    """

    @wraps(check)
    def quiet(*args: _Given.args, **named: _Given.kwargs) -> None:
        with silenced(), hearing():
            check(*args, **named)

    return quiet


def call(
    name: str, run: Callable[[], Any], point: Point | None = None, formula: Sequence[str] = ()
) -> Any:
    """Run student code; whatever it raises becomes a message, with the line that raised it.

    formula: what was being worked out, in lines.
    """
    try:
        return run()
    except NotImplementedError:
        raise CheckFailed(f"{name} is not written yet.") from None
    except (TimeoutError, KeyboardInterrupt) as late:
        # A judge ends a call that takes too long, and a student interrupts one. Where nobody was
        # in student code when it ended, it is no matter of theirs.
        at = messages.own_line(late)
        if at is None and isinstance(late, KeyboardInterrupt):
            raise
        name, line = (at.function or name, [str(at)]) if at else (name, [])
        raise CheckFailed(
            f"{name} did not come to an end.", [*line, "Look for a loop that never stops."]
        ) from None
    except Exception as error:
        where = [messages.describe_point(point)] if point else []
        told = messages.explain_exception(error)
        if point and _lacks_self(error):
            raise recognised(name, where, "self-missing") from None
        if point and _is_cast_down(error, point):
            raise recognised(name, [*where, *told], "integer-arithmetic") from None
        raise CheckFailed(f"{name} raised an error.", [*formula, *where, *told]) from None


def _lacks_self(error: Exception) -> bool:
    """Whether a method was given one argument more than it takes, by our call of it: the object."""
    said = _TOO_MANY.search(str(error)) if isinstance(error, TypeError) else None
    by_us = messages.own_line(error) is None
    return bool(said and by_us and int(said[2]) == int(said[1]) + 1 and "." in str(error))


def _is_cast_down(error: Exception, point: Point) -> bool:
    """Whether numbers were to be put into an array that took over the integers of an input."""
    whole = any(np.asarray(v).dtype.kind == "i" for v in point.values() if not callable(v))
    return whole and bool(_CAST_DOWN.search(str(error)))


def untouched(name: str, before: Point, after: Point) -> None:
    """Raises CheckFailed when one of the inputs (or `upstream`) is not what it was before."""
    for key, value in before.items():
        if not _same(value, after[key]):
            kind = "upstream-modified" if key == "upstream" else "inputs-modified"
            raise recognised(name, [f"{key} is not what it was before the call."], kind)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if callable(one):
        return True
    if isinstance(one, (int, float)):  # which nobody can change
        return True
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype == object:
        return np.array_equal(one, other)
    return (one.shape, one.dtype) == (other.shape, other.dtype) and one.tobytes() == other.tobytes()


def copies(point: Point) -> Point:
    """Inputs that student code may do what it likes with."""
    return {name: copied(value) for name, value in point.items()}


def copied(value: Any) -> Any:
    """A copy of an array, of a list as an array, of a dict with all it holds; the rest as it is."""
    if isinstance(value, dict):
        return copies(value)
    return np.array(value) if isinstance(value, (np.ndarray, list)) else value


def name_of(student: Callable[..., Any]) -> str:
    """The name of a student's class or function, as it stands in messages."""
    return getattr(student, "__name__", type(student).__name__)


def how_many(tried: Sequence[Point]) -> str:
    """` at 3 points`, for the line that a passed check prints."""
    return "" if len(tried) == 1 else f" at {len(tried)} points"


def advice(row: Misconception | None) -> list[str]:
    """The idea to look at again, and where it is taught."""
    if row is None:
        return []
    return [*messages.wrapped(row.sentence), where_to_read(row.section)]


def recognised(headline: str, lines: Sequence[str], mistake: str) -> CheckFailed:
    """A failure whose misconception shows without comparing values."""
    row = MISCONCEPTIONS[mistake]
    first, *rest = messages.wrapped(f"{headline}: {row.phrase}.")
    return CheckFailed(first, [*rest, *lines, *advice(row)], mistake)


def failed_to_fit(name: str, unfit: Unfit, lines: Sequence[str]) -> CheckFailed:
    """An answer that cannot be compared."""
    end = "" if str(unfit).endswith("?") else "."
    nothing = "nothing was returned (None): "
    if str(unfit).startswith(nothing) and ", " not in name:
        return CheckFailed(f"{name} returned nothing (None): {str(unfit)[len(nothing) :]}", lines)
    headline, *rest = messages.wrapped(f"{name}: {unfit}{end}")
    return CheckFailed(headline, [*rest, *lines])


def off_of(wrong: int, of: int) -> str:
    """`1 of 6 entries is off`."""
    return f"{wrong} of {of} entries {'is' if wrong == 1 else 'are'} off"


def entry(name: str, wrong: Difference, source: str) -> list[str]:
    """Two lines: what was expected of the worst entry, with its bar, and what came.

    A stated number has no bar, and a whole one is written in full.
    """
    worst = messages.entry_name(name, wrong.index)
    expected, got = messages.apart(wrong.expected, wrong.got)
    if wrong.low != wrong.high:
        ends = (0.0 if abs(end) <= wrong.bar else end for end in (wrong.low, wrong.high))
        expected = "between {} and {}".format(*map(number, ends))
    bar = "" if wrong.stated else f" ± {wrong.bar:.0e}"
    many = f"  ({off_of(wrong.wrong, wrong.of)})" if wrong.of > 1 else ""
    return [
        f"{worst}: expected {expected}{bar}{source}",
        f"{' ' * len(worst)}  got      {got}{many}",
    ]
