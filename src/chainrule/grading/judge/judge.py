"""One submission: `judge(master, submission, limits) -> Graded`, plain data in and out.

This is the caller's side: it starts a fork server (`sandbox/launcher.py`), has it fork workers that
take one submission after the other (`worker.py`), and hands to each what any of them learned of a
master.
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache

from chainrule.grading.judge.master import Master, mentions_plots
from chainrule.grading.judge.pool import Kind, a_worker, close, start
from chainrule.grading.judge.purity import repeatable_cells
from chainrule.grading.judge.replay import SEEDS, Heard, News, Rehearsal, rehearsed
from chainrule.grading.judge.scores import Graded, _scores, as_notebook, log, unreadable
from chainrule.grading.judge.submission import Ran, Submission
from chainrule.grading.judge.worker import JudgeError, LoadedMaster, Rehearse, Task
from chainrule.grading.limits import Limits
from chainrule.grading.remote import wire_types
from chainrule.grading.sandbox.guest_process import ForkServerError
from chainrule.grading.sandbox.kernel import JailUnavailable
from chainrule.grading.sandbox.launcher import processors
from chainrule.notebook.read import Malformed

__all__ = [
    "JailUnavailable",
    "JudgeError",
    "Submission",
    "begin",
    "close",
    "expect",
    "forget",
    "judge",
]


@dataclass
class _Known:
    """What this process knows of a master: how often it was judged with, its rehearsal, what was
    learned later, and all but that pickled for the judges. serial: no other has it."""

    serial: int = field(default_factory=itertools.count().__next__)
    times: int = 0
    rehearsal: Rehearsal | None = None
    news: list[News] = field(default_factory=list)
    packed: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_known: dict[tuple[str, Limits], _Known] = {}
_lock = threading.Lock()
_MOST_MASTERS = 100
_MOST_NEWS = 10_000
_OFTEN = 2  # submissions of one master that make a rehearsal worth its time
_KILLS = 3  # a submission whose judge died before its time is tried again so often


def judge(master: Master, submission: Submission, limits: Limits | None = None) -> Graded:
    """Grade one submission. Whatever is in it, this returns.

    The first call in a process starts the fork server that later calls fork from (about a second);
    the second one with the same master rehearses it, which makes all that follow fast.
    Raises JailUnavailable, ForkServerError when that process cannot be started, JudgeError when the
    fault is the judge's own.
    """
    limits = limits or Limits()
    started = time.monotonic()
    if submission.problem or submission.notebook is None:
        return unreadable(master, submission.problem or "The notebook was not handed in.")
    for last in (False, True):
        try:
            answer = _asked(master, submission, limits)
            break
        except ForkServerError:
            close(_for_servers(limits))
            if last:
                raise
    if isinstance(answer, Malformed):
        graded = unreadable(master, str(answer))
    else:
        scores, comments, notes = _scores(master, answer.cells)
        notebook = as_notebook(master, answer.cells)
        graded = Graded(notebook, scores, comments, (*answer.notes, *notes))
        graded = replace(graded, live=answer.live, cpu_seconds=answer.cpu_seconds)
    return replace(graded, seconds=time.monotonic() - started)


def _asked(master: Master, submission: Submission, limits: Limits) -> Ran | Malformed:
    """What a judge process says. Raises ForkServerError, JudgeError."""
    key, known = _course(master, limits)
    kind = _kind(master, limits, submission.notebook or b"")
    killed = 0
    while True:
        started = time.monotonic()
        with a_worker(kind) as worker:
            fresh = not worker.knows
            try:
                news = worker.tell(key, known.packed[key], known.news)
                found: Ran | Malformed = worker.ask(Task(key, submission, limits, news))
            except (wire_types.WireError, wire_types.Late) as error:
                worker.broken = True
                in_time = time.monotonic() - started < limits.total_seconds
                early = isinstance(error, wire_types.Closed) and in_time
            else:
                if isinstance(found, Ran) and len(known.news) < _MOST_NEWS:
                    known.news += found.learned
                return found
        # One that had worked before may have died of something else; one that died before its time
        # may have been killed from outside.
        killed += fresh
        if fresh and not (early and killed <= _KILLS):
            seconds = f"{limits.total_seconds:g} s"
            return Malformed(f"Grading was ended: it took more than {seconds} or too much memory.")


def _known_of(master: Master, limits: Limits) -> _Known:
    with _lock:
        if len(_known) >= _MOST_MASTERS:
            _known.clear()
        return _known.setdefault((master.fingerprint, limits), _Known())


def _course(master: Master, limits: Limits) -> tuple[str, _Known]:
    """A name for the master as judges get it: with its rehearsal, from the second time on."""
    known = _known_of(master, limits)
    known.times += 1
    if known.times >= _OFTEN and limits.checks == "outside" and limits.rehearse:
        with known.lock:
            if known.rehearsal is None:
                known.rehearsal = _rehearsed(master, limits)
    key = f"{master.fingerprint} {known.serial} {known.rehearsal is not None}"
    if key not in known.packed:
        known.packed[key] = pickle.dumps(LoadedMaster(key, master, known.rehearsal or {}))
    return key, known


def _rehearsed(master: Master, limits: Limits) -> Rehearsal:
    """The master's rehearsal; nothing where it cannot be had, and then all checks are run."""
    numbers = {name: number for number, name in enumerate(sorted(repeatable_cells(master)), 1)}

    def run(seed: int) -> dict[str, Heard]:
        with a_worker(_kind(master, limits)) as worker:
            try:
                found = worker.ask(Rehearse(master, limits, numbers, seed))
            except (wire_types.WireError, wire_types.Late, JudgeError):
                worker.broken = True
                raise
        if isinstance(found, Malformed):
            raise JudgeError(str(found))
        return found

    try:
        with ThreadPoolExecutor(min(len(SEEDS), len(processors())), "rehearsal") as pool:
            return rehearsed(numbers, list(pool.map(run, SEEDS)))
    except (wire_types.WireError, wire_types.Late, JudgeError) as error:
        log.warning("%s could not be rehearsed: %s", master.name, error)
        return {}


def _kind(master: Master, limits: Limits, notebook: bytes = b"") -> Kind:
    """Of the fork server that serves best."""
    plots = master.mentions_plots or mentions_plots(notebook)
    return _for_servers(limits), plots


@lru_cache
def _for_servers(limits: Limits) -> Limits:
    """With what makes no difference to a fork server left out."""
    return replace(limits, checks="outside")


def begin(limits: Limits) -> None:
    """Something will be judged: start what takes a while, and do not wait for it."""
    with contextlib.suppress(JailUnavailable, OSError):  # whoever judges is told
        start(_for_servers(limits))


def expect(masters: Iterable[Master], limits: Limits) -> None:
    """Many submissions of these masters will follow: already the first is worth a rehearsal, which
    goes on in the background."""
    for master in masters:
        _known_of(master, limits).times += _OFTEN
        threading.Thread(target=_get_ready, args=(master, limits), daemon=True).start()


def _get_ready(master: Master, limits: Limits) -> None:
    with contextlib.suppress(JailUnavailable, ForkServerError):  # whoever judges is told
        _course(master, limits)


def forget() -> None:
    """Let go of all rehearsals: what follows is judged as if it were the first."""
    with _lock:
        _known.clear()


# Scores -------------------------------------------------------------------------------------------
