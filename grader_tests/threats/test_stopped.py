"""Late is not wrong: everything that grades stands still for a while, as on a suspended laptop."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from grader_tests.threats import ours
from grader_tests.threats.course import Traps, make_course
from grader_tests.threats.ours import CHAINRULE, Grader, finished
from grader_tests.threats.outcome import scores

pytestmark = [pytest.mark.overnight, pytest.mark.timeout(600)]
_STILL = 12.0  # seconds: more than a submission may take in this course
_STOPS = 2


def test_a_class_that_stood_still_is_graded_as_ever(tmp_path: Path) -> None:
    traps = make_course(tmp_path / "it")
    ours.make_class(traps)
    started = Grader(traps, CHAINRULE).start("--jobs", "2")
    for stop in range(_STOPS):
        _until_graded(traps, 2 + 2 * stop)
        assert started.poll() is None, "it ended before it was stopped"
        stopped = _stop(started.pid)
        assert len(stopped) > 4  # the command, its fork server, a template, a worker and a guest
        time.sleep(_STILL)
        _go_on(stopped)
    done = finished(started)
    assert done.status == 0, done.wrote[-2000:]
    notes = [line for line in done.wrote.splitlines() if line.startswith("note ")]
    said = ("class list", "nor are", "waiting for the gradebook")  # what holds it may stand still
    assert [line for line in notes if not any(one in line for one in said)] == []
    assert ours.faults(traps) == []
    assert len(scores(traps)) > len(ours.CLASS)  # one more is there from the beginning


def _until_graded(traps: Traps, number: int) -> None:
    until = time.monotonic() + 120
    while len(list(traps.course.glob("autograded/*"))) < number:
        assert time.monotonic() < until
        time.sleep(0.005)


def _stop(first: int) -> list[int]:
    """Stop a process and all that come from it, those that are started meanwhile too."""
    stopped: list[int] = []
    family = psutil.Process(first)
    for _ in range(5):
        for one in (family, *family.children(recursive=True)):
            if one.pid not in stopped:
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGSTOP)
                    stopped.append(one.pid)
    return stopped


def _go_on(stopped: list[int]) -> None:
    for pid in stopped:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
