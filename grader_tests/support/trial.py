"""Run answers through the real check cells of a problem set, in this process.

For the test suite and `make diagnosis` only: answers here are ours. A class is graded elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from nbformat import NotebookNode

from chainrule.check import diagnose
from chainrule.check.diagnose import BrokenRow
from chainrule.course.notebooks import read
from chainrule.sample.sample_class import Answer, answer_cell, read_answers, solved
from grader_tests.support.paths import ROOT

_SECONDS = 5  # of CPU time: how busy the machine is must not decide
diagnose.strict = True  # a mistake in the table of misconceptions is one of ours


@dataclass(frozen=True)
class Verdict:
    """What the check cells of one question said of one answer.

    failed:  the check cells that did not pass, and the exception each raised.
    """

    failed: dict[str, BaseException] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        return not self.failed

    @property
    def named(self) -> set[str]:
        """The misconceptions that were told to the student."""
        ids = (getattr(error, "misconception", None) for error in self.failed.values())
        return {i for i in ids if i is not None}


@cache
def problem_sets() -> dict[str, NotebookNode]:
    """The masters, by assignment."""
    return {p.parent.name: read(p) for p in sorted(ROOT.glob("source/*/*.ipynb"))}


@cache
def answers(assignment: str) -> list[Answer]:
    path = ROOT / "grader_tests" / "answers" / f"{assignment}.py"
    return read_answers(path)


def questions(assignment: str) -> dict[str, list[NotebookNode]]:
    """Solution cell -> its check cells: those whose grade_id starts with that of the solution."""
    cells = [c for c in problem_sets()[assignment].cells if "nbgrader" in c.metadata]
    graded = [c for c in cells if c.metadata.nbgrader.grade and not c.metadata.nbgrader.solution]
    return {
        s.metadata.nbgrader.grade_id: [
            c
            for c in graded
            if c.metadata.nbgrader.grade_id.startswith(s.metadata.nbgrader.grade_id + "_")
        ]
        for s in cells
        if s.metadata.nbgrader.solution and s.cell_type == "code"
    }


def master_source(assignment: str, cell_id: str) -> str:
    (cell,) = (
        c
        for c in problem_sets()[assignment].cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id
    )
    return cell.source


def builds_on(assignment: str, cell_id: str) -> list[str]:
    """The solution cells of other questions that an answer to this one may use."""
    (cell,) = (
        c
        for c in problem_sets()[assignment].cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id
    )
    return list(cell.metadata.get("chainrule", {}).get("builds_on", ()))


def try_answer(
    assignment: str,
    cell_id: str,
    source: str,
    checks: list[NotebookNode] | None = None,
    **given: Any,
) -> Verdict:
    """Run one answer through the question's check cells (or through `checks` in their place).

    given: names that the answer's cell may use besides.
    """
    namespace: dict[str, Any] = {"__name__": "student", **given}
    for cell in problem_sets()[assignment].cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and nbgrader.get("locked") and not nbgrader.get("grade"):
            exec(compile(cell.source, nbgrader["grade_id"], "exec"), namespace)
    for other in builds_on(assignment, cell_id):
        exec(compile(solved(master_source(assignment, other)), other, "exec"), namespace)
    # A cell that fails leaves nothing behind; its checks then fail on their own.
    with contextlib.suppress(Exception), _quietly(), _limited():
        exec(compile(source, "student", "exec"), namespace)
    failed: dict[str, BaseException] = {}
    for check in questions(assignment)[cell_id] if checks is None else checks:
        try:
            with _quietly(), _limited():
                exec(compile(check.source, check.metadata.nbgrader.grade_id, "exec"), namespace)
        except BrokenRow:
            raise
        except Exception as error:
            failed[check.metadata.nbgrader.grade_id] = error
    return Verdict(failed)


def try_named(assignment: str, answer: Answer) -> Verdict:
    """Run an answer of the answers file."""
    source = answer_cell(master_source(assignment, answer.cell), answer.source)
    return try_answer(assignment, answer.cell, source)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Ends an endless loop, after so many seconds of processor time: a machine may be busy."""

    def over(*_: object) -> None:
        raise TimeoutError(f"still running after {_SECONDS} s")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
