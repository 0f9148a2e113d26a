"""How a check sees what a student wrote: plain data as it is, everything else as a proxy.

A proxy passes calls, attributes and operators on to the object in the jail. Two rules keep an
object from answering for itself. It never equals plain data: `f(3) == 9` is decided here, by the
value f returned. And what an operator makes of it and plain data (`f(3) - 9`, where the student's
code gets to see the 9) is an object again, which no longer turns into plain data by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

__all__ = ["Kind", "Owner", "Proxy", "Remote", "ask", "remote_of"]

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

    def title(self, number: int) -> str | None:
        """The `__name__` of an object, if that is known."""

    def release(self, number: int, count: int) -> None:
        """So many references to an object are held no more."""


class Remote:
    """One object in the jail: by whom, number, kind, references held; whether it is derived from an
    operator with plain data, and whether a check changed its attributes.

    made: "class" where the master's solution defines a class of that name; "by a check" for what a
    check made by calling that. The operators of such an object may answer with plain data.
    """

    __slots__ = ("__weakref__", "changed", "count", "derived", "kind", "made", "number", "owner")

    def __init__(self, owner: Owner, number: int, kind: int) -> None:
        self.owner, self.number, self.kind = owner, number, kind
        self.count = 1
        self.derived = self.changed = False
        self.made = ""

    def __del__(self) -> None:
        self.owner.release(self.number, self.count)


def remote_of(proxy: Any) -> Remote:
    return object.__getattribute__(proxy, "_remote_")


def ask(proxy: Any, op: str, *args: Any) -> Any:
    """Ask for something of the object that a proxy stands for."""
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
        if name in _COMPARING:
            return _comparing(self, name)
        remote = remote_of(self)
        if name == "__name__":
            title = remote.owner.title(remote.number)
            if title is not None:
                return title
        if name in remote.owner.kind(remote.kind).methods and not remote.changed:
            return _Method(self, name)
        return ask(self, "get", self, name)

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
        answer = ask(self, "program", self, list(program), list(actions), count)
        if type(answer) is tuple and len(answer) == 2 and type(answer[0]) is list:
            found, cost = answer
            numbers = type(cost) is tuple and all(type(one) in (int, float) for one in cost)
            if numbers and len(cost) == 3 and len(found) == len(actions):
                return found, cost
        raise TypeError("as many answers as actions were expected of student code")

    def __setattr__(self, name: str, value: Any) -> None:
        remote_of(self).changed = True
        ask(self, "set", self, name, value)

    def __delattr__(self, name: str) -> None:
        ask(self, "del", self, name)

    def __repr__(self) -> str:
        return _text(ask(self, "operate", "__repr__", self))

    def __str__(self) -> str:
        return _text(ask(self, "operate", "__str__", self))

    def __format__(self, spec: str) -> str:
        return _text(ask(self, "operate", "__format__", self, spec))

    def __dir__(self) -> list[str]:
        names = ask(self, "operate", "__dir__", self)
        return [name for name in names if isinstance(name, str)]

    def __hash__(self) -> int:
        remote = remote_of(self)
        if not remote.derived and "__hash__" in remote.owner.kind(remote.kind).specials:
            found = ask(self, "operate", "__hash__", self)
            return hash(found) if type(found) is int else 0
        return hash(("chainrule proxy", remote.number))

    def __copy__(self) -> Any:
        return self._copied_("__copy__")

    def __deepcopy__(self, _: dict[int, Any]) -> Any:
        return self._copied_("__deepcopy__")

    def _copied_(self, how: str) -> Any:
        found = ask(self, "operate", how, self)
        if isinstance(found, Proxy):
            remote_of(found).derived = remote_of(self).derived
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Proxy):
            return False
        mine, others = remote_of(self), remote_of(other)
        if mine.owner is others.owner and mine.number == others.number:
            return True
        if "__eq__" not in mine.owner.kind(mine.kind).specials:
            return False
        answer = ask(self, "operate", "__eq__", self, other)
        return type(answer) is tuple and len(answer) == 2 and answer[0] is answer[1] is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return ask(self, "get", self, "__doc__")

    @property
    def __signature__(self) -> inspect.Signature:
        try:
            rows = ask(self, "signature", self)
            return inspect.Signature([_parameter(*row) for row in rows])
        except (TypeError, ValueError) as error:
            raise AttributeError("__signature__") from error

    def __instancecheck__(self, instance: Any) -> bool:
        if not isinstance(instance, Proxy):
            return False
        return ask(self, "operate", "__instancecheck__", self, instance) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        if not isinstance(subclass, Proxy):
            return False
        return ask(self, "operate", "__subclasscheck__", self, subclass) is True


# Methods by which tables and arrays of libraries are compared as a whole.
_COMPARING = {"equals", "identical"}


def _comparing(proxy: Proxy, name: str) -> Any:
    """Such a method, for objects of the student's alone: with plain data it would be told what is
    expected, and say itself that it is that."""
    found: Any = ask(proxy, "get", proxy, name)
    if type(found) in (bool, int, float, str, type(None)):
        return found

    def compare(*others: Any) -> Any:
        if not all(isinstance(other, Proxy) for other in others):
            raise TypeError(f"an object of the student's was asked whether it {name} plain data")
        return found(*others)

    return compare


def _text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else "<an object of the student's>"


def _parameter(name: Any, kind: Any, has: Any, default: Any) -> inspect.Parameter:
    kinds = list(inspect._ParameterKind)
    return inspect.Parameter(name, kinds[kind], default=default if has else inspect.Parameter.empty)


class _Method(Proxy):
    """A method of an object, called without being looked up first; looked up for all else."""

    __slots__ = ("_found_", "_name_", "_owner_")

    def __init__(self, owner: Proxy, name: str) -> None:
        for slot, value in (("_owner_", owner), ("_name_", name), ("_found_", None)):
            object.__setattr__(self, slot, value)

    @property
    def _remote_(self) -> Remote:
        if self._found_ is None:
            found = ask(self._owner_, "get", self._owner_, self._name_)
            if not isinstance(found, Proxy):
                raise TypeError(f"{self._name_} is no method any more")
            object.__setattr__(self, "_found_", found)
        return remote_of(self._found_)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return remote_of(self._owner_).owner.call(self._owner_, args, kwargs, self._name_)


class Kind(NamedTuple):
    """A kind of objects in the jail: the class of their proxies, the special methods they have, and
    methods that can be called without being looked up; of exceptions also the class of what stands
    for them here (see `raised.py`)."""

    shown: type[Proxy]
    specials: frozenset[str]
    methods: frozenset[str]
    raised: type[BaseException] | None = None
