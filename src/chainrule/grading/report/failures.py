"""What went wrong in a graded notebook, question by question, and which misconception it shows.

The notebook is the judge's own, but answers and some of its text are a student's: it is read as
plain JSON, and what is not of the form that is expected is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.notebook.cells import cells_of, source_of
from chainrule.notebook.failed_check import FailedCheck, failed_check
from chainrule.notebook.text import printable

__all__ = ["Failure", "Looked", "look_at"]

_REASON = 100  # characters


@dataclass(frozen=True)
class Failure:
    """A check that failed. reason: why, in a phrase; misconception: its id, if one was named."""

    check: str
    reason: str
    misconception: str | None = None


@dataclass
class Looked:
    """What a notebook holds, by question: the checks that failed, in order, and the answer."""

    failures: dict[str, list[Failure]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def look_at(
    notebook: dict[str, Any], checks: Mapping[str, str], answers: Mapping[str, str]
) -> Looked:
    """Read a graded notebook. checks, answers: the question of each such cell, by grade_id."""
    found = Looked()
    broken: dict[str, str] = {}
    for name, cell in cells_of(notebook):
        failed = failed_check(cell)
        if name in answers:
            question = answers[name]
            source = source_of(cell)
            found.answers[question] = f"{found.answers.get(question, '')}\n\n{source}".strip()
            if failed is not None:
                broken[question] = _short(f"the answer does not run ({failed.kind})")
        elif name in checks and failed is not None:
            question = checks[name]
            failure = _failure(name, failed)
            if failure.misconception is None and question in broken:
                failure = Failure(name, broken[question])
            found.failures.setdefault(question, []).append(failure)
    return found


def _failure(name: str, failed: FailedCheck) -> Failure:
    return Failure(name, _short(failed.reason), failed.misconception)


def _short(text: str) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"
