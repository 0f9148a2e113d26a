"""Commands of whoever grades a class: grade, feedback, doctor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from chainrule.cli.arguments import AsJson, Assignment, Jobs, Students, assignment_in
from chainrule.cli.failures import FAULTS, STOPPED
from chainrule.cli.terminal import console, listening, paused, print_json, progress_bar

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from chainrule.course.folder import Course
    from chainrule.grading.gradebook.batch import BatchResult
    from chainrule.grading.gradebook.master_changes import MasterChange
    from chainrule.grading.gradebook.misfits import Misfit
    from chainrule.grading.limits import Limits

__all__ = ["doctor", "feedback", "grade", "limits_of"]

_MOST_STRANGERS = 5  # named one by one


def grade(
    assignment: Assignment,
    students: Students = None,
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Unchanged work too.")] = False,
    no_jail: Annotated[
        bool,
        typer.Option("--no-jail", help="Grade unprotected where there is no jail."),
    ] = False,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    update_gradebook: Annotated[
        bool,
        typer.Option("--update-gradebook", help="Bring a changed master into it; a copy is kept."),
    ] = False,
    renamed: Annotated[
        list[str] | None, typer.Option(metavar="OLD=NEW", help="A cell that has a new name.")
    ] = None,
    dropped: Annotated[
        list[str] | None, typer.Option(metavar="OLD", help="A cell that is gone, grades and all.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave out who is not in the class list.")
    ] = False,
    even_so: Annotated[
        bool,
        typer.Option("--even-so", help="Also where the master's own solution fails its checks."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Grade what was submitted, into autograded/ and the gradebook."""
    from chainrule.course.folder import Course, CourseError

    course = Course.find()
    name = assignment_in(course, assignment)
    if (renamed or dropped) and not update_gradebook:
        raise CourseError("--renamed and --dropped say how --update-gradebook is meant: add that")
    limits = limits_of(course, no_jail=no_jail, even_so=even_so)

    from chainrule.cli.renames import settle
    from chainrule.grading.gradebook.batch import BatchStopped
    from chainrule.grading.gradebook.batch import grade as grade_class

    def update(changes: list[MasterChange]) -> list[MasterChange]:
        with paused(progress):
            return settle(changes, renamed or (), dropped or ())

    left = 0
    with (
        listening(),
        progress_bar(transient=True, disable=as_json) as progress,
        _executor(scheduler) as executor,
    ):
        task = progress.add_task(name, total=None)
        try:
            done = grade_class(
                course.root,
                name,
                students=students,
                jobs=jobs,
                force=force,
                progress=lambda n, total, *_: progress.update(task, completed=n, total=total),
                executor=executor,
                limits=limits,
                update=update if update_gradebook else None,
                strict=strict,
            )
        except BatchStopped as stopped:
            done, left = stopped.result, stopped.left
    nothing = not (left or done.graded or done.unchanged or done.failed)
    if as_json:
        copy = None if done.copy is None else str(done.copy)
        more = {"copy": copy, "left": left, "inside": sorted(done.inside)}
        print_json({"assignment": name} | asdict(done) | more)
    elif nothing:
        console.print(
            f"nothing was graded, since nobody handed {name} in. Work belongs into "
            f"submitted/STUDENT/{name}/; `nbgrader collect` or `zip_collect` puts it there",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    else:
        _show_batch(done, left)
    if left:
        raise SystemExit(STOPPED)  # not typer's Exit: it is told already
    if nothing or done.failed:
        raise typer.Exit(FAULTS)


def feedback(
    assignment: Assignment,
    students: Students = None,
    jobs: Jobs = None,
    force: Annotated[
        bool, typer.Option("--force", help="Pages that are as they should be.")
    ] = False,
) -> None:
    """Write a page for each student: points, comments, and what the checks said."""
    from chainrule.course.folder import Course
    from chainrule.grading.report.feedback import generate

    course = Course.find()
    name = assignment_in(course, assignment)
    with listening(), progress_bar(transient=True) as progress:
        task = progress.add_task(name, total=None)
        done = generate(
            course.root,
            name,
            students=students,
            jobs=jobs,
            force=force,
            progress=lambda n, total, _: progress.update(task, completed=n, total=total),
        )
    nothing = not (done.written or done.unchanged or done.failed)
    if nothing:
        console.print(
            f"no page was written, since nothing of {name} is in autograded/; "
            f"`chainrule grade {name} --force` puts it there",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
        raise typer.Exit(FAULTS)
    console.print(
        f"{len(done.written)} written in {done.seconds:.1f} s; "
        f"{done.unchanged} unchanged, {len(done.failed)} failed",
        highlight=False,
    )
    _show_failed(done.failed)
    if done.failed:
        raise typer.Exit(FAULTS)


def doctor(
    mend: Annotated[
        bool,
        typer.Option(
            "--mend", help="Copy the gradebook, put its rows right, and grade that work again."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which layers of the jail there are here, and which rows of the gradebook do not fit."""
    from chainrule.grading.sandbox.launcher import doctor as jail_layers
    from chainrule.grading.sandbox.layers import LOST

    rows, found = jail_layers(), _misfits()
    if as_json:
        told = [asdict(one) for one in found]
        print_json({"layers": [row._asdict() for row in rows], "gradebook": told})
        if found:
            raise typer.Exit(FAULTS)
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("layer", no_wrap=True)
    table.add_column("here", no_wrap=True)
    table.add_column("why not")
    for row in rows:
        table.add_row(row.name, "[green]active[/]" if row.active else "[red]missing[/]", row.why)
    console.print(table)
    for row in rows:
        if not row.active and row.name in LOST:
            console.print(f"Without {row.name}: {LOST[row.name]}", highlight=False)
    for one in found:
        line = f"[red]gradebook[/] {escape(one.assignment)}: {escape(one.told)}"
        console.print(line, highlight=False, soft_wrap=True)
    if mend:
        mended = [_mend(name) for name in dict.fromkeys(one.assignment for one in found)]
        if not all(mended):
            raise typer.Exit(FAULTS)
    elif found:
        console.print(
            "These rows do not fit their master. chainrule doctor --mend puts them right, after a "
            "copy, and grades that work again.",
            highlight=False,
        )
        raise typer.Exit(FAULTS)


def _misfits() -> list[Misfit]:
    """Of the course one is in; none where there is no course or nobody handed anything in."""
    from chainrule.course.folder import Course, CourseError

    try:
        from chainrule.grading.gradebook.misfits import misfits

        return misfits(Course.find())
    except CourseError:
        return []


def _mend(assignment: str) -> bool:
    """Whether it could be; if not, say why: the other assignments are mended all the same."""
    from chainrule.cli.renames import settle
    from chainrule.course.folder import Course
    from chainrule.grading.gradebook.batch import BatchError, BatchStopped
    from chainrule.grading.gradebook.misfits import mend
    from chainrule.grading.judge.master import MasterError

    course = Course.find()
    with listening(), progress_bar(transient=True) as progress:
        task = progress.add_task(assignment, total=None)

        def update(changes: list[MasterChange]) -> list[MasterChange]:
            with paused(progress):
                return settle(changes)

        try:
            done = mend(
                course,
                assignment,
                update,
                progress=lambda n, total, *_: progress.update(task, completed=n, total=total),
            )
        except BatchStopped as stopped:
            _show_batch(stopped.result, stopped.left, f"chainrule grade {assignment} --force")
            raise SystemExit(STOPPED) from None
        except (BatchError, MasterError) as error:
            line = f"[red]not mended[/] {escape(assignment)}: {escape(str(error))}"
            console.print(line, highlight=False, soft_wrap=True)
            return False
    _show_batch(done, 0)
    return not done.failed


@contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """Where to judge: a running Dask scheduler, or None for this machine."""
    from chainrule.course.folder import CourseError

    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise CourseError(
            "--scheduler needs Dask: in the checkout, pip install -e '.[cluster]'"
        ) from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        why = str(error).splitlines()[0] if str(error) else "it does not answer"
        raise CourseError(f"--scheduler {address}: no Dask scheduler is there ({why})") from None
    with client:
        yield client.get_executor()


def limits_of(course: Course, **waived: bool) -> Limits:
    """The course's own, with what the command line waives. Raises LimitsError."""
    from chainrule.grading.limits import Limits, gone

    settings: dict[str, Any] = dict(course.config().get("Judge", {}))
    for line in gone(settings):
        console.print(f"[yellow]note[/] nbgrader_config.py: {line}", highlight=False)
    return Limits.of(settings | {name: True for name, wanted in waived.items() if wanted})


def _show_batch(done: BatchResult, left: int, again: str = "run it again") -> None:
    if left:
        line = f"{len(done.graded)} graded, {left} to go: {again}"
    else:
        rate = f", {done.seconds / len(done.graded):.2f} s each" if done.graded else ""
        line = (
            f"{len(done.graded)} graded in {done.seconds:.1f} s{rate}; "
            f"{len(done.unchanged)} unchanged, {len(done.failed)} failed"
        )
    if done.copy is not None:
        where = os.path.relpath(done.copy)
        console.print(f"the gradebook as it was: {where}", highlight=False, markup=False)
    console.print(line, highlight=False)
    slow = sorted(done.graded.items(), key=lambda item: -item[1])[:3]
    if slow and slow[0][1] > 5:
        shown = ", ".join(f"{name} ({seconds:.0f} s)" for name, seconds in slow if seconds > 5)
        console.print(f"slowest: {escape(shown)}", highlight=False)
    _show_failed(done.failed)
    for line in done.masters:
        console.print(f"[yellow]note[/] {escape(line)}", highlight=False)
    if done.inside:
        line = f"run where student code could forge them: {', '.join(sorted(done.inside))}"
        console.print(f"[yellow]note[/] {escape(line)} (chainrule vet says why)", highlight=False)
    for name, notes in sorted(done.problems.items()):
        for note in notes:
            console.print(f"[yellow]note[/] {escape(name)}: {escape(note)}", highlight=False)

    strangers = sorted(done.strangers.items())
    for name, like in strangers[:_MOST_STRANGERS]:
        nearest = f"; nearest: {escape(like)}" if like else ""
        line = f"{escape(name)} is not in the class list{nearest}"
        console.print(f"[yellow]note[/] {line}", highlight=False)
    if len(strangers) > _MOST_STRANGERS:
        more = len(strangers) - _MOST_STRANGERS
        console.print(f"[yellow]note[/] nor are {more} others", highlight=False)
    for older in sorted(set(done.older.values())):
        names = [name for name, with_what in done.older.items() if with_what == older]
        console.print(
            f"[yellow]note[/] {len(names)} graded with {escape(older)}; --force grades again",
            highlight=False,
        )


def _show_failed(failed: Mapping[str, str]) -> None:
    for name, why in sorted(failed.items()):
        line = f"[red]failed[/] {escape(name)}: {escape(why)}"
        console.print(line, highlight=False, soft_wrap=True)
