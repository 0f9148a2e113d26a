"""Queries over the submissions of one assignment, a row for each student at least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbgrader import api
from sqlalchemy import select

__all__ = ["comments_of", "grades_of", "over_maximum", "submissions_of"]


def submissions_of(
    db: Any, assignment: str, *columns: Any, students: Sequence[str] | None = None
) -> Any:
    """(student, *columns) for each notebook that was handed in. students: only of these."""
    work, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    query = (
        db.query(work.student_id, *columns)
        .select_from(notebook)
        .join(work, work.id == notebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == work.assignment_id)
        .join(api.Notebook, api.Notebook.id == notebook.notebook_id)
        .filter(api.Assignment.name == assignment)
    )
    return query.filter(work.student_id.in_(students)) if students else query


def grades_of(db: Any, assignment: str, *columns: Any, **only: Any) -> Any:
    """(student, *columns) for each graded cell of each notebook."""
    return _cells_of(api.Grade, submissions_of(db, assignment, *columns, **only))


def comments_of(db: Any, assignment: str, *columns: Any, **only: Any) -> Any:
    """(student, *columns) for each cell that has room for a comment."""
    return _cells_of(api.Comment, submissions_of(db, assignment, *columns, **only))


def over_maximum(db: Any, *where: Any) -> list[tuple[str, str, float, float]]:
    """(student, cell, score, maximum) of automatic scores above what their cell gives.

    where: which submissions, by columns of SubmittedAssignment. What a person gave may be above.
    """
    rows = (
        select(
            api.SubmittedAssignment.student_id,
            api.GradeCell.name,
            api.Grade.auto_score,
            api.GradeCell.max_score,
        )
        .join_from(api.Grade, api.GradeCell, api.GradeCell.id == api.Grade.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .where(api.Grade.auto_score > api.GradeCell.max_score, *where)
    )
    return [tuple(row) for row in db.execute(rows)]


def _cells_of(row: Any, query: Any) -> Any:
    return query.join(row, row.notebook_id == api.SubmittedNotebook.id).join(
        api.BaseCell, api.BaseCell.id == row.cell_id
    )
