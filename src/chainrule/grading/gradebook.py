"""nbgrader's gradebook, written one submission at a time, each in one transaction.

The rows are those that nbgrader's own autograding leaves: automatic scores and comments, flags for
manual grading, late penalties. What a person entered is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import OperationalError
from traitlets.config import Config

from chainrule.grading.judge import Graded
from chainrule.grading.master import Master

__all__ = ["Book", "BookError"]

_ATTEMPTS = 6  # at a database that another program holds locked; each waits twice as long
_FIRST_WAIT = 0.5  # seconds


class BookError(RuntimeError):
    """The gradebook cannot be written; the text says why in a line."""


class Book:
    """The gradebook of a course, for grading one assignment. Use it in a `with`."""

    def __init__(
        self,
        db_url: str,
        assignment: str,
        masters: Iterable[Master],
        course_id: str = "default_course",
        config: Config | None = None,
    ) -> None:
        self._assignment = assignment
        self._book = _patiently(lambda: api.Gradebook(db_url, course_id))
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()
        _patiently(lambda: self._enter(list(masters)))

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *exc: object) -> None:
        self._book.close()

    def _enter(self, masters: list[Master]) -> None:
        """Make the assignment known, where `nbgrader generate_assignment` has not been run."""
        book, name = self._book, self._assignment
        book.update_or_create_assignment(name, course_id=book.course_id)
        for master in masters:
            try:
                known = book.find_notebook(master.name, name)
            except api.MissingEntry:
                known = book.add_notebook(master.name, name)
            cells = {(cell.name, cell.type) for cell in known._base_cells}
            for cell in master.cells:
                kind = {"cell_type": cell.cell_type, "max_score": cell.points}
                if cell.is_grade and (cell.grade_id, "GradeCell") not in cells:
                    book.add_grade_cell(cell.grade_id, master.name, name, **kind)
                if cell.is_solution and (cell.grade_id, "SolutionCell") not in cells:
                    book.add_solution_cell(cell.grade_id, master.name, name)
                if cell.is_task and (cell.grade_id, "TaskCell") not in cells:
                    book.add_task_cell(cell.grade_id, master.name, name, **kind)
                book.update_or_create_source_cell(
                    cell.grade_id, master.name, name,
                    cell_type=cell.cell_type, source=cell.source,
                    locked=not cell.is_theirs, checksum=cell.metadata.get("checksum"),
                )  # fmt: skip

    def recorded(self) -> set[str]:
        """The students that have a submission of this assignment in the gradebook."""
        rows = (
            self._book.db.query(api.SubmittedAssignment.student_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .filter(api.Assignment.name == self._assignment)
        )
        return {row[0] for row in rows}

    def record(
        self, student: str, graded: Mapping[str, Graded | None], timestamp: datetime | None
    ) -> None:
        """Write one submission: for each notebook what came of it, None if it was not handed in.

        timestamp: when it was handed in, in UTC. Raises BookError when the database stays locked
        or cannot be written; then nothing of it is in there.
        """
        _patiently(lambda: self._record(student, graded, timestamp), self._book.db.rollback)
        self._book.db.expunge_all()

    def _record(
        self, student: str, graded: Mapping[str, Graded | None], timestamp: datetime | None
    ) -> None:
        db = self._book.db
        if db.get(api.Student, student) is None:
            db.add(api.Student(id=student))
            db.flush()
        submission = self._submission(student)
        if timestamp is not None:
            submission.timestamp = timestamp
        for notebook in submission.notebooks:
            if notebook.name in graded:
                _fill_in(notebook, graded[notebook.name])
        db.flush()
        for notebook in submission.notebooks:
            if graded.get(notebook.name) is not None:
                notebook.late_submission_penalty = self._penalty(submission, notebook)
        db.commit()

    def _submission(self, student: str) -> Any:
        """The student's submission, with rows for whatever the assignment has."""
        db = self._book.db
        try:
            submission = self._book.find_submission(self._assignment, student)
        except api.MissingEntry:
            assignment = self._book.find_assignment(self._assignment)
            submission = api.SubmittedAssignment(
                assignment=assignment, student=db.get(api.Student, student)
            )
            db.add(submission)
        there = {notebook.notebook_id: notebook for notebook in submission.notebooks}
        for master in submission.assignment.notebooks:
            notebook = there.get(master.id)
            if notebook is None:
                notebook = api.SubmittedNotebook(notebook=master, assignment=submission)
                db.add(notebook)
            grades = {grade.cell_id for grade in notebook.grades}
            comments = {comment.cell_id for comment in notebook.comments}
            for cell in master._base_cells:
                if cell.type in ("GradeCell", "TaskCell") and cell.id not in grades:
                    db.add(api.Grade(cell=cell, notebook=notebook))
                if cell.type in ("SolutionCell", "TaskCell") and cell.id not in comments:
                    db.add(api.Comment(cell=cell, notebook=notebook))
        db.flush()
        return submission

    def _penalty(self, submission: Any, notebook: Any) -> float | None:
        """What the course's plugin takes off for being late: between nothing and the score."""
        late = submission.total_seconds_late
        if late <= 0:
            return None
        self._book.db.refresh(notebook)
        penalty = self._late.plugin_inst.late_submission_penalty(
            submission.student_id, notebook.score, late
        )
        return None if penalty is None else min(max(penalty, 0), notebook.score)


def _fill_in(notebook: Any, graded: Graded | None) -> None:
    """Put automatic scores and comments into the rows of one submitted notebook."""
    if graded is None:  # not handed in: no points, and nothing for a person to look at
        for grade in notebook.grades:
            grade.auto_score, grade.needs_manual_grade = 0, False
        return
    scores = {score.grade_id: score for score in graded.scores}
    for grade in notebook.grades:
        score = scores.get(grade.cell.name) if grade.cell.type == "GradeCell" else None
        if score is not None:
            grade.auto_score = score.points
            manual = grade.manual_score is not None or score.points is None
            grade.needs_manual_grade = bool(manual or graded.problem)
    for comment in notebook.comments:
        if comment.cell.name in graded.comments:
            comment.auto_comment = graded.comments[comment.cell.name]


def _patiently(work: Callable[[], Any], undo: Callable[[], Any] | None = None) -> Any:
    """Do it, and again while the database is locked. Raises BookError."""
    wait = _FIRST_WAIT
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return work()
        except OperationalError as error:
            if undo is not None:
                undo()
            if "locked" not in str(error) or attempt == _ATTEMPTS:
                reason = str(error.orig).splitlines()[0]
                raise BookError(f"the gradebook cannot be written: {reason}") from error
            time.sleep(wait)
            wait *= 2
        except Exception:
            if undo is not None:
                undo()
            raise
    raise AssertionError("unreachable")
