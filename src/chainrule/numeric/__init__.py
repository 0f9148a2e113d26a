"""Numerical gradients that know their own error bars."""

from chainrule.numeric.gradient import (
    Estimate,
    directional_slopes,
    numerical_gradient,
    numerical_gradients,
    numerical_gradients_at,
    numerical_jacobian,
)

__all__ = [
    "Estimate",
    "directional_slopes",
    "numerical_gradient",
    "numerical_gradients",
    "numerical_gradients_at",
    "numerical_jacobian",
]
