"""The known state that every submission of a master is judged from: a process that forks workers.

A template is forked from the fork server for one master. What it knows comes from the master alone:
its checks compiled under their usual numbers, the gradients of their own references, the modules
they import, and how long its own solution takes. It never sees a submission: each is judged in a
child, which ends with it. So nothing that a student sent can be there when the next one is judged.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import pickle
import random
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.session import Session
from chainrule.grading.judge.submission import Submission
from chainrule.grading.judge.worker import LARGEST, bound, work, working_folder
from chainrule.grading.limits import Limits, Took
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.sandbox import preload
from chainrule.grading.sandbox.forkserver import fork_for_each, wait_for_all
from chainrule.grading.sandbox.guest_process import SupervisorClient
from chainrule.grading.sandbox.scratch import remove_tree
from chainrule.notebook.cells import grade_id_of

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["serve", "solution"]

_log = logging.getLogger(__name__)

# While the master's own solution is run nothing is known of how long it takes.
_PATIENT = Took(call=3.0, cell=3.0, check=3.0, total=12.0)
_PLOTS = "matplotlib.pyplot"
_MOST_NAMED = 5  # checks that its solution does not pass


@dataclass
class _SolutionRun:
    """What the run of the master's own solution told.

    took: its seconds. numbers: of its cells, by grade_id. modules: what its checks imported; plots:
    whether it, or they, imported matplotlib. memo: the gradients of its checks' own references, see
    `check.memo`. problem: why it was not run, or which
    checks it fails.
    """

    took: Took = field(default_factory=Took)
    numbers: dict[str, int] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    plots: bool = False
    memo: bytes = b""
    problem: str = ""


def serve(sock: socket.socket, supervisor: SupervisorClient, shell: Shell) -> None:
    """The main function of a template.

    It is sent (master, limits), pickled; answers with the limits that hold and whether plots are
    wanted; and then forks a worker for each four bytes, a processor's number, that come with a
    socket and a journal.
    """
    line = FramedSocket(sock, timed=False)
    master, limits = pickle.loads(line.receive(LARGEST))  # from our own side
    known = _run_once(master, limits, supervisor, shell)
    _get_ready(master, known, shell)
    limits = limits.calibrated(known.took)
    told = {"limits": limits.as_dict(), "plots": known.plots, "problem": known.problem}
    preload.settle()
    with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as scratch:

        def child(client: socket.socket, packet: bytes, journal: int) -> None:
            sock.close()
            cpu = int.from_bytes(packet, "little", signed=True)
            work(client, journal, master, supervisor.on(cpu), shell, scratch)

        line.send(json.dumps(told).encode())
        fork_for_each(sock, child)
        wait_for_all()
        remove_tree(scratch)


def solution(master: Master) -> bytes:
    """The master's own answers, as a submission."""
    cells = [
        {
            "cell_type": kind,
            "source": source,
            "metadata": {"nbgrader": {"grade_id": name}} if name else {},
        }
        for name, kind, source in master.solved
    ]
    return json.dumps({"cells": cells}).encode()


def _run_once(
    master: Master, limits: Limits, supervisor: SupervisorClient, shell: Shell
) -> _SolutionRun:
    """Judge the master's own solution in a child, and hear what came of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            known = _judged(master, limits.calibrated(_PATIENT), supervisor, shell)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(known, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(said) if said else _SolutionRun(problem="its own solution ended the judge")


def _judged(
    master: Master, limits: Limits, supervisor: SupervisorClient, shell: Shell
) -> _SolutionRun:
    bound(limits)
    random.seed(1)
    np.random.seed(1)
    before = set(sys.modules)
    given = Submission(solution(master))
    folder = working_folder(master, tempfile.gettempdir())
    session = Session(master, given, limits, supervisor, shell, asks_modules=True, folder=folder)
    try:
        cells = session.run()
    except Exception as error:
        return _SolutionRun(problem=f"its own solution could not be judged: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    imported = [name for name in sys.modules if name not in before and _is_installed(name)]
    plots = _PLOTS in {*imported, *session.modules}
    memo = sys.modules.get("chainrule.check.memo")  # not there where no check of ours was run
    kept = memo.export() if memo is not None else b""
    return _SolutionRun(
        session.took, session.numbers, imported, plots, kept, _failed(master, cells)
    )


def _failed(master: Master, cells: list[dict[str, Any]]) -> str:
    """Which of its own checks the master's solution does not pass, in a few words, or nothing."""
    names = [
        name
        for cell in cells
        if (known := master.by_id.get(name := grade_id_of(cell))) and known.is_check
        and any(output["output_type"] == "error" for output in cell["outputs"])
    ]  # fmt: skip
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return f"its own solution fails {', '.join(names[:_MOST_NAMED] + more)}" if names else ""


def _is_installed(name: str) -> bool:
    """Whether a module belongs to the installation, and not to the assignment."""
    found = getattr(sys.modules[name], "__file__", None) or ""
    return found.startswith((sys.prefix, sys.base_prefix)) or not found


def _get_ready(master: Master, known: _SolutionRun, shell: Shell) -> None:
    for name in known.modules:
        with contextlib.suppress(Exception):  # some are imported by others only
            importlib.import_module(name)
    for cell in master.cells:
        number = known.numbers.get(cell.grade_id)
        if number is not None:
            shell.prepare(cell.source, number)
    if known.memo:
        from chainrule.check import memo

        memo.load(known.memo)
    if known.problem:
        _log.warning("%s: %s", master.name, known.problem)
