"""Truths of lecture 1: scalar circuits. By mpmath."""

from __future__ import annotations

import mpmath

from grader_tests.support.stated import Between, Truths

X, Y, Z = -2, 5, -4
Q = X + Y

W_, X_ = [2, -3, -3], [-1, -2, 1]
DOT = sum(w * x for w, x in zip(W_, X_, strict=True))
EXP_NEG = mpmath.exp(-DOT)
DENOM = 1 + EXP_NEG
F = 1 / DENOM


def sigmoid(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


SLOPE = mpmath.diff(sigmoid, DOT)
# Back from f: by the denominator, and by the exponent.
BY_DENOM = mpmath.diff(lambda k: 1 / k, DENOM)
BY_NEG_DOT = mpmath.diff(lambda p: 1 / (1 + mpmath.exp(p)), -DOT)
DW, DX = [SLOPE * x for x in X_], [SLOPE * w for w in W_]
BAR = Between(0, 1e-10)

TRUTHS: Truths = {
    "circuit-build": [("q =", [Q]), ("f =", [Q * Z])],
    "nudge-heading": [("goes from", [X, X + 0.001])],
    "nudge-x": [("f changes by", [0.001 * Z]), ("each unit:", [Z])],
    "nudge-all": [
        ("df/dx =", [Z, BAR]),
        ("df/dy =", [Z, BAR]),
        ("df/dz =", [Q, BAR]),
    ],
    "one-gate-local": [("q * z:", [Z, Q]), ("x + y:", [1, 1])],
    "one-gate-by-hand": [
        ("df/dz =", [Q]),
        ("df/dq =", [Z]),
        ("df/dx =", [Z]),
        ("df/dy =", [Z]),
    ],
    "order-show": [("of backward =", [Z])],
    "promise-square": [
        ("forward(3)    =", [3**2]),
        ("backward(0.5) =", [0.5 * mpmath.diff(lambda x: x * x, 3)]),
    ],
    "neuron-forward": [
        ("dot", [DOT]),
        ("neg_dot", [-DOT]),
        ("exp_neg", [EXP_NEG]),
        ("denom", [DENOM]),
        ("f ", [F]),
    ],
    "neuron-predict": [("$-1/k^2$ |", [-1, DENOM, 2]), ("its own output |", [EXP_NEG])],
    "neuron-backward": [
        ("f ", [1]),
        ("denom", [BY_DENOM]),
        ("exp_neg", [BY_DENOM]),
        ("neg_dot", [BY_NEG_DOT]),
        ("\ndot", [SLOPE]),
    ],
    "neuron-inputs": [
        ("The sums hand", [SLOPE]),
        ("is about", [round(SLOPE, 2)]),
        (r"2 \times", [round(SLOPE, 2), 2 * round(SLOPE, 2)]),
        ("It is", [DX[0]]),
    ],
    "neuron-inputs-run": [
        ("dw =", DW),
        ("dx =", DX),
        ("rounded number:", [2 * round(SLOPE, 2)]),
        ("the full one:", [DX[0]]),
    ],
    "sigmoid-run": [("sigmoid(1)   =", [sigmoid(1)]), ("s * (1 - s)  =", [SLOPE])],
    "sigmoid-compare": [("the same", [SLOPE])],
    "sigmoid-plot": [("the value is", [F, SLOPE])],
    "gates-table": [
        ("add             of", [2, 3, 5, 1, 1]),
        ("multiply        of", [2, 3, 6, 3, 2]),
        ("max             of", [2, 3, 3, 0, 1]),
        ("reciprocal      of", [2, 1 / 2, mpmath.diff(lambda x: 1 / x, 2)]),
        ("exp             of", [1, mpmath.e, mpmath.e]),
        ("add a constant  of", [2, 3, 1]),
        ("scale           of", [2, -2, -1]),
        ("sigmoid         of", [1, sigmoid(1), mpmath.diff(sigmoid, 1)]),
    ],
    "fork-run": [("df/dx =", [mpmath.diff(lambda x: x * -4 + x, 2)]), ("df/dy =", [2])],
    "quiz-sigmoid": [
        ("At 0, where it is", [mpmath.diff(sigmoid, 0)]),
        ("There the output is", [sigmoid(0), sigmoid(0), 1, sigmoid(0), mpmath.diff(sigmoid, 0)]),
        ("At 1, where it is", [SLOPE]),
    ],
}
