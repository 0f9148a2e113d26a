"""The table of crossings: every row in both directions over a real line, and what a stranger who
writes the bytes, or the class, could make of it."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import importlib
import io
import pathlib
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chainrule.grading.remote import codec, wire_types
from chainrule.grading.remote.client import RemoteStudent
from chainrule.grading.remote.crossings.table import CROSSINGS
from chainrule.grading.remote.proxy import Proxy
from grader_tests.support.guests import a_guest

SET_UP = """
import collections, datetime, decimal, fractions, io, pathlib, random
import numpy as np, pandas as pd
Pair = collections.namedtuple("Pair", "a b", defaults=[7])
class Metres(float): "A length."
class Tag(str): pass
"""
EXAMPLES = {
    "a Counter": ["collections.Counter('abca')"],
    "an OrderedDict": ["collections.OrderedDict([(2, 1), (1, [2])])"],
    "a defaultdict": ["collections.defaultdict(list, {1: [2]})", "collections.defaultdict(None)"],
    "a deque": ["collections.deque([1, 2], 3)", "collections.deque()"],
    "a bytearray": ["bytearray(b'ab')"],
    "a namedtuple": ["Pair(1, [2])", "Pair(Pair(1, 2))"],
    "the class of a namedtuple": ["Pair"],
    "a Decimal": ["decimal.Decimal('1.10')", "decimal.Decimal('-Infinity')"],
    "a Fraction": ["fractions.Fraction(-1, 3)"],
    "a date": ["datetime.date(2020, 2, 29)"],
    "a datetime": [
        "datetime.datetime(2020, 1, 2, 3, 4, 5, 6, fold=1)",
        "datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)",
    ],
    "a time of day": ["datetime.time(1, 2)"],
    "a timedelta": ["datetime.timedelta(-1, 2, 3)"],
    "a timezone": ["datetime.timezone(datetime.timedelta(hours=2))"],
    "a Path": ["pathlib.Path('a/b.txt')", "pathlib.PurePosixPath('/etc')"],
    "a number or text with a class of its own": ["Metres(2.5)", "Tag('x')"],
    "the class of such numbers or text": ["Metres"],
    "an array of text, dates or records": [
        "np.array(['a', 'bc'])", "np.array(['2020-01-01'], 'datetime64[D]')",
        "np.array([(1, 2.0)], [('a', int), ('b', 'U3')])", "np.array([[b'a'], [b'']])",
    ],
    "a date of numpy, or a record": [
        "np.datetime64('2020-01-01')", "np.timedelta64(3, 'h')",
        "np.array([(1, 2.0)], [('a', int), ('b', float)])[0]",
    ],
    "an array of objects": ["np.array([1, 'a', None, [2]], object)", "np.array([[{}]], object)"],
    "a DataFrame": [
        "pd.DataFrame({'a': [1, 3], 'b': ['x', None], 'c': pd.to_datetime(['2020', '2021'])})",
        "pd.DataFrame([[1, 2.5]], columns=['a', 'a'], index=['z'])", "pd.DataFrame()",
    ],
    "a Series": [
        "pd.Series([1, 2], name='s')", "pd.Series(['a', 'b', 'a'], dtype='category')",
        "pd.Series([1, None], dtype='Int64')", "pd.Series(['a', None], dtype='string')",
        "pd.Series(pd.date_range('2020', periods=2, tz='UTC'))", "pd.Series([[1], {2: 3}])",
        "pd.Series([1, 2], index=pd.period_range('2020', periods=2, freq='M'))",
        "pd.cut(pd.Series([1, 5, 9]), 3)", "pd.Series([True, None], dtype='boolean')",
    ],
    "an Index": ["pd.Index(['a', 'b'], name='n')", "pd.CategoricalIndex(['a', 'b'])"],
    "an Index of dates": ["pd.date_range('2020', periods=3)", "pd.to_timedelta(['1h', '3h'])"],
    "a RangeIndex": ["pd.RangeIndex(1, 9, 2, name='r')"],
    "a MultiIndex": ["pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['x', None])"],
    "a Timestamp": ["pd.Timestamp('2020-01-02 03:04:05.6')", "pd.Timestamp('2020', tz='UTC')"],
    "a Timedelta": ["pd.Timedelta('1h')"],
    "an Interval": ["pd.Interval(1, 2.5, closed='left')"],
    "a Period": ["pd.Period('2020-02', freq='M')"],
    "a missing value of pandas": ["pd.NA", "pd.NaT"],
    "a Generator of numpy": [
        "np.random.default_rng(3)", "np.random.Generator(np.random.MT19937(1))",
        "np.random.Generator(np.random.Philox(1))",
    ],
    "a RandomState of numpy": ["np.random.RandomState(4)"],
    "a Random": ["random.Random(5)"],
    "a StringIO": ["io.StringIO('a\\nb')"],
    "a BytesIO": ["io.BytesIO(b'ab')"],
}  # fmt: skip
ALL = [(name, source) for name, sources in EXAMPLES.items() for source in sources]
NUMBER = {row.name: number for number, row in enumerate(CROSSINGS)}
STATEFUL = (np.random.Generator, np.random.RandomState, random.Random, io.StringIO, io.BytesIO)
HERE: dict[str, Any] = {}
exec(SET_UP, HERE)


def made(source: str) -> Any:
    return eval(source, HERE)


def same(a: Any, b: Any) -> bool:
    """Equal in value and in kind."""
    if type(a) is not type(b) or isinstance(a, type):
        return a is b
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_freq=True)
        return True
    if isinstance(a, pd.Series):
        pd.testing.assert_series_equal(a, b, check_freq=True)
        return True
    if isinstance(a, pd.Index):
        pd.testing.assert_index_equal(a, b, exact=True)
        return True
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tolist() == b.tolist()
    if isinstance(a, STATEFUL):  # to look at them would change them
        return codec.encode(a) == codec.encode(b)
    return a is b or (repr(a) == repr(b) and bool(a == b))


def raw(number: int, said: Any) -> bytes:
    """What a writer would send that says that this is what such a value consists of."""
    return b"x" + bytes((number,)) + bytes(codec.encode(said))


@pytest.fixture(scope="module")
def student() -> Iterator[RemoteStudent]:
    helpers = """
def same(value): return value
def kind(value): return type(value).__name__
"""
    values = "".join(f"value{place} = {source}\n" for place, (_, source) in enumerate(ALL))
    with a_guest(SET_UP + helpers + values) as guest:
        for name in ("Pair", "Metres", "Tag"):  # as a check has met them
            HERE[name] = guest.request("find", name)[1]
        yield guest


def test_every_row_has_an_example_that_crosses_by_it() -> None:
    assert list(EXAMPLES) == [row.name for row in CROSSINGS]
    for name, source in ALL:
        assert codec.encode(made(source))[:2] == b"x" + bytes((NUMBER[name],)), source


@pytest.mark.parametrize("place", range(len(ALL)), ids=[source for _, source in ALL])
def test_it_crosses_in_both_directions(student: RemoteStudent, place: int) -> None:
    here = made(ALL[place][1])
    assert same(student.request("find", f"value{place}")[1], here)
    back, kind = (student.request("find", name)[1] for name in ("same", "kind"))
    assert same(back(here), here)
    assert kind(here) == type(here).__name__
    assert same(back([{"inner": here}])[0]["inner"], here)


CHANGES = {
    "collections.Counter('ab')": "value.update('a')",
    "collections.OrderedDict(a=1, b=2)": "value.move_to_end('a')",
    "collections.defaultdict(list)": "value['new'].append(1)",
    "collections.deque([1, 2])": "value.appendleft(3)",
    "bytearray(b'ab')": "value.append(1)",
    "np.array(['a', 'b'])": "value[0] = 'c'",
    "np.array([1, None], object)": "value[0] = [3]",
    "pd.DataFrame({'a': [1, 2]})": "value['b'] = value['a'] + 1",
    "pd.Series([3, 1])": "value.loc[0] = 9",
    "np.random.default_rng(3)": "value.random()",
    "random.Random(5)": "value.random()",
    "io.StringIO('a\\nb')": "value.readline()",
    "io.BytesIO()": "value.write(b'ab')",
}


@pytest.mark.parametrize("source", CHANGES)
def test_what_is_changed_in_place_is_changed_here(student: RemoteStudent, source: str) -> None:
    here, there = made(source), made(source)
    exec(CHANGES[source], {"value": there})
    student.run(f"def change(value):\n    {CHANGES[source]}")
    student.request("find", "change")[1](here)
    assert same(here, there)
    assert codec.encode(made(source)) != codec.encode(there)


# What a stranger could send -----------------------------------------------------------------------

_JUNK: list[Any] = [
    None, True, 0, -1, 10**12, -(10**30), 0.5, float("nan"), "", "a" * 5000, "__class__", b"",
    b"\0" * 3000, [], (), {}, [[]], ((),), [None] * 3, (0,) * 9, {"a": 1}, range(10**12), int,
    object, ..., np.zeros(3), np.zeros((0, 10**9)), pd.RangeIndex(3), np.datetime64("NaT"),
]  # fmt: skip


def spoiled(said: Any) -> Iterator[Any]:
    """The same with each part of it, at any depth, in turn something else."""
    yield from _JUNK
    if type(said) in (list, tuple):
        yield from (type(said)(), said + said, said[:-1])
        for place, part in enumerate(said):
            for other in spoiled(part):
                yield type(said)([*said[:place], other, *said[place + 1 :]])
    elif type(said) is dict:
        for key, part in said.items():
            yield from ({**said, key: other} for other in spoiled(part))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_such_value_is_refused(name: str) -> None:
    refused = 0
    tracemalloc.start()
    try:
        for source in EXAMPLES[name]:
            for said in spoiled(CROSSINGS[NUMBER[name]].apart(made(source))):
                try:
                    value = codec.decode(raw(NUMBER[name], said))
                except wire_types.WireError:
                    refused += 1
                    continue
                assert not isinstance(value, Proxy)
                with suppress(wire_types.WireError):  # it is one of its kind, which crosses again
                    codec.encode(value)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert refused > 20


HUGE = {
    "a Decimal": ["1e999999999", "1" * 20_000],
    "a Fraction": [(1 << 40_000, 1), (1, 0)],
    "a deque": [([1, 2], -1)],
    "a namedtuple": [(("P", ("a", "a"), ()), (1, 2)), (("P", ("_a",), ()), (1,)),
                     (("P", ("class",), ()), (1,)), (("P", ("a",), (1, 2)), (1,)),
                     (("P(tuple): pass\nimport os", ("a",), ()), (1,)),
                     (("P", ("a=os.system('x')",), ()), (1,))],
    "the class of a namedtuple": [("P", tuple(f"f{i}" for i in range(1001)), ())],
    "a number or text with a class of its own": [(("A b", float), 1.0), (("A", list), []),
                                                 (("A", float), "1")],
    "a Path": [("a\0b", True), ("a" * 5000, True)],
    "an array of text, dates or records": [
        ("|O", (1,), b"\0" * 8), ("|O8", (1,), b"\0" * 8), ("<U0", (10**12,), b""),
        ("<U9999999", (10**9,), b""), ([("a", "|O")], (1,), b"\0" * 8), ("<U1", (-1, -1), b"abcd"),
        ([], (10**9,), b""), ("<U1", (1 << 62, 1 << 62, 0, 4), b""), ("<M8[9999999D]", (0,), b""),
    ],
    "an array of objects": [((1 << 40,), []), ((2, 2), [1, 2, 3])],
    "a RangeIndex": [("range", range(10**12), None)],
    "an Index": [("values", ("eval", []), None), ("values", ("Int64", ["a"]), None)],
    "an Index of dates": [("dates", ("zone", ("../../etc/passwd", np.zeros(1, "M8[ns]"))), None,
                           None), ("dates", ("numpy", np.zeros(3, "M8[ns]")), None, "D" * 999)],
    "a MultiIndex": [("many", [pd.Index(["a"])], [np.array([5])], [None])],
    "a DataFrame": [(pd.Index(["a"]), pd.RangeIndex(1), [("numpy", np.zeros((2, 2)))]),
                    (pd.Index(["a"]), pd.RangeIndex(3), [("numpy", np.zeros(2))]),
                    (pd.RangeIndex(10_001), pd.RangeIndex(0), [("numpy", np.zeros(0))] * 10_001)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"), [(name, said) for name, some in HUGE.items() for said in some],
    ids=[f"{name} {place}" for name, some in HUGE.items() for place in range(len(some))],
)  # fmt: skip
def test_huge_or_crooked_ones_are_refused(name: str, said: Any) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(wire_types.WireError):
            codec.decode(raw(NUMBER[name], said))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_path_that_leads_out_is_a_name_alone() -> None:
    for text in ("/etc/passwd", "../x", "a/../../b"):
        value = codec.decode(raw(NUMBER["a Path"], (text, True)))
        assert type(value) is pathlib.PurePosixPath


def test_nesting_and_number_are_capped_in_rows_too() -> None:
    deep: Any = [1]
    for _ in range(70):
        deep = collections.deque([deep])
    with pytest.raises(wire_types.WireError, match="deep"):
        codec.encode(deep)
    data = bytes(codec.encode(collections.Counter(range(200))))
    with pytest.raises(wire_types.WireError, match="keys"):
        codec.decode(data, wire_types.Caps(hashed=199))
    with pytest.raises(wire_types.WireError):
        codec.decode(b"x" + bytes((len(CROSSINGS),)) + b"N")


LIARS = """
class Lie:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 1
    def __len__(self): return 3
    def __bool__(self): return True
def lying(kind, *args):
    return type("Liar", (kind,), dict(vars(Lie), __module__="__main__"))(*args)
Tup = collections.namedtuple("Tup", "a")
Tup.__eq__ = lambda self, other: True
class Method(str):
    def upper(self): return "FORGED"
liars = {liars}
"""
OF_EACH = {
    "collections:Counter": "'ab'", "collections:OrderedDict": "", "collections:defaultdict": "list",
    "collections:deque": "[1]", "builtins:bytearray": "b'a'", "decimal:Decimal": "1",
    "fractions:Fraction": "1, 2", "datetime:date": "2020, 1, 1", "datetime:datetime": "2020, 1, 1",
    "datetime:time": "1", "datetime:timedelta": "1", "pathlib:PosixPath": "'a'",
    "pathlib:PurePosixPath": "'a'", "numpy:void": "b'a'", "pandas:DataFrame": "{'a': [1]}",
    "pandas:Series": "[1]",
}  # fmt: skip
LIAR_SOURCES = [
    f"lying({kind.replace(':', '.').removeprefix('builtins.')}, {args})".replace("numpy.", "np.")
    .replace("pandas.", "pd.") for kind, args in OF_EACH.items()
] + ["Tup(1)", "Method('a')", "lying(str, 'a')", "lying(float, 1)", "lying(int, 1)"]  # fmt: skip


def test_a_class_that_lies_arrives_as_an_object_and_equals_nothing() -> None:
    source = LIARS.replace("{liars}", f"[{', '.join(LIAR_SOURCES)}]")
    with a_guest(SET_UP + source) as guest:
        found = guest.request("find", "liars")[1]
    assert len(found) == len(LIAR_SOURCES)
    for liar, said in zip(found, LIAR_SOURCES, strict=True):
        assert isinstance(liar, Proxy), said
        assert liar != 12345, said
        assert not isinstance(liar, (int, float, str, list, dict, np.ndarray, pd.DataFrame)), said


def test_a_factory_of_the_students_runs_with_the_student_alone() -> None:
    source = "import os\npid = os.getpid()\nd = collections.defaultdict(os.getpid)"
    with a_guest(SET_UP + source) as guest:
        there = guest.request("find", "pid")[1]
        assert guest.request("find", "d")[1]["x"] == there != __import__("os").getpid()


def test_no_row_imports_what_nobody_asked_for() -> None:
    for row in CROSSINGS:
        for kind in row.kinds:
            module, name = kind.split(":")
            assert isinstance(getattr(importlib.import_module(module), name), type)


_ = datetime, decimal, fractions  # named in the examples
