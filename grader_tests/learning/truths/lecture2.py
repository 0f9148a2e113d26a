"""Truths of lecture 2: Jacobians. By the package autograd, and by counting."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as np

from grader_tests.support.stated import Truths

N = 4096
ENTRIES = N * N
MIB, KIB = 2**20, 2**10
IN_BATCH = 100 * N
BATCH_ENTRIES = IN_BATCH**2


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / np.sum(e)


def three(x: Any) -> Any:
    return np.array([x[0] ** 2, x[0] * x[1], x[0] + x[1]])


def maxout(x: Any) -> Any:
    return np.array(
        [
            np.maximum(x[0] + 2 * x[1], 3 * x[2]),
            np.maximum(x[1] - x[2], -2 * x[0] + x[2]),
        ]
    )


def jacobian(function: Any, *x: float) -> Any:
    return autograd.jacobian(function)(np.array(x))


DZ3 = np.array([-1.0, 2.0, 1.0])
J3 = jacobian(three, 2.0, 3.0)
RUNNING = np.tril(np.ones((4, 4)))
DZ4 = np.array([1.0, 2.0, 3.0, 4.0])
J_SIGMOID = jacobian(sigmoid, -1.0, 0.0, 1.0, 3.0)
SLOPES = np.diag(J_SIGMOID)
DZ_SIGMOID = np.array([2.0, -1.0, 3.0, 1.0])
J_TWO = jacobian(softmax, 1.0, 0.0)
P_TWO = softmax(np.array([1.0, 0.0]))
J_FOUR = jacobian(softmax, 2.0, 1.0, 0.0, -1.0)
UPSTREAM = np.array([1.0, -2.0, 0.5, 3.0])
WITH_UPSTREAM = [[up, *row] for up, row in zip(UPSTREAM, J_FOUR, strict=True)]
ROWS = [(2.0, 1.0, 0.0, -1.0), (0.0, 0.0, 0.0, 0.0), (-1.0, 3.0, 1.0, 2.0)]
DZ_ROWS = np.array([[1.0, 0, 0, 0], [1.0, 2, 3, 4], [0, -1.0, 0, 2]])


def along_a_direction() -> float:
    """The slope of the lecture's 409,600 sigmoids along its direction."""
    rng = np.random.default_rng(0)
    x, dz = rng.normal(size=(100, N)), rng.normal(size=(100, N))
    direction = rng.normal(size=x.shape)
    back, _ = autograd.make_vjp(sigmoid, 0)(x)
    return float(np.sum(back(dz) * direction))


SLOPE = along_a_direction()

TRUTHS: Truths = {
    "title": [("go back through", [N]), ("a table of", [round(ENTRIES / 1e6) - 1])],
    "table-forward": [("z =", three(np.array([2.0, 3.0])))],
    "definition": [("there are", [3, 2, J3.size])],
    "definition-by-hand": [("(out, in):", J3.shape), ("z0:", [J3[0]]), ("z1:", [J3[1]]),
                           ("z2:", [J3[2]])],
    "chain-heading": [("move by about", 0.001 * J3[:, 0])],
    "chain-sum": [
        ("Here", [-1, 4, 2, 3, 1, 1, (DZ3 @ J3)[0]]),
        ("and $dx_1 =", [-1, 0, 2, 2, 1, 1, (DZ3 @ J3)[1]]),
    ],
    "sides-run": [("dz @ J   =", DZ3 @ J3), ("J.T @ dz =", DZ3 @ J3), ("= dx", DZ3 @ J3)],
    "slip-heading": [
        ("square table of", [N, N]),
        ("a column of", [N, 1]),
    ],
    "slip-both-sides": [
        ("= dx", DZ4 @ RUNNING),
        ("= not dx", RUNNING @ DZ4),
    ],
    "elementwise-heading": [("gets", [DZ4[3]]), ("Of the", [J_SIGMOID.size])],
    "elementwise-run": [(f"z{k}:", [row]) for k, row in enumerate(J_SIGMOID)],
    "vjp-heading": [("that is", [4 * 4, 4 * 4 - 4])],
    "vjp-side-by-side": [
        ("Jacobian:", [4 * 4, DZ_SIGMOID, J_SIGMOID, DZ_SIGMOID @ J_SIGMOID]),
        ("entry by entry:", [4, DZ_SIGMOID, SLOPES, DZ_SIGMOID @ J_SIGMOID]),
    ],
    "vjp-running-sum": [("[", DZ4 @ RUNNING)],
    "count-heading": [("Now take", [N, N])],
    "count-run": [
        ("entries:", [ENTRIES]),
        ("memory:", [8 * ENTRIES / MIB]),
        ("not zero:", [N, N]),
        ("A square of", [N, N]),
    ],
    "batch-count-heading": [("The rest is zeros,", [8 * ENTRIES / MIB]), ("In go", [100, N])],
    "batch-count-run": [
        ("numbers in and out:", [IN_BATCH]),
        ("entries: ", [BATCH_ENTRIES]),
        ("memory: ", [8 * BATCH_ENTRIES / 1e12]),
        ("gradient, one example", [8 * N / KIB]),
        ("its Jacobian", [8 * ENTRIES / MIB]),
        ("gradient, 100 examples", [8 * IN_BATCH / MIB]),
        ("their Jacobian", [8 * BATCH_ENTRIES / 1e12]),
    ],
    "nobody-heading": [("Measuring", [IN_BATCH])],
    "nobody-run": [("shape (", [100, N, 8 * IN_BATCH / MIB])],
    "nobody-check": [("from dX:", [SLOPE]), ("measured:", [SLOPE])],
    "softmax-heading": [("You met", [J_TWO[0, 0]])],
    "softmax-two": [
        ("p = [", P_TWO),
        ("p0:", [J_TWO[0]]),
        ("p1:", [J_TWO[1]]),
    ],
    "softmax-four": [
        ("by x3", [WITH_UPSTREAM, UPSTREAM @ J_FOUR, N, ENTRIES, 8 * ENTRIES / MIB]),
    ],
    "softmax-diagonal-only": [
        ("· J", [J_FOUR, J_FOUR[0]]),
        ("× diagonal of J", [np.diag(J_FOUR), J_FOUR[0, 0], 0, 0, 0]),
    ],
    "maxout-run": [
        ("first sums:", [1 + 2 * 1, 1 - 0.5]),
        ("second sums:", [3 * 0.5, -2 * 1 + 0.5]),
        ("z0:", [jacobian(maxout, 1.0, 1.0, 0.5)]),
    ],
    "block-heading": [("Which of the", [12 * 12])],
    "block-run": [("Jacobian with", [3 * 4, 3 * 4, 3, 4, 4])],
    "block-rows": [
        ("one table of", [3 * 4, 3 * 4]),
        ("× 12:", [up @ jacobian(softmax, *x) for up, x in zip(DZ_ROWS, ROWS, strict=True)]),
    ],
    "summary-heading": [
        ("block for each example", [N, N, ENTRIES, 8 * ENTRIES / MIB]),
        ("100 examples:", [IN_BATCH, 8 * BATCH_ENTRIES / 1e12]),
    ],
    "quiz-batch": [
        ("(100,", [N]),
        ("need?", [IN_BATCH]),
        ("0 or 1.", [ENTRIES, BATCH_ENTRIES / 1e9]),
    ],
    "quiz-shape": [("an output and an input:", [2 * 5])],
}  # fmt: skip
