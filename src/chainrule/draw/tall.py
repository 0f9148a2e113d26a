"""A circuit from top to bottom, for a narrow page: a line for each scalar, wires at the left.

The scalars stand in the order of the forward pass. A wire leaves its scalar to the left, goes down
in a lane of its own, and turns right into each gate that it feeds; a wire to the very next line
goes straight down.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.circuit import Scalar
from chainrule.draw.layout import Wire
from chainrule.draw.sheet import RADIUS, CircuitSheet, shown, text_width
from chainrule.draw.wide import shown_share

__all__ = ["TallDrawing"]

_ROW = 48
_SHARE_ROW = 20  # more, for each thing that a fork's branch sends back
_LANE = 15
_MARGIN = 14
_NUMBERS = 78, 92  # room for a value, and for a gradient


@dataclass
class _Lane:
    """A wire's way down: in which lane, or straight down from line to line."""

    number: int
    last: int


class TallDrawing:
    """The picture of a circuit, a scalar in each line."""

    def __init__(self, output: Scalar, digits: int) -> None:
        self.output, self.digits = output, digits
        self.order = output.circuit()
        self.index = {id(s): i for i, s in enumerate(self.order)}
        self.users: list[list[tuple[int, int]]] = [[] for _ in self.order]
        for k, scalar in enumerate(self.order):
            for position, source in enumerate(scalar.inputs):
                self.users[self.index[id(source)]].append((k, position))
        self.lanes = self._lanes()
        used = [lane.number for lane in self.lanes.values()]
        self.gate = _MARGIN + _LANE * (1 + max(used, default=-1)) + RADIUS + 4
        self.y = self._heights()
        self.label_width = max(text_width(self._label(k)) for k in range(len(self.order)))
        self.sheet = CircuitSheet()

    def svg(self) -> str:
        """As a stand-alone SVG document."""
        for k in range(len(self.order)):
            self._wires(k)
        for k in range(len(self.order)):
            self._scalar(k)
        width = self.gate + RADIUS + 16 + self.label_width + sum(_NUMBERS) + _MARGIN
        height = self.y[-1] + _ROW / 2 + self._shares(len(self.order) - 1) * _SHARE_ROW
        return self.sheet.document(width, height + _MARGIN, 0, _MARGIN / 2)

    def _lanes(self) -> dict[int, _Lane]:
        """A lane for every scalar that does not simply go on to the next line."""
        busy: dict[int, int] = {}  # lane -> the line where it is free again
        found: dict[int, _Lane] = {}
        for k, users in enumerate(self.users):
            if not users or [user for user, _ in users] == [k + 1]:
                continue
            number = next(n for n in range(len(self.order)) if busy.get(n, -1) <= k)
            found[k] = _Lane(number, max(user for user, _ in users))
            busy[number] = found[k].last
        return found

    def _shares(self, k: int) -> int:
        """How many branches of forks end at this gate."""
        return sum(len(self.users[self.index[id(s)]]) > 1 for s in self.order[k].inputs)

    def _heights(self) -> list[float]:
        heights, y = [], _ROW / 2.0
        for k in range(len(self.order)):
            heights.append(y)
            y += _ROW + _SHARE_ROW * self._shares(k)
        return heights

    def _lane_x(self, number: int) -> float:
        """Lanes are counted from the gates to the left."""
        return self.gate - RADIUS - 8 - _LANE * number

    def _wires(self, k: int) -> None:
        scalar, y, feeds = self.order[k], self.y[k], len(self.order[k].inputs)
        for position, source in enumerate(scalar.inputs):
            start = self.index[id(source)]
            port = (position - (feeds - 1) / 2) * 14
            if start in self.lanes:
                lane = self._lane_x(self.lanes[start].number)
                edge = self.gate - (RADIUS**2 - port**2) ** 0.5
                begin = self.gate - RADIUS
                path = f"M{begin:.1f} {self.y[start]:.1f} H{lane + 5:.1f} q-5 0 -5 5 "
                path += f"V{y + port - 5:.1f} q0 5 5 5 H{edge:.1f}"
            else:
                path = f"M{self.gate:.1f} {self.y[start] + RADIUS:.1f} V{y - RADIUS:.1f}"
            self.sheet.add(f'<path class="wire" data-wire="{k}:{position}" d="{path}"/>')

    def _label(self, k: int) -> str:
        return self.order[k].name or f"({k + 1})"

    def _scalar(self, k: int) -> None:
        scalar, x, y = self.order[k], self.gate, self.y[k]
        self.sheet.add(f'<g class="scalar" data-node="{k}">')
        left = x + RADIUS + 10
        if scalar.gate is not None:
            badge = f' data-badge="{left + 34:.1f},{y + 19:.1f}"'
            self.sheet.add(f'<circle class="gate"{badge} cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"/>')
            self.sheet.text("symbol", x, y + 5, scalar.symbol)
        else:
            self.sheet.add(
                f'<rect class="card" x="{x - RADIUS:.1f}" y="{y - 12:.1f}" '
                f'width="{2 * RADIUS}" height="24" rx="5"/>'
            )
            self.sheet.text("number", x, y + 5, "in")
        kind = "name" if scalar.name else "number"
        self.sheet.text(f"{kind} left", left, y + 5, self._label(k))
        value, gradient = _NUMBERS
        numbers = left + self.label_width + 6
        text = shown(scalar, "value", self.digits)
        self.sheet.text("value", numbers + value / 2, y + 5, text)
        if scalar.gradient is not None:
            text = "← " + shown(scalar, "gradient", self.digits)
            self.sheet.text("gradient", numbers + value + gradient / 2, y + 5, text)
        self.sheet.add("</g>")
        if scalar.gradient is not None:
            self._branches(k, left)

    def _branches(self, k: int, left: float) -> None:
        """What goes back from this gate to each of its inputs that fork."""
        scalar, line = self.order[k], self.y[k] + 5.0
        for position, source in enumerate(scalar.inputs):
            if len(self.users[self.index[id(source)]]) < 2:
                continue
            line += _SHARE_ROW
            to = f"to {self._label(self.index[id(source)])}"
            self.sheet.text("number left", left, line, to)
            share = "← " + shown_share(Wire(source, scalar, position), self.digits)
            x = left + text_width(to) + 12
            self.sheet.text("share left", x, line, share, f' data-share="{k}:{position}"')
