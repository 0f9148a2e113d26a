"""What may be chosen of an export; a module that is imported in no time, for the command's help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

__all__ = ["Match", "Options", "Target"]


class Target(StrEnum):
    """What grades are written for."""

    CSV = "csv"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"


class Match(StrEnum):
    """By what Moodle finds a student."""

    IDNUMBER = "idnumber"
    USERNAME = "username"
    EMAIL = "email"


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    roster: the gradebook that Canvas exported. match: by what Moodle finds a student. column: what
    the other system calls the assignment. zero_for_missing: no submission is worth 0 points there;
    otherwise it is no grade. students: only these.
    """

    roster: Path | None = None
    match: Match = Match.IDNUMBER
    column: str = ""
    zero_for_missing: bool = False
    students: tuple[str, ...] = ()
