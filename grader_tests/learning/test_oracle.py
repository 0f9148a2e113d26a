"""Gradients held against an engine that shares nothing with ours: the package autograd."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule import circuit, nets
from chainrule.activations import ACTIVATIONS
from chainrule.circuit import GATES, Scalar
from chainrule.numeric import numerical_gradients, numerical_jacobian

SHAKE = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
_RELATIVE = 1e-9
_ROUNDING = 1e-12  # what two numbers of the size of `_LARGEST` may leave when they should cancel
# No number in a random circuit is larger or smaller, so that none swallows another.
_LARGEST, _SMALLEST = 50.0, 1e-6

# Where an operation is tried, as intervals: clear of kinks and inside its domain.
Domain = tuple[tuple[float, float], ...]
ANYWHERE: Domain = ((-_LARGEST, _LARGEST),)
OFF_THE_KINK: Domain = ((-_LARGEST, -0.01), (0.01, _LARGEST))
FAR_FROM_ZERO: Domain = ((-_LARGEST, -0.1), (0.1, _LARGEST))
POSITIVE: Domain = ((0.05, _LARGEST),)
NOT_LARGE: Domain = ((-_LARGEST, math.log(_LARGEST)),)
# Further out a gate's `out * (1 - out)` is a difference of two numbers that are nearly equal.
NOT_FLAT: Domain = ((-6.0, 6.0),)

ANY_CONSTANT = st.just(0.0) | st.floats(0.01, 3) | st.floats(-3, -0.01)


@dataclass(frozen=True)
class Operation:
    """Something that an expression may do, once with scalars and once with plain numbers.

    gate:      the gate it ends in, or "" where it is made of several.
    scalar:    (*scalars, c) -> Scalar; plain: the same on numbers, in functions of autograd's.
    domains:   for each operand, where it may be.
    apart:     whether the two operands must differ, as those of a maximum.
    constants: what `c` may be.
    """

    gate: str
    scalar: Callable[..., Scalar]
    plain: Callable[..., Any]
    domains: tuple[Domain, ...] = (ANYWHERE,)
    apart: bool = False
    constants: st.SearchStrategy[float] = ANY_CONSTANT

    def takes(self, values: Sequence[float]) -> bool:
        """Whether the operation may be used on these numbers."""
        inside = all(
            any(low <= value <= high for low, high in domain)
            for domain, value in zip(self.domains, values, strict=False)
        )
        return inside and not (self.apart and abs(values[0] - values[1]) < 0.01)


BOTH = (ANYWHERE, ANYWHERE)
OPERATIONS = (
    Operation("add", lambda x, y, c: x + y, lambda x, y, c: x + y, BOTH),
    Operation("multiply", lambda x, y, c: x * y, lambda x, y, c: x * y, BOTH),
    Operation(
        "max", lambda x, y, c: circuit.maximum(x, y), lambda x, y, c: anp.maximum(x, y), BOTH, True
    ),
    Operation(
        "reciprocal", lambda x, c: circuit.reciprocal(x), lambda x, c: 1.0 / x, (FAR_FROM_ZERO,)
    ),
    Operation("exp", lambda x, c: circuit.exp(x), lambda x, c: anp.exp(x), (NOT_LARGE,)),
    Operation("log", lambda x, c: circuit.log(x), lambda x, c: anp.log(x), (POSITIVE,)),
    Operation("add a constant", lambda x, c: x + c, lambda x, c: x + c),
    Operation("scale", lambda x, c: c * x, lambda x, c: c * x),
    Operation(
        "sigmoid",
        lambda x, c: circuit.sigmoid(x),
        lambda x, c: 1.0 / (1.0 + anp.exp(-x)),
        (NOT_FLAT,),
    ),
    Operation("tanh", lambda x, c: circuit.tanh(x), lambda x, c: anp.tanh(x), (NOT_FLAT,)),
    Operation(
        "relu", lambda x, c: circuit.relu(x), lambda x, c: anp.maximum(0.0, x), (OFF_THE_KINK,)
    ),
    *(
        Operation(
            "power",
            lambda x, c: x**c,
            lambda x, c: anp.power(x, c),
            (domain,),
            constants=st.sampled_from(c),
        )
        for domain, c in (
            (ANYWHERE, [0.0, 1.0, 2.0, 3.0]),
            (FAR_FROM_ZERO, [-1.0, -2.0]),
            (POSITIVE, [0.5, -0.5, 1.7]),
        )
    ),
    # What the operators make of several gates.
    Operation("", lambda x, y, c: x - y, lambda x, y, c: x - y, BOTH),
    Operation("", lambda x, y, c: x / y, lambda x, y, c: x / y, (ANYWHERE, FAR_FROM_ZERO)),
    Operation("", lambda x, c: -x, lambda x, c: -x),
    Operation("", lambda x, c: c - x, lambda x, c: c - x),
    Operation("", lambda x, c: c / x, lambda x, c: c / x, (FAR_FROM_ZERO,)),
    Operation("", lambda x, c: x / 4, lambda x, c: x / 4),
)
_BY_GATE = {one.gate: one for one in OPERATIONS}


@dataclass(frozen=True)
class Recipe:
    """An expression as a list of steps: each an operation, the places of its operands, and `c`.

    A place counts the inputs first and then the steps. What no step uses is added up in the end,
    so that everything has a part in the result.
    """

    at: tuple[float, ...]
    steps: tuple[tuple[Operation, tuple[int, ...], float], ...]

    def run(self, form: str, *inputs: Any) -> Any:
        """The result for these inputs. form: "scalar" or "plain"."""
        made = list(inputs)
        for operation, places, c in self.steps:
            made.append(getattr(operation, form)(*(made[place] for place in places), c))
        used = {place for _, places, _ in self.steps for place in places}
        first, *rest = [one for place, one in enumerate(made) if place not in used]
        return sum(rest, start=first)

    def gradients(self) -> tuple[Scalar, list[Scalar]]:
        """(the output, the inputs), after `backward`."""
        inputs = [Scalar(value) for value in self.at]
        output = self.run("scalar", *inputs)
        output.backward()
        return output, inputs

    def expected(self) -> tuple[float, list[float]]:
        """(the value, the gradient for each input), as autograd has them."""
        places = tuple(range(len(self.at)))
        value, slopes = autograd.value_and_grad(partial(self.run, "plain"), places)(*self.at)
        return float(value), [float(slope) for slope in slopes]


def within(domain: Domain) -> st.SearchStrategy[float]:
    return st.one_of(*(st.floats(low, high) for low, high in domain))


@st.composite
def one_operation(draw: st.DrawFn, operation: Operation) -> Recipe:
    at = [draw(within(domain)) for domain in operation.domains]
    if operation.apart:
        at[1] = at[0] + draw(within(OFF_THE_KINK))
    step = (operation, tuple(range(len(at))), draw(operation.constants))
    return Recipe(tuple(at), (step,))


@st.composite
def expressions(draw: st.DrawFn) -> Recipe:
    """Random expressions. What a step may do is chosen by the numbers that are there."""
    at = draw(st.lists(within(((-3.0, -0.1), (0.1, 3.0))), min_size=1, max_size=4))
    values, steps = list(at), []
    usable = list(range(len(at)))
    for _ in range(draw(st.integers(1, 12))):
        # The last number is always an operand: it makes long chains. The other one makes forks.
        places = draw(st.permutations([usable[-1], draw(st.sampled_from(usable))]))
        operands = [values[place] for place in places]
        operation = draw(st.sampled_from([one for one in OPERATIONS if one.takes(operands)]))
        here, c = tuple(places[: len(operation.domains)]), draw(operation.constants)
        steps.append((operation, here, c))
        values.append(float(operation.plain(*operands[: len(here)], c)))
        # What grew too large is scaled down, and what nearly vanished is lifted.
        if abs(values[-1]) > _LARGEST:
            steps.append((_BY_GATE["scale"], (len(values) - 1,), 1.0 / abs(values[-1])))
            values.append(math.copysign(1.0, values[-1]))
        elif 0 < abs(values[-1]) < _SMALLEST:
            steps.append((_BY_GATE["add a constant"], (len(values) - 1,), 1.0))
            values.append(1.0 + values[-1])
        usable.append(len(values) - 1)
    return Recipe(tuple(at), tuple(steps))


def forks(output: Scalar) -> int:
    """How many scalars of a circuit go into more than one gate, or twice into one."""
    uses = Counter(id(source) for scalar in output.circuit() for source in scalar.inputs)
    return sum(n > 1 for n in uses.values())


def size(output: Scalar) -> float:
    """The largest contribution to any gradient: where two cancel, their rounding errors stay."""
    shares = [abs(share) for scalar in output.circuit() for share in scalar.downstream]
    return max(shares, default=0.0)


def agrees(recipe: Recipe) -> Scalar:
    """Hold one circuit against autograd; returns its output."""
    output, inputs = recipe.gradients()
    value, slopes = recipe.expected()
    assert output.value == pytest.approx(value, rel=_RELATIVE, abs=_RELATIVE)
    allowed = _RELATIVE * size(output) + _ROUNDING
    assert [s.gradient for s in inputs] == pytest.approx(slopes, rel=_RELATIVE, abs=allowed)
    return output


def test_operations_hold_every_gate() -> None:
    assert {one.gate for one in OPERATIONS} - {""} == set(GATES)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.gate or "several gates")
@settings(SHAKE, max_examples=60)
@given(data=st.data())
def test_a_gate_has_the_gradients_of_autograd(operation: Operation, data: st.DataObject) -> None:
    output = agrees(data.draw(one_operation(operation)))
    if operation.gate:
        assert output.gate is GATES[operation.gate]


def test_random_circuits_have_the_gradients_of_autograd() -> None:
    drawn, with_gate = Counter(), Counter()

    @settings(SHAKE, max_examples=250)
    @given(recipe=expressions())
    def hold(recipe: Recipe) -> None:
        output = agrees(recipe)
        drawn.update(all=1, forked=forks(output) > 0, long=len(recipe.steps) >= 6)
        with_gate.update({scalar.gate.name for scalar in output.circuit() if scalar.gate})

    hold()
    # What was drawn says something: every gate in at least one circuit of twenty, many with forks.
    assert set(with_gate) == set(GATES)
    assert min(with_gate.values()) >= drawn["all"] / 20
    assert drawn["forked"] >= drawn["all"] / 2
    assert drawn["long"] >= drawn["all"] / 3


def test_the_oracle_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate whose local gradient is off by one part in a hundred million is told apart."""
    good = GATES["tanh"]
    recipe = Recipe((0.5,), ((_BY_GATE["tanh"], (0,), 0.0),))
    agrees(recipe)
    off = replace(good, local=lambda x, out, c: (good.local(x, out, c)[0] * (1 + 1e-8),))
    monkeypatch.setitem(GATES, "tanh", off)
    with pytest.raises(AssertionError):
        agrees(recipe)


# ---- The net and the activations.


@st.composite
def nets_and_batches(draw: st.DrawFn) -> tuple[nets.Parameters, np.ndarray, np.ndarray]:
    """A net of one to four layers with its parameters, points and their classes."""
    sizes = [*draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)), draw(st.integers(2, 4))]
    points = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # With larger weights a softmax comes so close to 1 that p - 1 has hardly a digit left.
    scale = draw(st.floats(0.01, 0.5))
    params = {
        name: scale * value + 0.1 * rng.normal(size=value.shape)
        for name, value in nets.initial_parameters(sizes, seed=rng.integers(1000)).items()
    }
    return params, rng.normal(size=(points, sizes[0])), rng.integers(0, sizes[-1], points)


def loss_by_autograd(params: dict[str, Any], X: np.ndarray, y: np.ndarray) -> Any:
    """The loss of `nets`, written once more in functions of autograd's."""
    values, layers = X, len(params) // 2
    for layer in range(1, layers + 1):
        values = values @ params[f"W{layer}"] + params[f"b{layer}"]
        if layer < layers:
            values = anp.maximum(0.0, values)
    largest = anp.max(values, axis=1, keepdims=True)
    total = anp.log(anp.sum(anp.exp(values - largest), axis=1)) + largest[:, 0]
    return anp.mean(total - values[anp.arange(len(X)), y])


@settings(SHAKE, max_examples=100)
@given(made=nets_and_batches())
def test_a_net_of_any_shape_has_the_gradients_of_autograd(
    made: tuple[nets.Parameters, np.ndarray, np.ndarray],
) -> None:
    params, X, y = made
    loss, gradients = nets.loss_and_gradients(params, X, y)
    expected_loss, expected = autograd.value_and_grad(loss_by_autograd)(params, X, y)
    assert loss == pytest.approx(float(expected_loss), rel=_RELATIVE)
    assert list(gradients) == list(params)
    for name, value in expected.items():
        close(gradients[name], value)
    # And training goes by them.
    moved = nets.train(params, X, y, learning_rate=0.25, steps=1).after
    for name, value in expected.items():
        close(moved[name], params[name] - 0.25 * value)


def parameters_of(name: str) -> st.SearchStrategy[dict[str, float]]:
    any_number = st.floats(-2, 2)
    if name == "maxout":  # two lines that cross, and not far out
        return st.builds(
            lambda w1, steeper, b1, b2: {"w1": w1, "b1": b1, "w2": w1 + steeper, "b2": b2},
            any_number, within(FAR_FROM_ZERO), any_number, any_number,
        )  # fmt: skip
    return st.fixed_dictionaries(dict.fromkeys(ACTIVATIONS[name].parameters, any_number))


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(SHAKE, max_examples=60)
@given(data=st.data())
def test_an_activation_has_the_slopes_of_autograd(name: str, data: st.DataObject) -> None:
    one = ACTIVATIONS[name].but(**data.draw(parameters_of(name), label="parameters"))
    offsets = data.draw(st.lists(within(OFF_THE_KINK), min_size=1, max_size=5), label="offsets")
    x = np.array(offsets) + (one.kinks[0] if one.kinks else 0.0)
    slopes = autograd.elementwise_grad(partial(BY_AUTOGRAD[name], **one.parameters))(x)
    close(one.slope(x), slopes)


BY_AUTOGRAD: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda x: 1.0 / (1.0 + anp.exp(-x)),
    "tanh": lambda x: anp.tanh(x),
    "ReLU": lambda x: anp.maximum(0.0, x),
    "leaky ReLU": lambda x, a: anp.where(x > 0, x, a * x),
    "maxout": lambda x, w1, b1, w2, b2: anp.maximum(w1 * x + b1, w2 * x + b2),
    "ELU": lambda x, alpha: anp.where(x >= 0, x, alpha * (anp.exp(anp.minimum(x, 0.0)) - 1)),
}


def close(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal in shape, and in value but for rounding: relative to the largest entry where small."""
    assert found.shape == np.shape(expected)
    largest = float(np.max(np.abs(expected), initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=_RELATIVE, atol=_RELATIVE * largest)


# ---- The numerical gradient, whose error bar is a claim.


def test_the_error_bar_covers_autograd_in_random_circuits() -> None:
    bars = []

    @settings(SHAKE, max_examples=150)
    @given(recipe=expressions())
    def hold(recipe: Recipe) -> None:
        _, slopes = recipe.expected()
        output, _ = recipe.gradients()
        rounding = 1e-15 * size(output)  # what autograd itself may be off by
        found = numerical_gradients(partial(recipe.run, "plain"), recipe.at)
        for estimate, slope in zip(found, slopes, strict=True):
            assert estimate.covers(slope, slack=rounding)
            bars.append(float(estimate.error) / max(abs(slope), 1.0))

    hold()
    # A bar that is wide enough for anything would cover everything.
    assert np.median(bars) < 1e-10
    assert np.mean(np.array(bars) < 1e-6) > 0.99


def _softmax(z: Any) -> Any:
    e = anp.exp(z - anp.max(z, axis=-1, keepdims=True))
    return e / anp.sum(e, axis=-1, keepdims=True)


# Functions of several arrays, each with the shapes it takes.
OF_ARRAYS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "linear layer": (lambda x, w, b: x @ w + b, ((3, 4), (4, 2), (2,))),
    "softmax of rows": (_softmax, ((3, 4),)),
    "mean and spread": (lambda x: (x - anp.mean(x)) / anp.sqrt(anp.mean(x**2) + 0.1), ((2, 3),)),
    "outer product": (lambda u, v: anp.outer(u, v), ((3,), (2,))),
    "two layers": (lambda x, v, w: anp.tanh(x @ v) @ w, ((2, 3), (3, 5), (5, 2))),
}


@pytest.mark.parametrize("name", OF_ARRAYS)
@settings(SHAKE, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), power=st.integers(-2, 0))
def test_the_error_bar_covers_autograd_for_arrays(name: str, seed: int, power: int) -> None:
    function, shapes = OF_ARRAYS[name]
    rng = np.random.default_rng(seed)
    inputs = [10.0**power * rng.normal(size=shape) for shape in shapes]
    back, value = autograd.make_vjp(function, tuple(range(len(inputs))))(*inputs)
    upstream = rng.normal(size=value.shape)
    found = numerical_gradients(function, inputs, upstream)
    for estimate, slope in zip(found, back(upstream), strict=True):
        assert estimate.value.shape == slope.shape
        assert np.all(estimate.covers(slope, slack=1e-14 * np.abs(slope).max()))
        assert np.all(estimate.error <= 1e-9 * (np.abs(slope).max() + np.abs(value).max()))


def test_the_jacobian_covers_that_of_autograd() -> None:
    x = np.random.default_rng(3).normal(size=(2, 3))
    found = numerical_jacobian(_softmax, x)
    expected = autograd.jacobian(_softmax)(x)
    assert found.value.shape == expected.shape == (2, 3, 2, 3)
    assert np.all(found.covers(expected, slack=1e-15))
    assert found.error.max() < 1e-9
