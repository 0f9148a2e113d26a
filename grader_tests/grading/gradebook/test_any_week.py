"""Weeks of a course, drawn at random: the gradebook is right after each, whatever was edited.

A model holds what the rows have to be. Every grading is held against it, and every refusal against
the rows as they were.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from chainrule.cli.renames import settle
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.gradebook.master_changes import MasterChange
from chainrule.grading.gradebook.writer import MasterChanged
from grader_tests.support.notebooks import answered, cell, master, submission
from grader_tests.support.paper_judge import Killed, PaperJudge

STUDENTS = ("ada", "bob", "eve")
DUE = "2030-01-10 00:00:00 UTC"
IN_TIME, LATE = "2030-01-09 00:00:00 UTC", "2030-01-12 00:00:00 UTC"
QUESTIONS = st.integers(0, 5)
_EMPTY = tempfile.TemporaryDirectory()


@dataclass(frozen=True)
class Asked:
    """A question of the master. key: what it is, however its cells are called."""

    key: int
    answer: str
    check: str  # nothing where a person reads the answer
    points: int
    text: str

    @property
    def graded(self) -> str:
        return self.check or self.answer

    @property
    def cells(self) -> list[Any]:
        if not self.check:
            return [cell("written", self.answer, self.text, self.points)]
        return [
            cell(
                "answer", self.answer, f"{self.text}\n### BEGIN SOLUTION\nright\n### END SOLUTION"
            ),
            cell("check", self.check, f"assert {self.text!r}", self.points),
        ]

    @property
    def known(self) -> set[tuple[str, str, int]]:
        """Its cells as the gradebook has them."""
        kinds = [(self.answer, "solution", 0), (self.check, "grade", self.points)]
        return set(kinds) if self.check else {(self.answer, "both", self.points)}


@dataclass
class Handed:
    """What a student handed in, by the name a cell had then; and what else counts."""

    answers: dict[str, str]
    at: str
    extension: int = 0


@dataclass
class Model:
    """What the gradebook has to hold. fitted: the questions it knows; by_hand, said: a person's
    points and comments, by (student, key); graded: with what each student was graded."""

    fitted: list[Asked] = field(default_factory=list)
    by_hand: dict[tuple[str, int], float] = field(default_factory=dict)
    said: dict[tuple[str, int], str] = field(default_factory=dict)
    graded: dict[str, Any] = field(default_factory=dict)
    penalty: dict[str, float] = field(default_factory=dict)


class Week(RuleBasedStateMachine):
    """A course of one assignment, and everything that happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.root = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.names, self.model, self.past = count(), Model(), []
        self.policy, self.handed = "none", {}
        self.due = False

    # What is there

    @initialize(late=st.sampled_from(STUDENTS))
    def begin(self, late: str) -> None:
        self.source = self.root / "source/ps"
        self.source.mkdir(parents=True)
        self.url = f"sqlite:///{self.root}/gradebook.db"
        shutil.copy(empty_book(), self.root / "gradebook.db")
        self.asked = [self.new(by_hand=False), self.new(by_hand=True), self.new(by_hand=False)]
        self.write()
        for student in STUDENTS:
            self.hand_in(student, {0, 1}, LATE if student == late else IN_TIME)

    def new(self, by_hand: bool) -> Asked:
        key = next(self.names)
        check = "" if by_hand else f"c{key}"
        return Asked(key, f"a{key}", check, 2 + key % 3, f"'Question {key}, and what it asks.'")

    def write(self) -> None:
        cells = [one for asked in self.asked for one in asked.cells]
        nbformat.write(new_notebook(cells=cells), self.source / "ps.ipynb")

    def hand_in(self, student: str, right: set[int], at: str) -> None:
        answers = {
            one.answer: "right" if place in right else "wrong"
            for place, one in enumerate(self.asked)
        }
        folder = self.root / "submitted" / student / "ps"
        folder.mkdir(parents=True, exist_ok=True)
        known = master(*(one for asked in self.asked for one in asked.cells))
        notebook = submission(answered(known, answers)).notebook
        (folder / "ps.ipynb").write_bytes(notebook or b"")
        (folder / "timestamp.txt").write_text(at)
        extension = self.handed[student].extension if student in self.handed else 0
        self.handed[student] = Handed(answers, at, extension)

    @property
    def config(self) -> Config:
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.LateSubmissionPlugin.penalty_method = self.policy
        return config

    def auto(self, student: str, asked: Asked) -> float | None:
        """What grading alone gives."""
        answer = self.handed[student].answers.get(asked.answer)
        if asked.check:
            return float(asked.points) if answer == "right" else 0.0
        return None if answer else 0.0

    def score(self, student: str) -> float:
        return sum(
            self.model.by_hand.get((student, one.key), self.auto(student, one) or 0.0)
            for one in self.model.fitted
        )

    def is_late(self, student: str) -> bool:
        handed = self.handed[student]
        return self.due and handed.at == LATE and handed.extension < 2

    def state(self, student: str) -> Any:
        """All that a grading of this student depends on."""
        handed = self.handed[student]
        late = (handed.extension, self.policy) if self.due else ()
        return dict(handed.answers), handed.at, list(self.asked), late

    def rows(self) -> dict[str, Any]:
        """The gradebook, by student."""
        found = {}
        with Gradebook(self.url) as book:
            for work in book.assignment_submissions("ps"):
                (notebook,) = work.notebooks
                found[work.student.id] = {
                    "grades": {
                        one.name: (one.auto_score, one.manual_score, one.max_score)
                        for one in notebook.grades
                    },
                    "said": {
                        one.name: one.manual_comment
                        for one in notebook.comments
                        if one.manual_comment
                    },
                    "penalty": notebook.late_submission_penalty or 0.0,
                    "score": notebook.score,
                }
        return found

    def expected(self) -> dict[str, Any]:
        model = self.model
        return {
            student: {
                "grades": {
                    one.graded: (
                        self.auto(student, one),
                        model.by_hand.get((student, one.key)),
                        float(one.points),
                    )
                    for one in model.fitted
                },
                "said": {
                    one.answer: model.said[student, one.key]
                    for one in model.fitted
                    if (student, one.key) in model.said
                },
                "penalty": model.penalty[student],
                "score": self.score(student),
            }
            for student in model.graded
        }

    # What an instructor edits

    def changed(self, asked: list[Asked]) -> None:
        self.past.append(self.asked)
        self.asked = asked
        self.write()

    def put(self, place: int, **how: Any) -> None:
        place %= len(self.asked)
        one = replace(self.asked[place], **how)
        self.changed([*self.asked[:place], one, *self.asked[place + 1 :]])

    @rule(place=QUESTIONS, which=st.sampled_from(["answer", "check"]))
    def rename(self, place: int, which: str) -> None:
        one = self.asked[place % len(self.asked)]
        if which == "answer" or one.check:
            self.put(place, **{which: f"{which[0]}{next(self.names)}"})

    @precondition(lambda self: len(self.asked) > 1)
    @rule(place=QUESTIONS)
    def drop(self, place: int) -> None:
        place %= len(self.asked)
        self.changed([*self.asked[:place], *self.asked[place + 1 :]])

    @rule(place=QUESTIONS, by_hand=st.booleans())
    def add(self, place: int, by_hand: bool) -> None:
        place %= len(self.asked)
        self.changed([*self.asked[:place], self.new(by_hand), *self.asked[place:]])

    @rule(place=QUESTIONS, points=st.integers(1, 6))
    def give_other_points(self, place: int, points: int) -> None:
        self.put(place, points=points)

    @rule(order=st.randoms(use_true_random=False))
    def reorder(self, order: Any) -> None:
        self.changed(order.sample(self.asked, len(self.asked)))

    @rule(place=QUESTIONS)
    def reword(self, place: int) -> None:
        one = self.asked[place % len(self.asked)]
        self.put(place, text=one.text[:-1] + ", please.'")

    @rule(place=QUESTIONS)
    def have_another_kind(self, place: int) -> None:
        """What a check read, a person reads now; or the other way round."""
        one = self.asked[place % len(self.asked)]
        self.put(place, check="" if one.check else f"c{next(self.names)}")

    @rule(place=QUESTIONS)
    def copy_and_drop(self, place: int) -> None:
        """A question copied under another name, and then the first one taken away."""
        n = next(self.names)
        one = self.asked[place % len(self.asked)]
        twin = replace(one, key=n, answer=f"a{n}", check=f"c{n}" if one.check else "")
        before = list(self.asked)
        self.changed([*before, twin])
        self.changed([other for other in before if other is not one] + [replace(twin, key=one.key)])

    @rule(
        first=QUESTIONS, second=QUESTIONS, anew=st.booleans(), force=st.booleans(),
        killed=st.none() | st.integers(0, 2),
    )  # fmt: skip
    def take_others_names(
        self, first: int, second: int, anew: bool, force: bool, killed: int | None
    ) -> None:
        """Two questions swap their names; or there is a new one, and those after it are numbered
        anew. That is known by the text of their cells alone, which those have that a program
        checks; so nothing else is edited along with it."""
        self.grade_again()
        asked, places = list(self.asked), {first % len(self.asked), second % len(self.asked)}
        if anew:
            begin = min(places)
            asked.insert(begin, self.new(by_hand=False))
            places = set(range(begin, len(asked)))
        theirs = [place for place in sorted(places) if asked[place].check]
        for which in ("answer", "check"):
            names = [getattr(asked[place], which) for place in theirs]
            names = names[1:] + names[:1]  # the new one has the name of the one after it
            for place, name in zip(theirs, names, strict=True):
                asked[place] = replace(asked[place], **{which: name})
        self.asked = asked
        self.write()
        if killed is None:
            self.grade_again(force)
        else:
            self.grade_and_be_killed(killed, force)
        self.past.clear()

    @precondition(lambda self: self.past)
    @rule()
    def undo(self) -> None:
        self.asked = self.past.pop()
        self.write()

    # What students and persons do

    @rule(student=st.sampled_from(STUDENTS), right=st.sets(QUESTIONS), late=st.booleans())
    def hand_in_again(self, student: str, right: set[int], late: bool) -> None:
        self.hand_in(student, right, LATE if late else IN_TIME)
        self.grade_again()  # a person grades what was graded last

    @precondition(lambda self: self.model.graded)
    @rule(
        student=st.sampled_from(STUDENTS), place=QUESTIONS, points=st.sampled_from([0.0, 1.5, 9.0])
    )
    def grade_by_hand(self, student: str, place: int, points: float) -> None:
        one = self.model.fitted[place % len(self.model.fitted)]
        with Gradebook(self.url) as book:
            row = book.find_grade(one.graded, "ps", "ps", student)
            row.manual_score, row.needs_manual_grade = points, False
            book.find_comment(one.answer, "ps", "ps", student).manual_comment = f"So: {points}"
            book.db.commit()
        self.model.by_hand[student, one.key] = points
        self.model.said[student, one.key] = f"So: {points}"

    @rule()
    def set_a_due_date(self) -> None:
        if not self.due:
            with Gradebook(self.url) as book:
                if "ps" in [one.name for one in book.assignments]:
                    book.update_or_create_assignment("ps", duedate=DUE)
                    self.due = True

    @precondition(lambda self: self.model.graded)
    @rule(student=st.sampled_from(STUDENTS), days=st.sampled_from([0, 1, 5]))
    def extend(self, student: str, days: int) -> None:
        with Gradebook(self.url) as book:
            submission = book.find_submission("ps", student)
            submission.extension = timedelta(days=days)
            book.db.commit()
        self.handed[student].extension = days

    @rule(policy=st.sampled_from(["none", "zero"]))
    def have_another_policy(self, policy: str) -> None:
        self.policy = policy

    @rule(name=st.sampled_from([*STUDENTS, "zed"]))
    def enter(self, name: str) -> None:
        with Gradebook(self.url) as book:
            book.update_or_create_student(name, first_name=name.title())

    # Grading

    def differs(self) -> bool:
        def cells(questions: list[Asked]) -> set[Any]:
            return {(one.key, *known) for one in questions for known in one.known}

        return bool(self.model.graded) and cells(self.model.fitted) != cells(self.asked)

    def meant(self, changes: list[MasterChange]) -> list[MasterChange]:
        """The changes as they were meant: a person is asked about what looks like a rename."""
        now = {one.key: one for one in self.asked}
        told = {name for one in changes for name in (one.cell, one.was, one.now)}
        renamed, dropped = [], []
        for one in self.model.fitted:
            if one.key not in now:
                dropped += [name for name in (one.answer, one.check) if name and name in told]
                continue
            for was, name in (
                (one.answer, now[one.key].answer), (one.check, now[one.key].check)
            ):  # fmt: skip
                if was and was != name and was in told:
                    if name:
                        renamed.append(f"{was}={name}")
                    else:
                        dropped.append(was)
        return settle(changes, renamed, dropped)

    def run(self, force: bool = False, update: bool = False, kill: int | None = None) -> None:
        grade(
            self.root,
            "ps",
            force=force,
            executor=PaperJudge(kill),
            jobs=1,
            config=self.config,
            update=self.meant if update else None,
        )

    def took_place(self, force: bool) -> None:
        """What a grading that came to its end leaves."""
        everybody = force or self.differs()
        model = self.model
        kept = self.kept_by_hand()
        model.fitted = list(self.asked)
        there = {one.key for one in self.asked}
        for rows, stay in ((model.by_hand, kept), (model.said, there)):
            for student, key in list(rows):
                if key not in stay:
                    del rows[student, key]  # type: ignore[attr-defined]
        for student in STUDENTS:
            if everybody or model.graded.get(student) != self.state(student):
                late = self.policy == "zero" and self.is_late(student)
                model.penalty[student] = self.score(student) if late else 0.0
            model.graded[student] = self.state(student)

    def kept_by_hand(self) -> set[int]:
        """The questions whose points by hand stay: the cell that has them is still of its kind."""
        now = {one.key: bool(one.check) for one in self.asked}
        return {one.key for one in self.model.fitted if now.get(one.key) == bool(one.check)}

    @rule(force=st.booleans())
    def grade_again(self, force: bool = False) -> None:
        if self.differs():
            before = self.rows()
            with pytest.raises(MasterChanged):
                self.run(force)
            assert self.rows() == before
            self.run(force, update=True)
        else:
            self.run(force)
        self.took_place(force)
        assert self.rows() == self.expected()

    @rule(after=st.integers(0, 2), force=st.booleans())
    def grade_and_be_killed(self, after: int, force: bool) -> None:
        manual = self.by_a_person(self.model.fitted)
        kept = self.kept_by_hand()
        try:
            self.run(force, update=True, kill=after)
        except Killed:
            # The gradebook is all as it was, or all brought up to date: names may be others'.
            assert any(
                left <= manual and not {one for one in manual - left if one[1] in kept}
                for left in map(self.by_a_person, (self.model.fitted, self.asked))
            )
        self.run(force, update=True)
        self.took_place(force)
        assert self.rows() == self.expected()

    def by_a_person(self, known: list[Asked]) -> set[tuple[str, int | None, float]]:
        """(student, key of the question, points), where the gradebook has the names of these."""
        keys = {one.graded: one.key for one in known}
        return {
            (student, keys.get(name), manual)
            for student, entry in self.rows().items()
            for name, (_, manual, _) in entry["grades"].items()
            if manual is not None
        }

    def teardown(self) -> None:
        try:
            if self.model.graded and not self.differs():
                for rows in self.rows().values():
                    assert all(
                        auto is None or auto <= most for auto, _, most in rows["grades"].values()
                    )
                config = self.config
                config.CourseDirectory.db_url = self.url
                done = NbGraderAPI(config=config).generate_assignment("ps", force=True)
                assert done["success"], done.get("log")
                assert self.rows() == self.expected()
        finally:
            self.stack.close()


def empty_book() -> Path:
    """A gradebook without anything in it: to make one takes longer than all else."""
    path = Path(_EMPTY.name) / "gradebook.db"
    if not path.exists():
        Gradebook(f"sqlite:///{path}").close()
    return path


_HOW = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # to make a failing week shorter takes very long
    suppress_health_check=list(HealthCheck),
)
TestAFewWeeks = Week.TestCase
TestAFewWeeks.settings = settings(_HOW, max_examples=4, stateful_step_count=12)


@pytest.mark.slow
@pytest.mark.timeout(1200)
class TestManyWeeks(Week.TestCase):
    settings = settings(_HOW, max_examples=50, stateful_step_count=25)
