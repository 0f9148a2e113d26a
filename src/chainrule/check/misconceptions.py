"""The mistakes people make in a backward pass, as data.

Each row says what the mistake would have returned. When an answer is wrong and exactly one row
explains it at every point that was tried, the student is told which idea to look at again.
Predictions are numerical gradients of a changed function or of changed inputs, so the table holds
no gradient of any exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from chainrule.check.case import Case

__all__ = ["MISCONCEPTIONS", "Misconception"]

Prediction = Sequence[np.ndarray | None]
"""What a mistake would have returned for each input, in order; None where it says nothing."""

Predict = Callable[[Case], list[Prediction]]
"""The ways a mistake can show, the same number in the same order at every point; may be empty."""


@dataclass(frozen=True)
class Misconception:
    """One row of the table.

    id:       stable name, used by tests, reports and exports.
    phrase:   what went wrong, for a headline or a table; completes "dx is wrong: ...".
    sentence: for the student: the idea, not the answer.
    section:  where the idea is taught, as `notebook#heading`.
    predict:  from a case, what would have come back.
    gates:    the classes it can happen in; empty for any.
    covers:   ids of other rows that say less; when they fit as well, this row is the one told.
    whole:    the mistake shows in all gradients at once, so it must explain the right ones too.
    """

    id: str
    phrase: str
    sentence: str
    section: str
    predict: Predict
    gates: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    whole: bool = False


def _times(factor: float) -> Predict:
    return lambda case: [[factor * g for g in case.right]]


def _everywhere(value: Callable[[Case], np.ndarray]) -> Predict:
    """The same value for every input that has its shape."""

    def predict(case: Case) -> list[Prediction]:
        same = np.asarray(value(case))
        return [[same if np.shape(i) == same.shape else None for i in case.inputs]]

    return predict


def _upstream_added(case: Case) -> list[Prediction]:
    def plus(local: np.ndarray) -> np.ndarray | None:
        fits = np.ndim(case.upstream) == 0 or np.shape(local) == np.shape(case.upstream)
        return local + case.upstream if fits else None

    return [[plus(local) for local in case.local]]


def _reordered(case: Case) -> list[Prediction]:
    """The right gradients in every other order."""
    first, *others = permutations(range(len(case.inputs)))
    return [[case.right[i] for i in order] for order in others]


def _earlier_call(case: Case) -> list[Prediction]:
    return [] if case.decoy is None else [case.gradients(inputs=case.decoy)]


def _elementwise(change: Callable[[Case], np.ndarray]) -> Predict:
    """The gradient at changed inputs, for a gate with one input and an output of its shape."""

    def predict(case: Case) -> list[Prediction]:
        if len(case.inputs) != 1 or case.output.shape != np.shape(case.inputs[0]):
            return []
        return [case.gradients(inputs=(change(case),))]

    return predict


def _branch(which: int) -> Predict:
    """Only one use of a forked input sends its gradient back; the first use, or the last."""
    return lambda case: [] if case.fork is None else [case.branches[which]]


def _whole_numbers(case: Case) -> list[Prediction]:
    """Fractions lost before or after the upstream gradient comes in."""
    if not all(np.asarray(i).dtype.kind == "i" for i in case.inputs):
        return [case.right] * 3
    return [
        [np.floor(local) * case.upstream for local in case.local],
        [np.trunc(local) * case.upstream for local in case.local],
        [np.trunc(g) for g in case.right],
    ]


def _says_nothing(case: Case) -> list[Prediction]:
    return []


_ONE_GATE = "01_scalar_circuits#One-gate"
_PATTERNS = "01_scalar_circuits#Four-patterns"
_NUMBERS = "01_scalar_circuits#What-a-gate-promises"

MISCONCEPTIONS: dict[str, Misconception] = {
    row.id: row
    for row in (
        Misconception(
            "upstream-forgotten",
            "the upstream gradient was left out",
            "This is the local gradient alone. The gradient that arrives from the right has a "
            "part in what the gate sends on.",
            _ONE_GATE,
            lambda case: [case.local],
        ),
        Misconception(
            "upstream-added",
            "the upstream gradient was added instead of multiplied",
            "Local and upstream gradient were added. Think of two gear wheels: their ratios do "
            "not add up.",
            _ONE_GATE,
            _upstream_added,
        ),
        Misconception(
            "upstream-passed-on",
            "the upstream gradient came back unchanged",
            "What arrived was handed on as it is. That is what an add gate does; ask how much "
            "the output moves when this input moves a little.",
            _PATTERNS,
            _everywhere(lambda case: case.upstream),
        ),
        Misconception(
            "sign",
            "the sign is turned around",
            "The size is right and the sign is not. Does the output rise or fall when this "
            "input rises?",
            _ONE_GATE,
            _times(-1.0),
        ),
        Misconception(
            "factor-two",
            "it is twice what it should be",
            "There is a factor 2 too much: look for something counted twice.",
            _ONE_GATE,
            _times(2.0),
        ),
        Misconception(
            "factor-half",
            "it is half of what it should be",
            "There is a factor 1/2 too much. A gradient is not shared out among the inputs: "
            "each input is asked on its own how much the output follows it.",
            "01_scalar_circuits#Add-distributes",
            _times(0.5),
        ),
        Misconception(
            "not-switched",
            "each input was used for its own gradient",
            "A multiply gate switches: how much the output follows one input depends on the "
            "other one.",
            "01_scalar_circuits#Multiply-switches",
            _reordered,
            gates=("Multiply",),
            covers=("wrong-order",),
            whole=True,
        ),
        Misconception(
            "wrong-order",
            "the gradients came back in the wrong order",
            "Each gradient is right, but they are handed back in another order than the "
            "inputs of forward.",
            _ONE_GATE,
            _reordered,
            whole=True,
        ),
        Misconception(
            "both-winners",
            "both inputs of a max received the gradient",
            "A max gate routes: the input that lost could move a little and the output would "
            "not notice.",
            "01_scalar_circuits#Max-routes",
            _everywhere(lambda case: case.upstream),
            gates=("Max",),
            covers=("upstream-passed-on",),
            whole=True,
        ),
        Misconception(
            "loser-takes-all",
            "the gradient went to the input that lost",
            "A max gate routes the gradient to the input that came through; here it went to "
            "the other one.",
            "01_scalar_circuits#Max-routes",
            _reordered,
            gates=("Max",),
            covers=("wrong-order",),
            whole=True,
        ),
        Misconception(
            "fork-last-only",
            "only one branch of a fork was counted",
            "An input that is used more than once gets a gradient back from every use. One "
            "overwrote the other: look for = where += is meant.",
            "01_scalar_circuits#A-fork-adds",
            _branch(-1),
            covers=("upstream-passed-on",),
        ),
        Misconception(
            "fork-first-only",
            "a branch of a fork was dropped",
            "An input that is used more than once gets a gradient back from every use; only "
            "the first one was counted.",
            "01_scalar_circuits#A-fork-adds",
            _branch(0),
        ),
        Misconception(
            "earlier-call",
            "the gradient belongs to another call of forward",
            "The numbers are those of another forward call. What backward needs has to be "
            "kept on self, anew at every forward.",
            _ONE_GATE,
            _earlier_call,
        ),
        Misconception(
            "output-for-input",
            "the output was used where the input is meant",
            "The formula was worked out at the gate's output. Check which of the two the "
            "formula you use is written in.",
            "01_scalar_circuits#The-sigmoid-gate",
            _elementwise(lambda case: case.output),
        ),
        Misconception(
            "exponent-sign",
            "the exponent has the wrong sign",
            "This is the slope at minus the input: a sign was lost inside the exponential.",
            "01_scalar_circuits#The-sigmoid-neuron",
            _elementwise(lambda case: -np.asarray(case.inputs[0], dtype=np.float64)),
            gates=("Exp",),
        ),
        Misconception(
            "reciprocal-not-squared",
            "the square in the slope of 1/x was forgotten",
            "The slope of 1/x falls off faster than 1/x itself: there is a square in it.",
            "01_scalar_circuits#The-sigmoid-neuron",
            _everywhere(lambda case: -case.output * case.upstream),
            gates=("Reciprocal",),
        ),
        Misconception(
            "input-for-output",
            "the input was used where the output is meant",
            "The formula is written in the gate's output, and the input was put into it. Keep what "
            "forward returned.",
            "01_scalar_circuits#The-sigmoid-gate",
            _everywhere(lambda case: case.upstream * case.inputs[0] * (1 - case.inputs[0])),
            gates=("Sigmoid",),
        ),
        Misconception(
            "integer-arithmetic",
            "fractions were lost with whole-number inputs",
            "The inputs were integers here, and what was computed stayed integer: look for // or "
            "int(), or for an array that took over the inputs' type.",
            _NUMBERS,
            _whole_numbers,
        ),
        # The rows below are recognised before any value is compared; they predict nothing.
        Misconception(
            "float32",
            "it was computed in single precision",
            "float32 carries seven digits; a gradient check needs the fifteen of float64.",
            _NUMBERS,
            _says_nothing,
        ),
        Misconception(
            "inputs-modified",
            "an input was changed in place",
            "The caller still needs that array as it was. Work on a copy, or make a new one.",
            _NUMBERS,
            _says_nothing,
        ),
        Misconception(
            "upstream-modified",
            "the upstream gradient was changed in place",
            "Another gate may get the same array as its upstream gradient. Work on a copy, or "
            "make a new one.",
            _NUMBERS,
            _says_nothing,
        ),
    )
}
