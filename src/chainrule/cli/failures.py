"""What a command says of a failure: a line with what to do next, and its exit status.

One table, looked through from an exception's own class to the most general one. Classes stand in it
by name: nothing has to be imported to say that something else failed.
"""

from __future__ import annotations

import errno
import re
import signal
from typing import Any, NamedTuple

__all__ = ["BROKEN", "EXIT_CODES", "FAULTS", "REFUSED", "STOPPED", "TABLE", "Row", "Told", "of"]

FAULTS, REFUSED, BROKEN, STOPPED = 1, 2, 70, 128 + signal.SIGINT

EXIT_CODES = {
    0: "done",
    FAULTS: "done, but not all is well: a check failed, nothing was handed in, "
    "a submission or page could not be made",
    REFUSED: "not done: a mistake in the command, the course, its settings or this machine",
    BROKEN: "not done: a fault of chainrule itself",
    STOPPED: "stopped by Ctrl-C; what was done until then is kept",
}
"""Exit status -> what it says, for `--help`."""


class Told(NamedTuple):
    """What is told, and the exit status; without a line there is nothing to tell."""

    line: str
    status: int


class Row(NamedTuple):
    """An exception by the name of its class, and a pattern that its text has to match.

    line: with {why}, the first line of its text; {file}, the file it is about; {name}, the module
    that is missing; {kind}, the name of its class.
    """

    kind: str
    line: str
    pattern: str = ""
    status: int = REFUSED


_SETTING = "c.CourseDirectory.db_url in nbgrader_config.py"
# What a database says -> what to do. Drivers agree on no classes, so their words tell.
_DATABASE = (
    ("locked|busy|could not obtain lock",
     "the gradebook is locked by another program ({why}): close what works on it, such as "
     "Formgrader, and run this again"),
    ("unable to open database",
     f"the gradebook cannot be opened: {_SETTING} has to name a file in a folder that is there, "
     "and that you may write to"),
    ("readonly|read-only|permission denied",
     "the gradebook may not be written ({why}): chmod u+w it and the folder that it is in"),
    ("disk is full|no space|disk quota|disk i/o",
     "the gradebook cannot be written, as the disk is full or failing ({why}): make room, and run "
     "this again"),
    ("not a database|malformed|encrypted",
     "the gradebook is damaged, or no SQLite database ({why}): put a copy in its place, or move it "
     "away and grade again"),
    ("no such (table|column)|no column named|undefined(table|column)|does not exist",
     "the gradebook was made by another version of nbgrader, or by another program ({why}): run "
     "`nbgrader db upgrade` in the course folder"),
    ("connect|could not translate|server closed|timeout",
     f"the gradebook's server does not answer ({{why}}): start it, or correct {_SETTING}"),
    ("", f"the gradebook cannot be used: {{why}}; where it is, {_SETTING} says"),
)  # fmt: skip
_DATABASE_KINDS = ("sqlalchemy.exc.DBAPIError", "sqlite3.Error")
_NOT_HERE = "fcntl|resource|pwd|grp|termios|_posixsubprocess|sched_getaffinity|fork"

TABLE = (
    # What this package says itself: whole lines already.
    Row("typer._click.exceptions.NoArgsIsHelpError", ""),  # its help is there already
    Row("typer.exceptions.TyperException", "{why} ({command} --help says more)"),
    Row("chainrule.course.folder.CourseError", "{why}"),
    Row("chainrule.grading.gradebook.submitted.BatchError", "{why}"),
    Row("chainrule.grading.gradebook.writer.BookError", "{why}"),
    Row("chainrule.grading.judge.master.MasterError", "{why}"),
    Row("chainrule.grading.sandbox.kernel.JailUnavailable", "{why}"),
    Row("chainrule.grading.sandbox.guest_process.ForkServerError",
        "{why}; `chainrule doctor` says what this machine grants"),
    Row("chainrule.notebook.read.Malformed", "{why}"),
    # Databases.
    Row("sqlalchemy.exc.NoSuchModuleError",
        f"{_SETTING} begins with a kind of database that is not known here ({{why}}): "
        "write sqlite:///... or postgresql+psycopg://..."),
    Row("sqlalchemy.exc.ArgumentError",
        f"{_SETTING} is no address of a database: write sqlite:///... or "
        "postgresql+psycopg://..."),
    *(Row(kind, line, pattern) for pattern, line in _DATABASE for kind in _DATABASE_KINDS),
    *(Row("nbgrader.api.InvalidEntry", line, pattern) for pattern, line in _DATABASE if pattern),
    Row("sqlalchemy.exc.SQLAlchemyError", "the gradebook cannot be used: {why}"),
    Row("nbgrader.api.MissingEntry", "the gradebook does not have it: {why}; grade it first"),
    Row("nbgrader.api.InvalidEntry", "the gradebook does not take it: {why}"),
    # nbgrader's settings.
    Row("traitlets.traitlets.TraitError", "nbgrader_config.py: {why}"),
    Row("traitlets.config.configurable.ConfigurableError", "nbgrader_config.py: {why}"),
    Row("traitlets.config.loader.ConfigError", "nbgrader_config.py: {why}"),
    Row("chainrule.grading.limits.LimitsError", "nbgrader_config.py: {why}"),
    # Notebooks.
    Row("nbformat.reader.NotJSONError", "a notebook is damaged ({why}): look with `git diff` or "
        "open it in JupyterLab"),
    Row("nbformat.validator.NotebookValidationError", "a notebook is not in order: {why}"),
    Row("jsonschema.exceptions.ValidationError", "a notebook is not in order: {why}"),
    Row("jupyter_client.kernelspec.NoSuchKernel",
        "there is no kernel for it ({why}): pip install ipykernel"),
    # What is missing.
    Row("builtins.ModuleNotFoundError",
        "grading needs Linux (or macOS with --no-jail), since student code runs in a jail: here "
        "{name} is missing", f"'({_NOT_HERE})'"),
    Row("builtins.AttributeError",
        "grading needs Linux (or macOS with --no-jail), since student code runs in a jail ({why})",
        f"module 'os' has no attribute '({_NOT_HERE})'"),
    Row("builtins.ModuleNotFoundError",
        "a gradebook in PostgreSQL needs its driver: pip install -e '.[postgres]' in the checkout",
        "psycopg"),
    Row("builtins.ModuleNotFoundError", "{name} is not installed: pip install it, or correct what "
        "nbgrader_config.py says of it"),
    Row("builtins.ImportError", "{why}; nbgrader_config.py may name what is not there"),
    # Files.
    Row("builtins.OSError", "the disk is full: {file} could not be written; make room, and run "
        "this again", "ENOSPC|EDQUOT"),
    Row("builtins.OSError", "{file} would be larger than you may write (ulimit -f)", "EFBIG"),
    Row("builtins.OSError", "{file} lies where nothing may be written: it is mounted read-only",
        "EROFS"),
    Row("builtins.OSError", "{file} may not be read or written by you: ask its owner, or chmod it",
        "EACCES|EPERM"),
    Row("builtins.OSError", "the folder that you are in is gone: cd to another", "ENOENT nameless"),
    Row("builtins.OSError", "{file} is not there", "ENOENT"),
    Row("builtins.OSError", "{file} is a folder, where a file was expected", "EISDIR"),
    Row("builtins.OSError", "{file} is no folder, or a file stands in its way", "ENOTDIR|EEXIST"),
    Row("builtins.OSError", "too many files are open: ulimit -n 4096, or fewer --jobs",
        "EMFILE|ENFILE"),
    Row("builtins.OSError", "{file} cannot be used: {why}"),
    Row("builtins.UnicodeError", "a file that has to be text in UTF-8 is not: {why}"),
    Row("builtins.MemoryError", "there is not enough memory: try fewer --jobs"),
    # Whoever read along is gone: `chainrule report ... | head`.
    Row("builtins.BrokenPipeError", "", status=128 + 13),
    Row("typer.exceptions.Abort", "nothing was done, since there was no answer"),
    Row("builtins.KeyboardInterrupt", "stopped; run it again, and it goes on from there",
        status=STOPPED),
    Row("builtins.BaseException",
        "this is a fault of chainrule ({kind}: {why}): run it again with --debug, and report what "
        "it prints", status=BROKEN),
)  # fmt: skip
"""All that is known. Of rows of one class the first whose pattern is found holds."""


def of(error: BaseException) -> Told:
    """What to say of it, and the exit status."""
    if place := _in_the_settings(error):
        return Told(place, REFUSED)
    if isinstance(error, SystemExit):
        code = error.code
        if code is None or isinstance(code, int):
            return Told("", code or 0)
        return Told(str(code), REFUSED)
    cause = error.__cause__
    if cause is not None and hasattr(cause, "orig"):  # a database's words, which rows tell apart
        error = cause
    why = _first_line(getattr(error, "orig", None) or error)
    text = f"{_code(error)} {why}"
    for kind in type(error).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        for row in TABLE:
            if row.kind == name and re.search(row.pattern, text, re.IGNORECASE):
                return Told(row.line.format(**_words(error, why)), row.status)
    raise AssertionError("the last row holds of everything")


def _code(error: BaseException) -> str:
    """Of an error of the system, by name, and whether it says which file it is about."""
    if not isinstance(error, OSError) or error.errno is None:
        return ""
    return errno.errorcode.get(error.errno, "") + (" nameless" if error.filename is None else "")


def _words(error: BaseException, why: str) -> dict[str, str]:
    context: Any = getattr(error, "ctx", None)
    return {
        "why": why.rstrip("."),
        "file": str(getattr(error, "filename", None) or "a file"),
        "name": str(getattr(error, "name", None) or "a module"),
        "kind": type(error).__name__,
        "command": context.command_path if context is not None else "chainrule",
    }


def _first_line(error: BaseException) -> str:
    if hasattr(error, "format_message"):  # typer's, which say more there than as text
        return str(error.format_message()).replace("Value error, ", "")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = re.sub(r"<[\w.]*?(\w+) object at 0x\w+>", r"\1", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _in_the_settings(error: BaseException) -> str:
    """What is wrong in a course's own settings file, and where; nothing if it is not there."""
    name = "nbgrader_config.py"
    if isinstance(error, SyntaxError) and str(error.filename).endswith(name):
        return f"{name}, line {error.lineno}: {error.msg}; correct it there"
    lines = []
    step = error.__traceback__
    while step is not None:
        reading = step.tb_frame.f_code.co_name == "_read_file_as_dict"  # traitlets' own
        if reading and isinstance(error, (SyntaxError, ValueError)):
            return f"{name}: {_first_line(error)}; correct it there"
        if step.tb_frame.f_code.co_filename.endswith(name):
            lines.append(step.tb_lineno)
        step = step.tb_next
    if not lines or isinstance(error, KeyboardInterrupt):
        return ""
    why = _first_line(error)
    return f"{name}, line {lines[-1]}: {type(error).__name__}: {why}; correct it there"
