"""Pictures in a dark page: an image takes the colours of the page that it stands on.

A browser gives an SVG image the colour scheme of the element that holds it, so one rule in the
image itself does for the site, for JupyterLab and for GitHub alike. On paper all is light.
"""

from __future__ import annotations

__all__ = ["DARK", "in_either_theme"]

DARK = (
    '<style class="theme">@media (prefers-color-scheme: dark) '
    "{ svg { filter: invert(0.91) hue-rotate(180deg); } }</style>"
)
"""Turns light and dark around, and leaves hues as they are."""


def in_either_theme(svg: str) -> str:
    """The SVG document, such that it is dark on a dark page."""
    head, rest = svg.split(">", 1)
    return f"{head}>{DARK}{rest}"
