"""A class in a folder: files in, files and rows out."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from traitlets.config import Config

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.gradebook.submitted import BatchError
from chainrule.grading.gradebook.writer import Book, BookError, Record
from chainrule.grading.judge import judge as judging
from chainrule.grading.judge.judge import Submission
from chainrule.grading.judge.scores import Graded
from chainrule.grading.limits import Limits
from chainrule.notebook import atomic_file
from grader_tests.support.gradebookrows import differences, graded_rows
from grader_tests.support.gradebookrows import rows as sql_rows
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import RIGHT, answered, cell, master, submission
from grader_tests.support.small_course import ANSWERS, hand_in, make_course


@pytest.fixture
def course(tmp_path: Path, empty_book: Path) -> Path:
    root = make_course(tmp_path / "a course [1]")
    shutil.copy(empty_book, root)
    return root


def scores(root: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        return {work.student.id: work.score for work in book.assignment_submissions("ps")}


def test_a_class_is_graded(course: Path) -> None:
    told: list[Any] = []
    result = grade(course, "ps", limits=LIMITS, progress=lambda *one: told.append(one))
    assert sorted(result.graded) == sorted(ANSWERS)
    assert not result.failed
    assert scores(course) == {"ada": 5, "bob": 2, "eve": 3, "zoe": 0}
    assert [one[:2] for one in told] == [(i, 4) for i in range(1, 5)]
    assert result.problems["eve"][0].startswith("The cell q1 was stopped")
    written = nbformat.read(course / "autograded/ada/ps/ps.ipynb", as_version=4)
    nbformat.validate(written)
    assert not list((course / "autograded").rglob("*.part"))


def test_unchanged_work_is_not_graded_again(course: Path) -> None:
    grade(course, "ps", limits=LIMITS)
    hand_in(course, "zoe", RIGHT)
    second = grade(course, "ps", limits=LIMITS)
    assert list(second.graded) == ["zoe"]
    assert sorted(second.unchanged) == ["ada", "bob", "eve"]
    assert scores(course)["zoe"] == 5
    shutil.rmtree(course / "autograded/ada")
    assert list(grade(course, "ps", limits=LIMITS).graded) == ["ada"]
    assert len(grade(course, "ps", limits=LIMITS, force=True, students=["ada", "bob"]).graded) == 2
    assert grade(course, "ps", limits=LIMITS, students=["nobody"]).failed == {
        "nobody": "nothing was submitted"
    }
    (course / "gradebook.db").unlink()
    assert len(grade(course, "ps", limits=LIMITS).graded) == 4


def test_manual_grades_stay(course: Path) -> None:
    grade(course, "ps", limits=LIMITS)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        one = book.find_grade("w1", "ps", "ps", "bob")
        one.manual_score, one.needs_manual_grade, one.extra_credit = 3.5, False, 0.5
        two = book.find_grade("c1", "ps", "ps", "bob")
        two.manual_score = 1.0
        book.find_comment("q1", "ps", "ps", "bob").manual_comment = "Well done."
        book.db.commit()
    grade(course, "ps", limits=LIMITS, force=True)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        one = book.find_grade("w1", "ps", "ps", "bob")
        assert (one.manual_score, one.extra_credit, one.needs_manual_grade) == (3.5, 0.5, True)
        assert book.find_grade("c1", "ps", "ps", "bob").score == 1.0
        assert book.find_comment("q1", "ps", "ps", "bob").comment == "Well done."


def test_malformed_work_and_odd_files(course: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    def put(student: str) -> Path:
        folder = course / "submitted" / student / "ps"
        folder.mkdir(parents=True)
        return folder

    (put("broken") / "ps.ipynb").write_bytes(b'{"cells": [')
    os.mkfifo(put("fifo") / "ps.ipynb")
    (put("folder") / "ps.ipynb").mkdir()
    (put("link") / "ps.ipynb").symlink_to(course / "submitted/ada/ps/ps.ipynb")
    shutil.copy(course / "submitted/ada/ps/ps.ipynb", put("renamed") / "ps (1).ipynb")
    put("nothing")
    files = put("files")
    shutil.copy(course / "submitted/ada/ps/ps.ipynb", files)
    shutil.copy(course / "submitted/ada/ps/ps.ipynb", files / "more.ipynb")
    (files / "stolen.txt").symlink_to(secret)
    os.mkfifo(files / "pipe")
    (files / "own [x]").mkdir()
    (files / "own [x]" / "a b.txt").write_text("mine")
    (files / "huge.bin").write_bytes(bytes(LIMITS.file_bytes + 1))
    result = grade(course, "ps", limits=LIMITS)
    assert not result.failed
    got = scores(course)
    assert [got[s] for s in ("broken", "fifo", "folder", "link", "nothing")] == [0] * 5
    assert (got["files"], got["renamed"]) == (5, 5)
    assert got["ada"] == 5
    assert (course / "autograded/files/ps/own [x]/a b.txt").read_text() == "mine"
    for name in ("stolen.txt", "pipe", "huge.bin", "more.ipynb"):
        assert not os.path.lexists(course / "autograded/files/ps" / name)
    for student in ("broken", "fifo", "folder", "link", "renamed", "nothing", "files"):
        assert all(note.endswith(".") for note in result.problems[student])
    assert "is a link" in result.problems["link"][0]
    assert result.problems["renamed"] == ["ps (1).ipynb was graded as ps.ipynb."]


def test_late_work_and_its_penalty(course: Path) -> None:
    (course / "submitted/ada/ps/timestamp.txt").write_text("2030-01-02 00:00:00 UTC")
    (course / "submitted/bob/ps/timestamp.txt").write_text("2029-12-31 00:00:00 UTC")
    (course / "submitted/zoe/ps/timestamp.txt").write_text("no time at all")
    grade(course, "ps", limits=LIMITS)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        book.update_or_create_assignment("ps", duedate="2030-01-01 00:00:00 UTC")
    config = Config()
    config.CourseDirectory.root = str(course)
    config.LateSubmissionPlugin.penalty_method = "zero"
    grade(course, "ps", limits=LIMITS, config=config, force=True)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        penalties = {
            w.student.id: w.notebooks[0].late_submission_penalty
            for w in book.assignment_submissions("ps")
        }
    assert penalties == {"ada": 5.0, "bob": None, "eve": None, "zoe": None}


def test_several_notebooks_and_files_of_the_assignment(tmp_path: Path, empty_book: Path) -> None:
    course = make_course(tmp_path, {"ada": RIGHT})
    shutil.copy(empty_book, course)
    cells = [
        cell("answer", "a", "### BEGIN SOLUTION\nn = 2\n### END SOLUTION"),
        cell("check", "b", "assert n == int(open('n.txt').read())", 1),
    ]
    nbformat.write(new_notebook(cells=cells), course / "source/ps/second.ipynb")
    (course / "source/ps/n.txt").write_text("2")
    second = submission(answered(master(*cells), {"a": "n = int(open('n.txt').read())"}))
    (course / "submitted/ada/ps/second.ipynb").write_bytes(second.notebook or b"")
    (course / "submitted/ada/ps/n.txt").write_text("17")
    hand_in(course, "bob", RIGHT)
    grade(course, "ps", limits=LIMITS)
    assert scores(course) == {"ada": 6, "bob": 5}
    assert (course / "autograded/ada/ps/n.txt").read_text() == "2"
    rows = graded_rows(Course(course), "ps")
    missing = [row for row in rows if row[:3] == ("bob", "second", "b")]
    assert missing == [("bob", "second", "b", 0.0, None, 1.0, False, 0.0)]


def test_one_grader_at_a_time(course: Path) -> None:
    import fcntl

    (course / "autograded").mkdir()
    with open(course / "autograded/.ps.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BatchError, match="another program"):
            grade(course, "ps", limits=LIMITS)
    with pytest.raises(BatchError, match="no such assignment"):
        grade(course, "ps9", limits=LIMITS)


class _Failing(Executor):
    """Loses the first two of three tasks."""

    def __init__(self, fails: int) -> None:
        self.left = fails

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.left -= 1
        if self.left >= 0:
            future.set_exception(RuntimeError("a worker died"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_a_worker_that_dies_gets_its_work_again(course: Path) -> None:
    assert len(grade(course, "ps", limits=LIMITS, executor=_Failing(2)).graded) == 4
    result = grade(course, "ps", limits=LIMITS, executor=_Failing(99), force=True)
    assert result.failed == dict.fromkeys(ANSWERS, "it could not be judged: a worker died")


def test_a_full_disk_ends_no_batch(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = atomic_file._write

    def full(scratch: Path, path: Path, content: bytes, mode: int) -> None:
        if "bob" in str(path):
            scratch.touch()
            raise OSError(28, "No space left on device")
        real(scratch, path, content, mode)

    monkeypatch.setattr(atomic_file, "_write", full)
    result = grade(course, "ps", limits=LIMITS)
    assert sorted(result.graded) == ["ada", "eve", "zoe"]
    assert "No space" in result.failed["bob"]
    assert not list((course / "autograded" / "bob").rglob("*.part"))
    monkeypatch.undo()
    assert list(grade(course, "ps", limits=LIMITS).graded) == ["bob"]


def test_a_locked_database_is_waited_for(course: Path) -> None:
    grade(course, "ps", limits=LIMITS)
    before = graded_rows(Course(course), "ps")
    with closing(sqlite3.connect(course / "gradebook.db", check_same_thread=False)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        later = threading.Timer(1.0, holder.rollback)
        later.start()
        assert not grade(course, "ps", limits=LIMITS, force=True).failed
        later.join()
    assert graded_rows(Course(course), "ps") == before


def test_one_that_cannot_be_recorded_is_no_others_loss(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Book._record

    def broken(self: Book, records: list[Record]) -> None:
        if any(one.student == "bob" for one in records):
            raise BookError("no")
        record(self, records)

    with monkeypatch.context() as patch:
        patch.setattr(Book, "_record", broken)
        result = grade(course, "ps", limits=LIMITS)
    assert result.failed == {"bob": "it could not be written: no"}
    assert scores(course) == {"ada": 5, "eve": 3, "zoe": 0}
    assert list(grade(course, "ps", limits=LIMITS).graded) == ["bob"]
    assert scores(course)["bob"] == 2


def test_known_students_and_new_ones_are_written_together(course: Path, tmp_path: Path) -> None:
    whole = shutil.copytree(course, tmp_path / "whole")
    grade(course, "ps", limits=LIMITS, students=["bob", "zoe"])
    grade(course, "ps", limits=LIMITS, force=True)
    grade(whole, "ps", limits=LIMITS)
    assert graded_rows(Course(course), "ps") == graded_rows(Course(whole), "ps")


def test_what_is_judged_is_written_while_others_take_long(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = threading.Event()

    def judge(master: Any, work: Submission, limits: Limits) -> Graded:
        if work.notebook == (course / "submitted/ada/ps/ps.ipynb").read_bytes():
            assert others.wait(30)
        return judging.judge(master, work, limits)

    def progress(done: int, *_: Any) -> None:
        if done == len(ANSWERS) - 1:
            others.set()

    monkeypatch.setattr("chainrule.grading.gradebook.batch.judge", judge)
    assert not grade(course, "ps", limits=LIMITS, progress=progress).failed


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.slow
def test_a_process_pool_will_do(course: Path, pool: Executor) -> None:
    assert len(grade(course, "ps", limits=LIMITS, executor=pool).graded) == 4
    assert scores(course) == {"ada": 5, "bob": 2, "eve": 3, "zoe": 0}


@pytest.mark.slow
def test_a_cluster_will_do_and_may_lose_a_worker(course: Path) -> None:
    distributed = pytest.importorskip("distributed")
    many = {f"{name}{i}": given for i in range(4) for name, given in ANSWERS.items()}
    for student, given in many.items():
        hand_in(course, student, given)
    lost: list[int] = []
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:

        def lose(done: int, *_: Any) -> None:
            if done == 5:
                lost.append(next(iter(client.run(os.getpid).values())))
                os.kill(lost[0], signal.SIGKILL)

        executor = client.get_executor()
        result = grade(course, "ps", limits=LIMITS, executor=executor, progress=lose)
    assert lost
    assert not result.failed
    assert {name: scores(course)[name] for name in ANSWERS} == {
        "ada": 5,
        "bob": 2,
        "eve": 3,
        "zoe": 0,
    }


# Killed in the middle ---------------------------------------------------------------------------

CLASS = {
    f"{name}{i:02}": ANSWERS[name]
    for name, count in (("ada", 46), ("bob", 25), ("eve", 4), ("zoe", 25))
    for i in range(count)
}
KILLS = 30


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServerContext]:
    """Starts batches without importing everything anew; they have a folder for temporary files to
    themselves, by which they are known."""
    (tmp_path / "tmp").mkdir()
    context = get_context("forkserver")
    context.set_forkserver_preload(["chainrule.grading.gradebook.batch"])
    server = forkserver._forkserver  # type: ignore[attr-defined]
    server._stop()  # one that knows nothing of that folder
    with monkeypatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path / "tmp"))
        context.Process(target=int).start()
    yield context
    server._stop()


def graded_files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.glob("autograded/**/*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def strays(mark: Path) -> list[psutil.Process]:
    """The processes of a batch, by their folder for temporary files; the starter apart."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            starts_others = "multiprocessing" in " ".join(process.cmdline())
            if not starts_others and process.environ().get("TMPDIR") == str(mark):
                found.append(process)
    return found


def outlive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that are there after ten seconds."""
    for _ in range(500):
        processes = [process for process in processes if lives(process)]
        if not processes:
            break
        time.sleep(0.02)
    return processes


def lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.overnight
@pytest.mark.timeout(900)
def test_killed_at_any_moment_a_rerun_finishes(
    tmp_path: Path, empty_book: Path, starter: ForkServerContext
) -> None:
    empty = make_course(tmp_path / "empty", CLASS)
    shutil.copy(empty_book, empty)
    (empty / "source/ps/data.txt").write_text("a file that every judge has to lay out")
    (empty / "submitted/zoe00/ps/timestamp.txt").write_text("2030-01-02 00:00:00 UTC")
    whole = shutil.copytree(empty, tmp_path / "whole")
    undisturbed = grade(whole, "ps", limits=LIMITS)
    assert len(undisturbed.graded) == len(CLASS) == 100
    rows, files = sql_rows(whole / "gradebook.db"), graded_files(whole)

    moments = random.Random(5)
    unfinished, some_done = 0, 0
    for kill in range(KILLS):
        course = shutil.copytree(empty, tmp_path / "killed")
        batch = starter.Process(target=grade, args=(course, "ps"), kwargs={"limits": LIMITS})
        batch.start()
        # While it starts, or when some student's work is written, and then a little later.
        nth = moments.randrange(-15, 85)  # the last ones are written as the batch ends
        if nth >= 0:
            mark = course / "autograded" / sorted(CLASS)[nth] / "ps/.chainrule.json"
            while not mark.exists():
                assert batch.is_alive(), "it ended before it could be killed"
                time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.04 if nth >= 0 else undisturbed.seconds / 2))
        others: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            others = psutil.Process(batch.pid).children(recursive=True)
        everyone = kill % 3 == 2  # and not only whoever the user sees
        for process in others if everyone else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        batch.kill()
        batch.join()
        assert batch.exitcode in (-signal.SIGKILL, 0)  # the last few may be too late: see below
        assert outlive([*others, *strays(tmp_path / "tmp")]) == []
        left = sorted(path.name for path in (tmp_path / "tmp").iterdir())
        if everyone:  # nobody was left to clear up
            for name in left:
                shutil.rmtree(tmp_path / "tmp" / name)
        else:
            assert left == []
        with closing(sqlite3.connect(course / "gradebook.db")) as book:
            assert book.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        again = grade(course, "ps", limits=LIMITS)
        assert not again.failed
        unfinished += bool(again.graded)
        some_done += bool(again.graded) and bool(again.unchanged)
        assert differences(sql_rows(course / "gradebook.db"), rows) == []
        assert graded_files(course) == files
        assert not (course / "gradebook.db-journal").exists()
        shutil.rmtree(course)
    assert unfinished >= KILLS - 3
    assert some_done >= KILLS * 2 // 3
