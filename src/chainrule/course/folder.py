"""A course folder: where things lie in it, and nbgrader set up to work there."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

__all__ = ["Course", "CourseError", "permissions"]


class CourseError(Exception):
    """Something about the course folder is not as it should be; the text says what, in a line."""


@dataclass(frozen=True)
class Course:
    """A folder laid out as nbgrader wants it: source/, release/, submitted/, autograded/ ..."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that `start` (default: the working folder) lies in.

        Raises CourseError when neither it nor a folder above it has a source/ folder.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / "source").is_dir():
                return cls(folder)
        raise CourseError(f"no course here: neither {start} nor a folder above it has a source/")

    @property
    def assignments(self) -> list[str]:
        """The names of the problem sets in source/, in order."""
        return sorted(p.parent.name for p in self.root.glob("source/*/*.ipynb"))

    def masters(self) -> list[Path]:
        """The instructor's notebooks in source/."""
        return sorted(self.root.glob("source/*/*.ipynb"))

    def lectures(self) -> list[Path]:
        """The lecture notebooks in course/."""
        return sorted(self.root.glob("course/*.ipynb"))

    @property
    def db_url(self) -> str:
        """nbgrader's gradebook, as its configuration has it or its own default says."""
        return self.config().CourseDirectory.get("db_url", f"sqlite:///{self.root}/gradebook.db")

    def config(self, **overrides: Any) -> Config:
        """nbgrader's configuration for this folder; overrides as `Class__trait=value`.

        Raises CourseError, and whatever the settings raise.
        """
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        config = Config()
        path = self.root / "nbgrader_config.py"
        if path.is_file():
            config.merge(PyFileConfigLoader(path.name, str(self.root)).load_config())
        elif os.path.lexists(path):
            raise CourseError(f"{path} is no file, so that nothing is known of the settings")
        config.CourseDirectory.root = str(self.root)
        for key, value in overrides.items():
            section, _, trait = key.partition("__")
            config[section][trait] = value
        _require_places(config.CourseDirectory.get("directory_structure", ""))
        return config

    def nbgrader(self, **overrides: Any) -> NbGraderAPI:
        """nbgrader's own Python API, working on this folder."""
        from nbgrader.apps import NbGraderAPI  # more than a second

        programs_on_path()
        api = NbGraderAPI(config=self.config(**overrides))
        api.log.setLevel(logging.ERROR)
        return api


def permissions(config: Config, section: str, usual: int) -> int:
    """What files that are written may be used for, as nbgrader has it: three octal digits.

    Raises CourseError.
    """
    given = config[section].get("permissions", usual)
    try:
        return int(str(given), 8)
    except ValueError:
        raise CourseError(
            f"nbgrader_config.py: c.{section}.permissions is octal digits, as in {usual}, not "
            f"{given!r}"
        ) from None


def _require_places(structure: str) -> None:
    places = {"nbgrader_step": "", "student_id": "", "assignment_id": ""}
    try:
        str(structure).format(**places)
    except (LookupError, ValueError, AttributeError):
        known = ", ".join(f"{{{name}}}" for name in places)
        raise CourseError(
            f"nbgrader_config.py: c.CourseDirectory.directory_structure is made of {known}, not "
            f"{structure!r}"
        ) from None


def programs_on_path() -> None:
    """Put this Python's bin folder on PATH: nbgrader starts `alembic` as a program."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + path
