"""What became of student code, and what cannot be handed to it, in words."""

from __future__ import annotations

import linecache
import signal
from typing import Any

import numpy as np

from chainrule.grading.remote.crossings.table import why_not

__all__ = ["ending", "named", "raised_in_cell"]


def raised_in_cell(error: Exception, number: int, text: str) -> Exception:
    """The error with a traceback that ends in the student's line, as it would at home.

    Also as attributes: student_line, its text, and student_line_number.
    """
    number = min(max(number, 1), 100_000)
    name = "<student cell>"  # always the same, so that a notebook does not tell who came before
    known = linecache.cache.get(name)
    lines = list(known[2]) if known is not None and len(known) == 4 else []
    lines += ["\n"] * (number - len(lines))
    lines[number - 1] = text[:500] + "\n"
    linecache.cache[name] = (len(lines), None, lines, name)
    error.student_line = text[:500]  # type: ignore[attr-defined]
    error.student_line_number = number  # type: ignore[attr-defined]
    try:
        exec(compile("\n" * (number - 1) + "raise error", name, "exec"), {"error": error})
    except Exception as raised:
        return raised
    return error


def named(value: Any) -> str:
    """What a value is, and what about it keeps it from crossing, in words."""
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} elements"
    if isinstance(value, type):
        return f"the class {kind}"
    reason = why_not(value)
    return f"an object of type {kind}" + (f", since it is {reason}" if reason else "")


def ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "it ended in a way that could not be told"
    if code >= 0:
        return f"it ended its own Python process (exit code {code})"
    if code == -signal.SIGKILL:
        return "it was stopped for using more CPU time or memory than is allowed"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"it crashed its Python process ({name})"
