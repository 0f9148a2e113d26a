"""The fork server: a fork server from which workers and guests are forked.

Three processes are started once. The *fork server* has numpy, IPython and matplotlib imported, and
forks the workers (`judge/worker.py`). The *supervisor* is forked from it before anything secret was
near, put behind `layers.SUPERVISOR_LAYERS`, and forks the guests (`supervisor.py`, `guest.py`).
Where there are namespaces, a third one only waits for the supervisor. A worker asks the supervisor
for a guest over a socket, as often as it needs a new one (`guest_process.py`). Whoever hangs up is
cleaned up after: a guest dies with its worker, a worker with its client, the supervisor with the
fork server.
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
from chainrule.grading.sandbox.guest_process import (
    LARGEST_PACKET,
    SupervisorClient,
    reap,
)
from chainrule.grading.sandbox.supervisor import supervise

__all__ = [
    "serve",
]


def serve(fd: int, limits: dict[str, Any], judge: str) -> None:
    """The main function of the fork server."""
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
    if os.fork() == 0:  # before there is more in memory than a jail needs
        control.close()
        to_supervisor.close()
        os.environ.clear()
        supervise(supervisor_end, Limits(**limits), shell)
        os._exit(0)
    module, _, name = judge.partition(":")
    run_judge: Callable[..., None] = getattr(importlib.import_module(module), name)
    preload.settle()
    supervisor_end.close()
    hello = to_supervisor.recv(LARGEST_PACKET)
    if not hello:
        raise SystemExit("the supervisor did not start")
    control.send(hello)
    signal.signal(signal.SIGCHLD, reap)
    for cpu, fds in _requests(control):  # each for a judge, and where it is to stay
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                with socket.socket(fileno=fds[0]) as client:
                    run_judge(client, SupervisorClient(to_supervisor, int(cpu)), shell)
            finally:
                os._exit(0)
        for one in fds:
            os.close(one)
    to_supervisor.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while True:  # so that what they used is counted as used by this process
        try:
            os.wait()
        except ChildProcessError:
            break
    with contextlib.suppress(cgroup.NoCgroup):
        cgroup.sweep(cgroup.base_of(*cgroup.own()))


def _requests(control: socket.socket) -> Iterable[tuple[bytes, list[int]]]:
    while True:
        packet, fds, _, _ = socket.recv_fds(control, LARGEST_PACKET, 4)
        if not packet:
            return
        yield packet, fds
