"""Work in zip files from a learning-management system: plugins of `nbgrader zip_collect`.

    c.ZipCollectApp.extractor_plugin = "chainrule.nbgrader.SafeExtractor"
    c.ZipCollectApp.collector_plugin = "chainrule.nbgrader.LmsCollector"
    c.LmsCollector.system = "canvas"

The first unpacks what strangers wrote, see `unpack.py`. The second says whose each file is. Only
the system's own part of a path counts for that: what a student names a file, or puts into a zip
file, cannot make it somebody else's.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import fields
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import find_all_notebooks
from traitlets import Dict, Unicode

from chainrule.grading.lms.archives import archive_suffix
from chainrule.grading.lms.unpack import Room, shown, unpack

__all__ = ["SYSTEMS", "LmsCollector", "SafeExtractor"]

# How systems name what they send: whose it is, and what its owner called it. A part of the path
# without a `file` is a folder of the student's.
SYSTEMS = {
    # lovelaceada_12345_67890_ps1.ipynb, lovelaceada_LATE_12345_67890_ps1.ipynb
    "canvas": r"\w+?_(LATE_)?(?P<lms_user_id>\d+)_\d+_(?P<file>.+)",
    # Ada Lovelace_1234_assignsubmission_file_/ps1.ipynb (or all in one name)
    "moodle": r"(?P<name>.+?)_\d+_assignsubmission_file_?(?P<file>.*)",
    # ada/ps1.ipynb
    "folders": r"(?P<student_id>[^/]+)",
}


class SafeExtractor(ExtractorPlugin):
    """Unpacks what was downloaded; refuses, in a sentence each, what could do harm."""

    room = Dict(
        help="How much may be unpacked, by the names of chainrule.grading.lms.unpack.Room: for "
        'example {"file_bytes": 50_000_000}.'
    ).tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack the archives below the one folder into the other, and copy all other files."""
        unknown = set(self.room) - {limit.name for limit in fields(Room)}
        if unknown:
            raise ValueError(f"c.SafeExtractor.room has no limit {sorted(unknown)[0]}")
        for sentence in unpack(Path(archive_path), Path(extracted_path), Room(**self.room)):
            self.log.warning(sentence)


class LmsCollector(FileNameCollectorPlugin):
    """Says whose a file is: the student of the gradebook whom the system's name for it means."""

    system = Unicode(
        "folders",
        help="How downloaded files are named: canvas, moodle, folders (a folder for each student "
        "id), or a regular expression with the group `student_id`, `lms_user_id` or `name`, and "
        "perhaps `file`, for the first part of the path that it matches as a whole.",
    ).tag(config=True)

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """nbgrader asks this for each file; None means that it is left out."""
        if os.path.splitext(submitted_file)[1] not in self.valid_ext:
            return None
        if not hasattr(self, "_students"):
            self._prepare()
        parts = Path(submitted_file).relative_to(self._extracted).parts
        # From the outside in: what is deeper may have been named by a student.
        for n, part in enumerate(parts, start=1):
            found = self._pattern.fullmatch(part)
            if found is None or (n == len(parts) and not found.groupdict().get("file")):
                continue  # not the system's, or a folder's name where the file is
            if n == 1 < len(parts) and part == self._download and not self._owners(found):
                continue
            return self._file(found, parts[-1], "/".join(parts))
        self.log.warning(
            "%s is not named as %s names files: it was left out.",
            shown("/".join(parts)),
            self.system,
        )
        return None

    def _file(self, found: re.Match[str], name: str, where: str) -> dict[str, str] | None:
        groups = {key: text for key, text in found.groupdict().items() if text}
        name = groups.get("file", name) if found.string == name else name
        students = self._owners(found)
        if len(students) != 1:
            who = "nobody" if not students else "more than one student"
            self.log.warning("%s names %s in the gradebook: it was left out.", shown(where), who)
            return None
        (student,) = students
        notebook = self._released_name(name)
        if (student, notebook) in self._collected:
            self.log.warning(
                "%s: %s has handed in another file of that name, %s, which is taken: it was left "
                "out.", shown(where), student, shown(self._collected[student, notebook]),
            )  # fmt: skip
            return None
        self._collected[student, notebook] = where
        return {"student_id": student, "file_id": notebook}

    def _owners(self, found: re.Match[str]) -> set[str]:
        """The students of the gradebook whom a name means: one, if all is well."""
        groups = found.groupdict()
        kind = next(kind for kind in _KEYS if groups.get(kind))
        key = _key(kind, groups[kind])
        return {student for student, keys in self._students if key and key in keys[kind]}

    def _prepare(self) -> None:
        app = self.parent
        archives, self._extracted = (
            Path(
                app.coursedir.root,
                app.collect_directory_structure.format(
                    downloaded=app.downloaded_directory,
                    assignment_id=app.coursedir.assignment_id,
                    collect_step=step,
                ),
            )
            for step in (app.archive_directory, app.extracted_directory)
        )
        # One archive with the whole class in it is named by nobody's name.
        names = os.listdir(archives) if archives.is_dir() else []
        self._download = names[0].removesuffix(archive_suffix(names[0])) if len(names) == 1 else ""
        self._pattern = re.compile(SYSTEMS.get(self.system, self.system))
        if not set(self._pattern.groupindex) & set(_KEYS):
            raise ValueError(f"c.LmsCollector.system: {self.system!r} has no group for the student")
        released = app.coursedir.format_path(
            app.coursedir.release_directory, ".", app.coursedir.assignment_id
        )
        self._released = set(find_all_notebooks(released))
        self._collected: dict[tuple[str, str], str] = {}
        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
            self._students = [
                (
                    one.id,
                    {
                        "student_id": {one.id},
                        "lms_user_id": {one.lms_user_id},
                        "name": {
                            _key("name", f"{one.first_name or ''} {one.last_name or ''}"),
                            _key("name", f"{one.last_name or ''} {one.first_name or ''}"),
                        },
                    },
                )
                for one in book.students
            ]

    def _released_name(self, name: str) -> str:
        """What an uploaded notebook is called in the assignment: browsers and systems number
        copies, as in ps1-2.ipynb and "ps1 (2).ipynb"."""
        plain = re.sub(r"(-\d+|[ _]?\(\d+\))(?=\.ipynb$)", "", name)
        return plain if name not in self._released and plain in self._released else name


# What a pattern may say of a student, the surest first.
_KEYS = ("student_id", "lms_user_id", "name")


def _key(kind: str, text: str) -> str:
    """What is compared: of names the letters and digits only, and not their case."""
    if kind != "name":
        return text
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if c.isalnum() or unicodedata.combining(c))
