"""An answer at home and graded: what its check cells say, with the same checks in both places."""

from __future__ import annotations

from functools import cache

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.master import Master
from chainrule.grading.limits import Limits
from chainrule.notebook.text import without_colours
from chainrule.sample.sample_class import solved
from grader_tests.support.cells import judged
from grader_tests.support.notebooks import answered, cell, master, outputs, submission
from grader_tests.support.trial import (
    builds_on,
    cells_before,
    master_source,
    named_cells,
    questions,
)

__all__ = ["Said", "at_home", "graded"]

Said = dict[str, tuple[str, str] | None]
"""For each check cell the exception that it raised, and its message; None where it passed."""

_LIMITS = Limits(
    cell_seconds=5.0, call_seconds=5.0, grace_seconds=1.0, total_seconds=60.0, checks="outside"
)


def at_home(problem_set: str, question: str, source: str) -> Said:
    """What is said where whoever wrote the answer runs it; the hidden checks included."""
    checks = _checks(problem_set, question)
    verdict = judged(cells_before(problem_set, question), source, checks)
    failed = {name: verdict.failed.get(name) for name, _ in checks}
    return {
        name: None if error is None else (type(error).__name__, str(error))
        for name, error in failed.items()
    }


def graded(problem_set: str, question: str, source: str) -> Said:
    """What the judge says of it."""
    asked = _alone(problem_set, question)
    given = {
        one: solved(master_source(problem_set, one)) for one in builds_on(problem_set, question)
    }
    cells = answered(asked, given | {question: source})
    found = judge(asked, submission(cells), _LIMITS)
    said: Said = {}
    for name, _ in _checks(problem_set, question):
        errors = [one for one in outputs(found, name) if one["output_type"] == "error"]
        said[name] = (errors[0]["ename"], without_colours(errors[0]["evalue"])) if errors else None
    return said


@cache
def _alone(problem_set: str, question: str) -> Master:
    """A master of one question, with the answers that it builds on."""
    others = builds_on(problem_set, question)
    cells = [
        cell("set-up", name, source)
        for name, source in cells_before(problem_set, question)
        if name not in others
    ]
    cells += [cell("answer", one, master_source(problem_set, one)) for one in [*others, question]]
    cells += [cell("check", name, source, 1) for name, source in _checks(problem_set, question)]
    return master(*cells, name=question)


def _checks(problem_set: str, question: str) -> list[tuple[str, str]]:
    return named_cells(questions(problem_set)[question])
