"""Statistics of a graded class: plain functions of numbers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bin", "bins", "discrimination", "median"]

_FEWEST = 3  # students; two points always lie on a line
_MOST_BINS = 14


def median(values: Sequence[float]) -> float | None:
    """The middle one, None of none."""
    return statistics.median(values) if values else None


def discrimination(item: Sequence[float], rest: Sequence[float]) -> float | None:
    """How well a question tells strong students from weak ones: -1 to 1, None where undefined.

    item: points in this question, a number for each student; rest: their points in all others.

    This is the corrected item-total correlation, Pearson's r between a question and the rest of
    the test:  r = cov(X, R) / (s_X s_R)  with X the question's score and R = total - X. Leaving X
    out of the total keeps a question from correlating with itself (S. Henrysson, Correction of
    item-total correlations in item analysis, Psychometrika 28, 1963; L. Crocker and J. Algina,
    Introduction to Classical and Modern Test Theory, chapter 14). It is undefined when everybody
    has the same points in the question or in the rest, and for fewer than three students.
    """
    if len(item) != len(rest):
        raise ValueError(f"{len(item)} scores and {len(rest)} rests")
    if len(item) < _FEWEST or _is_constant(item) or _is_constant(rest):
        return None
    try:
        found = statistics.correlation(item, rest)
    except statistics.StatisticsError:  # differences so small that their squares are nothing
        return None
    return min(1.0, max(-1.0, found)) if math.isfinite(found) else None


def _is_constant(values: Sequence[float]) -> bool:
    """All the same, but for what adding up in another order may change."""
    scale = max(1.0, *(abs(value) for value in values))
    return max(values) - min(values) <= 1e-9 * scale


@dataclass(frozen=True)
class Bin:
    """Scores from `low` to below `high` (the last bin: and above), and how many have one."""

    low: float
    high: float
    count: int


def bins(scores: Sequence[float], most: float) -> list[Bin]:
    """A histogram from 0 to `most`, the points that can be had, in steps of a round number.

    Scores above (extra credit) are in the last bin, scores below zero in the first.
    """
    if most <= 0:
        return []
    width = next(
        factor * 10.0**power
        for power in range(-2, 12)
        for factor in (1, 2, 5)
        if most / (factor * 10.0**power) <= _MOST_BINS
    )
    # Full marks belong to a bin that is not theirs alone, so that all bins are equally wide.
    count = math.ceil(most / width - 1e-9)
    counts = [0] * count
    for score in scores:
        counts[min(count - 1, max(0, math.floor(score / width + 1e-9)))] += 1
    return [Bin(n * width, (n + 1) * width, found) for n, found in enumerate(counts)]
