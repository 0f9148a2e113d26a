"""Checks of plain functions, of a training, and of a search for planted bugs."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import check, nets
from chainrule.check import CheckFailed
from chainrule.data import spiral
from chainrule.numeric import numerical_gradients


def message(run) -> str:
    """What a student reads. Fails when the check passes, or says too much."""
    with pytest.raises(CheckFailed) as failed:
        run()
    lines = str(failed.value).split("\n")
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 96
    return str(failed.value)


def test_numbers_arrays_tuples_and_dicts_are_compared_by_part(capfd):
    a = np.arange(6.0).reshape(2, 3)
    check.function(lambda x: 2 * x, at=dict(x=3), gives=6)
    check.function(lambda x: x.T, at=dict(x=a), gives=a.T)
    check.function(lambda x: (x, x[0]), at=dict(x=a), gives=(a, a[0]), parts=("W", "b"))
    check.function(lambda x: {"b": x[0], "W": x}, at=dict(x=a), gives=dict(W=a, b=a[0]))
    out, err = capfd.readouterr()
    assert out.count("right") == 4
    assert err == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (6.5, "expected 6"),
        (np.array([6.0]), "expected a number"),
        ("six", "a str was returned"),
        (None, "returned nothing (None): is a"),
        (np.nan, "not finite"),
        (np.float32(6), "too few digits"),
    ],
)
def test_a_wrong_number_is_refused(answer, expected):
    assert expected in message(lambda: check.function(lambda x: answer, at=dict(x=3), gives=6))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"W": np.ones((3, 2)), "b": np.ones(3)}, "expected the shape (2, 3)"),
        ({"W": np.ones((2, 3))}, "has to have the keys 'W', 'b'"),
        ({"W": np.ones((2, 3)), "b": np.ones(3), "c": 0}, "has to have the keys 'W', 'b'"),
        ([np.ones((2, 3)), np.ones(3)], "a dict is wanted"),
        ({"W": np.ones((2, 3)), "b": np.array([1, 1, 2])}, "b[2]: expected 1"),
    ],
)
def test_the_parts_of_a_dict_need_names_shapes_and_values(answer, expected):
    right = dict(W=np.ones((2, 3)), b=np.ones(3))
    assert expected in message(lambda: check.function(lambda x: answer, at=dict(x=1), gives=right))


def test_a_tuple_needs_all_its_parts():
    def run(answer):
        return lambda: check.function(lambda x: answer, at=dict(x=1), gives=(1, 2))

    assert "a list or a tuple of 2 values is wanted" in message(run(1))
    assert "3 values were returned" in message(run((1, 2, 3)))
    assert "result[1]: expected 2" in message(run([1, 1]))


def test_inputs_stay_as_they_are_inside_dicts_too():
    def greedy(params):
        params["W"] *= 2
        return params["W"].sum()

    text = message(lambda: check.function(greedy, at=dict(params=dict(W=np.ones(3))), gives=6.0))
    assert "changed in place" in text


def test_a_function_among_the_inputs_is_named_and_its_calls_are_counted():
    def square(x):
        return x * x

    def wasteful(f, x):
        return f(x) + f(x) - f(x)

    check.function(wasteful, at=dict(f=square, x=3.0), gives=9.0, calls=3)
    text = message(lambda: check.function(wasteful, at=dict(f=square, x=3.0), gives=9.0, calls=2))
    assert "called f 3 times" in text
    assert "f = square, x = 3" in text


def test_how_far_off_a_result_may_be():
    check.function(lambda x: x + 4e-7, at=dict(x=2.0), gives=2.0, decimals=6)
    check.function(lambda x: x * (1 + 4e-7), at=dict(x=2e6), gives=2e6, within=1e-6)
    message(lambda: check.function(lambda x: x + 6e-7, at=dict(x=2.0), gives=2.0, decimals=6))
    message(lambda: check.function(lambda x: x + 2e-6, at=dict(x=0.5), gives=0.5, within=1e-6))


def test_large_points_are_shown_by_their_shapes():
    at = dict(params={f"W{i}": np.ones((9, 9)) for i in range(4)}, rate=0.5)
    text = message(lambda: check.function(lambda params, rate: 0.0, at=at, gives=1.0))
    assert "params['W3'] of shape (9, 9), rate = 0.5" in text.replace("\n  ", " ")


def test_refuses_wants_the_exception_that_was_promised():
    def picky(a, b):
        if a.shape != b.shape:
            raise ValueError
        return 0.0

    at = dict(a=np.ones(2), b=np.ones((2, 1)))
    check.refuses(picky, at=at)
    assert "no KeyError" in message(lambda: check.refuses(picky, at=at, error=KeyError))
    text = message(lambda: check.refuses(lambda a, b: 0.5, at=at, mistake="broadcast"))
    assert "returned 0.5 in place of raising ValueError" in text


SUSPECTS = dict(
    right=(np.sin, lambda x, up: up * np.cos(x), np.array([1.0, 2.0])),
    forgot=(np.sin, lambda x, up: np.cos(x), np.array([1.0, 2.0])),
    shape=(np.sum, lambda x, up: up, np.array([1.0, 2.0])),
    kink=(np.abs, lambda x, up: up * np.sign(x), np.array([0.0, 2.0])),
)


def test_finds_measures_for_itself_which_suspects_are_wrong(capsys):
    check.finds(lambda suspects: {"shape", "forgot"}, among=SUSPECTS)
    assert "all 4 suspects" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (["forgot"], "not found:   1 of 2"),
        (["forgot", "shape", "kink"], "blamed:      1 of 2"),
        (["forgot", "shape", "nobody"], "no suspect's name"),
        (["forgot", "shape", "shape"], "twice"),
        (2, "an int was returned"),
        (None, "nothing (None) was returned"),
    ],
)
def test_finds_gives_numbers_and_no_names(answer, expected):
    text = message(lambda: check.finds(lambda suspects: answer, among=SUSPECTS))
    assert expected in text
    assert not any(name in text.replace("a name was", "") for name in SUSPECTS if name != "right")


def descend(loss, params, rate, steps):
    for _ in range(steps):
        slopes = loss(params)[1]
        params = {k: params[k] - rate * slopes[k] for k in params}
    return params


def trained(train, **changed):
    X, y = spiral(20, arms=2)
    check.trained(
        train,
        **{
            "loss": lambda params: nets.loss_and_gradients(params, X, y),
            "accuracy": lambda params: nets.accuracy(params, X, y),
            "start": nets.initial_parameters((2, 16, 2)),
            "learning_rate": 1.0,
            "steps": 200,
            "reaches": 0.95,
            **changed,
        },
    )


def test_a_training_that_gets_there_passes(capfd):
    trained(descend)
    out, err = capfd.readouterr()
    assert "of the points right" in out
    assert err == ""


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        (lambda loss, p, rate, n: descend(loss, p, -rate, n), "uphill"),
        (lambda loss, p, rate, n: descend(loss, p, rate, 1), "one step was taken"),
        (lambda loss, p, rate, n: descend(loss, p, rate, n + 1), "201 times; 200 steps"),
        (lambda loss, p, rate, n: descend(loss, p, rate / 1000, n), "not learned enough"),
        (lambda loss, p, rate, n: dict(p), "never asked for"),
        (lambda loss, p, rate, n: list(p), "a dict is wanted"),
        (lambda loss, p, rate, n: {k: v.T[:1] for k, v in p.items()}, "the shape has to be"),
    ],
)
def test_a_training_that_does_not_get_there_is_told_why(train, expected):
    assert expected in message(lambda: trained(train))


def test_the_ready_made_net_has_the_right_gradients():
    X, y = spiral(4, seed=3)
    params = nets.initial_parameters((2, 5, 4, 3), seed=1)

    def loss(*values):
        return nets.loss_and_gradients(dict(zip(params, values, strict=True)), X, y)[0]

    _, gradients = nets.loss_and_gradients(params, X, y)
    measured = numerical_gradients(loss, list(params.values()))
    for name, estimate in zip(params, measured, strict=True):
        assert np.all(estimate.covers(gradients[name], 1e-10)), name


def test_a_spiral_has_arms_of_equal_length_within_the_unit_square():
    X, y = spiral(10, arms=4, seed=5)
    assert X.shape == (40, 2)
    assert np.array_equal(np.bincount(y), [10, 10, 10, 10])
    assert np.abs(X).max() <= 1
    assert np.array_equal(X, spiral(10, arms=4, seed=5)[0])
    assert not np.array_equal(X, spiral(10, arms=4, seed=6)[0])
