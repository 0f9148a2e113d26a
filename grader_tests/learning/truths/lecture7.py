"""Truths of lecture 7: an autograd engine. By the package autograd, and by counting."""

from __future__ import annotations

import itertools
from typing import Any

import autograd
import autograd.numpy as np

from chainrule.data import digits
from chainrule.nets import initial_parameters
from grader_tests.learning.truths import nets
from grader_tests.support.stated import Between, Truths


def f(x: Any, y: Any) -> Any:
    return x * y + x


DX, DY = autograd.grad(f, (0, 1))(2.0, -4.0)


def second_call() -> float:
    """Without zeros x y begins with the 1 of the first call, and x with all that it got then."""
    product = 1.0 + 1.0
    return float(DX + (product * -4.0 + 1.0))


def calls(floors: int) -> int:
    """How many values a tower has if whatever is used twice is built twice."""
    return 1 if floors == 0 else 1 + 2 * calls(floors - 1)


def gradient_of_a_tower(floors: int) -> Any:
    def tower(x: Any) -> Any:
        for _ in range(floors):
            x = x + x
        return x

    return autograd.grad(tower)(1.0)


BY_EXP = autograd.grad(lambda x: np.sum(np.exp(x) ** 2))(np.array([0.0, 1.0]))
X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]])
W = np.array([[1.0, 0.0], [2.0, -1.0]])
UP_W = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]])
TO_W = autograd.grad(lambda w: np.sum(UP_W * (X @ w)))(W)
UP = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0]])
DB = autograd.grad(lambda b: np.sum(UP * (np.ones((2, 3)) + b)))(np.array([0.1, 0.2, 0.3]))
C, R = np.array([[2.0], [-1.0]]), np.array([1.0, 0.5, 3.0])
DC, DR = autograd.grad(lambda c, r: np.sum(UP * (c * r)), (0, 1))(C, R)
# Each entry of a product of matrices is a sum of so many products.
FLOPS = 100 * 64 * 32


def wires(*sizes: int) -> int:
    """What goes into the gates of a net of scalars: two into each product and each sum, one into
    each ReLU; the scores are added up."""
    found = 0
    for before, after in itertools.pairwise(sizes):
        found += after * (2 * before + 2 * before)  # products; sums, the bias among them
    return found + sum(sizes[1:-1]) + 2 * (sizes[-1] - 1)


SMALL, LARGE = (2, 8, 3), (2, 16, 16, 3)
OF_SMALL, OF_LARGE = nets.parameters(*SMALL), nets.parameters(*LARGE)
KEPT = [layers * 3 * 256 * 100 * 8 / 2**20 for layers in (1, 10)]

TO_LEARN, ANSWERS, NEW, NEW_ANSWERS = digits()
ALL = len(TO_LEARN) + len(NEW)


def batches() -> Any:
    rng = np.random.default_rng(0)
    for _ in range(20):
        order = rng.permutation(len(TO_LEARN))
        for start in range(0, len(TO_LEARN), 32):
            batch = order[start : start + 32]
            yield TO_LEARN[batch], ANSWERS[batch]


PARAMS, _ = nets.train(initial_parameters((64, 32, 10)), batches(), 0.2)
SAID = np.argmax(nets.scores(PARAMS, NEW), axis=1)
WRONG = [[truth, said] for truth, said in zip(NEW_ANSWERS, SAID, strict=True) if truth != said]
ENOUGH = Between(95, 95) if len(WRONG) <= 0.05 * len(NEW) else Between(0, 0)

TRUTHS: Truths = {
    "value-run": [
        ("f: value", [f(2, -4), -8, 2, 1, 1]),
        ("its first operand: value", [-8, 2, -4, -4, 2]),
    ],
    "paths-run": [
        (f"{n:2} floors: gradient of x"[1:], [gradient_of_a_tower(n), calls(n)])
        for n in (1, 2, 5, 10)
    ],
    "order-function": [("[", [2, -4, -8, -6])],
    "forks-run": [
        ("=    df/dx =", [-4]),
        ("+=   df/dx =", [DX]),
        ("measured: df/dx =", [DX]),
        ("df/dy = 2\nmeasured: df/dx = -3.000000, df/dy =", [DY]),
    ],
    "again-run": [("call 1: df/dx =", [DX]), ("call 2: df/dx =", [second_call()])],
    "arrays-run": [("functions: [", BY_EXP), ("measured: ", BY_EXP)],
    "arrays-matmul-run": [("= to W", TO_W)],
    "broadcast-run": [("measured:", DB), ("= db", DB)],
    "broadcast-column-run": [
        ("dc", DC),
        ("dr", DR),
        ("up × r", [UP * R, DC]),
        ("up × c", [UP * C, DR]),
    ],
    "fixed-run": [("X @ W:", [FLOPS]), ("X.T @ dQ:", [FLOPS]), ("dQ @ W.T:", [FLOPS])],
    "cost-run": [
        (f"net {SMALL}:", [OF_SMALL]),
        ("reverse mode:", [wires(*SMALL), 1]),
        ("forward mode:", [wires(*SMALL) * OF_SMALL, OF_SMALL]),
        (f"net {LARGE}:", [OF_LARGE, wires(*LARGE), 1, wires(*LARGE) * OF_LARGE, OF_LARGE]),
    ],
    "cost-memory-run": [
        ("batch of 100:", [KEPT[1]]),
        ("reverse mode goes from", [KEPT[0], KEPT[1]]),
        ("forward mode goes from", [KEPT[0], KEPT[0]]),
    ],
    "digits-heading": [("all for.", [ALL])],
    "digits-show": [
        ("learn from:", [ALL - ALL // 4, 64]),
        ("kept back:", [ALL // 4, 64]),
        ("digits,", [20, ANSWERS[:20]]),
    ],
    "digits-run": [
        ("at least", [ENOUGH, len(NEW)]),
        ("Handwritten digits,", [len(WRONG), WRONG]),
    ],
    "quiz-modes": [("has 3 inputs and", [10_000])],
}  # fmt: skip
