"""How far a learner has come in every problem set below a folder: `chainrule progress`."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chainrule.course.folder import CourseError
from chainrule.formatting import decimal
from chainrule.graded_cells import question_of
from chainrule.grading.limits import Limits
from chainrule.notebook.cells import checksum_of, grade_id_of, nbgrader_of
from chainrule.selfcheck.mine import problem_set_of, read_mine

__all__ = ["SetProgress", "as_table", "folder_progress"]

# What lies in these is not the learner's own: masters, and work that others handed in. Their code
# is not run here.
_NOT_MINE = ("source", "submitted", "autograded", "feedback", "downloaded")
_MOST_BYTES = Limits().notebook_bytes
_BAR = 24  # columns


@dataclass
class SetProgress:
    """One problem set.

    begun:   an answer differs from the stub it was; checks are run in what is begun only.
    points, max_points: of its checks; by_hand: those that a person gives, on top.
    next:    the first question that is not passed, or whose written answer is missing.
    note:    what to know about the notebook; problem: why it could not be checked. A sentence each.
    """

    path: str
    problem_set: str
    begun: bool = False
    points: float = 0.0
    max_points: float = 0.0
    by_hand: float = 0.0
    next: str = ""
    note: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data, for tools."""
        return asdict(self)


def folder_progress(
    folder: Path,
    seconds: float = 30.0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[SetProgress]:
    """Every problem set below a folder, by name; the checks of those begun are run.

    seconds: what one cell may take. progress: called as progress(set, cells run, cells in all).
    Of a set that is begun, untouched copies are left out; of one that is not, all but one. Files
    that cannot be read come last. Raises CourseError when there is no such folder, or no problem
    set in it.
    """
    if folder.is_file():
        raise CourseError(f"{folder} is a file: name a folder, or see `chainrule check {folder}`")
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}")
    seen = [row for path in _notebooks(folder) if (row := _look(path, folder)) is not None]
    if not seen:
        raise CourseError(f"there is no problem set in {folder.resolve()}")
    begun = {row.problem_set for row in seen if row.begun}
    chosen: list[SetProgress] = []
    for row in sorted(seen, key=lambda row: (row.problem != "", row.problem_set, row.path)):
        spare = row.problem_set in begun | {other.problem_set for other in chosen}
        if row.begun or row.problem or not spare:
            chosen.append(row)
    for row in chosen:
        if row.begun and not row.problem:
            progress(row.problem_set, 0, 1)
            _run(row, folder / row.path, seconds, progress)
    return chosen


def _notebooks(folder: Path) -> Iterable[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith(".")
            and name not in _NOT_MINE
            and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
        ]
        yield from (Path(here, name) for name in sorted(files) if name.endswith(".ipynb"))


def _look(path: Path, folder: Path) -> SetProgress | None:
    """What can be said without running anything; None for a notebook that is no problem set."""
    row = SetProgress(str(path.relative_to(folder)), path.name)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise CourseError("it is not an ordinary file")
        if found.st_size > _MOST_BYTES:
            raise CourseError(f"it is too large: {found.st_size} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells without ids, which do no harm here
            notebook = read_mine(path)
        known = problem_set_of(notebook)
        if known is None:
            return None
        row.problem_set = known[0]
        _describe(row, notebook)
    except Exception as error:  # whatever is wrong with a file, the others are shown
        row.problem = _sentence(error, path)
    return row


def _describe(row: SetProgress, notebook: dict[str, Any]) -> None:
    """Points, and whether any answer is no longer the stub it was."""
    for cell in notebook["cells"]:
        known = nbgrader_of(cell)
        if known.get("solution"):
            row.begun |= not _untouched(cell)
        if known.get("grade"):
            row.by_hand += known["points"] if known.get("solution") else 0
            row.max_points += 0 if known.get("solution") else known["points"]
            row.next = row.next or question_of(known["grade_id"]).upper()


def _untouched(cell: dict[str, Any]) -> bool:
    return nbgrader_of(cell).get("checksum") == checksum_of(cell)


def _run(
    row: SetProgress, path: Path, seconds: float, progress: Callable[[str, int, int], None]
) -> None:
    from chainrule.selfcheck.run import check_notebook  # only for what is begun: it is large

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checked = check_notebook(
                path, seconds, lambda done, total: progress(row.problem_set, done, total)
            )
            cells = [c for c in read_mine(path)["cells"] if nbgrader_of(c).get("solution")]
    except Exception as error:
        row.problem = _sentence(error, path)
        return
    row.points, row.max_points = checked.points, checked.max_points
    empty = {question_of(grade_id_of(c)) for c in cells if _untouched(c)}
    left = (
        question.id.upper()
        for question in checked.questions
        if question.points < question.max_points or (question.by_hand and question.id in empty)
    )
    row.next = next(left, "")
    edited = [name for q in checked.questions for name in q.edited]
    if edited:
        row.note = f"the check {edited[0]} was edited" + (" (and others)" if edited[1:] else "")


def _sentence(error: Exception, path: Path) -> str:
    text = (str(error).splitlines() or [type(error).__name__])[0]
    text = text.replace(str(path), "it")
    return text if isinstance(error, CourseError) else f"{type(error).__name__}: {text}"


# What is shown ------------------------------------------------------------------------------------


def as_table(rows: list[SetProgress]) -> Table:
    """A row for each problem set; one that cannot be checked has the reason in it."""
    names = [row.problem_set for row in rows]
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("problem set", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("", width=_BAR, no_wrap=True)
    table.add_column("next")
    for row in rows:
        alone = names.count(row.problem_set) == 1
        name = Text(row.problem_set if alone else row.path)
        if row.problem:
            table.add_row(name, "", "", Text(row.problem, style="red"))
            continue
        style = "green" if row.points == row.max_points else "" if row.begun else "dim"
        points = Text(f"{decimal(row.points)}/{decimal(row.max_points)}", style=style)
        table.add_row(name, points, _bar(row.points, row.max_points), _next(row))
    able = [row for row in rows if not row.problem]
    if len(able) > 1:
        points, most = (sum(getattr(row, of) for row in able) for of in ("points", "max_points"))
        table.add_section()
        table.add_row("all", f"{decimal(points)}/{decimal(most)}", _bar(points, most), "")
    return table


def _bar(points: float, most: float) -> ProgressBar:
    return ProgressBar(
        total=most or 1,
        completed=points,
        width=_BAR,
        complete_style="green",
        finished_style="green",
    )


def _next(row: SetProgress) -> Text:
    if not row.begun:
        return Text("not begun", style="dim")
    person = f"{row.by_hand:g} more are read by a person" if row.by_hand else ""
    if row.points < row.max_points:
        said = row.next
    else:
        said = f"{row.next}, in your own words" if row.next else f"done; {person}".rstrip("; ")
    return Text(said + (f" ({row.note})" if row.note else ""))
