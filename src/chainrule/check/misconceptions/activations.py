"""Mistakes with particular gates: max and maxout, and the activation functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.check.misconceptions.arrays import without_biases
from chainrule.check.misconceptions.model import (
    Changed,
    Misconception,
    Prediction,
    elementwise,
    everywhere,
    outputs,
    ways,
)
from chainrule.check.misconceptions.softmax import SOFTMAXES

__all__ = ["MAXES", "ROWS"]

MAXES = ("Max", "Maxout", "PairMax")
_PIECEWISE = ("ReLU", "LeakyReLU", "ELU")


def _x(case: Case | Output) -> np.ndarray:
    """The first input, in float64."""
    return np.asarray(case.inputs[0], dtype=np.float64)


def _below(value: Callable[[Case], Any]) -> Callable[[Case], Prediction]:
    """Another local gradient where the input is negative."""
    return lambda case: [np.where(_x(case) < 0, case.upstream * value(case), case.right[0])]


def _alpha(case: Case | Output) -> float:
    """ELU's parameter: how far below zero it can go."""
    return -float(np.ravel(case.at(np.full(np.shape(case.inputs[0]), -100.0)))[0])


def _rule_in_the_output(case: Case) -> Prediction:
    """The local gradient as a formula in the output, with the input put in.

    The formula is a parabola for sigmoid, tanh and exp, so three points of it are enough.
    """
    shape, number = np.shape(case.inputs[0]), np.ndim(case.inputs[0]) == 0
    spots = [t if number else np.full(shape, t) for t in (-1.0, 0.0, 1.0)]
    ones = np.ones(np.shape(case.upstream))
    slopes = [np.ravel(case.gradients(inputs=(t,), upstream=ones)[0])[0] for t in spots]
    values = [np.ravel(case.at(t))[0] for t in spots]
    return [case.upstream * np.polyval(np.polyfit(values, slopes, 2), _x(case))]


def _mirrored(case: Case | Output, also: bool) -> Callable[..., Any]:
    """The input that lost comes out of a max: the smaller one (or, also the larger one, as a sum).

    The smaller of a and b is minus the larger of -a and -b; maxout's a and b turn around with
    their weights and biases.
    """
    if case.function is None:
        raise DoesNotApply("only values are stated")
    parameters = [name[0] in "wb" for name in case.names]
    turned = parameters if any(parameters) else [True] * len(parameters)

    def where(*inputs: Any) -> list[list[Any]]:
        mirror = [-np.asarray(i) if turn else i for i, turn in zip(inputs, turned, strict=True)]
        return [mirror, list(inputs)] if also else [mirror]

    return Changed(
        case.function, where, lambda larger, *same: sum(map(np.asarray, same), -np.asarray(larger))
    )


_MAX = "01_scalar_circuits#Max-routes"
_SIGMOID = "01_scalar_circuits#The-sigmoid-gate"
_NEURON = "01_scalar_circuits#The-sigmoid-neuron"

ROWS = (
    Misconception(
        "both-winners",
        "both inputs of a max received the gradient",
        "A max routes: the input that lost could move a little and the output would not notice.",
        _MAX,
        ways(
            lambda case: case.gradients(function=_mirrored(case, also=True)),
            lambda case: [
                np.where(one.kinked, one.left + one.right, one.value) for one in case.expected
            ],
        ),
        gates=MAXES,
        covers=("upstream-passed-on",),
        whole=True,
    ),
    Misconception(
        "loser-takes-all",
        "the input that lost was taken for the winner",
        "A max lets the larger input through, and routes the gradient to it; here it is the other "
        "one.",
        _MAX,
        ways(lambda case: case.gradients(function=_mirrored(case, also=False))),
        gates=MAXES,
        covers=("wrong-order", "inputs-switched"),
        whole=True,
        output=outputs(lambda case: _mirrored(case, also=False)(*case.inputs)),
    ),
    Misconception(
        "winner-without-bias",
        "the winner was found without the biases",
        "Maxout compares the two sums as they are, each with its bias.",
        "05_activations#Maxout",
        ways(lambda case: case.gradients(inputs=without_biases(case))),
        gates=("Maxout",),
        whole=True,
    ),
    Misconception(
        "output-for-input",
        "the output was used where the input is meant",
        "The formula was worked out at the gate's output. Check which of the two the "
        "formula you use is written in.",
        _SIGMOID,
        ways(elementwise(lambda case: case.output)),
        output=outputs(lambda case: case.at(case.right)),
    ),
    Misconception(
        "input-for-output",
        "the input was used where the output is meant",
        "The formula is written in the gate's output, and the input was put into it. Keep what "
        "forward returned.",
        _SIGMOID,
        ways(_rule_in_the_output),
        gates=("Sigmoid", "Tanh", "Exp"),
    ),
    Misconception(
        "exponent-sign",
        "the exponent has the wrong sign",
        "This is the value at minus the input: a sign was lost inside the exponential.",
        _NEURON,
        ways(
            elementwise(lambda case: -_x(case)),
            _below(lambda case: _alpha(case) ** 2 / case.local[0]),
        ),
        gates=("Exp", "Sigmoid", "Tanh", "ELU", "Softplus", *SOFTMAXES),
        output=outputs(lambda case: case.at(-_x(case))),
    ),
    Misconception(
        "reciprocal-not-squared",
        "the square in the slope of 1/x was forgotten",
        "The slope of 1/x falls off faster than 1/x itself: there is a square in it.",
        _NEURON,
        ways(everywhere(lambda case: -case.output * case.upstream)),
        gates=("Reciprocal",),
    ),
    Misconception(
        "always-first",
        "the gradient goes to the same input every time",
        "Which of the two came through is decided by their values, anew at every forward.",
        _MAX,
        ways(
            lambda case: [case.upstream, 0.0 * case.upstream],
            lambda case: [0.0 * case.upstream, case.upstream],
        ),
        gates=("Max",),
        whole=True,
    ),
    Misconception(
        "shared-out",
        "the gradient was shared out between winner and loser",
        "Only at a tie may it be shared. Elsewhere the output follows one of the two, and in full.",
        _MAX,
        ways(lambda case: [0.5 * case.upstream] * 2),
        gates=("Max",),
        whole=True,
    ),
    Misconception(
        "tanh-not-squared",
        "the square in the slope of tanh was forgotten",
        "The slope of tanh is the same on both sides of 0, as the curve shows; this one is not.",
        "05_activations#Tanh",
        ways(lambda case: [case.upstream * (1 - case.output)]),
        gates=("Tanh",),
    ),
    Misconception(
        "mask-from-upstream",
        "the mask was made from the upstream gradient",
        "Whether a unit lets the gradient through was decided going forward, by its input; what "
        "arrives from the right has no say in it.",
        "05_activations#ReLU",
        ways(elementwise(lambda case: case.upstream)),
        gates=_PIECEWISE,
    ),
    Misconception(
        "mask-inverted",
        "the mask is the wrong way round",
        "The gradient went through where the input was negative. Which units let their input "
        "through going forward?",
        "05_activations#ReLU",
        ways(elementwise(lambda case: -_x(case))),
        gates=("ReLU",),
        output=outputs(lambda case: -case.at(-_x(case))),
    ),
    Misconception(
        "leaky-slope",
        "the slope is 0.01",
        "A slope of 0.01 is usual elsewhere. Here it is a parameter of the gate: use the one the "
        "gate was made with.",
        "05_activations#Leaky-ReLU",
        ways(_below(lambda case: 0.01)),
        gates=("LeakyReLU",),
        output=outputs(lambda case: np.where(_x(case) < 0, 0.01 * _x(case), case.right)),
    ),
    Misconception(
        "slope-wrong-side",
        "the slope is on the wrong side",
        "The small slope stands where the input is positive. On which side does the gate leak?",
        "05_activations#Leaky-ReLU",
        ways(elementwise(lambda case: -_x(case))),
        gates=("LeakyReLU",),
        output=outputs(lambda case: -case.at(-_x(case))),
    ),
    Misconception(
        "elu-output-as-slope",
        "ELU's value was taken for its slope",
        "Left of 0 the slope of ELU can be had from its value, but it is not the value: one is "
        "positive and the other negative.",
        "05_activations#ELU",
        ways(_below(lambda case: case.output)),
        gates=("ELU",),
    ),
    Misconception(
        "alpha-forgotten",
        "the parameter alpha was left out",
        "Left of 0, alpha scales the curve, and so its slope.",
        "05_activations#ELU",
        ways(lambda case: [np.where(_x(case) < 0, case.right[0] / _alpha(case), case.right[0])]),
        gates=("ELU",),
        output=outputs(lambda case: np.where(_x(case) < 0, case.right / _alpha(case), case.right)),
    ),
)
