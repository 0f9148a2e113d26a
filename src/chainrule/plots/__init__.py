"""Plots for the lectures, in one style; matplotlib is only loaded when something is plotted.

`style.py` is how every plot looks, `functions.py` plots functions and their slopes, `networks.py`
points and nets, `images.py` digits. Start with `style.py`. It may import `activations` and
`formatting`.
"""

from chainrule.plots.functions import (
    activation,
    bars,
    curves,
    function_and_slope,
    gallery,
    kink,
    secants,
    slope_check,
    step_sizes,
    stretched,
)
from chainrule.plots.images import digits
from chainrule.plots.networks import boundaries, network, points
from chainrule.plots.style import COLOURS, Picture, figure

__all__ = [
    "COLOURS", "Picture", "activation", "bars", "boundaries", "curves", "digits", "figure",
    "function_and_slope", "gallery", "kink", "network", "points", "secants", "slope_check",
    "step_sizes", "stretched",
]  # fmt: skip
