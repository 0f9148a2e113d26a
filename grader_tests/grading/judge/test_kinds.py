"""Kinds of checks that other people's courses have (`kinds.json`: name, solution, check).

Stock nbgrader gives the point of each. Here the master's own solution decides how each is run, and
the table in docs/instructor.md is made of what came out:

    CHAINRULE_TABLE=yes python -m pytest grader_tests/grading/judge/test_kinds.py
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path

import pytest

from chainrule.grading.judge.judge import judge, vetting_of
from chainrule.grading.judge.vetting import VettedCheck
from chainrule.grading.judge.ways import INSIDE, OUTSIDE
from chainrule.grading.limits import Limits
from grader_tests.support.notebooks import answered, cell, master, points, submission
from grader_tests.support.paths import ROOT

KINDS = json.loads((Path(__file__).parent / "kinds.json").read_text())
SET_UP = "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt"
INSIDE_ONLY = {
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
PAGE = ROOT / "docs" / "instructor.md"
BEGIN, END = "<!-- kinds of checks: made by a test -->\n", "<!-- end of the kinds -->\n"


def missing(kind: dict[str, str]) -> set[str]:
    """Modules that a kind imports and that are not installed."""
    text = f"{kind['solution']}\n{kind['check']}"
    names = {name.split(".")[0] for name in re.findall(r"(?:^|\n)(?:from|import) ([\w.]+)", text)}
    return {name for name in names if importlib.util.find_spec(name) is None}


HERE = [kind for kind in KINDS if not missing(kind)]


@pytest.fixture(scope="module")
def vetted() -> dict[str, tuple[VettedCheck, float | None]]:
    """Of each kind how it is run, and the points of a right answer."""
    cells = [cell("set-up", "setup", SET_UP)]
    for kind in HERE:
        solved = f"### BEGIN SOLUTION\n{kind['solution']}\n### END SOLUTION"
        cells += [cell("answer", f"q-{kind['name']}", solved)]
        cells += [cell("check", kind["name"], kind["check"], 1)]
    made = master(*cells)
    limits = Limits(total_seconds=300.0)
    answers = {f"q-{kind['name']}": kind["solution"] for kind in HERE}
    got = points(judge(made, submission(answered(made, answers)), limits))
    return {one.grade_id: (one, got[one.grade_id]) for one in vetting_of(made, limits).checks}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["name"])
def test_a_kind_gets_its_point_in_the_way_it_needs(
    kind: dict[str, str], vetted: dict[str, tuple[VettedCheck, float | None]]
) -> None:
    if lacking := missing(kind):
        pytest.skip(f"{', '.join(sorted(lacking))} is not installed")
    check, got = vetted[kind["name"]]
    assert got == (0.5 if kind["name"] == "partial-credit" else 1), check
    assert check.way == (INSIDE if kind["name"] in INSIDE_ONLY else OUTSIDE), check


def table() -> str:
    """The table of the page."""
    names = [kind["name"] for kind in KINDS]
    lines = ["| Kind of check | How it is run, and why not more strictly |", "| --- | --- |"]
    outside = ", ".join(f"`{name}`" for name in names if name not in INSIDE_ONLY)
    lines.append(f"| {outside} | outside |")
    lines += [f"| `{name}` | inside: {why} |" for name, why in INSIDE_ONLY.items()]
    return "\n".join(lines) + "\n"


def test_the_table_of_the_page_is_this_one() -> None:
    """It is held against what came out by the test above."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    if os.environ.get("CHAINRULE_TABLE"):
        PAGE.write_text(text[:begin] + table() + text[end:], encoding="utf-8")
        return
    assert text[begin:end] == table()
