"""Rows of a gradebook that do not fit the masters of its course: found, and put right when asked.

They are left by edits of a master that no program held against the gradebook (see
`master_changes.py`), and by whatever wrote a score that no check can give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import select

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import BatchResult, grade
from chainrule.grading.gradebook.master_changes import MasterChange, master_changes, with_renames
from chainrule.grading.gradebook.queries import over_maximum
from chainrule.grading.gradebook.reader import open_gradebook
from chainrule.grading.gradebook.submitted import BatchError, read_masters
from chainrule.grading.judge.master import MasterError

__all__ = ["Misfit", "mend", "misfits"]


@dataclass(frozen=True)
class Misfit:
    """A way in which the rows of an assignment do not fit its masters, in a few words."""

    assignment: str
    told: str


def misfits(course: Course) -> list[Misfit]:
    """All of them, of assignments that somebody handed in. Raises CourseError, BookError."""
    config = course.config()
    folders = CourseDirectory(config=config)
    found: list[Misfit] = []
    with open_gradebook(course) as book:
        submitted = api.SubmittedAssignment.assignment_id
        rows = select(api.Assignment.name).join(
            api.SubmittedAssignment, submitted == api.Assignment.id
        )
        for name in sorted(set(book.db.scalars(rows))):
            try:
                masters = read_masters(folders, name, config)
            except (BatchError, MasterError) as error:
                found.append(Misfit(name, str(error)))
                continue
            changes = master_changes(book.db, name, masters)
            changes = with_renames(book.db, name, masters, changes)
            found += [Misfit(name, str(change)) for change in changes]
            (number,) = book.db.scalars(select(api.Assignment.id).filter_by(name=name))
            found += [
                Misfit(name, f"{cell} of {student} has {score:g} of {most:g} points")
                for student, cell, score, most in over_maximum(book.db, submitted == number)
            ]
    return found


def mend(
    course: Course,
    assignment: str,
    update: Callable[[list[MasterChange]], list[MasterChange]],
    **how: Any,
) -> BatchResult:
    """Bring the rows of an assignment in line with its masters, and grade all its work again.

    update, how: see `batch.grade`, which this is, with a copy of the database in any case.
    """
    return grade(course.root, assignment, force=True, update=update, always_copy=True, **how)
