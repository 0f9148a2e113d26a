"""The class list: who is a student of this course."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from chainrule.cli.arguments import AsJson, Assignment, assignment_in
from chainrule.cli.terminal import console, print_json

if TYPE_CHECKING:
    from chainrule.course.roster import EnrolledStudent

__all__ = ["add", "extend", "import_roster", "show"]

_MOST_DAYS = 3660
_DETAILS = ("first_name", "last_name", "email", "lms_user_id")


def add(
    student: Annotated[str, typer.Argument(help="The name of their folder in submitted/.")],
    first_name: Annotated[str, typer.Option(help="First name.")] = "",
    last_name: Annotated[str, typer.Option(help="Last name.")] = "",
    email: Annotated[str, typer.Option(help="Address for mail.")] = "",
    lms_user_id: Annotated[str, typer.Option(help="What the learning system calls them.")] = "",
) -> None:
    """Enter a student into the class list; of one who is there, change what is given."""
    from chainrule.course.roster import enrolled

    details = dict(first_name=first_name, last_name=last_name, email=email, lms_user_id=lms_user_id)
    _enter([enrolled(student, **details)])


def import_roster(
    roster: Annotated[Path, typer.Argument(help="CSV with a column id; see the manual.")],
) -> None:
    """Enter the students of a CSV file; those who are there already stay."""
    from chainrule.course.roster import read_roster

    _enter(read_roster(roster))


def extend(
    student: Annotated[str, typer.Argument(help="Who gets more time.")],
    assignment: Assignment,
    days: Annotated[
        float,
        typer.Option(
            help="How many days after the due date; 0 takes it back.", min=0, max=_MOST_DAYS
        ),
    ],
) -> None:
    """Give a student more time for work that is there; grade again afterwards."""
    from nbgrader.api import MissingEntry

    from chainrule.course.folder import Course, CourseError

    name = assignment_in(Course.find(), assignment)
    with _gradebook() as (book, _):
        try:
            submission = book.find_submission(name, student)
        except MissingEntry:
            raise CourseError(
                f"there is no work of {student} for {name} in the gradebook: grade it first, and "
                "then say how much more time there was"
            ) from None
        if submission.assignment.duedate is None:
            raise CourseError(
                f"{name} is never due: nbgrader db assignment add {name} --duedate='2030-01-31 "
                "17:00 UTC' says when it is"
            )
        submission.extension = timedelta(days=days) if days else None
        book.db.commit()
        due = f"{submission.duedate:%Y-%m-%d %H:%M} UTC"
    console.print(f"{student} has until {due} for {name}", highlight=False, markup=False)


def show(as_json: AsJson = False) -> None:
    """Show the class list."""
    from chainrule.grading.gradebook.class_list import ClassList

    with _gradebook() as (book, folders):
        names = set(ClassList(book.db, folders).names)
        rows = [
            {"id": one.id} | {name: getattr(one, name) or "" for name in _DETAILS}
            for one in sorted(book.students, key=lambda one: one.id)
            if one.id in names
        ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        console.print("nobody is in the class list: chainrule students add NAME", highlight=False)
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    shown = ["id", *(name for name in _DETAILS if any(row[name] for row in rows))]
    for name in shown:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(escape(row[name]) for name in shown))
    console.print(table)


def _enter(students: list[EnrolledStudent]) -> None:
    from chainrule.grading.gradebook.class_list import enrol

    with _gradebook() as (book, folders):
        new = enrol(book, folders, students)
    there = len(students) - len(new)
    told = [f"{len(new)} new in the class list"] + [f"{there} there already"] * bool(there)
    console.print("; ".join(told), highlight=False)


@contextmanager
def _gradebook() -> Iterator[tuple[Any, Any]]:
    """The gradebook of the course one is in, made where there is none, and its folders."""
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory

    from chainrule.course.folder import Course

    folders = CourseDirectory(config=Course.find().config())
    with Gradebook(folders.db_url, folders.course_id) as book:
        yield book, folders
