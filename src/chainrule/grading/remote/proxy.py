"""How a check sees what a student wrote: plain data as it is, everything else as a proxy.

A proxy passes calls, attributes and operators on to the object in the jail. Two rules keep an
object from answering for itself. It never equals plain data: `f(3) == 9` is decided here, by the
value f returned. And what an operator makes of it and plain data (`f(3) - 9`, where the student's
code gets to see the 9) is an object again, which no longer turns into plain data by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from chainrule.grading.remote.introspect import SPECIALS

__all__ = ["Kind", "Owner", "Proxy", "Remote", "proxy_class", "remote_of"]

_LONGEST_TEXT = 10_000  # characters of a repr


class Owner(Protocol):
    """What a proxy asks of the connection that it came over (`client.RemoteStudent`)."""

    def request(self, op: str, *args: Any) -> Any:
        """Ask for something that runs student code, within the limits of a call."""

    def call(
        self, target: Proxy, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = ""
    ) -> Any:
        """Call an object, or its method."""

    def steps(
        self,
        target: Proxy,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
    ) -> list[Any]:
        """Make objects and call their methods, see `Proxy.__steps__`."""

    def measured(
        self,
        target: Proxy,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
        under: int,
    ) -> tuple[list[Any], int]:
        """As `steps`, and the memory that took, see `Proxy.__measured__`."""

    def kind(self, number: int) -> Kind:
        """What is known of a kind of objects."""

    def release(self, number: int, count: int) -> None:
        """So many references to an object are held no more."""


class Remote:
    """One object in the jail: by whom, number, kind, references held; whether it is derived from an
    operator with plain data, and whether a check changed its attributes."""

    __slots__ = ("__weakref__", "changed", "count", "derived", "kind", "number", "owner")

    def __init__(self, owner: Owner, number: int, kind: int) -> None:
        self.owner, self.number, self.kind = owner, number, kind
        self.count = 1
        self.derived = self.changed = False

    def __del__(self) -> None:
        self.owner.release(self.number, self.count)


def remote_of(proxy: Any) -> Remote:
    return object.__getattribute__(proxy, "_remote_")


def _ask(proxy: Any, op: str, *args: Any) -> Any:
    return remote_of(proxy).owner.request(op, *args)


class Proxy:
    """An object in the jail. Special methods are added to subclasses, as the object's class has."""

    __slots__ = ("__weakref__", "_remote_")
    # numpy then leaves `array * proxy` to the proxy's __rmul__, and never looks inside.
    __array_ufunc__ = None

    def __init__(self, remote: Remote) -> None:
        object.__setattr__(self, "_remote_", remote)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__array"):
            raise AttributeError(name)
        remote = remote_of(self)
        if name in remote.owner.kind(remote.kind).methods and not remote.changed:
            return _Method(self, name)
        return _ask(self, "get", self, name)

    def __steps__(
        self, steps: Sequence[tuple[int, str, tuple[Any, ...]]], made_with: Sequence[Any] = ()
    ) -> list[Any]:
        """Calls of objects that this class makes, in one message: what each returned, or raised.

        steps: (which of the objects, made by `self(*made_with)` when first named; the method that
        is called, or nothing; its arguments). All calls together have the time of one.
        """
        return remote_of(self).owner.steps(self, steps, made_with)

    def __measured__(
        self,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
        under: int,
    ) -> tuple[list[Any], int]:
        """As `__steps__`; and the most bytes that were in use at a time, more than before.

        under: how many are allowed. What the process itself says is held against the kernel's.
        """
        return remote_of(self).owner.measured(self, steps, made_with, under)

    def __program__(
        self,
        program: Sequence[tuple[str, tuple[Any, ...], tuple[Any, ...]]],
        actions: Sequence[tuple[str, int]],
        count: bool,
    ) -> tuple[list[Any], tuple[float, ...]]:
        """A program of `check.engine.programs` run beside this class, in one message: what its
        actions gave, and what it cost, as the jail says."""
        answer = _ask(self, "program", self, list(program), list(actions), count)
        if type(answer) is tuple and len(answer) == 2 and type(answer[0]) is list:
            found, cost = answer
            numbers = type(cost) is tuple and all(type(one) in (int, float) for one in cost)
            if numbers and len(cost) == 3 and len(found) == len(actions):
                return found, cost
        raise TypeError("as many answers as actions were expected of student code")

    def __setattr__(self, name: str, value: Any) -> None:
        remote_of(self).changed = True
        _ask(self, "set", self, name, value)

    def __delattr__(self, name: str) -> None:
        _ask(self, "del", self, name)

    def __repr__(self) -> str:
        return _text(_ask(self, "operate", "__repr__", self))

    def __str__(self) -> str:
        return _text(_ask(self, "operate", "__str__", self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __dir__(self) -> list[str]:
        names = _ask(self, "operate", "__dir__", self)
        return [name for name in names if isinstance(name, str)]

    def __hash__(self) -> int:
        return hash(("chainrule proxy", remote_of(self).number))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Proxy):
            return False
        mine, others = remote_of(self), remote_of(other)
        if mine.owner is others.owner and mine.number == others.number:
            return True
        if "__eq__" not in mine.owner.kind(mine.kind).specials:
            return False
        return _pair(_ask(self, "operate", "__eq__", self, other)) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return _ask(self, "get", self, "__doc__")

    @property
    def __signature__(self) -> inspect.Signature:
        try:
            rows = _ask(self, "signature", self)
            return inspect.Signature([_parameter(*row) for row in rows])
        except (TypeError, ValueError) as error:
            raise AttributeError("__signature__") from error

    def __instancecheck__(self, instance: Any) -> bool:
        if not isinstance(instance, Proxy):
            return False
        return _ask(self, "operate", "__instancecheck__", self, instance) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        if not isinstance(subclass, Proxy):
            return False
        return _ask(self, "operate", "__subclasscheck__", self, subclass) is True


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else "<an object of the student's>"


def _parameter(name: Any, kind: Any, has: Any, default: Any) -> inspect.Parameter:
    kinds = list(inspect._ParameterKind)
    return inspect.Parameter(name, kinds[kind], default=default if has else inspect.Parameter.empty)


# Special methods ----------------------------------------------------------------------------------


def _call(self: Proxy, /, *args: Any, **kwargs: Any) -> Any:
    return remote_of(self).owner.call(self, args, kwargs)


def _iterate(self: Proxy) -> Iterator[Any]:
    _refuse_derived(self, "__iter__")
    iterator = _ask(self, "operate", "__iter__", self)
    if not isinstance(iterator, Proxy):
        raise TypeError("an iterator was expected of student code")
    while True:
        item = _pair_value(_ask(iterator, "next", iterator))
        if item is _NOTHING:
            return
        yield item


def _following(self: Proxy) -> Any:
    item = _pair_value(_ask(self, "next", self))
    if item is _NOTHING:
        raise StopIteration
    return item


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
    "__complex__": complex, "__index__": int,
}  # fmt: skip


def _conversion(name: str) -> Callable[..., Any]:
    """len(), float(), indexing: what comes out is what the student's code says, before it could
    have seen what the check compares it with."""

    def method(self: Proxy, *args: Any) -> Any:
        _refuse_derived(self, name)
        answer = _ask(self, "operate", name, self, *args)
        if name in _RESULTS and not isinstance(answer, _RESULTS[name]):
            raise TypeError(f"{name} of student code returned {type(answer).__name__}")
        return answer

    return method


def _operator(name: str) -> Callable[..., Any]:
    def method(self: Proxy, *others: Any) -> Any:
        plain = not all(isinstance(other, Proxy) for other in others)
        answer = _pair(_ask(self, "operate", name, self, *others))
        derived = plain or any(remote_of(one).derived for one in (self, *others) if one is not None)
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
        return _pair(_ask(self, "operate", name, self, other))

    return method


def _methods() -> dict[str, Callable[..., Any]]:
    own = {"__call__": _call, "__iter__": _iterate, "__next__": _following}
    conversions = {*_RESULTS, "__getitem__", "__setitem__", "__delitem__"}
    found: dict[str, Callable[..., Any]] = {}
    for name in SPECIALS:
        if name in own:
            found[name] = own[name]
        elif name in conversions:
            found[name] = _conversion(name)
        elif name in ("__lt__", "__le__", "__gt__", "__ge__"):
            found[name] = _order(name)
        elif name != "__eq__":  # that one has rules of its own, in Proxy
            found[name] = _operator(name)
    return found


_METHODS = _methods()


class _Method(Proxy):
    """A method of an object, called without being looked up first; looked up for all else."""

    __slots__ = ("_found_", "_name_", "_owner_")

    def __init__(self, owner: Proxy, name: str) -> None:
        for slot, value in (("_owner_", owner), ("_name_", name), ("_found_", None)):
            object.__setattr__(self, slot, value)

    @property
    def _remote_(self) -> Remote:
        if self._found_ is None:
            found = _ask(self._owner_, "get", self._owner_, self._name_)
            if not isinstance(found, Proxy):
                raise TypeError(f"{self._name_} is no method any more")
            object.__setattr__(self, "_found_", found)
        return remote_of(self._found_)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return remote_of(self._owner_).owner.call(self._owner_, args, kwargs, self._name_)


class Kind(NamedTuple):
    """A kind of objects in the jail: the class of their proxies, the special methods they have, and
    methods that can be called without being looked up."""

    shown: type[Proxy]
    specials: frozenset[str]
    methods: frozenset[str]


def proxy_class(said: Any) -> Kind:
    """From what the jail says of a kind. What is not known is left out."""
    name, specials, methods = said if type(said) is tuple and len(said) == 3 else ("", (), ())
    name = name if isinstance(name, str) and name.isidentifier() else "object"
    known = frozenset(one for one in SPECIALS if type(specials) is tuple and one in specials)
    own = {"__slots__": (), "__doc__": Proxy.__dict__["__doc__"]}
    own |= {one: _METHODS[one] for one in known if one in _METHODS}
    names = methods if type(methods) is tuple else ()
    callable_ = frozenset(one for one in names if isinstance(one, str))
    return Kind(type(name, (Proxy,), own), known, callable_)
