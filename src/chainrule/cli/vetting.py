"""The command of whoever wrote a master: vet."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.table import Table

from chainrule.cli.arguments import AsJson, Assignment, assignment_in
from chainrule.cli.failures import FAULTS
from chainrule.cli.instructor import limits_of
from chainrule.cli.terminal import console, listening, print_json, progress_bar

if TYPE_CHECKING:
    from chainrule.grading.judge.findings import Finding, Findings

__all__ = ["vet"]

_NOTHING = "–"


def vet(assignment: Assignment, as_json: AsJson = False) -> None:
    """Try a master: how its checks are run, and what they let through."""
    from nbgrader.coursedir import CourseDirectory

    from chainrule.course.folder import Course
    from chainrule.grading.gradebook.submitted import read_masters
    from chainrule.grading.judge.findings import findings

    course = Course.find()
    name = assignment_in(course, assignment)
    config = course.config()
    limits = limits_of(course).of_assignment(name)
    masters = read_masters(CourseDirectory(config=config), name, config)
    found = []
    with listening(), progress_bar(transient=True, disable=as_json) as progress:
        for master in masters:
            task = progress.add_task(master.name, total=None)
            show = partial(_update, progress, task)
            found.append(findings(master, limits, show))
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            _show(one)
    if any(one.problem for one in found):
        raise typer.Exit(FAULTS)


def _update(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _show(found: Findings) -> None:
    table = Table(box=SIMPLE_HEAD, header_style="bold", title=escape(found.name))
    table.add_column("check", overflow="fold")
    table.add_column("run")
    table.add_column("own", justify="right")
    table.add_column("for nothing", justify="right")
    table.add_column("what to know")
    for check in found.checks:
        table.add_row(
            escape(check.grade_id),
            _coloured(check.way),
            f"{check.points:g}/{check.most:g}",
            f"[red]{max(check.free.values()):g}[/]" if check.free else _NOTHING,
            "\n".join(map(escape, _told(check))),
        )
    console.print(table)
    sentences = [f"Its own solution takes {found.seconds:.1f} s."]
    if found.problem:
        sentences.append(
            f"[red]{escape(found.problem[:1].upper() + found.problem[1:])}[/]: `chainrule grade` "
            "refuses it without --even-so."
        )
    console.print(" ".join(sentences), highlight=False)


def _coloured(way: str) -> str:
    return way if way == "outside" else f"[yellow]{way}[/]"


def _told(check: Finding) -> list[str]:
    lines = [check.why] if check.why else []
    for given in sorted(set(check.free.values()), reverse=True):
        what = [name for name, one in check.free.items() if one == given]
        lines.append(f"{given:g} for {', '.join(what)}")
    return [*lines, *check.remarks]
