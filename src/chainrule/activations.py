"""The six activation functions of the course, as one table: plots and lessons read from it.

>>> relu = ACTIVATIONS["ReLU"]
>>> relu([-1.0, 2.0])
array([0., 2.])
>>> relu.slope([-1.0, 2.0])
array([0., 1.])

The same function with another parameter:

>>> ACTIVATIONS["leaky ReLU"].but(a=0.01)([-1.0, 2.0])
array([-0.01,  2.  ])

All of them work entry by entry on arrays of any shape, in float64, and never overflow: an
exponential is only ever taken of a number that is zero or less.

Sources: ELU from Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by
Exponential Linear Units" (2016); maxout from Goodfellow et al., "Maxout Networks" (2013), here for
a single number x; leaky ReLU from Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural
Network Acoustic Models" (2013).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

__all__ = ["ACTIVATIONS", "Activation", "elu", "leaky_relu", "maxout", "relu", "sigmoid", "tanh"]


@dataclass(frozen=True)
class Activation:
    """One activation function.

    name:       what the lectures call it.
    formula:    its definition, in plain text.
    forward:    (x, **parameters) -> values, of x's shape.
    derivative: (x, **parameters) -> slopes, of x's shape; at a kink, the course's convention.
    kinked_at:  (**parameters) -> the inputs where the slopes from left and right differ.
    saturates:  where the slope fades to 0: "left", "right", "left and right", or nothing.
    parameters: the function's own numbers, by name.
    """

    name: str
    formula: str
    forward: Callable[..., np.ndarray]
    derivative: Callable[..., np.ndarray]
    kinked_at: Callable[..., tuple[float, ...]]
    saturates: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, x: Any) -> np.ndarray:
        return self.forward(_floats(x), **self.parameters)

    def slope(self, x: Any) -> np.ndarray:
        """The derivative at each entry of x, of x's shape."""
        return self.derivative(_floats(x), **self.parameters)

    @property
    def kinks(self) -> tuple[float, ...]:
        """The inputs where the slopes from the left and from the right differ.

        >>> ACTIVATIONS["ELU"].kinks, ACTIVATIONS["ELU"].but(alpha=2.0).kinks
        ((), (0.0,))
        """
        return self.kinked_at(**self.parameters)

    def but(self, **parameters: float) -> Activation:
        """The same function with other parameters. Raises TypeError for one it does not have."""
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            raise TypeError(f"{self.name} has no parameter {unknown[0]}")
        return replace(self, parameters={**self.parameters, **parameters})


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), of x's shape."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, z) / (1.0 + z)


def tanh(x: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent, of x's shape: 2 sigmoid(2x) - 1."""
    return np.tanh(x)


def relu(x: np.ndarray) -> np.ndarray:
    """max(0, x), of x's shape."""
    return np.maximum(0.0, x)


def leaky_relu(x: np.ndarray, a: float) -> np.ndarray:
    """x where it is positive, a x elsewhere, of x's shape; max(ax, x) as long as 0 <= a <= 1."""
    return np.where(x > 0, x, a * x)


def elu(x: np.ndarray, alpha: float) -> np.ndarray:
    """x where it is 0 or more, alpha (exp(x) - 1) elsewhere, of x's shape."""
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def maxout(x: np.ndarray, w1: float, b1: float, w2: float, b2: float) -> np.ndarray:
    """max(w1 x + b1, w2 x + b2), of x's shape."""
    return np.maximum(w1 * x + b1, w2 * x + b2)


def _sigmoid_slope(x: np.ndarray) -> np.ndarray:
    # s (1 - s) with the 1 - s written out: far to the right it would round to 0.
    z = np.exp(-np.abs(x))
    return z / (1.0 + z) ** 2


def _tanh_slope(x: np.ndarray) -> np.ndarray:
    # tanh x = 2 sigmoid(2x) - 1, so its slope is four times that of the sigmoid at 2x.
    return 4.0 * _sigmoid_slope(2.0 * x)


def _relu_slope(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, 1.0, 0.0)


def _leaky_relu_slope(x: np.ndarray, a: float) -> np.ndarray:
    return np.where(x > 0, 1.0, a)


def _elu_slope(x: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(x >= 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))


def _maxout_slope(x: np.ndarray, w1: float, b1: float, w2: float, b2: float) -> np.ndarray:
    return np.where(w1 * x + b1 >= w2 * x + b2, w1, w2)


def _nowhere() -> tuple[float, ...]:
    return ()


def _at_zero() -> tuple[float, ...]:
    return (0.0,)


def _where_lines_cross(w1: float, b1: float, w2: float, b2: float) -> tuple[float, ...]:
    return () if w1 == w2 else ((b2 - b1) / (w1 - w2),)


def _floats(x: Any) -> np.ndarray:
    return np.asarray(x, dtype=np.float64)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        one.name: one
        for one in (
            Activation(
                "sigmoid", "1 / (1 + exp(-x))", sigmoid, _sigmoid_slope, _nowhere, "left and right"
            ),
            Activation("tanh", "tanh(x)", tanh, _tanh_slope, _nowhere, "left and right"),
            Activation("ReLU", "max(0, x)", relu, _relu_slope, _at_zero, "left"),
            Activation(
                "leaky ReLU",
                "max(a x, x)",
                leaky_relu,
                _leaky_relu_slope,
                lambda a: () if a == 1 else (0.0,),
                parameters={"a": 0.1},
            ),
            Activation(
                "maxout",
                "max(w1 x + b1, w2 x + b2)",
                maxout,
                _maxout_slope,
                _where_lines_cross,
                parameters={"w1": -0.5, "b1": 0.5, "w2": 1.0, "b2": -1.0},
            ),
            Activation(
                "ELU",
                "x if x >= 0, else alpha (exp(x) - 1)",
                elu,
                _elu_slope,
                lambda alpha: () if alpha == 1 else (0.0,),
                "left",
                parameters={"alpha": 1.0},
            ),
        )
    }
)
"""The six, by name, in the order of lecture 5's gallery."""
