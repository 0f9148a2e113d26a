"""What all exports share: what may be chosen, what is told, and how a cell is written.

A cell that begins with = + - @, a tab or a line break is a formula to a spreadsheet
(https://owasp.org/www-community/attacks/CSV_Injection). Columns that people read get an apostrophe
before it. Columns by which the other system finds its student do not: with an apostrophe no student
is found. They are as they are, and `Exported.notes` names the ids that may look like formulas.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.course.folder import Course
from chainrule.formatting import decimal
from chainrule.grading.gradebook.reader import AssignmentGrades, StudentGrades
from chainrule.grading.lms.options import Options
from chainrule.notebook.text import printable

__all__ = [
    "AS_THEY_ARE",
    "Exported",
    "Files",
    "Job",
    "as_csv",
    "decimal",
    "feedback",
    "formulas",
    "guarded",
]  # fmt: skip


@dataclass
class Exported:
    """Where it was written, how many students are in it, and what one should know of it."""

    path: Path
    students: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Job:
    """What a format works on: the assignments, each with the same students in the same order."""

    course: Course
    classes: list[AssignmentGrades]
    options: Options
    exported: Exported

    def students(self) -> Iterator[tuple[StudentGrades, list[StudentGrades]]]:
        """Each student, and how they did in each assignment."""
        for entries in zip(*(grades.entries for grades in self.classes), strict=True):
            yield entries[0], list(entries)

    def points(self, entry: StudentGrades, missing: str) -> str:
        """The points that count; `missing` where nothing was handed in."""
        if entry.submitted or self.options.zero_for_missing:
            return decimal(entry.final, PLACES)
        return missing

    def title(self, grades: AssignmentGrades) -> str:
        """What the other system calls the assignment."""
        return self.options.column or grades.assignment

    def note(self, text: str, students: Iterable[str]) -> None:
        """Tell of students, if there are any."""
        names = sorted(map(printable, students))
        if names:
            shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
            self.exported.notes.append(f"{text}: {shown}")


PLACES = 4
"""Decimals of the points in a file for another system."""

Files = Iterable[tuple[str, str]]
"""(path below where it is written, content); the path is empty for a format of one file."""


def feedback(grades: AssignmentGrades, entry: StudentGrades) -> str:
    """Points by question, what was taken off, and what a person wrote; nothing a student wrote."""
    if not entry.submitted:
        return ""
    parts = [
        f"{question.name} {'waits' if got.waiting else decimal(got.score, PLACES)}"
        f"/{decimal(question.max_score, PLACES)}"
        for question in grades.questions
        if (got := entry.questions.get(question.name)) is not None
    ]
    lines = [", ".join(parts)]
    if entry.penalty:
        lines.append(f"handed in late: {decimal(entry.penalty, PLACES)} points less")
    lines += [f"{comment.question}: {comment.text}" for comment in entry.comments]
    return "\n".join(lines)


# Cells --------------------------------------------------------------------------------------------

# Apostrophes before it are let through, so that each text has a guarded form of its own.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def guarded(text: str) -> str:
    """Text for people: an apostrophe before what a spreadsheet would take for a formula.

    To get the text back, take one apostrophe away where what comes after would be guarded.
    """
    return "'" + text if _FORMULA.match(text) else text


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """As RFC 4180 has it: what holds a comma, a quote or a line break is quoted."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def formulas(names: Iterable[str]) -> list[str]:
    """Those that a spreadsheet would take for one."""
    return [name for name in names if _FORMULA.match(name)]


AS_THEY_ARE = "kept as they are, though a spreadsheet may take them for formulas: import, not open"
"""What is told of such ids."""
