"""A whole class: many submissions judged at once, one writer for what comes of them.

A submission is written in three steps: its notebooks, its rows (one transaction), and last a file
with a hash of what was graded. Killed in between, the next run grades it again, to the same end.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from chainrule.course.folder import Course, permissions
from chainrule.grading.gradebook.marks import MARK, Mark, unfinished, versions
from chainrule.grading.gradebook.master_changes import MasterChange
from chainrule.grading.gradebook.submitted import (
    BatchError,
    read_masters,
    submitters,
    target_of,
)
from chainrule.grading.gradebook.submitted import graded as graded_names
from chainrule.grading.gradebook.vetted import problems, require, run_inside
from chainrule.grading.gradebook.work import Work, WorkReader
from chainrule.grading.gradebook.writer import Book, BookError, BookLocked, Record, Update
from chainrule.grading.judge.judge import JailUnavailable, Submission, allow, begin, expect, judge
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded, as_file
from chainrule.grading.limits import Limits
from chainrule.grading.processors import processors_here
from chainrule.notebook.atomic_file import line_of, put, put_all
from chainrule.notebook.outputs import size_of
from chainrule.notebook.text import printable

__all__ = ["BatchResult", "BatchStopped", "grade"]

_RETRIES = 2
_LANES = 4  # submissions on the way, for each that is judged: those that take long do not count
_TOGETHER = 20  # submissions that are written in one transaction, unless
_WAIT = 1.0  # so many seconds pass before there are so many, or they are
_MOST_HELD = 32 << 20  # so many bytes; so much may also be on the way to the judge


@dataclass
class BatchResult:
    """What came of a batch, by student.

    graded: students graded now, and the seconds each took; unchanged: those whose work and master
    are as before; failed: why a submission could not be graded or written at all; problems: what
    graded submissions had that their students should know, a sentence each; strangers: those who
    are in no class list, with the name in it that is most alike, or nothing; older: unchanged work
    that was graded with another version of the programs, and which; masters: what is wrong with
    their own solutions, a sentence each; inside: checks run in students' own processes; copy: of
    the gradebook as it was before masters that had changed were brought into it.
    """

    graded: dict[str, float] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)
    older: dict[str, str] = field(default_factory=dict)
    masters: list[str] = field(default_factory=list)
    inside: set[str] = field(default_factory=set)
    seconds: float = 0.0
    copy: Path | None = None


class BatchStopped(KeyboardInterrupt):
    """Ctrl-C while submissions were judged. What was judged until then is recorded.

    result: what came of those; left: how many are still to be graded.
    """

    def __init__(self, result: BatchResult, left: int) -> None:
        super().__init__()
        self.result, self.left = result, left


Progress = Callable[[int, int, str, str], None]
"""Called after each submission: (how many are done, of how many, student, "graded", "unchanged" or
"failed")."""


_Judged = tuple[Work, dict[str, Graded | None]]


def grade(
    coursedir: Path | str,
    assignment: str,
    students: Sequence[str] | None = None,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    executor: Executor | None = None,
    limits: Limits | None = None,
    config: Config | None = None,
    update: Update | None = None,
    strict: bool = False,
    always_copy: bool = False,
) -> BatchResult:
    """Grade what was submitted for an assignment, into autograded/ and the gradebook.

    students: only these. jobs: how many at once (default: one for each processor). force: unchanged
    work too. executor: where to judge (default: threads, each of which waits for a worker of its
    own; a process pool or Dask's `Client.get_executor()` do as well). limits (default: as `c.Judge`
    in config has them). config: nbgrader's (default: the course's nbgrader_config.py). update: what
    to make of masters that changed after work was graded (see `writer.Update`); then all work is
    graded again. strict: leave out who is in no class list. always_copy: put a copy of the
    gradebook aside even where no master changed.

    Before anything is graded it raises MasterChanged where masters changed and there is no
    `update`; BatchError, also for a master that fails its own checks; MasterError, JailUnavailable,
    BookError. BatchStopped for Ctrl-C.
    """
    started = time.monotonic()
    config = config or Course(Path(coursedir).resolve()).config()
    limits = (limits or Limits.of(config.get("Judge", {}))).of_assignment(assignment)
    folders = CourseDirectory(config=config)
    new = [
        name
        for name in submitters(folders, assignment, students)
        if force or not (target_of(folders, assignment, name) / MARK).exists()
    ]
    here = executor is None and bool(new)
    if here:
        begin(limits)
    masters = read_masters(folders, assignment, config)
    result = BatchResult()
    with _alone(folders, assignment):
        if here:
            expect(masters, limits)
        names = submitters(folders, assignment, students)
        for name in set(students or ()) - set(names):
            result.failed[name] = "nothing was submitted"
        reader = WorkReader(folders, assignment, masters, limits)
        if update is not None:
            require(masters if executor is None else [], limits)
            update = partial(_forget_marks, folders, assignment, update)
        place = folders.db_url, assignment, masters, folders.course_id
        with Book(*place, config, update, always_copy) as book:
            result.copy = book.copy
            if book.copy is not None:
                force, names = True, submitters(folders, assignment, None)
            listed = book.class_list(folders)
            result.strangers = listed.strangers(names)
            if strict:
                names = [name for name in names if name not in result.strangers]
            unlisted = {name for name in names if not listed.lists(name)}
            batch = _Batch(reader, book, result, config, unlisted)
            batch.run(names, force, progress, executor, jobs or processors_here())
    if executor is None and result.graded:
        result.masters = problems(masters, limits)
    result.seconds = time.monotonic() - started
    return result


@contextmanager
def _alone(folders: CourseDirectory, assignment: str) -> Iterator[None]:
    """Hold the assignment's lock. Raises BatchError when another grader does."""
    base = Path(folders.root) / folders.autograded_directory
    base.mkdir(parents=True, exist_ok=True)
    with open(base / f".{assignment}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BatchError(f"{assignment} is being graded by another program") from None
        yield


def _forget_marks(
    folders: CourseDirectory, assignment: str, update: Update, changes: list[MasterChange]
) -> list[MasterChange]:
    """Have a changed master brought into the gradebook, and first of all work graded again: should
    this program be killed in between, the next run does not take any of it for graded."""
    settled = update(changes)
    for student in graded_names(folders, assignment):
        target = target_of(folders, assignment, student)
        there = Mark.read(target)
        unfinished(target, there is not None and there.unlisted)
    return settled


class _Batch:
    """A batch at work."""

    def __init__(
        self,
        reader: WorkReader,
        book: Book,
        result: BatchResult,
        config: Config,
        unlisted: set[str],
    ) -> None:
        self._reader, self._book, self._result = reader, book, result
        folders, self._unlisted = reader.folders, unlisted
        usual = 664 if folders.groupshared else 444
        self._mode = permissions(config, "Autograde", usual)
        self._recorded = book.recorded()
        self._judged: list[_Judged] = []
        self._judged_size = 0
        self._written = time.monotonic()
        self._done = self._total = 0
        self._held = 0  # bytes that are on the way to the judge
        self._progress: Progress | None = None

    def run(
        self,
        students: list[str],
        force: bool,
        progress: Progress | None,
        executor: Executor | None,
        jobs: int,
    ) -> None:
        """Judge with a few submissions on the way at a time, and write a few at a time as they come
        back."""
        self._total, self._progress = len(students), progress
        own = executor is None
        if own:
            # One more than processors, so that none waits for what is written meanwhile. Those that
            # take long do not count, so there are more threads than that.
            allow(jobs + 1)
        ahead = _LANES * (jobs + 1) if own else 2 * jobs + 1
        pool = executor or ThreadPoolExecutor(ahead, "judge")
        waiting: dict[Future[dict[str, Graded | None]], tuple[Work, int]] = {}
        stopped = False
        try:
            for student in students:
                work = self._read(student, force)
                if work is None:
                    continue
                while len(waiting) >= ahead or (waiting and self._held + work.size > _MOST_HELD):
                    self._collect(pool, waiting)
                self._held += work.size
                waiting[self._start(pool, work)] = work, 0
            while waiting:
                self._collect(pool, waiting)
            self._write()
        except KeyboardInterrupt:
            stopped = True
            self._write()  # nothing, if it was stopped while writing
            raise BatchStopped(self._result, self._total - self._done) from None
        finally:
            for future in waiting:
                future.cancel()
            if own:
                pool.shutdown(wait=not stopped)

    def _start(self, pool: Executor, work: Work) -> Future[dict[str, Graded | None]]:
        return pool.submit(_judge_all, self._reader.masters, work.notebooks, self._reader.limits)

    def _start_again(self, pool: Executor, work: Work) -> Future[dict[str, Graded | None]] | None:
        """None when the executor takes no work any more."""
        with suppress(Exception):  # Dask says it in an exception of its own
            return self._start(pool, work)
        return None

    def _collect(
        self,
        pool: Executor,
        waiting: dict[Future[dict[str, Graded | None]], tuple[Work, int]],
    ) -> None:
        """Wait for the next results, and write those there are once they are enough or it is time;
        a worker that died gets its work again."""
        timeout = max(0.0, self._written + _WAIT - time.monotonic()) if self._judged else None
        for future in wait(waiting, timeout, FIRST_COMPLETED).done:
            work, tries = waiting.pop(future)
            try:
                graded = future.result()
                self._judged.append((work, graded))
                self._judged_size += _size(graded)
                self._held -= work.size
            except (JailUnavailable, BatchError):  # for nobody's work then
                raise
            except Exception as error:
                again = self._start_again(pool, work) if tries < _RETRIES else None
                if again is not None:
                    waiting[again] = work, tries + 1
                else:
                    self._held -= work.size
                    why = f"it could not be judged: {line_of(error)}"
                    self._report(work.student, "failed", why)
        late = self._judged and time.monotonic() > self._written + _WAIT
        if late or len(self._judged) >= _TOGETHER or self._judged_size > _MOST_HELD:
            self._write()

    def _report(self, student: str, outcome: str, why: str = "") -> None:
        if why:
            self._result.failed[student] = why
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, student, outcome)

    def _tell(self, work: Work, graded: dict[str, Graded | None]) -> None:
        notes = [*work.problems, *(note for one in graded.values() if one for note in one.notes)]
        if notes:
            self._result.problems[work.student] = list(dict.fromkeys(map(printable, notes)))

    def _read(self, student: str, force: bool) -> Work | None:
        """A student's work, or None when it is graded already or cannot be read."""
        try:
            work = self._reader.read(student, self._book.late(student))
        except OSError as error:
            self._report(student, "failed", f"it could not be read: {line_of(error)}")
            return None
        there = Mark.read(work.target)
        if force or there is None or there.graded != work.mark or student not in self._recorded:
            return work
        self._result.unchanged.append(student)
        if there.older():
            self._result.older[student] = there.older()
        self._report(student, "unchanged")
        return None

    # Writing

    def _write(self) -> None:
        """Write all that is judged: files, gradebook, and at last the marks that it is done."""
        judged, self._judged, self._judged_size = self._judged, [], 0
        there = []
        for work, graded in judged:
            try:
                self._put(work, graded)
            except OSError as error:
                self._report(work.student, "failed", f"it could not be written: {line_of(error)}")
            else:
                there.append((work, graded))
        if there:
            self._record(there)
        self._written = time.monotonic()

    def _put(self, work: Work, graded: dict[str, Graded | None]) -> None:
        target = work.target
        unfinished(target, work.student in self._unlisted, self._mode)
        files = dict(work.copied)
        for master in self._reader.masters:
            files |= master.files
        for name, one in graded.items():
            if one is not None:
                text = as_file(one, work.problems_of(name))
                files[f"{name}.ipynb"] = text.encode("utf-8", "replace")
        put_all(target, files, self._mode)

    def _record(self, judged: list[_Judged]) -> None:
        try:
            self._book.record([Record(w.student, graded, w.timestamp) for w, graded in judged])
            for work, _ in judged:
                mark = Mark(work.mark, versions(), work.student in self._unlisted)
                put(work.target / MARK, mark.as_bytes(), self._mode)
        except Exception as error:
            if len(judged) > 1 and not isinstance(error, BookLocked):
                for one in judged:  # the others are not to pay for one of them
                    self._record([one])
                return
            verb = "written" if isinstance(error, (OSError, BookError)) else "recorded"
            for work, _ in judged:
                self._report(work.student, "failed", f"it could not be {verb}: {line_of(error)}")
            return
        for work, graded in judged:
            self._tell(work, graded)
            seconds = sum(one.seconds for one in graded.values() if one)
            self._result.graded[work.student] = seconds
            self._result.inside.update(run_inside(graded.values()))
            self._report(work.student, "graded")


def _size(graded: dict[str, Graded | None]) -> int:
    """About how many bytes the graded notebooks take."""
    return sum(
        len(cell["source"]) + size_of(cell.get("outputs", []))
        for one in graded.values()
        if one is not None
        for cell in one.notebook["cells"]
    )


def _judge_all(
    masters: list[Master], notebooks: dict[str, Submission], limits: Limits
) -> dict[str, Graded | None]:
    """All notebooks of one student; None for one that was not handed in. Raises BatchError."""
    require(masters, limits)
    return {
        master.name: None
        if (one := notebooks[master.name]).notebook is None and not one.problem
        else judge(master, one, limits)
        for master in masters
    }
