"""A judge that only reads: an answer is right where it says so. It tests what becomes of grades.

It runs in an executor's place, and no jail is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.merge import merge
from chainrule.grading.judge.scores import Graded, graded, unreadable
from chainrule.grading.judge.submission import Submission, written
from chainrule.grading.limits import Limits
from chainrule.notebook.read import Malformed

__all__ = ["Killed", "PaperJudge"]


class Killed(BaseException):
    """The program ends here, whatever it was doing."""


def _graded(master: Master, submission: Submission, limits: Limits) -> Graded | None:
    if submission.notebook is None:
        return unreadable(master, submission.problem) if submission.problem else None
    try:
        merged = merge(master, submission.notebook, limits)
    except Malformed as problem:
        return unreadable(master, str(problem))
    answers = {one.master.grade_id: one.source for one in merged.cells if one.master is not None}
    cells = []
    for one in merged.cells:
        outputs: list[dict[str, Any]] = []
        known = one.master
        if known is not None and known.is_check and "right" not in answers.get(known.answer, ""):
            error = {"ename": "AssertionError", "evalue": "wrong", "traceback": []}
            outputs = [{"output_type": "error", **error}]
        cells.append(written(one, None, outputs))
    return graded(master, cells, merged.notes)


class PaperJudge(Executor):
    """kill_after: end the program when so many submissions were judged."""

    def __init__(self, kill_after: int | None = None) -> None:
        self._left = kill_after

    def submit(self, _: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Judge at once; what is called is `_judge_all` of a batch."""
        masters, notebooks, limits = args
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Killed
        done: Future[Any] = Future()
        done.set_result({one.name: _graded(one, notebooks[one.name], limits) for one in masters})
        return done
