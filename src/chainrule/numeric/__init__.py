"""Numerical gradients that know their own error bars.

`gradient.py` is what is called, `richardson.py` the differences behind it. Start with
`gradient.py`. It imports NumPy and nothing of this package.
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
