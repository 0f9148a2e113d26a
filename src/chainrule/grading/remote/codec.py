"""What crosses between judge and jail: plain data, with nothing in it that can run.

A value is one byte for its type and then its contents. The reader believes nothing: sizes, counts
and depth are capped where it reads, and whatever is amiss raises `WireError`. Types that are not in
the table do not cross; objects of either side are named by number (`Ref`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.grading.remote.wire_types import (
    BY_NUMBER,
    COMPLEX,
    DTYPE_NUMBERS,
    DTYPES,
    FLOAT,
    NUMERIC,
    REF,
    SIZE,
    TYPE_NUMBERS,
    TYPES,
    Caps,
    Reader,
    Ref,
    WireError,
    Writer,
)

__all__ = [
    "decode",
    "encode",
    "put",
]

_SHAPES = [struct.Struct(f"<{axes}q") for axes in range(65)]  # numpy has no more axes
_LARGEST_INT = 1 << 16  # bytes
_MOST_AXES = 32

_Put = Callable[[bytearray, Any, "Writer"], None]
_Get = Callable[["Reader"], Any]


# Writers ------------------------------------------------------------------------------------------


def put(out: bytearray, value: Any, to: Writer) -> None:
    """Add `value` to `out`. Raises WireError where it cannot cross; `out` then ends anywhere."""
    _WRITERS.get(type(value), _put_other)(out, value, to)


def _put_other(out: bytearray, value: Any, to: Writer) -> None:
    """What is not in the table, as the reference or the plain data that `refer` gives for it."""
    if to.refer is None:
        raise WireError(f"{type(value).__name__} cannot cross")
    found = to.refer(value)
    put = _WRITERS.get(type(found))
    if put is None or found is value:
        raise WireError(f"{type(value).__name__} cannot cross")
    put(out, found, to)


def _put_int(out: bytearray, value: int, _: Writer) -> None:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > _LARGEST_INT:
        raise WireError("an integer is too large to cross")
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


def _put_many(tag: bytes) -> _Put:
    def put_all(out: bytearray, value: Any, to: Writer) -> None:
        if to.depth == 0:
            raise WireError("a value is nested too deeply to cross")
        to.depth -= 1
        out += tag + SIZE.pack(len(value))
        writers = _WRITERS
        for item in value:  # as `put`, without a call for each
            writers.get(type(item), _put_other)(out, item, to)
        to.depth += 1

    return put_all


def _put_dict(out: bytearray, value: dict[Any, Any], to: Writer) -> None:
    if to.depth == 0:
        raise WireError("a value is nested too deeply to cross")
    to.depth -= 1
    out += b"D" + SIZE.pack(len(value))
    for key, item in value.items():
        put(out, key, to)
        put(out, item, to)
    to.depth += 1


def _put_slice(out: bytearray, value: slice | range, to: Writer) -> None:
    if to.depth == 0:
        raise WireError("a value is nested too deeply to cross")
    to.depth -= 1
    out += b":" if type(value) is slice else b"r"
    for part in (value.start, value.stop, value.step):
        put(out, part, to)
    to.depth += 1


def _put_array(out: bytearray, value: np.ndarray, to: Writer) -> None:
    number = DTYPE_NUMBERS.get(value.dtype)
    if number is None:
        return _put_other(out, value, to)
    axes = value.ndim
    out += b"a" + bytes((number, axes)) + _SHAPES[axes].pack(*value.shape) + value.tobytes()
    return None


def _put_scalar(out: bytearray, value: np.generic, to: Writer) -> None:
    out += b"n" + bytes((DTYPE_NUMBERS[value.dtype],)) + value.tobytes()


def _put_masked(out: bytearray, value: Any, to: Writer) -> None:
    data = np.ma.getdata(value)
    if data.dtype not in DTYPE_NUMBERS:
        raise WireError(f"a masked array of {data.dtype} cannot cross")
    out += b"m"
    _put_array(out, np.asarray(data), to)
    _put_array(out, np.asarray(np.ma.getmaskarray(value)), to)


def _put_dtype(out: bytearray, value: np.dtype, to: Writer) -> None:
    number = DTYPE_NUMBERS.get(value)
    if number is None:
        raise WireError(f"the dtype {value} cannot cross")
    out += b"t" + bytes((number,))


def _put_type(out: bytearray, value: type, to: Writer) -> None:
    if value in TYPE_NUMBERS:
        out += b"T" + TYPE_NUMBERS[value].to_bytes(2, "little")
    else:
        _put_other(out, value, to)


def _put_ref(out: bytearray, value: Ref, _: Writer) -> None:
    out += b"R" + REF.pack(*value)


# Readers ------------------------------------------------------------------------------------------


def _get(source: Reader) -> Any:
    return _READERS[source.data[source.place]](source)


def _no_such(source: Reader) -> Any:
    raise WireError("a value of a type that does not exist")


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


def _many(source: Reader, each: int = 1) -> list[Any]:
    data = source.data
    size = SIZE.unpack_from(data, source.place + 1)[0] * each
    source.place += 5
    source.items -= size
    if source.items < 0:
        raise WireError("a value has too many parts")
    return _parts(source, size)


def _parts(source: Reader, size: int) -> list[Any]:
    source.depth -= 1
    if source.depth < 0:
        raise WireError("a value is nested too deeply")
    data, readers = source.data, _READERS
    found = [readers[data[source.place]](source) for _ in range(size)]
    source.depth += 1
    return found


def _get_dict(source: Reader) -> dict[Any, Any]:
    found = _many(source, each=2)
    return dict(zip(found[::2], found[1::2], strict=True))


def _get_slice(source: Reader) -> slice:
    source.place += 1
    return slice(*_parts(source, 3))


def _get_range(source: Reader) -> range:
    source.place += 1
    parts = _parts(source, 3)
    if not all(type(part) is int for part in parts):
        raise WireError("a range of something else than integers")
    return range(*parts)


def _get_dtype(source: Reader) -> np.dtype:
    number = source.take(2)[1]
    if number >= len(DTYPES):
        raise WireError("an array of a type that does not exist")
    return BY_NUMBER[number]


def _get_array(source: Reader) -> np.ndarray:
    data, place = source.data, source.place
    number, axes = data[place + 1], data[place + 2]
    if number >= len(DTYPES):
        raise WireError("an array of a type that does not exist")
    if axes > _MOST_AXES:
        raise WireError("an array with too many axes")
    dtype = BY_NUMBER[number]
    shape, size = _SHAPES[axes].unpack_from(data, place + 3), dtype.itemsize
    for length in shape:
        if length < 0:
            raise WireError("an array of a negative length")
        size *= length
    start = place + 3 + 8 * axes
    source.place = start + size
    if source.place > len(data):
        raise WireError("a value ends before its time")
    # A bytearray makes it writable, as an array of one's own is.
    return np.ndarray(shape, dtype, bytearray(data[start : source.place]))


def _get_scalar(source: Reader) -> Any:
    dtype = _get_dtype(source)
    return np.frombuffer(source.take(dtype.itemsize), dtype)[0]


def _get_masked(source: Reader) -> Any:
    source.place += 1
    parts = _parts(source, 2)
    data, mask = parts
    if not all(type(part) is np.ndarray for part in parts) or mask.dtype != bool:
        raise WireError("a masked array of something else than arrays")
    if mask.shape != data.shape:
        raise WireError("a mask of another shape than its array")
    return np.ma.MaskedArray(data, mask)


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


def _constant_reader(value: Any) -> _Get:
    def get(source: Reader) -> Any:
        source.place += 1
        return value

    return get


# Tables -------------------------------------------------------------------------------------------


_CONSTANTS = {b"N": None, b"1": True, b"0": False, b".": Ellipsis}


def _constant(tag: bytes) -> _Put:
    return lambda out, value, to: out.extend(tag)


# Masked arrays keep their kind, since a check refuses them; every other subclass of ndarray, and
# every object of a student's class, is left to `refer`.
_WRITERS: dict[type, _Put] = {
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
    set: _put_many(b"S"),
    frozenset: _put_many(b"F"),
    dict: _put_dict,
    slice: _put_slice,
    range: _put_slice,
    np.ndarray: _put_array,
    np.ma.MaskedArray: _put_masked,
    type: _put_type,
    Ref: _put_ref,
}
_WRITERS |= {np.dtype(code).type: _put_scalar for code in NUMERIC}
_WRITERS |= {type(np.dtype(code)): _put_dtype for code in NUMERIC}

_READERS: list[_Get] = [_no_such] * 256
for _tag, _reader in {
    b"i": _get_int,
    b"d": _get_float,
    b"c": _get_complex,
    b"s": _get_text,
    b"b": Reader.sized,
    b"L": _many,
    b"U": lambda source: tuple(_many(source)),
    b"S": lambda source: set(_many(source)),
    b"F": lambda source: frozenset(_many(source)),
    b"D": _get_dict,
    b":": _get_slice,
    b"r": _get_range,
    b"a": _get_array,
    b"n": _get_scalar,
    b"m": _get_masked,
    b"t": _get_dtype,
    b"T": _get_type,
    b"R": _get_ref,
    **{tag: _constant_reader(value) for tag, value in _CONSTANTS.items()},
}.items():
    _READERS[_tag[0]] = _reader


def encode(value: Any, refer: Callable[[Any], Any] | None = None) -> bytearray:
    """`value` as bytes. refer: see `Writer`. Raises WireError where the value cannot cross."""
    out = bytearray()
    put(out, value, Writer(refer))
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
        value = _get(source)
    except WireError:
        raise
    except _UNREADABLE as bad:
        raise WireError(f"a value that cannot be read: {type(bad).__name__}") from None
    if source.place != len(data):
        raise WireError("bytes are left over after a value")
    return value


# Exceptions ---------------------------------------------------------------------------------------
