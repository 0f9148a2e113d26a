"""One submission: `judge(master, submission, limits) -> Graded`, plain data in and out.

This is the caller's side: it has a worker forked from the template of the master (`pool.py`), gives
it the submission, and makes of what it tells a graded notebook with points (`scores.py`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.pool import a_worker, close, get_ready, places, start
from chainrule.grading.judge.scores import Graded, graded, unreadable
from chainrule.grading.judge.submission import Submission
from chainrule.grading.judge.vetting import Vetting
from chainrule.grading.limits import Limits
from chainrule.grading.sandbox.guest_process import ForkServerError
from chainrule.grading.sandbox.kernel import JailUnavailable
from chainrule.notebook.outputs import error_output

__all__ = ["JudgeError", "Submission", "allow", "begin", "calibrated", "close", "expect", "judge",
           "vetting_of"]  # fmt: skip

_log = logging.getLogger(__name__)

_ENDED = "the process that judges this submission ended before its time"


class JudgeError(RuntimeError):
    """The judge itself failed: what its traceback ends with, and the whole of it as a note."""

    def __init__(self, trace: str) -> None:
        super().__init__((trace.strip().splitlines() or ["no word of why"])[-1])
        self.add_note(trace)


@dataclass
class _Journal:
    """What a worker told: the cells as far as it came, how many of them it ran, and the rest."""

    cells: list[dict[str, Any]] = field(default_factory=list)
    ran: int = 0
    notes: list[str] = field(default_factory=list)
    done: bool = False
    malformed: str = ""


def judge(master: Master, submission: Submission, limits: Limits | None = None) -> Graded:
    """Grade one submission. Whatever is in it, this returns.

    The first call in a process starts the fork server that later calls fork from (about a second),
    and the first one with a master judges its own solution. What comes out depends on the master,
    the submission and the limits, and on nothing that was judged before.
    Raises JailUnavailable, ForkServerError when that process cannot be started, JudgeError when the
    fault is the judge's own.
    """
    limits = limits or Limits()
    started = time.monotonic()
    if submission.problem or submission.notebook is None:
        return unreadable(master, submission.problem or "The notebook was not handed in.")
    heard = _asked(master, submission, limits)
    if not heard.done and not heard.malformed:  # it may have been killed from outside
        again = _asked(master, submission, limits)
        heard = again if again.done or again.ran >= heard.ran else heard
    if heard.malformed:
        found = unreadable(master, heard.malformed)
    elif not heard.cells:
        found = unreadable(master, f"It could not be graded: {_ENDED}.")
    else:
        found = graded(master, _whole(heard), heard.notes)
    return replace(found, seconds=time.monotonic() - started)


def _asked(master: Master, submission: Submission, limits: Limits) -> _Journal:
    """What a worker tells. Raises ForkServerError, JailUnavailable, JudgeError."""
    for last in (False, True):
        try:
            return _ask(master, submission, limits)
        except ForkServerError:
            if last:
                raise
            close(limits)
    raise AssertionError("unreachable")


def _ask(master: Master, submission: Submission, limits: Limits) -> _Journal:
    heard = _Journal()
    with a_worker(master, limits) as worker:
        for told in worker.ask(submission):
            if "plan" in told:
                heard.cells = told["plan"]
            elif "cell" in told:
                place, cell = told["cell"]
                heard.cells[place] = cell
                heard.ran += 1
            elif "log" in told:
                _log.warning("%s: %s", master.name, told["log"])
            elif "again" in told:
                raise ForkServerError(told["again"])
            elif "error" in told:
                raise JudgeError(told["error"])
            else:
                heard.malformed = told.get("malformed", "")
                heard.done, heard.notes = bool(told.get("done")), told.get("notes", [])
                break
    return heard


def _whole(heard: _Journal) -> list[dict[str, Any]]:
    """The cells; those that were not run because their worker ended say so."""
    if heard.done:
        return heard.cells
    heard.notes.append("Grading ended before its time; what was graded until then counts.")
    for cell in heard.cells:
        if cell["cell_type"] == "code" and cell["execution_count"] is None and cell["source"]:
            cell["outputs"].append(error_output("RuntimeError", f"not run: {_ENDED}"))
    return heard.cells


# For whoever judges many -------------------------------------------------------------------------


def allow(most: int) -> None:
    """Judge so many at once, those apart that take long; 0 for as many as are asked for."""
    places.allow(most)


def begin(limits: Limits) -> None:
    """Something will be judged: start what takes a while, and do not wait for it."""
    with contextlib.suppress(JailUnavailable, OSError):  # whoever judges is told
        start(limits)


def expect(masters: Iterable[Master], limits: Limits) -> None:
    """Submissions of these masters will follow: get ready for them in the background."""
    for master in masters:
        threading.Thread(target=_get_ready, args=(master, limits), daemon=True).start()


def vetting_of(master: Master, limits: Limits) -> Vetting:
    """How the checks of a master are run, and why its own solution is in doubt if it is.

    Raises JailUnavailable, ForkServerError.
    """
    for last in (False, True):
        try:
            return get_ready(master, limits).vetting
        except ForkServerError:
            if last:
                raise
            close(limits)
    raise AssertionError("unreachable")


def calibrated(master: Master, limits: Limits) -> Limits:
    """The limits that hold for submissions of a master, its own solution's time considered.

    Raises JailUnavailable, ForkServerError.
    """
    return get_ready(master, limits).limits


def _get_ready(master: Master, limits: Limits) -> None:
    with contextlib.suppress(JailUnavailable, ForkServerError):  # whoever judges is told
        get_ready(master, limits)
