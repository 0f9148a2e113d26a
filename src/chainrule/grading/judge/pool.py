"""The processes that judge for this one: fork servers, the templates of masters, and workers."""

from __future__ import annotations

import json
import os
import pickle
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.submission import Submission
from chainrule.grading.judge.vetting import Vetting
from chainrule.grading.judge.worker import LARGEST, Task
from chainrule.grading.limits import Limits
from chainrule.grading.remote.clock import STILL
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.remote.wire_types import Late, WireError
from chainrule.grading.sandbox.guest_process import ForkServerError
from chainrule.grading.sandbox.launcher import ForkServer, processors

__all__ = ["WorkerHandle", "a_worker", "close", "get_ready", "places", "start"]

_MOST_TEMPLATES = 20  # masters that have one at a time
_VETTING_SECONDS = 900.0  # for a master's own solution
_SILENCE = 60.0  # seconds beyond a submission's own in which a worker may say nothing

_Kind = tuple[Limits, bool]
"""Of a fork server: the limits, and whether it has plots at hand."""


class _Template:
    """The template of a master, seen from here. limits: those that hold for its submissions."""

    def __init__(self, server: ForkServer, master: Master, limits: Limits) -> None:
        """Raises ForkServerError."""
        self.server = server
        self._sock = server.template()
        line = FramedSocket(self._sock)
        try:
            line.send(pickle.dumps((master, limits)))
            told = json.loads(line.receive(LARGEST, _Silence(_VETTING_SECONDS)))
        except (WireError, Late) as error:
            self._sock.close()
            raise ForkServerError(f"{master.name} could not be made ready: {error}") from error
        self.plots = bool(told["plots"])  # it wants them at hand, and is of no more use
        if not self.plots:
            self.limits, self.vetting = Limits(**told["limits"]), Vetting.of(told["vetting"])

    def worker(self, cpu: int, journal: IO[bytes]) -> socket.socket:
        """A new worker on that processor, which writes into `journal`: the socket it listens on.

        Raises ForkServerError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                packet = cpu.to_bytes(4, "little", signed=True)
                socket.send_fds(self._sock, [packet], [theirs.fileno(), journal.fileno()])
            except OSError as error:
                ours.close()
                raise ForkServerError("the template is gone") from error
        return ours

    def close(self) -> None:
        """End it, when its last worker has ended."""
        self._sock.close()


class WorkerHandle:
    """A worker, seen from here, for one submission. limits: those that hold for it."""

    def __init__(self, template: _Template, cpu: int, place: _Place) -> None:
        """Raises ForkServerError."""
        self._journal, self._place = tempfile.TemporaryFile(), place  # noqa: SIM115  see close
        self._line = FramedSocket(template.worker(cpu, self._journal))
        self.limits = template.limits

    def ask(self, submission: Submission) -> Iterator[dict[str, Any]]:
        """Give it the submission; what it told until it was done, or ended before its time."""
        # Its processor time has an end of its own; this is for one that waits for ever.
        seconds = self.limits.total_seconds + self.limits.check_seconds + _SILENCE
        with suppress(WireError, Late):
            self._line.send(pickle.dumps(Task(submission, self.limits)))
            while self._line.receive(8, _Silence(seconds)) == b"late":
                self._place.leave()
        self._line.close()
        self._journal.seek(0)
        for line in self._journal:
            with suppress(ValueError):  # the last line may have been cut off
                yield json.loads(line)

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._journal.close()


class _Places:
    """How many submissions are judged at once; those that take long do not count.

    An endless loop takes seconds until it is told to be one. Others are not to wait for it: it
    gives its place up (and its processes go last, see `lower_priority`).
    """

    def __init__(self) -> None:
        self._taken, self._most = 0, 0
        self._free = threading.Condition()

    def allow(self, most: int) -> None:
        """So many at once; 0 for as many as are asked for."""
        with self._free:
            self._most = most
            self._free.notify_all()

    def enter(self) -> None:
        """Wait for a place, and take it."""
        with self._free:
            self._free.wait_for(lambda: not self._most or self._taken < self._most)
            self._taken += 1

    def leave(self) -> None:
        """Give a place up."""
        with self._free:
            self._taken -= 1
            self._free.notify()


class _Place:
    """A place, given up once."""

    def __init__(self, places: _Places) -> None:
        self._places, self._taken = places, True
        places.enter()

    def leave(self) -> None:
        """Give it up, if that was not done already."""
        if self._taken:
            self._taken = False
            self._places.leave()


class _Silence:
    """A clock that is up after so many seconds in which this process ran, or slept in peace."""

    def __init__(self, seconds: float) -> None:
        self._left, self._last = seconds, time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        self._left -= min(now - self._last, STILL)
        self._last = now
        if self._left < 0:
            raise Late


_servers: dict[_Kind, ForkServer] = {}
_spare: dict[_Kind, ForkServer] = {}  # started, and nothing asked of them yet
_templates: dict[tuple[str, Limits], _Template] = {}  # the one used last at the end
_making: dict[tuple[str, Limits], threading.Lock] = {}
_busy: Counter[int] = Counter()  # workers, by processor
_lock = threading.RLock()
places = _Places()


@contextmanager
def a_worker(master: Master, limits: Limits) -> Iterator[WorkerHandle]:
    """A worker for one submission, where the fewest are at work. Raises ForkServerError."""
    place = _Place(places)
    with _lock:
        cpu = _freest()
        _busy[cpu] += 1
    try:
        template = get_ready(master, limits)
        worker = WorkerHandle(template, cpu, place)
        try:
            yield worker
        finally:
            worker.close()
    finally:
        place.leave()
        with _lock:
            _busy[cpu] -= 1


def get_ready(master: Master, limits: Limits) -> _Template:
    """The template of a master; made when there is none. Raises ForkServerError."""
    key = master.fingerprint, limits
    with _lock:
        making = _making.setdefault(key, threading.Lock())
    with making:
        with _lock:
            template = _templates.pop(key, None)
            if template is not None and template.server.usable:
                _templates[key] = template
                return template
        if template is not None:
            template.close()
        template = _Template(_server((limits, False)), master, limits)
        if template.plots:  # then its workers and guests are forked from where they are at hand
            template.close()
            template = _Template(_server((limits, True)), master, limits)
        with _lock:
            _templates[key] = template
            while len(_templates) > _MOST_TEMPLATES:
                oldest = next(iter(_templates))
                _templates.pop(oldest).close()
                _making.pop(oldest, None)
        return template


def _freest() -> int:
    """The processor with the fewest workers; among equals not the same one in every process."""
    known = processors()
    start = os.getpid() % len(known)
    return min(known[start:] + known[:start], key=lambda cpu: _busy[cpu])


def start(limits: Limits) -> None:
    """Start a fork server, whatever kind of work it will be given, unless there is one."""
    with _lock:
        if not any(kind[0] == limits for kind in (*_servers, *_spare)):
            _spare[limits, False] = ForkServer(limits)


def _server(kind: _Kind) -> ForkServer:
    """The fork server of a kind; started when there is none, or it is another process's."""
    with _lock:
        server = _servers.get(kind)
        if server is not None and server.usable:
            return server
        if server is not None and server.owner == os.getpid():
            server.close()
        server = _spare.pop((kind[0], False), None)
        if server is None or not server.usable:
            server = ForkServer(kind[0])
        server.open(kind[1])
        _servers[kind] = server
        return server


def close(limits: Limits | None = None) -> None:
    """End what was started here (it also ends with this process)."""
    with _lock:
        for key in [key for key in _templates if limits is None or key[1] == limits]:
            with suppress(OSError):
                _templates.pop(key).close()
        for servers in (_servers, _spare):
            for kind in [kind for kind in servers if limits is None or kind[0] == limits]:
                server = servers.pop(kind)
                if server.owner == os.getpid():
                    server.close()
