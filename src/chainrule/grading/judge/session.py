"""One submission at work: in a process of its own, with a jail beside it.

The student's cells run in the jail, the check cells here. The two share names: what a student
defined, a check sees as proxies. A death or an endless loop costs the cell it happened in; the jail
is made anew, and the cells that went well are run in it again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.grading.judge.master import Master, MasterCell
from chainrule.grading.judge.merge import Merged, MergedCell, merge
from chainrule.grading.judge.replay import (
    Heard,
    News,
    Outcome,
    Rehearsal,
    common_state,
    state_of,
)
from chainrule.grading.judge.submission import Ran, Submission, _title, is_run, time_is_up, written
from chainrule.grading.limits import Limits
from chainrule.grading.remote.bundle import split
from chainrule.grading.remote.client import Asked, Gone, Overran, RemoteStudent
from chainrule.grading.remote.namespace import CheckNamespace
from chainrule.grading.sandbox.guest_process import ForkServerError, SupervisorClient
from chainrule.notebook.outputs import Output, clean_outputs, error_output, stream_output

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import (
        Shell,  # IPython, which a caller of `judge` does without
    )

__all__ = [
    "Session",
]

_REPLAYS = 80  # jails that one submission may use up
_STRAY = 1 << 11  # added to a cell's number for what is asked beside its part
_SCRIPT_SECONDS = 2.0  # what takes longer is asked step by step, each with the time of a call


class Session:
    """The judging of one submission.

    rehearsal: what is known of the master's cells. numbers: of the cells that may be rehearsed.
    go_live: called before the first cell of the judge's that has to be run for real and may leave
    something behind, which those do not that a part is known of.
    heard: how such cells went. tainted: one of those left something behind all the same.
    """

    def __init__(
        self,
        master: Master,
        submission: Submission,
        limits: Limits,
        supervisor: SupervisorClient,
        shell: Shell,
        rehearsal: Rehearsal | None = None,
        go_live: Callable[[], None] = lambda: None,
        numbers: dict[str, int] | None = None,
    ) -> None:
        self._master, self._submission, self._limits = master, submission, limits
        self._supervisor, self._shell = supervisor, shell
        self._deadline = time.monotonic() + limits.total_seconds
        self._good: list[str] = []  # cells to run again in a new jail
        self._jails = 0
        self._jail: RemoteStudent | None = None
        self._names = CheckNamespace()
        self._names.owned = master.defines
        self._notes: list[str] = []
        self._rehearsal = rehearsal or {}
        self._go_live: Callable[[], None] | None = go_live
        self._numbers = numbers or {}
        self._next: dict[str, Asked] = {}  # checks to be asked right after the cell that is run
        self._given: dict[str, bytes] = {}  # what they were answered
        self._behind: list[MasterCell] = []  # the judge's cells that were not run for real
        self._live = self._count = 0  # cells run for real; code cells begun
        self._at_work = False  # whether the shell has these names
        self.tainted = False
        self.heard: dict[str, Heard] = {}
        self._learned: list[News] = []

    def run(self) -> Ran:
        """Run the cells in order. Raises Malformed, ForkServerError."""
        merged = merge(self._master, self._submission.notebook or b"", self._limits)
        self._notes += merged.notes
        try:
            cells = self._run_all(merged)
            self._no_orphan()
        finally:
            if self._jail is not None:
                self._jail.close()
        return Ran(cells, self._notes, self._live, tuple(self._learned))

    def _run_all(self, merged: Merged) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = []
        for place, cell in enumerate(merged.cells):
            outputs: list[Output] = []
            number = None
            if is_run(cell):
                self._count += 1
                number = self._count
                self._next = self._checks_after(merged.cells[place + 1 :])
                outputs = self._run(cell)
            if cell.cell_type == "code" and cell.note:
                outputs.insert(0, stream_output(cell.note + "\n"))
            for output in outputs:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = number
            cells.append(written(cell, number, outputs))
        return cells

    def _checks_after(self, cells: Sequence[MergedCell]) -> dict[str, Asked]:
        """The checks right after a cell that a part is known of, by grade_id."""
        found: dict[str, Asked] = {}
        for cell in cells:
            if not is_run(cell):
                continue
            known = cell.master
            part = self._rehearsal.get(known.grade_id) if known and known.is_check else None
            if known is None or part is None:
                break
            if part.packed:
                found[known.grade_id] = part.number, part.packed, part.methods
        return found

    def _run(self, cell: MergedCell) -> list[Output]:
        if time.monotonic() > self._deadline:
            return [time_is_up(self._limits)]
        known = cell.master
        if known is None or known.is_theirs:
            return self._run_inside(cell.source, _title(cell))
        if self._limits.checks == "inside":
            return self._run_inside(cell.source, _title(cell))
        if not known.is_check:  # locked and without points: set-up, which both sides need
            self._run_inside(cell.source, _title(cell))
        return self._judged(known)

    # In the jail

    def _student(self) -> RemoteStudent:
        """The jail as it is after the good cells; a new one, with them run again, after a death."""
        if self._jail is not None and self._jail.lost is None:
            return self._jail
        self._no_orphan()
        while True:
            self._jails += 1
            if self._jails > _REPLAYS:
                raise Gone(f"the student's process ended {_REPLAYS} times; it is not started again")
            jail = self._jail = self._names.jail = RemoteStudent(
                self._supervisor.jail(self._limits), self._limits
            )
            jail.deadline = self._deadline
            try:
                jail.request("find", "")
            except Gone as gone:  # before anything of the student's was run
                raise ForkServerError(f"a jail did not start: {gone}") from gone
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

    def _no_orphan(self) -> None:
        """Raises ForkServerError when the guest was killed from outside: then none of it counts."""
        if self._jail is not None and self._jail.orphaned:
            raise ForkServerError("the supervisor is gone")

    def _give(self, jail: RemoteStudent, name: str, content: bytes) -> None:
        """Lay a file beside the notebook. Raises Gone, Overran."""
        try:
            jail.request("file", name, content)
        except (Gone, Overran):
            raise
        except Exception:  # such a name or so much content has no place there
            note = f"The file {name} could not be laid beside the notebook."
            if note not in self._notes:
                self._notes.append(note)

    def _run_inside(self, source: str, title: str) -> list[Output]:
        """Run a cell in the jail, and have the checks after it answered too."""
        try:
            answer = self._stretch(source)
            jail = self._student()
        except Gone as gone:
            return [error_output("RuntimeError", f"this cell was not run: {gone}")]
        jail.deadline = self._deadline
        try:
            if answer is None:
                answer = jail.run(source, number=self._count)
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

    def _stretch(self, source: str) -> Any:
        """Run a cell and have the checks after it answered, in one message: what `run` answers.

        None where there are no such checks, and where it did not go well: then each is asked
        alone, of a jail where nothing of it has happened. Raises Gone.
        """
        if not self._next:
            return None
        jail = self._student()
        jail.deadline = self._deadline
        found = jail.stretch(source, self._count, [*self._next.values()], _SCRIPT_SECONDS)
        if found is None:
            jail.close()
            return None
        self._given = dict(zip(self._next, found[1], strict=False))
        return found[0]

    def _outputs(self, answer: Any) -> list[Output]:
        raw = answer[1] if type(answer) is tuple and len(answer) == 2 else None
        return clean_outputs(raw, self._limits.output_bytes)

    # In the judge

    def _judged(self, cell: MasterCell) -> list[Output]:
        """The outputs of a check or a set-up cell: recalled, or else those of running it."""
        part = self._rehearsal.get(cell.grade_id)
        answers = self._given.pop(cell.grade_id, b"")
        if part is not None:
            if not answers:
                answers = self._answers(part.number, part.packed, part.methods)
            again = part.number + _STRAY
            outputs = part.recall(answers, lambda *asked: self._answers(again, *asked), self._count)
            if outputs is not None:
                self._behind.append(cell)
                return outputs
        self._live += 1
        self._catch_up(part is not None)
        self._import(cell)
        try:
            jail = self._student()
        except Gone as gone:
            return [error_output("RuntimeError", f"this check was not run: {gone}")]
        jail.deadline = min(self._deadline, time.monotonic() + self._limits.cell_seconds)
        if cell.grade_id in self._numbers:
            return self._noted(cell, jail)
        if part is None:
            return self._really(cell, jail)
        given = split(answers)
        jail.prepare(list(zip(part.requests, given, strict=False)), part.number + _STRAY)
        before = common_state()
        outputs = self._really(cell, jail)
        used, talk = jail.taken()
        if before != common_state():  # then later cells may come out otherwise than rehearsed
            self.tainted = True
            self._rehearsal = {}
        elif jail.lost is None and all(request and answer for request, answer in talk):
            self._learned.append(
                (cell.grade_id, Outcome.of(given[:used], talk, outputs, self._count))
            )
        return outputs

    def _answers(self, number: int, packed: bytes, methods: tuple[str, ...]) -> bytes:
        """What the student's code answers to a part, or what comes after it, as far as it comes."""
        if not packed:
            return b""
        try:
            jail = self._student()
            jail.deadline = self._deadline
            return jail.script((number, packed, methods), _SCRIPT_SECONDS)
        except Gone:  # the check itself finds out, in a new jail
            return b""

    def _catch_up(self, traceless: bool) -> None:
        """Run what was only recalled so far and binds names: set-up, and imports."""
        if self._go_live is not None and (self._master.files or not traceless):
            self._go_live()
            self._go_live = None
        if not self._at_work:
            self._shell.use(self._names, self._limits.output_bytes)
            self._at_work = True
        for cell in self._behind:
            self._import(cell)
            if not cell.is_check:
                self._shell.run(cell.source)
                self._names.settle()
        self._behind.clear()

    def _really(self, cell: MasterCell, jail: RemoteStudent) -> list[Output]:
        try:
            _, outputs = self._shell.run(cell.source, number=self._count)
        finally:
            self._names.settle()
        if jail.lost is not None:
            self._notes.append(f"The check {cell.grade_id} stopped early: {jail.lost}.")
        return clean_outputs(outputs, self._limits.output_bytes)

    def _noted(self, cell: MasterCell, jail: RemoteStudent) -> list[Output]:
        """Run a cell, and note how it went."""
        jail.request("number", self._numbers[cell.grade_id])
        shells = ("In", "Out")  # IPython's own, as is what begins with _
        known = {n: one for n, one in self._names.items() if n[:1] != "_" and n not in shells}
        before = state_of(known)
        talk: list[tuple[bytes, bytes]] = []
        jail.heard = talk
        try:
            outputs = self._really(cell, jail)
        finally:
            jail.heard = None
        self.heard[cell.grade_id] = Heard(talk, outputs, before == state_of(known), self._count)
        return outputs

    def _import(self, cell: MasterCell) -> None:
        for statement in cell.imports.splitlines():
            self._quietly(statement)

    def _quietly(self, statement: str) -> None:
        """An import the master's answer has, for the checks; one that fails is nobody's loss."""
        with contextlib.suppress(Exception):
            found: dict[str, Any] = {"__name__": "__main__"}
            exec(statement, found)
            found.pop("__builtins__", None)
            found.pop("__name__", None)
            for name, value in found.items():
                dict.setdefault(self._names, name, value)
