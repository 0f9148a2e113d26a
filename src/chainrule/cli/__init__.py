"""The `chainrule` command. Each module holds the commands of one kind of person.

Start with `app.py`, which lists them; what becomes of their failures is a table in `failures.py`.
It may import every room, and no room imports it. What takes long to import, as nbgrader and the
kernels do, a command imports when it runs, so that help, completion and `check` start at once.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

_STOPPED = 130  # as shells have it of a program that Ctrl-C ended


def main() -> None:
    """Run the command and leave with its exit status; whatever fails is a line.

    Nothing is imported before it is called, so that Ctrl-C is heard from the first moment.
    """
    try:
        debug = "--debug" in sys.argv
        try:
            _have_streams()
            status = _run([argument for argument in sys.argv[1:] if argument != "--debug"])
        except BaseException as error:
            status = _tell(error, debug)
    except KeyboardInterrupt:  # once more, or while what tells of it was imported
        status = _STOPPED
    _leave(status)


def _have_streams() -> None:
    """Have somewhere to speak to: a shell may have closed it, or it may take ASCII only."""
    import os

    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  open until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _run(arguments: list[str]) -> int:
    try:
        from chainrule.cli.app import app
    except ModuleNotFoundError as missing:
        sys.exit(
            f"The chainrule command needs {missing.name}, which is not installed.\n"
            "In the course's checkout, run:  pip install -e '.[grading]'"
        )
    status = int(app(arguments, prog_name="chainrule", standalone_mode=False) or 0)
    if status == _STOPPED:  # typer's way to say it; commands that have told of it leave otherwise
        raise KeyboardInterrupt
    sys.stdout.flush()  # a full disk is noticed here
    return status


def _tell(error: BaseException, debug: bool) -> int:
    """Say what went wrong; the exit status."""
    from chainrule.cli.failures import of

    failure = of(error)
    if failure.line and debug:
        import traceback

        traceback.print_exception(error)
    if failure.line:
        from rich.console import Console

        told = Console(stderr=True, soft_wrap=True)
        told.print(failure.line, style="red", markup=False, highlight=False)
    return failure.status


def _leave(status: int) -> None:
    """End; when stopped, at once: threads may wait for submissions that take long."""
    import os

    for stream in ("stdout", "stderr"):
        try:
            getattr(sys, stream).flush()
        except OSError:  # whoever read along is gone
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115  Python flushes it at exit
    if status == _STOPPED:
        os._exit(status)
    sys.exit(status)
