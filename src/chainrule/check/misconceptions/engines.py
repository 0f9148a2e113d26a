"""Mistakes of autograd engines.

They are recognised by `check/walks.py` and `check/engine.py`, which have every gradient of a whole
expression before them; no value is predicted here.
"""

from __future__ import annotations

from chainrule.check.misconceptions.model import Misconception

_ORDER = "07_autograd_engine#An-order-for-any-circuit"
_FORKS = "07_autograd_engine#Forks-in-an-engine"
_AGAIN = "07_autograd_engine#A-second-backward"
_DEEP = "07_autograd_engine#A-long-chain"
_SHAPES = "07_autograd_engine#What-was-broadcast-is-summed"
_VALUE = "07_autograd_engine#A-number-that-remembers"
_ARRAYS = "07_autograd_engine#The-same-for-arrays"

ROWS = (
    Misconception(
        "engine-overwrites",
        "at a fork the last branch overwrote the others",
        "A value that is used more than once gets something back from every use. Each of them has "
        "to be added to what is there: look for = where += is meant.",
        _FORKS,
    ),
    Misconception(
        "engine-visits-again",
        "something is visited more than once",
        "A value that two gates use is reached in two ways, but it has one place in the order, and "
        "passes its gradient on once.",
        _ORDER,
    ),
    Misconception(
        "engine-order",
        "something passes its gradient on before all of it is there",
        "A value may only pass on what it got when every gate that uses it has had its turn. Which "
        "order makes sure of that?",
        _ORDER,
    ),
    Misconception(
        "engine-unseeded",
        "nothing ever starts: the output's own gradient is 0",
        "Backward begins at the output. How fast does the output change when the output itself "
        "does?",
        _VALUE,
    ),
    Misconception(
        "engine-not-reset",
        "a second backward adds to what the first one left",
        "The first call is right. The second finds the gradients of the first, and adds to them: "
        "where does each backward start from?",
        _AGAIN,
    ),
    Misconception(
        "engine-recursion",
        "its calls are nested as deeply as the circuit is long",
        "A function that calls itself once for every gate reaches the end of Python's stack. A "
        "list of what still has to be done has no such end.",
        _DEEP,
    ),
    Misconception(
        "engine-forgets-operands",
        "a value does not know what it was made of",
        "Backward goes from each value to those it was made of. A gate has to hand them to the "
        "value that it makes, in order.",
        _VALUE,
    ),
    Misconception(
        "engine-not-unbroadcast",
        "the axes that were broadcast are not summed",
        "An entry that broadcasting used again and again is a fork: what comes back for each use "
        "adds up, until the gradient has the shape of the input.",
        _SHAPES,
    ),
    Misconception(
        "engine-changes-values",
        "a value was changed in place",
        "A value that a gate was given may be used by other gates too, and backward may need it. "
        "Make a new array, and leave the old one as it was.",
        _ARRAYS,
    ),
    Misconception(
        "engine-shared-gradient",
        "two values share one array for their gradients",
        "Where one array is handed to two values, adding to the gradient of one changes the other. "
        "Each needs an array of its own.",
        _ARRAYS,
    ),
)
