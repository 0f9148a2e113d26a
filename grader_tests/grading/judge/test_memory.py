"""What `check.memory` says when a class is graded: as at home, whatever the student's side says."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.scores import Graded
from chainrule.grading.limits import Limits
from grader_tests.support.notebooks import answered, cell, master, outputs, points, submission

LEAN = (
    "import numpy as np\nclass Square:\n    def forward(self, x):\n        self.x = x\n"
    "        return x * x\n    def backward(self, upstream):\n"
    "        return 2 * self.x * upstream\n"
)
FULL_MATRIX = LEAN.replace(
    "return 2 * self.x * upstream",
    "J = np.zeros((len(self.x), len(self.x)))\n        np.fill_diagonal(J, 2 * self.x)\n"
    "        return upstream @ J",
)
# A student who knows how the memory is measured from inside, and switches that off.
LIAR = (
    "import tracemalloc\ntracemalloc.get_traced_memory = lambda: (0, 0)\n"
    "tracemalloc.reset_peak = lambda: None\n" + FULL_MATRIX
)
HAD_MORE = "import numpy as np\nwaste = np.ones(90_000_000)\ndel waste\n" + LIAR
CHECK = (
    "from chainrule import check\n"
    "check.memory(Square, at=check.points(seed=1, x=(4096,))[0], under=2 << 20)"
)
MASTER = master(
    cell("answer", "q1", f"### BEGIN SOLUTION\n{LEAN}\n### END SOLUTION"),
    cell("check", "c1", CHECK, points=2),
)


def graded(answer: str) -> Graded:
    limits = Limits(call_seconds=20.0)
    return judge(MASTER, submission(answered(MASTER, {"q1": answer})), limits)


def said(found: Graded) -> str:
    return "\n".join(str(one.get("evalue", one.get("text"))) for one in outputs(found, "c1"))


def at_home(answer: str) -> str:
    names: dict[str, Any] = {}
    exec(answer, names)
    try:
        exec(CHECK, names)
    except AssertionError as error:
        return str(error)
    return ""


def test_a_lean_answer_passes() -> None:
    assert points(graded(LEAN)) == {"c1": 2}


def test_a_full_matrix_is_refused_in_the_words_of_home() -> None:
    """It uses 128 MiB, which is more than the check allows and less than the jail does."""
    found = graded(FULL_MATRIX)
    assert points(found) == {"c1": 0}
    assert "used up to 128 MiB" in said(found)
    assert said(found) == at_home(FULL_MATRIX)


@pytest.mark.parametrize("answer", [LIAR, HAD_MORE], ids=["lies", "lies, and had more before"])
def test_what_the_process_says_of_itself_decides_nothing(answer: str) -> None:
    found = graded(answer)
    assert points(found) == {"c1": 0}
    assert "takes too much memory" in said(found)
