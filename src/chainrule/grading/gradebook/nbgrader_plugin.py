"""The judge inside nbgrader: `nbgrader autograde` and Formgrader's button, by configuration alone.

    c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"

nbgrader converts each submitted notebook twice, to sanitize it and to run it. Here the first
conversion judges it, and the second writes the gradebook; nbgrader's own preprocessors are not
used. Rows and notebooks are those of `chainrule grade`.
"""

from __future__ import annotations

import glob
import os
import stat
import weakref
from collections.abc import Iterator
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import find_all_files

from chainrule.grading.gradebook.submitted import BatchError, read_masters
from chainrule.grading.gradebook.vetted import problems, require
from chainrule.grading.gradebook.work import WorkReader
from chainrule.grading.gradebook.writer import Book, BookError, Record
from chainrule.grading.judge.judge import judge, vetting_of
from chainrule.grading.judge.master import MasterError
from chainrule.grading.judge.scores import Graded, as_file
from chainrule.grading.judge.ways import INSIDE
from chainrule.grading.limits import Limits, LimitsError, gone
from chainrule.grading.sandbox.guest_process import ForkServerError
from chainrule.grading.sandbox.kernel import JailUnavailable

__all__ = ["JudgeExporter"]

_REFUSALS = (BatchError, BookError, MasterError, LimitsError, JailUnavailable, ForkServerError)


class JudgeExporter(NotebookExporter):
    """Turns a submitted notebook into a graded one, and records what it got.

    Its parent is nbgrader's Autograde, whose course it works on; limits are `c.Judge`'s.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._graded: dict[tuple[str, str, str], tuple[Graded, list[str]]] = {}
        if self.parent is not None:
            self._leave_links_out()
            self._book = self._opened()
            weakref.finalize(self, self._book.close)  # nbgrader does not say when it is done

    def _leave_links_out(self) -> None:
        """Have nbgrader ignore what is no ordinary file: where it finds a link it copies what the
        link points to, which may be the instructor's."""
        folders = self.parent.coursedir
        known = [pattern for pattern in folders.ignore if not isinstance(pattern, _Path)]
        found = (_no_files(folder) for folder in self.parent.assignments)
        folders.ignore = [*known, *(_Path(glob.escape(path)) for paths in found for path in paths)]

    def _opened(self) -> Book:
        """The gradebook. Before anything is graded, refuse what it or a master does not allow."""
        folders = self.parent.coursedir
        try:
            masters = read_masters(folders, folders.assignment_id, self.config)
            limits = self._limits()
            require(masters, limits)
            for problem in problems(masters, limits):
                self.log.warning("%s", problem)
            for master in masters:
                for one in vetting_of(master, limits).checks:
                    if one.way == INSIDE:
                        self.log.warning(
                            "%s is run where student code could forge it: %s", one.grade_id, one.why
                        )
            return Book(
                folders.db_url, folders.assignment_id, masters, folders.course_id, self.config
            )
        except _REFUSALS as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error

    def _limits(self) -> Limits:
        settings = self.config.get("Judge", {})
        return Limits.of(settings).of_assignment(self.parent.coursedir.assignment_id)

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """Judge the notebook in that file, or record what judging it gave."""
        resources = self._init_resources(resources)
        place = resources["nbgrader"]
        key = place["student"], place["assignment"], place["notebook"]
        if getattr(self.parent, "_sanitizing", True) or key not in self._graded:
            self._graded[key] = self._judged(*key)
        if not getattr(self.parent, "_sanitizing", True):
            self._book.record([Record(key[0], {key[2]: self._graded[key][0]})])
        graded, problems = self._graded[key]
        for note in dict.fromkeys([*problems, *graded.notes]):
            self.log.warning("%s, %s: %s", place["student"], place["notebook"], note)
        return as_file(graded, problems), resources

    def _judged(self, student: str, assignment: str, notebook: str) -> tuple[Graded, list[str]]:
        """A notebook graded, and what is to be said of how it was handed in."""
        folders, limits = self.parent.coursedir, self._limits()
        for line in gone(self.config.get("Judge", {})):
            self.log.warning("nbgrader_config.py: %s", line)
        masters = read_masters(folders, assignment, self.config)
        master = next(one for one in masters if one.name == notebook)
        work = WorkReader(folders, assignment, masters, limits).read(student, "")
        return judge(master, work.notebooks[notebook], limits), work.problems_of(notebook)


class _Path(str):
    """A path among patterns for names, all through one run of nbgrader."""


def _no_files(folder: str) -> Iterator[str]:
    for path in find_all_files(folder):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            yield path
