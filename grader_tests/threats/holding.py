"""What held up a whole class on this grader, or filled its memory and disk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from grader_tests.threats.course import ASSIGNMENT, RIGHT, Traps, hand_in, stub
from grader_tests.threats.row import Threat, beside, code_cell, files, hurt, mixed, spy

_DEEP = "a folder 1,000 deep in a submission"
_LIMITS = "`prlimit64` on other pids where namespaces are refused"
_KIND = "a `describe` answered with anything"
_HASHES = "a set of integers with equal hashes"
_TIME = "time running out inside any request"
_JUDGE = "one that kills its judge"
_OUTPUT = "a hundred cells of 1 MiB of output"
_KEPT = "the kept-output limit raised from inside"
_LATE = r"took longer than [\d.]+ s|taken too long|took more than"

MARKED = 123457
"""RLIMIT_MSGQUEUE of a grader and all that it starts: attacks on limits touch no other process."""

_OTHERS = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
class Pair(ctypes.Structure): _fields_ = [("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong)]
def others():
    for pid in range(max(1, os.getppid() - 300), os.getppid() + 300):
        pair = Pair()
        if pid != os.getpid() and libc.prlimit(pid, 12, None, ctypes.byref(pair)) == 0:
            if pair.soft == {MARKED}: yield pid
"""
_SEES = (
    _OTHERS
    + """
if list(others()): print("channel" + "-@tag@")
"""
)
_SETS = (
    _OTHERS
    + """
hit = [libc.prlimit(pid, which, ctypes.byref(Pair(1, 1)), None)
       for pid in others() for which in (0, 1)]  # seconds of CPU, bytes of a file
raise RuntimeError(str(hit.count(0)))
"""
)
_AFFINITY = """
import os
for pid in {os.getppid(), 1, 2} - {0, os.getpid()}:
    try: os.sched_setaffinity(pid, {0}); print("channel" + "-@tag@")
    except OSError as error: print(error)
"""
_THREADS = """
import threading, time
threading.stack_size(32768)
for _ in range(6000): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
"""
_GUEST = """
import gc
me = [one for one in gc.get_objects() if type(one).__name__ == "Guest"]
class Odd: pass
def power(x, n): return Odd()
"""


def _describes(what: str) -> str:
    return f"{_GUEST}\nfor one in me: one._ops['describe'] = lambda number: {what}\n"


_MRO = """
class Meta(type):
    @property
    def __mro__(cls): raise KeyError("x")
class Odd(metaclass=Meta): pass
def power(x, n): return Odd()
"""
_KINDS = """
def power(x, n): return [type(f"K{i}", (), {})() for i in range(1500)]
"""
# What is sent is written by hand: to make such a set in one's own process takes for ever.
_SENDS = """
import struct
try:
    from chainrule.grading.remote.wire_types import WRITERS
except ImportError:
    WRITERS = {}
class Bytes:
    def __init__(self, raw): self.raw = raw
WRITERS[Bytes] = lambda out, value, to: out.extend(value.raw)
def number(i):
    raw = (i * (2 ** 61 - 1)).to_bytes(11, "little", signed=True)
    return b"i" + struct.pack("<I", len(raw)) + raw
"""


def _many_alike(count: int, tag: str) -> str:
    before, after = ("DL", f'b"L" + size + b"N" * {count}') if tag == "D" else (tag, 'b""')
    return f"""{_SENDS}
def power(x, n):
    size = struct.pack("<I", {count})
    members = b"".join(number(i) for i in range({count}))
    return Bytes(b"{before}" + size + members + {after})
"""


def _hangs(op: str) -> str:
    """The guest never answers this request, from the second answer on."""
    return f"""{_GUEST}
import time
def never(*args):
    while True:
        try: time.sleep(1)
        except BaseException: pass
for one in me: one._ops[{op!r}] = never
"""


_SLOW_ATTRIBUTES = """
class Slow:
    def __getattr__(self, name):
        while True: pass
    __len__ = __iter__ = __float__ = __bool__ = __sub__ = __getattr__
def power(x, n): return Slow()
"""
_CALLS_BACK = """
class Multiply:
    def forward(self, x, y): return x * y
    def backward(self, upstream):
        while True: self.forward(1.0, 2.0)
"""
_LOOPS = {
    "q1_multiply": "class Multiply:\n    def forward(self, x, y):\n        while True: pass",
    "q2_power": "def power(x, n):\n    while True: pass",
    "q3_exp": "class Exp:\n    def forward(self, x):\n        while True: pass",
}
ONE_MIB = "print('é\\x01' * 500_000)"
_RAISED = """
try:
    kept = get_ipython().kept; kept.most = kept.room = 1 << 40
except AttributeError: pass
from IPython.display import display
for _ in range(28): display({"text/plain": chr(1) * 1_000_000}, raw=True)
"""
_ERRORS = """
from IPython.display import display
shell = get_ipython()
if hasattr(shell, "kept"):
    shell.kept.outputs = [{"output_type": "error", "ename": "E", "evalue": "x" * 10_000,
                           "traceback": ["x" * 10_000] * 200}] * 12
"""
_NOTHINGS = """
from IPython.display import display
for _ in range(490): display({"text/plain": ""}, raw=True)
"""


def shows(count: int, source: str) -> Any:
    """A notebook with right answers, and so many cells like this after them."""

    def put(traps: Traps, student: str) -> None:
        notebook = stub(traps, RIGHT)
        more = [{**code_cell(source), "id": f"more{number}"} for number in range(count)]
        notebook["cells"] += more
        hand_in(traps, student, notebook)

    return put


def _folders(folder: Path, whole: bytes) -> None:
    """Folders in one another, made step by step: the path is longer than the system takes."""
    (folder / f"{ASSIGNMENT}.ipynb").write_bytes(whole)
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.fchdir(here)
        os.close(here)


def _many_files(folder: Path, whole: bytes) -> None:
    (folder / f"{ASSIGNMENT}.ipynb").write_bytes(whole)
    for number in range(3000):
        (folder / f"f{number}").touch()


def _thirty(folder: Path, whole: bytes) -> None:
    """A notebook of 30 MB, all of it in outputs."""
    notebook: Any = json.loads(whole)
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            text = {"output_type": "stream", "name": "stdout", "text": "x" * (30 << 17)}
            one["outputs"] = [text]
    (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook))


HOLDING = (
    files("deep-folders", _DEEP, "Eleven hundred folders lie in one another beside the notebook.",
          _folders, "left out", 10),
    files("many-files", _DEEP, "Three thousand files lie beside the notebook.", _many_files,
          "too many files", 10),
    spy("deep-scratch", "or in the scratch folder",
        "Folders are made in one another until that is refused.",
        "\nimport os\nhome = os.open('.', os.O_RDONLY)\ntry:\n    for _ in range(3000):\n"
        "        os.mkdir('d'); os.chdir('d')\nexcept OSError as error: print(error.strerror)\n"
        "os.fchdir(home)\n"),
    spy("sees-limits", _LIMITS, "The limits of other processes are asked for.", _SEES),
    hurt("sets-limits", _LIMITS, "Other processes are left a second of processor time.", _SETS),
    spy("sets-affinity", _LIMITS, "Other processes are moved to another processor.", _AFFINITY),
    hurt("threads", "6,000 threads", "Six thousand threads sleep.", _THREADS),
    hurt("describes-number", _KIND, "What a kind of objects is like is answered with a number.",
         _describes("5")),
    hurt("describes-lists", _KIND, "It is answered with lists in lists.",
         _describes("('Odd', (), ([1],))")),
    hurt("describes-nonsense", _KIND, "It is answered with names that are no names.",
         _describes("('__init__', ('__del__', 3), ('x' * 10**6,))")),
    hurt("describes-error", _KIND, "It is answered with an error.", _describes("{}[1]")),
    hurt("odd-mro", _KIND, "The class of an answer has no order of bases.", _MRO),
    hurt("many-kinds", _KIND, "An answer holds objects of 1500 classes.", _KINDS),
    hurt("hashes", _HASHES, "A set of 900,000 integers is sent, all with one hash.",
         _many_alike(900_000, "S")),
    hurt("hashes-few", _HASHES, "A set of as many as may be sent.", _many_alike(100_000, "S"),
         _LATE),
    hurt("hashes-keys", _HASHES, "A dict with as many keys.", _many_alike(100_000, "D"), _LATE),
    *(mixed(f"hangs-{op.replace(' ', '-')}", _TIME, f"The process never answers “{op}” again.",
            {"q2_power": _hangs(op)}, 10, 3)
      for op in ("look up", "get", "describe", "operate", "call", "steps", "run", "signature")),
    hurt("slow-attributes", _TIME, "Every attribute and operator of an answer takes for ever.",
         _SLOW_ATTRIBUTES),
    mixed("hangs-in-backward", _TIME, "A backward calls its own forward for ever.",
          {"q1_multiply": _CALLS_BACK}, 8, 8),
    Threat("time-used-up", _TIME, "Added cells use the time up, then an answer loops.",
           lambda traps, student: _sleepers(traps, student), 4, 0, _LATE),
    mixed("every-loop", "a submission that uses its whole time", "Every answer loops for ever.",
          _LOOPS, 0, 0, _LATE),
    beside(mixed("every-loop-cells", "a submission that uses its whole time",
                 "Every cell loops for ever.", dict.fromkeys(_LOOPS, "while True: pass"), 0, 0,
                 _LATE), same=True),
    hurt("long-range", _JUDGE, "A range as long as can be is returned.",
         "\ndef power(x, n): return range(10 ** 18)\n"),
    hurt("range", _JUDGE, "A range is returned that the check makes a list of.",
         "\ndef power(x, n): return range(60_000_000)\n"),
    hurt("broadcasts", _JUDGE, "A column is returned that the check makes a matrix of.",
         "\ndef power(x, n): return np.zeros((4_000_000, 1))\n"),
    hurt("nested-empty", _JUDGE, "Nearly a million empty lists are returned.",
         "\ndef power(x, n): return [[[]] for _ in range(499_000)]\n"),
    hurt("long-text", _JUDGE, "A text of 30 MB is returned, and shown.",
         "\ndef power(x, n): raise ValueError('x' * 30_000_000)\n"),
)  # fmt: skip


def _sleepers(traps: Traps, student: str) -> None:
    """Cells that sleep take all the time there is but a moment; the first answer then loops."""
    notebook = stub(traps, {**RIGHT, "q1_multiply": "while True: pass"})
    asleep = [
        {**code_cell("import time; time.sleep(1.9)"), "id": f"sleep{number}"} for number in range(6)
    ]
    notebook["cells"][1:1] = asleep
    hand_in(traps, student, notebook)


FILLING = (
    Threat("hundred-cells", _OUTPUT, "A hundred cells show a megabyte each.",
           shows(100, ONE_MIB), 10, 10),
    Threat("many-errors", _OUTPUT, "Forty cells show errors of 24 MB each.",
           shows(40, _ERRORS), 10, 10),
    Threat("many-nothings", _OUTPUT, "A hundred cells show nothing, 490 times each.",
           shows(100, _NOTHINGS), 10, 10),
    Threat("room-raised", _KEPT, "What a cell may show is made more from inside.",
           shows(6, _RAISED), 10, 10),
    files("thirty-megabytes", "twenty large ones held together",
          "The notebook has 30 MB, all of it outputs.", _thirty, "", 10),
    spy("prints", "200,000 prints", "A cell prints 200,000 lines.",
        "\nfor i in range(200_000): print(i)\n"),
)  # fmt: skip
