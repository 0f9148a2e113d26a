"""Small notebooks to grade: a master, and submissions made from it."""

from __future__ import annotations

import json
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from chainrule.grading.judge.judge import Submission
from chainrule.grading.judge.master import Master, read_master
from chainrule.grading.judge.scores import Graded

_FLAGS = {
    "answer": dict(solution=True),
    "check": dict(grade=True, locked=True),
    "set-up": dict(locked=True),
    "written": dict(grade=True, solution=True),
    "by hand": dict(grade=True, solution=True),
    "task": dict(task=True, locked=True),
}


def cell(kind: str, name: str, source: str, points: float | None = None) -> Any:
    """A cell of a master.

    kind: answer, check, set-up, written, by hand (code that a person grades), task or plain.
    """
    make = new_markdown_cell if kind in ("written", "task", "text") else new_code_cell
    made = make(source, id=name)
    if kind in _FLAGS:
        known = dict(grade=False, solution=False, locked=False, task=False, grade_id=name)
        known.update(_FLAGS[kind], schema_version=3)
        if points is not None:
            known["points"] = points
        made.metadata["nbgrader"] = known
    return made


def master(*cells: Any, name: str = "ps", **extra: Any) -> Master:
    return read_master(json.dumps(new_notebook(cells=list(cells))), name, **extra)


SQUARE = """
### BEGIN SOLUTION
def square(x):
    return x * x
### END SOLUTION
"""
CUBE = """
### BEGIN SOLUTION
def cube(x):
    return x ** 3
### END SOLUTION
"""
TWO = (
    cell("set-up", "setup", "import numpy as np"),
    cell("answer", "q1", SQUARE),
    cell("check", "c1", "assert square(3) == 9\n### BEGIN HIDDEN TESTS\nassert square(7) == 49\n"
         "### END HIDDEN TESTS", 2),
    cell("answer", "q2", CUBE),
    cell("check", "c2", "assert np.allclose(cube(np.arange(3.0)), [0, 1, 8])", 3),
    cell("written", "w1", "Your words.", 4),
)  # fmt: skip
"""Two questions and a written one; hidden checks in the first."""

RIGHT = {"q1": "def square(x):\n    return x * x", "q2": "def cube(x):\n    return x ** 3"}


def answered(master: Master, answers: dict[str, str], before: tuple[str, ...] = ()) -> list[Any]:
    """The cells of a submission: the master's, with answers put in by grade_id.

    before: code cells that the student added at the top.
    """
    cells: list[Any] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
         "id": f"mine{i}", "source": source}
        for i, source in enumerate(before)
    ]  # fmt: skip
    for one in master.cells:
        made: dict[str, Any] = {
            "cell_type": one.cell_type,
            "id": one.cell_id,
            "metadata": {"nbgrader": dict(one.metadata)},
            "source": answers.get(one.grade_id, one.source),
        }
        if one.cell_type == "code":
            made |= {"outputs": [], "execution_count": None}
        cells.append(made)
    return cells


def submission(cells: list[Any], **extra: Any) -> Submission:
    nb = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Submission(json.dumps(nb).encode(), **extra)


def points(graded: Graded) -> dict[str, float | None]:
    return {score.grade_id: score.points for score in graded.scores}


def outputs(graded: Graded, name: str) -> list[dict[str, Any]]:
    """What the cell with that id shows in the graded notebook."""
    found: list[dict[str, Any]] = next(
        c["outputs"] for c in graded.notebook["cells"] if c["id"] == name
    )
    return found


def shown(graded: Graded, name: str) -> str:
    """All text of those outputs."""
    return json.dumps(outputs(graded, name))
