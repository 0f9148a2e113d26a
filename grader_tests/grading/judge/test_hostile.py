"""What a submission may try against the judge itself, each through judge().

`grader_tests/threats` tries the whole threat model through `chainrule grade`; here is what shows in
the graded notebook only.

`TWO` has two questions, 2 and 3 points. An attack goes into the first answer or a cell above it,
the second answer is right: whatever the attack does, the second keeps its 3 points, and the first
earns nothing that its answers do not earn.
"""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from chainrule.grading.limits import Limits
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

MASTER = master(*TWO)
WRONG = "def square(x):\n    return x + 1"


def attack(grade: Any, source: str, before: tuple[str, ...] = ()) -> Any:
    return grade(MASTER, submission(answered(MASTER, {**RIGHT, "q1": source}, before)))


# Stealing points ----------------------------------------------------------------------------------

STEALING = {
    "input transformer": """
        def blank(lines):
            return ["pass\\n"]
        get_ipython().input_transformers_cleanup.append(blank)
        get_ipython().input_transformers_post.append(blank)""",
    "AST transformer": """
        import ast
        class Blank(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
        get_ipython().ast_transformers.append(Blank())""",
    "cell magic": """
        from IPython.core.magic import register_cell_magic
        @register_cell_magic
        def skip(line, cell): pass
        get_ipython().input_transformers_post.append(lambda lines: ["%%skip\\n", *lines])""",
    "patched run_cell": """
        shell = get_ipython()
        run = shell.run_cell
        type(shell).run_cell = lambda self, *a, **k: run("pass")
        type(shell).run = lambda self, *a, **k: (True, [])""",
    "patched showtraceback and displayhook": """
        import sys
        type(get_ipython()).showtraceback = lambda *a, **k: None
        type(get_ipython())._showtraceback = lambda *a, **k: None
        sys.excepthook = sys.displayhook = lambda *a: None
        get_ipython().display_trap.hook = lambda *a: None""",
    "patched numpy": """
        import numpy as np
        np.allclose = np.array_equal = np.isclose = np.all = lambda *a, **k: True
        np.testing.assert_allclose = lambda *a, **k: None""",
    "patched builtins": """
        import builtins
        builtins.AssertionError = type("Fine", (Exception,), {})
        builtins.all = builtins.any = builtins.isinstance = lambda *a: True
        builtins.abs = lambda x: 0""",
    "names that hide builtins": """
        all = any = lambda *a: True
        abs = lambda x: 0
        AssertionError = int
        np = None""",
    "patched chainrule": """
        import chainrule.check as check
        check.forward = check.backward = lambda *a, **k: None
        import chainrule.grading.remote.connection as p, chainrule.grading.remote.codec as w
        w.pack_exception = lambda e: ("Exception", "")
        p.Connection._serve = p.Connection._serve""",
    "hostile __eq__": """
        class Nine:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __bool__(self): return True
            def __sub__(self, other): return 0
            __rsub__ = __sub__
        square = lambda x: Nine()""",
    "hostile __eq__ on a number": """
        class Nine(int):
            def __eq__(self, other): return True
            def __hash__(self): return 0
        square = lambda x: Nine(0)""",
    "hostile array": """
        import numpy as np
        class Sly(np.ndarray):
            def __eq__(self, other): return np.True_
            def __array_function__(self, f, t, a, k): return True
            def __array_ufunc__(self, u, m, *a, **k): return np.True_
        square = lambda x: np.zeros(()).view(Sly)""",
    "hostile __array__": """
        import numpy as np
        class Sly:
            def __array__(self, *a, **k): return np.array(9)
            def __eq__(self, other): return True
        square = lambda x: Sly()""",
    "searched frames and gc": """
        import gc, sys, inspect
        def square(x):
            seen = [f.f_locals for f in map(lambda i: i.frame, inspect.stack())]
            for text in [o for o in gc.get_objects() if isinstance(o, str)] + seen:
                if "square" + "(7)" in str(text): return 49 if x == 7 else 9
            return 0""",
    "hard-coded public value": "\n        square = lambda x: 9",
    "background thread": """
        import threading, time
        answer = [0]
        def work():
            while True: answer[0] = 9; time.sleep(0.001)
        threading.Thread(target=work, daemon=True).start()
        square = lambda x: answer[0]""",
    "display that looks like a score": """
        from IPython.display import display
        display(2.0); print(2.0)
        square = lambda x: 0
        2.0""",
    "forged answers on the socket": """
        import os, struct
        for fd in range(3, 20):
            try: os.write(fd, struct.pack("<I", 6) + b"\\1\\2\\0\\0\\0" + b"1")
            except OSError: pass
        square = lambda x: 9""",
    "end of iteration": """
        def square(x):
            raise StopIteration""",
    "exception that ends": """
        def square(x):
            raise SystemExit(0)""",
}


OWN_GOALS = (
    "input transformer", "AST transformer", "cell magic", "patched run_cell", "patched builtins",
    "patched chainrule", "forged answers on the socket",
)  # fmt: skip


@pytest.mark.parametrize("name", STEALING)
def test_no_point_is_stolen(grade: Any, name: str) -> None:
    import textwrap

    source = textwrap.dedent(STEALING[name])
    if "square" not in source.replace("square(7)", ""):
        source = f"{source}\n{WRONG}"
    got = points(attack(grade, source))
    assert got["c1"] == 0
    # What blanks the cells of one's own process blanks one's own second answer as well.
    assert got["c2"] in ((0, 3) if name in OWN_GOALS else (3,))


def _changed(change: Any) -> Any:
    cells = answered(MASTER, {**RIGHT, "q1": WRONG})
    return submission(change(cells) or cells)


def _tag(cells: Any) -> None:
    for one in cells:
        one["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def _flags(cells: Any) -> None:
    for one in cells:
        one["metadata"]["nbgrader"].update(
            points=100, grade=False, solution=True, locked=False, schema_version=99, extra={}
        )


def _names(cells: Any) -> None:
    cells[2]["metadata"]["nbgrader"]["grade_id"] = "elsewhere"
    cells[2]["source"] = "pass"


def _edited(cells: Any) -> None:
    for one in cells:
        if one["metadata"]["nbgrader"]["grade_id"].startswith(("c", "setup")):
            one["source"] = "square = lambda x: x * x"


def _retyped(cells: Any) -> None:
    for one in cells[2:3]:
        one["cell_type"] = "markdown"
        del one["outputs"], one["execution_count"]


def _copied(cells: Any) -> Any:
    return [*cells, json.loads(json.dumps(cells[2])), *cells, *cells]


def _deleted(cells: Any) -> Any:
    return [one for one in cells if not one["id"].startswith("c")]


def _moved(cells: Any) -> Any:
    return cells[::-1]


def _scored(cells: Any) -> None:
    cells[2]["outputs"] = [
        {"output_type": "execute_result", "execution_count": 1, "metadata": {},
         "data": {"text/plain": "2.0"}}
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [_tag, _flags, _names, _edited, _retyped, _copied, _deleted, _moved, _scored]
)
def test_changes_of_locked_cells_change_nothing(grade: Any, change: Any) -> None:
    got = grade(MASTER, _changed(change))
    assert points(got) == {"c1": 0, "c2": 3, "w1": 0}
    graded = [c for c in got.notebook["cells"] if "nbgrader" in c["metadata"]]
    assert [c["metadata"]["nbgrader"]["grade_id"] for c in graded] == [
        "setup", "q1", "c1", "q2", "c2", "w1",
    ]  # fmt: skip
    assert graded[2]["source"] == MASTER.by_id["c1"].source
    assert graded[2]["metadata"]["nbgrader"]["points"] == 2


def test_the_hidden_test_never_enters_the_jail(grade: Any) -> None:
    spy = """
import gc, os
def square(x):
    return x * x
found = [o for o in gc.get_objects() if isinstance(o, (str, bytes))]
print("seen" if any("square" + "(7)" in str(o) for o in found) else "clean")
memory = "unread"
try:
    import ctypes
    memory = [m for m in open("/proc/self/maps")]
except OSError: pass
print(memory)
"""
    got = attack(grade, spy)
    assert points(got)["c1"] == 2
    assert "clean" in shown(got, "q1")
    assert "unread" in shown(got, "q1")


# Odd work ----------------------------------------------------------------------------------------


def test_dying_all_the_time_comes_to_an_end(grade: Any) -> None:
    """A good cell that dies when it is run again must not be run for ever."""
    sly = "import os\nif not os.path.exists('/student'): pass\nraise_at = 1"
    before = ("import os, time\nif time.time() - T0 > 0: os._exit(1)",)
    got = attack(grade, sly + "\ndef square(x): os._exit(1)", before)
    assert points(got)["c2"] == 3


GOOD = answered(MASTER, RIGHT)


def _nb(**changes: Any) -> bytes:
    nb = {"cells": GOOD, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **changes}
    return json.dumps(nb).encode()


def _without(key: str) -> list[Any]:
    return [{k: v for k, v in one.items() if k != key} for one in GOOD]


ODD = {
    "byte order mark": b"\xef\xbb\xbf" + _nb(),
    "nbformat 4.0": _nb(nbformat_minor=0, cells=_without("id")),
    "nbformat 5": _nb(nbformat=5, nbformat_minor=9),
    "nbformat 3": json.dumps(
        {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {},
            "worksheets": [
                {
                    "cells": [
                        {**one, "input": one["source"].splitlines(keepends=True)}
                        | {"source": None if one["cell_type"] == "code" else one["source"]}
                        for one in _without("id")
                    ]
                }
            ],
        }
    ).encode(),
    "no nbformat": json.dumps({"cells": GOOD}).encode(),
    "duplicate ids": _nb(cells=[{**one, "id": "same"} for one in GOOD]),
    "impossible ids": _nb(cells=[{**one, "id": {"a": "../x"}} for one in GOOD]),
    "surrogates": _nb(cells=[{"cell_type": "markdown", "source": "\ud800", "id": "a"}, *GOOD]),
    "odd cells": _nb(cells=[None, 3, [], {}, {"cell_type": 4, "source": {}}, *GOOD]),
    "odd outputs": _nb(cells=[{**one, "outputs": 3, "attachments": [1]} for one in GOOD]),
    "odd metadata": _nb(metadata=[1, 2]),
    "lists of lines": _nb(
        cells=[{**one, "source": one["source"].splitlines(keepends=True)} for one in GOOD]
    ),
}
ODD["nbformat 3"] = ODD["nbformat 3"].replace(b'"source": null', b'"prompt_number": 1')


@pytest.mark.parametrize("name", ODD)
def test_odd_but_readable_work_is_graded(grade: Any, name: str) -> None:
    import nbformat

    from chainrule.grading.judge.judge import Submission

    got = grade(MASTER, Submission(ODD[name]))
    assert points(got) == {"c1": 2, "c2": 3, "w1": 0}, got.problem
    nbformat.validate(nbformat.from_dict(got.notebook))


def test_answers_without_their_metadata_are_known_by_their_ids(grade: Any) -> None:
    got = grade(MASTER, submission(_without("metadata")))
    assert points(got) == {"c1": 2, "c2": 3, "w1": 0}
    assert sum("known by its id" in note for note in got.notes) == 3


# Limits -------------------------------------------------------------------------------------------


def test_a_check_that_waits_for_ever_is_ended() -> None:
    """A check that loops as long as the student's function says so."""
    from chainrule.grading.judge.judge import judge

    patient = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef done(): return True\n### END SOLUTION"),
        cell("check", "c", "while not done(): pass", 1),
    )
    work = submission(answered(patient, {"q": "def done(): return False"}))
    limits = Limits(cell_seconds=1.0, call_seconds=0.5, grace_seconds=0.2, total_seconds=5.0)
    assert points(judge(patient, work, limits)) == {"c": 0}


def test_a_check_that_computes_for_ever_is_told_to_have_done_so() -> None:
    """It is what the check was answered that makes it slow, so it counts as a time-out."""
    from chainrule.grading.judge.judge import judge

    slow = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef size(): return 1\n### END SOLUTION"),
        cell("check", "c", "for _ in range(size()): pass", 1),
        cell("answer", "r", "### BEGIN SOLUTION\ndef one(): return 1\n### END SOLUTION"),
        cell("check", "d", "assert one() == 1", 1),
    )
    work = submission(answered(slow, {"q": "def size(): return 10 ** 12", "r": "one = lambda: 1"}))
    got = judge(slow, work, Limits(check_seconds=0.3))
    assert points(got) == {"c": 0, "d": 1}
    assert got.notes == ("The check c stopped early: the check took longer than 0.3 s.",)


def test_a_check_whose_time_is_over_while_its_error_is_in_hand_is_one_that_took_too_long() -> None:
    """One long step of C, in which nothing can be raised, and then an error of the check's own."""
    from chainrule.grading.judge.judge import judge

    step = "from itertools import chain\nsum(chain(range(size()), [None]))"
    slow = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef size(): return 1\n### END SOLUTION"),
        cell("check", "c", step, 1),
        cell("check", "d", "assert size()", 1),
    )
    got = judge(slow, submission(answered(slow, {"q": "def size(): return 10 ** 8"})),
                Limits(check_seconds=0.3))  # fmt: skip
    assert points(got) == {"c": 0, "d": 0}
    assert got.notes == ("The check c stopped early: the check took longer than 0.3 s.",)


def test_a_fault_of_the_judge_is_told_in_a_line() -> None:
    from chainrule.grading.judge.judge import JudgeError

    error = pickle.loads(pickle.dumps(JudgeError("Traceback (...):\n  File x\nKeyError: 'name'\n")))
    assert str(error) == "KeyError: 'name'"
