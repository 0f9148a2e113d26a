"""Circuits as pictures: `circuit(f)` draws one.

`wide.py` draws it from left to right, where `layout.py` says that things go; `tall.py` from top to
bottom, for a narrow page; `own.py` makes a circuit of somebody's own engine's values. Start with
`svg.py`. It may import `circuit` and `formatting`, and nothing that is not in the base install.
"""

from chainrule.draw.svg import Drawing, circuit, rows

__all__ = ["Drawing", "circuit", "rows"]
