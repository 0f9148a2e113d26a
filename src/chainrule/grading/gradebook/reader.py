"""What a class got for an assignment, read from nbgrader's gradebook in a handful of queries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader import api
from sqlalchemy import func

from chainrule.course.folder import Course, CourseError
from chainrule.graded_cells import question_of
from chainrule.grading.gradebook.opened import opened
from chainrule.grading.gradebook.queries import comments_of, grades_of
from chainrule.notebook.cells import cells_of, source_of

__all__ = [
    "AssignmentGrades", "Comment", "GradedCell", "GradedQuestion", "QuestionScore",
    "cell_order", "master_code", "open_gradebook", "read_class",
]  # fmt: skip


@dataclass(frozen=True)
class GradedCell:
    """A cell that has points. question: the name of the question that it belongs to."""

    id: str
    notebook: str
    grade_id: str
    question: str
    max_score: float
    by_hand: bool


@dataclass(frozen=True)
class GradedQuestion:
    """A question: its points are those of its cells. title: what it is about, in a word or two."""

    name: str
    title: str
    max_score: float
    by_hand: bool


@dataclass
class QuestionScore:
    """Points of one question. by_hand: a person reads it; waiting: and has not yet."""

    score: float = 0.0
    max_score: float = 0.0
    by_hand: bool = False
    waiting: bool = False


@dataclass(frozen=True)
class Comment:
    """What a person wrote beside an answer."""

    question: str
    text: str


@dataclass
class StudentGrades:
    """A student, and what their submission got.

    submitted: whether the gradebook has a submission; timestamp: when it was handed in, in UTC.
    cells: by the id of the graded cell; questions: by name. penalty: points off for being late.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    submitted: bool = False
    timestamp: datetime | None = None
    penalty: float = 0.0
    cells: dict[str, QuestionScore] = field(default_factory=dict)
    questions: dict[str, QuestionScore] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As people say it; the id where the gradebook has no name."""
        return f"{self.first_name} {self.last_name}".strip() or self.id

    @property
    def score(self) -> float:
        """All points, extra credit included, before the penalty."""
        return sum(q.score for q in self.questions.values())

    @property
    def final(self) -> float:
        """The points that count: less the penalty, never below zero, as nbgrader exports them."""
        return max(0.0, self.score - self.penalty)

    @property
    def waiting(self) -> bool:
        """A person has yet to grade a part of it."""
        return any(q.waiting for q in self.questions.values())


@dataclass
class AssignmentGrades:
    """An assignment and all students of the gradebook, by id; those without a submission too.

    solutions: notebook -> grade_id of a cell that students answer in -> its question.
    """

    assignment: str
    cells: list[GradedCell]
    solutions: dict[str, dict[str, str]]
    questions: list[GradedQuestion]
    entries: list[StudentGrades]

    @property
    def max_score(self) -> float:
        """The most that can be had, extra credit apart."""
        return sum(q.max_score for q in self.questions)

    @property
    def submitted(self) -> list[StudentGrades]:
        """The students who handed it in."""
        return [entry for entry in self.entries if entry.submitted]

    @property
    def missing(self) -> list[StudentGrades]:
        """The students who did not."""
        return [entry for entry in self.entries if not entry.submitted]


@contextmanager
def open_gradebook(course: Course) -> Iterator[api.Gradebook]:
    """The course's gradebook. Raises CourseError when there is none yet."""
    with opened(course.db_url, course.config().CourseDirectory.get("course_id", "")) as book:
        yield book


def cell_order(course: Course, assignment: str) -> list[tuple[str, str]]:
    """(notebook, grade_id) of the master's cells, in order; empty where there is no master.

    Raises CourseError for a master that is no notebook.
    """
    masters = _masters(course, assignment)
    return [(stem, name) for stem, master in masters for name, _ in cells_of(master)]


def master_code(course: Course, assignment: str) -> list[str]:
    """The code of the masters, cell by cell. Raises CourseError for one that is no notebook."""
    cells = (cell for _, master in _masters(course, assignment) for _, cell in cells_of(master))
    return [source_of(cell) for cell in cells if cell.get("cell_type") == "code"]


def _masters(course: Course, assignment: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for path in sorted((course.root / "source" / assignment).glob("*.ipynb")):
        try:
            master = json.loads(path.read_bytes())
        except ValueError as error:
            raise CourseError(f"{path} is no notebook: {error}") from None
        if not isinstance(master, dict) or "cells" not in master:
            raise CourseError(f"{path} is no notebook: it has no cells")
        found.append((path.stem, master))
    return found


def read_class(
    book: api.Gradebook, assignment: str, order: Sequence[tuple[str, str]] = ()
) -> AssignmentGrades:
    """All of an assignment. order: of the cells, as `cell_order` gives it.

    Raises CourseError when the gradebook does not know the assignment.
    """
    db = book.db
    number = db.query(api.Assignment.id).filter_by(name=assignment).scalar()
    if number is None:
        raise CourseError(f"the gradebook has no assignment {assignment}: grade it first")
    names = dict(
        db.query(api.Notebook.id, api.Notebook.name).filter_by(assignment_id=number).tuples()
    )
    place = {cell: n for n, cell in enumerate(order)}

    def where(notebook: str, grade_id: str) -> Any:
        return place.get((notebook, grade_id), len(place)), notebook, _natural(grade_id)

    def label(notebook: str, grade_id: str) -> str:
        question = question_of(grade_id)
        return question if len(names) == 1 else f"{notebook}: {question}"

    cells = [
        GradedCell(
            row.id, names[row.notebook_id], row.name, label(names[row.notebook_id], row.name),
            row.max_score, row.cell_type != "code",
        )
        for kind in (api.GradeCell, api.TaskCell)
        for row in db.query(
            kind.id, kind.name, kind.notebook_id, kind.max_score, kind.cell_type
        ).filter(kind.notebook_id.in_(names))
    ]  # fmt: skip
    cells.sort(key=lambda cell: where(cell.notebook, cell.grade_id))
    answers = sorted(
        (where(names[row.notebook_id], row.name), names[row.notebook_id], row.name)
        for row in db.query(api.SolutionCell.name, api.SolutionCell.notebook_id).filter(
            api.SolutionCell.notebook_id.in_(names)
        )
    )
    solutions: dict[str, dict[str, str]] = {name: {} for name in sorted(names.values())}
    for _, notebook, grade_id in answers:
        solutions[notebook][grade_id] = label(notebook, grade_id)
    return AssignmentGrades(
        assignment,
        cells,
        solutions,
        _questions(cells, solutions),
        _entries(db, assignment, cells, lambda number, grade_id: label(names[number], grade_id)),
    )


def _natural(text: str) -> list[Any]:
    """A key that puts q2 before q10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _questions(
    cells: Sequence[GradedCell], solutions: dict[str, dict[str, str]]
) -> list[GradedQuestion]:
    by_name: dict[str, list[GradedCell]] = {}
    for cell in cells:
        by_name.setdefault(cell.question, []).append(cell)
    titles: dict[str, str] = {}
    for answers in solutions.values():
        for grade_id, question in answers.items():
            titles.setdefault(question, grade_id.partition("_")[2].replace("_", " "))
    return [
        GradedQuestion(
            name,
            titles.get(name, ""),
            sum(cell.max_score for cell in mine),
            all(cell.by_hand for cell in mine),
        )
        for name, mine in by_name.items()
    ]


def _entries(
    db: Any, assignment: str, cells: Sequence[GradedCell], label: Callable[[str, str], str]
) -> list[StudentGrades]:
    person = (api.Student.first_name, api.Student.last_name, api.Student.email)
    found = {
        number: StudentGrades(number, first or "", last or "", email or "", lms or "")
        for number, first, last, email, lms in db.query(
            api.Student.id, *person, api.Student.lms_user_id
        )
    }
    work, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    late = (
        db.query(func.sum(notebook.late_submission_penalty))
        .filter(notebook.assignment_id == work.id)
        .scalar_subquery()
    )
    handed_in = db.query(work.student_id, work.timestamp, late).join(
        api.Assignment, api.Assignment.id == work.assignment_id
    )
    for student, timestamp, penalty in handed_in.filter(api.Assignment.name == assignment):
        entry = found[student]
        entry.submitted, entry.timestamp, entry.penalty = True, timestamp, penalty or 0.0

    known = {cell.id: cell for cell in cells}
    grade = api.Grade.cell_id, api.Grade.score, api.Grade.needs_manual_grade
    for student, number, score, waiting in grades_of(db, assignment, *grade):
        cell = known.get(number)
        if cell is not None:
            got = QuestionScore(score or 0.0, cell.max_score, cell.by_hand, bool(waiting))
            found[student].cells[number] = got
    for entry in found.values():
        for cell in cells:
            if cell.id in entry.cells:
                _add(entry.questions.setdefault(cell.question, QuestionScore()), entry, cell)
    comment = api.BaseCell.name, api.BaseCell.notebook_id, api.Comment.manual_comment
    comments = comments_of(db, assignment, *comment).filter(api.Comment.manual_comment.is_not(None))
    for student, grade_id, number, text in comments.order_by(notebook.id, api.BaseCell.name):
        if text.strip():
            found[student].comments.append(Comment(label(number, grade_id), text.strip()))
    return sorted(found.values(), key=lambda entry: _natural(entry.id))


def _add(question: QuestionScore, entry: StudentGrades, cell: GradedCell) -> None:
    part = entry.cells[cell.id]
    question.by_hand = part.by_hand if not question.max_score else question.by_hand and part.by_hand
    question.score += part.score
    question.max_score += part.max_score
    question.waiting |= part.waiting
