"""What counts as changed, and what is refused until somebody says how it is meant."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError
from traitlets.config import Config

from chainrule.course.folder import Course
from chainrule.grading.gradebook import marks, writer
from chainrule.grading.gradebook.batch import BatchResult, grade
from chainrule.grading.gradebook.misfits import mend, misfits
from chainrule.grading.gradebook.submitted import read_masters
from chainrule.grading.gradebook.writer import Book, BookError, MasterChanged, Record
from chainrule.grading.judge.scores import Graded, Score
from grader_tests.support.gradebookrows import rows as sql_rows
from grader_tests.support.paper_judge import PaperJudge
from grader_tests.support.small_course import make_course

ANSWERS = {
    "ada": {"q1": "right", "q2": "right", "w1": "Words."},
    "bob": {"q1": "right", "q2": "wrong"},
}


@pytest.fixture
def root(tmp_path: Path, empty_book: Path) -> Path:
    made = make_course(tmp_path / "course", ANSWERS)
    (made / "nbgrader_config.py").write_text("c = get_config()\n")
    for name in ANSWERS:
        (made / f"submitted/{name}/ps/timestamp.txt").write_text("2030-01-12 00:00:00 UTC")
    shutil.copy(empty_book, made)
    assert sorted(graded(made).graded) == ["ada", "bob"]
    return made


def graded(root: Path, **how: Any) -> BatchResult:
    result = grade(root, "ps", executor=PaperJudge(), jobs=1, **how)
    assert not result.failed
    return result


def book(root: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{root}/gradebook.db")


def scores(root: Path) -> dict[str, tuple[float, float]]:
    with book(root) as found:
        return {w.student.id: (w.score, w.max_score) for w in found.assignment_submissions("ps")}


def edit(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the cells of the master, given by grade_id."""
    path = root / "source/ps/ps.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    change(cells)
    notebook.cells = list(cells.values())
    nbformat.write(notebook, path)


def known(cells: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = cells[name].metadata.nbgrader
    return found


# What counts


def set_due(root: Path) -> None:
    with book(root) as found:
        found.update_or_create_assignment("ps", duedate="2030-01-10 00:00:00 UTC")


def add_file(root: Path) -> None:
    (root / "source/ps/data.csv").write_text("1,2\n")


def set_limit(root: Path) -> None:
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.Judge.call_seconds = 3.0\n")


def reword(root: Path) -> None:
    edit(root, lambda cells: cells["c1"].update(source=cells["c1"].source + "\n# again"))


@pytest.mark.parametrize("change", [set_due, add_file, set_limit, reword])
def test_what_can_change_a_score_has_work_graded_again(
    root: Path, change: Callable[[Path], None]
) -> None:
    assert graded(root).unchanged == ["ada", "bob"]
    change(root)
    assert sorted(graded(root).graded) == ["ada", "bob"]
    assert graded(root).unchanged == ["ada", "bob"]


def test_an_extension_has_the_work_of_one_student_graded_again(root: Path) -> None:
    set_due(root)
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    )

    def penalties() -> dict[str, float]:
        with book(root) as found:
            return {
                work.student.id: work.notebooks[0].late_submission_penalty or 0.0
                for work in found.assignment_submissions("ps")
            }

    graded(root)
    assert penalties() == {"ada": 5.0, "bob": 2.0}
    with book(root) as found:
        found.find_submission("ps", "bob").extension = timedelta(days=3)
        found.db.commit()
    assert list(graded(root).graded) == ["bob"]
    assert penalties() == {"ada": 5.0, "bob": 0.0}


PLUGIN = """
from nbgrader.plugins import BasePlugin

class Mild(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {points}
"""


def test_the_code_of_a_late_policy_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(root)
    set_due(root)
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.AssignLatePenalties.plugin_class = "mild.Mild"\n'
    )
    for points in (1, 2):
        (root / "mild.py").write_text(PLUGIN.format(points=points) + "#" * points)
        sys.modules.pop("mild", None)
        assert sorted(graded(root).graded) == ["ada", "bob"]
        with book(root) as found:
            work = found.find_submission("ps", "ada").notebooks[0]
            assert work.late_submission_penalty == points
    sys.modules.pop("mild", None)


def test_another_version_alone_is_said_and_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = marks.versions()
    monkeypatch.setattr(marks, "versions", lambda: now | {"numpy": "9.9"})
    result = graded(root)
    assert result.unchanged == ["ada", "bob"]
    assert result.older == dict.fromkeys(("ada", "bob"), f"numpy {now['numpy']}")


# What is refused


AS_TASK = {"task": True, "grade": False, "solution": False, "locked": True}
EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], str, dict[str, tuple[float, float]]]] = {
    "renamed": (
        lambda cells: known(cells, "c1").update(grade_id="c1_new"),
        "c1 is now called c1_new",
        {"ada": (5, 9), "bob": (2, 9)},
    ),
    "dropped": (
        lambda cells: cells.pop("c1"), "c1 was dropped (2 grades)", {"ada": (3, 7), "bob": (0, 7)},
    ),
    "points": (
        lambda cells: known(cells, "c1").update(points=5),
        "c1 had 2 points and has 5 (2 grades)",
        {"ada": (8, 12), "bob": (5, 12)},
    ),
    "kind": (
        lambda cells: known(cells, "w1").update(AS_TASK),
        "w1 was ",
        {"ada": (5, 9), "bob": (2, 9)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_changed_master_is_refused_and_then_brought_in(root: Path, name: str) -> None:
    change, told, after = EDITS[name]
    before, there = scores(root), sql_rows(root / "gradebook.db")
    edit(root, change)
    with pytest.raises(MasterChanged) as refused:
        graded(root)
    assert told in str(refused.value)
    assert str(refused.value).endswith("chainrule grade ps --update-gradebook")
    assert "\n" not in str(refused.value)
    assert sql_rows(root / "gradebook.db") == there
    assert [one for one in misfits(Course(root)) if told in one.told]

    result = graded(root, update=lambda changes: changes)
    assert scores(root) == after
    assert result.copy is not None
    assert result.copy != root / "gradebook.db"
    with Gradebook(f"sqlite:///{result.copy}") as copy:
        assert {
            w.student.id: (w.score, w.max_score) for w in copy.assignment_submissions("ps")
        } == (before)
    assert misfits(Course(root)) == []


def test_a_change_before_anything_is_graded_is_just_done(tmp_path: Path, empty_book: Path) -> None:
    root = make_course(tmp_path / "course", {})
    shutil.copy(empty_book, root)
    graded(root)
    path = root / "source/ps/ps.ipynb"
    original = path.read_bytes()
    for change, _, _ in EDITS.values():
        edit(root, change)
        graded(root)
        path.write_bytes(original)
    assert misfits(Course(root)) == []


def test_nbgrader_autograde_refuses_too(root: Path) -> None:
    edit(root, EDITS["points"][0])
    before = sql_rows(root / "gradebook.db")
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root}/gradebook.db"
    config.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"
    done = NbGraderAPI(config=config).autograde("ps", "ada", force=True)
    assert not done["success"]
    assert "c1 had 2 points and has 5 (2 grades)" in done["log"]
    assert "Traceback" not in done["log"]
    assert sql_rows(root / "gradebook.db") == before


# Points


def record(root: Path, points: float) -> None:
    config = Course(root).config()
    masters = read_masters(CourseDirectory(config=config), "ps", config)
    one = Graded({}, (Score("c1", points, 2.0),), {})
    with Book(f"sqlite:///{root}/gradebook.db", "ps", masters, config=config) as found:
        found.record([Record("ada", {"ps": one})])


def test_no_automatic_score_is_above_its_maximum(root: Path) -> None:
    before = sql_rows(root / "gradebook.db")
    with pytest.raises(BookError, match="c1 would have 3 of 2 points"):
        record(root, 3.0)
    assert sql_rows(root / "gradebook.db") == before
    record(root, 2.0)


def test_what_a_person_gives_may_be_above_the_maximum(root: Path) -> None:
    with book(root) as found:
        row = found.find_grade("c1", "ps", "ps", "ada")
        row.manual_score, row.extra_credit = 7.0, 1.0
        found.db.commit()
    graded(root, force=True)
    assert scores(root)["ada"] == (11, 9)


def test_a_row_above_its_maximum_is_found_and_mended_after_a_copy(root: Path) -> None:
    with book(root) as found:
        found.find_grade("c1", "ps", "ps", "ada").auto_score = 40.0
        found.db.commit()
    (one,) = misfits(Course(root))
    assert (one.assignment, one.told) == ("ps", "c1 of ada has 40 of 2 points")
    result = mend(Course(root), "ps", lambda changes: changes, executor=PaperJudge(), jobs=1)
    assert scores(root)["ada"] == (5, 9)
    assert misfits(Course(root)) == []
    assert result.copy is not None
    with Gradebook(f"sqlite:///{result.copy}") as copy:
        assert copy.find_grade("c1", "ps", "ps", "ada").auto_score == 40.0


def test_mending_after_a_changed_master_leaves_one_copy(root: Path) -> None:
    edit(root, EDITS["points"][0])
    assert misfits(Course(root))
    result = mend(Course(root), "ps", lambda changes: changes, executor=PaperJudge(), jobs=1)
    assert list(root.glob("gradebook.before-*")) == [result.copy]
    assert misfits(Course(root)) == []


def test_a_gradebook_that_stays_locked_is_not_tried_for_each_of_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def locked(*_: Any) -> None:
        tried.append(1)
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(Book, "_record", locked)
    monkeypatch.setattr(writer, "_FIRST_WAIT", 0.0)
    result = grade(root, "ps", force=True, executor=PaperJudge(), jobs=1)
    assert sorted(result.failed) == ["ada", "bob"]
    assert all("database is locked" in why for why in result.failed.values())
    assert len(tried) == writer._ATTEMPTS
