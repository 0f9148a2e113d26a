"""Run answers through the real check cells of a problem set, in this process.

For the test suite and `make diagnosis` only: answers here are ours. A class is graded elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nbformat import NotebookNode

from chainrule.course.notebooks import read
from chainrule.sample.sample_class import Answer, answer_cell, read_answers, solved
from grader_tests.support.cells import Cell, Verdict, judged
from grader_tests.support.paths import ROOT


@cache
def problem_sets() -> dict[str, NotebookNode]:
    """The masters, by assignment."""
    return {p.parent.name: read(p) for p in sorted(ROOT.glob("source/*/*.ipynb"))}


@cache
def answers(assignment: str) -> list[Answer]:
    path = ROOT / "grader_tests" / "answers" / f"{assignment}.py"
    return read_answers(path)


def questions(assignment: str) -> dict[str, list[NotebookNode]]:
    """Solution cell -> its check cells: those whose grade_id starts with that of the solution."""
    cells = [c for c in problem_sets()[assignment].cells if "nbgrader" in c.metadata]
    graded = [c for c in cells if c.metadata.nbgrader.grade and not c.metadata.nbgrader.solution]
    return {
        s.metadata.nbgrader.grade_id: [
            c
            for c in graded
            if c.metadata.nbgrader.grade_id.startswith(s.metadata.nbgrader.grade_id + "_")
        ]
        for s in cells
        if s.metadata.nbgrader.solution and s.cell_type == "code"
    }


def master_source(assignment: str, cell_id: str) -> str:
    (cell,) = (
        c
        for c in problem_sets()[assignment].cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id
    )
    return cell.source


def builds_on(assignment: str, cell_id: str) -> list[str]:
    """The solution cells of other questions that an answer to this one may use."""
    (cell,) = (
        c
        for c in problem_sets()[assignment].cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id
    )
    return list(cell.metadata.get("chainrule", {}).get("builds_on", ()))


def try_answer(
    assignment: str,
    cell_id: str,
    source: str,
    checks: list[NotebookNode] | None = None,
    **given: Any,
) -> Verdict:
    """Run one answer through the question's check cells (or through `checks` in their place).

    given: names that the answer's cell may use besides.
    """
    found = questions(assignment)[cell_id] if checks is None else checks
    return judged(cells_before(assignment, cell_id), source, named_cells(found), **given)


def cells_before(assignment: str, cell_id: str) -> list[Cell]:
    """What an answer finds: the cells of the set that hold no answer and no check, and the
    master's answers to the questions that it builds on."""
    flagged = [(c, c.metadata.get("nbgrader", {})) for c in problem_sets()[assignment].cells]
    plain = [
        c
        for c, flags in flagged
        if c.cell_type == "code" and flags.get("locked") and not flags.get("grade")
    ]
    others = builds_on(assignment, cell_id)
    return named_cells(plain) + [(o, solved(master_source(assignment, o))) for o in others]


def named_cells(cells: list[NotebookNode]) -> list[Cell]:
    return [(cell.metadata.nbgrader.grade_id, cell.source) for cell in cells]


def cells_of(assignment: str, answer: Answer) -> tuple[list[Cell], str, list[Cell]]:
    """An answer of the answers file: the cells before it, its own, and its check cells."""
    source = answer_cell(master_source(assignment, answer.cell), answer.source)
    checks = named_cells(questions(assignment)[answer.cell])
    return cells_before(assignment, answer.cell), source, checks


def try_named(assignment: str, answer: Answer) -> Verdict:
    """Run an answer of the answers file."""
    return judged(*cells_of(assignment, answer))
