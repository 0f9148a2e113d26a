"""What may happen on the instructor's side while a class is graded.

Each row does it to a grader, `chainrule grade` or `nbgrader autograde`, then lets it run once more
undisturbed, and compares the gradebook with one that was never disturbed.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader_tests.support.command import PROGRAM
from grader_tests.threats.course import ASSIGNMENT, FULL, RIGHT, WITHOUT_Q2, Traps, hand_in, stub
from grader_tests.threats.holding import MARKED
from grader_tests.threats.outcome import graded_notebook, scores

CHAINRULE = (*PROGRAM, "grade", ASSIGNMENT)
NBGRADER = (sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT)
_PATIENCE = 480.0  # seconds that a grader may take


@dataclass(frozen=True)
class Run:
    """A grader that ran: its exit status, and all it wrote."""

    status: int
    wrote: str

    @property
    def last(self) -> str:
        """The last line that says what was wrong, or nothing."""
        lines = [line.strip() for line in self.wrote.splitlines() if line.strip()]
        told = [line for line in lines if re.search(r"error|fail|cannot|being graded", line, re.I)]
        line = told[-1] if self.status and told else ""
        return re.sub(r"^\[\w+ \| \w+\]\s*", "", line)


class Grader:
    """A grader on a course. command: what it is started with."""

    def __init__(self, traps: Traps, command: Sequence[str]) -> None:
        self.traps, self.command = traps, tuple(command)

    def start(self, *more: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start it, in a session of its own. before: a program that starts it."""
        return subprocess.Popen(
            [*before, *self.command, *more],
            cwd=self.traps.course, env=self.traps.environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=_mark,
        )  # fmt: skip

    def run(self, *more: str, before: Sequence[str] = ()) -> Run:
        """Run it to its end."""
        return finished(self.start(*more, before=before))

    def kill(self, started: subprocess.Popen[str]) -> None:
        """SIGKILL for the grader alone: what it started has to go by itself."""
        started.send_signal(signal.SIGKILL)
        started.communicate()


def _mark() -> None:
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (MARKED, MARKED))


def finished(started: subprocess.Popen[str]) -> Run:
    """What came of a grader. It is killed when it takes too long."""
    try:
        wrote, _ = started.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        wrote, _ = started.communicate()
    return Run(started.returncode, wrote)


CLASS = {f"student{i:02}": FULL if i % 3 else WITHOUT_Q2 for i in range(9)}


def make_class(traps: Traps) -> None:
    """Nine honest students, three of whom have the second question wrong."""
    for student, points in CLASS.items():
        wrong = {"q2_power": "def power(x, n): return x"} if points < FULL else {}
        hand_in(traps, student, stub(traps, {**RIGHT, **wrong}))


def faults(traps: Traps) -> list[str]:
    """What is not as it should be after a class was graded, a few words each."""
    found = []
    with closing(sqlite3.connect(traps.course / "gradebook.db")) as book:
        if book.execute("pragma integrity_check").fetchone() != ("ok",):
            found.append("the gradebook is damaged")
        twice = book.execute(
            "select count(*) from (select 1 from submitted_assignment "
            "group by assignment_id, student_id having count(*) > 1)"
        ).fetchone()[0]
        if twice:
            found.append(f"{twice} students are in the gradebook twice")
    got = scores(traps)
    lost = [name for name in CLASS if name not in got or graded_notebook(traps, name) is None]
    wrong = [name for name in CLASS if name in got and got[name] != CLASS[name]]
    if lost:
        found.append(f"{len(lost)} of {len(CLASS)} students have no grade or no graded notebook")
    if wrong:
        found.append(f"{len(wrong)} of {len(CLASS)} students have a wrong score")
    return found


@dataclass(frozen=True)
class Mishap:
    """Something that goes wrong on the instructor's side.

    do: does it to a grader, and says in a line what the instructor was told, if anything; what must
    be right afterwards, `faults` says. needs: a program without which it cannot be tried.
    """

    id: str
    clauses: tuple[str, ...]
    tried: str
    do: Callable[[Grader], str]


def _moments(number: int) -> Callable[[Grader], str]:
    """Killed so many times at moments spread over a run, each time going on where it was."""

    def do(grader: Grader) -> str:
        for moment in range(number):
            started = grader.start()
            _wait(lambda part=moment: _written(grader.traps) > part * len(CLASS) // number, 30)
            time.sleep(0.013 * moment)
            grader.kill(started)
        return ""

    return do


def _written(traps: Traps) -> int:
    """How many students have something in autograded/."""
    return len(list((traps.course / "autograded").glob("student*/*/*.ipynb")))


def _wait(reached: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not reached():
        time.sleep(0.005)


def _small_disk(folder: str) -> Callable[[Grader], str]:
    """A file system with hardly any room in that folder of the course, for one run."""

    def do(grader: Grader) -> str:
        place = grader.traps.course / folder
        place.mkdir(exist_ok=True)
        user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        script = (f'mount -t tmpfs -o size={{}}k tmpfs "{place}" && shift && exec "$@"').format(48)
        shell = ("unshare", *user, "--mount", "sh", "-c", script, "sh", "x")
        return grader.run(before=shell).last

    return do


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """The database, locked by somebody else."""
    holder = sqlite3.connect(path)
    holder.execute("begin exclusive")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


def _locked_for_a_while(grader: Grader) -> str:
    with _held(grader.traps.course / "gradebook.db"):
        started = grader.start()
        time.sleep(8)
    return finished(started).last


def _locked_for_long(grader: Grader) -> str:
    with _held(grader.traps.course / "gradebook.db"):
        return grader.run().last


def _two_at_once(grader: Grader) -> str:
    pair = [grader.start(), grader.start()]
    runs = [finished(one) for one in pair]  # both, also when the first has something to say
    return next((run.last for run in runs if run.last), "")


def _helpers_die(grader: Grader) -> str:
    """Kill, once work is written, every process that the grader started, three times over."""
    started = grader.start()
    for part in range(3):
        _wait(lambda part=part: _written(grader.traps) > part * 2, 30)
        for pid in grader.traps.processes():
            if pid != started.pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
    return finished(started).last


_ALWAYS = ("nothing lost", "nothing graded twice", "a rerun finishes")
MISHAPS = (
    Mishap("killed", ("the grader killed (SIGKILL) at any moment", *_ALWAYS),
           "The grader is killed five times on its way.", _moments(5)),
    Mishap("full-disk", ("a full disk",), "The disk is full when graded notebooks are written.",
           _small_disk("autograded")),
    Mishap("locked-briefly", ("a locked database",), "The gradebook is locked for eight seconds.",
           _locked_for_a_while),
    Mishap("locked", ("a locked database",), "The gradebook stays locked all the time.",
           _locked_for_long),
    Mishap("two-graders", ("two graders at once",), "Two graders are started together.",
           _two_at_once),
    Mishap("worker-dies", ("a worker of the pool or the cluster dying",),
           "The processes that do the work are killed three times.", _helpers_die),
)  # fmt: skip
