"""One student's submission as it lies in submitted/, read into what a judge needs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from chainrule.grading.gradebook.marks import mark_of
from chainrule.grading.gradebook.misnamed import looks_like_a_notebook, stand_in
from chainrule.grading.gradebook.submitted import (
    names_below,
    read_files,
    target_of,
    timestamp_of,
)
from chainrule.grading.judge.judge import Submission
from chainrule.grading.judge.master import Master
from chainrule.grading.limits import Limits
from chainrule.notebook.read import Malformed, read_file

__all__ = ["Work", "WorkReader"]


@dataclass
class Work:
    """One student's submission.

    notebooks: by master's name; copied: files that go into autograded/ besides; mark: the hash of
    all its points depend on. Sentences for student and instructor: whole, about all of it; parts,
    by master's name, about one notebook.
    """

    student: str
    target: Path
    notebooks: dict[str, Submission]
    copied: dict[str, bytes]
    timestamp: datetime | None
    mark: str
    whole: list[str]
    parts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """All that there is to say, each sentence once."""
        return list(
            dict.fromkeys([*self.whole, *(one for part in self.parts.values() for one in part)])
        )

    def problems_of(self, name: str) -> list[str]:
        """What the page of one notebook has to say: what is about the others stands on theirs."""
        return list(dict.fromkeys([*self.whole, *self.parts.get(name, [])]))

    @property
    def size(self) -> int:
        """Bytes of its notebooks and files."""
        given = [one.notebook or b"" for one in self.notebooks.values()]
        return sum(map(len, [*given, *self.copied.values()]))


class WorkReader:
    """Reads the submissions of an assignment."""

    def __init__(
        self, folders: CourseDirectory, assignment: str, masters: list[Master], limits: Limits
    ) -> None:
        self.folders, self._assignment = folders, assignment
        self.masters, self.limits = masters, limits

    def read(self, student: str, late: str) -> Work:
        """A student's work. late: what decides about a late penalty. Raises OSError."""
        folders = self.folders
        source = Path(folders.format_path(folders.submitted_directory, student, self._assignment))
        target = target_of(folders, self._assignment, student)
        top = Path(folders.root) / folders.submitted_directory
        if any(place.is_symlink() for place in (source, *source.parents) if top in place.parents):
            return self._nothing(student, target, "The folder is a link to another place.")
        files, whole = read_files(source, folders.ignore, self.limits)
        for name in [name for name in files if self._in_the_way(name)]:
            del files[name]
            whole.append(f"{name} is called like a folder of the assignment. It was left out.")
        theirs = {n: c for n, c in files.items() if n != "timestamp.txt"}
        notebooks, parts = self._notebooks(source, theirs, whole)
        timestamp = timestamp_of(files.get("timestamp.txt"))
        late = late if timestamp is not None else ""
        mark = mark_of(self.masters, notebooks, files, self.limits, late)
        return Work(student, target, notebooks, files, timestamp, mark, whole, parts)

    def _notebooks(
        self, source: Path, files: dict[str, bytes], whole: list[str]
    ) -> tuple[dict[str, Submission], dict[str, list[str]]]:
        """The notebook of each master, and what is to be said of it. What is missing, and so has no
        page of its own, and what is of no master is said of the `whole`."""
        most = self.limits.notebook_file_bytes
        names = names_below(source, self.folders.ignore)
        known = {f"{master.name}.ipynb" for master in self.masters}
        found: dict[str, Submission] = {}
        parts: dict[str, list[str]] = {}
        used = set(known)
        for master in self.masters:
            given = {n: c for n, c in files.items() if n not in master.files}
            name = f"{master.name}.ipynb"
            content, problem = None, ""
            if os.path.lexists(source / name):
                try:
                    content = read_file(source / name, most)
                except Malformed as malformed:
                    problem = str(malformed)
            else:
                others = [one for one in names if one not in known]
                stands = stand_in(source, others, master, len(self.masters) == 1, most)
                content, problem = stands.content, stands.problem
                used |= set(stands.names)
                if stands.note:
                    parts[master.name] = [stands.note]
                elif not problem:
                    whole.append(f"{name} was not handed in.")
            if problem:
                parts.setdefault(master.name, []).append(problem)
            found[master.name] = Submission(content, given, problem)
        for name in names:
            if looks_like_a_notebook(name) and name not in used:
                whole.append(f"{name} is no notebook of this assignment; it was not graded.")
        return found, parts

    def _nothing(self, student: str, target: Path, problem: str) -> Work:
        """Work of which not even the files can be read."""
        notebooks = {master.name: Submission(None, {}, problem) for master in self.masters}
        mark = mark_of(self.masters, notebooks, {}, self.limits, "")
        return Work(student, target, notebooks, {}, None, mark, [problem])

    def _in_the_way(self, name: str) -> bool:
        """Whether a file cannot lie beside the assignment's own: one is called like the other's
        folder."""
        given = (file for master in self.masters for file in master.files)
        return any(f"{a}/".startswith(f"{b}/") for g in given if g != name
                   for a, b in ((g, name), (name, g)))  # fmt: skip
