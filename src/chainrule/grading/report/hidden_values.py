"""What a feedback page keeps back of hidden checks: the values they try, and what they expect.

A hidden check that failed is named, with the kind of mistake and where to read; the numbers of its
message are not shown. Nor is what a student's own cell shows once hidden checks have run: it may
have kept what they asked, and print it. The student's own notebook shows such a cell's output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.check.student_code import advice
from chainrule.notebook.cells import is_masters, outputs_of, source_of
from chainrule.notebook.failed_check import FailedCheck
from chainrule.notebook.hidden_tests import Hidden
from chainrule.notebook.text import joined, without_colours

__all__ = ["NOT_SHOWN", "HiddenValues"]

NOT_SHOWN = (
    "Its output is not shown here, since hidden checks had been run before it. "
    "Your own notebook shows it."
)
_NUMBER = re.compile(r"(?<![\w.])[-−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?j?|\b(?:nan|inf)\b")
_IN_CELL = re.compile(r"Cell In\s?\[\d+\], line (\d+)|<ipython-input-[^>]*>, line (\d+)")


class HiddenValues:
    """The hidden values of one graded notebook. shown: they are not kept back after all."""

    def __init__(self, hidden: Hidden, cells: Iterable[Mapping[str, Any]], shown: bool) -> None:
        self._hidden, self._shown = hidden, shown
        self._after: set[int] = set()
        ran = False
        for cell in cells:
            if is_masters(cell):
                ran = ran or any(hides for _, hides in hidden.marked(source_of(cell)))
            elif ran:
                self._after.add(id(cell))

    def may_tell(self, cell: Mapping[str, Any]) -> bool:
        """Whether a student's own cell was run before any hidden check, and is shown whole."""
        return self._shown or id(cell) not in self._after

    def error(self, cell: Mapping[str, Any]) -> str:
        """What may be shown of an error of such a cell: its kind, and its line."""
        for output in outputs_of(cell):
            if output.get("output_type") == "error":
                line = _line_of(output.get("traceback"))
                where = f" in line {line} of this cell" if line else ""
                return f"{joined(output.get('ename'))}{where}"
        return ""

    def reduced(self, cell: Mapping[str, Any], failed: FailedCheck) -> FailedCheck | None:
        """A check that failed, without its values, if they are hidden; else None."""
        if self._shown or not self._is_hidden(cell, failed):
            return None
        if failed.kind != "CheckFailed":
            kind = failed.kind if failed.kind.isidentifier() else "an error"
            told = f"A hidden check failed ({kind})."
            return replace(failed, headline=told, details="")
        headline = _NUMBER.sub("…", failed.headline)
        mistake = failed.misconception
        more = advice(MISCONCEPTIONS[mistake]) if mistake else []
        details = "\n".join(["A hidden check, on other values than the one above.", *more])
        return replace(failed, headline=headline, details=details)

    def _is_hidden(self, cell: Mapping[str, Any], failed: FailedCheck) -> bool:
        """Whether it failed in a line that is hidden; where that is not known, if any line is."""
        marked = [hides for _, hides in self._hidden.marked(source_of(cell))]
        line = failed.line or _line_of(failed.traceback)
        return marked[line - 1] if 0 < line <= len(marked) else any(marked)


def _line_of(traceback: Any) -> int:
    """The line of the cell that a traceback begins in; 0 where it does not say."""
    for frame in traceback if isinstance(traceback, (list, tuple)) else ():
        found = _IN_CELL.search(without_colours(joined(frame)))
        if found is not None:
            return int(found[1] or found[2])
    return 0
