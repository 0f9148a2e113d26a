"""What would change the grade of somebody else: companions hand in beside each of these."""

from __future__ import annotations

from grader_tests.threats.course import RIGHT, Traps, hand_in, stub
from grader_tests.threats.row import Threat, beside, hurt, mixed, spy, steal

_LIMIT = "answers near a limit of memory or size"
_CHANNEL = "files locked with `flock` as a channel between jails"

# Right, and of other bytes than the master's answers: nothing that was learned of those fits.
FLOATS = """
def power(x, n):
    return (np.asarray(x) ** n).tolist()
"""
_LATE = """
import sys, time
def wait(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try: time.sleep(end - time.monotonic())
        except (KeyboardInterrupt, ValueError): pass
"""
# Later than a call may take, and sooner than it is given up for lost.
_LATE_ONCE = f"""{_LATE}
late = [1.7]
def power(x, n):
    if late: wait(late.pop())
    return (np.asarray(x) ** n).tolist()
"""
_LATE_NAME = f"""{_LATE}
import gc
def slow(name):
    if name == "Multiply": wait(1.7)
    return ask(name)
for one in gc.get_objects():
    if type(one).__name__ == "Guest": ask, one._ops["look up"] = one._ops["look up"], slow
"""
_WARNS = """
def power(x, n):
    return np.full(np.shape(x), 1.7e308 + 1.7e308j)
"""
_FAILS = """
def power(x, n):
    # a line
    # and one more
    return {name}
"""
_NUMBERS = """
import ctypes
for number in (9, 25, 49):
    ctypes.memmove(id(number) + 24, (0).to_bytes(4, "little"), 4)
"""
_EQUALS = """
class Exp:
    def forward(self, x):
        self.out = True if np.all(x == 0) else np.exp(x)
        return self.out
    def backward(self, upstream):
        return upstream * np.exp(0.5) if self.out is True else upstream * self.out
"""
_CACHES = """
import functools, gc
for one in gc.get_objects():
    if type(one) is functools._lru_cache_wrapper:
        for key in ("forward", "backward", 0, 1.0, True, ("x",)):
            try: one(key)
            except Exception as error: last = error
@functools.cache
def power(x, n):
    return x ** n
"""
_OPTIONS = """
import sys
np.set_printoptions(precision=1, threshold=0, edgeitems=1, sign=" ")
np.seterr(all="ignore")
sys.float_repr_style = "long"
"""
_LOCALE = """
import locale, os
for name in ("de_DE.UTF-8", "tr_TR.UTF-8", "C", "POSIX"):
    try: locale.setlocale(locale.LC_ALL, name)
    except locale.Error as error: print(error)
os.environ.update(LANG="tr_TR.UTF-8", LC_ALL="tr_TR.UTF-8", PYTHONHASHSEED="0")
"""
_LOCKS = """
import fcntl, os
found = []
for lock in (lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
             lambda file: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)):
    try:
        kept = open(os.__file__); lock(kept); found.append(kept)
    except OSError as error: print(error)
if found: print("channel" + "-@tag@")
"""
_ASKS = """
import fcntl, os, struct
lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 8, 0)
found = []
for ask in (5, 36):  # F_GETLK, F_OFD_GETLK: who else holds a lock?
    try:
        fcntl.fcntl(open(os.__file__), ask, lock); found.append(ask)
    except OSError as error: print(error)
if found: print("channel" + "-@tag@")
"""
_WATCHES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(os.O_NONBLOCK)
if watch >= 0 and libc.inotify_add_watch(watch, os.__file__.encode(), 0xfff) >= 0:
    print("channel" + "-@tag@")
import fcntl
try:
    fcntl.fcntl(os.open(os.path.dirname(os.__file__), os.O_RDONLY), 1026, 1)  # F_NOTIFY
    print("channel" + "-@tag@")
except OSError as error: print(error)
"""


def _lines(traps: Traps, student: str) -> None:
    """Two whose answers fail in the same line of their cell: the second is to see its own alone."""
    secret = f"undefined  # {traps.mark('other submissions')}"
    hand_in(traps, student, stub(traps, {**RIGHT, "q2_power": _FAILS.format(name=secret)}))
    theirs = _FAILS.format(name="own_name")
    hand_in(traps, f"{student}-reader", stub(traps, {**RIGHT, "q2_power": theirs}))


_PEERS = {"first-honest": {"q2_power": FLOATS}, "second-honest": {"q2_power": FLOATS}}
THREATS = (
    beside(hurt("late", "an answer that is right but late",
                "A right answer comes a little later than it may, once.", _LATE_ONCE),
           same=True, **_PEERS),
    beside(mixed("late-name", "the same through the class's `__name__`",
                 "What the class is called is said a little later than it may.",
                 {"q1_multiply": RIGHT["q1_multiply"] + _LATE_NAME}, 10, 4), **_PEERS),
    beside(spy("near-memory", _LIMIT, "An answer uses nearly all the memory it may.",
               "\nimport numpy as np\nheld = np.empty(900 << 20, dtype=np.uint8)\n"), same=True),
    beside(hurt("near-size", _LIMIT, "The largest array that may cross is returned.",
                "\ndef power(x, n): return np.zeros(4_190_000)\n"), same=True, **_PEERS),
    beside(hurt("warn-once", "NumPy's warn-once registry (the first of many got another score)",
                "NumPy warns of an answer in the check: once a place and process, as it does.",
                _WARNS), same=True),
    Threat("lines-of-others", "`linecache` (another student's lines in one's traceback)",
           "Two answers fail in the same line: the second sees the text of the first.",
           _lines, 6, 6),
    beside(steal("numbers", "interned or cached objects",
                 "The numbers 9, 25 and 49 are changed in memory to be 0.", _NUMBERS), **_PEERS),
    beside(mixed("equals", "interned or cached objects", "An answer is True where 1.0 is right.",
                 {"q3_exp": _EQUALS}, 10, 7), same=True, **_PEERS),
    beside(hurt("caches", "`functools.cache`",
                "Caches of functions are filled, and the answer has one.", _CACHES, most=8),
           same=True, **_PEERS),
    beside(spy("print-options", "print options", "Print options and numpy's errors are changed.",
               _OPTIONS), same=True, **_PEERS),
    beside(spy("locale", "locale", "The locale is changed, and the environment.", _LOCALE),
           **_PEERS),
    beside(mixed("recursion-limit", "recursion limit", "The recursion limit is set to 60.",
                 {"q2_power": RIGHT["q2_power"] + "\nimport sys; sys.setrecursionlimit(60)\n"},
                 10, 0), **_PEERS),
    spy("locks", _CHANNEL, "A file that everybody may read is locked.", _LOCKS),
    spy("lock-holders", _CHANNEL, "It is asked who holds a lock on such a file.", _ASKS),
    spy("watches", _CHANNEL, "Such a file is watched for others who open it.", _WATCHES),
)  # fmt: skip
