"""Circuits one can step through: forward gate by gate, then back.

    step.through(f)

Each step says in words and numbers what happens: upstream x local = downstream. Inputs can be
changed in place, and a reader may ask to predict each number before it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule import draw
from chainrule.circuit import Scalar
from chainrule.widget import widget

__all__ = ["Stepper", "through"]


def through(output: Scalar, digits: int = 4) -> Stepper:
    """Step through the circuit that ends in `output`; in a notebook, let it be a cell's last line.

    What is shown is the circuit as it is now; `output` and its inputs are left as they are.
    digits: significant digits of the numbers in the picture.
    """
    finished = _copy(output)
    finished.backward()
    return Stepper(draw.circuit(finished, digits))


@dataclass(frozen=True)
class Stepper:
    """A circuit to step through. drawing: the finished circuit, shown where scripts do not run."""

    drawing: draw.Drawing

    @property
    def data(self) -> dict[str, Any]:
        """The circuit as plain data: its scalars in the order of the forward pass."""
        order = self.drawing.output.circuit()
        index = {id(s): i for i, s in enumerate(order)}
        rows = draw.rows(self.drawing.output)
        nodes = [
            {
                "label": label,
                "made": made_by,
                "gate": s.gate.name if s.gate else None,
                "inputs": [index[id(i)] for i in s.inputs],
                "constant": s.constant,
                "value": s.value,
            }
            for s, (label, made_by, *_) in zip(order, rows, strict=True)
        ]
        return {"nodes": nodes, "digits": self.drawing.digits}

    @property
    def html(self) -> str:
        """The stepper, with the finished circuit and its table for where scripts do not run."""
        return widget("stepper", self.data, self.drawing.html)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.drawing.table, "text/html": self.html}


def _copy(output: Scalar) -> Scalar:
    """The same circuit made of new scalars, so that running it changes nothing of the caller's."""
    copies: dict[int, Scalar] = {}
    for scalar in output.circuit():
        copy = Scalar(scalar.value, scalar.name)
        copy.gate, copy.constant = scalar.gate, scalar.constant
        copy.inputs = tuple(copies[id(i)] for i in scalar.inputs)
        copies[id(scalar)] = copy
    copies[id(output)].forward()
    return copies[id(output)]
