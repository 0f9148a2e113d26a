"""What slopes at shrinking steps come to: the extrapolation that numerical gradients are read off.

Each step is a quarter of the one before; the slopes are extrapolated to a step of zero
(Richardson; the table is Neville's), their mean and half their difference as well as either side
alone. Everything here is floats of one output along one direction, no arrays.

Source of the scheme: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)",
Advances in Engineering Software 4(2), 1982; the one-sided tables and the kink test are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Level", "Reading", "Slope", "read", "read_two"]

_SAFETY = 10.0  # an extrapolation's last movement is multiplied by this
_OF_MEAN = 0.75  # of the noise of a side; f(x) itself adds nothing to the mean of both sides
_GOAL = 1e-11  # a relative bar this small is not worth another evaluation
_GUESS = 100.0  # a bar is multiplied by this where the extrapolations have not settled
_SETTLED = 1e-3  # one-sided slopes must agree with themselves to this before they count
_GAP = 1e-9  # slopes that differ by less, relative to them, are no kink, only a wider bar

Slope = tuple[float, float, float, float]
"""Value, error, left and right slope, as of an `Estimate`."""

Level = list[float]
"""What evaluations at x - h and x + h say: h, the slope on the left and on the right, and how far
rounding may have moved them."""


class Reading(NamedTuple):
    """What some levels come to.

    settled: they agree well enough to tell a kink. enough: shorter steps can hardly say more.
    last: the level of the shortest step. bend: how fast the slope of a side changes with the step.
    """

    value: float
    error: float
    left: float
    right: float
    settled: bool
    enough: bool
    last: Level
    bend: float

    def off(self, level: Level) -> tuple[float, float]:
        """By how much the slopes at another step say something else, beyond doubt, left and right;
        negative where they agree."""
        h, left, right, noise = level
        room = self.error + noise + 2 * self.bend * h
        return abs(left - self.left) - room, abs(right - self.right) - room

    def agrees(self, level: Level) -> bool:
        return max(self.off(level)) <= 0.0


def read_two(first: Level, second: Level, test: Level) -> Slope | None:
    """The slope of what is straight, or a parabola, as far as two levels and a test can tell; None
    where they cannot. It is what `read` would find, in less time."""
    h, left, right, noise = second
    before = (first[1] + first[2]) / 2
    last = (left + right) / 2
    value = last + (last - before) / 15.0
    gap = (right - left) / 2
    gap += (gap - (first[2] - first[1]) / 2) / 3.0
    if abs(gap) > 2 * noise or not (left or right):
        return None
    error = max(_SAFETY * abs(value - last), 2 * abs(gap)) + _OF_MEAN * noise
    if not error <= max(_GOAL * abs(value), 2 * noise):
        return None
    at, left_there, right_there, doubt = test
    room = error + doubt + 2 * max(abs(left - value), abs(right - value)) / h * at
    if not (abs(left_there - value) <= room and abs(right_there - value) <= room):
        return None
    return value, error, value, value


def read(levels: Sequence[Level]) -> Reading | None:
    """What up to four levels come to; None where they are too few."""
    if len(levels) < 2:
        return None
    last, noise = levels[-1], levels[-1][3]
    lefts, rights = [level[1] for level in levels], [level[2] for level in levels]
    value, error = _limit([(a + b) / 2 for a, b in zip(lefts, rights, strict=True)], 16.0, 256.0)
    gap, gap_error = _limit([(b - a) / 2 for a, b in zip(lefts, rights, strict=True)], 4.0, 64.0)
    smooth = max(error, 2 * abs(gap)) + _OF_MEAN * noise
    if abs(gap) <= 2 * noise and smooth <= max(_GOAL * abs(value), 2 * noise):
        return _reading(value, smooth, value, value, True, True, last)
    left, left_error = _limit(lefts, 4.0, 16.0)
    right, right_error = _limit(rights, 4.0, 16.0)
    side_error = max(left_error, right_error) + noise
    steepest = max(map(abs, (*lefts[-3:], *rights[-3:])))
    apart = _SETTLED * steepest + 2 * noise
    alike = abs(gap) <= _GOAL * steepest + 2 * noise  # of a parabola two steps say all there is
    settled = side_error <= apart or (alike and error <= apart)
    by_sides = abs(right - left) > 2 * side_error
    by_gap = abs(gap) > gap_error + noise and 2 * abs(gap) > _GAP * steepest
    if by_sides or by_gap:
        # Half the difference of the slopes extrapolates faster where the sides bend alike.
        if by_gap and error + gap_error + noise < side_error:
            error += gap_error + noise
            left, right = value - gap, value + gap
        else:
            error = side_error
        value, size = (left + right) / 2, abs(right - left)
    else:
        error = smooth  # a gap too small to be called one may be there all the same
        # Where the second derivative jumps (ELU at 0), the one-sided tables converge faster.
        if side_error < error:
            value, error = (left + right) / 2, side_error
        left = right = value
        size = abs(value)
    if not settled:
        error *= _GUESS
    enough = settled and error <= max(_GOAL * size, 2 * noise)
    return _reading(value, error, left, right, settled, enough, last)


def _reading(
    value: float,
    error: float,
    left: float,
    right: float,
    settled: bool,
    enough: bool,
    last: Level,
) -> Reading:
    h, left_there, right_there, noise = last
    bend = max(abs(left_there - left), abs(right_there - right)) - noise
    return Reading(value, error, left, right, settled, enough, last, max(bend, 0.0) / h)


def _limit(slopes: Sequence[float], first: float, second: float) -> tuple[float, float]:
    """The slope at a step of zero, and how unsure it is, from those at the last two to four steps.

    first: how much the leading error term shrinks from one step to the next; second: the one after.
    """
    before, last = slopes[-2:]
    twice = last + (last - before) / (first - 1)
    moved = abs(twice - last)
    if len(slopes) == 2:
        return twice, _SAFETY * moved
    earlier = before + (before - slopes[-3]) / (first - 1)
    thrice = twice + (twice - earlier) / (second - 1)
    less = abs(thrice - twice)
    # The terms that are left shrink at least as the last one did, as long as they shrink at all.
    doubt = less * min(max(first * less / moved, 1 / first), 1.0) if moved else less
    if len(slopes) > 3:
        earliest = slopes[-3] + (slopes[-3] - slopes[-4]) / (first - 1)
        doubt = max(doubt, abs(thrice - earlier - (earlier - earliest) / (second - 1)))
    return thrice, _SAFETY * doubt
