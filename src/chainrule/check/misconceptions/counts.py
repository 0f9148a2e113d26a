"""Mistakes of plain functions: in counting, in an accuracy, in a step, in slopes that are read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.check.misconceptions.model import Misconception, Predict, of_point, ways

_LARGE = "02_jacobians#The-Jacobian"
_BATCH = "02_jacobians#A-batch-is-block-diagonal"
_COUNTING = "04_neural_networks#Counting-parameters"
_DESCENT = "04_neural_networks#Gradient-descent"
_KINKS = "06_gradient_checking#Kinks"
_STEP = "06_gradient_checking#The-size-of-the-step"
_RELATIVE = "06_gradient_checking#Relative-error"

_SIZES = ("jacobian_entries", "jacobian_bytes")


def _of_right(change: Callable[[Any, Any], Any]) -> Predict:
    """From the right result and the inputs by name."""

    def predict(call: Any) -> list[Any]:
        return [[np.asarray(change(call.right[0], call.point), dtype=np.float64)]]

    return predict


def _size(count: Callable[[int, int], int]) -> Predict:
    """Another count of entries; of bytes, eight times that."""

    def predict(call: Any) -> list[Any]:
        n, batch = call.point["n"], call.point["batch"]
        factor = 8 if call.gate == "jacobian_bytes" else 1
        return [[np.asarray(float(factor * count(n, batch)))]]

    return predict


def _errors(f: Any, x: Any, slope: float, steps: Any) -> list[float]:
    return [float((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps]


def _layers(sizes: Any) -> list[int]:
    return [d * m + m for d, m in pairwise(sizes)]


ROWS = (
    Misconception(
        "batch-not-squared",
        "only the blocks on the diagonal were counted",
        "The whole Jacobian has a row for every number that comes out, and a column for every "
        "number that goes in. Its zeros are entries too.",
        _BATCH,
        _size(lambda n, batch: n * n * batch),
        gates=_SIZES,
    ),
    Misconception(
        "one-side-counted",
        "one side of the matrix was counted, not its entries",
        "That is how many rows it has. And how many columns?",
        _LARGE,
        _size(lambda n, batch: n * batch),
        gates=_SIZES,
    ),
    Misconception(
        "batch-left-out",
        "the batch was left out",
        "This is the Jacobian of one example. The whole one takes the numbers of all of them in.",
        _BATCH,
        _size(lambda n, batch: n * n),
        gates=_SIZES,
    ),
    Misconception(
        "bytes-wrong",
        "the bytes of a float64 are miscounted",
        "A float64 takes 64 bits. How many bytes are these?",
        _LARGE,
        ways(
            lambda call: [call.right[0] / 8],
            lambda call: [call.right[0] / 2],
            lambda call: [call.right[0] * 8],
        ),
        gates=("jacobian_bytes",),
        covers=("factor-half", "factor-two"),
    ),
    Misconception(
        "one-layer-only",
        "one layer alone was counted",
        "There is a layer between each two neighbouring sizes. Is the return inside the loop, or "
        "is a sum begun anew?",
        _COUNTING,
        ways(
            of_point(lambda sizes: _layers(sizes)[0]),
            of_point(lambda sizes: _layers(sizes)[-1]),
        ),
        gates=("count_parameters",),
    ),
    Misconception(
        "weights-not-counted",
        "the weights were not counted",
        "Every connection between two neighbouring layers has a weight: draw them for a small net.",
        _COUNTING,
        ways(of_point(lambda sizes: sum(sizes[1:])), of_point(sum)),
        gates=("count_parameters",),
    ),
    Misconception(
        "wrong-ones-counted",
        "the points whose class was not found were counted",
        "Accuracy is the part of the points whose class was found; the two parts sum to 1.",
        _DESCENT,
        _of_right(lambda right, point: 1 - right),
        gates=("accuracy",),
    ),
    Misconception(
        "number-for-part",
        "it is a number of points, or a percentage, not a part",
        "A part lies between 0 and 1, however many points there are.",
        _DESCENT,
        lambda call: [
            *_of_right(lambda right, point: right * len(point["y"]))(call),
            *_of_right(lambda right, point: right * 100)(call),
        ],
        gates=("accuracy",),
    ),
    Misconception(
        "smallest-score",
        "the class with the smallest score was taken",
        "A net votes for the class that it gives the largest score.",
        _DESCENT,
        ways(of_point(lambda scores, y: np.mean(np.argmin(scores, axis=1) == y))),
        gates=("accuracy",),
    ),
    Misconception(
        "rate-divides",
        "it was divided by the learning rate",
        "A smaller rate is to give a shorter step. Here it gives a longer one.",
        _DESCENT,
        ways(of_point(lambda params, grads, rate: [params[k] - grads[k] / rate for k in params])),
        gates=("gradient_step",),
    ),
    Misconception(
        "change-alone",
        "the change alone came back, not the parameters",
        "The step leads away from where the parameters were: they belong to the result.",
        _DESCENT,
        ways(
            of_point(lambda params, grads, rate: [rate * grads[k] for k in params]),
            of_point(lambda params, grads, rate: [-rate * grads[k] for k in params]),
        ),
        gates=("gradient_step",),
    ),
    Misconception(
        "left-downhill",
        "the left slope has the wrong sign",
        "A slope is read from left to right on either side of x. Try a straight line that rises.",
        _KINKS,
        lambda call: [[-call.right[0], call.right[1]]],
        gates=("sides",),
    ),
    Misconception(
        "sides-averaged",
        "both sides have the central difference",
        "It looks at both sides at once, and so sees neither. From x to which point does each of "
        "the two slopes go?",
        _KINKS,
        lambda call: [[(call.right[0] + call.right[1]) / 2] * 2],
        gates=("sides",),
    ),
    Misconception(
        "error-for-step",
        "the error came back, not the step",
        "The smallest error was found. Which of the steps was it that made it?",
        _STEP,
        ways(
            of_point(lambda *a: min(map(abs, _errors(*a)))),
        ),
        gates=("best_step",),
    ),
    Misconception(
        "place-for-step",
        "the place of the step came back, not the step",
        "This says where in the tuple the best step stands. What is the step that stands there?",
        _STEP,
        ways(of_point(lambda *a: int(np.argmin(np.abs(_errors(*a)))))),
        gates=("best_step",),
    ),
    Misconception(
        "error-with-sign",
        "the errors were compared with their signs",
        "An error of -1 is not smaller than one of 0.1: what counts is its size.",
        _STEP,
        ways(of_point(lambda f, x, s, steps: steps[int(np.argmin(_errors(f, x, s, steps)))])),
        gates=("best_step",),
    ),
    Misconception(
        "worst-step",
        "the step with the largest error was taken",
        "The difference is to come as close to the slope as it can.",
        _STEP,
        ways(
            of_point(lambda f, x, s, steps: steps[int(np.argmax(np.abs(_errors(f, x, s, steps))))])
        ),
        gates=("best_step",),
        covers=("step-too-small",),
    ),
    Misconception(
        "relative-to-smaller",
        "the difference was measured against the smaller one",
        "Beside a number that is nearly zero everything looks far off. The larger of the two is "
        "the measure.",
        _RELATIVE,
        ways(of_point(lambda a, b: _against_smaller(a, b))),
        gates=("relative_error",),
    ),
)


def _against_smaller(a: Any, b: Any) -> float:
    a, b = np.ravel(a).astype(float), np.ravel(b).astype(float)
    size = np.minimum(np.abs(a), np.abs(b))
    apart = np.abs(a - b)
    return float(np.max(np.divide(apart, size, out=np.zeros(size.shape), where=size > 0)))
