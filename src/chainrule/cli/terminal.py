"""How the command speaks: one console, one kind of progress bar, plain data, and notes."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["console", "listening", "paused", "print_json", "progress_bar"]

# A table of twelve questions wants more room than the 80 columns of a pipe.
console = Console() if sys.stdout.isatty() else Console(width=120)


def progress_bar(transient: bool = False, disable: bool = False) -> Progress:
    """A bar for each thing that takes a while. transient: it goes when it is done."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=transient,
        disable=disable,
    )


@contextmanager
def paused(bar: Progress) -> Iterator[None]:
    """Stop drawing the bar, since something is asked or told meanwhile."""
    bar.stop()
    try:
        yield
    finally:
        bar.start()


def print_json(data: Any) -> None:
    """Plain data on stdout, for tools."""
    print(json.dumps(data, indent=2))


class _Notes(logging.Handler):
    """What other rooms have to say meanwhile, as notes on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        told = Console(stderr=True, soft_wrap=True)
        told.print("note", style="yellow", end=" ")
        told.print(record.getMessage(), markup=False, highlight=False)


@contextmanager
def listening() -> Iterator[None]:
    """Show what chainrule's own modules log, such as that the gradebook is locked."""
    log, notes = logging.getLogger("chainrule"), _Notes(logging.WARNING)
    log.addHandler(notes)
    propagate, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.removeHandler(notes)
        log.propagate = propagate
