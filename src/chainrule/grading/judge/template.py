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
import socket
import sys
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.session import Session
from chainrule.grading.judge.submission import of_the_master
from chainrule.grading.judge.vetting import SolutionRun, check_runs, vet
from chainrule.grading.judge.worker import LARGEST, bound, work, working_folder
from chainrule.grading.limits import Limits, Took
from chainrule.grading.remote.framing import FramedSocket
from chainrule.grading.sandbox import preload
from chainrule.grading.sandbox.forkserver import fork_for_each, wait_for_all
from chainrule.grading.sandbox.guest_process import SupervisorClient
from chainrule.grading.sandbox.scratch import remove_tree

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["serve"]

_log = logging.getLogger(__name__)

# While the master's own solution is run nothing is known of how long it takes.
_PATIENT = Took(call=3.0, cell=3.0, check=3.0, total=12.0)
_PLOTS = "matplotlib.pyplot"


class _WantsPlots(Exception):
    """The solution imports matplotlib: each run is shorter where that is at hand."""


def serve(sock: socket.socket, supervisor: SupervisorClient, shell: Shell) -> None:
    """The main function of a template.

    It is sent (master, limits), pickled; answers with the limits that hold and how checks are run,
    or that plots should be at hand, and ends; and then forks a worker for each four bytes, a
    processor's number, that come with a socket and a journal.
    """
    line = FramedSocket(sock, timed=False)
    master, limits = pickle.loads(line.receive(LARGEST))  # from our own side

    def run(ways: Mapping[str, str], seed: int) -> SolutionRun:
        with tempfile.TemporaryDirectory(prefix="chainrule-") as scratch:
            found = _run(master, limits, supervisor, shell, ways, seed, scratch)
        if found.plots and _PLOTS not in sys.modules:
            raise _WantsPlots
        return found

    try:
        vetting, known = vet(master, limits, run)
    except _WantsPlots:
        line.send(json.dumps({"plots": True}).encode())
        return
    _get_ready(master, known, shell)
    if vetting.problem:
        _log.warning("%s: %s", master.name, vetting.problem)
    limits = limits.calibrated(known.took)
    told = {"plots": False, "limits": limits.as_dict(), "vetting": vetting.as_dict()}
    preload.settle()
    with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as scratch:

        def child(client: socket.socket, packet: bytes, journal: int) -> None:
            sock.close()
            cpu = int.from_bytes(packet, "little", signed=True)
            work(client, journal, master, vetting.ways, supervisor.on(cpu), shell, scratch)

        line.send(json.dumps(told).encode())
        fork_for_each(sock, child)
        wait_for_all()
        remove_tree(scratch)


def _run(
    master: Master,
    limits: Limits,
    supervisor: SupervisorClient,
    shell: Shell,
    ways: Mapping[str, str],
    seed: int,
    scratch: str,
) -> SolutionRun:
    """Judge the master's own solution in a child, and hear what came of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            bound(limits.calibrated(_PATIENT))
            random.seed(seed)
            np.random.seed(seed)
            known = _judged(master, limits.calibrated(_PATIENT), supervisor, shell, ways, scratch)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(known, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(said) if said else SolutionRun(problem="its own solution ended the judge")


def _judged(
    master: Master,
    limits: Limits,
    supervisor: SupervisorClient,
    shell: Shell,
    ways: Mapping[str, str],
    scratch: str,
) -> SolutionRun:
    before = set(sys.modules)
    given = of_the_master(master)
    folder = working_folder(master, scratch)
    session = Session(
        master, given, limits, supervisor, shell, asks_modules=True, ways=ways, folder=folder
    )
    try:
        cells = session.run()
    except Exception as error:
        return SolutionRun(problem=f"its own solution could not be judged: {error}")
    imported = [name for name in sys.modules if name not in before and _is_installed(name)]
    plots = _PLOTS in {*imported, *session.modules}
    memo = sys.modules.get("chainrule.check.memo")  # not there where no check of ours was run
    kept = memo.export() if memo is not None else b""
    checks = check_runs(master, cells, session.asked, session.seconds)
    return SolutionRun(session.took, session.numbers, imported, plots, kept, checks)


def _is_installed(name: str) -> bool:
    """Whether a module belongs to the installation, and not to the assignment."""
    found = getattr(sys.modules[name], "__file__", None) or ""
    return found.startswith((sys.prefix, sys.base_prefix)) or not found


def _get_ready(master: Master, known: SolutionRun, shell: Shell) -> None:
    for name in known.modules:
        with contextlib.suppress(Exception):  # some are imported by others only
            importlib.import_module(name)
    _ = master.lent, master.classes, master.to_define  # once, for all that are forked
    for cell in master.cells:
        number = known.numbers.get(cell.grade_id)
        if number is not None:
            shell.prepare(cell.source, number)
    if known.memo:
        from chainrule.check import memo

        memo.load(known.memo)
