"""Exact numbers, dates, times, paths; and numbers and text of a class that only gives a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.grading.remote.crossings.row import Crossing, exactly, of, typed
from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["ROWS"]

_MOST_DIGITS = 10_000  # of a Decimal or a Fraction: what is larger makes an endless sum


def _decimal_apart(value: Any) -> str:
    text = str(value)
    if value.is_finite() and (len(text) > _MOST_DIGITS or abs(value.adjusted()) > _MOST_DIGITS):
        raise CannotCross("a Decimal of too many digits")
    return text


def _decimal_made(said: Any) -> Any:
    if len(typed(said, str)) > _MOST_DIGITS:
        raise CannotCross("a Decimal of too many digits")
    value = of("decimal", "Decimal")(said)
    _decimal_apart(value)
    return value


def _fraction_apart(value: Any) -> tuple[int, int]:
    both = typed(value.numerator, int), typed(value.denominator, int)
    if max(part.bit_length() for part in both) > 3 * _MOST_DIGITS:
        raise CannotCross("a Fraction of too many digits")
    return both


def _fraction_made(said: Any) -> Any:
    top, bottom = (typed(part, int) for part in exactly(2, said))
    if max(top.bit_length(), bottom.bit_length()) > 3 * _MOST_DIGITS:
        raise CannotCross("a Fraction of too many digits")
    return of("fractions", "Fraction")(top, bottom)


# Dates and times ----------------------------------------------------------------------------------


def _fields(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(getattr(value, name) for name in names)


def _dated(name: str) -> Callable[[Any], Any]:
    return lambda said: of("datetime", name)(*(typed(part, int) for part in exactly(3, said)))


_DAY, _CLOCK = ("year", "month", "day"), ("hour", "minute", "second", "microsecond")


def _clock_apart(*names: str) -> Callable[[Any], Any]:
    def apart(value: Any) -> Any:
        zone = value.tzinfo
        if zone is not None and type(zone) is not of("datetime", "timezone"):
            raise CannotCross("a time of a place on earth")
        return _fields(*names)(value), zone, value.fold

    return apart


def _clock_made(name: str, count: int) -> Callable[[Any], Any]:
    def made(said: Any) -> Any:
        numbers, zone, fold = exactly(3, said)
        if zone is not None:
            typed(zone, of("datetime", "timezone"))
        whole = [typed(part, int) for part in exactly(count, numbers)]
        return of("datetime", name)(*whole, zone, fold=fold)

    return made


def _zone_made(said: Any) -> Any:
    return of("datetime", "timezone")(typed(said, of("datetime", "timedelta")))


# Paths --------------------------------------------------------------------------------------------


def _path_made(said: Any) -> Any:
    """One that leads out of the folder of the notebook is a name alone: nothing can be opened,
    written or deleted by it."""
    text, is_a_file = exactly(2, said)
    pure = of("pathlib", "PurePosixPath")(typed(text, str))
    if len(text) > 4096 or "\0" in text:
        raise CannotCross("no path")
    inside = not pure.is_absolute() and ".." not in pure.parts
    return of("pathlib", "Path")(pure) if inside and is_a_file is True else pure


# Named built-ins ----------------------------------------------------------------------------------

# `class Metres(float): pass`: its class is made anew on the other side, as that of a namedtuple is.
_SCALARS: dict[type, Callable[[Any], Any]] = {
    str: str.__str__, float: float.__float__, int: int.__int__, bytes: bytes.__bytes__
}  # fmt: skip
_SAYS_NOTHING = {"__module__", "__doc__", "__dict__", "__weakref__", "__slots__", "__qualname__",
    "__firstlineno__", "__static_attributes__"}  # fmt: skip
_CLASSES: dict[Any, type] = {}
_MOST_CLASSES, _LONGEST_NAME = 500, 200


def _is_class(kind: Any) -> bool:
    """Whether a class adds nothing to a number or to text but its name."""
    if type(kind) is not type or len(kind.__mro__) != 3 or kind.__mro__[1] not in _SCALARS:
        return False
    return not set(vars(kind)) - _SAYS_NOTHING


def _class_apart(kind: type) -> Any:
    key = kind.__name__, kind.__mro__[1]
    _keep(key, kind)  # what comes back is of the class that went out
    return key


def _keep(key: Any, kind: type) -> type:
    if key not in _CLASSES and len(_CLASSES) >= _MOST_CLASSES:
        raise CannotCross("too many kinds of numbers and text")
    _CLASSES[key] = kind
    return kind


def _class_made(said: Any) -> type:
    name, base = exactly(2, said)
    if base not in _SCALARS or not typed(name, str).isidentifier() or len(name) > _LONGEST_NAME:
        raise CannotCross("no class of numbers or text")
    known = _CLASSES.get((name, base))
    return known or _keep((name, base), type(name, (base,), {}))


def _named_apart(value: Any) -> Any:
    if getattr(value, "__dict__", None):
        raise CannotCross("a number or text that has attributes")
    return _class_apart(type(value)), _SCALARS[type(value).__mro__[1]](value)


def _named_made(said: Any) -> Any:
    described, plain = exactly(2, said)
    kind = _class_made(described)
    base = kind.__mro__[1]
    return base.__new__(kind, typed(plain, base))


ROWS = (
    Crossing("a Decimal", ("decimal:Decimal",), _decimal_apart, _decimal_made),
    Crossing("a Fraction", ("fractions:Fraction",), _fraction_apart, _fraction_made),
    Crossing("a date", ("datetime:date",), _fields(*_DAY), _dated("date")),
    Crossing(
        "a datetime", ("datetime:datetime",), _clock_apart(*_DAY, *_CLOCK),
        _clock_made("datetime", 7),
    ),
    Crossing("a time of day", ("datetime:time",), _clock_apart(*_CLOCK), _clock_made("time", 4)),
    Crossing(
        "a timedelta", ("datetime:timedelta",), _fields("days", "seconds", "microseconds"),
        _dated("timedelta"),
    ),
    Crossing("a timezone", ("datetime:timezone",), lambda v: v.utcoffset(None), _zone_made),
    Crossing(
        "a Path", ("pathlib:PosixPath", "pathlib:PurePosixPath"),
        lambda v: (str(v), type(v).__name__ == "PosixPath"), _path_made,
    ),
    Crossing("a number or text with a class of its own", (), _named_apart, _named_made,
             lambda v: _is_class(type(v))),
    Crossing("the class of such numbers or text", (), _class_apart, _class_made, _is_class),
)  # fmt: skip
