"""A submission before it is run and after it: what came in, and its cells with their outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.grading.judge.merge import MergedCell
from chainrule.grading.judge.replay import (
    News,
)
from chainrule.grading.limits import Limits
from chainrule.notebook.failed_check import NOTE
from chainrule.notebook.outputs import Output, error_output

if TYPE_CHECKING:
    pass

__all__ = [
    "Ran",
    "Submission",
    "is_run",
    "time_is_up",
    "written",
]


@dataclass(frozen=True)
class Submission:
    """What a student handed in.

    notebook: the file as it is, unread; None when it was not handed in.
    files: further files, by path relative to the assignment; the student's cells find them.
    problem: why the notebook could not be read from disk, in a sentence, or nothing.
    """

    notebook: bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Ran:
    """A submission that was run: its cells with outputs, in nbformat's form; notes, a sentence
    each; how many cells of the judge's were run and not recalled, and what was learned of them;
    and its seconds of CPU."""

    cells: list[dict[str, Any]]
    notes: list[str]
    live: int = 0
    learned: tuple[News, ...] = ()
    cpu_seconds: float = 0.0


def is_run(cell: MergedCell) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def time_is_up(limits: Limits) -> Output:
    seconds = f"{limits.total_seconds:g} s"
    return error_output("TimeoutError", f"not run: the submission took more than {seconds}")


def _title(cell: MergedCell) -> str:
    return f"The cell {cell.master.grade_id}" if cell.master else "A cell that was added"


def written(cell: MergedCell, number: int | None, outputs: list[Output]) -> dict[str, Any]:
    """The cell in nbformat's form."""
    known = cell.master
    metadata: dict[str, Any] = {}
    mistakes = [one["misconception"] for one in outputs if "misconception" in one]
    if mistakes:  # nbformat has no place for them in an output
        outputs = [{k: v for k, v in one.items() if k != "misconception"} for one in outputs]
    if known is not None:
        metadata = {"nbgrader": dict(known.metadata), "deletable": False}
        if mistakes and known.is_check:
            metadata[NOTE] = {"misconception": mistakes[0]}
        if not known.is_theirs:
            metadata["editable"] = False
    found: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": cell.cell_id or f"cell-{known.grade_id if known else number}",
        "metadata": metadata,
        "source": cell.source,
    }
    if cell.cell_type == "code":
        found |= {"execution_count": number, "outputs": outputs}
    elif cell.attachments:
        found["attachments"] = cell.attachments
    return found
