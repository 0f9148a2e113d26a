"""How long a question took, from the times that JupyterLab keeps of each cell's last run.

The lab keeps them when its notebook setting `recordTiming` is on, in a cell's `metadata.execution`
(https://jupyterlab.readthedocs.io/en/stable/user/notebook.html). A submission says what it likes:
it is plain JSON here, and times that cannot be are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chainrule.notebook.cells import cells_of, plain_json

__all__ = ["question_times"]

# The end of a run, then its start, as the lab names them; a cell that ended has both.
_KEYS = (
    "shell.execute_reply",
    "iopub.status.idle",
    "iopub.execute_input",
    "shell.execute_reply.started",
)
_SHORTEST = 5.0  # seconds; below, all cells were run in one go
_LONGEST = 2 * 3600.0  # seconds; above, there was a night or a lunch in between
_YEARS = range(2015, 2100)


def question_times(content: bytes, questions: Mapping[str, str]) -> dict[str, float]:
    """Seconds that a student took for each question, where that can be told.

    content: the submitted notebook, as it is. questions: the question of each cell, by grade_id.

    A question was done when one of its cells was run last. It took from then back to when the
    question before was done (in time, not in the notebook), or the first cell of all was run.
    """
    if b'"execution"' not in content:
        return {}
    done: dict[str, float] = {}
    first: float | None = None
    for name, cell in cells_of(plain_json(content)):
        moment = _moment(cell["metadata"].get("execution"))
        if moment is None:
            continue
        first = moment if first is None else min(first, moment)
        if name in questions:
            question = questions[name]
            done[question] = max(done.get(question, moment), moment)
    if first is None:
        return {}
    taken: dict[str, float] = {}
    before = first
    for question, moment in sorted(done.items(), key=lambda item: item[1]):
        if _SHORTEST <= moment - before <= _LONGEST:
            taken[question] = moment - before
        before = moment
    return taken


def _moment(execution: Any) -> float | None:
    """When a cell was run last, in seconds since 1970; None where that is not told, or absurd."""
    if not isinstance(execution, dict):
        return None
    for key in _KEYS:
        text = execution.get(key)
        if not isinstance(text, str) or len(text) > 40:
            continue
        try:
            when = datetime.fromisoformat(text)
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if when.year in _YEARS:
            return when.timestamp()
    return None
