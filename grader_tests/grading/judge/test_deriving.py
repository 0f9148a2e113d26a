"""Which answers are told to differentiate numerically, and which are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chainrule.grading.judge.deriving import numerical_notes, who_and_what
from chainrule.grading.judge.merge import MergedCell
from grader_tests.support.notebooks import RIGHT, TWO, master

MASTER = master(*TWO)
QUESTION = MASTER.by_id["q1"]
BACKWARD = """
class Exp:
    def forward(self, x):
        self.x = x
        return np.exp(x)
    def backward(self, upstream):
        {}
"""
ELSEWHERE = (
    "return upstream * self.forward(self.x + 1e-30j).imag / 1e-30",
    "return upstream * (Exp().forward(self.x + h) - Exp().forward(self.x - h)) / (2 * h)",
    "x = self.x.copy(); x[0] += 1e-6; return type(self)().forward(x)",
    "more = self.x * 1.001; return self.__class__().forward(x=more)",
    "x = self.x + 1; y = x; return Exp.forward(self, y)",
)
HONEST = (
    "return upstream * self.forward(self.x)",
    "x = self.x; return upstream * self.forward(x)",
    "return upstream * np.exp(self.x + 0.0)",
    "return self.inner.forward(self.x + 1)",
)
IMPORTS = (
    "import chainrule.numeric",
    "import chainrule.numeric as n",
    "from chainrule import numeric",
    "from chainrule.numeric import numerical_gradient",
    "def f():\n    from chainrule.numeric import numerical_gradient",
)


def notes(source: str, ran: bool = True, added: bool = False) -> list[str]:
    cell = MergedCell("code", source, None if added else QUESTION)
    return numerical_notes(MASTER, [cell], {source} if ran else set())


@pytest.mark.parametrize("body", ELSEWHERE)
def test_forward_asked_elsewhere_is_told(body: str) -> None:
    told = ["The answer q1 calls its own forward at other inputs in Exp.backward."]
    assert notes(BACKWARD.format(body)) == told
    assert who_and_what(told[0]) == ("q1", "calls its own forward at other inputs in Exp.backward")


@pytest.mark.parametrize("body", HONEST)
def test_forward_asked_again_at_its_inputs_is_not(body: str) -> None:
    assert notes(BACKWARD.format(body)) == []


@pytest.mark.parametrize("source", IMPORTS)
def test_an_import_is_told(source: str) -> None:
    assert len(notes(source)) == len(notes(source, added=True)) == 1
    assert notes(source, ran=False) == []
    what = "imports chainrule.numeric, which differentiates numerically"
    assert [who_and_what(notes(source, added=added)[0]) for added in (False, True)] == [
        ("q1", what), ("", what)
    ]  # fmt: skip
    assert who_and_what("The cell q1 was missing from the submission.") is None


@pytest.mark.parametrize("source", [*RIGHT.values(), "def (", "(" * 10_000, "import numeric"])
def test_others_are_not(source: str) -> None:
    assert notes(f"{source}\n# numeric forward") == []


def test_what_the_masters_own_solution_does_is_not_told() -> None:
    for name in ("q1", ""):  # in that answer, or in a cell that stands in the notebook as it is
        given = replace(MASTER, solved=((name, "code", IMPORTS[0]),))
        cell = MergedCell("code", IMPORTS[0], QUESTION if name else None)
        assert numerical_notes(given, [cell], {IMPORTS[0]}) == []
