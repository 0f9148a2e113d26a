"""Which mistake explains a wrong answer: one row of the table, or none rather than a wrong one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.check.case import Case
from chainrule.check.compare import compare, exactly, slack
from chainrule.check.misconceptions import MISCONCEPTIONS, Misconception, Prediction

__all__ = ["diagnose"]

# A prediction is a difference quotient itself, so it is only as good as the expected gradient's.
_ROOM = 4.0


def diagnose(cases: Sequence[Case]) -> Misconception | None:
    """The one row that explains every wrong gradient at every point, or None.

    A gradient that is wrong anywhere has to be explained everywhere. A row that explains the right
    gradients as well goes before one that explains the wrong ones only. Where several rows fit,
    one that covers the others is told; if none does, silence is better than a guess.
    """
    wrong = [any(marks) for marks in zip(*(_wrong(case) for case in cases), strict=True)]
    if not any(wrong):
        return None
    rows = [row for row in MISCONCEPTIONS.values() if not row.gates or cases[0].gate in row.gates]
    everything = [True] * len(wrong)
    for positions in (everything, wrong):
        fitting = [
            row
            for row in rows
            if (positions is everything or not row.whole) and _explains(row, cases, positions)
        ]
        covered = {other for row in fitting for other in row.covers}
        left = [row for row in fitting if row.id not in covered]
        if fitting:
            return left[0] if len(left) == 1 else None
    return None


def _explains(row: Misconception, cases: Sequence[Case], positions: Sequence[bool]) -> bool:
    """Whether one way the mistake shows fits, at every point, each gradient marked."""
    try:
        ways = zip(*(row.predict(case) for case in cases), strict=True)
        return any(
            all(_fits(case, guess, positions) for case, guess in zip(cases, way, strict=True))
            for way in ways
        )
    except (ValueError, ArithmeticError):  # the mistake has no gradient at this point
        return False


def _fits(case: Case, guess: Prediction, positions: Sequence[bool]) -> bool:
    for answer, predicted, expected, asked in zip(
        case.got, guess, case.expected, positions, strict=True
    ):
        if not asked:
            continue
        if answer is None or predicted is None or np.shape(predicted) != answer.shape:
            return False
        finite = expected.error[np.isfinite(expected.error)]
        bar = _ROOM * float(finite.max(initial=0.0))
        known = exactly(predicted)
        if compare(answer, exactly(predicted, bar + slack(known))) is not None:
            return False
    return True


def _wrong(case: Case) -> list[bool]:
    return [
        answer is not None and compare(answer, expected) is not None
        for answer, expected in zip(case.got, case.expected, strict=True)
    ]
