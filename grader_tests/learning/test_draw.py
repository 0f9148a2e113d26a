"""Circuits as pictures: everything is there, in the right place, in words too."""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from chainrule import draw
from chainrule.circuit import Scalar, tanh
from chainrule.draw.layout import lay_out
from chainrule.draw.sheet import FONT, text_width
from grader_tests.support.circuits import circuits_of_the_lectures, first_circuit

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str, kind: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [t.text or "" for t in root.iter(f"{SVG}text") if t.get("class") == kind]


def test_values_and_gradients_stand_in_the_picture() -> None:
    f = first_circuit()["f"]
    before = draw.circuit(f).svg
    assert sorted(texts(before, "value")) == sorted(["−2", "5", "−4", "3", "−12"])
    assert texts(before, "gradient") == []
    f.backward()
    after = draw.circuit(f).svg
    assert sorted(texts(after, "gradient")) == sorted(["← −4", "← −4", "← −4", "← 3", "← 1"])


def test_value_stands_above_its_wire_and_gradient_below() -> None:
    f = first_circuit()["f"]
    f.backward()
    root = ElementTree.fromstring(draw.circuit(f).svg)
    heights = {
        kind: [float(t.get("y", 0)) for t in root.iter(f"{SVG}text") if t.get("class") == kind]
        for kind in ("value", "gradient")
    }
    assert len(heights["value"]) == len(f.circuit())
    assert all(v < g for v, g in zip(heights["value"], heights["gradient"], strict=True))


def test_branches_of_a_fork_show_what_each_sends_back() -> None:
    x, y = Scalar(2, "x"), Scalar(-4, "y")
    f = x * y + x
    f.backward()
    assert texts(draw.circuit(f).svg, "share") == ["← −4", "← 1"]


def test_table_says_the_same_in_text() -> None:
    f = first_circuit()["f"]
    f.backward()
    assert draw.circuit(f).table.splitlines() == [
        "scalar  made by           value  gradient",
        "x       input                -2        -4",
        "y       input                 5        -4",
        "q       add of x, y           3        -4",
        "z       input                -4         3",
        "f       multiply of q, z    -12         1",
    ]


def test_html_needs_no_script_and_has_a_description() -> None:
    f = first_circuit()["f"]
    f.backward()
    html = draw.circuit(f).html
    assert "<script" not in html
    assert "<svg" not in html  # notebooks strip inline SVG; an image they show
    assert 'alt="Circuit of 2 gates from x = −2, y = 5, z = −4 to f = −12' in html
    drawing = draw.circuit(f)
    shown = [base64.b64decode(d).decode() for d in re.findall(r"base64,([^\"]+)", html)]
    assert shown == [drawing.tall_svg, drawing.svg]  # for a narrow page, and for any other


def test_names_are_escaped() -> None:
    svg = draw.circuit(Scalar(1, "<script>") * 2).svg
    assert "<script>" not in svg
    assert texts(svg, "name") == ["<script>"]


def test_gates_stand_right_of_their_inputs_and_nothing_overlaps() -> None:
    v = [Scalar(i * 0.1, f"v{i}") for i in range(6)]
    f = v[0]
    while len(f.circuit()) < 60:
        f = tanh(f * v[len(f.circuit()) % 6] + v[0])
    layout = lay_out(f)
    for scalar in f.circuit():
        column, _ = layout.place[id(scalar)]
        assert all(layout.place[id(i)][0] < column for i in scalar.inputs)
    spots = sorted(layout.place.values())
    for (column, row), (next_column, next_row) in itertools.pairwise(spots):
        assert next_column != column or next_row - row >= 0.99
    assert min(row for _, row in spots) >= -0.01


def test_single_input_can_be_drawn() -> None:
    assert texts(draw.circuit(Scalar(3, "x")).svg, "value") == ["3"]


@pytest.mark.parametrize(
    ("value", "shown"), [(-0.0, "0"), (1e-9, "1e−09"), (123456.0, "1.235e+05")]
)
def test_numbers_are_short(value: float, shown: str) -> None:
    assert texts(draw.circuit(Scalar(value, "x")).svg, "value") == [shown]


# ---- What stands where.

CIRCUITS = circuits_of_the_lectures()


def boxes(svg: str, kind: str) -> list[tuple[str, float, float, float, float]]:
    """(what it belongs to, left, top, right, bottom) of every text of a kind."""
    found = []
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        kinds = (text.get("class") or "").split()
        if kind in kinds:
            width = text_width(text.text or "") * 0.9
            x, y = float(text.get("x", 0)), float(text.get("y", 0))
            left = x if "left" in kinds else x - width / 2
            found.append((text.get("data-share") or "", left, y - 11, left + width, y + 2))
    return found


def along(path: str) -> list[tuple[float, float]]:
    """Points on an SVG path of moves, straight lines and curves."""
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for letter, numbers in re.findall(r"([MCHVq])([^MCHVq]*)", path):
        n = [float(one) for one in numbers.split()]
        x, y = points[-1]
        ends = {"M": n[:2], "H": [*n[:1], y], "V": [x, *n[:1]], "C": n[4:6]}.get(letter)
        if letter == "q":
            points.append((x + n[2], y + n[3]))
            continue
        assert ends is not None
        if letter == "M":
            points = [(ends[0], ends[1])]
            continue
        for k in range(1, 41):
            t = k / 40
            if letter == "C":
                a, b = (1 - t) ** 3, 3 * (1 - t) ** 2 * t
                c, d = 3 * (1 - t) * t**2, t**3
                px = a * x + b * n[0] + c * n[2] + d * n[4]
                points.append((px, a * y + b * n[1] + c * n[3] + d * n[5]))
            else:
                points.append((x + t * (ends[0] - x), y + t * (ends[1] - y)))
    return points


@pytest.mark.parametrize("layout", ["svg", "tall_svg"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_what_a_branch_sends_back_stands_on_no_wire(name: str, layout: str) -> None:
    output = CIRCUITS[name]()
    output.backward()
    svg = getattr(draw.circuit(output), layout)
    root = ElementTree.fromstring(svg)
    wires = [along(p.get("d", "")) for p in root.iter(f"{SVG}path") if p.get("data-wire")]
    for share, left, top, right, bottom in boxes(svg, "share"):
        for points in wires:
            hit = [(x, y) for x, y in points if left < x < right and top < y < bottom]
            assert not hit, f"{share} stands on a wire at {hit[0]}"


@pytest.mark.parametrize("layout", ["svg", "tall_svg"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_no_number_stands_on_another(name: str, layout: str) -> None:
    output = CIRCUITS[name]()
    output.backward()
    svg = getattr(draw.circuit(output), layout)
    placed = [box for kind in ("value", "gradient", "share", "name") for box in boxes(svg, kind)]
    for one, other in itertools.combinations(placed, 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        assert apart, (one, other)


def test_a_narrow_page_gets_a_picture_that_is_narrow() -> None:
    for make in CIRCUITS.values():
        output = make()
        output.backward()
        width = float(ElementTree.fromstring(draw.circuit(output).tall_svg).get("width", 0))
        assert width * 11 / FONT < 340, "at 390 pixels a letter would be under 11"


# ---- The graph of somebody's own engine.


class Mine:
    """As little as the contract asks for."""

    def __init__(self, value: Any, operands: tuple[Mine, ...] = (), **more: Any) -> None:
        self.value, self.operands, self.gradient = value, operands, None
        self.__dict__.update(more)


def mine() -> Mine:
    x, y = Mine(2.0, name="x"), Mine(-4.0, name="y")
    product = Mine(-8.0, (x, y), local=(-4.0, 2.0))
    f = Mine(-6.0, (product, x), local=(1.0, 1.0), name="f")
    x.gradient, y.gradient, product.gradient, f.gradient = -3.0, 2.0, 1.0, 1.0
    return f


def test_an_engine_of_ones_own_is_drawn() -> None:
    assert draw.circuit(mine()).table.splitlines() == [
        "scalar  made by           value  gradient",
        "x       input                 2        -3",
        "y       input                -4         2",
        "(3)     multiply of x, y     -8         1",
        "f       add of (3), x        -6         1",
    ]


def test_a_gate_that_could_be_two_is_none_of_them() -> None:
    two = Mine(2.0, name="a")
    f = Mine(4.0, (two, Mine(2.0, name="b")))  # 2 + 2 and 2 times 2
    assert "own of a, b" in draw.circuit(f).table


def test_arrays_are_drawn_by_their_shapes() -> None:
    X = Mine(np.ones((3, 2)), name="X")
    f = Mine(np.array(6.0), (X,), name="f")
    X.gradient = np.ones((3, 2))
    assert "3×2" in draw.circuit(f).table


def test_what_is_no_engine_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match="a dict has no value"):
        draw.circuit({})
