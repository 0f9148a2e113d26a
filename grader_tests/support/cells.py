"""An answer and its check cells run in one namespace, and what came of it.

It needs nothing but NumPy and the package, so that the browser's Python runs it too.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from chainrule.check import diagnose
from chainrule.check.diagnose import BrokenRow

SECONDS = 5  # of CPU time: how busy the machine is must not decide
diagnose.strict = True  # a mistake in the table of misconceptions is one of ours

Cell = tuple[str, str]  # its grade_id, and its source


@dataclass(frozen=True)
class Verdict:
    """What the check cells of one question said of one answer.

    failed:  the check cells that did not pass, and the exception each raised.
    printed: what each of the check cells printed.
    """

    failed: dict[str, BaseException] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        return not self.failed

    @property
    def named(self) -> set[str]:
        """The misconceptions that were told to the student."""
        ids = (getattr(error, "misconception", None) for error in self.failed.values())
        return {i for i in ids if i is not None}


# What a signal calls when a cell has taken too long. It is of no file, so its line is nobody's: the
# last one that is known is the student's, as where a kernel is interrupted.
_of_no_file: dict[str, Any] = {}
exec(f"def over(*_): raise TimeoutError('still running after {SECONDS} s')", _of_no_file)
over: Callable[..., None] = _of_no_file["over"]


@contextlib.contextmanager
def known(source: str, namespace: dict[str, Any]) -> Iterator[None]:
    """The answer's cell is known while it is judged, as in IPython: its lines, and its names, which
    are those of a module."""
    lines = source.splitlines(keepends=True)
    linecache.cache["student"] = (len(source), None, lines, "student")
    sys.modules["student"] = types.ModuleType("student")
    vars(sys.modules["student"]).update(namespace)
    try:
        yield
    finally:
        del linecache.cache["student"], sys.modules["student"]


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Ends an endless loop, after so many seconds of processor time: a machine may be busy."""
    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judged(
    before: Sequence[Cell],
    source: str,
    checks: Sequence[Cell],
    limit: Callable[[], AbstractContextManager[None]] = limited,
    **given: Any,
) -> Verdict:
    """Run an answer through check cells.

    before: the cells above it that have to work; limit: gives each cell an end; given: names that
    the answer may use besides.
    """
    namespace: dict[str, Any] = {"__name__": "student", **given}
    for name, text in before:
        exec(compile(text, name, "exec"), namespace)
    with known(source, namespace):
        return _judged(namespace, source, checks, limit)


def _judged(
    namespace: dict[str, Any],
    source: str,
    checks: Sequence[Cell],
    limit: Callable[[], AbstractContextManager[None]],
) -> Verdict:
    quietly = contextlib.redirect_stdout
    # A cell that fails leaves nothing behind; its checks then fail on their own.
    with contextlib.suppress(Exception), quietly(io.StringIO()), limit():
        exec(compile(source, "student", "exec"), namespace)
    verdict = Verdict()
    for name, text in checks:
        with quietly(io.StringIO()) as printed:
            try:
                with limit():
                    exec(compile(text, name, "exec"), namespace)
            except BrokenRow:
                raise
            except Exception as error:
                verdict.failed[name] = error
        verdict.printed[name] = printed.getvalue()
    return verdict
