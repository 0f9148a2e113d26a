"""The layers of a jail, one row of a table each.

Three layers are put once around the supervisor, the parent of all guests (`SUPERVISOR_LAYERS`): a
cgroup, namespaces, and a root of its own in which only what Python needs is to be seen. The others
(`GUEST_LAYERS`) are put around each guest just before student code runs. A layer that the kernel
does not grant is left out and named; which ones there has to be for a jail, `ENOUGH` says.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from chainrule.grading.sandbox import cgroup, kernel
from chainrule.grading.sandbox.kernel import (
    NOBODY,
    STUDENT,
    JailUnavailable,
    Layer,
    LayerStatus,
    NoLayer,
    Sandbox,
    checked,
    mount,
    need_linux,
    system_call,
    unshare,
)  # fmt: skip
from chainrule.grading.sandbox.landlock import DEVICES, landlock, readable_paths
from chainrule.grading.sandbox.seccomp import filter_for, seccomp

__all__ = ["GUEST_LAYERS", "LOST", "SUPERVISOR_LAYERS", "build", "missing", "refuse_without"]


# Around the supervisor ----------------------------------------------------------------------------


def _cgroup(sandbox: Sandbox) -> None:
    """An end to the memory and the processes of all jails together."""
    try:
        sandbox.budget = cgroup.enter(cgroup.base_of(*cgroup.own()))
    except cgroup.NoCgroup as error:
        raise NoLayer(str(error)) from error
    sandbox.expect(1)


def _namespaces(sandbox: Sandbox) -> None:
    """User, process, mount, IPC, network and host-name namespaces.

    Forks: the caller goes on as the first process of the new process namespace. Its parent outside
    writes the user map (as root: two users, so that a jail can become nobody) and waits for it.
    """
    need_linux()
    sandbox.root_user = os.geteuid() == 0
    users = (0, NOBODY) if sandbox.root_user else (os.geteuid(),)
    groups = (0, NOBODY) if sandbox.root_user else (os.getegid(),)
    ready = os.pipe()
    writer = os.fork()
    if writer == 0:  # a child outside writes the map, since only an outsider may
        os.close(ready[1])
        code = 1
        if os.read(ready[0], 1):
            try:
                _write_maps(os.getppid(), users, groups)
                code = 0
            except OSError:
                pass
        os._exit(code)
    try:
        unshare(
            kernel.NEW_USER
            | kernel.NEW_PID
            | kernel.NEW_MOUNT
            | kernel.NEW_IPC
            | kernel.NEW_NET
            | kernel.NEW_UTS
        )
        os.write(ready[1], b"x")
    except OSError as error:
        raise NoLayer(f"the kernel refuses namespaces ({error.strerror})") from error
    finally:
        for end in ready:
            os.close(end)
        code = os.waitpid(writer, 0)[1]
    if code:
        raise NoLayer("the kernel refuses a user map")
    first = os.fork()
    if first:
        os.closerange(3, 1 << 20)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 255)
    kernel.LIBC.prctl(kernel.SET_PDEATHSIG, signal.SIGKILL)
    sandbox.pid_space = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    mount(None, "/", None, kernel.REC | kernel.PRIVATE)
    sandbox.spaces = True


def _write_maps(pid: int, users: Iterable[int], groups: Iterable[int]) -> None:
    folder = Path(f"/proc/{pid}")
    if os.geteuid() != 0:
        (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text("".join(f"{user} {user} 1\n" for user in users))
    (folder / "gid_map").write_text("".join(f"{group} {group} 1\n" for group in groups))


def _own_root(sandbox: Sandbox) -> None:
    """A root folder in memory, with what may be read bound into it, and nothing else to be seen."""
    if not sandbox.spaces:
        raise NoLayer("needs namespaces")
    root = next(path for path in ("/mnt", "/srv", "/tmp") if os.path.isdir(path))
    paths = readable_paths(sandbox.limits.readable)
    real = {path: os.path.realpath(path) for path in paths}
    sources = {
        path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (*set(real.values()), *DEVICES)
    }
    mount("tmpfs", root, "tmpfs", kernel.NOSUID, "size=1m,mode=755")
    for path in sorted(sources):
        target = root + path
        if os.path.lexists(target):  # lies inside a folder that is bound already
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if stat.S_ISDIR(os.fstat(sources[path]).st_mode):
            os.mkdir(target)
        else:
            Path(target).touch()
        mount(f"/proc/self/fd/{sources[path]}", target, None, kernel.BIND | kernel.REC)
        attributes = struct.pack("<QQQQ", kernel.RDONLY | kernel.NOSUID, 0, 0, 0)
        if path not in DEVICES:
            system_call(
                kernel.MOUNT_SETATTR, "mount_setattr", -1, target.encode(), 0x8000, attributes,
                ctypes.c_size_t(len(attributes)),
            )  # fmt: skip
    for path, where in real.items():
        if path != where and not os.path.lexists(root + path):
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            os.symlink(where, root + path)
    os.mkdir(root + STUDENT)
    for descriptor in sources.values():
        os.close(descriptor)
    os.chdir(root)
    system_call(kernel.PIVOT_ROOT, "pivot_root", b".", b".")
    checked(kernel.LIBC.umount2(b".", kernel.DETACH), "umount")
    os.chdir("/")
    mount(None, "/", None, kernel.REMOUNT | kernel.BIND | kernel.RDONLY | kernel.NOSUID)
    sandbox.scratch = STUDENT


# Around each guest --------------------------------------------------------------------------------


def _session(sandbox: Sandbox) -> None:
    """A session of its own, dead when its parent is, never privileged, with a bare environment."""
    os.setsid()
    os.umask(0o077)
    if sys.platform == "linux":
        kernel.LIBC.prctl(kernel.SET_PDEATHSIG, signal.SIGKILL)
        checked(kernel.LIBC.prctl(kernel.SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def _scratch(sandbox: Sandbox) -> None:
    """A scratch folder in memory, its size and number of files limited by the kernel."""
    if not sandbox.spaces or sandbox.scratch != STUDENT:
        raise NoLayer("needs namespaces; the size of the scratch folder is not limited")
    # An IPC namespace of one's own takes the kernel long to clear away, and the filter refuses
    # everything that one would be for.
    unshare(kernel.NEW_MOUNT if sandbox.filtered else kernel.NEW_MOUNT | kernel.NEW_IPC)
    owner = NOBODY if sandbox.root_user else os.geteuid()
    limits = sandbox.limits
    options = f"size={limits.scratch_bytes},nr_inodes={limits.scratch_files},mode=700,uid={owner}"
    mount("tmpfs", STUDENT, "tmpfs", kernel.NOSUID | kernel.NODEV | kernel.NOEXEC, options)


def _powerless(sandbox: Sandbox) -> None:
    """Nobody, or a user of its own, without a capability; where there are namespaces, in one where
    nothing is owned."""
    user = NOBODY if sandbox.spaces and sandbox.root_user else sandbox.user
    if user > 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if sandbox.spaces:
        unshare(kernel.NEW_USER)
    kernel.LIBC.prctl(kernel.CAP_AMBIENT, kernel.CAP_AMBIENT_CLEAR, 0, 0, 0)
    header = struct.pack("<Ii", 0x20080522, 0)
    system_call(kernel.CAPSET, "capset", header, bytes(24))
    if user > 0:
        kernel.LIBC.prctl(kernel.SET_PDEATHSIG, signal.SIGKILL)  # forgotten when the user changed


def _rlimits(sandbox: Sandbox) -> None:
    """The kernel's own limits on memory, time, files, threads and core dumps."""
    limits = sandbox.limits
    table = {
        "RLIMIT_CPU": math.ceil(limits.total_seconds) + 5 if limits.total_seconds else None,
        "RLIMIT_AS": sandbox.base_bytes + limits.memory_bytes if sandbox.base_bytes else None,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        # Counted for the user. Where the user has other processes too, a number for one of them
        # would stop all from being graded; the worker looks at the threads then (`clock.Limit`).
        "RLIMIT_NPROC": limits.threads if sandbox.spaces or sandbox.user > 0 else None,
        "RLIMIT_CORE": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_RTPRIO": 0,
    }
    for name, value in table.items():
        if value is not None and hasattr(resource, name):
            resource.setrlimit(getattr(resource, name), (value, value))


def prepare(sandbox: Sandbox) -> None:
    """Work out once, in the supervisor, what every child would work out again."""
    readable_paths(sandbox.limits.readable)
    try:
        filter_for(1)  # the first process of a namespace is number 1
        sandbox.filtered = True
    except (NoLayer, OSError):
        pass


SUPERVISOR_LAYERS = (
    Layer("cgroup", _cgroup),
    Layer("namespaces", _namespaces),
    Layer("own root", _own_root),
)
GUEST_LAYERS = (
    Layer("session", _session),
    Layer("scratch", _scratch),
    Layer("powerless", _powerless),
    Layer("rlimits", _rlimits),
    Layer("Landlock", landlock),
    Layer("seccomp", seccomp),
)
# Of each line, one has to be there: what keeps files away, and what keeps the network away.
ENOUGH = (("own root", "Landlock"), ("namespaces", "seccomp"))
# What a jail does without where a layer is missing; docs/deploy.md says the same.
LOST = {
    "cgroup": "Each jail has a limit of memory and processes, and all of them together have none.",
    "namespaces": "Student code can see the numbers and the owners of the machine's processes. "
    "seccomp still refuses signals, programs and the network.",
    "own root": "Student code can ask for the names, sizes and times of files outside the jail. "
    "Landlock still refuses what is in them.",
    "scratch": "Student code may fill the disk for as long as it runs: one file has a limit, all "
    "together have none. What it wrote is removed.",
    "Landlock": "Nothing but an own root keeps student code from files outside the jail.",
    "seccomp": "Nothing but namespaces keeps student code from the network.",
}


def build(layers: Iterable[Layer], sandbox: Sandbox) -> list[LayerStatus]:
    """Put the layers around this process; what became of each."""
    rows = []
    for layer in layers:
        try:
            layer.apply(sandbox)
        except (NoLayer, OSError, ValueError) as error:
            rows.append(LayerStatus(layer.name, False, str(error)))
        else:
            rows.append(LayerStatus(layer.name, True, ""))
    return rows


def missing(rows: Iterable[LayerStatus]) -> list[LayerStatus]:
    """The layers for want of which there is no jail."""
    known = {row.name: row for row in rows}
    found = [[known[name] for name in names if name in known] for names in ENOUGH]
    return [row for line in found if not any(row.active for row in line) for row in line]


def refuse_without(rows: Iterable[LayerStatus]) -> None:
    """Raises JailUnavailable unless what `ENOUGH` asks for is among the active rows."""
    lacking = missing(rows)
    if lacking:
        reasons = "; ".join(f"{row.name}: {row.why}" for row in lacking)
        raise JailUnavailable(
            f"no jail can be built here ({reasons}); --no-jail grades without one, "
            "which is for work that you trust"
        )
