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

from chainrule.grading.judge.merge import Malformed
from chainrule.grading.judge.replay import News
from chainrule.grading.judge.worker import LARGEST, Rehearse, Task
from chainrule.grading.limits import Limits
from chainrule.grading.remote.framing import Line
from chainrule.grading.sandbox.client import Office, processors

__all__ = ["Kind", "a_clerk", "close", "start"]

Kind = tuple[Limits, bool]
"""Of a warm process: the limits, and whether it has plots at hand."""


class _Clerk:
    """A judge process, seen from here.

    cpu: the processor that it and its jails stay on. knows: the masters it was sent, by key, and
    how much of the news of each. broken: it did not answer, and may be used no more.
    """

    def __init__(self, office: Office, cpu: int) -> None:
        self.office, self.cpu = office, cpu
        self._line = Line(office.judge(cpu))
        self.knows: dict[str, int] = {}
        self.broken = False

    def ask(self, task: Task | Rehearse) -> Any:
        """Its answer. Raises OfficeError, JudgeError; returns Malformed."""
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


_offices: dict[Kind, Office] = {}
_spare: dict[Kind, Office] = {}  # started, and nothing asked of them yet
_idle: dict[Kind, list[_Clerk]] = {}
_busy: Counter[int] = Counter()  # judges at work, by processor
_lock = threading.Lock()


@contextmanager
def a_clerk(kind: Kind) -> Iterator[_Clerk]:
    """A judge process that does nothing else meanwhile, where the fewest are at work.

    Raises OfficeError.
    """
    office = _office(kind)
    with _lock:
        cpu = _freest()
        _busy[cpu] += 1
        idle = _idle.setdefault(kind, [])
        clerk = next((one for one in idle if one.cpu == cpu and one.office is office), None)
        if clerk is not None:
            idle.remove(clerk)
    try:
        if clerk is None:
            clerk = _Clerk(office, cpu)
        try:
            yield clerk
        except BaseException:
            clerk.close()
            raise
        if clerk.broken:
            clerk.close()
        else:
            with _lock:
                idle.append(clerk)
    finally:
        with _lock:
            _busy[cpu] -= 1


def _freest() -> int:
    """The processor with the fewest judges; among equals not the same one in every process."""
    known = processors()
    start = os.getpid() % len(known)
    return min(known[start:] + known[:start], key=lambda cpu: _busy[cpu])


def start(limits: Limits) -> None:
    """Start a warm process, whatever kind of work it will be given, unless there is one."""
    with _lock:
        if not any(kind[0] == limits for kind in (*_offices, *_spare)):
            _spare[limits, False] = Office(limits)


def _office(kind: Kind) -> Office:
    """The warm process of a kind; started when there is none, or it is another process's."""
    with _lock:
        office = _offices.get(kind)
        if office is not None and office.owner == os.getpid():
            if office.alive:
                return office
            office.close()
        for clerk in _idle.pop(kind, []):
            clerk.close()
        office = _spare.pop((kind[0], False), None)
        if office is None or office.owner != os.getpid():
            office = Office(kind[0])
        office.open(kind[1])
        _offices[kind] = office
        return office


def close(limits: Limits | None = None) -> None:
    """End the warm processes that `judge` started (they also end with this process)."""
    with _lock:
        for offices in (_offices, _spare):
            for kind in list(offices):
                if limits is None or kind[0] == limits:
                    office = offices.pop(kind)
                    for clerk in _idle.pop(kind, []):
                        clerk.close()
                    if office.owner == os.getpid():
                        office.close()
