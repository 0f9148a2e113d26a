"""What each kind of the student's objects can do here: special methods, and what it claims to be.

A generator of the student's is one for `isinstance`, and a figure of a library a figure. That is
said of what cannot be plain data alone: nothing that claims to be a number or a table is one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import numbers
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np

from chainrule.grading.remote import wire_types
from chainrule.grading.remote.crossings.table import crosses
from chainrule.grading.remote.introspect import SPECIALS
from chainrule.grading.remote.proxy import Kind, Proxy, ask, remote_of
from chainrule.grading.remote.raised import behind, of_a_library, raised_class

__all__ = ["packed", "proxy_class"]


def _call(self: Proxy, /, *args: Any, **kwargs: Any) -> Any:
    remote = remote_of(self)
    answer = remote.owner.call(self, args, kwargs)
    if remote.made == "class" and isinstance(answer, Proxy):
        remote_of(answer).made = "by a check"
    return answer


def _iterate(self: Proxy) -> Generator[Any, None, Any]:
    _refuse_derived(self, "__iter__")
    iterator = ask(self, "operate", "__iter__", self)
    if not isinstance(iterator, Proxy):
        raise TypeError("an iterator was expected of student code")
    while True:
        found = ask(iterator, "next", iterator)
        if _pair_value(found) is _NOTHING:
            return found[1] if type(found) is tuple and len(found) == 2 else None
        yield found[1]


def _following(self: Proxy) -> Any:
    return _step(ask(self, "next", self))


def _step(answer: Any) -> Any:
    """The next item of an iterator. Raises StopIteration, with what it returned in the end."""
    if type(answer) is not tuple or len(answer) != 2:
        raise TypeError("an item was expected of student code")
    if answer[0] is True:
        return answer[1]
    raise StopIteration(answer[1])


def _enter(self: Proxy) -> Any:
    return ask(self, "operate", "__enter__", self)


def _exit(self: Proxy, _: Any, error: BaseException | None, __: Any) -> bool:
    return ask(self, "leave", self, None if error is None else packed(error)) is True


def _await(self: Proxy) -> Iterator[Any]:
    return ask(self, "await", self)
    yield  # which makes this a generator, as `await` wants it


def packed(error: BaseException) -> Any:
    """An exception for student code: one of the student's own as it is, else what it says."""
    return error if behind(error) is not None else wire_types.pack_exception(error)


_NOTHING = object()


def _pair_value(answer: Any) -> Any:
    """The value of (True, value), or _NOTHING."""
    if type(answer) is tuple and len(answer) == 2 and answer[0] is True:
        return answer[1]
    return _NOTHING


def _pair(answer: Any) -> Any:
    value = _pair_value(answer)
    return NotImplemented if value is _NOTHING else value


def _refuse_derived(proxy: Proxy, name: str) -> None:
    if remote_of(proxy).derived:
        raise TypeError(f"an object of the student's was used as plain data ({name})")


_RESULTS: dict[str, type | tuple[type, ...]] = {
    "__len__": int, "__bool__": bool, "__contains__": bool, "__float__": float, "__int__": int,
    "__complex__": complex, "__index__": int, "__bytes__": bytes,
}  # fmt: skip


def _conversion(name: str) -> Callable[..., Any]:
    """len(), float(), indexing: what comes out is what the student's code says, before it could
    have seen what the check compares it with."""

    def method(self: Proxy, *args: Any) -> Any:
        _refuse_derived(self, name)
        answer = ask(self, "operate", name, self, *args)
        if name in _RESULTS and not isinstance(answer, _RESULTS[name]):
            raise TypeError(f"{name} of student code returned {type(answer).__name__}")
        return answer

    return method


def _operator(name: str) -> Callable[..., Any]:
    def method(self: Proxy, *others: Any) -> Any:
        plain = not all(isinstance(other, Proxy) for other in others)
        plain = plain and remote_of(self).made != "by a check"
        answer = _pair(ask(self, "operate", name, self, *others))
        shown = [one for one in (self, *others) if isinstance(one, Proxy)]
        derived = plain or any(remote_of(one).derived for one in shown)
        if derived and answer is not NotImplemented:
            if not isinstance(answer, Proxy):
                raise TypeError(
                    f"{name} of the student's class returned {type(answer).__name__}, "
                    "where an object of the class was expected"
                )
            remote_of(answer).derived = True
        return answer

    return method


def _order(name: str) -> Callable[..., Any]:
    def method(self: Proxy, other: Any) -> Any:
        if not isinstance(other, Proxy):
            return NotImplemented
        return _pair(ask(self, "operate", name, self, other))

    return method


def _methods() -> dict[str, Callable[..., Any]]:
    own = {
        "__call__": _call, "__iter__": _iterate, "__next__": _following, "__enter__": _enter,
        "__exit__": _exit, "__await__": _await,
    }  # fmt: skip
    conversions = {
        *_RESULTS, "__getitem__", "__setitem__", "__delitem__", "__round__", "__trunc__",
        "__floor__", "__ceil__", "__reversed__",
    }  # fmt: skip
    found: dict[str, Callable[..., Any]] = {}
    for name in SPECIALS:
        if name in own:
            found[name] = own[name]
        elif name in conversions:
            found[name] = _conversion(name)
        elif name in ("__lt__", "__le__", "__gt__", "__ge__"):
            found[name] = _order(name)
        elif name not in ("__eq__", "__hash__"):  # they have rules of their own, in Proxy
            found[name] = _operator(name)
    return found


_METHODS = _methods()


# What they claim to be ----------------------------------------------------------------------------

# Methods that are looked up on the class of a generator or a coroutine, by C code too.
_STEPPED: dict[str, Any] = {
    "send": lambda self, value: _step(ask(self, "send", self, value)),
    "throw": lambda self, error: _step(ask(self, "throw", self, packed(error))),
}
_MOST_FIELDS = 1000
_OF_PYTHON: dict[str, type] = {
    "function": types.FunctionType, "method": types.MethodType, "type": type,
    "builtin_function_or_method": types.BuiltinFunctionType, "code": types.CodeType,
    "generator": types.GeneratorType, "coroutine": types.CoroutineType,
    "async_generator": types.AsyncGeneratorType, "module": types.ModuleType,
}  # fmt: skip
_DATA = (
    int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, type,
    BaseException, np.ndarray, np.generic, numbers.Number,
)  # fmt: skip


def _claimed(said: Any) -> type | None:
    """The class of a library, imported here too, that the jail says an object is of."""
    if type(said) is str and said.startswith("builtins:"):
        return _OF_PYTHON.get(said.removeprefix("builtins:"))
    found = of_a_library(said)
    if not isinstance(found, type) or issubclass(found, _DATA) or crosses(found):
        return None
    return found


def _fields_of(names: tuple[Any, ...]) -> Any:
    """What makes a class one that `dataclasses.asdict` knows. Raises TypeError."""
    made: Any = dataclasses.make_dataclass("Fields", names[:_MOST_FIELDS])
    return made.__dataclass_fields__


def proxy_class(said: Any) -> Kind:
    """From what the jail says of a kind. What is not known is left out."""
    name, specials, methods, claim, bases, fields = ("", (), (), "", (), ())
    if type(said) is tuple and len(said) == 6:
        name, specials, methods, claim, bases, fields = said
    name = name if isinstance(name, str) and name.isidentifier() else "object"
    known = frozenset(one for one in SPECIALS if type(specials) is tuple and one in specials)
    own: dict[str, Any] = {"__slots__": (), "__doc__": Proxy.__dict__["__doc__"]}
    own |= {one: _METHODS[one] for one in known if one in _METHODS}
    claimed = _claimed(claim)
    if claimed is not None:
        own["__class__"] = property(lambda self: claimed)
    if claimed in (types.GeneratorType, types.CoroutineType):
        own |= _STEPPED
    if type(fields) is tuple and fields:
        with contextlib.suppress(TypeError):  # some are no names
            own["__dataclass_fields__"] = _fields_of(fields)
    names: tuple[Any, ...] = methods if type(methods) is tuple else ()
    callable_ = frozenset(one for one in names if isinstance(one, str))
    raised = raised_class(name, bases) if bases else None
    return Kind(type(name, (Proxy,), own), known, callable_, raised)
