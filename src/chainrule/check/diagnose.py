"""Which mistake explains a wrong answer: one row of the table, or none rather than a wrong one."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Sequence

import numpy as np

from chainrule.check.case import Case, DoesNotApply, Evaluated, Output
from chainrule.check.compare import near, slack, which_wrong
from chainrule.check.misconceptions import MISCONCEPTIONS, Misconception, Prediction

__all__ = ["BrokenRow", "all_zeros", "diagnose"]

# A prediction is a difference quotient itself, so it is only as good as the expected gradient's.
_ROOM = 4.0
_NOTHING = 1e-12  # of the right answer: what is left where terms cancel

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # nothing goes to stderr

strict = False
"""Whether a mistake in a row is raised as a BrokenRow, as in tests, or logged."""


class BrokenRow(Exception):
    """A row of the table raises something other than DoesNotApply: a mistake of ours."""


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
    seen = [_Evidence(case) for case in _telling(cases)]
    choices = [[True] * len(wrong)] if all(wrong) else [[True] * len(wrong), wrong]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = {row.id: _explains(row, seen, choices) for row in rows}
    for which in range(len(choices)):
        fitting = [row for row in rows if fits[row.id][which] and not (which and row.whole)]
        covered = {other for row in fitting for other in row.covers}
        left = [row for row in fitting if row.id not in covered]
        if fitting:
            alone = len(left) == 1 and not left[0].unless(_telling(cases))
            return left[0] if alone else None
    return None


def _telling(cases: Sequence[Case] | Sequence[Output]) -> list[Case | Output]:
    """The cases that tell: at a kink a mistake may give one number or another, so such a case is
    left out where others show the mistake too."""
    smooth = [case for case in cases if not any(np.any(one.kinked) for one in case.expected)]
    return list(smooth if any(any(case.wrong) for case in smooth) else cases)


def all_zeros(cases: Sequence[Case] | Sequence[Output]) -> bool:
    """Whether what is wrong anywhere is zero everywhere, and so says nothing of how it was made."""
    wrong = [any(each) for each in zip(*(case.wrong for case in cases), strict=True)]
    answers = [
        (answer, right.value)
        for case in cases
        for answer, right, bad in zip(case.got, case.expected, wrong, strict=True)
        if bad
    ]
    return bool(answers) and not any(
        one is None or np.abs(one).max(initial=0.0) > _NOTHING * np.abs(right).max(initial=0.0)
        for one, right in answers
    )


class _Evidence:
    """A case, and of each answer how far off a prediction of it may be, and where it may be
    anything: what a mistake gives at a kink is not one number, so there any right answer fits."""

    def __init__(self, case: Case | Output) -> None:
        self.case = copy.copy(case)  # with what was worked out of it already
        for name in ("function", "fork", "other"):
            evaluated = vars(case).get(name)
            if evaluated is not None:
                setattr(self.case, name, Evaluated(evaluated))
        self.bars: list[float] = []
        self.free: list[np.ndarray | None] = []
        for answer, expected in zip(case.got, case.expected, strict=True):
            finite = expected.error[np.isfinite(expected.error)]
            self.bars.append(_ROOM * float(finite.max(initial=0.0)))
            same = answer is not None and answer.shape == expected.value.shape
            if answer is not None and same and np.any(expected.kinked):
                self.free.append(expected.kinked & expected.covers(answer, slack(expected)))
            else:
                self.free.append(None)

    def ways(self, row: Misconception) -> list[Prediction]:
        """What the mistake would have given, in each of the ways it can show."""
        return row.output(self.case) if isinstance(self.case, Output) else row.predict(self.case)

    def fits(self, guess: Prediction, positions: Sequence[bool]) -> bool:
        """Whether a prediction is what came back, in the positions that are asked for."""
        for answer, predicted, bar, free, asked in zip(
            self.case.got, guess, self.bars, self.free, positions, strict=True
        ):
            if not asked:
                continue
            if answer is None or predicted is None or np.shape(predicted) != answer.shape:
                return False
            if free is not None:
                predicted = np.where(free, answer, predicted)
            if not near(answer, predicted, bar):
                return False
        return True


def _explains(
    row: Misconception, cases: Sequence[_Evidence], choices: Sequence[Sequence[bool]]
) -> list[bool]:
    """For each choice of gradients: does one way the mistake shows fit them at every point?"""
    fitting: list[set[int]] = []
    for case in cases:
        try:
            shown = list(enumerate(case.ways(row)))
            here = [{i for i, guess in shown if case.fits(guess, one)} for one in choices]
        except DoesNotApply:
            return [False] * len(choices)
        except TimeoutError:  # whoever ends a check means it
            raise
        except Exception as error:  # a mistake in the row: it costs the diagnosis, not the check
            if strict:
                raise BrokenRow(f"the misconception {row.id}") from error
            _log.exception("the misconception %s cannot be tried", row.id)
            return [False] * len(choices)
        fitting = [a & b for a, b in zip(fitting, here, strict=True)] if fitting else here
        if not any(fitting):  # most rows are done with at the first point
            break
    return [bool(ways) for ways in fitting]
