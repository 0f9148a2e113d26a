"""The fork server: a warm process from which others are forked, so that none of them has to import.

Three processes are started once. The *fork server* has numpy and IPython imported, and forks for
each master a *template* (`judge/template.py`), which forks a worker for each submission. The
*supervisor* is forked from it before anything secret was near, put behind
`layers.SUPERVISOR_LAYERS`, and forks the guests (`supervisor.py`, `guest.py`). Where there are
namespaces, a third one only waits for the supervisor. A worker asks the supervisor for a guest over
a socket, as often as it needs a new one (`guest_process.py`). Whoever hangs up is cleaned up after:
a guest dies with its worker, a worker with its client, the supervisor with the fork server.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
from collections.abc import Callable, Iterable
from typing import Any

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import cgroup, preload
from chainrule.grading.sandbox.guest_process import LARGEST_PACKET, SupervisorClient
from chainrule.grading.sandbox.supervisor import supervise

__all__ = ["fork_for_each", "serve", "wait_for_all"]


def serve(fd: int, limits: dict[str, Any], template: str) -> None:
    """The main function of the fork server. template: `module:function` that a child runs."""
    control = socket.socket(fileno=fd)
    control.set_inheritable(False)
    shell = preload.up()
    wanted = control.recv(LARGEST_PACKET)
    if not wanted:  # nothing was judged after all
        return
    if wanted == b"plots":
        preload.plot(shell)
    to_supervisor, supervisor_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    preload.settle()
    if os.fork() == 0:  # before there is more in memory than a guest needs
        control.close()
        to_supervisor.close()
        os.environ.clear()
        supervise(supervisor_end, Limits(**limits), shell)
        os._exit(0)
    module, _, name = template.partition(":")
    run: Callable[..., None] = getattr(importlib.import_module(module), name)
    preload.settle()
    supervisor_end.close()
    hello = to_supervisor.recv(LARGEST_PACKET)
    if not hello:
        raise SystemExit("the supervisor did not start")
    control.send(hello)

    def child(client: socket.socket, *_: Any) -> None:
        control.close()
        run(client, SupervisorClient(to_supervisor), shell)

    fork_for_each(control, child)
    to_supervisor.close()
    wait_for_all()
    with contextlib.suppress(cgroup.NoCgroup):
        cgroup.sweep(cgroup.base_of(*cgroup.own()))


def fork_for_each(control: socket.socket, child: Callable[..., None], size: int = 4) -> None:
    """Fork a child for each request on `control`, until whoever asks hangs up.

    A request is a packet of `size` bytes with a socket, and maybe other files, descriptors of which
    the child owns. It does `child(socket, packet, *files)` and ends.
    """
    signal.signal(signal.SIGCHLD, _reap)
    for packet, fds in _requests(control, size):
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                with socket.socket(fileno=fds[0]) as client:
                    child(client, packet, *fds[1:])
            finally:
                os._exit(0)
        for one in fds:
            os.close(one)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def wait_for_all() -> None:
    """Wait for all children, so that what they used is counted as used by this process."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _reap(*_: Any) -> None:
    """Take leave of the children that are done, without waiting for others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _requests(control: socket.socket, size: int) -> Iterable[tuple[bytes, list[int]]]:
    while True:
        try:
            packet, fds, _, _ = socket.recv_fds(control, size, 4)
        except OSError:
            return
        if not packet:
            return
        yield packet, fds
