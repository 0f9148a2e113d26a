"""The master's own solution decides how each check is run."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chainrule.grading.judge.findings import findings
from chainrule.grading.judge.judge import judge, vetting_of
from chainrule.grading.judge.ways import AS_LEFT, INSIDE, OUTSIDE, WAYS
from chainrule.grading.limits import Limits, LimitsError
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, points, shown, submission

VETTED = dataclasses.replace(LIMITS, checks="vetted")


def solved(source: str) -> str:
    return f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"


def of(solution: str, check: str, set_up: str = "import numpy as np") -> Any:
    return master(
        cell("set-up", "setup", set_up),
        cell("answer", "q", solved(solution)),
        cell("check", "c", check, 2),
    )


# name: (set-up, solution, check, way, what is said of why)
KINDS = {
    "plain": ("", "def f(x): return 2 * x", "assert f(2) == 4", OUTSIDE, ""),
    "sorted in place": (
        "data = [3, 1, 2]", "data.sort()", "assert data == [1, 2, 3]", AS_LEFT, "set-up",
    ),
    "unseeded data": (
        "import numpy as np\nx = np.random.rand(100)", "mean = x.mean()",
        "assert abs(mean - x.mean()) < 1e-12", AS_LEFT, "set-up",
    ),
    "captured prints": (
        "", "def hello(): print('hello')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n"
        "    hello()\nassert out.getvalue() == 'hello\\n'", OUTSIDE, "",
    ),
    "mocked input": (
        "", "def ask(): return int(input('?')) + 1",
        "from unittest.mock import patch\nwith patch('builtins.input', lambda *_: '4'):\n"
        "    assert ask() == 5", OUTSIDE, "",
    ),
    "the source": (
        "", "def f(x): return x + 1",
        "import inspect\nassert 'return' in inspect.getsource(f)", INSIDE, "source",
    ),
    "what was typed": (
        "", "print('hello')", "import io, sys\nold, sys.stdout = sys.stdout, io.StringIO()\n"
        "exec(In[-2])\nout = sys.stdout.getvalue()\nsys.stdout = old\nassert out == 'hello\\n'",
        INSIDE, "captures what",
    ),
    "a class derived": (
        "", "class P:\n    def twice(self): return 2",
        "class M(P):\n    pass\nassert M().twice() == 2",
        INSIDE, "derives a class",
    ),
    "pickled": (
        "", "class P:\n    x = 1", "import pickle\nassert pickle.loads(pickle.dumps(P())).x == 1",
        INSIDE, "pickles",
    ),
    "partial credit": ("", "x = 1", "0.5 if x == 1 else 0", OUTSIDE, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_strictest_way_that_the_solution_passes(name: str) -> None:
    set_up, solution, check, way, why = KINDS[name]
    m = of(solution, check, set_up or "pass")
    vetting = vetting_of(m, VETTED)
    (one,) = vetting.checks
    assert (one.way, one.passes, one.steady, vetting.problem) == (way, True, True, "")
    assert why in one.why
    assert bool(one.why) == (way != OUTSIDE)
    got = judge(m, submission(answered(m, {"q": solution})), VETTED)
    assert points(got)["c"] == (0.5 if name == "partial credit" else 2)
    assert points(judge(m, submission(answered(m, {})), VETTED))["c"] == 0
    told = next(one for one in got.notebook["cells"] if one["id"] == "c")["metadata"]
    assert told.get("chainrule", {}).get("way") == (way if way != OUTSIDE else None)


def test_an_unsteady_check_stays_outside() -> None:
    """By the seeds of vetting this one passes at times, whatever the way."""
    m = of(
        "x = 1",
        "assert np.random.RandomState(int(np.random.randint(9))).rand() > 0.5 * x",
    )
    (one,) = vetting_of(m, VETTED).checks
    assert (one.way, one.steady) == (OUTSIDE, False)
    found = findings(m, VETTED).checks[0]
    assert found.remarks == ["it does not come out the same twice: random numbers decide"]


def test_a_check_that_takes_too_long_is_not_tried_inside() -> None:
    m = of("def f():\n    while True: pass", "f()")
    vetting = vetting_of(m, dataclasses.replace(VETTED, call_seconds=0.8))
    (one,) = vetting.checks
    assert (one.way, one.passes) == (OUTSIDE, False)
    assert vetting.problem == "its own solution fails c"


def test_what_fails_in_every_way_is_a_problem_by_name() -> None:
    vetting = vetting_of(of("x = 1", "assert x == 2"), VETTED)
    assert vetting.problem == "its own solution fails c"
    assert vetting.checks[0].error == "AssertionError"


def test_a_master_without_a_solution_is_not_tried_further() -> None:
    m = master(cell("answer", "q", ""), cell("check", "c", "assert x == 2", 1))
    assert vetting_of(m, VETTED).checks[0].way == OUTSIDE
    assert vetting_of(m, VETTED).problem.startswith("it has no solution of its own")
    assert not vetting_of(m, VETTED).fails


INSIDE_TWICE = master(
    cell("answer", "q", solved("class P:\n    n = 0\n    def more(self): P.n += 1; return P.n")),
    cell("check", "c1", "import inspect as look\nk = 3\nassert look.getsource(P.more)\n"
         "P.n = 100\nassert P().more() == 101", 1),
    cell("check", "c2", "assert look.getsource(P.more)\nassert P().more() == 1\nassert k == 3", 1),
    cell("check", "c3", "assert P().more() == 1", 1),
)  # fmt: skip


def test_each_check_inside_has_a_process_of_its_own() -> None:
    """What one changes, no other finds; what a check before it imported and bound, it has."""
    vetting = vetting_of(INSIDE_TWICE, VETTED)
    assert vetting.ways == {"c1": INSIDE, "c2": INSIDE}
    assert vetting.problem == ""
    right = {"q": "class P:\n    n = 0\n    def more(self): P.n += 1; return P.n"}
    got = judge(INSIDE_TWICE, submission(answered(INSIDE_TWICE, right)), VETTED)
    assert points(got) == {"c1": 1, "c2": 1, "c3": 1}


def test_a_check_inside_is_not_kept_for_what_comes_later() -> None:
    m = master(
        cell("answer", "q", solved("def f(): return 1")),
        cell("check", "c", "import inspect\nassert inspect.getsource(f)\nleft = 5", 1),
        cell("answer", "q2", solved("y = 1 if 'left' not in globals() else 2")),
        cell("check", "c2", "assert y == 1", 1),
    )
    vetting = vetting_of(m, VETTED)
    assert (vetting.ways, vetting.problem) == ({"c": INSIDE}, "")


def test_data_as_left_is_for_that_check_alone() -> None:
    m = master(
        cell("set-up", "setup", "data = [3, 1, 2]"),
        cell("answer", "q", solved("def f(x): return sorted(x)\ndata.sort()")),
        cell("check", "c1", "assert data == [1, 2, 3]", 1),
        cell("check", "c2", "assert f([2, 1]) == [1, 2] and len(data) == 3", 1),
    )
    assert vetting_of(m, VETTED).ways == {"c1": AS_LEFT}
    cheat = "def f(x): return sorted(x)\ndata[:] = []"
    got = points(judge(m, submission(answered(m, {"q": cheat})), VETTED))
    assert got == {"c1": 0, "c2": 1}  # what is run outside finds the worker's own


# The way is the master's to say ------------------------------------------------------------------

FORGERS = {
    "the way in its metadata": lambda cells: [
        {**one, "metadata": {**one["metadata"], "chainrule": {"way": "inside"}}} for one in cells
    ],
    "a check of its own": lambda cells: [
        {**one, "source": "assert True"} if one["id"] == "c" else one for one in cells
    ],
}


@pytest.mark.parametrize("how", FORGERS)
def test_a_student_does_not_choose_the_way(how: str) -> None:
    m = of("def f(x): return 2 * x", "assert f(2) == 4")
    forged = (
        "import builtins, sys\ndef f(x): return 5\n"
        "class A:\n    def __eq__(self, other): return True\n"
        "builtins.AssertionError = type('E', (Exception,), {})\n"
    )
    got = judge(m, submission(FORGERS[how](answered(m, {"q": forged}))), VETTED)
    assert points(got)["c"] == 0
    told = next(one for one in got.notebook["cells"] if one["id"] == "c")
    assert "way" not in told["metadata"].get("chainrule", {})


# Forced -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checks", [
    INSIDE, {"c": INSIDE}, {"ps": INSIDE}, {"week1": INSIDE}, {"week1": OUTSIDE, "c": INSIDE},
])  # fmt: skip
def test_a_way_that_is_asked_for(checks: Any) -> None:
    limits = dataclasses.replace(LIMITS, checks=checks).of_assignment("week1")
    assert limits == Limits(**limits.as_dict())
    assert hash(limits)
    (one,) = vetting_of(of("def f(x): return 2 * x", "assert f(2) == 4"), limits).checks
    assert (one.way, one.why) == (INSIDE, "c.Judge.checks asks for it")


def test_of_another_assignment_it_says_nothing() -> None:
    limits = dataclasses.replace(LIMITS, checks={"week2": INSIDE}).of_assignment("week1")
    assert limits.forced_way("c", "ps") == "vetted"


@pytest.mark.parametrize("checks", ["elsewhere", {"c": "elsewhere"}, 3, ["c"]])
def test_ways_that_there_are_not(checks: Any) -> None:
    with pytest.raises((LimitsError, ValueError), match=r"checks|unpack"):
        Limits(checks=checks)


# What is found ------------------------------------------------------------------------------------


def test_findings() -> None:
    m = master(
        cell("answer", "q", "import numpy as np\n" + solved("def f(x): return 2 * x") + "\n"),
        cell("check", "good", "assert f(2) == 4", 1),
        cell("check", "free", "import math\nassert math.sqrt(4) == 2", 1),
        cell("check", "quiet", "try:\n    assert f(2) == 4\nexcept Exception:\n    pass", 1),
        cell("check", "none", "assert f(3) != 5 or f is None", 1),
        cell("check", "again", "assert f(1) == 2\n### BEGIN HIDDEN TESTS\nassert f(1) == 2\n"
             "### END HIDDEN TESTS", 1),
        cell("check", "wrong", "assert f(1) == 3", 1),
    )  # fmt: skip
    found = findings(m, VETTED)
    by = {one.grade_id: one for one in found.checks}
    assert found.problem == "its own solution fails wrong"
    assert (by["good"].free, by["good"].remarks) == ({}, [])
    assert set(by["free"].free) == {"the untouched stub", "an empty cell", "return None"}
    assert by["free"].remarks == ["it asks student code for nothing"]
    assert "swallows exceptions" in by["quiet"].remarks[0]
    assert by["none"].free == {"return None": 1.0}
    assert by["again"].remarks == ["its hidden part repeats what is visible"]
    assert by["wrong"].remarks == ["the master's own solution gets 0: AssertionError"]
    assert by["wrong"].points == 0


def test_every_way_is_described() -> None:
    assert list(WAYS) == [OUTSIDE, AS_LEFT, INSIDE]


def test_why_a_check_was_late_inside_is_told() -> None:
    m = of("def f(): pass", "import inspect\nassert inspect.getsource(f)\nf()")
    late = "def f():\n    while True: pass"
    got = judge(m, submission(answered(m, {"q": late})), VETTED)
    assert points(got)["c"] == 0
    assert "took longer than" in shown(got, "c")


def test_what_is_slow_is_told() -> None:
    found = findings(of("x = 1", "import time\ntime.sleep(1.2)\nassert x == 1"), VETTED)
    assert [one[:8] for one in found.checks[0].remarks] == ["it takes"]


def test_a_check_inside_does_not_take_a_file_from_those_outside() -> None:
    m = master(
        cell("answer", "q", solved("def f(): return open('x.txt').read()")),
        cell("check", "c1", "assert callable(f)\nopen('x.txt', 'w').write('seen')", 1),
        cell("check", "c2", "import inspect\nassert inspect.getsource(f)", 1),
        cell("check", "c3", "assert f() == 'seen'", 1),
    )
    vetting = vetting_of(m, dataclasses.replace(VETTED, checks={"c2": INSIDE}))
    assert (vetting.problem, vetting.ways) == ("", {"c2": INSIDE})
