"""Truths of the problem sets: what their text states, and the right choices of *five minutes back*.

How many points there are is read off the cells that are graded.
"""

from __future__ import annotations

from typing import Any

import autograd
import mpmath
from nbformat import NotebookNode

from grader_tests.learning.truths import nets
from grader_tests.support.stated import Between, Truths

MIB = 2**20
ENOUGH = Between(95, 95)  # what is asked for; that it is reached, the check of the question says


def points(notebook: NotebookNode) -> Truths:
    """What the first cell says of the points: all, those for code, those that a person gives."""
    graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    code = sum(c.metadata.nbgrader.points for c in graded if c.cell_type == "code")
    read = sum(c.metadata.nbgrader.points for c in graded if c.cell_type == "markdown")
    return {"title": [("All in all there are", [code + read, code, read])]}


SIGMOID_AT_ITS_STEEPEST = mpmath.diff(lambda x: 1 / (1 + mpmath.exp(-x)), 0)

# By set; the ids of cells return in every set.
TRUTHS: dict[str, Truths] = {
    "2": {"q8_text": [("it would take", [8 * 4096**2 / MIB])]},
    "4": {"q2_text": [("*2-layer net*. (", [32 * 32 * 3])], "q8_text": [("and wants", [ENOUGH])]},
    "7": {"q6_text": [("and wants", [ENOUGH])]},
}

# The three questions of *five minutes back*: what the three choices of each are, in their order,
# where they are numbers, and which of them is right.
_WORDS: list[Any] = [None, None, None]
FIVE_MINUTES: dict[str, list[tuple[list[Any], int]]] = {
    "1": [
        ([3 * 0.1, 3 * 0.1 + 0.2, 3 * 0.1 + 2], 0),
        ([2, mpmath.diff(lambda x: x**2, 3), 3**2], 1),
        ([2 + 3, 3, 2 * 3], 2),
    ],
    "2": [
        ([autograd.grad(lambda x: 4 * (x + 5.0))(1.0), 4 / 2, 4 * 2], 0),
        ([3, 3 * -4, autograd.grad(lambda x: x * -4.0)(3.0)], 2),
        ([-4 + 1, 1, [-4, 1]], 0),
    ],
    "3": [
        ([[2, 5], [5, 2], [5, 5]], 0),
        (_WORDS, 1),
        ([1000**2, 1, 1000], 2),
    ],
    "4": [([[100, 5], [20, 5], [5, 20]], 1), (_WORDS, 0), (_WORDS, 2)],
    "5": [
        (_WORDS, 0),
        ([2 * 24 + 24 * 3, nets.parameters(2, 24, 3), 2 + 24 + 3], 1),
        (_WORDS, 2),
    ],
    "6": [
        ([1, [1, 1 / SIGMOID_AT_ITS_STEEPEST], [1, 2]], 1),
        (_WORDS, 0),
        (_WORDS, 2),
    ],
    "7": [(_WORDS, 1), (_WORDS, 2), (_WORDS, 2)],
}


def pencil() -> dict[str, float]:
    """The gradients of problem set 1, question 16, by autograd."""

    def f(moved: Any) -> Any:
        a, b, c = 2.0 + moved["da"], -3.0 + moved["db"], 10.0 + moved["dc"]
        s = a + b + moved["ds"]
        r = max(s, 0.0) + moved["dr"]
        p = a * b + moved["dp"]
        q = p + c + moved["dq"]
        return q * c + moved["dt"] + r

    names = ("da", "db", "dc", "ds", "dr", "dp", "dq", "dt")
    return {name: float(by) for name, by in autograd.grad(f)(dict.fromkeys(names, 0.0)).items()}
