"""Gradescope's results.json."""

from __future__ import annotations

import json
import re
from typing import Any

from chainrule.grading.gradebook.reader import AssignmentGrades, StudentGrades
from chainrule.grading.lms.export_job import Files, Job, feedback
from chainrule.grading.report.graded_work import ClassWork

__all__ = ["gradescope"]


def gradescope(job: Job) -> Files:
    """results.json for each submission, in a folder of the student's
    (https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format).

    All output is declared as plain text, so that nothing of it is rendered. It is shown once the
    grades are published. The score on top is the one that counts, penalty included.
    """
    for grades in job.classes:
        work = ClassWork(job.course, grades.assignment)
        for entry in grades.submitted:
            folder = _folder_name(entry.id)
            if len(job.classes) > 1:
                folder = f"{_folder_name(grades.assignment)}/{folder}"
            told = json.dumps(
                _results(grades, entry, work), indent=1, ensure_ascii=False, allow_nan=False
            )
            job.exported.students += 1
            yield f"{folder}/results.json", told + "\n"


def _results(grades: AssignmentGrades, entry: StudentGrades, work: ClassWork) -> dict[str, Any]:
    failures = work.looked(grades, entry).failures
    why = {failure.check: failure.reason for some in failures.values() for failure in some}
    tests = []
    for cell in grades.cells:
        got = entry.cells.get(cell.id)
        if got is None:
            continue
        test: dict[str, Any] = {"name": cell.grade_id, "name_format": "text"}
        if got.waiting:
            test["output"] = "A person has yet to grade it."
        else:
            test |= {"score": got.score, "max_score": cell.max_score}
            if got.score < cell.max_score and cell.grade_id in why:
                test["output"] = why[cell.grade_id]
        if "output" in test:
            test["output_format"] = "text"
        tests.append(test)
    return {
        "score": entry.final,
        "output": feedback(grades, entry),
        "output_format": "text",
        "visibility": "after_published",
        "stdout_visibility": "hidden",
        "extra_data": {
            "assignment": grades.assignment,
            "student": entry.id,
            "email": entry.email,
            "late_penalty": entry.penalty,
        },
        "tests": tests,
    }


def _folder_name(name: str) -> str:
    """A name that is one folder on any system, and no other student's: the rest is %-encoded."""
    kept = re.sub(
        r"[^\w .@+-]|^\.|[. ]$",
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")),
        name,
    )
    return kept or "%"
