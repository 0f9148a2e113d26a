"""Gradients of the course, held against those of the package autograd.

The numerical gradients that most tests use are the course's own; autograd is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from chainrule import nets
from chainrule.activations import ACTIVATIONS
from chainrule.circuit import GATES, Scalar
from chainrule.data import spiral
from grader_tests.learning.test_circuit import GATE_CASES


class Operation(NamedTuple):
    """A gate of `chainrule.circuit` in functions of autograd. tame: an input where it is defined,
    made of any number."""

    run: Callable[..., Any]
    tame: Callable[[Any], Any] = lambda x: x


OPERATIONS: dict[str, Operation] = {
    "add": Operation(lambda x, y: x + y),
    "multiply": Operation(lambda x, y: x * y),
    "max": Operation(anp.maximum),
    "reciprocal": Operation(lambda x: 1 / x, lambda x: x * x + 0.5),
    "exp": Operation(anp.exp),
    "add a constant": Operation(lambda x: x + 2.5),
    "scale": Operation(lambda x: x * -2.5),
    "sigmoid": Operation(lambda x: 1 / (1 + anp.exp(-x))),
    "tanh": Operation(anp.tanh),
    "relu": Operation(lambda x: anp.maximum(x, 0.0)),
    "log": Operation(anp.log, lambda x: x * x + 0.5),
    "power": Operation(lambda x: x**3),
}
"""By the name of the gate; constants are those of `GATE_CASES`."""

BY_AUTOGRAD: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: 1 / (1 + anp.exp(-x)),
    "tanh": anp.tanh,
    "ReLU": lambda x: anp.maximum(x, 0.0),
    "leaky ReLU": lambda x, a: anp.maximum(a * x, x),
    "maxout": lambda x, w1, b1, w2, b2: anp.maximum(w1 * x + b1, w2 * x + b2),
    "ELU": lambda x, alpha: anp.where(x > 0, x, alpha * (anp.exp(anp.minimum(x, 0.0)) - 1)),
}


def test_every_gate_and_every_activation_function_is_here() -> None:
    assert set(OPERATIONS) == set(GATES)
    assert set(BY_AUTOGRAD) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", GATES)
def test_a_gate_alone(name: str) -> None:
    build, _, inputs = GATE_CASES[name]
    scalars = [Scalar(value) for value in inputs]
    output = build(*scalars)
    output.backward()
    run = OPERATIONS[name].run
    assert output.value == pytest.approx(run(*inputs), rel=1e-12)
    by_autograd = autograd.grad(lambda x: run(*x))(np.array(inputs))
    assert [s.gradient for s in scalars] == pytest.approx(by_autograd, rel=1e-12)


def random_circuit(seed: int, inputs: list[Any], ours: bool) -> Any:
    """A circuit with forks: ten gates, each fed by any values before it; all are summed, tamed by
    tanh. `ours` says whose gates it is made of."""
    rng = np.random.default_rng(seed)
    values = list(inputs)
    names = list(GATES)
    for _ in range(10):
        name = names[rng.integers(len(names))]
        build, _, sample = GATE_CASES[name]
        operation = OPERATIONS[name]
        squash = GATE_CASES["tanh"][0] if ours else OPERATIONS["tanh"].run
        fed = [values[rng.integers(len(values))] for _ in sample]
        fed = [operation.tame(squash(value)) for value in fed]
        values.append((build if ours else operation.run)(*fed))
    total = values[-1]
    for value in values[len(inputs) : -1]:
        total = total + value
    return total


@pytest.mark.parametrize("seed", range(40))
def test_random_circuits(seed: int) -> None:
    inputs = np.random.default_rng(1000 + seed).normal(size=3)
    scalars = [Scalar(value) for value in inputs]
    output = random_circuit(seed, scalars, ours=True)
    output.backward()

    def by_autograd(x: Any) -> Any:
        return random_circuit(seed, [x[0], x[1], x[2]], ours=False)

    assert output.value == pytest.approx(by_autograd(inputs), rel=1e-10)
    expected = autograd.grad(by_autograd)(inputs)
    # What no gate was fed with has no gradient here, and 0 there.
    assert [s.gradient or 0.0 for s in scalars] == pytest.approx(expected, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_of_activation_functions(name: str) -> None:
    row = ACTIVATIONS[name]
    x = np.linspace(-6.0, 6.0, 97) + 0.0123  # at no kink
    run = BY_AUTOGRAD[name]
    assert row(x) == pytest.approx(run(x, **row.parameters), rel=1e-12, abs=1e-15)
    slopes = autograd.elementwise_grad(lambda x: run(x, **row.parameters))(x)
    assert row.slope(x) == pytest.approx(slopes, rel=1e-9, abs=1e-12)


def test_loss_and_gradients_of_a_net() -> None:
    X, y = spiral(10)
    params = nets.initial_parameters((2, 7, 5, 3), seed=3)

    def loss(params: Any) -> Any:
        h = X
        for layer in (1, 2):
            h = anp.maximum(h @ params[f"W{layer}"] + params[f"b{layer}"], 0.0)
        scores = h @ params["W3"] + params["b3"]
        log_sums = anp.log(anp.sum(anp.exp(scores), axis=1))
        return anp.mean(log_sums - scores[np.arange(len(y)), y])

    value, gradients = nets.loss_and_gradients(params, X, y)
    expected = autograd.grad(loss)(params)
    assert value == pytest.approx(loss(params), rel=1e-12)
    for name, gradient in gradients.items():
        assert gradient == pytest.approx(expected[name], rel=1e-9, abs=1e-12), name
