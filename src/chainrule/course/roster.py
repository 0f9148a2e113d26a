"""Class lists: read from CSV, and entered into nbgrader's gradebook."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.course.folder import CourseError

__all__ = ["EnrolledStudent", "enrolled", "enter", "read_roster"]

# nbgrader makes a folder of it, and cuts names at "+".
_STUDENT_ID = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@.-]{0,127}")
_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
_MOST_FAULTS = 10  # told of at once


@dataclass(frozen=True)
class EnrolledStudent:
    """A line of the class list; all but the id may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


def read_roster(path: Path) -> list[EnrolledStudent]:
    """A class list: CSV in UTF-8, with the columns id, first_name, last_name, email, lms_user_id.

    Only id is needed, and the order is free. Raises CourseError, a line for each fault.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    lines = csv.DictReader(text.splitlines(), strict=True)
    columns = lines.fieldnames or []
    unknown = [name for name in columns if name not in _COLUMNS]
    if "id" not in columns or unknown or len(set(columns)) < len(columns):
        found = f"it has {', '.join(map(repr, columns))}" if columns else "it is empty"
        raise CourseError(f"{path}: the first line names columns among {', '.join(_COLUMNS)}; "
                          f"id has to be there; {found}")  # fmt: skip
    faults: list[str] = []
    students: dict[str, EnrolledStudent] = {}
    systems: dict[str, str] = {}
    try:
        for row in lines:
            fault = _fault(row, students, systems)
            if fault:
                faults.append(f"{path}, line {lines.line_num}: {fault}")
                continue
            student = EnrolledStudent(**{name: (row.get(name) or "").strip() for name in _COLUMNS})
            students[student.id] = student
            systems[student.lms_user_id] = student.id
    except csv.Error as error:
        faults.append(f"{path}, line {lines.line_num}: {error}")
    if not students and not faults:
        faults.append(f"{path} names no students")
    if faults:
        more = len(faults) - _MOST_FAULTS
        raise CourseError("\n".join(faults[:_MOST_FAULTS] + [f"and {more} more"] * (more > 0)))
    return list(students.values())


def enrolled(name: str, **details: str | None) -> EnrolledStudent:
    """A student to be entered, from what a person typed. Raises CourseError."""
    row = {"id": name, **{key: value or "" for key, value in details.items()}}
    fault = _fault(row, {}, {})
    if fault:
        raise CourseError(fault)
    return EnrolledStudent(**{key: value.strip() for key, value in row.items()})


def enter(book: Any, students: Iterable[EnrolledStudent]) -> list[str]:
    """Enter students into an open gradebook; the names of those who are new to it.

    Of those who are there, what is empty here stays as it is.
    """
    there = {student.id for student in book.students}
    students = list(students)
    for student in students:
        details = {name: getattr(student, name) for name in _COLUMNS[1:] if getattr(student, name)}
        book.update_or_create_student(student.id, **details)
    return [student.id for student in students if student.id not in there]


def _fault(
    row: dict[str, str], students: dict[str, EnrolledStudent], systems: dict[str, str]
) -> str:
    """What is wrong with a line of the class list, or nothing."""
    if None in row or None in row.values():
        return "it has not as many fields as the first line"
    name, system = row["id"].strip(), row.get("lms_user_id", "").strip()
    if not name:
        return "the id is empty"
    if not _STUDENT_ID.fullmatch(name):
        return f"{name!r} is no student id: use letters, digits, and . _ @ - in them"
    if name in students:
        return f"{name} is there twice"
    if system and system in systems:
        return f"{name} has the same lms_user_id as {systems[system]}"
    if "@" not in row.get("email", "@") and row["email"].strip():
        return f"{row['email'].strip()!r} is no address for email"
    return ""
