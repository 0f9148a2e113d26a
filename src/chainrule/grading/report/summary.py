"""What a graded class looks like: scores a question, and what went wrong in one phrase."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.course.folder import Course, CourseError
from chainrule.grading.gradebook.reader import QuestionScore, cell_order, open_gradebook, read_class
from chainrule.grading.report.failures import Looked
from chainrule.grading.report.graded_work import ClassWork

__all__ = ["StudentResult", "results"]


@dataclass(frozen=True)
class StudentResult:
    """One student's graded work.

    score, max_score: points from the checks; what a person reads is left out. questions: by name.
    went_wrong: the first question that failed and why; empty when every check passed.
    """

    student: str
    score: float
    max_score: float
    questions: dict[str, QuestionScore]
    went_wrong: str


def results(course: Course, assignment: str) -> list[StudentResult]:
    """The graded class, by student; empty when nothing is graded yet.

    Raises CourseError for a master that is no notebook.
    """
    order = cell_order(course, assignment)
    try:
        with open_gradebook(course) as book:
            grades = read_class(book, assignment, order)
    except CourseError:
        return []
    work = ClassWork(course, assignment)
    found = []
    for entry in grades.submitted:
        checked = [one for one in entry.cells.values() if not one.by_hand]
        found.append(
            StudentResult(
                entry.id,
                sum(one.score for one in checked),
                sum(one.max_score for one in checked),
                entry.questions,
                _went_wrong(work.looked(grades, entry)),
            )
        )
    return found


def _went_wrong(looked: Looked) -> str:
    """The first check that failed, as `Q2: phrase`; `, and 3 more` when others failed too."""
    if not looked.failures:
        return ""
    question, failures = next(iter(looked.failures.items()))
    others = len(looked.failures) - 1
    return f"{question.upper()}: {failures[0].reason}" + (f", and {others} more" if others else "")
