"""Plots for the lectures, in one style; matplotlib is only loaded when something is plotted."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.activations import Activation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "Picture",
    "activation",
    "bars",
    "boundaries",
    "curves",
    "figure",
    "function_and_slope",
    "gallery",
    "kink",
    "network",
    "points",
    "secants",
    "slope_check",
    "step_sizes",
    "stretched",
]

# Okabe and Ito's palette: told apart by people with any kind of colour blindness. Lines differ in
# dash and points in shape as well, so nothing depends on colour alone.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "grey": "#57606A",
}
_STROKES: tuple[dict[str, Any], ...] = (
    {"color": COLOURS["blue"], "linestyle": "-"},
    {"color": COLOURS["orange"], "linestyle": "--"},
    {"color": COLOURS["green"], "linestyle": "-."},
    {"color": COLOURS["purple"], "linestyle": ":"},
)
_CLASSES: tuple[dict[str, Any], ...] = (
    {"color": COLOURS["blue"], "marker": "o"},
    {"color": COLOURS["orange"], "marker": "^"},
    {"color": COLOURS["green"], "marker": "s"},
)
_GROUND = ("#D3E7F3", "#F8DDCB", "#CDEBE1")  # the classes' colours, washed out

_STYLE = {
    "figure.facecolor": "white",  # a white card, so that it reads in a dark theme too
    "figure.constrained_layout.w_pad": 0.1,  # inches between the card's edge and what is on it
    "figure.constrained_layout.h_pad": 0.1,
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E9ED",
    "axes.axisbelow": True,
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "chainrule",
}

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Picture:
    """A finished plot and what it shows in words.

    svg: the picture; alt: the description for who cannot see it, also the plain-text form.
    """

    svg: str
    alt: str

    @property
    def html(self) -> str:
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<img alt="{escape(self.alt)}" style="max-width:100%;border-radius:8px" '
            f'src="data:image/svg+xml;base64,{data}">'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.html}


class Canvas:
    """What `figure` hands out: draw on `axes` (or `all_axes`); `picture` is there afterwards."""

    picture: Picture

    def __init__(self, fig: Figure, all_axes: list[Axes]) -> None:
        self.figure, self.all_axes = fig, all_axes

    @property
    def axes(self) -> Axes:
        return self.all_axes[0]


@contextmanager
def figure(
    alt: str, columns: int = 1, width: float = 4.6, height: float = 3.2, rows: int = 1
) -> Iterator[Canvas]:
    """A figure in the course's style; on leaving the block it becomes `canvas.picture`.

    alt: what the picture shows, in words. columns: plots side by side. width, height: of one plot,
    in inches. rows: of plots, one below the other. Raises ValueError when alt is empty.
    """
    if not alt.strip():
        raise ValueError("a picture needs a description (alt)")
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=(width * columns, height * rows), layout="constrained")
        canvas = Canvas(fig, [fig.add_subplot(rows, columns, i + 1) for i in range(rows * columns)])
        yield canvas
        out = io.StringIO()
        FigureCanvasSVG(fig).print_svg(out, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    # A hundredth of a point is fine enough for the eye, and makes a third less to store.
    svg = re.sub(r"(?<![\d.])([1-9]\d*\.\d\d)\d+", r"\1", svg[svg.index("<svg") :])
    canvas.picture = Picture(svg, alt)


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
        alt += f", with a kink at {_listed(f'{k:g}' for k in kinks)}"
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
    """An activation function beside its derivative; see `function_and_slope`."""
    return function_and_slope(
        one, one.slope, name=one.name, mark=mark, reach=reach, kinks=one.kinks
    )


def gallery(many: Iterable[Activation], reach: float = 4.0) -> Picture:
    """Small plots of activation functions on the same axes, three in a row, each with its slope."""
    shown = list(many)
    x = np.linspace(-reach, reach, 321)
    alt = f"{_listed(one.name for one in shown)}, each with its derivative, on the same axes."
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
        for (name, (x, y)), stroke in zip(lines.items(), _STROKES, strict=False):
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
            ("forward difference", forward, x, at[0.0], _STROKES[1]),
            ("central difference", central, x - h, at[-h], _STROKES[0] | {"linestyle": "-."}),
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
        f"{title}: the error of the {_listed(known)} against the step size h, both counted in "
        "powers of ten. From large steps to small ones each line falls, is least somewhere, marked "
        "by a ring, and then rises again, ragged."
    )
    with figure(alt, width=7.0, height=4.0) as canvas:
        axes = canvas.axes
        for (name, error), stroke in zip(known.items(), _STROKES, strict=False):
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
            ("from the left", left, -1, _STROKES[0]),
            ("from the right", right, 1, _STROKES[2]),
        ):
            to = np.array([x, x + side * 2 * h])
            axes.plot(to, here + rate * (to - x), label=f"{name}: {rate:g}", **stroke)
        ends = np.array([x - h, x + h])
        label = f"central difference: {chord:g}"
        axes.plot(ends, [low, high], marker="o", label=label, **_STROKES[1])
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
                face = (
                    "white" if not real else _GROUND[0] if value or given is not None else "white"
                )
                _draw_cell(axes, i, j, f"{value:g}".replace("-", "−"), face, real)
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
        f"The measured slopes of a function as rings, and {_listed(claimed)} as lines: a right one "
        "runs through the rings."
    )
    with figure(alt, width=6.4, height=3.6) as canvas:
        axes = canvas.axes
        for (name, slope), stroke in zip(claimed.items(), _STROKES, strict=False):
            axes.plot(x, slope(x), label=name, **stroke)
        axes.plot(
            spots, measured, "o", ms=7, mfc="white", mec=COLOURS["grey"], mew=1.6, label="measured"
        )
        lowest, highest = float(measured.min()), float(measured.max())
        room = 0.35 * (highest - lowest) + 0.1
        axes.set(xlabel="x", ylabel="slope", ylim=(lowest - room, highest + room))
        axes.legend()
    return canvas.picture


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
            for k, colour in enumerate(_GROUND[: values.shape[2]]):
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
        f"{len(sizes) - 1} layers of weights, {_listed(map(str, sizes))} units" for sizes in nets
    ]
    alt = "Nets drawn as columns of units, every unit joined to all of the next column: "
    with figure(alt + "; ".join(told) + ".", columns=len(nets), width=4.6, height=3.4) as canvas:
        for axes, sizes in zip(canvas.all_axes, nets, strict=True):
            _draw_network(axes, sizes)
    return canvas.picture


def _draw_cell(axes: Axes, i: int, j: int, text: str, face: str, real: bool) -> None:
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
    for k, mark in enumerate(_CLASSES):
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


def _listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
