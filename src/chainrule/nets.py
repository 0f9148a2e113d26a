"""A net of linear layers with ReLU between them, ready made for where a lesson builds on one.

Its parameters are a plain dict: W1, b1, W2, b2 and so on, with W of shape (inputs, outputs) and b
of shape (outputs,). All work is in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

__all__ = [
    "Training", "accuracy", "class_map", "initial_parameters", "loss_and_gradients", "scorer",
    "scores", "train",
]  # fmt: skip

Parameters = dict[str, np.ndarray]


@dataclass(frozen=True)
class Training:
    """What a training left behind.

    losses: array of shape (steps + 1,), the loss before each step and after the last.
    kept:   step -> the parameters after so many steps; 0 and the last step are always there.
    """

    losses: np.ndarray
    kept: dict[int, Parameters]

    @property
    def before(self) -> Parameters:
        """The parameters it started from."""
        return self.kept[0]

    @property
    def after(self) -> Parameters:
        """The parameters it ended with."""
        return self.kept[max(self.kept)]


def initial_parameters(sizes: Sequence[int], seed: int = 0) -> Parameters:
    """Random weights and zero biases for layers of the given sizes, inputs first.

    Weights have a standard deviation of sqrt(2 / inputs), so that values keep their size from
    layer to layer: a ReLU lets half of them through.

    >>> {name: value.shape for name, value in initial_parameters((2, 24, 3)).items()}
    {'W1': (2, 24), 'b1': (24,), 'W2': (24, 3), 'b2': (3,)}
    """
    rng = np.random.default_rng(seed)
    params: Parameters = {}
    for layer, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        params[f"W{layer}"] = rng.normal(0.0, np.sqrt(2 / inputs), (inputs, outputs))
        params[f"b{layer}"] = np.zeros(outputs)
    return params


def scores(params: Parameters, X: np.ndarray) -> np.ndarray:
    """The net's output, of shape (N, classes), for X of shape (N, inputs)."""
    return _values(params, X)[-1]


def accuracy(params: Parameters, X: np.ndarray, y: np.ndarray) -> float:
    """The part of the points, from 0 to 1, whose own class y has the largest score."""
    return float(np.mean(np.argmax(scores(params, X), axis=1) == y))


def loss_and_gradients(
    params: Parameters, X: np.ndarray, y: np.ndarray
) -> tuple[float, Parameters]:
    """Softmax cross-entropy, averaged over the N points, and its gradient for each parameter.

    X of shape (N, inputs); y of shape (N,), class numbers. Returns the loss and a dict with the
    names and shapes of `params`.
    """
    values = _values(params, X)
    rows = np.arange(len(X))
    shifted = values[-1] - values[-1].max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    upstream = np.exp(log_p)
    upstream[rows, y] -= 1.0
    upstream /= len(X)
    gradients: Parameters = {}
    for layer in range(len(values) - 1, 0, -1):
        before = values[layer - 1]
        gradients[f"W{layer}"] = before.T @ upstream
        gradients[f"b{layer}"] = upstream.sum(axis=0)
        upstream = (upstream @ params[f"W{layer}"].T) * (before > 0)
    return float(-log_p[rows, y].mean()), {name: gradients[name] for name in params}


def scorer(params: Parameters) -> Callable[[np.ndarray], np.ndarray]:
    """The net with these parameters as a function: from points (N, inputs) to scores."""
    return partial(scores, params)


def class_map(params: Parameters, side: int = 48, reach: float = 1.2) -> np.ndarray:
    """The class the net gives each place of the plane: a map of class numbers, (side, side).

    For a net with two inputs. The map goes from -reach to reach, its top row first; each entry is
    the class in the middle of its cell.
    """
    middles = reach * ((2 * np.arange(side) + 1) / side - 1)
    places = np.stack(np.meshgrid(middles, middles[::-1]), axis=-1).reshape(-1, 2)
    return np.argmax(scores(params, places), axis=1).reshape(side, side)


def train(
    start: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    *,
    learning_rate: float = 0.5,
    steps: int = 600,
    keep: Iterable[int] = (),
) -> Training:
    """Gradient descent on all points at once, from `start`, which stays as it is.

    X of shape (N, inputs); y of shape (N,). keep: after which steps to keep a copy of the
    parameters.

    >>> from chainrule.data import spiral
    >>> X, y = spiral(60)
    >>> made = train(initial_parameters((2, 24, 3)), X, y)
    >>> accuracy(made.before, X, y) < 0.5 and accuracy(made.after, X, y) >= 0.95
    True
    """
    params = {name: np.array(value) for name, value in start.items()}
    wanted = {0, steps, *keep}
    losses, kept = np.zeros(steps + 1), {}
    for step in range(steps + 1):
        if step in wanted:
            kept[step] = {name: value.copy() for name, value in params.items()}
        losses[step], slopes = loss_and_gradients(params, X, y)
        for name, value in params.items():
            value -= learning_rate * slopes[name]
    return Training(losses, kept)


def _values(params: Parameters, X: np.ndarray) -> list[np.ndarray]:
    """X, the output of every hidden layer, and the scores."""
    values = [np.asarray(X, dtype=np.float64)]
    layers = len(params) // 2
    for layer in range(1, layers + 1):
        linear = values[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
        values.append(linear if layer == layers else np.maximum(linear, 0.0))
    return values
