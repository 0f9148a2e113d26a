"""What cells ask of a machine that a jail has not: programs, windows, a pair of sockets.

A line such as `!pip install` or `%matplotlib qt` stands above an answer in many a notebook. Here it
prints one sentence, and the rest of the cell runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["do_without"]

_SCRIPTS = ("bash", "sh", "script", "perl", "ruby", "python", "python2", "python3", "pypy", "cmd")
_SYSTEM_MAGICS = ("pip", "conda", "mamba", "micromamba", "uv", "system", "sx", "killbgscripts")
_WINDOWS = ("gtk", "qt", "tk", "wx", "macosx", "nbagg", "notebook", "widget", "ipympl", "webagg")

_DEFINES = re.compile(r"^(?:def|class|import|from|@)", re.MULTILINE)
_NONE = "no programs are started while a notebook is graded"


def do_without(shell: Shell) -> None:
    """Give this process, which is a guest, something in the place of each."""
    tempfile.tempdir = None  # Python remembers the folder of whoever it was forked from
    for place, name, instead in (
        (socket, "socketpair", _pipes),  # asyncio wakes itself up by a pair
        (subprocess, "_fork_exec", _refused),  # the system would say "not permitted" only
        (shell, "system", lambda command: _told(f"!{command}")),
        (shell, "getoutput", lambda command, *_, **__: _no_lines(command)),
    ):
        setattr(place, name, instead)
    for name in _SCRIPTS:
        shell.register_magic_function(partial(_script, shell, name), "cell", name)
    for name in _SYSTEM_MAGICS:
        magic = lambda line, cell="", name=name: _told(f"%{name} {line}")  # noqa: E731
        shell.register_magic_function(magic, "line_cell", name)
    shell.register_magic_function(_change_folder, "line", "cd")
    shell.register_magic_function(lambda line: _plots_inline(shell, line), "line", "matplotlib")
    shell.register_magic_function(lambda line: _plots_inline(shell, line), "line", "pylab")
    shell.events.register("pre_execute", _keep_plots_inline)


def _told(what: str) -> None:
    what = " ".join(what.split())
    what = f"{what[:60]}..." if len(what) > 60 else what
    print(f"{what} was not run: {_NONE}.")


def _script(shell: Shell, name: str, line: str, cell: str) -> None:
    """A cell for another program. What is Python in it, from its first definition on, is run."""
    _told(f"%%{name} {line}")
    found = _DEFINES.search(cell)
    if found is None:
        return
    with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
        rest = compile(cell[found.start() :], f"<{name}>", "exec")
        exec(rest, shell.user_ns)


def _refused(*_: Any) -> int:
    raise PermissionError(1, _NONE)


def _no_lines(command: str) -> list[str]:
    _told(f"!{command}")
    return []


def _change_folder(line: str) -> None:
    try:
        os.chdir(os.path.expanduser(line.strip().strip("'\"") or "~"))
    except OSError as error:
        print(f"%cd {line} was not done: {error.strerror}.")


def _plots_inline(shell: Shell, line: str) -> None:
    if line.strip() not in ("", "inline", "agg"):
        print(f"There are no windows here: %matplotlib {line} is taken for %matplotlib inline.")
    shell.enable_matplotlib("inline")


def _keep_plots_inline() -> None:
    """Once matplotlib is there, have it keep the backend where one with windows is asked for."""
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or getattr(matplotlib.use, "stays", False):
        return
    own = matplotlib.use

    def use(backend: str, *args: Any, **kwargs: Any) -> None:
        if any(backend.lower().startswith(name) for name in _WINDOWS):
            print(f"There are no windows here: matplotlib keeps its backend, not {backend}.")
        else:
            own(backend, *args, **kwargs)

    use.stays = True  # type: ignore[attr-defined]
    setattr(matplotlib, "use", use)  # noqa: B010  which a type checker would not let pass


class _PipeEnd:
    """As much of a socket as an event loop asks of the two by which it wakes itself up."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def setblocking(self, wanted: bool) -> None:
        os.set_blocking(self._number, wanted)

    def recv(self, most: int) -> bytes:
        return os.read(self._number, most)

    def send(self, content: bytes) -> int:
        return os.write(self._number, content)

    def close(self) -> None:
        if self._number >= 0:
            os.close(self._number)
            self._number = -1


def _pipes(*_: Any) -> tuple[_PipeEnd, _PipeEnd]:
    """Two ends of which what is sent at the second comes out at the first."""
    reader, writer = os.pipe()
    return _PipeEnd(reader), _PipeEnd(writer)
