"""A graded class, written by hand: rows in a gradebook, graded and submitted notebooks.

It takes no kernel and no judge, so that each number in it is one that a test has chosen.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader import api

from chainrule.course.folder import Course

ASSIGNMENT = "ps"

# grade_id, kind, points
CELLS: tuple[tuple[str, str, float], ...] = (
    ("q1_add", "answer", 0),
    ("q1_add_forward", "check", 1),
    ("q1_add_backward", "check", 2),
    ("q2_multiply", "answer", 0),
    ("q2_multiply_backward", "check", 3),
    ("q3_why", "written", 4),
)


@dataclass
class Handed:
    """A student and their work.

    points: by grade_id; a pair is what the checks and what a person gave, None is ungraded. With no
    points at all nothing was handed in. errors: grade_id -> (ename, evalue) of its cell.
    answers: grade_id -> source. times: grade_id -> JupyterLab's execution metadata.
    """

    id: str
    points: dict[str, Any] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    email: str | None = None
    lms: str | None = None
    penalty: float | None = None
    extra: float | None = None
    comment: str | None = None
    timestamp: datetime | None = None
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    times: dict[str, Any] = field(default_factory=dict)


def scores(*values: Any) -> dict[str, Any]:
    """Points of the cells that have some, in order."""
    graded = [name for name, kind, _ in CELLS if kind != "answer"]
    return dict(zip(graded, values, strict=True))


def ran(clock: str) -> dict[str, str]:
    """JupyterLab's metadata of a cell that ended at this time of one day."""
    return {
        "iopub.execute_input": f"2026-03-02T{clock}Z",
        "shell.execute_reply": f"2026-03-02T{clock}Z",
    }


def empty_gradebook(path: Path) -> Path:
    """A gradebook with nothing in it: nbgrader takes seconds to make one."""
    api.Gradebook(f"sqlite:///{path}").close()
    return path


def make_class(
    root: Path, empty: Path, students: list[Handed], assignments: tuple[str, ...] = (ASSIGNMENT,)
) -> Course:
    """Write it all below `root`; every assignment gets the same work."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty, root / "gradebook.db")
    course = Course(root)
    with api.Gradebook(course.db_url, "") as book:
        for one in students:
            book.add_student(
                one.id, first_name=one.first, last_name=one.last, email=one.email,
                lms_user_id=one.lms,
            )  # fmt: skip
        for assignment in assignments:
            _enter(book, assignment, students)
    for assignment in assignments:
        _write(root / "source" / assignment, notebook(Handed("master")))
        for one in students:
            if one.points:
                _write(root / "submitted" / one.id / assignment, notebook(one))
                _write(root / "autograded" / one.id / assignment, notebook(one, graded=True))
    return course


def _enter(book: api.Gradebook, assignment: str, students: list[Handed]) -> None:
    book.add_assignment(assignment)
    book.add_notebook(assignment, assignment)
    # Not in the notebook's order, which the gradebook does not keep.
    for name, kind, points in reversed(CELLS):
        place = (name, assignment, assignment)
        if kind != "answer":
            cell_type = "markdown" if kind == "written" else "code"
            book.add_grade_cell(*place, max_score=points, cell_type=cell_type)
        if kind != "check":
            book.add_solution_cell(*place)
    for one in students:
        if not one.points:
            continue
        book.add_submission(assignment, one.id, timestamp=one.timestamp)
        work = book.find_submission_notebook(assignment, assignment, one.id)
        work.late_submission_penalty = one.penalty
        for grade in work.grades:
            given = one.points[grade.name]
            grade.auto_score, grade.manual_score = (
                given if isinstance(given, tuple) else (given, None)
            )
            grade.needs_manual_grade = given is None
            if grade.name.startswith("q1_add_f"):
                grade.extra_credit = one.extra
        for comment in work.comments:
            if comment.name == "q3_why":
                comment.manual_comment = one.comment
    book.db.commit()


def notebook(one: Handed, graded: bool = False) -> dict[str, Any]:
    """The student's notebook, with outputs where it is the graded one."""
    cells = []
    for name, kind, points in CELLS:
        known: dict[str, Any] = {
            "grade_id": name, "solution": kind != "check", "grade": kind != "answer",
            "locked": kind == "check", "points": points, "schema_version": 3,
        }  # fmt: skip
        metadata: dict[str, Any] = {"nbgrader": known}
        if not graded and name in one.times:
            metadata["execution"] = one.times[name]
        cell: dict[str, Any] = {
            "cell_type": "markdown" if kind == "written" else "code",
            "id": name,
            "metadata": metadata,
            "source": one.answers.get(name, ""),
        }
        if kind != "written":
            ename, evalue = one.errors.get(name, ("", ""))
            error = {
                "output_type": "error", "ename": ename, "evalue": evalue, "traceback": [evalue],
            }  # fmt: skip
            cell |= {"execution_count": None, "outputs": [error] if graded and ename else []}
        cells.append(cell)
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _write(folder: Path, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / f"{folder.name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
