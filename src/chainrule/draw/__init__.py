"""Circuits as pictures: `circuit(f)` draws one."""

from chainrule.draw.svg import Drawing, circuit, rows

__all__ = ["Drawing", "circuit", "rows"]
