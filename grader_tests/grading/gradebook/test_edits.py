"""Edits of a master, one after another: the rows are those of a gradebook that is made anew.

What a person entered is in no new gradebook: it has to be where its question is now.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from chainrule.cli.renames import settle
from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import BatchResult, grade
from chainrule.grading.gradebook.misfits import misfits
from chainrule.grading.gradebook.writer import MasterChanged
from grader_tests.support.gradebookrows import graded_rows
from grader_tests.support.notebooks import answered, cell, master, submission
from grader_tests.support.paper_judge import PaperJudge

Cells = dict[str, Any]
Edit = Callable[[Path], None]

RIGHT, WRONG = "right", "wrong"
ANSWERS = {
    "ada": {"q1": RIGHT, "q2": RIGHT, "q3": RIGHT, "w1": "Words."},
    "bob": {"q1": RIGHT, "q2": WRONG, "q3": WRONG, "w1": "Others."},
    "eve": {"q1": WRONG, "q2": RIGHT},
}


def question(n: int, points: int) -> list[Any]:
    stub = f"def question_{n}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
    return [
        cell("answer", f"q{n}", stub),
        cell("check", f"c{n}", f"assert question_{n}(1) == 1", points),
    ]


CELLS = [*question(1, 2), *question(2, 3), *question(3, 2), cell("written", "w1", "Why?", 4)]


def write(root: Path, cells: Iterable[Any], name: str = "ps") -> None:
    (root / "source/ps").mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), root / f"source/ps/{name}.ipynb")


def hand_in(root: Path, student: str, given: dict[str, str], name: str = "ps") -> None:
    folder = root / "submitted" / student / "ps"
    folder.mkdir(parents=True, exist_ok=True)
    handed = submission(answered(master(*CELLS), given)).notebook
    (folder / f"{name}.ipynb").write_bytes(handed or b"")


def graded(root: Path, **how: Any) -> BatchResult:
    result = grade(root, "ps", executor=PaperJudge(), jobs=1, **how)
    assert not result.failed
    return result


@pytest.fixture
def root(tmp_path: Path, empty_book: Path) -> Path:
    """A class that is graded; of two questions a person gave points, and wrote to three answers."""
    made = tmp_path / "course"
    write(made, CELLS)
    for student, given in ANSWERS.items():
        hand_in(made, student, given)
    shutil.copy(empty_book, made)
    graded(made)
    with Gradebook(Course(made).db_url) as book:
        for name, points in (("c1", 1.5), ("w1", 3.0)):
            row = book.find_grade(name, "ps", "ps", "bob")
            row.manual_score, row.needs_manual_grade = points, False
        for name in ("q1", "q2", "w1"):
            book.find_comment(name, "ps", "ps", "bob").manual_comment = f"On {name}."
        book.db.commit()
    return made


def by_hand(root: Path) -> dict[str, Any]:
    """What a person entered, by cell; all of it is of bob."""
    found: dict[str, Any] = {}
    with Gradebook(Course(root).db_url) as book:
        for work in book.assignment_submissions("ps"):
            for notebook in work.notebooks:
                rows = [(g.name, g.manual_score) for g in notebook.grades]
                rows += [(c.name, c.manual_comment) for c in notebook.comments]
                told = {name: value for name, value in rows if value is not None}
                assert not told or work.student.id == "bob"
                found |= told
    return found


# Edits --------------------------------------------------------------------------------------------


def edit(*steps: Callable[[list[Any]], list[Any]], name: str = "ps") -> Edit:
    """The cells of the master, given in order, become others."""

    def done(root: Path) -> None:
        cells = list(nbformat.read(root / f"source/ps/{name}.ipynb", as_version=4).cells)
        for step in steps:
            cells = step(cells)
        write(root, cells, name)

    return done


def renamed(**names: str) -> Callable[[list[Any]], list[Any]]:
    def done(cells: list[Any]) -> list[Any]:
        for one in cells:
            known = one.metadata.nbgrader
            one.id = known.grade_id = names.get(known.grade_id, known.grade_id)
        return cells

    return done


def worth(name: str, points: int) -> Callable[[list[Any]], list[Any]]:
    def done(cells: list[Any]) -> list[Any]:
        for one in cells:
            if one.id == name:
                one.metadata.nbgrader.points = points
        return cells

    return done


def without(*names: str) -> Callable[[list[Any]], list[Any]]:
    return lambda cells: [one for one in cells if one.id not in names]


def with_first(*more: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda cells: [*more, *cells]


def read_by_a_person(cells: list[Any]) -> list[Any]:
    """What c1 checked is an answer with points now."""
    return [
        cell("by hand", "q1", one.source, 2) if one.id == "q1" else one
        for one in cells
        if one.id != "c1"
    ]


def copied(cells: list[Any]) -> list[Any]:
    twins = [
        cell("answer", "q1_copy", cells[0].source),
        cell("check", "c1_copy", cells[1].source, 2),
    ]
    return [*cells[:2], *twins, *cells[2:]]


def more_notebooks(root: Path) -> None:
    """A second notebook, of which one student handed in theirs."""
    write(root, question(1, 5), "more")
    hand_in(root, "ada", {"q1": RIGHT}, "more")


def one_notebook(root: Path) -> None:
    (root / "source/ps/more.ipynb").unlink()


SAID = {"q1": "On q1.", "q2": "On q2.", "w1": "On w1."}
# What is done, what a person says of it, and what they had entered that is still there.
ROWS: dict[str, tuple[list[Edit], list[str], dict[str, Any]]] = {
    "a new name and other points at once": (
        [edit(renamed(c1="c1_new"), worth("c1_new", 5))],
        ["c1=c1_new"],
        {**SAID, "c1_new": 1.5, "w1": "On w1."},
    ),
    "two new names at once": (
        [edit(renamed(c1="first", c2="second", q1="one"))],
        ["c1=first", "c2=second", "q1=one"],
        {"one": "On q1.", "q2": "On q2.", "w1": "On w1.", "first": 1.5},
    ),
    "two questions that swap names": (
        [edit(renamed(q1="q2", q2="q1", c1="c2", c2="c1"))],
        ["q1=q2", "q2=q1", "c1=c2", "c2=c1"],
        {"q2": "On q1.", "q1": "On q2.", "w1": "On w1.", "c2": 1.5},
    ),
    "three that pass theirs on": (
        [edit(renamed(q1="q2", q2="q3", q3="q1", c1="c2", c2="c3", c3="c1"))],
        ["q1=q2", "q2=q3", "q3=q1", "c1=c2", "c2=c3", "c3=c1"],
        {"q2": "On q1.", "q3": "On q2.", "w1": "On w1.", "c2": 1.5},
    ),
    "a new question first, and the others numbered anew": (
        [edit(renamed(q1="q2", q2="q3", q3="q4", c1="c2", c2="c3", c3="c4"),
              with_first(cell("answer", "q1", "new = ..."), cell("check", "c1", "assert new", 2)))],
        ["q1=q2", "q2=q3", "q3=q4", "c1=c2", "c2=c3", "c3=c4"],
        {"q2": "On q1.", "q3": "On q2.", "w1": "On w1.", "c2": 1.5},
    ),
    "texts that changed places, and are meant so": (
        [edit(renamed(q1="q2", q2="q1", c1="c2", c2="c1"))],
        ["q1=q1", "q2=q2", "c1=c1", "c2=c2"],
        SAID | {"c1": 1.5},
    ),
    "a check that a person reads now": ([edit(read_by_a_person)], [], SAID),
    "that, and undone": ([edit(read_by_a_person), lambda root: write(root, CELLS)], [], SAID),
    "a question copied, and the first one taken away": (
        [edit(copied), edit(without("q1", "c1"))],
        ["q1=q1_copy", "c1=c1_copy"],
        {"q2": "On q2.", "w1": "On w1."},
    ),
    "dropped, and back again": (
        [edit(without("q1", "c1", "w1")), lambda root: write(root, CELLS)], [], {"q2": "On q2."},
    ),
    "other points, and undone": (
        [edit(worth("c1", 5), worth("w1", 1)), lambda root: write(root, CELLS)], [],
        SAID | {"c1": 1.5},
    ),
    "a notebook more": ([more_notebooks], [], SAID | {"c1": 1.5}),
    "a notebook more, and gone again": ([more_notebooks, one_notebook], [], SAID | {"c1": 1.5}),
}  # fmt: skip


def export(root: Path) -> list[dict[str, str]]:
    """What nbgrader exports."""
    api = Course(root).nbgrader()
    with api.gradebook as book:
        plugin = CsvExportPlugin(parent=api)
        plugin.to = str(root / "grades.csv")
        plugin.export(book)
    with open(root / "grades.csv", encoding="utf-8") as file:
        return sorted(csv.DictReader(file), key=lambda row: row["student_id"])


def in_formgrader(root: Path) -> list[Any]:
    """What Formgrader shows of the class."""
    api = Course(root).nbgrader()
    kept = ("student", "autograded", "score", "max_score", "code_score", "written_score",
            "task_score", "needs_manual_grade")  # fmt: skip
    shown = sorted(api.get_submissions("ps"), key=lambda one: one["student"])
    return [{name: one[name] for name in kept} for one in shown]


def without_hand(root: Path) -> None:
    """Take back all that a person entered."""
    with Gradebook(Course(root).db_url) as book:
        for work in book.assignment_submissions("ps"):
            for notebook in work.notebooks:
                for row in notebook.grades:
                    row.manual_score = None
                for row in notebook.comments:
                    row.manual_comment = None
        book.db.commit()


@pytest.mark.parametrize("name", ROWS)
def test_after_an_edit_the_rows_are_those_of_a_new_gradebook(
    root: Path, name: str, empty_book: Path
) -> None:
    edits, said, kept = ROWS[name]
    for change in edits:
        change(root)
        with pytest.raises(MasterChanged):
            graded(root)
        graded(root, update=lambda changes: settle(changes, fitting(changes, said)))
        assert misfits(Course(root)) == []
    assert by_hand(root) == kept
    new = root.parent / "new"
    for folder in ("source", "submitted"):
        shutil.copytree(root / folder, new / folder)
    shutil.copy(empty_book, new)
    graded(new)
    made = Course(root).nbgrader().generate_assignment("ps", force=True)
    assert made["success"], made["log"]
    without_hand(root)
    graded(root, force=True)
    assert graded_rows(Course(root), "ps") == graded_rows(Course(new), "ps")
    assert in_formgrader(root) == in_formgrader(new)
    assert export(root) == export(new)


def fitting(changes: Iterable[Any], said: list[str]) -> list[str]:
    """What a person says of those changes; the rest belongs to another edit."""
    told = {name for one in changes for name in (one.cell, one.was, one.now)}
    return [pair for pair in said if set(pair.split("=")) <= told]
