"""A net by the package autograd, and its training: the truth of what lectures 4 and 7 train.

Data and the random numbers that a net starts from are the course's; nothing else is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import autograd
import autograd.numpy as np

Parameters = dict[str, Any]


def scores(params: Parameters, X: Any) -> Any:
    values, layers = X, len(params) // 2
    for layer in range(1, layers + 1):
        values = values @ params[f"W{layer}"] + params[f"b{layer}"]
        values = np.maximum(0.0, values) if layer < layers else values
    return values


def loss(params: Parameters, X: Any, y: Any) -> Any:
    """Softmax cross entropy, the mean over the rows."""
    found = scores(params, X)
    shifted = found - np.max(found, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - shifted[np.arange(len(X)), y])


_step = autograd.value_and_grad(loss)


def train(
    start: Parameters, batches: Iterable[tuple[Any, Any]], rate: float
) -> tuple[Parameters, list[float]]:
    """The parameters after a step for each batch, and the losses before each."""
    params, losses = dict(start), []
    for X, y in batches:
        before, gradients = _step(params, X, y)
        losses.append(float(before))
        params = {name: value - rate * gradients[name] for name, value in params.items()}
    return params, losses


def right(params: Parameters, X: Any, y: Any) -> float:
    """How many of a hundred points have their own class for the largest score."""
    return 100 * float(np.mean(np.argmax(scores(params, X), axis=1) == y))


def parameters(*sizes: int) -> int:
    """How many numbers a net of these sizes has: weights and biases."""
    return sum(n * m + m for n, m in itertools.pairwise(sizes))
