"""Whether a gradient was measured with differences where it was to be worked out by hand.

Two things tell: while backward runs, code that forward runs is run at inputs right beside the given
ones (`Watch`); or what came back has the very errors that a difference quotient of that forward has
(`is_quotient`). A backward that calls a function at the given inputs themselves is as good as any.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.numeric.probe import evaluate

if TYPE_CHECKING:
    from chainrule.check.case import Case

__all__ = ["Watch", "is_quotient"]

_BESIDE = 0.02  # of an entry's size: nearer than that is right beside it
_MOST_SEEN = 50  # calls of one function that are kept
_STEPS = tuple(10.0**-k for k in range(2, 8))
_SAME = 0.02  # of how far off they are: so near are two numbers with one and the same error
_OUTSIDE = 3.0  # error bars
_ROUNDING = 1e-14  # of the largest entry


class Watch:
    """Notes what forward calls, and whether backward calls the same right beside it.

    An upstream gradient lies right beside an input by chance now and then, and a helper may get
    both. So it has to be seen whenever backward is called: `trial.py` has it called at two points,
    with upstream gradients that cannot lie beside both.
    """

    def __init__(self) -> None:
        self._calls = self._calls_seen = 0  # of backward, and those that measured
        self._now = False
        self._given: dict[types.CodeType, list[np.ndarray]] = {}

    @property
    def seen(self) -> bool:
        """Whether every call of backward that came to its end measured, or used the package's own
        `chainrule.numeric`."""
        return 0 < self._calls == self._calls_seen

    def forward(self, method: Callable[..., Any], given: Sequence[Any]) -> Any:
        """What forward returns; what it calls is known from now on. Raises what it raises."""
        self._given.clear()
        theirs = getattr(getattr(method, "__func__", method), "__globals__", None)

        def note(frame: types.FrameType) -> None:
            if frame.f_globals is theirs:  # a name that student code looks up
                known = self._given.setdefault(frame.f_code, [])
                if len(known) < _MOST_SEEN:
                    known.append(_flat(frame))

        return _profiled(note, method, given)

    def backward(self, method: Callable[..., Any], given: Sequence[Any]) -> Any:
        """What backward returns; what it calls is compared. Raises what it raises."""
        self._now = False
        found = _profiled(self._compare, method, given)
        self._calls, self._calls_seen = self._calls + 1, self._calls_seen + self._now
        return found

    def _compare(self, frame: types.FrameType) -> None:
        if self._now:
            return
        known = self._given.get(frame.f_code)
        if known:
            here = _flat(frame)
            same = [one for one in known if one.size == here.size]
            if not any(np.array_equal(here, one) for one in same):
                self._now = any(_is_beside(here, one) for one in same)
            return
        name = frame.f_globals.get("__name__")
        self._now = isinstance(name, str) and name.startswith("chainrule.numeric")


def _profiled(
    note: Callable[[types.FrameType], None], call: Callable[..., Any], given: Sequence[Any]
) -> Any:
    """What a call returns; every call of a Python function in it is noted."""

    def profile(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "call":
            try:  # noqa: SIM105  which is quicker than `suppress`
                note(frame)
            except Exception:  # noqa: S110  whatever an argument is, it is no reason to fail
                pass

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        return call(*given)
    finally:
        sys.setprofile(before)


def _flat(frame: types.FrameType) -> np.ndarray:
    """The numbers among the arguments of a call, one after another."""
    code, names = frame.f_code, frame.f_locals
    many = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4)
    found: list[Any] = []
    for name in code.co_varnames[:many]:
        _add_numbers(names.get(name), found)
    if any(type(one) is np.ndarray for one in found):
        return np.concatenate([np.ravel(one) for one in found])
    return np.array(found)


def _add_numbers(value: Any, found: list[Any]) -> None:
    if type(value) is float:
        found.append(value)
    elif isinstance(value, (list, tuple)) and len(value) <= 100:
        for item in value:
            _add_numbers(item, found)
    elif isinstance(value, (int, float, complex, np.ndarray, np.number)):
        array = np.asarray(value)
        if array.dtype.kind in "iufc" and array.size <= 10_000:
            found.append(array.ravel())


def _is_beside(here: np.ndarray, there: np.ndarray) -> bool:
    """Whether two places are apart, and only by a step; a complex step is one."""
    apart = np.abs(here - there)
    return bool(apart.size and (apart > 0).any() and (apart <= _BESIDE * np.abs(there)).all())


def is_quotient(case: Case, own_forward: Callable[..., Any]) -> bool:
    """Whether the gradients that came back are difference quotients of the student's forward.

    They are if they lie outside the error bars of the right ones, and just where the quotient for a
    usual step lies.
    """
    answers = [np.asarray(one, dtype=np.float64) for one in case.got if one is not None]
    if len(answers) != len(case.expected) or np.isnan(case.upstream).any():
        return False
    off = _off(answers, case)
    if off is None:
        return False
    places = [(i, entry) for i, x in enumerate(case.inputs) for entry in np.ndindex(np.shape(x))]
    asked = [case.inputs] + [
        _moved(case.inputs, *place, step * sign)
        for step in _STEPS for sign in (1, -1) for place in places
    ]  # fmt: skip
    found = evaluate(own_forward, asked)
    if any(isinstance(one, Exception) for one in found):
        return False
    weighed = [float(np.sum(case.upstream * np.asarray(one, dtype=np.float64))) for one in found]
    here, n = weighed[0], len(places)
    right = np.concatenate([one.value.ravel() for one in case.expected])
    for k, step in enumerate(_STEPS):
        ahead, behind = (np.array(weighed[1 + (2 * k + s) * n :][:n]) for s in (0, 1))
        for quotient in ((ahead - behind) / (2 * step), (ahead - here) / step):
            miss = np.abs(quotient - right - off)
            if miss.max() <= _SAME * np.abs(off).max():
                return True
    return False


def _off(answers: Sequence[np.ndarray], case: Case) -> np.ndarray | None:
    """How far off the answers are, where that is more than error bars and rounding explain."""
    if all(one.shape == e.value.shape == () for one, e in zip(answers, case.expected, strict=True)):
        pairs = [
            (float(a), float(e.value), float(e.error))
            for a, e in zip(answers, case.expected, strict=True)
        ]
        rounding = _ROUNDING * max(abs(right) for _, right, _ in pairs)
        if all(abs(got - right) <= _OUTSIDE * bar + rounding for got, right, bar in pairs):
            return None  # as below, in plain numbers
    off = np.concatenate([
        (one - right.value).ravel() for one, right in zip(answers, case.expected, strict=True)
    ])  # fmt: skip
    bars = np.concatenate([np.broadcast_to(e.error, e.value.shape).ravel() for e in case.expected])
    largest = max(np.abs(one.value).max(initial=0.0) for one in case.expected)
    worst = int(np.argmax(np.abs(off))) if off.size else 0
    if not off.size or any(np.any(e.kinked) for e in case.expected):
        return None
    if np.abs(off[worst]) <= _OUTSIDE * bars[worst] + _ROUNDING * largest:
        return None
    return off


def _moved(inputs: Sequence[Any], i: int, entry: tuple[int, ...], step: float) -> list[Any]:
    moved = np.array(inputs[i], dtype=np.float64)
    moved[entry] += step
    return [*inputs[:i], moved[()], *inputs[i + 1 :]]
