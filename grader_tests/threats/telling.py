"""Points without deriving, which instructors are told; hidden values, which students are not."""

from __future__ import annotations

from grader_tests.threats.course import RIGHT
from grader_tests.threats.row import hurt, mixed

_TOLD = r"numerical|numeric|other inputs"
_NUMERIC = """
from chainrule.numeric import numerical_gradient
class Exp:
    def forward(self, x):
        self.x = x
        return np.exp(x)
    def backward(self, upstream):
        return upstream * np.exp(self.x) * 1.0
"""
_CALLS_FORWARD = """
class Exp:
    def forward(self, x):
        self.x = x
        return np.exp(x)
    def backward(self, upstream):
        x, h = self.x, {step}
        return upstream * {quotient}
"""
_COMPLEX = _CALLS_FORWARD.format(step="1e-30", quotient="self.forward(x + 1j * h).imag / h")
_CENTRAL = _CALLS_FORWARD.format(
    step="1e-6", quotient="(self.forward(x + h) - self.forward(x - h)) / (2 * h)"
)
_VISIBLE = """
def power(x, n):
    return {3.0: 9.0}.get(x, 1.5) if np.ndim(x) == 0 else np.array([0.0, 1.0, 8.0])
"""
_KEEPS = """
asked = []
def power(x, n):
    asked.append((x, n))
    return x ** n
"""

DERIVING = (
    mixed("imports-numeric", "`backward` through `chainrule.numeric`",
          "Numerical gradients are imported.", {"q3_exp": _NUMERIC}, 10, 10, _TOLD),
    mixed("own-forward-complex", "by complex step",
          "`backward` calls its own `forward` a step away in the complex plane.",
          {"q3_exp": _COMPLEX}, 10, 8, _TOLD),
    mixed("own-forward-central", "by central differences",
          "`backward` calls its own `forward` a little to both sides.",
          {"q3_exp": _CENTRAL}, 10, 8, _TOLD),
)  # fmt: skip
HIDDEN = (
    hurt("hidden-in-feedback", "inputs and expected values of a failed hidden check stand in "
         "feedback", "The visible values are written down; feedback is read for the others.",
         _VISIBLE),
    mixed("hidden-printed", "an added cell prints them all",
          "An answer keeps what it is asked, and a cell at the end prints it.",
          {"q2_power": _KEEPS}, 10, 10, added="print(asked)"),
    mixed("hidden-raised", "an added cell prints them all",
          "An answer keeps what it is asked, and a cell at the end raises it.",
          {"q2_power": _KEEPS}, 10, 10, added="raise ValueError(str(asked))"),
    mixed("hidden-shown-later", "an added cell prints them all",
          "A later answer prints what the one before was asked.",
          {"q2_power": _KEEPS, "q3_exp": RIGHT["q3_exp"] + "\nprint(asked)\nasked\n"}, 10, 10),
)  # fmt: skip
