"""Mistakes with vectors and matrices: sides, axes, batches, means, Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.check.case import Case, DoesNotApply, JacobianCase, Output
from chainrule.check.misconceptions.model import (
    Changed,
    Misconception,
    Prediction,
    outputs,
    times,
    ways,
)
from chainrule.numeric import numerical_jacobian

_SHAPES = "03_matmul_gate#Shapes-as-a-check"
_BATCH = "03_matmul_gate#A-batch-adds-up"
_MEAN = "03_matmul_gate#A-mean-divides"
_SIDES = "02_jacobians#Column-and-row"


# Gates of a batch. Of the last ones the examples are columns, of the first ones rows.
_MEANS = ("MeanNorm", "SquaredError", "SoftmaxCrossEntropy")
_BATCHES = (
    *_MEANS, "MatMul", "MatMulSquaredNorm", "Linear", "RowNorms", "Maxout", "TwoLayerNet",
    "ThreeLayerNet", "BatchSoftmax", "ColumnMatMul",
)  # fmt: skip


def _examples(case: Case | Output) -> int:
    """How many examples the batch has."""
    if case.gate == "ColumnMatMul":
        return np.shape(case.inputs[1])[1]
    return len(_first(case, 1))


def _features(case: Case | Output) -> int:
    return _first(case, 2).shape[1]


def _first(case: Case | Output, axes: int) -> np.ndarray:
    """The first input that is an array: of so many axes at least."""
    for value in case.inputs:
        if np.ndim(value) >= axes:
            return np.asarray(value)
    raise DoesNotApply(f"no input has {axes} axes")


def _spread(reduce: Callable[[np.ndarray], Any]) -> Callable[[Case], Prediction]:
    """The gradient that every example sends to a vector of parameters, before they are added.

    Found by giving each example its own copy of the parameters. `reduce` says what was done with
    the (examples, parameters) array in place of the sum over examples.
    """

    def predict(case: Case) -> Prediction:
        found: list[np.ndarray | None] = list(case.right)
        for i, value in enumerate(case.inputs):
            if np.ndim(value) == 1 and any(np.ndim(other) == 2 for other in case.inputs[:i]):
                rows = np.tile(value, (_examples(case), 1))
                inputs = [*case.inputs[:i], rows, *case.inputs[i + 1 :]]
                found[i] = np.asarray(reduce(case.gradients(inputs=inputs)[i]))
        return found

    return predict


def _on_transposed(case: Case) -> Prediction:
    x, turned = case.inputs[0], np.transpose(case.inputs[0])
    if len(case.inputs) != 1 or np.ndim(x) != 2 or np.shape(case.function(turned)) != turned.shape:
        raise DoesNotApply("another axis makes no sense here")
    return [case.gradients(inputs=(turned,), upstream=np.transpose(case.upstream))[0].T]


_OVER_COLUMNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "RowNorms": lambda q: np.sum(q**2, axis=0),
    "BatchSoftmax": lambda x: np.exp(x - np.logaddexp.reduce(x, axis=0)),
}


def _over_columns(case: Output) -> np.ndarray:
    """What the gate gives when it takes columns for rows; where only a value is stated, too."""
    if case.gate not in _OVER_COLUMNS:
        raise DoesNotApply("another axis makes no sense here")
    return _OVER_COLUMNS[case.gate](np.asarray(case.inputs[0], dtype=np.float64))


def _at_transposed(case: Output) -> np.ndarray:
    if case.right.ndim == 0:
        raise DoesNotApply("a number has no axes")
    return np.transpose(case.at(np.transpose(case.inputs[0])))


def _collapsed(axis: int | None) -> Callable[[Case], Prediction]:
    """Entries that are all alike were returned once, and broadcasting would do the rest."""

    def once(g: np.ndarray) -> np.ndarray | None:
        if g.ndim == 0:
            return g
        one = np.asarray(g.mean(axis=axis, keepdims=axis is not None))
        return one if np.allclose(one, g, rtol=1e-9, atol=0) else None

    return lambda case: [once(g) for g in case.right]


def _extra_axis(axis: int) -> Callable[[Case], Prediction]:
    return lambda case: [np.expand_dims(g, axis) if g.ndim == 1 else g for g in case.right]


def _squeezed(case: Case) -> Prediction:
    return [np.squeeze(g) for g in case.right]


def _columns(inputs: tuple[Any, ...]) -> list[Any]:
    """Every vector as a column: against a row, it broadcasts to a table of all pairs."""
    if not any(np.ndim(i) == 1 for i in inputs):
        raise DoesNotApply("no vector among the inputs")
    return [np.reshape(i, (-1, 1)) if np.ndim(i) == 1 else i for i in inputs]


def _all_pairs(case: Case) -> Prediction:
    found = zip(case.gradients(inputs=_columns(case.inputs)), case.inputs, strict=True)
    return [g.reshape(np.shape(i)) if g.size == np.size(i) else None for g, i in found]


def _jacobian(case: Case, i: int) -> np.ndarray:
    """Of the output by one input of the same shape, as a square matrix."""
    x = np.asarray(case.inputs[i], dtype=np.float64)
    if x.ndim == 0 or x.shape != case.output.shape:
        raise DoesNotApply("not square")

    before, after = case.inputs[:i], case.inputs[i + 1 :]
    by_one = Changed(case.function, lambda value: [(*before, value, *after)])
    return numerical_jacobian(by_one, x).value.reshape(x.size, x.size)


def _with_jacobian(
    use: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[Case], Prediction]:
    """`use(J, upstream)`, for each input of the output's shape."""

    def predict(case: Case) -> Prediction:
        if isinstance(case, JacobianCase):
            raise DoesNotApply("no upstream gradient to multiply with")
        found: list[np.ndarray | None] = list(case.right)
        same = [i for i, x in enumerate(case.inputs) if np.shape(x) == case.output.shape]
        for i in same:
            flat = use(_jacobian(case, i), np.ravel(case.upstream))
            found[i] = flat.reshape(case.output.shape)
        return found if same else [None] * len(found)

    return predict


def without_biases(case: Case | Output) -> list[Any]:
    if not any(name.startswith("b") for name in case.names):
        raise DoesNotApply("no bias among the inputs")
    return [
        np.zeros(np.shape(value)) if name.startswith("b") else value
        for name, value in zip(case.names, case.inputs, strict=True)
    ]


def _product_alone(case: Output) -> np.ndarray:
    """A linear layer without its bias; where only a value is stated, too."""
    if case.gate != "Linear":
        raise DoesNotApply("no linear layer")
    return np.asarray(case.inputs[0] @ case.inputs[1], dtype=np.float64)


def _root(case: Case) -> Prediction:
    return case.gradients(function=Changed(case.function, lambda *inputs: [inputs], np.sqrt))


ROWS = (
    Misconception(
        "transposed",
        "rows and columns changed places",
        "This is the transpose. A gradient has the shape of its input: entry by "
        "entry it says how much the output follows that entry.",
        _SHAPES,
        ways(lambda case: [np.transpose(g) for g in case.right]),
        output=outputs(lambda case: np.transpose(case.right)),
    ),
    Misconception(
        "jacobian-side",
        "the Jacobian was used from the wrong side",
        "The Jacobian was multiplied as if going forward. Going back, the sum runs over the "
        "outputs that an input feeds: which index of J is that?",
        _SIDES,
        ways(_with_jacobian(lambda jacobian, upstream: jacobian @ upstream)),
    ),
    Misconception(
        "diagonal-only",
        "only the diagonal of the Jacobian was used",
        "Each output was taken to depend on the input of the same index alone. Move one input: "
        "which outputs move?",
        "02_jacobians#Not-every-Jacobian-is-diagonal",
        ways(
            _with_jacobian(lambda jacobian, upstream: np.diag(jacobian) * upstream),
            lambda case: [g * np.eye(*g.shape) if g.ndim == 2 else None for g in case.right],
        ),
    ),
    Misconception(
        "diagonal-as-vector",
        "the diagonal came back in place of the matrix",
        "These numbers stand on the diagonal. The Jacobian has an entry for each pair of an output "
        "and an input, the zeros too.",
        "02_jacobians#The-Jacobian",
        ways(lambda case: [np.diag(g) if g.ndim == 2 else None for g in case.right]),
    ),
    Misconception(
        "bias-not-summed",
        "what the examples send to the bias was not added up",
        "There is a gradient for every example of the batch. All of them use the same bias, so it "
        "is a fork with as many branches as examples.",
        _BATCH,
        ways(_spread(lambda rows: rows)),
    ),
    Misconception(
        "bias-averaged",
        "what the examples send to the bias was averaged",
        "Each example moves the output by itself, and what they do comes together at the bias: it "
        "adds up.",
        _BATCH,
        ways(_spread(lambda rows: rows.mean(axis=0))),
    ),
    Misconception(
        "wrong-axis",
        "a sum ran over the wrong axis",
        "Which axis counts the examples, and which one is still there in the result?",
        _BATCH,
        ways(
            _spread(lambda rows: rows.sum(axis=1)),
            _on_transposed,
        ),
        output=outputs(_at_transposed, _over_columns),
    ),
    Misconception(
        "all-axes-summed",
        "the sum ran over all axes",
        "A sum without an axis leaves a single number. Which axis counts the examples, and which "
        "one is still there in the result?",
        _BATCH,
        ways(_spread(lambda rows: rows.sum())),
    ),
    Misconception(
        "columns-counted",
        "it is divided by the number of columns, not of examples",
        "Every row is an example. Along which axis of the array are the rows counted?",
        _MEAN,
        ways(times(lambda case: _examples(case) / _features(case))),
        output=outputs(lambda case: case.right * _examples(case) / _features(case)),
        gates=("MeanNorm",),
    ),
    Misconception(
        "broadcast",
        "broadcasting changed a shape",
        "NumPy stretches an axis of length 1, or adds one, without a word. Print the shapes on "
        "both sides of each operation.",
        "06_gradient_checking#Broadcasting-hides-a-wrong-shape",
        ways(
            _collapsed(None),
            _collapsed(0),
            _collapsed(-1),
            _all_pairs,
        ),
        output=outputs(
            lambda case: case.at(*_columns(case.inputs)),
        ),
    ),
    Misconception(
        "axis-too-many",
        "there is an axis too many",
        "The numbers are right, and the array has an axis of length 1 more: keepdims, np.newaxis "
        "and reshape add one. The shape belongs to the answer.",
        _SHAPES,
        ways(_extra_axis(0), _extra_axis(-1)),
        output=outputs(
            lambda case: np.expand_dims(case.right, 0) if case.right.ndim else None,
            lambda case: np.expand_dims(case.right, -1) if case.right.ndim else None,
        ),
    ),
    Misconception(
        "axis-missing",
        "an axis is missing",
        "The numbers are right, and an axis of length 1 is gone: ravel, squeeze, and a sum without "
        "keepdims take it away. The shape belongs to the answer.",
        _SHAPES,
        ways(_squeezed),
        output=outputs(lambda case: np.squeeze(case.right)),
    ),
    Misconception(
        "mean-forgotten",
        "it is not divided by the number of examples",
        "This belongs to a sum over the batch. Of a mean, each example owns only its share.",
        _MEAN,
        ways(times(_examples)),
        output=outputs(lambda case: case.right * _examples(case)),
        gates=_MEANS,
    ),
    Misconception(
        "mean-twice",
        "there is a 1/N too much",
        "If the output is a plain sum, or the upstream gradient has the "
        "1/N already, nothing is left to divide.",
        _MEAN,
        ways(times(lambda case: 1 / _examples(case))),
        output=outputs(lambda case: case.right / _examples(case)),
        gates=_BATCHES,
    ),
    Misconception(
        "mean-over-entries",
        "it is divided by the number of entries, not of examples",
        "np.mean without an axis counts every entry of the array. How many examples are there?",
        _MEAN,
        ways(times(lambda case: 1 / _features(case))),
        output=outputs(lambda case: case.right / _features(case)),
        gates=_BATCHES,
    ),
    Misconception(
        "bias-missed",
        "the bias was left out",
        "The bias moves the output as well: it is an input like the others.",
        "03_matmul_gate#The-bias",
        output=outputs(lambda case: case.at(*without_biases(case)), _product_alone),
    ),
    Misconception(
        "square-forgotten",
        "a square was forgotten",
        "This belongs to the length itself, and the question is about its square.",
        "03_matmul_gate#The-squared-norm",
        ways(_root),
        output=outputs(lambda case: np.sqrt(case.right)),
        gates=("SquaredNorm", "MatMulSquaredNorm"),
    ),
)
