"""The page docs/deploy.md: its files are all there are, and its Dask commands grade a class."""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.report.summary import results
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support import machine
from grader_tests.support.lab import free_port
from grader_tests.support.paths import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "deploy.md").read_text()
PS1 = "ps1_scalar_circuits"
GRADER = "grader-chainrule"
CLASS = ("ada", "fay", "gus", "lea", "milo", "quin")


def test_the_page_shows_every_file() -> None:
    shown = re.findall(r"^```\{literalinclude\} (\S+)", PAGE, re.MULTILINE)
    there = [str(p.relative_to(DOCS)) for p in (DOCS / "deploy").rglob("*") if p.is_file()]
    assert sorted(shown) == sorted(there)


def commands(program: str) -> list[list[str]]:
    """The page's commands that begin so, each as a list of words."""
    return [shlex.split(line) for line in PAGE.splitlines() if line.startswith(program + " ")]


@pytest.mark.overnight
@pytest.mark.timeout(900)
def test_a_class_is_graded_by_a_scheduler_and_two_workers(course: Course, tmp_path: Path) -> None:
    """The page's commands on one machine, with an address and a port of the test's."""
    host = {"10.0.0.5": "127.0.0.1", "8786": str(free_port())}
    (scheduler,), (worker,), (batch,) = (
        [_here(words, host) for words in commands(program)]
        for program in ("dask scheduler", "dask worker", "chainrule grade")
    )
    alone = _class(course, tmp_path / "alone")
    grade(alone.root, PS1)
    folder = f"/home/{GRADER}/course"
    log = tmp_path / "dask"
    with ExitStack() as stack:
        inside = stack.enter_context(machine.machine())
        inside.run("useradd", "--create-home", "ada")
        inside.run("sh", DOCS / "deploy/set-up.sh")
        inside.run("sh", DOCS / "deploy/dask-certificates.sh")
        inside.run("install", "-m", "644", DOCS / "deploy/dask.yaml", "/etc/dask/")
        one = _class(course, tmp_path / "class")
        for name in ("source", "submitted", "nbgrader_config.py"):
            inside.run("cp", "-r", one.root / name, folder)
        inside.run("chown", "-R", f"{GRADER}:", folder)
        for words in (scheduler, worker):
            stack.enter_context(inside.running(*words, log=log, user=GRADER, cwd=f"/home/{GRADER}"))
        said = inside.run("env", "-C", folder, *batch, user=GRADER)
        assert f"{len(CLASS)} graded" in said

        # A student of this machine finds the port, and gets nowhere.
        address = batch[-1]
        for there in (address, address.replace("tls:", "tcp:")):
            attempt = f"from distributed import Client; Client({there!r}, timeout=5)"
            told = inside.run("sh", "-c", f'python -c "{attempt}" 2>&1; echo ended $?', user="ada")
            assert "ended 1" in told
            assert "Permission" in told or "require" in told.lower() or "TLS" in told, told

        shutil.copytree(inside.path(folder), tmp_path / "graded")
    assert results(Course(tmp_path / "graded"), PS1) == results(alone, PS1)


def _here(words: list[str], changed: dict[str, str]) -> list[str]:
    text = "\0".join(words)
    for old, new in changed.items():
        text = text.replace(old, new)
    return text.split("\0")


def _class(course: Course, root: Path) -> Course:
    """One problem set and what a few students hand in."""
    shutil.copytree(course.root / "source" / PS1, root / "source" / PS1)
    shutil.copy(course.root / "nbgrader_config.py", root)
    answers = read_answers(course.root / f"grader_tests/answers/{PS1}.py")
    for student in read_students(course.root / "grader_tests/students.toml"):
        if student.id in CLASS:
            submit(course, PS1, student, answers, root / "submitted")
    return Course(root)
