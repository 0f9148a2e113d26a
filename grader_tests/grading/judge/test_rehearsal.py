"""Recalling an outcome must come to the same as running the check, whatever was answered."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import psutil
import pytest

from chainrule.grading.judge import judge as judging
from chainrule.grading.judge.judge import Submission, judge
from chainrule.grading.judge.master import Master, read_master
from chainrule.grading.judge.purity import repeatable_cells
from chainrule.grading.judge.scores import Graded
from chainrule.grading.limits import Limits
from chainrule.sample.sample_class import Answer, answer_cell, read_answers
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import (
    RIGHT,
    TWO,
    answered,
    cell,
    master,
    points,
    shown,
    submission,
)
from grader_tests.support.paths import ROOT

_PLAIN = replace(LIMITS, rehearse=False)
ALL = sorted(path.parent.name for path in ROOT.glob("source/*/*.ipynb"))


@pytest.fixture(autouse=True)
def _afresh() -> None:
    judging.forget()


def rehearse(one: Master, work: Submission, limits: Limits = LIMITS) -> None:
    """The second submission of a master is the first that is compared with its rehearsal."""
    judge(one, work, limits)
    judge(one, work, limits)


def told(graded: Graded) -> tuple[Any, ...]:
    return graded.notebook, graded.scores, graded.comments, graded.notes, graded.problem


def the_class(assignment: str) -> tuple[Master, list[Submission]]:
    """Submissions in which every answer of the answers file stands once."""
    path = ROOT / "source" / assignment / f"{assignment}.ipynb"
    content = path.read_bytes()
    by_cell: dict[str, list[Answer]] = {}
    for answer in read_answers(ROOT / "grader_tests" / "answers" / f"{assignment}.py"):
        by_cell.setdefault(answer.cell, []).append(answer)
    made = []
    for row in zip_longest(*by_cell.values()):
        notebook = json.loads(content)
        sources = {
            one["metadata"]["nbgrader"]["grade_id"]: one
            for one in notebook["cells"]
            if "nbgrader" in one["metadata"]
        }
        for answer in row:
            if answer is not None:
                there = sources[answer.cell]
                solved = "".join(there["source"])
                there["source"] = answer_cell(solved, answer.source)
        made.append(Submission(json.dumps(notebook).encode()))
    return read_master(content, assignment), made


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ALL)
def test_every_answer_comes_to_the_same(assignment: str) -> None:
    # A matrix of 3 GB is refused or, where memory is slow to come by, overruns a shorter limit.
    limits = replace(LIMITS, call_seconds=4.0, cell_seconds=5.0)
    one, works = the_class(assignment)
    plain = [judge(one, work, replace(limits, rehearse=False)) for work in works]
    judge(one, works[0], limits)
    for _ in range(2):
        quick = [judge(one, work, limits) for work in works]
        assert list(map(told, quick)) == list(map(told, plain))
    # The second time round all answers have been seen; what is still run calls back.
    assert sum(one.live for one in quick) < sum(one.live for one in plain)


def test_what_was_answered_before_is_not_run_again() -> None:
    one = master(*TWO)
    right = submission(answered(one, RIGHT))
    wrong = submission(answered(one, {**RIGHT, "q1": "def square(x):\n    return 2 * x"}))
    rehearse(one, right)
    assert judge(one, right, LIMITS).live == 0
    first, second = judge(one, wrong, LIMITS), judge(one, wrong, LIMITS)
    assert (first.live, second.live) == (1, 0)
    assert told(first) == told(second) == told(judge(one, wrong, _PLAIN))
    assert points(second) == {"c1": 0.0, "c2": 3.0, "w1": 0.0}


def test_code_of_another_shape_with_the_same_answers_is_recalled_too() -> None:
    one = master(
        cell("set-up", "setup", "import numpy as np"),
        cell("answer", "q", "### BEGIN SOLUTION\nclass Gate:\n    def forward(self, x):\n"
             "        return 2.0 * x\n### END SOLUTION"),
        cell("check", "c", "assert Gate().forward(1.5) == 3.0", 1),
    )  # fmt: skip
    rehearse(one, submission(answered(one, {})))
    other = (
        "def twice(x):\n    return x + x\n\nclass Gate:\n    def __init__(self):\n"
        "        self.calls = 0\n    def helper(self, x):\n        return twice(x)\n"
        "    def forward(self, x):\n        self.calls += 1\n        return self.helper(x)"
    )
    graded = judge(one, submission(answered(one, {"q": other})), LIMITS)
    assert (points(graded), graded.live) == ({"c": 1.0}, 0)


COUNTS = "n = 0\ndef square(x):\n    global n\n    n += 1\n    return 9 if n == 1 else 0"
PATIENT = "import time\ndef square(x):\n    time.sleep(0.3)\n    return x * x"


def test_what_a_check_leaves_behind_now_and_then_is_nobody_elses() -> None:
    """Nothing of it shows with right answers, so it passes for a check that leaves nothing."""
    one = master(
        cell("set-up", "setup", "import numpy as np"),
        cell("answer", "q1", "### BEGIN SOLUTION\ndef f(x):\n    return x\n### END SOLUTION"),
        cell("check", "c1", "if f(1) != 1:\n    np.seterr(all='raise')\nassert f(1) == 1", 1),
        cell("check", "c2", "assert f(np.geterr()['over']) == 'warn'", 1),
    )
    right, wrong = (submission(answered(one, {"q1": text})) for text in (
        "def f(x):\n    return x", "def f(x):\n    return 2 if x == 1 else x"))  # fmt: skip
    rehearse(one, right)
    for work, got in [(right, {"c1": 1, "c2": 1}), (wrong, {"c1": 0, "c2": 0})] * 3:
        other = submission(answered(one, {"q1": "def f(x):\n    return str(x) if x != 1 else 1"}))
        assert points(judge(one, work, LIMITS)) == got
        assert points(judge(one, other, LIMITS)) == {"c1": 1, "c2": 1}


def test_a_check_is_settled_before_the_next_cell_is_run() -> None:
    """What a later cell calls the same is none of the earlier question's."""
    one = master(*TWO)
    rehearse(one, submission(answered(one, RIGHT)))
    helpers = {
        "q1": "def helper(x):\n    return 2 * x\ndef square(x):\n    return helper(x)",
        "q2": "def helper(x):\n    return x * x\ndef cube(x):\n    return x * helper(x)",
    }
    work = submission(answered(one, {**RIGHT, **helpers}))
    plain = told(judge(one, work, _PLAIN))
    for _ in range(2):
        assert told(judge(one, work, LIMITS)) == plain


def test_a_slow_cell_has_the_time_it_has_without_a_rehearsal() -> None:
    one, limits = master(*TWO), replace(LIMITS, cell_seconds=8.0)
    rehearse(one, submission(answered(one, RIGHT)), limits)
    slow = "import time\ntime.sleep(2.3)\nprint('slept')\ndef square(x):\n    return x * x"
    work = submission(answered(one, {**RIGHT, "q1": slow}))
    graded = judge(one, work, limits)
    assert "slept" in shown(graded, "q1")
    assert points(graded)["c1"] == 2.0
    assert told(graded) == told(judge(one, work, replace(limits, rehearse=False)))


@pytest.mark.parametrize(
    "code",
    [
        COUNTS,
        PATIENT,
        "def square(x):\n    raise ValueError('no idea')",
        "def square(x):\n    while True: pass",
        "import os\ndef square(x):\n    os._exit(0)",
        "def square(x):\n    return [x] * x",
        "def square(x):\n    return square",
        "def square(x):\n    return float('nan')",
        "def square(x):\n    return b'x' * (1 << 26)",
        "square = 9",
        "def square(",
        "",
    ],
)
def test_odd_code_is_judged_as_without_a_rehearsal(code: str) -> None:
    one = master(*TWO)
    rehearse(one, submission(answered(one, RIGHT)))
    work = submission(answered(one, {**RIGHT, "q1": code}))
    plain = told(judge(one, work, _PLAIN))
    for _ in range(2):
        assert told(judge(one, work, LIMITS)) == plain


@pytest.mark.parametrize("error", ["MemoryError", "KeyError", "StopIteration", "EOFError"])
def test_what_the_students_process_raises_for_a_script_is_no_failure_of_the_judge(
    error: str,
) -> None:
    one = master(*TWO)
    rehearse(one, submission(answered(one, RIGHT)))
    refuses = (
        "import gc\nfrom chainrule.grading.remote.server import Guest\n"
        f"def refuse(*asked):\n    raise {error}('no')\n"
        "for found in gc.get_objects():\n    if isinstance(found, Guest):\n"
        "        for table in gc.get_referents(found):\n"
        "            if isinstance(table, dict) and 'script' in table:\n"
        "                table['script'] = table['stretch'] = refuse\n"
        "def square(x):\n    return x * x"
    )
    graded = judge(one, submission(answered(one, {**RIGHT, "q1": refuses})), LIMITS)
    assert points(graded) == points(judge(one, submission(answered(one, RIGHT)), LIMITS))
    assert graded.live > 0


def test_a_slow_but_right_answer_has_the_time_it_has_without_a_rehearsal() -> None:
    checks = "\n".join(f"assert slow({i}) == {i}" for i in range(4))
    one = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef slow(x):\n    return x\n### END SOLUTION"),
        cell("check", "c", checks, 1),
    )
    limits = replace(LIMITS, call_seconds=1.0, cell_seconds=10.0)
    code = "import time\ndef slow(x):\n    time.sleep(0.7)\n    return x"
    work = submission(answered(one, {"q": code}))
    for _ in range(3):
        assert points(judge(one, work, limits)) == {"c": 1.0}


# Cells whose outcome something else than the answers decides, each with the cells around it.
_HELD = "### BEGIN SOLUTION\ndef f(x):\n    return x\n### END SOLUTION"
UNREPEATABLE = {
    "unseeded numbers": ("import numpy as np", ["x = np.random.normal(); assert f(x) == x"]),
    "another cell's name": ("import math", ["total = f(2)", "assert total == 2"]),
    "a list of the set-up's": ("seen = []", ["seen.append(f(1)); assert len(seen) == 1"]),
    "a seed for others": (
        "import numpy as np",
        ["np.random.seed(f(3))", "assert f(np.random.rand()) < 1"],
    ),
    "the clock": ("import time", ["assert f(time.time()) > 0"]),
    "files": ("import math", ["assert f(open('/dev/null').read()) == ''"]),
    "a magic": ("import math", ["%precision 3\nassert f(1) == 1"]),
    "a name it deletes": ("import math", ["keep = f\ndel f\nf = keep\nassert f(2) == 2"]),
    "an attribute of a module": ("import math", ["math.tau = f(6.0); assert math.tau == 6"]),
    "print options": (
        "import numpy as np",
        ["np.set_printoptions(precision=f(2)); print(np.pi)", "print(np.array(f(1.23456)))"],
    ),
    "a function with a memory": (
        "def count(x, seen=[]):\n    seen.append(x)\n    return len(seen)",
        ["assert count(f(1)) == 1", "assert count(f(1)) == 2"],
    ),
}


@pytest.mark.parametrize("name", UNREPEATABLE)
def test_what_the_answers_do_not_decide_is_always_run(name: str) -> None:
    setup, checks = UNREPEATABLE[name]
    one = master(
        cell("set-up", "setup", setup),
        cell("answer", "q", _HELD),
        *(cell("check", f"c{i}", source, 1) for i, source in enumerate(checks)),
    )
    work = submission(answered(one, {"q": "def f(x):\n    return x"}))
    plain = judge(one, work, _PLAIN)
    assert set(points(plain).values()) == {1.0}
    rehearse(one, work)
    for _ in range(2):
        graded = judge(one, work, LIMITS)
        assert told(graded) == told(plain) or name == "unseeded numbers"
        assert points(graded) == points(plain)
        assert graded.live > 0


def test_a_check_that_the_code_calls_back_is_always_run() -> None:
    one = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef f(g):\n    return g(2)\n### END SOLUTION"),
        cell("check", "c", "assert f(lambda x: x + 1) == 3", 1),
    )
    work = submission(answered(one, {"q": "def f(g):\n    return g(2)"}))
    rehearse(one, work)
    graded = judge(one, work, LIMITS)
    assert (points(graded), graded.live) == ({"c": 1.0}, 1)


def test_a_name_that_stays_in_its_cell_is_no_hindrance() -> None:
    one = master(
        cell("set-up", "setup", "import numpy as np\ndef near(a, b):\n    return a - b < 1e-9"),
        cell("answer", "q", _HELD),
        cell("check", "c1", "for x in np.linspace(0, 1, 3):\n    assert near(f(x), x)", 1),
        cell("check", "c2", "table = {k: f(k) for k in 'ab'}\nassert table['b'] == 'b'", 1),
        cell("check", "c3", "x = [f(i) for i in range(3)]\nx[0] = 5\nassert sum(x) == 8", 1),
    )  # fmt: skip
    assert repeatable_cells(one) == {"setup", "c1", "c2", "c3"}
    work = submission(answered(one, {"q": "def f(x):\n    return x"}))
    rehearse(one, work)
    graded = judge(one, work, LIMITS)
    assert (set(points(graded).values()), graded.live) == ({1.0}, 0)


def test_a_traceback_has_the_number_of_its_own_cell() -> None:
    one = master(*TWO)
    rehearse(one, submission(answered(one, RIGHT)))
    wrong = {**RIGHT, "q1": "def square(x):\n    return 2 * x"}
    plain = judge(one, submission(answered(one, wrong)), LIMITS)
    moved = judge(one, submission(answered(one, wrong, ("1 + 1", "2 + 2"))), LIMITS)
    assert "Cell In[3]" in shown(plain, "c1")
    assert "Cell In[5]" in shown(moved, "c1")


def test_checks_see_nothing_of_the_student_before() -> None:
    """A judge process takes one student after the other; what one left must not reach the next."""
    one = master(*TWO)
    rehearse(one, submission(answered(one, RIGHT)))
    hostile = "def square(x):\n    return x * x\nsecret = 9"
    judge(one, submission(answered(one, {**RIGHT, "q1": hostile})), LIMITS)
    nosy = "def square(x):\n    return secret"
    graded = judge(one, submission(answered(one, {**RIGHT, "q1": nosy})), LIMITS)
    assert points(graded)["c1"] == 0.0
    assert "secret" in shown(graded, "c1")


def test_a_judge_that_was_killed_is_replaced() -> None:
    judging.close()  # so that none is killed that other tests go on with
    one = master(*TWO)
    work = submission(answered(one, RIGHT))
    rehearse(one, work)
    killed = 0
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "forkserver.serve(" in " ".join(process.cmdline()) and process.ppid() != os.getpid():
                process.send_signal(signal.SIGKILL)
                killed += 1
    assert killed >= 2  # a worker, and its student's process or the supervisor
    assert points(judge(one, work, LIMITS)) == {"c1": 2.0, "c2": 3.0, "w1": 0.0}
    judging.close()  # nor are others left with those that died here
