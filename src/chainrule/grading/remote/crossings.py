"""What crosses as the value it is, beyond plain Python and NumPy's numbers: a row each.

A row takes a value apart into plain data and, on the other side, makes it anew from that. Nothing
is ever unpickled and nothing of a student's class is made here: what is read is plain data first,
and a row takes only what a value of its kind can consist of.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import namedtuple
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chainrule.grading.remote import pandas_types
from chainrule.grading.remote.wire_types import (
    BY_SORT,
    READERS,
    TYPE_NUMBERS,
    WRITERS,
    Put,
    Reader,
    Unfit,
    WireError,
    Writer,
    parts,
    put,
)

__all__ = ["CROSSINGS", "Crossing"]


class Crossing(NamedTuple):
    """A kind of values that cross.

    name: in words. kinds: its types, "module:name" each. apart: plain data that says it all; raises
    Unfit where this one has something that cannot. made: the value from that data; whatever it
    raises means that it is no such data. fits: whether a value whose type is none of `kinds` is one.
    """

    name: str
    kinds: tuple[str, ...]
    apart: Callable[[Any], Any]
    made: Callable[[Any], Any]
    fits: Callable[[Any], bool] | None = None


def _of(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _typed(value: Any, kind: type) -> Any:
    """The value, which has to be of that very type. Raises Unfit."""
    if type(value) is not kind:
        raise Unfit(f"{kind.__name__} was expected")
    return value


# Containers ---------------------------------------------------------------------------------------


def _like_a_dict(name: str) -> Callable[[Any], Any]:
    return lambda said: _of("collections", name)(_typed(said, dict))


def _pairs(value: dict[Any, Any]) -> dict[Any, Any]:
    """As a plain dict, whatever its class makes of looking at it."""
    return dict(dict.items(value))


def _default_apart(value: Any) -> Any:
    return value.default_factory, _pairs(value)


def _default_made(said: Any) -> Any:
    factory, pairs = said
    return _of("collections", "defaultdict")(factory, _typed(pairs, dict))


def _deque_made(said: Any) -> Any:
    items, most = said
    return _of("collections", "deque")(_typed(items, list), most)


# The class of a namedtuple is made anew on the other side, and there the same one serves for all.
_TUPLES: dict[Any, type] = {}
_MOST_TUPLES = 100
_OF_A_TUPLE = set(vars(namedtuple("_Nothing", ()))) | {"__orig_bases__", "__annotations__",
    "__annotate__", "__annotate_func__", "__annotations_cache__", "__firstlineno__",
    "__static_attributes__"}  # fmt: skip


def _is_namedtuple(kind: Any) -> bool:
    """Whether a class is what `namedtuple` makes, without a method or a field more."""
    if not isinstance(kind, type) or kind.__mro__[1:] != (tuple, object):
        return False
    fields = vars(kind).get("_fields")
    return isinstance(fields, tuple) and set(vars(kind)) - _OF_A_TUPLE <= set(fields)


def _tuple_class(said: Any) -> type:
    name, fields = _typed(said, tuple)
    key = _typed(name, str), tuple(_typed(one, str) for one in fields)
    if key not in _TUPLES:
        if len(_TUPLES) >= _MOST_TUPLES or len(fields) > 1000:
            raise Unfit("too many kinds of namedtuple")
        _TUPLES[key] = namedtuple(*key)  # type: ignore[misc]
    return _TUPLES[key]


def _tuple_class_apart(kind: type[Any]) -> Any:
    key = kind.__name__, kind._fields
    if len(_TUPLES) < _MOST_TUPLES or key in _TUPLES:
        _TUPLES[key] = kind  # what comes back is of the class that went out
    return key


def _tuple_made(said: Any) -> Any:
    kind, items = said
    return _tuple_class(kind)(*_typed(items, list))


# Numbers and dates --------------------------------------------------------------------------------

_MOST_DIGITS = 10_000  # of a Decimal or a Fraction: what is larger makes an endless sum


def _decimal_apart(value: Any) -> str:
    text = str(value)
    if value.is_finite() and (len(text) > _MOST_DIGITS or abs(value.adjusted()) > _MOST_DIGITS):
        raise Unfit("a Decimal of too many digits")
    return text


def _decimal_made(said: Any) -> Any:
    if len(_typed(said, str)) > _MOST_DIGITS:
        raise Unfit("a Decimal of too many digits")
    value = _of("decimal", "Decimal")(said)
    _decimal_apart(value)
    return value


def _fraction_apart(value: Any) -> tuple[int, int]:
    both = _typed(value.numerator, int), _typed(value.denominator, int)
    if max(part.bit_length() for part in both) > 3 * _MOST_DIGITS:
        raise Unfit("a Fraction of too many digits")
    return both


def _fraction_made(said: Any) -> Any:
    top, bottom = (_typed(part, int) for part in said)
    if max(top.bit_length(), bottom.bit_length()) > 3 * _MOST_DIGITS:
        raise Unfit("a Fraction of too many digits")
    return _of("fractions", "Fraction")(top, bottom)


def _fields(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(getattr(value, name) for name in names)


def _dated(name: str) -> Callable[[Any], Any]:
    return lambda said: _of("datetime", name)(*(_typed(part, int) for part in said))


_DAY, _CLOCK = ("year", "month", "day"), ("hour", "minute", "second", "microsecond")


def _clock_apart(*names: str) -> Callable[[Any], Any]:
    def apart(value: Any) -> Any:
        zone = value.tzinfo
        if zone is not None and type(zone) is not _of("datetime", "timezone"):
            raise Unfit("a time of a place on earth")
        return _fields(*names)(value), zone, value.fold

    return apart


def _clock_made(name: str) -> Callable[[Any], Any]:
    def made(said: Any) -> Any:
        numbers, zone, fold = said
        if zone is not None:
            _typed(zone, _of("datetime", "timezone"))
        numbers = (_typed(part, int) for part in numbers)
        return _of("datetime", name)(*numbers, zone, fold=fold)

    return made


# Paths --------------------------------------------------------------------------------------------


def _path_made(said: Any) -> Any:
    """One that leads out of the folder of the notebook is a name alone: nothing can be opened,
    written or deleted by it."""
    text, is_a_file = said
    pure = _of("pathlib", "PurePosixPath")(_typed(text, str))
    if len(text) > 4096 or "\0" in text:
        raise Unfit("no path")
    inside = not pure.is_absolute() and ".." not in pure.parts
    return _of("pathlib", "Path")(pure) if inside and is_a_file is True else pure


# Arrays of something else than numbers ------------------------------------------------------------

_UNIT = r"\[\d{0,6}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic)\]"
_ELEMENT = re.compile(rf"[<>|](?:[US]\d{{1,7}}|[mM]8(?:{_UNIT})?|[biufc]\d{{1,2}})")
_MOST_AXES = 32


def _described(dtype: np.dtype) -> Any:
    """A type of elements in plain data. Raises Unfit."""
    if dtype.names is not None:
        found = [(name, _described(dtype[name])) for name in dtype.names]
        if _dtype(found) != dtype or not all(type(one) is str for _, one in found):
            raise Unfit("records with holes in them, or of records")
        return found
    if dtype.kind not in "biufcUSmM":
        raise Unfit(f"elements of {dtype}")
    return dtype.str


def _dtype(said: Any) -> np.dtype:
    if type(said) is list and len(said) <= 1000:
        return np.dtype([(_typed(name, str), _dtype(_typed(one, str))) for name, one in said])
    if not _ELEMENT.fullmatch(_typed(said, str)):
        raise Unfit("a type that does not exist")
    return np.dtype(said)


def _array_apart(value: np.ndarray) -> Any:
    return _described(value.dtype), value.shape, value.tobytes()


def _array_made(said: Any) -> Any:
    described, shape, raw = said
    dtype, size = _dtype(described), _size(shape)
    if len(_typed(raw, bytes)) != size * dtype.itemsize:
        raise Unfit("an array of another size than its shape says")
    return np.ndarray(shape, dtype, bytearray(raw))


def _size(shape: Any) -> int:
    axes = [_typed(axis, int) for axis in _typed(shape, tuple)]
    if len(axes) > _MOST_AXES or any(axis < 0 for axis in axes):
        raise Unfit("a shape that does not exist")
    return prod(axes)


def _objects_apart(value: np.ndarray) -> Any:
    return value.shape, list(value.flat)


def _objects_made(said: Any) -> Any:
    shape, items = said
    if len(_typed(items, list)) != _size(shape):
        raise Unfit("an array of another size than its shape says")
    flat = np.empty(len(items), object)
    for place, item in enumerate(items):  # a list of lists would become more axes
        flat[place] = item
    return flat.reshape(shape)


def _elements_are(kinds: str) -> Callable[[Any], bool]:
    return lambda value: type(value) is np.ndarray and value.dtype.kind in kinds


# What students derive from a built-in -------------------------------------------------------------

_SCALARS = (str, float, int, bytes)
_SAYS_NOTHING = {"__module__", "__doc__", "__dict__", "__weakref__", "__slots__", "__qualname__",
    "__firstlineno__", "__static_attributes__"}  # fmt: skip


def _is_only_named(value: Any) -> bool:
    """Whether a value is a number or a text of a class that adds nothing to it but its name."""
    line = type(value).__mro__
    if len(line) < 3 or not isinstance(value, _SCALARS):
        return False
    own = [kind for kind in line[:-1] if kind not in _SCALARS]
    return not any(set(vars(kind)) - _SAYS_NOTHING for kind in own) and not vars(value)


def _base(value: Any) -> Any:
    base = next(kind for kind in type(value).__mro__ if kind in _SCALARS)
    return base.__str__(value) if base is str else base(value)


def _scalar(said: Any) -> Any:
    if type(said) not in _SCALARS:
        raise Unfit("no number and no text")
    return said


CROSSINGS: tuple[Crossing, ...] = (
    Crossing("Counter", ("collections:Counter",), _pairs, _like_a_dict("Counter")),
    Crossing("OrderedDict", ("collections:OrderedDict",), _pairs, _like_a_dict("OrderedDict")),
    Crossing("defaultdict", ("collections:defaultdict",), _default_apart, _default_made),
    Crossing("deque", ("collections:deque",), lambda v: (list(v), v.maxlen), _deque_made),
    Crossing("bytearray", ("builtins:bytearray",), bytes, lambda v: bytearray(_typed(v, bytes))),
    Crossing(
        "a namedtuple", (), lambda v: (_tuple_class_apart(type(v)), list(v)), _tuple_made,
        lambda v: _is_namedtuple(type(v)),
    ),
    Crossing("the class of a namedtuple", (), _tuple_class_apart, _tuple_class, _is_namedtuple),
    Crossing("Decimal", ("decimal:Decimal",), _decimal_apart, _decimal_made),
    Crossing("Fraction", ("fractions:Fraction",), _fraction_apart, _fraction_made),
    Crossing("date", ("datetime:date",), _fields(*_DAY), _dated("date")),
    Crossing(
        "datetime", ("datetime:datetime",), _clock_apart(*_DAY, *_CLOCK), _clock_made("datetime")
    ),
    Crossing("time of day", ("datetime:time",), _clock_apart(*_CLOCK), _clock_made("time")),
    Crossing(
        "timedelta", ("datetime:timedelta",), _fields("days", "seconds", "microseconds"),
        _dated("timedelta"),
    ),
    Crossing(
        "timezone", ("datetime:timezone",), lambda v: v.utcoffset(None),
        lambda said: _of("datetime", "timezone")(said),
    ),
    Crossing(
        "Path", ("pathlib:PosixPath", "pathlib:PurePosixPath"),
        lambda v: (str(v), type(v).__name__ == "PosixPath"), _path_made,
    ),
    Crossing("an array of text, dates or records", (), _array_apart, _array_made,
             _elements_are("USmMV")),
    Crossing(
        "a date of numpy, or a record", ("numpy:datetime64", "numpy:timedelta64", "numpy:void"),
        lambda v: _array_apart(np.asarray(v)), lambda said: _array_made(said)[()],
    ),
    Crossing("an array of objects", (), _objects_apart, _objects_made, _elements_are("O")),
    Crossing("a number or text of a class of its own", (), _base, _scalar, _is_only_named),
    *(Crossing(*row) for row in pandas_types.ROWS),
)  # fmt: skip


# At work ------------------------------------------------------------------------------------------

_TAG = b"x"


def _writer(number: int) -> Put:
    row = CROSSINGS[number]

    def put_row(out: bytearray, value: Any, to: Writer) -> None:
        said = row.apart(value)
        if to.depth == 0:
            raise WireError("a value is nested too deeply to cross")
        to.depth -= 1
        out += _TAG + bytes((number,))
        put(out, said, to)
        to.depth += 1

    return put_row


_PUTS = [_writer(number) for number in range(len(CROSSINGS))]
_LATER: dict[str, list[tuple[str, int]]] = {}  # by a module that may be imported one day
for _number, _row in enumerate(CROSSINGS):
    for _kind in _row.kinds:
        _module, _name = _kind.split(":")
        _LATER.setdefault(_module, []).append((_name, _number))


def _find(value: Any) -> Put | None:
    """What writes a value whose type is not in the table of writers yet."""
    for module in [module for module in _LATER if module in sys.modules]:
        for name, number in _LATER.pop(module):
            kind = getattr(sys.modules[module], name, None)
            if isinstance(kind, type):
                WRITERS.setdefault(kind, _PUTS[number])
    known = WRITERS.get(type(value))
    if known is not None and known in _PUTS:
        return known
    for number, row in enumerate(CROSSINGS):
        if row.fits is not None and row.fits(value):
            return _PUTS[number]
    return None


_NO_SUCH = (ValueError, TypeError, LookupError, AttributeError, ImportError, ArithmeticError)


def _get_row(source: Reader) -> Any:
    number = source.take(2)[1]
    if number >= len(CROSSINGS):
        raise WireError("a value of a kind that does not exist")
    said = parts(source, 1)[0]
    try:
        return CROSSINGS[number].made(said)
    except _NO_SUCH as error:
        raise WireError(f"what should be {CROSSINGS[number].name} is none: {error}") from None


BY_SORT.append(_find)
READERS[_TAG[0]] = _get_row
