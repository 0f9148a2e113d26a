"""At home and graded an answer gets the same verdict, in the same words."""

from __future__ import annotations

import pytest

from chainrule.sample.sample_class import Answer
from grader_tests.support.both_ways import Said, at_home, graded
from grader_tests.support.trial import answers, cells_of, problem_sets

SETS = sorted(problem_sets())
_SAMPLE = 7  # of so many answers one is tried in the fast test

# What is said in other words, and why that cannot be otherwise; the verdict is the same.
IN_OTHER_WORDS = {
    ("q3_max", "endless loop"): "whoever ends a guest does not see in which line it was, and runs "
    "no further check of it",
    ("q8_large", "forms a matrix for longer vectors"): "it asks for 3 GiB: at home it may get them",
}


def different(name: str, some: list[Answer]) -> list[str]:
    """The answers of which other things are said, a line each."""
    found = []
    for answer in some:
        _, source, _ = cells_of(name, answer)
        home, there = at_home(name, answer.cell, source), graded(name, answer.cell, source)
        allowed = (answer.cell, answer.name) in IN_OTHER_WORDS
        if home != there and not (allowed and _verdict(home) == _verdict(there)):
            found.append(f"{answer.cell} | {answer.name}:\n  {home}\n  {there}")
    return found


def _verdict(said: Said) -> dict[str, bool]:
    return {check: told is None for check, told in said.items()}


@pytest.mark.parametrize("name", SETS)
def test_a_sample_is_told_the_same(name: str) -> None:
    assert different(name, answers(name)[::_SAMPLE]) == []


@pytest.mark.overnight
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SETS)
def test_every_answer_is_told_the_same(name: str) -> None:
    assert different(name, answers(name)) == []
