"""The gradebook file of Canvas: what it exports, and what it takes back.

The rules are those of the guide (How do I import grades in the Gradebook?,
https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807)
and of the importer itself (lib/gradebook_importer.rb in github.com/instructure/canvas-lms):

- The first columns are Student, ID, SIS User ID, SIS Login ID, Root Account where there are
  several, and Section; every later column is an assignment, `Title (id)` for one Canvas has.
- A row whose first cell holds "Points Possible" gives the points of each assignment.
- A student is found by ID, then by SIS User ID, then by SIS Login ID, and last by name.
- A decimal comma or point is understood, thousands and exponents are not; an empty cell is no
  score.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.course.folder import CourseError
from chainrule.formatting import decimal
from chainrule.grading.gradebook.reader import StudentGrades
from chainrule.grading.lms.export_job import (
    AS_THEY_ARE,
    PLACES,
    Files,
    Job,
    as_csv,
    formulas,
    guarded,
)

__all__ = ["Roster", "Seat", "canvas", "read_roster"]

_POINTS_POSSIBLE = "    Points Possible"
_TITLE = re.compile(r"(.*)\s\((\d+)\)", re.DOTALL)
_PEOPLE = (
    "Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Integration ID",
    "Root Account", "Section",
)  # fmt: skip
# Canvas leaves columns out whose name holds one of these: it takes them for its own totals.
_TOTALS = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_MOST = 64 << 20  # bytes of a roster


@dataclass(frozen=True)
class Seat:
    """A student as Canvas has them; what it does not say is empty."""

    student: str = ""
    id: str = ""
    sis_user_id: str = ""
    sis_login_id: str = ""
    root_account: str = ""
    section: str = ""


@dataclass
class Roster:
    """Canvas's own export. columns: title of an assignment -> the header of its column.
    points: header -> the points that Canvas gives for it."""

    seats: list[Seat] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    points: dict[str, str] = field(default_factory=dict)

    def finder(self) -> Callable[[StudentGrades], Seat | None]:
        """A function that finds a student's seat by what Canvas and nbgrader both know.

        Each pair is tried for the whole roster before the next; a seat is given once.
        """
        tables = [
            (key, {name(seat).casefold(): seat for seat in reversed(self.seats) if name(seat)})
            for key, name in _PAIRS
        ]
        given: set[Seat] = set()

        def find(entry: StudentGrades) -> Seat | None:
            for key, table in tables:
                seat = table.get(key(entry).casefold()) if key(entry) else None
                if seat is not None and seat not in given:
                    given.add(seat)
                    return seat
            return None

        return find


_PAIRS: tuple[tuple[Callable[[StudentGrades], str], Callable[[Seat], str]], ...] = (
    (lambda entry: entry.lms_user_id, lambda seat: seat.id),
    (lambda entry: entry.id, lambda seat: seat.sis_login_id),
    (lambda entry: entry.id, lambda seat: seat.sis_user_id),
    (lambda entry: entry.email, lambda seat: seat.sis_login_id),
)


def read_roster(path: Path) -> Roster:
    """Read a gradebook that Canvas exported. Raises CourseError when the file is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
        rows = _rows(content.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path} cannot be read as Canvas's gradebook: {error}") from None
    header = rows[0] if rows else []
    if "ID" not in header or not {"Student", "LastName"} & set(header) or len(content) > _MOST:
        raise CourseError(f"{path} is no gradebook that Canvas exported: no columns Student and ID")
    roster = Roster()
    last = max(place for place, name in enumerate(header) if name in _PEOPLE)
    for name in header[last + 1 :]:
        match = _TITLE.fullmatch(name)
        if match:
            roster.columns.setdefault(match[1], name)
            roster.columns.setdefault(name, name)
    for row in rows[1:]:
        cell = dict(zip(header, row, strict=False))
        if row and "Points Possible" in row[0]:
            roster.points = {name: cell.get(name, "") for name in roster.columns.values()}
        elif cell.get("ID"):
            roster.seats.append(_seat(cell))
    return roster


def _rows(text: str) -> list[list[str]]:
    # Canvas writes semicolons where its language has a decimal comma.
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _seat(cell: dict[str, str]) -> Seat:
    parts = (cell.get("LastName", ""), cell.get("FirstName", ""))
    return Seat(
        cell.get("Student") or ", ".join(part for part in parts if part),
        cell["ID"],
        cell.get("SIS User ID", ""),
        cell.get("SIS Login ID", ""),
        cell.get("Root Account", ""),
        cell.get("Section", ""),
    )


def _column_title(title: str, roster: Roster) -> str:
    """The header of an assignment's column: Canvas's own where it has one of that title.

    Raises CourseError for a title that Canvas takes for one of its totals.
    """
    if _TOTALS.search(title):
        raise CourseError(f"Canvas leaves out a column called {title!r}: give another --column")
    return roster.columns.get(title, title)


def _sortable_name(entry: StudentGrades) -> str:
    """`Lovelace, Ada`, as Canvas has it; without names, the id."""
    parts: Iterable[str] = (entry.last_name.strip(), entry.first_name.strip())
    name = ", ".join(part for part in parts if part) or entry.id
    # Canvas takes a row that begins with these words for another one than a student's.
    return entry.id if "Points Possible" in name else name


def canvas(job: Job) -> Files:
    """Canvas's gradebook, as it takes it back.

    Student and Section are guarded: Canvas looks at the name last, and not at all at the section.
    ID, SIS User ID, SIS Login ID and Root Account are as they are. With a roster, all of these are
    what Canvas wrote there, and students who are not in it are left out.
    """
    roster = read_roster(job.options.roster) if job.options.roster else Roster()
    titles = [_column_title(job.title(grades), roster) for grades in job.classes]
    find = roster.finder()
    root = any(seat.root_account for seat in roster.seats)
    rows: list[list[str]] = []
    unknown, live = [], []
    for student, entries in job.students():
        if not any(entry.submitted for entry in entries) and not job.options.zero_for_missing:
            continue
        seat = find(student) if job.options.roster else _own_seat(student)
        if seat is None:
            unknown.append(student.id)
            continue
        ids = [seat.id, seat.sis_user_id, seat.sis_login_id]
        live += formulas(ids)
        person = [guarded(seat.student), *ids, *([seat.root_account] if root else [])]
        points = [job.points(entry, "") for entry in entries]
        rows.append([*person, guarded(seat.section), *points])
    job.exported.students = len(rows)
    job.note("not in the roster, and left out", unknown)
    job.note(f"ids {AS_THEY_ARE}", live)
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", *(["Root Account"] if root else [])]
    header.append("Section")
    possible = []
    for title, grades in zip(titles, job.classes, strict=True):
        ours, theirs = decimal(grades.max_score, PLACES), roster.points.get(title, "")
        possible.append(theirs or ours)
        if job.options.roster and title not in roster.columns.values():
            job.exported.notes.append(f"Canvas has no assignment {title}: it will make a new one")
        elif theirs and theirs.replace(",", ".").removesuffix(".00") != ours:
            job.exported.notes.append(f"{title} has {theirs} points in Canvas, and {ours} here")
    blank = [_POINTS_POSSIBLE, *([""] * (len(header) - 1))]
    yield "", as_csv([[*header, *titles], [*blank, *possible], *rows])


def _own_seat(entry: StudentGrades) -> Seat:
    """Without a roster: nbgrader's `lms_user_id` is Canvas's ID, the student's id the login."""
    lms = entry.lms_user_id if entry.lms_user_id.isdecimal() else ""
    return Seat(_sortable_name(entry), lms, "", entry.id)
