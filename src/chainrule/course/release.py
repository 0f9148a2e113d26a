"""What students get: masters without solutions, lectures without outputs, and the table that
`check.progress` reads."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from chainrule.check.problem_sets import fingerprint
from chainrule.course.folder import Course, CourseError
from chainrule.course.notebooks import normalise, read, write
from chainrule.notebook.cells import cells_of, nbgrader_of

__all__ = [
    "MAY_RAISE",
    "checks_table",
    "generate_release",
    "lectures_to_work_in",
    "mark_problem_set",
]


MAY_RAISE = "raises-exception"
"""The tag by which Jupyter knows a cell whose error does not stop the cells after it."""


def mark_problem_set(notebook: NotebookNode, name: str) -> NotebookNode:
    """Say in a master's metadata what it is and which cells make it whole; returns it.

    Its checks are tagged as cells that may raise: *Run All* then goes on to the next question.
    """
    ids = [name for name, _ in cells_of(notebook)]
    for cell in notebook.cells:
        known = nbgrader_of(cell)
        if cell.cell_type == "code" and known.get("grade") and not known.get("solution"):
            tags = cell.metadata.get("tags", [])
            cell.metadata["tags"] = [*tags, *([] if MAY_RAISE in tags else [MAY_RAISE])]
    notebook.metadata["chainrule"] = nbformat.from_dict({"problem_set": name, "cells": ids})
    return notebook


def generate_release(course: Course, destination: Path) -> list[Path]:
    """Let nbgrader make the students' version of every master, below `destination`.

    Works in a temporary folder, so neither the course's gradebook nor its release/ is touched
    unless that is the destination. Returns what was written. Raises CourseError with nbgrader's
    log when it refuses a master.
    """
    written = []
    with tempfile.TemporaryDirectory() as folder:
        work = Course(Path(folder))
        shutil.copytree(course.root / "source", work.root / "source")
        if (course.root / "nbgrader_config.py").is_file():
            shutil.copy(course.root / "nbgrader_config.py", work.root)
        api = work.nbgrader(CourseDirectory__db_url="sqlite:///" + folder + "/gradebook.db")
        for assignment in work.assignments:
            result = api.generate_assignment(assignment)
            if not result["success"]:
                raise CourseError(f"nbgrader refuses {assignment}:\n{result['log']}")
            target = destination / assignment
            if target.exists():
                shutil.rmtree(target)
            shutil.copytree(work.root / "release" / assignment, target)
            for path in sorted(target.rglob("*.ipynb")):
                write(normalise(read(path)), path)
                written.append(path)
    return written


def lectures_to_work_in(course: Course, destination: Path) -> list[Path]:
    """Write every lecture without its outputs below `destination`; returns what was written."""
    written = []
    for path in course.lectures():
        write(normalise(read(path)), destination / path.name)
        written.append(destination / path.name)
    return written


def checks_table(released: list[Path]) -> str:
    """What `check.progress` knows of these problem sets: a line for each graded cell, by tabs."""
    lines = ["problem set\tcell\tpoints\tfingerprint"]
    for path in sorted(released):
        for cell in read(path).cells:
            known = nbgrader_of(cell)
            if known.get("grade"):
                mark = "" if known["solution"] else fingerprint(cell.source)
                points = f"{known['points']:g}"
                lines.append("\t".join([path.stem, known["grade_id"], points, mark]))
    return "\n".join(lines) + "\n"
