"""Circuits as pictures: `circuit(f)` draws one.

`layout.py` says where each scalar and wire goes, `svg.py` draws it. Start with `svg.py`. It may
import `circuit` and `formatting`, and nothing that is not in the base install.
"""

from chainrule.draw.svg import Drawing, circuit, rows

__all__ = ["Drawing", "circuit", "rows"]
