"""How every plot looks: its colours, its strokes, and how a figure becomes a picture."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from chainrule.theme import in_either_theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CLASSES", "COLOURS", "GROUND", "STROKES", "Picture", "figure", "listed"]


# Okabe and Ito's palette: told apart by people with any kind of colour blindness. Lines differ in
# dash and points in shape as well, so nothing depends on colour alone.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "grey": "#57606A",
}
STROKES: tuple[dict[str, Any], ...] = (
    {"color": COLOURS["blue"], "linestyle": "-"},
    {"color": COLOURS["orange"], "linestyle": "--"},
    {"color": COLOURS["green"], "linestyle": "-."},
    {"color": COLOURS["purple"], "linestyle": ":"},
)
CLASSES: tuple[dict[str, Any], ...] = (
    {"color": COLOURS["blue"], "marker": "o"},
    {"color": COLOURS["orange"], "marker": "^"},
    {"color": COLOURS["green"], "marker": "s"},
)
GROUND = ("#D3E7F3", "#F8DDCB", "#CDEBE1")  # the classes' colours, washed out

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


_LEAST = 0.75  # of its size, below which the numbers in a plot are hard to read
_PHONE = 430  # pixels, what fits on any page
_POINT = 4 / 3  # pixels


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
        # On a phone a wide plot scrolls sideways; made to fit, nobody could read it.
        least = f";min-width:{round(_LEAST * self.width)}px" if self.width > _PHONE else ""
        return (
            '<figure class="chainrule-picture" style="margin:0;overflow-x:auto">'
            f'<img alt="{escape(self.alt)}" style="max-width:100%;border-radius:8px{least}" '
            f'src="data:image/svg+xml;base64,{data}"></figure>'
        )

    @property
    def width(self) -> float:
        """How wide it is on a page that has room, in pixels."""
        size, unit = re.findall(r'<svg[^>]*\bwidth="([\d.]+)(pt|)"', self.svg)[0]
        return float(size) * (_POINT if unit else 1.0)

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
    canvas.picture = Picture(in_either_theme(svg), alt)


def listed(words: Iterable[str]) -> str:
    """Words as a sentence has them.

    >>> listed("a"), listed("ab"), listed("abc")
    ('a', 'a and b', 'a, b and c')
    """
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
