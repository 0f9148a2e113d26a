"""What is asked of the browser's Python, and how its answers are told: as text of JSON.

It runs in Pyodide and, for the same answer from here, in this Python too.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
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


def verdict(job: str, clock: Any) -> str:
    """What the checks say of an answer.

    job: the cells before, the answer and its check cells; clock: its `begin` and `end` stand around
    what has to come to an end, see pyodide.mjs.
    """

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


def notebook(job: str, _clock: Any) -> str:
    """The cells of a notebook that failed, as IPython runs them: number -> the error.

    job: the sources of its code cells.
    """
    os.environ["MPLBACKEND"] = "agg"
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    failed = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for number, source in enumerate(json.loads(job)):
            ran = shell.run_cell(source)
            if not ran.success:
                failed[number] = repr(ran.error_before_exec or ran.error_in_exec)
    return json.dumps(failed)
