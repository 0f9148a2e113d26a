"""Links that came into submitted/: neither nbgrader nor the judge copies what they point to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from chainrule.course.folder import Course

ASSIGNMENT = "ps1_scalar_circuits"
SECRET = "only the instructor may read this"


@pytest.fixture
def own(course: Course, tmp_path: Path) -> Course:
    """A course of its own, with something in it that is nobody else's business."""
    root = tmp_path / "course"
    shutil.copytree(course.root / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    shutil.copy(course.root / "nbgrader_config.py", root)
    (root / "june.txt").write_text(SECRET)
    return Course(root)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_autograde_copies_no_link(course: Course, own: Course) -> None:
    api = own.nbgrader(Autograde__exporter_class="chainrule.nbgrader.JudgeExporter")
    assert api.generate_assignment(ASSIGNMENT)["success"]
    folder = own.root / "submitted" / "bob" / ASSIGNMENT
    shutil.copytree(course.root / "release" / ASSIGNMENT, folder)
    (folder / "data").mkdir()
    (folder / "data" / "values.csv").write_text("1,2\n")
    # Released feedback takes along every .html file: its owner would get the secret back.
    (folder / "data" / "june.html").symlink_to(own.root / "june.txt")
    (folder / "*").symlink_to(own.root / "june.txt")
    (folder / "zeros").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    graded = own.root / "autograded" / "bob" / ASSIGNMENT
    for _ in range(2):
        done = api.autograde(ASSIGNMENT, "bob")
        assert done["success"], done["log"]
        assert names(graded) == {f"{ASSIGNMENT}.ipynb", "data/values.csv"}
    # What was a link once is copied when it is a file.
    (folder / "data" / "june.html").unlink()
    (folder / "data" / "june.html").write_text("A page of my own.")
    assert api.autograde(ASSIGNMENT, "bob")["success"]
    assert (graded / "data" / "june.html").read_text() == "A page of my own."
