"""Moodle's grade import."""

from __future__ import annotations

import re
from collections.abc import Callable

from chainrule.grading.gradebook.reader import StudentGrades
from chainrule.grading.lms.export_job import (
    AS_THEY_ARE,
    Files,
    Job,
    as_csv,
    feedback,
    formulas,
    guarded,
)
from chainrule.grading.lms.options import Match

__all__ = ["for_php", "moodle"]

# The header in Moodle's own exports, and what nbgrader has for it.
_IDENTIFIERS: dict[Match, tuple[str, Callable[[StudentGrades], str]]] = {
    Match.IDNUMBER: ("ID number", lambda entry: entry.lms_user_id or entry.id),
    Match.USERNAME: ("Username", lambda entry: entry.id),
    Match.EMAIL: ("Email address", lambda entry: entry.email),
}


def moodle(job: Job) -> Files:
    """A file for Moodle's Grades > Import > CSV file (https://docs.moodle.org/en/Grade_import).

    One column says who it is; in the import form, map it to the user field of that name. It is as
    it is, all other text is guarded. Each assignment has a column of points and one of feedback,
    which have to be mapped together. No grade is `-`. One student whom Moodle does not find ends
    the whole import, so those without an identifier are left out. PHP's reader takes a backslash
    before a quote as part of the text (https://www.php.net/fgetcsv): there a space is put between.
    """
    header, identifier = _IDENTIFIERS[job.options.match]
    rows = [[header, "First name", "Last name"]]
    for grades in job.classes:
        rows[0] += [guarded(job.title(grades)), guarded(f"{job.title(grades)} (feedback)")]
    nameless, live = [], []
    for student, entries in job.students():
        who = identifier(student)
        if not who.strip() or for_php(who) != who:
            nameless.append(student.id)
            continue
        live += formulas([who])
        row = [who, *(for_php(guarded(name)) for name in (student.first_name, student.last_name))]
        for grades, entry in zip(job.classes, entries, strict=True):
            row += [job.points(entry, "-"), for_php(guarded(feedback(grades, entry)))]
        rows.append(row)
    job.exported.students = len(rows) - 1
    job.note(f"no usable {header}, and left out", nameless)
    job.note(f"identifiers {AS_THEY_ARE}", live)
    yield "", as_csv(rows)


def for_php(text: str) -> str:
    """The text, as PHP's reader gives it back whole."""
    return re.sub(r'\\(?="|$)', r"\\ ", text, flags=re.MULTILINE)
