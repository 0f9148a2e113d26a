"""Slopes of a function along many directions: which steps are taken, and which readings count.

A reading counts when the slopes at far shorter steps bear it out. What they gainsay is looked into:
a function that is rounded stands still within short steps, as on the tread of a stair; one that
cancels inside carries more noise than its rounding; one that wriggles is not seen by long steps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from chainrule.numeric.probe import Probe, silenced
from chainrule.numeric.richardson import Level, Reading, Slope, read, read_two

__all__ = ["slopes"]

_EPS = float(np.finfo(np.float64).eps)
# Of the input's own size, or of 1 when the input is smaller. No power of two: distances that are
# even for the function too, as its period or its digits, would show it always at the same places.
_FIRST_STEP = 1.1 * 2.0**-5
_LAST_STEP = 2.0**-48  # of the input's own size: below, x + h has no digits left
_FIRST_LEVELS = 2  # they do for a straight line and for a parabola
_MOST_LEVELS = 32
_ONE_BY_ONE = 6  # so many levels; further ones come three at a time
_FAR = 1.37 * 2.0**-14  # how much shorter the step is by which a reading is tested
_FAR_ENOUGH = 2.0**-8  # ... at least; or there are
_ENOUGH = 3  # so many shorter steps
_LONGER = 16.0  # times the first step: tried where a function does not move at all
_SAFETY = 10.0  # noise that was seen is multiplied by this
_NOISE = 8.0  # ulps of the function value that one evaluation may be off
_DROWNED = 0.05  # noise of this part of how the function moves over a step hides the slope
_GROWS = 0.25  # noise is this part of its largest at the shortest steps as well
_POOR = 1e-6  # a bar of this part of the slope is one
_SURER = 1e-2  # of a bar
_HALVINGS = 60
_JUMP = 1 / 16  # of the change between two steps: what is left of it when they come together

_NOTHING: Slope = (math.nan, math.inf, math.nan, math.nan)

Measure = Callable[[float], Level]
"""The level of one output along one direction, at a step."""


def slopes(
    probe: Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Slopes of the weighted outputs along each direction.

    directions: (n, inputs); owner: of which point each of them starts, (n,); weights: (n, outputs),
    and what they weigh is summed; None leaves each output to itself.
    Returns (4, n, k): value, error, left slope, right slope; k is 1, or without weights outputs.
    """
    k = probe.base.shape[1] if weights is None else 1
    if not len(directions):
        return np.empty((4, 0, k))
    measure = _Measure(probe, directions, owner, weights)
    found: list[list[Slope]] = [[_NOTHING] * k for _ in directions]
    with silenced():
        moving = np.any(directions != 0, axis=1).nonzero()[0].tolist()
        first = [_Way(size) for size in measure.size[moving].tolist()]
        steps = [[*way.asked, *way.tests] for way in first]
        ways: dict[int, _Way] = {}
        for place, way, levels in zip(moving, first, measure(moving, steps), strict=True):
            quick = [slope for slope in itertools.starmap(read_two, levels) if slope is not None]
            if len(quick) == k:
                found[place] = quick
            else:
                way.start(levels)
                ways[place] = way
        while active := [place for place, way in ways.items() if way.asked or way.tests]:
            steps = [[*ways[place].asked, *ways[place].tests] for place in active]
            for place, levels in zip(active, measure(active, steps), strict=True):
                ways[place].take(levels)
        for place, way in ways.items():
            found[place] = [
                line.slope(measure.one(place, output)) for output, line in enumerate(way.lines)
            ]
    return np.array(found, dtype=np.float64).reshape(len(found), k, 4).transpose(2, 0, 1)


class _Measure:
    """Slopes at steps of any length, along n directions.

    size: of the inputs that move, for each direction, (n,).
    """

    def __init__(
        self, probe: Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
    ) -> None:
        self.probe, self.directions, self.weights = probe, directions, weights
        self.start, self.base = probe.flat[owner], probe.base[owner]
        self.twice = 2 * np.abs(self.base)
        with np.errstate(all="ignore"):
            sizes = np.where(directions != 0, np.abs(self.start / directions), 0.0)
        self.size = sizes.max(axis=1, initial=0.0)

    def __call__(
        self, places: Sequence[int], steps: Sequence[Sequence[float]]
    ) -> Iterator[list[list[Level]]]:
        """For each place, for each weighted output, the level at each of its steps."""
        many = [len(asked) for asked in steps]
        row = np.repeat(places, many)
        h = np.array([step for asked in steps for step in asked])[:, np.newaxis]
        offsets, start = self.directions[row] * h, self.start[row]
        values = self.probe.at(np.concatenate([start - offsets, start + offsets]))
        values = values.reshape(2, len(h), -1)
        heights = np.abs(values).sum(axis=0) + self.twice[row]
        sides = (values - self.base[row]) / h
        if self.weights is not None:
            weights = self.weights[row]
            heights = (heights * np.abs(weights)).sum(axis=1, keepdims=True)
            sides = (sides * weights).sum(axis=2, keepdims=True)
        steeper = np.abs(sides).max(axis=0)
        noise = _NOISE * _EPS * (heights + self.size[row, np.newaxis] * steeper) / h
        columns = (np.broadcast_to(h, noise.shape), -sides[0], sides[1], noise)
        flat = zip(*(column.ravel().tolist() for column in columns), strict=True)
        outputs = range(noise.shape[1])
        # One by one: the fewer objects live, the less is there for the garbage collector to do.
        for count in many:
            rows = [[list(next(flat)) for _ in outputs] for _ in range(count)]
            yield [[row[output] for row in rows] for output in outputs]

    def one(self, place: int, output: int) -> Measure:
        """Of one output along one direction."""
        return lambda h: next(self([place], [[h]]))[output][0]


class _Way:
    """The steps taken along one direction, for all outputs together.

    size: of what moves. asked, tests: the steps to take next, further levels and others to test
    them by. lines: of each output, none where all is known at once. stretched: nothing moved, so a
    longer step was tried.
    """

    def __init__(self, size: float) -> None:
        self.first = 2.0 ** round(math.log2(max(size, 1.0))) * _FIRST_STEP
        self.least = size * _LAST_STEP
        self.asked = [self.first / 4.0**level for level in range(_FIRST_LEVELS)]
        self.tests = [self.asked[-1] * _FAR]
        self.levels = 0
        self.stretched = False
        self.lines: list[_Levels] = []

    def start(self, found: Sequence[list[Level]]) -> None:
        """Go on from what was measured at the first steps, for each output."""
        self.lines = [_Levels(self.least) for _ in found]
        self.take(found)

    def take(self, found: Sequence[list[Level]]) -> None:
        """What was measured at the steps that were asked for, for each output."""
        many = len(self.asked)
        for line, levels in zip(self.lines, found, strict=True):
            if not line.done or self.stretched:
                line.take(levels[:many], levels[many:])
        self.levels += many
        self.tests = sorted({line.test for line in self.lines if line.test})
        self.asked = self._further() if any(line.goes_on for line in self.lines) else []
        still = all(line.done and line.stands_still for line in self.lines)
        if still and not self.stretched:
            self.stretched, self.tests = True, [self.first * _LONGER]

    def _further(self) -> list[float]:
        many = 1 if self.levels < _ONE_BY_ONE else 3
        levels = range(self.levels, min(self.levels + many, _MOST_LEVELS))
        return [h for h in (self.first / 4.0**level for level in levels) if h >= self.least]


class _Levels:
    """One output along one direction: the levels so far, and what they come to.

    least: the shortest step. done: a reading was borne out. goes_on: shorter steps are to be taken.
    test: a step that would bear the last reading out, or 0. others: levels at such steps.
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.levels: list[Level] = []
        self.others: list[Level] = []
        self.done = False
        self.goes_on = True
        self.test = 0.0
        self._last: Reading | None = None

    def take(self, levels: Sequence[Level], tests: Sequence[Level]) -> None:
        """Further levels, and what came of a test."""
        self.levels += levels
        self.others += tests
        if levels and (len(self.levels) > _FIRST_LEVELS or self.stands_still):
            self._last = read(_usable(self.levels))  # two others do not do, as `read_two` has said
        self.test, self.goes_on = 0.0, not self.done
        if self.done or self._last is None or not self._last.enough:
            return
        shortest = self._last.last[0]
        far = [level for level in self.others if level[0] <= shortest * _FAR_ENOUGH]
        if not far and shortest * _FAR >= self.least:
            self.test, self.goes_on = shortest * _FAR, False
        elif far and all(map(self._last.agrees, far)):
            self.done, self.goes_on = True, False

    @property
    def stands_still(self) -> bool:
        """Whether the function does not move at the last level."""
        return not (self.levels[-1][1] or self.levels[-1][2])

    def slope(self, measure: Measure) -> Slope:
        """What it all comes to."""
        last = self._last
        if self.done and last is not None and last.error:
            off = [last.off(level) for level in (*self.levels, *self.others)]
            if not (any(left > 0 for left, _ in off) and any(right > 0 for _, right in off)):
                return last[:4]
        known = sorted([*self.levels, *self.others])
        ends = range(1, len(self.levels) + 1)
        readings = [read(_usable(self.levels[:end])) for end in ends]
        return _slope([one for one in readings if one is not None], known, measure)


def _usable(levels: Sequence[Level]) -> list[Level]:
    """The last four levels, as far as the function could be evaluated there."""
    usable = levels[-4:]
    for place in range(len(usable) - 1, -1, -1):
        _, left, right, noise = usable[place]
        if not math.isfinite(left + right + noise):
            return list(usable[place + 1 :])
    return list(usable)


# What readings come to ----------------------------------------------------------------------------


def _slope(readings: Sequence[Reading], known: Sequence[Level], measure: Measure) -> Slope:
    """The slope of one output, from all that was read; known: all levels, the shortest first."""
    tried = [(one, [level for level in known if level[0] < one.last[0]]) for one in readings]
    borne = [one for one, shorter in tried if _is_borne_out(one, shorter)]
    tread = 0.0
    for reading in sorted(borne, key=lambda one: one.error):
        if reading.last[0] <= tread:
            continue
        seen, edge = _beyond(reading, known, measure)
        if not edge:
            if _is_chance(reading, readings):
                return _NOTHING
            return reading.value, reading.error or seen, reading.left, reading.right
        tread = max(tread, edge)
    noisy = [
        _in_noise(reading, shorter, stepped=tread > 0)
        for reading, shorter in tried
        if len(shorter) >= _ENOUGH and reading.last[0] > tread
    ]
    return min(noisy, key=lambda one: one[1], default=_NOTHING)


def _is_chance(reading: Reading, others: Sequence[Reading]) -> bool:
    """Whether a reading is poor, and one at longer steps far surer of something else: at steps as
    short as the treads of a stair, slopes agree by chance."""
    poor = reading.error > _POOR * abs(reading.value)
    return bool(reading.value and poor) and any(
        other.settled
        and other.left == other.right  # a kink nearby is seen by longer steps, and is none here
        and other.last[0] > reading.last[0]
        and other.error < _SURER * reading.error
        and abs(other.value - reading.value) > 2 * reading.error
        for other in others
    )


def _is_borne_out(reading: Reading, shorter: Sequence[Level]) -> bool:
    """Whether shorter steps say the same."""
    many = len(shorter) >= _ENOUGH
    far = any(level[0] <= reading.last[0] * _FAR_ENOUGH for level in shorter)
    return reading.settled and (many or far) and all(map(reading.agrees, shorter))


def _in_noise(reading: Reading, shorter: Sequence[Level], stepped: bool) -> Slope:
    """A reading that shorter steps gainsay, the more the shorter they are: the function carries
    more noise than its rounding, as one that cancels inside. How much, they tell.

    stepped: it is known to move in steps. shorter: the shortest first.
    """
    by_level = [_miss(reading, level) for level in shorter]
    noise = max(by_level)
    h, left, right, _ = reading.last
    # What grows no more with the shortest steps is no noise; it is something that is too fine.
    grows = stepped or max(by_level[:_ENOUGH]) >= _GROWS * noise
    if not (grows and noise <= _DROWNED * max(abs(left), abs(right)) * h):
        return _NOTHING
    return reading.value, reading.error + _SAFETY * noise / h, reading.left, reading.right


def _miss(reading: Reading, level: Level) -> float:
    """How far the function is from where a reading expects it, at another step."""
    h, left, right, _ = level
    off = max(abs(left - reading.left), abs(right - reading.right))
    return max(off - 2 * reading.bend * h, 0.0) * h


def _beyond(reading: Reading, known: Sequence[Level], measure: Measure) -> tuple[float, float]:
    """What longer steps say, where they say something else: the least slope that was seen there;
    and a step beyond the tread, where the reading is that of the tread of a stair, or else 0.

    Seen with short steps, a function that is rounded stands still, and jumps soon on either side.
    """
    edges = []
    for side in (0, 1):
        edge = _edge(reading, side, known, measure)
        if reading.error and not (edge and edge.jumps):
            return 0.0, 0.0
        if edge is not None:
            edges.append(edge)
    stair = len(edges) == 2 and all(edge.jumps for edge in edges)
    seen = max((edge.slope for edge in edges), default=0.0)
    return seen, max(edge.begin for edge in edges) if stair else 0.0


class _Edge(NamedTuple):
    """Where, on one side, the slope ceases to be as read.

    begin: a step beyond. jumps: whether the function jumps there. slope: the least one seen beyond.
    """

    begin: float
    jumps: bool
    slope: float


def _edge(reading: Reading, side: int, known: Sequence[Level], measure: Measure) -> _Edge | None:
    """Where the slope ceases to be as read; None where it is so at every step that was taken."""
    last = reading.last[0]
    longer = [level for level in known if level[0] > last]
    beyond = next((n for n, one in enumerate(longer) if reading.off(one)[side] > 0), None)
    if beyond is None:
        return None
    outside, off = longer[beyond], reading.off(longer[beyond])[side]
    begin, inside = outside[0], longer[beyond - 1][0] if beyond else last
    change = _JUMP * off * begin
    for _ in range(_HALVINGS):
        if reading.error and off * outside[0] <= change:
            break
        middle = measure((inside + outside[0]) / 2)
        if not inside < middle[0] < outside[0]:
            break
        if reading.off(middle)[side] > 0:
            outside, off = middle, reading.off(middle)[side]
        else:
            inside = middle[0]
    return _Edge(begin, off * outside[0] > change, off)
