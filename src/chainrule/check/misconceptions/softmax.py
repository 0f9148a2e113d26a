"""Mistakes with the softmax: its Jacobian, and the sum that all entries share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply
from chainrule.check.misconceptions.model import Misconception, Prediction, ways

__all__ = ["ROWS", "SOFTMAXES"]

SOFTMAXES = ("Softmax", "BatchSoftmax", "LargeSoftmax")
_SOFTMAX = "02_jacobians#Softmax"


def _sums(wrong: Callable[[np.ndarray, np.ndarray], Any]) -> Callable[[Case], Prediction]:
    """Of a softmax: what went back, from the outputs and the upstream gradient of each row."""

    def predict(case: Case) -> Prediction:
        if not case.output.ndim or np.shape(case.upstream) != np.shape(case.inputs[0]):
            raise DoesNotApply("no upstream gradient of the input's shape")
        return [np.asarray(wrong(case.output, np.asarray(case.upstream)))]

    return predict


def _total(values: np.ndarray) -> np.ndarray:
    return np.sum(values, axis=-1, keepdims=True)


def _matrix(wrong: Callable[[np.ndarray], np.ndarray]) -> Callable[[Case], Prediction]:
    """Of a softmax: the Jacobian that came back, from the outputs."""

    def predict(case: Case) -> Prediction:
        if case.output.ndim != 1 or case.right[0].ndim != 2:
            raise DoesNotApply("no Jacobian of a vector")
        return [wrong(case.output)]

    return predict


ROWS = (
    Misconception(
        "sum-not-weighed",
        "in the common sum the outputs were left out",
        "All entries share one sum over what arrives. In it, what arrives at a large output counts "
        "for more than what arrives at a small one.",
        _SOFTMAX,
        ways(_sums(lambda s, u: s * (u - _total(u)))),
        gates=SOFTMAXES,
    ),
    Misconception(
        "mean-for-sum",
        "a mean was taken where a sum belongs",
        "Every output hears of an input in full. Nothing is averaged over them.",
        _SOFTMAX,
        ways(
            _sums(lambda s, u: s * (u - _total(s * u) / s.shape[-1])),
            _sums(lambda s, u: s * (u - _total(u) / s.shape[-1])),
        ),
        gates=SOFTMAXES,
    ),
    Misconception(
        "off-diagonal-sign",
        "off the diagonal the sign is turned around",
        "The outputs sum to 1. When one input grows and its own output with it, what do the others "
        "do?",
        _SOFTMAX,
        ways(
            _matrix(lambda s: np.diag(s) + np.outer(s, s)),
            _matrix(lambda s: np.diag(s - s**2) + np.outer(s, s) - np.diag(s**2)),
            _sums(lambda s, u: s * (u + _total(s * u))),
        ),
        gates=SOFTMAXES,
    ),
    Misconception(
        "diagonal-forgotten",
        "the diagonal has the formula of the other entries",
        "An output follows its own input in another way than it follows the others: there are two "
        "cases.",
        _SOFTMAX,
        ways(
            _matrix(lambda s: -np.outer(s, s)),
            _sums(lambda s, u: -s * _total(s * u)),
        ),
        gates=SOFTMAXES,
    ),
)
