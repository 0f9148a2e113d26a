"""What came of a threat: read from the gradebook, the graded notebook, and the traps."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from chainrule.course.notebooks import read
from grader_tests.threats.course import ASSIGNMENT, Traps

_SCRIPT = re.compile(r"<script|\son\w+\s*=|javascript:", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """Of one submission.

    points: None when it was not graded. harm: what it read, left or reached, in words; said: what
    the instructor is told, or else what the student reads in the graded notebook; a line.
    """

    points: float | None
    harm: tuple[str, ...] = ()
    said: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"harm": list(self.harm)}


def scores(traps: Traps) -> dict[str, float]:
    """Every student's points in the gradebook; students without graded work are left out."""
    with Gradebook(f"sqlite:///{traps.course}/gradebook.db") as book:
        return {
            work.student.id: work.score
            for work in book.assignment_submissions(ASSIGNMENT)
            if any(grade.auto_score is not None for one in work.notebooks for grade in one.grades)
        }


def intruders(traps: Traps) -> list[str]:
    """Students whom a submission wrote into the gradebook."""
    with Gradebook(f"sqlite:///{traps.course}/gradebook.db") as book:
        return [one.id for one in book.students if traps.tag in one.id]


def graded_notebook(traps: Traps, student: str) -> Any:
    """The notebook in autograded/, or None."""
    path = _graded(traps, student) / f"{ASSIGNMENT}.ipynb"
    return read(path) if path.is_file() else None


def _graded(traps: Traps, student: str) -> Path:
    return traps.course / "autograded" / student / ASSIGNMENT


def leaks(traps: Traps, student: str) -> list[str]:
    """What secrets stand in what was graded, by the place they come from, and scripts in it."""
    found = []
    texts = [
        str(output)
        for one in (graded_notebook(traps, student) or {"cells": []})["cells"]
        if not one.metadata.get("nbgrader", {}).get("grade")
        for output in one.get("outputs", [])
    ]
    folder = _graded(traps, student)
    copies = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".ipynb"]
    texts += [path.read_bytes().decode(errors="replace") for path in copies]
    for place, mark in traps.marks.items():
        if any(mark in text for text in texts) and not student.endswith("honest"):
            found.append(f"read: {place}")
    if any(_SCRIPT.search(text) for text in texts if "left-" in text):
        found.append("left: a script in the graded notebook")
    return found


def shown(traps: Traps, student: str) -> str:
    """What the student reads first of what went wrong: a line, or nothing."""
    notebook = graded_notebook(traps, student)
    for one in notebook.cells if notebook is not None else ():
        if one.cell_type == "markdown" and one.source.startswith("**"):
            return str(one.source).strip("*")
        for output in one.get("outputs", []):
            if output.output_type == "error":
                lines = str(output.evalue).strip().splitlines() or [""]
                return f"{output.ename}: {lines[0]}".removesuffix(": ")
    return ""
