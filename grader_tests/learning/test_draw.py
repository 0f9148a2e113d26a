"""Circuits as pictures: everything is there, in the right place, in words too."""

from __future__ import annotations

import base64
import itertools
import re
from xml.etree import ElementTree

import pytest

from chainrule import draw
from chainrule.circuit import Scalar, tanh
from chainrule.draw.layout import lay_out
from grader_tests.support.circuits import first_circuit

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
    data = re.search(r"data:image/svg\+xml;base64,([^\"]+)", html)
    assert data is not None
    assert base64.b64decode(data[1]).decode() == draw.circuit(f).svg


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
