"""Mistakes with a gate as an object: what it keeps, what it shares, what a second call finds.

Most are recognised by how the gate behaves when it is called again; they predict nothing.
"""

from __future__ import annotations

from chainrule.check.case import Case, DoesNotApply
from chainrule.check.misconceptions.model import Misconception, Prediction, ways

_PROMISES = "01_scalar_circuits#What-a-gate-promises"


def _other_constants(case: Case) -> Prediction:
    if case.other is None:
        raise DoesNotApply("the gate has no constants")
    return case.gradients(function=case.other)


ROWS = (
    Misconception(
        "constants-shared",
        "another object's constants were used",
        "Two gates of one class may have different constants. What stands on the class is one for "
        "all of them: keep it on self.",
        _PROMISES,
        ways(_other_constants),
    ),
    Misconception(
        "forward-remembers",
        "it gives something else when it was called before",
        "What forward returns depends on its inputs alone. Look for a list that grows, a sum that "
        "is carried on, or a value that is kept once and for all.",
        _PROMISES,
    ),
    Misconception(
        "output-modified",
        "it writes into the array that forward returned",
        "Whoever called forward still needs its output, and backward itself may be called again. "
        "Work on a copy, or make a new array.",
        _PROMISES,
    ),
    Misconception(
        "second-backward",
        "called a second time, it gives something else",
        "What backward returns depends on the last forward and on what arrives. Look for something "
        "on self that it adds to, overwrites or uses up.",
        _PROMISES,
    ),
    Misconception(
        "upstream-clipped",
        "it does not follow an upstream gradient of another size",
        "The gradient is in proportion to what arrives, be it large or small. Nothing is cut off, "
        "and there is no threshold.",
        "01_scalar_circuits#One-gate",
    ),
    Misconception(
        "self-missing",
        "self is missing before the inputs",
        "Each method of a class gets the object itself first, and then what it was called with.",
        _PROMISES,
    ),
    Misconception(
        "gradient-for-constant",
        "a gradient for the gate's constant came back as well",
        "The constant belongs to the gate and never changes; nobody waits for a gradient of it. "
        "One input, one gradient.",
        _PROMISES,
    ),
    Misconception(
        "seed-ignored",
        "what is drawn does not depend on the seed alone",
        "Random numbers are drawn by a generator that was made with the seed. With the same seed, "
        "they are the same ones each time.",
        "06_gradient_checking#Upstream-gradients-at-random",
    ),
    Misconception(
        "one-step",
        "one step was taken, and no further one",
        "These are the parameters after a single step. Is the return inside the loop? It ends the "
        "function at once, however many turns are left.",
        "04_neural_networks#Gradient-descent",
    ),
)
