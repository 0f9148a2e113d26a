"""Where everything in a drawn circuit goes: columns from left to right, wires that do not collide.

A layered layout after Sugiyama: every scalar gets a column (its distance from the inputs), every
wire that spans several columns gets a bend in each column between, and the rows are ordered and
spread so that a thing stands near what it is wired to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from chainrule.circuit import Scalar

__all__ = ["Layout", "Wire", "lay_out"]

_SWEEPS = 6


@dataclass
class Wire:
    """A wire from a scalar to one input of a gate.

    points: (column, row) from the source to the target; all but the ends are bends.
    """

    source: Scalar
    target: Scalar
    position: int
    points: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class Layout:
    """columns, rows: the size of the grid; place: (column, row) of each scalar, by id()."""

    columns: int
    rows: float
    place: dict[int, tuple[int, float]]
    wires: list[Wire]


@dataclass(eq=False)
class _Spot:
    """Something that takes up room in one column: a scalar, or a wire's bend."""

    column: int
    height: float
    row: float = 0.0
    left: list[_Link] = field(default_factory=list)
    right: list[_Link] = field(default_factory=list)


@dataclass(frozen=True)
class _Link:
    """A neighbour in the next column: how far off its middle the wire ends, how hard it pulls."""

    spot: _Spot
    offset: float
    pull: float


def lay_out(output: Scalar) -> Layout:
    """Lay out the circuit that ends in `output`."""
    order = output.circuit()
    column = _columns(order)
    spots = {id(s): _Spot(column[id(s)], 1.0) for s in order}
    wires: list[Wire] = []
    paths: list[list[_Spot]] = []
    for target in order:
        for position, source in enumerate(target.inputs):
            start, end = spots[id(source)], spots[id(target)]
            bends = [_Spot(c, 0.6) for c in range(start.column + 1, end.column)]
            path = [start, *bends, end]
            port = (position - (len(target.inputs) - 1) / 2) / 4
            for a, b in pairwise(path):
                # A gate pulls its inputs into the order of its ports; a passing wire hardly pulls.
                a.right.append(_Link(b, port if b is end else 0.0, 1.0 if b is end else 0.1))
                b.left.append(_Link(a, 0.0, 1.0 if a is start else 0.1))
            wires.append(Wire(source, target, position))
            paths.append(path)
    grid: list[list[_Spot]] = [[] for _ in range(max(column.values()) + 1)]
    placed: set[int] = set()
    for spot in [*spots.values(), *(s for path in paths for s in path)]:
        if id(spot) not in placed:
            placed.add(id(spot))
            grid[spot.column].append(spot)
    _arrange(grid)
    for wire, path in zip(wires, paths, strict=True):
        wire.points = [(s.column, s.row) for s in path]
    rows = max(s.row for c in grid for s in c) + 1.0
    return Layout(len(grid), rows, {key: (s.column, s.row) for key, s in spots.items()}, wires)


def _columns(order: list[Scalar]) -> dict[int, int]:
    """Gates go right of all their inputs; an input goes just left of the first gate it feeds."""
    column: dict[int, int] = {}
    for scalar in order:
        column[id(scalar)] = 1 + max((column[id(i)] for i in scalar.inputs), default=-1)
    for scalar in order:
        if not scalar.inputs:
            fed = [column[id(t)] for t in order if any(i is scalar for i in t.inputs)]
            column[id(scalar)] = min(fed, default=1) - 1
    return column


def _arrange(grid: list[list[_Spot]]) -> None:
    for spots in grid:
        _spread(spots)
    for sweep in range(_SWEEPS):
        rightward = sweep % 2 == 0
        for spots in grid if rightward else reversed(grid):
            for spot in spots:
                near = (spot.left if rightward else spot.right) or spot.left or spot.right
                if near:
                    weight = sum(n.pull for n in near)
                    spot.row = sum(n.pull * (n.spot.row + n.offset) for n in near) / weight
            if sweep < _SWEEPS - 2:
                spots.sort(key=lambda s: s.row)
            _spread(spots)
    top = min(s.row - s.height / 2 for spots in grid for s in spots)
    for spots in grid:
        for spot in spots:
            spot.row -= top + 0.5


def _spread(spots: list[_Spot]) -> None:
    """Push spots apart until none overlap, keeping their order and, as a group, their middle."""
    if not spots:
        return
    wished = [s.row for s in spots]
    for above, below in pairwise(spots):
        below.row = max(below.row, above.row + (above.height + below.height) / 2)
    drift = sum(s.row - w for s, w in zip(spots, wished, strict=True)) / len(spots)
    for spot in spots:
        spot.row -= drift
