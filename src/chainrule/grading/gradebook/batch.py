"""A whole class: many submissions judged at once, one writer for what comes of them.

A submission is written in three steps: its notebooks, its rows (one transaction), and last a file
with a hash of what was graded. Killed in between, the next run grades it again, to the same end.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from chainrule.course.folder import Course
from chainrule.grading.gradebook.submitted import (
    MARK,
    BatchError,
    Work,
    mark_of,
    read_files,
    read_masters,
    submitters,
    target_of,
    timestamp_of,
)
from chainrule.grading.gradebook.writer import Book, BookError, Record
from chainrule.grading.judge.judge import (
    JailUnavailable,
    Submission,
    allow,
    begin,
    expect,
    judge,
)
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded, as_file
from chainrule.grading.limits import Limits
from chainrule.notebook.atomic_file import line_of, put
from chainrule.notebook.outputs import size_of
from chainrule.notebook.read import Malformed, read_file
from chainrule.notebook.text import printable

__all__ = ["BatchResult", "grade"]

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
    graded submissions had that their students should know, a sentence each.
    """

    graded: dict[str, float] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0


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
) -> BatchResult:
    """Grade what was submitted for an assignment, into autograded/ and the gradebook.

    students: only these. jobs: how many at once (default: one for each processor). force: unchanged
    work too. executor: where to judge (default: threads, each of which waits for a worker
    of its own; a process pool or Dask's `Client.get_executor()` do as well). limits
    (default: as `c.Judge` in config has them). config: nbgrader's (default: the course's
    nbgrader_config.py).

    Raises BatchError, MasterError, JailUnavailable, BookError before anything is graded.
    """
    started = time.monotonic()
    config = config or Course(Path(coursedir).resolve()).config()
    limits = limits or Limits.of(config.get("Judge", {}))
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
        book = Book(folders.db_url, assignment, masters, folders.course_id, config)
        with book:
            batch = _Batch(folders, assignment, masters, limits, book, result, config)
            batch.run(names, force, progress, executor, jobs or len(os.sched_getaffinity(0)))
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


class _Batch:
    """A batch at work."""

    def __init__(
        self,
        folders: CourseDirectory,
        assignment: str,
        masters: list[Master],
        limits: Limits,
        book: Book,
        result: BatchResult,
        config: Config,
    ) -> None:
        self._folders, self._assignment, self._masters = folders, assignment, masters
        self._limits, self._book, self._result = limits, book, result
        self._mode = int(
            str(config.Autograde.get("permissions", 664 if folders.groupshared else 444)), 8
        )
        self._kept = set(config.Autograde.get("exclude_overwriting", {}).get(assignment, []))
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
        finally:
            for future in waiting:
                future.cancel()
            if own:
                pool.shutdown(wait=True)

    def _start(self, pool: Executor, work: Work) -> Future[dict[str, Graded | None]]:
        return pool.submit(_judge_all, self._masters, work.notebooks, self._limits)

    def _start_again(self, pool: Executor, work: Work) -> Future[dict[str, Graded | None]] | None:
        """None when the executor takes no work any more."""
        try:
            return self._start(pool, work)
        except Exception:  # Dask says it in an exception of its own
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
            except JailUnavailable:  # for nobody's work then
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

    # Reading

    def _read(self, student: str, force: bool) -> Work | None:
        """A student's work, or None when it is graded already or cannot be read."""
        try:
            work = self._work(student)
        except OSError as error:
            self._report(student, "failed", f"it could not be read: {line_of(error)}")
            return None
        try:
            there = json.loads((work.target / MARK).read_text())
        except (OSError, ValueError):
            there = None
        if not force and there == {"graded": work.mark} and student in self._recorded:
            self._result.unchanged.append(student)
            self._report(student, "unchanged")
            return None
        return work

    def _work(self, student: str) -> Work:
        folders = self._folders
        source = Path(folders.format_path(folders.submitted_directory, student, self._assignment))
        target = target_of(folders, self._assignment, student)
        top = Path(folders.root) / folders.submitted_directory
        if any(place.is_symlink() for place in (source, *source.parents) if top in place.parents):
            return self._nothing(student, target, "The folder is a link to another place.")
        files, problems = read_files(source, folders.ignore, self._limits)
        for name in [name for name in files if self._in_the_way(name)]:
            del files[name]
            problems.append(f"{name} is called like a folder of the assignment. It was left out.")
        theirs = {n: c for n, c in files.items() if n != "timestamp.txt"}
        notebooks: dict[str, Submission] = {}
        for master in self._masters:
            given = {n: c for n, c in theirs.items() if n not in master.files}
            name = master.name + ".ipynb"
            content: bytes | None = None
            problem = ""
            try:
                content = read_file(source / name, self._limits.notebook_bytes)
            except Malformed as malformed:
                problem = str(malformed) if os.path.lexists(source / name) else ""
                problems.append(problem or f"{name} was not handed in.")
            notebooks[master.name] = Submission(content, given, problem)
        known = {master.name + ".ipynb" for master in self._masters}
        for path in sorted(source.glob("*.ipynb")):
            if path.name not in known:
                problems.append(
                    f"{path.name} is no notebook of this assignment; it was not graded."
                )
        timestamp = timestamp_of(files.get("timestamp.txt"))
        mark = mark_of(self._masters, notebooks, files, self._limits)
        return Work(student, target, notebooks, files, timestamp, problems, mark)

    def _nothing(self, student: str, target: Path, problem: str) -> Work:
        """Work of which not even the files can be read."""
        notebooks = {master.name: Submission(None, {}, problem) for master in self._masters}
        mark = mark_of(self._masters, notebooks, {"": problem.encode()}, self._limits)
        return Work(student, target, notebooks, {}, None, [problem], mark)

    def _in_the_way(self, name: str) -> bool:
        """Whether a file cannot lie beside the assignment's own: one is called like the other's
        folder."""
        given = (file for master in self._masters for file in master.files)
        return any(f"{a}/".startswith(f"{b}/") for g in given if g != name
                   for a, b in ((g, name), (name, g)))  # fmt: skip

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
        (target / MARK).unlink(missing_ok=True)
        masters = {name: content for one in self._masters for name, content in one.files.items()}
        for name, content in {**work.copied, **masters}.items():
            put(target / name, content, self._mode)
        for name, one in graded.items():
            if one is not None:
                put(target / f"{name}.ipynb", as_file(one).encode("utf-8", "replace"), self._mode)

    def _record(self, judged: list[_Judged]) -> None:
        try:
            self._book.record([Record(w.student, graded, w.timestamp) for w, graded in judged])
            for work, _ in judged:
                mark = json.dumps({"graded": work.mark}).encode()
                put(work.target / MARK, mark, self._mode)
        except Exception as error:
            if len(judged) > 1:  # the others are not to pay for one of them
                for one in judged:
                    self._record([one])
            else:
                verb = "written" if isinstance(error, (OSError, BookError)) else "recorded"
                why = f"it could not be {verb}: {line_of(error)}"
                self._report(judged[0][0].student, "failed", why)
            return
        for work, graded in judged:
            self._tell(work, graded)
            seconds = sum(one.seconds for one in graded.values() if one)
            self._result.graded[work.student] = seconds
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
    """All notebooks of one student; None for one that was not handed in."""
    return {
        master.name: None
        if (one := notebooks[master.name]).notebook is None and not one.problem
        else judge(master, one, limits)
        for master in masters
    }
