"""Wrong answers that no table knows: refused unless they are equal, and never named wrongly."""

from __future__ import annotations

import pytest

from grader_tests.support.mutations import AS_GOOD, TRUE_OF, Mutant, is_equal, mutants
from grader_tests.support.trial import problem_sets, questions, try_answer

SETS = sorted(problem_sets())
_SAMPLE = 9  # of so many mutants one is tried in the fast test


def faults(some: list[Mutant]) -> list[str]:
    """What is wrong with how these were judged, a line each."""
    found = []
    for mutant in some:
        verdict = try_answer(mutant.problem_set, mutant.cell, mutant.source)
        label = f"{mutant.cell} | {mutant.kind} | {mutant.change}"
        if verdict.accepted:
            if (mutant.cell, mutant.change) not in AS_GOOD and not is_equal(mutant):
                found.append(f"accepted: {label}")
        elif false := verdict.named - TRUE_OF[mutant.kind]:
            found.append(f"misnamed: {label}: {', '.join(sorted(false))}")
    return found


def test_there_are_two_thousand_and_every_question_has_some() -> None:
    made = [mutant for name in SETS for mutant in mutants(name)]
    assert len(made) >= 2000
    assert {mutant.kind for mutant in made} == set(TRUE_OF)
    asked = {(name, cell) for name in SETS for cell in questions(name)}
    assert {(mutant.problem_set, mutant.cell) for mutant in made} == asked


@pytest.mark.parametrize("name", SETS)
def test_a_sample_is_refused_and_not_misnamed(name: str) -> None:
    assert faults([*mutants(name)][::_SAMPLE]) == []


@pytest.mark.overnight
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SETS)
def test_all_are_refused_and_not_misnamed(name: str) -> None:
    assert faults([*mutants(name)]) == []
