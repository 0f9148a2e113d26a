"""nbgrader's own commands with the judge in them, and without: the same rows."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.gradebook.writer import Book
from grader_tests.support.gradebookrows import graded_rows
from grader_tests.support.notebooks import RIGHT
from grader_tests.support.small_course import ANSWERS, hand_in, make_course

PLUGIN = {
    "Autograde__exporter_class": "chainrule.nbgrader.JudgeExporter",
    "Judge__cell_seconds": 1.5,
}
HONEST = {name: given for name, given in ANSWERS.items() if name != "eve"} | {
    "wrong": {"q1": "def square(x):\n    return x", "q2": RIGHT["q2"], "w1": "Words."},
}


def autograde(root: Path, **config: Any) -> None:
    api = Course(root).nbgrader(**config)
    made = api.generate_assignment("ps")
    assert made["success"], made["log"]
    for student in sorted(path.name for path in (root / "submitted").iterdir()):
        done = api.autograde("ps", student)
        assert done["success"], done["log"]


@pytest.fixture
def twins(tmp_path: Path, empty_book: Path) -> tuple[Path, Path]:
    roots = tuple(make_course(tmp_path / name, {}) for name in ("one", "two"))
    for root in roots:
        shutil.copy(empty_book, root)
    return roots  # type: ignore[return-value]


def test_the_same_rows_and_notebooks_as_a_batch(twins: tuple[Path, Path]) -> None:
    one, two = twins
    for root in twins:
        for student in ("ada", "bob", "eve"):
            hand_in(root, student, ANSWERS[student])
        broken = root / "submitted/broken/ps"
        broken.mkdir(parents=True)
        (broken / "ps.ipynb").write_bytes(b"{")
    autograde(one, **PLUGIN)
    grade(two, "ps")
    assert graded_rows(Course(one), "ps") == graded_rows(Course(two), "ps")
    for student in ("ada", "bob", "broken"):
        a, b = (
            nbformat.read(root / f"autograded/{student}/ps/ps.ipynb", as_version=4)
            for root in twins
        )
        assert a == b


def test_the_gradebook_is_opened_once_for_all_of_a_run(
    tmp_path: Path, empty_book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_course(tmp_path / "course", {"ada": ANSWERS["ada"], "bob": ANSWERS["bob"]})
    shutil.copy(empty_book, root)
    opened, closed = [], []
    begin, end = Book.__init__, Book.close

    def init(self: Book, *given: Any, **named: Any) -> None:
        opened.append(self)
        begin(self, *given, **named)

    def close(self: Book) -> None:
        closed.append(self)
        end(self)

    monkeypatch.setattr(Book, "__init__", init)
    monkeypatch.setattr(Book, "close", close)
    api = Course(root).nbgrader(**PLUGIN)
    assert api.generate_assignment("ps")["success"]
    done = api.autograde("ps", "*")
    assert done["success"], done["log"]
    assert len(graded_rows(Course(root), "ps")) > 0
    assert len(opened) == 1
    gc.collect()
    assert closed == opened


@pytest.mark.slow
def test_the_same_rows_as_stock_nbgrader(twins: tuple[Path, Path]) -> None:
    for root in twins:
        for student, given in HONEST.items():
            hand_in(root, student, given)
    one, two = twins
    autograde(one)
    grade(two, "ps")
    assert graded_rows(Course(one), "ps") == graded_rows(Course(two), "ps")
