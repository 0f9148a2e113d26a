"""The namespace of check cells: the worker's own names, and behind them the student's."""

from __future__ import annotations

import builtins
from typing import Any

from chainrule.grading.remote.client import RemoteStudent
from chainrule.grading.remote.proxy import Proxy, remote_of

__all__ = ["CheckNamespace"]


_ASKED = ("input", "print")  # which a check may define anew, for the student's code to call


class CheckNamespace(dict[str, Any]):
    """A dict in which names that the worker has not bound are looked up in the guest.

    A name that the worker's cells bound is the worker's. Any other is looked up in the guest,
    except built-ins, which only those names hide that the master's own solution defines (`owned`).
    Where a check deletes or replaces a student's name, that happens in the guest too.

    lent: names that the functions of the master's solution read and do not bind. What a check binds
    to them is bound in the guest too; no other name of a check's is known there. is_check: whether
    a check is run, and no set-up cell. classes: those of the solution, see `proxy.Remote`.
    """

    def __init__(
        self,
        owned: frozenset[str] = frozenset(),
        lent: frozenset[str] = frozenset(),
        classes: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(__builtins__=_Builtins(self, owned))
        self.student: RemoteStudent | None = None
        self.owned, self._lent, self._classes = owned, lent, classes
        self.is_check = True
        self._seen: set[str] = set()
        self._replaced: set[str] = set()

    def __missing__(self, name: str) -> Any:
        if not self._is_theirs(name):
            raise KeyError(name)
        assert self.student is not None
        found = self.student.looked_up.find(name)
        self._seen.add(name)
        if name in self._classes and isinstance(found, Proxy):
            remote_of(found).made = "class"
        return found

    def _is_theirs(self, name: Any) -> bool:
        """Whether a name that is not bound here is one to ask the guest about."""
        if self.student is None or type(name) is not str or name.startswith("__"):
            return False
        return name in self.owned or not hasattr(builtins, name)

    def has(self, name: str) -> bool:
        """Whether the worker itself has bound a name."""
        return super().__contains__(name)

    # What a check finds in `globals()` and in `dir()`: its own names and the student's.

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        if not self._is_theirs(name) or str(name).startswith("_"):
            return False
        assert self.student is not None
        return self.student.request("has", name) is True

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> Any:
        found = dict.fromkeys(super().keys())
        if self.student is not None:
            answer = self.student.request("names")
            names = answer if type(answer) is list else ()
            found |= {one: None for one in names if type(one) is str and one[:1] != "_"}
        return found.keys()

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if self.student is None or not isinstance(name, str) or name.startswith("_"):
            return
        theirs = name in self.owned or (name in self._seen and isinstance(value, Proxy))
        lent = self.is_check and name in self._lent and not theirs
        if theirs or lent or (name in _ASKED and callable(value)):
            try:
                self.student.request("bind", name, value)
            except (TypeError, ValueError):  # nothing that a student's code could use
                return
            if not lent:
                self._replaced.add(name)

    def __delitem__(self, name: str) -> None:
        own = self.has(name)
        if own:
            super().__delitem__(name)
        if self.student is not None and (not own or name in self._replaced | self.owned):
            try:
                self.student.request("unbind", name)
            except KeyError:
                if not own:
                    raise

    def settle(self) -> None:
        """After a check cell: names that it replaced are the guest's to give from now on."""
        for name in self._replaced:
            self.pop(name, None)
        self._replaced.clear()
        if self.student is not None:
            self.student.around.settle()


class _Builtins(dict[str, Any]):
    """The built-ins of check cells, and behind them the same names again.

    In the body of a class Python looks a name up in a dict of globals as it is, without asking its
    `__missing__`; it does ask that of the built-ins.
    """

    def __init__(self, names: CheckNamespace, owned: frozenset[str]) -> None:
        super().__init__({k: v for k, v in vars(builtins).items() if k not in owned})
        self._names = names

    def __missing__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            return vars(builtins)[name]
