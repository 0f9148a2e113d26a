"""A course folder for a class: `chainrule new-course DIR`.

The problem sets have their solutions and hidden checks in them, and students install the package
too. So the package brings neither: they are copied from a checkout of the course, by default from
the one that chainrule is installed from (`pip install -e`).
"""

from __future__ import annotations

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
from chainrule.course.roster import EnrolledStudent, enter

__all__ = ["NewCourse", "checkout", "new_course"]

_COURSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
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
            with Gradebook(f"sqlite:///{work}/gradebook.db", course_id) as book:
                enter(book, roster)
    return NewCourse(Course(folder.resolve()), len(roster or ()))


_leave_out = shutil.ignore_patterns(".*", "__pycache__")


@contextmanager
def _made_at_once(folder: Path) -> Iterator[Path]:
    """A folder to work in, which becomes `folder` at the end.

    `folder` is made empty first: of two that try, one makes it. A folder can be renamed to an empty
    one only, so what anybody puts there meanwhile stays too.
    """
    if os.path.lexists(folder):
        raise CourseError(f"{folder} is there already: nothing was written")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
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
