"""Circuits one can step through: forward gate by gate, then back.

    step.through(f)

Each step says in words and numbers what happens: upstream x local = downstream. Inputs can be
changed in place, and a reader may ask to predict each number before it is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chainrule import draw
from chainrule.circuit import GATES, Scalar
from chainrule.draw.own import as_circuit
from chainrule.widget import widget

__all__ = ["Stepper", "through"]


def through(output: Any, digits: int = 4) -> Stepper:
    """Step through the circuit that ends in `output`; in a notebook, let it be a cell's last line.

    What is shown is the circuit as it is now; `output` and its inputs are left as they are.
    output: a Scalar, or a value of an engine of your own, with `value`, `operands`, `gradient` (and
    `local`, if it keeps local gradients as numbers). Where your engine's gradient is another than
    the right one, the stepper says so. Arrays are drawn, and not stepped through.
    digits: significant digits of the numbers in the picture.

    Raises TypeError for anything else.
    """
    given = as_circuit(output)
    finished = _copy(given)
    finished.backward()
    own = given is not output
    kept = tuple(s.gradient if own else None for s in given.circuit())
    steps = not any(hasattr(s, "shape") or (s.gate and not _known(s)) for s in given.circuit())
    drawing = draw.circuit(finished if steps else given, digits)
    return Stepper(drawing, kept, steps)


@dataclass(frozen=True)
class Stepper:
    """A circuit to step through.

    drawing: the finished circuit, shown where scripts do not run.
    own:     the gradient that somebody's own engine had at each scalar, or None.
    steps:   whether all is there that stepping takes.
    """

    drawing: draw.Drawing
    own: tuple[float | None, ...] = ()
    steps: bool = True

    @property
    def data(self) -> dict[str, Any]:
        """The circuit as plain data: its scalars in the order of the forward pass."""
        order = self.drawing.output.circuit()
        index = {id(s): i for i, s in enumerate(order)}
        rows = draw.rows(self.drawing.output)
        kept = self.own or (None,) * len(order)
        nodes = [
            {
                "label": label,
                "made": made_by,
                "gate": s.gate.name if s.gate else None,
                "inputs": [index[id(i)] for i in s.inputs],
                "constant": s.constant,
                "value": s.value,
                "local": list(s.local) if s.gate and s.gate.name not in GATES else None,
                "own": own,
            }
            for s, (label, made_by, *_), own in zip(order, rows, kept, strict=True)
        ]
        return {"nodes": nodes, "digits": self.drawing.digits}

    @property
    def html(self) -> str:
        """The stepper, with the finished circuit and its table for where scripts do not run."""
        if not self.steps:
            return self.drawing.html
        return widget("stepper", self.data, self.drawing.html)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.drawing.table, "text/html": self.html}


def _known(scalar: Scalar) -> bool:
    """Whether the local gradients of a scalar's gate are known."""
    return all(math.isfinite(local) for local in scalar.local)


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
