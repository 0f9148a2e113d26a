"""The checks of an autograd engine: of values that remember how they were made.

    check.engine.backward(Value, "x * y + x", at=dict(x=2.0, y=-4.0))
    check.engine.backward(Value, seed=1)

`checks.py` is what is called. It writes expressions (`formulas.py`, `expressions.py`), runs them on
the student's class (`programs.py`), compares, and asks `walks.py` which mistake explains what came.
Start with `checks.py`. It may import the rest of `check`, and `numeric`.
"""

from chainrule.check.engine.checks import backward, forward, long_way, remembers, twice
from chainrule.check.engine.uses import function, slopes, trained

__all__ = ["backward", "forward", "function", "long_way", "remembers", "slopes", "trained", "twice"]
