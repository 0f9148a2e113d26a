"""Circuits as pictures: values in green above each wire, gradients in red below.

Colour is never alone: values stand upright above the wire, gradients stand below it behind an
arrow that points back, the way they flow. `Drawing.table` says the same in plain text.

Every part of the picture says what it belongs to (data-node, data-wire, data-share), so that what
steps through a circuit can use this picture and needs no geometry of its own.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import Any

from chainrule.circuit import Scalar
from chainrule.draw.own import as_circuit
from chainrule.draw.sheet import shown
from chainrule.draw.tall import TallDrawing
from chainrule.draw.wide import WideDrawing
from chainrule.formatting import MINUS

__all__ = ["Drawing", "circuit"]

_LEAST = 0.74  # of its size, below which a picture cannot be read


def circuit(output: Any, digits: int = 4) -> Drawing:
    """Draw the circuit that ends in `output`; gradients are shown once `backward` has run.

    output: a Scalar, or a value of an engine of your own, with `value`, `operands`, `gradient`.
    digits: significant digits of the numbers in the picture (the table has six).

    Raises TypeError for anything else.
    """
    return Drawing(as_circuit(output), digits)


@dataclass(frozen=True)
class Drawing:
    """A picture of a circuit. A notebook shows it; `svg`, `table` and `html` are its forms."""

    output: Scalar
    digits: int = 4

    @property
    def svg(self) -> str:
        """The picture as a stand-alone SVG document, from left to right."""
        return WideDrawing(self.output, self.digits).svg()

    @property
    def tall_svg(self) -> str:
        """The same from top to bottom, for a narrow page."""
        return TallDrawing(self.output, self.digits).svg()

    @property
    def table(self) -> str:
        """The circuit in plain text: a line for each scalar, in the order of the forward pass.

        >>> f = (Scalar(3, "x") * Scalar(-4, "y")).named("f")
        >>> f.backward()
        >>> print(circuit(f).table)
        scalar  made by           value  gradient
        x       input                 3        -4
        y       input                -4         3
        f       multiply of x, y    -12         1
        """
        lines = [("scalar", "made by", "value", "gradient"), *rows(self.output)]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        text = (
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
            for a, b, c, d in lines
        )
        return "\n".join(text)

    @property
    def description(self) -> str:
        """One sentence for who cannot see the picture."""
        label = labels(self.output)
        gates = sum(s.gate is not None for s in self.output.circuit())
        inputs = [
            f"{label[id(s)]} = {shown(s, 'value', self.digits)}"
            for s in self.output.circuit()
            if s.gate is None
        ]
        text = (
            f"Circuit of {gates} gate{'s' * (gates != 1)} from {', '.join(inputs)} "
            f"to {label[id(self.output)]} = {shown(self.output, 'value', self.digits)}"
        )
        if self.output.gradient is not None:
            text += ", with the gradient of every wire"
        return text + ". The table below has all numbers."

    @property
    def html(self) -> str:
        """The picture as an image, with the table behind a click: no script, nothing to strip.

        A narrow page gets the picture that goes from top to bottom.
        """
        wide, tall = self.svg, self.tall_svg
        least = round(_LEAST * _width(wide))
        head = "".join(f"<th>{h}</th>" for h in ("scalar", "made by", "value", "gradient"))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows(self.output)
        )
        return (
            '<figure class="chainrule-picture" style="margin:0;overflow-x:auto"><picture>'
            f'<source media="(max-width: {least + _BESIDE}px)" srcset="{_data(tall)}">'
            f'<img alt="{escape(self.description)}" style="max-width:100%" src="{_data(wide)}">'
            "</picture><figcaption><details><summary>These numbers as a table</summary>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            "</details></figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.table, "text/html": self.html}


_BESIDE = 48  # pixels that a narrow page keeps for its margins


def _width(svg: str) -> int:
    return int(svg.split('width="')[1].split('"')[0])


def _data(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def labels(output: Scalar) -> dict[int, str]:
    """A label for every scalar: its name, or a number in the order of the forward pass."""
    return {id(s): s.name or f"({i})" for i, s in enumerate(output.circuit(), start=1)}


def rows(output: Scalar) -> list[tuple[str, str, str, str]]:
    label = labels(output)
    found = []
    for s in output.circuit():
        made_by = "input"
        if s.gate is not None:
            made_by = f"{s.gate.name} of " + ", ".join(label[id(i)] for i in s.inputs)
            if s.constant is not None:
                made_by = f"{s.symbol} of " + label[id(s.inputs[0])]
        value, gradient = shown(s, "value", 6), ""
        if s.gradient is not None:
            gradient = shown(s, "gradient", 6)
        value, gradient = value.replace(MINUS, "-"), gradient.replace(MINUS, "-")
        found.append((label[id(s)], made_by, value, gradient))
    return found
