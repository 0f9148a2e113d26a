"""The life of a worker: it is forked from a template for one submission, grades it, and ends.

What it finds out it writes into a journal as plain JSON, bit by bit: should it end before its time,
what is known by then is not lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import os
import pickle
import random
import resource
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.session import Session
from chainrule.grading.judge.submission import Listener, Submission
from chainrule.grading.limits import Limits
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.sandbox.guest_process import ForkServerError, SupervisorClient
from chainrule.notebook.read import Malformed

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["LARGEST", "Task", "bound", "work", "working_folder"]

LARGEST = 1 << 28  # bytes of a task or of what is told; both are our own
_OWN_SECONDS = 30.0  # of the worker's, beyond what the submission and its checks may take


@dataclass(frozen=True)
class Task:
    """A submission to be judged, and what it may use."""

    submission: Submission
    limits: Limits


class _Teller(Listener, logging.Handler):
    """Tells whoever asked: what is found out in a journal, which is read in the end or when this
    process has ended; and on the line what they should know at once."""

    def __init__(self, line: FramedSocket, journal: int) -> None:
        super().__init__(logging.WARNING)
        self._line, self._journal = line, os.fdopen(journal, "w", encoding="ascii")

    def say(self, **what: Any) -> None:
        self._journal.write(json.dumps(what) + "\n")
        self._journal.flush()

    def plan(self, cells: list[dict[str, Any]]) -> None:
        self.say(plan=cells)

    def cell(self, place: int, cell: dict[str, Any]) -> None:
        self.say(cell=[place, cell])

    def late(self) -> None:
        self._line.send(b"late")

    def emit(self, record: logging.LogRecord) -> None:
        """What our own modules log (a broken row of the table of misconceptions, say)."""
        self.say(log=record.getMessage())

    def end(self) -> None:
        self._line.send(b"end")


def work(
    sock: socket.socket,
    journal: int,
    master: Master,
    ways: Mapping[str, str],
    supervisor: SupervisorClient,
    shell: Shell,
    scratch: str,
) -> None:
    """Take the task that comes over the socket, and tell what came of it.

    journal: an open file, for a line of JSON for each thing that is found out. ways: of checks that
    are not run outside, by grade_id. scratch: a folder
    of the template's, for a folder of this worker's own.
    """
    line = FramedSocket(sock, timed=False)
    task: Task = pickle.loads(line.receive(LARGEST))  # from our own side
    _end_with(sock)
    teller = _Teller(line, journal)
    logging.getLogger("chainrule").addHandler(teller)
    bound(task.limits)
    random.seed()
    np.random.seed()
    folder = working_folder(master, scratch)
    session = Session(
        master, task.submission, task.limits, supervisor, shell, teller, ways=ways, folder=folder
    )
    try:
        session.run()
    except Malformed as problem:
        teller.say(malformed=str(problem))
    except ForkServerError as error:
        teller.say(again=str(error))
    except MemoryError:
        teller.say(malformed="Grading took more memory than is allowed.")
    except Exception:
        teller.say(error=traceback.format_exc())
    else:
        teller.say(done=True, notes=session.notes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        teller.end()


def _end_with(sock: socket.socket) -> None:
    """Have the kernel end this process when whoever gave it the task hangs up: nothing else comes
    over the socket any more. (On macOS it goes on to the end of its submission.)"""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(sock, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) | os.O_ASYNC)


def bound(limits: Limits) -> None:
    """An end to the processor time and the memory of this process, which the kernel sees to."""
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    seconds = math.ceil(limits.total_seconds + limits.check_seconds + _OWN_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + limits.judge_bytes,) * 2)


def working_folder(master: Master, scratch: str) -> str:
    """A working folder with the files of the assignment, for checks.

    What a check writes there, the next student's checks do not see.
    """
    folder = tempfile.mkdtemp(dir=scratch)
    for name, content in master.files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    os.chdir(folder)
    if master.files:
        sys.path.insert(0, folder)  # modules that come with the assignment
    return folder
