"""An end to the processor time of what a worker does itself."""

from __future__ import annotations

import signal
import time
from types import FrameType

__all__ = ["Patience"]

_TICK = 0.2  # seconds of processor time from one look at a check's own time to the next


class Patience:
    """Raises TimeoutError in what is run in it, once that has taken so much processor time.

    A check may be made to compute for ever by what it was answered; so may reading an answer. Here
    that error ends. over: whether it was raised; told: what it says.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self.over = seconds, False
        self.told = f"the check took longer than {seconds:g} s"

    def __enter__(self) -> None:
        self._end = time.process_time() + self._seconds
        self._before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)

    def __exit__(self, kind: object, error: BaseException | None, *_: object) -> bool:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)
        return self.over and isinstance(error, TimeoutError)

    def _look(self, _: int, frame: FrameType | None) -> None:
        leaving = frame is not None and frame.f_code is Patience.__exit__.__code__
        if time.process_time() > self._end and not leaving:
            self.over = True
            raise TimeoutError(self.told)
