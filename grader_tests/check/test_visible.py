"""What a question demands is tried where a student sees it: visible checks refuse what is wrong."""

from __future__ import annotations

import pytest
from nbformat import NotebookNode

from chainrule.sample.sample_class import Answer, answer_cell
from grader_tests.support.cells import Verdict
from grader_tests.support.trial import (
    answers,
    master_source,
    problem_sets,
    questions,
    try_answer,
)

SETS = sorted(problem_sets())

# Wrong answers that only hidden checks refuse, and why that cannot be otherwise.
HIDDEN_ONLY = {
    ("q8_large", "forms a matrix for longer vectors"): "a length is written into it",
    ("q2_squarednorm", "rounded for display"): "it rounds below the visible numbers",
    ("q5_rownorms", "rounded for display"): "it rounds below the visible numbers",
    ("q6_meannorm", "rounded for display"): "it rounds below the visible numbers",
    ("q13_order", "four passes over the circuit"): "a depth is written into it",
    ("q15_routed", "rounded for display"): "it rounds below the visible numbers",
    ("q10_batch", "two examples, whatever comes"): "a number of examples is written into it",
    ("q10_every", "a square matrix is not turned"): "no visible matrix is square",
    ("q11_penalty", "two layers are all there is"): "a depth is written into it",
    ("q12_minibatches", "three of them, whatever comes"): "a number of them is written into it",
    ("q10_holds", "inputs and slopes of the visible size"): "bounds are written into it",
    ("q11_yesno", "rounded for display"): "it rounds below the visible numbers",
    ("q2_value", "exponents of one decimal"): "it rounds below the visible numbers",
    ("q2_value", "resets what is four gates away"): "a depth is written into it",
    ("q2_value", "clips what comes back"): "a bound is written into it",
    ("q3_unbroadcast", "at most one axis too many"): "a number of axes is written into it",
    ("q4_tensor", "matmul without a transpose, where it fits"): "no visible matrix is square",
    ("q4_tensor", "the sum knows two axes only"): "a number of axes is written into it",
    ("q4_tensor", "the sum wants no axis above 1"): "a number of axes is written into it",
    ("q4_tensor", "only two axes are unbroadcast"): "a number of axes is written into it",
    ("q4_tensor", "clips what comes back"): "a bound is written into it",
    ("q4_tensor", "exponents of one decimal"): "it rounds below the visible numbers",
    ("q5_loss", "divides by three"): "a number of examples is written into it",
    ("q6_train", "two layers, whatever comes"): "a depth is written into it",
    ("q7_cost", "two layers are all there is"): "a depth is written into it",
    ("q5_threelayer", "an exact zero where units are dead for all"): "no visible unit is so dead",
    ("q7_accuracy", "the largest in size"): "a bound is written into it",
    ("q8_train", "the parameters of the visible net"): "it knows the visible result by heart",
    ("q9_find", "the same upstream for all outputs"): "the visible suspects do not give it away",
}

NAIVE: dict[tuple[str, str], str] = {
    ("ps2_jacobians", "q3_softmax"): """
class Softmax:
    def forward(self, x):
        self.s = np.exp(x) / np.exp(x).sum()
        return self.s

    def jacobian(self):
        return np.diag(self.s) - np.outer(self.s, self.s)

    def backward(self, upstream):
        return self.jacobian().T @ upstream
""",
    ("ps5_activations", "q2_tanh"): """
class Tanh:
    def forward(self, x):
        self.output = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return self.output

    def backward(self, upstream):
        return upstream * (1 - self.output**2)
""",
    ("ps5_activations", "q4_leakyrelu"): """
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.1 * x)

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, 0.1)
""",
    ("ps5_activations", "q6_softplus"): """
class Softplus:
    def forward(self, x):
        self.x = x
        return np.log(1 + np.exp(x))

    def backward(self, upstream):
        return upstream / (1 + np.exp(-self.x))
""",
    ("ps4_neural_networks", "q3_loss"): """
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        self.p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.p[np.arange(len(scores)), self.y]))

    def backward(self, upstream):
        d = self.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d)
""",
}


def visible(problem_set: str, cell: str, source: str) -> Verdict:
    """What a student sees: the checks without their hidden part."""
    checks = [
        NotebookNode(check | {"source": check.source.split("### BEGIN HIDDEN")[0]})
        for check in questions(problem_set)[cell]
    ]
    return try_answer(problem_set, cell, source, checks)


def source_of(problem_set: str, answer: Answer) -> str:
    return answer_cell(master_source(problem_set, answer.cell), answer.source)


@pytest.mark.overnight
@pytest.mark.parametrize("name", SETS)
def test_visible_checks_refuse_every_wrong_answer(name: str) -> None:
    passed = {
        (answer.cell, answer.name)
        for answer in answers(name)
        if not answer.right and visible(name, answer.cell, source_of(name, answer)).accepted
    }
    assert passed <= set(HIDDEN_ONLY)


@pytest.mark.parametrize(("name", "cell"), NAIVE)
def test_visible_checks_refuse_the_naive_answer(name: str, cell: str) -> None:
    assert not visible(name, cell, NAIVE[name, cell]).accepted
