"""Small courses of plain asserts, drawn at random, give what stock nbgrader gives.

Checks share imports, variables and helpers, delete names, use magics, `global`, `eval`, warnings
and random numbers. A class is judged one after the other; nbgrader runs each of them alone, in a
kernel of its own. Points and the kinds of errors are the same. What is drawn can run outside of the
student's process: `test_inside.py` has what cannot. Two things differ on purpose, and are not
drawn. nbgrader gives no points to a check in which anything is written to stderr, such as an
answer's warning; and a student who deletes `np` deletes it for the checks.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.scores import Graded
from grader_tests.support.notebooks import answered, cell, master, submission

SET_UP = "import numpy as np"
SOLUTION = "### BEGIN SOLUTION\ndef sq(x):\n    return x * x\n### END SOLUTION"
CHECKS = (
    "from math import isclose\nassert isclose(sq(3), 9)",
    "assert isclose(sq(0.5), 0.25)",
    "expected = {i: i * i for i in range(4)}\nfor i, e in expected.items():\n    assert sq(i) == e",
    "assert sq(2) == expected[2]\ndel expected",
    "global total\ntotal = sq(3)\nassert total == 9",
    "total += 1\nassert total == sq(3) + 1",
    "assert eval('sq(5)') == 25",
    "exec('power = sq')\nassert power(2) == 4",
    "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('error')\n"
    "    assert sq(4) == 16",
    "warnings.warn('once')\nassert sq(1) == 1",
    "import random\nrandom.seed(1)\nx = random.random()\nassert abs(sq(x) - x * x) < 1e-12",
    "assert x is not None and 0 <= x < 1\nassert sq(x) <= x",
    "np.random.seed(3)\nx = np.random.rand(3)\nassert np.allclose(sq(x), x ** 2)",
    "assert round(float(np.random.rand()), 6) >= 0 and sq(2) == 4",
    "%precision 3\nassert sq(1.5) == 2.25",
    "%time value = sq(3)\nassert value == 9",
    "%%capture seen\nassert sq(3) == 9",
    "def helper(f, *values):\n    return [f(v) for v in values]\nassert helper(sq, 1, 2) == [1, 4]",
    "assert helper(sq, 3) == [9]",
    "del helper\nassert sq(0) == 0",
    "try:\n    sq('a')\nexcept TypeError:\n    pass\nelse:\n    raise AssertionError('a text')",
    "class Case:\n    value = sq(7)\nassert Case.value == 49",
    "assert Case().value == sq(7)",
    "assert sorted(map(sq, [3, -1, 2])) == [1, 4, 9]",
    "assert sq is not None and callable(sq)",
    "assert 1 / sq(0.0) if sq(1) == 2 else True",
    "_points = sum(sq(i) == i * i for i in range(4))\n_points / 2",
    "assert sq(2) == 4, f'sq(2) is {sq(2)}'",
    "__import__('sys').setrecursionlimit(900)\nassert sq(2) == 4",
)
ANSWERS = (
    "def sq(x):\n    return x * x",
    "sq = lambda x: x ** 2",
    "def sq(x):\n    return np.square(x) if isinstance(x, np.ndarray) else x * x",
    "def sq(x):\n    return x + x",
    "def sq(x):\n    return x * x + 1e-7",
    "def sq(x):\n    raise ValueError(x)",
    "def sq(x)\n    return x",
    "def sq(x):\n    print('x is', x)\n    return x * x",
    "count = 0\ndef sq(x):\n    global count\n    count += 1\n    return x * x if count < 4 else 0",
    "import random\nrandom.seed(0)\nnp.random.seed(0)\ndef sq(x):\n    return x * x",
    "expected = {2: 5}\ntotal = -1\ndef sq(x):\n    return x * x",
    "def helper(*more):\n    return [9]\ndef sq(x):\n    return x * x",
    "class Case:\n    value = 49\ndef sq(x):\n    return x * x",
    "from math import isclose\nfrom math import pow as p\ndef sq(x):\n    return x * x",
    "def sq(x):\n    return None",
    "%precision 1\ndef sq(x):\n    return eval('x * x')",
    "1 / 0",
    "",
)

Course = list[str]
_DRAWN = given(
    checks=st.lists(st.sampled_from(CHECKS), min_size=3, max_size=8),
    answers=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=3, unique=True),
)
_WITH = dict(
    deadline=None, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck), derandomize=True,
)  # fmt: skip


def compare(checks: Course, answers: list[str]) -> None:
    cells = [cell("set-up", "setup", SET_UP), cell("answer", "q", SOLUTION)]
    cells += [cell("check", f"c{n}", source, 2) for n, source in enumerate(checks)]
    known = master(*cells)
    found = {}
    for answer in answers:
        work = answered(known, {"q": answer})
        ours, theirs = of_judge(judge(known, submission(work))), by_nbgrader(work)
        if ours != theirs:
            found[answer] = [
                (checks[int(name[1:])], ours[name], theirs[name])
                for name in theirs
                if ours[name] != theirs[name]
            ]
    assert found == {}


Told = dict[str, tuple[float | None, str]]
"""grade_id -> points, and the kind of error that the check ended with"""


def of_judge(graded: Graded) -> Told:
    errors = {one["id"]: _error(one) for one in graded.notebook["cells"]}
    return {one.grade_id: (one.points, errors[one.grade_id]) for one in graded.scores}


def by_nbgrader(work: list[Any]) -> Told:
    """What nbgrader's own steps make of the notebook: run in a kernel, then graded."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb = nbformat.from_dict(new_notebook(cells=work, metadata={"kernelspec": kernel}))
    done, _ = Execute(timeout=30).preprocess(nb, {"metadata": {"path": str(Path.cwd())}})
    log = logging.getLogger(__name__)
    return {
        one.id: (determine_grade(one, log)[0], _error(one))
        for one in done.cells
        if one.metadata.get("nbgrader", {}).get("grade")
    }


def _error(cell: Any) -> str:
    kinds = [one["ename"] for one in cell["outputs"] if one["output_type"] == "error"]
    return str(kinds[0]) if kinds else ""


@settings(max_examples=2, **_WITH)
@_DRAWN
def test_a_few_courses(checks: Course, answers: list[str]) -> None:
    compare(checks, answers)


@pytest.mark.overnight
@pytest.mark.timeout(1500)
@settings(max_examples=30, **_WITH)
@_DRAWN
def test_many_courses(checks: Course, answers: list[str]) -> None:
    compare(checks, answers)


@pytest.mark.overnight
@pytest.mark.timeout(900)
@pytest.mark.parametrize("answer", ANSWERS)
def test_all_checks_in_order(answer: str) -> None:
    compare(list(CHECKS), [answer])
