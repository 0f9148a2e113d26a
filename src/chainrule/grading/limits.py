"""What a submission may use. Every field is one number with its unit in its name or its comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

__all__ = ["Limits"]

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one submission; frozen, so that it can be shared and hashed.

    cell_seconds:   wall time of one cell, a check cell included.
    call_seconds:   wall time of one call that a check makes into student code.
    grace_seconds:  between the interrupt of a cell or call and the kill.
    total_seconds:  wall time of the whole submission.
    cpu_seconds:    processor time of the student's process, replays apart.
    memory_bytes:   address space above what the fork server has already.
    file_bytes:     the largest file that may be written.
    scratch_bytes:  all files together (where the kernel gives us a file system of our own).
    scratch_files:  how many files and folders.
    open_files:     file descriptors.
    threads:        threads of the student's process, the first included.
    output_bytes:   text and pictures that one cell may show; the rest is cut with a note.
    message_bytes:  one value that crosses between jail and judge.
    items:          values inside one such value, at any depth.
    call_depth:     calls nested in calls, from judge to student and back.
    notebook_bytes, notebook_cells: the size of a submitted notebook.
    judge_bytes:    address space of the judge above the fork server.
    checks:         "outside": checks run in the judge, where students cannot reach them. "inside":
                    in the student's own process, for a course whose checks need it (and then the
                    student's code can forge what they find).
    rehearse:       work out once what the same answers to the same check come to; False runs every
                    check for every student.
    readable:       folders that student code may read besides Python's own.
    no_jail:        run without a jail where none can be had; for work that is trusted.
    """

    cell_seconds: float = 30.0
    call_seconds: float = 10.0
    grace_seconds: float = 1.0
    total_seconds: float = 180.0
    cpu_seconds: int = 120
    memory_bytes: int = 1024 * _MIB
    file_bytes: int = 16 * _MIB
    scratch_bytes: int = 64 * _MIB
    scratch_files: int = 1000
    open_files: int = 64
    threads: int = 16
    output_bytes: int = 1 * _MIB
    message_bytes: int = 32 * _MIB
    items: int = 1_000_000
    call_depth: int = 16
    notebook_bytes: int = 16 * _MIB
    notebook_cells: int = 2000
    judge_bytes: int = 2048 * _MIB
    checks: Literal["outside", "inside"] = "outside"
    rehearse: bool = True
    readable: tuple[str, ...] = ()
    no_jail: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "readable", tuple(self.readable))
        if self.checks not in ("outside", "inside"):
            raise ValueError(f'checks is "outside" or "inside", not {self.checks!r}')
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value <= 0:
                raise ValueError(f"{field.name} has to be positive, not {value!r}")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Limits:
        """The limits that a course set (`c.Judge.cell_seconds = 5`). Raises ValueError."""
        unknown = set(settings) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"c.Judge has no setting {sorted(unknown)[0]}")
        return cls(**settings)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a message to the fork server: `Limits(**limits.as_dict())`."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
