"""Collecting from nbgrader's exchange, where every student can write what they like.

    c.ExchangeFactory.collect = "chainrule.nbgrader.Collect"

nbgrader's own collecting follows links with the grader's rights (a link to the master in the place
of an answer hands in the master), takes what one student hands in under the name of another, and
ends for the whole class at a name it cannot read. Here each costs only whoever did it.
"""

from __future__ import annotations

import fnmatch
import os
import pwd
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

__all__ = ["Collect"]

_MOST_FILES = 2000  # of one submission
_REFUSED: dict[str, Any] = {"username": "", "timestamp": datetime.min}


class Collect(ExchangeCollect):
    """nbgrader's collecting, of ordinary files that belong to the student they are handed in for.

    `c.ExchangeCollect.check_owner = False` takes files of any owner, for an exchange whose students
    are no users of the machine.
    """

    src_records: list[dict[str, Any]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        try:
            record: dict[str, Any] = super()._path_to_record(path)
            found = os.lstat(path)
            owner = pwd.getpwuid(found.st_uid).pw_name if self.check_owner else record["username"]
        except (OSError, ValueError, OverflowError, KeyError, TypeError):
            self.log.warning("%s is no submission; it is left out", path)
            return {**_REFUSED, "filename": path}
        if not stat.S_ISDIR(found.st_mode) or owner != record["username"]:
            self.log.warning("%s is not %s's own folder; it is left out", path, record["username"])
            return {**_REFUSED, "filename": path}
        return record

    def init_src(self) -> None:
        """Find the submissions, as nbgrader does, without those refused."""
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the ordinary files of a submission, within the course's limits; no links."""
        try:
            self._copy(src, dest)
        except (OSError, RecursionError) as error:
            self.log.error("%s could not be collected as a whole: %s", src, error)

    def _copy(self, src: str, dest: str) -> None:
        shared = bool(self.coursedir.groupshared)
        owner = os.lstat(src).st_uid
        room = 1000 * self.coursedir.max_dir_size
        files = 0
        os.makedirs(dest)
        # Relative to an open folder, and never through a link: its owner may change it meanwhile.
        for place, folders, names, at in os.fwalk(src, follow_symlinks=False):
            folders[:] = [name for name in folders if not self._ignored(name)]
            target = Path(dest, os.path.relpath(place, src))
            target.mkdir(exist_ok=True)
            if shared:
                target.chmod(0o2770)
            for name in sorted(name for name in names if not self._ignored(name)):
                most = min(room, 1000 * self.coursedir.max_file_size)
                files += 1
                content = _read(name, at, most, owner if self.check_owner else None)
                if content is None or files > _MOST_FILES:
                    self.log.warning("%s is left out", os.path.join(place, name))
                    continue
                room -= len(content)
                (target / name).write_bytes(content)
                (target / name).chmod(0o660 if shared else 0o644)

    def _ignored(self, name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.coursedir.ignore)


def _read(name: str, folder: int, most: int, owner: int | None) -> bytes | None:
    """An ordinary file of that owner with at most so many bytes; None for anything else."""
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or owner not in (None, found.st_uid):
            return None
        content = file.read(most + 1)
    return content if len(content) <= most else None
