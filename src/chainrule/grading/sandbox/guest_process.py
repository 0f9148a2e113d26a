"""A guest's process, seen from its worker, and the worker's line to the supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from functools import lru_cache
from typing import Any

from chainrule.grading.limits import Limits

__all__ = [
    "LARGEST_PACKET",
    "ForkServerError",
    "GuestProcess",
    "SupervisorClient",
    "reap",
    "share_cpu",
]


LARGEST_PACKET = 1 << 16


class ForkServerError(RuntimeError):
    """The fork server did not start, or is gone."""


def reap(*_: Any) -> None:
    """Take leave of the judges that are done, without waiting for others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


@lru_cache
def _limits(text: str) -> Limits:
    """Limits as a judge's line sends them: the same ones for jail after jail."""
    return Limits(**json.loads(text))


@lru_cache
def _as_text(limits: Limits) -> str:
    return json.dumps(limits.as_dict())


def share_cpu(cpu: int) -> None:
    """Stay on one processor.

    Judge and jail never work at the same time, and a message to a process on the same processor
    takes a fifth of the time.
    """
    if cpu >= 0:
        with contextlib.suppress(OSError):  # without, it is slower and no worse
            os.sched_setaffinity(0, {cpu})


class GuestProcess:
    """A guest, seen from its worker. sock: the line to what runs in it."""

    def __init__(self, control: socket.socket, name: str, sock: socket.socket, status: int) -> None:
        self._control, self._name, self.sock, self._status = control, name, sock, status

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it, if student code runs."""
        self._control.send(json.dumps({"op": "interrupt", "name": self._name}).encode())

    def close(self) -> None:
        """End it, without waiting to hear how."""
        self.sock.close()
        os.close(self._status)

    def end(self) -> int | None:
        """End it if it has not ended; its exit code, negative for a signal, None if unknown."""
        self.sock.close()
        with os.fdopen(self._status, "rb") as pipe:
            said = pipe.read() if select.select([pipe], [], [], 10.0)[0] else b""
        try:
            return int(said)
        except ValueError:
            return None


class SupervisorClient:
    """The worker's line to the supervisor."""

    def __init__(self, control: socket.socket, cpu: int) -> None:
        self._control, self._cpu = control, cpu
        self._count = 0
        share_cpu(cpu)

    def jail(self, limits: Limits) -> GuestProcess:
        """A fresh guest, with nothing run in it.

        Raises ForkServerError when the supervisor is gone.
        """
        self._count += 1
        name = f"{os.getpid()}-{time.monotonic_ns()}-{self._count}"
        request = {"op": "jail", "name": name, "limits": _as_text(limits), "cpu": self._cpu}
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        try:
            with theirs:
                packet = [json.dumps(request).encode()]
                socket.send_fds(self._control, packet, [theirs.fileno(), writer])
        except OSError as error:
            raise ForkServerError("the supervisor is gone") from error
        finally:
            os.close(writer)
        return GuestProcess(self._control, name, ours, reader)
