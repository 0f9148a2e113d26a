"""What a submission gets: points and comments for its cells, and the notebook as it is stored."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.merge import MergedCell
from chainrule.grading.judge.submission import written
from chainrule.notebook.cells import grade_id_of
from chainrule.notebook.failed_check import NOTE
from chainrule.notebook.text import printable

__all__ = ["Graded", "Score", "as_file", "graded", "unreadable"]


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Score:
    """Of one graded cell. points: None when a person has to grade it."""

    grade_id: str
    points: float | None
    most: float


@dataclass(frozen=True)
class Graded:
    """A graded submission.

    notebook:  as nbformat 4.5 has it, outputs and all.
    scores:    of the cells that have points and are no tasks.
    comments:  automatic comments, by the grade_id of answers and tasks; None where there is none.
    notes:     what student and instructor should know, a sentence each.
    problem:   why nothing could be graded, in a sentence, or nothing.
    seconds:   what it took, waiting included.
    """

    notebook: dict[str, Any]
    scores: tuple[Score, ...]
    comments: dict[str, str | None]
    notes: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0.0


def as_file(graded: Graded, problems: Sequence[str] = ()) -> str:
    """The graded notebook as it is stored: JSON, a line for each cell, keys in order.

    problems: sentences about how it was handed in; a feedback page shows them with its notes.
    """
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
    cells = ",\n  ".join(encode(cell) for cell in graded.notebook["cells"])
    rest = {key: value for key, value in graded.notebook.items() if key != "cells"}
    notes = list(dict.fromkeys(map(printable, [*problems, *graded.notes])))
    if notes:
        rest["metadata"] = {**rest["metadata"], NOTE: {"notes": notes}}
    return f'{{\n "cells": [\n  {cells}\n ],\n {encode(rest)[1:-1]}\n}}\n'


def graded(master: Master, cells: list[dict[str, Any]], notes: Sequence[str]) -> Graded:
    """What a submission gets for these cells, which were run. notes: on how that went."""
    scores, comments, more = _scores(master, cells)
    return Graded(_as_notebook(master, cells), scores, comments, (*notes, *more))


def unreadable(master: Master, problem: str) -> Graded:
    """What a submission that could not be graded gets: no points, and a person to look at it."""
    cells = [MergedCell(c.cell_type, c.source, c, c.cell_id) for c in master.cells]
    cells.insert(0, MergedCell("markdown", f"**{problem}**", cell_id="problem"))
    blank = [written(cell, None, []) for cell in cells]
    scores = tuple(Score(c.grade_id, 0.0, c.points) for c in master.cells if c.is_grade)
    comments: dict[str, str | None] = {
        c.grade_id: None for c in master.cells if c.is_solution or c.is_task
    }
    return Graded(_as_notebook(master, blank), scores, comments, (problem,), problem)


def _scores(
    master: Master, cells: list[dict[str, Any]]
) -> tuple[tuple[Score, ...], dict[str, str | None], list[str]]:
    """Scores, comments and notes, as nbgrader's SaveAutoGrades has them for these cells."""
    from nbformat.notebooknode import NotebookNode, from_dict
    from nbgrader.utils import determine_grade

    scores: list[Score] = []
    comments: dict[str, str | None] = {}
    notes: list[str] = []
    for place, cell in enumerate(cells):
        name = grade_id_of(cell)
        if not name:
            continue
        known = master.by_id[name]
        untouched = cell["source"] == known.source
        points: float | None = None
        if known.is_check:
            metadata = NotebookNode(nbgrader=NotebookNode(known.metadata))
            outputs = [from_dict(output) for output in cell["outputs"]]
            node = NotebookNode(cell_type="code", metadata=metadata, outputs=outputs)
            try:
                points = float(determine_grade(node, _log)[0])
            except (ValueError, KeyError) as error:
                notes.append(f"The check {name} gave no score that can be used: {error}.")
        elif known.is_grade and untouched and _answered_below(master, cells[place + 1 :]):
            untouched = False
            notes.append(
                f"The cell {name} is as it was handed out, and a cell was added under it: "
                "a person will see whether that is the answer."
            )
        elif known.is_solution and untouched:  # no answer
            points = 0.0
        if known.is_grade:
            scores.append(Score(name, points, known.points))
        if known.is_solution or known.is_task:
            empty = untouched and not known.is_task
            comments[name] = "No response." if empty else None
    return tuple(scores), comments, notes


def _answered_below(master: Master, cells: list[dict[str, Any]]) -> bool:
    """Whether a cell was added right under an answer, before these are the master's, and says
    something."""
    given = {source.strip() for name, _, source in master.solved if not name}
    for cell in cells:
        if grade_id_of(cell) or cell["source"].strip() in given - {""}:
            return False
        if cell["source"].strip():
            return True
    return False


def _as_notebook(master: Master, cells: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cells": cells,
        "metadata": dict(master.metadata),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
