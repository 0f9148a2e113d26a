"""What the drawings of a circuit share: the look, and texts on an SVG sheet."""

from __future__ import annotations

from html import escape

from chainrule.circuit import Scalar
from chainrule.formatting import MINUS, number
from chainrule.theme import DARK

__all__ = ["FONT", "RADIUS", "CircuitSheet", "shown", "text_width"]

RADIUS = 19  # pixels, of a gate
FONT = 15  # pixels, of nearly all there is to read
_WIDE = 0.63  # of a character, relative to the size of the font; digits are as wide as any

# A page that shows the drawing as part of itself may set other colours; an image has these.
_STYLE = f"""
text {{ font: {FONT}px 'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif;
       text-anchor: middle; paint-order: stroke; stroke: var(--paper, #ffffff);
       stroke-width: 3px; }}
.card {{ fill: var(--paper, #ffffff); stroke: var(--edge, #d8dee4); }}
.wire {{ fill: none; stroke: var(--wire, #57606a); stroke-width: 1.6; }}
.gate {{ fill: var(--gate, #f3f6fa); stroke: var(--ink, #24292f); stroke-width: 1.6; }}
.symbol {{ fill: var(--ink, #24292f); stroke: none; }}
.name {{ fill: var(--ink, #24292f); font-style: italic; }}
.number {{ fill: var(--quiet, #57606a); }}
.value {{ fill: var(--value, #0b6e33); font-weight: 600; }}
.gradient, .share {{ fill: var(--gradient, #b3261e); font-weight: 600; }}
.share {{ stroke-width: 4px; }}
.left {{ text-anchor: start; }}
"""


class CircuitSheet:
    """An SVG document in the making."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def add(self, part: str) -> None:
        self.parts.append(part)

    def text(self, kind: str, x: float, y: float, content: str, where: str = "") -> None:
        self.add(f'<text class="{kind}"{where} x="{x:.1f}" y="{y:.1f}">{escape(content)}</text>')

    def document(self, width: float, height: float, x: float, y: float) -> str:
        """All of it on a card; (0, 0) of what was drawn comes to (x, y)."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}">{DARK}<style>{_STYLE}</style>'
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1:.0f}" '
            f'height="{height - 1:.0f}" rx="8"/>'
            f'<g transform="translate({x:.0f},{y:.0f})">{"".join(self.parts)}</g></svg>'
        )


def shown(scalar: Scalar, what: str, digits: int) -> str:
    """A value or gradient as it is written; of an array of somebody's engine, its shape."""
    shape = getattr(scalar, "shape", ())
    if shape:
        return "×".join(map(str, shape))
    return number(getattr(scalar, what), digits, MINUS)


def text_width(content: str, size: float = FONT) -> float:
    """About how many pixels a text takes."""
    return _WIDE * size * len(content)
