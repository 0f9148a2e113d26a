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
import datetime, fractions
from collections import namedtuple
class Point:
    def __init__(self, x): self.x = x
    def twice(self): return 2 * self.x
class Mine(ValueError): pass
class Open:
    def __enter__(self): self.open = True; return self
    def __exit__(self, *error): self.open = False
Pair = namedtuple("Pair", "a b")
def double(x): return 2 * x
def count(n): yield from range(n)
def fail(): raise Mine("own")
def hello(): print("hello")
def day(): return datetime.date(2020, 1, 2)
def third(): return fractions.Fraction(1, 3)
"""

# name: (why it does not work outside, the check)
CHECKS = {
    "output": (
        "what a student's function prints stays in the jail",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n"
        "    hello()\nassert out.getvalue() == 'hello\\n'",
    ),
    "patch": (
        "the jail has a print of its own",
        "from unittest.mock import patch\nwith patch('builtins.print') as shown:\n    hello()\n"
        "assert shown.called",
    ),
    "source": (
        "a proxy has no source",
        "import inspect\nassert 'return' in inspect.getsource(double)",
    ),
    "generator": (
        "a proxy is of no kind that inspect knows",
        "import inspect\nassert inspect.isgeneratorfunction(count)",
    ),
    "except": (
        "an exception crosses as its built-in kin",
        "try:\n    fail()\nexcept Mine:\n    pass",
    ),
    "with": (
        "a proxy is no context manager",
        "with Open() as one:\n    assert one.open\nassert not one.open",
    ),
    "subclass": (
        "a student's class cannot be a base class in the judge",
        "class More(Point):\n    pass\nassert More(1).twice() == 2",
    ),
    "copy": (
        "a proxy cannot be copied",
        "import copy\nassert copy.deepcopy(Point(1)).x == 1",
    ),
    "tuple": (
        "a named tuple is a proxy, not a tuple",
        "assert Pair(1, 2) == (1, 2)",
    ),
    "hash": (
        "a proxy's hash is its own",
        "assert len({Pair(1, 2), Pair(1, 2)}) == 1",
    ),
    "date": (
        "dates do not cross by value",
        "import datetime\nassert day() == datetime.date(2020, 1, 2)",
    ),
    "fraction": (
        "fractions do not cross by value",
        "from fractions import Fraction\nassert third() == Fraction(1, 3)",
    ),
    "names": (
        "globals() are the judge's",
        "assert 'double' in globals()",
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
