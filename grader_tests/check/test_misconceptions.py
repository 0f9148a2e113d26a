"""The table of misconceptions: each row is shown by an answer or here, and says what it should."""

from __future__ import annotations

import re
import sys
import textwrap
from collections import Counter
from typing import Any

import numpy as np
import pytest
from docutils.nodes import make_id

from chainrule import check
from chainrule.check import misconceptions
from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.check.site import where_to_read
from chainrule.course.notebooks import read
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import answers, problem_sets

PARTS = [part for part in vars(misconceptions).values() if hasattr(part, "ROWS")]
ROWS = [row for part in PARTS for row in part.ROWS]
LECTURES = {
    "01_scalar_circuits",
    "02_jacobians",
    "03_matmul_gate",
    "04_neural_networks",
    "05_activations",
    "06_gradient_checking",
    "07_autograd_engine",
}


class Multiply:
    """A multiply gate that uses an input for its own gradient, the first one only."""

    def forward(self, x: float, y: float) -> float:
        self.x = x
        return x * y

    def backward(self, upstream: float) -> tuple[float, float]:
        return upstream * self.x, upstream * self.x


class Divide:
    """x / y was asked for."""

    def forward(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        self.x, self.y = x, y
        return y / x

    def backward(self, upstream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return -upstream * self.y / self.x**2, upstream / self.x


SHOWN_HERE: dict[str, tuple[Any, dict[str, tuple[int, ...]], Any]] = {
    "own-input": (Multiply, {"x": (), "y": ()}, lambda x, y: x * y),
    "inputs-switched": (Divide, {"x": (2, 3), "y": (2, 3)}, lambda x, y: x / y),
}


@pytest.mark.parametrize("row", SHOWN_HERE)
def test_row_is_told(row: str) -> None:
    gate, shapes, right = SHOWN_HERE[row]
    with pytest.raises(check.CheckFailed) as failed:
        check.backward(gate, at=check.points(seed=1, **shapes), of=right)
    assert failed.value.misconception == row


def test_every_row_is_shown() -> None:
    shown = {answer.mistake for name in problem_sets() for answer in answers(name)}
    assert shown - {None} <= set(MISCONCEPTIONS)
    assert set(MISCONCEPTIONS) == (shown - {None}) | set(SHOWN_HERE)


def test_ids_are_unique_and_there_are_many() -> None:
    assert [i for i, count in Counter(row.id for row in ROWS).items() if count > 1] == []
    assert len(ROWS) == len(MISCONCEPTIONS) >= 30
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_is_fit_to_be_read(row: misconceptions.Misconception) -> None:
    assert set(row.covers) <= set(MISCONCEPTIONS) - {row.id}
    assert len(row.phrase) <= 60
    assert not row.phrase.endswith(".")
    assert row.phrase[0].islower() or row.phrase.startswith("ELU")
    assert len(textwrap.wrap(row.sentence, 90)) <= 3
    assert row.sentence.endswith((".", "?"))
    lecture, _, heading = row.section.partition("#")
    assert lecture in LECTURES
    assert re.fullmatch(r"[A-Z][\w/-]+", heading)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_where_to_read_is_there_in_the_notebook_and_on_a_site(
    row: misconceptions.Misconception, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = row.section.partition("#")[0]
    text = "\n".join(cell.source for cell in read(ROOT / "course" / f"{name}.ipynb").cells)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    told = re.fullmatch(r"Read: (course/\w+\.ipynb), section “(.+)”", where_to_read(row.section))
    assert told is not None
    assert (ROOT / told[1]).is_file()
    assert told[2] in headings
    monkeypatch.setattr(sys.modules["chainrule.check.site"], "_site", "")
    check.site("https://example.org/backprop")
    link = f"Read: https://example.org/backprop/course/{name}.html#{make_id(told[2])}"
    assert where_to_read(row.section) == link  # as Sphinx writes its anchors
    check.site("")
    assert where_to_read(row.section) == told[0]


def test_a_site_has_an_address_of_the_web() -> None:
    with pytest.raises(ValueError, match="has to begin with https://"):
        check.site("example.org/backprop")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_gives_no_formula_away(row: misconceptions.Misconception) -> None:
    told = row.phrase + " " + row.sentence.replace("look for = where += is meant", "")
    assert not re.search(r"@|\*|\.T\b|=|\bupstream\s*[/+-]|\be\^|\bexp\(|\([^)]*-[^)]*\)", told)
