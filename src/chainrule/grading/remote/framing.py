"""Frames over a stream socket, with an end to waiting that no sender can put off."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from chainrule.grading.remote.wire_types import Closed, Late, WireError

__all__ = ["Clock", "FramedSocket", "until"]

Clock = Callable[[], None]
"""Looks at the time: raises Late, or whatever ends the waiting, when it is up."""

SIZE = struct.Struct("<I")
_TICK = 0.05  # seconds a wait lasts before the clock is looked at again
_UNREAD = 10  # seconds after which an end that does not read what it is sent counts as gone


class FramedSocket:
    """A stream socket that carries frames: four bytes of length, and the payload."""

    def __init__(self, sock: socket.socket, timed: bool = True) -> None:
        self._sock = sock
        self._rest = b""
        if timed:  # far cheaper than a call of select before every recv
            tick = struct.pack("@ll", 0, int(_TICK * 1e6))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, tick)
            unread = struct.pack("@ll", _UNREAD, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, unread)

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def send(self, payload: bytes | bytearray) -> None:
        """One frame. Raises Closed."""
        try:
            self._sock.sendall(SIZE.pack(len(payload)) + payload)
        except OSError as error:
            raise Closed("the other side is gone") from error

    def receive(self, most: int, clock: Clock | None = None) -> bytes:
        """The payload of the next frame, of at most `most` bytes.

        clock: asked again and again while nothing comes. Raises what it raises, Closed, WireError.
        """
        while len(self._rest) < 4:
            self._rest += self._more(1 << 16, clock)
        found = self._rest
        end = SIZE.unpack_from(found)[0] + 4
        if end > most + 4:
            raise WireError(f"a value of {end - 4} bytes; at most {most} may cross")
        if len(found) < end:
            parts, missing = [found], end - len(found)
            while missing > 0:
                try:
                    parts.append(self._more(min(missing, 1 << 20), clock))
                except BaseException:
                    self._rest = b"".join(parts)
                    raise
                missing -= len(parts[-1])
            found = b"".join(parts)
        self._rest = found[end:]
        return found[4:end]

    def _more(self, most: int, clock: Clock | None) -> bytes:
        while True:
            if clock is not None:
                clock()
            try:
                part = self._sock.recv(most)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed("the other side is gone") from error
            if not part:
                raise Closed("the other side is gone")
            return part


def until(deadline: float) -> Clock:
    """A clock that is up at a moment of time.monotonic()."""

    def clock() -> None:
        if time.monotonic() > deadline:
            raise Late

    return clock
