"""nbgrader's gradebook, written a few submissions at a time, in one transaction.

The rows are those that nbgrader's own autograding leaves: automatic scores and comments, flags for
manual grading, late penalties. What a person entered is never touched.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from traitlets.config import Config

from chainrule.grading.gradebook.class_list import ClassList
from chainrule.grading.gradebook.copies import copy_aside
from chainrule.grading.gradebook.marks import late_policy
from chainrule.grading.gradebook.master_changes import MasterChange, master_changes, with_renames
from chainrule.grading.gradebook.opened import is_there, missing_folder, told_when_slow
from chainrule.grading.gradebook.queries import over_maximum
from chainrule.grading.gradebook.reconcile import agree
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded, Score
from chainrule.notebook.atomic_file import line_of

__all__ = ["Book", "BookError", "BookLocked", "MasterChanged", "Record", "Update"]

_ATTEMPTS = 6  # at a database that is locked or away for a moment; each waits twice as long
_FIRST_WAIT = 0.5  # seconds


class BookError(RuntimeError):
    """The gradebook cannot be written; the text says why in a line."""


class BookLocked(BookError):
    """Another program kept the gradebook for itself for longer than one waits."""


class MasterChanged(BookError):
    """The masters are no longer those that work was graded with; `changes` says how."""

    def __init__(self, assignment: str, changes: Sequence[MasterChange]) -> None:
        self.changes = list(changes)
        told = "; ".join(map(str, changes[:6])) + ("; ..." if len(changes) > 6 else "")
        super().__init__(
            f"the master of {assignment} changed after work was graded: {told}. Nothing was "
            f"written. To bring the gradebook up to date (a copy is kept) and grade again: "
            f"chainrule grade {assignment} --update-gradebook"
        )


Update = Callable[[list[MasterChange]], list[MasterChange]]
"""Says what to make of changes of a master, and lets them happen by returning: the changes, with
renamed cells that are no such thing taken apart (`MasterChange.apart`)."""


class Record(NamedTuple):
    """What came of a student's submission: for each notebook what it was graded, None if it was
    not handed in. timestamp: when it was handed in, in UTC."""

    student: str
    graded: Mapping[str, Graded | None]
    timestamp: datetime | None = None


class _BookCell(NamedTuple):
    """A cell of the gradebook: its number, its grade_id, and its nbgrader class by name."""

    id: str
    name: str
    type: str


# Tables with a row for each cell: the column a person fills in, and the cells that have one.
_ROWS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (api.Grade, api.Grade.manual_score, ("GradeCell", "TaskCell")),
    (api.Comment, api.Comment.manual_comment, ("SolutionCell", "TaskCell")),
)
# As each needs the one before.
_IN_ORDER = (
    api.Student, api.SubmittedAssignment, api.SubmittedNotebook, *(model for model, _, _ in _ROWS)
)  # fmt: skip


class Book:
    """The gradebook of a course, for grading one assignment. Use it in a `with`."""

    def __init__(
        self,
        db_url: str,
        assignment: str,
        masters: Iterable[Master],
        course_id: str = "default_course",
        config: Config | None = None,
        update: Update | None = None,
        always_copy: bool = False,
    ) -> None:
        """update: what to do where the masters changed after work was graded, see `Update`.
        always_copy: put a copy aside, not only where they did.

        Raises MasterChanged where nothing may be done about it, BookError.
        """
        self._assignment, self._masters = assignment, list(masters)
        if (folder := missing_folder(db_url)) is not None:
            raise BookError(
                f"there is no folder {folder} for the gradebook: make it, or correct "
                "c.CourseDirectory.db_url in nbgrader_config.py"
            )
        # To make a new one takes a while by itself, and nobody else has it.
        opening = _patiently if is_there(db_url) else _again_and_again
        self._book = opening(lambda: api.Gradebook(db_url, course_id))
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()
        self._late_policy = late_policy(config or Config(), self._late.plugin_inst)
        self._root = Path((config or {}).get("CourseDirectory", {}).get("root", "."))
        self.copy: Path | None = None  # of the database as it was, if that was changed
        try:
            changes = _patiently(lambda: self._changes(update))
            if changes is not None or always_copy:
                self.copy = copy_aside(self._book.engine, self._root)
            _patiently(lambda: self._enter(changes or ()), self._book.db.rollback)
        except BaseException:
            self._book.close()
            raise

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._book.close()

    def _changes(self, update: Update | None) -> list[MasterChange] | None:
        """How the masters differ from the gradebook, where something is at stake. Raises
        MasterChanged."""
        db, name = self._book.db, self._assignment
        changes = master_changes(db, name, self._masters)
        if not changes or not self.recorded():
            return None
        changes = with_renames(db, name, self._masters, changes)
        if update is None:
            raise MasterChanged(name, changes)
        return update(changes)

    def _enter(self, changes: Sequence[MasterChange]) -> None:
        """Have the gradebook know the assignment, with the cells that its masters have."""
        book, name, db = self._book, self._assignment, self._book.db
        try:
            found = book.find_assignment(name)
        except api.MissingEntry:
            found = book.add_assignment(name, course_id=book.course_id)
        agree(db, name, self._masters, changes)
        db.expire_all()
        self._assignment_id, self._due = found.id, found.duedate
        work = api.SubmittedAssignment
        rows = select(work.student_id, work.extension).where(work.assignment_id == found.id)
        self._extensions = dict(db.execute(rows).all())
        notebooks = db.query(api.Notebook.id, api.Notebook.name)
        columns = (api.BaseCell.id, api.BaseCell.name, api.BaseCell.type)
        self._cells: dict[str, tuple[str, list[_BookCell]]] = {
            number: (
                title,
                [_BookCell(*row) for row in db.query(*columns).filter_by(notebook_id=number)],
            )
            for number, title in notebooks.filter_by(assignment_id=self._assignment_id)
        }
        db.commit()

    def class_list(self, folders: CourseDirectory) -> ClassList:
        """Who is a student."""
        return ClassList(self._book.db, folders)

    def late(self, student: str) -> str:
        """All that decides, besides when work was handed in, what being late takes off; nothing
        where nothing is ever due."""
        if self._due is None:
            return ""
        return f"{self._due} {self._extensions.get(student)} {self._late_policy}"

    def recorded(self) -> set[str]:
        """The students that have a submission of this assignment in the gradebook."""
        rows = (
            self._book.db.query(api.SubmittedAssignment.student_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .filter(api.Assignment.name == self._assignment)
        )
        return {row[0] for row in rows}

    def record(self, records: Sequence[Record]) -> None:
        """Write submissions of different students: all of them, or none.

        Raises BookError when the database stays locked or cannot be written; then nothing of them
        is in there.
        """
        _patiently(lambda: self._record(records), self._book.db.rollback)
        self._book.db.expunge_all()

    def _record(self, records: Sequence[Record]) -> None:
        db, mine = self._book.db, api.SubmittedAssignment
        names = [one.student for one in records]
        students = set(db.scalars(select(api.Student.id).where(api.Student.id.in_(names))))
        of_these = mine.assignment_id == self._assignment_id, mine.student_id.in_(names)
        submitted = dict(db.execute(select(mine.student_id, mine.id).where(*of_these)).all())
        new: dict[Any, list[dict[str, Any]]] = {model: [] for model in _IN_ORDER}
        late: dict[str, set[str]] = {}  # the notebooks, by submission, whose penalty is to be set
        for student, graded, timestamp in records:
            if student not in students:
                new[api.Student].append({"id": student})
            known = submitted.get(student)
            work = known or api.new_uuid()
            if known is None:
                place = {"assignment_id": self._assignment_id, "student_id": student}
                new[mine].append({"id": work, "timestamp": timestamp, **place})
            elif timestamp is not None:
                db.execute(update(mine), [{"id": work, "timestamp": timestamp}])
            notebooks = self._notebooks(work, graded, known is None, new)
            if known or self._due is not None:  # to work out penalties takes queries
                late[work] = notebooks
        for model, rows in new.items():
            for _, alike in groupby(sorted(rows, key=sorted), key=sorted):
                # Into the table: through the model it takes twice as long.
                db.execute(insert(model.__table__), list(alike))
        self._hold_maxima([*submitted.values(), *(row["id"] for row in new[mine])])
        for work, notebooks in late.items():
            submission = db.get(mine, work)
            for one in submission.notebooks:
                if one.id in notebooks:
                    one.late_submission_penalty = self._penalty(submission, one)
        db.commit()

    def _hold_maxima(self, works: Sequence[str]) -> None:
        """Raises BookError where a check of these submissions gave more points than it can give."""
        mine = api.SubmittedAssignment.id.in_(works)
        for _, name, score, most in over_maximum(self._book.db, mine):
            raise BookError(f"{name} would have {score:g} of {most:g} points")

    def _notebooks(
        self,
        work: str,
        graded: Mapping[str, Graded | None],
        is_new: bool,
        new: dict[Any, list[dict[str, Any]]],
    ) -> set[str]:
        """Enter the notebooks of a submission, rows that are not there yet into `new`; those that
        were graded."""
        columns = select(api.SubmittedNotebook.notebook_id, api.SubmittedNotebook.id)
        rows = () if is_new else self._book.db.execute(columns.filter_by(assignment_id=work))
        there: dict[str, str] = dict(tuple(row) for row in rows)
        found = set()
        for number, (name, cells) in self._cells.items():
            notebook = there.get(number) or api.new_uuid()
            if number not in there:
                place = {"notebook_id": number, "assignment_id": work}
                new[api.SubmittedNotebook].append({"id": notebook, **place})
            one = graded.get(name)
            self._fill_in(notebook, number not in there, cells, name in graded, one, new)
            if one is not None:
                found.add(notebook)
        return found

    def _fill_in(
        self,
        notebook: str,
        is_new: bool,
        cells: list[_BookCell],
        known: bool,
        graded: Graded | None,
        new: dict[Any, list[dict[str, Any]]],
    ) -> None:
        """The rows of one submitted notebook, with what came of grading it: `known` whether it was
        graded at all, None when it was not handed in."""
        db = self._book.db
        scores = {one.grade_id: one for one in graded.scores} if graded else {}
        for model, entered, kinds in _ROWS:
            columns = (model.cell_id, model.id, entered)
            rows = () if is_new else db.execute(select(*columns).filter_by(notebook_id=notebook))
            there = {cell: (number, manual) for cell, number, manual in rows}
            changed = []
            for cell in cells:
                if cell.type not in kinds:
                    continue
                number, manual = there.get(cell.id, (None, None))
                if model is api.Comment:
                    values = _comment(cell, graded)
                else:
                    values = _grade(cell, known, graded, scores, manual is not None)
                if number is None:
                    new[model].append({"cell_id": cell.id, "notebook_id": notebook, **values})
                elif values:
                    changed.append({"id": number, **values})
            if changed:
                db.execute(update(model), changed)

    def _penalty(self, submission: Any, notebook: Any) -> float | None:
        """What the course's plugin takes off for being late: between nothing and the score."""
        late = submission.total_seconds_late if self._due is not None else 0
        if late <= 0:
            return None
        self._book.db.refresh(notebook)
        plugin = self._late.plugin_inst
        name = f"{type(plugin).__module__}.{type(plugin).__qualname__}"
        try:
            penalty = plugin.late_submission_penalty(submission.student_id, notebook.score, late)
        except Exception as error:
            raise BookError(
                f"the late policy {name} failed ({type(error).__name__}: {line_of(error)})"
            ) from error
        if penalty is None:
            return None
        if not isinstance(penalty, Real) or math.isnan(penalty):
            raise BookError(f"the late policy {name} took off {penalty!r}, which is no points")
        return min(max(penalty, 0), notebook.score)


def _grade(
    cell: _BookCell, known: bool, graded: Graded | None, scores: Mapping[str, Score], manual: bool
) -> dict[str, Any]:
    """What of a grade's row grading sets; `manual` when a person has given points."""
    if known and graded is None:  # no points, and nothing for a person to look at
        return {"auto_score": 0, "needs_manual_grade": False}
    score = scores.get(cell.name) if cell.type == "GradeCell" else None
    if graded is None or score is None:
        return {}
    by_hand = bool(manual or score.points is None or graded.problem)
    return {"auto_score": score.points, "needs_manual_grade": by_hand}


def _comment(cell: _BookCell, graded: Graded | None) -> dict[str, Any]:
    if graded is None or cell.name not in graded.comments:
        return {}
    return {"auto_comment": graded.comments[cell.name]}


def _patiently(work: Callable[[], Any], undo: Callable[[], Any] | None = None) -> Any:
    """Do it, and again while that may help; say so when it takes a while. Raises BookError."""
    with told_when_slow():
        return _again_and_again(work, undo)


def _again_and_again(work: Callable[[], Any], undo: Callable[[], Any] | None = None) -> Any:
    wait = _FIRST_WAIT
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return work()
        except (OperationalError, IntegrityError) as error:
            if undo is not None:
                undo()
            if attempt == _ATTEMPTS or not _passes(error, known=undo is not None):
                reason = str(error.orig).splitlines()[0]
                kind = BookLocked if _is_locked(error) else BookError
                raise kind(f"the gradebook cannot be written: {reason}") from error
            time.sleep(wait)
            wait *= 2
        except Exception:
            if undo is not None:
                undo()
            raise
    raise AssertionError("unreachable")


def _passes(error: OperationalError | IntegrityError, known: bool) -> bool:
    """Whether to try again: the database is locked; another grader entered the same row first; or
    a server that was `known` to answer is being started again."""
    if isinstance(error, IntegrityError) or _is_locked(error):
        return True
    return known and not isinstance(error.orig, sqlite3.Error)


def _is_locked(error: OperationalError | IntegrityError) -> bool:
    return "locked" in str(error.orig)  # the statement may have that word, too: a column has it
