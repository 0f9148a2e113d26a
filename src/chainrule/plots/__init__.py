"""Plots for the lectures, in one style; matplotlib is only loaded when something is plotted."""

from chainrule.plots.functions import (
    COLOURS,
    Picture,
    activation,
    bars,
    boundaries,
    curves,
    figure,
    function_and_slope,
    gallery,
    kink,
    network,
    points,
    secants,
    slope_check,
    step_sizes,
    stretched,
)

__all__ = [
    "COLOURS",
    "Picture",
    "activation",
    "bars",
    "boundaries",
    "curves",
    "figure",
    "function_and_slope",
    "gallery",
    "kink",
    "network",
    "points",
    "secants",
    "slope_check",
    "step_sizes",
    "stretched",
]
