"""The graded cells of every problem set, from a table that `chainrule notebooks` makes.

It needs nothing but Python: `chainrule progress` reads it before anything large is imported.
"""

from __future__ import annotations

import os
from typing import NamedTuple

__all__ = ["TABLE", "Check", "question_of", "table"]

TABLE = os.path.join(os.path.dirname(__file__), "check", "progress.tsv")


class Check(NamedTuple):
    """A graded cell of a problem set.

    fingerprint: of the check's text as students have it; empty for an answer that a person reads.
    """

    grade_id: str
    points: float
    fingerprint: str

    @property
    def question(self) -> str:
        """The question it belongs to, as it is told: `q2_multiply_forward` is part of `Q2`."""
        return question_of(self.grade_id).upper()


def question_of(grade_id: str) -> str:
    """The question a graded cell belongs to: `q2_multiply_forward` is part of `q2`."""
    return grade_id.split("_", 1)[0]


def table() -> dict[str, list[Check]]:
    """The graded cells of every problem set, in the order of its notebook."""
    found: dict[str, list[Check]] = {}
    with open(TABLE, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines[1:]:
        name, grade_id, points, mark = line.split("\t")
        found.setdefault(name, []).append(Check(grade_id, float(points), mark))
    return found
