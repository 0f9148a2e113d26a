"""What the class did not understand: an assignment's scores, questions and misconceptions.

report = read_report(course, "ps1_scalar_circuits")
page, table = write_report(report, path)        # chainrule.grading.report.class_report_page
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.course.folder import Course
from chainrule.grading.gradebook.reader import (
    AssignmentGrades,
    GradedQuestion,
    StudentGrades,
    cell_order,
    master_code,
    open_gradebook,
    read_class,
)
from chainrule.grading.report.anonymous import Private, anonymous, words_of
from chainrule.grading.report.failures import Looked
from chainrule.grading.report.graded_work import ClassWork
from chainrule.grading.report.statistics import Bin, bins, discrimination, median

__all__ = ["MOST_MADE", "ClassReport", "Group", "Made", "QuestionRow", "read_report"]

MOST_MADE = 10
"""Misconceptions that are shown in full, with an example."""

_CANDIDATES = 20  # answers looked at for an example
_SMALLEST_GROUP = 2


@dataclass
class QuestionRow:
    """A question in numbers.

    graded: submissions whose points for it are known; passed: those with all of them. mean: share
    of the points had, 0 to 1. discrimination: see `classstats`. seconds: the median time it took
    the `timed` students of whom that is known. mistakes: misconception -> students who made it.
    """

    name: str
    title: str
    max_score: float
    by_hand: bool
    graded: int
    passed: int
    mean: float | None
    discrimination: float | None
    seconds: float | None
    timed: int
    mistakes: Counter[str] = field(default_factory=Counter)

    @property
    def pass_rate(self) -> float | None:
        """Share of submissions with all points, 0 to 1."""
        return self.passed / self.graded if self.graded else None


@dataclass
class Made:
    """A misconception that students made. questions: where, and how many students there.

    example: an answer that shows it, without names; may be empty. at: the question it answers.
    """

    id: str
    phrase: str
    sentence: str
    section: str
    students: int
    questions: dict[str, int]
    example: str = ""
    at: str = ""


@dataclass
class Group:
    """Students of whom the same is to be said in the same question: why it is the first in which
    they lost points, say. No question for a cell that belongs to none."""

    question: str
    reason: str
    students: list[str]


@dataclass
class ClassReport:
    """All that the page shows.

    scores: of the submissions that can be compared, out of max_score. Neither counts what nobody
    has graded: unread, questions that a person has yet to grade in most submissions; set_aside:
    how many submissions in which a person has yet to grade another one.
    alone: students who got stuck where nobody else did. inside: checks that were run in students'
    own processes, where their code could have forged what was found.
    """

    assignment: str
    made_at: datetime
    submissions: int
    max_score: float
    scores: list[float]
    unread: list[str]
    set_aside: int
    histogram: list[Bin]
    questions: list[QuestionRow]
    misconceptions: list[Made]
    groups: list[Group]
    numerical: list[Group]
    inside: list[str]
    alone: int
    complete: int
    missing: list[str]
    ungraded: list[str]
    waiting: int

    @property
    def median(self) -> float | None:
        """Of the scores."""
        return median(self.scores)

    @property
    def mean(self) -> float | None:
        """Of the scores."""
        return sum(self.scores) / len(self.scores) if self.scores else None

    def as_json(self) -> dict[str, Any]:
        """Plain data, for tools."""
        told = asdict(self) | {"made_at": self.made_at.isoformat(timespec="seconds")}
        for row, question in zip(told["questions"], self.questions, strict=True):
            row["pass_rate"] = question.pass_rate
        return told | {"median": self.median, "mean": self.mean}


def read_report(course: Course, assignment: str) -> ClassReport:
    """Read gradebook, graded and submitted notebooks of an assignment. Raises CourseError."""
    with open_gradebook(course) as book:
        grades = read_class(book, assignment, cell_order(course, assignment))
    work = ClassWork(course, assignment)
    looked = {e.id: work.looked(grades, e) for e in grades.submitted if _lost(grades, e)}
    told = [work.told(grades, e) for e in grades.submitted]
    times = [work.times(grades, e) for e in grades.submitted]
    whole, able = _comparable(grades)
    rows = _rows(grades, looked, times)
    groups, alone = _groups(grades, looked)
    known = {entry.id for entry in grades.submitted}
    most = sum(q.max_score for q in whole)
    names = {q.name for q in whole}
    scores = [sum(got.score for n, got in e.questions.items() if n in names) for e in able]
    return ClassReport(
        assignment=assignment,
        made_at=datetime.now(UTC),
        submissions=len(known),
        max_score=most,
        scores=scores if names else [],
        unread=[q.name for q in grades.questions if q not in whole],
        set_aside=len(known) - len(able),
        histogram=bins(scores, most),
        questions=rows,
        misconceptions=_misconceptions(grades, looked, _private(course, grades, work)),
        groups=groups,
        numerical=_numerical(grades, [numerical for numerical, _ in told]),
        inside=sorted({name for _, inside in told for name in inside}),
        alone=alone,
        complete=sum(not _lost(grades, e) for e in able),
        missing=[e.name for e in grades.missing if e.id not in work.submitters],
        ungraded=sorted(work.submitters - known),
        waiting=sum(e.waiting for e in grades.submitted),
    )


def _waits(entry: StudentGrades, question: str) -> bool:
    got = entry.questions.get(question)
    return got is not None and got.waiting


def _read(grades: AssignmentGrades) -> list[StudentGrades]:
    """The submissions in which not everything waits for a person, as where one cannot be read."""
    return [e for e in grades.submitted if any(not q.waiting for q in e.questions.values())]


def _comparable(grades: AssignmentGrades) -> tuple[list[GradedQuestion], list[StudentGrades]]:
    """The questions, and the submissions, of which nobody's points wait for a person.

    A question that waits in most submissions is left out; so is a submission in which another one
    does.
    """
    read = _read(grades)
    whole = [q for q in grades.questions if 2 * sum(_waits(e, q.name) for e in read) <= len(read)]
    return whole, [e for e in read if not any(_waits(e, q.name) for q in whole)]


def _lost(grades: AssignmentGrades, entry: StudentGrades) -> list[GradedQuestion]:
    """The questions in which a student lost points, in order; those that wait are left out."""
    scores = entry.questions
    return [
        question
        for question in grades.questions
        if (got := scores.get(question.name)) is not None
        and not got.waiting
        and got.score < question.max_score
    ]


def _rows(
    grades: AssignmentGrades, looked: dict[str, Looked], times: Sequence[dict[str, float]]
) -> list[QuestionRow]:
    read = _read(grades)
    # What everybody has points for: the rest of the test, against which a question is held.
    whole = [
        q.name
        for q in grades.questions
        if all((s := e.questions.get(q.name)) and not s.waiting for e in read)
    ]
    rows = []
    for question in grades.questions:
        name, most = question.name, question.max_score
        known = [e for e in read if (s := e.questions.get(name)) and not s.waiting]
        scores = [e.questions[name].score for e in known]
        rest = [sum(e.questions[other].score for other in whole if other != name) for e in known]
        taken = [time[name] for time in times if name in time]
        mistakes = Counter(m for one in looked.values() for m in _named(one, name))
        rows.append(
            QuestionRow(
                name, question.title, most, question.by_hand, len(known),
                sum(score >= most for score in scores),
                sum(scores) / (most * len(scores)) if scores and most else None,
                discrimination(scores, rest), median(taken), len(taken), mistakes,
            )
        )  # fmt: skip
    return rows


def _private(course: Course, grades: AssignmentGrades, work: ClassWork) -> Private:
    """What an example may not hold: names of students, unless they are words of the master."""
    names = [
        name
        for one in grades.entries
        for name in (
            one.id, one.first_name, one.last_name, one.email, one.lms_user_id,
            one.first_name + one.last_name, one.last_name + one.first_name,
        )
    ]  # fmt: skip
    known = words_of(master_code(course, grades.assignment))
    return Private([*names, *work.submitters], known)


def _misconceptions(
    grades: AssignmentGrades, looked: dict[str, Looked], private: Private
) -> list[Made]:
    """Those that were made, the most frequent first; a student counts once for each."""
    where: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for student, one in looked.items():
        for question in (q.name for q in grades.questions):
            for mistake in _named(one, question):
                where[mistake][question].append(student)
    made = []
    for mistake, by_question in where.items():
        row = MISCONCEPTIONS[mistake]
        students = {student for some in by_question.values() for student in some}
        counts = {q.name: len(by_question[q.name]) for q in grades.questions if by_question[q.name]}
        at = max(counts, key=lambda name: counts[name])
        made.append(
            Made(mistake, row.phrase, row.sentence, row.section, len(students), counts, at=at)
        )
    made.sort(key=lambda one: (-one.students, one.phrase))
    people = {entry.id: entry for entry in grades.entries}
    for shown in made[:MOST_MADE]:
        answered = [people[student] for student in where[shown.id][shown.at]]
        shown.example = _example(answered, looked, shown, private)
    return made


def _named(one: Looked, question: str) -> set[str]:
    """The misconceptions that the checks of a question told a student of."""
    return {f.misconception for f in one.failures.get(question, ()) if f.misconception is not None}


def _example(
    students: Sequence[StudentGrades], looked: dict[str, Looked], made: Made, private: Private
) -> str:
    """The shortest of their answers that can be shown."""
    answers = ((looked[one.id].answers.get(made.at, ""), one) for one in students)
    for source, one in sorted(answers, key=lambda pair: len(pair[0]))[:_CANDIDATES]:
        failures = looked[one.id].failures[made.at]
        check = next(f.check for f in failures if f.misconception == made.id)
        if example := anonymous(source, private, focus=check.rpartition("_")[2]):
            return example
    return ""


def _groups(grades: AssignmentGrades, looked: dict[str, Looked]) -> tuple[list[Group], int]:
    """Groups, the largest first, and how many students are in none though they lost points."""
    stuck: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in grades.submitted:
        lost = _lost(grades, entry)
        if lost:
            failures = looked[entry.id].failures.get(lost[0].name, [])
            reason = failures[0].reason if failures else "points are missing"
            stuck[lost[0].name, reason].append(entry.name)
    groups = [Group(*place, students) for place, students in stuck.items()]
    order = {question.name: n for n, question in enumerate(grades.questions)}
    shared = [group for group in groups if len(group.students) >= _SMALLEST_GROUP]
    shared.sort(key=lambda group: (-len(group.students), order[group.question]))
    return shared, len(groups) - len(shared)


def _numerical(grades: AssignmentGrades, told: list[list[tuple[str, str]]]) -> list[Group]:
    """Whose answers differentiate numerically, by question and by what they do. told: of each
    submission."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry, places in zip(grades.submitted, told, strict=True):
        for place in places:
            found[place].append(entry.name)
    order = {question.name: n for n, question in enumerate(grades.questions)}
    groups = [Group(*place, students) for place, students in found.items()]
    return sorted(groups, key=lambda group: (order.get(group.question, len(order)), group.reason))
