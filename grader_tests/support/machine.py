"""This machine as a test may change it: its folders laid over by ones that vanish with the test.

Inside, root makes users and writes to /etc, /home and /srv as an administrator does; outside,
nothing of it is to be seen, and no process of it is left. Needs root and Linux.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader_tests.support.paths import ROOT

_CHANGED = ("/etc", "/home", "/srv", "/var/lib", "/run", "/tmp")
_LAY_OVER = """
set -eu
mount -t tmpfs none /mnt
for folder; do
  layer="/mnt$folder"
  mkdir -p "$layer/upper" "$layer/work"
  chmod --reference="$folder" "$layer/upper"
  mount -t overlay none -o "lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work" "$folder"
done
for folder in $OPENED; do chmod go+x "$folder"; done
echo ready
exec sleep infinity
"""


@dataclass(frozen=True)
class Machine:
    """The machine inside. first: its first process, as seen from outside."""

    first: int

    def path(self, path: str) -> Path:
        """A file inside, for whoever is outside."""
        return Path(f"/proc/{self.first}/root{path}")

    def command(self, *command: object, user: str = "root") -> list[str]:
        enter = ["nsenter", "--target", str(self.first), "--mount", "--pid"]
        become = ["runuser", "-u", user, "--"] if user != "root" else []
        return [*enter, "--", *become, *map(str, command)]

    def run(self, *command: object, user: str = "root", **options: Any) -> str:
        """Run a command inside to its end; what it said. Fails when it does not end with 0."""
        done = subprocess.run(
            self.command(*command, user=user),
            env=environment(),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}"
        return done.stdout

    @contextmanager
    def running(
        self, *command: object, log: Path, user: str = "root", cwd: str = "/"
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A program that runs inside for as long as it is needed."""
        with log.open("ab") as file:
            started = subprocess.Popen(
                self.command("env", "-C", cwd, *command, user=user),
                env=environment(),
                stdout=file,
                stderr=file,
            )
        try:
            yield started
        finally:
            for one in _children(started):  # nsenter itself passes nothing on
                one.terminate()
            try:
                started.wait(timeout=30)
            except subprocess.TimeoutExpired:  # the machine's end will be its end
                started.kill()


def _children(process: subprocess.Popen[Any]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children() if process.poll() is None else []


def environment() -> dict[str, str]:
    """What is on PATH on a machine that has the course installed."""
    programs = [str(Path(sys.executable).parent), "/usr/local/sbin", "/usr/local/bin"]
    programs += ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return {"PATH": os.pathsep.join(programs), "LANG": "C.UTF-8", "HOME": "/root"}


def may_lay_over() -> str:
    """Why this user cannot have such a machine; empty when they can."""
    if sys.platform != "linux" or not all(map(shutil.which, ("unshare", "nsenter", "runuser"))):
        return "needs Linux with unshare, nsenter and runuser"
    if os.geteuid() != 0:
        return "needs root: it makes users (none of them outlives the test)"
    return ""


@contextmanager
def machine() -> Iterator[Machine]:
    """A machine to change. Skips on a laptop where it cannot be had, fails in CI."""
    reason = may_lay_over()
    if reason and os.environ.get("CI"):
        pytest.fail(reason + ", and CI has to have it")
    if reason:
        pytest.skip(reason)
    opened = _private_parents(Path(sys.prefix), Path(sys.base_prefix), ROOT)
    folders = dict.fromkeys([*_CHANGED, *("/" + Path(one).parts[1] for one in opened)])
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with subprocess.Popen(
        [*unshare, "sh", "-c", _LAY_OVER, "sh", *folders],
        env=os.environ | {"OPENED": " ".join(opened)},
        stdout=subprocess.PIPE,
        text=True,
    ) as outer:
        try:
            assert outer.stdout is not None
            assert outer.stdout.readline() == "ready\n", "the machine could not be laid over"
            yield Machine(_children(outer)[0].pid)
        finally:
            _children(outer)[0].kill()  # and all that runs inside with it


def _private_parents(*paths: Path) -> list[str]:
    """The folders above that others may not enter; inside they may, or no student had Python."""
    above = {str(folder) for path in paths for folder in (path, *path.parents)}
    return sorted(one for one in above if not os.stat(one).st_mode & stat.S_IXOTH)
