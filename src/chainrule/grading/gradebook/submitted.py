"""Where work lies: who handed something in, the masters, the files beside notebooks, and when."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from chainrule.grading.gradebook.marks import MARK
from chainrule.grading.judge.autotests import file_of
from chainrule.grading.judge.master import Master, read_master
from chainrule.grading.limits import Limits
from chainrule.notebook.read import Malformed, read_file

__all__ = [
    "BatchError", "graded", "names_below", "read_files", "read_masters", "submitters", "target_of",
    "timestamp_of",
]  # fmt: skip


_NOTEBOOKS = "*.ipynb"
_DEEPEST, _MOST_FILES = 20, 10_000  # folders in one another, and files, that are looked at
_LONGEST_NAME = 1000  # bytes of a file's path; in autograded/ a few more have to fit


class BatchError(RuntimeError):
    """The batch cannot be started; the text says why in a line."""


def read_masters(folders: CourseDirectory, assignment: str, config: Config) -> list[Master]:
    """The masters of an assignment, with the files that come with it.

    Raises BatchError, MasterError, OSError.
    """
    source = Path(folders.format_path(folders.source_directory, ".", assignment))
    if source.is_dir():
        os.listdir(source)  # glob finds nothing where it may not look
    paths = sorted(source.glob("*.ipynb"))
    if not paths:
        raise BatchError(f"no such assignment: there is no notebook in {source}")
    kept = _kept(config, assignment)
    files = {
        name: _read(path)
        for path in _read_tree(source, [*folders.ignore, _NOTEBOOKS])
        if (name := os.path.relpath(path, source)) not in kept
    }
    tests = Path(folders.root) / file_of(config)
    made_by = tests.read_bytes() if tests.is_file() else None
    return [_master(_read(path), path.stem, files, config, made_by) for path in paths]


def _read(path: Path) -> bytes:
    """A file of a master. Raises BatchError for what is none, as a pipe, which never ends."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise BatchError(f"{path} is no ordinary file")
    return path.read_bytes()


def _kept(config: Config, assignment: str) -> set[str]:
    """The files of an assignment that students may change. Raises BatchError."""
    known = config.Autograde.get("exclude_overwriting", {})
    files = known.get(assignment, []) if isinstance(known, dict) else None
    if not isinstance(files, (list, tuple, set)):
        raise BatchError(
            "nbgrader_config.py: c.Autograde.exclude_overwriting is a list of files for each "
            f"assignment, as {{'ps1': ['data.csv']}}, not {known!r}"
        )
    return set(files)


_masters: dict[str, Master] = {}
_MOST_MASTERS = 100


def _master(
    content: bytes, name: str, files: dict[str, bytes], config: Config, autotests: bytes | None
) -> Master:
    """The master in a notebook; what was read once is not read again. Raises MasterError.

    nbgrader's own validation takes a fifth of a second.
    """
    digest = hashlib.sha256(
        repr((content, name, sorted(files.items()), config, autotests)).encode()
    )
    key = digest.hexdigest()
    if key not in _masters:
        if len(_masters) >= _MOST_MASTERS:
            _masters.clear()
        _masters[key] = read_master(content, name, files, config, autotests)
    return _masters[key]


def submitters(
    folders: CourseDirectory, assignment: str, students: Sequence[str] | None
) -> list[str]:
    """Who handed something in, of these students if any are named."""
    names = _students_below(folders, folders.submitted_directory, assignment)
    return sorted(names & set(students) if students else names)


def graded(folders: CourseDirectory, assignment: str) -> list[str]:
    """Whose work there is in autograded/."""
    return sorted(_students_below(folders, folders.autograded_directory, assignment))


def _students_below(folders: CourseDirectory, step: str, assignment: str) -> set[str]:
    pattern = folders.format_path(step, r"(?P<student>[^/]+)", re.escape(assignment), escape=True)
    excluded = {name for name in folders.student_id_exclude.split(",") if name}
    root = glob.escape(str(folders.root))
    relative = folders.directory_structure.format(
        nbgrader_step=glob.escape(step), student_id="*", assignment_id=glob.escape(assignment)
    )
    found = (re.fullmatch(pattern, path) for path in glob.glob(os.path.join(root, relative)))
    return {match["student"] for match in found if match} - excluded


def target_of(folders: CourseDirectory, assignment: str, student: str) -> Path:
    """Where a student's graded work is put."""
    return Path(folders.format_path(folders.autograded_directory, student, assignment))


def read_files(
    folder: Path, ignore: Iterable[str], limits: Limits
) -> tuple[dict[str, bytes], list[str]]:
    """The files beside the notebooks, by relative path, and what is wrong with others.

    Links, pipes and what is over the limits is left out, with a sentence.
    """
    found: dict[str, bytes] = {}
    problems: list[str] = []
    room = limits.scratch_bytes // 2
    for path in _read_tree(folder, [*ignore, _NOTEBOOKS]):
        name = os.path.relpath(path, folder)
        if Path(name).parts[0] == MARK:
            problems.append(f"{MARK} is a name that the grader uses itself. It was left out.")
            continue
        if len(os.fsencode(name)) > _LONGEST_NAME:
            problems.append(f"The name of {name[:40]}... is too long. It was left out.")
            continue
        if len(found) >= limits.scratch_files // 2:
            problems.append("There are too many files; the rest was left out.")
            break
        try:
            found[name] = read_file(path, min(room, limits.file_bytes))
            room -= len(found[name])
        except Malformed as problem:
            problems.append(f"{problem} It was left out.")
    return found, problems


def names_below(folder: Path, ignore: Iterable[str]) -> list[str]:
    """All files below a folder, notebooks and all, by path relative to it."""
    return [os.path.relpath(path, folder) for path in _read_tree(folder, ignore)]


def _read_tree(folder: Path, ignore: Iterable[str]) -> list[Path]:
    """All files below a folder but what matches `ignore`, by name; sorted.

    Step by step: a thousand folders in one another end a function that calls itself, as os.walk
    does. A folder that lies deeper than files of work do is among them.
    """
    patterns = list(ignore)

    def wanted(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    found: list[Path] = []
    waiting = [(str(folder), 0)]
    while waiting and len(found) < _MOST_FILES:
        place, depth = waiting.pop()
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if not wanted(entry.name):
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    found.append(Path(entry.path))
                elif depth < _DEEPEST:
                    waiting.append((entry.path, depth + 1))
                else:
                    found.append(Path(entry.path))  # which is no file, and so said to be left out
    return sorted(found)


def timestamp_of(content: bytes | None) -> datetime | None:
    try:
        text = (content or b"").decode().strip()
        return utils.parse_utc(text) if text else None
    except (ValueError, OverflowError, TypeError):
        return None
