"""Mistakes with the chain rule itself: upstream, sign, factors, order, forks, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.check.case import BEFORE, Case, DoesNotApply, Output
from chainrule.check.misconceptions.model import (
    Changed,
    Misconception,
    Prediction,
    everywhere,
    outputs,
    times,
    ways,
)

_ONE_GATE = "01_scalar_circuits#One-gate"
_PATTERNS = "01_scalar_circuits#Four-patterns"


def _upstream_added(case: Case) -> Prediction:
    def plus(local: np.ndarray) -> np.ndarray | None:
        fits = np.ndim(case.upstream) == 0 or np.shape(local) == np.shape(case.upstream)
        return local + case.upstream if fits else None

    return [plus(local) for local in case.local]


def reordered(case: Case) -> list[Prediction]:
    """The right gradients in the order in which they seem to have come back, if it is another.

    Found by value: all orders would be 5040 for the seven inputs of a three-layer net.
    """
    if len(case.right) != len(case.inputs):
        return []
    left = list(range(len(case.right)))
    order: list[int] = []
    for place, answer in enumerate(case.got):
        alike = [i for i in left if answer is not None and _near(answer, case.right[i])]
        if not alike:
            return []
        # Where two gradients are the same number, they may have changed places all the same.
        order.append(max(alike, key=lambda i: i != place))
        left.remove(order[-1])
    return [] if order == sorted(order) else [[case.right[i] for i in order]]


def _near(answer: np.ndarray, right: np.ndarray) -> bool:
    return answer.shape == right.shape and np.allclose(answer, right, rtol=1e-6, atol=0.0)


def _minus(which: int) -> Callable[[Output], np.ndarray]:
    """The output with one of several inputs turned around: x - y in place of x + y."""

    def turned(case: Output) -> np.ndarray:
        if len(case.inputs) < 2:
            raise DoesNotApply("minus the only input is another mistake")
        return case.at(*(-i if n == which else i for n, i in enumerate(case.inputs)))

    return turned


def _fractional(case: Output) -> np.ndarray:
    """The right output; of whole numbers, a factor says too little to be named."""
    if all(np.asarray(i).dtype.kind == "i" for i in case.inputs):
        raise DoesNotApply("whole numbers only")
    return case.right


_SQUARES = ("Square", "SquaredNorm", "MatMulSquaredNorm", "RowNorms", "MeanNorm", "SquaredError")


def _axis_of_two(cases: Sequence[Any]) -> bool:
    """Whether some axis has two entries in every case: a factor of 2 may then be its length."""
    if not all(isinstance(case, (Case, Output)) for case in cases):
        return True  # of a plain function's result a factor says too little
    shapes = [
        [np.shape(value) for value in (*case.inputs, getattr(case, "upstream", None))]
        for case in cases
    ]
    places = {(i, axis) for i, shape in enumerate(shapes[0]) for axis in range(len(shape))}
    return any(
        all(len(one[i]) > axis and one[i][axis] == 2 for one in shapes) for i, axis in places
    )


def _switched(case: Case) -> Prediction:
    """The gradients of the function with its first two inputs switched."""
    first, second, *_ = _first_two(case)
    if np.shape(first) != np.shape(second):
        raise DoesNotApply("inputs of different shapes cannot be switched")
    return case.gradients(function=Changed(case.function, lambda x, y, *rest: [(y, x, *rest)]))


# Of these it is all the same which input comes first.
_SYMMETRIC = ("Add", "Multiply", "Max", "AddThenMultiply")


def _first_two(case: Case | Output) -> tuple[Any, ...]:
    """The inputs, if there are two at least, and the first two are not alike."""
    if len(case.inputs) < 2:
        raise DoesNotApply("there is only one input")
    if case.gate in _SYMMETRIC:
        raise DoesNotApply("switching them changes nothing")
    return case.inputs


def _output_switched(case: Output) -> np.ndarray:
    first, second, *rest = _first_two(case)
    return case.at(second, first, *rest)


def _last_use(case: Case) -> list[Prediction]:
    """Of a forked input, the last use alone sends its gradient back."""
    return [] if case.fork is None else [[one[-1] for one in case.uses]]


def _use_lost(case: Case) -> list[Prediction]:
    """Of a forked input, the first use alone sends its gradient back, or all but one do."""
    if case.fork is None:
        return []
    first = [one[0] for one in case.uses]
    most = max(len(one) for one in case.uses)
    return [first, *([_but(lost, one) for one in case.uses] for lost in range(most))]


def _but(lost: int, uses: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of all but one, the last if there are not so many; of a single use, that."""
    left = min(lost, len(uses) - 1)
    return np.asarray(sum(one for n, one in enumerate(uses) if n != left or len(uses) == 1))


def _earlier_call(case: Case) -> Prediction:
    if case.decoy is None:
        raise DoesNotApply("no other call was made")
    return case.gradients(inputs=case.decoy)


def _carried_on(case: Case) -> Prediction:
    """What an earlier backward gave, and on top of it what this one should give."""
    if case.decoy is None:
        raise DoesNotApply("no other call was made")
    before = case.gradients(inputs=case.decoy)
    return [BEFORE * old + new for old, new in zip(before, case.right, strict=True)]


ROWS = (
    Misconception(
        "upstream-forgotten",
        "the upstream gradient was left out",
        "This is the local gradient alone. The gradient that arrives from the right has a "
        "part in what the gate sends on.",
        _ONE_GATE,
        ways(lambda case: case.local),
    ),
    Misconception(
        "upstream-added",
        "the upstream gradient was added instead of multiplied",
        "Local and upstream gradient were added. Think of two gear wheels: their ratios do "
        "not add up.",
        _ONE_GATE,
        ways(_upstream_added),
    ),
    Misconception(
        "upstream-passed-on",
        "the upstream gradient came back unchanged",
        "What arrived was handed on as it is. That is what an add gate does; ask how much "
        "the output moves when this input moves a little.",
        _PATTERNS,
        ways(everywhere(lambda case: case.upstream)),
    ),
    Misconception(
        "sign",
        "the sign is turned around",
        "The size is right and the sign is not. Does the output rise or fall when this "
        "input rises?",
        _ONE_GATE,
        ways(times(lambda case: -1.0)),
        output=outputs(lambda case: -case.right, _minus(0), _minus(1)),
    ),
    Misconception(
        "factor-two",
        "there is a factor 2 too much",
        "Everything is twice what it should be: look for something counted twice.",
        _ONE_GATE,
        ways(times(lambda case: 2.0)),
        output=outputs(lambda case: 2.0 * _fractional(case)),
        unless=_axis_of_two,
    ),
    Misconception(
        "factor-half",
        "there is a factor 1/2 too much",
        "Half of it is missing. Nothing is shared out among the inputs: each is asked on its own "
        "how much the output follows it.",
        "01_scalar_circuits#Add-distributes",
        ways(times(lambda case: 0.5)),
        output=outputs(lambda case: 0.5 * _fractional(case)),
        unless=_axis_of_two,
    ),
    Misconception(
        "square-half",
        "the 2 that a square's slope brings is missing",
        "Take the square of one number: when it moves by a little, its square moves by more than "
        "that number times as much.",
        "03_matmul_gate#The-squared-norm",
        ways(times(lambda case: 0.5)),
        gates=_SQUARES,
        covers=("factor-half",),
    ),
    Misconception(
        "not-switched",
        "each input was used for its own gradient",
        "A multiply gate switches: how much the output follows one input depends on the other one.",
        "01_scalar_circuits#Multiply-switches",
        reordered,
        gates=("Multiply",),
        covers=("wrong-order", "own-input"),
        whole=True,
    ),
    Misconception(
        "own-input",
        "an input was used for its own gradient",
        "The gradient was worked out with the input it belongs to. When this input moves, "
        "what decides by how much the product moves?",
        "01_scalar_circuits#Multiply-switches",
        ways(lambda case: [np.asarray(case.upstream * i) for i in case.inputs]),
        gates=("Multiply",),
    ),
    Misconception(
        "inputs-switched",
        "two inputs changed places",
        "The function was worked out with its first two inputs switched. Compare the order "
        "of the arguments with the formula.",
        "01_scalar_circuits#What-a-gate-promises",
        ways(_switched),
        output=outputs(_output_switched),
        whole=True,
    ),
    Misconception(
        "wrong-order",
        "the gradients came back in the wrong order",
        "Each gradient is right, but they are handed back in another order than the "
        "inputs of forward.",
        _ONE_GATE,
        reordered,
        whole=True,
    ),
    Misconception(
        "fork-last-only",
        "only one branch of a fork was counted",
        "An input that is used more than once gets a gradient back from every use, and they add "
        "up. In code, look for = where += is meant: there one overwrites the other.",
        "01_scalar_circuits#A-fork-adds",
        _last_use,
        covers=("upstream-passed-on", "fork-first-only"),
    ),
    Misconception(
        "fork-first-only",
        "a branch of a fork was dropped",
        "An input that is used more than once gets a gradient back from every use, and not all "
        "of them were counted. On how many ways does it reach the output?",
        "01_scalar_circuits#A-fork-adds",
        _use_lost,
    ),
    Misconception(
        "earlier-call",
        "another call has a part in the gradient",
        "These numbers come from another call, or something of one is still in them. What backward "
        "needs has to be kept on self, and begun anew at every forward.",
        _ONE_GATE,
        ways(_earlier_call, _carried_on),
    ),
)
