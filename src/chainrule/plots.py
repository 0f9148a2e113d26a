"""Plots for the lectures, in one style; matplotlib is only loaded when something is plotted."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "Picture", "figure", "function_and_slope"]

# Okabe and Ito's palette: told apart by people with any kind of colour blindness. Lines differ in
# dash as well, so nothing depends on colour alone.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "grey": "#57606A",
}

_STYLE = {
    "figure.facecolor": "white",  # a white card, so that it reads in a dark theme too
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
            f'<img alt="{escape(self.alt)}" style="max-width:100%" '
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
def figure(alt: str, columns: int = 1, width: float = 4.6, height: float = 3.2) -> Iterator[Canvas]:
    """A figure in the course's style; on leaving the block it becomes `canvas.picture`.

    alt: what the picture shows, in words. columns: plots side by side. width, height: of one plot,
    in inches. Raises ValueError when alt is empty.
    """
    if not alt.strip():
        raise ValueError("a picture needs a description (alt)")
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=(width * columns, height), layout="constrained")
        canvas = Canvas(fig, [fig.add_subplot(1, columns, i + 1) for i in range(columns)])
        yield canvas
        out = io.StringIO()
        FigureCanvasSVG(fig).print_svg(out, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    canvas.picture = Picture(svg[svg.index("<svg") :], alt)


def function_and_slope(
    f: Callable[[np.ndarray], np.ndarray],
    slope: Callable[[np.ndarray], np.ndarray],
    *,
    name: str,
    mark: float | None = None,
    reach: float = 6.0,
) -> Picture:
    """A function beside its derivative, over [-reach, reach], with one input marked in both.

    f, slope: work on arrays elementwise. name: of the function, for the labels.
    """
    x = np.linspace(-reach, reach, 481)
    alt = f"{name} and its derivative from {-reach:g} to {reach:g}"
    if mark is not None:
        at = np.asarray(mark, dtype=np.float64)
        value, rate = float(f(at)), float(slope(at))
        alt += f"; at {mark:g} the value is {value:.4g} and the slope {rate:.4g}"
    with figure(alt + ".", columns=2) as canvas:
        left, right = canvas.all_axes
        left.plot(x, f(x), color=COLOURS["green"])
        right.plot(x, slope(x), color=COLOURS["orange"], linestyle="--")
        left.set(title=name, xlabel="x", ylabel="value")
        right.set(title=f"slope of {name}", xlabel="x", ylabel="slope")
        if mark is not None:
            span = np.array([mark - 1.6, mark + 1.6])
            left.plot(span, value + rate * (span - mark), color=COLOURS["orange"], linestyle="--")
            left.plot(mark, value, "o", color=COLOURS["green"])
            right.plot(mark, rate, "o", color=COLOURS["orange"])
            left.annotate(f"{value:.4f}", (mark, value), (8, -14), textcoords="offset points")
            right.annotate(f"{rate:.4f}", (mark, rate), (8, 4), textcoords="offset points")
    return canvas.picture
