"""Queries over the submissions of one assignment, a row for each student at least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbgrader import api

__all__ = ["comments_of", "grades_of", "submissions_of"]


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


def _cells_of(row: Any, query: Any) -> Any:
    return query.join(row, row.notebook_id == api.SubmittedNotebook.id).join(
        api.BaseCell, api.BaseCell.id == row.cell_id
    )
