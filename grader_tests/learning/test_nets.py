"""The ready-made net: its gradients, its training, and the pictures drawn of it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule import nets, plots
from chainrule.activations import ACTIVATIONS
from chainrule.data import spiral
from chainrule.numeric import numerical_gradients


@pytest.mark.parametrize("sizes", [(2, 3), (2, 5, 3), (3, 4, 6, 2)])
def test_gradients_are_the_numerical_ones(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(7, sizes[0])), rng.integers(0, sizes[-1], 7)
    params = nets.initial_parameters(sizes, seed=2)
    names = list(params)
    params = {name: params[name] + 0.1 * rng.normal(size=params[name].shape) for name in names}

    def loss(*values: np.ndarray) -> float:
        return nets.loss_and_gradients(dict(zip(names, values, strict=True)), X, y)[0]

    _, gradients = nets.loss_and_gradients(params, X, y)
    found = numerical_gradients(loss, list(params.values()))
    for name, expected in zip(names, found, strict=True):
        assert gradients[name].shape == params[name].shape
        assert np.all(expected.covers(gradients[name], slack=1e-10)), name


def test_training_keeps_what_was_asked_for_and_leaves_the_start_alone() -> None:
    X, y = spiral(20)
    start = nets.initial_parameters((2, 8, 3))
    before = {name: value.copy() for name, value in start.items()}
    made = nets.train(start, X, y, steps=30, keep=[10])
    assert all(np.array_equal(start[name], before[name]) for name in start)
    assert sorted(made.kept) == [0, 10, 30]
    assert made.losses.shape == (31,)
    for step, params in made.kept.items():
        assert nets.loss_and_gradients(params, X, y)[0] == made.losses[step]
    assert made.losses[-1] < made.losses[0]


def test_spiral_is_learned_to_the_stated_accuracy() -> None:
    X, y = spiral(60)
    made = nets.train(nets.initial_parameters((2, 24, 3)), X, y)
    assert nets.accuracy(made.before, X, y) < 0.5
    assert nets.accuracy(made.after, X, y) >= 0.95
    assert nets.accuracy(made.after, *spiral(60, seed=1)) >= 0.95


def test_class_map_has_its_top_row_first() -> None:
    # Class 1 where x1 > 0, class 0 below.
    params = {"W1": np.array([[0.0, 0.0], [0.0, 1.0]]), "b1": np.zeros(2)}
    drawn = nets.class_map(params, side=4)
    assert drawn.tolist() == [[1] * 4, [1] * 4, [0] * 4, [0] * 4]


def test_pictures_say_what_they_show() -> None:
    X, y = spiral(10)
    net = nets.scorer(nets.initial_parameters((2, 3)))
    x = np.linspace(0, 1, 5)
    sigmoid = ACTIVATIONS["sigmoid"]
    pictures = [
        plots.activation(ACTIVATIONS["ReLU"], mark=1.0),
        plots.gallery(ACTIVATIONS.values()),
        plots.curves({"a": (x, x), "b": (x, 2 * x)}, title="T", xlabel="x", ylabel="y"),
        plots.bars({"a": 1, "b": 2}, title="T", xlabel="x", ylabel="y"),
        plots.secants(sigmoid, 1.0, 0.5, 0.2),
        plots.step_sizes([1e-3, 1e-2, 1e-1], {"forward": [0.0, 1e-4, 1e-2]}, "T"),
        plots.kink(np.abs, 0.0, -1.0, 1.0, 1.0),
        plots.slope_check(sigmoid, {"A": sigmoid.slope}),
        plots.stretched([1, 2, 3], [[1], [2]]),
        plots.points(X, y, "Arms"),
        plots.boundaries(X, y, {"one": net, "two": net}),
        plots.network((2, 3), (2, 4, 3)),
    ]
    for picture in pictures:
        assert len(picture.alt) >= 20
        assert picture.alt.endswith(".")
        assert picture.svg.startswith("<svg")
        assert f'alt="{picture.alt[:20]}' in picture.html
        assert not re.search(r"\bnan\b", picture.svg)
