"""The life of a judge: a process that takes submissions one after the other, and grades them.

Of the course's own code nothing runs here but checks that a rehearsal found to leave nothing
behind, and the set-up before them. The first cell that may is run in a child, which finishes the
submission: whatever a check changes, the next student's checks do not see it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.replay import Heard, News, Rehearsal, solution
from chainrule.grading.judge.session import Session
from chainrule.grading.judge.submission import Submission
from chainrule.grading.limits import Limits
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.remote.wire_types import Closed
from chainrule.grading.sandbox.guest_process import ForkServerError, SupervisorClient
from chainrule.notebook.read import Malformed

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["LARGEST", "JudgeError", "LoadedMaster", "Rehearse", "Task", "serve"]

_MOST_LIVE = 200  # cells that are run for real in one process, which they make larger bit by bit
LARGEST = 1 << 30  # bytes of a task or a result; both are our own


class JudgeError(RuntimeError):
    """The judge itself failed; the text is its traceback."""


@dataclass(frozen=True)
class LoadedMaster:
    """A master that tasks will name by its key, and what is known of its cells."""

    key: str
    master: Master
    rehearsal: Rehearsal


@dataclass(frozen=True)
class Task:
    """A submission to be judged. The answer is a `Ran`, or an exception.

    news: what was learned of the course's cells, here or elsewhere, since the last task.
    """

    key: str
    submission: Submission
    limits: Limits
    news: tuple[News, ...] = ()


@dataclass(frozen=True)
class Rehearse:
    """One run of a master's rehearsal: its own answers are judged, with every cell run for real.
    The answer is what was heard, by grade_id, or an exception.

    numbers: of the cells that may be rehearsed; seed: of the judge's random numbers.
    """

    master: Master
    limits: Limits
    numbers: dict[str, int]
    seed: int


class _HandedOver(BaseException):
    """A child, of that process number, finishes what was begun here, in that folder if any."""

    def __init__(self, child: int, folder: str) -> None:
        self.child, self.folder = child, folder


def serve(sock: socket.socket, supervisor: SupervisorClient, shell: Shell) -> None:
    """Answer tasks until the client hangs up."""
    Worker(sock, supervisor, shell).loop()


class Worker:
    def __init__(self, sock: socket.socket, supervisor: SupervisorClient, shell: Shell) -> None:
        self._line = FramedSocket(sock, timed=False)
        self._supervisor, self._shell = supervisor, shell
        self._masters: dict[str, LoadedMaster] = {}
        self._limited = False
        self._started = 0.0
        self._is_child = False
        self._live = 0
        self._retires = False
        self._session: Session | None = None
        # Without a handler: the kernel ends this process, whatever it does.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.chdir("/")

    def loop(self) -> None:
        """Answer until the client hangs up, or this process should be used no more."""
        while not self._retires:
            try:
                asked = pickle.loads(self._line.receive(LARGEST))
            except Closed:
                return
            if isinstance(asked, LoadedMaster):
                self._masters[asked.key] = asked
                continue
            try:
                self._answer(asked)
            except _HandedOver as over:
                signal.setitimer(signal.ITIMER_REAL, 0)
                status = os.waitpid(over.child, 0)[1]
                if over.folder:  # here, since a child may be ended before it can
                    shutil.rmtree(over.folder, ignore_errors=True)
                self._retires = self._session is not None and self._session.tainted
                if status != 0:
                    return  # the client, left without an answer, is told by the end of this

    def _answer(self, asked: Task | Rehearse) -> None:
        self._started = time.process_time()
        self._bound(asked.limits)
        try:
            if isinstance(asked, Task):
                answer: Any = self._judge(asked)
            else:
                answer = self._rehearse(asked)
        except (Malformed, ForkServerError) as error:
            answer = error
        except MemoryError:
            answer = Malformed("Grading took more memory than is allowed.")
            self._retires = True
        except Exception:
            answer = JudgeError(traceback.format_exc())
            self._retires = True
        if isinstance(asked, Task) and not isinstance(answer, Exception):
            answer = replace(answer, cpu_seconds=time.process_time() - self._started)
        self._line.send(pickle.dumps(answer))
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._is_child:
            os._exit(0)

    def _judge(self, task: Task) -> Any:
        course = self._masters[task.key]
        for name, outcome in task.news:
            course.rehearsal[name].learn(outcome)
        session = self._session = Session(
            course.master,
            task.submission,
            task.limits,
            self._supervisor,
            self._shell,
            course.rehearsal if task.limits.checks == "outside" else {},
            lambda: self._hand_over(course.master, task.limits),
        )
        ran = session.run()
        self._live += ran.live
        self._retires |= session.tainted or self._live > _MOST_LIVE
        return ran

    def _rehearse(self, asked: Rehearse) -> dict[str, Heard]:
        self._hand_over(asked.master, asked.limits)
        random.seed(asked.seed)
        np.random.seed(asked.seed)
        session = Session(
            asked.master, Submission(solution(asked.master)), asked.limits, self._supervisor,
            self._shell, numbers=asked.numbers,
        )  # fmt: skip
        session.run()
        return session.heard

    # A child for what has to be run

    def _hand_over(self, master: Master, limits: Limits) -> None:
        """Go on in a child. Raises _HandedOver in this process."""
        folder = tempfile.mkdtemp(prefix="chainrule-") if master.files else ""
        spent = time.process_time()  # which begins at nothing in a child
        child = os.fork()
        if child:
            raise _HandedOver(child, folder)
        self._started -= spent
        self._is_child = True
        self._bound(limits)
        if folder:
            _write_files(folder, master.files)
            os.chdir(folder)
            sys.path.insert(0, folder)  # modules that come with the assignment

    def _bound(self, limits: Limits) -> None:
        """An end to the time that this submission may take, and once to memory."""
        signal.setitimer(signal.ITIMER_REAL, limits.total_seconds + 5.0)
        if not self._limited:
            self._limited = True
            with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as file:
                now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
                resource.setrlimit(resource.RLIMIT_AS, (now + limits.judge_bytes,) * 2)


def _write_files(folder: str, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
