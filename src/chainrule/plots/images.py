"""Small grey images in rows, such as handwritten digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.plots.style import Picture, figure

__all__ = ["digits"]

_MOST = 40
_ACROSS = 10


def digits(images: Any, y: Any, said: Any = None, *, only_wrong: bool = False) -> Picture:
    """Digits, with what they are; and what somebody said they are, where that is another digit.

    images: array of shape (N, 64), 8 x 8 pixels from 0 (white) to 1; y: (N,), which they are.
    said: (N,), or None. only_wrong: leave out those that were said rightly. At most 40 are shown.
    """
    X, y = np.asarray(images, dtype=np.float64), np.asarray(y)
    answers = y if said is None else np.asarray(said)
    chosen = np.flatnonzero(answers != y) if only_wrong else np.arange(len(y))
    shown = chosen[:_MOST]
    if not len(shown):
        raise ValueError("there is nothing to show: every digit was read rightly")
    told = ", ".join(
        f"{y[n]}" + (f" read as {answers[n]}" if answers[n] != y[n] else "") for n in shown
    )
    many = f"{len(shown)} of {len(chosen)}" if len(chosen) > len(shown) else f"{len(shown)}"
    alt = f"Handwritten digits, {many}: {told}."
    rows, across = -(-len(shown) // _ACROSS), min(_ACROSS, len(shown))
    with figure(alt, columns=across, rows=rows, width=0.95, height=1.25) as canvas:
        for axes in canvas.all_axes:
            axes.axis("off")
        for axes, n in zip(canvas.all_axes, shown, strict=False):
            axes.imshow(X[n].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            wrong = answers[n] != y[n]
            axes.set_title(f"{y[n]}, not {answers[n]}" if wrong else f"{y[n]}", fontsize=11)
    return canvas.picture
