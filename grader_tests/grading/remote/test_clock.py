"""A guest is charged the time that it ran or slept, however busy the machine was meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chainrule.grading.remote import clock
from chainrule.grading.remote.clock import Stopwatch


class Machine:
    """Time, and what the kernel counts: of the guest, and of the process that waits for it."""

    def __init__(self) -> None:
        self.now = self.cpu = self.delay = self.own = 0.0

    def cpu_seconds(self) -> float:
        return self.cpu

    def delay_seconds(self) -> float:
        return self.delay

    def thread_count(self) -> int:
        return 1

    def passes(
        self, seconds: float, cpu: float = 0.0, delay: float = 0.0, own: float = 0.0
    ) -> None:
        """Time passes, in which these were counted."""
        self.now += seconds
        self.cpu, self.delay, self.own = self.cpu + cpu, self.delay + delay, self.own + own


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(clock.time, "monotonic", lambda: made.now)
    monkeypatch.setattr(clock, "_own_delay", lambda: made.own)
    return made


def looks(machine: Machine, watch: Stopwatch, seconds: float, **counted: float) -> None:
    """So long, with a look every 50 ms; counted: what is counted in each such time."""
    for _ in range(round(seconds / 0.05)):
        machine.passes(0.05, **counted)
        watch.spent()


def sleeps(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.7)


def sleeps_while_we_wait_for_a_processor(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.0, own=0.03)
    machine.passes(0.6, own=0.55)
    watch.spent()
    looks(machine, watch, 0.1)


def computes(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.7, cpu=0.05)


def computes_on_a_busy_machine(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 5.1, cpu=0.05 / 3, delay=0.1 / 3, own=0.02)


def has_answered_before_we_have_a_processor(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.7)
    machine.passes(2.0, own=2.0)


def has_answered_before_a_look(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.7)
    machine.passes(2.0, own=2.0)
    watch.spent()
    machine.passes(0.001)


def asks_and_waits_for_an_answer(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 0.8)
    machine.passes(0.3, own=0.3)  # before its request is heard
    watch.pause()
    machine.passes(4.0, own=1.0)
    watch.resume()
    looks(machine, watch, 0.9)


def stands_still_with_the_machine(machine: Machine, watch: Stopwatch) -> None:
    looks(machine, watch, 1.5)
    machine.passes(30.0)
    watch.spent()


@pytest.mark.parametrize(
    "way",
    [
        sleeps,
        sleeps_while_we_wait_for_a_processor,
        computes,
        computes_on_a_busy_machine,
        has_answered_before_we_have_a_processor,
        has_answered_before_a_look,
        asks_and_waits_for_an_answer,
        stands_still_with_the_machine,
    ],
    ids=lambda way: way.__name__,
)
def test_a_guest_has_had_1_7_seconds(
    machine: Machine, way: Callable[[Machine, Stopwatch], None]
) -> None:
    watch = Stopwatch(machine)
    way(machine, watch)
    assert watch.spent() == pytest.approx(1.7, abs=0.06)


def test_what_is_stopped_is_charged_no_more(machine: Machine) -> None:
    watch = Stopwatch(machine)
    looks(machine, watch, 0.5)
    watch.stop()
    machine.passes(3.0)
    assert watch.spent() == pytest.approx(0.5)
    watch.start()
    assert watch.spent() == 0.0
