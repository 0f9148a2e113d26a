"""What a check asks, in one message; and the answers to it, in another.

The judge packs requests that it noted before, in a form that a jail reads many times faster than
one by one. What comes back are the answers as they would have come alone, each with its size.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.grading.remote import codec, wire_types

__all__ = ["HEAD", "PLAIN", "SIZE", "joined", "pack", "split", "thawed"]

SIZE = struct.Struct("<I")  # of an answer
HEAD = struct.Struct("<IB")  # the same, and the kind of answer, its first byte

PLAIN = (type(None), bool, int, float, complex, str, bytes)
_CALLS = ("call", "method")  # whose last arguments are those of the call
_METHOD_AT = {"get": 0, "method": 0}  # which argument names a method, after the object


def pack(requests: Iterable[bytes]) -> tuple[bytes, tuple[str, ...]]:
    """Requests as a message, nothing for none; and the methods that they ask objects for.

    The rows of the message are

    (number of the object, its method or "", arguments, keywords): a call with nothing in it that
    can be changed; (operation, number of the object it is asked of or 0, arguments): another
    request of plain data, in a list where arrays have to be made in it (see `thawed`); ("", 0,
    request): any other.
    """
    rows: list[Any] = []
    methods: dict[str, None] = {}
    for request in requests:
        op, args, _ = codec.decode(request)
        number = 0
        if args and type(args[0]) is wire_types.Ref and not args[0].mine:
            number, args = args[0].number, args[1:]
        if op in _METHOD_AT:
            methods[args[_METHOD_AT[op]]] = None
        if number and op in _CALLS and _is_scalar(*args[-2:]):
            rows.append((number, args[0] if op == "method" else "", *args[-2:]))
        elif _is_plain(args):
            rows.append((op, number, args))
        elif _is_plain(args, np.ndarray):
            rows.append((op, number, [_frozen(args)]))
        else:
            rows.append(("", 0, request))
    return marshal.dumps(rows) if rows else b"", tuple(methods)


def _is_scalar(given: tuple[Any, ...], named: dict[str, Any]) -> bool:
    return all(type(one) in PLAIN for one in (*given, *named.values()))


def _is_plain(value: Any, *more: type) -> bool:
    if type(value) is dict:
        return all(_is_plain(one, *more) for pair in value.items() for one in pair)
    if type(value) in (tuple, list):
        return all(_is_plain(one, *more) for one in value)
    return type(value) in (*PLAIN, *more)


def _frozen(value: Any) -> Any:
    """Arrays as (..., dtype, shape, bytes); no other tuple of plain data begins like that."""
    kind = type(value)
    if kind is np.ndarray:
        return ..., value.dtype.str, value.shape, value.tobytes()
    if kind is dict:
        return {key: _frozen(one) for key, one in value.items()}
    return kind(map(_frozen, value)) if kind in (tuple, list) else value


def thawed(value: Any) -> Any:
    """Plain data with its arrays made, new ones each time."""
    kind = type(value)
    if kind is tuple:
        if value and value[0] is ...:
            _, dtype, shape, raw = value
            return np.ndarray(shape, dtype, bytearray(raw))
        return tuple([thawed(one) for one in value])
    if kind is list:
        return [thawed(one) for one in value]
    return {key: thawed(one) for key, one in value.items()} if kind is dict else value


def joined(answers: Iterable[bytes]) -> bytes:
    """Answers as they come back in one piece."""
    return b"".join(SIZE.pack(len(answer)) + answer for answer in answers)


def split(answers: bytes) -> list[bytes]:
    """The answers in a message of a jail. What is not of the form of `joined` ends the list."""
    found, place = [], 0
    while place + SIZE.size < len(answers):
        begin = place + SIZE.size
        place = begin + SIZE.unpack_from(answers, place)[0]
        if not begin < place <= len(answers):
            break
        found.append(answers[begin:place])
    return found
