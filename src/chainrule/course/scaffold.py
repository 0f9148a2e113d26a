"""A course folder for a class: `chainrule new-course DIR`.

The problem sets have their solutions and hidden checks in them, and students install the package
too. So the package brings neither: they are copied from a checkout of the course, by default from
the one that chainrule is installed from (`pip install -e`).
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from nbgrader.api import Gradebook

from chainrule.course.folder import Course, CourseError

__all__ = ["EnrolledStudent", "NewCourse", "checkout", "new_course", "read_roster"]

_COURSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# nbgrader makes a folder of it, and cuts names at "+".
_STUDENT_ID = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@.-]{0,127}")
_COLUMNS = ("id", "first_name", "last_name", "email", "lms_user_id")
_MOST_FAULTS = 10  # told of at once
_IGNORED = """\
# Students' work and grades are nobody else's business.
gradebook.db
submitted/
autograded/
feedback/
downloaded/
reports/
exports/
.ipynb_checkpoints/
"""


@dataclass(frozen=True)
class EnrolledStudent:
    """A line of the class list; all but the id may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclass(frozen=True)
class NewCourse:
    """What was made. students: how many are in the gradebook."""

    course: Course
    students: int


def checkout(start: Path | None = None) -> Path:
    """The checkout that this package is installed from, or `start`.

    Raises CourseError when there is none, or it has no problem sets.
    """
    folder = start.resolve() if start else Path(__file__).resolve().parents[3]
    if (folder / "source").is_dir() and Course(folder).masters():
        return folder
    if start:
        raise CourseError(
            f"{start} is no checkout of the course: it has no problem sets in source/"
        )
    raise CourseError(
        "The problem sets have solutions in them, so they do not come with the package: "
        "get a checkout of the course, and name it with --from."
    )


def new_course(
    folder: Path,
    source: Path,
    course_id: str = "chainrule",
    lectures: bool = False,
    roster: list[EnrolledStudent] | None = None,
) -> NewCourse:
    """Lay out a course in `folder`, which must not be there.

    source: a checkout. lectures: copy course/ too. roster: goes into the gradebook. All of it
    appears at once, or nothing does, and only its owner can read it. Raises CourseError.
    """
    if not _COURSE_ID.fullmatch(course_id):
        raise CourseError(f"{course_id!r} is no course id: use letters, digits, and . _ - in them")
    given = Course(source)
    names = given.assignments
    with _made_at_once(folder) as work:
        for name in names:
            shutil.copytree(given.root / "source" / name, work / "source" / name, ignore=_leave_out)
        if lectures:
            shutil.copytree(given.root / "course", work / "course", ignore=_leave_out)
        pages = Environment(
            loader=PackageLoader("chainrule.course"),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        for page in ("README.md", "nbgrader_config.py"):
            text = pages.get_template(f"{page}.jinja").render(
                course_id=course_id,
                lectures=lectures,
                students=len(roster or ()),
                assignments=names,
                first=names[0],
            )
            (work / page).write_text(text, encoding="utf-8")
        (work / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        if roster:
            _enter(work, course_id, roster)
    return NewCourse(Course(folder.resolve()), len(roster or ()))


_leave_out = shutil.ignore_patterns(".*", "__pycache__")


@contextmanager
def _made_at_once(folder: Path) -> Iterator[Path]:
    """A folder to work in, which becomes `folder` at the end.

    `folder` is made empty first: of two that try, one makes it. A folder can be renamed to an empty
    one only, so what anybody puts there meanwhile stays too.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        raise CourseError(f"{folder} is there already: nothing was written") from None
    except OSError as error:
        raise CourseError(f"{folder} cannot be made: {error.strerror}") from error
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield work
        try:
            os.rename(work, folder)
        except OSError as error:
            raise CourseError(f"{folder} is not empty any more: nothing was written") from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        with suppress(OSError):  # somebody else's files are in it
            folder.rmdir()
        raise


def _enter(work: Path, course_id: str, roster: list[EnrolledStudent]) -> None:
    with Gradebook(f"sqlite:///{work}/gradebook.db", course_id) as book:
        for student in roster:
            details = {name: getattr(student, name) or None for name in _COLUMNS[1:]}
            book.add_student(student.id, **details)


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
