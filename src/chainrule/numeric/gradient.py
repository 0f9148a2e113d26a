"""Numerical gradients that say how far they can be trusted.

A derivative is estimated by differences at shrinking step sizes (see `richardson.py`). How much the
estimate still moves from one step to the next, plus the rounding noise of the function values over
the step, is the *error bar*. The slopes from the left and from the right are estimated apart, so a
kink is seen as what it is instead of being averaged away; and far shorter steps have to say the
same, so a function that moves in steps, or ripples, is not taken for a smooth one (`slopes.py`).

All work is in float64. A function is always handed fresh copies, so nothing it does to its inputs
can leak into the next evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.numeric.probe import Probe, is_number
from chainrule.numeric.slopes import slopes

__all__ = [
    "Estimate", "directional_slopes", "numerical_gradient", "numerical_gradients",
    "numerical_gradients_at", "numerical_jacobian",
]  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative, entry by entry.

    value: the derivative; at a kink, the mean of the two one-sided slopes.
    error: half-width of the error bar around `value`, or around each one-sided slope at a kink.
           Infinite, or far larger than the value, where there is no derivative (at a jump).
    left, right: the slopes from either side; both equal `value` where there is no kink.

    All four have the shape of the input (gradient) or output shape + input shape (Jacobian).
    """

    value: np.ndarray
    error: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def kinked(self) -> np.ndarray:
        """True where the slopes from the left and from the right differ."""
        return self.left != self.right

    @cached_property
    def low(self) -> np.ndarray:
        """The least answer the estimate allows."""
        return np.minimum(self.left, self.right) - self.error

    @cached_property
    def high(self) -> np.ndarray:
        """The greatest answer the estimate allows."""
        return np.maximum(self.left, self.right) + self.error

    def covers(self, answer: Any, slack: Any = 0.0) -> np.ndarray:
        """Whether each entry of `answer` lies inside the bar, widened by `slack`."""
        answer = np.asarray(answer, dtype=np.float64)
        return (answer >= self.low - slack) & (answer <= self.high + slack)


def numerical_gradient(f: Callable[[Any], Any], x: Any, upstream: Any = None) -> Estimate:
    """Gradient of `sum(upstream * f(x))` with respect to `x`.

    f: takes one array (or number) of x's shape and returns a number or an array.
    x: number or array; integers are taken as float64. Never modified.
    upstream: of the shape of f(x); may be left out when f returns a single number.

    Returns an `Estimate` of the shape of x. Raises ValueError when upstream is missing or has the
    wrong shape, or when f(x) itself is not finite.

    >>> found = numerical_gradient(lambda x: x @ x, [1.0, -2.0])
    >>> found.value.round(6)
    array([ 2., -4.])
    >>> found.covers([2.0, -4.0])
    array([ True,  True])

    At a kink there are two slopes, and every answer between them is covered:

    >>> kink = numerical_gradient(abs, 0.0)
    >>> print(f"{kink.left:g}, {kink.right:g}, {kink.covers(0.3)}, {kink.covers(1.1)}")
    -1, 1, True, False
    """
    return numerical_gradients(f, (x,), upstream)[0]


def numerical_gradients(
    f: Callable[..., Any], inputs: Sequence[Any], upstream: Any = None
) -> tuple[Estimate, ...]:
    """Gradient of `sum(upstream * f(*inputs))` for each input, in order.

    As `numerical_gradient`, for a function of several arrays.

    >>> by_x, by_y = numerical_gradients(lambda x, y: x * y, (3.0, -4.0))
    >>> print(f"{by_x.value:g}, {by_y.value:g}")
    -4, 3
    """
    return numerical_gradients_at(f, [inputs], [upstream])[0]


def numerical_gradients_at(
    f: Callable[..., Any], points: Sequence[Sequence[Any]], upstreams: Sequence[Any]
) -> list[tuple[Estimate, ...]]:
    """`numerical_gradients` at several points, with an upstream gradient for each.

    Points alike in shape are worked out together, which takes hardly longer than one of them.
    """
    alike: dict[Any, list[int]] = {}
    for place, (inputs, upstream) in enumerate(zip(points, upstreams, strict=True)):
        form = *((np.shape(value), is_number(value)) for value in inputs), np.shape(upstream)
        alike.setdefault(form, []).append(place)
    found: dict[int, tuple[Estimate, ...]] = {}
    for places in alike.values():
        probe = Probe(f, [points[place] for place in places])
        size, owner = probe.size, np.repeat(np.arange(len(places)), probe.size)
        weights = np.concatenate([_weights(probe, upstreams[place]) for place in places])
        ways = np.tile(np.eye(size), (len(places), 1))
        all_rows = slopes(probe, ways, owner, weights[owner])[:, :, 0]
        for place, rows in zip(places, np.split(all_rows, len(places), axis=1), strict=True):
            found[place] = tuple(
                Estimate(*(part[start:stop].reshape(shape) for part in rows))
                for start, stop, shape in probe.spans
            )
    return [found[place] for place in range(len(points))]


def numerical_jacobian(f: Callable[[Any], Any], x: Any) -> Estimate:
    """Jacobian of `f` at `x`: entry [..., i] is the derivative of each output by x[i].

    Returns an `Estimate` of shape `f(x).shape + x.shape`. For an (out,) and an (in,) vector this
    is the (out, in) matrix of the lectures. Raises ValueError when f(x) is not finite.

    >>> numerical_jacobian(lambda x: np.array([x[0] * x[1], x[1]]), [2.0, 5.0]).value.round(6)
    array([[5., 2.],
           [0., 1.]])
    """
    probe = Probe(f, [(x,)])
    found = slopes(probe, np.eye(probe.size), np.zeros(probe.size, int), None)
    shape = probe.output_shape + probe.spans[0][2]
    return Estimate(*(np.ascontiguousarray(part.T).reshape(shape) for part in found))


def directional_slopes(
    f: Callable[..., Any], inputs: Sequence[Any], direction: Sequence[Any], upstream: Any = None
) -> Estimate:
    """Slope of `sum(upstream * f)` when all inputs move together along `direction`.

    direction: one array for each input, of its shape. A right gradient g has sum(g * direction)
    between the slopes from the left and from the right. Returns an `Estimate` of shape ().
    """
    probe = Probe(f, [inputs])
    step = np.concatenate([np.ravel(np.asarray(d, dtype=np.float64)) for d in direction])
    if step.size != probe.size:
        raise ValueError(f"direction has {step.size} entries, the inputs have {probe.size}")
    weights = _weights(probe, upstream)
    return Estimate(*slopes(probe, step[np.newaxis], np.zeros(1, int), weights)[:, 0, 0])


def _weights(probe: Probe, upstream: Any) -> np.ndarray:
    if upstream is None:
        if probe.base.shape[1] != 1:
            raise ValueError(
                f"the function returns an array of shape {probe.output_shape}: "
                "say which upstream gradient weighs its entries"
            )
        return np.ones((1, 1))
    weights = np.asarray(upstream, dtype=np.float64)
    if weights.shape != probe.output_shape:
        raise ValueError(
            f"upstream has shape {weights.shape}, the function's output {probe.output_shape}"
        )
    return weights.reshape(1, -1)
