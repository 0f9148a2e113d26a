"""A learner's own notebook, checked in a terminal: `chainrule check`.

The notebook runs on a kernel of its own, as it would in JupyterLab. Nothing is judged here: who
checks their own work has no reason to fool the check.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.course.folder import CourseError
from chainrule.graded_cells import question_of
from chainrule.notebook.cells import checksum_of, grade_id_of, nbgrader_of
from chainrule.selfcheck.mine import problem_set_of, read_mine

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from chainrule.notebook.failed_check import FailedCheck

__all__ = ["CheckedNotebook", "CheckedQuestion", "check_notebook"]


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
    if path.is_dir():
        raise CourseError(
            f"{path} is a folder: name a notebook in it, or see `chainrule progress {path}`"
        )
    if not path.is_file():
        raise CourseError(_missing(path))
    name = _validate(path, read_mine(path))

    from chainrule.course.notebooks import read

    notebook = read(path)
    _run(notebook, path.resolve().parent, seconds, progress)
    return CheckedNotebook(name, _questions(notebook))


def _missing(path: Path) -> str:
    """What to say of a file that is not there: which one was meant, or where there are some."""
    if os.path.lexists(path):
        return f"{path} is no ordinary file, or a link to nothing"
    there = sorted(one.name for one in path.parent.glob("*.ipynb") if one.is_file())
    similar = get_close_matches(path.name, there, 1)
    meant = f"; did you mean {path.with_name(similar[0])}?" if similar else ""
    return f"there is no file {path}{meant}"


def _run(
    notebook: NotebookNode, folder: Path, seconds: float, progress: Callable[[int, int], None]
) -> None:
    """Run its cells in order on a kernel of its own; what they show is in the notebook then."""
    # Imported here: what is to be said of a wrong file is said before they are, at once.
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from chainrule.course.kernel import KERNEL_ARGUMENTS, a_kernel

    cells = [(i, c) for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    client = NotebookClient(
        notebook,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(folder)}},
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


def _validate(path: Path, notebook: dict[str, Any]) -> str:
    """The problem set's name. Raises CourseError when the notebook is not one, or not whole."""
    found = problem_set_of(notebook)
    if found is None:
        raise CourseError(f"{path} is not a problem set of this course")
    name, cells = found
    here = {grade_id_of(cell) for cell in notebook["cells"]}
    missing = [cell_id for cell_id in cells if cell_id not in here]
    if missing:
        raise CourseError(
            f"{path} lacks the cell{'s' * (len(missing) > 1)} {', '.join(missing)}: "
            "copy your answers into a fresh copy of the problem set"
        )
    return name


def _questions(notebook: NotebookNode) -> list[CheckedQuestion]:
    from chainrule.notebook.failed_check import failed_check  # with all of `check`

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
        if nbgrader.get("checksum") not in (None, checksum_of(cell)):
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
