"""Truths of lecture 4: neural networks. By the package autograd, its trainings too."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as np
import mpmath

from chainrule.data import spiral
from chainrule.nets import initial_parameters
from grader_tests.learning.truths import nets
from grader_tests.support.stated import Between, Truths

X = np.array([[1.0, 2.0]])
W1 = np.array([[2.0, -1.0, 1.0], [1.0, 1.0, -2.0]])
W2 = np.array([[1.0, -1.0], [3.0, 1.0], [3.0, 1.0]])
W3, B3 = np.array([[2.0], [7.0]]), np.array([1.0])
B1, B2 = np.array([0.0, 0.0, 1.0]), np.array([0.5, -1.0])
DS = np.array([[1.0, -2.0]])


def relu(z: Any) -> Any:
    return np.maximum(0.0, z)


def bent(x: Any) -> Any:
    return relu(x @ W1) @ W2


def second(h: Any, w: Any, b: Any) -> Any:
    """What the scores are worth if `DS` arrives at them."""
    return np.sum(DS * (h @ w + b))


def two(x: Any, w1: Any, b1: Any) -> Any:
    return second(relu(x @ w1 + b1), W2, B2)


def three(z2: Any) -> Any:
    return (relu(z2) @ W3 + B3)[0, 0]


Z = X @ W1 + B1
H = relu(Z)
Z2 = H @ W2 + B2
DH, DW2, DB2 = autograd.grad(second, (0, 1, 2))(H, W2, B2)
DX, DW1, DB1 = autograd.grad(two, (0, 1, 2))(X, W1, B1)
DZ = autograd.grad(lambda z: second(relu(z), W2, B2))(Z)
DZ2 = autograd.grad(three)(Z2)
DZ1 = autograd.grad(lambda z: three(relu(z) @ W2 + B2))(Z)
DX3 = autograd.grad(lambda x: three(relu(x @ W1 + B1) @ W2 + B2))(X)

SCORES = np.array([2.0, 1.0, -1.0])
P = np.exp(SCORES) / np.sum(np.exp(SCORES))
D_SCORES = autograd.grad(lambda s: np.log(np.sum(np.exp(s))) - s[1])(SCORES)
NOTHING = mpmath.log(3)

# ---- What is trained.

POINTS, CLASSES = spiral(60)
NEW, NEW_CLASSES = spiral(60, seed=1)


def trained(*sizes: int) -> tuple[nets.Parameters, list[float]]:
    """After the 600 steps of the lecture; and the losses, that after the last step among them."""
    after, losses = nets.train(initial_parameters(sizes), [(POINTS, CLASSES)] * 600, 0.5)
    return after, [*losses, float(nets.loss(after, POINTS, CLASSES))]


FLAT, FLAT_LOSSES = trained(2, 3)
TWO, TWO_LOSSES = trained(2, 24, 3)
THREE, _ = trained(2, 24, 24, 3)
START = initial_parameters((2, 24, 3))
NEW_RIGHT = [nets.right(net, NEW, NEW_CLASSES) for net in (START, TWO, THREE)]
FLAT_RIGHT = nets.right(FLAT, POINTS, CLASSES)


def of_units_that_start_alike() -> Any:
    start = {"W1": np.full((2, 4), 0.1), "b1": np.zeros(4), "b2": np.zeros(3)}
    start["W2"] = 0.1 * np.array([[1.0, -2.0, 3.0]] * 4)
    return autograd.grad(nets.loss)(start, POINTS + 1.5, CLASSES)["W1"]


def after_ten_layers() -> list[tuple[float, float]]:
    """A size of weights, and how far values are spread after ten layers of them."""
    rng, found = np.random.default_rng(0), []
    for size in (0.01, float(mpmath.sqrt(mpmath.mpf(2) / 100)), 1.0):
        values = [rng.normal(size=(200, 100))]
        for _ in range(10):
            values.append(relu(values[-1] @ rng.normal(0, size, (100, 100))))
        found.append((size, float(mpmath.sqrt(_spread(values[-1].ravel())))))
    return found


def _spread(values: Any) -> Any:
    middle = mpmath.fsum(values) / len(values)
    return mpmath.fsum((value - middle) ** 2 for value in values) / len(values)


W, UP = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([[0.2, 0.1], [-0.4, 0.3]])
DECAYED = autograd.grad(lambda w: np.sum(UP * w) + 0.1 / 2 * np.sum(w**2))(W)
SHRUNK = W - 0.5 * autograd.grad(lambda w: 0.1 / 2 * np.sum(w**2))(W)
ENOUGH = Between(95, 95)

TRUTHS: Truths = {
    "stack-run": [
        ("two layers: [", X @ (W1 @ W2)),
        ("one matrix: [", X @ (W1 @ W2)),
        ("W =", W1 @ W2),
    ],
    "bend-run": [
        ("without bend, at x and -x:", [X @ W1 @ W2, -X @ W1 @ W2]),
        ("with bend, at x and -x:", [bent(X), bent(-X)]),
    ],
    "count-run": [
        ("net (2, 24, 3)", [2, 24, 2 * 24, 24, 24, 24, 3, 24 * 3, 3, 3]),
        ("in all:", [nets.parameters(2, 24, 3)]),
        ("net (2, 24, 24, 3)", [2, 24, 2 * 24, 24, 24, 24, 24, 24 * 24, 24, 24]),
        ("W3:", [24, 3, 24 * 3, 3, 3, nets.parameters(2, 24, 24, 3)]),
    ],
    "forward-run": [("z =", Z), ("h =", H), ("s =", Z2)],
    "backward-last": [("dW2 =", DW2), ("db2 =", DB2), ("dh  =", DH)],
    "backward-relu": [("$dh =", DH), ("input was $z =", Z)],
    "backward-first": [("dz  =", DZ), ("dW1 =", DW1), ("db1 =", DB1), ("dx  =", DX)],
    "three-forward": [
        ("h1 =", H),
        ("h2 =", relu(Z2)),
        ("score =", [three(Z2)]),
        ("dz2 =", DZ2),
        ("dz1 =", DZ1),
        ("dx =", DX3),
    ],
    "loss-run": [
        ("knows nothing:", [NOTHING]),
        ("probabilities:", P),
        ("gradient of loss:", D_SCORES),
    ],
    "spiral-heading": [("arms,", [len(POINTS) // 3])],
    "spiral-plot": [("spiral:", [len(POINTS)])],
    "linear-run": [("one linear layer:", [FLAT_RIGHT]), ("trained:", [FLAT_RIGHT])],
    "step-predict": [("a net with", [24]), ("each of the", [nets.parameters(2, 24, 3)])],
    "start-run": [
        ("start alike:", of_units_that_start_alike()),
        ("random weights of size", after_ten_layers()[0]),
        ("2e-12\nrandom weights of size", after_ten_layers()[1]),
        ("1e+00\nrandom weights of size", after_ten_layers()[2]),
    ],
    "train-predict": [("We want", [ENOUGH])],
    "train-run": [
        ("before: loss", [TWO_LOSSES[0], nets.right(START, POINTS, CLASSES)]),
        ("after:  loss", [TWO_LOSSES[-1], nets.right(TWO, POINTS, CLASSES)]),
        ("2-layer net goes from", [TWO_LOSSES[0], TWO_LOSSES[-1]]),
        ("one linear layer goes from", [FLAT_LOSSES[0], FLAT_LOSSES[-1]]),
    ],
    "train-film": [("falls from", [TWO_LOSSES[0], TWO_LOSSES[-1]])],
    "fresh-heading": [("How does it do on", [len(NEW)]), ("hidden layers of", [24])],
    "fresh-run": [
        ("2-layer net: at least", [ENOUGH if NEW_RIGHT[1] >= 95 else 0]),
        ("3-layer net: at least", [ENOUGH if NEW_RIGHT[2] >= 95 else 0]),
        ("2-layer net, before:", [NEW_RIGHT[0]]),
        ("2-layer net, after 600 steps:", [NEW_RIGHT[1]]),
        ("3-layer net, after 600 steps:", [NEW_RIGHT[2]]),
    ],
    "decay-heading": [("With", [24, len(POINTS)])],
    "decay-run": [("a fork adds: True", DECAYED), ("from the scores:", SHRUNK)],
    "summary-heading": [
        ("by the same part, here", [100 * (1 - SHRUNK[0, 0] / W[0, 0])]),
        ("for $C$ classes:", [NOTHING]),
    ],
    "quiz-shape": [
        ("goes from", [24, 3, 180, 24, 3, 180]),
        ("rows are summed.", [180, 3, 3, 24, 180, 24, 3]),
        ("one W for all", [180]),
    ],
    "quiz-loss": [("log 3, about", [NOTHING]), ("has a loss of about", [NOTHING])],
}
