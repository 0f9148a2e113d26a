"""Which mistake explains a wrong answer: one row of the table, or none rather than a wrong one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.check.case import Case, Output
from chainrule.check.compare import compare, exactly, slack, which_wrong
from chainrule.check.misconceptions import MISCONCEPTIONS, Misconception, Prediction

__all__ = ["diagnose"]

# A prediction is a difference quotient itself, so it is only as good as the expected gradient's.
_ROOM = 4.0


def diagnose(cases: Sequence[Case] | Sequence[Output]) -> Misconception | None:
    """The one row that explains every wrong gradient (or output) at every point, or None.

    A gradient that is wrong anywhere has to be explained everywhere. A row that explains the right
    gradients as well goes before one that explains the wrong ones only. Where several rows fit,
    one that covers the others is told; if none does, silence is better than a guess.
    """
    marks = [which_wrong(case.got, case.expected) for case in cases]
    wrong = [any(each) for each in zip(*marks, strict=True)]
    if not any(wrong):
        return None
    rows = [row for row in MISCONCEPTIONS.values() if not row.gates or cases[0].gate in row.gates]
    everything = [True] * len(wrong)
    fits = {row.id: _explains(row, cases, (everything, wrong)) for row in rows}
    for which in range(2):
        fitting = [row for row in rows if fits[row.id][which] and not (which and row.whole)]
        covered = {other for row in fitting for other in row.covers}
        left = [row for row in fitting if row.id not in covered]
        if fitting:
            return left[0] if len(left) == 1 else None
    return None


def _explains(
    row: Misconception,
    cases: Sequence[Case] | Sequence[Output],
    choices: Sequence[Sequence[bool]],
) -> list[bool]:
    """For each choice of gradients: does one way the mistake shows fit them at every point?"""
    fitting: list[set[int]] = []
    for case in cases:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shown = list(enumerate(_ways(row, case)))
            here = [{i for i, guess in shown if _fits(case, guess, marked)} for marked in choices]
        except Exception:  # the changed function cannot be evaluated here: the row says nothing
            return [False] * len(choices)
        fitting = [a & b for a, b in zip(fitting, here, strict=True)] if fitting else here
        if not any(fitting):  # most rows are done with at the first point
            break
    return [bool(ways) for ways in fitting]


def _ways(row: Misconception, case: Case | Output) -> list[Prediction]:
    return row.output(case) if isinstance(case, Output) else row.predict(case)


def _fits(case: Any, guess: Prediction, positions: Sequence[bool]) -> bool:
    for answer, predicted, expected, asked in zip(
        case.got, guess, case.expected, positions, strict=True
    ):
        if not asked:
            continue
        if answer is None or predicted is None or np.shape(predicted) != answer.shape:
            return False
        finite = expected.error[np.isfinite(expected.error)]
        bar = _ROOM * float(finite.max(initial=0.0))
        if answer.shape == expected.value.shape and np.any(expected.kinked):
            # What the mistake gives at a kink is not one number: there, any right answer fits.
            free = expected.kinked & expected.covers(answer, slack(expected))
            predicted = np.where(free, answer, predicted)
        known = exactly(predicted)
        if compare(answer, exactly(known.value, bar + slack(known))) is not None:
            return False
    return True
