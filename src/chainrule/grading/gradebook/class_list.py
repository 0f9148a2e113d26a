"""Who is a student: whom somebody entered, and not everybody who has a folder in submitted/.

For everybody who handed something in nbgrader's gradebook needs a row, so that alone does not tell.
Graded work of whom nobody entered carries a mark (see `marks.py`), until somebody does.
"""

from __future__ import annotations

import difflib
import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import or_, select

from chainrule.course.roster import EnrolledStudent, enter
from chainrule.grading.gradebook.marks import MARK, Mark
from chainrule.notebook.atomic_file import put

__all__ = ["ClassList", "enrol"]


class ClassList:
    """The class list as an open gradebook has it."""

    def __init__(self, db: Any, folders: CourseDirectory) -> None:
        self._folders = folders
        known = api.Student
        self._in_book = set(db.scalars(select(known.id)))
        details = (known.first_name, known.last_name, known.email, known.lms_user_id)
        told = or_(*(column.is_not(None) for column in details))
        self._described = set(db.scalars(select(known.id).where(told)))

    def lists(self, student: str) -> bool:
        """Whether somebody entered them."""
        if student in self._described:
            return True
        marks = _marks_of(self._folders, student)
        return student in self._in_book and not any(mark.unlisted for _, mark in marks)

    @property
    def names(self) -> list[str]:
        """Everybody who is in it."""
        return sorted(name for name in self._in_book if self.lists(name))

    def strangers(self, students: Iterable[str]) -> dict[str, str]:
        """Those of the students who are not in it, with the name in it that is most alike, if any
        is. Without a class list nobody is a stranger."""
        not_in = [name for name in students if not self.lists(name)]
        names = self.names if not_in else []
        if not names:
            return {}
        return {name: next(iter(difflib.get_close_matches(name, names, 1)), "") for name in not_in}


def enrol(book: Any, folders: CourseDirectory, students: Iterable[EnrolledStudent]) -> list[str]:
    """Enter students into the class list of an open gradebook; the names of those new to it."""
    students = list(students)
    before = ClassList(book.db, folders)
    new = [one.id for one in students if not before.lists(one.id)]
    enter(book, students)
    for student in students:
        for folder, mark in _marks_of(folders, student.id):
            if mark.unlisted:
                mode = (folder / MARK).stat().st_mode & 0o777
                put(folder / MARK, Mark(mark.graded, mark.versions).as_bytes(), mode)
    return new


def _marks_of(folders: CourseDirectory, student: str) -> list[tuple[Path, Mark]]:
    """The marks of a student's graded work, with their folders."""
    path = folders.format_path(folders.autograded_directory, student, "\0")
    above, _, below = path.partition("\0")
    found = []
    for place in Path(above).glob(f"*{glob.escape(below)}/{MARK}"):
        mark = Mark.read(place.parent)
        if mark is not None:
            found.append((place.parent, mark))
    return found
