"""A check of memory, graded: between its own limit and the jail's lies what it is there to find."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, points, shown, submission

_MIB = 1 << 20
SOLVED = """
class Double:
    def forward(self, x):
        return 2.0 * x
    def backward(self, upstream):
        held = np.empty(HELD, np.uint8)
        return 2.0 * upstream
"""


def asked(entries: int, under: int) -> Master:
    """A master whose check gives so many numbers and allows so many bytes."""
    check = f"check.memory(Double, at=dict(x=np.linspace(-1.0, 1.0, {entries})), under={under})"
    return master(
        cell("set-up", "setup", "import numpy as np\nfrom chainrule import check"),
        cell("answer", "q1", f"### BEGIN SOLUTION{SOLVED.replace('HELD', '0')}### END SOLUTION"),
        cell("check", "c1", check, 1),
    )


SMALL = asked(4096, under=2 * _MIB)  # 32 KiB go in, as in problem set 2
LARGE = asked(_MIB // 8, under=8 * _MIB)  # 1 MiB goes in


def graded(one: Master, held: int, checks: Literal["inside", "outside"] = "outside") -> Graded:
    """An answer whose backward holds so many bytes, graded."""
    answer = SOLVED.replace("HELD", str(held))
    return judge(one, submission(answered(one, {"q1": answer})), replace(LIMITS, checks=checks))


def test_an_answer_that_uses_little_gets_its_points() -> None:
    assert points(graded(SMALL, held=0)) == {"c1": 1.0}


_OWN_PROCESS = pytest.mark.xfail(
    strict=True, reason="the judge measures its own process, not the student's"
)


@pytest.mark.parametrize("checks", [pytest.param("outside", marks=_OWN_PROCESS), "inside"])
def test_more_than_the_check_allows_and_less_than_the_jail_is_refused(
    checks: Literal["inside", "outside"],
) -> None:
    held = 64 * _MIB
    assert held < LIMITS.memory_bytes / 2
    found = graded(SMALL, held, checks)
    assert points(found) == {"c1": 0.0}
    assert "Double.backward takes too much memory." in shown(found, "c1")


@pytest.mark.parametrize("checks", [pytest.param("outside", marks=_OWN_PROCESS), "inside"])
def test_less_than_the_check_allows_is_accepted_each_time(
    checks: Literal["inside", "outside"],
) -> None:
    for _ in range(2):
        assert points(graded(LARGE, 6 * _MIB, checks)) == {"c1": 1.0}


def test_more_than_the_jail_allows_is_refused() -> None:
    found = graded(SMALL, held=2 * LIMITS.memory_bytes)
    assert points(found) == {"c1": 0.0}
    assert "MemoryError" in shown(found, "c1")
