"""What uses the machine up, and what ends its own process: it costs its own question."""

from __future__ import annotations

import json
from typing import Any

from grader_tests.threats.course import ASSIGNMENT, RIGHT, Traps, hand_in, stub
from grader_tests.threats.row import Threat, hurt, raw

_LOOPS = "endless loops (also ones that catch KeyboardInterrupt or block signals)"
_DISK = "disk or inode filling"
_LATE = r"took longer than [\d.]+ s"
_GONE = r"was stopped: |stopped early: |took longer than"


def _in_call(source: str) -> str:
    return "def power(x, n):\n" + "".join(f"    {line}\n" for line in source.splitlines())


_CATCHES = """
import time
def stay():
    while True:
        try:
            while True: time.sleep(0.01)
        except BaseException: pass
while True:
    try: stay()
    except BaseException: pass"""
_BLOCKS = """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True: pass"""
_C_LOOP = "import ctypes\nctypes.CDLL(None).pause()\nwhile True: sum(range(10 ** 9))"
_FORKS = "import os\nwhile True:\n    try: os.fork()\n    except OSError as error: last = error"
_FORK_ONCE = "import os\nwhile True: os.fork()"
_THREADS = """
import threading, time
while True: threading.Thread(target=time.sleep, args=(99,)).start()"""
_MEMORY = "a = []\nwhile True: a.append(bytearray(1 << 26))"
_MEMORY_CAUGHT = """
a = []
while True:
    try: a.append(bytearray(1 << 24))
    except MemoryError: pass"""
_DAEMON = """
import os, time
for i in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)"""
_DETACHED = """
import subprocess
subprocess.Popen(["sleep", "600"], start_new_session=True)"""
_REPR = """
class Endless:
    def __repr__(self):
        while True: pass
Endless()"""
_REPR_RETURNED = """
class Endless:
    def __repr__(self):
        while True: pass
    __str__ = __format__ = __repr__
def power(x, n): return Endless()"""
_KILL_EACH = """
import os
for pid in range(2, 3000):
    if pid != os.getpid():
        try: os.kill(pid, 9)
        except OSError: pass
raise RuntimeError"""


def _many_cells(whole: bytes) -> bytes:
    notebook: Any = json.loads(whole)
    notebook["cells"] += [
        {"cell_type": "markdown", "id": f"m{i}", "metadata": {}, "source": "x"} for i in range(5000)
    ]
    return json.dumps(notebook).encode()


def _large(whole: bytes) -> bytes:
    notebook: Any = json.loads(whole)
    notebook["cells"][0]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x" * (5 << 20)}
    ]
    return json.dumps(notebook).encode()


def _long_text(whole: bytes) -> bytes:
    notebook: Any = json.loads(whole)
    notebook["cells"][0]["source"] += "#" * (5 << 20)
    return json.dumps(notebook).encode()


def _dying_first(traps: Traps, student: str) -> None:
    hand_in(traps, student, stub(traps, {**RIGHT, "q3_exp": "import os; os._exit(1)"}))


def _dying_last(traps: Traps, student: str) -> None:
    hand_in(traps, student, stub(traps, {**RIGHT, "q1_multiply": "import os; os._exit(1)"}))


def _dying_all(traps: Traps, student: str) -> None:
    folder = hand_in(traps, student, None)
    each = dict.fromkeys(RIGHT, "import os; os._exit(1)")
    (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(stub(traps, each)))


EXHAUSTING = (
    hurt("endless-loop", _LOOPS, "A cell never ends.", "while True: pass", _LATE),
    hurt("endless-call", _LOOPS, "An answer never returns.", _in_call("while True: pass")),
    hurt("loop-catches", _LOOPS, "An endless loop catches KeyboardInterrupt.", _CATCHES, _GONE),
    hurt("loop-blocks", _LOOPS, "An endless loop ignores and blocks all signals.", _BLOCKS, _GONE),
    hurt("loop-in-c", _LOOPS, "An endless wait in a library that no interrupt reaches.", _C_LOOP,
         _GONE),
    hurt("call-catches", _LOOPS, "An answer never returns, and catches KeyboardInterrupt.",
         _in_call(_CATCHES.strip()), _GONE),
    hurt("fork-bomb", "fork bombs", "A fork bomb.", _FORK_ONCE, danger=""),
    hurt("fork-bomb-caught", "fork bombs", "A fork bomb that goes on when it is refused.", _FORKS,
         _LATE),
    hurt("thread-bomb", "thread bombs", "Threads without end.", _THREADS),
    hurt("memory-bomb", "memory bombs", "Memory without end.", _MEMORY),
    hurt("memory-bomb-caught", "memory bombs", "Memory without end, MemoryError caught.",
         _MEMORY_CAUGHT, _GONE),
    hurt("memory-at-once", "memory bombs", "One array of 8 TB.",
         "import numpy as np\nnp.ones(10 ** 12)"),
    hurt("output-bomb", "output bombs", "Text without end.", "while True: print('x' * 10000)",
         _LATE),
    hurt("pictures", "output bombs", "Displayed pictures without end.",
         "from IPython.display import display\nwhile True: display('x' * 1000)", _LATE),
    hurt("stderr-bomb", "output bombs", "Text without end to the file descriptors.",
         "import os\nwhile True: os.write(1, b'x' * 65536); os.write(2, b'x' * 65536)", _LATE),
    hurt("endless-repr", "endless `__repr__`", "A value that takes for ever to show.", _REPR,
         _LATE),
    hurt("endless-repr-returned", "endless `__repr__`", "It is returned to the check.",
         _REPR_RETURNED),
    hurt("huge-array", "huge arrays returned", "An array of 240 MB is returned.",
         _in_call("return np.zeros(30_000_000)")),
    hurt("huge-text", "huge arrays returned", "A text of 100 MB is returned.",
         _in_call("return 'x' * 100_000_000")),
    hurt("huge-list", "huge arrays returned", "A list of five million numbers is returned.",
         _in_call("return [0] * 5_000_000")),
    hurt("huge-number", "huge arrays returned", "A number of three million digits is returned.",
         _in_call("return 1 << 10_000_000")),
    hurt("endless-list", "huge arrays returned", "A list that holds itself is returned.",
         _in_call("a = []; a.append(a); return a")),
    hurt("endless-iterator", "huge arrays returned", "An iterator without end is returned.",
         _in_call("import itertools; return itertools.count()")),
    hurt("deep-recursion", "memory bombs", "Recursion without end, its limit raised.",
         "import sys; sys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()"),
    raw("huge-notebook", "huge notebooks", "The notebook holds 5 MB of stored output.", _large,
        "", 10),
    raw("huge-source", "huge notebooks", "A cell holds 5 MB of text.", _long_text, "too large"),
    raw("many-cells", "huge notebooks", "The notebook has 5000 cells.", _many_cells,
        "too many cells", 10, 0),
    hurt("disk-bomb", _DISK, "Files are written until the disk is full.",
         "i = 0\nwhile True:\n    open(f'a{i}', 'wb').write(bytes(1 << 22)); i += 1"),
    hurt("large-file", _DISK, "One file is written until the disk is full.",
         "with open('a', 'wb') as file:\n    while True: file.write(bytes(1 << 22))"),
    hurt("inode-bomb", _DISK, "Empty files are made until there is no room for more.",
         "i = 0\nwhile True:\n    open(f'b{i}', 'w').close(); i += 1"),
    hurt("sleeping", "sleeping", "A cell sleeps for a quarter of an hour.",
         "import time; time.sleep(1000)", _LATE),
    hurt("sleeping-call", "sleeping", "An answer sleeps for a quarter of an hour.",
         _in_call("import time; time.sleep(1000)")),
    hurt("daemon", "daemons that outlive grading", "Processes detach themselves and stay.",
         _DAEMON),
    hurt("detached", "daemons that outlive grading", "A program is started that stays.", _DETACHED),
)  # fmt: skip

DYING = (
    hurt("os-exit", "`os._exit`", "A cell ends its process.", "import os; os._exit(0)", _GONE),
    hurt("os-exit-call", "`os._exit`", "An answer ends its process while it is checked.",
         _in_call("import os; os._exit(0)"), _GONE),
    hurt("sys-exit", "`sys.exit`", "A cell calls sys.exit.", "import sys; sys.exit(0)"),
    hurt("sys-exit-call", "`sys.exit`", "An answer calls sys.exit while it is checked.",
         _in_call("import sys; sys.exit(0)")),
    hurt("quit", "`sys.exit`", "A cell calls exit().", "exit()"),
    hurt("segfault", "segfault", "A cell crashes.", "import ctypes; ctypes.string_at(0)", _GONE),
    hurt("segfault-call", "segfault", "An answer crashes while it is checked.",
         _in_call("import ctypes; ctypes.string_at(0)"), _GONE),
    hurt("abort", "segfault", "A cell aborts.", "import os; os.abort()", _GONE),
    hurt("kill-itself", "`os.kill` of itself", "A cell kills its own process.",
         "import os, signal; os.kill(os.getpid(), signal.SIGKILL); os._exit(0)", _GONE),
    hurt("kill-itself-call", "`os.kill` of itself", "An answer kills its process when checked.",
         _in_call("import os; os.kill(os.getpid(), 9); os._exit(1)"), _GONE),
    hurt("kill-group", "its siblings", "Everything in the process group is killed.",
         "import os; os.killpg(0, 9)\nraise RuntimeError"),
    hurt("kill-everything", "its siblings", "Every process that may be killed is killed.",
         "import os; os.kill(-1, 9)\nraise RuntimeError"),
    hurt("kill-by-number", "its siblings", "Processes are killed one after the other, by number.",
         _KILL_EACH),
    hurt("kill-parent", "its parent or the judge", "The parent is killed.",
         "import os; os.kill(os.getppid(), 9)\nraise RuntimeError"),
    hurt("kill-owner", "its parent or the judge", "A signal is sent by way of a file's owner.",
         "import fcntl, os\nfor fd in range(40):\n"
         "    try: fcntl.fcntl(fd, fcntl.F_SETOWN, os.getppid())\n"
         "    except OSError: pass\nraise RuntimeError"),
    hurt("working-files", "deleted working files", "The working folder is deleted.",
         "import shutil, os; shutil.rmtree(os.getcwd(), ignore_errors=True)\nos.getcwd(); 1 / 0"),
    hurt("closed-files", "closed file descriptors", "All files are closed.",
         "import os; os.closerange(0, 1000)", _GONE),
    hurt("closed-files-call", "closed file descriptors", "An answer closes all files.",
         _in_call("import os; os.closerange(0, 1000)"), _GONE),
    hurt("input", "`input()`", "A cell asks for input.", "input()"),
    hurt("input-call", "`input()`", "An answer asks for input.", _in_call("return input()")),
    hurt("restart", "kernel restarts", "The kernel is told to restart.",
         "get_ipython().kernel.do_shutdown(True)"),
    Threat("dies-late", "Questions finished before stay finished",
           "The last answer ends its process; those before are right.", _dying_first, 7, 7, _GONE),
    Threat("dies-early", "questions after are still graded",
           "The first answer ends its process; those after are right.", _dying_last, 7, 7, _GONE),
    Threat("dies-always", "questions after are still graded",
           "Every answer ends its process.", _dying_all, 0, 0, _GONE),
)  # fmt: skip
