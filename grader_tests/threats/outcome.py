"""What came of a threat: read from the gradebook, the graded notebook, and the traps."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from chainrule.course.notebooks import read
from grader_tests.threats.course import ASKED, ASSIGNMENT, EXPECTED, FULL, Traps

_LARGE = 16 << 20  # bytes of a graded notebook
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
    if any(f"channel-{traps.tag}" in text for text in texts):
        found.append("reached: processes of others")
    notebook = folder / f"{ASSIGNMENT}.ipynb"
    if notebook.is_file() and notebook.stat().st_size > _LARGE:
        found.append(f"left: a notebook of {notebook.stat().st_size >> 20} MiB")
    return found


def told(traps: Traps, student: str) -> list[str]:
    """What their feedback page tells of hidden checks."""
    page = traps.course / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    hidden = (str(ASKED), str(EXPECTED), traps.marks["hidden checks"])
    return ["told: values of hidden checks"] if any(one in text for one in hidden) else []


def harm_to_others(traps: Traps, student: str, got: dict[str, float]) -> list[str]:
    """What became of the companions of a student, whose names begin as the student's does.

    One whose name ends in "honest" has right answers; "same", the very same as the student; a
    "reader" is not to see what the student wrote.
    """
    found = []
    for name in (path.name for path in (traps.course / "submitted").glob(f"{student}-*")):
        if name.endswith("honest") and got.get(name) != FULL:
            found.append("took points from another student")
        if name.endswith("-same") and (
            got.get(name) != got.get(student) or _checks(traps, name) != _checks(traps, student)
        ):
            found.append("the same work was graded in another way")
        if name.endswith("-reader") and traps.marks["other submissions"] in str(
            graded_notebook(traps, name)
        ):
            found.append("read: other submissions")
    return list(dict.fromkeys(found))


def _checks(traps: Traps, student: str) -> list[str]:
    """What the check cells show, without the names that a kernel makes up."""
    cells = (graded_notebook(traps, student) or {"cells": []})["cells"]
    checks = (one for one in cells if one.metadata.get("nbgrader", {}).get("grade"))
    return [re.sub(r"ipykernel_\d+/\d+", "", str(one.get("outputs"))) for one in checks]


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
