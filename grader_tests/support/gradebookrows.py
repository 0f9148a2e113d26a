"""What grading leaves in a gradebook, so that two graders can be compared.

`rows` reads every value by SQL alone; `graded_rows` reads points, comments and penalties through
nbgrader's own API, in whatever database they are.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from chainrule.course.folder import Course

__all__ = ["Rows", "differences", "graded_rows", "rows"]

Rows = dict[tuple[str, ...], object]
"""(table, column, student, assignment, notebook, cell) -> value; the last are as the table has."""

_WORK = """
    FROM submitted_assignment AS work
    JOIN assignment ON assignment.id = work.assignment_id
"""
_NOTEBOOK = f"""{_WORK}
    JOIN submitted_notebook AS handed ON handed.assignment_id = work.id
    JOIN notebook ON notebook.id = handed.notebook_id
"""
_PLACE = "work.student_id, assignment.name"

# name: columns that identify a row, columns compared, and where they come from. Ids that are made
# at random are no part of it.
_TABLES: dict[str, tuple[str, str, str]] = {
    "student": ("id", "first_name, last_name, email", "FROM student"),
    "submitted assignment": (_PLACE, "timestamp, extension", _WORK),
    "submitted notebook": (
        f"{_PLACE}, notebook.name", "late_submission_penalty, flagged", _NOTEBOOK,
    ),
    "grade": (
        f"{_PLACE}, notebook.name, base_cell.name",
        "auto_score, manual_score, extra_credit, needs_manual_grade, "
        "coalesce(grade_cells.max_score, task_cells.max_score) AS max_score, base_cell.type",
        f"""{_NOTEBOOK}
            JOIN grade ON grade.notebook_id = handed.id
            JOIN base_cell ON base_cell.id = grade.cell_id
            LEFT JOIN grade_cells ON grade_cells.id = base_cell.id
            LEFT JOIN task_cells ON task_cells.id = base_cell.id""",
    ),
    "comment": (
        f"{_PLACE}, notebook.name, base_cell.name",
        "auto_comment, manual_comment, base_cell.type",
        f"""{_NOTEBOOK}
            JOIN comment ON comment.notebook_id = handed.id
            JOIN base_cell ON base_cell.id = comment.cell_id""",
    ),
}  # fmt: skip


def rows(gradebook: Path) -> Rows:
    """Every value of every row. Raises AssertionError when a row is there twice."""
    found: Rows = {}
    with closing(sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)) as book:
        for table, (keys, columns, source) in _TABLES.items():
            identifying = keys.count(",") + 1
            cursor = book.execute(f"SELECT {keys}, {columns} {source}")
            names = [column[0] for column in cursor.description][identifying:]
            for row in cursor:
                for name, value in zip(names, row[identifying:], strict=True):
                    key = (table, name, *row[:identifying])
                    assert key not in found, f"there twice: {key}"
                    found[key] = value
    return found


def differences(ours: Rows, theirs: Rows) -> list[str]:
    """A line for each value that is not the same, or is there in one alone."""
    nothing = "(no such row)"
    return [
        f"{' / '.join(key)}: ours {ours.get(key, nothing)!r}, theirs {theirs.get(key, nothing)!r}"
        for key in sorted({*ours, *theirs}, key=repr)
        if ours.get(key, nothing) != theirs.get(key, nothing)
    ]


def graded_rows(course: Course, *assignments: str) -> list[Any]:
    """Every grade, comment, score and penalty of these assignments, in order."""
    found: list[Any] = []
    with Gradebook(course.db_url) as book:
        for assignment in assignments:
            for work in book.assignment_submissions(assignment):
                for notebook in work.notebooks:
                    place = (work.student.id, notebook.name)
                    found += [
                        (*place, g.name, g.auto_score, g.manual_score, g.max_score,
                         g.needs_manual_grade, g.score)
                        for g in notebook.grades
                    ]  # fmt: skip
                    found += [(*place, c.name, c.auto_comment) for c in notebook.comments]
                    found.append((*place, work.score, notebook.late_submission_penalty))
    return sorted(found, key=repr)
