"""The gradebook's rows are those that stock nbgrader writes, for every honest submission.

The sample class is graded twice, by `chainrule grade` and by `nbgrader autograde`, with due dates
and late work besides, and every value of every row is compared.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from chainrule.course.folder import Course
from chainrule.sample.sample_class import SampleStudent, read_answers, read_students, submit
from grader_tests.support.command import installed
from grader_tests.support.gradebookrows import Rows, differences, rows
from grader_tests.support.paths import SAMPLE

STUDENTS = read_students(SAMPLE / "students.toml")
AT_ONCE = 2  # stock nbgrader takes seconds for each, so it grades parts of the class at once

DUE = "2030-03-01 12:00:00 UTC"
# Late, early, to the second, and late by one; the others' work has no time on it.
HANDED_IN = {
    "ada": "2030-03-02 08:30:00 UTC",
    "milo": "2030-02-27 23:59:59 UTC",
    "hana": "2030-03-01 12:00:00 UTC",
    "fay": "2030-03-01 12:00:01 UTC",
}

# Whose rows are not compared, and why.
LEFT_OUT = {"pia": "an endless loop: nbgrader stops the cell at its own time, the judge the call"}


@pytest.fixture(scope="module")
def honest() -> list[SampleStudent]:
    assert {one.id for one in STUDENTS} > set(LEFT_OUT) | set(HANDED_IN)
    return [one for one in STUDENTS if one.id not in LEFT_OUT]


@pytest.fixture(scope="module")
def ungraded(
    course: Course, honest: list[SampleStudent], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A course with all their work in it, known to nbgrader, with a due date."""
    folder = tmp_path_factory.mktemp("rows") / "ungraded"
    shutil.copytree(course.root / "source", folder / "source")
    settings = (course.root / "nbgrader_config.py").read_text()
    (folder / "nbgrader_config.py").write_text(
        f'{settings}\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    )
    copy = Course(folder)
    api = copy.nbgrader()
    for assignment in course.assignments:
        made = api.generate_assignment(assignment)
        assert made["success"], made["log"]
        answers = read_answers(SAMPLE / "answers" / f"{assignment}.py")
        for student in honest:
            if not student.takes(assignment):
                continue
            path = submit(course, assignment, student, answers, folder / "submitted")
            if student.id in HANDED_IN:
                (path.parent / "timestamp.txt").write_text(HANDED_IN[student.id])
        with Gradebook(copy.db_url, "chainrule") as book:
            book.update_or_create_assignment(assignment, duedate=DUE)
    return folder


def by_stock_nbgrader(course: Path, part: int) -> Rows:
    """Grade a part of the class in a copy of the course, with nbgrader as it comes."""
    copy = course.with_name(f"stock{part}")
    shutil.copytree(course, copy)
    work = sorted((copy / "submitted").glob("*/*"), key=lambda path: (path.name, path.parent))
    mine = work[part::AT_ONCE]
    for other in set(work) - set(mine):
        shutil.rmtree(other)
    for assignment in sorted({path.name for path in mine}):
        installed(copy, "nbgrader", "autograde", assignment)
    return rows(copy / "gradebook.db")


def by_chainrule(course: Path) -> Rows:
    copy = course.with_name("ours")
    shutil.copytree(course, copy)
    for assignment in Course(copy).assignments:
        installed(copy, "chainrule", "grade", assignment)
    return rows(copy / "gradebook.db")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_honest_submission_has_the_same_rows(
    ungraded: Path, honest: list[SampleStudent]
) -> None:
    ours = by_chainrule(ungraded)
    theirs: Rows = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for part in pool.map(lambda n: by_stock_nbgrader(ungraded, n), range(AT_ONCE)):
            theirs |= part
    assert differences(ours, theirs) == []
    # Whether there was something to compare at all.
    handed_in = {path.relative_to(ungraded).parts[1:] for path in ungraded.glob("submitted/*/*")}
    assert {key[2:4] for key in ours if key[:2] == ("submitted assignment", "timestamp")} == (
        handed_in
    )
    penalties = {
        key[2] for key, value in ours.items() if key[1] == "late_submission_penalty" and value
    }
    assert penalties == {"ada", "fay"}
    assert {value for key, value in ours.items() if key[1] == "needs_manual_grade"} == {0, 1}
