"""A circuit from left to right: inputs at the left, its output at the right."""

from __future__ import annotations

from chainrule.circuit import Scalar
from chainrule.draw.layout import Wire, lay_out
from chainrule.draw.sheet import RADIUS, CircuitSheet, shown, text_width
from chainrule.formatting import MINUS, number

__all__ = ["WideDrawing", "shown_share"]

_TRUNK = 84  # at least: straight piece of wire behind each scalar, where its numbers stand
_BEND = 18  # room in which a wire changes its row
_SHARE = 60  # at least: straight piece before a gate, where stands what a branch sends back
_ROW = 78
_MARGIN = 26
_PORT = 16  # pixels between the wires that end at one gate


class WideDrawing:
    """The picture of a circuit, laid out in columns."""

    def __init__(self, output: Scalar, digits: int) -> None:
        self.output, self.digits = output, digits
        self.order = output.circuit()
        self.index = {id(s): i for i, s in enumerate(self.order)}
        self.layout = lay_out(output)
        self.sheet = CircuitSheet()
        uses: dict[int, int] = {}
        for wire in self.layout.wires:
            uses[id(wire.source)] = uses.get(id(wire.source), 0) + 1
        self.forked = {key for key, count in uses.items() if count > 1}
        written = [shown(s, "value", digits) for s in self.order]
        written += [
            "← " + shown(s, "gradient", digits) for s in self.order if s.gradient is not None
        ]
        self.trunk = max(_TRUNK, *(text_width(text) + 2 for text in written))
        # Where a wire of a fork ends there is room for its share.
        self.approach = [0.0] * self.layout.columns
        for wire in self.layout.wires:
            if id(wire.source) in self.forked:
                column = wire.points[-1][0]
                room = text_width(self._share(wire)) + 10
                self.approach[column] = max(self.approach[column], _SHARE, room)
        self.x = [0.0]
        for column in range(1, self.layout.columns):
            step = 2 * RADIUS + self.trunk + _BEND + self.approach[column]
            self.x.append(self.x[-1] + step)

    def svg(self) -> str:
        """As a stand-alone SVG document."""
        for wire in self.layout.wires:
            self._wire(wire)
        for scalar in self.order:
            self._scalar(scalar)
        names = [text_width(s.name) for s in self.order if s.gate is None]
        left = _MARGIN + max(names, default=10)
        width = left + self.x[-1] + RADIUS + self.trunk + 34 + text_width(self.output.name)
        height = self.layout.rows * _ROW + _MARGIN
        return self.sheet.document(width, height, left, _MARGIN / 2 + _ROW / 2)

    def _wire(self, wire: Wire) -> None:
        (column, row), *bends, (end_column, end_row) = wire.points
        x, y = self.x[column] + RADIUS + self.trunk, row * _ROW
        path = f"M{x:.1f} {y:.1f}"
        port = (wire.position - (len(wire.target.inputs) - 1) / 2) * _PORT
        # A wire that passes a column by stays in its row all along the gates of that column and
        # what is written beside them.
        stops: list[tuple[int, float, float]]
        stops = [(c, r * _ROW, 2 * RADIUS + self.trunk) for c, r in bends]
        stops.append((end_column, end_row * _ROW + port, abs(port) / 5))
        for c, to_y, straight in stops:
            to_x = self.x[c] - RADIUS - self.approach[c]
            reach = (to_x - x) / 2
            path += f" C{x + reach:.1f} {y:.1f} {to_x - reach:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
            x, y = to_x + self.approach[c] + straight, to_y
            path += f" H{x:.1f}"
        end = f"{self.index[id(wire.target)]}:{wire.position}"
        self.sheet.add(f'<path class="wire" data-wire="{end}" d="{path}"/>')
        if id(wire.source) in self.forked and wire.target.gradient is not None:
            # What this branch alone sends back, beside the gate it comes from.
            at = y - 7 if port < 0 else y + 18
            middle = self.x[end_column] - RADIUS - self.approach[end_column] / 2
            self.sheet.text("share", middle, at, self._share(wire), f' data-share="{end}"')

    def _share(self, wire: Wire) -> str:
        """What this branch alone sends back."""
        return "" if wire.target.gradient is None else "← " + shown_share(wire, self.digits)

    def _scalar(self, scalar: Scalar) -> None:
        column, row = self.layout.place[id(scalar)]
        x, y, place = self.x[column], row * _ROW, self.index[id(scalar)]
        trunk = x + RADIUS + self.trunk
        self.sheet.add(
            f'<g class="scalar" data-node="{place}"><path class="wire" '
            f'd="M{x:.1f} {y:.1f} H{trunk + 14 * (scalar is self.output):.1f}"/>'
        )
        name = scalar.name
        if scalar.gate is not None:
            badge = f' data-badge="{x:.1f},{y + RADIUS + 15:.1f}"'
            self.sheet.add(f'<circle class="gate"{badge} cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"/>')
            self.sheet.text("symbol", x, y + 5, scalar.symbol)
            if name and scalar is not self.output:
                self.sheet.text("name", x, y - RADIUS - 7, name)
            elif not name:
                # The number by which the table and the stepper call a gate without a name.
                self.sheet.text("number", x, y - RADIUS - 6, f"({place + 1})")
        else:
            # The name of an input stands on a little card at the start of its wire.
            label = name or f"({place + 1})"
            width = max(2 * RADIUS, text_width(label) + 12)
            self.sheet.add(
                f'<rect class="card" x="{x + RADIUS - width:.1f}" y="{y - 14:.1f}" '
                f'width="{width:.1f}" height="28" rx="5"/>'
            )
            self.sheet.text("name" if name else "number", x + RADIUS - width / 2, y + 5, label)
        middle = x + RADIUS + self.trunk / 2
        self.sheet.text("value", middle, y - 8, shown(scalar, "value", self.digits))
        if scalar.gradient is not None:
            gradient = shown(scalar, "gradient", self.digits)
            self.sheet.text("gradient", middle, y + 21, "← " + gradient)
        if scalar is self.output and name:
            self.sheet.text("name", trunk + 22 + text_width(name) / 2, y + 5, name)
        self.sheet.add("</g>")


def shown_share(wire: Wire, digits: int) -> str:
    """What one branch sends back, as it is written."""
    if getattr(wire.source, "shape", ()):
        return shown(wire.source, "gradient", digits)
    return number(wire.target.downstream[wire.position], digits, MINUS)
