"""Commands of whoever makes a course: notebooks, new-course, demo."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from chainrule.cli.terminal import console, progress_bar
from chainrule.formatting import decimal

if TYPE_CHECKING:
    from chainrule.grading.gradebook.reader import QuestionScore
    from chainrule.sample.run import Demo

__all__ = ["demo", "new_course_folder", "notebooks"]


def demo(
    folder: Annotated[Path, typer.Option(help="Where to work; made anew.")] = Path("demo"),
) -> None:
    """Release the problem sets, grade a sample class, and show what came out."""
    from chainrule.course.folder import Course
    from chainrule.sample.run import run_demo

    course = Course.find()
    with progress_bar() as progress:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        made = run_demo(course, course.root / folder, show)
    for assignment in made.graded:
        console.print(_class_table(made, assignment))
    console.print("✎ waits for a person: the written answers are read in nbgrader's Formgrader.\n")
    for label, path in made.written.items():
        console.print(f"{label:>10}  {os.path.relpath(path)}", highlight=False)


def notebooks() -> None:
    """Normalise all notebooks, run the lectures, and regenerate release/."""
    from chainrule.course.folder import Course
    from chainrule.course.kernel import run_lecture
    from chainrule.course.notebooks import normalise, read, write
    from chainrule.course.release import (
        checks_table,
        generate_release,
        lectures_to_work_in,
        mark_problem_set,
    )

    course = Course.find()
    masters, lectures = course.masters(), course.lectures()
    with progress_bar() as progress:
        task = progress.add_task("notebooks", total=len(masters) + len(lectures) + 1)
        for path in masters:
            write(mark_problem_set(normalise(read(path)), path.stem), path)
            progress.advance(task)
        released = generate_release(course, course.root / "release")
        table = course.root / "src" / "chainrule" / "check" / "progress.tsv"
        if table.parent.is_dir():  # not so in a course that only uses the package
            table.write_text(checks_table(released), encoding="utf-8")
        progress.advance(task)
        for path in lectures:
            write(run_lecture(path), path)
            progress.advance(task)
        lectures_to_work_in(course, course.root / "release" / "lectures")


def new_course_folder(
    folder: Annotated[Path, typer.Argument(help="The course folder to make.")],
    course_id: Annotated[str, typer.Option(help="Its name in nbgrader's exchange.")] = "chainrule",
    students: Annotated[Path | None, typer.Option(help="A class list, as CSV.")] = None,
    lectures: Annotated[bool, typer.Option("--lectures", help="Copy the lectures too.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="A checkout, if not the installed one.")
    ] = None,
) -> None:
    """Lay out a folder for a class, with problem sets, settings, README and gradebook."""
    from chainrule.course.roster import read_roster
    from chainrule.course.scaffold import checkout, new_course

    roster = read_roster(students) if students else None
    made = new_course(folder, checkout(source), course_id, lectures, roster)
    sets, first = made.course.assignments, made.course.assignments[0]
    console.print(
        f"{os.path.relpath(made.course.root)}: {len(sets)} problem sets"
        + (f", a class of {made.students}" if made.students else "")
        + f". [bold]Next:[/] cd {escape(shlex.quote(str(folder)))} && "
        f"nbgrader generate_assignment {first}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def _class_table(made: Demo, assignment: str) -> Table:
    questions = dict.fromkeys(q for row in made.graded[assignment] for q in row.questions)
    table = Table(title=assignment, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
    table.add_column("student", no_wrap=True)
    for question in questions:
        table.add_column(question.removeprefix("q"), justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("what went wrong", overflow="fold")
    for row in made.graded[assignment]:
        scores = [_score(row.questions.get(q)) for q in questions]
        total = f"{decimal(row.score)}/{decimal(row.max_score)}"
        colour = "green" if row.score == row.max_score else "red" if row.score == 0 else "yellow"
        table.add_row(row.student, *scores, f"[{colour}]{total}[/]", row.went_wrong or "–")
    return table


def _score(question: QuestionScore | None) -> str:
    if question is None:
        return ""
    if question.waiting:
        return "✎"
    colour = "green" if question.score == question.max_score else "red bold"
    return f"[{colour}]{decimal(question.score)}[/]"
