"""The `chainrule` command."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.panel import Panel
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.table import Table
    from rich.text import Text

    from chainrule.course.folder import Course, CourseError
    from chainrule.course.notebooks import (
        checks_table,
        generate_release,
        mark_problem_set,
        normalise,
        read,
        run_lecture,
        write,
    )
    from chainrule.course.scaffold import checkout, new_course, read_roster
    from chainrule.grading.gradebook.batch import BatchError, BatchResult
    from chainrule.grading.gradebook.batch import grade as grade_class
    from chainrule.grading.gradebook.reader import QuestionScore
    from chainrule.grading.gradebook.writer import BookError
    from chainrule.grading.judge.master import MasterError
    from chainrule.grading.limits import Limits
    from chainrule.grading.lms.export import Match, Options, Target, export_assignment
    from chainrule.grading.report.class_report import read_report
    from chainrule.grading.report.class_report_page import as_table as questions_table
    from chainrule.grading.report.class_report_page import write_report
    from chainrule.grading.report.feedback import generate as generate_feedback
    from chainrule.grading.sandbox.guest_process import ForkServerError
    from chainrule.grading.sandbox.kernel import JailUnavailable
    from chainrule.grading.sandbox.launcher import doctor as jail_layers
    from chainrule.sample.run import Demo, run_demo
    from chainrule.selfcheck.progress import as_table, folder_progress
    from chainrule.selfcheck.run import CheckedNotebook, check_notebook
except ModuleNotFoundError as missing:
    sys.exit(
        f"The chainrule command needs {missing.name}, which is not installed.\n"
        "In the course's checkout, run:  pip install -e '.[grading]'"
    )

app = typer.Typer(
    help="A course on backpropagation, and the grading of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# A table of twelve questions wants more room than the 80 columns of a pipe.
console = Console() if sys.stdout.isatty() else Console(width=120)


@app.callback()
def chainrule() -> None:
    """A course on backpropagation, and the grading of it."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where to work; made anew.")] = Path("demo"),
) -> None:
    """Release the problem sets, grade a sample class, and show what came out."""
    course = Course.find()
    with _progress() as progress:
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


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="A problem set you are working on.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, for tools.")] = False,
    seconds: Annotated[float, typer.Option(help="What one cell may take.", min=1)] = 30.0,
) -> None:
    """Run a problem set's checks: exit status 0 when all pass, 1 when not, 2 when it cannot."""
    with _progress(transient=True, disable=as_json) as progress:
        task = progress.add_task(notebook.name, total=None)
        checked = check_notebook(
            notebook,
            seconds,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        print(json.dumps(checked.as_json(), indent=2))
    else:
        _show_checked(checked)
    if checked.points < checked.max_points:
        raise typer.Exit(1)


@app.command()
def progress(
    folder: Annotated[Path, typer.Argument(help="Where your problem sets are.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, for tools.")] = False,
    seconds: Annotated[float, typer.Option(help="What one cell may take.", min=1)] = 30.0,
) -> None:
    """Say how far you have come in every problem set below a folder."""
    with _progress(transient=True, disable=as_json) as bars:
        tasks: defaultdict[str, TaskID] = defaultdict(lambda: bars.add_task("", total=None))
        rows = folder_progress(
            folder,
            seconds,
            lambda name, done, total: bars.update(
                tasks[name], description=escape(name), completed=done, total=total
            ),
        )
    if as_json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
    else:
        console.print(as_table(rows))


@app.command()
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
    with _progress(transient=True) as progress, _executor(scheduler) as executor:
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


@app.command()
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
    with _progress(transient=True) as progress:
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


@app.command()
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


@app.command()
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


@app.command()
def doctor() -> None:
    """Say which walls of the jail this machine and this user can have, and why not the others."""
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("layer", no_wrap=True)
    table.add_column("here", no_wrap=True)
    table.add_column("why not")
    for row in jail_layers():
        table.add_row(row.name, "[green]active[/]" if row.active else "[red]missing[/]", row.why)
    console.print(table)


@app.command()
def notebooks() -> None:
    """Normalise all notebooks, regenerate release/, and run the lectures."""
    course = Course.find()
    masters, lectures = course.masters(), course.lectures()
    with _progress() as progress:
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


@app.command("new-course")
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


def _show_checked(checked: CheckedNotebook) -> None:
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column(checked.problem_set, no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("")
    for q in checked.questions:
        points = f"{q.points:g}/{q.max_points:g}" if q.max_points else "✎"
        says = q.message.split("\n")[0] or ("right" if q.max_points else "read by a person")
        if q.edited:
            says += "  (a check cell was edited)"
        colour = "green" if q.points == q.max_points else "yellow" if q.points else "red"
        table.add_row(q.id.upper(), f"[{colour}]{points}[/]", Text(says))
    table.add_section()
    table.add_row("all", f"{checked.points:g}/{checked.max_points:g}", "")
    console.print(table)
    failed = [q for q in checked.questions if q.message]
    if failed:
        console.print(Panel(Text(failed[0].message), title=failed[0].id.upper(), expand=False))


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
        total = f"{row.score:g}/{row.max_score:g}"
        colour = "green" if row.score == row.max_score else "red" if row.score == 0 else "yellow"
        table.add_row(row.student, *scores, f"[{colour}]{total}[/]", row.went_wrong or "–")
    return table


def _score(question: QuestionScore | None) -> str:
    if question is None:
        return ""
    if question.waiting:
        return "✎"
    colour = "green" if question.score == question.max_score else "red bold"
    return f"[{colour}]{question.score:g}[/]"


def _progress(transient: bool = False, disable: bool = False) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=transient,
        disable=disable,
    )


# What is wrong with the course or the machine, and not with this program: told in a line.
_FAILURES = (CourseError, BatchError, BookError, JailUnavailable, MasterError, ForkServerError)


def main() -> None:
    """Run the command; what is wrong with the course is one line, not a traceback."""
    try:
        app()
    except _FAILURES as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(2)
