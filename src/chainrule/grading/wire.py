"""What crosses between judge and jail: plain data in frames, with nothing in it that can run.

A value is one byte for its type and then its contents. The reader believes nothing: sizes, counts
and depth are capped where it reads, and whatever is amiss raises `WireError`. Types that are not in
the table do not cross; objects of either side are named by number (`Ref`).
"""

from __future__ import annotations

import builtins
import math
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Caps", "Closed", "Late", "Ref", "WireError",
    "decode", "encode", "pack_exception", "receive", "send", "unpack_exception",
]  # fmt: skip

_LARGEST_INT = 1 << 16  # bytes
_MOST_AXES = 32
_LONGEST_MESSAGE = 10_000  # characters of an exception's message

_Put = Callable[[bytearray, Any, "_Writer"], None]
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


class _Writer:
    __slots__ = ("depth", "refer")

    def __init__(self, refer: Callable[[Any], Ref] | None, depth: int) -> None:
        self.refer, self.depth = refer, depth


class _Reader:
    __slots__ = ("data", "depth", "items", "place", "resolve")

    def __init__(self, data: bytes, caps: Caps, resolve: Callable[[Ref], Any] | None) -> None:
        self.data, self.place, self.resolve = data, 0, resolve
        self.items, self.depth = caps.items, caps.depth

    def take(self, size: int) -> bytes:
        end = self.place + size
        if end > len(self.data):
            raise WireError("a value ends before its time")
        found = self.data[self.place : end]
        self.place = end
        return found

    def size(self) -> int:
        return int.from_bytes(self.take(4), "little")


# Writers ------------------------------------------------------------------------------------------


def _put(out: bytearray, value: Any, to: _Writer) -> None:
    put = _WRITERS.get(type(value))
    if put is not None:
        put(out, value, to)
    elif to.refer is not None:
        _put_ref(out, to.refer(value), to)
    else:
        raise WireError(f"{type(value).__name__} cannot cross")


def _put_int(out: bytearray, value: int, _: _Writer) -> None:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > _LARGEST_INT:
        raise WireError("an integer is too large to cross")
    out += b"i" + len(raw).to_bytes(4, "little") + raw


def _put_float(out: bytearray, value: float, _: _Writer) -> None:
    out += b"d" + struct.pack("<d", value)


def _put_complex(out: bytearray, value: complex, _: _Writer) -> None:
    out += b"c" + struct.pack("<dd", value.real, value.imag)


def _put_text(out: bytearray, value: str, _: _Writer) -> None:
    raw = value.encode("utf-8", "surrogatepass")
    out += b"s" + len(raw).to_bytes(4, "little") + raw


def _put_bytes(out: bytearray, value: bytes, _: _Writer) -> None:
    out += b"b" + len(value).to_bytes(4, "little") + value


def _put_many(tag: bytes) -> _Put:
    def put(out: bytearray, value: Any, to: _Writer) -> None:
        if to.depth == 0:
            raise WireError("a value is nested too deeply to cross")
        to.depth -= 1
        out += tag + len(value).to_bytes(4, "little")
        for item in value:
            _put(out, item, to)
        to.depth += 1

    return put


def _put_dict(out: bytearray, value: dict[Any, Any], to: _Writer) -> None:
    if to.depth == 0:
        raise WireError("a value is nested too deeply to cross")
    to.depth -= 1
    out += b"D" + len(value).to_bytes(4, "little")
    for key, item in value.items():
        _put(out, key, to)
        _put(out, item, to)
    to.depth += 1


def _put_slice(out: bytearray, value: slice | range, to: _Writer) -> None:
    if to.depth == 0:
        raise WireError("a value is nested too deeply to cross")
    to.depth -= 1
    out += b":" if type(value) is slice else b"r"
    for part in (value.start, value.stop, value.step):
        _put(out, part, to)
    to.depth += 1


def _put_array(out: bytearray, value: np.ndarray, to: _Writer) -> None:
    name = _DTYPE_NAMES.get(value.dtype)
    if name is None:
        if to.refer is None:
            raise WireError(f"an array of {value.dtype} cannot cross")
        return _put_ref(out, to.refer(value), to)
    out += b"a" + bytes((_DTYPES.index(name), value.ndim))
    out += struct.pack(f"<{value.ndim}q", *value.shape) + value.tobytes()
    return None


def _put_scalar(out: bytearray, value: np.generic, to: _Writer) -> None:
    out += b"n" + bytes((_DTYPES.index(_DTYPE_NAMES[value.dtype]),)) + value.tobytes()


def _put_masked(out: bytearray, value: Any, to: _Writer) -> None:
    data = np.ma.getdata(value)
    if data.dtype not in _DTYPE_NAMES:
        raise WireError(f"a masked array of {data.dtype} cannot cross")
    out += b"m"
    _put_array(out, np.asarray(data), to)
    _put_array(out, np.asarray(np.ma.getmaskarray(value)), to)


def _put_dtype(out: bytearray, value: np.dtype, to: _Writer) -> None:
    name = _DTYPE_NAMES.get(value)
    if name is None:
        raise WireError(f"the dtype {value} cannot cross")
    out += b"t" + bytes((_DTYPES.index(name),))


def _put_type(out: bytearray, value: type, to: _Writer) -> None:
    if value in _TYPE_NUMBERS:
        out += b"T" + _TYPE_NUMBERS[value].to_bytes(2, "little")
    elif to.refer is not None:
        _put_ref(out, to.refer(value), to)
    else:
        raise WireError(f"the class {value.__name__} cannot cross")


def _put_ref(out: bytearray, value: Ref, _: _Writer) -> None:
    out += b"R" + struct.pack("<?QI", value.mine, value.number, value.kind)


# Readers ------------------------------------------------------------------------------------------


def _get(source: _Reader) -> Any:
    source.items -= 1
    if source.items < 0:
        raise WireError("a value has too many parts")
    get = _READERS.get(source.take(1)[0])
    if get is None:
        raise WireError("a value of a type that does not exist")
    return get(source)


def _get_int(source: _Reader) -> int:
    size = source.size()
    if not 0 < size <= _LARGEST_INT:
        raise WireError("an integer of an impossible size")
    return int.from_bytes(source.take(size), "little", signed=True)


def _get_text(source: _Reader) -> str:
    return source.take(source.size()).decode("utf-8", "surrogatepass")


def _many(source: _Reader, each: int = 1) -> list[Any]:
    size = source.size() * each
    if size > source.items:
        raise WireError("a value has too many parts")
    source.depth -= 1
    if source.depth < 0:
        raise WireError("a value is nested too deeply")
    found = [_get(source) for _ in range(size)]
    source.depth += 1
    return found


def _get_dict(source: _Reader) -> dict[Any, Any]:
    found = _many(source, each=2)
    return dict(zip(found[::2], found[1::2], strict=True))


def _three(source: _Reader) -> tuple[Any, Any, Any]:
    source.depth -= 1
    if source.depth < 0:
        raise WireError("a value is nested too deeply")
    parts = _get(source), _get(source), _get(source)
    source.depth += 1
    return parts


def _get_range(source: _Reader) -> range:
    start, stop, step = _three(source)
    if not all(type(part) is int for part in (start, stop, step)):
        raise WireError("a range of something else than integers")
    return range(start, stop, step)


def _dtype(source: _Reader) -> np.dtype:
    place = source.take(1)[0]
    if place >= len(_DTYPES):
        raise WireError("an array of a type that does not exist")
    return np.dtype(_DTYPES[place])


def _get_array(source: _Reader) -> np.ndarray:
    dtype = _dtype(source)
    axes = source.take(1)[0]
    if axes > _MOST_AXES:
        raise WireError("an array with too many axes")
    shape = struct.unpack(f"<{axes}q", source.take(8 * axes))
    if any(length < 0 for length in shape):
        raise WireError("an array of a negative length")
    raw = source.take(math.prod(shape) * dtype.itemsize)
    # frombuffer refuses an empty buffer; a copy is writable, as an array of one's own is.
    flat = np.frombuffer(raw, dtype).copy() if raw else np.empty(0, dtype)
    return flat.reshape(shape)


def _get_scalar(source: _Reader) -> Any:
    dtype = _dtype(source)
    return np.frombuffer(source.take(dtype.itemsize), dtype)[0]


def _get_masked(source: _Reader) -> Any:
    parts = [_get(source), _get(source)]
    data, mask = parts
    if not all(type(part) is np.ndarray for part in parts) or mask.dtype != bool:
        raise WireError("a masked array of something else than arrays")
    return np.ma.MaskedArray(data, mask)


def _get_type(source: _Reader) -> type:
    number = int.from_bytes(source.take(2), "little")
    if number >= len(_TYPES):
        raise WireError("a class that does not exist")
    return _TYPES[number]


def _get_ref(source: _Reader) -> Any:
    raw = source.take(13)
    if raw[0] > 1:
        raise WireError("a reference to nowhere")
    ref = Ref(*struct.unpack("<?QI", raw))
    return ref if source.resolve is None else source.resolve(ref)


# Tables -------------------------------------------------------------------------------------------

_NUMERIC = ("?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "g", "F", "D", "G")
_DTYPES = [
    name
    for code in _NUMERIC
    for name in dict.fromkeys((np.dtype(code).str, np.dtype(code).newbyteorder(">").str))
]
_DTYPES = list(dict.fromkeys(_DTYPES))
_DTYPE_NAMES = {np.dtype(name): name for name in _DTYPES} | {
    np.dtype(code): np.dtype(code).str for code in _NUMERIC
}

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

_READERS: dict[int, _Get] = {
    ord("i"): _get_int,
    ord("d"): lambda source: struct.unpack("<d", source.take(8))[0],
    ord("c"): lambda source: complex(*struct.unpack("<dd", source.take(16))),
    ord("s"): _get_text,
    ord("b"): lambda source: source.take(source.size()),
    ord("L"): _many,
    ord("U"): lambda source: tuple(_many(source)),
    ord("S"): lambda source: set(_many(source)),
    ord("F"): lambda source: frozenset(_many(source)),
    ord("D"): _get_dict,
    ord(":"): lambda source: slice(*_three(source)),
    ord("r"): _get_range,
    ord("a"): _get_array,
    ord("n"): _get_scalar,
    ord("m"): _get_masked,
    ord("t"): _dtype,
    ord("T"): _get_type,
    ord("R"): _get_ref,
}
_READERS |= {tag[0]: (lambda source, value=value: value) for tag, value in _CONSTANTS.items()}


def encode(value: Any, refer: Callable[[Any], Ref] | None = None, depth: int = 60) -> bytearray:
    """`value` as bytes. `refer` names an object that is not plain data; without it there are none.

    Raises WireError where the value cannot cross: no plain data, nested deeper than `depth`.
    """
    out = bytearray()
    _put(out, value, _Writer(refer, depth))
    return out


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
    except (ValueError, TypeError, OverflowError, struct.error, MemoryError, RecursionError) as bad:
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
    except BaseException:  # noqa: BLE001  a hostile __str__
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


# Frames -------------------------------------------------------------------------------------------


def send(sock: socket.socket, payload: bytes | bytearray) -> None:
    """One frame: four bytes of length and the payload. Raises Closed."""
    try:
        if len(payload) < 1 << 16:
            sock.sendall(len(payload).to_bytes(4, "little") + payload)
        else:
            sock.sendall(len(payload).to_bytes(4, "little"))
            sock.sendall(payload)
    except TimeoutError as error:
        raise Late from error
    except OSError as error:
        raise Closed("the other side is gone") from error


def receive(sock: socket.socket, most: int, deadline: float | None = None) -> bytes:
    """The payload of the next frame, of at most `most` bytes.

    deadline: on time.monotonic(). Raises Late, Closed, WireError.
    """
    size = int.from_bytes(_exactly(sock, 4, deadline), "little")
    if size > most:
        raise WireError(f"a value of {size} bytes; at most {most} may cross")
    return _exactly(sock, size, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    while size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                raise Late
        try:
            part = sock.recv(min(size, 1 << 20))
        except OSError as error:
            raise Closed("the other side is gone") from error
        if not part:
            raise Closed("the other side is gone")
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
