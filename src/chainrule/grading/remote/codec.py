"""What crosses between judge and jail: plain data, with nothing in it that can run.

A value is one byte for its type and then its contents. The reader believes nothing: sizes, counts
and depth are capped where it reads, and whatever is amiss raises `WireError`. Types that are not in
the table do not cross; objects of either side are named by number (`Ref`).
"""

from __future__ import annotations

import builtins
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Caps", "Closed", "Late", "Ref", "WireError", "Writer",
    "decode", "encode", "pack_exception", "put", "unpack_exception",
]  # fmt: skip

_SHAPES = [struct.Struct(f"<{axes}q") for axes in range(65)]  # numpy has no more axes
_LARGEST_INT = 1 << 16  # bytes
_MOST_AXES = 32
_LONGEST_MESSAGE = 10_000  # characters of an exception's message

_Put = Callable[[bytearray, Any, "Writer"], None]
_Get = Callable[["_Reader"], Any]


class WireError(Exception):
    """The bytes are no value, or the value cannot cross."""


class Closed(WireError):
    """The other side is gone."""


class Late(Exception):
    """The deadline passed before a frame was complete."""


@dataclass(frozen=True)
class Caps:
    """What the reader takes. message: bytes of a frame; items: values in it; depth: of nesting."""

    message: int = 32 << 20
    items: int = 1_000_000
    depth: int = 64


class Ref(NamedTuple):
    """An object that stays where it is.

    mine: it lives on the side that sent this; number: its name there; kind: what sort of object it
    is, a number that the sender can describe (0: a plain function).
    """

    mine: bool
    number: int
    kind: int


class Writer:
    """What writing takes besides the value.

    refer: what stands for an object that is not plain data, a `Ref` or plain data; without it
    there is nothing. depth: how deeply values may be nested.
    """

    __slots__ = ("depth", "refer")

    def __init__(self, refer: Callable[[Any], Any] | None = None, depth: int = 60) -> None:
        self.refer, self.depth = refer, depth


class _Reader:
    """Where reading has come to. A reader of a type skips the tag and moves `place` on."""

    __slots__ = ("data", "depth", "items", "place", "resolve")

    def __init__(self, data: bytes, caps: Caps, resolve: Callable[[Ref], Any] | None) -> None:
        self.data, self.place, self.resolve = data, 0, resolve
        self.items, self.depth = caps.items, caps.depth

    def take(self, size: int) -> bytes:
        start = self.place
        end = self.place = start + size
        if end > len(self.data):
            raise WireError("a value ends before its time")
        return self.data[start:end]

    def sized(self) -> bytes:
        """What follows the tag: four bytes of size, and so many bytes."""
        size = _SIZE.unpack_from(self.data, self.place + 1)[0]
        self.place += 5
        return self.take(size)


_SIZE, _FLOAT, _COMPLEX, _REF = (struct.Struct(form) for form in ("<I", "<d", "<dd", "<?QI"))


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
    out += b"i" + _SIZE.pack(len(raw)) + raw


def _put_float(out: bytearray, value: float, _: Writer) -> None:
    out += b"d" + _FLOAT.pack(value)


def _put_complex(out: bytearray, value: complex, _: Writer) -> None:
    out += b"c" + _COMPLEX.pack(value.real, value.imag)


def _put_text(out: bytearray, value: str, _: Writer) -> None:
    raw = value.encode("utf-8", "surrogatepass")
    out += b"s" + _SIZE.pack(len(raw)) + raw


def _put_bytes(out: bytearray, value: bytes, _: Writer) -> None:
    out += b"b" + _SIZE.pack(len(value)) + value


def _put_many(tag: bytes) -> _Put:
    def put_all(out: bytearray, value: Any, to: Writer) -> None:
        if to.depth == 0:
            raise WireError("a value is nested too deeply to cross")
        to.depth -= 1
        out += tag + _SIZE.pack(len(value))
        writers = _WRITERS
        for item in value:  # as `put`, without a call for each
            writers.get(type(item), _put_other)(out, item, to)
        to.depth += 1

    return put_all


def _put_dict(out: bytearray, value: dict[Any, Any], to: Writer) -> None:
    if to.depth == 0:
        raise WireError("a value is nested too deeply to cross")
    to.depth -= 1
    out += b"D" + _SIZE.pack(len(value))
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
    number = _DTYPE_NUMBERS.get(value.dtype)
    if number is None:
        return _put_other(out, value, to)
    axes = value.ndim
    out += b"a" + bytes((number, axes)) + _SHAPES[axes].pack(*value.shape) + value.tobytes()
    return None


def _put_scalar(out: bytearray, value: np.generic, to: Writer) -> None:
    out += b"n" + bytes((_DTYPE_NUMBERS[value.dtype],)) + value.tobytes()


def _put_masked(out: bytearray, value: Any, to: Writer) -> None:
    data = np.ma.getdata(value)
    if data.dtype not in _DTYPE_NUMBERS:
        raise WireError(f"a masked array of {data.dtype} cannot cross")
    out += b"m"
    _put_array(out, np.asarray(data), to)
    _put_array(out, np.asarray(np.ma.getmaskarray(value)), to)


def _put_dtype(out: bytearray, value: np.dtype, to: Writer) -> None:
    number = _DTYPE_NUMBERS.get(value)
    if number is None:
        raise WireError(f"the dtype {value} cannot cross")
    out += b"t" + bytes((number,))


def _put_type(out: bytearray, value: type, to: Writer) -> None:
    if value in _TYPE_NUMBERS:
        out += b"T" + _TYPE_NUMBERS[value].to_bytes(2, "little")
    else:
        _put_other(out, value, to)


def _put_ref(out: bytearray, value: Ref, _: Writer) -> None:
    out += b"R" + _REF.pack(*value)


# Readers ------------------------------------------------------------------------------------------


def _get(source: _Reader) -> Any:
    return _READERS[source.data[source.place]](source)


def _no_such(source: _Reader) -> Any:
    raise WireError("a value of a type that does not exist")


def _get_int(source: _Reader) -> int:
    raw = source.sized()
    if not 0 < len(raw) <= _LARGEST_INT:
        raise WireError("an integer of an impossible size")
    return int.from_bytes(raw, "little", signed=True)


def _get_float(source: _Reader) -> float:
    place = source.place
    source.place = place + 9
    return _FLOAT.unpack_from(source.data, place + 1)[0]


def _get_complex(source: _Reader) -> complex:
    place = source.place
    source.place = place + 17
    return complex(*_COMPLEX.unpack_from(source.data, place + 1))


def _get_text(source: _Reader) -> str:
    return source.sized().decode("utf-8", "surrogatepass")


def _many(source: _Reader, each: int = 1) -> list[Any]:
    data = source.data
    size = _SIZE.unpack_from(data, source.place + 1)[0] * each
    source.place += 5
    source.items -= size
    if source.items < 0:
        raise WireError("a value has too many parts")
    return _parts(source, size)


def _parts(source: _Reader, size: int) -> list[Any]:
    source.depth -= 1
    if source.depth < 0:
        raise WireError("a value is nested too deeply")
    data, readers = source.data, _READERS
    found = [readers[data[source.place]](source) for _ in range(size)]
    source.depth += 1
    return found


def _get_dict(source: _Reader) -> dict[Any, Any]:
    found = _many(source, each=2)
    return dict(zip(found[::2], found[1::2], strict=True))


def _get_slice(source: _Reader) -> slice:
    source.place += 1
    return slice(*_parts(source, 3))


def _get_range(source: _Reader) -> range:
    source.place += 1
    parts = _parts(source, 3)
    if not all(type(part) is int for part in parts):
        raise WireError("a range of something else than integers")
    return range(*parts)


def _get_dtype(source: _Reader) -> np.dtype:
    number = source.take(2)[1]
    if number >= len(_DTYPES):
        raise WireError("an array of a type that does not exist")
    return _BY_NUMBER[number]


def _get_array(source: _Reader) -> np.ndarray:
    data, place = source.data, source.place
    number, axes = data[place + 1], data[place + 2]
    if number >= len(_DTYPES):
        raise WireError("an array of a type that does not exist")
    if axes > _MOST_AXES:
        raise WireError("an array with too many axes")
    dtype = _BY_NUMBER[number]
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


def _get_scalar(source: _Reader) -> Any:
    dtype = _get_dtype(source)
    return np.frombuffer(source.take(dtype.itemsize), dtype)[0]


def _get_masked(source: _Reader) -> Any:
    source.place += 1
    parts = _parts(source, 2)
    data, mask = parts
    if not all(type(part) is np.ndarray for part in parts) or mask.dtype != bool:
        raise WireError("a masked array of something else than arrays")
    return np.ma.MaskedArray(data, mask)


def _get_type(source: _Reader) -> type:
    number = int.from_bytes(source.take(3)[1:], "little")
    if number >= len(_TYPES):
        raise WireError("a class that does not exist")
    return _TYPES[number]


def _get_ref(source: _Reader) -> Any:
    raw = source.take(14)
    if raw[1] > 1:
        raise WireError("a reference to nowhere")
    ref = Ref(*_REF.unpack_from(raw, 1))
    return ref if source.resolve is None else source.resolve(ref)


def _constant_reader(value: Any) -> _Get:
    def get(source: _Reader) -> Any:
        source.place += 1
        return value

    return get


# Tables -------------------------------------------------------------------------------------------

_NUMERIC = tuple("?bBhHiIlLqQefdgFDG")  # numpy's letters for its types
_DTYPES = [
    name
    for code in _NUMERIC
    for name in dict.fromkeys((np.dtype(code).str, np.dtype(code).newbyteorder(">").str))
]
_DTYPES = list(dict.fromkeys(_DTYPES))
_BY_NUMBER = [np.dtype(name) for name in _DTYPES]
_DTYPE_NUMBERS = {dtype: number for number, dtype in enumerate(_BY_NUMBER)}
_DTYPE_NUMBERS |= {np.dtype(code): _DTYPES.index(np.dtype(code).str) for code in _NUMERIC}

_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
_TYPES: list[type] = list(
    dict.fromkeys(
        [int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, type(None)]
        + [object, type, slice, range, np.ndarray, np.generic, np.number, np.integer, np.floating]
        + [np.dtype(code).type for code in _NUMERIC]
        + list(_EXCEPTIONS.values())
    )
)
_TYPE_NUMBERS = {kind: number for number, kind in enumerate(_TYPES)}

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
_WRITERS |= {np.dtype(code).type: _put_scalar for code in _NUMERIC}
_WRITERS |= {type(np.dtype(code)): _put_dtype for code in _NUMERIC}

_READERS: list[_Get] = [_no_such] * 256
for _tag, _reader in {
    b"i": _get_int,
    b"d": _get_float,
    b"c": _get_complex,
    b"s": _get_text,
    b"b": _Reader.sized,
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
    source = _Reader(data, caps or Caps(), resolve)
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


def pack_exception(error: BaseException) -> tuple[str, str]:
    """(the name of the nearest built-in class, the message), whatever the error's class does."""
    for kind in type(error).__mro__:
        if _EXCEPTIONS.get(kind.__name__) is kind:
            break
    try:
        if isinstance(error, KeyError) and len(error.args) == 1:
            text = str(error.args[0])  # str() of a KeyError shows the repr of its key
        else:
            text = str(error)
    except BaseException:
        text = ""
    return kind.__name__, text[:_LONGEST_MESSAGE]


def unpack_exception(name: str, message: str) -> Exception:
    """An exception of that built-in class.

    What ends a program or an iteration (SystemExit, KeyboardInterrupt, StopIteration) becomes a
    RuntimeError: crossing over, it would end something of the judge's.
    """
    kind = _EXCEPTIONS.get(name, RuntimeError)
    ends = (StopIteration, StopAsyncIteration)
    if not issubclass(kind, Exception) or issubclass(kind, ends):
        return RuntimeError(f"{name}: {message}" if message else name)
    try:
        return kind(message) if message else kind()
    except TypeError:  # UnicodeDecodeError and ExceptionGroup want more than a message
        return (ValueError if issubclass(kind, ValueError) else RuntimeError)(f"{name}: {message}")
