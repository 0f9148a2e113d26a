"""Grades for other systems: one table of formats, read by `chainrule export` and nbgrader's export.

    nbgrader export --exporter=chainrule.nbgrader.CanvasExporter --to canvas.csv

What becomes of cells that a spreadsheet takes for formulas: see `exportjob`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, CaselessStrEnum, Unicode

from chainrule.course.folder import Course, CourseError
from chainrule.formatting import decimal
from chainrule.grading.gradebook.reader import (
    AssignmentGrades,
    cell_order,
    open_gradebook,
    read_class,
)
from chainrule.grading.lms.canvas import canvas
from chainrule.grading.lms.export_job import (
    PLACES,
    Exported,
    Files,
    Job,
    as_csv,
    guarded,
)
from chainrule.grading.lms.gradescope import gradescope
from chainrule.grading.lms.moodle import moodle
from chainrule.grading.lms.options import Match, Options, Target

__all__ = [
    "FORMATS", "CanvasExporter", "CsvExporter", "Exported", "Format", "GradescopeExporter", "Match",
    "MoodleExporter", "Options", "Target", "export", "export_assignment",
]  # fmt: skip


def _plain(job: Job) -> Files:
    """A row a student, a column a question: for people and spreadsheets, so all text is guarded.

    The byte order mark tells Excel that it is UTF-8.
    """
    several = len(job.classes) > 1
    header = ["student_id", "last_name", "first_name", "email"]
    for grades in job.classes:
        mark = f"{grades.assignment}: " if several else ""
        columns = ["submitted", "timestamp", *(q.name for q in grades.questions)]
        columns += ["waiting", "late_penalty", "score", "max_score"]
        header += [guarded(mark + name) for name in columns]
    rows = [header]
    for student, entries in job.students():
        row = [student.id, student.last_name, student.first_name, student.email]
        row = [guarded(text) for text in row]
        for grades, entry in zip(job.classes, entries, strict=True):
            when = entry.timestamp.isoformat(sep=" ", timespec="seconds") if entry.timestamp else ""
            row += ["yes" if entry.submitted else "no", when]
            for question in grades.questions:
                got = entry.questions.get(question.name)
                row.append("" if got is None else decimal(got.score, PLACES))
            row += ["yes" if entry.waiting else "no", decimal(entry.penalty, PLACES)]
            row += [job.points(entry, ""), decimal(grades.max_score, PLACES)]
        rows.append(row)
    job.exported.students = len(rows) - 1
    yield "", "\ufeff" + as_csv(rows)


@dataclass(frozen=True)
class Format:
    """A format. ending: of its file, empty for a folder. make: the files, and notes in the job."""

    name: Target
    ending: str
    make: Callable[[Job], Files]


FORMATS: dict[Target, Format] = {
    one.name: one
    for one in (
        Format(Target.CSV, ".csv", _plain),
        Format(Target.CANVAS, ".csv", canvas),
        Format(Target.MOODLE, ".csv", moodle),
        Format(Target.GRADESCOPE, "", gradescope),
    )
}
"""All formats by name."""


# Doing it -----------------------------------------------------------------------------------------


def export(
    course: Course, classes: Sequence[AssignmentGrades], target: Target, to: Path, options: Options
) -> Exported:
    """Write assignments in a format.

    Raises CourseError for options that do not fit, and for what cannot be written.
    """
    if options.column and len(classes) > 1:
        raise CourseError("one column name for several assignments: export them one by one")
    chosen = [_only(grades, options.students) for grades in classes]
    job = Job(course, chosen, options, Exported(to))
    job.note(
        "points are missing, since a person has yet to grade an answer",
        {entry.id for grades in job.classes for entry in grades.entries if entry.waiting},
    )
    for name, text in FORMATS[target].make(job) if job.classes else ():
        path = to / name if name else to
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="replace", newline="")
        except OSError as error:
            raise CourseError(f"{path} cannot be written: {error.strerror}") from None
    return job.exported


def _only(grades: AssignmentGrades, students: Sequence[str]) -> AssignmentGrades:
    kept = [entry for entry in grades.entries if not students or entry.id in students]
    return AssignmentGrades(
        grades.assignment, grades.cells, grades.solutions, grades.questions, kept
    )


def default_path(course: Course, assignment: str, target: Target) -> Path:
    """Where an export goes when nobody says where."""
    return course.root / "exports" / f"{assignment}-{target}{FORMATS[target].ending}"


def export_assignment(
    course: Course, assignment: str, target: Target, to: Path | None, options: Options
) -> Exported:
    """What `chainrule export` does. Raises CourseError."""
    with open_gradebook(course) as book:
        grades = read_class(book, assignment, cell_order(course, assignment))
    return export(course, [grades], target, to or default_path(course, assignment, target), options)


class _Exporter(ExportPlugin):
    """An export plugin of nbgrader: `nbgrader export --exporter=...`, settings in its config."""

    target = Target.CSV

    roster = Unicode("", help="the gradebook that Canvas exported").tag(config=True)
    match = CaselessStrEnum(list(Match), Match.IDNUMBER, help="how Moodle finds students").tag(
        config=True
    )
    column = Unicode("", help="what the other system calls the assignment").tag(config=True)
    zero_for_missing = Bool(False, help="0 points for who handed nothing in").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the grades of the chosen assignments, or of all."""
        course = Course(Path(self.parent.coursedir.root))
        names = [str(one) for one in self.assignment] or [one.name for one in gradebook.assignments]
        options = Options(
            Path(self.roster) if self.roster else None,
            Match(self.match),
            self.column,
            self.zero_for_missing,
            tuple(str(one) for one in self.student),
        )
        to = Path(self.to) if self.to else default_path(course, "grades", self.target)
        try:
            classes = [read_class(gradebook, name, cell_order(course, name)) for name in names]
            done = export(course, classes, self.target, to, options)
        except CourseError as error:
            self.log.error("%s", error)
            sys.exit(1)
        for note in done.notes:
            self.log.warning("%s", note)
        self.log.info("Wrote %d students to %s", done.students, done.path)


class CsvExporter(_Exporter):
    """A row a student, a column a question."""

    target = Target.CSV


class CanvasExporter(_Exporter):
    """Canvas's gradebook, as it takes it back."""

    target = Target.CANVAS


class MoodleExporter(_Exporter):
    """Moodle's grade import."""

    target = Target.MOODLE


class GradescopeExporter(_Exporter):
    """Gradescope's results.json for each submission."""

    target = Target.GRADESCOPE
