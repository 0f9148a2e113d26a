"""Plots of points, of what a network makes of the plane, and of networks themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.plots.style import CLASSES, COLOURS, GROUND, Picture, figure, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundaries", "draw_cell", "network", "points"]


def points(X: Any, y: Any, title: str = "") -> Picture:
    """Points in the plane, a colour and a shape for each class.

    X: array of shape (N, 2); y: N class numbers, from 0 to 2.
    """
    X, y = np.asarray(X), np.asarray(y)
    alt = f"{title or 'Points'}: {len(X)} points in the plane, of {len(np.unique(y))} classes."
    with figure(alt, width=5.4, height=4.0) as canvas:
        _draw_points(canvas.axes, X, y)
        canvas.axes.set(title=title, xlabel="x0", ylabel="x1", aspect="equal")
        canvas.axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return canvas.picture


def boundaries(
    X: Any, y: Any, nets: Mapping[str, Callable[[np.ndarray], np.ndarray]], reach: float = 1.25
) -> Picture:
    """Which class each place in the plane is given, side by side for several nets.

    X: array of shape (N, 2); y: N class numbers, from 0 to 2. nets: title -> function from points
    (M, 2) to scores (M, classes). The points are drawn on top, in the colours of their classes.
    """
    X, y = np.asarray(X), np.asarray(y)
    side = np.linspace(-reach, reach, 121)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    told, maps = [], []
    for title, scores in nets.items():
        maps.append(scores(grid).reshape(side.size, side.size, -1))
        right = np.mean(np.argmax(scores(X), axis=1) == y)
        told.append(f"{title}: {right:.0%} of the points lie on the ground of their own class")
    alt = "Decision boundaries. " + "; ".join(told) + "."
    with figure(alt, columns=len(nets), width=3.6, height=3.8) as canvas:
        for axes, title, values in zip(canvas.all_axes, nets, maps, strict=True):
            for k, colour in enumerate(GROUND[: values.shape[2]]):
                # By how much class k is ahead of the best of the others: its ground is above 0.
                ahead = values[:, :, k] - np.delete(values, k, axis=2).max(axis=2)
                if ahead.max() > 0:
                    axes.contourf(side, side, ahead, levels=[0, ahead.max()], colors=colour)
                    axes.contour(
                        side, side, ahead, levels=[0], colors=COLOURS["grey"], linewidths=0.8
                    )
            _draw_points(axes, X, y)
            axes.set(title=title, xlabel="x0", ylabel="x1", aspect="equal")
            axes.grid(visible=False)
    return canvas.picture


def network(*nets: Sequence[int]) -> Picture:
    """Nets as columns of units, side by side; each is given by its sizes, inputs first."""
    told = [
        f"{len(sizes) - 1} layers of weights, {listed(map(str, sizes))} units" for sizes in nets
    ]
    alt = "Nets drawn as columns of units, every unit joined to all of the next column: "
    with figure(alt + "; ".join(told) + ".", columns=len(nets), width=4.6, height=3.4) as canvas:
        for axes, sizes in zip(canvas.all_axes, nets, strict=True):
            _draw_network(axes, sizes)
    return canvas.picture


def draw_cell(axes: Axes, i: int, j: int, text: str, face: str, real: bool) -> None:
    """One entry of a table; dashed and grey where it is only a copy."""
    colour = "#24292F" if real else "#8B949E"
    box = [[j, j + 1, j + 1, j, j], [i, i, i + 1, i + 1, i]]
    axes.fill(*box, color=face, zorder=1)
    axes.plot(*box, color=colour, linewidth=1.2, linestyle="-" if real else ":", zorder=2)
    axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=colour, fontsize=13)


def _draw_network(axes: Axes, sizes: Sequence[int]) -> None:
    columns = [np.linspace(-(n - 1) / 2, (n - 1) / 2, n) for n in sizes]
    tallest = max(sizes)
    for i, (before, after) in enumerate(pairwise(columns)):
        for start in before:
            for end in after:
                axes.plot([i, i + 1], [start, end], color="#B9C0C8", linewidth=0.9, zorder=1)
        axes.text(i + 0.5, -tallest / 2 - 0.25, f"W{i + 1}, b{i + 1}", ha="center", va="top")
    for i, column in enumerate(columns):
        end = i in (0, len(columns) - 1)
        face = "#F3F6FA" if end else COLOURS["blue"]
        axes.plot(
            np.full(column.size, i), column, "o", ms=15, mfc=face, mec="#24292F", mew=1.4, zorder=2
        )
        name = "inputs" if i == 0 else "scores" if i == len(columns) - 1 else f"hidden {i}"
        axes.text(i, tallest / 2 + 0.1, name, ha="center", va="bottom")
    layers, hidden = len(sizes) - 1, len(sizes) - 2
    axes.set_title(f"{layers}-layer net = {hidden}-hidden-layer net", pad=14)
    axes.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-tallest / 2 - 0.8, tallest / 2 + 0.6))
    axes.axis("off")


def _draw_points(axes: Axes, X: np.ndarray, y: np.ndarray) -> None:
    for k, mark in enumerate(CLASSES):
        chosen = X[y == k]
        if len(chosen):
            axes.plot(
                *chosen.T,
                linestyle="",
                ms=5,
                mec="white",
                mew=0.6,
                label=f"class {k}",
                **mark,
            )
