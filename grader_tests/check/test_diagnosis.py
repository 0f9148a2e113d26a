"""The check, graded like a classifier over every answer of every question."""

from __future__ import annotations

import re

import pytest

from chainrule.course.notebooks import read
from grader_tests.check.diagnosis import grade_set
from grader_tests.support.trial import ROOT, answers, problem_sets, questions, try_answer, try_named

SETS = sorted(problem_sets())


@pytest.mark.parametrize("name", SETS)
def test_right_accepted_wrong_refused_none_misnamed(name: str) -> None:
    score = grade_set(name)
    counts, told = score.counts, "\n".join(score.faults)
    assert counts["accepted"] == counts["right"], told
    assert counts["refused"] == counts["wrong"], told
    assert counts["misnamed"] == 0, told
    assert counts["named"] >= 0.9 * counts["nameable"], told


@pytest.mark.parametrize("name", SETS)
def test_every_question_has_enough_answers(name: str) -> None:
    for cell in questions(name):
        mine = [a for a in answers(name) if a.cell == cell]
        assert sum(a.right for a in mine) >= 3, cell
        assert sum(not a.right for a in mine) >= 6, cell
        assert any("zeros" in a.name for a in mine), f"{cell}: no answer of all zeros"
        assert len({a.name for a in mine}) == len(mine), f"{cell}: two answers of one name"
    assert {a.cell for a in answers(name)} <= set(questions(name))


@pytest.mark.parametrize("name", SETS)
def test_stub_is_refused_by_every_check(name: str) -> None:
    released = {c.id: c.source for c in read(ROOT / "release" / name / f"{name}.ipynb").cells}
    for cell, checks in questions(name).items():
        verdict = try_answer(name, cell, released[cell])
        assert set(verdict.failed) == {c.metadata.nbgrader.grade_id for c in checks}, cell


@pytest.mark.parametrize("name", SETS)
def test_master_is_accepted(name: str) -> None:
    for cell in problem_sets()[name].cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            verdict = try_answer(name, cell.metadata.nbgrader.grade_id, cell.source)
            assert verdict.accepted, verdict.failed


def test_messages_are_short_and_plain() -> None:
    seen = 0
    for name in SETS:
        for answer in answers(name)[::7]:
            for error in try_named(name, answer).failed.values():
                if type(error).__name__ != "CheckFailed":
                    continue
                lines = str(error).split("\n")
                assert len(lines) <= 12
                assert all(len(line) <= 100 for line in lines), error
                assert not re.search(r"Traceback|\x1b|gates\.py", str(error))
                seen += 1
    assert seen > 10
