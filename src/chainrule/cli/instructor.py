"""Commands of whoever teaches a class: grade, feedback, report, export, doctor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from chainrule.cli.terminal import console, progress_bar
from chainrule.course.folder import Course, CourseError
from chainrule.grading.gradebook.batch import BatchResult
from chainrule.grading.gradebook.batch import grade as grade_class
from chainrule.grading.limits import Limits, gone
from chainrule.grading.lms.export import Match, Options, Target, export_assignment
from chainrule.grading.report.class_report import read_report
from chainrule.grading.report.class_report_page import as_table as questions_table
from chainrule.grading.report.class_report_page import write_report
from chainrule.grading.report.feedback import generate as generate_feedback
from chainrule.grading.sandbox.launcher import doctor as jail_layers
from chainrule.grading.sandbox.layers import LOST

__all__ = ["doctor", "export", "feedback", "grade", "report"]


def grade(
    assignment: Annotated[str, typer.Argument(help="A problem set, such as ps1_scalar_circuits.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    jobs: Annotated[int | None, typer.Option(help="How many at once.", min=1)] = None,
    force: Annotated[bool, typer.Option("--force", help="Unchanged work too.")] = False,
    no_jail: Annotated[
        bool,
        typer.Option("--no-jail", help="Grade unprotected where there is no jail."),
    ] = False,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
) -> None:
    """Grade what was submitted, into autograded/ and the gradebook."""
    course = Course.find()
    with progress_bar(transient=True) as progress, _executor(scheduler) as executor:
        task = progress.add_task(assignment, total=None)
        done = grade_class(
            course.root,
            assignment,
            students=student,
            jobs=jobs,
            force=force,
            progress=lambda n, total, *_: progress.update(task, completed=n, total=total),
            executor=executor,
            limits=_limits(course, no_jail),
        )
    _show_batch(done)
    if done.failed:
        raise typer.Exit(1)


def feedback(
    assignment: Annotated[str, typer.Argument(help="A problem set, such as ps1_scalar_circuits.")],
    student: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    jobs: Annotated[int | None, typer.Option(help="How many at once.", min=1)] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Pages that are as they should be.")
    ] = False,
) -> None:
    """Write a page for each student: points, comments, and what the checks said."""
    course = Course.find()
    with progress_bar(transient=True) as progress:
        task = progress.add_task(assignment, total=None)
        done = generate_feedback(
            course.root,
            assignment,
            students=student,
            jobs=jobs,
            force=force,
            progress=lambda n, total, _: progress.update(task, completed=n, total=total),
        )
    console.print(
        f"{len(done.written)} written in {done.seconds:.1f} s; "
        f"{done.unchanged} unchanged, {len(done.failed)} failed",
        highlight=False,
    )
    for name, why in sorted(done.failed.items()):
        console.print(f"[red]failed[/] {escape(name)}: {escape(why)}", highlight=False)
    if done.failed:
        raise typer.Exit(1)


def report(
    assignment: Annotated[str, typer.Argument(help="A problem set, such as ps1_scalar_circuits.")],
    to: Annotated[Path | None, typer.Option(help="The page; a table goes beside it.")] = None,
) -> None:
    """Write what the class did not understand, as a page and a table."""
    course = Course.find()
    found = read_report(course, assignment)
    written = write_report(found, to or course.root / "reports" / f"{assignment}.html")
    console.print(questions_table(found))
    for path in written:
        console.print(os.path.relpath(path), highlight=False, markup=False, soft_wrap=True)


def export(
    assignment: Annotated[str, typer.Argument(help="A problem set, such as ps1_scalar_circuits.")],
    to: Annotated[Target, typer.Option(help="What for.")] = Target.CSV,
    output: Annotated[Path | None, typer.Option(help="The file, or Gradescope's folder.")] = None,
    roster: Annotated[Path | None, typer.Option(help="The gradebook Canvas exported.")] = None,
    match: Annotated[Match, typer.Option(help="How Moodle finds students.")] = Match.IDNUMBER,
    column: Annotated[str, typer.Option(help="What they call the assignment.")] = "",
    zero: Annotated[
        bool, typer.Option("--zero-for-missing", help="0 points for no submission.")
    ] = False,
) -> None:
    """Write grades for a learning-management system."""
    options = Options(roster, match, column, zero)
    done = export_assignment(Course.find(), assignment, to, output, options)
    console.print(f"{done.students} students", highlight=False)
    for note in done.notes:
        console.print(f"[yellow]note[/] {escape(note)}", highlight=False)
    console.print(os.path.relpath(done.path), highlight=False, markup=False, soft_wrap=True)


def doctor() -> None:
    """Say which layers of the jail this machine and this user can have, why not the others, and
    what is lost without them."""
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("layer", no_wrap=True)
    table.add_column("here", no_wrap=True)
    table.add_column("why not")
    layers = jail_layers()
    for row in layers:
        table.add_row(row.name, "[green]active[/]" if row.active else "[red]missing[/]", row.why)
    console.print(table)
    for row in layers:
        if not row.active and row.name in LOST:
            console.print(f"Without {row.name}: {LOST[row.name]}", highlight=False)


@contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """Where to judge: a running Dask scheduler, or None for this machine."""
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise CourseError(
            "--scheduler needs Dask: in the checkout, pip install -e '.[cluster]'"
        ) from None
    with Client(address, timeout="10s") as client:
        yield client.get_executor()


def _limits(course: Course, no_jail: bool) -> Limits:
    """The course's own, with what the command line waives. Raises CourseError."""
    settings = dict(course.config().get("Judge", {}))
    for line in gone(settings):
        console.print(f"[yellow]note[/] nbgrader_config.py: {line}", highlight=False)
    if no_jail:
        settings["no_jail"] = True
    try:
        return Limits.of(settings)
    except (TypeError, ValueError) as error:
        raise CourseError(f"nbgrader_config.py: {error}") from None


def _show_batch(done: BatchResult) -> None:
    rate = f", {done.seconds / len(done.graded):.2f} s each" if done.graded else ""
    console.print(
        f"{len(done.graded)} graded in {done.seconds:.1f} s{rate}; "
        f"{len(done.unchanged)} unchanged, {len(done.failed)} failed",
        highlight=False,
    )
    slow = sorted(done.graded.items(), key=lambda item: -item[1])[:3]
    if slow and slow[0][1] > 5:
        shown = ", ".join(f"{name} ({seconds:.0f} s)" for name, seconds in slow if seconds > 5)
        console.print(f"slowest: {escape(shown)}", highlight=False)
    for name, why in sorted(done.failed.items()):
        console.print(f"[red]failed[/] {escape(name)}: {escape(why)}", highlight=False)
    for name, notes in sorted(done.problems.items()):
        for note in notes:
            console.print(f"[yellow]note[/] {escape(name)}: {escape(note)}", highlight=False)
