"""A guest without a jail, and the worker's end of the line to it: for tests of what crosses."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from chainrule.grading.limits import Limits
from chainrule.grading.remote.client import RemoteStudent
from chainrule.grading.remote.clock import Budget
from chainrule.grading.remote.files import Folder
from chainrule.grading.remote.shell import make_shell

__all__ = ["a_guest"]

_LIMITS = Limits(call_seconds=20, cell_seconds=20, check_seconds=60, total_seconds=300)


class _Child:
    """A forked process at the other end of a line."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.sock, self._pid, self._code = sock, pid, None

    def memory(self) -> tuple[int, int]:
        return 0, 0

    def memory_limited(self, most: int) -> nullcontext[None]:
        return nullcontext()

    def interrupt(self) -> None:
        pass

    def lower_priority(self) -> None:
        pass

    def cpu_seconds(self) -> float:
        return 0.0

    def delay_seconds(self) -> float:
        return 0.0

    def thread_count(self) -> int:
        return 1

    def close(self) -> None:
        self.sock.close()

    def end(self) -> int | None:
        os.kill(self._pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


@contextmanager
def a_guest(
    source: str = "", limits: Limits = _LIMITS, theirs_in: str = "/", folder: Folder | None = None
) -> Iterator[RemoteStudent]:
    """A guest in which a cell was run. theirs_in: where it works; folder: ours."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if not pid:
        try:
            from chainrule.grading.remote.server import Guest

            shell = make_shell()  # there is one in a process, and this one has none to keep
            ours.close()
            os.chdir(theirs_in)
            shell.use({}, 1 << 20)
            Guest(theirs, shell, limits).loop()
        finally:
            os._exit(0)
    theirs.close()
    student = RemoteStudent(_Child(ours, pid), limits, Budget(300), folder)
    try:
        good, outputs = student.run(source)
        assert good, outputs
        yield student
    finally:
        ours.close()
        if student.lost is None:
            os.waitpid(pid, 0)
