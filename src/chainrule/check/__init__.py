"""What a check cell calls. It passes with one line, or says what is wrong and where to read.

    check.forward(Multiply, at=dict(x=3.0, y=-4.0), gives=-12.0)
    check.backward(Multiply, at=dict(x=3.0, y=-4.0))

A check is the same at home and at grading. Gradients are compared with the numerical gradient of a
forward function, the student's own or one the check brings, within that gradient's error bar; no
reference gradient is written down anywhere.
"""

from chainrule.check.functions import finds, function, refuses, trained
from chainrule.check.gates import backward, forward, jacobian, stages
from chainrule.check.inputs import points
from chainrule.check.memory import memory
from chainrule.check.messages import CheckFailed
from chainrule.check.problem_sets import progress

__all__ = [
    "CheckFailed",
    "backward",
    "finds",
    "forward",
    "function",
    "jacobian",
    "memory",
    "points",
    "progress",
    "refuses",
    "stages",
    "trained",
]
