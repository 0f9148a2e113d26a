"""What crosses between judge and jail: plain data, with nothing in it that can run.

A value is one byte for its type and then its contents. The reader believes nothing: sizes, counts
and depth are capped where it reads, and whatever is amiss raises `WireError`. Types that are not in
the table do not cross; objects of either side are named by number (`Ref`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chainrule.grading.remote import array_types  # noqa: F401  which has rows of its own
from chainrule.grading.remote.crossings import table  # noqa: F401  and so has this
from chainrule.grading.remote.wire_types import (
    COMPLEX,
    FLOAT,
    READERS,
    REF,
    SIZE,
    TYPE_NUMBERS,
    TYPES,
    WRITERS,
    Caps,
    Get,
    Put,
    Reader,
    Ref,
    WireError,
    Writer,
    get,
    parts,
    put,
    put_other,
)  # fmt: skip

__all__ = ["decode", "encode", "put"]

_LARGEST_INT = 1 << 16  # bytes


# Writers ------------------------------------------------------------------------------------------


def _put_int(out: bytearray, value: int, _: Writer) -> None:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > _LARGEST_INT:
        raise WireError(f"an integer of more than {_LARGEST_INT} bytes")
    out += b"i" + SIZE.pack(len(raw)) + raw


def _put_float(out: bytearray, value: float, _: Writer) -> None:
    out += b"d" + FLOAT.pack(value)


def _put_complex(out: bytearray, value: complex, _: Writer) -> None:
    out += b"c" + COMPLEX.pack(value.real, value.imag)


def _put_text(out: bytearray, value: str, _: Writer) -> None:
    raw = value.encode("utf-8", "surrogatepass")
    out += b"s" + SIZE.pack(len(raw)) + raw


def _put_bytes(out: bytearray, value: bytes, _: Writer) -> None:
    out += b"b" + SIZE.pack(len(value)) + value


# Numbers of one type, one after another: what lists and tuples of checks consist of most often.
_ROWS = {float: "d", int: "q"}


@lru_cache(maxsize=1000)
def _struct_of(form: str, size: int) -> struct.Struct:
    return struct.Struct(f"<{size}{form}")


def _put_many(tag: bytes, hashed: bool = False) -> Put:
    rows = {} if hashed else {kind: tag.lower() + form.encode() for kind, form in _ROWS.items()}

    def put_all(out: bytearray, value: Any, to: Writer) -> None:
        size = len(value)
        to.open(size, size if hashed else 0)
        if size > 1 and not hashed and type(value[0]) in rows and len({*map(type, value)}) == 1:
            kind = type(value[0])
            try:
                row = _struct_of(_ROWS[kind], size).pack(*value)
            except struct.error:  # an integer of more than eight bytes
                pass
            else:
                out += rows[kind] + SIZE.pack(size) + row
                to.depth += 1
                return
        out += tag + SIZE.pack(size)
        writers = WRITERS
        for item in value:  # as `put`, without a call for each
            writers.get(type(item), put_other)(out, item, to)
        to.depth += 1

    return put_all


def _put_dict(out: bytearray, value: dict[Any, Any], to: Writer) -> None:
    to.open(0, len(value))
    to.depth += 1  # the two lists are one level together
    out += b"D"
    put(out, list(value), to)
    put(out, list(value.values()), to)


def _put_slice(out: bytearray, value: slice | range, to: Writer) -> None:
    to.open(0)
    out += b":" if type(value) is slice else b"r"
    for part in (value.start, value.stop, value.step):
        put(out, part, to)
    to.depth += 1


def _put_type(out: bytearray, value: type, to: Writer) -> None:
    if value in TYPE_NUMBERS:
        out += b"T" + TYPE_NUMBERS[value].to_bytes(2, "little")
    else:
        put_other(out, value, to)


def _put_ref(out: bytearray, value: Ref, _: Writer) -> None:
    out += b"R" + REF.pack(*value)


# Readers ------------------------------------------------------------------------------------------


def _get_int(source: Reader) -> int:
    raw = source.sized()
    if not 0 < len(raw) <= _LARGEST_INT:
        raise WireError("an integer of an impossible size")
    return int.from_bytes(raw, "little", signed=True)


def _get_float(source: Reader) -> float:
    place = source.place
    source.place = place + 9
    return FLOAT.unpack_from(source.data, place + 1)[0]


def _get_complex(source: Reader) -> complex:
    place = source.place
    source.place = place + 17
    return complex(*COMPLEX.unpack_from(source.data, place + 1))


def _get_text(source: Reader) -> str:
    return source.sized().decode("utf-8", "surrogatepass")


def _many(source: Reader) -> list[Any]:
    data = source.data
    size = SIZE.unpack_from(data, source.place + 1)[0]
    source.place += 5
    source.items -= size
    if source.items < 0:
        raise WireError("a value has too many parts")
    return parts(source, size)


def _row(source: Reader) -> list[Any]:
    """Numbers of one type."""
    data, place = source.data, source.place
    form = chr(data[place + 1])
    if form not in _ROWS.values():
        raise WireError("a row of something else than numbers")
    size = SIZE.unpack_from(data, place + 2)[0]
    source.items -= size
    if source.items < 0:
        raise WireError("a value has too many parts")
    source.place = place + 6 + 8 * size
    return list(_struct_of(form, size).unpack_from(data, place + 6))


# A stranger can choose members that all have one hash, and each is then compared with all others:
# so there are few of them, and they are put in bit by bit, so that a clock can get a word in.
_AT_A_TIME = 500


def _hashed(source: Reader, count: int) -> range:
    """Where each handful of keys or members begins. Raises WireError for too many."""
    source.hashed -= count
    if source.hashed < 0:
        raise WireError("a value has too many keys or members")
    return range(0, count, _AT_A_TIME)


def _get_set(source: Reader) -> set[Any]:
    members = _many(source)
    found: set[Any] = set()
    for start in _hashed(source, len(members)):
        found.update(members[start : start + _AT_A_TIME])
    return found


def _get_dict(source: Reader) -> dict[Any, Any]:
    source.place += 1
    keys, items = get(source), get(source)
    if type(keys) is not list or type(items) is not list or len(keys) != len(items):
        raise WireError("a dict of something else than keys and values")
    found: dict[Any, Any] = {}
    for start in _hashed(source, len(keys)):
        part = slice(start, start + _AT_A_TIME)
        found.update(zip(keys[part], items[part], strict=True))
    return found


def _get_slice(source: Reader) -> slice:
    source.place += 1
    return slice(*parts(source, 3))


def _get_range(source: Reader) -> range:
    source.place += 1
    found = parts(source, 3)
    if not all(type(part) is int for part in found):
        raise WireError("a range of something else than integers")
    return range(*found)


def _get_type(source: Reader) -> type:
    number = int.from_bytes(source.take(3)[1:], "little")
    if number >= len(TYPES):
        raise WireError("a class that does not exist")
    return TYPES[number]


def _get_ref(source: Reader) -> Any:
    raw = source.take(14)
    if raw[1] > 1:
        raise WireError("a reference to nowhere")
    ref = Ref(*REF.unpack_from(raw, 1))
    return ref if source.resolve is None else source.resolve(ref)


def _constant_reader(value: Any) -> Get:
    def get(source: Reader) -> Any:
        source.place += 1
        return value

    return get


# Tables -------------------------------------------------------------------------------------------


_CONSTANTS = {b"N": None, b"1": True, b"0": False, b".": Ellipsis}


def _constant(tag: bytes) -> Put:
    return lambda out, value, to: out.extend(tag)


# Every object of a student's class is left to `refer`.
WRITERS |= {
    type(None): _constant(b"N"),
    type(Ellipsis): _constant(b"."),
    bool: lambda out, value, to: out.extend(b"1" if value else b"0"),
    int: _put_int,
    float: _put_float,
    complex: _put_complex,
    str: _put_text,
    bytes: _put_bytes,
    list: _put_many(b"L"),
    tuple: _put_many(b"U"),
    set: _put_many(b"S", hashed=True),
    frozenset: _put_many(b"F", hashed=True),
    dict: _put_dict,
    slice: _put_slice,
    range: _put_slice,
    type: _put_type,
    Ref: _put_ref,
}

for _tag, _reader in {
    b"i": _get_int,
    b"d": _get_float,
    b"c": _get_complex,
    b"s": _get_text,
    b"b": Reader.sized,
    b"L": _many,
    b"U": lambda source: tuple(_many(source)),
    b"l": _row,
    b"u": lambda source: tuple(_row(source)),
    b"S": _get_set,
    b"F": lambda source: frozenset(_get_set(source)),
    b"D": _get_dict,
    b":": _get_slice,
    b"r": _get_range,
    b"T": _get_type,
    b"R": _get_ref,
    **{tag: _constant_reader(value) for tag, value in _CONSTANTS.items()},
}.items():
    READERS[_tag[0]] = _reader


def encode(
    value: Any, refer: Callable[[Any], Any] | None = None, caps: Caps | None = None
) -> bytearray:
    """`value` as bytes. refer: see `Writer`. Raises WireError where the value cannot cross."""
    out = bytearray()
    put(out, value, Writer(refer, caps))
    return out


_UNREADABLE = (
    ValueError, TypeError, IndexError, OverflowError, struct.error, MemoryError, RecursionError
)  # fmt: skip


def decode(
    data: bytes, caps: Caps | None = None, resolve: Callable[[Ref], Any] | None = None
) -> Any:
    """The value that `encode` wrote. `resolve` turns a `Ref` into an object.

    Raises WireError for anything that is not exactly one value within `caps`.
    """
    source = Reader(data, caps or Caps(), resolve)
    try:
        value = get(source)
    except WireError:
        raise
    except _UNREADABLE as bad:
        raise WireError(f"a value that cannot be read: {type(bad).__name__}") from None
    if source.place != len(data):
        raise WireError("bytes are left over after a value")
    return value
