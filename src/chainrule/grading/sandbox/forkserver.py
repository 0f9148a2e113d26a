"""Warm processes, and the children forked from them.

Three processes are started once: the *office*, which has numpy, IPython and matplotlib imported and
forks the judges; the *house*, forked from it before anything secret was near and put behind the
walls of `layers.HOUSE`, which forks the jails; and, where there are namespaces, one that only waits
for the house. A judge asks the house for a jail over a socket, as often as it
needs a new one. Whoever hangs up is cleaned up after: a jail dies with its judge, a judge with its
client, the house with the office.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import cgroup, layers, preload
from chainrule.grading.sandbox.layers import House, Row

__all__ = ["LARGEST_PACKET", "HouseLine", "JailProcess", "OfficeError", "office"]

LARGEST_PACKET = 1 << 16


class OfficeError(RuntimeError):
    """The warm process did not start, or is gone."""


def office(fd: int, limits: dict[str, Any], judge: str) -> None:
    """The main function of the warm process."""
    control = socket.socket(fileno=fd)
    control.set_inheritable(False)
    shell = preload.up()
    wanted = control.recv(LARGEST_PACKET)
    if not wanted:  # nothing was judged after all
        return
    if wanted == b"plots":
        preload.plot(shell)
    to_house, house_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    preload.settle()
    if os.fork() == 0:  # before there is more in memory than a jail needs
        control.close()
        to_house.close()
        os.environ.clear()
        _house(house_end, Limits(**limits), shell)
        os._exit(0)
    module, _, name = judge.partition(":")
    run_judge: Callable[..., None] = getattr(importlib.import_module(module), name)
    preload.settle()
    house_end.close()
    hello = to_house.recv(LARGEST_PACKET)
    if not hello:
        raise SystemExit("the house of the jails did not start")
    control.send(hello)
    signal.signal(signal.SIGCHLD, _reap)
    for cpu, fds in _requests(control):  # each for a judge, and where it is to stay
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                with socket.socket(fileno=fds[0]) as client:
                    run_judge(client, HouseLine(to_house, int(cpu)), shell)
            finally:
                os._exit(0)
        for one in fds:
            os.close(one)
    to_house.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    while True:  # so that what they used is counted as used by this process
        try:
            os.wait()
        except ChildProcessError:
            break
    with contextlib.suppress(cgroup.NoCgroup):
        cgroup.sweep(cgroup.base_of(*cgroup.own()))


def _reap(*_: Any) -> None:
    """Take leave of the judges that are done, without waiting for others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _requests(control: socket.socket) -> Iterable[tuple[bytes, list[int]]]:
    while True:
        packet, fds, _, _ = socket.recv_fds(control, LARGEST_PACKET, 4)
        if not packet:
            return
        yield packet, fds


# The house ----------------------------------------------------------------------------------------


def _house(control: socket.socket, limits: Limits, shell: Any) -> None:
    """Build the walls of the house, say which stand, and fork jails until the office is gone."""
    from chainrule.grading.remote.shell import Shell

    assert isinstance(shell, Shell)
    tried = {row.name: row for row in _tried(layers.HOUSE, House(limits))}
    house = House(limits, base_bytes=_address_space())
    built = layers.build([layer for layer in layers.HOUSE if tried[layer.name].active], house)
    rows = list((tried | {row.name: row for row in built}).values())
    layers.prepare(house)
    rows += _tried(layers.CELL, house, in_jail_space=True)
    control.send(json.dumps(rows).encode())
    enough = any(row.active for row in rows if row.name in layers.ENOUGH)
    _Landlord(control, house, shell, enough).serve()


def _address_space() -> int:
    """Bytes of address space this process has; 0 where that cannot be told."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _tried(wanted: Iterable[layers.Layer], house: House, in_jail_space: bool = False) -> list[Row]:
    """What becomes of layers, tried in a child that is thrown away."""
    reader, writer = os.pipe()
    spaces = in_jail_space and house.spaces
    if spaces:
        layers.unshare(layers.NEW_PID)
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, json.dumps(layers.build(wanted, house)).encode())
        finally:
            os._exit(0)
    if spaces:
        layers.rejoin_pid_space(house)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    rows = json.loads(said) if said else []
    return [Row(*row) for row in rows] or [
        Row(layer.name, False, "trying it ended the process") for layer in wanted
    ]


@lru_cache
def _limits(text: str) -> Limits:
    """Limits as a judge's line sends them: the same ones for jail after jail."""
    return Limits(**json.loads(text))


@lru_cache
def _as_text(limits: Limits) -> str:
    return json.dumps(limits.as_dict())


class _Landlord:
    """The house at work: it forks jails, interrupts them, ends them when their judge is gone."""

    def __init__(self, control: socket.socket, house: House, shell: Any, enough: bool) -> None:
        self._control, self._house, self._shell, self._enough = control, house, shell, enough
        self._jails: dict[int, tuple[str, socket.socket, int, str]] = {}
        self._poll = select.poll()
        self._watched: dict[
            int, int
        ] = {}  # the line of each jail whose judge is there, its process
        self._wake, wake_end = socket.socketpair()
        wake_end.setblocking(False)
        self._wake.setblocking(False)
        self._wake_end = wake_end
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Work until the office, and every judge with it, has hung up."""
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._watched:  # its judge hung up
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
        """Watch the line of a jail no longer; the jail's process."""
        self._poll.unregister(fd)
        return self._watched.pop(fd)

    def _end(self) -> None:
        for pid in list(self._jails):
            os.kill(pid, signal.SIGKILL)
            self._bury(pid, os.waitpid(pid, 0)[1])

    def _request(self, request: dict[str, Any], fds: list[int]) -> None:
        if request["op"] == "jail":
            self._fork(request["name"], _limits(request["limits"]), request["cpu"], *fds)
        else:
            for pid, entry in self._jails.items():
                if entry[0] == request["name"]:
                    os.kill(pid, signal.SIGINT)

    def _fork(self, name: str, limits: Limits, cpu: int, line: int, status: int) -> None:
        if not self._enough and not limits.no_jail:
            os.close(line)
            os.write(status, b"no jail can be built here")
            os.close(status)
            return
        house = self._house
        house.limits = limits
        with contextlib.suppress(OSError):  # the limits of the other walls hold all the same
            house.expect(len(self._jails) + 1)
        folder = ""
        if not house.spaces:
            import tempfile

            folder = house.scratch = tempfile.mkdtemp(prefix="chainrule-")
        else:
            layers.unshare(layers.NEW_PID)
        sock = socket.socket(fileno=line)
        random.seed()  # the jail's, and here, where the memory for it is not shared with anybody
        np.random.seed()
        try:
            pid = os.fork()
        except OSError as error:  # out of memory or processes: the judge hears it and tries again
            sock.close()
            os.write(status, str(error).encode())
            os.close(status)
            pid = -1
        if pid == 0:
            _share_cpu(cpu)
            _live(sock, house, self._shell, self._enough)
        if house.spaces:
            layers.rejoin_pid_space(house)
        if pid > 0:
            self._jails[pid] = (name, sock, status, folder)
            self._watched[sock.fileno()] = pid
            self._poll.register(sock, 0)  # for its judge hanging up

    def _reap(self) -> None:
        while self._jails:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._bury(pid, status)

    def _bury(self, pid: int, status: int) -> None:
        if pid not in self._jails:
            return
        _, sock, pipe, folder = self._jails.pop(pid)
        if sock.fileno() in self._watched:
            self._forget(sock.fileno())
        with contextlib.suppress(OSError):  # the judge may not have waited to hear it
            os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(pipe)
        sock.close()
        if folder:
            import shutil

            shutil.rmtree(folder, ignore_errors=True)


def _live(sock: socket.socket, house: House, shell: Any, jailed: bool) -> None:
    """The life of a jail, from the fork to the end."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the inmate is there to take it
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.dup2(sock.fileno(), 3)
        sock.detach()
        os.closerange(4, 1 << 16)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=3)
        rows = layers.build(layers.CELL, house)
        if not jailed and not house.limits.no_jail:
            layers.refuse_without(rows)
        os.chdir(house.scratch or "/")
        os.environ.update(
            {"HOME": house.scratch, "TMPDIR": house.scratch, "LANG": "C.UTF-8", "USER": "student",
             "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PATH": "/usr/bin:/bin"}
        )  # fmt: skip
        from chainrule.grading.remote.server import Inmate

        shell.kept.most = house.limits.output_bytes
        # As in a kernel. Last, since Python remembers what a folder held when it first looked.
        sys.path.insert(0, "")
        Inmate(line, shell, house.limits).loop()
        code = 0
    finally:
        os._exit(code)


def _share_cpu(cpu: int) -> None:
    """Stay on one processor.

    Judge and jail never work at the same time, and a message to a process on the same processor
    takes a fifth of the time.
    """
    if cpu >= 0:
        with contextlib.suppress(OSError):  # without, it is slower and no worse
            os.sched_setaffinity(0, {cpu})


# The judge's line to the house --------------------------------------------------------------------


class JailProcess:
    """A jail, seen from its judge. sock: the line to what runs in it."""

    def __init__(self, control: socket.socket, name: str, sock: socket.socket, status: int) -> None:
        self._control, self._name, self.sock, self._status = control, name, sock, status

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it, if student code runs."""
        self._control.send(json.dumps({"op": "interrupt", "name": self._name}).encode())

    def close(self) -> None:
        """End it, without waiting to hear how."""
        self.sock.close()
        os.close(self._status)

    def end(self) -> int | None:
        """End it if it has not ended; its exit code, negative for a signal, None if unknown."""
        self.sock.close()
        with os.fdopen(self._status, "rb") as pipe:
            said = pipe.read() if select.select([pipe], [], [], 10.0)[0] else b""
        try:
            return int(said)
        except ValueError:
            return None


class HouseLine:
    """The judge's line to the house."""

    def __init__(self, control: socket.socket, cpu: int) -> None:
        self._control, self._cpu = control, cpu
        self._count = 0
        _share_cpu(cpu)

    def jail(self, limits: Limits) -> JailProcess:
        """A fresh jail, with nothing run in it. Raises OfficeError when the house is gone."""
        self._count += 1
        name = f"{os.getpid()}-{time.monotonic_ns()}-{self._count}"
        request = {"op": "jail", "name": name, "limits": _as_text(limits), "cpu": self._cpu}
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        try:
            with theirs:
                packet = [json.dumps(request).encode()]
                socket.send_fds(self._control, packet, [theirs.fileno(), writer])
        except OSError as error:
            raise OfficeError("the house of the jails is gone") from error
        finally:
            os.close(writer)
        return JailProcess(self._control, name, ours, reader)
