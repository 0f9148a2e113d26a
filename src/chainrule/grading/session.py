"""One submission at work: in a process of its own, with a jail beside it.

The student's cells run in the jail, the check cells here. The two share names: what a student
defined, a check sees as proxies. A death or an endless loop costs the cell it happened in; the jail
is made anew, and the cells that went well are run in it again.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import shutil
import signal
import socket
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

from chainrule.grading.limits import Limits
from chainrule.grading.line import Line
from chainrule.grading.master import Master, MasterCell
from chainrule.grading.merge import Cell, Malformed, Merged, merge
from chainrule.grading.names import Names
from chainrule.grading.proxy import Gone, Jailed, Overran
from chainrule.grading.shell import Output, Shell, clean_outputs, error_output, stream_output
from chainrule.grading.zygote import HouseLine, OfficeError

__all__ = ["JudgeError", "Ran", "Submission", "in_child", "written"]

LARGEST = 1 << 30  # bytes of a task or a result; both are our own
_REPLAYS = 20  # jails that one submission may use up


class JudgeError(RuntimeError):
    """The judge itself failed; the text is its traceback."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in.

    notebook: the file as it is, unread; None when it was not handed in.
    files: further files, by path relative to the assignment; the student's cells find them.
    problem: why the notebook could not be read from disk, in a sentence, or nothing.
    """

    notebook: bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Ran:
    """A submission that was run: its cells with outputs, in nbformat's form; notes, a sentence
    each; and the seconds of CPU that the judge took."""

    cells: list[dict[str, Any]]
    notes: list[str]
    cpu_seconds: float = 0.0


def in_child(sock: socket.socket, house: HouseLine, shell: Shell) -> None:
    """The life of a judge: read one submission, grade it, send the result."""
    line = Line(sock, timed=False)
    task = line.receive(LARGEST)
    master, submission, limits = pickle.loads(task)
    # Without a handler: the kernel ends this process, whatever it does.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.total_seconds + 5.0)
    _limit_memory(limits)
    folder = tempfile.mkdtemp(prefix="chainrule-") if master.files else ""
    try:
        if folder:
            _write_files(folder, master.files)
        os.chdir(folder or "/")
        try:
            answer: Any = _Session(master, submission, limits, house, shell).run()
        except (Malformed, OfficeError) as error:
            answer = error
        except MemoryError:
            answer = Malformed("Grading took more memory than is allowed.")
        except Exception:
            answer = JudgeError(traceback.format_exc())
        line.send(pickle.dumps(answer))
    finally:
        if folder:
            os.chdir("/")
            shutil.rmtree(folder, ignore_errors=True)


def _limit_memory(limits: Limits) -> None:
    """Bound the address space of this process by what it has and `limits.judge_bytes`."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + limits.judge_bytes,) * 2)


def _write_files(folder: str, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


class _Session:
    """The judging of one submission."""

    def __init__(
        self,
        master: Master,
        submission: Submission,
        limits: Limits,
        house: HouseLine,
        shell: Shell,
    ) -> None:
        self._master, self._submission, self._limits = master, submission, limits
        self._house, self._shell = house, shell
        self._deadline = time.monotonic() + limits.total_seconds
        self._good: list[str] = []  # cells to run again in a new jail
        self._jails = 0
        self._jail: Jailed | None = None
        self._names = Names()
        self._names.owned = master.defines
        shell.use(self._names, limits.output_bytes)
        self._notes: list[str] = []

    def run(self) -> Ran:
        """Run the cells in order. Raises Malformed, OfficeError."""
        merged = merge(self._master, self._submission.notebook or b"", self._limits)
        self._notes += merged.notes
        try:
            cells = self._run_all(merged)
        finally:
            if self._jail is not None:
                self._jail.close()
        return Ran(cells, self._notes, time.process_time())

    def _run_all(self, merged: Merged) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = []
        count = 0
        for cell in merged.cells:
            outputs: list[Output] = []
            number = None
            if cell.cell_type == "code" and cell.source.strip():
                count += 1
                number = count
                outputs = self._run(cell)
            if cell.cell_type == "code" and cell.note:
                outputs.insert(0, stream_output(cell.note + "\n"))
            for output in outputs:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = number
            cells.append(written(cell, number, outputs))
        return cells

    def _run(self, cell: Cell) -> list[Output]:
        if time.monotonic() > self._deadline:
            return [_time_is_up(self._limits)]
        known = cell.master
        if known is None or known.is_theirs:
            return self._run_inside(cell.source, _title(cell))
        if self._limits.checks == "inside":
            return self._run_inside(cell.source, _title(cell), known.imports)
        if known.is_check:
            return self._check(known)
        # Locked and without points: set-up, which both sides need.
        self._run_inside(cell.source, _title(cell))
        return self._check(known)

    # In the jail

    def _student(self) -> Jailed:
        """The jail as it is after the good cells; a new one, with them run again, after a death."""
        if self._jail is not None and self._jail.lost is None:
            return self._jail
        while True:
            self._jails += 1
            if self._jails > _REPLAYS:
                raise Gone(f"the student's process ended {_REPLAYS} times; it is not started again")
            jail = self._jail = self._names.jail = Jailed(
                self._house.jail(self._limits), self._limits
            )
            jail.deadline = self._deadline
            try:
                jail.request("find", "")
            except Gone as gone:  # before anything of the student's was run
                raise OfficeError(f"a jail did not start: {gone}") from gone
            try:
                for name, content in {**self._submission.files, **self._master.files}.items():
                    self._give(jail, name, content)
                for source in self._good:
                    jail.run(source, quiet=True)
            except Exception:
                if time.monotonic() > self._deadline:
                    raise Gone("the time for this submission is over") from None
                if self._good and jail.lost is not None:
                    continue  # what went well once may not go well again; _REPLAYS bounds it
            return jail

    def _give(self, jail: Jailed, name: str, content: bytes) -> None:
        """Lay a file beside the notebook. Raises Gone, Overran."""
        try:
            jail.request("file", name, content)
        except (Gone, Overran):
            raise
        except Exception:  # such a name or so much content has no place there
            note = f"The file {name} could not be laid beside the notebook."
            if note not in self._notes:
                self._notes.append(note)

    def _run_inside(self, source: str, title: str, imports: str = "") -> list[Output]:
        try:
            jail = self._student()
        except Gone as gone:
            return [error_output("RuntimeError", f"this cell was not run: {gone}")]
        jail.deadline = self._deadline
        try:
            answer = jail.run(source)
        except Overran as late:
            self._notes.append(f"{title} {late}.")
            outputs = self._outputs(late.partial)
            return [*outputs, error_output("TimeoutError", f"this cell {late}")]
        except Exception as error:  # whatever the jail says that it raised
            if jail.lost is None:
                return [error_output("RuntimeError", f"this cell could not be run: {error}")]
            self._notes.append(f"{title} was stopped: {jail.lost}.")
            return [error_output("RuntimeError", f"this cell was stopped: {jail.lost}")]
        self._good.append(source)
        return self._outputs(answer)

    def _outputs(self, answer: Any) -> list[Output]:
        raw = answer[1] if type(answer) is tuple and len(answer) == 2 else None
        return clean_outputs(raw, self._limits.output_bytes)

    # In the judge

    def _check(self, cell: MasterCell) -> list[Output]:
        for statement in cell.imports.splitlines():
            self._quietly(statement)
        try:
            jail = self._student()
        except Gone as gone:
            return [error_output("RuntimeError", f"this check was not run: {gone}")]
        jail.deadline = min(self._deadline, time.monotonic() + self._limits.cell_seconds)
        try:
            _, outputs = self._shell.run(cell.source)
        finally:
            self._names.settle()
        if jail.lost is not None:
            self._notes.append(f"The check {cell.grade_id} stopped early: {jail.lost}.")
        return clean_outputs(outputs, self._limits.output_bytes)

    def _quietly(self, statement: str) -> None:
        """An import the master's answer has, for the checks; one that fails is nobody's loss."""
        with contextlib.suppress(Exception):
            found: dict[str, Any] = {"__name__": "__main__"}
            exec(statement, found)
            found.pop("__builtins__", None)
            found.pop("__name__", None)
            for name, value in found.items():
                dict.setdefault(self._names, name, value)


def _time_is_up(limits: Limits) -> Output:
    seconds = f"{limits.total_seconds:g} s"
    return error_output("TimeoutError", f"not run: the submission took more than {seconds}")


def _title(cell: Cell) -> str:
    return f"The cell {cell.master.grade_id}" if cell.master else "A cell that was added"


def written(cell: Cell, number: int | None, outputs: list[Output]) -> dict[str, Any]:
    """The cell in nbformat's form."""
    known = cell.master
    metadata: dict[str, Any] = {}
    if known is not None:
        metadata = {"nbgrader": dict(known.metadata), "deletable": False}
        if not known.is_theirs:
            metadata["editable"] = False
    found: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": cell.cell_id or f"cell-{known.grade_id if known else number}",
        "metadata": metadata,
        "source": cell.source,
    }
    if cell.cell_type == "code":
        found |= {"execution_count": number, "outputs": outputs}
    elif cell.attachments:
        found["attachments"] = cell.attachments
    return found
