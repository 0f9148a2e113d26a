"""Commands that tell what came of grading a class: report, export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from chainrule.cli.arguments import AsJson, Assignment, assignment_in, to_write
from chainrule.cli.terminal import console, listening, print_json
from chainrule.grading.lms.options import Match, Options, Target

__all__ = ["export", "gradescope_zip", "report"]


def report(
    assignment: Assignment,
    to: Annotated[Path | None, typer.Option(help="The page; a table goes beside it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write what the class did not understand, as a page and a table."""
    from chainrule.course.folder import Course
    from chainrule.grading.report.class_report import read_report
    from chainrule.grading.report.class_report_page import as_table, write_report

    course = Course.find()
    name = assignment_in(course, assignment)
    page = course.root / "reports" / f"{name}.html" if to is None else to_write(to, ".html", ".htm")
    with listening():
        found = read_report(course, name)
    written = write_report(found, page)
    if as_json:
        print_json(found.as_json() | {"written": [str(path) for path in written]})
        return
    console.print(as_table(found, console.width))
    for path in written:
        console.print(os.path.relpath(path), highlight=False, markup=False, soft_wrap=True)


def export(
    assignment: Assignment,
    to: Annotated[Target, typer.Option(help="What for.")] = Target.CSV,
    output: Annotated[Path | None, typer.Option(help="The file, or Gradescope's folder.")] = None,
    roster: Annotated[Path | None, typer.Option(help="The gradebook Canvas exported.")] = None,
    match: Annotated[Match, typer.Option(help="How Moodle finds students.")] = Match.IDNUMBER,
    column: Annotated[str, typer.Option(help="What they call the assignment.")] = "",
    zero: Annotated[
        bool, typer.Option("--zero-for-missing", help="0 points for no submission.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write grades for a learning-management system."""
    from chainrule.course.folder import Course
    from chainrule.grading.lms.export import export_assignment

    course = Course.find()
    options = Options(roster, match, column, zero)
    name = assignment_in(course, assignment)
    if output is not None and to is not Target.GRADESCOPE:
        to_write(output, ".csv")
    with listening():
        done = export_assignment(course, name, to, output, options)
    if as_json:
        told = {"students": done.students, "notes": done.notes, "written": str(done.path)}
        print_json({"assignment": name, "to": to.value} | told)
        return
    console.print(f"{done.students} students", highlight=False)
    for note in done.notes:
        console.print(f"[yellow]note[/] {escape(note)}", highlight=False)
    console.print(os.path.relpath(done.path), highlight=False, markup=False, soft_wrap=True)


def gradescope_zip(
    assignment: Assignment,
    output: Annotated[Path | None, typer.Option(help="The archive.")] = None,
    seconds: Annotated[
        int, typer.Option(help="What Gradescope gives a submission.", min=60, max=2400)
    ] = 600,
    requirements: Annotated[
        Path | None, typer.Option(help="Further packages, as pip reads them.", exists=True)
    ] = None,
) -> None:
    """Write autograder.zip, with which Gradescope grades by this judge."""
    from chainrule.course.folder import Course
    from chainrule.grading.lms.gradescope_zip import write_autograder

    course = Course.find()
    name = assignment_in(course, assignment)
    usual = course.root / "exports" / f"{name}_autograder.zip"
    target = usual if output is None else to_write(output, ".zip")
    with listening():
        names = write_autograder(course, name, target, seconds, requirements)
    console.print(f"{len(names)} files, {target.stat().st_size / 1e6:.1f} MB", highlight=False)
    console.print(os.path.relpath(target), highlight=False, markup=False, soft_wrap=True)
