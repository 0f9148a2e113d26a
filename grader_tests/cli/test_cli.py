"""The `chainrule` command, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from chainrule.course.folder import Course
from chainrule.grading.sandbox.layers import LOST
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support.command import PROGRAM, chainrule, program
from grader_tests.support.paths import ROOT
from grader_tests.support.refused import REFUSED

ASSIGNMENT = "ps1_scalar_circuits"


@pytest.fixture(scope="module")
def handed_in(course: Course, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Notebooks of three students of the sample class."""
    folder = tmp_path_factory.mktemp("mine")
    sample = course.root / "grader_tests"
    answers = read_answers(sample / "answers" / f"{ASSIGNMENT}.py")
    return {
        student.id: submit(course, ASSIGNMENT, student, answers, folder)
        for student in read_students(sample / "students.toml")
        if student.id in ("ada", "gus", "quin")
    }


def test_check_of_right_work_ends_with_status_0(handed_in: dict[str, Path]) -> None:
    done = program("check", str(handed_in["ada"]))
    assert done.returncode == 0, done.stderr
    assert "50/50" in done.stdout
    assert done.stderr == ""


def test_check_of_wrong_work_has_a_line_a_question_and_the_message(
    handed_in: dict[str, Path],
) -> None:
    done = chainrule("check", str(handed_in["gus"]))
    assert done.returncode == 1
    for question in range(1, 13):
        assert f"Q{question} " in done.stdout
    assert "48/50" in done.stdout
    assert "Read: course/01_scalar_circuits.ipynb, section “Multiply switches”" in done.stdout


def test_check_as_json(handed_in: dict[str, Path]) -> None:
    done = chainrule("check", "--json", str(handed_in["gus"]))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["problem_set"], told["points"], told["max_points"]) == (ASSIGNMENT, 48.0, 50.0)
    (failed,) = (q for q in told["questions"] if q["message"])
    assert failed["id"] == "q2"
    assert failed["points"] == 1.0


def test_edited_check_is_noticed(handed_in: dict[str, Path], tmp_path: Path) -> None:
    notebook = nbformat.read(handed_in["gus"], as_version=4)
    (cell,) = (c for c in notebook.cells if c.id == "q2_multiply_backward")
    cell.source = "print('right')"
    path = tmp_path / "edited.ipynb"
    nbformat.write(notebook, path)
    told = json.loads(chainrule("check", "--json", str(path)).stdout)
    (question,) = (q for q in told["questions"] if q["id"] == "q2")
    assert question["edited"] == ["q2_multiply_backward"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file"),
        ("# no notebook", "is no notebook"),
        ('{"cells": [', "is no notebook"),
        (
            '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
            "is not a problem set of this course",
        ),
    ],
)
def test_check_of_something_else_is_one_line_and_status_2(
    tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    done = program("check", str(path))
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_check_of_a_notebook_that_lacks_cells_names_them(handed_in: dict[str, Path]) -> None:
    done = chainrule("check", str(handed_in["quin"]))
    assert done.returncode == 2
    assert "lacks the cell q5_scale_backward" in done.stderr


@pytest.mark.parametrize(
    ("starts", "reason"),
    [
        (["/bin/sh", "-c", "echo a module is missing >&2; exit 1"], "a module is missing"),
        (["/no/such/python"], "No such file"),
    ],
)
def test_a_kernel_that_does_not_start_is_one_line_and_status_2(
    handed_in: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    starts: list[str],
    reason: str,
) -> None:
    spec = {"argv": [*starts, "{connection_file}"], "display_name": "?", "language": "python"}
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    done = program("check", str(handed_in["ada"]))
    assert (done.returncode, done.stdout.strip()) == (2, "")
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("the kernel did not start: ")
    assert reason in line


def test_doctor_names_every_layer() -> None:
    done = chainrule("doctor")
    assert done.returncode == 0
    for layer in ("namespaces", "Landlock", "seccomp", "rlimits"):
        assert layer in done.stdout


def test_doctor_and_the_page_say_what_is_lost_without_namespaces() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs Linux, whose kernel can be told to refuse")
    done = subprocess.run([*REFUSED, *PROGRAM, "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for name in ("namespaces", "own root", "scratch"):
        assert f"Without {name}: {LOST[name]}" in told
        assert f"| {name} | {LOST[name]} |" in page
    for name in ("Landlock", "seccomp"):
        assert f"Without {name}" not in told


def test_grade_of_an_unknown_assignment_is_one_line_and_status_2(course: Course) -> None:
    done = program("grade", "ps9_nothing", cwd=course.root)
    assert done.returncode == 2
    assert "no such assignment" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_course_it_says_so(tmp_path: Path) -> None:
    done = chainrule("demo", cwd=tmp_path)
    assert done.returncode == 2
    assert "no course here" in done.stderr
