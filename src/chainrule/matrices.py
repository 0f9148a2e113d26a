"""Small matrices, Jacobians and shapes as pictures, and what large ones would weigh.

Every entry is written in its cell. Colour only helps the eye: blue is positive, orange negative,
and the more so the larger; an exact zero stays white, so the zeros of a matrix are seen at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import permutations, product
from typing import Any

import numpy as np

from chainrule.matrix_sheet import Entry, Part, Sheet, as_matrix, as_number
from chainrule.plots import COLOURS, Picture, figure

__all__ = [
    "diagonal_zoom", "fitting_products", "in_words", "jacobian", "line", "lines", "memory",
    "shapes", "squared_norm_bowl",
]  # fmt: skip


def line(*parts: Part, mark: Mapping[str, Collection[Entry]] | None = None) -> Picture:
    """An equation between small matrices, drawn on one line with every number in it.

    parts: a sign, as text, or a pair (name, array). A vector is drawn as a row, a number as a
    matrix with one entry. mark: name -> the entries (row, column) to be framed.

    >>> line(("x", [1, 2]), "@", ("W", [[0.5], [3]]), "=", ("q", [6.5])).alt
    'x [1, 2] @ W [[0.5], [3]] = q [6.5]'
    """
    return lines({"": parts}, mark=mark)


def lines(
    equations: Mapping[str, Iterable[Part]],
    *,
    mark: Mapping[str, Collection[Entry]] | None = None,
) -> Picture:
    """Equations between small matrices, one below the other: caption -> parts, as for `line`."""
    sheet = Sheet()
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
    J = as_matrix(J)
    row_names, column_names = _labels(outputs, len(J)), _labels(inputs, J.shape[1])
    sheet = Sheet()
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
    sheet = Sheet()
    sheet.boxes(parts, sizes)
    words = (p if isinstance(p, str) else f"{p[0]} ({p[1]} × {p[2]})" for p in parts)
    lengths = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    return sheet.picture(f"Shapes: {' '.join(words)}, with {lengths}.")


def diagonal_zoom(n: int, shown: int = 6) -> Picture:
    """An n x n diagonal matrix to scale, and its first few rows and columns under a lens."""
    sheet = Sheet()
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
        # As floats: in a browser's Python NumPy's whole numbers have 32 bits.
        bars = axes.barh(names, [float(size) for size in sizes], color=COLOURS["blue"], height=0.55)
        axes.bar_label(bars, [in_words(size) for size in sizes], padding=6)
        axes.set_xscale("log")
        ticks = {2.0**10: "1 KiB", 2.0**20: "1 MiB", 2.0**30: "1 GiB", 2.0**40: "1 TiB"}
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.minorticks_off()
        axes.set_xlim(2.0**10, max(sizes) * 2.0**7)
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
    """A number of bytes as people say it, from a terabyte on in thousands.

    >>> in_words(8 * 4096**2), in_words(8 * 409_600**2)
    ('128 MiB', '1.34 TB')
    """
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

    matrices: arrays of two axes, by name. Returns expressions.

    >>> x, W, dq = np.ones((5, 3)), np.ones((3, 2)), np.ones((5, 2))
    >>> fitting_products(x.shape, W=W, dq=dq)
    ['dq @ W.T']
    >>> fitting_products(W.shape, x=x, dq=dq)
    ['x.T @ dq']
    """
    found = []
    for (a, left), (b, right) in permutations(matrices.items(), 2):
        for turn_a, turn_b in product(("", ".T"), repeat=2):
            first = left.T if turn_a else left
            second = right.T if turn_b else right
            if first.shape[1] == second.shape[0] and ((first.shape[0], second.shape[1]) == shape):
                found.append(f"{a}{turn_a} @ {b}{turn_b}")
    return found


def _labels(names: str | Sequence[str], count: int) -> list[str]:
    if isinstance(names, str):
        return [f"{names}{i}" for i in range(count)]
    if len(names) != count:
        raise ValueError(f"{count} labels are needed, {len(names)} were given")
    return list(names)


def _entries(values: Iterable[float], digits: int) -> str:
    return "[" + ", ".join(as_number(float(v), digits).replace("−", "-") for v in values) + "]"


def _spoken(name: str, values: Any) -> str:
    """A matrix in plain text, on one line."""
    rows = [_entries(row, 4) for row in as_matrix(values)]
    return f"{name} {rows[0] if len(rows) == 1 else '[' + ', '.join(rows) + ']'}"
