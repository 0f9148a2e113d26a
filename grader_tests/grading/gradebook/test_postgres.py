"""The gradebook in PostgreSQL: a real server, started here, killed and started again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.limits import Limits
from chainrule.sample.run import run_demo
from chainrule.sample.sample_class import SampleStudent, read_answers, read_students, submit
from grader_tests.support import postgres
from grader_tests.support.gradebookrows import graded_rows

pytestmark = pytest.mark.slow

PS1, PS2 = "ps1_scalar_circuits", "ps2_jacobians"
SAMPLE = ("ada", "fay", "gus", "lea")
LIMITS = Limits(cell_seconds=5.0, call_seconds=2.0)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    folder = tempfile.TemporaryDirectory(prefix="postgres-")
    with folder as path, postgres.running(Path(path)) as running:
        yield running


Make = Callable[..., Course]


@pytest.fixture
def make(course: Course, tmp_path: Path) -> Make:
    """Makes a course with a small class. db_url: where its gradebook is, None for nbgrader's own
    SQLite file; several: how many of each student hand in."""

    def made(name: str, db_url: str | None, *assignments: str, several: int = 0) -> Course:
        root = tmp_path / name
        root.mkdir()
        config = (course.root / "nbgrader_config.py").read_text()
        if db_url is not None:
            config += f"\nc.CourseDirectory.db_url = {db_url!r}\n"
        (root / "nbgrader_config.py").write_text(config)
        for assignment in assignments:
            for step in ("source", "release"):
                shutil.copytree(course.root / step / assignment, root / step / assignment)
        for one in _class(course):
            for k in range(several):
                twin = SampleStudent(f"{one.id}{k}", one.about, one.base, one.answers, one.without)
                for assignment in assignments:
                    answers = read_answers(course.root / f"grader_tests/answers/{assignment}.py")
                    submit(Course(root), assignment, twin, answers, root / "submitted")
        return Course(root)

    return made


def _class(course: Course) -> list[SampleStudent]:
    return [s for s in read_students(course.root / "grader_tests/students.toml") if s.id in SAMPLE]


def test_the_demo_gives_the_rows_of_sqlite(
    course: Course, make: Make, server: postgres.Server
) -> None:
    """The whole way: release, hand in, grade, gradebook, grades.csv and feedback."""
    found = []
    for name, db_url in (("lite", None), ("post", server.url("demo"))):
        small = make(name, db_url, PS1)
        sample = small.root / "grader_tests"
        sample.mkdir()
        shutil.copytree(course.root / "grader_tests/answers", sample / "answers")
        text = (course.root / "grader_tests/students.toml").read_text()
        kept = [part for part in text.split("\n[") if part.split("]")[0] in SAMPLE]
        (sample / "students.toml").write_text("".join(f"[{part}\n" for part in kept))
        made = run_demo(small, small.root / "demo", lambda *_: None)
        grades = (made.course.root / "grades.csv").read_text()
        found.append((graded_rows(made.course, PS1), made.graded, sorted(grades.splitlines())))
        assert (made.course.root / "gradebook.db").exists() == (db_url is None)
        assert {path.name for path in (made.course.root / "feedback").iterdir()} == set(SAMPLE)
    lite, post = found  # a database gives rows in no order of its own
    assert lite[0] == post[0]
    assert len(lite[0]) > 20 * len(SAMPLE)
    assert lite[1] == post[1]
    assert lite[2] == post[2]


def test_two_graders_at_once(make: Make, server: postgres.Server) -> None:
    """Two problem sets of one class at once; both graders meet every student for the first time."""
    whole = make("whole", None, PS1, PS2, several=3)
    for assignment in (PS1, PS2):
        assert not grade(whole.root, assignment, limits=LIMITS).failed
    both = make("both", server.url("both"), PS1, PS2, several=3)
    Gradebook(both.db_url).close()
    graders = [_grader(both, assignment) for assignment in (PS1, PS2)]
    said = [grader.communicate()[0] for grader in graders]
    assert [grader.returncode for grader in graders] == [0, 0], "\n".join(said)
    assert graded_rows(both, PS1, PS2) == graded_rows(whole, PS1, PS2)


def _grader(course: Course, assignment: str) -> subprocess.Popen[str]:
    command = [Path(sys.executable).with_name("chainrule"), "grade", assignment]
    return subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_the_server_is_killed_on_the_way(make: Make, server: postgres.Server) -> None:
    """Killed in the middle of a batch and started again: a rerun ends with the same rows."""
    whole = make("whole", None, PS1, several=3)
    grade(whole.root, PS1, limits=LIMITS)
    cut = make("cut", server.url("cut"), PS1, several=3)

    again = threading.Timer(1.0, server.start)

    def lose(done: int, *_: object) -> None:
        if done == 3:
            server.kill()
            again.start()

    first = grade(cut.root, PS1, limits=LIMITS, progress=lose)
    again.join()  # the batch may be over before the server is back
    second = grade(cut.root, PS1, limits=LIMITS)
    assert sorted(second.unchanged) == sorted(first.graded)
    assert sorted(second.graded) == sorted(first.failed)
    assert graded_rows(cut, PS1) == graded_rows(whole, PS1)


def test_both_enter_the_same_student(make: Make, server: postgres.Server) -> None:
    """The other grader has just entered a student whom this one does not see yet."""
    lone = make("lone", server.url("lone"), PS1, several=1)
    Gradebook(lone.db_url).close()
    with server.connect("lone") as other, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute("INSERT INTO student (id) VALUES ('ada0')")
            batch = pool.submit(grade, lone.root, PS1, limits=LIMITS)
            while not (batch.done() or server.somebody_waits()):
                time.sleep(0.05)
            assert not batch.done()
        assert batch.result().failed == {}
    assert len({row[0] for row in graded_rows(lone, PS1)}) == len(SAMPLE)
