"""The codec: every value comes back as it was, and bytes that are no value only raise WireError."""

from __future__ import annotations

import math
import socket
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.grading.remote import codec, wire_types
from chainrule.grading.remote.framing import FramedSocket, until

_dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
)
_arrays = _dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
_scalars = _dtypes.flatmap(lambda dtype: hnp.arrays(dtype, (1,))).map(lambda array: array[0])
_ranges = st.tuples(st.integers(), st.integers(), st.integers().filter(bool)).map(
    lambda parts: range(*parts)
)
_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(),
    st.binary(), _ranges, st.just(...), st.sampled_from([int, np.float32, ValueError, np.ndarray]),
)  # fmt: skip
_hashable = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary())
_rows = st.one_of(st.lists(st.floats(), max_size=5), st.lists(st.integers(), max_size=5))
_values = st.recursive(
    st.one_of(_leaves, _arrays, _scalars, _rows, _rows.map(tuple)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(_hashable, inner, max_size=4),
        st.sets(_hashable, max_size=4),
        st.frozensets(_hashable, max_size=4),
        st.tuples(inner, inner, inner).map(lambda parts: slice(*parts)),
    ),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    """Equal in value and in exact type, NaN equal to NaN, at every depth."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ma.MaskedArray):
        return same(a.data, b.data) and same(np.ma.getmaskarray(a), np.ma.getmaskarray(b))
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):  # by `==` {True} would be {1}, and no NaN in it anything
        return len(a) == len(b) and all(any(same(one, other) for other in b) for one in a)
    if isinstance(a, (slice, range)):  # by `==` all empty ranges are one
        return same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    return bool(a == b)


@settings(max_examples=150, deadline=None)
@given(_values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert same(codec.decode(bytes(codec.encode(value))), value)


def holds_sets(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_sets, [*value, *value.values()]))
    if isinstance(value, slice):
        return any(map(holds_sets, (value.start, value.stop, value.step)))
    if isinstance(value, (list, tuple)):
        return any(map(holds_sets, value))
    return isinstance(value, (set, frozenset))


def read(data: bytes) -> bool:
    """Whether the bytes are a value; if so, it crosses again, and in one form only.

    That form need not be these bytes: an integer may come with zeros in front, a dict with a key
    twice. Written by us, all but the order in a set is settled, to the last bit of a NaN.
    """
    try:
        value = codec.decode(data, _CAPS)
    except wire_types.WireError:
        return False
    written = bytes(codec.encode(value))
    back = codec.decode(written, _CAPS)
    assert same(back, value)
    assert holds_sets(value) or bytes(codec.encode(back)) == written
    return True


_CAPS = wire_types.Caps(items=1000, depth=20)
_STEADY = settings(deadline=None, derandomize=True, database=None)


def share_read(strategy: st.SearchStrategy[bytes], examples: int) -> float:
    """Tries so many byte strings; returns how many of them were values, from 0 to 1."""
    were_values = []

    @settings(_STEADY, max_examples=examples)
    @given(strategy)
    def hold(data: bytes) -> None:
        were_values.append(read(data))

    hold()
    return sum(were_values) / len(were_values)


def test_random_bytes_raise_or_are_a_value() -> None:
    assert share_read(st.binary(max_size=200), 300) < 0.1


def _sized(tag: bytes) -> Any:
    return lambda raw: tag + wire_types.SIZE.pack(len(raw)) + raw


def _dict_bytes(items: list[tuple[bytes, bytes]]) -> bytes:
    keys, values = ([item[place] for item in items] for place in (0, 1))
    return b"D" + _counted(b"L")(keys) + _counted(b"L")(values)


def _counted(tag: bytes) -> Any:
    return lambda parts: tag + wire_types.SIZE.pack(len(parts)) + b"".join(parts)


def _exactly(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


@st.composite
def _array_bytes(draw: st.DrawFn, masked: bool = False) -> bytes:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))

    def one(number: int) -> bytes:
        lengths = b"".join(length.to_bytes(8, "little") for length in shape)
        size = math.prod(shape) * wire_types.BY_NUMBER[number].itemsize
        return b"a" + bytes((number, len(shape))) + lengths + draw(_exactly(size))

    data = one(draw(st.integers(0, len(wire_types.BY_NUMBER) - 1)))
    return b"m" + data + one(wire_types.DTYPE_NUMBERS[np.dtype(bool)]) if masked else data


_numbers = st.integers(0, len(wire_types.BY_NUMBER) - 1)
_scalar_bytes = _numbers.flatmap(
    lambda number: _exactly(wire_types.BY_NUMBER[number].itemsize).map(
        lambda raw: b"n" + bytes((number,)) + raw
    )
)
_int_bytes = st.binary(min_size=1, max_size=9).map(_sized(b"i"))
_hashable_bytes = st.one_of(
    st.sampled_from([b"N", b"1", b"0", b"."]),
    _int_bytes,
    _exactly(8).map(lambda raw: b"d" + raw),
    _exactly(16).map(lambda raw: b"c" + raw),
    st.text().map(lambda text: text.encode("utf-8", "surrogatepass")).map(_sized(b"s")),
    st.binary().map(_sized(b"b")),
    _scalar_bytes,
    _numbers.map(lambda number: b"t" + bytes((number,))),
    st.integers(0, len(wire_types.TYPES) - 1).map(lambda n: b"T" + n.to_bytes(2, "little")),
    st.tuples(st.booleans(), _exactly(12)).map(lambda parts: b"R" + bytes(parts[:1]) + parts[1]),
    st.tuples(_int_bytes, _int_bytes, _int_bytes).map(lambda parts: b"r" + b"".join(parts)),
)
_value_bytes = st.recursive(
    st.one_of(_hashable_bytes, _array_bytes(), _array_bytes(masked=True)),
    lambda inner: st.one_of(
        *(st.lists(inner, max_size=4).map(_counted(tag)) for tag in (b"L", b"U")),
        *(st.lists(_hashable_bytes, max_size=4).map(_counted(tag)) for tag in (b"S", b"F")),
        st.lists(st.tuples(_hashable_bytes, inner), max_size=4).map(_dict_bytes),
        st.tuples(inner, inner, inner).map(lambda parts: b":" + b"".join(parts)),
    ),
    max_leaves=8,
)


def test_bytes_of_a_right_form_that_we_would_not_write_are_read_as_one_value() -> None:
    assert share_read(_value_bytes, 300) > 0.8


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    raw = codec.encode(draw(_values))
    place = draw(st.integers(0, len(raw) - 1))
    raw[place] = draw(st.integers(0, 255))
    return bytes(raw)


def test_a_changed_byte_raises_or_is_another_value() -> None:
    assert 0.05 < share_read(_changed(), 300) < 0.95


def test_a_decoded_array_is_writable() -> None:
    got = codec.decode(bytes(codec.encode(np.arange(3.0))))
    got[0] = 5.0
    assert got[0] == 5.0


def test_masked_arrays_stay_masked() -> None:
    got = codec.decode(bytes(codec.encode(np.ma.MaskedArray([1.0, 2.0], [False, True]))))
    assert isinstance(got, np.ma.MaskedArray)
    assert got.mask.tolist() == [False, True]


class _Loud(int):
    def __index__(self) -> int:
        raise AssertionError("the codec ran code of the value")


@pytest.mark.parametrize(
    "value", [object(), _Loud(3), np.array([object()]), lambda: 0, [[object()]]]
)
def test_what_is_not_plain_does_not_cross(value: Any) -> None:
    with pytest.raises(wire_types.WireError):
        codec.encode(value)


def test_nesting_is_capped_on_both_sides() -> None:
    deep: Any = []
    deep.append(deep)
    with pytest.raises(wire_types.WireError, match="deep"):
        codec.encode(deep)
    with pytest.raises(wire_types.WireError, match="deep"):
        codec.decode(b"L\1\0\0\0" * 5000 + b"N")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"?", b"i\0\0\0\0", b"i\xff\xff\xff\xff1", b"L\xff\xff\xff\xffN", b"NN",
        b"a\0\1" + b"\xff" * 8, b"a\0\3" + b"\xff\xff\xff\xff\xff\xff\xff\x7f" * 3, b"a\xff\0",
        b"a\0\x21" + b"\0" * 300, b"R\2" + b"\0" * 12, b"T\xff\xff", b"S\1\0\0\0L\0\0\0\0",
        b"r" + b"i\1\0\0\0\0" * 3, b"rNNN", b"s\1\0\0\0\xff", b"mNN",
        b"m" + codec.encode(np.zeros(3)) + codec.encode(np.zeros(2, bool)),
        b"lx\1\0\0\0" + b"\0" * 8, b"ld\xff\xff\xff\xff", b"ud\2\0\0\0" + b"\0" * 8,
        b"D" * 5000, b"DNN", b"DL\0\0\0\0N", b"D" + codec.encode([1]) + codec.encode([1, 2]),
        b"D" + codec.encode([[1]]) + codec.encode([1]),
    ],
)  # fmt: skip
def test_impossible_values_are_refused(data: bytes) -> None:
    with pytest.raises(wire_types.WireError):
        codec.decode(data)


def test_items_are_counted_over_the_whole_value() -> None:
    data = bytes(codec.encode([[0] * 10] * 10))
    codec.decode(data, wire_types.Caps(items=110))
    with pytest.raises(wire_types.WireError, match="many"):
        codec.decode(data, wire_types.Caps(items=109))


def test_dicts_in_dicts_are_one_level_each() -> None:
    deep: dict[int, Any] = {}
    for _ in range(55):
        deep = {1: deep}
    assert codec.decode(bytes(codec.encode(deep))) == deep


class _Own(ZeroDivisionError):
    pass


class _Hostile(Exception):
    def __str__(self) -> str:
        raise SystemExit


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (_Own("by zero"), ZeroDivisionError, "by zero"),
        (KeyError("W1"), KeyError, "'W1'"),
        (SystemExit(3), RuntimeError, "SystemExit: 3"),
        (StopIteration(), RuntimeError, "StopIteration"),
        (_Hostile(), Exception, ""),
        (UnicodeDecodeError("utf-8", b"a", 0, 1, "bad"), ValueError, None),
        (ExceptionGroup("g", [ValueError()]), RuntimeError, None),
        (AttributeError("no x"), AttributeError, "no x"),
    ],
)
def test_exceptions_become_their_builtin_kin(
    error: BaseException, kind: type[Exception], text: str | None
) -> None:
    got = wire_types.unpack_exception(*wire_types.pack_exception(error))
    assert type(got) is kind
    assert text is None or str(got) == text


def test_an_unknown_exception_is_a_runtime_error() -> None:
    assert type(wire_types.unpack_exception("os.system", "x")) is RuntimeError


def test_frames_are_capped_late_or_closed() -> None:
    a, b = socket.socketpair()
    with a, b:
        sender, receiver = FramedSocket(a), FramedSocket(b)
        for payload in (b"x" * 100, b"", b"y"):
            sender.send(payload)
        assert [receiver.receive(100) for _ in range(3)] == [b"x" * 100, b"", b"y"]
        sender.send(b"x" * 101)
        with pytest.raises(wire_types.WireError, match="101"):
            receiver.receive(100)
    a, b = socket.socketpair()
    with a, b:
        receiver = FramedSocket(b)
        with pytest.raises(wire_types.Late):
            receiver.receive(100, until(time.monotonic() + 0.05))
        a.sendall(b"\x05\0\0\0ab")
        with pytest.raises(wire_types.Late):
            receiver.receive(100, until(time.monotonic() + 0.05))
        a.sendall(b"cde")
        assert receiver.receive(100, until(time.monotonic() + 5)) == b"abcde"
        a.close()
        with pytest.raises(wire_types.Closed):
            receiver.receive(100)
        with pytest.raises(wire_types.Closed):
            receiver.send(b"x")


def test_a_large_frame_crosses_whole() -> None:
    a, b = socket.socketpair()
    big = bytes(3_000_000)
    with a, b:
        writer = threading.Thread(target=FramedSocket(a).send, args=(big,))
        writer.start()
        assert FramedSocket(b).receive(4_000_000) == big
        writer.join()
