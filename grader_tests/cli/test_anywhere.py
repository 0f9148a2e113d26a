"""Where there is no Linux: what a student runs works, and `grade` says what it needs.

Windows and macOS are not at hand, so what they lack is hidden from a program on this machine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from grader_tests.support.once import once
from grader_tests.support.paths import ROOT
from grader_tests.support.small_course import make_course

_WITHOUT = """
import os, sys
modules, names = {modules!r}, {names!r}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in modules:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
for name in modules:
    sys.modules.pop(name, None)
for name in names:
    if hasattr(os, name):
        delattr(os, name)
sys.argv[0] = "chainrule"
from chainrule.cli import main
main()
"""
_MODULES = {"fcntl", "resource", "grp", "termios"}
_NAMES = {
    "fork", "forkpty", "sched_getaffinity", "fchmod", "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC",
}  # fmt: skip


def elsewhere(
    *typed: str, cwd: Path, modules: set[str] = _MODULES | {"pwd"}
) -> subprocess.CompletedProcess[str]:
    program = _WITHOUT.format(modules=modules, names=_NAMES)
    return subprocess.run(
        [sys.executable, "-c", program, *typed], cwd=cwd, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def made(to: Path) -> None:
        grade(make_course(to / "course"), "ps")

    return once(tmp_path_factory, "mistaken", made)[1] / "course"


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        (["--help"], 0, "progress"),
        (["--version"], 0, "chainrule"),
        (["check", "--help"], 0, "exit status"),
        (["check", "nope.ipynb"], 2, "there is no file nope.ipynb"),
        (["grade", "--help"], 0, "--force"),
        (["progress", str(ROOT / "release")], 0, "ps6_gradient_checking"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_it_starts(tmp_path: Path, typed: list[str], status: int, says: str) -> None:
    done = elsewhere(*typed, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert says in done.stdout + done.stderr


def test_a_problem_set_is_checked(course: Course, tmp_path: Path) -> None:
    shutil.copy(next((ROOT / "release" / "ps2_jacobians").glob("*.ipynb")), tmp_path / "mine.ipynb")
    done = elsewhere("check", "--json", "mine.ipynb", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["problem_set"], told["points"]) == ("ps2_jacobians", 0)


@pytest.mark.parametrize("typed", ["grade ps", "doctor"])
def test_grading_says_what_it_needs(graded: Path, typed: str) -> None:
    done = elsewhere(*typed.split(), cwd=graded)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "needs Linux" in line
    assert "--no-jail" in line


# nbgrader wants pwd wherever there is no Windows, and it is told apart by that alone.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("report ps", "reports/ps.html"),
        ("export ps", "exports/ps-csv.csv"),
        ("feedback ps --force", "4 written"),
    ],
)
def test_what_came_of_grading_is_told(graded: Path, tmp_path: Path, typed: str, says: str) -> None:
    course = shutil.copytree(graded, tmp_path / "course")
    done = elsewhere(*typed.split(), cwd=course, modules=_MODULES)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    without_a_fork = elsewhere("grade", "ps", cwd=course, modules=_MODULES)
    assert "needs Linux" in without_a_fork.stderr
