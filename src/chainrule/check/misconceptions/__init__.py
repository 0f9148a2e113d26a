"""The mistakes people make, as data.

Each row says what the mistake would have returned. When an answer is wrong and exactly one row
explains it at every point that was tried, the student is told which idea to look at again.
Predictions are numerical gradients of a changed function or of changed inputs, so the table holds
no gradient of any exercise.

Start with `model.py`, which says what a row is. It may import `check.case`, `check.calls` and
`numeric`.
"""

from chainrule.check.misconceptions import (
    activations,
    arrays,
    chain,
    counts,
    differences,
    engines,
    formulas,
    nets,
    numbers,
    objects,
    softmax,
)
from chainrule.check.misconceptions.model import Misconception, Prediction

__all__ = ["MISCONCEPTIONS", "Misconception", "Prediction"]

MISCONCEPTIONS: dict[str, Misconception] = {
    row.id: row
    for part in (
        chain,
        arrays,
        activations,
        formulas,
        softmax,
        nets,
        differences,
        counts,
        numbers,
        objects,
        engines,
    )
    for row in part.ROWS
}
