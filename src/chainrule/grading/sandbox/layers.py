"""The walls around student code, one row of a table each.

Three walls are built once, around the warm parent of all jails (`HOUSE`): a cgroup, namespaces, and
a root of its own in which only what Python needs is to be seen. The others (`CELL`) are put around
each child just before student code runs. A wall that the kernel does not grant is left out and
named; without Landlock and without namespaces there is no jail.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import stat
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import chainrule
from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import cgroup

__all__ = [
    "CELL", "HOUSE", "House", "JailUnavailable", "Layer", "NoLayer", "Row", "build",
    "refuse_without",
]  # fmt: skip

NOBODY = 65534
STUDENT = "/student"  # the scratch folder inside a root of our own


class JailUnavailable(RuntimeError):
    """Neither Landlock nor namespaces can be had here, and the instructor has not waived them."""


class NoLayer(Exception):
    """This kernel or this user cannot have the layer; the text says why."""


class Row(NamedTuple):
    """A line of `chainrule doctor`: a layer, whether it works here, and if not, why."""

    name: str
    active: bool
    why: str


@dataclass
class House:
    """Where jails are built. It is filled in as the walls of `HOUSE` go up.

    base_bytes: address space of the warm process. spaces: in namespaces of its own, where every
    child gets a process namespace and a file system for its scratch folder. pid_space: a file
    descriptor of the house's process namespace. scratch: the folder the child may write. filtered:
    children get a seccomp filter. room: what all children may use together, in a cgroup.
    """

    limits: Limits = field(default_factory=Limits)
    base_bytes: int = 0
    root_user: bool = False
    spaces: bool = False
    pid_space: int = -1
    scratch: str = ""
    filtered: bool = False
    room: cgroup.Room | None = None

    def expect(self, jails: int) -> None:
        """Let the cgroup, if there is one, have room for so many jails at once."""
        if self.room is not None:
            each = self.base_bytes + self.limits.memory_bytes + self.limits.scratch_bytes
            self.room.allow(jails, each, self.limits.threads)


class Layer(NamedTuple):
    """name: in a word or two. apply: puts it around this process, or raises NoLayer or OSError."""

    name: str
    apply: Callable[[House], None]


# The kernel ---------------------------------------------------------------------------------------

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC_SYSCALL: Any = getattr(_LIBC, "syscall", None)

NEW_MOUNT, NEW_UTS, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = (
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18
)  # fmt: skip
_DETACH = 2
# The same on every architecture that Landlock runs on.
_MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_RULE, _LANDLOCK_RESTRICT = 442, 444, 445, 446
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_SET_PDEATHSIG, _SET_NO_NEW_PRIVS, _CAP_AMBIENT, _CAP_AMBIENT_CLEAR = 1, 38, 47, 4
_SET_SECCOMP, _SECCOMP_FILTER = 22, 2


def _checked(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def _need_linux() -> None:
    if sys.platform != "linux":
        raise NoLayer(f"only on Linux, not on {platform.system()}")


def _syscall(numbers: int | dict[str, int], what: str, *args: object) -> int:
    _need_linux()
    number = numbers if isinstance(numbers, int) else numbers.get(platform.machine())
    if number is None:
        raise NoLayer(f"not known for {platform.machine()}")
    return _checked(_LIBC_SYSCALL(number, *args), what)


def unshare(flags: int) -> None:
    """Move into new namespaces. Raises OSError."""
    _need_linux()
    _checked(_LIBC.unshare(flags), "unshare")


def rejoin_pid_space(house: House) -> None:
    """Let the next child be born in the house's own process namespace again."""
    _checked(_LIBC.setns(house.pid_space, NEW_PID), "setns")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    _checked(_LIBC.mount(*encoded, ctypes.c_ulong(flags), data.encode()), f"mount {target}")


# The house ----------------------------------------------------------------------------------------


def _cgroup(house: House) -> None:
    """An end to the memory and the processes of all jails together."""
    try:
        house.room = cgroup.enter(cgroup.base_of(*cgroup.own()))
    except cgroup.NoCgroup as error:
        raise NoLayer(str(error)) from error
    house.expect(1)


def _namespaces(house: House) -> None:
    """User, process, mount, IPC, network and host-name namespaces.

    Forks: the caller goes on as the first process of the new process namespace. Its parent outside
    writes the user map (as root: two users, so that a jail can become nobody) and waits for it.
    """
    _need_linux()
    house.root_user = os.geteuid() == 0
    users = (0, NOBODY) if house.root_user else (os.geteuid(),)
    groups = (0, NOBODY) if house.root_user else (os.getegid(),)
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
        unshare(NEW_USER | NEW_PID | NEW_MOUNT | NEW_IPC | NEW_NET | NEW_UTS)
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
    _LIBC.prctl(_SET_PDEATHSIG, signal.SIGKILL)
    house.pid_space = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    _mount(None, "/", None, _REC | _PRIVATE)
    house.spaces = True


def _write_maps(pid: int, users: Iterable[int], groups: Iterable[int]) -> None:
    folder = Path(f"/proc/{pid}")
    if os.geteuid() != 0:
        (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text("".join(f"{user} {user} 1\n" for user in users))
    (folder / "gid_map").write_text("".join(f"{group} {group} 1\n" for group in groups))


@cache
def readable_paths(more: tuple[str, ...]) -> list[str]:
    """What student code may read: Python, its packages, this package, the system's libraries."""
    site = [p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    package = str(Path(chainrule.__file__).resolve().parent)
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site, package]
    paths += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += ["/usr", "/lib", "/lib32", "/lib64", *more]
    paths += [f"/etc/{name}" for name in ("fonts", "localtime", "ld.so.cache", "mime.types")]
    found = dict.fromkeys(path for path in paths if path and os.path.exists(path))
    kept: list[str] = []
    for path in sorted(found, key=lambda p: (len(p), p)):
        if not any(path == other or path.startswith(other + "/") for other in kept):
            kept.append(path)
    return kept


_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def _own_root(house: House) -> None:
    """A root folder in memory, with what may be read bound into it, and nothing else to be seen."""
    if not house.spaces:
        raise NoLayer("needs namespaces")
    root = next(path for path in ("/mnt", "/srv", "/tmp") if os.path.isdir(path))
    paths = readable_paths(house.limits.readable)
    real = {path: os.path.realpath(path) for path in paths}
    sources = {
        path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (*set(real.values()), *_DEVICES)
    }
    _mount("tmpfs", root, "tmpfs", _NOSUID, "size=1m,mode=755")
    for path in sorted(sources):
        target = root + path
        if os.path.lexists(target):  # lies inside a folder that is bound already
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if stat.S_ISDIR(os.fstat(sources[path]).st_mode):
            os.mkdir(target)
        else:
            Path(target).touch()
        _mount(f"/proc/self/fd/{sources[path]}", target, None, _BIND | _REC)
        attributes = struct.pack("<QQQQ", _RDONLY | _NOSUID, 0, 0, 0)
        if path not in _DEVICES:
            _syscall(
                _MOUNT_SETATTR, "mount_setattr", -1, target.encode(), 0x8000, attributes,
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
    _syscall(_PIVOT_ROOT, "pivot_root", b".", b".")
    _checked(_LIBC.umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID)
    house.scratch = STUDENT


# The cell -----------------------------------------------------------------------------------------


def _session(house: House) -> None:
    """A session of its own, dead when its parent is, never privileged, with a bare environment."""
    os.setsid()
    os.umask(0o077)
    if sys.platform == "linux":
        _LIBC.prctl(_SET_PDEATHSIG, signal.SIGKILL)
        _checked(_LIBC.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def _scratch(house: House) -> None:
    """A scratch folder in memory, its size and number of files limited by the kernel."""
    if not house.spaces or house.scratch != STUDENT:
        raise NoLayer("needs namespaces; the size of the scratch folder is not limited")
    # An IPC namespace of one's own takes the kernel long to clear away, and the filter refuses
    # everything that one would be for.
    unshare(NEW_MOUNT if house.filtered else NEW_MOUNT | NEW_IPC)
    owner = NOBODY if house.root_user else os.geteuid()
    limits = house.limits
    options = f"size={limits.scratch_bytes},nr_inodes={limits.scratch_files},mode=700,uid={owner}"
    _mount("tmpfs", STUDENT, "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)


def _powerless(house: House) -> None:
    """Nobody, in a user namespace where nothing is owned, without a capability."""
    if house.spaces:
        if house.root_user:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        unshare(NEW_USER)
    _LIBC.prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR, 0, 0, 0)
    header = struct.pack("<Ii", 0x20080522, 0)
    _syscall(_CAPSET, "capset", header, bytes(24))
    if house.spaces and house.root_user:
        _LIBC.prctl(_SET_PDEATHSIG, signal.SIGKILL)  # forgotten when the user changed


def _rlimits(house: House) -> None:
    """The kernel's own limits on memory, time, files, threads and core dumps."""
    limits = house.limits
    table = {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_AS": house.base_bytes + limits.memory_bytes if house.base_bytes else None,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        # Counted for the user where there is no user namespace; a number for one process then
        # would stop a user who has more at once from being graded at all.
        "RLIMIT_NPROC": limits.threads if house.spaces else None,
        "RLIMIT_CORE": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_RTPRIO": 0,
    }
    for name, value in table.items():
        if value is not None and hasattr(resource, name):
            resource.setrlimit(getattr(resource, name), (value, value))


_READ, _READ_FOLDER = 1 << 2, 1 << 3
_WRITE = 1 << 1
_BY_VERSION = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # rights each version added


def _landlock(house: House) -> None:
    """Read what Python needs, write the scratch folder, nothing else; no TCP, no signal outside."""
    try:
        version = _syscall(_LANDLOCK_CREATE, "landlock", None, ctypes.c_size_t(0), 1)
    except OSError as error:
        raise NoLayer(f"the kernel has no Landlock ({error.strerror})") from error
    handled = sum(rights for since, rights in _BY_VERSION.items() if since <= version)
    network = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    attributes = struct.pack("<QQQ", handled, network, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _syscall(_LANDLOCK_CREATE, "landlock", attributes, ctypes.c_size_t(size), 0)
    try:
        for path in readable_paths(house.limits.readable):
            _allow(rules, path, _READ | _READ_FOLDER)
        for path in _DEVICES:
            _allow(rules, path, _READ | (_WRITE if path == "/dev/null" else 0))
        if house.scratch:
            devices = 1 << 6 | 1 << 9 | 1 << 11  # no device, no socket
            _allow(rules, house.scratch, handled & ~devices & ~1)
        _syscall(_LANDLOCK_RESTRICT, "landlock", rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _READ | _WRITE | 1 << 14
        _syscall(_LANDLOCK_RULE, "landlock", rules, 1, struct.pack("<Qi", rights, place), 0)
    finally:
        os.close(place)


_NETWORK = "socket socketpair bind connect listen accept accept4 setsockopt"
_PROGRAMS = "execve execveat fork vfork memfd_create memfd_secret uselib"
_OTHERS = (
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_open "
    "pidfd_getfd pidfd_send_signal kcmp tkill rt_sigqueueinfo rt_tgsigqueueinfo get_robust_list "
    "migrate_pages move_pages setpriority ioprio_set sched_setscheduler sched_setattr "
    "setsid setpgid"
)
_SYSTEM = (
    "mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fsconfig fspick "
    "mount_setattr setns unshare bpf perf_event_open userfaultfd keyctl add_key request_key "
    "io_uring_setup io_uring_enter io_uring_register personality swapon swapoff reboot kexec_load "
    "kexec_file_load init_module finit_module delete_module acct quotactl quotactl_fd settimeofday "
    "clock_settime adjtimex clock_adjtime name_to_handle_at open_by_handle_at lookup_dcookie "
    "syslog iopl ioperm modify_ldt fanotify_init sethostname setdomainname vhangup nfsservctl "
    "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset "
    "shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop "
    "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify"
)
_CLONE_THREAD = 0x10000
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15


@cache
def _filter(me: int) -> bytes:
    """The seccomp filter for a process with that number, as the kernel takes it. Raises NoLayer."""
    try:
        import pyseccomp as kernel
    except (ImportError, RuntimeError, OSError) as error:
        raise NoLayer("pyseccomp or libseccomp is missing (pip install pyseccomp)") from error
    refused = kernel.ERRNO(errno.EPERM)
    rules = kernel.SyscallFilter(kernel.ALLOW)
    names = f"{_NETWORK} {_PROGRAMS} {_OTHERS} {_SYSTEM}".split()
    table: list[tuple[str, tuple[int, ...]]] = [(name, ()) for name in names]
    # (argument, comparison, value, and for a masked comparison what remains): a thread is a clone
    # that shares everything, a process is one that does not.
    table += [("clone", (0, kernel.MASKED_EQ, _CLONE_THREAD, 0))]
    table += [(name, (0, kernel.NE, me)) for name in ("kill", "tgkill")]
    table += [("fcntl", (1, kernel.EQ, how)) for how in (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)]
    table += [("prctl", (0, kernel.EQ, _SET_PDEATHSIG))]
    for name, condition in table:
        try:
            rules.add_rule(refused, name, *([kernel.Arg(*condition)] if condition else []))
        except (ValueError, OSError, RuntimeError):
            continue  # this architecture has no such call
    # glibc then falls back to clone, whose flags a filter can read.
    rules.add_rule(kernel.ERRNO(errno.ENOSYS), "clone3")
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _seccomp(house: House) -> None:
    """No socket, no program, no process, no other process's memory or signals, no kernel knobs."""
    _need_linux()
    program = ctypes.create_string_buffer(_filter(os.getpid()))
    head = struct.pack("@HP", (len(program) - 1) // 8, ctypes.addressof(program))
    _checked(_LIBC.prctl(_SET_SECCOMP, _SECCOMP_FILTER, head, 0, 0), "seccomp")


def prepare(house: House) -> None:
    """Work out once, in the house, what every child would work out again."""
    readable_paths(house.limits.readable)
    try:
        _filter(1)  # the first process of a namespace is number 1
        house.filtered = True
    except (NoLayer, OSError):
        pass


HOUSE = (
    Layer("cgroup", _cgroup),
    Layer("namespaces", _namespaces),
    Layer("own root", _own_root),
)
CELL = (
    Layer("session", _session),
    Layer("scratch", _scratch),
    Layer("powerless", _powerless),
    Layer("rlimits", _rlimits),
    Layer("Landlock", _landlock),
    Layer("seccomp", _seccomp),
)
ENOUGH = ("namespaces", "Landlock")  # one of them has to be there


def build(layers: Iterable[Layer], house: House) -> list[Row]:
    """Put the layers around this process; what became of each."""
    rows = []
    for layer in layers:
        try:
            layer.apply(house)
        except (NoLayer, OSError, ValueError) as error:
            rows.append(Row(layer.name, False, str(error)))
        else:
            rows.append(Row(layer.name, True, ""))
    return rows


def refuse_without(rows: Iterable[Row]) -> None:
    """Raises JailUnavailable unless one of `ENOUGH` is among the active rows."""
    rows = list(rows)
    if not any(row.active for row in rows if row.name in ENOUGH):
        reasons = "; ".join(f"{row.name}: {row.why}" for row in rows if row.name in ENOUGH)
        raise JailUnavailable(
            f"no jail can be built here ({reasons}); --no-jail grades without one, "
            "which is for work that you trust"
        )
