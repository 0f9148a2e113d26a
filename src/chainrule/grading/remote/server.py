"""What answers a worker inside the jail: runs cells, and calls what they defined.

It shares its process with student code, which may change all of it. That gains nothing: the worker
takes what comes out of here for values that the student returned.
"""

from __future__ import annotations

import linecache
import os
import signal
import socket
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.check.calls import Objects, watched
from chainrule.check.engine.programs import run_program
from chainrule.check.memory import traced
from chainrule.grading.limits import Limits
from chainrule.grading.remote import codec, wire_types
from chainrule.grading.remote.connection import Connection
from chainrule.grading.remote.crossings.table import becoming
from chainrule.grading.remote.files import Folder
from chainrule.grading.remote.framing import Clock, FramedSocket
from chainrule.grading.remote.heard import Heard
from chainrule.grading.remote.introspect import (
    await_it,
    bases,
    home,
    leave,
    members_of,
    next_of,
    operate,
    origin,
    plain_methods,
    send_to,
    signature_of,
    specials,
    throw_into,
)  # fmt: skip
from chainrule.grading.remote.looked_up import REBOUND, Watched
from chainrule.grading.remote.steps import Columns, unpacked

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["Guest"]

_MAY_CHANGE = (list, dict, set, tuple, np.ndarray)
_NEVER_CHANGE = {float, int, bool, str, bytes, complex, type(None)}  # which is quicker to tell


_OF_A_FUNCTION = ("__name__", "__doc__")


class _Callback:
    """A function of the judge's. It can be called, with plain data and one's own objects."""

    __slots__ = ("__weakref__", "_about", "_owner", "_ref")

    def __init__(self, ref: wire_types.Ref, owner: Guest) -> None:
        self._ref, self._owner, self._about = ref, owner, ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._owner.ask("call", self, args, kwargs)[0]

    def __getattribute__(self, name: str) -> Any:
        """Its name and its text are those of the function, which a decorator copies."""
        if name not in _OF_A_FUNCTION:
            return object.__getattribute__(self, name)
        if not self._about:
            self._about = self._owner.ask("about", self)[0]
        return self._about[_OF_A_FUNCTION.index(name)]

    def __del__(self) -> None:
        self._owner.release(self._ref.number, 1)


# Types of numpy that cross as the plain data they hold.
_STAND_INS: dict[type, Callable[[Any], Any]] = {
    np.str_: lambda value: str.__str__(value),
    np.bytes_: lambda value: bytes(value),
}


class Guest(Connection):
    """The jail's end of the conversation."""

    def __init__(self, sock: socket.socket, shell: Shell, limits: Limits) -> None:
        caps = wire_types.Caps(limits.message_bytes, limits.items, limits.hashed_items)
        super().__init__(FramedSocket(sock, timed=False), caps, limits.call_depth)
        self._shell = shell
        self._kinds: dict[int, type] = {}
        self._kind_numbers: dict[type, int] = {types.FunctionType: 0}
        self._running = self._waiting = self._pending = False
        self._heard = Heard(limits.output_bytes)
        here = os.getcwd()
        own = here != "/" and os.access(here, os.W_OK)
        self._folder = Folder(here if own else "", limits)
        self._watched = Watched(lambda: shell.user_ns)
        self._ops: dict[str, Callable[..., Any]] = {
            "run": shell.run,
            "arrange": self._heard.arrange,
            "get": getattr,
            "set": setattr,
            "del": delattr,
            "operate": operate,
            "next": next_of,
            "send": send_to,
            "throw": throw_into,
            "leave": leave,
            "await": await_it,
            "find": self._find,
            "look up": self._watched.look_up,
            "has": shell.user_ns.__contains__,
            "origin": lambda name: origin(shell.user_ns[name]),
            "names": lambda: [name for name in shell.user_ns if not name.startswith("_")],
            "bind": shell.user_ns.__setitem__,
            "unbind": shell.user_ns.__delitem__,
            "describe": self._describe,
            "signature": signature_of,
            "modules": _modules,
            "program": run_program,
            "file": self._folder.take,
        }
        signal.signal(signal.SIGINT, self._interrupted)

    def loop(self) -> None:
        """Answer until the judge hangs up."""
        try:
            while True:
                self.one_request()
        except wire_types.Closed:
            pass

    # Interrupts: only while student code runs, and never in the middle of a frame.

    def _interrupted(self, signum: int, frame: Any) -> None:
        if self._waiting:
            self._pending = True
        elif self._running:
            raise KeyboardInterrupt

    def frame(self, clock: Clock | None) -> bytes:
        self._waiting, self._pending = True, False
        try:
            found = super().frame(clock)
        finally:
            self._waiting = False
        if self._pending and self._running:
            raise KeyboardInterrupt
        return found

    def stray(self) -> None:
        """The answer to a callback that was interrupted: nobody waits for it any more."""

    def serve(self, op: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        try:
            if not self._heard.wanted or op in ("run", "arrange"):
                return self._run(op, args)
            with self._heard.keeping(self._said):
                return self._run(op, args)
        finally:
            if self._folder.watch.changed:
                for one in self._folder.changes():
                    self._said(one)
            if self._watched.changed():
                self._said(REBOUND)

    def _said(self, what: Any) -> None:
        """Tell the judge what student code said or wrote; not to be interrupted in the middle."""
        outer, self._waiting = self._waiting, True
        try:
            self.tell(what)
        finally:
            self._waiting = outer

    def _run(self, op: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        outer, self._running = self._running, True
        try:
            if op == "call":
                return self._call(*args)
            if op == "steps":
                return self._steps(*args)
            if op == "measured":
                (found, changed), peak = traced(lambda: self._steps(*args))
                return (*found, peak), changed
            if op == "method":
                target, name, *rest = args
                return self._call(getattr(target, name), *rest)
            return self._ops[op](*args), None
        finally:
            self._running = outer

    # Objects

    def refer(self, value: Any) -> Any:
        kind = type(value)
        stand_in = _STAND_INS.get(kind)
        if stand_in is not None:
            return stand_in(value)
        if issubclass(kind, np.ndarray) and kind is not np.ndarray:
            base = np.ndarray.view(value, np.ndarray)
            if base.dtype.kind in "biufc":
                return base
        return self.name(value, 1)

    def kind_of(self, value: Any) -> int:
        kind = type(value)
        if issubclass(kind, type) and issubclass(value, BaseException):
            return self._number(value) | wire_types.OF_A_CLASS
        return self._number(kind)

    def _number(self, kind: type) -> int:
        number = self._kind_numbers.get(kind)
        if number is None:
            number = self._kind_numbers[kind] = len(self._kinds) + 1
            self._kinds[number] = kind
        return number

    def sent(self, error: BaseException) -> Any:
        ours = type(error).__module__.startswith("chainrule.")
        return None if ours or wire_types.is_of_python(error) else error.with_traceback(None)

    def native(self, value: Any) -> wire_types.Ref | None:
        return value._ref._replace(mine=False) if type(value) is _Callback else None

    def foreign(self, number: int, kind: int) -> Any:
        return _Callback(wire_types.Ref(False, number, kind), self)

    def where(self, error: BaseException) -> Any:
        """(number, text) of the line of student code that raised, or None."""
        found = None
        trace = error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name.startswith("<ipython-input"):
                found = trace.tb_lineno, linecache.getline(name, trace.tb_lineno).strip()[:500]
            trace = trace.tb_next
        return found

    # Requests

    def _call(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Call; then send back each argument that the call changed in place."""
        given = [*enumerate(args), *kwargs.items()]
        before = [
            (key, value, self._state(value))
            for key, value in given
            if type(value) not in _NEVER_CHANGE and _may_change(value)
        ]
        found = target(*args, **kwargs)
        changed = [(key, value) for key, value, was in before if self._state(value) != was]
        return found, changed or None

    def _steps(
        self,
        target: Any,
        columns: Columns,
        made_with: tuple[Any, ...],
    ) -> tuple[tuple[bytes, list[Any]], Any]:
        """Make objects and call their methods, see `proxy.Proxy.__steps__`: of each step whether it
        raised something (a byte), and that or what it returned, as it is at the end. As `_call`
        otherwise.

        An argument may have been kept by the object, and changed by a later call.
        """
        steps = unpacked(columns)
        before = [
            (step, key, value, self._state(value))
            for step, (_, _, args) in enumerate(steps)
            for key, value in enumerate(args)
            if type(value) not in _NEVER_CHANGE and _may_change(value)
        ]
        objects = Objects(target, made_with, watched(steps))
        raised, answers = bytearray(len(steps)), []
        for step, (which, method, args) in enumerate(steps):
            try:
                answers.append(objects.take(which, method, args))
            except Exception as error:
                raised[step] = 1
                answers.append((*wire_types.pack_exception(error), self.where(error)))
        changed = [(*place, value) for *place, value, was in before if self._state(value) != was]
        return (bytes(raised), answers), changed or None

    def _state(self, value: Any) -> Any:
        """What a value is now, to be compared with what it is after a call."""
        if type(value) is np.ndarray and value.dtype.kind in "biufc":
            return value.shape, value.dtype, value.tobytes()
        try:
            return bytes(codec.encode(value, lambda other: self.name(other, 0)))
        except (wire_types.WireError, TypeError):
            return b""

    def _find(self, name: str) -> tuple[bool, Any]:
        names = self._shell.user_ns
        return (True, names[name]) if name in names else (False, None)

    def _describe(self, number: int) -> tuple[Any, ...]:
        """Of a kind of objects: its name, the special methods it has beyond every object's, those
        methods that are sure to be what an attribute of that name is, where a library has it, what
        an exception is derived from, and the fields of a dataclass."""
        kind = self._kinds[number]
        members = members_of(kind)
        shown = kind.__name__, specials(members), plain_methods(members)
        fields = tuple(getattr(kind, "__dataclass_fields__", ()))
        return *shown, home(kind), bases(kind), fields


def _may_change(value: Any) -> bool:
    """Whether it is data that can be changed in place."""
    return isinstance(value, _MAY_CHANGE) or becoming(value) is not None


def _modules() -> list[str]:
    """What is imported in this process."""
    return list(sys.modules)
