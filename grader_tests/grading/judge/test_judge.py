"""Honest work: what a check sees of what a student wrote, and what the graded notebook shows."""

from __future__ import annotations

import json
import pickle
import socket
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from nbformat.notebooknode import from_dict
from nbformat.v4 import new_notebook
from nbgrader import utils

from chainrule.grading.judge.judge import Submission, allow, judge, vetting_of
from chainrule.grading.judge.master import MasterError, read_master
from chainrule.grading.judge.pool import a_worker, get_ready
from chainrule.grading.limits import Limits, Took, gone
from chainrule.grading.sandbox.kernel import JailUnavailable, LayerStatus
from chainrule.grading.sandbox.launcher import doctor, processors
from chainrule.grading.sandbox.layers import refuse_without
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import (
    RIGHT,
    TWO,
    answered,
    cell,
    master,
    outputs,
    points,
    shown,
    submission,
)

STUDENT = '''
import numpy as np
from collections import OrderedDict, namedtuple

class Multiply:
    """Times."""
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y
    def backward(self, upstream):
        return upstream * self.y, upstream * self.x

class Value:
    def __init__(self, data): self.data = data
    def __add__(self, other): return Value(self.data + getattr(other, "data", other))
    __radd__ = __add__
    def __mul__(self, other): return Value(self.data * getattr(other, "data", other))
    def __eq__(self, other): return self.data == other.data
    def __lt__(self, other): return self.data < other.data
    def __len__(self): return 2
    def __iter__(self): return iter([1, 2.5])
    def __getitem__(self, i): return [1, 2.5][i]
    def __contains__(self, x): return x == 1
    def __float__(self): return float(self.data)
    def __repr__(self): return f"Value({self.data})"

class Linear(Value): pass

def numerical(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)

def in_place(a, items, table, *, more=None):
    a += 1
    items.append(len(items))
    table["new"] = a.sum()
    if more is not None: more[0] = -1

class Later:
    def keep(self, x): self.x = x
    def change(self): self.x += 1.0

def fails(x):
    y = x + 1
    raise ZeroDivisionError(f"no {y}")

def squares(n): return [i * i for i in range(1, n + 1)]
def sum_of_squares(n): return sum(squares(n))
def counting():
    for i in range(3): yield i
def with_default(x, scale=2.0, *args, flag=True, **rest): return x * scale
history = []
def train(): history.append(len(history)); return history
constant = np.float32(1.5)
table = OrderedDict(a=1)
'''

MASTER_ANSWER = "### BEGIN SOLUTION\n" + STUDENT + "### END SOLUTION"

CHECKS = {
    "values": """
assert type(constant) is np.float32 and constant == 1.5
assert table == {"a": 1}
assert type(Multiply().forward(2, 3)) is int""",
    "methods": """
gate = Multiply()
assert gate.forward(2.0, np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
dx, dy = gate.backward(np.ones(2))
assert dx.tolist() == [1.0, 2.0] and dy.tolist() == [2.0, 2.0]
other = Multiply()
other.forward(5.0, 5.0)
assert gate.x == 2.0 and other.x == 5.0 and gate != other and gate == gate""",
    "attributes": """
gate = Multiply()
gate.x, gate.y = 3.0, 4.0
assert gate.backward(1.0) == (4.0, 3.0)
assert hasattr(gate, "x") and not hasattr(gate, "z") and "forward" in dir(gate)
del gate.x
assert not hasattr(gate, "x")
assert Multiply.__name__ == "Multiply" and Multiply.__doc__ == "Times."
assert callable(Multiply) and not callable(gate)""",
    "signatures": """
import inspect
s = inspect.signature(with_default)
assert list(s.parameters) == ["x", "scale", "args", "flag", "rest"]
assert s.parameters["scale"].default == 2.0
assert s.parameters["flag"].kind is inspect.Parameter.KEYWORD_ONLY
assert list(inspect.signature(Multiply.forward).parameters) == ["self", "x", "y"]""",
    "operators": """
v = Value(2) + Value(3) * 4
assert v.data == 14 and (1 + v).data == 15
assert v == Value(14) and not (v != Value(14)) and Value(1) < Value(2)
assert repr(v) == "Value(14)" == str(v) == f"{v}"
v = Value(7)
assert len(v) == 2 and list(v) == [1, 2.5] and v[1] == 2.5 and 1 in v and float(v) == 7.0
assert sorted([Value(3), Value(1)])[0].data == 1
assert isinstance(v, Value) and isinstance(Linear(1), Value) and not isinstance(3, Value)
assert issubclass(Linear, Value)""",
    "callbacks": """
assert abs(numerical(lambda x: x ** 3, 2.0) - 12) < 1e-6
seen = []
numerical(lambda x: seen.append(x) or 0.0, 1.0)
assert len(seen) == 2
assert abs(numerical(lambda x: numerical(lambda y: x * y * y, 1.0), 3.0) - 2) < 1e-5""",
    "in place": """
a, items, table_, more = np.zeros((2, 3)), [5], {}, [1]
in_place(a, items, table_, more=more)
assert a.sum() == 6 and items == [5, 1] and table_ == {"new": 6.0} and more == [-1]
nested = ([np.zeros(2)],)
b = nested[0][0]
in_place(b, [], {})
assert nested[0][0].tolist() == [1, 1]""",
    "errors": """
import traceback
try:
    fails(1)
except ZeroDivisionError as error:
    assert str(error) == "no 2"
    assert error.student_line == 'raise ZeroDivisionError(f"no {y}")'
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert "chainrule" not in last.filename and last.line == error.student_line
else:
    raise AssertionError""",
    "deleted and restored": """
kept = squares
del squares
try:
    sum_of_squares(1)
except NameError:
    pass
else:
    raise AssertionError("sum_of_squares does not use squares")
finally:
    squares = kept
assert sum_of_squares(3) == 14""",
    "still there": "assert squares(2) == [1, 4] and sum_of_squares(2) == 5",
    "replaced": """
calls = []
def spy(n):
    calls.append(n)
    return [1]
kept, squares = squares, spy
assert sum_of_squares(5) == 1 and calls == [5]
squares = kept""",
    "steps at once": """
got = Multiply.__steps__(
    [(7, "forward", (2.0, 3.0)), (8, "", ()), (8, "forward", (1.0, "x")),
     (9, "forward", (np.ones(2), 4.0)), (7, "backward", (2.0,))])
assert got[0] == 6.0 and got[1] is None and isinstance(got[2], TypeError)
assert got[3].tolist() == [4.0, 4.0] and got[4] == (6.0, 4.0)
assert Value.__steps__([(0, "__float__", ()), (1, "__float__", ())], (3,)) == [3.0, 3.0]
kept = np.ones(2)
assert Later.__steps__([(0, "keep", (kept,)), (0, "change", ())]) == [None, None]
assert kept.tolist() == [2.0, 2.0]""",
    "iterators": "assert list(counting()) == [0, 1, 2] and next(iter(counting())) == 0",
    "state": "train(); train()\nassert history == [0, 1]",
    "helper": """
def twice(f, x):
    return f(f(x))
assert twice(lambda n: sum_of_squares(n), 2) == 55
assert [sum_of_squares(i) for i in range(3)] == [0, 1, 5]""",
    "functions to numpy": """
assert np.vectorize(sum_of_squares)(np.array([1, 2])).tolist() == [1, 5]""",
    "magic": "%matplotlib inline\nassert squares(1) == [1]",
}


@pytest.fixture(scope="module")
def honest() -> Any:
    setup = cell("set-up", "setup", "import numpy as np")
    answer = cell("answer", "q", MASTER_ANSWER)
    checks = [cell("check", f"c{i}", text, 1) for i, text in enumerate(CHECKS.values())]
    m = master(setup, answer, *checks)
    return judge(m, submission(answered(m, {"q": STUDENT})), LIMITS)


@pytest.mark.parametrize("place", range(len(CHECKS)), ids=list(CHECKS))
def test_a_check_sees_what_the_student_wrote(honest: Any, place: int) -> None:
    assert points(honest)[f"c{place}"] == 1, shown(honest, f"c{place}")


def test_the_same_checks_pass_inside() -> None:
    checks = [cell("check", f"c{i}", text, 1) for i, text in enumerate(CHECKS.values())]
    skipped = ("errors", "in place", "steps at once")  # ask for what only proxies have
    kept = [c for c, name in zip(checks, CHECKS, strict=True) if name not in skipped]
    m = master(
        cell("answer", "q", "### BEGIN SOLUTION\nimport numpy as np\n### END SOLUTION"), *kept
    )
    got = judge(m, submission(answered(m, {"q": STUDENT})), replace(LIMITS, checks="inside"))
    assert len(kept) == len(CHECKS) - len(skipped)
    assert points(got) == {f"c{i}": 1 for i, name in enumerate(CHECKS) if name not in skipped}, got


def test_imports_of_the_master_reach_the_checks(grade: Any) -> None:
    """Also those in cells that students may change, or had to write, if they imported the same."""
    m = master(
        cell("plain", "p", "import math as m\nx = 1"),
        cell("answer", "q", "### BEGIN SOLUTION\nfrom fractions import Fraction\n"
             "def half(): return 0.5\n### END SOLUTION"),
        cell("check", "c", "assert m.floor(half()) == 0 and Fraction(half()) * 2 == 1", 1),
    )  # fmt: skip
    half = "import math as m\ndef half(): return 0.5"
    imports = f"from fractions import Fraction\n{half}"
    for answer, earned in ((imports, 1), (half, 0), (f"{imports}\nm = 3", 0)):
        assert points(grade(m, submission(answered(m, {"q": answer})))) == {"c": earned}


def test_what_only_the_masters_answer_imports_gives_no_points(grade: Any) -> None:
    m = master(
        cell("answer", "q", "### BEGIN SOLUTION\nimport numpy as np\n### END SOLUTION"),
        cell("check", "c", "assert np.sqrt(4) == 2", 1),
        cell("check", "d", "assert np.sqrt(9) == 3", 1),
    )
    for answer, earned in (("import numpy as np", 1), ("", 0), ("import numpy", 0), ("np = ", 0)):
        got = grade(m, submission(answered(m, {"q": answer})))
        assert points(got) == {"c": earned, "d": earned}, answer


@pytest.mark.parametrize("metadata", [
    {"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}},
    {"language_info": {"name": "julia"}},
])  # fmt: skip
def test_a_master_in_another_language_is_refused(metadata: dict[str, Any]) -> None:
    notebook = new_notebook(cells=[cell("check", "c", "1 + 1", 1)], metadata=metadata)
    with pytest.raises(MasterError, match=r"^it is a notebook in (R|julia): only Python can be"):
        read_master(nbformat.writes(notebook), "it")


def test_checks_that_the_masters_own_solution_fails_are_told() -> None:
    m = master(
        cell("answer", "q", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        *(cell("check", f"c{i}", f"assert x == {i % 2}", 1) for i in range(4)),
    )
    assert vetting_of(m, LIMITS).problem == "its own solution fails c0, c2"
    assert vetting_of(master(*TWO), LIMITS).problem == ""


def test_partial_credit_and_scores_as_nbgrader_has_them(grade: Any) -> None:
    m = master(
        cell("answer", "q", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        cell("check", "half", "1.5", 3),
        cell("check", "none", "0.0", 3),
        cell("check", "text", "'all'", 3),
        cell("check", "too_much", "7.0", 3),
        cell("check", "stderr", "import sys; print('x', file=sys.stderr)", 3),
        cell("check", "print", "print(1.0)", 3),
        cell("written", "w", "Write.", 5),
        cell("task", "t", "Do.", 5),
    )
    got = grade(m, submission(answered(m, {"q": "x = 1", "w": "words"})))
    expected = {"half": 1.5, "none": 0, "text": 3, "too_much": None, "stderr": 0, "print": 3}
    assert points(got) == {**expected, "w": None}
    assert got.comments == {"q": None, "w": None, "t": None}
    for one in got.notebook["cells"]:
        node = from_dict(one)
        if utils.is_grade(node) and one["id"] != "too_much":
            assert utils.determine_grade(node)[0] == points(got)[one["id"]]
    empty = grade(m, submission(answered(m, {})))
    assert empty.comments == {"q": "No response.", "w": "No response.", "t": None}
    assert points(empty)["w"] == 0


def test_outputs_are_as_in_a_notebook(grade: Any) -> None:
    source = """
import sys
import matplotlib.pyplot as plt
from IPython.display import HTML, display
print("out"); print("err", file=sys.stderr); print("more")
display(HTML("<b>bold</b>"))
plt.plot([1, 2]); plt.show()
6 * 7"""
    m = master(*TWO)
    got = grade(m, submission(answered(m, {**RIGHT, "q1": RIGHT["q1"] + source}, ("1 / 0", "41"))))
    nbformat.validate(nbformat.from_dict(got.notebook))
    kinds = [one["output_type"] for one in outputs(got, "q1")]
    assert kinds == ["stream", "stream", "stream", "display_data", "display_data", "execute_result"]
    assert outputs(got, "q1")[-1]["data"]["text/plain"] == "42"
    assert outputs(got, "q1")[3]["data"]["text/html"] == "<b>bold</b>"
    assert outputs(got, "q1")[4]["data"]["image/png"].startswith("iVBOR")
    assert outputs(got, "mine0")[0]["ename"] == "ZeroDivisionError"
    assert "1 / 0" in "".join(outputs(got, "mine0")[0]["traceback"])
    counts = [c.get("execution_count") for c in got.notebook["cells"] if c["cell_type"] == "code"]
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert points(got) == {"c1": 2, "c2": 3, "w1": 0}


def test_a_failed_check_shows_its_message_and_no_traceback(grade: Any) -> None:
    m = master(
        cell("set-up", "setup", "from chainrule import check"),
        cell("answer", "q", "class Multiply:\n    ### BEGIN SOLUTION\n"
             "    def forward(self, x, y):\n        return x * y\n    ### END SOLUTION"),
        cell("check", "c", "check.forward(Multiply, at=dict(x=3.0, y=-4.0), gives=-12.0)", 1),
    )  # fmt: skip
    answer = "class Multiply:\n    def forward(self, x, y):\n        return x {} y"
    good = grade(m, submission(answered(m, {"q": answer.format("*")})))
    assert points(good) == {"c": 1}
    assert "right" in shown(good, "c")
    bad = grade(m, submission(answered(m, {"q": answer.format("+")})))
    assert points(bad) == {"c": 0}
    error = outputs(bad, "c")[0]
    assert error["ename"] == "CheckFailed"
    assert "Traceback" not in "".join(error["traceback"])
    crash = grade(m, submission(answered(m, {"q": answer.format("/ 0 *")})))
    assert "return x / 0 * y" in shown(crash, "c")
    assert "ZeroDivisionError" in shown(crash, "c")
    assert "grading" not in shown(crash, "c")


def test_files_of_the_assignment_and_of_the_student(grade: Any) -> None:
    files = {"data/a.csv": b"1,2"}
    m = master(
        cell("set-up", "s", "text = open('data/a.csv').read()"),
        cell("answer", "q", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        cell("check", "c", "assert x == text == '1,2' and mine == 'hi'", 1),
        files=files,
    )
    answer = {"q": "x = open('data/a.csv').read()\nmine = open('own.txt').read()"}
    work = submission(answered(m, answer), files={"own.txt": b"hi", "data/a.csv": b"9,9"})
    assert points(grade(m, work)) == {"c": 1}


def test_an_overrun_is_told(grade: Any) -> None:
    m = master(*TWO)
    got = grade(m, submission(answered(m, {**RIGHT, "q1": "print('so far')\nwhile True: pass"})))
    assert "so far" in shown(got, "q1")
    assert outputs(got, "q1")[-1]["evalue"] == "this cell took longer than 1.5 s and was stopped"
    assert got.notes == ("The cell q1 took longer than 1.5 s and was stopped.",)


def test_nothing_stays_from_one_submission_to_the_next(grade: Any) -> None:
    m = master(
        cell("answer", "q", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        cell("check", "c", "import chainrule, numpy\nassert not hasattr(numpy, 'mark')\n"
             "numpy.mark = 1", 1),
    )  # fmt: skip
    leave = "x = 1\nimport numpy; assert not hasattr(numpy, 'left'); numpy.left = 1\n"
    leave += "import os; assert not os.listdir('.'); open('left', 'w').close()"
    for _ in range(3):
        got = grade(m, submission(answered(m, {"q": leave})))
        assert points(got) == {"c": 1}
        assert not outputs(got, "q")


def test_random_state_is_fresh(grade: Any) -> None:
    m = master(cell("answer", "q", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"))
    source = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    seen = {shown(grade(m, submission(answered(m, {"q": source}))), "q") for _ in range(3)}
    assert len(seen) == 3


def test_all_of_it_is_plain_data(grade: Any) -> None:
    m = master(*TWO)
    work = submission(answered(m, RIGHT))
    got = grade(m, work)
    for one in (m, work, LIMITS, got):
        assert pickle.loads(pickle.dumps(one)) == one
    json.dumps(got.notebook)


def test_not_handed_in_is_said() -> None:
    m = master(*TWO)
    got = judge(m, Submission(None), LIMITS)
    assert points(got) == {"c1": 0, "c2": 0, "w1": 0}
    assert "not handed in" in got.problem


# The jail -----------------------------------------------------------------------------------------


def test_every_layer_is_named() -> None:
    rows = doctor()
    names = ["cgroup", "namespaces", "own root", "session", "scratch", "powerless", "rlimits"]
    assert [row.name for row in rows] == [*names, "Landlock", "seccomp"]
    assert all(row.active or row.why for row in rows)


def _rows(*active: str) -> list[LayerStatus]:
    names = ("namespaces", "own root", "Landlock", "seccomp", "rlimits")
    return [LayerStatus(name, name in active, "" if name in active else "no") for name in names]


@pytest.mark.parametrize(
    "active",
    [("rlimits",), ("namespaces",), ("Landlock",), ("own root", "Landlock"), ("seccomp",)],
)
def test_without_a_jail_grading_refuses(active: tuple[str, ...]) -> None:
    """Files have to be kept away, and the network."""
    with pytest.raises(JailUnavailable, match="--no-jail"):
        refuse_without(_rows(*active))


@pytest.mark.parametrize(
    "active", [("Landlock", "seccomp"), ("own root", "namespaces"), ("Landlock", "namespaces")]
)
def test_with_enough_of_one_it_does_not(active: tuple[str, ...]) -> None:
    refuse_without(_rows(*active))


@pytest.mark.parametrize("field", ["timeouts", "memory_bytes", "output_bytes"])
def test_limits_are_positive(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Limits(**{field: 0})


@pytest.mark.parametrize("field", ["call_seconds", "cell_seconds", "total_seconds"])
@pytest.mark.parametrize("value", [-1, float("inf"), float("nan")])
def test_seconds_are_none_or_more(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        Limits(**{field: value})


def test_seconds_that_are_not_set_come_from_the_masters_own_run() -> None:
    quick = Limits().calibrated(Took(call=0.001, cell=0.01, check=0.1, total=0.2))
    assert (quick.call_seconds, quick.total_seconds) == (2.0, 20.0)
    slow = Limits(cell_seconds=7).calibrated(Took(call=0.3, cell=3.0, check=1.0, total=9.0))
    assert (slow.call_seconds, slow.cell_seconds) == (10.0, 7)
    assert (slow.check_seconds, slow.total_seconds) == (20.0, 500.0)
    assert Limits().calibrated(Took(total=100.0)).total_seconds == 600.0
    assert quick.calibrated(Took(call=100.0)) == quick


def test_a_setting_that_is_no_more_is_let_through() -> None:
    assert Limits.of({"rehearse": False, "call_seconds": 5.0}) == Limits(call_seconds=5.0)


def test_workers_are_spread_over_the_processors() -> None:
    cpus: list[int] = []

    def told(cpu: int, _journal: object) -> socket.socket:
        cpus.append(cpu)
        ours, theirs = socket.socketpair()
        theirs.close()
        return ours

    allow(0)  # whatever a batch before has said
    one = master(*TWO)
    template = get_ready(one, LIMITS)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as at_work:
        patch.setattr(template, "worker", told)
        for _ in processors() * 2:
            at_work.enter_context(a_worker(one, LIMITS))
    assert Counter(cpus) == dict.fromkeys(processors(), 2)


def test_a_setting_that_is_no_more_is_told_in_a_line() -> None:
    (line,) = gone({"rehearse": False, "call_seconds": 5.0})
    assert line.startswith("c.Judge.rehearse is no more: ")
    assert gone({"call_seconds": 5.0}) == []
