"""Containers of the standard library, and what `namedtuple` makes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from chainrule.grading.remote.crossings.row import Crossing, exactly, of, typed
from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["ROWS"]

# As in `codec`: keys that all have one hash are put in bit by bit, so that a clock can interrupt.
_AT_A_TIME = 500


def _filled(empty: Any, update: Callable[[Any, Any], None], pairs: dict[Any, Any]) -> Any:
    items = list(typed(pairs, dict).items())
    for start in range(0, len(items), _AT_A_TIME):
        update(empty, items[start : start + _AT_A_TIME])
    return empty


def _counter(said: Any) -> Any:
    return _filled(of("collections", "Counter")(), dict.update, said)


def _ordered(said: Any) -> Any:
    kind = of("collections", "OrderedDict")
    return _filled(kind(), kind.update, said)


def _pairs(value: dict[Any, Any]) -> dict[Any, Any]:
    """As a plain dict, whatever its class makes of looking at it."""
    return dict(dict.items(value))


def _ordered_pairs(value: Any) -> dict[Any, Any]:
    return dict(of("collections", "OrderedDict").items(value))  # that order is not the dict's own


def _default_apart(value: Any) -> Any:
    return value.default_factory, _pairs(value)


def _default_made(said: Any) -> Any:
    factory, pairs = exactly(2, said)
    return _filled(of("collections", "defaultdict")(factory), dict.update, pairs)


def _deque_made(said: Any) -> Any:
    items, most = exactly(2, said)
    return of("collections", "deque")(typed(items, list), most)


def _become(value: Any, other: Any) -> None:
    value.clear()
    value.extend(other)


def _become_pairs(value: Any, other: Any) -> None:
    value.clear()
    value.update(other)


# What namedtuple makes ----------------------------------------------------------------------------

# Its class is made anew on the other side, and there the same one serves for all values of it.
_CLASSES: dict[Any, type] = {}
_MOST_CLASSES, _MOST_FIELDS = 500, 1000
_OWN = set(vars(namedtuple("_Nothing", ()))) | {"__orig_bases__", "__annotations__",
    "__annotate__", "__annotate_func__", "__annotations_cache__", "__firstlineno__",
    "__static_attributes__"}  # fmt: skip
_DEFAULTS = (type(None), bool, int, float, str, bytes)


def _is_class(kind: Any) -> bool:
    """Whether a class is what `namedtuple` makes, without a method or a field more."""
    if not issubclass(type(kind), type) or kind.__mro__[1:] != (tuple, object):
        return False
    fields = vars(kind).get("_fields")
    return isinstance(fields, tuple) and set(vars(kind)) - _OWN <= set(fields)


def _class_apart(kind: type[Any]) -> Any:
    key = kind.__name__, kind._fields, tuple(kind._field_defaults.values())
    _keep(_key(key), kind)  # what comes back is of the class that went out
    return key


def _key(said: Any) -> Any:
    name, fields, defaults = exactly(3, said)
    if len(typed(fields, tuple)) > _MOST_FIELDS or len(typed(defaults, tuple)) > len(fields):
        raise CannotCross("a namedtuple of too many fields")
    if not all(type(one) in _DEFAULTS for one in defaults):
        raise CannotCross("a namedtuple with a field that is something special by default")
    fields = tuple(typed(one, str) for one in fields)
    return typed(name, str), fields, tuple((type(one).__name__, repr(one)) for one in defaults)


def _keep(key: Any, kind: type) -> type:
    if key not in _CLASSES and len(_CLASSES) >= _MOST_CLASSES:
        raise CannotCross("too many kinds of namedtuple")
    _CLASSES[key] = kind
    return kind


def _class_made(said: Any) -> type:
    key = _key(said)
    known = _CLASSES.get(key)
    return known or _keep(key, namedtuple(*key[:2], defaults=said[2]))


def _tuple_made(said: Any) -> Any:
    kind, items = exactly(2, said)
    fields = _class_made(kind)
    if len(typed(items, tuple)) != len(fields._fields):  # type: ignore[attr-defined]
        raise CannotCross("a namedtuple of another length than its class says")
    return tuple.__new__(fields, items)


ROWS = (
    Crossing("a Counter", ("collections:Counter",), _pairs, _counter, become=_become_pairs),
    Crossing(
        "an OrderedDict", ("collections:OrderedDict",), _ordered_pairs, _ordered,
        become=_become_pairs,
    ),
    Crossing(
        "a defaultdict", ("collections:defaultdict",), _default_apart, _default_made,
        become=_become_pairs,
    ),
    Crossing(
        "a deque", ("collections:deque",), lambda v: (list(v), v.maxlen), _deque_made,
        become=_become,
    ),
    Crossing(
        "a bytearray", ("builtins:bytearray",), bytes, lambda v: bytearray(typed(v, bytes)),
        become=_become,
    ),
    Crossing(
        "a namedtuple", (), lambda v: (_class_apart(type(v)), tuple(tuple.__iter__(v))),
        _tuple_made, lambda v: _is_class(type(v)),
    ),
    Crossing("the class of a namedtuple", (), _class_apart, _class_made, _is_class),
)  # fmt: skip
