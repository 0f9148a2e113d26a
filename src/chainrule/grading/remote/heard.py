"""What a check is to hear of the code that it calls, kept in the student's process."""

from __future__ import annotations

import builtins
import io
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.grading.remote import wire_types

__all__ = ["Heard"]

_MOST_WARNINGS, _LONGEST = 100, 1000
_SEEDS: dict[str, Callable[..., None]] = {"random": random.seed, "numpy": np.random.seed}


class _Written(io.TextIOBase):
    """A stream whose text is kept, up to a number of characters."""

    encoding = "utf-8"

    def __init__(self, name: str, kept: list[tuple[str, str, int]], most: int) -> None:
        self._name, self._kept, self._room = name, kept, most

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text and self._room > 0:
            self._kept.append((self._name, text[: self._room], 0))
            self._room -= len(text)
        return len(text)


class _Lines(io.TextIOBase):
    """sys.stdin, as a check answers it."""

    encoding = "utf-8"

    def __init__(self, readline: Callable[[], str]) -> None:
        self._readline = readline

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        return self._readline()

    def read(self, size: int | None = -1) -> str:
        return "".join(iter(self._readline, ""))


class Heard:
    """What is kept, and what a check put in place here. most: characters of one call."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._prints = self._warnings = False
        self._replaced: dict[tuple[str, str], Any] = {}
        self._own = builtins.input, builtins.print, sys.stdin

    @property
    def wanted(self) -> bool:
        """Whether anything is to be kept."""
        return self._prints or self._warnings

    def arrange(
        self, prints: bool, warned: bool, ask: Any, show: Any, readline: Any,
        seeds: list[tuple[str, tuple[Any, ...]]], mocks: list[tuple[str, str, Any]],
    ) -> None:  # fmt: skip
        """As `around.Around.news` tells it."""
        self._prints, self._warnings = prints, warned
        own_input, own_print, own_stdin = self._own
        builtins.input = own_input if ask is None else ask
        builtins.print = own_print if show is None else show
        sys.stdin = own_stdin if readline is None else _Lines(readline)
        for name, given in seeds:
            _SEEDS[name](*given)
        for place in [place for place in self._replaced if place not in {one[:2] for one in mocks}]:
            setattr(sys.modules[place[0]], place[1], self._replaced.pop(place))
        for module, name, other in mocks:
            own = getattr(sys.modules[module], name)
            self._replaced.setdefault((module, name), own)
            setattr(sys.modules[module], name, other)

    @contextmanager
    def keeping(self, tell: Callable[[tuple[str, str, int]], None]) -> Iterator[None]:
        """Keep what is said meanwhile, and tell it in the end."""
        kept: list[tuple[str, str, int]] = []
        streams = sys.stdout, sys.stderr
        if self._prints:
            sys.stdout, sys.stderr = (_Written(n, kept, self._most) for n in ("out", "err"))
        try:
            if self._warnings:
                with warnings.catch_warnings(record=True) as found:
                    warnings.simplefilter("always")
                    try:
                        yield
                    finally:
                        kept += [_told(one) for one in found[:_MOST_WARNINGS]]
            else:
                yield
        finally:
            sys.stdout, sys.stderr = streams
            for one in _joined(kept):
                tell(one)


def _joined(kept: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """What stands side by side, by the same stream, as one."""
    found: list[tuple[str, list[str], int]] = []
    for name, text, line in kept:
        if found and found[-1][0] == name in ("out", "err"):
            found[-1][1].append(text)
        else:
            found.append((name, [text], line))
    return [(name, "".join(texts), line) for name, texts, line in found]


def _told(warning: warnings.WarningMessage) -> tuple[str, str, int]:
    name, text = wire_types.pack_exception(warning.message)  # type: ignore[arg-type]
    return name, text[:_LONGEST], warning.lineno
