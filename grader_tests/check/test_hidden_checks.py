"""Every hidden check is needed: without it, a cell would give its points to a wrong answer.

That is one of the answers' tables, or one that is made to what the other checks of the cell ask.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from nbformat import NotebookNode

from chainrule.sample.sample_class import answer_cell, solved
from grader_tests.support.memorising import Memory, made_to
from grader_tests.support.trial import answers, master_source, problem_sets, questions, try_answer


def without_each_check(source: str) -> Iterator[tuple[str, str]]:
    """(the check taken out, the cell without it), for every hidden statement that checks."""
    lines = source.split("\n")
    begin = next((i for i, line in enumerate(lines) if "BEGIN HIDDEN TESTS" in line), len(lines))
    for node in ast.parse(source).body:
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if node.lineno - 1 > begin and re.search(r"\bcheck\.|\bassert\b", text):
            yield text, "\n".join(lines[: node.lineno - 1] + lines[node.end_lineno :])


def removals() -> Iterator[tuple[str, str, int, int]]:
    """(problem set, question, check cell, hidden check), the last two by number."""
    for name in problem_sets():
        for question, checks in questions(name).items():
            for i, cell in enumerate(checks):
                for j, _ in enumerate(without_each_check(cell.source)):
                    yield name, question, i, j


def test_there_are_hidden_checks() -> None:
    found = list(removals())
    graded = {(name, question) for name, question, _, _ in found}
    assert graded == {
        (name, question)
        for name in problem_sets()
        for question, checks in questions(name).items()
        if not any("check.numbers(" in cell.source for cell in checks)
    }


@pytest.mark.overnight
@pytest.mark.parametrize(("name", "question", "i", "j"), list(removals()))
def test_without_it_a_wrong_answer_slips_through(name: str, question: str, i: int, j: int) -> None:
    cell = questions(name)[question][i]
    removed, source = list(without_each_check(cell.source))[j]
    weaker = NotebookNode(cell | {"source": source})
    for answer in answers(name):
        if answer.cell == question and not answer.right:
            given = answer_cell(master_source(name, question), answer.source)
            if (
                try_answer(name, question, given, [weaker]).accepted
                and not try_answer(name, question, given, [cell]).accepted
            ):
                return
    memory, own = Memory(), made_to(solved(master_source(name, question)))
    if try_answer(name, question, own, [weaker], memory=memory).accepted:
        memory.open = False
        assert try_answer(name, question, own, [weaker], memory=memory).accepted
        if not try_answer(name, question, own, [cell], memory=memory).accepted:
            return
    pytest.fail(f"no answer needs this check:\n{removed}")
