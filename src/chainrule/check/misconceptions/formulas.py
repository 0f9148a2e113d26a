"""Mistakes with the formula of a slope: that of another function, at another place, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.check.misconceptions.model import (
    Misconception,
    Prediction,
    everywhere,
    outputs,
    times,
    ways,
)
from chainrule.check.misconceptions.softmax import SOFTMAXES

_ONE_GATE = "01_scalar_circuits#One-gate"
_SIGMOID = "01_scalar_circuits#The-sigmoid-gate"
_NEURON = "01_scalar_circuits#The-sigmoid-neuron"
_OVERFLOW = "05_activations#A-sigmoid-that-does-not-overflow"

_CURVES = ("Exp", "Sigmoid", "Tanh", "Softplus", "Reciprocal", "Square")

_AREAS = {"Reciprocal": lambda x: np.log(np.abs(x)), "Square": lambda x: np.power(x, 3.0) / 3}

Slope = Callable[[np.ndarray, np.ndarray, np.ndarray], Any]
"""What goes back in place of the right gradient, from input, output and upstream."""


def _instead(*slopes: Slope) -> Callable[[Case], list[Prediction]]:
    """For a gate with one input, whose output has its shape: what went back."""

    def by(slope: Slope) -> Callable[[Case], Prediction]:
        def predict(case: Case) -> Prediction:
            if len(case.inputs) != 1 or np.ndim(case.upstream) != np.ndim(case.inputs[0]):
                raise DoesNotApply("not one input of the output's shape")
            if np.isnan(case.upstream).any():
                raise DoesNotApply("there is no upstream gradient")
            x = np.asarray(case.inputs[0], dtype=np.float64)
            return [np.asarray(slope(x, case.output, np.asarray(case.upstream)))]

        return predict

    return ways(*map(by, slopes))


def _slope_at(case: Case, place: Any) -> np.ndarray:
    """The local gradient of an elementwise gate at another input."""
    if len(case.inputs) != 1 or case.output.shape != np.shape(case.inputs[0]):
        raise DoesNotApply("not elementwise")
    if np.shape(place) != case.output.shape:
        raise DoesNotApply("there is no upstream gradient")
    return case.gradients(inputs=(place,), upstream=np.ones(case.output.shape)[()])[0]


def _rule_at_upstream(case: Case) -> np.ndarray:
    """The formula in the output, with the upstream gradient put in."""
    u = np.asarray(case.upstream)
    rules = {"Sigmoid": u * (1 - u), "Tanh": 1 - u**2, "Exp": np.nan * u}
    if case.gate not in rules:
        raise DoesNotApply("no formula in the output")
    return rules[case.gate]


def _forward_of_upstream(case: Case) -> Prediction:
    if len(case.inputs) == 1:
        return [case.at(case.upstream)]
    if case.gate == "Max":
        return [np.maximum(x, case.upstream) for x in case.inputs]
    raise DoesNotApply("several inputs")


def _inverted(case: Case) -> Prediction:
    with np.errstate(all="ignore"):
        found = [np.asarray(case.upstream / local) for local in case.local]
    same = (one.shape == right.shape for one, right in zip(found, case.right, strict=True))
    if not all(same):
        raise DoesNotApply("not entry by entry")
    return found


def _constant(use: Callable[[float, Any], Any]) -> Callable[[Case], Prediction]:
    """From the constant of an add-a-constant gate and the upstream gradient."""
    return lambda case: [np.asarray(use(float(case.at(0.0)), case.upstream))]


def _without_stage(local: Callable[[float], float]) -> Callable[[Case], Prediction]:
    """The neuron's gradients without the slope of one of its gates, told from its output."""

    def predict(case: Case) -> Prediction:
        if case.output.ndim or not local(float(case.output)):
            raise DoesNotApply("no neuron, or a slope of zero")
        return [g / local(float(case.output)) for g in case.right]

    return predict


def _products(case: Case) -> Sequence[np.ndarray]:
    if case.fork is None or np.ndim(case.upstream):
        raise DoesNotApply("nothing forks")
    pairs = [(one[0], one[-1]) for one in case.uses]
    return [first if np.array_equal(first, last) else first * last for first, last in pairs]


def _sigmoid(x: Any) -> np.ndarray:
    """Of an input, whatever a student's forward makes of it."""
    return (1.0 + np.tanh(np.asarray(x, dtype=np.float64) / 2.0)) / 2.0


def _below(value: Callable[[Output], Any]) -> Callable[[Output], Any]:
    """Another output where the input is negative."""
    return lambda case: np.where(np.asarray(case.inputs[0]) < 0, value(case), case.right)


ROWS = (
    Misconception(
        "formula-of-upstream",
        "the formula was worked out at the upstream gradient",
        "The local gradient is a matter of the gate's own input or output. What arrives only "
        "multiplies it.",
        _ONE_GATE,
        ways(
            lambda case: [_slope_at(case, case.upstream)],
            lambda case: [_slope_at(case, case.upstream) * case.upstream],
            lambda case: [_rule_at_upstream(case)],
            lambda case: [_rule_at_upstream(case) * case.upstream],
        ),
        gates=_CURVES,
    ),
    Misconception(
        "forward-on-upstream",
        "the gate's own function was applied to the upstream gradient",
        "Backward is no second forward. It asks how much the output follows the input, and "
        "multiplies what arrives by that.",
        _ONE_GATE,
        ways(_forward_of_upstream),
        gates=("Sigmoid", "Tanh", "Softplus", "Reciprocal", "Square", "Max"),
        covers=("factor-two", "factor-half"),
    ),
    Misconception(
        "output-for-slope",
        "the output itself was taken for the slope",
        "Only for the exponential are value and slope the same. How much does the output change "
        "when the input moves by a little?",
        _ONE_GATE,
        ways(everywhere(lambda case: case.output * case.upstream)),
        gates=(
            "Add",
            "Multiply",
            "Scale",
            "Reciprocal",
            "Sigmoid",
            "Tanh",
            "Softplus",
            "Square",
            "ReLU",
            "SigmoidStack",
            "AddThenMultiply",
            "AddConstant",
            *SOFTMAXES,
        ),
        whole=True,
    ),
    Misconception(
        "input-for-slope",
        "the input itself was taken for the slope",
        "Where the input is large, need the slope be so too? Move the input by a little, and see "
        "what the output does.",
        _ONE_GATE,
        ways(
            lambda case: (
                [np.asarray(case.upstream * x) for x in case.inputs]
                if all(np.shape(x) == np.shape(case.upstream) for x in case.inputs)
                else [None] * len(case.inputs)
            )
        ),
        gates=(
            "Add",
            "AddConstant",
            "Scale",
            "Exp",
            "Reciprocal",
            "Sigmoid",
            "Tanh",
            "ReLU",
            "LeakyReLU",
            "Softplus",
        ),
        whole=True,
    ),
    Misconception(
        "slope-inverted",
        "it was divided by the slope",
        "Going back multiplies by how much the output follows the input. Dividing is asking the "
        "other way round.",
        _ONE_GATE,
        ways(_inverted),
        gates=("Scale", "Sigmoid", "Tanh", "Multiply", "Square", "LeakyReLU"),
    ),
    Misconception(
        "constant-in-gradient",
        "the gate's constant got into the gradient",
        "The constant shifts the output, however far. When the input moves by a little, what does "
        "the constant do?",
        "01_scalar_circuits#Eight-gates",
        ways(_constant(lambda c, u: u * c), _constant(lambda c, u: u + c)),
        gates=("AddConstant",),
    ),
    Misconception(
        "winner-for-slope",
        "the larger input itself was taken for the slope",
        "The winner goes through as it is. When it moves by a little, by how much does the output "
        "move, however large the two are?",
        "01_scalar_circuits#Max-routes",
        ways(lambda case: [x * g for x, g in zip(case.inputs, case.right, strict=True)]),
        gates=("Max",),
    ),
    Misconception(
        "add-as-multiply",
        "a sum was gone through as if it multiplied",
        "That is how a product sends back. Move one input of the sum by a little: does it matter "
        "how large the other one is?",
        "01_scalar_circuits#Add-distributes",
        ways(lambda case: [case.right[0] * x for x in reversed(case.inputs[:2])] + case.right[2:]),
        gates=("Add", "AddThenMultiply"),
    ),
    Misconception(
        "sigmoid-one-side",
        "this slope is flat on one side only",
        "A sigmoid is flat far to the left and far to the right, so its slope is near 0 on both "
        "sides. On which side is this one not?",
        _SIGMOID,
        ways(
            lambda case: [case.upstream * (1 - _sigmoid(case.inputs[0]))],
            lambda case: [case.upstream * np.square(_sigmoid(case.inputs[0]))],
            lambda case: [case.upstream * np.square(1 - _sigmoid(case.inputs[0]))],
        ),
        gates=("Sigmoid",),
    ),
    Misconception(
        "reciprocal-upside-down",
        "the square stands on the wrong side of the fraction",
        "Far from 0 the curve of 1/x is nearly flat, and this slope is steep there. Or was the "
        "output put in where the input is meant?",
        "01_scalar_circuits#The-sigmoid-neuron",
        ways(lambda case: [-case.upstream * np.square(x) for x in case.inputs]),
        gates=("Reciprocal",),
        covers=("output-for-input",),
    ),
    Misconception(
        "neighbour-gradient",
        "both factors of the product went into one gradient",
        "A product multiplies what arrives by one factor, on the way to the other. Was the "
        "neighbour's gradient taken for what arrives? And how fast does the sum follow x?",
        "01_scalar_circuits#Multiply-switches",
        ways(
            lambda case: [case.right[0], case.right[1], case.right[2] * case.inputs[2]],
            lambda case: [case.right[0] * case.output / case.inputs[2]] * 2 + [case.right[2]],
        ),
        gates=("AddThenMultiply",),
    ),
    Misconception(
        "branches-multiplied",
        "the branches of a fork were multiplied",
        "Both branches carry a change to the output, and there the two changes come together. Do "
        "they add up or multiply?",
        "01_scalar_circuits#A-fork-adds",
        ways(_products),
    ),
    Misconception(
        "stage-skipped",
        "a stage was left out on the way back",
        "Every gate between has its part. Count the stages of forward, and the lines of backward.",
        _NEURON,
        ways(
            _without_stage(lambda f: 1 / f - 1 if f else 0.0),
            _without_stage(lambda f: f),
            _without_stage(lambda f: f**2),
        ),
        gates=("Neuron",),
    ),
    Misconception(
        "sigmoid-for-tanh",
        "this is the slope of sigmoid",
        "The two curves look alike, but tanh runs from -1 to 1 and its slope at 0 is 1: write down "
        "which formula belongs to which.",
        "05_activations#Tanh",
        _instead(lambda x, t, u: u * t * (1 - t)),
        gates=("Tanh",),
    ),
    Misconception(
        "tanh-for-sigmoid",
        "this is the slope of tanh",
        "The two curves look alike, but sigmoid runs from 0 to 1 and its slope at 0 is a quarter: "
        "write down which formula belongs to which.",
        _SIGMOID,
        _instead(lambda x, s, u: u * (1 - s**2)),
        gates=("Sigmoid",),
    ),
    Misconception(
        "flat-below-zero",
        "it is flat where the input is negative",
        "So it would be with a plain ReLU. This gate leaves something of a negative input, and so "
        "something of its gradient.",
        "05_activations#Leaky-ReLU",
        _instead(lambda x, y, u: u * (x > 0)),
        gates=("LeakyReLU", "ELU"),
        output=outputs(_below(lambda case: 0.0)),
    ),
    Misconception(
        "kink-for-curve",
        "this is the slope of a ReLU",
        "Softplus has no kink: near 0 its slope goes gently from nothing to one.",
        "05_activations#Six-functions",
        _instead(lambda x, y, u: u * (x > 0)),
        gates=("Softplus",),
        output=outputs(lambda case: np.maximum(case.inputs[0], 0.0)),
    ),
    Misconception(
        "power-rule-on-exp",
        "the rule for powers was used on an exponential",
        "That rule is for a power whose base moves. Here the base stands still and the exponent "
        "moves.",
        "01_scalar_circuits#Eight-gates",
        _instead(lambda x, y, u: u * x * np.exp(x - 1)),
        gates=("Exp",),
    ),
    Misconception(
        "integrated",
        "it was integrated in place of differentiated",
        "This is the area under the curve. The slope is asked for: how steep is the curve here?",
        "01_scalar_circuits#What-a-gradient-is",
        ways(lambda case: [np.asarray(case.upstream * _AREAS[case.gate](case.inputs[0]))]),
        gates=tuple(_AREAS),
    ),
    Misconception(
        "one-level-only",
        "only one level of the stack was gone through",
        "Each level has its own output and its own slope, and going back meets them all.",
        "05_activations#Ten-in-a-row",
        _instead(lambda x, y, u: u * y * (1 - y)),
        gates=("SigmoidStack",),
    ),
    Misconception(
        "other-logarithm",
        "the logarithm has another base",
        "The natural logarithm is meant, that of base e; np.log is it, np.log2 and np.log10 are "
        "others.",
        "04_neural_networks#Softmax-and-cross-entropy",
        ways(times(lambda case: 1 / np.log(2)), times(lambda case: 1 / np.log(10))),
        gates=("Softplus", "SoftmaxCrossEntropy"),
        output=outputs(lambda case: case.right / np.log(2), lambda case: case.right / np.log(10)),
    ),
    # Recognised by what came back; no value is predicted.
    Misconception(
        "overflow",
        "a power of e is out of range",
        "A float ends near 1e308: e to the 710 is beyond, and e to the -750 is rounded to 0. Look "
        "for a form of the formula whose exponents are never large.",
        _OVERFLOW,
    ),
    Misconception(
        "softmax-overflow",
        "a power of e is out of range",
        "A float ends near 1e308: e to the 710 is beyond, and e to the -750 is rounded to 0. What "
        "can be done to all scores of a row without changing a probability?",
        "02_jacobians#Softmax",
    ),
    Misconception(
        "log-of-zero",
        "the logarithm of a probability that became 0",
        "A tiny probability is rounded to 0, and its logarithm is infinite. Take the logarithm on "
        "paper first: what is left of the quotient?",
        "04_neural_networks#Softmax-and-cross-entropy",
    ),
)
