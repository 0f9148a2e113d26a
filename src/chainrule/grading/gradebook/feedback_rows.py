"""What the gradebook has of each notebook of a class, as a feedback page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nbgrader import api
from nbgrader.coursedir import CourseDirectory

from chainrule.course.folder import CourseError
from chainrule.grading.gradebook.opened import opened
from chainrule.grading.gradebook.queries import comments_of, grades_of, submissions_of

__all__ = ["CellScore", "NotebookScores", "read_book"]


@dataclass(frozen=True)
class CellScore:
    """What the gradebook has of one cell.

    score: points, a person's before the automatic ones; None while a person has yet to read it, and
    for cells without points. comment: a person's, else the automatic one.
    """

    score: float | None = None
    max_score: float = 0.0
    comment: str = ""


@dataclass
class NotebookScores:
    """What the gradebook has of one notebook of one student.

    late: points off for being late. cells: by grade_id.
    """

    late: float = 0.0
    cells: dict[str, CellScore] = field(default_factory=dict)


def read_book(
    folders: CourseDirectory, assignment: str, students: Sequence[str] | None = None
) -> dict[tuple[str, str], NotebookScores]:
    """Scores and comments by (student, notebook), sorted, in three queries for the whole class.

    Raises CourseError when there is no gradebook, or it does not know the assignment.
    """
    excluded = {name for name in folders.student_id_exclude.split(",") if name}
    found: dict[tuple[str, str], NotebookScores] = {}
    with opened(folders.db_url, folders.course_id) as book:
        db = book.db
        if not db.query(api.Assignment.id).filter_by(name=assignment).first():
            raise CourseError(f"the gradebook knows no assignment {assignment}: grade it first")
        late = api.Notebook.name, api.SubmittedNotebook.late_submission_penalty
        for student, notebook, penalty in submissions_of(db, assignment, *late, students=students):
            if student not in excluded:
                found[student, notebook] = NotebookScores(penalty or 0.0)
        cell = api.Notebook.name, api.BaseCell.name
        score = api.Grade.auto_score, api.Grade.manual_score, api.Grade.score, api.Grade.max_score
        for student, notebook, name, auto, manual, points, most in grades_of(
            db, assignment, *cell, *score, students=students
        ):
            if (student, notebook) in found:
                known = auto is not None or manual is not None
                found[student, notebook].cells[name] = CellScore(points if known else None, most)
        for student, notebook, name, comment in comments_of(
            db, assignment, *cell, api.Comment.comment, students=students
        ):
            if comment and (student, notebook) in found:
                cells = found[student, notebook].cells
                cells[name] = replace(cells.get(name, CellScore()), comment=comment)
    return dict(sorted(found.items()))
