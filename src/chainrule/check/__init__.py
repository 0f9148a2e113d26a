"""What a check cell calls. It passes with one line, or says what is wrong and where to read.

    check.forward(Multiply, at=dict(x=3.0, y=-4.0), gives=-12.0)
    check.backward(Multiply, at=dict(x=3.0, y=-4.0))

A check is the same at home and at grading. Gradients are compared with the numerical gradient of a
forward function, the student's own or one the check brings, within that gradient's error bar; no
reference gradient is written down anywhere.

`gates.py`, `functions.py`, `training.py`, `suspects.py` and `memory.py` are what is called;
`calls.py` and `trial.py` run the answer, `by_hand.py` and `plain.py` look at what it did and gave,
`derivatives.py` works out what it should be (`memo.py` keeps what comes of a check's own
reference), `compare.py` says whether it is right, `diagnose.py` which row of `misconceptions/`
explains it, and `explain.py` puts it into words. Start with `gates.py`. It may import `numeric` and
`formatting`, and nothing that is not in the base install.
"""

from chainrule.check import engine
from chainrule.check.challenges import challenge
from chainrule.check.functions import function, refuses
from chainrule.check.gates import backward, forward, jacobian, stages
from chainrule.check.going_back import gradients, numbers
from chainrule.check.inputs import points
from chainrule.check.memory import memory
from chainrule.check.messages import CheckFailed
from chainrule.check.orders import order
from chainrule.check.problem_sets import progress
from chainrule.check.site import site
from chainrule.check.suspects import finds
from chainrule.check.training import trained
from chainrule.check.worked import answer

__all__ = [
    "CheckFailed",
    "answer",
    "backward",
    "challenge",
    "engine",
    "finds",
    "forward",
    "function",
    "gradients",
    "jacobian",
    "memory",
    "numbers",
    "order",
    "points",
    "progress",
    "refuses",
    "site",
    "stages",
    "trained",
]
