"""Ctrl-C that is not lost: Python forgets one that comes in a finaliser or a callback."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupts"]


class Interrupts:
    """Remembers Ctrl-C while it is in use, in a `with`. In another thread than the main one, which
    gets none, and where the program has Ctrl-C ignored, it does nothing."""

    def __init__(self) -> None:
        self._heard = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard = True
        self._before(number, frame)

    def check(self) -> None:
        """Raise KeyboardInterrupt where there was one, also when its own was lost."""
        if self._heard:
            raise KeyboardInterrupt
