"""Names of a student's that a check looked up: known on both sides until they mean something else.

A check names a class many times, and asks for its `__name__` each time. So the guest watches what
it said of a name, and tells when that holds no longer, before it answers anything else.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Protocol

from chainrule.grading.remote.proxy import Proxy, remote_of

__all__ = ["REBOUND", "LookedUp", "Watched"]

REBOUND = "rebound"
"""What the guest tells."""

_TITLED = (type, types.FunctionType)  # whose `__name__` runs no code of a student's


class Watched:
    """The guest's side. names: gives the namespace of the notebook."""

    def __init__(self, names: Callable[[], dict[str, Any]]) -> None:
        self._names = names
        self._told: dict[str, tuple[Any, str | None]] = {}

    def look_up(self, name: str) -> tuple[bool, Any, str | None]:
        """Whether there is such a name, what it names, and the `__name__` of a class or function.

        From now on it is watched.
        """
        names = self._names()
        if name not in names:
            return False, None, None
        value = names[name]
        self._told[name] = value, _title(value)
        return True, *self._told[name]

    def changed(self) -> bool:
        """Whether something that was told is so no longer; then nothing is watched any more."""
        if not self._told:
            return False
        names = self._names()
        for name, (value, title) in self._told.items():
            if names.get(name, self) is not value or _title(value) is not title:
                self._told = {}
                return True
        return False


def _title(value: Any) -> str | None:
    return value.__name__ if type(value) in _TITLED else None


class Student(Protocol):
    """What is asked of the worker's end (`client.RemoteStudent`)."""

    requests: int

    def request(self, op: str, *args: Any) -> Any:
        """Ask for something, within the limits of a call."""


class LookedUp:
    """The worker's side. titles: the `__name__` of objects, by number."""

    def __init__(self, student: Student) -> None:
        self._student = student
        self._found: dict[str, Proxy] = {}
        self.titles: dict[int, str] = {}

    def find(self, name: str) -> Any:
        """What the guest has under a name, asked once. Raises KeyError where it has nothing."""
        known = self._found.get(name)
        if known is not None:
            self._student.requests += 1  # for whoever counts
            return known
        answer = self._student.request("look up", name)
        if type(answer) is not tuple or len(answer) != 3 or answer[0] is not True:
            raise KeyError(name)
        _, found, title = answer
        if isinstance(found, Proxy):  # plain data may be changed without being bound anew
            self._found[name] = found
            if type(title) is str:
                self.titles[remote_of(found).number] = title
        return found

    def forget(self) -> None:
        """Something means something else by now."""
        self._found.clear()
        self.titles.clear()
