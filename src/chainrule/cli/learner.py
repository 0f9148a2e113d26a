"""Commands of whoever works on the problem sets: check, progress."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chainrule.cli.arguments import AsJson
from chainrule.cli.failures import FAULTS
from chainrule.cli.terminal import console, print_json, progress_bar
from chainrule.formatting import decimal

if TYPE_CHECKING:
    from rich.progress import TaskID

    from chainrule.selfcheck.run import CheckedNotebook

__all__ = ["check", "progress"]


def check(
    notebook: Annotated[Path, typer.Argument(help="A problem set you are working on.")],
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(help="What one cell may take.", min=1)] = 30.0,
) -> None:
    """Run a problem set's checks: exit status 0 when all pass, 1 when not, 2 when it cannot."""
    from chainrule.selfcheck.run import check_notebook

    with progress_bar(transient=True, disable=as_json) as progress:
        task = progress.add_task(notebook.name, total=None)
        checked = check_notebook(
            notebook,
            seconds,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(checked.as_json())
    else:
        _show_checked(checked)
    if checked.points < checked.max_points:
        raise typer.Exit(FAULTS)


def progress(
    folder: Annotated[Path, typer.Argument(help="Where your problem sets are.")] = Path("."),
    as_json: AsJson = False,
    seconds: Annotated[float, typer.Option(help="What one cell may take.", min=1)] = 30.0,
) -> None:
    """Say how far you have come in every problem set below a folder."""
    from chainrule.selfcheck.progress import as_table, folder_progress

    with progress_bar(transient=True, disable=as_json) as bars:
        tasks: defaultdict[str, TaskID] = defaultdict(lambda: bars.add_task("", total=None))
        rows = folder_progress(
            folder,
            seconds,
            lambda name, done, total: bars.update(
                tasks[name], description=escape(name), completed=done, total=total
            ),
        )
    if as_json:
        print_json([row.as_json() for row in rows])
    else:
        console.print(as_table(rows))


def _show_checked(checked: CheckedNotebook) -> None:
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column(checked.problem_set, no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("")
    for q in checked.questions:
        points = f"{decimal(q.points)}/{decimal(q.max_points)}" if q.max_points else "✎"
        says = q.message.split("\n")[0] or ("right" if q.max_points else "read by a person")
        if q.edited:
            says += "  (a check cell was edited)"
        colour = "green" if q.points == q.max_points else "yellow" if q.points else "red"
        table.add_row(q.id.upper(), f"[{colour}]{points}[/]", Text(says))
    table.add_section()
    table.add_row("all", f"{decimal(checked.points)}/{decimal(checked.max_points)}", "")
    console.print(table)
    failed = [q for q in checked.questions if q.message]
    if failed:
        console.print(Panel(Text(failed[0].message), title=failed[0].id.upper(), expand=False))
