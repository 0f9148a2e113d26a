"""A line under the check that was run last: the points so far, and the question that is next.

    check.progress("ps1_scalar_circuits", out_of=36)

A kernel cannot see its notebook. Which checks there are, and what each is worth, stands in a table
beside this module, made from the released notebooks by `chainrule notebooks`. Nothing is read or
drawn before the call, nor anywhere but in a notebook that somebody works on: at grading, in a plain
interpreter and in a terminal the call does nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from typing import Any

from chainrule.graded_cells import Check, table

__all__ = ["fingerprint", "progress", "running"]

# Colours that are seen on white and on black: values are green, as everywhere in the course.
_DONE, _OPEN = "#2a9d50", "#8c959f"
_SQUARE = (
    "display:inline-block;width:.7em;height:.7em;margin-right:.25em;border-radius:2px;"
    "border:1px solid {edge};background:linear-gradient(to right,{done} {part:.0%},transparent 0)"
)
_HTML = '<div style="margin:.3em 0 .2em .5em;font-size:.9em">{squares}&ensp;{text}</div>'


def progress(problem_set: str, out_of: float) -> None:
    """Show, from now on, a line with the points so far under the check that was run last.

    problem_set: its name, such as "ps1_scalar_circuits"; out_of: the points that its checks give.
    Stays silent for a set that the table does not know under this name with as many points, as one
    that an instructor has changed.
    """
    with contextlib.suppress(Exception):
        _start(problem_set, out_of)


def fingerprint(source: str) -> str:
    """Of a cell's text; comments, magics and empty lines, as front ends add, do not count."""
    lines = (line.strip() for line in source.splitlines())
    kept = "\n".join(line for line in lines if line and line[0] not in "#%")
    return f"{zlib.crc32(kept.encode('utf-8', 'replace')):08x}"


# The line -----------------------------------------------------------------------------------------


class _Line:
    """What the checks of one problem set have given in this kernel, and the line that says so."""

    def __init__(self, cells: list[Check]) -> None:
        self._checks = [cell for cell in cells if cell.fingerprint]
        self._read = sum(cell.points for cell in cells if not cell.fingerprint)
        self._by_id = {check.grade_id: check for check in self._checks}
        self._by_text = {check.fingerprint: check for check in self._checks}
        self._passed: set[Check] = set()
        self._shown: Any = None

    def after(self, result: Any) -> None:
        """IPython calls this when a cell was run."""
        with contextlib.suppress(Exception):
            # JupyterLab sends the cell's id, which is its grade_id. Others send none or their own.
            check = self._by_id.get(str(getattr(result.info, "cell_id", None)))
            check = check or self._by_text.get(fingerprint(result.info.raw_cell))
            if check is not None:
                (self._passed.add if result.success else self._passed.discard)(check)
                self.show()

    def show(self) -> None:
        """Put the line under the running cell, and take the one before away."""
        from IPython.display import display

        if self._shown is not None:
            self._shown.update({"text/plain": ""}, raw=True)
        text = self.text()
        html = _HTML.format(squares=self._squares(), text=text)
        shown = {"text/plain": text, "text/html": html}
        self._shown = display(shown, raw=True, display_id=True)

    def text(self) -> str:
        points = sum(check.points for check in self._passed)
        line = f"{points:g} of {sum(check.points for check in self._checks):g} points"
        for check in self._checks:
            if check not in self._passed:
                return f"{line}; next: {check.question}"
        return line + (f"; {self._read:g} more are read by a person" if self._read else "")

    def solved_and_open(self) -> tuple[set[str], set[str]]:
        """Questions of which some check has passed, and questions of which some check has not."""
        passed = {check.question.lower() for check in self._passed}
        return passed, {c.question.lower() for c in self._checks if c not in self._passed}

    def _squares(self) -> str:
        """A square for each question, filled as far as its points go."""
        questions: dict[str, list[Check]] = {}
        for check in self._checks:
            questions.setdefault(check.question, []).append(check)
        drawn = []
        for name, checks in questions.items():
            points = sum(check.points for check in checks if check in self._passed)
            total = sum(check.points for check in checks)
            edge = _DONE if points else _OPEN
            style = _SQUARE.format(edge=edge, done=_DONE, part=points / total)
            drawn.append(f'<span title="{name}: {points:g} of {total:g}" style="{style}"></span>')
        return "".join(drawn)


_running: tuple[str, _Line] | None = None


def running() -> tuple[str, set[str], set[str]] | None:
    """The problem set that is worked on, and its questions (`q3`) of which some check has passed,
    and of which some has not; None before `progress` was called."""
    if _running is None:
        return None
    name, line = _running
    return name, *line.solved_and_open()


def _start(problem_set: str, out_of: float) -> None:
    global _running
    if "NBGRADER_EXECUTION" in os.environ or "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:  # a terminal, or the shell of a judge
        return
    if _running is not None and _running[0] != problem_set:
        shell.events.unregister("post_run_cell", _running[1].after)
        _running = None
    if _running is None:
        cells = table().get(problem_set, [])
        if not cells or sum(cell.points for cell in cells if cell.fingerprint) != out_of:
            return
        _running = problem_set, _Line(cells)
        shell.events.register("post_run_cell", _running[1].after)
    _running[1].show()
