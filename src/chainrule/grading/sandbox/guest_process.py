"""A guest's process, seen from its worker, and the worker's line to the supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import select
import socket
import time
from collections.abc import Iterator
from functools import cached_property, lru_cache

from chainrule.grading.limits import Limits

__all__ = [
    "LARGEST_PACKET", "ForkServerError", "GuestProcess", "SupervisorClient", "limits_of",
    "share_cpu",
]  # fmt: skip

LARGEST_PACKET = 1 << 16
_CPU_CLOCK = 2  # of a process, in the number of a clock: see clock_getcpuclockid(3)
_PATIENCE = 10.0  # seconds for the supervisor to say something


class ForkServerError(RuntimeError):
    """The fork server did not start, or is gone."""


@lru_cache
def limits_of(text: str) -> Limits:
    """Limits as a worker sends them: the same ones for guest after guest."""
    return Limits(**json.loads(text))


@lru_cache
def _as_text(limits: Limits) -> str:
    return json.dumps(limits.as_dict())


def share_cpu(cpu: int) -> None:
    """Stay on one processor.

    Worker and guest never work at the same time, and a message to a process on the same processor
    takes a fifth of the time.
    """
    if cpu >= 0:
        with contextlib.suppress(OSError):  # without, it is slower and no worse
            os.sched_setaffinity(0, {cpu})


class GuestProcess:
    """A guest, seen from its worker.

    sock: the line to what runs in it. status: the line on which the supervisor says which process
    it is, and how it ended. What the kernel counted of it is 0 where that cannot be told.
    """

    def __init__(
        self, control: socket.socket, name: str, sock: socket.socket, status: socket.socket
    ) -> None:
        self._control, self._name, self.sock, self._status = control, name, sock, status
        self._status.settimeout(_PATIENCE)
        self._files: dict[str, int] = {}  # open files of /proc, by name
        self._pidfd = -1

    # What the kernel counted

    @cached_property
    def pid(self) -> int:
        """Its number among our own processes; 0 where that cannot be told."""
        with contextlib.suppress(OSError, ValueError):
            _, fds, _, _ = socket.recv_fds(self._status, 16, 1)
            for fd in fds:
                self._pidfd = fd
                with open(f"/proc/self/fdinfo/{fd}") as file:
                    found = re.search(r"^Pid:\s*(\d+)$", file.read(), re.MULTILINE)
                return int(found[1]) if found else 0
        return 0

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        if not self.pid:
            return 0.0
        try:
            return time.clock_gettime(~self.pid << 3 | _CPU_CLOCK)
        except OSError:  # it has ended
            return 0.0

    def delay_seconds(self) -> float:
        """How long it was ready to run and had no processor."""
        fields = self._proc("schedstat").split()
        return int(fields[1]) / 1e9 if len(fields) > 1 else 0.0

    def thread_count(self) -> int:
        """Its threads, the first included."""
        fields = self._proc("stat").rpartition(b")")[2].split()
        return int(fields[17]) if len(fields) > 17 else 1

    def memory(self) -> tuple[int, int]:
        """Bytes of address space: what it has now, and the most it ever had."""
        text = self._proc("status").decode()
        found = dict(re.findall(r"^(Vm(?:Size|Peak)):\s*(\d+) kB$", text, re.MULTILINE))
        return int(found.get("VmSize", 0)) << 10, int(found.get("VmPeak", 0)) << 10

    @contextlib.contextmanager
    def memory_limited(self, most: int) -> Iterator[None]:
        """Let it have so many bytes of address space meanwhile: what asks for more gets none."""
        try:
            soft, hard = resource.prlimit(self.pid, resource.RLIMIT_AS)
            resource.prlimit(self.pid, resource.RLIMIT_AS, (most, hard))
        except (OSError, ValueError):  # nobody may do that here
            yield
            return
        try:
            yield
        finally:
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(self.pid, resource.RLIMIT_AS, (soft, hard))

    def _proc(self, name: str) -> bytes:
        """A file of /proc about it; nothing when it cannot be had."""
        if not self.pid:
            return b""
        try:
            if name not in self._files:
                self._files[name] = os.open(f"/proc/{self.pid}/{name}", os.O_RDONLY)
            return os.pread(self._files[name], 1 << 14, 0)
        except OSError:
            return b""

    # What can be done to it

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it, if student code runs."""
        self._control.send(json.dumps({"op": "interrupt", "name": self._name}).encode())

    def lower_priority(self) -> None:
        """Let others go first from now on."""
        if self.pid:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, 10)

    def close(self) -> None:
        """End it, without waiting to hear how."""
        self.sock.close()
        self._let_go()

    def end(self) -> int | None:
        """End it if it has not ended; its exit code, negative for a signal, None if unknown."""
        self.sock.close()
        _ = self.pid  # which is said first
        said = b""
        with contextlib.suppress(OSError):
            if select.select([self._status], [], [], _PATIENCE)[0]:
                said = self._status.recv(64)
        self._let_go()
        try:
            return int(said)
        except ValueError:
            return None

    def _let_go(self) -> None:
        self._status.close()
        for fd in (*self._files.values(), self._pidfd):
            if fd >= 0:
                os.close(fd)
        self._files, self._pidfd = {}, -1


class SupervisorClient:
    """The worker's line to the supervisor. cpu: the processor that it and its guests stay on."""

    def __init__(self, control: socket.socket, cpu: int = -1) -> None:
        self._control, self._cpu = control, cpu
        self._count = 0

    def on(self, cpu: int) -> SupervisorClient:
        """The same line, from a process that stays on this processor."""
        share_cpu(cpu)
        return SupervisorClient(self._control, cpu)

    def guest(self, limits: Limits) -> GuestProcess:
        """A fresh guest, with nothing run in it.

        Raises ForkServerError when the supervisor is gone.
        """
        self._count += 1
        name = f"{os.getpid()}-{time.monotonic_ns()}-{self._count}"
        request = {"op": "guest", "name": name, "limits": _as_text(limits), "cpu": self._cpu}
        ours, theirs = socket.socketpair()
        status, status_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, status_end:
                packet = [json.dumps(request).encode()]
                socket.send_fds(self._control, packet, [theirs.fileno(), status_end.fileno()])
        except OSError as error:
            ours.close()
            status.close()
            raise ForkServerError("the supervisor is gone") from error
        return GuestProcess(self._control, name, ours, status)
