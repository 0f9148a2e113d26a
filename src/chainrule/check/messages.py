"""What a student reads when a check fails: at most twelve lines, and no traceback."""

from __future__ import annotations

import builtins
import linecache
import os
import textwrap
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.formatting import number

__all__ = [
    "CheckFailed",
    "apart",
    "describe_point",
    "entry_name",
    "explain_exception",
    "own_line",
    "wrapped",
]

_MOST_LINES = 12
_WIDTH = 96
_IN_ARRAYS = 5  # digits of an entry


class CheckFailed(AssertionError):
    """A check that did not pass; `str()` is the message for the student.

    headline: what is wrong, in one line.
    misconception: the id of the mistake that was recognised, or None.
    """

    def __init__(
        self, headline: str, details: Sequence[str] = (), misconception: str | None = None
    ) -> None:
        lines = [headline, *("  " + line for line in details)]
        if len(lines) > _MOST_LINES:
            raise ValueError(f"a message of {len(lines)} lines is too long to be read")
        super().__init__("\n".join(lines))
        self.headline = headline
        self.misconception = misconception

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines in place of a traceback."""
        return str(self).split("\n")


def apart(expected: float, got: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to see that they differ; whole ones in full."""
    if expected == round(expected) and max(abs(expected), abs(got)) < 1e15:
        texts = str(round(expected)), str(round(got)) if got == round(got) else f"{got:.15g}"
        if abs(expected) >= 1e6 or got == round(got):
            return texts
    for digits in (6, 9, 12, 17):
        pair = number(expected, digits), number(got, digits)
        if pair[0] != pair[1]:
            break
    return pair


def entry_name(name: str, index: tuple[int, ...]) -> str:
    """`dx` for a number, `dx[1, 2]` for an entry of an array."""
    return name if not index else f"{name}[{', '.join(str(int(i)) for i in index)}]"


def describe_point(point: dict[str, Any], upstream: Any = None) -> str:
    """`at x = 3, y = -4, upstream = 1.7`, arrays by their shape unless they are very small."""
    parts = [
        f"{name} = {_value(value)}" if np.size(value) <= 8 else f"{name} of shape {np.shape(value)}"
        for name, value in point.items()
    ]
    if upstream is not None and np.size(upstream) <= 8:
        parts.append(f"upstream = {_value(upstream)}")
    text = "at " + ", ".join(parts)
    if len(text) > _WIDTH - 2:
        text = "at " + ", ".join(f"{n} of shape {np.shape(v)}" for n, v in point.items())
    if len(text) > _WIDTH - 2:
        text = "at " + ", ".join(f"{n} {np.shape(v)}" for n, v in point.items())
    return text[: _WIDTH - 2]


def _value(value: Any, digits: int = 6) -> str:
    """A number, or an array as nested lists; a tuple is one. Whole numbers are written in full."""
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value):
        inside = ", ".join(_value(one, _IN_ARRAYS) for one in value)
        if isinstance(value, tuple):
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return f"[{inside}]"
    one = np.asarray(value).item()
    return str(one) if type(one) is int else number(one, digits)


@dataclass(frozen=True)
class OwnLine:
    """A line of a student's own code.

    function: it stands in, `Exp.backward`; None outside of one. file: "" for a cell.
    """

    number: int
    text: str
    function: str | None
    file: str = ""

    def __str__(self) -> str:
        return f"line {self.number} of {self.file or 'your cell'}:  {self.text}"


def own_line(error: BaseException) -> OwnLine | None:
    """The last line of the student's own code that an exception came through, where there is one:
    no line of Python, of a library, or of this package."""
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        text = linecache.getline(code.co_filename, line, frame.f_globals).strip()
        if text and not code.co_filename.startswith(_NOT_THEIRS):
            name = code.co_qualname.replace("<locals>.", "") if code.co_name[0] != "<" else None
            known = os.path.exists(code.co_filename) and "ipykernel" not in code.co_filename
            file = os.path.basename(code.co_filename) if known else ""
            found = OwnLine(line, text[:_WIDTH], name, file)
    return found


_NOT_THEIRS = (
    "<frozen", "<__array",
    *(
        os.path.dirname(path) + os.sep
        for path in (os.__file__, os.path.dirname(np.__file__), os.path.dirname(__file__))
    ),
)  # fmt: skip


def explain_exception(error: BaseException) -> list[str]:
    """The error in one line, then the line of the student's code that raised it, where known.

    It is called by the name of a class of Python's, as a judge knows it.
    """
    text = str(error).split("\n")[0]
    kind = next(one for one in type(error).__mro__ if hasattr(builtins, one.__name__)).__name__
    lines = wrapped(f"{kind}: {text}" if text else kind)[:3]
    own = own_line(error)
    if own is not None:
        lines.append(str(own))
    return [line[: _WIDTH - 2] for line in lines]


def wrapped(text: str) -> list[str]:
    """A sentence in lines that fit a notebook cell."""
    return textwrap.wrap(text, _WIDTH - 6)
