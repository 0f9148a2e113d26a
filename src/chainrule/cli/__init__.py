"""The `chainrule` command. Each module holds the commands of one kind of person.

Start with `app.py`, which lists them; what becomes of their failures is a table in `failures.py`.
It may import every room, and no room imports it. What takes long to import, as nbgrader and the
kernels do, a command imports when it runs, so that help, completion and `check` start at once.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn

from chainrule.cli.failures import STOPPED, of

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command and leave with its exit status; whatever fails is a line."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        status = _run(arguments)
    except BaseException as error:
        status = _tell(error, debug)
    _leave(status)


def _run(arguments: list[str]) -> int:
    try:
        from chainrule.cli.app import app
    except ModuleNotFoundError as missing:
        sys.exit(
            f"The chainrule command needs {missing.name}, which is not installed.\n"
            "In the course's checkout, run:  pip install -e '.[grading]'"
        )
    status = int(app(arguments, prog_name="chainrule", standalone_mode=False) or 0)
    if sys.stdout is not None:
        sys.stdout.flush()  # a full disk is noticed here
    return status


def _tell(error: BaseException, debug: bool) -> int:
    """Say what went wrong; the exit status."""
    failure = of(error)
    if failure.line and debug:
        import traceback

        traceback.print_exception(error)
    if failure.line:
        from rich.console import Console

        told = Console(stderr=True, soft_wrap=True)
        told.print(failure.line, style="red", markup=False, highlight=False)
    return failure.status


def _leave(status: int) -> NoReturn:
    """End; when stopped, do not wait for threads, which wait for submissions that take long."""
    for stream in ("stdout", "stderr"):
        try:
            if getattr(sys, stream) is not None:
                getattr(sys, stream).flush()
        except OSError:  # whoever read along is gone
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115  Python flushes it at exit
    waiting = [t for t in threading.enumerate() if t is not threading.main_thread()]
    if status == STOPPED and waiting:
        os._exit(status)
    sys.exit(status)
