"""Mistakes in a student's own gradient check: difference quotients, steps, relative errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.check.case import DoesNotApply
from chainrule.check.misconceptions.model import (
    Misconception,
    Predict,
    Prediction,
    of_point,
    ways,
)

_DIFFERENCES = "06_gradient_checking#Forward-and-central-differences"
_KINKS = "06_gradient_checking#Kinks"
_STEP = "06_gradient_checking#The-size-of-the-step"
_ARRAYS = "06_gradient_checking#The-gradient-of-an-array"
_RELATIVE = "06_gradient_checking#Relative-error"

_OF_NUMBERS = ("forward_difference", "central_difference")
_OF_ARRAYS = ("numerical_gradient", "gate_gradient")
_DEFAULT_STEP = 1e-5

Formula = Callable[[Callable[[float], float], float], float]
"""A difference quotient, from f as a function of the step alone, and the step."""


def _ahead(f: Callable[[float], float], h: float) -> float:
    return (f(h) - f(0)) / h


def _back(f: Callable[[float], float], h: float) -> float:
    return (f(0) - f(-h)) / h


def _central(f: Callable[[float], float], h: float) -> float:
    return (f(h) - f(-h)) / (2 * h)


def _quotients(*formulas: Formula, **changed: Any) -> Predict:
    """Formulas in place of the right one, for a number x or for every entry of an array x.

    changed: see `_gradient`.
    """

    def by(formula: Formula) -> Callable[..., Any]:
        def quotient(f: Any, x: Any, *rest: Any) -> Any:
            step = _given_step(rest)
            if step == changed.get("step"):
                raise DoesNotApply("no other step than the one given")
            if np.ndim(x):
                return _gradient(formula, f, x, *rest, **changed)
            return formula(lambda d: f(x + d), changed.get("step", step))

        return quotient

    return ways(*(of_point(by(formula)) for formula in formulas))


def _given_step(rest: Sequence[Any]) -> float:
    """h, which comes last where it is given."""
    return float(rest[-1]) if rest and not np.ndim(rest[-1]) else _DEFAULT_STEP


def _gradient(
    formula: Formula,
    f: Any,
    x: Any,
    *rest: Any,
    step: float | None = None,
    keep_type: bool = False,
    weighed: bool = True,
    left_behind: float = 0.0,
) -> np.ndarray:
    """Difference quotients of f, or of sum(upstream * f), by each entry of x.

    rest: upstream, an array, where f has one; h, a number, where it is given.
    step: taken in place of h. keep_type: x is moved in its own type. weighed: upstream is used.
    left_behind: how many steps away from home an entry is when its turn is over.
    """
    upstream = rest[0] if rest and weighed and np.ndim(rest[0]) else 1.0
    h = step or _given_step(rest)
    home = np.array(x) if keep_type else np.array(x, dtype=np.float64)
    found = np.zeros(home.shape)
    for entry in np.ndindex(home.shape):

        def along(d: float, entry: Any = entry) -> float:
            moved = home.copy()
            moved[entry] = moved[entry] + d
            return float(np.sum(upstream * f(moved)))

        found[entry] = formula(along, h)
        home[entry] = home[entry] + left_behind * h
    return found


def _cut_results(call: Any) -> list[Prediction]:
    """The right slopes, put into an array that took over the integers of x."""
    whole = np.asarray(call.point["x"]).dtype.kind == "i"
    return [[np.trunc(np.round(call.right[0], 9)) if whole else call.right[0]]]


def _all_at_once(f: Any, x: Any, *rest: Any) -> np.ndarray:
    """The same change in every entry: all entries were moved together."""
    x = np.asarray(x, dtype=np.float64)
    one = _gradient(_central, lambda d: f(x + d[0]), np.zeros(1), *rest)
    return np.full(x.shape, one[0])


def _errors(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """|a - b|, |a| and |b| as flat arrays."""
    a, b = np.ravel(a).astype(float), np.ravel(b).astype(float)
    return np.abs(a - b), np.abs(a), np.abs(b)


def _ratio(top: Any, bottom: Any) -> Any:
    """top / bottom, and 0 where bottom is 0."""
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=np.asarray(bottom) > 0)


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(values))


def _relative(pool: Callable[[np.ndarray, np.ndarray, np.ndarray], Any]) -> Callable[..., Any]:
    return of_point(lambda a, b: pool(*_errors(a, b)))


ROWS = (
    Misconception(
        "one-sided-difference",
        "the difference was taken on one side only",
        "A central difference looks as far to the left as to the right; what it gains is that the "
        "bend of the curve cancels.",
        _DIFFERENCES,
        _quotients(_ahead, _back),
        gates=("central_difference", *_OF_ARRAYS),
    ),
    Misconception(
        "other-difference",
        "it is another difference than the one asked for",
        "A forward difference compares x with the point to its right. Which two points does yours "
        "compare?",
        _DIFFERENCES,
        _quotients(_back, _central),
        gates=("forward_difference",),
    ),
    Misconception(
        "wrong-distance",
        "the change was divided by the wrong distance",
        "A slope is a change over the distance on which it happened. How far apart are the two "
        "points that you compare?",
        _DIFFERENCES,
        _quotients(
            lambda f, h: 2 * _central(f, h),
            lambda f, h: _ahead(f, h) / 2,
            lambda f, h: _back(f, h) / 2,
        ),
        gates=(*_OF_NUMBERS, *_OF_ARRAYS),
        covers=("factor-two", "factor-half"),
    ),
    Misconception(
        "difference-not-divided",
        "the change was not divided by the distance",
        "This is how much f changes over the step. A slope is the change for a distance of 1.",
        _DIFFERENCES,
        _quotients(lambda f, h: f(h) - f(-h), lambda f, h: f(h) - f(0)),
        gates=(*_OF_NUMBERS, *_OF_ARRAYS),
    ),
    Misconception(
        "step-ignored",
        "another step was taken than the one given",
        "The step h is an argument: whoever calls decides how long it is.",
        _STEP,
        lambda call: [
            way
            for power in range(1, 16)
            for way in _quotients(_central, _ahead, step=10.0**-power)(call)
        ],
        gates=(*_OF_NUMBERS, *_OF_ARRAYS),
    ),
    Misconception(
        "step-too-small",
        "the smallest step was taken for the best",
        "A shorter step sees less of the bend, but more of the rounding: the change it divides has "
        "fewer and fewer right digits. Measure.",
        _STEP,
        ways(of_point(lambda f, x, slope, steps: min(steps))),
        gates=("best_step",),
    ),
    Misconception(
        "sides-swapped",
        "left and right have changed places",
        "Each slope is right, but the left one is to come first.",
        _KINKS,
        ways(
            of_point(lambda f, x, h: [_ahead(lambda d: f(x + d), h), _back(lambda d: f(x + d), h)])
        ),
        gates=("sides",),
    ),
    Misconception(
        "step-lost",
        "the step was lost in the type of the array",
        "An array of integers, or of float32, rounds what is put into it: x + h is then not what "
        "you think. Look at the type of the array that you move.",
        "06_gradient_checking#Integer-arrays-and-float32",
        lambda call: [*_quotients(_central, keep_type=True)(call), *_cut_results(call)],
        gates=_OF_ARRAYS,
        covers=("integer-arithmetic", "step-ignored"),
    ),
    Misconception(
        "step-not-undone",
        "an entry was still moved when the next one had its turn",
        "Each slope is measured with all other entries at home. Print x after the loop.",
        _ARRAYS,
        lambda call: [
            way for steps in (-1.0, 1.0) for way in _quotients(_central, left_behind=steps)(call)
        ],
        gates=_OF_ARRAYS,
    ),
    Misconception(
        "all-entries-moved",
        "all entries were moved at once",
        "Adding h to an array moves every entry. This is the sum of all slopes; the gradient asks "
        "each entry on its own.",
        _ARRAYS,
        ways(of_point(_all_at_once)),
        gates=_OF_ARRAYS,
    ),
    Misconception(
        "outputs-not-weighed",
        "the outputs were added up without the upstream gradient",
        "Each output counts as much as the upstream gradient says. With all ones nobody would see "
        "the difference.",
        "06_gradient_checking#Upstream-gradients-at-random",
        _quotients(_central, weighed=False),
        gates=("gate_gradient",),
    ),
    Misconception(
        "absolute-error",
        "it is the absolute error, not the relative one",
        "Whether a difference is large depends on the numbers that differ: here it is not compared "
        "with them.",
        _RELATIVE,
        ways(_relative(lambda apart, a, b: np.max(apart))),
        gates=("relative_error",),
    ),
    Misconception(
        "relative-to-one",
        "the difference was measured against one of the two only",
        "Exchange a and b: the error should stay the same. And what if the one is zero?",
        _RELATIVE,
        ways(
            _relative(lambda apart, a, b: np.max(_ratio(apart, a))),
            _relative(lambda apart, a, b: np.max(_ratio(apart, b))),
        ),
        gates=("relative_error",),
    ),
    Misconception(
        "relative-to-sum",
        "the difference was measured against the sum of the sizes",
        "Many do it this way, and it gives half as much; here the larger of the two sizes is "
        "what counts.",
        _RELATIVE,
        ways(
            _relative(lambda apart, a, b: np.max(_ratio(apart, a + b))),
            _relative(lambda apart, a, b: np.max(_ratio(2 * apart, a + b))),
        ),
        gates=("relative_error",),
    ),
    Misconception(
        "error-pooled",
        "the entries were lumped together",
        "One wrong entry among many disappears in a mean, a small one beside a large one in a "
        "maximum or a length. Compare entry by entry, and then look for the worst.",
        _RELATIVE,
        ways(
            _relative(lambda apart, a, b: np.mean(_ratio(apart, np.maximum(a, b)))),
            _relative(lambda apart, a, b: _ratio(apart.max(), np.maximum(a.max(), b.max()))),
            _relative(lambda apart, a, b: _ratio(_norm(apart), np.maximum(_norm(a), _norm(b)))),
            _relative(lambda apart, a, b: _ratio(_norm(apart), _norm(a) + _norm(b))),
            _relative(lambda apart, a, b: _ratio(np.sum(apart), np.sum(np.maximum(a, b)))),
        ),
        gates=("relative_error",),
    ),
)
