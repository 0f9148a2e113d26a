"""nbgrader's own commands work on the course, as its documentation says."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader import api

from chainrule.course import scaffold
from chainrule.course.folder import Course
from chainrule.grading.report.summary import results
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support.command import installed, stock_settings
from grader_tests.support.trial import problem_sets

ASSIGNMENT = "ps1_scalar_circuits"


@pytest.fixture(scope="module")
def class_folder(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder of its own, with two students who handed in problem set 1."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(course.root / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    shutil.copytree(course.root / "release" / ASSIGNMENT, folder / "release" / ASSIGNMENT)
    shutil.copy(course.root / "nbgrader_config.py", folder)
    sample = course.root / "grader_tests"
    answers = read_answers(sample / "answers" / f"{ASSIGNMENT}.py")
    for student in read_students(sample / "students.toml"):
        if student.id in ("ada", "gus"):
            submit(Course(folder), ASSIGNMENT, student, answers, folder / "submitted")
    return folder


@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_master_validates(course: Course, name: str) -> None:
    said = installed(course.root, "nbgrader", "validate", f"source/{name}/{name}.ipynb")
    assert "Success! Your notebook passes all the tests." in said


def test_stub_does_not_validate(course: Course) -> None:
    path = f"release/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "validate", path],
        cwd=course.root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "VALIDATION FAILED ON 29 CELL(S)" in done.stdout
    assert "Add.forward is not written yet" in done.stdout


def test_from_generate_to_export(class_folder: Path) -> None:
    installed(class_folder, "nbgrader", "generate_assignment", ASSIGNMENT, "--force")
    installed(class_folder, "nbgrader", "autograde", ASSIGNMENT)
    installed(class_folder, "nbgrader", "generate_feedback", ASSIGNMENT)
    installed(class_folder, "nbgrader", "export")
    with (class_folder / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {s: float(r["score"]) for s, r in rows.items()} == {"ada": 50.0, "gus": 48.0}
    assert {float(r["max_score"]) for r in rows.values()} == {53.0}
    feedback = class_folder / "feedback" / "gus" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    assert "each input was used for its own gradient" in feedback.read_text()


def test_this_checkout_is_as_protected_as_a_new_course(course: Course, tmp_path: Path) -> None:
    new = scaffold.new_course(tmp_path / "new", course.root).course.config()
    here = course.config()
    for section, name in (
        ("Autograde", "exporter_class"), ("GenerateFeedback", "exporter_class"),
        ("ExchangeFactory", "collect"), ("ZipCollectApp", "extractor_plugin"),
        ("ZipCollectApp", "collector_plugin"), ("HTMLExporter", "preprocessors"),
        ("HTMLExporter", "filters"), ("HTMLExporter", "extra_template_basedirs"),
        ("ClearSolutions", "code_stub"), ("OverwriteCells", "add_missing_cells"),
    ):  # fmt: skip
        assert name in here[section], section
        assert here[section][name] == new[section][name], section


def test_a_stub_whose_checks_are_not_to_be_run_gets_nothing(class_folder: Path) -> None:
    """nbgrader leaves a cell out that is tagged so, and takes one without outputs for passed."""
    release = class_folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]
    folder = class_folder / "submitted" / "skipper" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / release.name)
    installed(class_folder, "nbgrader", "generate_assignment", ASSIGNMENT, "--force")
    installed(class_folder, "nbgrader", "autograde", ASSIGNMENT, "--student=skipper")
    with api.Gradebook(Course(class_folder).db_url) as book:
        assert book.find_submission(ASSIGNMENT, "skipper").score == 0
        book.remove_student("skipper")
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_stock_autograde_gives_the_master_everything_and_the_stub_nothing(
    course: Course, tmp_path: Path, name: str
) -> None:
    shutil.copytree(course.root / "source" / name, tmp_path / "source" / name)
    shutil.copytree(course.root / "release" / name, tmp_path / "release" / name)
    stock_settings(tmp_path)
    for student in read_students(course.root / "grader_tests" / "students.toml"):
        if student.id in ("ada", "milo"):
            submit(Course(tmp_path), name, student, [], tmp_path / "submitted")
    installed(tmp_path, "nbgrader", "generate_assignment", name, "--force")
    installed(tmp_path, "nbgrader", "autograde", name)
    rows = {row.student: row for row in results(Course(tmp_path), name)}
    assert rows["ada"].score == rows["ada"].max_score > 0
    assert rows["milo"].score == 0
