"""Files that student code or a check writes: each side has a folder, and what changes in one is
copied to the other, by name and content, up to a number of bytes and of files.

Nothing that Python would run, or read as settings, is copied to the side of the checks; and once a
file of the student's is there, nothing is unpickled any more, since that runs what it holds.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterator
from typing import Any

from chainrule.grading.limits import Limits

__all__ = ["Folder"]

_DEPTH, _LONGEST_NAME = 8, 200
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "shutil.move",
    "shutil.copyfile", "shutil.rmtree", "sqlite3.connect",
}  # fmt: skip
_RUN = (
    *importlib.machinery.all_suffixes(), ".pyw", ".pyi", ".pth", ".zip", ".egg", ".whl", ".ipynb",
    ".mplstyle",
)  # fmt: skip
_READ_BY_LIBRARIES = {"matplotlibrc", "__pycache__", "setup.cfg", "pyproject.toml"}


class _Auditor:
    """What the one audit hook of this process knows. changed: whether a file may have changed;
    guarded: whether nothing may be unpickled."""

    installed = changed = guarded = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            mode, flags = args[1], args[2]
            written = type(flags) is int and flags & _WRITING
            if written or (type(mode) is str and mode[:1] in ("w", "a", "x")):
                self.changed = True
        elif event in _CHANGES:
            self.changed = True
        elif event == "pickle.find_class" and self.guarded:
            raise PermissionError(
                "nothing is unpickled in a check once student code has written a file, since that "
                'runs what the file holds; c.Judge.checks = "inside" runs the check with it'
            )

    def install(self) -> None:
        if not self.installed:
            sys.addaudithook(self)
            self.installed = True


_watch = _Auditor()


class Folder:
    """One side's folder, and what of it the other side has.

    watch: its `changed` tells whether `changes` may have something to tell.
    path: nothing where there is none. limits: `scratch_bytes` and `scratch_files` may be copied
    into it and, apart from that, out of it; a file as large as half a message. guarded: on the side
    of the checks, where student code must not come to run.
    """

    def __init__(self, path: str, limits: Limits, guarded: bool = False) -> None:
        self._path, self._guarded, self.watch = path, guarded, _watch
        self._longest = limits.message_bytes // 2
        self._most_files = limits.scratch_files
        self._room_in = self._room_out = limits.scratch_bytes
        self._known = dict(self._found()) if path else {}
        self._kept = frozenset(self._known) if guarded else frozenset()  # of the assignment
        if path:
            _watch.changed = False
            _watch.install()

    def afresh(self) -> None:
        """The other side has nothing yet but the files of the assignment."""
        self._known = {name: mark for name, mark in self._known.items() if name in self._kept}
        if self._path:
            _watch.changed = True

    def _found(self, inner: str = "", depth: int = 0) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Names of files and of folders, and what tells whether they have changed."""
        try:
            entries = sorted(os.scandir(os.path.join(self._path, inner)), key=lambda one: one.name)
        except OSError:
            return
        for entry in entries[: self._most_files]:
            if entry.name.startswith(".") or entry.name == "__pycache__" or entry.is_symlink():
                continue
            name = f"{inner}/{entry.name}" if inner else entry.name
            if entry.is_dir():
                yield name, ()
                if depth < _DEPTH:
                    yield from self._found(name, depth + 1)
            elif entry.is_file():
                try:
                    stat = entry.stat()
                except OSError:  # it is gone again
                    continue
                yield name, (stat.st_mtime_ns, stat.st_size, stat.st_ino)

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """What the other side does not have yet: (name, content; None for a folder)."""
        if not self._path:
            return
        _watch.changed = False
        for count, (name, mark) in enumerate(self._found()):
            if count >= self._most_files:
                return
            if self._known.get(name) == mark:
                continue
            self._known[name] = mark
            if not mark:
                yield name, None
                continue
            if mark[1] > min(self._room_out, self._longest):
                continue
            try:
                with open(os.path.join(self._path, name), "rb") as file:
                    content = file.read(self._longest)
            except OSError:
                continue
            self._room_out -= len(content)
            yield name, content

    def take(self, name: str, content: bytes | None) -> None:
        """What the other side has. What may not be here is left out."""
        if not self._path or (self._guarded and not self._may_be_here(name)):
            return
        self._room_in -= len(content or b"") + _LONGEST_NAME
        if self._room_in < 0:
            return
        if self._guarded:
            _watch.guarded = True
        was, path = _watch.changed, os.path.join(self._path, name)
        if content is None:
            os.makedirs(path, exist_ok=True)
            self._known[name] = ()
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
            with open(os.open(path, flags, 0o600), "wb") as file:
                file.write(content)
            stat = os.stat(path)
            self._known[name] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        _watch.changed = was

    def _may_be_here(self, name: str) -> bool:
        """Whether the student's code may give us a file of that name: below our folder, no file of
        the assignment, and nothing that something here would run or obey."""
        parts = name.split("/")
        return (
            len(name) <= _LONGEST_NAME
            and len(parts) <= _DEPTH + 1
            and "\0" not in name
            and "\\" not in name
            and all(part and not part.startswith(".") for part in parts)
            and not any(part.lower() in _READ_BY_LIBRARIES for part in parts)
            and not any(part.lower().endswith(_RUN) for part in parts)
            and name not in self._kept
        )
