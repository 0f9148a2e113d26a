"""What a message says where no mistake is named, or several are made at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import check
from chainrule.check.messages import CheckFailed
from grader_tests.support.trial import master_source

POINT = dict(
    x=np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.25]]),
    W=np.array([[0.5, -1.0], [2.0, 1.5]]),
    b=np.array([0.25, -0.5]),
    c=np.array([1.5, 3.0]),
)


class Layer:
    """(x W + b) c, its gradient for b not summed and that for x wrong."""

    def forward(self, x: Any, W: Any, b: Any, c: Any) -> Any:
        self.x, self.W, self.z, self.c = x, W, x @ W + b, c
        return self.z * c

    def backward(self, upstream: Any) -> tuple[Any, ...]:
        dz = upstream * self.c
        return np.cos(dz @ self.W.T), self.x.T @ dz, dz, (upstream * self.z).sum(axis=0)


def test_a_wrong_shape_is_shown_before_wrong_values_and_what_is_right_is_told() -> None:
    with pytest.raises(CheckFailed) as failed:
        check.backward(Layer, at=POINT)
    lines = [line.strip() for line in str(failed.value).split("\n")]
    assert lines[0] == "Layer.backward: dx and db are wrong."
    assert lines[2:4] == ["db: expected the shape (2,)", "got      the shape (3, 2)"]
    assert lines[-1] == "right here: dW and dc"


def test_few_gradients_are_not_counted_up() -> None:
    class Product:
        def forward(self, x: float, y: float) -> float:
            self.x, self.y = x, y
            return x * y

        def backward(self, upstream: float) -> tuple[float, float]:
            return upstream * self.y, upstream * self.x + 17.0

    with pytest.raises(CheckFailed, match="dy is wrong") as failed:
        check.backward(Product, at=dict(x=3.0, y=-4.0))
    assert "right:" not in str(failed.value)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_any_branch_of_a_fork_that_is_lost_is_named(lost: int) -> None:
    class Cubic:
        """x y + x^2 + sin x, three uses of x."""

        def forward(self, x: float, y: float) -> float:
            self.x, self.y = x, y
            return x * y + x * x + np.sin(x)

        def backward(self, upstream: float) -> tuple[float, float]:
            uses = [self.y, 2 * self.x, np.cos(self.x)]
            return upstream * (sum(uses) - uses[lost]), upstream * self.x

    with pytest.raises(CheckFailed) as failed:
        check.backward(
            Cubic,
            at=[dict(x=0.5, y=2.0), dict(x=-1.5, y=0.75)],
            fork=lambda x_1, y, x_2, x_3: x_1 * y + x_2 * x_2 + np.sin(x_3),
        )
    assert failed.value.misconception == "fork-first-only"


CIRCUIT = dict(of="q = x + y; f = q * z", at=dict(x=-2.0, y=5.0, z=-4.0))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (dict(dq=-4.0), ["the dict lacks dx, dy, dz.", "right so far, going back: df, dq"]),
        (dict(dq=3.5), ["dq is wrong", "What comes back to q comes from f."]),
        (dict(), ["the dict lacks dq, dx, dy, dz.", "right so far, going back: df"]),
    ],
)
def test_a_dict_that_is_not_full_yet_is_checked_as_far_as_it_goes(
    answer: dict[str, float], says: list[str]
) -> None:
    with pytest.raises(CheckFailed) as failed:
        check.numbers(lambda: answer, **CIRCUIT)
    assert all(text in str(failed.value) for text in says), str(failed.value)


def engine(change: tuple[str, str]) -> Any:
    """The Value of problem set 7, with something in it changed."""
    source = master_source("ps7_autograd_engine", "q2_value")
    assert source.count(change[0]) == 1
    names: dict[str, Any] = {"math": __import__("math"), "np": np}
    exec(master_source("ps7_autograd_engine", "q1_order"), names)
    exec(source.replace(*change), names)
    return names["Value"]


def test_an_error_in_an_engine_shows_the_formula() -> None:
    Value = engine(("(self,), (1 / self.value,)", "(self,), (1 / self.value)"))
    with pytest.raises(CheckFailed) as failed:
        check.engine.backward(Value, "x.log() * y", at=dict(x=2.0, y=3.0))
    lines = [line.strip() for line in str(failed.value).split("\n")]
    assert lines[:2] == ["Value raised an error.", "f = x.log() * y"]


def test_a_given_operator_is_not_blamed_without_what_it_is_made_of() -> None:
    Value = engine(("n * self.value ** (n - 1)", "n * self.value"))
    with pytest.raises(CheckFailed) as failed:
        check.engine.backward(Value, "x / y", at=dict(x=2.0, y=3.0))
    assert "came back through /; / is made of × and **." in str(failed.value)


def test_a_function_that_is_interrupted_is_not_called_again() -> None:
    times = []

    def loss(value: Any) -> Any:
        times.append(value)
        raise KeyboardInterrupt

    with pytest.raises(CheckFailed, match="did not come to an end"):
        check.engine.function(loss, Leaf, like=lambda x: x, at={"x": 2.0})
    assert len(times) == 1


@pytest.mark.parametrize(("came", "told"), [(3.0, "a float"), (None, "nothing (None)")])
def test_a_function_of_an_engine_that_gives_no_value_of_it(came: Any, told: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        check.engine.function(lambda value: came, Leaf, like=lambda x: x, at={"x": 2.0})
    assert caught.value.headline == f"<lambda>: {told} was returned; a Leaf is wanted."


class Leaf:
    """A value without gates."""

    def __init__(self, value: Any) -> None:
        self.value, self.gradient = value, 0.0

    def backward(self) -> None:
        self.gradient = 1.0


def test_a_function_that_passes_its_value_on() -> None:
    check.engine.function(lambda value: value, Leaf, like=lambda x: x, at={"x": 2.0})
