"""Mistakes that people make with the command, and states that a course gets into: a table.

Each row is tried by `test_mistakes.py`: what is typed, in a graded course of one assignment `ps`
that `given` has changed; the exit status; and a pattern of the one line that is said.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

Given = Callable[[Path, pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mistake:
    """typed: after `chainrule`; given: what was done to the course before."""

    name: str
    typed: str
    says: str
    status: int = 2
    given: Given = lambda course, patch: None


# What was done to the course ----------------------------------------------------------------------


def settings(text: str) -> Given:
    """These lines are in nbgrader_config.py."""
    return lambda course, _: _append(course / "nbgrader_config.py", f"\n{text}\n".encode())


def written(path: str, content: bytes) -> Given:
    """A file holds this instead."""

    def given(course: Path, _: pytest.MonkeyPatch) -> None:
        _away(course / path)
        (course / path).parent.mkdir(parents=True, exist_ok=True)
        (course / path).write_bytes(content)

    return given


def gone(*paths: str) -> Given:
    """These files or folders are not there."""
    return lambda course, _: [_away(course / path) for path in paths] and None


def folder(path: str) -> Given:
    """A folder is there instead of a file."""

    def given(course: Path, _: pytest.MonkeyPatch) -> None:
        _away(course / path)
        (course / path).mkdir()

    return given


def database(statement: str) -> Given:
    """Somebody changed the gradebook with SQL."""

    def given(course: Path, _: pytest.MonkeyPatch) -> None:
        with sqlite3.connect(course / "gradebook.db") as book:
            book.execute(statement)
        book.close()

    return given


def cut_off(course: Path, _: pytest.MonkeyPatch) -> None:
    """Half of the gradebook is lost."""
    os.truncate(course / "gradebook.db", 20_000)


def impatient(course: Path, patch: pytest.MonkeyPatch) -> None:
    """Another program has the gradebook for good, and nobody wants to wait for it."""
    from chainrule.grading.gradebook import writer

    holder = sqlite3.connect(course / "gradebook.db", check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    patch.setattr(writer, "_ATTEMPTS", 1)
    held.append(holder)
    _append(
        course / "nbgrader_config.py",
        f'\nc.CourseDirectory.db_url = "sqlite:///{course}/gradebook.db?timeout=0.1"\n'.encode(),
    )


def two_at_once(course: Path, _: pytest.MonkeyPatch) -> None:
    """Another `chainrule grade` is at work."""
    lock = open(course / "autograded" / ".ps.lock", "w")  # noqa: SIM115  closed with the test
    fcntl.flock(lock, fcntl.LOCK_EX)
    held.append(lock)


def fails(code: int, *names: str) -> Given:
    """Whatever is written below folders of these names fails, as on a full or read-only disk."""

    def given(course: Path, patch: pytest.MonkeyPatch) -> None:
        places = [str(course / name) for name in names]

        def refused(path: object, writing: bool) -> None:
            if writing and os.path.abspath(str(path)).startswith(tuple(places)):
                raise OSError(code, os.strerror(code), str(path))

        import io

        opened, low, made = io.open, os.open, os.mkdir
        to_write = os.O_WRONLY | os.O_RDWR

        def open_(file: object, mode: str = "r", *rest: object, **named: object) -> object:
            refused(file, not mode.startswith("r") or "+" in mode)
            return opened(file, mode, *rest, **named)  # type: ignore[arg-type, call-overload]

        def low_open(path: str, flags: int, *rest: object, **named: object) -> int:
            refused(path, bool(flags & to_write))
            return low(path, flags, *rest, **named)  # type: ignore[arg-type]

        def mkdir(path: str, *rest: object, **named: object) -> None:
            refused(path, True)
            made(path, *rest, **named)  # type: ignore[arg-type]

        patch.setattr(io, "open", open_)
        patch.setattr("builtins.open", open_)
        patch.setattr(os, "open", low_open)
        patch.setattr(os, "mkdir", mkdir)

    return given


def unreadable(name: str) -> Given:
    """Nobody may read the files of this name."""

    def given(course: Path, patch: pytest.MonkeyPatch) -> None:
        import io

        opened, low = io.open, os.open

        def refused(path: object) -> None:
            if str(path).endswith(name):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        def open_(file: object, *rest: object, **named: object) -> object:
            refused(file)
            return opened(file, *rest, **named)  # type: ignore[arg-type, call-overload]

        def low_open(path: str, *rest: object, **named: object) -> int:
            refused(path)
            return low(path, *rest, **named)  # type: ignore[arg-type]

        patch.setattr(io, "open", open_)
        patch.setattr("builtins.open", open_)
        patch.setattr(os, "open", low_open)

    return given


def pipe(path: str) -> Given:
    """A pipe is there, from which nothing ever comes."""

    def given(course: Path, _: pytest.MonkeyPatch) -> None:
        _away(course / path)
        os.mkfifo(course / path)

    return given


def points(written: str) -> Given:
    """Every check of the master has these."""

    def given(course: Path, _: pytest.MonkeyPatch) -> None:
        path = course / "source/ps/ps.ipynb"
        path.write_text(re.sub(r'"points": \d+', f'"points": {written}', path.read_text()))

    return given


def late(does: str) -> Given:
    """All is late, and this is what the course's policy does about it."""

    def given(course: Path, patch: pytest.MonkeyPatch) -> None:
        with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
            book.update_or_create_assignment("ps", duedate="2030-01-01 00:00:00 UTC")
        for student in (course / "submitted").iterdir():
            (student / "ps/timestamp.txt").write_text("2031-01-01 00:00:00 UTC")
        (course / "late_p.py").write_text(
            "from nbgrader.plugins import BasePlugin\n\n\nclass P(BasePlugin):\n"
            f"    def late_submission_penalty(self, *_):\n        {does}\n"
        )
        patch.syspath_prepend(course)
        patch.delitem(sys.modules, "late_p", raising=False)
        settings('c.AssignLatePenalties.plugin_class = "late_p.P"')(course, patch)

    return given


def both(*given: Given) -> Given:
    """All of it, in order."""

    def done(course: Path, patch: pytest.MonkeyPatch) -> None:
        for one in given:
            one(course, patch)

    return done


held: list[object] = []
"""What has to stay open while a row is tried."""


def _append(path: Path, content: bytes) -> None:
    before = path.read_bytes() if path.is_file() else b"c = get_config()\n"
    path.write_bytes(before + content)


def _away(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# The table ----------------------------------------------------------------------------------------

FULL, READ_ONLY, DENIED, QUOTA = errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT
NOT_GRADED = both(gone("gradebook.db", "autograded"))
DB = "c.CourseDirectory.db_url = "

TABLE = (
    # How it is called.
    Mistake("no such command", "gradee ps", r"No such command 'gradee'. Did you mean 'grade'"),
    Mistake("no such command at all", "xyzzy", r"No such command 'xyzzy'.*chainrule --help"),
    Mistake("no assignment", "grade", r"Missing argument.*chainrule grade --help"),
    Mistake("two assignments", "grade ps ps2", r"unexpected extra argument.*ps2"),
    Mistake("no jobs", "grade ps --jobs 0", r"--jobs.*greater than or equal to 1"),
    Mistake("jobs in words", "grade ps --jobs two", r"--jobs.*valid integer"),
    Mistake("an option misspelt", "grade ps --forse", r"No such option.*--force"),
    Mistake("an option that needs a value", "grade ps --student", r"--student.*argument"),
    Mistake("no such system", "export ps --to cnavas", r"--to.*'canvas'"),
    Mistake("no time at all", "check x.ipynb --seconds 0", r"--seconds.*or equal to 1"),
    # Which assignment.
    Mistake("a slash from Tab", "grade ps/", r"3 unchanged|graded in|4 unchanged", 0),
    Mistake("a path from Tab", "grade source/ps/", r"unchanged", 0),
    Mistake("a slash, for a report", "report ps/", r"4 submissions", 0),
    Mistake("a slash, for an export", "export ps/", r"4 students", 0),
    Mistake("a slash, for feedback", "feedback ps/", r"4 written", 0),
    Mistake("a typo", "grade psx", r"no such assignment: psx; did you mean ps\?"),
    Mistake("a typo, for a report", "report pss", r"no such assignment: pss; did you mean ps\?"),
    Mistake("a typo, for an export", "export PS", r"no such assignment: PS; did you mean ps\?"),
    Mistake("a typo, for feedback", "feedback p", r"no such assignment: p; did you mean ps\?"),
    Mistake("another word", "grade homework", r"no such assignment: homework; there are ps"),
    Mistake("nothing", "grade ''", r"no such assignment"),
    Mistake("this folder", "grade .", r"no such assignment: \."),
    Mistake("the folder above", "report ..", r"no such assignment: \.\."),
    Mistake("a pattern", "grade p*", r"no such assignment: p\*; did you mean ps\?"),
    Mistake("somewhere else", "grade ../../etc", r"no such assignment: ../../etc"),
    Mistake("no assignment there", "grade ps", r"no such assignment: ps; .*source has no folder",
            given=gone("source/ps/ps.ipynb", "autograded")),
    # Who.
    Mistake("nobody handed in", "grade ps", r"nobody handed ps in.*nbgrader collect", 1,
            gone("submitted")),
    Mistake("nobody of this name", "grade ps --student no", r"no: nothing was submitted", 1),
    Mistake("feedback for nobody", "feedback ps --student no", r"no: nothing of it was graded", 1),
    # Not in a course, or too early.
    Mistake("no course", "grade ps", r"no course here", given=gone("source")),
    Mistake("no course, a report", "report ps", r"no course here", given=gone("source")),
    Mistake("no course, an export", "export ps", r"no course here", given=gone("source")),
    Mistake("no course, feedback", "feedback ps", r"no course here", given=gone("source")),
    Mistake("no course, a demo", "demo", r"no course here", given=gone("source")),
    Mistake("no sample class", "demo", r"no sample class"),
    Mistake("a report too early", "report ps", r"no gradebook yet .*: grade", given=NOT_GRADED),
    Mistake("an export too early", "export ps", r"no gradebook yet .*: grade", given=NOT_GRADED),
    Mistake("feedback too early", "feedback ps", r"no gradebook yet .*: grade", given=NOT_GRADED),
    Mistake("a report of another set", "report new", r"no assignment new: grade it first",
            given=lambda course, _: shutil.copytree(course / "source/ps", course / "source/new")
            and None),
    # check and progress.
    Mistake("check of a folder", "check source", r"source is a folder.*chainrule progress source"),
    Mistake("check of nothing", "check nope.ipynb", r"there is no file nope.ipynb"),
    Mistake("check of a typo", "check source/ps/sp.ipynb", r"did you mean source/ps/ps.ipynb\?"),
    Mistake("check of text", "check a.txt", r"a.txt is no notebook", given=written("a.txt", b"x")),
    Mistake("check of half a notebook", "check a.ipynb", r"is no notebook",
            given=written("a.ipynb", b'{"cells": [')),
    Mistake("check of an empty file", "check a.ipynb", r"is no notebook",
            given=written("a.ipynb", b"")),
    Mistake("check of a picture", "check a.ipynb", r"is no notebook",
            given=written("a.ipynb", b"\x89PNG\r\n\x1a\n\0\0\0")),
    Mistake("check of a list", "check a.ipynb", r"is no notebook", given=written("a.ipynb", b"[]")),
    Mistake("check of another notebook", "check source/ps/ps.ipynb", r"not a problem set of this"),
    Mistake("check without the right", "check a.ipynb", r"a.ipynb may not be read",
            given=both(written("a.ipynb", b"{}"), unreadable("a.ipynb"))),
    Mistake("progress of nothing", "progress nowhere", r"there is no folder nowhere"),
    Mistake("progress of a file", "progress a.txt", r"a.txt is a file.*chainrule check a.txt",
            given=written("a.txt", b"")),
    Mistake("progress of no set", "progress submitted", r"there is no problem set in"),
    Mistake("check of a pipe", "check a.ipynb", r"a.ipynb is no ordinary file",
            given=pipe("a.ipynb")),
    Mistake("check of a circle", "check a.ipynb", r"a.ipynb is no ordinary file",
            given=lambda course, _: (course / "a.ipynb").symlink_to("a.ipynb")),
    Mistake("check of a depth", "check a.ipynb", r"is no notebook: maximum recursion",
            given=written("a.ipynb", b"[" * 100_000)),
    Mistake("check of an endless time", "check a.ipynb --seconds nan", r"--seconds.*or equal to 1",
            given=written("a.ipynb", b"{}")),
    Mistake("check of two", "check a.ipynb b.ipynb", r"unexpected extra argument.*b.ipynb"),
    Mistake("progress in a circle", "progress loop", r"there is no folder loop",
            given=lambda course, _: (course / "loop").symlink_to("loop")),
    # nbgrader_config.py.
    Mistake("settings that are no Python", "grade ps", r"nbgrader_config.py, line \d+: .*correct",
            given=settings("c.Judge.cell_seconds = = 3")),
    Mistake("settings that fail", "grade ps", r"nbgrader_config.py, line \d+: NameError: .*'oops'",
            given=settings("oops")),
    Mistake("settings that import", "report ps", r"line \d+: ModuleNotFoundError: .*no_such_module",
            given=settings("import no_such_module")),
    Mistake("settings that leave", "export ps", r"nbgrader_config.py, line \d+: SystemExit",
            given=settings("import sys; sys.exit(3)")),
    Mistake("settings with a null byte", "grade ps", r"nbgrader_config.py.*null bytes",
            given=lambda course, _: _append(course / "nbgrader_config.py", b"# \0\n")),
    Mistake("settings nobody may read", "grade ps", r"nbgrader_config.py may not be read",
            given=both(settings(""), unreadable("nbgrader_config.py"))),
    Mistake("seconds in words", "grade ps", r"nbgrader_config.py: .*cell_seconds.*not 'ten'",
            given=settings('c.Judge.cell_seconds = "ten"')),
    Mistake("seconds in words, a report", "report ps", r"cell_seconds.*not 'ten'",
            given=settings('c.Judge.cell_seconds = "ten"')),
    Mistake("a limit misspelt", "grade ps", r"no setting cel_seconds; did you mean cell_seconds\?",
            given=settings("c.Judge.cel_seconds = 3")),
    Mistake("less than nothing", "grade ps", r"memory_bytes has to be positive",
            given=settings("c.Judge.memory_bytes = -1")),
    Mistake("one folder for many", "grade ps", r"readable is a list of folders, not '/data'",
            given=settings('c.Judge.readable = "/data"')),
    Mistake("another place for checks", "grade ps", r'checks is "vetted", "outside", "as left"',
            given=settings('c.Judge.checks = "elsewhere"')),
    Mistake("a late plugin that is not there", "grade ps", r"nbgrader_config.py.*no_such_late",
            given=settings('c.AssignLatePenalties.plugin_class = "no_such_late.Policy"')),
    Mistake("a late plugin that is none", "grade ps", r"nbgrader_config.py.*plugin_class",
            given=settings('c.AssignLatePenalties.plugin_class = "pathlib.Path"')),
    Mistake("a setting of the wrong type", "grade ps", r"nbgrader_config.py: .*db_url",
            given=settings(f"{DB}5")),
    Mistake("a layout of folders that is none", "grade ps", r"directory_structure is made of",
            given=settings('c.CourseDirectory.directory_structure = "{nope}"')),
    Mistake("permissions in words", "grade ps", r"c.Autograde.permissions is octal.*not 'rw'",
            given=settings('c.Autograde.permissions = "rw"')),
    Mistake("permissions of pages", "feedback ps", r"GenerateFeedback.permissions.*not 999",
            given=settings("c.GenerateFeedback.permissions = 999")),
    Mistake("files that are no list", "grade ps", r"exclude_overwriting is a list.*not 3",
            given=settings("c.Autograde.exclude_overwriting = 3")),
    Mistake("a section that is a number", "vet ps", r"nbgrader_config.py: .*'Judge', 5",
            given=settings("c.Judge = 5")),
    Mistake("a policy that there is not", "grade ps", r"penalty_method.*'none', 'zero'.*'half'",
            given=settings('c.LateSubmissionPlugin.penalty_method = "half"')),
    Mistake("a policy that fails", "grade ps --force", r"late policy late_p.P failed \(KeyError", 1,
            late("raise KeyError(1)")),
    Mistake("a policy of words", "grade ps --force", r"late_p.P took off 'lots', which is no", 1,
            late("return 'lots'")),
    Mistake("a policy of no number", "grade ps --force", r"late_p.P took off nan, which is no", 1,
            late("return float('nan')")),
    Mistake("a folder for the settings", "grade ps", r"nbgrader_config.py is no file",
            given=folder("nbgrader_config.py")),
    Mistake("settings that end in a circle", "doctor", r"nbgrader_config.py, line \d+: Recursion",
            given=settings("def f(): f()\nf()")),
    # The gradebook.
    Mistake("a gradebook in no folder", "grade ps", r"no folder /no/such/folder .*db_url",
            given=settings(f'{DB}"sqlite:////no/such/folder/gradebook.db"')),
    Mistake("a report of that", "report ps", r"no gradebook yet.*/no/such/folder/gradebook.db",
            given=settings(f'{DB}"sqlite:////no/such/folder/gradebook.db"')),
    Mistake("no such database", "grade ps", r"db_url.*not known here.*postgresql",
            given=settings(f'{DB}"oracel://x/y"')),
    Mistake("no such database, a report", "report ps", r"db_url.*not known here",
            given=settings(f'{DB}"oracel://x/y"')),
    Mistake("no address", "grade ps", r"db_url.*no address of a database",
            given=settings(f'{DB}"gradebook.db"')),
    Mistake("no address, an export", "export ps", r"db_url.*no address of a database",
            given=settings(f'{DB}"gradebook.db"')),
    Mistake("a server that is not there", "grade ps", r"server does not answer",
            given=settings(f'{DB}"postgresql+psycopg://x@127.0.0.1:1/y"')),
    Mistake("a driver that is not there", "grade ps", r"MySQLdb is not installed",
            given=settings(f'{DB}"mysql://x@127.0.0.1/y"')),
    Mistake("no database", "grade ps", r"damaged, or no SQLite database",
            given=written("gradebook.db", b"These are my grades. " * 100)),
    Mistake("no database, a report", "report ps", r"damaged, or no SQLite database",
            given=written("gradebook.db", b"These are my grades. " * 100)),
    Mistake("half a database", "report ps", r"damaged", given=cut_off),
    Mistake("half a database, grading", "grade ps --force", r"damaged", given=cut_off),
    Mistake("a database of something else", "report ps", r"(another version|no assignment ps)",
            given=both(gone("gradebook.db"), database("CREATE TABLE music (name TEXT)"))),
    Mistake("a column too few", "report ps", r"another version of nbgrader",
            given=database("ALTER TABLE student RENAME COLUMN lms_user_id TO lms")),
    Mistake("an empty database, a report", "report ps", r"no gradebook yet",
            given=written("gradebook.db", b"")),
    Mistake("a folder for a gradebook", "grade ps", r"gradebook cannot be opened",
            given=folder("gradebook.db")),
    Mistake("a folder for a gradebook, an export", "export ps", r"no gradebook yet",
            given=folder("gradebook.db")),
    Mistake("a gradebook that may not be written", "grade ps --force", r"may not be written.*chmod",
            given=lambda course, _: _append(course / "nbgrader_config.py",
                f'\n{DB}"sqlite:///file:{course}/gradebook.db?mode=ro&uri=true"\n'.encode())),
    Mistake("a gradebook that another has", "grade ps --force", r"locked by another program.*again",
            given=impatient),
    Mistake("a gradebook that another has, a report", "report ps", r"locked by another program",
            given=impatient),
    Mistake("two at once", "grade ps", r"being graded by another program", given=two_at_once),
    Mistake("no database, a class list", "students list", r"damaged, or no SQLite database",
            given=written("gradebook.db", b"These are my grades. " * 100)),
    Mistake("no database, the doctor", "doctor --json", r"damaged, or no SQLite database",
            given=written("gradebook.db", b"These are my grades. " * 100)),
    Mistake("a gradebook that another has, the doctor", "doctor --mend", r"locked by another",
            given=impatient),
    Mistake("a gradebook that another has, a class list", "students add joe", r"locked by another",
            given=impatient),
    Mistake("a gradebook that another has, feedback", "feedback ps", r"locked by another",
            given=impatient),
    Mistake("a gradebook that may not be written, a student", "students add joe",
            r"may not be written.*chmod",
            given=lambda course, _: _append(course / "nbgrader_config.py",
                f'\n{DB}"sqlite:///file:{course}/gradebook.db?mode=ro&uri=true"\n'.encode())),
    Mistake("rows that do not fit", "doctor", r"c2 is now called c2_again", 1,
            lambda course, _: _renamed(course)),
    Mistake("rows that do not fit, as data", "doctor --json", r'"told": "c2 is now called', 1,
            lambda course, _: _renamed(course)),
    # Masters.
    Mistake("a master that is no notebook", "grade ps", r"ps.*(no notebook|not valid JSON|JSON)",
            given=written("source/ps/ps.ipynb", b'{"cells": [')),
    Mistake("a master that is no notebook, a report", "report ps", r"is no notebook",
            given=written("source/ps/ps.ipynb", b'{"cells": [')),
    Mistake("a master without cells", "grade ps", r"ps",
            given=written("source/ps/ps.ipynb", b"{}")),
    Mistake("a master nobody may read", "grade ps", r"ps.ipynb may not be read",
            given=unreadable("source/ps/ps.ipynb")),
    Mistake("a master that is a pipe", "grade ps", r"ps.ipynb is no ordinary file",
            given=pipe("source/ps/ps.ipynb")),
    Mistake("a file of a master that is a pipe", "vet ps", r"data.csv is no ordinary file",
            given=pipe("source/ps/data.csv")),
    Mistake("a master that is a folder", "grade ps", r"ps.ipynb is a folder, where a file",
            given=folder("source/ps/ps.ipynb")),
    Mistake("a master in another encoding", "grade ps", r"ps is no master notebook: 'utf-8'",
            given=written("source/ps/ps.ipynb", '{"cells": []}'.encode("utf-16"))),
    Mistake("a master with fewer points than none", "grade ps", r"no master notebook: -3 is less",
            given=points("-3")),
    Mistake("a master with points in words", "vet ps", r"no master notebook: .*'two'",
            given=points('"two"')),
    Mistake("a typo, for vet", "vet psx", r"no such assignment: psx; did you mean ps\?"),
    # Folders and disks.
    Mistake("a file for autograded", "grade ps", r"autograded is no folder|autograded.*in its way",
            given=written("autograded", b"")),
    Mistake("a file for submitted", "grade ps", r"nobody handed ps in", 1,
            written("submitted", b"")),
    Mistake("a file for reports", "report ps", r"reports.* cannot be written",
            given=written("reports", b"")),
    Mistake("a file for exports", "export ps", r"exports.* cannot be written",
            given=written("exports", b"")),
    Mistake("a file for feedback", "feedback ps", r"no page could be made: ", 1,
            written("feedback", b"")),
    Mistake("a full disk, grading", "grade ps --force", r"could not be written: .*No space", 1,
            fails(FULL, "autograded/ada", "autograded/bob", "autograded/eve", "autograded/zoe")),
    Mistake("a full disk, the lock", "grade ps", r"disk is full", given=fails(FULL, "autograded")),
    Mistake("a full disk, a report", "report ps", r"cannot be written: No space",
            given=fails(FULL, "reports")),
    Mistake("a full disk, an export", "export ps", r"cannot be written: No space",
            given=fails(FULL, "exports")),
    Mistake("a full disk, feedback", "feedback ps", r"no page could be made: .*No space", 1,
            fails(FULL, "feedback")),
    Mistake("a quota, a report", "report ps", r"cannot be written: .*quota",
            given=fails(QUOTA, "reports")),
    Mistake("a read-only disk, grading", "grade ps", r"mounted read-only",
            given=fails(READ_ONLY, "autograded")),
    Mistake("a folder of others, a report", "report ps", r"cannot be written: Permission denied",
            given=fails(DENIED, "reports")),
    Mistake("a folder of others, grading", "grade ps", r"may not be read or written by you",
            given=fails(DENIED, "autograded")),
    Mistake("a report into a folder", "report ps --to source", r"source cannot be written: Is a"),
    Mistake("a report below a file", "report ps --to a.txt/x", r"cannot be written",
            given=written("a.txt", b"")),
    Mistake("an export into a folder", "export ps --output source", r"cannot be written: Is a"),
    Mistake("a report without a name", "report ps --to ''", r"no file is named"),
    Mistake("a report over a master", "report ps --to source/ps/ps.ipynb", r"is there already"),
    Mistake("an export over the gradebook", "export ps --output gradebook.db", r"is there already"),
    Mistake("an archive over a master", "gradescope-zip ps --output source/ps/ps.ipynb",
            r"is there already.*ends in .zip"),
    Mistake("an archive into a folder", "gradescope-zip ps --output source", r"is a folder"),
    Mistake("an archive in no time", "gradescope-zip ps --seconds 5", r"--seconds.*or equal to 60"),
    Mistake("an archive with packages of nowhere", "gradescope-zip ps --requirements no.txt",
            r"--requirements.*no.txt"),
    Mistake("an archive on a full disk", "gradescope-zip ps", r"disk is full",
            given=fails(FULL, "exports")),
    Mistake("feedback of nothing", "feedback ps", r"no page was written.*grade ps --force", 1,
            gone("autograded")),
    Mistake("feedback of what is no notebook", "feedback ps", r"no page could be made: ", 1,
            written("autograded/ada/ps/ps.ipynb", b"{")),
    Mistake("a folder for the lock", "grade ps", r".ps.lock is a folder, where a file",
            given=folder("autograded/.ps.lock")),
    Mistake("a submission that is a pipe", "grade ps --force", r"ada: ps.ipynb is not an ordin", 0,
            pipe("submitted/ada/ps/ps.ipynb")),
    # Other systems.
    Mistake("a roster that is not there", "export ps --to canvas --roster no.csv", r"no.csv"),
    Mistake("a roster that is none", "export ps --to canvas --roster a.csv", r"a.csv",
            given=written("a.csv", b"\xff\xfe\0\0")),
    Mistake("no such scheduler", "grade ps --force --scheduler nowhere", r"no Dask scheduler",
            given=lambda course, patch: patch.setattr("distributed.Client", _nobody)),
    Mistake("a scheduler without an address", "grade ps --scheduler ''", r"no Dask scheduler"),
    # A master that changed.
    Mistake("a rename for nothing", "grade ps --renamed c1=c9", r"--update-gradebook.*add that"),
    Mistake("a drop of what is there", "grade ps --update-gradebook --dropped c9",
            r"--dropped c9: it is still there", given=lambda course, _: _renamed(course)),
    Mistake("a rename that nobody settled", "grade ps --update-gradebook",
            r"Say --renamed c2=c2_again", given=lambda course, _: _renamed(course)),
    Mistake("a rename without a sign", "grade ps --update-gradebook --renamed q1",
            r"--renamed wants OLD=NEW", given=lambda course, _: _renamed(course)),
    Mistake("a master that changed", "grade ps", r"changed after work.*--update-gradebook",
            given=lambda course, _: _renamed(course)),
    # The class list.
    Mistake("students of no course", "students list", r"no course here", given=gone("source")),
    Mistake("a student without a name", "students add", r"Missing argument.*students add --help"),
    Mistake("a student that is a path", "students add a/b", r"'a/b' is no student id"),
    Mistake("a list of students that is not there", "students import no.csv", r"no.csv cannot"),
    Mistake("no such command for students", "students lst", r"Did you mean 'list'\?"),
    Mistake("an extension for nobody", "students extend nobody ps --days 2", r"nobody"),
    Mistake("an extension of nothing", "students extend ada pss --days 2", r"pss"),
    Mistake("an extension without end", "students extend ada ps --days 1e400", r"--days.*or equal"),
    Mistake("an extension of no number", "students extend ada ps --days nan", r"--days"),
    Mistake("an extension backwards", "students extend ada ps --days -3", r"--days.*or equal to 0"),
    Mistake("an extension of what is never due", "students extend ada ps --days 2", r"never due"),
    Mistake("a list of students that is a folder", "students import source", r"source cannot be"),
    Mistake("an empty list of students", "students import a.csv", r"a.csv: the first line",
            given=written("a.csv", b"")),
    Mistake("a list without students", "students import a.csv", r"a.csv names no students",
            given=written("a.csv", b"id\n")),
    Mistake("a student twice", "students import a.csv", r"line 3: joe is there twice",
            given=written("a.csv", b"id\njoe\njoe\n")),
    Mistake("a name of two lines", "students add 'a\nb'", r"is no student id"),
    # A new course.
    Mistake("a course that is there", "new-course source", r"source is there already"),
    Mistake("a course without a name", "new-course new --course-id a/b", r"is no course id"),
    Mistake("a course below a file", "new-course a.txt/new", r"cannot be made",
            given=written("a.txt", b"")),
    Mistake("a class list that is not there", "new-course new --students no.csv", r"no.csv"),
    Mistake("a class list that is none", "new-course new --students a.csv", r"a.csv",
            given=written("a.csv", b"\x89PNG\0\0")),
    Mistake("a course from nothing", "new-course new --from submitted", r"no checkout of the"),
    Mistake("a course on a full disk", "new-course new", r"No space|disk is full",
            given=fails(FULL, ".new", "new")),
)  # fmt: skip


def _nobody(*_: object, **__: object) -> None:
    raise OSError("Timed out trying to connect to tcp://nowhere:8786 after 10 s")


def _renamed(course: Path) -> None:
    path = course / "source/ps/ps.ipynb"
    path.write_text(path.read_text().replace('"c2"', '"c2_again"'))
