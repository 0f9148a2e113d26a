"""Kinds of checks that other people's courses have (`kinds.json`: name, solution, check).

Stock nbgrader gives the point of each. Here each is graded in the strictest way, outside of the
student's process, by a right answer.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from chainrule.grading.judge.judge import judge
from chainrule.grading.limits import Limits
from grader_tests.support.notebooks import answered, cell, master, outputs, points, submission

KINDS = json.loads((Path(__file__).parent / "kinds.json").read_text())
SET_UP = "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt"
NOT_OUTSIDE = {
    "big-list": "more values than may cross (c.Judge.items)",
    "callback-obj": "an object of the check's own class does not cross",
    "check-node": "an object of the check's own class does not cross",
    "deepcopy-attr": "a list that is an attribute crosses as a copy",
    "eq-plain": "an object of the student's never equals plain data",
    "huge-array": "more bytes than may cross (c.Judge.message_bytes)",
    "logging": "what a student's code logs stays in its process",
    "pickle": "an object of the student's is not pickled",
    "sympy": "an expression of sympy is an object of the student's",
    "type-is-class": "the type of an object of the student's is not their class",
}


def missing(kind: dict[str, str]) -> set[str]:
    """Modules that a kind imports and that are not installed."""
    text = f"{kind['solution']}\n{kind['check']}"
    names = {name.split(".")[0] for name in re.findall(r"(?:^|\n)(?:from|import) ([\w.]+)", text)}
    return {name for name in names if importlib.util.find_spec(name) is None}


@pytest.fixture(scope="module")
def graded() -> dict[str, tuple[float | None, str]]:
    """Of each kind the points, and what its cell shows."""
    cells = [cell("set-up", "setup", SET_UP)]
    for kind in KINDS:
        solved = f"### BEGIN SOLUTION\n{kind['solution']}\n### END SOLUTION"
        cells += [cell("answer", f"q-{kind['name']}", solved)]
        cells += [cell("check", kind["name"], kind["check"], 1)]
    made = master(*cells)
    answers = {f"q-{kind['name']}": kind["solution"] for kind in KINDS}
    result = judge(made, submission(answered(made, answers)), Limits())
    found = points(result)
    return {name: (found[name], str(outputs(result, name))) for name in found}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["name"])
def test_a_kind_gets_its_point_outside(
    kind: dict[str, str], graded: dict[str, tuple[float | None, str]]
) -> None:
    if lacking := missing(kind):
        pytest.skip(f"{', '.join(sorted(lacking))} is not installed")
    got, shown = graded[kind["name"]]
    if kind["name"] in NOT_OUTSIDE:
        assert got == 0, f"it has its point now: take it out of NOT_OUTSIDE ({shown})"
    else:
        assert got == (0.5 if kind["name"] == "partial-credit" else 1), shown
