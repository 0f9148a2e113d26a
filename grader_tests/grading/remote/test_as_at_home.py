"""What a check does with a student's code as it would at home: catches its exceptions, sends to its
generators, hears its prints; and what hostile code makes of each of these."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.grading.limits import Limits
from chainrule.grading.remote.client import Gone, RemoteStudent
from chainrule.grading.remote.namespace import CheckNamespace
from grader_tests.support.guests import a_guest

STUDENT = """
import contextlib, copy, functools, json, random, sys, types, warnings
import numpy as np
class Low(ValueError):
    def __init__(self, by): super().__init__(f"low by {by}"); self.by = by
class Lower(Low, KeyError): pass
def fail(kind=Low, *args): raise kind(*(args or (3,)))
def parse(text): return json.loads(text)
def solve(): np.linalg.solve(np.zeros((2, 2)), np.ones(2))
def count(n):
    for i in range(n): got = yield i
    return "end"
def echo():
    got = None
    while True:
        try: got = yield got
        except Low as error: got = error.by
async def later(x): return x + 1
async def wait(x):
    import asyncio
    await asyncio.sleep(0.01)
    return await later(x)
class Door:
    def __enter__(self): self.open = True; return self
    def __exit__(self, kind, error, trace):
        self.open, self.kind, self.said = False, kind, str(error)
        return kind is Low
@contextlib.contextmanager
def opened(x):
    try: yield x
    except ZeroDivisionError: pass
def hello(name): print("Hello,", name); print("err", file=sys.stderr)
def ask(): return int(input("number? ")) + 1
def lines(): return [line.strip() for line in sys.stdin]
def old(): warnings.warn("old", DeprecationWarning)
def roll(): return [int(x) for x in np.random.randint(1, 7, 5)] + [random.random()]
def wrapped(f):
    @functools.wraps(f)
    def g(*args): return f(*args)
    return g
class Box:
    def __init__(self, x): self.x = x
    def __hash__(self): return hash(self.x)
    def __eq__(self, other): return self.x == other.x
    def __round__(self, n=None): return round(self.x, n)
    def __iadd__(self, other): self.x += other.x; return self
    def __format__(self, spec): return f"<{self.x:{spec}}>"
    def __reversed__(self): return iter([3, 2, 1])
    def __divmod__(self, other): return Box(self.x // other.x)
answer = 42
def rated(x): return x * rate
def peek(): return sorted(set(globals()) & {"rate", "expected", "secret"})
class Vec:
    def __init__(self, *parts): self.parts = parts
    def __mul__(self, k): return tuple(k * part for part in self.parts)
    def __add__(self, k): return Vec(*(k + part for part in self.parts))
    def __sub__(self, other): return 0
    def __abs__(self): return 0
    def __len__(self): return len(self.parts)
    def __getitem__(self, place): return self.parts[place]
    def same(self): return Vec(*self.parts)
import dataclasses
@dataclasses.dataclass
class Dot: x: int
def vec(*parts): return Vec(*parts)
"""
AT_HOME = {
    "caught": "try: fail()\nexcept Low as e: assert str(e) == 'low by 3' and e.by == 3\n"
              "else: assert False",
    "caught by its parents": "for kind in (Low, KeyError, ValueError, Exception):\n"
              "    try: fail(Lower)\n    except kind as e: assert type(e) is Lower\n"
              "    else: assert False",
    "not caught by others": "try:\n    try: fail()\n    except Lower: assert False\n"
              "except Low: pass",
    "args": "try: fail()\nexcept Low as e: assert e.args == ('low by 3',)",
    "raised here": "try: raise Low(5)\nexcept Low as e: assert e.by == 5",
    "raises": "import unittest\nwith unittest.TestCase().assertRaises(Low) as c: fail()\n"
              "assert c.exception.by == 3",
    "subclass": "assert issubclass(Lower, Low) and issubclass(Low, ValueError)\n"
                "assert isinstance(Low(1), Low) and not isinstance(Low(1), Lower)",
    "of a library": "import json\ntry: parse('{')\nexcept json.JSONDecodeError as e: assert e.pos\n"
                    "else: assert False",
    "of numpy": "import numpy as np\ntry: solve()\nexcept np.linalg.LinAlgError: pass",
    "generator": "import types, inspect\ng = count(2)\nassert isinstance(g, types.GeneratorType)\n"
                 "assert inspect.isgenerator(g) and inspect.isgeneratorfunction(count)\n"
                 "assert next(g) == 0 and list(g) == [1] and next(g, None) is None",
    "its end": "g = count(0)\ntry: next(g)\nexcept StopIteration as e: assert e.value == 'end'",
    "yield from": "def outer():\n    got = yield from count(1)\n    yield got\n"
                  "assert list(outer()) == [0, 'end']",
    "send": "g = echo()\nnext(g)\nassert g.send(5) == 5\nassert g.throw(Low(7)) == 7\ng.close()",
    "coroutine": "import inspect\nassert inspect.iscoroutinefunction(later)\n"
                 "async def main(): return await wait(1)\n"
                 "import asyncio\nassert asyncio.run(main()) == 2",
    "with": "with Door() as d: assert d.open\nassert not d.open and d.kind is None",
    "with an error": "d = Door()\nwith d: fail()\nassert d.kind is Low and d.said == 'low by 3'\n"
                     "try:\n    with d: 1 / 0\nexcept ZeroDivisionError: pass\nelse: assert False",
    "contextmanager": "with opened(4) as x:\n    assert x == 4\n    1 / 0",
    "prints": "import io, contextlib\nout, err = io.StringIO(), io.StringIO()\n"
              "with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err): hello('A')\n"
              "assert out.getvalue() == 'Hello, A\\n' and err.getvalue() == 'err\\n'\nhello('B')\n"
              "assert 'B' not in out.getvalue()",
    "prints and callbacks": "import io, contextlib\nout = io.StringIO()\n"
              "def f(*a): print('in f')\n"
              "with contextlib.redirect_stdout(out): wrapped(f)()\n"
              "assert out.getvalue() == 'in f\\n'",
    "input": "from unittest.mock import patch\n"
             "with patch('builtins.input', side_effect=['4', '5']) as m:\n"
             "    assert ask() == 5 and ask() == 6\nm.assert_called_with('number? ')\n"
             "try: ask()\nexcept (EOFError, OSError): pass\nelse: assert False",
    "an input of its own": "def input(prompt=''): return '8'\nassert ask() == 9\ndel input",
    "stdin": "import io, sys\nfrom unittest.mock import patch\n"
             "with patch('sys.stdin', io.StringIO('4\\n5\\n')):\n"
             "    assert ask() == 5 and lines() == ['5']",
    "print": "from unittest.mock import patch\nwith patch('builtins.print') as p: hello('A')\n"
             "assert p.call_args_list[0].args == ('Hello,', 'A')",
    "warnings": "import warnings\nwith warnings.catch_warnings(record=True) as w:\n"
                "    warnings.simplefilter('always')\n    old()\n"
                "assert len(w) == 1 and w[0].category is DeprecationWarning\n"
                "assert str(w[0].message) == 'old'",
    "seeds": "import numpy as np, random\nnp.random.seed(3); random.seed(4)\none = roll()\n"
             "np.random.seed(3); random.seed(4)\n"
             "assert one == [int(x) for x in np.random.randint(1, 7, 5)] + [random.random()]",
    "decorator": "@wrapped\ndef f(x):\n    'Doc.'\n    return x\n"
                 "assert f(3) == 3 and f.__name__ == 'f' and f.__doc__ == 'Doc.'",
    "copies": "import copy\na = Box([1])\nb, c = copy.copy(a), copy.deepcopy(a)\na.x = [2]\n"
              "assert b.x == c.x == [1] and isinstance(c, Box)",
    "hash": "assert len({Box(1), Box(1), Box(2)}) == 2 and hash(Box(5)) == hash(5)",
    "operators": "b = Box(2.25)\nassert round(b, 1) == 2.2 and f'{b:.1f}' == '<2.2>'\n"
                 "b += Box(1)\nassert b.x == 3.25 and list(reversed(b)) == [3, 2, 1]\n"
                 "assert divmod(Box(7), Box(2)).x == 3",
    "replaced functions": "import random, time\nfrom unittest.mock import patch\n"
                          "with patch('random.random', return_value=7.5): a = roll()\n"
                          "assert a[-1] == 7.5 and roll()[-1] < 1",
    "dataclass": "import dataclasses\nassert dataclasses.asdict(Dot(1)) == {'x': 1}",
    "a name for student code": "rate = 3\nassert rated(2) == 6\nrate = 4\nassert rated(2) == 8",
    "plain from an operator": "assert Vec(1, 2) * 3 == (3, 6)\nv = Vec(1, 2) + 5\n"
                              "assert v[0] == 6 and len(v) == 2",
    "kinds": "import types, inspect\nassert isinstance(hello, types.FunctionType)\n"
             "assert inspect.isclass(Box) and inspect.isfunction(hello)\n"
             "assert inspect.ismethod(Box(1).__round__) and not inspect.isclass(Box(1))",
    "globals": "assert 'answer' in globals() and 'nothing' not in globals()\n"
               "assert 'answer' in dir() and globals().get('answer') == 42\n"
               "assert globals()['answer'] == 42 and globals().get('nothing', 3) == 3",
}  # fmt: skip


@pytest.fixture(scope="module")
def guest() -> Iterator[RemoteStudent]:
    with a_guest(STUDENT) as student:
        yield student


@pytest.fixture(autouse=True)
def own_seeds() -> Iterator[None]:
    state = random.getstate(), np.random.get_state()
    yield
    random.setstate(state[0])
    np.random.set_state(state[1])


def run(guest: RemoteStudent, check: str) -> None:
    names = CheckNamespace(frozenset({"Vec", "answer"}), frozenset({"rate"}), frozenset({"Vec"}))
    names.student = guest
    try:
        exec(check, names)
    finally:
        names.settle()


@pytest.mark.parametrize("name", AT_HOME)
def test_it_is_as_at_home(guest: RemoteStudent, name: str) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    if name not in ("input", "an input of its own", "print", "coroutine"):
        exec(STUDENT, namespace)  # so that the check says what is true of Python
        exec(AT_HOME[name], namespace)
    run(guest, AT_HOME[name])


HOSTILE = """
import gc, sys, warnings
from chainrule.grading.remote import server
from chainrule.grading.remote.server import Guest
guest = next(one for one in gc.get_objects() if type(one) is Guest)
class Forged(Exception):
    misconception = "forged"
    student_line = "forged"
    def __str__(self): return "x" * 10**6
def fail(): raise Forged()
class Stop(StopIteration): pass
class Exit(SystemExit): pass
def stop(): raise Stop()
def leave(): raise Exit()
class Odd(Exception): pass
def odd(): raise Odd("o")
def tell(*what): guest._said(what); return 1
class Claims:
    def __eq__(self, other): return True
    def equals(self, other): return True
def claim(home):
    server.home = lambda kind: home
    return type("C", (Claims,), {"__module__": "__main__"})()
def based(*bases):
    server.bases = lambda kind: bases
    raise type("E", (Exception,), {"__module__": "__main__"})("e")
def endless():
    while True: print("x" * 1000)
"""


def test_what_hostile_exceptions_can_be(guest: RemoteStudent) -> None:
    with a_guest(HOSTILE) as hostile:
        run(
            hostile,
            "try: fail()\nexcept Forged as e:\n"
            "    assert getattr(e, 'misconception', None) is None and len(str(e)) <= 10_000\n"
            "    assert e.student_line != 'forged' and not hasattr(e, '__notes__')\n"
            "for one in (stop, leave):\n    try: one()\n    except RuntimeError: pass\n"
            "def gen(): yield stop()\n"
            "try: list(gen())\nexcept RuntimeError: pass\nelse: assert False",
        )
        for bases in (
            "'chainrule.grading.remote.wire_types:Closed'",
            "'chainrule.grading.limits:LimitsError'",
            "'builtins:SystemExit'", "'builtins:StopIteration'", "'os:system'", "'x'", "3",
            "'builtins:BaseException'", "SystemExit", "int",
        ):  # fmt: skip
            run(hostile, f"try: based({bases})\nexcept Exception as e: found = type(e).__mro__\n"
                "assert not any(k.__module__.startswith('chainrule.grading.limits') "
                "for k in found)\nassert not any(issubclass(k, (SystemExit, StopIteration)) "
                "for k in found)")  # fmt: skip


def test_what_hostile_objects_can_claim() -> None:
    with a_guest(HOSTILE) as hostile:
        for home in (
            "builtins:int", "builtins:str", "builtins:bool", "numpy:ndarray", "numpy:float64",
            "fractions:Fraction", "decimal:Decimal", "collections:Counter", "pandas:DataFrame",
            "chainrule.grading.remote.client:RemoteStudent", "os:system", "nothing:at.all", "x",
            "builtins:tuple", "datetime:date", "numbers:Number",
        ):  # fmt: skip
            run(hostile, f"import numbers, pandas, fractions, decimal\nc = claim({home!r})\n"
                "assert not isinstance(c, (int, str, tuple, list, numbers.Number, "
                "pandas.DataFrame, decimal.Decimal))\nassert c != 3 and not c == 'x'\n"
                "assert c.__class__ is type(c)")  # fmt: skip


def test_no_other_name_of_a_check_is_known_there(guest: RemoteStudent) -> None:
    run(guest, "expected = 3\nsecret = [1]\nrate = 2\nassert peek() == ['rate']\n")


@pytest.mark.parametrize("made", ["vec(3, 4)", "Vec(3, 4).same()", "(Vec(3, 4) + 0)"])
def test_what_a_check_did_not_make_does_not_answer_for_itself(
    guest: RemoteStudent, made: str
) -> None:
    with pytest.raises(TypeError, match="where an object of the class was expected"):
        run(guest, f"assert abs({made} - 9) < 1")


def test_an_object_does_not_say_that_it_equals_a_table() -> None:
    with a_guest(HOSTILE) as hostile:
        run(
            hostile,
            "import pandas\nc = Claims()\ntry: c.equals(pandas.DataFrame({'a': [1]}))\n"
            "except TypeError: pass\nelse: assert False\nassert c.equals(Claims())",
        )


def test_what_is_said_unasked_is_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    with a_guest(HOSTILE) as hostile:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run(hostile, "tell('out', 'forged', 0); tell('UserWarning', 'w', 1)")
        run(
            hostile,
            "import io, contextlib\nout = io.StringIO()\n"
            "with contextlib.redirect_stdout(out):\n"
            "    for _ in range(3): tell('out', 'x' * 2_000_000, 0)\n"
            "assert len(out.getvalue()) <= 1 << 20",
        )
        assert "forged" not in capsys.readouterr().out
        with pytest.raises(Gone, match="unreadable"):
            run(hostile, "tell(1, 2, 3)")


def test_endless_prints_are_bounded() -> None:
    with a_guest("def loud():\n    for _ in range(10_000): print('x' * 1000)") as hostile:
        run(
            hostile,
            "import io, contextlib\nout = io.StringIO()\n"
            "with contextlib.redirect_stdout(out): loud()\n"
            "assert 1 << 19 < len(out.getvalue()) <= 1 << 20",
        )


WORDS = {
    "length('x' * 3_000_000)": "allowed (c.Judge.message_bytes)",
    "large()": "allowed (c.Judge.message_bytes)",
    "length([0] * 3000)": "more than 2000 values at once (c.Judge.items)",
    "many()": "more than 2000 values at once (c.Judge.items)",
    "length(set(range(600)))": "more than 500 keys and members at once (c.Judge.hashed_items)",
    "length(2 ** 600_000)": "an integer of more than 65536 bytes",
    "length(object())": 'not an object of type object (c.Judge.checks = "inside"',
    "length(Own)": "not the class Own",
    "length(np.zeros(1, 'V3'))": "not an array of |V3 elements",
    "length(decimal.Decimal('1e20000'))": "since it is a Decimal of too many digits",
    "deep(lambda f: deep(f))": "nested too deeply (c.Judge.call_depth)",
}


@pytest.mark.parametrize("call", WORDS)
def test_each_limit_is_named_with_its_setting(call: str) -> None:
    limits = Limits(
        call_seconds=20, cell_seconds=20, message_bytes=1 << 20, items=2000, hashed_items=500
    )
    source = (
        "def length(x): return len(x)\ndef large(): return 'x' * 3_000_000\n"
        "def many(): return list(range(5000))\ndef deep(f): return f(f)"
    )
    with a_guest(source, limits) as guest:
        with pytest.raises((TypeError, ValueError, RecursionError)) as caught:
            run(guest, f"import decimal, numpy as np\nclass Own: pass\n{call}")
        assert WORDS[call] in str(caught.value)
        run(guest, "assert length('abc') == 3")  # it is there still


_ = sys
