"""Where a gate is tried: named inputs, drawn at random but the same on every run."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = [
    "Point", "as_points", "beside", "decoy", "drawn", "other_constants", "points",
    "upstream_like",
]  # fmt: skip

Point = dict[str, Any]
"""The inputs of one call, by name and in order: numbers or arrays."""


def points(
    *,
    seed: int,
    count: int = 1,
    scale: float | Sequence[float] = 1.0,
    integers: bool = False,
    **shapes: tuple[int, ...],
) -> list[Point]:
    """Random points, reproducible: entries have sizes between 0.5 and 2 times `scale`, any sign.

    shapes: one keyword for each input, its shape; `()` is a plain number.
    count:  how many points; scale: one, or several (then `count` points of each).
    integers: draw whole numbers from -9 to 9, zero left out, as integer inputs; scale is ignored.

    Entries keep away from zero so that a kink at zero is only met by a check that means to.
    """
    scales = tuple(np.atleast_1d(scale).tolist())
    wanted = tuple((name, tuple(shape)) for name, shape in shapes.items())
    found = _kept(_drawn, seed, count, scales, integers, wanted)
    return [{name: _own(value) for name, value in point} for point in found]


drawn: dict[tuple[Any, ...], Any] = {}
"""What was drawn, by all that decides it; nobody may change it. `memo.py` hands it on."""

_MOST_DRAWN = 1000


def _kept(draw: Callable[..., Any], *given: Any) -> Any:
    """What `draw` draws, once."""
    key = (draw.__name__, *given)
    if key not in drawn:
        if len(drawn) >= _MOST_DRAWN:
            del drawn[next(iter(drawn))]
        drawn[key] = draw(*given)
    return drawn[key]


def _drawn(
    seed: int,
    count: int,
    scales: tuple[float, ...],
    integers: bool,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
) -> list[list[tuple[str, Any]]]:
    rng = np.random.default_rng(seed)
    return [
        [(name, _entries(rng, shape, size, integers)) for name, shape in shapes]
        for size in scales
        for _ in range(count)
    ]


def _own(value: Any) -> Any:
    """What was drawn, for somebody who may change it."""
    return value.copy() if isinstance(value, np.ndarray) else value


def as_points(at: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[Point]:
    """`at` of a check, as a list: one mapping is one point. Raises TypeError for anything else."""
    many = [at] if isinstance(at, Mapping) else list(at) if isinstance(at, (list, tuple)) else []
    if not many or not all(isinstance(point, Mapping) and point for point in many):
        raise TypeError("at= takes a dict of named inputs, or a list of such dicts")
    return [dict(point) for point in many]


def decoy(point: Point) -> Point:
    """Another point of the same shapes and types, where the gate is run in between.

    A gate that remembers too much or too little (a first call, another object's call) then gives
    the gradient at the wrong point. Entries are scaled and moved on by one place: signs that all
    entries have are kept, so the point stays in the gate's domain, and a mask is another one.
    """
    return {name: _elsewhere(value) for name, value in point.items()}


def _elsewhere(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return value * 2 if isinstance(value, int) else value * 0.71
    value = np.asarray(value)
    flat = (value * 2 if value.dtype.kind == "i" else value * 0.71).ravel()
    return np.concatenate([flat[-1:], flat[:-1]]).reshape(value.shape)[()]


def other_constants(made_with: Sequence[Any]) -> tuple[Any, ...]:
    """Other constants of the same types, with which another object of a class is made.

    Numbers keep their sign and stay below 1 where they were; whole numbers in arrays, as labels,
    change places.
    """
    return tuple(map(_other_constant, made_with))


def _other_constant(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.ndarray)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind != "f":
        return np.roll(value, 1)
    return value + 1 if isinstance(value, int) else value * 0.71


def beside(point: Point, seed: int) -> Point:
    """Another point of the same shapes near this one: its numbers times others from 0.7 to 1.4, as
    no two formulas would have them agree by chance. Whole numbers are whole no more."""
    rng = np.random.default_rng(seed)
    return {name: _times(value, rng) for name, value in point.items()}


def _times(value: Any, rng: np.random.Generator) -> Any:
    moved = np.asarray(value, dtype=np.float64) * rng.uniform(0.7, 1.4, size=np.shape(value))
    return float(moved) if isinstance(value, (int, float)) else moved


def upstream_like(output: Any, label: str) -> Any:
    """A random upstream gradient of the output's shape: never 1, never 0, seeded by `label`."""
    return _own(_kept(_upstream, np.shape(output), label))


def _upstream(shape: tuple[int, ...], label: str) -> Any:
    return _entries(np.random.default_rng(zlib.crc32(label.encode())), shape, 1.0, False)


def _entries(rng: np.random.Generator, shape: tuple[int, ...], scale: float, integers: bool) -> Any:
    drawn: Any
    sign = rng.choice([-1, 1], size=shape)
    if integers:
        drawn = sign * rng.integers(1, 10, size=shape)
        return int(drawn) if shape == () else drawn
    drawn = sign * rng.uniform(0.5, 2.0, size=shape) * scale
    return float(drawn) if shape == () else drawn
