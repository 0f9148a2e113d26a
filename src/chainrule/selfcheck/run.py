"""A learner's own notebook, checked in a terminal: `chainrule check`.

The notebook runs on a kernel of its own, as it would in JupyterLab. Nothing is judged here: who
checks their own work has no reason to fool the check.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from chainrule.check.problem_sets import question_of, table
from chainrule.course.folder import CourseError
from chainrule.course.kernel import KERNEL_ARGUMENTS, a_kernel
from chainrule.course.notebooks import read
from chainrule.notebook.cells import grade_id_of, nbgrader_of
from chainrule.notebook.failed_check import FailedCheck, failed_check

__all__ = ["CheckedNotebook", "CheckedQuestion", "check_notebook", "problem_set_of"]


# How IPython says where a syntax error is: the file is none that anybody knows.
_FILE = re.compile(r" \((?:\d+\.py|<[^>]*>), line (\d+)\)")


@dataclass
class CheckedQuestion:
    """One question: points from its checks, and the first message when one failed.

    by_hand: points that a person gives; edited: check cells that are not as they were released.
    """

    id: str
    points: float = 0.0
    max_points: float = 0.0
    by_hand: float = 0.0
    message: str = ""
    edited: list[str] = field(default_factory=list)


@dataclass
class CheckedNotebook:
    """A whole notebook, question by question."""

    problem_set: str
    questions: list[CheckedQuestion]

    @property
    def points(self) -> float:
        return sum(q.points for q in self.questions)

    @property
    def max_points(self) -> float:
        return sum(q.max_points for q in self.questions)

    def as_json(self) -> dict[str, Any]:
        """Plain data, for tools."""
        return {
            "problem_set": self.problem_set,
            "points": self.points,
            "max_points": self.max_points,
            "questions": [asdict(question) for question in self.questions],
        }


def check_notebook(
    path: Path, seconds: float = 30.0, progress: Callable[[int, int], None] = lambda *_: None
) -> CheckedNotebook:
    """Run a problem set's notebook and collect what its checks say.

    seconds: what one cell may take. progress: called as progress(cells run, cells in all).
    Raises CourseError, one clear line, for what is not a whole problem set of this course, and when
    no kernel can be started.
    """
    if not path.is_file():
        raise CourseError(f"there is no file {path}")
    notebook = read(path)
    name = _validate(path, notebook)
    cells = [(i, c) for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    client = NotebookClient(
        notebook,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    with a_kernel(client):
        for done, (index, cell) in enumerate(cells, start=1):
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError):
                pass  # what went wrong is in the cell's outputs
            except DeadKernelError:
                raise CourseError(
                    f"the kernel died in the cell {cell.id!r}: look for exit() or a crash there"
                ) from None
            progress(done, len(cells))
    return CheckedNotebook(name, _questions(notebook))


def problem_set_of(notebook: NotebookNode) -> tuple[str, list[str]] | None:
    """The problem set that a notebook is a copy of, and the cells it has to have; None for others.

    Where a front end dropped the notebook's own mark, its graded cells tell: at least half of those
    of the set.
    """
    ours = notebook.metadata.get("chainrule", {})
    if isinstance(ours, dict) and "problem_set" in ours:
        return str(ours["problem_set"]), list(ours.get("cells", []))
    here = {grade_id_of(cell) for cell in notebook.cells}
    sets = {name: [cell.grade_id for cell in cells] for name, cells in table().items()}
    shared = {name: len(here.intersection(ids)) / len(ids) for name, ids in sets.items()}
    best = max(shared, key=lambda name: shared[name])
    return (best, sets[best]) if shared[best] >= 0.5 else None


def _validate(path: Path, notebook: NotebookNode) -> str:
    """The problem set's name. Raises CourseError when the notebook is not one, or not whole."""
    found = problem_set_of(notebook)
    if found is None:
        raise CourseError(f"{path} is not a problem set of this course")
    name, cells = found
    here = {grade_id_of(cell) for cell in notebook.cells}
    missing = [cell_id for cell_id in cells if cell_id not in here]
    if missing:
        raise CourseError(
            f"{path} lacks the cell{'s' * (len(missing) > 1)} {', '.join(missing)}: "
            "copy your answers into a fresh copy of the problem set"
        )
    return name


def _questions(notebook: NotebookNode) -> list[CheckedQuestion]:
    questions: dict[str, CheckedQuestion] = {}
    broken: dict[str, str] = {}
    for cell in notebook.cells:
        nbgrader = nbgrader_of(cell)
        if not nbgrader:
            continue
        name = question_of(nbgrader["grade_id"])
        failed = failed_check(cell)
        if nbgrader.get("solution") and failed is not None:
            broken[name] = f"The answer does not run.\n  {_message(failed)}"
        if not nbgrader.get("grade"):
            continue
        question = questions.setdefault(name, CheckedQuestion(name))
        if nbgrader.get("solution"):
            question.by_hand += nbgrader["points"]
            continue
        question.max_points += nbgrader["points"]
        if nbgrader.get("checksum") not in (None, compute_checksum(cell)):
            question.edited.append(nbgrader["grade_id"])
        if failed is None:
            question.points += nbgrader["points"]
        elif not question.message:
            question.message = broken.get(name, _message(failed))
    return list(questions.values())


def _message(failed: FailedCheck) -> str:
    if failed.stopped:
        return "It did not come to an end: look for a loop that never stops."
    return _FILE.sub(r", line \1 of the cell", failed.message)
