"""Arrays, numbers and types of NumPy, as they cross: bytes in memory order, and never an object."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from chainrule.grading.remote.wire_types import (
    BY_NUMBER,
    DTYPE_NUMBERS,
    DTYPES,
    NUMERIC,
    READERS,
    WRITERS,
    Reader,
    WireError,
    Writer,
    parts,
    put_other,
)  # fmt: skip

_SHAPES = [struct.Struct(f"<{axes}q") for axes in range(65)]  # numpy has no more axes
_MOST_AXES = 32


def _put_array(out: bytearray, value: np.ndarray, to: Writer) -> None:
    number = DTYPE_NUMBERS.get(value.dtype)
    if number is None:
        return put_other(out, value, to)
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
    found = parts(source, 2)
    data, mask = found
    if not all(type(part) is np.ndarray for part in found) or mask.dtype != bool:
        raise WireError("a masked array of something else than arrays")
    if mask.shape != data.shape:
        raise WireError("a mask of another shape than its array")
    return np.ma.MaskedArray(data, mask)


# Masked arrays keep their kind, since a check refuses them; every other subclass of ndarray is left
# to `refer`.
WRITERS |= {np.ndarray: _put_array, np.ma.MaskedArray: _put_masked}
WRITERS |= {np.dtype(code).type: _put_scalar for code in NUMERIC}
WRITERS |= {type(np.dtype(code)): _put_dtype for code in NUMERIC}
for _tag, _reader in {
    b"a": _get_array, b"n": _get_scalar, b"m": _get_masked, b"t": _get_dtype,
}.items():  # fmt: skip
    READERS[_tag[0]] = _reader
