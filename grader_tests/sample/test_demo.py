"""The sample class, graded: everyone gets what their answers earn."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from chainrule.course.folder import Course, CourseError
from chainrule.grading.report.summary import StudentResult
from chainrule.sample.run import Demo, run_demo
from chainrule.sample.sample_class import read_answers, read_students
from grader_tests.support.paths import ROOT

STUDENTS = {s.id: s for s in read_students(ROOT / "grader_tests" / "students.toml")}


def graded(demo: Demo) -> list[tuple[str, StudentResult]]:
    return [(name, row) for name, rows in demo.graded.items() for row in rows]


def wrong_questions(assignment: str, student: str) -> set[str]:
    """The questions a student of the sample class has not answered rightly."""
    who = STUDENTS[student]
    answers = read_answers(ROOT / "grader_tests" / "answers" / f"{assignment}.py")
    right = {(a.cell, a.name) for a in answers if a.right}
    chosen = who.answers.get(assignment, {})
    wrong = {
        cell.split("_")[0]
        for cell, name in chosen.items()
        if name != "solved" and (cell, name) not in right
    }
    return wrong | {cell.split("_")[0] for cell in who.without}


def test_class_is_large_enough(demo: Demo) -> None:
    assert len({row.student for _, row in graded(demo)}) >= 14


def test_full_marks_for_right_answers_and_less_in_the_wrong_question_only(demo: Demo) -> None:
    for assignment, row in graded(demo):
        if STUDENTS[row.student].base != "master":
            continue
        lost = {q for q, s in row.questions.items() if not s.by_hand and s.score < s.max_score}
        assert lost == wrong_questions(assignment, row.student), (assignment, row.student)
        assert bool(row.went_wrong) == bool(lost)


def test_stub_gets_nothing(demo: Demo) -> None:
    stubs = [row for _, row in graded(demo) if row.student == "milo"]
    assert stubs
    assert all(row.score == 0 for row in stubs)


def test_half_finished_gets_what_is_finished(demo: Demo) -> None:
    (row,) = (row for name, row in graded(demo) if row.student == "lea" and "ps1" in name)
    assert row.score == 15


@pytest.mark.parametrize(
    ("student", "phrase"),
    [
        ("fay", "Q8: the upstream gradient was left out"),
        ("gus", "Q2: each input was used for its own gradient"),
        ("hana", "Q10: the sign is turned around"),
        ("ivo", "Q11: only one branch of a fork was counted"),
        ("june", "Q3: both inputs of a max received the gradient"),
        ("kofi", "Q1: there is a factor 1/2 too much"),
        ("milo", "Q1: Add.forward is not written yet, and 14 more"),
        ("nora", "Q2: the answer does not run (SyntaxError)"),
        ("otis", "Q2: Multiply.backward raised an error"),
        ("pia", "Q3: Max.forward did not come to an end"),
        ("quin", "Q5: the upstream gradient came back unchanged"),
    ],
)
def test_what_went_wrong_in_a_phrase(demo: Demo, student: str, phrase: str) -> None:
    rows = {row.student: row for row in demo.graded["ps1_scalar_circuits"]}
    assert rows[student].went_wrong == phrase


def test_everything_is_written(demo: Demo) -> None:
    assert all(path.exists() for path in demo.written.values())
    for assignment, row in graded(demo):
        page = demo.course.root / "feedback" / row.student / assignment / f"{assignment}.html"
        assert page.is_file(), page
    with demo.written["grades"].open() as file:
        rows = {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}
    for assignment, row in graded(demo):
        assert float(rows[assignment, row.student]["score"]) == row.score


def test_a_folder_of_somebody_else_is_left_alone(course: Course, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="not a folder that the demo made"):
        run_demo(course, tmp_path, lambda *_: None)
    assert (tmp_path / "mine.txt").read_text() == "mine"
