"""One submission at work: in a worker of its own, with a guest beside it.

The student's cells run in the guest, the check cells here. The two share names: what a student
defined, a check sees as proxies. A death or an endless loop costs the cell it happened in; the
guest is made anew, and the cells that went well are run in it again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chainrule.grading.judge.deriving import numerical_notes
from chainrule.grading.judge.master import Master, MasterCell
from chainrule.grading.judge.merge import MergedCell, merge
from chainrule.grading.judge.patience import Patience
from chainrule.grading.judge.submission import Listener, Submission, is_run, written
from chainrule.grading.judge.ways import AS_LEFT, INSIDE, prelude
from chainrule.grading.limits import Limits, Took
from chainrule.grading.remote.client import Gone, Overran, RemoteStudent
from chainrule.grading.remote.clock import Budget
from chainrule.grading.remote.files import Folder
from chainrule.grading.remote.introspect import origin
from chainrule.grading.remote.namespace import CheckNamespace
from chainrule.grading.sandbox.guest_process import ForkServerError, SupervisorClient
from chainrule.notebook.outputs import (
    Output,
    clean_outputs,
    error_output,
    shortened,
    size_of,
    stream_output,
)

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import (
        Shell,  # IPython, which a caller of `judge` does without
    )

__all__ = ["Session"]

_MOST_GUESTS = 80  # that one submission may use up
_CUT_ALL = "... the output of this cell was left out: the notebook shows too much in all ...\n"


class Session:
    """The judging of one submission.

    notes: what student and instructor should know, a sentence each. took: the seconds of the
    slowest call, cell and check so far, and of all together. numbers: what the notebook calls the
    worker's cells, `In [number]`, by grade_id. modules: what is imported in the guest at the end,
    if asks_modules. ways: of checks that are not run outside (`ways.WAYS`), by grade_id; asked: how
    often checks that are not run inside asked student code for something, by grade_id; seconds:
    what each took. folder: this process's own, where it works, for files of checks and students.
    """

    def __init__(
        self,
        master: Master,
        submission: Submission,
        limits: Limits,
        supervisor: SupervisorClient,
        shell: Shell,
        listener: Listener | None = None,
        asks_modules: bool = False,
        ways: Mapping[str, str] | None = None,
        folder: str = "",
    ) -> None:
        self._master, self._submission, self._limits = master, submission, limits
        self._supervisor, self._shell = supervisor, shell
        self._listener = listener or Listener()
        self._budget = Budget(limits.total_seconds)
        self._room = limits.total_output_bytes
        self._good: list[tuple[str, int]] = []  # cells to run again, and their numbers
        self._guests = 0
        self._student: RemoteStudent | None = None
        self._names = CheckNamespace(master.defines, master.lent, master.classes)
        self._imported: dict[str, Any] = {}  # by the master's answers
        self._count = 0  # code cells begun
        self._timeouts = 0
        self._late = ""  # the answer whose check took too long
        self.notes: list[str] = []
        self.took = Took()
        self.numbers: dict[str, int] = {}
        self.modules: list[str] = []
        self._asks_modules = asks_modules
        self._ways, self._remembers = ways or {}, False
        self._data: set[str] = set()  # names that set-up cells have bound to something
        self.asked: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self._folder = Folder(folder, limits, guarded=True)

    def run(self) -> list[dict[str, Any]]:
        """Run the cells in order; the notebook's cells. Raises Malformed, ForkServerError."""
        merged = merge(self._master, self._submission.notebook or b"", self._limits)
        self.notes += merged.notes
        cells = [written(cell, None, []) for cell in merged.cells]
        self._listener.plan(cells)
        self._shell.use(self._names, self._limits.output_bytes)
        try:
            for place, cell in enumerate(merged.cells):
                if cell.cell_type == "code":
                    cells[place] = self._finished(cell)
                    self._listener.cell(place, cells[place])
            self._no_orphan()
            if ended := self._ended():
                self.notes.append(f"Grading of it ended early: {ended}.")
            self.notes += numerical_notes(
                self._master, merged.cells, {source for source, _ in self._good}
            )
            if self._asks_modules:
                self.modules = self._guest().request("modules")
        finally:
            if self._student is not None:
                self._student.close()
        self.took = self.took._replace(total=self._limits.total_seconds - self._budget.left)
        return cells

    def _finished(self, cell: MergedCell) -> dict[str, Any]:
        outputs: list[Output] = []
        number = None
        if is_run(cell):
            self._count += 1
            number, began = self._count, time.monotonic()
            outputs = self._shortened(self._run(cell))
            if cell.master is not None:
                self.seconds[cell.master.grade_id] = time.monotonic() - began
        if cell.note:
            outputs.insert(0, stream_output(cell.note + "\n"))
        for output in outputs:
            if output["output_type"] == "execute_result":
                output["execution_count"] = number
        way = self._ways.get(cell.master.grade_id, "") if cell.master else ""
        return written(cell, number, outputs, way)

    def _shortened(self, outputs: list[Output]) -> list[Output]:
        """As much of a cell's outputs as there is room for; that it failed stays in any case."""
        size = size_of(outputs)
        if size <= self._room:
            self._room -= size
            return outputs
        errors = [one for one in outputs if one["output_type"] == "error"]
        return [stream_output(_CUT_ALL), *map(shortened, errors[:1])]

    def _run(self, cell: MergedCell) -> list[Output]:
        ended = self._ended()
        if ended:
            return [error_output("TimeoutError", f"not run: {ended}")]
        known = cell.master
        if known is None or known.is_theirs:
            return self._run_inside(cell.source, _title(cell))
        if not known.is_check:  # locked and without points: set-up, which both sides need
            self._run_inside(cell.source, _title(cell))
            before = dict(self._names)
            outputs = self._checked(known)
            self._data |= {n for n, v in self._names.items() if before.get(n, before) is not v}
            return outputs
        if self._ways.get(known.grade_id) == INSIDE:
            return self._checked_inside(known)
        return self._checked(known)

    def _ended(self) -> str:
        """Why nothing more of this submission is run, or nothing."""
        if self._timeouts >= self._limits.timeouts:
            return f"{self._timeouts} calls or cells before had taken too long"
        if self._budget.left <= 0:
            return f"the submission took more than {self._limits.total_seconds:g} s"
        return ""

    # In the guest

    def _guest(self) -> RemoteStudent:
        """The guest as it is after the good cells; a new one, with them run again, after a death.

        Raises Gone, ForkServerError.
        """
        if self._student is not None and self._student.lost is None:
            return self._student
        self._no_orphan()
        while True:
            if self._student is not None:
                self._guests += 1
            if self._guests >= _MOST_GUESTS:
                raise Gone(f"the student's process ended {_MOST_GUESTS} times")
            process = self._supervisor.guest(self._limits)
            self._folder.afresh()
            student = RemoteStudent(process, self._limits, self._budget, self._folder)
            self._student = self._names.student = student
            if self._timeouts:
                process.lower_priority()  # others are not to wait for it
            try:
                student.request("find", "")
            except (Gone, Overran) as gone:  # before anything of the student's was run
                raise ForkServerError(f"a guest did not start: {gone}") from gone
            try:
                for name, content in {**self._submission.files, **self._master.files}.items():
                    self._give(student, name, content)
                for source, number in self._good:
                    student.run(source, quiet=not self._remembers, number=number)
            except Exception:
                if self._budget.left <= 0:
                    raise Gone("the time for this submission is over") from None
                if self._good and student.lost is not None:
                    continue  # what went well once may not go well again; _MOST_GUESTS bounds it
            return student

    def _no_orphan(self) -> None:
        """Raises ForkServerError when the guest was killed from outside: then none of it counts."""
        if self._student is not None and self._student.orphaned:
            raise ForkServerError("the supervisor is gone")

    def _give(self, student: RemoteStudent, name: str, content: bytes) -> None:
        """Lay a file beside the notebook. Raises Gone, Overran."""
        try:
            student.request("file", name, content)
        except (Gone, Overran):
            raise
        except Exception:  # such a name or so much content has no place there
            note = f"The file {name} could not be laid beside the notebook."
            if note not in self.notes:
                self.notes.append(note)

    def _run_inside(self, source: str, title: str, before: str | None = None) -> list[Output]:
        """Run a cell in the guest.

        before: what has to run first, for a check, whose outcome is not to be kept for later cells.
        """
        try:
            student = self._guest()
            if before:
                student.run(before, quiet=True)
        except (Gone, Overran) as gone:
            return [error_output("RuntimeError", f"this cell was not run: {gone}")]
        student.overran = False
        try:
            answer = student.run(source, number=self._count)
        except Overran as late:
            self._time_out(student)
            self.notes.append(f"{title} {late}.")
            outputs = self._outputs(late.partial)
            return [*outputs, error_output("TimeoutError", f"this cell {late}")]
        except Exception as error:  # whatever the guest says that it raised
            if student.lost is None:
                return [error_output("RuntimeError", f"this cell could not be run: {error}")]
            if student.overran:
                self._time_out(student)
            self.notes.append(f"{title} was stopped: {student.lost}.")
            return [error_output("RuntimeError", f"this cell was stopped: {student.lost}")]
        self.took = self.took._replace(cell=max(self.took.cell, student.spent))
        if before is None:
            self._good.append((source, self._count))
        return self._outputs(answer)

    def _time_out(self, student: RemoteStudent) -> None:
        self._timeouts += 1
        self._listener.late()
        student.overran = False
        student.lower_priority()

    def _outputs(self, answer: Any) -> list[Output]:
        raw = answer[1] if type(answer) is tuple and len(answer) == 2 else None
        return clean_outputs(raw, self._limits.output_bytes)

    def _checked_inside(self, cell: MasterCell) -> list[Output]:
        """The outputs of a check that is run in a guest of its own, in which the student's cells
        were run before: what it does there, no other check sees."""
        if refusal := self._too_late(cell):
            return refusal
        timeouts, kept = self._timeouts, (self._student, self._folder)
        self._student, self._folder = None, Folder("", self._limits, guarded=True)
        self._remembers = True  # what was typed: a check may look it up
        try:
            before = prelude(self._master, cell)
            outputs = self._run_inside(cell.source, f"The check {cell.grade_id}", before)
            self._no_orphan()
        finally:
            if self._student is not None:
                self._student.close()
            self._student, self._folder = kept
            self._names.student, self._remembers = self._student, False
        if self._timeouts > timeouts:
            self._late = cell.answer
        return outputs

    # In the worker

    def _too_late(self, cell: MasterCell) -> list[Output]:
        """Why a check is not run, where an answer took too long; else nothing."""
        if not self._late or cell.answer != self._late:
            return []
        why = f"a call of {cell.answer} had taken too long before"
        return [error_output("TimeoutError", f"not run: {why}")]

    def _checked(self, cell: MasterCell) -> list[Output]:
        """The outputs of a check or a set-up cell."""
        if refusal := self._too_late(cell):
            return refusal
        taken: dict[str, Any] = {}
        own = dict(self._names)
        try:
            student = self._guest()
            self._import(cell, student)
            if self._ways.get(cell.grade_id) == AS_LEFT:
                taken = self._take_data(student)
        except (Gone, Overran) as gone:
            return [error_output("RuntimeError", f"this check was not run: {gone}")]
        student.overran, student.slowest, student.requests = False, 0.0, 0
        began = time.process_time()
        self.numbers[cell.grade_id] = self._count
        self._names.is_check = cell.is_check
        patience, outputs = Patience(self._limits.check_seconds), None
        try:
            with patience:
                _, outputs = self._shell.run(cell.source, number=self._count)
        finally:
            self._names.settle()
            for name, value in taken.items():
                if dict.get(self._names, name) is value:  # and not the check's own by now
                    dict.__setitem__(self._names, name, own[name])
        if outputs is None:  # it was over while IPython had an error of the check's in hand
            outputs = [*self._shell.kept.settled(), error_output("TimeoutError", patience.told)]
        if patience.over:  # the guest may have been in the middle of a message
            student.close(patience.told)
        if student.overran or patience.over:
            self._time_out(student)
            self._late = cell.answer
        self.took = self.took._replace(
            call=max(self.took.call, student.slowest),
            check=max(self.took.check, time.process_time() - began),
        )
        self.asked[cell.grade_id] = student.requests
        if student.lost is not None:
            self.notes.append(f"The check {cell.grade_id} stopped early: {student.lost}.")
        return clean_outputs(outputs, self._limits.output_bytes)

    def _import(self, cell: MasterCell, student: RemoteStudent) -> None:
        """Names that the master's answers import: where the student has imported the same, a check
        gets it from here; else it finds what the student has. Raises Gone, Overran."""
        for statement in cell.imports.splitlines():
            self._imported.update(_imported_by(statement))
        for name in [name for name in self._imported if not self._names.has(name)]:
            if self._has_imported(student, name):
                dict.__setitem__(self._names, name, self._imported.pop(name))

    def _take_data(self, student: RemoteStudent) -> dict[str, Any]:
        """Let a check find the data of set-up cells as the student's cells left them: these, by
        name. Raises Gone, Overran."""
        taken: dict[str, Any] = {}
        for name in sorted(self._data & dict.keys(self._names)):
            value = dict.__getitem__(self._names, name)
            if isinstance(value, (ModuleType, type)) or callable(value):
                continue
            try:
                answer = student.request("find", name)
            except (Gone, Overran):
                raise
            except Exception:
                continue
            if type(answer) is tuple and answer[:1] == (True,):
                taken[name] = answer[1]
                dict.__setitem__(self._names, name, answer[1])
        return taken

    def _has_imported(self, student: RemoteStudent, name: str) -> bool:
        """Whether the student's code has bound a name to the same. Raises Gone, Overran."""
        try:
            answer = student.request("origin", name)
        except (Gone, Overran):
            raise
        except Exception:  # there is no such name, or it does not let itself be asked
            return False
        return any(here := origin(self._imported[name])) and answer == here


def _imported_by(statement: str) -> dict[str, Any]:
    """What an import binds, by name; nothing where it fails, which is nobody's loss."""
    found: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.suppress(Exception):
        exec(statement, found)
    return {name: value for name, value in found.items() if not name.startswith("__")}


def _title(cell: MergedCell) -> str:
    return f"The cell {cell.master.grade_id}" if cell.master else "A cell that was added"
