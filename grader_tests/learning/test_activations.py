"""The table of activation functions: values, slopes, kinks, and that nothing overflows."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.numeric import numerical_gradient

ALL = list(ACTIVATIONS.values())
OTHERS = [
    ACTIVATIONS["leaky ReLU"].but(a=0.01),
    ACTIVATIONS["ELU"].but(alpha=2.0),
    ACTIVATIONS["maxout"].but(w1=2.0, b1=-1.0, w2=-1.0, b2=0.5),
]


@pytest.mark.parametrize("one", ALL + OTHERS, ids=lambda one: one.name)
def test_slope_is_the_numerical_gradient(one: Activation) -> None:
    x = np.linspace(-4.3, 4.1, 30).reshape(5, 6)
    upstream = np.random.default_rng(1).normal(size=x.shape)
    found = numerical_gradient(one, x, upstream)
    assert one.slope(x).shape == x.shape
    assert np.all(found.covers(upstream * one.slope(x), slack=1e-12))


@pytest.mark.parametrize("one", ALL + OTHERS, ids=lambda one: one.name)
def test_kinks_are_where_the_sides_differ(one: Activation) -> None:
    for x in sorted({-2.0, 0.0, 0.5, 1.0, *one.kinks}):
        found = numerical_gradient(one, x)
        assert bool(found.kinked) == (x in one.kinks), f"{one.name} at {x}"
        # At a kink the course's convention is one of the two sides.
        assert found.covers(one.slope(x), slack=1e-12)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_nothing_overflows(one: Activation) -> None:
    x = np.array([-1e6, -1000.0, -745.0, 0.0, 745.0, 1000.0, 1e6])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.all(np.isfinite(one(x)))
        assert np.all(np.isfinite(one.slope(x)))


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_saturates_as_the_table_says(one: Activation) -> None:
    left, right = np.abs(one.slope(np.array([-50.0, 50.0]))) < 1e-9
    assert left == ("left" in one.saturates)
    assert right == ("right" in one.saturates)


def test_values_of_the_syllabus() -> None:
    assert ACTIVATIONS["sigmoid"](1.0) == pytest.approx(0.731059, abs=5e-7)
    assert ACTIVATIONS["sigmoid"].slope(1.0) == pytest.approx(0.196612, abs=5e-7)
    assert ACTIVATIONS["ReLU"].slope(0.0) == 0
    assert ACTIVATIONS["leaky ReLU"](-2.0) == pytest.approx(-0.2)
    assert ACTIVATIONS["ELU"](-1000.0) == -1


def test_maxout_holds_relu_and_leaky_relu() -> None:
    x = np.linspace(-5, 5, 101)
    line = {"b1": 0.0, "w2": 1.0, "b2": 0.0}
    for w1, name in [(0.0, "ReLU"), (0.1, "leaky ReLU")]:
        assert np.array_equal(ACTIVATIONS["maxout"].but(w1=w1, **line)(x), ACTIVATIONS[name](x))


def test_unknown_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="ELU has no parameter a"):
        ACTIVATIONS["ELU"].but(a=0.1)
