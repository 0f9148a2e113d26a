"""A submission before it is run and after it: what came in, and its cells with their outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.merge import MergedCell
from chainrule.notebook.failed_check import NOTE
from chainrule.notebook.outputs import OF_ERRORS, Output

__all__ = ["Listener", "Submission", "is_run", "of_the_master", "written"]


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


def of_the_master(master: Master, change: Callable[[str, str], str] | None = None) -> Submission:
    """The master's own answers, as a submission.

    change: makes another answer of (the solution, the stub) of each cell of code.
    """
    cells = []
    for name, kind, source in master.solved:
        known = master.by_id.get(name)
        if change is not None and known is not None and known.is_theirs and kind == "code":
            source = change(source, known.source)
        metadata = {"nbgrader": {"grade_id": name}} if name else {}
        cells.append({"cell_type": kind, "source": source, "metadata": metadata})
    return Submission(json.dumps({"cells": cells}).encode())


class Listener:
    """What a session tells while it is at work; here nobody listens."""

    def plan(self, cells: list[dict[str, Any]]) -> None:
        """All cells of the graded notebook, before anything is run."""

    def cell(self, place: int, cell: dict[str, Any]) -> None:
        """A cell that was run, as it stands in the graded notebook."""

    def late(self) -> None:
        """A call or a cell took too long: this submission is one that takes a while."""


def is_run(cell: MergedCell) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip()) and not cell.skipped


def written(
    cell: MergedCell, number: int | None, outputs: list[Output], way: str = ""
) -> dict[str, Any]:
    """The cell in nbformat's form. way: in which it was run, if it is no check run outside."""
    known = cell.master
    metadata: dict[str, Any] = {}
    errors = [one for one in outputs if one["output_type"] == "error"]
    more = {key: errors[0][key] for key in OF_ERRORS if errors and key in errors[0]}
    if errors:  # nbformat has no place for it in an output
        outputs = [{k: v for k, v in one.items() if k not in OF_ERRORS} for one in outputs]
    if known is not None:
        metadata = {"nbgrader": dict(known.metadata), "deletable": False}
        if known.is_check and (more or way):
            metadata[NOTE] = more | ({"way": way} if way else {})
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
