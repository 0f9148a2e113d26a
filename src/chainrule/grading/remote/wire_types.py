"""What may cross the line: errors, limits, references, and the number that each type has there."""

from __future__ import annotations

import builtins
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "BY_NUMBER",
    "BY_SORT",
    "COMPLEX",
    "DTYPES",
    "DTYPE_NUMBERS",
    "FLOAT",
    "MOCKED",
    "NUMERIC",
    "OF_A_CLASS",
    "OF_NO_ROW",
    "REF",
    "SIZE",
    "TYPES",
    "TYPE_NUMBERS",
    "CannotCross",
    "Caps",
    "Closed",
    "Late",
    "Reader",
    "Ref",
    "WireError",
    "Writer",
    "is_of_python",
    "pack_exception",
    "unpack_exception",
    "warning_of",
]  # fmt: skip


_LONGEST_MESSAGE = 10_000  # characters of an exception's message


class WireError(Exception):
    """The bytes are no value, or the value cannot cross."""


class CannotCross(ValueError):
    """A value of a kind that crosses has something about it that cannot: it stays an object."""


class Closed(WireError):
    """The other side is gone."""


class Late(Exception):
    """Time was up before a frame was complete."""


@dataclass(frozen=True)
class Caps:
    """What the reader takes.

    message: bytes of a frame; items: values in it; hashed: those that are keys of a dict or members
    of a set; depth: of nesting.
    """

    message: int = 32 << 20
    items: int = 1_000_000
    hashed: int = 100_000
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
    there is nothing. depth: how deeply values may be nested; items, hashed: see `Caps`.
    """

    __slots__ = ("caps", "depth", "hashed", "items", "refer")

    def __init__(
        self, refer: Callable[[Any], Any] | None = None, caps: Caps | None = None, depth: int = 60
    ) -> None:
        self.refer, self.caps, self.depth = refer, caps or Caps(), depth
        self.items, self.hashed = self.caps.items, self.caps.hashed

    def open(self, items: int, hashed: int = 0) -> None:
        """A container of so many values begins, so many of them keys or members. Raises WireError.

        What is left has to be less by one level until it ends.
        """
        if self.depth == 0:
            raise WireError("a value is nested too deeply to cross")
        self.depth -= 1
        self.items -= items
        if self.items < 0:
            raise WireError(f"more than {self.caps.items} values at once (c.Judge.items)")
        self.hashed -= hashed
        if self.hashed < 0:
            most = self.caps.hashed
            raise WireError(f"more than {most} keys and members at once (c.Judge.hashed_items)")


class Reader:
    """Where reading has come to. A reader of a type skips the tag and moves `place` on."""

    __slots__ = ("data", "depth", "hashed", "items", "place", "resolve")

    def __init__(self, data: bytes, caps: Caps, resolve: Callable[[Ref], Any] | None) -> None:
        self.data, self.place, self.resolve = data, 0, resolve
        self.items, self.hashed, self.depth = caps.items, caps.hashed, caps.depth

    def take(self, size: int) -> bytes:
        start = self.place
        end = self.place = start + size
        if end > len(self.data):
            raise WireError("a value ends before its time")
        return self.data[start:end]

    def sized(self) -> bytes:
        """What follows the tag: four bytes of size, and so many bytes."""
        size = SIZE.unpack_from(self.data, self.place + 1)[0]
        self.place += 5
        return self.take(size)


SIZE, FLOAT, COMPLEX, REF = (struct.Struct(form) for form in ("<I", "<d", "<dd", "<?QI"))

NUMERIC = tuple("?bBhHiIlLqQefdgFDG")  # numpy's letters for its types
DTYPES = [
    name
    for code in NUMERIC
    for name in dict.fromkeys((np.dtype(code).str, np.dtype(code).newbyteorder(">").str))
]
_UNIQUE = list(dict.fromkeys(DTYPES))
BY_NUMBER = [np.dtype(name) for name in _UNIQUE]
DTYPE_NUMBERS = {dtype: number for number, dtype in enumerate(BY_NUMBER)} | {
    np.dtype(code): _UNIQUE.index(np.dtype(code).str) for code in NUMERIC
}

_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
TYPES: list[type] = list(
    dict.fromkeys(
        [int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, type(None)]
        + [object, type, slice, range, np.ndarray, np.generic, np.number, np.integer, np.floating]
        + [np.dtype(code).type for code in NUMERIC]
        + list(_EXCEPTIONS.values())
    )
)
TYPE_NUMBERS = {kind: number for number, kind in enumerate(TYPES)}


MOCKED = {
    "random": (
        "choice",
        "choices",
        "randint",
        "random",
        "randrange",
        "sample",
        "shuffle",
        "uniform",
    ),
    "time": ("perf_counter", "sleep", "time"),
}
"""Functions that student code calls, and a check may replace."""

OF_A_CLASS = 1 << 31
"""In the kind of a reference: not an object of that kind, but the class of its objects."""


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


def is_of_python(error: BaseException) -> bool:
    """Whether an exception is of a built-in class itself."""
    kind = type(error)
    return _EXCEPTIONS.get(kind.__name__) is kind


def warning_of(name: str) -> type[Warning]:
    """The kind of warnings by that name."""
    kind = _EXCEPTIONS.get(name, UserWarning)
    return kind if issubclass(kind, Warning) else UserWarning


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


Put = Callable[[bytearray, Any, Writer], None]
Get = Callable[[Reader], Any]

WRITERS: dict[type, Put] = {}
"""What writes each type; filled by the modules that have the rows."""


BY_SORT: list[Callable[[Any], Put | None]] = []
"""What finds a writer for a value whose type is not in that table; filled as it is."""


OF_NO_ROW: set[type] = set()
"""Types of which that has found that there is none."""


def put(out: bytearray, value: Any, to: Writer) -> None:
    """Add `value` to `out`. Raises WireError where it cannot cross; `out` then ends anywhere."""
    WRITERS.get(type(value), put_other)(out, value, to)


def put_other(out: bytearray, value: Any, to: Writer) -> None:
    """What is not in the table: by what is found for it, or as the reference or the plain data that
    `refer` gives for it."""
    if type(value) not in OF_NO_ROW:
        for find in BY_SORT:
            known = find(value)
            if known is not None:
                known(out, value, to)
                return
    if to.refer is None:
        raise WireError(f"{type(value).__name__} cannot cross")
    found = to.refer(value)
    put = WRITERS.get(type(found))
    if put is None or found is value:
        raise WireError(f"{type(value).__name__} cannot cross")
    put(out, found, to)


def get(source: Reader) -> Any:
    return READERS[source.data[source.place]](source)


def no_such(source: Reader) -> Any:
    raise WireError("a value of a type that does not exist")


def parts(source: Reader, size: int) -> list[Any]:
    source.depth -= 1
    if source.depth < 0:
        raise WireError("a value is nested too deeply")
    data, readers = source.data, READERS
    found = [readers[data[source.place]](source) for _ in range(size)]
    source.depth += 1
    return found


READERS: list[Get] = [no_such] * 256
"""What reads what follows each tag, a byte."""
