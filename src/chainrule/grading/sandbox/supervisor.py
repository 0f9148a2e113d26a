"""The supervisor: it forks guests, interrupts them, and ends them when their worker is gone."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import socket
import tempfile
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import kernel, layers
from chainrule.grading.sandbox.guest import live
from chainrule.grading.sandbox.guest_process import LARGEST_PACKET, limits_of, share_cpu
from chainrule.grading.sandbox.kernel import LayerStatus, Sandbox
from chainrule.grading.sandbox.scratch import remove_tree


def supervise(control: socket.socket, limits: Limits, shell: Any) -> None:
    """Put the layers around this process, say which hold, and fork guests until all hung up."""
    from chainrule.grading.remote.shell import Shell

    assert isinstance(shell, Shell)
    tried = {row.name: row for row in _tried(layers.SUPERVISOR_LAYERS, Sandbox(limits))}
    sandbox = Sandbox(limits, base_bytes=_address_space())
    built = layers.build(
        [layer for layer in layers.SUPERVISOR_LAYERS if tried[layer.name].active], sandbox
    )
    rows = list((tried | {row.name: row for row in built}).values())
    layers.prepare(sandbox)
    rows += _tried(layers.GUEST_LAYERS, sandbox, in_jail_space=True)
    control.send(json.dumps(rows).encode())
    enough = layers.missing(rows) == []
    Supervisor(control, sandbox, shell, enough).serve()


def _address_space() -> int:
    """Bytes of address space this process has; 0 where that cannot be told."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _tried(
    wanted: Iterable[layers.Layer], sandbox: Sandbox, in_jail_space: bool = False
) -> list[LayerStatus]:
    """What becomes of layers, tried in a child that is thrown away."""
    reader, writer = os.pipe()
    spaces = in_jail_space and sandbox.spaces
    if spaces:
        kernel.unshare(kernel.NEW_PID)
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, json.dumps(layers.build(wanted, sandbox)).encode())
        finally:
            os._exit(0)
    if spaces:
        kernel.rejoin_pid_space(sandbox)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    rows = json.loads(said) if said else []
    return [LayerStatus(*row) for row in rows] or [
        LayerStatus(layer.name, False, "trying it ended the process") for layer in wanted
    ]


class _Entry(NamedTuple):
    """A guest: what its worker calls it, the lines to it and about it, its scratch folder."""

    name: str
    line: socket.socket
    status: socket.socket
    folder: str


class Supervisor:
    """Forks guests, interrupts them, and ends them when their worker is gone."""

    def __init__(self, control: socket.socket, sandbox: Sandbox, shell: Any, enough: bool) -> None:
        self._control, self._sandbox, self._shell, self._enough = control, sandbox, shell, enough
        self._guests: dict[int, _Entry] = {}
        self._poll = select.poll()
        # The line of each guest whose worker is there, and its process.
        self._watched: dict[int, int] = {}
        self._wake, wake_end = socket.socketpair()
        wake_end.setblocking(False)
        self._wake.setblocking(False)
        self._wake_end = wake_end
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Work until the fork server, and every worker with it, has hung up."""
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._watched:  # its worker hung up
                    os.kill(self._forget(fd), signal.SIGKILL)
                elif fd == self._wake.fileno():
                    self._wake.recv(4096)
                    self._reap()
                elif fd == self._control.fileno():
                    packet, fds, _, _ = socket.recv_fds(self._control, LARGEST_PACKET, 4)
                    if not packet:
                        return self._end()
                    self._request(json.loads(packet), fds)

    def _forget(self, fd: int) -> int:
        """Watch the line of a guest no longer; the jail's process."""
        self._poll.unregister(fd)
        return self._watched.pop(fd)

    def _end(self) -> None:
        for pid in list(self._guests):
            os.kill(pid, signal.SIGKILL)
            self._bury(pid, os.waitpid(pid, 0)[1])

    def _request(self, request: dict[str, Any], fds: list[int]) -> None:
        if request["op"] == "guest":
            line, status = (socket.socket(fileno=fd) for fd in fds)
            self._fork(request["name"], limits_of(request["limits"]), request["cpu"], line, status)
        else:
            for pid, entry in self._guests.items():
                if entry.name == request["name"]:
                    os.kill(pid, signal.SIGINT)

    def _fork(
        self, name: str, limits: Limits, cpu: int, line: socket.socket, status: socket.socket
    ) -> None:
        if not self._enough and not limits.no_jail:
            _say(status, b"no jail can be built here")
            line.close()
            status.close()
            return
        sandbox = self._sandbox
        sandbox.limits = limits
        with contextlib.suppress(OSError):  # the limits of the other layers hold all the same
            sandbox.expect(len(self._guests) + 1)
        folder = ""
        if sandbox.spaces:
            kernel.unshare(kernel.NEW_PID)
        else:
            folder = sandbox.scratch = tempfile.mkdtemp(prefix="chainrule-")
            sandbox.next_user(folder)
        random.seed()  # the guest's, and here, where the memory for it is not shared with anybody
        np.random.seed()
        try:
            pid = os.fork()
        except OSError as error:  # out of memory or processes: the worker hears it and tries again
            _say(status, str(error).encode())
            line.close()
            status.close()
            pid = -1
        if pid == 0:
            share_cpu(cpu)
            live(line, sandbox, self._shell, self._enough)
        if sandbox.spaces:
            kernel.rejoin_pid_space(sandbox)
        if pid > 0:
            self._guests[pid] = _Entry(name, line, status, folder)
            self._watched[line.fileno()] = pid
            self._poll.register(line, 0)  # for its worker hanging up
            _say_which(status, pid)
        elif folder:
            _remove(folder)

    def _reap(self) -> None:
        while self._guests:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._bury(pid, status)

    def _bury(self, pid: int, status: int) -> None:
        if pid not in self._guests:
            return
        entry = self._guests.pop(pid)
        if entry.line.fileno() in self._watched:
            self._forget(entry.line.fileno())
        _say(entry.status, str(os.waitstatus_to_exitcode(status)).encode())
        entry.status.close()
        entry.line.close()
        if entry.folder:
            _remove(entry.folder)


def _remove(folder: str) -> None:
    """Take a scratch folder away, in a child: whatever is in it, nobody waits for that."""
    if os.fork() == 0:
        try:
            os.nice(10)
            remove_tree(folder)
        finally:
            os._exit(0)


def _say(status: socket.socket, text: bytes) -> None:
    with contextlib.suppress(OSError):  # the worker may not have waited to hear it
        status.send(text, socket.MSG_DONTWAIT)


def _say_which(status: socket.socket, pid: int) -> None:
    """Hand over a descriptor of the process, by which its worker asks the kernel about it."""
    if not hasattr(os, "pidfd_open"):
        return _say(status, b"-")
    with contextlib.suppress(OSError):
        fd = os.pidfd_open(pid)
        try:
            socket.send_fds(status, [b"+"], [fd])
        finally:
            os.close(fd)
    return None
