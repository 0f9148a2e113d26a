"""Archives from elsewhere, unpacked so that nothing in them can do harm.

A learning-management system sends one zip file for a class, with what each student uploaded in it,
often zip files again. All of it is written by strangers. Here a member becomes an ordinary file
below the target folder or is refused with a sentence, and the rest goes on. What headers say of
sizes is never believed: bytes are counted as they are read.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from chainrule.grading.lms.archives import (
    GRACE,
    AllRefused,
    Member,
    Refused,
    Tally,
    archive_suffix,
    files,
    members,
    opened,
    read_block,
    readable,
)
from chainrule.notebook.text import printable

__all__ = ["Room", "shown", "unpack"]

_MIB = 1 << 20
_SENTENCES = 1000  # about the files of one archive; of the rest there is a count
_FEW_SENTENCES = 10  # about what one student uploaded


@dataclass(frozen=True)
class Room:
    """How much may be unpacked.

    file_bytes:      one file.
    student_bytes, student_files: an archive within an archive, which is what one student uploaded.
    class_bytes, class_files: everything, and so any outer archive too.
    ratio:           how many times its packed size a file or an archive may become (above 1 MiB).
    depth:           archives in archives: 2 is a student's zip in the zip of a class.
    name_bytes, path_bytes, folders: a name, a whole path (in UTF-8), and how deep it may lead.
    """

    file_bytes: int = 16 * _MIB
    student_bytes: int = 64 * _MIB
    student_files: int = 1000
    class_bytes: int = 4096 * _MIB
    class_files: int = 100_000
    ratio: int = 100
    depth: int = 2
    name_bytes: int = 200
    path_bytes: int = 800
    folders: int = 10


def unpack(source: Path, target: Path, room: Room | None = None) -> list[str]:
    """Copy the files below `source` to `target`, archives among them unpacked.

    `x.zip` (also .tar, .tar.gz, .tgz) becomes a folder `x`. Folders and files that systems leave
    behind (names that begin with a dot, __MACOSX, __pycache__) are passed over. Returns a sentence
    for each member or archive that was refused. Raises OSError when the disk does.
    """
    work = _Unpacking(target, room or Room())
    top = Tally(work.room.class_bytes, work.room.class_files, None, work.room.ratio)
    try:
        work.take(files(source), (), "", [top], 0)
    except AllRefused as refused:
        work.refuse("What was downloaded", str(refused))
    return work.refused + [f"{n} more of {one} were left out." for one, n in work.more.items()]


def shown(name: str) -> str:
    """A stranger's name as it can be printed: nothing in it moves a cursor, and it is not long."""
    return printable(name, longest=120)


@dataclass
class _Unpacking:
    """One run: where to, what was refused, and which names are taken."""

    target: Path
    room: Room
    refused: list[str] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _taken: dict[str, tuple[tuple[str, ...], bool]] = field(default_factory=dict)

    def refuse(self, where: str, why: str, inside: str = "", depth: int = 0) -> None:
        self._counts[inside] += 1
        if self._counts[inside] > (_FEW_SENTENCES if depth > 1 else _SENTENCES):
            self.more[inside or "the downloads"] += 1
        else:
            self.refused.append(f"{where} {why}: it was left out.")

    def take(
        self,
        found: Iterator[Member],
        place: tuple[str, ...],
        inside: str,
        tallies: list[Tally],
        depth: int,
    ) -> None:
        """Every member of a folder or an archive, below `place`. inside: the archive's name."""
        for member in readable(found):
            where = shown(member.name) + (f" in {inside}" if inside else "")
            try:
                parts = _parts(member.name, self.room)
                if not parts or any(_is_junk(part) for part in parts):
                    continue
                for tally in reversed(tallies):  # the narrowest first
                    tally.file()
                if member.problem:
                    raise Refused(member.problem)
                self._take_one(member, (*place, *parts), where, tallies, depth)
            except Refused as refused:
                self.refuse(where, str(refused), inside, depth)

    def _take_one(
        self,
        member: Member,
        parts: tuple[str, ...],
        where: str,
        tallies: list[Tally],
        depth: int,
    ) -> None:
        suffix = archive_suffix(parts[-1])
        if member.is_folder:
            self._claim(parts, is_file=False)
            self.target.joinpath(*parts).mkdir(parents=True, exist_ok=True)
        elif not suffix:
            self._claim(parts, is_file=True)
            path = self.target.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            # "x": never through a file or a link that is there already.
            with opened(member) as stream, path.open("xb") as file:
                try:
                    self._copy(stream, file, member.packed, self.room.file_bytes, tallies)
                except BaseException:
                    path.unlink()
                    raise
        elif depth >= self.room.depth:
            raise Refused("is an archive in an archive in an archive")
        else:
            folder = (*parts[:-1], parts[-1][: -len(suffix)])
            self._claim(folder, is_file=False, alone=True)
            self._take_archive(member, suffix, folder, where, tallies, depth)

    def _take_archive(
        self,
        member: Member,
        suffix: str,
        place: tuple[str, ...],
        where: str,
        tallies: list[Tally],
        depth: int,
    ) -> None:
        room, outer = self.room, depth == 0
        with tempfile.TemporaryFile() as copy, opened(member) as stream:
            file = stream
            if not outer:  # a member of an archive cannot be read back and forth
                self._copy(stream, copy, member.packed, room.student_bytes, tallies)
                file = copy
            packed = file.seek(0, os.SEEK_END)
            file.seek(0)
            tally = Tally(
                room.class_bytes if outer else room.student_bytes,
                room.class_files if outer else room.student_files,
                packed,
                room.ratio,
            )
            self.target.joinpath(*place).mkdir(parents=True, exist_ok=True)
            try:
                self.take(members(suffix, file, tally), place, where, [*tallies, tally], depth + 1)
            except AllRefused as refused:
                shutil.rmtree(self.target.joinpath(*place))
                for one in tallies:
                    one.give_back(tally)
                if refused.tally not in (None, tally):
                    raise
                raise Refused(str(refused)) from None

    def _copy(
        self, source: IO[bytes], target: IO[bytes], packed: int, most: int, tallies: list[Tally]
    ) -> None:
        done = 0
        while block := read_block(source):
            done += len(block)
            if done > most:
                raise Refused(f"is larger than {most // _MIB} MiB")
            if done > max(GRACE, self.room.ratio * packed):
                raise Refused(f"unpacks to more than {self.room.ratio} times its size")
            for tally in reversed(tallies):
                tally.read(len(block))
            target.write(block)

    def _claim(self, parts: tuple[str, ...], is_file: bool, alone: bool = False) -> None:
        """Take a path, so that nothing else comes there: on no file system, whatever it makes of
        capital letters and accents."""
        for n in range(1, len(parts) + 1):
            wanted = parts[:n], is_file and n == len(parts)
            key = unicodedata.normalize("NFC", "/".join(parts[:n])).casefold()
            there = self._taken.setdefault(key, wanted)
            if there != wanted and there[0] != wanted[0]:
                raise Refused(f"differs from {shown('/'.join(there[0]))} in capital letters only")
            if there != wanted or (there is not wanted and n == len(parts) and (is_file or alone)):
                raise Refused("would be written where something else is already")


# What is wrong with a member's name, by what is found in it.
_NAMES = [
    (re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"),
     "has a control character in its name"),
    (re.compile(r"[\ud800-\udfff]"), "has a name that is no text"),
    (re.compile(r"\\"), "has a backslash in its name"),
    (re.compile(r"^/"), "has an absolute path"),
    (re.compile(r"^[A-Za-z]:"), "has a drive letter in its path"),
    (re.compile(r"(^|/)\.\.(/|$)"), 'leads out of its folder with ".."'),
]  # fmt: skip


def _parts(name: str, room: Room) -> tuple[str, ...]:
    """A member's name, cut at the slashes. Raises Refused."""
    for pattern, problem in _NAMES:
        if pattern.search(name):
            raise Refused(problem)
    parts = PurePosixPath(name).parts
    longest = max((len(part.encode()) for part in parts), default=0)
    if longest > room.name_bytes or len(name.encode()) > room.path_bytes:
        raise Refused("has too long a name")
    if len(parts) > room.folders:
        raise Refused("lies too deep in folders")
    return parts


def _is_junk(part: str) -> bool:
    return part.startswith(".") or part in ("__MACOSX", "__pycache__")
