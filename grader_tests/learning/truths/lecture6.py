"""Truths of lecture 6: gradient checking. By mpmath; rounding is between two bounds."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as np
import mpmath

from grader_tests.support.stated import Between, Truths

ONE = mpmath.mpf(1)


def f(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def forward(h: float) -> Any:
    with mpmath.workdps(40):
        return (f(ONE + h) - f(ONE)) / h


def central(h: float) -> Any:
    with mpmath.workdps(40):
        return (f(ONE + h) - f(ONE - h)) / (2 * mpmath.mpf(h))


SLOPE = mpmath.diff(f, 1)
# The gap from 1 to the next float: 52 digits behind the point, to the base of two.
EPS = mpmath.mpf(2) ** -52


def off(h: float) -> list[Any]:
    """How far the two differences are off by the bend of the curve alone."""
    return [abs(forward(h) - SLOPE), abs(central(h) - SLOPE)]


def rounded(h: float) -> Between:
    """How far one may be off where only rounding counts: a few of a value's last digits over h."""
    gap = EPS * f(1) / h
    return Between(float(gap / 100), float(2 * gap))


def relative(a: Any, b: Any) -> Any:
    return abs(a - b) / max(abs(a), abs(b))


def bent(x: Any) -> Any:
    return x * f(x)


def claims(x: int) -> list[Any]:
    """The relative errors of A, B and C at x."""
    s, right = f(x), mpmath.diff(bent, x)
    return [relative(claim, right) for claim in (s + x * s * (1 - s), s + x * s, s * (1 - s))]


def softmax(x: Any) -> Any:
    return np.exp(x) / np.sum(np.exp(x))


BACK, _ = autograd.make_vjp(softmax, 0)(np.array([0.5, -1.0, 2.0]))
Y, T = np.array([1.0, 2.0, 4.0]), np.array([[1.0], [2.0], [4.0]])
SQUARES = autograd.grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0]))
UP = (0.73529, -0.73379)
AT_MINUS_1 = float(mpmath.diff(f, -1))
DIGITS = int(mpmath.log10(1 / EPS)) + 1
RELU = {x: (max(x + 1e-5, 0) - max(x - 1e-5, 0)) / 2e-5 for x in (0.0, 0.000004)}

TRUTHS: Truths = {
    "differences-heading": [("has the slope", [SLOPE])],
    "differences-run": [
        ("slope", [SLOPE]),
        ("forward", [forward(0.1)]),
        ("central", [central(0.1)]),
    ],
    "differences-plot": [
        ("tangent at 1, slope", [SLOPE]),
        ("x and x + h, slope", [forward(1.5)]),
        ("x - h and x + h, slope", [central(1.5)]),
    ],
    "orders-run": [(f"h = {h:<5}", off(h)) for h in (0.1, 0.01, 0.001)],
    "step-run": [
        ("h = 1e-01", off(1e-1)),
        ("h = 1e-03", off(1e-3)),
        # Below, the digits of the smaller one are rounding.
        ("h = 1e-05", [off(1e-5)[0], Between(0, float(2 * EPS / 1e-5))]),
        ("h = 1e-07", [off(1e-7)[0], rounded(1e-7)]),
        ("h = 1e-09", [rounded(1e-9), rounded(1e-9)]),
        ("h = 1e-12", [rounded(1e-12), rounded(1e-12)]),
    ],
    "step-why": [
        ("almost all of their", [DIGITS]),
        ("off by about", [Between(0, float(2 * EPS / 1e-5))]),
        ("it is\noff by", [rounded(1e-12)]),
        (r"\varepsilon =", [EPS]),
    ],
    "step-rule": [
        ("forward: best near eps ** (1/2) =", [mpmath.sqrt(EPS)]),
        ("central: best near eps ** (1/3) =", [mpmath.cbrt(EPS)]),
    ],
    "array-heading": [("has the gradient", SQUARES)],
    "array-run": [("one at a time:", SQUARES), ("all at once:", [SQUARES.sum()])],
    "relative-heading": [("", [SQUARES.sum()])],
    "relative-run": [
        ("relative error goes from", [relative(ONE, mpmath.mpf("1.01")), relative(1000, 1010)]),
        ("absolute error goes from", [0.01 * 1e-8, 0.01 * 1e4]),
    ],
    "relative-zero-run": [("0 and 1e-12:", [relative(0, mpmath.mpf("1e-12"))])],
    "integers-heading": [("would be", [relative(1, -1)])],
    "integers-run": [
        ("up [", [1, 2, 3]),
        ("down [", [int(1 - 1e-5), 2, 3]),
        ("slope", [(1 - int(1 - 1e-5)) / 2e-5]),
        ("x² goes from", [0, 4**2]),
        ("sees goes from", [0, 4**2]),
    ],
    "float32-heading": [("", [(1 - 0) / 2e-5]), ("so", [1 - 0.00001]), ("It has", [7]),
                        ("`float64` has", [DIGITS])],
    "kinks-run": [("at 0: ", [RELU[0.0]]), ("at 0.000004:", [RELU[0.000004]])],
    "broadcasting-run": [("loss:", [np.sum((Y - T) ** 2)])],
    "ones-run": [
        ("softmax: [", BACK(np.ones(3))),
        ("passes: False   softmax: [", BACK(np.array([0.7, -1.3, 0.4]))),
    ],
    "bar-run": [
        ("sigmoid at 1", [SLOPE]),
        ("sigmoid at 5", [mpmath.diff(f, 5)]),
        ("sin(x) at 1", [mpmath.cos(1)]),
    ],
    "planted-heading": [("The last: of", [DIGITS])],
    "planted-points": [
        ("at x = 0:  A", [claims(0)[0]]),
        ("at x = 0:  A 0.00  B", [claims(0)[1]]),
        ("B 0.00  C", [claims(0)[2]]),
        ("at x = 1:  A", claims(1)),
    ],
    "own-check": [
        ("upstream = [", UP),
        # What is shown of the upstream gradient is rounded, and what it was multiplied with is not.
        ("expected", [Between(*sorted(AT_MINUS_1 * (UP[1] + by) for by in (-5e-6, 5e-6)))]),
        ("got", [mpmath.diff(f, -1)]),
    ],
    "summary-heading": [("best near $h =", [mpmath.mpf("1e-5")])],
}  # fmt: skip
assert 0.1 < mpmath.cbrt(EPS) / 1e-5 < 10
