"""Plain Python is run without most of IPython; what a notebook shows of it must not differ."""

from __future__ import annotations

import json
import multiprocessing
import warnings
from dataclasses import replace
from typing import Any

import pytest
from IPython.core.history import HistoryManager

from chainrule.grading.judge.judge import judge
from chainrule.grading.remote.introspect import members_of, plain_methods
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, outputs, submission

# Each is a notebook: cells that are run one after the other.
NOTEBOOKS = {
    "definitions": ["class A:\n    def f(self):\n        return 1", "A().f()", "A"],
    "a value": ["1 + 1"],
    "nothing": ["None", "x = 3", "x;", "", "   \n", "# a comment"],
    "values in the middle": ["1\n2\n3", "'text'\nx = 1", "if True:\n    5"],
    "a docstring alone": ['"""Text."""', '"""Text.\n\nclass A:\n    pass\n"""'],
    "printed": ["print('a')\nprint('b')\n7", "import sys\nprint('e', file=sys.stderr)"],
    "displayed": ["display(1)", "from IPython.display import HTML\nHTML('<b>x</b>')"],
    "an error": ["x = 1\nx / 0\nprint('never')", "x"],
    "an error in a function": ["def f(x):\n    return 1 / x", "def g(x):\n    return f(x)", "g(0)"],
    "an error in a value": ["print('before')\nundefined"],
    "no Python": ["x ==", "def broken(:\n    pass", "  x = 1", "x = 1\n  y = 2"],
    "no Python for the compiler": ["x = 1\nreturn x", "x", "break", "class A:\n    return 1"],
    "magics": ["%matplotlib --list", "x?", "!true", "%%capture c\nprint(1)", "c.show()"],
    "the future": [
        "from __future__ import annotations\ndef f(x: undefined): ...", "def g(x: no): ...",
    ],
    "its own history": [
        "_i, _ii, _iii, In", "b = 2\n", "len(In), In[-1], _i, _ii, _iii, _i1", "_ih[1]", "exit()",
        "_i, _ii, _iii, _i4, len(In)", "%history -n",
    ],
    "await": ["import asyncio", "await_ = 1\nawait_", "async def f():\n    return 1"],
    "what ends a program": ["raise SystemExit", "exit()", "import sys\nsys.exit(3)"],
    "an assertion": ["assert 1 == 2, 'no'", "raise KeyError('k')", "raise ExceptionGroup('g', [])"],
    "doubtful": ["x = 5\nx is 5", "assert (x, 'y')", "'\\d'"],
    "warnings": ["import warnings\nwarnings.warn('w')", "warnings.warn('w')\nwarnings.warn('w')"],
    "a transformer of trees": [
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Constant(self, n):\n"
        "        return ast.copy_location(ast.Constant(n.value * 2), n)",
        "get_ipython().ast_transformers.append(T())", "21",
    ],
    "a transformer of lines": [
        "ip = get_ipython()\nip.input_transformers_post.append(lambda lines: ['6 * 7'])", "1",
    ],
    "every value": ["get_ipython().ast_node_interactivity = 'all'", "1\n2"],
    "events": [
        "seen, on = [], get_ipython().events.register\n"
        "on('pre_run_cell', lambda info: seen.append(info.raw_cell))\n"
        "on('post_run_cell', lambda r: seen.append(r.success))",
        "def f(): ...", "seen",
    ],
    "an exception of its own": [
        "def told(shell, kind, error, tb, tb_offset=None):\n    print('told', kind.__name__)",
        "get_ipython().set_custom_exc((ValueError,), told)", "raise ValueError", "int('x')",
    ],
    "names": ["__name__", "sorted(n for n in globals() if n[0] != '_')", "_ = 3", "4", "_"],
    "lines": ["x = 1\\\n    + 1\nx", "def f():\n\treturn 1", "x = '''a\nb'''\nx", "f(  # c\n)"],
    "definitions that are none": [
        '"""\nclass A:\n    x"""', 'x = """\ndef f():\n    """\nx', "class A: x = 1; 5",
        "def f(): return 1\n(f\n)()", "@str\ndef f(): ...", "async def g(): ...",
        "class\\\n C: ...", "if True:\n    class B: ...\n    7", "def f(): ...\nf; 5",
        'def f(): ...\n"""\ndef f():\n  5"""',
    ],
    "no last line": ["class A: pass\n\n\n", "x = 5\nx\n# the end\n"],
}  # fmt: skip


def _run(cells: list[str], plain: bool, said: Any) -> None:
    from chainrule.grading.remote import shell as shells

    warnings.resetwarnings()  # to a test a warning is an error; to a student's cell it is not
    shell = shells.make_shell()
    shell.use({}, 1 << 20)
    if not plain:
        shells.Shell._run_plain = lambda self, source, quiet: None  # type: ignore[method-assign]
        shells.History.store_inputs = HistoryManager.store_inputs  # type: ignore[method-assign]
    found = []
    for quiet in (False, True):
        for number, source in enumerate(cells, 1):
            went = shell.run(source, quiet=quiet, number=None if quiet else number)
            found.append([*went, shell.execution_count, shell.last_execution_succeeded])
    said.send(json.dumps(found, default=repr))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_same_as_all_of_ipython(name: str) -> None:
    context = multiprocessing.get_context("fork")
    told = []
    for plain in (True, False):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(NOTEBOOKS[name], plain, there))
        process.start()
        there.close()  # so that a child which fails is an end, and not a wait
        told.append(json.loads(here.recv()))
        process.join()
    assert told[0] == told[1]


def _futures(said: Any) -> None:
    from chainrule.grading.remote import shell as shells

    shell = shells.make_shell()
    found = []
    for cells in (
        ["from __future__ import annotations", "def f(x: no): ..."],
        ["def f(x: no): ..."],
    ):
        shell.use({}, 1 << 20)
        found += [shell.run(source)[0] for source in cells]
    said.send(found)


def test_the_future_ends_with_a_notebook() -> None:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_futures, args=(there,))
    process.start()
    there.close()
    assert here.recv() == [True, True, False]
    process.join()


def test_methods_that_are_assigned_to_are_not_sure() -> None:
    many = "\n".join(f"        self.name{n} = {n}" for n in range(300))
    names: dict[str, Any] = {}
    exec(
        f"class A:\n    def f(self):\n{many}\n        self.g = self.h = 1\n"
        "    def g(self): ...\n    def h(self): ...\n    def k(self): return self.f()\n"
        "class B(A):\n    k = 3\n"
        "class C(A):\n    def __getattr__(self, name): ...\n",
        names,
    )
    assert plain_methods(members_of(names["A"])) == ("f", "k")
    assert plain_methods(members_of(names["B"])) == ("f",)
    assert plain_methods(members_of(names["C"])) == ()


# The warm process has matplotlib at hand only for notebooks that mention it.
PLOTS = {
    "by name": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "by another": "plt = __import__('matplot' + 'lib.pyplot').pyplot\nplt.plot([1, 2])\nplt.show()",
}


@pytest.mark.parametrize("how", PLOTS)
def test_a_plot_that_no_master_has(how: str) -> None:
    one = master(cell("answer", "q1", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"))
    patient = replace(LIMITS, cell_seconds=30.0)  # matplotlib may have to be imported
    graded = judge(one, submission(answered(one, {"q1": PLOTS[how]})), patient)
    assert [one["output_type"] for one in outputs(graded, "q1")] == ["display_data"]
