"""The judge processes that work for this one: which are idle, and where each of them runs."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chainrule.grading.judge.replay import News
from chainrule.grading.judge.worker import LARGEST, Rehearse, Task
from chainrule.grading.limits import Limits
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.sandbox.launcher import ForkServer, processors
from chainrule.notebook.read import Malformed

__all__ = ["Kind", "a_worker", "close", "start"]

Kind = tuple[Limits, bool]
"""Of a fork server: the limits, and whether it has plots at hand."""


class WorkerHandle:
    """A judge process, seen from here.

    cpu: the processor that it and its jails stay on. knows: the masters it was sent, by key, and
    how much of the news of each. broken: it did not answer, and may be used no more.
    """

    def __init__(self, server: ForkServer, cpu: int) -> None:
        self.server, self.cpu = server, cpu
        self._line = FramedSocket(server.judge(cpu))
        self.knows: dict[str, int] = {}
        self.broken = False

    def ask(self, task: Task | Rehearse) -> Any:
        """Its answer. Raises ForkServerError, JudgeError; returns Malformed."""
        deadline = time.monotonic() + task.limits.total_seconds + 10.0
        self._line.send(pickle.dumps(task))
        answer = pickle.loads(self._line.receive(LARGEST, deadline))
        if isinstance(answer, Exception) and not isinstance(answer, Malformed):
            raise answer
        return answer

    def tell(self, key: str, course: bytes, news: Sequence[News]) -> tuple[News, ...]:
        """Send a course, pickled, unless it is there; what is new of it since."""
        if key not in self.knows:
            self._line.send(course)
        told = self.knows.get(key, 0)
        fresh = tuple(news[told:])
        self.knows[key] = told + len(fresh)
        return fresh

    def close(self) -> None:
        """End it."""
        self._line.close()


_servers: dict[Kind, ForkServer] = {}
_spare: dict[Kind, ForkServer] = {}  # started, and nothing asked of them yet
_idle: dict[Kind, list[WorkerHandle]] = {}
_busy: Counter[int] = Counter()  # judges at work, by processor
_lock = threading.Lock()


@contextmanager
def a_worker(kind: Kind) -> Iterator[WorkerHandle]:
    """A judge process that does nothing else meanwhile, where the fewest are at work.

    Raises ForkServerError.
    """
    server = _server(kind)
    with _lock:
        cpu = _freest()
        _busy[cpu] += 1
        idle = _idle.setdefault(kind, [])
        worker = next((one for one in idle if one.cpu == cpu and one.server is server), None)
        if worker is not None:
            idle.remove(worker)
    try:
        if worker is None:
            worker = WorkerHandle(server, cpu)
        try:
            yield worker
        except BaseException:
            worker.close()
            raise
        if worker.broken:
            worker.close()
        else:
            with _lock:
                idle.append(worker)
    finally:
        with _lock:
            _busy[cpu] -= 1


def _freest() -> int:
    """The processor with the fewest judges; among equals not the same one in every process."""
    known = processors()
    start = os.getpid() % len(known)
    return min(known[start:] + known[:start], key=lambda cpu: _busy[cpu])


def start(limits: Limits) -> None:
    """Start a fork server, whatever kind of work it will be given, unless there is one."""
    with _lock:
        if not any(kind[0] == limits for kind in (*_servers, *_spare)):
            _spare[limits, False] = ForkServer(limits)


def _server(kind: Kind) -> ForkServer:
    """The fork server of a kind; started when there is none, or it is another process's."""
    with _lock:
        server = _servers.get(kind)
        if server is not None and server.owner == os.getpid():
            if server.alive:
                return server
            server.close()
        for worker in _idle.pop(kind, []):
            worker.close()
        server = _spare.pop((kind[0], False), None)
        if server is None or server.owner != os.getpid():
            server = ForkServer(kind[0])
        server.open(kind[1])
        _servers[kind] = server
        return server


def close(limits: Limits | None = None) -> None:
    """End the fork servers that `judge` started (they also end with this process)."""
    with _lock:
        for servers in (_servers, _spare):
            for kind in list(servers):
                if limits is None or kind[0] == limits:
                    server = servers.pop(kind)
                    for worker in _idle.pop(kind, []):
                        worker.close()
                    if server.owner == os.getpid():
                        server.close()
