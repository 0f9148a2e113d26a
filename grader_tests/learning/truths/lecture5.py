"""Truths of lecture 5: activation functions. By mpmath, and by the package autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as np
import mpmath

from grader_tests.support.stated import Truths


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def elu(x: Any) -> Any:
    return x if x >= 0 else mpmath.expm1(x)


def relu(x: Any) -> Any:
    return x if x > 0 else mpmath.mpf(0)


def slope(function: Callable[[Any], Any], x: Any) -> Any:
    with mpmath.workdps(40):
        return mpmath.diff(function, x)


def chain(function: Callable[[Any], Any], w: float = 1.0, depth: int = 10) -> Any:
    """The slope of `depth` gates in a row at 1, each a multiplication by w and then `function`."""

    def all_of_them(x: Any) -> Any:
        for _ in range(depth):
            x = function(w * x)
        return x

    return slope(all_of_them, mpmath.mpf(1))


def bce(s: Any) -> Any:
    """Minus the logarithm of the sigmoid: binary cross entropy where the label is 1."""
    return mpmath.log1p(mpmath.exp(-s))


def dead() -> tuple[Any, list[int]]:
    """The gradients of the six weights, and how many of 200 inputs pass each unit."""
    rng = np.random.default_rng(5)
    x, biases = rng.normal(size=200), np.array([3.0, 1.0, 0.0, -1.0, -2.0, -10.0])
    upstream = rng.normal(size=(200, 6))

    def units(w: Any) -> Any:
        return np.sum(upstream * np.maximum(0.0, np.outer(x, w) + biases))

    return autograd.grad(units)(np.ones(6)), [sum(x > -b) for b in biases]


def biases_while_training() -> tuple[float, float, float]:
    """The biases of the dead unit after the lecture's steps: leaky ReLU, ELU, ReLU."""
    x = np.random.default_rng(5).normal(size=200)
    activations = (
        lambda z: np.where(z > 0, z, 0.1 * z),
        lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0.0)) - 1.0),
        lambda z: np.maximum(0.0, z),
    )

    def after(activation: Callable[[Any], Any]) -> float:
        downhill = autograd.grad(lambda at: np.mean((activation(at[0] * x + at[1]) - 1) ** 2) / 2)
        at = np.array([1.0, -10.0])
        for _ in range(1999):
            at = at - 0.1 * downhill(at)
        return float(at[1])

    return after(activations[0]), after(activations[1]), after(activations[2])


DW_DEAD, PASS = dead()
LEAKY, ELU_BIAS, RELU_BIAS = biases_while_training()
LEFT = {w: chain(relu, w) for w in (0.5, 1, 2)}
LEFT_8 = chain(sigmoid, 8)


def of_sigmoid(x: int) -> list[Any]:
    return [x, sigmoid(x), slope(sigmoid, x)]


def of_elu(x: int) -> list[Any]:
    return [x, elu(x), slope(elu, x), 1, elu(x) + 1]


def maxout_of(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return np.maximum(np.dot(w1, x) + b1, np.dot(w2, x) + b2)


AT = (np.array([2.0, -1.0]), np.array([1.0, 3.0]), 0.5, np.array([0.5, -1.0]), 1.0)
BY = autograd.grad(maxout_of, (0, 1, 2, 3, 4))(*AT)

TRUTHS: Truths = {
    "six-gallery": [
        ("sigmoid", [0, slope(sigmoid, 0)]),
        ("tanh", [0, slope(mpmath.tanh, 0)]),
        ("ReLU", [0, 1]),
        ("leaky ReLU", [0.1, 1]),
        ("maxout", [-0.5, 1]),
        ("ELU  ", [0, 1]),
    ],
    "sigmoid-saturates": [
        *((f"x = {x:2}"[:4], of_sigmoid(x)) for x in (0,)),
        *((f"x = {x:2}   sig"[2:], of_sigmoid(x)[1:]) for x in (2, 5, 10, 20)),
        ("the value is", of_sigmoid(5)[1:]),
    ],
    "saturation-heading": [
        ("the slope is", [slope(sigmoid, 0)]),
        ("At 10 it is", [slope(sigmoid, 10)]),
        ("multiplied by", [slope(sigmoid, 0)]),
    ],
    "saturation-chain": [
        ("** 10 =", [mpmath.mpf("0.25") ** 10]),
        ("; ReLU goes from", [1, chain(relu)]),
        ("tanh goes from", [1, chain(mpmath.tanh)]),
        ("sigmoid goes from", [1, chain(sigmoid)]),
    ],
    "exploding-run": [
        ("ReLU, w = 0.5", [LEFT[0.5]]),
        ("ReLU, w = 1", [LEFT[1]]),
        ("ReLU, w = 2", [LEFT[2]]),
        ("sigmoid, w = 8", [LEFT_8]),
        ("w = 0.5 goes from", [1, LEFT[0.5]]),
        ("w = 1 goes from", [1, LEFT[1]]),
        ("w = 2 goes from", [1, LEFT[2]]),
        ("w = 8 goes from", [1, LEFT_8]),
    ],
    "stable-naive": [
        ("naive(-1000)                   =", [sigmoid(-1000)]),
        ("exp(-|x|):", [mpmath.exp(-1000), 1, mpmath.exp(-1000)]),
        ("stable sigmoid:", [sigmoid(-1000), sigmoid(0), sigmoid(1000)]),
    ],
    "stable-lucky": [
        ("ends near", [mpmath.mpf(2) ** 1024]),
        ("and $e^", [int(mpmath.ceil(mpmath.log(mpmath.mpf(2) ** 1024)))]),
    ],
    "bce-run": [
        ("s =    ", [2, bce(2), slope(bce, 2), bce(2), slope(bce, 2)]),
        ("s = -800.0", [bce(-800), slope(bce, -800)]),
        ("measured at 2:", [slope(bce, 2)]),
    ],
    "tanh-plot": [
        *((f"x = {x:2}   slope"[2:], [slope(mpmath.tanh, x), slope(sigmoid, x)])
          for x in (0, 2, 5, 10)),
        ("the value is", [0, slope(mpmath.tanh, 0)]),
    ],
    "relu-heading": [("its slope is more than", [5000])],
    "relu-plot": [("what goes back:", [3 * slope(relu, 0.001), 3 * slope(relu, -0.001)])],
    "dead-run": [
        ("dw =", DW_DEAD),
        ("bias of the unit:", [3, PASS[0], 1, PASS[1], 0, PASS[2], -1, PASS[3], -2, PASS[4],
                               -10, PASS[5]]),
    ],
    "leaky-revives-run": [
        ("leaky ReLU goes from", [-10, LEAKY]),
        ("ELU goes from", [-10, ELU_BIAS]),
        ("; ReLU goes from", [-10, RELU_BIAS]),
    ],
    "leaky-limits-run": [
        ("slope 2 on the left:", [2 * -3, 3]),
        ("max(2x, x):", [max(2 * -3, -3), max(2 * 3, 3)]),
    ],
    "elu-plot": [
        *((f"x = {x:3}   ELU"[2:], of_elu(x)[1:]) for x in (-1, -5, -10)),
        ("the value is", [elu(-1), slope(elu, -1)]),
    ],
    "elu-where-run": [
        ("by multiplication: [", [mpmath.exp(-1)]),
        ("stable: [", [elu(-1), elu(1000)]),
    ],
    "maxout-circuit": [(f"d{name}", [by]) for name, by in
                       zip(["x  =", "w1 =", "b1 =", "w2 =", "b2 ="], BY, strict=True)],
    "summary-heading": [("at most", [slope(sigmoid, 0)]), ("$1 - t^2$, at most", [1])],
    "quiz-vanish": [("at most", [slope(sigmoid, 0)])],
    "quiz-elu": [("alpha = 1) at some x is", [-0.8, 1 - 0.8])],
}  # fmt: skip
assert slope(sigmoid, 10) / slope(mpmath.tanh, 10) > 5000
