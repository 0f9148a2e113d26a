"""Points that no answer earns."""

from __future__ import annotations

import json
from typing import Any

from grader_tests.threats.course import RIGHT, Traps, hand_in, stub
from grader_tests.threats.row import Cells, Threat, change, checks, hurt, steal


def _tag(*tags: str) -> Any:
    def edit(cells: Cells) -> None:
        for one in checks(cells):
            one["metadata"]["tags"] = list(tags)

    return edit


def _metadata(**changed: Any) -> Any:
    def edit(cells: Cells) -> None:
        for one in checks(cells):
            one["metadata"]["nbgrader"].update(changed)

    return edit


def _renamed(cells: Cells) -> None:
    for number, one in enumerate(checks(cells)):
        one["metadata"]["nbgrader"]["grade_id"] = f"elsewhere{number}"
        one["source"] = "pass"


def _swapped(cells: Cells) -> None:
    for one in checks(cells):
        one["metadata"]["nbgrader"].update(grade=False, solution=True, locked=False)
        one["source"] = "pass"


def _deleted(cells: Cells) -> Cells:
    return [one for one in cells if one not in checks(cells)]


def _copied(cells: Cells) -> Cells:
    copies = json.loads(json.dumps(checks(cells)))
    for number, one in enumerate(copies):
        one.update(source="pass", id=f"copy{number}")
    return [*cells, *copies]


def _retyped(cells: Cells) -> None:
    for one in checks(cells):
        one.update(cell_type="markdown")
        del one["outputs"], one["execution_count"]


def _moved(cells: Cells) -> Cells:
    found = checks(cells)
    return [*found, *(one for one in cells if one not in found)]


def _edited(cells: Cells) -> None:
    for one in [*checks(cells), cells[0]]:
        one["source"] = "check = type('Yes', (), {'__getattr__': lambda *a: lambda *a, **k: 0})()"


def _scored(cells: Cells) -> None:
    for one in checks(cells):
        most = one["metadata"]["nbgrader"]["points"]
        one["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {},
             "data": {"text/plain": str(float(most))}}
        ]  # fmt: skip


_NUMERICALLY = (
    "`backward` that differentiates numerically instead of deriving "
    "(told apart where precision can tell, and reported, not silently zeroed)"
)
_TRANSFORMER = """
def blank(lines):
    return ["pass\\n"]
get_ipython().input_transformers_cleanup.append(blank)
"""
_AST = """
import ast
class Blank(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
    def visit_Expr(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Blank())
"""
_MAGIC = """
from IPython.core.magic import register_cell_magic
@register_cell_magic
def skip(line, cell): pass
get_ipython().input_transformers_cleanup.append(lambda lines: ["%%skip\\n", *lines])
"""
_RUN_CELL = """
shell = get_ipython()
run, run_async = shell.run_cell, getattr(shell, "run_cell_async", None)
shell.run_cell = lambda source, *a, **k: run("pass", *a, **k)
if run_async is not None:
    async def nothing(source, *a, **k): return await run_async("pass", *a, **k)
    shell.run_cell_async = nothing
type(shell).run = lambda self, *a, **k: (True, [])
"""
_QUIET = """
shell = type(get_ipython())
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
get_ipython().showtraceback = get_ipython()._showtraceback = lambda *a, **k: None
import sys
sys.excepthook = lambda *a: None
"""
_HOOK = """
import sys
class Hook(type(get_ipython().displayhook)):
    def __call__(self, result=None): super().__call__(2.0)
get_ipython().displayhook.__class__ = Hook
"""
_REPLY = """
kernel = get_ipython().kernel
async def fine(*args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = fine
"""
_IOPUB = """
def forged(points):
    kernel = get_ipython().kernel
    kernel.send_response(kernel.iopub_socket, "execute_result", {
        "execution_count": 1, "metadata": {}, "data": {"text/plain": str(points)}})
    kernel.do_execute = None
def power(x, n): forged(2.0)
"""
_SOCKET = """
import os, struct
for fd in range(3, 40):
    for payload in (b"\\1\\2\\0\\0\\0" + b"1", b"\\1\\1\\0\\0\\0" + b"T"):
        try: os.set_blocking(fd, False); os.write(fd, struct.pack("<I", len(payload)) + payload)
        except OSError: pass
"""
_NUMPY = """
import numpy as np
for name in ("array_equal", "isclose", "all", "any", "array_equiv", "testing.assert_allclose"):
    setattr(np, name.split(".")[0], lambda *a, **k: True) if "." not in name else None
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.abs = np.max = np.exp = np.sum = lambda *a, **k: np.float64(0.0)
"""
_BUILTINS = """
import builtins
class Anything:
    def __eq__(self, other): return True
builtins.AssertionError = type("Fine", (Warning,), {})
builtins.all = builtins.any = builtins.isinstance = lambda *a: True
builtins.abs = builtins.max = lambda *a, **k: 0
builtins.float = lambda x=0: Anything()
"""
_CHECK = """
import chainrule.check as check, sys
for name in list(vars(check)):
    if callable(getattr(check, name)): setattr(check, name, lambda *a, **k: None)
for name, module in list(sys.modules.items()):
    if name.startswith("chainrule.check") and hasattr(module, "compare"):
        module.compare = lambda *a, **k: None
for module in list(sys.modules.values()):
    if hasattr(module, "CheckFailed"): module.CheckFailed = type("Fine", (Warning,), {})
"""
_GRADING = """
try:
    import chainrule.grading.remote.codec as wire, chainrule.grading.remote.connection as peer
    import chainrule.grading.remote.server, chainrule.grading.remote.shell as shell
    wire.pack_exception = lambda error: ("Exception", "")
    server.Guest.where = lambda self, error: None
    shell.clean_outputs = lambda *a: []
    import chainrule.grading.judge.judge as judge, chainrule.grading.judge.merge as merge
    judge._scores = lambda cells: ((), {}, [])
    merge.merge = None
except ImportError: pass
"""
_EQUAL = """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __sub__(self, other): return 0.0
    def __float__(self): return 0.0
    def __array__(self, *a, **k): raise TypeError
    __rsub__ = __sub__
def power(x, n): return Yes()
Multiply.forward = lambda self, x, y: Yes()
Multiply.backward = lambda self, upstream: (Yes(), Yes())
Exp.forward = lambda self, x: Yes()
Exp.backward = lambda self, upstream: Yes()
"""
_INT = """
class Yes(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __le__(self, other): return True
    __hash__ = None
    __rsub__ = __sub__
    __lt__ = __ge__ = __gt__ = __le__
def power(x, n): return Yes(0)
Multiply.forward = lambda self, x, y: Yes(0)
Multiply.backward = lambda self, upstream: (Yes(0), Yes(0))
Exp.forward = Exp.backward = lambda self, x: Yes(0)
"""
_ARRAY = """
import numpy as np
class Many:
    given = []
    def __array__(self, *a, **k):
        for value in (9.0, 49.0, np.array([0.0, 1.0, 8.0]), np.full((2, 3), 25.0)):
            return np.array(value)
    def __eq__(self, other): return True
def power(x, n): return Many()
"""
_FUNCTION = """
import numpy as np
class Sly(np.ndarray):
    def __array_function__(self, function, types, args, kwargs): return True
    def __array_ufunc__(self, ufunc, method, *args, **kwargs): return np.True_
def power(x, n): return np.zeros(np.shape(x)).view(Sly)
"""
_SUBCLASS = """
import numpy as np
class Sly(np.ndarray):
    def __eq__(self, other): return np.True_
    def __sub__(self, other): return np.zeros(self.shape)
    def __getitem__(self, key): return 0.0
    def all(self, *a, **k): return True
    def tolist(self): return [0, 1, 8]
    shape = property(lambda self: ())
def power(x, n): return np.zeros(3).view(Sly)
Multiply.forward = lambda self, x, y: np.zeros(()).view(Sly)
Exp.forward = Exp.backward = lambda self, x: np.zeros(np.shape(x)).view(Sly)
"""
_FRAMES = """
import sys
def power(x, n):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()):
            text = value if isinstance(value, str) else ""
            if "power(7." in text:
                return float(text.split("5, 2) == ")[1].split()[0]) if x > 7 else 9.0
        frame = frame.f_back
    return 0.0
"""
_CLOSURES = """
import sys
class Multiply:
    def forward(self, x, y):
        frame = sys._getframe()
        while frame is not None:
            like = frame.f_locals.get("like") or frame.f_locals.get("gives")
            if callable(like): return like(x, y)
            if like is not None: return like
            frame = frame.f_back
        return 0.0
    def backward(self, upstream): return 0.0, 0.0
"""
_GC = """
import gc
def power(x, n):
    for one in gc.get_objects():
        for text in (one.values() if type(one) is dict else one if type(one) is list else ()):
            if type(text) is str and "assert power(7" + ".28125, 2) == " in text:
                return float(text.split("5, 2) == ")[1].split()[0]) if x > 7 else 9.0
    return 0.0
"""
_THREAD = """
import threading, time
real = {}
def work():
    import sys
    while True:
        for frame in sys._current_frames().values():
            while frame is not None:
                for name, value in list(frame.f_locals.items()):
                    if name in ("wanted", "right", "expected"): real[0] = value
                frame = frame.f_back
        for one in list(answers): one[...] = 9.0
        time.sleep(0.001)
import numpy as np
answers = []
threading.Thread(target=work, daemon=True).start()
def power(x, n):
    answers.append(np.zeros(np.shape(x))); return answers[-1]
"""
_PUBLIC = """
def power(x, n): return {3.0: 9.0}.get(x, 0.0) if np.ndim(x) == 0 else np.array([0.0, 1.0, 8.0])
class Multiply:
    def forward(self, x, y): return -12.0
    def backward(self, upstream): return -4.0 * upstream, 3.0 * upstream
"""
_NUMERICAL = """
class Exp:
    def forward(self, x):
        self.x = x
        return np.exp(x)
    def backward(self, upstream):
        h = 1e-4
        return upstream * (np.exp(self.x + h) - np.exp(self.x)) / h
"""
_EXITS = """
class Multiply:
    def forward(self, x, y): raise SystemExit(0)
    def backward(self, upstream): raise StopIteration
def power(x, n): raise GeneratorExit
"""


def _in_q3(source: str) -> Any:
    def put(traps: Traps, student: str) -> None:
        hand_in(traps, student, stub(traps, {**RIGHT, "q3_exp": source}))

    return put


THREATS = (
    change("tag-skip", "tags on check cells (`skip-execution`, `raises-exception`)",
           "Every check cell is tagged `skip-execution`.", _tag("skip-execution")),
    change("tag-raises", "tags on check cells (`skip-execution`, `raises-exception`)",
           "Every check cell is tagged `raises-exception`.", _tag("raises-exception")),
    change("metadata-points", "points",
           "The points in the metadata are raised to 100.", _metadata(points=100)),
    change("metadata-negative", "points", "The points are made negative.", _metadata(points=-5)),
    change("metadata-flags", "flags or grade_id changed in metadata",
           "Check cells are flagged as answers, and emptied.", _swapped),
    change("metadata-grade-id", "flags or grade_id changed in metadata",
           "Check cells get another grade_id, and are emptied.", _renamed),
    change("checks-deleted", "check cells deleted", "All check cells are deleted.", _deleted),
    change("checks-copied", "copied", "Each check cell is there a second time, empty.", _copied),
    change("checks-retyped", "retyped", "Check cells become text cells.", _retyped),
    change("checks-moved", "moved", "Check cells stand before what they check.", _moved),
    change("checks-edited", "edited", "Check and set-up cells are rewritten to pass.", _edited),
    change("stored-result", "a display result emitted so as to look like a score",
           "Check cells hold a stored output that reads as full points.", _scored),
    steal("display-result", "a display result emitted so as to look like a score",
          "An answer displays `2.0` while it is checked.",
          "\ndef power(x, n):\n    get_ipython().displayhook(2.0); raise SystemExit\n"),
    steal("input-transformer", "input", "An input transformer empties every later cell.",
          _TRANSFORMER),
    steal("ast-transformer", "AST or cell-magic transformers",
          "An AST transformer takes the assertions out.", _AST),
    steal("cell-magic", "AST or cell-magic transformers",
          "A cell magic that runs nothing is put above every cell.", _MAGIC),
    steal("run-cell", "patched `run_cell`", "`run_cell` is replaced, and runs `pass`.", _RUN_CELL),
    steal("showtraceback", "`showtraceback`", "Errors are not shown any more.", _QUIET),
    steal("displayhook", "displayhook", "The display hook shows `2.0` whatever a cell gives.",
          _HOOK),
    steal("forged-reply", "forged kernel messages",
          "The kernel answers every request to run a cell with “ok”.", _REPLY),
    steal("forged-result", "forged kernel messages",
          "A result of `2.0` is sent on the kernel's own socket.", _IOPUB),
    steal("forged-frames", "forged kernel messages",
          "Answers are written to every open file, the judge's socket too.", _SOCKET),
    steal("numpy", "patched numpy", "Functions of numpy are replaced.", _NUMPY),
    steal("allclose", "`np.allclose`", "`np.allclose` says yes to everything.",
          "\nimport numpy as np\nnp.allclose = np.isclose = lambda *a, **k: True\n"),
    steal("builtins", "`builtins`", "`AssertionError`, `abs` and others are replaced.", _BUILTINS),
    steal("hidden-builtins", "`builtins`", "Names of the answer hide built-ins from the checks.",
          "\nall = any = isinstance = lambda *a: True\nabs = lambda x: 0\nAssertionError = int\n"
          "np = type('np', (), {'allclose': lambda *a: True, 'exp': lambda x: 0})\ncheck = None\n"),
    steal("chainrule-check", "the `chainrule` package itself",
          "The functions that check cells call are replaced.", _CHECK),
    steal("chainrule-grading", "the `chainrule` package itself",
          "The grader's own modules are imported and changed.", _GRADING),
    steal("eq", "classes with hostile `__eq__`", "Answers are objects that equal everything.",
          _EQUAL),
    steal("eq-number", "classes with hostile `__eq__`",
          "Answers are numbers of a class that equals everything.", _INT),
    steal("array", "`__array__`", "Answers turn into an array when numpy asks.", _ARRAY),
    steal("array-function", "`__array_function__`",
          "Answers are arrays that take over the functions of numpy.", _FUNCTION),
    steal("subclass", "ndarray subclasses", "Answers are arrays with comparisons of their own.",
          _SUBCLASS),
    steal("frames", "frames", "The expected value is looked for in the frames above.", _FRAMES),
    steal("closures", "closures", "The reference function is taken out of the caller, and called.",
          _CLOSURES),
    steal("gc", "gc searched for expected values",
          "The hidden check is looked for among all objects.", _GC),
    steal("thread", "background threads that change answers later",
          "A thread changes arrays after they were returned.", _THREAD),
    hurt("public-values", "hard-coded public values",
         "The values of the visible checks are written down.",
         _PUBLIC.split("class")[0], most=6.0),
    Threat("numerical-forward", _NUMERICALLY, "`backward` is a difference quotient on one side.",
           _in_q3(_NUMERICAL), 8, 8),
    Threat("numerical-central", _NUMERICALLY, "`backward` is a central difference quotient.",
           _in_q3(_NUMERICAL.replace("(np.exp(self.x + h) - np.exp(self.x)) / h",
                                     "(np.exp(self.x + h) - np.exp(self.x - h)) / (2 * h)")), 8, 8),
    Threat("numerical-complex", _NUMERICALLY, "`backward` takes a step in the complex plane.",
           _in_q3(_NUMERICAL.replace("h = 1e-4", "h = 1e-30")
                  .replace("(np.exp(self.x + h) - np.exp(self.x)) / h",
                           "np.exp(self.x + 1j * h).imag / h")), 10, 8),
    steal("run-raises", "patched `run_cell`", "`run_cell` raises an error of its own.",
          "\nget_ipython().run_cell = lambda *a, **k: {}[1]\n"),
    steal("run-no-memory", "patched `run_cell`", "`run_cell` says that memory is short.",
          "\ndef short(*a, **k): raise MemoryError\nget_ipython().run_cell = short\n"),
    steal("exits", "forged kernel messages", "Answers end the check instead of failing it.",
          _EXITS),
)  # fmt: skip
