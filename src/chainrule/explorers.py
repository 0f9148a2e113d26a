"""Small things to play with: an activation under a slider, a Jacobian written out, training as a
film. Where scripts do not run, each is a picture or a table of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from chainrule import plots
from chainrule.activations import ACTIVATIONS
from chainrule.widget import widget

__all__ = ["EXPLORED", "Explorer", "activation", "jacobian", "training"]

# Those that a slider over one number can show: maxout has a line for each of its two pieces.
EXPLORED = tuple(name for name in ACTIVATIONS if name != "maxout")

# A class of a decision map: pale where the net sees it, dark and of a shape of its own for points.
_TINTS = ("#bcdcf0", "#f8d3b8", "#b9e5d6", "#edd3e2", "#dfe3e8", "#f3ecb4")
_INKS = ("#0072b2", "#b04a00", "#00704f", "#9c4d7c", "#57606a", "#7a6a00")
_SHAPES = "o^sD"


@dataclass(frozen=True)
class Explorer:
    """Something to play with. html: for a notebook; text: the same where only text is shown."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def activation(name: str = "sigmoid", x: float = 1.0) -> Explorer:
    """A slider over x for an activation: its value, its slope, and what comes back of upstream 1.

    name: where it starts, one of EXPLORED; the reader can choose another.
    """
    if name not in EXPLORED:
        raise ValueError(f"{name!r} is not one of {', '.join(EXPLORED)}")
    chosen = ACTIVATIONS[name]
    picture = plots.function_and_slope(chosen, chosen.slope, name=name, mark=x)
    return Explorer(widget("activation", {"name": name, "x": x}, picture.html), picture.alt)


def jacobian(
    kind: str = "softmax",
    x: Sequence[float] = (1.0, 2.0, 0.5, -1.0),
    upstream: Sequence[float] = (1.0, -2.0, 0.5, 3.0),
) -> Explorer:
    """The Jacobian of four inputs written out, beside the product that goes back: upstream · J.

    kind: "softmax", "sigmoid, elementwise" or "ReLU, elementwise"; the reader can choose another.
    """
    J = _jacobian(kind, np.asarray(x, dtype=np.float64))
    heads = ["upstream", *(f"by x{j}" for j in range(len(x)))]
    lines = [[f"{u:g}", *(f"{v:.4g}" for v in row)] for u, row in zip(upstream, J, strict=True)]
    lines.append(["dx", *(f"{v:.4g}" for v in np.asarray(upstream) @ J)])
    counts = [_count(4), _count(4096), _count(409_600)]
    memory = f"For {counts[1][0]} inputs it has {counts[1][1]} entries: {counts[1][2]}."
    title = f"The Jacobian of {kind} at x = ({', '.join(f'{v:g}' for v in x)})."
    text = "\n".join(
        [title, *("".join(f"{cell:>11}" for cell in line) for line in [heads, *lines]), memory]
    )
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines
    )
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    fallback = f"<p>{escape(title)}</p><table><tr>{head}</tr>{rows}</table><p>{memory}</p>"
    data = {"kind": kind, "x": list(x), "upstream": list(upstream), "counts": counts}
    return Explorer(widget("jacobian", data, fallback), text)


def training(
    losses: Sequence[float],
    grids: Sequence[np.ndarray],
    *,
    at: Sequence[int] | None = None,
    points: tuple[np.ndarray, np.ndarray] | None = None,
    notes: Sequence[str] = (),
    extent: tuple[float, float, float, float] = (-1.2, 1.2, -1.2, 1.2),
) -> Explorer:
    """A film of training: the loss so far beside the class that the net gives each place.

    losses: one for every step of training, the one before the first step included.
    grids:  a frame each: class numbers 0 to 5, of shape (rows, columns), the top row first.
    at:     the step of each frame; left out, the frames are spread evenly from first to last.
    points: X of shape (N, 2) and y of shape (N,), drawn over every frame.
    notes:  a few words for each frame, such as "accuracy 0.93".
    extent: left, right, bottom and top of the grids.
    """
    if at is None:
        at = np.linspace(0, len(losses) - 1, len(grids)).round().astype(int).tolist()
    if not grids or len(at) != len(grids) or (notes and len(notes) != len(grids)):
        raise ValueError("every frame needs one grid, one step, and one note if there are any")
    rows, columns = np.shape(grids[0])
    X, y = points if points is not None else (np.zeros((0, 2)), np.zeros(0, dtype=int))
    data = {
        "losses": [float(f"{loss:.4g}") for loss in losses],
        "frames": ["".join(map(str, np.asarray(grid, dtype=int).ravel())) for grid in grids],
        "at": [int(step) for step in at],
        "rows": rows,
        "columns": columns,
        "points": [[*np.round(p, 3).tolist(), int(c)] for p, c in zip(X, y, strict=True)],
        "notes": list(notes) or [""] * len(grids),
        "extent": list(extent),
        "tints": _TINTS,
        "inks": _INKS,
    }
    alt = (
        f"Training: the loss falls from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses) - 1} "
        "steps; beside it, the class that the trained net gives each place of the plane."
    )
    with plots.figure(alt, columns=2) as canvas:
        left, right = canvas.all_axes
        left.semilogy(np.maximum(losses, 1e-12), color=plots.COLOURS["green"])
        left.set(title="loss", xlabel="training step", ylabel="loss")
        colours = np.array([[int(tint[i : i + 2], 16) for i in (1, 3, 5)] for tint in _TINTS])
        last = colours[np.asarray(grids[-1], dtype=int) % len(_TINTS)].astype(np.uint8)
        right.imshow(last, extent=extent, aspect="auto", interpolation="nearest")
        for c in np.unique(y).astype(int):
            ink, shape = _INKS[c % len(_INKS)], _SHAPES[c % len(_SHAPES)]
            right.plot(*X[y == c].T, shape, color=ink, markersize=4, markeredgewidth=0.4)
        right.grid(False)
        right.set(title="class by place, at the end", xlabel="x0", ylabel="x1")
    return Explorer(widget("training", data, canvas.picture.html), alt)


def _jacobian(kind: str, x: np.ndarray) -> np.ndarray:
    """Of shape (out, in)."""
    if kind == "softmax":
        e = np.exp(x - x.max())
        z = e / e.sum()
        return np.diag(z) - np.outer(z, z)
    name = kind.removesuffix(", elementwise")
    if name not in ("sigmoid", "ReLU") or name == kind:
        raise ValueError(f"no Jacobian of {kind!r} here: softmax, or sigmoid or ReLU, elementwise")
    return np.diag(ACTIVATIONS[name].slope(x))


def _count(inputs: int) -> list[str]:
    """Inputs, entries of the Jacobian, its memory in float64, numbers in the product; in words."""
    size = 8.0 * inputs * inputs
    unit = "bytes"
    for larger in ("KiB", "MiB", "GiB"):
        if size >= 1024 and inputs < 100_000:
            size, unit = size / 1024, larger
    memory = f"{size:,.0f} {unit}" if inputs < 100_000 else f"{size / 1e12:.2f} TB"
    return [f"{inputs:,}", f"{inputs * inputs:,}", memory, f"{inputs:,}"]
