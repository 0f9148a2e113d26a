"""What student code may spend: the time that its process had, whatever the machine did meanwhile.

A guest's time is the time in which it ran, or slept. Time in which it was ready to run and had no
processor, or waited for a worker that had none, or in which the whole machine stood still (a
suspended laptop, a stopped container), is not the guest's: late is not wrong.
"""

from __future__ import annotations

import time
from typing import Protocol

from chainrule.grading.remote.wire_types import Late

__all__ = ["STILL", "Budget", "GuestCost", "Limit", "Stopwatch", "TooManyThreads"]

STILL = 0.25  # seconds between two looks that count; more than that, and nobody was running
LOOK = 0.02  # seconds from one look at the kernel's counters to the next


class GuestCost(Protocol):
    """What the kernel has counted of a process, seen from outside of it."""

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far; 0.0 where that cannot be told."""

    def delay_seconds(self) -> float:
        """How long it was ready to run and had no processor; 0.0 where that cannot be told."""

    def thread_count(self) -> int:
        """Its threads, the first included; 1 where that cannot be told."""


class Stopwatch:
    """The time that a guest has had since `start`.

    The kernel is asked only where that is longer than a moment; most requests take none. That this
    process had no processor for a while may mean that the guest's answer waited meanwhile; where
    the answer is still not there at a later look, it did not, and the guest has had that time.
    """

    def __init__(self, guest: GuestCost) -> None:
        self._guest = guest
        self.start()

    def start(self) -> None:
        """Begin at nothing."""
        self._observed, self._last, self._stopped = 0.0, time.monotonic(), -1.0
        self._counted: tuple[float, float, float] | None = None  # CPU and delay, and observed then
        self._own: float | None = None  # our own delay at the last look, if the kernel was asked
        self._excused = self._recent = 0.0  # of it: for good, and until the next look

    def pause(self) -> None:
        """The guest waits for us from now on, and has done so since it asked."""
        self.spent()
        self._excused, self._recent = self._excused + self._recent, 0.0

    def resume(self) -> None:
        """Leave out the time since `pause`: somebody else was at work."""
        self._last = time.monotonic()
        if self._own is not None:
            self._own = _own_delay()

    def stop(self) -> None:
        """Nothing more counts until the next `start`: the guest is ended, which takes a while where
        it holds much memory, and is not its own doing."""
        self._stopped = self.spent()

    def spent(self) -> float:
        """Seconds in which it ran or slept."""
        if self._stopped >= 0:
            return self._stopped
        now = time.monotonic()
        gap, self._last = now - self._last, now
        if self._own is None and self._observed + min(gap, STILL) < LOOK:
            self._observed += gap
            return self._observed
        own = _own_delay()
        waited = 0.0 if self._own is None else own - self._own
        self._own = own
        self._observed += min(gap, STILL + waited)
        # Right after a look nobody has waited for the answer yet.
        self._recent = waited if gap >= LOOK else self._recent + waited
        cpu, delay = self._guest.cpu_seconds(), self._guest.delay_seconds()
        if self._counted is None:
            self._counted = cpu, delay, self._observed
        before_cpu, before_delay, before = self._counted
        idle = delay - before_delay + self._excused + self._recent
        return max(before + cpu - before_cpu, self._observed - idle)


def _own_delay() -> float:
    """Seconds in which this process was ready to run and had no processor, as the kernel counts."""
    try:
        with open("/proc/self/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):  # not on Linux, or not counted there
        return 0.0


class Budget:
    """What one submission may spend in all: its guests' time, and what checks take for it."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._began = time.process_time()

    @property
    def left(self) -> float:
        """Seconds; nothing or less when it is used up."""
        return self._left - (time.process_time() - self._began)

    def charge(self, seconds: float) -> None:
        """Take what a guest spent."""
        self._left -= seconds


class Limit:
    """A clock (see `framing.Clock`) that is up when a guest has spent `seconds`.

    Raises Late; TooManyThreads when the guest has more than `threads`. told: what to say of Late.
    """

    def __init__(self, watch: Stopwatch, guest: GuestCost, threads: int) -> None:
        self._watch, self._guest, self._threads = watch, guest, threads
        self.seconds, self.told = float("inf"), ""
        self._next = time.monotonic() + LOOK

    def __call__(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK
        if self._watch.spent() > self.seconds:
            raise Late
        if self._guest.thread_count() > self._threads:
            raise TooManyThreads


class TooManyThreads(Exception):
    """A guest has started more threads than it may."""
