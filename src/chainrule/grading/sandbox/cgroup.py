"""A cgroup around all jails of a fork server: an end to what they use together.

Linux lets a program make cgroups only below one that was delegated to it, as with
`systemd-run --user --scope -p Delegate=yes`, or in a container with a cgroup tree of its own. To
move a process costs up to tens of milliseconds, so all jails share one cgroup, which their parent
enters before the first; its limits are raised when there are more jails at once than ever before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

__all__ = ["CgroupBudget", "NoCgroup", "base_of", "enter", "own", "sweep"]

_CONTROLLERS = ("memory", "pids")
_PROGRAMS = "chainrule-programs"  # where we and our parents go, since only a leaf has processes
_JAILS = "chainrule-jails-"
_SPARE_BYTES, _SPARE_PROCESSES = 256 << 20, 8  # for the parent of the jails itself
_RETRIES = 3


class NoCgroup(Exception):
    """No cgroup can be made here; the text says why in a line."""


class CgroupBudget:
    """What the jails in a cgroup may use together.

    Its files are held open, since they are not to be seen from behind the other layers.
    """

    def __init__(self, folder: Path) -> None:
        files = {name: folder / f"{name}.max" for name in _CONTROLLERS}
        self._files = {name: os.open(path, os.O_WRONLY | os.O_CLOEXEC)
                       for name, path in files.items()}  # fmt: skip
        self._now: dict[str, int] = {}

    def allow(self, jails: int, jail_bytes: int, jail_processes: int) -> None:
        """Make room for that many jails. Never less than before; costs nothing if it is no more."""
        wanted = {
            "memory": _SPARE_BYTES + jails * jail_bytes,
            "pids": _SPARE_PROCESSES + jails * jail_processes,
        }
        for name, value in wanted.items():
            if value > self._now.get(name, 0):
                os.pwrite(self._files[name], str(value).encode(), 0)
                self._now[name] = value


def own() -> tuple[Path, bool]:
    """The folder of this process's cgroup, and whether it is the uppermost that is to be seen.

    Raises NoCgroup.
    """
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        raise NoCgroup("only on Linux") from None
    # 41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw, and 0::/user.slice/...
    places = [line.split()[4] for line in mounts if " - cgroup2 " in line]
    paths = [line[3:] for line in groups if line.startswith("0::")]
    if not places or not paths:
        raise NoCgroup("there is no cgroup v2 to be seen")
    return Path(places[0] + paths[0]), paths[0] == "/"


def base_of(group: Path, uppermost: bool) -> Path:
    """The cgroup below which ours can be made, with its controllers handed on.

    group: this process's. uppermost: nothing is above it, so root may use it without asking.
    Raises NoCgroup.
    """
    base = group.parent if group.name == _PROGRAMS else group
    there = _words(base / "cgroup.controllers")
    if missing := [name for name in _CONTROLLERS if name not in there]:
        raise NoCgroup(f"the cgroup has no {' and '.join(missing)} controller")
    files = (base, base / "cgroup.procs", base / "cgroup.subtree_control")
    if not all(os.access(path, os.W_OK) for path in files) or not (
        uppermost or os.geteuid() != 0 or _is_marked(base)
    ):
        raise NoCgroup("no cgroup is delegated (systemd-run --user --scope -p Delegate=yes ...)")
    if set(_CONTROLLERS) <= _words(base / "cgroup.subtree_control"):
        return base
    hand_on = " ".join(f"+{name}" for name in _CONTROLLERS)
    try:
        try:
            (base / "cgroup.subtree_control").write_text(hand_on)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            _make_way(base)
            (base / "cgroup.subtree_control").write_text(hand_on)
    except OSError as error:
        raise NoCgroup(f"the cgroup cannot be divided ({error.strerror})") from error
    return base


def enter(base: Path) -> CgroupBudget:
    """Move this process into a new cgroup. Raises NoCgroup."""
    sweep(base)
    folder = base / f"{_JAILS}{os.getpid()}-{time.monotonic_ns()}"
    for attempt in range(_RETRIES):
        try:
            folder.mkdir(exist_ok=True)
            budget = CgroupBudget(folder)
            (folder / "cgroup.procs").write_text("0")
            return budget
        except OSError as error:  # another program swept it away before anybody was in it
            if attempt == _RETRIES - 1:
                raise NoCgroup(f"a cgroup cannot be entered ({error.strerror})") from error
    raise AssertionError("unreachable")


def sweep(base: Path) -> None:
    """Remove the cgroups of jails in which nobody is any more."""
    for folder in base.glob(f"{_JAILS}*"):
        with contextlib.suppress(OSError):  # the kernel keeps those with processes
            folder.rmdir()


def _make_way(base: Path) -> None:
    """Move the processes of a cgroup below it: those that hand on have none of their own."""
    ours = set(_parents())
    leaf = base / _PROGRAMS
    leaf.mkdir(exist_ok=True)
    for number in _words(base / "cgroup.procs"):
        if number not in ours:
            raise NoCgroup("other programs run in this cgroup too")
    for number in _words(base / "cgroup.procs"):
        with contextlib.suppress(ProcessLookupError):
            (leaf / "cgroup.procs").write_text(number)


def _parents() -> list[str]:
    """The numbers of this process, its parent, and so on."""
    found = [str(os.getpid())]
    while found[-1] not in ("0", "1"):
        try:
            status = Path(f"/proc/{found[-1]}/status").read_text()
        except OSError:
            break
        found.append(status.partition("\nPPid:")[2].split()[0])
    return found


def _is_marked(base: Path) -> bool:
    """Whether systemd has left this cgroup to whoever is in it."""
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(base, name) == b"1":
                return True
    return False


def _words(path: Path) -> set[str]:
    try:
        return set(path.read_text().split())
    except OSError:
        return set()
