"""Mistakes with whole nets: hidden layers, the loss, and the step that training takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply, Output
from chainrule.check.misconceptions.model import (
    Misconception,
    Prediction,
    of_point,
    outputs,
    ways,
)

_NO_NONLINEARITY = "04_neural_networks#Layers-without-a-nonlinearity"
_COUNTING = "04_neural_networks#Counting-parameters"
_LOSS = "04_neural_networks#Softmax-and-cross-entropy"
_HIDDEN = "04_neural_networks#Backward-through-a-net"
_PENALTY = "04_neural_networks#A-second-branch-into-W"
_DESCENT = "04_neural_networks#Gradient-descent"

Slope = Callable[[np.ndarray, np.ndarray], Any]
"""What was taken for the slope of a nonlinearity, from its input and its output."""

_BETWEEN: dict[str, Callable[[Any], Any]] = {
    "TwoLayerNet": np.tanh,
    "ThreeLayerNet": lambda z: np.maximum(z, 0.0),
}
_LAYERS = ({1}, {2}, {1, 2})


def _with_slope(slope: Slope, layers: set[int]) -> Callable[[Case], Prediction]:
    """The net's gradients, had the nonlinearity of these hidden layers another slope.

    In its place stands a straight line through the right value, with the wrong slope.
    """

    def predict(case: Case) -> Prediction:
        between = _BETWEEN[case.gate]
        seen = dict(enumerate(_before_nonlinearities(case, between), start=1))
        if not layers <= seen.keys():
            raise DoesNotApply("the net has fewer layers")

        def straight(layer: int, z: np.ndarray) -> Any:
            z0 = seen[layer]
            return between(z0) + slope(z0, between(z0)) * (z - z0)

        def changed(x: Any, *params: Any) -> Any:
            h = x
            for layer in seen:
                z = h @ params[2 * layer - 2] + params[2 * layer - 1]
                h = straight(layer, z) if layer in layers else between(z)
            return h @ params[-2] + params[-1]

        return case.gradients(function=changed)

    return predict


def _before_nonlinearities(case: Case, between: Callable[[Any], Any]) -> list[np.ndarray]:
    return _linear_outputs(case.inputs, between)[:-1]


def _linear_outputs(inputs: Sequence[Any], between: Callable[[Any], Any]) -> list[np.ndarray]:
    """What each linear layer puts out; the last one's is the net's output."""
    h, *params = (np.asarray(value, dtype=np.float64) for value in inputs)
    found = []
    for W, b in zip(params[::2], params[1::2], strict=True):
        found.append(h @ W + b)
        h = between(found[-1])
    return found


def _without_biases(case: Output) -> np.ndarray:
    inputs = [np.zeros(v.shape) if np.ndim(v) == 1 else v for v in case.inputs]
    return _linear_outputs(inputs, _BETWEEN[case.gate])[-1]


def _slope(slope: Slope) -> Callable[[Case], list[Prediction]]:
    return ways(*(_with_slope(slope, layers) for layers in _LAYERS))


def _masked_by_what_arrives(case: Case) -> Prediction:
    """The net's gradients, had each ReLU let through what arrives above 0."""
    between = _BETWEEN[case.gate]
    x, *params = (np.asarray(value, dtype=np.float64) for value in case.inputs)
    values = [x, *map(between, _before_nonlinearities(case, between))]
    arrives = np.asarray(case.upstream)
    found: list[np.ndarray] = []
    for h, W in zip(reversed(values), reversed(params[::2]), strict=True):
        found = [h.T @ arrives, arrives.sum(axis=0), *found]
        arrives = arrives @ W.T
        if h is not x:
            arrives = np.maximum(arrives, 0.0)
    return [arrives, *found]


def _penalised(factor: float, half: float, biases: bool = False) -> Callable[[Any], Prediction]:
    """With another penalty: so many times the squares in the loss, and `factor` in the slope."""

    def predict(call: Any) -> Prediction:
        loss, grads, params, strength = call.point.values()
        chosen = {name: value for name, value in params.items() if biases or name[0] == "W"}
        if call.gate == "loss_with_penalty":
            squares = sum(float(np.sum(np.square(value))) for value in chosen.values())
            return [np.asarray(loss + half * strength * squares)]
        return [grads[name] + factor * strength * chosen.get(name, 0.0) for name in grads]

    return predict


def _label_wrongly(
    use: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[Case], Prediction]:
    """Another use of the right classes: from the probabilities and a 1 at each right class."""

    def predict(case: Case) -> Prediction:
        (p,) = _probabilities_alone(case)
        assert p is not None
        share = float(case.upstream) / len(p)
        right_class = np.round((p - case.right[0]) / share)
        return [use(p / share, right_class) * share]

    return predict


def _probabilities_alone(case: Case) -> Prediction:
    """The part of the loss that does not know the label: the logarithm of the sum."""
    return case.gradients(function=lambda s: np.mean(np.logaddexp.reduce(s, axis=1)))


ROWS = (
    Misconception(
        "bias-not-carried",
        "one of the two biases is lost",
        "Let x be all zeros: the first layer still sends its bias on, and the second layer does "
        "to it what it does to everything.",
        _NO_NONLINEARITY,
        ways(
            of_point(lambda W1, b1, W2, b2: [W1 @ W2, b2]),
            of_point(lambda W1, b1, W2, b2: [W1 @ W2, b1 @ W2]),
        ),
        gates=("collapse",),
    ),
    Misconception(
        "biases-not-counted",
        "the biases were not counted",
        "These are the weights alone. Every unit that is not an input has one number more.",
        _COUNTING,
        ways(of_point(lambda sizes: np.sum(np.multiply(sizes[:-1], sizes[1:])))),
        gates=("count_parameters",),
    ),
    Misconception(
        "inputs-have-biases",
        "the inputs were given biases",
        "Biases belong to what a layer puts out. What goes into the net comes as it is.",
        _COUNTING,
        ways(
            of_point(lambda sizes: np.sum(np.multiply(sizes[:-1], sizes[1:])) + sum(sizes)),
            of_point(lambda sizes: np.sum(np.multiply(sizes[:-1], sizes[1:])) + sum(sizes[:-1])),
        ),
        gates=("count_parameters",),
    ),
    Misconception(
        "label-not-subtracted",
        "the right class was treated like the others",
        "These are the probabilities alone. The score of the right class stands in the loss once "
        "more, outside the logarithm.",
        _LOSS,
        ways(_probabilities_alone),
        gates=("SoftmaxCrossEntropy",),
    ),
    Misconception(
        "label-added",
        "the right class is pushed the wrong way",
        "A higher score of the right class makes the loss smaller. Which sign does its slope have?",
        _LOSS,
        ways(_label_wrongly(lambda p, right: p + right)),
        gates=("SoftmaxCrossEntropy",),
    ),
    Misconception(
        "label-column",
        "the right classes of all rows were taken off every row",
        "Each row has one right class. An index for the rows and one for the columns, side by "
        "side, pick one entry of each row.",
        _LOSS,
        ways(_label_wrongly(lambda p, right: p - right.any(axis=0))),
        gates=("SoftmaxCrossEntropy",),
    ),
    Misconception(
        "net-without-biases",
        "the biases were left out",
        "Every linear layer adds its bias, the hidden ones as well: without them all units are off "
        "together when x is zero.",
        _NO_NONLINEARITY,
        output=outputs(_without_biases),
        gates=tuple(_BETWEEN),
        covers=("bias-missed",),
    ),
    Misconception(
        "slope-skipped",
        "the gradient went through a nonlinearity unchanged",
        "Between two linear layers stands one gate more. Going back, it has its part as well.",
        _HIDDEN,
        _slope(lambda z, h: 1.0),
        gates=tuple(_BETWEEN),
    ),
    Misconception(
        "slope-at-output",
        "the slope of a nonlinearity was worked out at its output",
        "The formula wants the value before the nonlinearity, and got the one behind it (or the "
        "other way round). Check which of the two your formula is written in.",
        _HIDDEN,
        _slope(lambda z, h: 1 - np.tanh(h) ** 2),
        gates=("TwoLayerNet",),
    ),
    Misconception(
        "slope-not-squared",
        "the square in the slope of tanh was forgotten",
        "The slope of tanh is the same on both sides of 0, as its curve shows; this one is not.",
        _HIDDEN,
        _slope(lambda z, h: 1 - h),
        gates=("TwoLayerNet",),
    ),
    Misconception(
        "value-for-slope",
        "the value of a nonlinearity was taken for its slope",
        "What arrives was multiplied by what the nonlinearity puts out. How fast does that follow "
        "z, where z is large?",
        _HIDDEN,
        _slope(lambda z, h: h),
        gates=tuple(_BETWEEN),
    ),
    Misconception(
        "hidden-mask-inverted",
        "the mask of a ReLU is the wrong way round",
        "The gradient went through where the ReLU gave 0. Which entries did it let through, going "
        "forward?",
        _HIDDEN,
        _slope(lambda z, h: z <= 0),
        gates=("ThreeLayerNet",),
    ),
    Misconception(
        "hidden-mask-from-upstream",
        "the mask of a ReLU was made from what arrives there",
        "Which entries a ReLU lets through was decided going forward. What arrives going back may "
        "have either sign.",
        _HIDDEN,
        ways(_masked_by_what_arrives),
        gates=("ThreeLayerNet",),
    ),
    Misconception(
        "uphill",
        "the steps go uphill",
        "The gradient points to where the loss grows fastest. Training is to make it smaller.",
        _DESCENT,
        ways(
            of_point(lambda params, grads, rate: [params[k] + rate * grads[k] for k in params]),
        ),
        gates=("gradient_step",),
    ),
    Misconception(
        "rate-forgotten",
        "the learning rate was left out",
        "This is a step as long as the gradient itself. The learning rate says how much of it to "
        "go.",
        _DESCENT,
        ways(of_point(lambda params, grads, rate: [params[k] - grads[k] for k in params])),
        gates=("gradient_step",),
    ),
    Misconception(
        "penalty-factor",
        "the penalty has a factor too much or too little",
        "A half stands before the sum of the squares, and the slope of a square brings a factor of "
        "its own. Which of them is in the loss, and what is left of both in the gradient?",
        _PENALTY,
        ways(_penalised(2.0, 1.0), _penalised(0.5, 0.25)),
        gates=("loss_with_penalty", "grads_with_penalty"),
    ),
    Misconception(
        "biases-penalised",
        "the biases are in the penalty as well",
        "It is the weights that grow large when points are learned by heart; biases are left "
        "alone.",
        _PENALTY,
        ways(_penalised(1.0, 0.5, biases=True)),
        gates=("loss_with_penalty", "grads_with_penalty"),
    ),
    # Recognised by what a training asked for, or by a step of it; no value is predicted.
    Misconception(
        "relu-on-scores",
        "the scores went through a ReLU",
        "A score below 0 says that a class is unlikely. What does a ReLU leave of it, and what "
        "goes back through there?",
        "04_neural_networks#Forward-through-a-net",
        gates=("train",),
    ),
    Misconception(
        "relu-missing",
        "there is no ReLU between the layers",
        "Linear layers alone are one linear layer, however many there are, and that draws straight "
        "borders.",
        _NO_NONLINEARITY,
        gates=("train",),
    ),
    Misconception(
        "gradient-stale",
        "the gradient was taken at the start only",
        "A gradient tells the way at one place. After a step the net is at another: ask there "
        "again, and go on from there.",
        _DESCENT,
        gates=("train",),
    ),
)
