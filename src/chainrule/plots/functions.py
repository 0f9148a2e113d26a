"""Plots for the lectures, in one style; matplotlib is only loaded when something is plotted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.activations import Activation
from chainrule.formatting import MINUS, number
from chainrule.plots.networks import draw_cell
from chainrule.plots.style import COLOURS, GROUND, STROKES, Picture, figure, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "activation", "bars", "curves", "function_and_slope", "gallery", "kink", "secants",
    "slope_check", "step_sizes", "stretched",
]  # fmt: skip


Function = Callable[[np.ndarray], np.ndarray]


def function_and_slope(
    f: Function,
    slope: Function,
    *,
    name: str,
    mark: float | None = None,
    reach: float = 6.0,
    kinks: Sequence[float] = (),
) -> Picture:
    """A function beside its derivative, over [-reach, reach], with one input marked in both.

    f, slope: work on arrays elementwise. name: of the function, for the labels. kinks: inputs where
    the slope jumps; it is drawn with a gap there.
    """
    x = np.linspace(-reach, reach, 481)
    alt = f"{name} and its derivative from {-reach:g} to {reach:g}"
    if kinks:
        alt += f", with a kink at {listed(f'{k:g}' for k in kinks)}"
    if mark is not None:
        at = np.asarray(mark, dtype=np.float64)
        value, rate = float(f(at)), float(slope(at))
        alt += f"; at {mark:g} the value is {value:.4g} and the slope {rate:.4g}"
    with figure(alt + ".", columns=2) as canvas:
        left, right = canvas.all_axes
        left.plot(x, f(x), color=COLOURS["green"])
        _draw_slope(right, slope, x, kinks)
        right.axhline(0, color=COLOURS["grey"], linewidth=0.8)
        right.margins(y=0.08)
        left.set(title=name, xlabel="x", ylabel="value")
        right.set(title=f"slope of {name}", xlabel="x", ylabel="slope")
        if mark is not None:
            span = np.array([mark - 1.6, mark + 1.6])
            left.plot(span, value + rate * (span - mark), color=COLOURS["orange"], linestyle="--")
            left.plot(mark, value, "o", color=COLOURS["green"])
            right.plot(mark, rate, "o", color=COLOURS["orange"])
            right.margins(y=0.12)
            left.annotate(f"{value:.4f}", (mark, value), (8, -14), textcoords="offset points")
            right.annotate(f"{rate:.4f}", (mark, rate), (8, 4), textcoords="offset points")
    return canvas.picture


def activation(one: Activation, mark: float | None = None, reach: float = 6.0) -> Picture:
    """An activation function beside its derivative; see `function_and_slope`.

    >>> from chainrule.activations import ACTIVATIONS
    >>> activation(ACTIVATIONS["sigmoid"], mark=1.0).alt
    'sigmoid and its derivative from -6 to 6; at 1 the value is 0.7311 and the slope 0.1966.'
    """
    return function_and_slope(
        one, one.slope, name=one.name, mark=mark, reach=reach, kinks=one.kinks
    )


def gallery(many: Iterable[Activation], reach: float = 4.0) -> Picture:
    """Small plots of activation functions on the same axes, three in a row, each with its slope."""
    shown = list(many)
    x = np.linspace(-reach, reach, 321)
    alt = f"{listed(one.name for one in shown)}, each with its derivative, on the same axes."
    rows = -(-len(shown) // 3)
    with figure(alt, columns=3, rows=rows, width=3.1, height=2.5) as canvas:
        for axes, one in zip(canvas.all_axes, shown, strict=False):
            axes.axhline(0, color=COLOURS["grey"], linewidth=0.8)
            axes.plot(x, one(x), color=COLOURS["green"], label="value")
            _draw_slope(axes, one.slope, x, one.kinks, label="slope")
            axes.set(title=one.name, xlim=(-reach, reach), ylim=(-1.6, 3.2), xlabel="x")
        canvas.axes.legend(loc="upper left", fontsize=10)
    return canvas.picture


def curves(
    lines: Mapping[str, tuple[Any, Any]],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    dots: bool = False,
    start_at_zero: bool = False,
) -> Picture:
    """Several lines in one plot.

    lines: name -> (x, y), arrays of one length. log: the y axis counts in powers of ten.
    dots: a dot at every point, where there are few. start_at_zero: the y axis begins at 0.
    """
    told = [
        f"{name} goes from {float(y[0]):.2g} to {float(y[-1]):.2g}"
        for name, (_, y) in lines.items()
    ]
    scale = ", counted in powers of ten" if log else ""
    alt = f"{title}: {ylabel} against {xlabel}{scale}; {'; '.join(told)}."
    with figure(alt, width=6.4, height=3.6) as canvas:
        axes = canvas.axes
        for (name, (x, y)), stroke in zip(lines.items(), STROKES, strict=False):
            axes.plot(x, y, marker="o" if dots else "", label=name, **stroke)
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
        if log:
            axes.set_yscale("log")
        if start_at_zero:
            axes.set_ylim(bottom=0)
        if len(lines) > 1:
            axes.legend()
    return canvas.picture


def bars(heights: Mapping[str, float], *, title: str, xlabel: str, ylabel: str) -> Picture:
    """A bar for each name, with its height written on it."""
    told = ", ".join(f"{name} {height:g}" for name, height in heights.items())
    with figure(f"{title}: {ylabel} by {xlabel}: {told}.", width=6.4) as canvas:
        axes = canvas.axes
        drawn = axes.bar(list(heights), list(heights.values()), color=COLOURS["blue"], width=0.6)
        axes.bar_label(drawn, [f"{height:g}" for height in heights.values()], padding=3)
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
        axes.grid(visible=False, axis="x")
        axes.margins(y=0.12)
    return canvas.picture


def secants(f: Function, x: float, h: float, slope: float, reach: float = 3.0) -> Picture:
    """A function with its tangent at x, and what the forward and the central difference draw."""
    span = np.linspace(x - reach, x + reach, 241)
    at = {offset: float(f(np.asarray(x + offset))) for offset in (-h, 0.0, h)}
    forward, central = (at[h] - at[0.0]) / h, (at[h] - at[-h]) / (2 * h)
    alt = (
        f"A curve with its tangent at {x:g}, slope {slope:.4f}; the line through x and x + h, "
        f"slope {forward:.4f}; and the line through x - h and x + h, slope {central:.4f}; "
        f"h is {h:g}."
    )
    with figure(alt, width=6.8, height=3.9) as canvas:
        axes = canvas.axes
        axes.plot(span, f(span), color=COLOURS["grey"], linewidth=1.6, label="the function")
        lines = (
            ("tangent", slope, x, at[0.0], {"color": COLOURS["green"], "linestyle": "-"}),
            ("forward difference", forward, x, at[0.0], STROKES[1]),
            ("central difference", central, x - h, at[-h], STROKES[0] | {"linestyle": "-."}),
        )
        wide = np.array([x - 1.7 * h, x + 1.7 * h])
        for name, rate, through, value, stroke in lines:
            label = f"{name}: {rate:.4f}"
            axes.plot(wide, value + rate * (wide - through), label=label, **stroke)
        axes.plot([x + o for o in at], list(at.values()), "o", color=COLOURS["grey"], zorder=5)
        names = {-h: "x − h", 0.0: "x", h: "x + h"}
        for offset, value in at.items():
            axes.annotate(names[offset], (x + offset, value), (6, -16), textcoords="offset points")
        axes.set(xlabel="x", ylabel="f(x)")
        axes.legend(loc="upper left")
    return canvas.picture


def step_sizes(steps: Any, errors: Mapping[str, Any], title: str) -> Picture:
    """The V-curve: how far each way of measuring is off, against the step size, on log axes.

    steps: array of step sizes; errors: name -> array of absolute errors of that length. The least
    error of each line is marked.
    """
    h = np.asarray(steps, dtype=np.float64)
    known = {name: np.maximum(np.asarray(e, dtype=np.float64), 1e-17) for name, e in errors.items()}
    alt = (
        f"{title}: the error of the {listed(known)} against the step size h, both counted in "
        "powers of ten. From large steps to small ones each line falls, is least somewhere, marked "
        "by a ring, and then rises again, ragged."
    )
    with figure(alt, width=7.0, height=4.0) as canvas:
        axes = canvas.axes
        for (name, error), stroke in zip(known.items(), STROKES, strict=False):
            axes.loglog(h, error, label=name, **stroke | {"linewidth": 1.8})
            best = int(np.argmin(error))
            axes.plot(h[best], error[best], "o", ms=9, mfc="none", mew=2, color=stroke["color"])
        axes.set(title=title, xlabel="step size h", ylabel="error")
        axes.legend(loc="best")
    return canvas.picture


def kink(f: Function, x: float, left: float, right: float, h: float) -> Picture:
    """A function with a kink at x: its slopes from the left and right, and the central difference.

    left, right: the one-sided slopes; h: the step of the central difference.
    """
    span = np.linspace(x - 2 * h, x + 2 * h, 201)
    low, here, high = (float(f(np.asarray(x + offset))) for offset in (-h, 0.0, h))
    chord = (high - low) / (2 * h)
    alt = (
        f"A function with a kink at {x:g}: the slope is {left:g} from the left and {right:g} from "
        f"the right; the central difference draws a line of slope {chord:g}, which is neither."
    )
    with figure(alt, width=6.2, height=3.5) as canvas:
        axes = canvas.axes
        axes.plot(span, f(span), color=COLOURS["grey"], linewidth=8, alpha=0.15)
        for name, rate, side, stroke in (
            ("from the left", left, -1, STROKES[0]),
            ("from the right", right, 1, STROKES[2]),
        ):
            to = np.array([x, x + side * 2 * h])
            axes.plot(to, here + rate * (to - x), label=f"{name}: {rate:g}", **stroke)
        ends = np.array([x - h, x + h])
        label = f"central difference: {chord:g}"
        axes.plot(ends, [low, high], marker="o", label=label, **STROKES[1])
        axes.set(xlabel="x", ylabel="f(x)")
        axes.legend(loc="upper left")
    return canvas.picture


def stretched(row: Any, column: Any) -> Picture:
    """What broadcasting makes of a row minus a column: both stretched, and the differences.

    row: array of shape (M,); column: array of shape (N, 1).
    """
    row, column = np.asarray(row), np.asarray(column)
    result = row - column
    shape = result.shape
    alt = (
        f"Broadcasting: the row of shape {row.shape} is copied down, the column of shape "
        f"{column.shape} is copied across, and their difference has shape {shape}."
    )
    tables = (
        (f"y, shape {row.shape}", np.broadcast_to(row, shape), np.arange(shape[0]) == 0),
        (f"t, shape {column.shape}", np.broadcast_to(column, shape), np.arange(shape[1]) == 0),
        (f"y − t, shape {shape}", result, None),
    )
    with figure(alt, columns=3, width=2.9, height=2.8) as canvas:
        for axes, (title, table, given) in zip(canvas.all_axes, tables, strict=True):
            for (i, j), value in np.ndenumerate(table):
                real = given is None or given[i if table is tables[0][1] else j]
                face = "white" if not real else GROUND[0] if value or given is not None else "white"
                draw_cell(axes, i, j, number(value, minus=MINUS), face, real)
            axes.set(title=title, xlim=(-0.1, shape[1] + 0.1), ylim=(shape[0] + 0.1, -0.1))
            axes.set_aspect("equal")
            axes.axis("off")
    return canvas.picture


def slope_check(f: Function, claimed: Mapping[str, Function], reach: float = 3.0) -> Picture:
    """Slopes that somebody claims for f, as lines, and the slopes that were measured, as rings.

    f, and each function in claimed: elementwise on arrays.
    """
    x = np.linspace(-reach, reach, 241)
    spots = np.linspace(-reach, reach, 25)
    h = 1e-5
    measured = (f(spots + h) - f(spots - h)) / (2 * h)
    alt = (
        f"The measured slopes of a function as rings, and {listed(claimed)} as lines: a right one "
        "runs through the rings."
    )
    with figure(alt, width=6.4, height=3.6) as canvas:
        axes = canvas.axes
        for (name, slope), stroke in zip(claimed.items(), STROKES, strict=False):
            axes.plot(x, slope(x), label=name, **stroke)
        axes.plot(
            spots, measured, "o", ms=7, mfc="white", mec=COLOURS["grey"], mew=1.6, label="measured"
        )
        lowest, highest = float(measured.min()), float(measured.max())
        room = 0.35 * (highest - lowest) + 0.1
        axes.set(xlabel="x", ylabel="slope", ylim=(lowest - room, highest + room))
        axes.legend()
    return canvas.picture


def _draw_slope(
    axes: Axes, slope: Function, x: np.ndarray, kinks: Sequence[float], label: str = ""
) -> None:
    """The slope over x, with a gap and two open rings where it jumps."""
    edges = [x[0], *kinks, x[-1]]
    colour = COLOURS["orange"]
    for low, high in pairwise(edges):
        inside = x[(x > low) & (x < high)]
        piece = np.concatenate([[low + 1e-9], inside, [high - 1e-9]])
        axes.plot(piece, slope(piece), color=colour, linestyle="--", label=label)
        label = ""
    for k in kinks:
        ends = np.array([k - 1e-9, k + 1e-9])
        axes.plot(ends, slope(ends), "o", ms=6, mfc="white", mec=colour, mew=1.6)
