"""What a server has to tell of student code: methods, a signature, what an operator gives."""

from __future__ import annotations

import asyncio
import copy
import dis
import inspect
import math
import types
from collections.abc import Callable, Iterator
from typing import Any

from chainrule.grading.remote import codec, wire_types

__all__ = ["SPECIALS", "origin", "plain_methods", "specials"]


_CONVERSIONS = (
    "call len iter next getitem setitem delitem contains bool float int complex index hash bytes "
    "round trunc floor ceil reversed enter exit await"
)
_UNARY = "neg pos abs invert"
_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"
_ORDER = "lt le gt ge eq"
SPECIALS = tuple(
    f"__{name}__"
    for name in [
        *f"{_CONVERSIONS} {_UNARY} {_BINARY} {_ORDER} divmod rdivmod".split(),
        *(side + name for side in "ri" for name in _BINARY.split()),
    ]
)
_STORE, _EXTENDED = dis.opmap["STORE_ATTR"], dis.EXTENDED_ARG


def members_of(kind: type) -> dict[str, Any]:
    """What a class and its bases, `object` apart, define."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__[:-1]):
        found.update(vars(base))
    return found


def specials(members: dict[str, Any]) -> tuple[str, ...]:
    if members.keys().isdisjoint(SPECIALS):
        return ()
    return tuple(name for name in SPECIALS if members.get(name) is not None)


def plain_methods(members: dict[str, Any]) -> tuple[str, ...]:
    """Methods that no method of the class assigns to, where attributes are looked up as usual."""
    if "__getattr__" in members or "__getattribute__" in members:
        return ()
    methods = {name: one for name, one in members.items() if type(one) is types.FunctionType}
    stored = {name for one in methods.values() for name in _stored(one.__code__)}
    return tuple(name for name in methods if name not in stored and not name.startswith("__"))


def _stored(code: types.CodeType) -> Iterator[str]:
    """The attributes that code assigns to."""
    argument, steps = 0, code.co_code
    for op, low in zip(steps[::2], steps[1::2], strict=True):
        argument = argument << 8 | low
        if op == _STORE:
            yield code.co_names[argument]
        if op != _EXTENDED:
            argument = 0


def home(kind: type) -> str:
    """Where a class is found, "module:name"; nothing for one of the notebook's."""
    return "" if kind.__module__ == "__main__" else f"{kind.__module__}:{kind.__name__}"


def origin(value: Any) -> tuple[str, str]:
    """(module, name there) of what can be imported; a module has no name there. Nothing for a value
    that does not know where it is from."""
    if type(value) is types.ModuleType:
        return str(value.__name__), ""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    return str(module or ""), str(name or (type(value).__name__ if module else ""))


def bases(kind: type) -> tuple[Any, ...]:
    """What an exception is derived from, or of a library's, itself."""
    if not issubclass(kind, BaseException):
        return ()
    if kind.__module__ != "__main__":
        return (home(kind), *bases(kind.__mro__[1]))
    return tuple(
        base if base in wire_types.TYPE_NUMBERS or base.__module__ == "__main__" else home(base)
        for base in kind.__bases__
        if issubclass(base, BaseException)
    )


def operate(name: str, value: Any, *args: Any) -> Any:
    """What a special method does, with Python's own rules for NotImplemented left to the judge."""
    plain = _FUNCTIONS_OF.get(name)
    if plain is not None:
        return plain(value, *args)
    found = getattr(type(value), name)(value, *args)
    return (False, None) if found is NotImplemented else (True, found)


_FUNCTIONS_OF: dict[str, Callable[..., Any]] = {
    "__repr__": repr, "__str__": str, "__len__": len, "__iter__": iter, "__bool__": bool,
    "__float__": float, "__int__": int, "__complex__": complex, "__dir__": dir,
    "__getitem__": lambda value, key: value[key],
    "__setitem__": lambda value, key, item: value.__setitem__(key, item),
    "__delitem__": lambda value, key: value.__delitem__(key),
    "__contains__": lambda value, item: item in value,
    "__index__": lambda value: value.__index__(),
    "__hash__": hash, "__bytes__": bytes, "__round__": round, "__reversed__": reversed,
    "__trunc__": math.trunc, "__floor__": math.floor, "__ceil__": math.ceil,
    "__format__": format, "__copy__": copy.copy, "__deepcopy__": copy.deepcopy,
    "__enter__": lambda value: type(value).__enter__(value),
    "__instancecheck__": lambda value, other: isinstance(other, value),
    "__subclasscheck__": lambda value, other: issubclass(other, value),
}  # fmt: skip


def next_of(iterator: Any) -> tuple[bool, Any]:
    """(whether there is a next item, and that; or what the iterator returned in the end)."""
    return _stepped(lambda: next(iterator))


def send_to(generator: Any, value: Any) -> tuple[bool, Any]:
    """As `next_of`, of a generator or a coroutine that something is sent to."""
    return _stepped(lambda: generator.send(value))


def throw_into(generator: Any, error: Any) -> tuple[bool, Any]:
    """As `send_to`, with an exception, see `unpacked`."""
    return _stepped(lambda: generator.throw(unpacked(error)))


def _stepped(step: Callable[[], Any]) -> tuple[bool, Any]:
    try:
        return True, step()
    except StopIteration as end:
        return False, end.value


def unpacked(error: Any) -> BaseException:
    """The exception that `kinds.packed` told of."""
    return wire_types.unpack_exception(*error) if type(error) is tuple else error


def leave(manager: Any, error: Any) -> bool:
    """What the `__exit__` of a context manager says of an exception, or of None."""
    found = None if error is None else unpacked(error)
    kind = None if found is None else type(found)
    return bool(type(manager).__exit__(manager, kind, found, None))


def await_it(awaitable: Any) -> Any:
    """What something that can be awaited gives in the end."""

    async def wait() -> Any:
        return await awaitable

    return asyncio.run(wait())


def signature_of(target: Any) -> list[tuple[str, int, bool, Any]]:
    """(name, kind, whether it has a default, the default if it is plain) of each parameter."""
    rows = []
    for parameter in inspect.signature(target).parameters.values():
        has = parameter.default is not parameter.empty
        default: Any = parameter.default if has else None
        try:
            codec.encode(default)
        except wire_types.WireError:
            default = ...
        rows.append((parameter.name, int(parameter.kind), has, default))
    return rows
