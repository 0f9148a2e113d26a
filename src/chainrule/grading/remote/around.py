"""What a check arranges in its own process, and the student's code, in another one, is to notice.

A check that captures what is printed, records warnings, answers `input` or seeds the generators of
random numbers does so here. Before the next call the other side is told (`heard.py` is there), and
what it then has to say of prints and warnings is said again here, after the call.
"""

from __future__ import annotations

import builtins
import functools
import random
import sys
import time  # noqa: F401  some of it may be replaced
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.grading.remote import wire_types

__all__ = ["Around"]

_MOST_SEEDS = 1000  # since the last call; a check that sets more sets the same ones again
_OWN = {"input": builtins.input, "print": builtins.print}
_MOCKED = {
    (module, name): getattr(sys.modules[module], name)
    for module, names in wire_types.MOCKED.items()
    for name in names
}  # which a check replaces by one that always says the same, or says that it was called

_seeds: list[tuple[str, tuple[Any, ...]]] = []
"""The seeds that were set since the other side was told: of which generator, with what."""


def _noted(name: str, seed: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(seed)
    def noted(*args: Any, **kwargs: Any) -> None:
        seed(*args, **kwargs)
        if len(_seeds) < _MOST_SEEDS:
            _seeds.append((name, (*args, *kwargs.values())))

    return noted


def _note_seeds() -> None:
    """From now on, in this process."""
    if not hasattr(random.seed, "__wrapped__"):
        random.seed = _noted("random", random.seed)
        np.random.seed = _noted("numpy", np.random.seed)


def _is_of_a_cell(stream: Any) -> bool:
    """Whether it is a `captured.Stream`; its module needs IPython, which takes long to import."""
    return type(stream).__module__ == "chainrule.grading.remote.captured"


class Around:
    """What the other side was told. said: what it said of a call; most: characters
    of all that it says while a cell runs.

    Where nothing is arranged, all of it is a look at a few names before each call.
    """

    def __init__(self, most: int) -> None:
        _note_seeds()
        _seeds.clear()
        self.said: list[tuple[str, str, int]] = []
        self._most = self._room = most
        self._stdout, self._stdin = sys.stdout, sys.stdin
        self._warned = warnings._showwarnmsg_impl  # type: ignore[attr-defined]
        self._heard = self._recorded = False
        self._mocks: list[tuple[str, str, Any]] = []
        self._seen = self._stdout, self._warned, builtins.input, builtins.print, self._stdin

    def news(self) -> tuple[Any, ...] | None:
        """What the other side has to be told before the next call: whether prints and warnings are
        heard, functions in place of `input`, `print` and `sys.stdin.readline`, seeds, and what is
        in place of other functions. Or None."""
        out, warned, ask, show, lines = self._seen
        if (
            sys.stdout is out
            and builtins.input is ask
            and builtins.print is show
            and warnings._showwarnmsg_impl is warned  # type: ignore[attr-defined]
            and sys.stdin is lines
            and not _seeds
            and not self._mocks
            and "unittest.mock" not in sys.modules
        ):
            return None
        out, ask, show, lines = sys.stdout, builtins.input, builtins.print, sys.stdin
        warned = warnings._showwarnmsg_impl  # type: ignore[attr-defined]
        heard = not _is_of_a_cell(out) and out is not self._stdout
        recorded = warned is not self._warned
        mocks = self._mocked()
        seeds = list(_seeds)
        _seeds.clear()
        was, self._seen = self._seen, (out, warned, ask, show, lines)
        same = (heard, recorded) == (self._heard, self._recorded) and was[2:] == self._seen[2:]
        if same and not seeds and mocks == self._mocks:
            return None
        self._heard, self._recorded, self._mocks = heard, recorded, mocks
        return (
            heard,
            recorded,
            None if ask is _OWN["input"] else ask,
            None if show is _OWN["print"] else show,
            None if lines is self._stdin else lines.readline,
            seeds,
            mocks,
        )

    def _mocked(self) -> list[tuple[str, str, Any]]:
        """Functions that stand in place of those of the standard library: of which, and what."""
        found = ((*place, getattr(sys.modules[place[0]], place[1])) for place in _MOCKED)
        return [one for one in found if one[2] is not _MOCKED[one[:2]]]

    def settle(self) -> None:
        """A cell is over: seeds that it set, and nobody drew with, are no longer of interest."""
        _seeds.clear()
        self._room = self._most

    def hear(self, said: Any) -> None:
        """Keep what the other side said during a call. Raises WireError for anything else."""
        if type(said) is not tuple or [type(part) for part in said] != [str, str, int]:
            raise wire_types.WireError("a message of an unknown form")
        name, text, line = said
        text = text[: max(self._room, 0)]
        self._room -= len(text) + 1
        if self._room >= -1:
            self.said.append((name, text, line))

    def repeat(self) -> None:
        """Say it here. Raises what comes of it: a check may turn warnings into errors."""
        said, self.said = self.said, []
        for name, text, line in said:
            if name == "out" or name == "err":
                stream = sys.stdout if name == "out" else sys.stderr
                if self._heard and not _is_of_a_cell(stream) and stream is not sys.__stderr__:
                    stream.write(text)
            elif self._recorded:
                kind = wire_types.warning_of(name)
                warnings.warn_explicit(text, kind, "<student cell>", max(line, 0), registry={})
