"""Small matrices, Jacobians and shapes as pictures, and what large ones would weigh.

Every entry is written in its cell. Colour only helps the eye: blue is positive, orange negative,
and the more so the larger; an exact zero stays white, so the zeros of a matrix are seen at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from itertools import permutations, product
from typing import Any

import numpy as np

from chainrule.plots import COLOURS, Picture, figure

__all__ = [
    "diagonal_zoom",
    "fitting_products",
    "in_words",
    "jacobian",
    "line",
    "lines",
    "memory",
    "shapes",
    "squared_norm_bowl",
]

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


def line(*parts: Part, mark: Mapping[str, Collection[Entry]] | None = None) -> Picture:
    """An equation between small matrices, drawn on one line with every number in it.

    parts: a sign, as text, or a pair (name, array). A vector is drawn as a row, a number as a
    matrix with one entry. mark: name -> the entries (row, column) to be framed.
    """
    return lines({"": parts}, mark=mark)


def lines(
    equations: Mapping[str, Iterable[Part]],
    *,
    mark: Mapping[str, Collection[Entry]] | None = None,
) -> Picture:
    """Equations between small matrices, one below the other: caption -> parts, as for `line`."""
    sheet = _Sheet()
    spoken = []
    for caption, parts in equations.items():
        parts = list(parts)
        sheet.equation(caption, parts, mark or {})
        words = " ".join(p if isinstance(p, str) else _spoken(*p) for p in parts)
        spoken.append(f"{caption}: {words}" if caption else words)
    return sheet.picture("\n".join(spoken))


def jacobian(
    J: Any,
    *,
    outputs: str | Sequence[str] = "z",
    inputs: str | Sequence[str] = "x",
    digits: int = 4,
    block: tuple[int, int] | None = None,
) -> Picture:
    """A Jacobian as a grid: a row for each output, a column for each input.

    J: of shape (out, in). outputs, inputs: the labels, or a letter to be numbered.
    digits: significant digits of the entries. block: (rows, columns) of the blocks on the diagonal
    that get a frame, one for each example of a batch.
    """
    J = _matrix(J)
    row_names, column_names = _labels(outputs, len(J)), _labels(inputs, J.shape[1])
    sheet = _Sheet()
    sheet.labelled(J, row_names, column_names, digits, block)
    alt = f"Jacobian with {len(J)} rows (outputs) and {J.shape[1]} columns (inputs).\n"
    if block is None:
        rows = zip(row_names, J, strict=True)
        alt += "\n".join(f"{name}: {_entries(row, digits)}" for name, row in rows)
    else:
        inside = np.kron(np.eye(len(J) // block[0]), np.ones(block)) > 0
        alt += f"Only the {len(J) // block[0]} blocks of {block[0]} × {block[1]} on the diagonal "
        alt += (
            "hold numbers; all other entries are zero." if not J[~inside].any() else "are framed."
        )
    return sheet.picture(alt)


def shapes(*parts: str | tuple[str, str, str], **sizes: int) -> Picture:
    """A product of matrices as boxes to scale: which length has to meet which.

    parts: a sign, as text, or (name, rows, columns) with a letter for each length.
    sizes: what each letter stands for, N=4, D=3 and so on.
    """
    sheet = _Sheet()
    sheet.boxes(parts, sizes)
    words = (p if isinstance(p, str) else f"{p[0]} ({p[1]} × {p[2]})" for p in parts)
    lengths = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    return sheet.picture(f"Shapes: {' '.join(words)}, with {lengths}.")


def diagonal_zoom(n: int, shown: int = 6) -> Picture:
    """An n x n diagonal matrix to scale, and its first few rows and columns under a lens."""
    sheet = _Sheet()
    sheet.zoom(n, shown)
    return sheet.picture(
        f"A square of {n:,} by {n:,} entries, empty but for a hairline from corner to corner; "
        f"enlarged, its first {shown} rows have one entry each that is not zero."
    )


def memory(bytes_of: Mapping[str, int]) -> Picture:
    """Bars on a logarithmic scale: what each of some arrays weighs, name -> bytes."""
    names, sizes = list(bytes_of), list(bytes_of.values())
    alt = "Memory: " + "; ".join(f"{k} {in_words(v)}" for k, v in bytes_of.items()) + "."
    with figure(alt, width=7.4, height=0.55 * len(names) + 0.9) as canvas:
        axes = canvas.axes
        bars = axes.barh(names, sizes, color=COLOURS["blue"], height=0.55)
        axes.bar_label(bars, [in_words(size) for size in sizes], padding=6)
        axes.set_xscale("log")
        ticks = {2**10: "1 KiB", 2**20: "1 MiB", 2**30: "1 GiB", 2**40: "1 TiB"}
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.minorticks_off()
        axes.set_xlim(2**10, max(sizes) * 2**7)
        axes.set_xlabel("memory in float64; each line is 1024 times the one before")
        axes.grid(axis="y", visible=False)
        axes.invert_yaxis()
    return canvas.picture


def squared_norm_bowl(q: Any) -> Picture:
    """The level lines of f = ||q||^2 for two entries, with the gradient 2q as an arrow at q.

    q: of shape (2,) or (1, 2).
    """
    q0, q1 = (float(entry) for entry in np.ravel(q))
    value = q0**2 + q1**2
    reach = 4 * max(abs(q0), abs(q1))
    a, b = np.meshgrid(*[np.linspace(-reach, reach, 121)] * 2)
    alt = (
        f"Level lines of f = q0² + q1² are circles around 0. At q = {_entries((q0, q1), 4)}, where "
        f"f = {value:.4g}, an arrow shows the gradient {_entries((2 * q0, 2 * q1), 4)}: "
        "straight away from 0."
    )
    with figure(alt, width=4.6, height=4.2) as canvas:
        axes = canvas.axes
        levels = value * np.array([0.25, 1, 4, 9, 16])
        rings = axes.contour(a, b, a**2 + b**2, levels, colors=COLOURS["grey"], linewidths=1)
        axes.clabel(rings, fmt="%.2f", fontsize=9)
        arrow = {"arrowstyle": "->", "color": COLOURS["orange"], "lw": 2.4, "shrinkA": 0}
        axes.annotate("", (3 * q0, 3 * q1), (q0, q1), arrowprops=arrow)
        axes.plot(q0, q1, "o", color=COLOURS["green"])
        offset, side = ((-10, -4), "right") if q0 <= 0 else ((10, -4), "left")
        more: dict[str, Any] = {"textcoords": "offset points", "ha": side}
        axes.annotate("q", (q0, q1), offset, **more)
        axes.annotate("2q", (2 * q0, 2 * q1), offset, **more)
        axes.set(xlabel="q0", ylabel="q1", title="f = ||q||², and its gradient", aspect="equal")
    return canvas.picture


def in_words(size: int) -> str:
    """A number of bytes as people say it: "128 MiB"; from a terabyte on, "1.34 TB"."""
    if size >= 10**12:
        return f"{size / 10**12:.3g} TB"
    amount, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.4g} {unit}"


def fitting_products(shape: tuple[int, ...], **matrices: Any) -> list[str]:
    """Every product of two matrices, in either order, transposed or not, that has this shape.

    matrices: arrays of two axes, by name. Returns expressions such as "dq @ W.T".
    """
    found = []
    for (a, left), (b, right) in permutations(matrices.items(), 2):
        for turn_a, turn_b in product(("", ".T"), repeat=2):
            first = left.T if turn_a else left
            second = right.T if turn_b else right
            if first.shape[1] == second.shape[0] and ((first.shape[0], second.shape[1]) == shape):
                found.append(f"{a}{turn_a} @ {b}{turn_b}")
    return found


class _Sheet:
    """A white card that grows with what is drawn on it; (0, 0) is inside the margin."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.width = 0.0
        self.height = 0.0

    def picture(self, alt: str) -> Picture:
        width, height = round(self.width + 2 * _MARGIN), round(self.height + 2 * _MARGIN)
        return Picture(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}"><style>{_STYLE}</style>'
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
            f'<g transform="translate({_MARGIN},{_MARGIN})">{"".join(self.parts)}</g></svg>',
            alt,
        )

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
            self.text(kind, left + column / 2, top + _ROW / 2 + 5, _number(value, digits))
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
        matrices = [_matrix(p[1]) for p in parts if not isinstance(p, str)]
        tall = max(len(m) for m in matrices) * _ROW
        middle = top + 22 + tall / 2
        x = 0.0
        for part in parts:
            if isinstance(part, str):
                room = max(_SIGN, 11 * len(part) + 16)
                self.text("sign", x + room / 2, middle + 6, part)
                x += room
                continue
            name, matrix = part[0], _matrix(part[1])
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


def _matrix(values: Any) -> np.ndarray:
    """As float64 with two axes; a vector becomes a row."""
    return np.atleast_2d(np.asarray(values, dtype=np.float64))


def _labels(names: str | Sequence[str], count: int) -> list[str]:
    if isinstance(names, str):
        return [f"{names}{i}" for i in range(count)]
    if len(names) != count:
        raise ValueError(f"{count} labels are needed, {len(names)} were given")
    return list(names)


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    if abs(value) < 1:  # no more decimals than digits, so that columns stay narrow
        text = f"{round(value, digits):g}"
        if value and not float(text):  # small is not zero
            text = f"{value:.{digits}f}"
    return "0" if text == "-0" else text.replace("-", "−")


def _entries(values: Iterable[float], digits: int) -> str:
    return "[" + ", ".join(_number(float(v), digits).replace("−", "-") for v in values) + "]"


def _spoken(name: str, values: Any) -> str:
    """A matrix in plain text, on one line."""
    rows = [_entries(row, 4) for row in _matrix(values)]
    return f"{name} {rows[0] if len(rows) == 1 else '[' + ', '.join(rows) + ']'}"


def _column(matrix: np.ndarray, digits: int) -> float:
    longest = max((len(_number(float(v), digits)) for v in matrix.flat), default=1)
    return max(36.0, _GLYPH * longest + 14)


def _tint(value: float, largest: float) -> str:
    """White for zero, else blue or orange, paler the smaller; dark text reads on all of them."""
    if not value or not np.isfinite(value / largest):
        return "#ffffff"
    strength = 0.14 + 0.36 * abs(value) / largest
    colour = COLOURS["blue" if value > 0 else "orange"]
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (c - 255) * strength):02x}" for c in channels)
