"""Truths of lecture 3: the matmul gate. By the package autograd."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as np

from grader_tests.support.stated import Truths

X1, W = np.array([[0.2, 0.4]]), np.array([[0.1, 0.5], [-0.3, 0.8]])
X = np.array([[0.2, 0.4], [1.0, 0.5], [-0.5, 1.0]])
B = np.array([0.3, -0.1])


def norm(q: Any) -> Any:
    return np.sum(q**2)


def of_rows(x: Any, w: Any) -> Any:
    return norm(x @ w)


def of_columns(x: Any, w: Any) -> Any:
    return norm(w @ x)


def mean(x: Any, w: Any, b: Any = 0.0) -> Any:
    return norm(x @ w + b) / len(x)


def gradients(function: Any, *at: Any) -> Any:
    return autograd.grad(function, tuple(range(len(at))))(*at)


Q = X1 @ W
DQ = autograd.grad(norm)(Q)
DX, DW = gradients(of_rows, X1, W)
J_X = autograd.jacobian(lambda x: x @ W)(X1[0])
J_W = autograd.jacobian(lambda flat: X1[0] @ flat.reshape(2, 2))(W.ravel())
XC = X1.T
QC = W @ XC
DXC, DWC = gradients(of_columns, XC, W)
DQS = autograd.grad(norm)(X @ W)
EACH = [gradients(of_rows, row[np.newaxis], W)[1] for row in X]
DW_SUM = gradients(of_rows, X, W)[1]
DW_MEAN = gradients(mean, X, W)[1]
DQ_BIAS = autograd.grad(lambda q: norm(q) / 3)(X @ W + B)
DB = gradients(mean, X, W, B)[2]

TRUTHS: Truths = {
    "matmul-run": [("= q", Q)],
    "norm-heading": [
        ("$q_0 =", [0.2, 0.1, 0.4, -0.3, Q[0, 0]]),
        ("$q_1 =", [0.2, 0.5, 0.4, 0.8, Q[0, 1]]),
    ],
    "norm-run": [
        ("f  =", [norm(Q)]),
        ("dq =", DQ),
        ("At q =", [Q, norm(Q), DQ]),
    ],
    "dx-heading": [("With $dq =", DQ)],
    "dx-entry-by-entry": [("dx =", DX)],
    "dx-matrix": [("dq", DQ), ("= dx", DX)],
    "dx-jacobian": [("q0:", J_X)],
    "dw-heading": [("and $dq =", DQ)],
    "dw-matrix": [("dq", DQ), ("= dW", DW)],
    "dw-jacobian": [("q0:", J_W)],
    "dw-jacobian-why": [("D = M =", [4096, 4096, 3, 4096])],
    "measured-run": [("df/dx:", DX), ("df/dW:", DW)],
    "limit-run": [
        ("right: dq", DQ),
        ("= dx", DX),
        ("wrong side, and it fits: dq", DQ),
        ("= not dx", DQ @ W),
        ("lost factor, and it fits: q", [Q, W.T, DX / 2]),
    ],
    "column-run": [
        ("f =", [of_columns(XC, W)]),
        ("= q", QC),
        ("back to x: W transposed", [W.T, autograd.grad(norm)(QC), DXC]),
        ("back to W: dq", [autograd.grad(norm)(QC), XC, DWC]),
    ],
    "batch-run": [("example 0", [EACH, DW_SUM])],
    "batch-matrix": [("X transposed", [X.T, DQS, DW_SUM])],
    "mean-run": [("of the sum", [DW_SUM, 3, DW_MEAN])],
    "bias-run": [("dQ", DQ_BIAS), ("= db", DB)],
    "quiz-shape": [("X is", [64, 10, 10, 3]), ("That of W. The", [64, 64, 10, 3, 3, 10, 64, 3])],
}
