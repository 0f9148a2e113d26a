"""Feedback pages for a class: from autograded/ and the gradebook into feedback/.

`generate` writes many at once. Inside nbgrader, `FeedbackExporter` makes the same pages:

    c.GenerateFeedback.exporter_class = "chainrule.nbgrader.FeedbackExporter"
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbgrader.coursedir import CourseDirectory
from traitlets import Bool, default
from traitlets.config import Config

from chainrule.course.folder import Course, CourseError, permissions
from chainrule.grading.gradebook.feedback_rows import NotebookScores, read_book
from chainrule.grading.processors import processors_here
from chainrule.grading.report.feedback_page import FeedbackInput, fingerprint, page
from chainrule.grading.report.pictures import PICTURE_BYTES, pictures_beside
from chainrule.notebook.atomic_file import line_of, put
from chainrule.notebook.read import Malformed, read_file

__all__ = ["FeedbackExporter", "FeedbackResult", "generate"]

_NOTEBOOK_BYTES = 1 << 28
_SENT_ALONG = ("timestamp.txt", "submission_secret.txt")  # nbgrader releases feedback with these
_AHEAD = 4  # pages on the way for each worker
_FEW = 20  # pages that are made sooner than a pool of processes is
# A page for nobody: after it the template and all else is ready, for forked processes as well.
_FIRST = FeedbackInput("", "", "", b'{"cells": [{"cell_type": "markdown", "source": "$x$"}]}', {})
_MARK = re.compile(rb'<meta name="chainrule-feedback" content="(\w+)">')


@dataclass
class FeedbackResult:
    """What came of it.

    written: pages made now; unchanged: how many were as they should be; failed: by student, why
    there is no page.
    """

    written: list[Path] = field(default_factory=list)
    unchanged: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


Progress = Callable[[int, int, str], None]
"""Called after each page: (how many are done, of how many, student)."""


def generate(
    coursedir: Path | str,
    assignment: str,
    students: Sequence[str] | None = None,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
    executor: Executor | None = None,
    config: Config | None = None,
) -> FeedbackResult:
    """Write feedback/<student>/<assignment>/<notebook>.html for what has been graded.

    students: only these. jobs: how many processes (default: one for each processor). force: pages
    too that are as they should be. executor: where to make the pages instead. config: nbgrader's
    (default: the course's nbgrader_config.py). Raises CourseError when the gradebook does not
    know the assignment.
    """
    started = time.monotonic()
    config = config or Course(Path(coursedir).resolve()).config()
    places = _FeedbackFolders(CourseDirectory(config=config), assignment, config)
    book = read_book(places.folders, assignment, students)
    result = FeedbackResult()
    for name in set(students or ()) - {student for student, _ in book}:
        result.failed[name] = "nothing of it was graded"
    jobs = jobs or processors_here()
    with ExitStack() as stack:
        # Forked, since a fresh process takes longer to start than to make a hundred pages.
        if executor is None and jobs > 1 and len(book) > _FEW and sys.platform == "linux":
            page(_FIRST)
            context = multiprocessing.get_context("fork")
            executor = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=context))
        todo = _todo(places, book, force, result)
        for graded, outcome in _made(todo, executor, _AHEAD * jobs):
            try:
                if isinstance(outcome, Exception):
                    raise outcome
                result.written.append(places.put(graded, outcome))
            except Exception as error:  # one page that fails is not the end of the others
                result.failed[graded.student] = f"no page could be made: {line_of(error)}"
            if progress is not None:
                done = len(result.written) + result.unchanged + len(result.failed)
                progress(done, len(book), graded.student)
    result.seconds = time.monotonic() - started
    return result


def _todo(
    places: _FeedbackFolders,
    book: Mapping[tuple[str, str], NotebookScores],
    force: bool,
    result: FeedbackResult,
) -> Iterator[FeedbackInput]:
    """What pages are to be made of; the others are counted in the result."""
    for (student, notebook), entry in book.items():
        try:
            graded = places.read(student, notebook, entry)
            if graded is None:
                continue
            places.send_along(student)
        except (OSError, Malformed) as error:
            result.failed[student] = f"the graded notebook cannot be read: {line_of(error)}"
            continue
        if not force and places.is_current(graded):
            result.unchanged += 1
            continue
        yield graded


def _made(
    todo: Iterable[FeedbackInput], pool: Executor | None, ahead: int
) -> Iterator[tuple[FeedbackInput, str | Exception]]:
    """The pages, in order, made here or in the pool with a few on the way at a time."""
    waiting: deque[tuple[FeedbackInput, Future[str]]] = deque()

    def first() -> tuple[FeedbackInput, str | Exception]:
        graded, future = waiting.popleft()
        try:
            return graded, future.result()
        except Exception as error:
            return graded, error

    for graded in todo:
        future: Future[str] = Future()
        if pool is not None:
            future = pool.submit(page, graded)
        else:
            try:
                future.set_result(page(graded))
            except Exception as error:
                future.set_exception(error)
        waiting.append((graded, future))
        if len(waiting) >= (ahead if pool is not None else 1):
            yield first()
    while waiting:
        yield first()


# Folders ------------------------------------------------------------------------------------------


class _FeedbackFolders:
    """Where graded work of one assignment lies, and where its feedback goes."""

    def __init__(self, folders: CourseDirectory, assignment: str, config: Config) -> None:
        self.folders, self._assignment = folders, assignment
        default_mode = 664 if folders.groupshared else 644
        self._mode = permissions(config, "GenerateFeedback", default_mode)
        self._settings = settings_of(config)

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.folders.format_path(step, student, self._assignment))

    def _target(self, student: str, notebook: str) -> Path:
        return self._folder(self.folders.feedback_directory, student) / f"{notebook}.html"

    def read(self, student: str, notebook: str, entry: NotebookScores) -> FeedbackInput | None:
        """What there is of one student's notebook; None when it was not handed in.

        Raises OSError, Malformed.
        """
        path = self._folder(self.folders.autograded_directory, student) / f"{notebook}.ipynb"
        if not os.path.lexists(path):
            return None
        return read_graded(path, (student, self._assignment, notebook), entry, self._settings)

    def is_current(self, graded: FeedbackInput) -> bool:
        """Whether the page is there already, made from the same."""
        try:
            with self._target(graded.student, graded.notebook).open("rb") as file:
                match = _MARK.search(file.read(2000))
        except OSError:
            return False
        return match is not None and match[1].decode() == fingerprint(graded)

    def put(self, graded: FeedbackInput, text: str) -> Path:
        """Write a page; returns where."""
        target = self._target(graded.student, graded.notebook)
        self._write(target, text.encode("utf-8", "replace"))
        return target

    def send_along(self, student: str) -> None:
        """Copy what nbgrader needs to release the feedback to the right student, where it is there.

        Other files of a submission stay where they are: a page of the student's own is no feedback.
        """
        target = self._folder(self.folders.feedback_directory, student)
        for name in _SENT_ALONG:
            path = self._folder(self.folders.autograded_directory, student) / name
            if os.path.lexists(path):
                content = read_file(path, PICTURE_BYTES)
                if not (target / name).is_file() or (target / name).read_bytes() != content:
                    self._write(target / name, content)

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.folders.groupshared:
            for folder in (path.parent, path.parent.parent):
                folder.chmod(folder.stat().st_mode | 0o2770)
        put(path, content, self._mode)


def read_graded(
    path: Path, names: tuple[str, str, str], entry: NotebookScores, settings: dict[str, Any]
) -> FeedbackInput:
    """A graded notebook with the pictures that lie beside it. names: student, assignment, notebook.

    settings: as `settings_of` reads them. Raises OSError, Malformed.
    """
    content = read_file(path, _NOTEBOOK_BYTES)
    files = pictures_beside(path.parent)
    return FeedbackInput(*names, content, entry.cells, entry.late, files, **settings)


def settings_of(config: Config) -> dict[str, Any]:
    """What a course sets of its pages: the marks around hidden checks, as nbgrader is configured to
    know them, and whether hidden values are shown (`c.FeedbackExporter.hidden_values = True`)."""
    given = config.get("ClearHiddenTests", {})
    marks = (
        given.get("begin_test_delimeter", "BEGIN HIDDEN TESTS"),
        given.get("end_test_delimeter", "END HIDDEN TESTS"),
    )
    return {
        "marks": marks,
        "hidden_values": bool(config.get("FeedbackExporter", {}).get("hidden_values", False)),
    }


# Inside nbgrader ----------------------------------------------------------------------------------


class FeedbackExporter(Exporter):
    """The same page, for `nbgrader generate_feedback` and Formgrader's button.

    Its parent is nbgrader's GenerateFeedback, whose course it works on.
    """

    hidden_values = Bool(False, help="Show the values that hidden checks try and expect.").tag(
        config=True
    )

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """The page of the graded notebook in that file."""
        resources = self._init_resources(resources)
        place = resources["nbgrader"]
        student, assignment, notebook = (place[k] for k in ("student", "assignment", "notebook"))
        book = read_book(self.parent.coursedir, assignment, [student])
        if (student, notebook) not in book:
            raise CourseError(f"the gradebook has nothing of {notebook} by {student}")
        names = student, assignment, notebook
        entry, settings = book[student, notebook], settings_of(self.config)
        return page(read_graded(Path(filename), names, entry, settings)), resources
