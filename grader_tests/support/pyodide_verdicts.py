"""What a check says of an answer, as text: in the browser's Python, and here."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from typing import Any

from grader_tests.support import cells


def told(verdict: cells.Verdict) -> dict[str, Any]:
    """A verdict as plain data: for each check cell what it raised, or None, and what it printed."""
    return {
        name: {
            "raised": _described(verdict.failed[name]) if name in verdict.failed else None,
            "printed": printed,
        }
        for name, printed in verdict.printed.items()
    }


def _described(error: BaseException) -> list[str]:
    return [type(error).__name__, getattr(error, "misconception", None) or "", str(error)]


def answer(job: str, clock: Any) -> str:
    """For pyodide.mjs. job: the cells before, the answer and its check cells, as JSON; clock: its
    `begin` and `end` stand around what has to come to an end."""

    @contextlib.contextmanager
    def limited() -> Iterator[None]:
        signal.signal(signal.SIGALRM, cells.over)
        clock.begin()
        try:
            yield
        finally:
            clock.end()

    before, source, checks = json.loads(job)
    return json.dumps(told(cells.judged(before, source, checks, limited)))
