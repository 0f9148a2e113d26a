"""What a student reads when a check fails: at most twelve lines, and no traceback."""

from __future__ import annotations

import textwrap
import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.formatting import number

__all__ = ["CheckFailed", "apart", "describe_point", "entry_name", "explain_exception", "wrapped"]

_MOST_LINES = 12
_WIDTH = 96


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
    """Both numbers with as many digits as it takes to see that they differ."""
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
    parts = [f"{name} = {_value(value)}" for name, value in point.items()]
    if upstream is not None:
        parts.append(f"upstream = {_value(upstream)}")
    text = "at " + ", ".join(parts)
    if len(text) > _WIDTH - 2:
        shapes = [f"{n} of shape {np.shape(v)}" for n, v in point.items()]
        text = "at random " + ", ".join(shapes)
    if len(text) > _WIDTH - 2:
        text = "at random " + ", ".join(f"{n} {np.shape(v)}" for n, v in point.items())
    return text[: _WIDTH - 2]


def _value(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array.item())
    if array.size > 8:
        return f"random {array.shape}"
    return np.array2string(array, precision=4, separator=", ").replace("\n", "")


def explain_exception(error: BaseException) -> list[str]:
    """The error in one line, then the line of the student's code that raised it, where known."""
    text = str(error).split("\n")[0]
    lines = wrapped(f"{type(error).__name__}: {text}" if text else type(error).__name__)[:3]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "chainrule" not in frame.filename and frame.line:
            lines.append(f"line {frame.lineno} of your cell:  {frame.line.strip()[:_WIDTH]}")
            break
    return [line[: _WIDTH - 2] for line in lines]


def wrapped(text: str) -> list[str]:
    """A sentence in lines that fit a notebook cell."""
    return textwrap.wrap(text, _WIDTH - 6)
