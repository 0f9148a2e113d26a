"""A sheet of SVG with matrices on it, as matrices.py draws them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from chainrule.formatting import MINUS, number
from chainrule.plots import COLOURS, Picture
from chainrule.theme import in_either_theme

__all__ = ["Entry", "Part", "Sheet", "as_matrix", "as_number"]


Entry = tuple[int, int]
Part = str | tuple[str, Any]

_MARGIN = 22
_ROW = 32  # pixels, the height of a cell
_GLYPH = 8.6  # the width of a character at 14 pixels
_SIGN = 34  # the room an operator takes between two matrices
_UNIT = 26  # pixels for each row or column in a picture of shapes

_STYLE = """
text { font: 14px 'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif; text-anchor: middle;
       fill: #24292f; }
.card { fill: #ffffff; stroke: #d8dee4; }
.cell { stroke: #c9d1d9; }
.frame { fill: none; stroke: #24292f; stroke-width: 1.6; }
.mark { fill: none; stroke: #24292f; stroke-width: 3; }
.zero { fill: #6e7781; }
.name { font-style: italic; font-size: 15px; }
.note { fill: #57606a; font-size: 12px; }
.caption { font-weight: 600; font-size: 13px; text-anchor: start; }
.sign { font-size: 19px; }
.box { fill: #f3f6fa; stroke: #24292f; stroke-width: 1.6; }
.rule { stroke: #c9d1d9; }
.length { font-weight: 600; font-size: 15px; }
"""


class Sheet:
    """A white card that grows with what is drawn on it; (0, 0) is inside the margin."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.width = 0.0
        self.height = 0.0

    def picture(self, alt: str) -> Picture:
        width, height = round(self.width + 2 * _MARGIN), round(self.height + 2 * _MARGIN)
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}"><style>{_STYLE}</style>'
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
            f'<g transform="translate({_MARGIN},{_MARGIN})">{"".join(self.parts)}</g></svg>'
        )
        return Picture(in_either_theme(svg), alt)

    def reserve(self, right: float, bottom: float) -> None:
        self.width, self.height = max(self.width, right), max(self.height, bottom)

    def text(self, kind: str, x: float, y: float, content: str, more: str = "") -> None:
        self.parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{more}>{escape(content)}</text>'
        )

    def rectangle(
        self, kind: str, x: float, y: float, width: float, height: float, fill: str = ""
    ) -> None:
        style = f' fill="{fill}"' if fill else ""
        self.parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"{style}/>'
        )

    def stroke(self, x1: float, y1: float, x2: float, y2: float, kind: str = "rule") -> None:
        self.parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def grid(
        self,
        x: float,
        y: float,
        matrix: np.ndarray,
        column: float,
        digits: int = 4,
        marked: Collection[Entry] = (),
    ) -> None:
        """The cells of a matrix, `column` wide, with its numbers; top left corner at (x, y)."""
        largest = float(np.max(np.abs(matrix), initial=0.0))
        rows, columns = matrix.shape
        for i, j in np.ndindex(rows, columns):
            left, top = x + j * column, y + i * _ROW
            value = float(matrix[i, j])
            self.rectangle("cell", left, top, column, _ROW, _tint(value, largest))
            kind = "entry" if value else "zero"
            self.text(kind, left + column / 2, top + _ROW / 2 + 5, as_number(value, digits))
        self.rectangle("frame", x, y, columns * column, rows * _ROW)
        for i, j in marked:
            self.rectangle("mark", x + j * column, y + i * _ROW, column, _ROW)

    def equation(
        self, caption: str, parts: list[Part], mark: Mapping[str, Collection[Entry]]
    ) -> None:
        """A line of matrices, their names above and their shapes below, under what is there."""
        top = self.height + (26 if self.height else 0)
        if caption:
            self.text("caption", 0, top + 12, caption)
            top += 30
        matrices = [as_matrix(p[1]) for p in parts if not isinstance(p, str)]
        tall = max(len(m) for m in matrices) * _ROW
        middle = top + 22 + tall / 2
        x = 0.0
        for part in parts:
            if isinstance(part, str):
                room = max(_SIGN, 11 * len(part) + 16)
                self.text("sign", x + room / 2, middle + 6, part)
                x += room
                continue
            name, matrix = part[0], as_matrix(part[1])
            column = _column(matrix, 4)
            width, height = column * matrix.shape[1], len(matrix) * _ROW
            room = max(width, _GLYPH * len(name), 46)
            left, marked = x + (room - width) / 2, mark.get(name, ())
            self.grid(left, middle - height / 2, matrix, column, marked=marked)
            self.text("name", x + room / 2, middle - height / 2 - 9, name)
            shape = np.shape(part[1])
            self.text("note", x + room / 2, middle + height / 2 + 18, str(shape))
            x += room
        self.reserve(max(x, 8 * len(caption)), middle + tall / 2 + 20)

    def labelled(
        self,
        matrix: np.ndarray,
        rows: Sequence[str],
        columns: Sequence[str],
        digits: int,
        block: tuple[int, int] | None,
    ) -> None:
        """One matrix with a label for each row and column."""
        left, top = _GLYPH * max(len(r) for r in rows) + 34, 46.0
        column = max(_column(matrix, digits), 10 * max(len(c) for c in columns))
        self.grid(left, top, matrix, column, digits)
        wide, tall = column * len(columns), _ROW * len(rows)
        for j, name in enumerate(columns):
            self.text("name", left + (j + 0.5) * column, top - 9, name)
        for i, name in enumerate(rows):
            y = top + (i + 0.5) * _ROW + 5
            self.text("name", left - 10, y, name, ' style="text-anchor:end"')
        if block is not None:
            for n in range(len(rows) // block[0]):
                x, y = left + n * block[1] * column, top + n * block[0] * _ROW
                self.rectangle("mark", x, y, block[1] * column, block[0] * _ROW)
        self.text("note", left + wide / 2, 12, "inputs →")
        turned = f' transform="rotate(-90 10 {top + tall / 2:.1f})"'
        self.text("note", 10, top + tall / 2 + 4, "← outputs", turned)
        self.reserve(max(left + wide, 120), top + tall)

    def boxes(self, parts: Sequence[str | tuple[str, str, str]], sizes: Mapping[str, int]) -> None:
        """Matrices as empty boxes to scale, each side with its letter."""
        colours = dict(zip(sizes, ("#0b5394", "#a34700", "#006b4f", "#8a3d72"), strict=False))
        tall = max(sizes[p[1]] for p in parts if not isinstance(p, str)) * _UNIT
        middle = 48 + tall / 2
        x = 0.0
        for part in parts:
            if isinstance(part, str):
                self.text("sign", x + _SIGN / 2, middle + 6, part)
                x += _SIGN
                continue
            name, rows, columns = part
            height, width = sizes[rows] * _UNIT, sizes[columns] * _UNIT
            room = max(width, _GLYPH * len(name))
            left, top = x + 22 + (room - width) / 2, middle - height / 2
            self.rectangle("box", left, top, width, height)
            for i in range(1, sizes[rows]):
                self.stroke(left, top + i * _UNIT, left + width, top + i * _UNIT)
            for j in range(1, sizes[columns]):
                self.stroke(left + j * _UNIT, top, left + j * _UNIT, top + height)
            colour = f' style="fill:{colours[rows]}"'
            self.text("length", left - 12, middle + 5, rows, colour)
            colour = f' style="fill:{colours[columns]}"'
            self.text("length", left + width / 2, top - 8, columns, colour)
            self.text("name", left + width / 2, middle - height / 2 - 30, name)
            x += 22 + room
        self.reserve(x, middle + tall / 2 + 26)
        lengths = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
        self.text("note", 0, middle + tall / 2 + 26, lengths, ' style="text-anchor:start"')

    def zoom(self, n: int, shown: int) -> None:
        side, top = 216.0, 24.0
        small = 27.0
        lens = 330.0
        self.text("note", side / 2, 10, f"{n:,} columns")
        turned = f' transform="rotate(-90 -6 {top + side / 2:.1f})"'
        self.text("note", -6, top + side / 2 + 4, f"{n:,} rows", turned)
        left = 12.0
        self.rectangle("frame", left, top, side, side)
        # One entry is far thinner than this line: 4096 columns share 216 pixels.
        self.parts.append(
            f'<line x1="{left}" y1="{top}" x2="{left + side}" y2="{top + side}" '
            f'stroke="{COLOURS["blue"]}" stroke-width="1"/>'
        )
        self.rectangle("mark", left, top, 8, 8)
        edge = shown * small
        self.stroke(left + 8, top, lens, top)
        self.stroke(left + 8, top + 8, lens, top + edge)
        for i, j in np.ndindex(shown, shown):
            x, y = lens + j * small, top + i * small
            self.rectangle("cell", x, y, small, small, _tint(float(i == j), 1.5))
            self.text("entry" if i == j else "zero", x + small / 2, y + 18, "×" if i == j else "0")
        self.rectangle("frame", lens, top, edge, edge)
        self.text("note", lens + edge / 2, top + edge + 22, "× an entry that is not zero")
        self.reserve(lens + edge + 10, top + side)


def as_matrix(values: Any) -> np.ndarray:
    """As float64 with two axes; a vector becomes a row."""
    return np.atleast_2d(np.asarray(values, dtype=np.float64))


def as_number(value: float, digits: int) -> str:
    if abs(value) < 1:  # no more decimals than digits, so that columns stay narrow
        rounded = round(value, digits)
        if value and not rounded:  # small is not zero
            return f"{value:.{digits}f}".replace("-", MINUS)
        return number(rounded, minus=MINUS)
    return number(value, digits, MINUS)


def _column(matrix: np.ndarray, digits: int) -> float:
    longest = max((len(as_number(float(v), digits)) for v in matrix.flat), default=1)
    return max(36.0, _GLYPH * longest + 14)


def _tint(value: float, largest: float) -> str:
    """White for zero, else blue or orange, paler the smaller; dark text reads on all of them."""
    if not value or not np.isfinite(value / largest):
        return "#ffffff"
    strength = 0.14 + 0.36 * abs(value) / largest
    colour = COLOURS["blue" if value > 0 else "orange"]
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (c - 255) * strength):02x}" for c in channels)
