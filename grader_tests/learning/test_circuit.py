"""Scalar circuits: values, local and upstream gradients, forks, order."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.circuit import (
    GATES,
    Scalar,
    exp,
    log,
    maximum,
    reciprocal,
    relu,
    sigmoid,
    tanh,
)
from chainrule.numeric import numerical_gradients
from grader_tests.support.circuits import first_circuit


def test_first_circuit_has_the_syllabus_numbers() -> None:
    c = first_circuit()
    assert (c["q"].value, c["f"].value) == (3, -12)
    c["f"].backward()
    assert {name: s.gradient for name, s in c.items()} == {
        "x": -4,
        "y": -4,
        "z": 3,
        "q": -4,
        "f": 1,
    }


def test_neuron_has_the_syllabus_numbers() -> None:
    w = [Scalar(v) for v in (2, -3, -3)]
    x = [Scalar(v) for v in (-1, -2, 1)]
    dot = w[0] * x[0] + w[1] * x[1] + w[2] * x[2]
    neg_dot = -dot
    exp_neg = exp(neg_dot)
    denom = exp_neg + 1
    f = 1 / denom
    stages = [dot, neg_dot, exp_neg, denom, f]
    assert [s.value for s in stages] == pytest.approx(
        [1, -1, 0.367879, 1.367879, 0.731059], abs=5e-7
    )
    f.backward()
    back = [s.gradient for s in reversed(stages)]
    assert back == pytest.approx([1, -0.534447, -0.534447, -0.196612, 0.196612], abs=5e-7)
    assert [s.gradient for s in w] == pytest.approx([-0.196612, -0.393224, 0.196612], abs=5e-7)
    assert [s.gradient for s in x] == pytest.approx([0.393224, -0.589836, -0.589836], abs=5e-7)


# Every gate with a function that builds it and inputs in its domain.
GATE_CASES: dict[str, tuple[Callable[..., Scalar], Callable[..., float], tuple[float, ...]]] = {
    "add": (lambda x, y: x + y, lambda x, y: x + y, (0.7, -1.3)),
    "multiply": (lambda x, y: x * y, lambda x, y: x * y, (0.7, -1.3)),
    "max": (maximum, max, (0.7, -1.3)),
    "reciprocal": (reciprocal, lambda x: 1 / x, (-1.3,)),
    "exp": (exp, math.exp, (0.7,)),
    "add a constant": (lambda x: x + 2.5, lambda x: x + 2.5, (0.7,)),
    "scale": (lambda x: x * -2.5, lambda x: x * -2.5, (0.7,)),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + math.exp(-x)), (0.7,)),
    "tanh": (tanh, math.tanh, (0.7,)),
    "relu": (relu, lambda x: max(x, 0.0), (0.7,)),
    "log": (log, math.log, (0.7,)),
    "power": (lambda x: x**3, lambda x: x**3, (0.7,)),
}


def test_every_gate_is_tried() -> None:
    assert set(GATE_CASES) == set(GATES)


@pytest.mark.parametrize("name", GATES)
def test_gate_against_numerical_gradient(name: str) -> None:
    build, function, at = GATE_CASES[name]
    inputs = [Scalar(v) for v in at]
    output = build(*inputs)
    assert output.gate is GATES[name]
    assert output.value == pytest.approx(function(*at))
    output.backward(upstream=1.7)
    for scalar, estimate in zip(inputs, numerical_gradients(function, at, 1.7), strict=True):
        assert estimate.covers(scalar.gradient)


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(Scalar(-1000)).value == 0.0
    assert sigmoid(Scalar(1000)).value == 1.0


def test_tie_of_a_maximum_goes_to_the_first() -> None:
    a, b = Scalar(2), Scalar(2)
    maximum(a, b).backward()
    assert (a.gradient, b.gradient) == (1, 0)


def test_fork_adds_up() -> None:
    x, y = Scalar(2), Scalar(-4)
    (x * y + x).backward()
    assert (x.gradient, y.gradient) == (-3, 2)
    x = Scalar(3)
    (x * x).backward()
    assert x.gradient == 6


def test_second_backward_does_not_double() -> None:
    c = first_circuit()
    c["f"].backward()
    c["f"].backward()
    assert c["x"].gradient == -4


def test_forward_again_after_an_input_changed() -> None:
    c = first_circuit()
    c["f"].backward()
    c["x"].value = 1.0
    assert c["f"].forward() == -24
    assert c["x"].gradient is None
    c["f"].backward()
    assert c["z"].gradient == 6


def test_two_outputs_of_one_circuit_do_not_mix() -> None:
    x = Scalar(3)
    doubled, squared = x * 2, x * x
    doubled.backward()
    squared.backward()
    assert x.gradient == 6


def test_inputs_come_before_what_they_feed() -> None:
    order = first_circuit()["f"].circuit()
    for position, scalar in enumerate(order):
        assert all(order.index(i) < position for i in scalar.inputs)
    assert len(order) == 5


def test_deep_circuit_does_not_hit_the_recursion_limit() -> None:
    x = Scalar(1.0)
    f = x
    for _ in range(5000):
        f = f + 1.0
    f.backward()
    assert x.gradient == 1


def test_downstream_before_backward_is_refused() -> None:
    with pytest.raises(ValueError, match="backward"):
        _ = first_circuit()["f"].downstream


def test_wrong_kinds_of_operands_are_refused() -> None:
    x = Scalar(2)
    with pytest.raises(TypeError, match="exponent"):
        _ = x**x  # type: ignore[operator]
    with pytest.raises(TypeError, match="plain number"):
        Scalar(x)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.5, 3))
def test_expressions_follow_python_and_their_gradients_the_numbers(
    a: float, b: float, c: float
) -> None:
    def formula(a, b, c):  # type: ignore[no-untyped-def]
        return 2 - (a - b) * c / (3 + a * a) + a / 4 - 1 / c + c**2

    scalars = Scalar(a), Scalar(b), Scalar(c)
    output = formula(*scalars)
    assert output.value == pytest.approx(formula(a, b, c))
    output.backward()
    for scalar, estimate in zip(scalars, numerical_gradients(formula, (a, b, c)), strict=True):
        assert estimate.covers(scalar.gradient, slack=1e-9)
