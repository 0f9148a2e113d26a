"""What a graded class looks like: scores a question, and what went wrong in one phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry

from chainrule.grading.course import Course
from chainrule.grading.notebooks import read

__all__ = ["QuestionScore", "StudentResult", "questions_of", "results"]


@dataclass
class QuestionScore:
    """Points of one question. by_hand: a person reads it; waiting: and has not yet."""

    score: float = 0.0
    max_score: float = 0.0
    by_hand: bool = False
    waiting: bool = False


@dataclass
class StudentResult:
    """One student's graded work. `went_wrong` is empty when every check passed."""

    student: str
    questions: dict[str, QuestionScore] = field(default_factory=dict)
    went_wrong: str = ""

    @property
    def score(self) -> float:
        """Points from the checks; what a person reads is left out."""
        return sum(q.score for q in self.questions.values() if not q.by_hand)

    @property
    def max_score(self) -> float:
        """The points that the checks could give."""
        return sum(q.max_score for q in self.questions.values() if not q.by_hand)


def question_of(grade_id: str) -> str:
    """The question a graded cell belongs to: `q2_multiply_forward` is part of `q2`."""
    return grade_id.split("_", 1)[0]


def questions_of(course: Course, assignment: str) -> list[str]:
    """The questions of an assignment, in the order of its masters."""
    found: dict[str, None] = {}
    for path in sorted((course.root / "source" / assignment).glob("*.ipynb")):
        for cell in read(path).cells:
            nbgrader = cell.metadata.get("nbgrader", {})
            if nbgrader.get("grade"):
                found[question_of(nbgrader["grade_id"])] = None
    return list(found)


def results(course: Course, assignment: str) -> list[StudentResult]:
    """The graded class, by student; empty when nothing is graded yet."""
    with Gradebook(course.db_url) as gradebook:
        try:
            submissions = sorted(
                gradebook.assignment_submissions(assignment), key=lambda s: s.student.id
            )
        except MissingEntry:
            return []
        return [_result(course, assignment, submission) for submission in submissions]


def _result(course: Course, assignment: str, submission: object) -> StudentResult:
    found = StudentResult(submission.student.id)  # type: ignore[attr-defined]
    for notebook in submission.notebooks:  # type: ignore[attr-defined]
        for grade in notebook.grades:
            question = found.questions.setdefault(question_of(grade.name), QuestionScore())
            question.score += grade.score or 0.0
            question.max_score += grade.max_score
            question.by_hand |= grade.cell.cell_type == "markdown"
            question.waiting |= bool(grade.needs_manual_grade)
        path = course.root / "autograded" / found.student / assignment / f"{notebook.name}.ipynb"
        if path.is_file() and not found.went_wrong:
            found.went_wrong = first_failure(read(path))
    return found


def first_failure(notebook: NotebookNode) -> str:
    """The first check that failed, as `Q2: phrase`; `, and 3 more` when others failed too."""
    failures: dict[str, str] = {}
    broken: dict[str, str] = {}
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        if not errors or not nbgrader:
            continue
        question = question_of(nbgrader["grade_id"])
        if nbgrader.get("solution"):
            broken[question] = f"the answer does not run ({errors[0].ename})"
        elif nbgrader.get("grade"):
            failures.setdefault(question, broken.get(question) or _phrase(errors[0]))
    if not failures:
        return ""
    question, phrase = next(iter(failures.items()))
    others = len(failures) - 1
    return f"{question.upper()}: {phrase}" + (f", and {others} more" if others else "")


def _phrase(error: NotebookNode) -> str:
    """The last clause of a check's headline, or the exception's name and first line."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue).split("\n")[0].strip()
    if error.ename in ("CellTimeoutError", "KeyboardInterrupt"):
        return "it did not come to an end"
    if error.ename != "CheckFailed":
        return f"{error.ename}: {text}"[:80]
    return text.rstrip(".").rsplit(": ", 1)[-1]
