"""Numerical gradients that say how far they can be trusted.

A derivative is estimated by differences at a ladder of step sizes, each a quarter of the one
before, extrapolated to a step of zero (Richardson; the table is Neville's). How much successive
extrapolations still move, plus the rounding noise of the function values over the step, is the
*error bar*. The slopes from the left and from the right are estimated apart, so a kink is seen as
what it is instead of being averaged away.

All work is in float64. A function is always handed fresh copies, so nothing it does to its inputs
can leak into the next evaluation.

Source of the scheme: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)",
Advances in Engineering Software 4(2), 1982; the one-sided tables and the kink test are ours.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

__all__ = [
    "Estimate",
    "directional_slopes",
    "numerical_gradient",
    "numerical_gradients",
    "numerical_gradients_at",
    "numerical_jacobian",
]

_EPS = float(np.finfo(np.float64).eps)
_FIRST_STEP = 2.0**-4  # of the input's own size, or of 1 when the input is smaller
_LAST_STEP = 2.0**-34  # of the input's own size: below, x + h has no digits left
_MAX_LEVELS = 32
_SAFETY = 10.0  # an extrapolation's last movement is multiplied by this
_NOISE = 8.0  # ulps of the function value that one evaluation may be off
_GOAL = 1e-11  # a relative bar this small is not worth another evaluation
_GUESS = 100.0  # ... and by this again where the extrapolations have not settled
_SETTLED = 1e-3  # one-sided slopes must agree with themselves to this before they count

# What the steps so far have shown, from nothing to a plain derivative.
_NOTHING, _UNSETTLED, _KINK, _SMOOTH = range(4)

# A function may leave its domain at x + h (log of a negative number): that step tells us nothing.
_OFF_DOMAIN = (ArithmeticError, ValueError)


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative, entry by entry.

    value: the derivative; at a kink, the mean of the two one-sided slopes.
    error: half-width of the error bar around `value`, or around each one-sided slope at a kink.
           Infinite, or far larger than the value, where there is no derivative (at a jump).
    left, right: the slopes from either side; both equal `value` where there is no kink.

    All four have the shape of the input (gradient) or output shape + input shape (Jacobian).
    """

    value: np.ndarray
    error: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def kinked(self) -> np.ndarray:
        """True where the slopes from the left and from the right differ."""
        return self.left != self.right

    @cached_property
    def low(self) -> np.ndarray:
        """The least answer the estimate allows."""
        return np.minimum(self.left, self.right) - self.error

    @cached_property
    def high(self) -> np.ndarray:
        """The greatest answer the estimate allows."""
        return np.maximum(self.left, self.right) + self.error

    def covers(self, answer: Any, slack: Any = 0.0) -> np.ndarray:
        """Whether each entry of `answer` lies inside the bar, widened by `slack`."""
        answer = np.asarray(answer, dtype=np.float64)
        return (answer >= self.low - slack) & (answer <= self.high + slack)


def numerical_gradient(f: Callable[[Any], Any], x: Any, upstream: Any = None) -> Estimate:
    """Gradient of `sum(upstream * f(x))` with respect to `x`.

    f: takes one array (or number) of x's shape and returns a number or an array.
    x: number or array; integers are taken as float64. Never modified.
    upstream: of the shape of f(x); may be left out when f returns a single number.

    Returns an `Estimate` of the shape of x. Raises ValueError when upstream is missing or has the
    wrong shape, or when f(x) itself is not finite.
    """
    return numerical_gradients(f, (x,), upstream)[0]


def numerical_gradients(
    f: Callable[..., Any], inputs: Sequence[Any], upstream: Any = None
) -> tuple[Estimate, ...]:
    """Gradient of `sum(upstream * f(*inputs))` for each input, in order.

    As `numerical_gradient`, for a function of several arrays.
    """
    return numerical_gradients_at(f, [inputs], [upstream])[0]


def numerical_gradients_at(
    f: Callable[..., Any], points: Sequence[Sequence[Any]], upstreams: Sequence[Any]
) -> list[tuple[Estimate, ...]]:
    """`numerical_gradients` at several points, with an upstream gradient for each.

    Points alike in shape are worked out together, which takes hardly longer than one of them.
    """
    alike: dict[Any, list[int]] = {}
    for place, (inputs, upstream) in enumerate(zip(points, upstreams, strict=True)):
        form = *((np.shape(value), _is_number(value)) for value in inputs), np.shape(upstream)
        alike.setdefault(form, []).append(place)
    found: dict[int, tuple[Estimate, ...]] = {}
    for places in alike.values():
        probe = _Probe(f, [points[place] for place in places])
        size, owner = probe.size, np.repeat(np.arange(len(places)), probe.size)
        weights = np.concatenate([_weights(probe, upstreams[place]) for place in places])
        slopes = _slopes(probe, np.tile(np.eye(size), (len(places), 1)), owner, weights[owner])
        for place, rows in zip(places, np.split(slopes[:, :, 0], len(places), axis=1), strict=True):
            found[place] = tuple(
                Estimate(*(part[start:stop].reshape(shape) for part in rows))
                for start, stop, shape in probe.spans
            )
    return [found[place] for place in range(len(points))]


def numerical_jacobian(f: Callable[[Any], Any], x: Any) -> Estimate:
    """Jacobian of `f` at `x`: entry [..., i] is the derivative of each output by x[i].

    Returns an `Estimate` of shape `f(x).shape + x.shape`. For an (out,) and an (in,) vector this
    is the (out, in) matrix of the lectures. Raises ValueError when f(x) is not finite.
    """
    probe = _Probe(f, [(x,)])
    found = _slopes(probe, np.eye(probe.size), np.zeros(probe.size, int), None)
    shape = probe.output_shape + probe.spans[0][2]
    return Estimate(*(np.ascontiguousarray(part.T).reshape(shape) for part in found))


def directional_slopes(
    f: Callable[..., Any], inputs: Sequence[Any], direction: Sequence[Any], upstream: Any = None
) -> Estimate:
    """Slope of `sum(upstream * f)` when all inputs move together along `direction`.

    direction: one array for each input, of its shape. A right gradient g has sum(g * direction)
    between the slopes from the left and from the right. Returns an `Estimate` of shape ().
    """
    probe = _Probe(f, [inputs])
    step = np.concatenate([np.ravel(np.asarray(d, dtype=np.float64)) for d in direction])
    if step.size != probe.size:
        raise ValueError(f"direction has {step.size} entries, the inputs have {probe.size}")
    weights = _weights(probe, upstream)
    return Estimate(*_slopes(probe, step[np.newaxis], np.zeros(1, int), weights)[:, 0, 0])


class _Probe:
    """A function of several arrays, seen as one function of one flat vector; and its points.

    flat: the points, (places, size); base: what the function gives there, (places, outputs).
    spans: begin, end and shape of each input in the flat vector.
    """

    def __init__(self, f: Callable[..., Any], points: Sequence[Sequence[Any]]) -> None:
        self.f = f
        arrays = [[np.array(value, dtype=np.float64) for value in inputs] for inputs in points]
        self.is_number = [_is_number(value) for value in points[0]]
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
            bases = [_raising(answer) for answer in self.answers(self.flat.copy())]
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

    def answers(self, points: np.ndarray) -> Iterator[Any]:
        """f at each row, or the exception it raised. Nobody else holds the rows: arguments are
        views of them.

        A function may have a method `many`, which takes a list of argument lists and returns what
        each gives, or the exception it raised: across processes that is one message.
        """
        if hasattr(self.f, "many"):
            yield from self.f.many([self.arguments(point) for point in points])
            return
        for point in points:
            try:
                yield self.f(*self.arguments(point))
            except _OFF_DOMAIN as error:
                yield error

    def at(self, points: np.ndarray) -> Iterator[np.ndarray]:
        """f at each row, flattened; NaN where it cannot be had."""
        return map(self.flattened, self.answers(points))

    def flattened(self, answer: Any) -> np.ndarray:
        if isinstance(answer, _OFF_DOMAIN):
            return np.full(self.base.shape[1], np.nan)
        out = _raising(answer).ravel()
        return out if out.size == self.base.shape[1] else np.full(self.base.shape[1], np.nan)


def _raising(answer: Any) -> np.ndarray:
    """The answer as an array of our own; raised where it is an exception."""
    if isinstance(answer, Exception):
        raise answer
    return np.array(answer, dtype=np.float64)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _slopes(
    probe: _Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Slopes of the weighted outputs along each direction.

    directions: (n, inputs); owner: of which point each of them starts, (n,); weights: (n, outputs),
    and what they weigh is summed; None leaves each output to itself.
    Returns (4, n, k): value, error, left slope, right slope; k is 1, or without weights outputs.
    """
    ladder = _Ladder(probe, directions, owner, weights)
    n, k = ladder.sides.shape[2:]
    best = _Reading(np.full((4, n, k), np.nan), rank=np.full((n, k), _NOTHING))
    fresh = np.zeros((n, k), dtype=bool)
    with _silenced():
        while ladder.active.any() and ladder.rungs < _MAX_LEVELS:
            ladder.step()
            if ladder.rungs < 3:
                continue
            now = ladder.read()
            # Noise the model does not know of (a cancellation inside f) grows fourfold from one
            # step to the next: how far the next reading lies off is a bound on it.
            moved = np.abs(now.value - best.value)
            np.copyto(best.error, moved, where=fresh & (moved > best.error))
            done = best.is_enough(ladder.noise[ladder.rungs - 2])
            ladder.active &= ~done.all(axis=1)
            fresh = now.better_than(best) & ~done & ladder.active[:, np.newaxis]
            best = _Reading(
                np.where(fresh, now.parts, best.parts), np.where(fresh, now.rank, best.rank)
            )
    best.error[np.isnan(best.error)] = np.inf
    return best.parts


class _Ladder:
    """Differences at steps h, h/4, h/16 ... along n directions, and what they extrapolate to.

    Arrays are of shape (n, k), for n directions and k weighted outputs, and kept rung by rung.
    """

    def __init__(
        self, probe: _Probe, directions: np.ndarray, owner: np.ndarray, weights: np.ndarray | None
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
        self.rungs = 0
        self.sides = np.empty((_MAX_LEVELS, 2, n, k))  # by rung: slopes from the left, the right
        self.noise = np.empty((_MAX_LEVELS, n, k))
        self.base_size = 2 * np.abs(self.base)

    def step(self) -> None:
        """Go down one rung: measure with steps a quarter as long."""
        self.h = self.h / 4
        self.active &= self.h[:, 0] >= self.size[:, 0] * _LAST_STEP
        offsets = self.directions * self.h
        measured = np.full((2, *self.base.shape), np.nan)
        here = self.active.nonzero()[0]
        start, offset = self.start[here], offsets[here]
        points = np.concatenate([start - offset, start + offset])
        for i, answer in enumerate(self.probe.at(points)):
            measured[i // len(here), here[i % len(here)]] = answer
        rounding = _weighed(np.abs(measured).sum(axis=0) + self.base_size, self.sizes)
        sides = self.sides[self.rungs]
        np.divide(_weighed(measured - self.base, self.weights), self.h, out=sides)
        np.negative(sides[0], out=sides[0])
        steeper = np.abs(sides).max(axis=0)
        self.noise[self.rungs] = _NOISE * _EPS * (rounding + self.size * steeper) / self.h
        self.rungs += 1

    def read(self) -> _Reading:
        """What the last rungs say."""
        rungs = self.sides[max(self.rungs - 4, 0) : self.rungs]
        noise = self.noise[self.rungs - 1]
        (left, right), side_errors = _extrapolate(rungs, 4.0)
        sides_error = np.maximum(*side_errors) + noise
        value, error = _extrapolate((rungs[:, 0] + rungs[:, 1]) / 2, 16.0)
        error = error + noise
        steepest = np.abs(rungs[-3:]).max(axis=(0, 1))
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
    """What some rungs of a ladder say, for each direction and weighted output.

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
def _table(rungs: int, ratio: float) -> np.ndarray:
    """Neville's table as weights for the rungs: what a step of zero gives, by three ways.

    Rows: the last entry of the third column, that of the second, the third column's one before
    (with three rungs there is none).
    """
    columns = [np.eye(rungs)]
    factor = ratio
    while len(columns) < 3:
        previous = columns[-1]
        columns.append((factor * previous[1:] - previous[:-1]) / (factor - 1))
        factor *= ratio
    return np.array([columns[2][-1], columns[1][-1], *columns[2][-2:-1]])


def _extrapolate(rungs: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """The value at a step of zero, and how unsure it is, from the last rungs along axis 0.

    ratio: how much the leading error term shrinks from one rung to the next; the following terms
    shrink by ratio**2, ratio**3 (powers of h for one-sided, of h**2 for central differences).
    """
    by_rung = rungs.reshape(len(rungs), -1)
    value, shorter, *earlier = _table(len(rungs), ratio) @ by_rung
    moved = np.abs(value - shorter)
    if earlier:
        moved = np.maximum(moved / ratio, np.abs(value - earlier[0]))
    return value.reshape(rungs.shape[1:]), _SAFETY * moved.reshape(rungs.shape[1:])


def _weights(probe: _Probe, upstream: Any) -> np.ndarray:
    if upstream is None:
        if probe.base.shape[1] != 1:
            raise ValueError(
                f"the function returns an array of shape {probe.output_shape}: "
                "say which upstream gradient weighs its entries"
            )
        return np.ones((1, 1))
    weights = np.asarray(upstream, dtype=np.float64)
    if weights.shape != probe.output_shape:
        raise ValueError(
            f"upstream has shape {weights.shape}, the function's output {probe.output_shape}"
        )
    return weights.reshape(1, -1)


@contextmanager
def _silenced() -> Iterator[None]:
    """No warnings: nbgrader scores a cell that writes to stderr as zero."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
