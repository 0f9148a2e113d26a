"""The conversation of judge and jail: requests, answers, and requests inside requests.

Both ends are alike. An end may ask while it is being asked (a student's function calls a function
of the check); answers come back in the order of a call stack, so no threads are needed.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from chainrule.grading import wire
from chainrule.grading.wire import Caps, Ref, WireError

__all__ = ["Peer"]

_REQUEST, _RESULT, _RAISED = 0, 1, 2


class Peer:
    """One end. Subclasses say what they answer (`serve`) and how they show the other's objects.

    depth: how deeply calls may be nested in calls.
    """

    def __init__(self, sock: socket.socket, caps: Caps, depth: int) -> None:
        self._sock, self._caps, self._most_depth = sock, caps, depth
        self._depth = self._asked = self._named = 0
        self._own: dict[int, list[Any]] = {}  # number -> [object, references the other end holds]
        self._numbers: dict[int, int] = {}  # id(object) -> number
        self._released: list[tuple[int, int]] = []
        self._thread = threading.get_ident()

    # What a subclass brings

    def serve(self, op: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        """Answer a request: (value, what else the other end should know)."""
        raise NotImplementedError

    def foreign(self, number: int, kind: int) -> Any:
        """An object of the other end, as this end shows it."""
        raise NotImplementedError

    def native(self, value: Any) -> Ref | None:
        """The reference that `value` stands for, when it shows an object of the other end."""
        raise NotImplementedError

    def kind_of(self, value: Any) -> int:
        """What sort of object `value` is; raises TypeError where it must not be referred to."""
        raise NotImplementedError

    def raised(self, name: str, message: str, where: Any) -> BaseException:
        """The other end's exception, as this end raises it."""
        return wire.unpack_exception(name, message)

    def where(self, error: BaseException) -> Any:
        """Plain data about where `error` was raised, sent along with it."""
        return None

    def frame(self, deadline: float | None) -> bytes:
        """The next frame from the other end."""
        return wire.receive(self._sock, self._caps.message, deadline)

    # References

    def refer(self, value: Any) -> Ref:
        """Name an object, and count that the other end holds it once more."""
        return self.name(value, 1)

    def name(self, value: Any, count: int) -> Ref:
        """Name an object, counting `count` more references held by the other end."""
        ref = self.native(value)
        if ref is not None:
            return ref
        kind = self.kind_of(value)
        number = self._numbers.get(id(value))
        if number is None:
            if not count:
                return Ref(True, 0, kind)
            self._named += 1
            number = self._numbers[id(value)] = self._named
            self._own[number] = [value, 0]
        self._own[number][1] += count
        return Ref(True, number, kind)

    def resolve(self, ref: Ref) -> Any:
        """The object a reference names. Raises WireError when there is none."""
        if ref.mine:
            return self.foreign(ref.number, ref.kind)
        held = self._own.get(ref.number)
        if held is None:
            raise WireError("a reference to an object that is gone")
        return held[0]

    def release(self, number: int, count: int) -> None:
        """Say, with the next request, that `count` references to a foreign object are given up."""
        self._released.append((number, count))

    def _forget(self, released: Any) -> None:
        for number, count in released:
            held = self._own.get(number)
            if held is not None and type(count) is int:
                held[1] -= count
                if held[1] <= 0:
                    del self._own[number]
                    self._numbers.pop(id(held[0]), None)

    # The conversation

    def ask(self, op: str, *args: Any, deadline: float | None = None) -> tuple[Any, Any]:
        """Send a request and wait for its answer, serving requests meanwhile.

        Returns (value, what else). Raises what the other end raised, Late, Closed, WireError;
        TypeError where an argument cannot cross; RecursionError where calls nest too deeply.
        """
        if self._depth >= self._most_depth:
            raise RecursionError("calls between a check and student code are nested too deeply")
        if threading.get_ident() != self._thread:
            raise RuntimeError("only the main thread may call what a check brought along")
        self._asked += 1
        number = self._asked
        released, self._released = self._released, []
        try:
            message = wire.encode((_REQUEST, number, op, args, released), self.refer)
        except WireError as error:
            raise TypeError(str(error)) from None
        wire.send(self._sock, message)
        self._depth += 1
        try:
            return self.answer(number, deadline)
        finally:
            self._depth -= 1

    def answer(self, number: int, deadline: float | None) -> tuple[Any, Any]:
        """Wait for the answer to a request that was sent."""
        while True:
            kind, got, *rest = self._message(deadline)
            if kind == _REQUEST:
                self._serve(got, *rest)
            elif got == number:
                break
            else:
                self.stray()
        if kind == _RAISED:
            raise self.raised(*rest)
        value, more = rest
        return value, more

    def stray(self) -> None:
        """An answer came that nobody waits for."""
        raise WireError("an answer to a question that was not asked")

    def one_request(self) -> None:
        """Wait for a request and answer it."""
        kind, number, *rest = self._message(None)
        if kind == _REQUEST:
            self._serve(number, *rest)
        else:
            self.stray()

    def _message(self, deadline: float | None) -> list[Any]:
        message = wire.decode(self.frame(deadline), self._caps, self.resolve)
        if type(message) is not tuple or len(message) < 4 or type(message[1]) is not int:
            raise WireError("a message of an unknown form")
        kind, _, *rest = message
        good = {
            _REQUEST: [type(part) for part in rest] == [str, tuple, list],
            _RESULT: len(rest) == 2,
            _RAISED: len(rest) == 3 and type(rest[0]) is str and type(rest[1]) is str,
        }
        if type(kind) is not int or not good.get(kind, False):
            raise WireError("a message of an unknown form")
        if kind == _REQUEST and not all(
            type(one) is tuple and len(one) == 2 and type(one[0]) is int for one in rest[2]
        ):
            raise WireError("a message of an unknown form")
        return list(message)

    def _serve(self, number: int, op: str, args: tuple[Any, ...], released: Any) -> None:
        self._forget(released)
        self._depth += 1
        try:
            if self._depth > 2 * self._most_depth:
                raise RecursionError("calls between a check and student code are nested too deeply")
            value, more = self.serve(op, args)
            message = wire.encode((_RESULT, number, value, more), self.refer)
            if len(message) > self._caps.message:
                raise ValueError(
                    f"the value is too large: {len(message)} bytes, {self._caps.message} allowed"
                )
        except wire.Closed:
            raise
        except BaseException as error:  # noqa: BLE001  whatever it is, the other end asked for it
            name, text = wire.pack_exception(error)
            if isinstance(error, WireError):
                name = "TypeError"
            message = wire.encode((_RAISED, number, name, text, self.where(error)))
        finally:
            self._depth -= 1
        wire.send(self._sock, message)
