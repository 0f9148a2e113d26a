"""Numerical gradients that know their own error bars.

`gradient.py` is what is called. `probe.py` evaluates the function, `slopes.py` chooses the steps
and judges what they say, `richardson.py` extrapolates. Start with `gradient.py`. It imports NumPy
and nothing of this package.
"""

from chainrule.numeric.gradient import (
    Estimate,
    directional_slopes,
    numerical_gradient,
    numerical_gradients,
    numerical_gradients_at,
    numerical_jacobian,
)

__all__ = [
    "Estimate", "directional_slopes", "numerical_gradient", "numerical_gradients",
    "numerical_gradients_at", "numerical_jacobian",
]  # fmt: skip
