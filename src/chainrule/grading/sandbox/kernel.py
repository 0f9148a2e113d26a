"""System calls that Python has no function for, and what every layer is made of."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import cgroup

__all__ = [
    "BIND", "CAPSET", "CAP_AMBIENT", "CAP_AMBIENT_CLEAR", "DETACH", "LANDLOCK_CREATE",
    "LANDLOCK_RESTRICT", "LANDLOCK_RULE", "LIBC", "MOUNT_SETATTR", "NEW_IPC", "NEW_MOUNT",
    "NEW_NET", "NEW_PID", "NEW_USER", "NEW_UTS", "NOBODY", "NODEV", "NOEXEC", "NOSUID",
    "PIVOT_ROOT", "PRIVATE", "RDONLY", "REC", "REMOUNT", "SECCOMP_FILTER", "SET_NO_NEW_PRIVS",
    "SET_PDEATHSIG", "SET_SECCOMP", "STUDENT", "JailUnavailable", "Layer", "LayerStatus",
    "NoLayer", "Sandbox", "checked", "need_linux", "unshare",
]  # fmt: skip


NOBODY = 65534
_FIRST_USER, _USERS = 61184, 1000  # numbers that systemd keeps for users made as it goes
STUDENT = "/student"  # the scratch folder inside a root of our own


class JailUnavailable(RuntimeError):
    """Neither Landlock nor namespaces can be had here, and the instructor has not waived them."""


class NoLayer(Exception):
    """This kernel or this user cannot have the layer; the text says why."""


class LayerStatus(NamedTuple):
    """A line of `chainrule doctor`: a layer, whether it works here, and if not, why."""

    name: str
    active: bool
    why: str


@dataclass
class Sandbox:
    """Where jails are built. It is filled in as the layers of `SUPERVISOR_LAYERS` go up.

    base_bytes: address space of the fork server. spaces: in namespaces of its own, where every
    child gets a process namespace and a file system for its scratch folder. pid_space: a file
    descriptor of the supervisor's process namespace. scratch: the folder the child may write.
    filtered: children get a seccomp filter. user: whom the next child becomes where there are no
    namespaces, -1 for nobody else. budget: what all children may use together, in a cgroup.
    """

    limits: Limits = field(default_factory=Limits)
    base_bytes: int = 0
    root_user: bool = False
    spaces: bool = False
    pid_space: int = -1
    scratch: str = ""
    filtered: bool = False
    user: int = -1
    budget: cgroup.CgroupBudget | None = None

    def next_user(self, scratch: str) -> None:
        """Where root has no namespaces, let the next child be a user of its own, who owns its
        scratch folder: it cannot touch the others, and its threads are counted alone."""
        if os.geteuid() != 0:
            return
        self.user = (
            _FIRST_USER + (self.user + 1 - _FIRST_USER) % _USERS if self.user > 0 else _FIRST_USER
        )
        try:
            os.chown(scratch, self.user, self.user)
        except OSError:  # a container that maps few users
            self.user = NOBODY

    def expect(self, jails: int) -> None:
        """Let the cgroup, if there is one, have room for so many jails at once."""
        if self.budget is not None:
            each = self.base_bytes + self.limits.memory_bytes + self.limits.scratch_bytes
            self.budget.allow(jails, each, self.limits.threads)


class Layer(NamedTuple):
    """name: in a word or two. apply: puts it around this process, or raises NoLayer or OSError."""

    name: str
    apply: Callable[[Sandbox], None]


LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC_SYSCALL: Any = getattr(LIBC, "syscall", None)

NEW_MOUNT, NEW_UTS, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = (
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18
)  # fmt: skip
DETACH = 2
# The same on every architecture that Landlock runs on.
MOUNT_SETATTR, LANDLOCK_CREATE, LANDLOCK_RULE, LANDLOCK_RESTRICT = 442, 444, 445, 446
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPSET = {"x86_64": 126, "aarch64": 91}
SET_PDEATHSIG, SET_NO_NEW_PRIVS, CAP_AMBIENT, CAP_AMBIENT_CLEAR = 1, 38, 47, 4
SET_SECCOMP, SECCOMP_FILTER = 22, 2


def checked(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def need_linux() -> None:
    if sys.platform != "linux":
        raise NoLayer(f"only on Linux, not on {platform.system()}")


def system_call(numbers: int | dict[str, int], what: str, *args: object) -> int:
    need_linux()
    number = numbers if isinstance(numbers, int) else numbers.get(platform.machine())
    if number is None:
        raise NoLayer(f"not known for {platform.machine()}")
    return checked(_LIBC_SYSCALL(number, *args), what)


def unshare(flags: int) -> None:
    """Move into new namespaces. Raises OSError."""
    need_linux()
    checked(LIBC.unshare(flags), "unshare")


def rejoin_pid_space(sandbox: Sandbox) -> None:
    """Let the next child be born in the supervisor's own process namespace again."""
    checked(LIBC.setns(sandbox.pid_space, NEW_PID), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    checked(LIBC.mount(*encoded, ctypes.c_ulong(flags), data.encode()), f"mount {target}")
