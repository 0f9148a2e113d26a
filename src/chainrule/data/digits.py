"""Handwritten digits of 8 x 8 pixels, in two parts: one to learn from, one that nobody has seen.

The images are the test set of "Optical Recognition of Handwritten Digits" in the UCI Machine
Learning Repository, by E. Alpaydin and C. Kaynak (1998); `digits.txt` has source and licence.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import numpy as np

__all__ = ["Digits", "digits"]

_EVERY = 4  # one image in so many is kept back


class Digits(NamedTuple):
    """The digits, split. Pixels are from 0 (white) to 1 (black), an image a row.

    X:     array of shape (1348, 64), the images to learn from; y: (1348,), which digits they are.
    new_X: array of shape (449, 64), images kept back; new_y: (449,).
    """

    X: np.ndarray
    y: np.ndarray
    new_X: np.ndarray
    new_y: np.ndarray


def digits() -> Digits:
    """1,797 handwritten digits, of which every fourth is kept back: the same split on every run.

    Thirteen people wrote them, one after the other, so both parts hold the hands of all.
    """
    with files("chainrule.data").joinpath("digits.npz").open("rb") as file:
        stored = np.load(file)
        pixels, y = stored["pixels"] / 16.0, stored["digits"].astype(np.int64)
    kept_back = np.arange(len(y)) % _EVERY == _EVERY - 1
    return Digits(pixels[~kept_back], y[~kept_back], pixels[kept_back], y[kept_back])
