"""How the command speaks in a terminal: one console, and one kind of progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

__all__ = ["console", "paused", "progress_bar"]

# A table of twelve questions wants more room than the 80 columns of a pipe.
console = Console() if sys.stdout.isatty() else Console(width=120)


def progress_bar(transient: bool = False, disable: bool = False) -> Progress:
    """A bar for each thing that takes a while. transient: it goes when it is done."""
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
