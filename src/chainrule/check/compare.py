"""Is this answer right? Type, then shape, then finite, then every entry within its bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.check.plain import NUMERIC, kind_of, plain
from chainrule.numeric import Estimate

__all__ = [
    "Difference", "Unfit", "as_answer", "compare", "exactly", "near", "slack", "which_wrong",
]  # fmt: skip

# A student's own rounding: relative to the entry, and to the largest entry of the array (a sum
# of large terms that cancel is only good to the size of its terms).
_RELATIVE = 1e-9
_OF_LARGEST = 1e-12

# Which entry is shown depends on how far off it is for its size: bars differ a little from machine
# to machine, and only say that it is off by many of them.
_CLEARLY = 10.0
_AS_FAR = 1e-6  # of the farthest: the first entry of those that are as far off is shown

_ARRAYS = NUMERIC | {list, tuple}


class Unfit(Exception):
    """The answer cannot be compared at all; the text says why.

    kind:  "type", "bool", "shape", "dtype", "finite", "constant", for the diagnosis.
    array: what was returned, where it is a finite array of the wrong shape; flags: where it is an
           array of True and False of the right one.
    """

    def __init__(
        self,
        kind: str,
        why: str,
        array: np.ndarray | None = None,
        flags: np.ndarray | None = None,
    ) -> None:
        super().__init__(why)
        self.kind, self.array, self.flags = kind, array, flags


@dataclass(frozen=True)
class Difference:
    """Where an answer is wrong.

    index: the worst entry; expected, bar, got: its numbers; low, high: the one-sided slopes where
    the entry lies at a kink (equal otherwise); wrong, of: how many entries are off, of how many.
    stated: the expected number is exactly that.
    """

    index: tuple[int, ...]
    expected: float
    bar: float
    low: float
    high: float
    got: float
    wrong: int
    of: int
    stated: bool = False


def exactly(value: Any, bar: Any = 0.0) -> Estimate:
    """A known value in the form of an `Estimate`; `bar` is its half-width."""
    value = np.asarray(value, dtype=np.float64)
    return Estimate(value, np.broadcast_to(np.asarray(bar, float), value.shape), value, value)


def as_answer(answer: Any, shape: tuple[int, ...], held: bool = False) -> np.ndarray:
    """The answer as a float64 array of exactly `shape`. Raises `Unfit`; never broadcasts.

    held: it was not returned, but found where an object keeps it.
    """
    if type(answer) is float and shape == () and math.isfinite(answer):
        return np.array(answer)
    if answer is None:
        missing = (
            "it is still None" if held else "nothing was returned (None): is a `return` missing?"
        )
        raise Unfit("type", missing)
    came, all_came = ("is there", "are there") if held else ("was returned", "were returned")
    answer = plain(answer)
    if type(answer) not in _ARRAYS:
        raise Unfit("type", f"{kind_of(answer)} {came}; {_wanted(shape)} is wanted")
    try:
        array = np.asarray(answer)
    except Exception:  # ragged lists: whatever it is, it is no array
        array = np.asarray(None)
    if array.dtype == bool and array.ndim and array.shape == shape:
        raise Unfit(
            "bool",
            f"True and False {all_came}; numbers are wanted",
            flags=array.astype(float),
        )
    if array.dtype.kind not in "fiu":
        got = kind_of(array) if array.ndim and array.dtype.kind in "bc" else kind_of(answer)
        raise Unfit("type", f"{got} {came}; {_wanted(shape)} is wanted")
    if array.shape != shape:
        finite = array.astype(np.float64) if np.all(np.isfinite(array)) else None
        why = f"shape {array.shape} {came}; the shape has to be {shape}"
        raise Unfit("shape", why, finite)
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        raise Unfit("dtype", f"{array.dtype} {came}; the course computes in float64")
    array = array.astype(np.float64)
    if not np.all(np.isfinite(array)):
        bad = array[~np.isfinite(array)]
        what = (
            "the number is"
            if not shape
            else "1 entry is"
            if bad.size == 1
            else f"{bad.size} entries are"
        )
        raise Unfit("finite", f"{what} not finite ({bad.flat[0]})")
    return array


def slack(expected: Estimate) -> np.ndarray:
    """How far rounding in the student's own float64 formula may take a right answer."""
    return _rounding(np.maximum(np.abs(expected.low), np.abs(expected.high)))


def _rounding(size: np.ndarray) -> np.ndarray:
    largest = size.max(initial=0.0)
    if not math.isfinite(largest):
        size = np.where(np.isfinite(size), size, 0.0)
        largest = size.max(initial=0.0)
    return _RELATIVE * size + _OF_LARGEST * largest


def near(answer: np.ndarray, value: np.ndarray, bar: float) -> bool:
    """Whether a finite answer is `value` within `bar`, give or take rounding in both."""
    if not np.all(np.isfinite(value)):
        return False
    size = np.abs(value)
    room = bar + _rounding(size)
    return bool(np.all(np.abs(answer - value) <= room + _rounding(size + room)))


def compare(answer: np.ndarray, expected: Estimate) -> Difference | None:
    """The worst entry of `answer`, or None when every entry lies within its bar."""
    room = slack(expected)
    inside = expected.covers(answer, room)
    if np.all(inside):
        return None
    miss = np.maximum(expected.low - answer, answer - expected.high)
    clearly = miss > _CLEARLY * (room + expected.error)
    with np.errstate(over="ignore"):  # beside an exact zero any miss is without bounds
        far = miss / (room + np.finfo(float).tiny)
    far = np.where(clearly if clearly.any() else ~inside, far, -np.inf)
    worst = int(np.argmax(far >= far.max() * (1 - _AS_FAR)))
    index = np.unravel_index(worst, answer.shape) if answer.shape else ()
    return Difference(
        index=tuple(int(i) for i in index),
        expected=float(expected.value[index]),
        bar=float(expected.error[index] + room[index]),
        low=float(np.minimum(expected.left, expected.right)[index]),
        high=float(np.maximum(expected.left, expected.right)[index]),
        got=float(answer[index]),
        wrong=int(np.sum(~inside)),
        of=answer.size,
        stated=bool(expected.error[index] == 0),
    )


def which_wrong(answers: Sequence[np.ndarray | None], expected: Sequence[Estimate]) -> list[bool]:
    """Which of the answers are wrong, in shape or value. None, which is no answer, is not."""
    return [
        answer is not None and not _is_right(answer, right)
        for answer, right in zip(answers, expected, strict=True)
    ]


def _is_right(answer: np.ndarray, right: Estimate) -> bool:
    if answer.shape != right.value.shape:
        return False
    if answer.shape == ():  # in plain floats, which takes a tenth of the time
        got, error = float(answer), float(right.error)
        low, high = sorted((float(right.left), float(right.right)))
        room = (_RELATIVE + _OF_LARGEST) * max(abs(low - error), abs(high + error))
        return low - error - room <= got <= high + error + room
    return bool(right.covers(answer, slack(right)).all())


def _wanted(shape: tuple[int, ...]) -> str:
    return "a number" if shape == () else f"an array of shape {shape}"
