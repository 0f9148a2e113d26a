"""Every number that lectures and problem sets state is what an independent source finds.

The tables are in `truths/`; a number that no row of theirs covers fails as well, unless it is one
digit (and zeros), or was put in by the code beside it.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module

import mpmath
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from chainrule.course.notebooks import read
from grader_tests.learning.truths import sets
from grader_tests.support.lectures import LECTURES
from grader_tests.support.paths import ROOT
from grader_tests.support.stated import Cell, Truths, cells, circuit, mistakes, numbers
from grader_tests.support.trial import master_source, problem_sets

SETS = sorted(problem_sets())


def truths_of(lecture: str) -> Truths:
    found: Truths = import_module(f"grader_tests.learning.truths.lecture{int(lecture[:2])}").TRUTHS
    return found


@pytest.mark.parametrize("name", LECTURES)
def test_what_a_lecture_states_is_so(name: str) -> None:
    stated, truths = cells(read(LECTURES[name])), truths_of(name)
    assert set(truths) <= {cell.id for cell in stated}, "a truth of what is nowhere stated"
    assert [wrong for cell in stated for wrong in mistakes(cell, truths)] == []


@pytest.mark.parametrize("name", SETS)
def test_what_a_problem_set_states_is_so(name: str) -> None:
    notebook = problem_sets()[name]
    truths = sets.points(notebook) | sets.TRUTHS.get(name[2], {})
    text = [cell for cell in cells(notebook) if cell.id != "five_minutes_back"]
    assert [wrong for cell in text for wrong in mistakes(cell, truths)] == []


@pytest.mark.parametrize("name", SETS)
def test_the_right_choice_of_five_minutes_back_is_right(name: str) -> None:
    (cell,) = (one for one in problem_sets()[name].cells if one.id == "five_minutes_back")
    choices = re.findall(r"<summary>(.*?)</summary>\n\n(Right|Not quite)\. ", cell.source)
    assert len(choices) == 3 * len(sets.FIVE_MINUTES[name[2]]) == 9
    for k, (truths, right) in enumerate(sets.FIVE_MINUTES[name[2]]):
        asked = choices[3 * k : 3 * k + 3]
        assert [said for _, said in asked].index("Right") == right
        assert sum(said == "Right" for _, said in asked) == 1
        for (shown, _), truth in zip(asked, truths, strict=True):
            found = [one.value for one in numbers(shown)]
            if truth is not None:
                wanted = truth if isinstance(truth, list) else [truth]
                assert found == [pytest.approx(float(one)) for one in wanted], shown
        values = [truth for truth in truths if truth is not None]
        assert all(values.count(one) == 1 for one in values), "two choices are the same"


def test_the_numbers_of_the_pencil_are_right() -> None:
    source = master_source("ps1_scalar_circuits", "q16_pencil")
    (returned,) = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Return))
    found = eval(compile(ast.Expression(returned.value), "pencil", "eval"))
    assert found == pytest.approx(sets.pencil())


# ---- That the tests above can fail.

TABLE = """scalar  made by           value  gradient
x       input                 2        -3
y       input                -4         2
(3)     multiply of x, y     -8         1
f       add of (3), x        -6         1
"""


def said_by(text: str, source: str = "") -> Cell:
    """The cell of a notebook with this output, or with this text if nothing was run."""
    output = new_output("stream", text=text)
    cell = new_code_cell(source, outputs=[output]) if source else new_markdown_cell(text)
    cell.id = "one"
    (found,) = cells(new_notebook(cells=[cell]))
    return found


def test_a_number_that_nobody_worked_out_is_seen() -> None:
    assert mistakes(said_by("so it is 0.25."), {})
    assert mistakes(said_by("so it is $2 \\times 10^{-12}$"), {})
    assert mistakes(said_by("12", source="print(3 * 4)"), {})
    for trivial in ("a 2, a $-3$, 0.1, 600", "`np.zeros(25)`", "lecture 12", "$x_{12}$ and z12"):
        assert not mistakes(said_by(trivial), {}), trivial
    assert not mistakes(said_by("12 of them", source="print(12)"), {}), "12 was put in"


@pytest.mark.parametrize("wrong", ["0.196611", "-0.196612", "0.20", "nothing", "0.1966 or 0.1967"])
def test_a_wrong_number_is_seen(wrong: str) -> None:
    truth = mpmath.diff(lambda x: 1 / (1 + mpmath.exp(-x)), 1)
    truths: Truths = {"one": [("is", [truth])]}
    assert not mistakes(said_by("it is 0.196612"), truths)
    assert not mistakes(said_by("it is 0.1966"), truths)
    found = mistakes(said_by(f"it is {wrong}"), truths)
    assert bool(found) == (wrong != "0.20"), "0.20 is what it is, rounded"


def test_a_wrong_number_in_the_table_of_a_circuit_is_seen() -> None:
    assert circuit(TABLE) == ([2, -4, -8, -6], [-3, 2, 1, 1])
    assert not mistakes(said_by(TABLE, source="f"), {})
    for line in TABLE.splitlines()[1:]:
        other = line[:-1] + str((int(line[-1]) + 1) % 10)
        assert mistakes(said_by(TABLE.replace(line, other), source="f"), {}), other


def every(notebook: NotebookNode) -> int:
    return sum(len(cell.numbers) for cell in cells(notebook))


def test_numbers_are_found() -> None:
    """A pattern that finds nothing would prove everything."""
    assert sum(every(read(path)) for path in LECTURES.values()) > 1500
    assert all(every(read(path)) > 100 for path in ROOT.glob("course/*.ipynb"))
