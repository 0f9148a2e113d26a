"""An answer and its check cells run in one namespace, and what came of it.

It needs nothing but NumPy and the package, so that the browser's Python runs it too.
"""

from __future__ import annotations

import contextlib
import io
import signal
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


def over(*_: object) -> None:
    """What a signal calls when a cell has taken too long."""
    raise TimeoutError(f"still running after {SECONDS} s")


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
