"""`chainrule students`: a class can change after the course was made."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from chainrule.course.folder import Course
from grader_tests.support.command import chainrule
from grader_tests.support.small_course import make_course


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_course(tmp_path / "course", {})
    (made / "nbgrader_config.py").write_text("c = get_config()\n")
    monkeypatch.chdir(made)
    return made


def listed() -> list[str]:
    done = chainrule("students", "list", "--json")
    return [one["id"] for one in json.loads(done.stdout)]


def test_students_are_added_imported_and_listed(root: Path) -> None:
    assert "nobody is in the class list" in chainrule("students", "list").stdout
    added = chainrule("students", "add", "ada", "--first-name", "Ada", "--email", "ada@example.org")
    assert (added.returncode, added.stdout) == (0, "1 new in the class list\n")
    (root / "more.csv").write_text("id,last_name\nada,Lovelace\nzoe,\n")
    done = chainrule("students", "import", "more.csv")
    assert done.stdout == "1 new in the class list; 1 there already\n"
    assert listed() == ["ada", "zoe"]
    shown = chainrule("students", "list").stdout
    assert "Lovelace" in shown
    assert "lms user id" not in shown  # a column that nobody has
    with Gradebook(Course(root).db_url) as book:
        ada = book.find_student("ada")
        assert (ada.first_name, ada.last_name, ada.email) == ("Ada", "Lovelace", "ada@example.org")


def test_what_is_no_student_is_refused(root: Path) -> None:
    for typed in (["add", "a+b"], ["add", "ada", "--email", "nowhere"], ["import", "none.csv"]):
        done = chainrule("students", *typed)
        assert done.returncode == 2, typed
        assert len(done.stderr.splitlines()) == 1
        assert "Traceback" not in done.stderr
    assert listed() == []


def test_an_extension_is_entered_for_work_that_is_there(root: Path) -> None:
    def extend() -> tuple[int, str]:
        done = chainrule("students", "extend", "ada", "ps", "--days", "2")
        return done.returncode, done.stdout + done.stderr

    status, said = extend()
    assert (status, "grade it first" in said) == (2, True)
    with Gradebook(Course(root).db_url) as book:
        book.add_assignment("ps")
        book.add_student("ada")
        book.add_submission("ps", "ada")
    status, said = extend()
    assert (status, "is never due" in said) == (2, True)
    with Gradebook(Course(root).db_url) as book:
        book.update_or_create_assignment("ps", duedate="2030-01-10 17:00 UTC")
    assert extend() == (0, "ada has until 2030-01-12 17:00 UTC for ps\n")
    with Gradebook(Course(root).db_url) as book:
        assert book.find_submission("ps", "ada").duedate == datetime(2030, 1, 12, 17)
