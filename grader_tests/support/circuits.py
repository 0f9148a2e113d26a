"""Circuits that several tests look at."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.circuit import Scalar, exp, maximum, relu, sigmoid

__all__ = ["circuits_of_the_lectures", "first_circuit", "fork", "neuron", "xyz"]


def first_circuit() -> dict[str, Scalar]:
    x, y, z = Scalar(-2, "x"), Scalar(5, "y"), Scalar(-4, "z")
    q = (x + y).named("q")
    return {"x": x, "y": y, "z": z, "q": q, "f": (q * z).named("f")}


def xyz() -> Scalar:
    return first_circuit()["f"]


def neuron() -> Scalar:
    w = [Scalar(value, f"w{i}") for i, value in enumerate([2, -3, -3])]
    x = [Scalar(value, f"x{i}") for i, value in enumerate([-1, -2, 1])]
    dot = (w[0] * x[0] + w[1] * x[1] + w[2] * x[2]).named("dot")
    exp_neg = exp((-dot).named("neg_dot")).named("exp_neg")
    return (1 / (exp_neg + 1).named("denom")).named("f")


def fork() -> Scalar:
    x, y = Scalar(2, "x"), Scalar(-4, "y")
    return (x * y + x).named("f")


def _three_outputs() -> Scalar:
    x0, x1 = Scalar(2, "x0"), Scalar(3, "x1")
    z0, z1, z2 = (x0**2).named("z0"), (x0 * x1).named("z1"), (x0 + x1).named("z2")
    return (-z0 + 2 * z1 + z2).named("f")


def _matmul() -> Scalar:
    x0, x1 = Scalar(0.2, "x0"), Scalar(0.4, "x1")
    w00, w01 = Scalar(0.1, "W00"), Scalar(0.5, "W01")
    w10, w11 = Scalar(-0.3, "W10"), Scalar(0.8, "W11")
    q0, q1 = (x0 * w00 + x1 * w10).named("q0"), (x0 * w01 + x1 * w11).named("q1")
    return (q0**2 + q1**2).named("f")


def _maxout() -> Scalar:
    x = [Scalar(2, "x0"), Scalar(-1, "x1")]
    w1, b1 = [Scalar(1, "w1_0"), Scalar(3, "w1_1")], Scalar(0.5, "b1")
    w2, b2 = [Scalar(0.5, "w2_0"), Scalar(-1, "w2_1")], Scalar(1, "b2")
    line1 = (w1[0] * x[0] + w1[1] * x[1] + b1).named("line1")
    line2 = (w2[0] * x[0] + w2[1] * x[1] + b2).named("line2")
    return maximum(line1, line2).named("f")


def _two_units() -> Scalar:
    x, w1, w2 = Scalar(2, "x"), Scalar(3, "w1"), Scalar(-1, "w2")
    v1, v2 = Scalar(0.5, "v1"), Scalar(4, "v2")
    return (relu(w1 * x).named("h1") * v1 + relu(w2 * x).named("h2") * v2).named("f")


def _many_forks() -> Scalar:
    """(x + sigma(y)) / (sigma(x) + (x + y)^2)"""
    x, y = Scalar(1.5, "x"), Scalar(-0.5, "y")
    s = (x + y).named("s")
    return ((x + sigmoid(y)) / (sigmoid(x) + s**2)).named("f")


def circuits_of_the_lectures() -> dict[str, Callable[[], Scalar]]:
    """Those that are drawn in the course, and the one of problem set 1 with many forks."""
    return {
        "xyz": xyz, "neuron": neuron, "fork": fork, "three outputs": _three_outputs,
        "matmul": _matmul, "maxout": _maxout, "two units": _two_units, "many forks": _many_forks,
    }  # fmt: skip
