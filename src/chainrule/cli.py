"""The `chainrule` command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.panel import Panel
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Table
    from rich.text import Text

    from chainrule.grading.course import Course, CourseError
    from chainrule.grading.demo import Demo, run_demo
    from chainrule.grading.notebooks import (
        generate_release,
        mark_problem_set,
        normalise,
        read,
        run_lecture,
        write,
    )
    from chainrule.grading.results import QuestionScore
    from chainrule.grading.selfcheck import CheckedNotebook, check_notebook
except ModuleNotFoundError as missing:
    sys.exit(
        f"The chainrule command needs {missing.name}, which is not installed.\n"
        "Install it with:  pip install 'chainrule[grading]'"
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
    """Run the checks of a problem set; exit status 0 when all pass, 1 when not, 2 when it cannot."""
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
def notebooks() -> None:
    """Normalise all notebooks, regenerate release/, and run the lectures."""
    course = Course.find()
    masters, lectures = course.masters(), course.lectures()
    with _progress() as progress:
        task = progress.add_task("notebooks", total=len(masters) + len(lectures) + 1)
        for path in masters:
            write(mark_problem_set(normalise(read(path)), path.stem), path)
            progress.advance(task)
        generate_release(course, course.root / "release")
        progress.advance(task)
        for path in lectures:
            write(run_lecture(path), path)
            progress.advance(task)


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
    questions = made.questions[assignment]
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


def main() -> None:
    """Run the command; what is wrong with the course is one line, not a traceback."""
    try:
        app()
    except CourseError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(2)
