"""What lies in a folder or an archive, one member after another, read without believing headers.

A reader says what each member is; nothing is written here. Whatever it stumbles over is damage, and
what comes out is counted in a tally, which ends an archive that unpacks to too much.
"""

from __future__ import annotations

import gzip
import os
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

__all__ = [
    "GRACE", "AllRefused", "Member", "Refused", "Tally", "archive_suffix", "files", "members",
    "opened", "read_block", "readable",
]  # fmt: skip

GRACE = 1 << 20  # bytes that may come of a few before their ratio is looked at
_BLOCK = 1 << 16
_ZIP_ENTRY = 1 << 10  # bytes of one entry in a zip file's directory, generously
_TAR_HEADER = 1 << 14  # bytes of one extended header; names of members are all we want of it


class Refused(Exception):
    """This member is left out; the text goes on after its name."""


class AllRefused(Exception):
    """An archive is left out as a whole."""

    def __init__(self, why: str, tally: Tally | None = None) -> None:
        super().__init__(why)
        self.tally = tally


@dataclass
class Member:
    """Something in a folder or an archive. packed: its size there in bytes; problem: why it cannot
    be taken, whatever its name."""

    name: str
    is_folder: bool
    packed: int
    open: Callable[[], IO[bytes]]
    problem: str = ""


@dataclass(eq=False)
class Tally:
    """What has come out of one archive so far, and what may. packed: its own size."""

    bytes_left: int
    files_left: int
    packed: int | None
    ratio: int
    bytes_out: int = 0
    files_out: int = 0

    def file(self) -> None:
        """One more comes out. Raises AllRefused when that is too many."""
        self.files_left -= 1
        self.files_out += 1
        if self.files_left < 0:
            raise AllRefused("holds too many files", self)

    def give_back(self, inner: Tally) -> None:
        """What an archive within took, which is not kept."""
        self.files_left += inner.files_out
        self.bytes_left += inner.bytes_out
        self.bytes_out -= inner.bytes_out

    def read(self, n: int) -> None:
        """So many bytes more come out. Raises AllRefused when that is too much."""
        self.bytes_left -= n
        self.bytes_out += n
        if self.bytes_left < 0:
            raise AllRefused("unpacks to too much", self)
        if self.packed is not None and self.bytes_out > max(GRACE, self.ratio * self.packed):
            raise AllRefused(f"unpacks to more than {self.ratio} times its size", self)


def archive_suffix(name: str) -> str:
    """The part of a file's name that says it is an archive, such as ".tar.gz", or nothing."""
    low = name.lower()
    return next((suffix for suffix in _READERS if low.endswith(suffix)), "")


def readable(members: Iterator[Member]) -> Iterator[Member]:
    """The members, as long as they can be read. Whatever a reader stumbles over is damage."""
    while True:
        try:
            member = next(members, None)
        except (Refused, AllRefused, MemoryError):
            raise
        except Exception as error:
            raise AllRefused("is damaged, or no archive of that kind") from error
        if member is None:
            return
        yield member


def opened(member: Member) -> IO[bytes]:
    """What the member holds. Raises Refused when it cannot be had."""
    try:
        return member.open()
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("is damaged") from error


def read_block(stream: IO[bytes]) -> bytes:
    """The next bytes, none at the end. Raises Refused when they are damaged."""
    try:
        return stream.read(_BLOCK)
    except (Refused, AllRefused, MemoryError):
        raise
    except Exception as error:
        raise Refused("is damaged") from error


def files(folder: Path) -> Iterator[Member]:
    """The files below a folder; links are named and not followed."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files + [one for one in folders if Path(place, one).is_symlink()]):
            path = Path(place, name)
            found = path.lstat()
            problem = "" if stat.S_ISREG(found.st_mode) else _kind(found.st_mode)
            relative = path.relative_to(folder).as_posix()
            yield Member(relative, False, found.st_size, lambda at=path: at.open("rb"), problem)  # type: ignore[misc]


def _kind(mode: int) -> str:
    return "is a link" if stat.S_ISLNK(mode) else "is a device or a pipe"


def _directory_bytes(file: IO[bytes]) -> int:
    """How large a zip file's directory is: what its end says, also the end of a large one (zip64).

    Any record near the end that might be it counts, so that no other one can stand for it.
    """
    file.seek(max(0, file.seek(0, os.SEEK_END) - (1 << 17)))
    tail = file.read()
    records = ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8))
    sizes = [
        int.from_bytes(tail[at.start() + offset : at.start() + offset + width], "little")
        for signature, offset, width in records
        for at in re.finditer(re.escape(signature), tail)
    ]
    return max((size for size in sizes if size != 0xFFFFFFFF), default=0)


def _zip(file: IO[bytes], tally: Tally) -> Iterator[Member]:
    # The whole directory is read at once: no more of it than so many files need.
    if _directory_bytes(file) > (tally.files_left + 1) * _ZIP_ENTRY:
        raise AllRefused("holds too many files", tally)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)
            problem = ""
            if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                problem = _kind(mode)
            elif info.external_attr & 0x400:  # what Windows marks links with
                problem = "is a link"
            elif info.flag_bits & 0x41:
                problem = "is encrypted"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                problem = "is packed in a way that is not read here"
            # orig_filename: the other one is cut at a null character.
            yield Member(
                info.orig_filename,
                info.orig_filename.endswith("/"),
                min(info.compress_size, tally.packed or 0),
                lambda info=info: archive.open(info),  # type: ignore[misc]
                problem,
            )


class _TarInfo(tarfile.TarInfo):
    """A header that is no larger than names need."""

    def _proc_member(self, tar: tarfile.TarFile) -> Any:
        extended = self.type in (
            tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
            tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
        )  # fmt: skip
        if self.size < 0 or (extended and self.size > _TAR_HEADER):
            raise AllRefused("has a header that is too large")
        return super()._proc_member(tar)  # type: ignore[misc]


class _Metered:
    """A stream that counts what is read of it, also what a reader only skips."""

    def __init__(self, stream: IO[bytes], tally: Tally) -> None:
        self._stream = stream
        self._left = tally.bytes_left + GRACE  # headers and padding
        self._tally = tally
        self._ends = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._left -= len(block)
        self._ends += not block
        if self._left < 0:
            raise AllRefused("unpacks to too much", self._tally)
        if self._ends > 1000:  # a reader that waits for more than there is
            raise AllRefused("is damaged", self._tally)
        return block


def _tar(file: IO[bytes], tally: Tally) -> Iterator[Member]:
    source: Any = _Metered(file, tally)
    with tarfile.open(fileobj=source, mode="r|", tarinfo=_TarInfo) as archive:
        for info in archive:
            problem = ""
            if info.issym() or info.islnk():
                problem = "is a link"
            elif info.issparse():
                problem = "has holes"
            elif not (info.isreg() or info.isdir()):
                problem = "is a device or a pipe"
            # In a stream nothing has a packed size of its own; the archive's tally has the ratio.
            yield Member(
                info.name,
                info.isdir(),
                tally.packed or 0,
                lambda info=info: _content(archive, info),  # type: ignore[misc]
                problem,
            )


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    assert stream is not None  # it is a regular file
    return stream


def _tar_gz(file: IO[bytes], tally: Tally) -> Iterator[Member]:
    with gzip.GzipFile(fileobj=file) as plain:
        yield from _tar(plain, tally)  # type: ignore[arg-type]


_READERS: dict[str, Callable[[IO[bytes], Tally], Iterator[Member]]] = {
    ".zip": _zip,
    ".tar.gz": _tar_gz,
    ".tgz": _tar_gz,
    ".gz": _tar_gz,
    ".tar": _tar,
}


def members(suffix: str, file: IO[bytes], tally: Tally) -> Iterator[Member]:
    """What is in an archive whose kind its suffix says; go through it with `readable`."""
    return _READERS[suffix](file, tally)
