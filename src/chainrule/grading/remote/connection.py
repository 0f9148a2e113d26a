"""The conversation of worker and guest: requests, answers, and requests inside requests.

Both ends are alike. An end may ask while it is being asked (a student's function calls a function
of the check); answers come back in the order of a call stack, so no threads are needed.
"""

from __future__ import annotations

import struct
import threading
from typing import Any

from chainrule.grading.remote import codec, wire_types
from chainrule.grading.remote.framing import Clock, FramedSocket
from chainrule.grading.remote.wire_types import Caps, Ref, WireError

__all__ = ["CHANGED", "RAISED", "RESULT", "Connection"]

_REQUEST, RESULT, CHANGED, RAISED, _TOLD = range(5)
_TOO_DEEP = "calls between a check and student code are nested too deeply (c.Judge.call_depth)"
_HEADER = struct.Struct("<BI")  # which of these, and the number of the request


class Connection:
    """One end. Subclasses say what they answer (`serve`) and how they show the other's objects.

    depth: how deeply calls may be nested in calls.
    """

    def __init__(self, line: FramedSocket, caps: Caps, depth: int) -> None:
        self._line, self._caps, self._most_depth = line, caps, depth
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

    def raised(self, name: str, message: str, where: Any, error: Any = None) -> BaseException:
        """The other end's exception, as this end raises it. error: itself, if it was sent along."""
        return wire_types.unpack_exception(name, message)

    def sent(self, error: BaseException) -> Any:
        """What of an exception is sent along with what it says: itself, or None."""
        return None

    def where(self, error: BaseException) -> Any:
        """Plain data about where `error` was raised, sent along with it."""
        return None

    def frame(self, clock: Clock | None) -> bytes:
        """The next frame from the other end."""
        return self._line.receive(self._caps.message, clock)

    # References

    def refer(self, value: Any) -> Ref:
        """Name an object, and count that the other end holds it once more."""
        return self.name(value, 1)

    def name(self, value: Any, count: int) -> Ref:
        """Name an object, counting `count` more references held by the other end."""
        number = self._numbers.get(id(value))
        if number is None:
            ref = self.native(value)
            if ref is not None:
                return ref
            kind = self.kind_of(value)
            if not count:
                return Ref(True, 0, kind)
            self._named += 1
            number = self._numbers[id(value)] = self._named
            self._own[number] = [value, count]
            return Ref(True, number, kind)
        self._own[number][1] += count
        return Ref(True, number, self.kind_of(value))

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
        if type(released) is not list:
            raise WireError("a message of an unknown form")
        for one in released:
            if type(one) is not tuple or [type(part) for part in one] != [int, int]:
                raise WireError("a message of an unknown form")
            number, count = one
            held = self._own.get(number)
            if held is not None:
                held[1] -= count
                if held[1] <= 0:
                    del self._own[number]
                    self._numbers.pop(id(held[0]), None)

    # The conversation

    def ask(self, op: str, *args: Any, clock: Clock | None = None) -> tuple[Any, Any]:
        """Send a request and wait for its answer, serving requests meanwhile.

        Returns (value, what else). Raises what the other end raised, Late, Closed, WireError;
        TypeError where an argument cannot cross; RecursionError where calls nest too deeply.
        """
        if self._depth >= self._most_depth:
            raise RecursionError(_TOO_DEEP)
        if threading.get_ident() != self._thread:
            raise RuntimeError("only the main thread may call what a check brought along")
        self._asked += 1
        number = self._asked
        released, self._released = self._released or None, []
        try:
            body = codec.encode((op, args, released), self.refer, self._caps)
        except WireError as error:
            raise TypeError(f"it cannot be handed over: {error}") from None
        self._fits(body)
        self._line.send(_HEADER.pack(_REQUEST, number) + body)
        self._depth += 1
        try:
            return self.answer(number, clock)
        finally:
            self._depth -= 1

    def answer(self, number: int, clock: Clock | None) -> tuple[Any, Any]:
        """Wait for the answer to a request that was sent."""
        while True:
            kind, got, body = self._message(clock)
            if kind == _REQUEST:
                self._serve(got, body)
            elif kind == _TOLD:
                self.told(body)
            elif got == number:
                break
            else:
                self.stray()
        return self.outcome(kind, body)

    def tell(self, what: Any) -> None:
        """Say something that wants no answer, before an answer."""
        self._line.send(_HEADER.pack(_TOLD, 0) + codec.encode(what))

    def told(self, what: Any) -> None:
        """The other end said something that wants no answer."""
        raise WireError("a message of an unknown form")

    def outcome(self, kind: int, body: Any) -> tuple[Any, Any]:
        """What an answer says, as `ask` returns or raises it."""
        if kind == RESULT:
            return body, None
        if kind == CHANGED and type(body) is tuple and len(body) == 2:
            return body
        if kind == RAISED and type(body) is tuple and len(body) == 4:
            name, message, where, error = body
            if type(name) is str and type(message) is str:
                raise self.raised(name, message, where, error)
        raise WireError("a message of an unknown form")

    def stray(self) -> None:
        """An answer came that nobody waits for."""
        raise WireError("an answer to a question that was not asked")

    def one_request(self) -> None:
        """Wait for a request and answer it."""
        kind, number, body = self._message(None)
        if kind == _REQUEST:
            self._serve(number, body)
        else:
            self.stray()

    def _message(self, clock: Clock | None) -> tuple[int, int, Any]:
        frame = self.frame(clock)
        if len(frame) < _HEADER.size:
            raise WireError("a message of an unknown form")
        kind, number = _HEADER.unpack_from(frame)
        raw = frame[_HEADER.size :]
        return kind, number, codec.decode(raw, self._caps, self.resolve)

    def _serve(self, number: int, body: Any) -> None:
        kind, message = self._answer_to(body)
        self._line.send(_HEADER.pack(kind, number) + message)

    def _answer_to(self, body: Any) -> tuple[int, bytearray]:
        """Do what a request asks: the kind of answer, and the answer."""
        self._depth += 1
        try:
            value, more = self._served(body)
            kind = RESULT if more is None else CHANGED
            said = value if more is None else (value, more)
            message = codec.encode(said, self.refer, self._caps)
            self._fits(message)
        except wire_types.Closed:
            raise
        except BaseException as error:
            kind, message = RAISED, self._failure(error)
        finally:
            self._depth -= 1
        return kind, message

    def _fits(self, message: bytearray) -> None:
        """Raises ValueError for a message that the other end would not take."""
        size, most = len(message) + _HEADER.size, self._caps.message
        if size > most:
            raise ValueError(
                f"the value is too large: {size} bytes, {most} allowed (c.Judge.message_bytes)"
            )

    def _failure(self, error: BaseException) -> bytearray:
        """The answer that says what was raised."""
        name, text = wire_types.pack_exception(error)
        if isinstance(error, WireError):
            name = "TypeError"
        return codec.encode((name, text, self.where(error), self.sent(error)), self.refer)

    def _served(self, body: Any) -> tuple[Any, Any]:
        if type(body) is not tuple or len(body) != 3:
            raise WireError("a message of an unknown form")
        op, args, released = body
        if released is not None:
            self._forget(released)
        if self._depth > 2 * self._most_depth:
            raise RecursionError(_TOO_DEEP)
        if type(op) is not str or type(args) is not tuple:
            raise WireError("a message of an unknown form")
        return self.serve(op, args)
