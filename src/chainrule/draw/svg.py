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
from chainrule.draw.layout import Layout, Wire, lay_out
from chainrule.formatting import MINUS, number

__all__ = ["Drawing", "circuit"]

_COLUMN = 170  # pixels from one column to the next
_ROW = 76
_RADIUS = 19
_TRUNK = 86  # straight piece of wire behind each scalar, where its numbers stand
_MARGIN = 30

_STYLE = """
text { font: 14px 'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif; text-anchor: middle;
       paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
.card { fill: #ffffff; stroke: #d8dee4; }
.wire { fill: none; stroke: #57606a; stroke-width: 1.6; }
.gate { fill: #f3f6fa; stroke: #24292f; stroke-width: 1.6; }
.symbol { fill: #24292f; font-size: 13px; stroke: none; }
.name { fill: #24292f; font-style: italic; font-size: 15px; }
.number { fill: #57606a; font-size: 11px; }
.value { fill: #0b6e33; font-weight: 600; }
.gradient { fill: #b3261e; font-weight: 600; }
.share { fill: #b3261e; font-size: 12px; stroke-width: 5px; }
"""


def circuit(output: Scalar, digits: int = 4) -> Drawing:
    """Draw the circuit that ends in `output`; gradients are shown once `backward` has run.

    digits: significant digits of the numbers in the picture (the table has six).
    """
    return Drawing(output, digits)


@dataclass(frozen=True)
class Drawing:
    """A picture of a circuit. A notebook shows it; `svg`, `table` and `html` are its forms."""

    output: Scalar
    digits: int = 4

    @property
    def svg(self) -> str:
        """The picture as a stand-alone SVG document."""
        return _Svg(self.output, self.digits).document()

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
            f"{label[id(s)]} = {number(s.value, self.digits, MINUS)}"
            for s in self.output.circuit()
            if s.gate is None
        ]
        text = (
            f"Circuit of {gates} gate{'s' * (gates != 1)} from {', '.join(inputs)} "
            f"to {label[id(self.output)]} = {number(self.output.value, self.digits, MINUS)}"
        )
        if self.output.gradient is not None:
            text += ", with the gradient of every wire"
        return text + ". The table below has all numbers."

    @property
    def html(self) -> str:
        """The picture as an image, with the table behind a click: no script, nothing to strip."""
        svg = self.svg
        data = base64.b64encode(svg.encode()).decode()
        # In a narrow column a long circuit scrolls sideways; made to fit, nobody could read it.
        least = round(0.55 * int(svg.split('width="')[1].split('"')[0]))
        head = "".join(f"<th>{h}</th>" for h in ("scalar", "made by", "value", "gradient"))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows(self.output)
        )
        return (
            '<figure style="margin:0;overflow-x:auto">'
            f'<img alt="{escape(self.description)}" '
            f'style="max-width:100%;min-width:{least}px" src="data:image/svg+xml;base64,{data}">'
            "<figcaption><details><summary>These numbers as a table</summary>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            "</details></figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.table, "text/html": self.html}


class _Svg:
    def __init__(self, output: Scalar, digits: int) -> None:
        self.output, self.digits = output, digits
        self.order = output.circuit()
        self.index = {id(s): i for i, s in enumerate(self.order)}
        self.layout: Layout = lay_out(output)
        self.parts: list[str] = []

    def document(self) -> str:
        self.wires()
        for scalar in self.order:
            self.scalar(scalar)
        names = [len(s.name) for s in self.order if s.gate is None]
        left = _MARGIN + 9 * max(names, default=1)
        width = left + (self.layout.columns - 1) * _COLUMN + _RADIUS + _TRUNK + 4 * _MARGIN / 2
        width += 9 * len(self.output.name)
        height = self.layout.rows * _ROW + _MARGIN
        body = "".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}"><style>{_STYLE}</style>'
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1:.0f}" '
            f'height="{height - 1:.0f}" rx="8"/>'
            f'<g transform="translate({left},{_MARGIN / 2 + _ROW / 2})">{body}</g></svg>'
        )

    def wires(self) -> None:
        fan_out: dict[int, int] = {}
        for wire in self.layout.wires:
            fan_out[id(wire.source)] = fan_out.get(id(wire.source), 0) + 1
        for wire in self.layout.wires:
            (column, row), *bends, (end_column, end_row) = wire.points
            x: float = column * _COLUMN + _RADIUS + _TRUNK
            y: float = row * _ROW
            path = f"M{x:.1f} {y:.1f}"
            spread = self.spread(wire)
            # A bend is a straight piece as long as a gate and the wire behind it, so that a wire
            # that passes a gate by stays clear of it.
            stops: list[tuple[float, float]] = [(c * _COLUMN - _RADIUS, r * _ROW) for c, r in bends]
            stops.append(
                (end_column * _COLUMN - _RADIUS + abs(spread) / 5, end_row * _ROW + spread)
            )
            for to_x, to_y in stops:
                reach = (to_x - x) / 2
                path += (
                    f" C{x + reach:.1f} {y:.1f} {to_x - reach:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
                )
                x, y = to_x + 2 * _RADIUS + _TRUNK, to_y
                if (to_x, to_y) != stops[-1]:
                    path += f" H{x:.1f}"
            self.parts.append(f'<path class="wire" data-wire="{self.end(wire)}" d="{path}"/>')
        for wire in self.layout.wires:
            if fan_out[id(wire.source)] > 1 and wire.target.gradient is not None:
                # What this branch alone sends back, beside the gate it comes from.
                share = number(wire.target.downstream[wire.position], self.digits, MINUS)
                column, row = wire.points[-1]
                spread = self.spread(wire)
                y = row * _ROW + spread + (-6 if spread < 0 else 16)
                where = f' data-share="{self.end(wire)}"'
                self.text("share", column * _COLUMN - _RADIUS - 20, y, "← " + share, where)

    def end(self, wire: Wire) -> str:
        """Which wire it is: the number of its gate, and of the gate's input that it goes to."""
        return f"{self.index[id(wire.target)]}:{wire.position}"

    @staticmethod
    def spread(wire: Wire) -> float:
        """How far above or below the middle of its gate a wire ends."""
        return (wire.position - (len(wire.target.inputs) - 1) / 2) * 14

    def scalar(self, scalar: Scalar) -> None:
        column, row = self.layout.place[id(scalar)]
        x, y = column * _COLUMN, row * _ROW
        trunk = x + _RADIUS + _TRUNK
        self.parts.append(
            f'<g class="scalar" data-node="{self.index[id(scalar)]}"><path class="wire" '
            f'd="M{x:.1f} {y:.1f} H{trunk + 14 * (scalar is self.output):.1f}"/>'
        )
        name = scalar.name
        if scalar.gate is not None:
            self.parts.append(f'<circle class="gate" cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}"/>')
            self.text("symbol", x, y + 5, scalar.symbol)
            if name and scalar is not self.output:
                self.text("name", x, y - _RADIUS - 7, name)
            elif not name:
                # The number by which the table and the stepper call a gate without a name.
                self.text("number", x, y - _RADIUS - 5, f"({self.index[id(scalar)] + 1})")
        else:
            # The name of an input stands on a little card at the start of its wire.
            width = max(2 * _RADIUS, 9 * len(name) + 16)
            self.parts.append(
                f'<rect class="card" x="{x + _RADIUS - width:.1f}" y="{y - 14:.1f}" '
                f'width="{width:.1f}" height="28" rx="5"/>'
            )
            label = name or f"({self.index[id(scalar)] + 1})"
            self.text("name" if name else "number", x + _RADIUS - width / 2, y + 5, label)
        middle = x + _RADIUS + _TRUNK / 2
        self.text("value", middle, y - 8, number(scalar.value, self.digits, MINUS))
        if scalar.gradient is not None:
            self.text(
                "gradient", middle, y + 20, "← " + number(scalar.gradient, self.digits, MINUS)
            )
        if scalar is self.output and name:
            self.text("name", trunk + 22 + 4 * len(name), y + 5, name)
        self.parts.append("</g>")

    def text(self, kind: str, x: float, y: float, content: str, where: str = "") -> None:
        self.parts.append(
            f'<text class="{kind}"{where} x="{x:.1f}" y="{y:.1f}">{escape(content)}</text>'
        )


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
        gradient = "" if s.gradient is None else number(s.gradient)
        found.append((label[id(s)], made_by, number(s.value), gradient))
    return found
