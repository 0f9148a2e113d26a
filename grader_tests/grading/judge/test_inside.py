"""What a check cannot do with proxies, and can with `c.Judge.checks = "inside"`, as in nbgrader.

Each row is one question's check. Outside they give no points to a right answer, so a course with
such checks has to be graded inside; a row that begins to work outside leaves this table.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from chainrule.grading.judge.judge import judge
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, points, submission

ANSWER = """
class Point:
    def __init__(self, x): self.x = x
    def twice(self): return 2 * self.x
class Money:
    def __init__(self, cents): self.cents = cents
    def __eq__(self, other): return self.cents == getattr(other, 'cents', other)
def double(x): return 2 * x
def x_of(it): return it.x
"""

# name: (why it does not work outside, the check)
CHECKS = {
    "source": (
        "a proxy has no source",
        "import inspect\nassert 'return' in inspect.getsource(double)",
    ),
    "subclass": (
        "a student's class cannot be a base class in the judge",
        "class More(Point):\n    pass\nassert More(1).twice() == 2",
    ),
    "plain": (
        "a proxy never equals plain data, whatever its class says",
        "assert Money(3) == 3",
    ),
    "pickle": (
        "a proxy is not pickled",
        "import pickle\nassert pickle.loads(pickle.dumps(Point(1))).x == 1",
    ),
    "attribute": (
        "a list that is an attribute crosses as a copy",
        "one = Point([1])\none.x.append(2)\nassert one.x == [1, 2]",
    ),
    "handed": (
        "an object of the check's own class stays here",
        "class Mine:\n    x = 3\nassert x_of(Mine()) == 3",
    ),
}  # fmt: skip
MASTER = master(
    cell("answer", "q", f"### BEGIN SOLUTION{ANSWER}### END SOLUTION"),
    *(cell("check", name, source, 1) for name, (_, source) in CHECKS.items()),
)


@pytest.fixture(scope="module", params=["inside", "outside"])
def graded(request: pytest.FixtureRequest) -> tuple[str, dict[str, float | None]]:
    given = submission(answered(MASTER, {"q": ANSWER}))
    return request.param, points(judge(MASTER, given, replace(LIMITS, checks=request.param)))


@pytest.mark.parametrize("name", CHECKS)
def test_checks_that_need_the_students_process(
    name: str, graded: tuple[str, dict[str, float | None]]
) -> None:
    checks, got = graded
    assert got[name] == (1 if checks == "inside" else 0), CHECKS[name][0]
