"""Circuits as pictures: `circuit(f)` draws one."""

from chainrule.draw.svg import Drawing, circuit, number, rows

__all__ = ["Drawing", "circuit", "number", "rows"]
