"""The life of a guest, from the fork to the end."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any

from chainrule.grading.sandbox import layers
from chainrule.grading.sandbox.kernel import Sandbox

__all__ = ["live"]


def live(sock: socket.socket, sandbox: Sandbox, shell: Any, jailed: bool) -> None:
    """The life of a jail, from the fork to the end."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the guest is there to take it
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.dup2(sock.fileno(), 3)
        sock.detach()
        os.closerange(4, 1 << 16)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=3)
        rows = layers.build(layers.GUEST_LAYERS, sandbox)
        if not jailed and not sandbox.limits.no_jail:
            layers.refuse_without(rows)
        os.chdir(sandbox.scratch or "/")
        os.environ.update(
            {"HOME": sandbox.scratch, "TMPDIR": sandbox.scratch, "LANG": "C.UTF-8",
             "USER": "student",
             "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PATH": "/usr/bin:/bin"}
        )  # fmt: skip
        from chainrule.grading.remote.programs import do_without
        from chainrule.grading.remote.server import Guest

        do_without(shell)
        shell.kept.most = sandbox.limits.output_bytes
        # As in a kernel. Last, since Python remembers what a folder held when it first looked.
        sys.path.insert(0, "")
        Guest(line, shell, sandbox.limits).loop()
        code = 0
    finally:
        os._exit(code)
