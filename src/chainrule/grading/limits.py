"""What a submission may use. Every field is one number with its unit in its name or its comment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, NamedTuple

__all__ = ["VETTED", "Limits", "LimitsError", "Took", "gone"]

VETTED = "vetted"
_CHECKS = (VETTED, "outside", "as left", "inside")

_MIB = 1 << 20


class LimitsError(ValueError):
    """A limit is not what it has to be; the text says which one, in a line."""


class Took(NamedTuple):
    """What the master's own solution took, in seconds: its slowest call, its slowest cell of
    student code, its slowest check (of the worker's own time), and all together."""

    call: float = 0.0
    cell: float = 0.0
    check: float = 0.0
    total: float = 0.0


# How long is too long: so many times what the master's own solution takes, and never less nor more.
# A limit that is set (`c.Judge.call_seconds = 5`) is taken as it is.
_BY_THE_MASTER = {  # field: (of what, times, at least, at most)
    "call_seconds": ("call", 20, 2.0, math.inf),
    "cell_seconds": ("cell", 20, 2.5, math.inf),
    "check_seconds": ("check", 20, 10.0, math.inf),
    "total_seconds": ("total", 50, 20.0, 600.0),
}

_GONE = {
    "rehearse": "every check is run for every student, so there is nothing to turn off",
    "cpu_seconds": "call_seconds, cell_seconds and total_seconds are processor time already",
}

_NUMBERS = {"float": "a number", "int": "a whole number"}  # of fields, by how they are annotated


@dataclass(frozen=True)
class Limits:
    """The limits of one submission; frozen, so that it can be shared and hashed.

    Seconds of student code are those in which its process ran or slept, not those in which it
    waited for a processor. Four of them are worked out from the master's own run where they are 0.

    call_seconds:   one call that a check makes into student code.
    cell_seconds:   one cell of student code.
    check_seconds:  processor time of the worker for one check.
    total_seconds:  all of it together.
    timeouts:       after so many calls or cells that took too long, the submission ends.
    grace_seconds:  between the interrupt of a cell or call and the kill.
    memory_bytes:   address space above what the fork server has already.
    file_bytes:     the largest file that may be written.
    scratch_bytes:  all files together (where the kernel gives us a file system of our own).
    scratch_files:  how many files and folders.
    open_files:     file descriptors.
    threads:        threads of the student's process, the first included.
    output_bytes:   text and pictures that one cell may show; the rest is cut with a note.
    total_output_bytes: what all cells together may show.
    message_bytes:  one value that crosses between worker and guest.
    items:          values inside one such value, at any depth.
    hashed_items:   keys and members of its dicts and sets together: a stranger can make them slow.
    call_depth:     calls nested in calls, from check to student and back.
    notebook_bytes, notebook_cells: the size of a submitted notebook without its outputs.
    notebook_file_bytes: its file, with them.
    judge_bytes:    address space of the worker above the fork server.
    checks:         how checks are run, see `judge/ways.py`: "vetted", in the strictest way that the
                    master's own solution passes; or one way for all, "outside", "as left" or
                    "inside" (where student code can forge what they find); or a dict of these by
                    assignment, notebook or grade_id.
    even_so:        grade with a master whose own solution fails its checks.
    readable:       folders that student code may read besides Python's own.
    no_jail:        run without a jail where none can be had; for work that is trusted.
    """

    call_seconds: float = 0.0
    cell_seconds: float = 0.0
    check_seconds: float = 0.0
    total_seconds: float = 0.0
    timeouts: int = 3
    grace_seconds: float = 0.3
    memory_bytes: int = 1024 * _MIB
    file_bytes: int = 16 * _MIB
    scratch_bytes: int = 64 * _MIB
    scratch_files: int = 1000
    open_files: int = 64
    threads: int = 16
    output_bytes: int = 1 * _MIB
    total_output_bytes: int = 10 * _MIB
    message_bytes: int = 32 * _MIB
    items: int = 1_000_000
    hashed_items: int = 1 << 17
    call_depth: int = 16
    notebook_bytes: int = 16 * _MIB
    notebook_file_bytes: int = 128 * _MIB
    notebook_cells: int = 2000
    judge_bytes: int = 2048 * _MIB
    checks: str | tuple[tuple[str, str], ...] = VETTED
    even_so: bool = False
    readable: tuple[str, ...] = ()
    no_jail: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.readable, (list, tuple)) or not all(
            isinstance(folder, str) for folder in self.readable
        ):
            raise LimitsError(f"readable is a list of folders, not {self.readable!r}")
        object.__setattr__(self, "readable", tuple(self.readable))
        object.__setattr__(self, "checks", _ways(self.checks))
        for name in ("even_so", "no_jail"):
            if not isinstance(getattr(self, name), bool):
                raise LimitsError(f"{name} is True or False, not {getattr(self, name)!r}")
        for field in fields(self):
            value, kind = getattr(self, field.name), _NUMBERS.get(str(field.type))
            if kind is None:
                continue
            if kind == "a whole number" and isinstance(value, float) and value.is_integer():
                value = int(value)  # 1e9 is one
                object.__setattr__(self, field.name, value)
            numbers = (int, float) if kind == "a number" else int
            if not isinstance(value, numbers) or isinstance(value, bool):
                raise LimitsError(f"{field.name} is {kind}, not {value!r}")
            least = 0 if field.name in _BY_THE_MASTER else math.ulp(0.0)
            if not least <= value < math.inf:
                raise LimitsError(f"{field.name} has to be positive, not {value!r}")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Limits:
        """The limits that a course set (`c.Judge.call_seconds = 5`). Raises LimitsError."""
        known = {field.name for field in fields(cls)}
        for name in sorted(set(settings) - known - set(_GONE)):
            similar = get_close_matches(name, known, 1)
            meant = f"; did you mean {similar[0]}?" if similar else ""
            raise LimitsError(f"c.Judge has no setting {name}{meant}")
        return cls(**{name: value for name, value in settings.items() if name in known})

    def calibrated(self, took: Took) -> Limits:
        """The same, with the seconds that are 0 worked out from the master's own run.

        They are round numbers, so that a run which takes a little longer gives the same ones.
        """
        found: dict[str, Any] = {}
        for name, (part, times, least, most) in _BY_THE_MASTER.items():
            if not getattr(self, name):
                wanted = max(least, times * getattr(took, part))
                found[name] = min(most, wanted if wanted == least else _round_up(wanted))
        return replace(self, **found)

    def of_assignment(self, name: str) -> Limits:
        """The same, where what `checks` has for this assignment holds for all of its checks."""
        if isinstance(self.checks, str):
            return self
        return replace(self, checks=tuple((key if key != name else "", way)
                                          for key, way in self.checks))  # fmt: skip

    def forced_way(self, grade_id: str, notebook: str) -> str:
        """How a check is to be run whatever vetting says; "vetted" where that decides."""
        if isinstance(self.checks, str):
            return self.checks
        known = dict(self.checks)
        return known.get(grade_id, known.get(notebook, known.get("", VETTED)))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a message to the fork server: `Limits(**limits.as_dict())`."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def gone(settings: Mapping[str, Any]) -> list[str]:
    """A line for each setting of a course that is no more, and does nothing."""
    return [f"c.Judge.{name} is no more: {_GONE[name]}" for name in settings if name in _GONE]


def _ways(said: Any) -> str | tuple[tuple[str, str], ...]:
    """`checks` as it is kept. Raises LimitsError."""
    if isinstance(said, str) and said in _CHECKS:
        return said
    pairs = said.items() if isinstance(said, Mapping) else said
    if isinstance(said, (Mapping, list, tuple)):
        found = sorted((str(key), way) for key, way in pairs)
        if all(isinstance(way, str) and way in _CHECKS for _, way in found):
            return tuple(found)
    raise LimitsError(
        f'checks is "vetted", "outside", "as left" or "inside", or a dict of these by assignment '
        f"or grade_id, not {said!r}"
    )


def _round_up(seconds: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    power = 10.0 ** math.floor(math.log10(seconds))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= seconds)
