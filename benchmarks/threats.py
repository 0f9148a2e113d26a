"""What hostile submissions do to `chainrule grade`, and to stock `nbgrader autograde`.

    python benchmarks/threats.py [--only ID ...] [--here]

Runs the table of grader_tests/threats against both, and writes what came of it to
benchmarks/threats.json, which docs/threats.md is made from. Each attack on nbgrader has a sandbox
of its own: namespaces without a network, a small file system in memory, all else read-only, another
user, and limits on memory, processes and time. It needs Linux, and root for that other user.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGraderApp
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from chainrule.grading.sandbox import kernel
from grader_tests.threats.clauses import section_of
from grader_tests.threats.course import ASSIGNMENT, Traps, copy_course, make_course
from grader_tests.threats.edits import EDITS, Edit
from grader_tests.threats.here import grade_class
from grader_tests.threats.ours import (
    CHAINRULE,
    MISHAPS,
    NBGRADER,
    Grader,
    Mishap,
    faults,
    make_class,
)
from grader_tests.threats.outcome import intruders, leaks, scores, shown
from grader_tests.threats.row import Threat
from grader_tests.threats.table import THREATS

MEASURED = Path(__file__).with_name("threats.json")
_FIRST_USER = 64321  # one for each row: a limit on processes counts them by user
_SECONDS = 100  # for one attack and one honest student, on nbgrader
_AT_ONCE = 2
_BIG = "400m"  # the file system that an attack on nbgrader may fill
_LIMITS = {"NPROC": 300, "AS": 4 << 30, "FSIZE": 128 << 20, "CORE": 0, "CPU": 120}
_HOSTILE, _HONEST = "00-threat", "000-honest"  # in the order in which nbgrader takes them


# In the sandbox -----------------------------------------------------------------------------------


def inside(row: Threat, template: Path) -> dict[str, Any]:
    """Try one row on nbgrader; what came of it. Runs as the first process of its namespaces."""
    user = _FIRST_USER + THREATS.index(row)
    folder = _own_file_systems(template)
    _loopback()
    marks = json.loads((folder / "marks").read_text())
    traps = Traps(folder / "course", folder / "home", marks=marks)
    with traps.listening():
        row.put(traps, _HOSTILE)
        for place, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                os.chown(Path(place, name), user, user, follow_symlinks=False)
        before = traps.fingerprint()
        status, wrote = _autograde(traps, user)
    harm = []
    if status is None:
        harm.append("grading never ended")
    elif status < 0:
        harm.append("the grader was killed")
    after = traps.fingerprint()
    changed = [one for one in before if before[one] != after.get(one)]
    if changed or traps.left():
        names = {Path(one).name.replace(traps.tag, "") for one in (*changed, *traps.left())}
        harm.append("left or changed: " + ", ".join(sorted(names)[:6]))
    if intruders(traps):
        harm.append("wrote into the gradebook")
    if traps.connections:
        harm.append("reached the network")
    harm += leaks(traps, _HOSTILE)
    if status is not None and _others():
        harm.append("its processes still run")
    got = scores(traps)
    if _HONEST not in got:
        harm.append("the students after it were not graded")
    said = _reason(wrote) if _HOSTILE not in got else shown(traps, _HOSTILE)
    return {"points": got.get(_HOSTILE), "harm": harm, "said": said}


def _autograde(traps: Traps, user: int) -> tuple[int | None, str]:
    """`nbgrader autograde` by that user: its exit status (None when it never ended), its log.

    Forked from this process, which has imported nbgrader: that halves the time.
    """
    log = traps.course.parent / "log"
    environment = traps.environment
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            output = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.closerange(3, 256)
            for name, most in _LIMITS.items():
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.chdir(traps.course)
            os.environ.clear()
            os.environ.update(environment)
            tempfile.tempdir = None
            sys.argv = ["nbgrader", "autograde", ASSIGNMENT]
            NbGraderApp.launch_instance(sys.argv[1:])
        except SystemExit as ended:
            os._exit(int(bool(ended.code)))
        finally:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), log.read_text(errors="replace")
        time.sleep(0.1)
    for _ in range(20):  # several times, for fork bombs
        for pid in _others():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    return None, log.read_text(errors="replace")


def _others() -> list[int]:
    """The processes of this namespace, but for the first and those that only wait to be buried."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def _own_file_systems(template: Path) -> Path:
    """Small file systems in memory where one may write, and nothing else writable; the course."""

    def mount(*words: str) -> None:
        subprocess.run(["mount", *words], check=True)

    python = Path(sys.base_prefix)
    closed = [one for one in reversed(python.parents) if not one.stat().st_mode & 1]
    mount("--make-rprivate", "/")
    mount("-t", "proc", "proc", "/proc")
    mount("-t", "tmpfs", "-o", f"size={_BIG},mode=755", "tmpfs", "/mnt")
    shutil.copytree(template, "/mnt/it", symlinks=True)
    if closed:  # Python lies in a home folder that another user may not enter
        os.mkdir("/mnt/python")
        mount("--bind", str(python), "/mnt/python")
        mount("-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(closed[0]))
        python.mkdir(parents=True)
        mount("--bind", "/mnt/python", str(python))
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        mount("-t", "tmpfs", "-o", "size=32m,mode=1777", "tmpfs", place)
    mount("-o", "remount,bind,ro", "/")
    return Path("/mnt/it")


def _loopback() -> None:
    """Kernels talk over 127.0.0.1, which is down in a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 1 | 64)  # up, running
        fcntl.ioctl(any_socket, 0x8914, request + bytes(14))  # SIOCSIFFLAGS


def _reason(wrote: str) -> str:
    """The last error that nbgrader wrote, without the names of places."""
    stripped = map(str.strip, wrote.splitlines())
    lines = [line for line in stripped if re.match(r"[\w.]*(Error|Exception)\b", line)]
    line = re.sub(r"(/[^\s'\"/]+)+/", "", lines[-1]) if lines else ""
    return re.sub(r"^[\w.]*\.(?=\w+:)", "", line)[:120]


# Outside ------------------------------------------------------------------------------------------


def stock(row: Threat, template: Path) -> dict[str, Any]:
    """What came of one row on nbgrader, in a sandbox of its own."""
    if row.danger:
        return {"points": None, "harm": [], "said": "", "skipped": row.danger}
    reader, writer = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        kernel.unshare(
            kernel.NEW_MOUNT | kernel.NEW_PID | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_UTS
        )
        first = os.fork()
        if first:
            os.waitpid(first, 0)
            os._exit(0)
        try:
            os.write(writer, json.dumps(inside(row, template)).encode())
        finally:
            traceback.print_exc()
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    os.waitpid(keeper, 0)
    return dict(json.loads(said)) if said else {"points": None, "harm": ["all ended"], "said": ""}


def tried(template: Path, name: str) -> dict[str, Any]:
    """The row of that id, on nbgrader."""
    return stock(next(row for row in THREATS if row.id == name), template)


def mishap(row: Mishap, template: Traps, folder: Path, command: tuple[str, ...]) -> dict[str, Any]:
    """What came of something that went wrong on the instructor's side."""
    traps = copy_course(template, folder)
    make_class(traps)
    grader = Grader(traps, command)
    said = re.sub(r"(/[^\s'\"/]+)+/", "", row.do(grader))[:160]
    grader.run()
    return {"points": None, "harm": faults(traps), "said": said}


def edit(row: Edit, template: Traps, folder: Path, command: tuple[str, ...]) -> dict[str, Any]:
    """What came of something that an instructor edited."""
    traps = copy_course(template, folder)
    harm, said = row.do(Grader(traps, command))
    return {"points": None, "harm": harm, "said": re.sub(r"(/[^\s'\"/]+)+/", "", said)[:160]}


def main() -> None:
    """Measure, and write it down."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--only", nargs="*", default=[], help="ids of rows; the file stays")
    options.add_argument("--here", action="store_true", help="not on nbgrader again")
    chosen = options.parse_args()
    if os.geteuid() != 0 and not chosen.here:
        sys.exit("benchmarks/threats.py needs root: it gives each attack a user of its own")
    console = Console()
    rows = [row for row in THREATS if not chosen.only or row.id in chosen.only]
    known = json.loads(MEASURED.read_text()) if MEASURED.is_file() else {"rows": []}
    before = {row["id"]: row for row in known["rows"]}
    with tempfile.TemporaryDirectory() as folder:
        template = make_course(Path(folder) / "empty")
        (template.course.parent / "marks").write_text(json.dumps(template.marks))
        found: dict[str, dict[str, Any]] = {}
        if not chosen.only:
            graded = grade_class(copy_course(template, Path(folder) / "here"))
            here = {name: outcome.as_dict() for name, outcome in graded.outcomes.items()}
            console.print(f"chainrule grade: {len(here)} hostile, {len(graded.honest)} honest")
        else:
            here = {name: row["here"] for name, row in before.items()}
        with ProcessPoolExecutor(_AT_ONCE, mp_context=get_context("fork")) as pool:
            again = {row.id: before.get(row.id, {}).get("stock") for row in rows}
            run = (
                (again[row.id] for row in rows)
                if chosen.here
                else pool.map(partial(tried, template.course.parent), [row.id for row in rows])
            )
            for row, theirs in zip(rows, track(run, "nbgrader", len(rows)), strict=True):
                found[row.id] = {
                    "id": row.id, "section": section_of(row.clause), "clauses": [row.clause],
                    "tried": row.tried, "most": row.most, "here": here.get(row.id),
                    "stock": theirs,
                }  # fmt: skip
        ours: list[tuple[Any, Callable[..., dict[str, Any]]]] = [
            *((row, mishap) for row in MISHAPS), *((row, edit) for row in EDITS)
        ]  # fmt: skip
        chosen_ours = [(row, do) for row, do in ours if not chosen.only or row.id in chosen.only]
        for row, do in track(chosen_ours, "on our side"):
            place = Path(folder) / row.id
            theirs = before.get(row.id, {}).get("stock")
            if not chosen.here:
                theirs = do(row, template, place / "stock", NBGRADER)
            found[row.id] = {
                "id": row.id, "section": section_of(row.clauses[0]), "clauses": list(row.clauses),
                "tried": row.tried, "most": None,
                "here": do(row, template, place / "here", CHAINRULE), "stock": theirs,
            }  # fmt: skip
    if chosen.only:
        console.print_json(json.dumps(found))
        return
    measured = {"nbgrader": version("nbgrader"), "rows": list(found.values())}
    MEASURED.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    worse = sum(
        bool(row["stock"] and (row["stock"]["harm"] or _stolen(row))) for row in found.values()
    )
    mine = sum(bool(row["here"]["harm"] or _stolen(row, "here")) for row in found.values())
    console.print(
        f"threats that came to something: chainrule {mine}, nbgrader {worse}, of {len(found)}"
    )
    return


def _stolen(row: dict[str, Any], side: str = "stock") -> bool:
    return (row[side]["points"] or 0) > (row["most"] if row["most"] is not None else 10)


if __name__ == "__main__":
    main()
