"""What an instructor edits after a class was graded, and by which other door a class is graded.

Each row makes a small course of its own, does what it says, and tells what harm came of it: grades
that belong to a master that is no more, points for nothing, or nobody told.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nbgrader.api import Gradebook

from grader_tests.support.notebooks import cell
from grader_tests.support.paths import ROOT
from grader_tests.threats.course import ASSIGNMENT, RIGHT, WRONG, Traps, hand_in, stub
from grader_tests.threats.ours import CHAINRULE, NBGRADER, Grader, Run

Came = tuple[list[str], str]
"""What harm was done, a few words each, and what the instructor was told, a line."""
Cells = list[dict[str, Any]]
Points = dict[str, float]

_RELEASE = (sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--force")
_RIGHT, _WRONG = "anna", "ben"
_BEFORE = {_RIGHT: 10.0, _WRONG: 6.0}
_NO_POWER = {"q2_power": "def power(x, n): return x"}


@dataclass(frozen=True)
class Edit:
    """Something that an instructor does. do: does it in a course in which nothing is handed in."""

    id: str
    clauses: tuple[str, ...]
    tried: str
    do: Callable[[Grader], Came]


def _graded(grader: Grader) -> Run:
    """Nobody else but two students hand in, one with the second question wrong, and are graded."""
    hand_in(grader.traps, _RIGHT, stub(grader.traps, RIGHT))
    hand_in(grader.traps, _WRONG, stub(grader.traps, {**RIGHT, **_NO_POWER}))
    return grader.run()


def _again(grader: Grader) -> Run:
    """Graded once more, as after an edit: stock nbgrader has to be told so."""
    if grader.command != CHAINRULE:
        Grader(grader.traps, _RELEASE).run()
        return grader.run("--force")
    return grader.run()


def _told(run: Run) -> str:
    """Why it was refused, in a line; nothing where it was not."""
    return " ".join(run.wrote.split()) if run.status and not run.last else run.last


def _book(traps: Traps) -> Gradebook:
    return Gradebook(f"sqlite:///{traps.course}/gradebook.db")


def _unlike(traps: Traps, points: Points, most: float = 10.0) -> list[str]:
    """What is not as it should be in the gradebook."""
    with _book(traps) as book:
        works = book.assignment_submissions(ASSIGNMENT)
        got = {work.student.id: work.score for work in works if work.student.id in points}
        maximum = book.find_assignment(ASSIGNMENT).max_score
    wrong = [name for name, one in points.items() if got.get(name) != one]
    found = [f"{len(wrong)} of {len(points)} students have a wrong score"] if wrong else []
    return found + ([f"the maximum is {maximum:g}, not {most:g}"] if maximum != most else [])


def _master(traps: Traps, change: Callable[[dict[str, Any]], None]) -> None:
    path = traps.course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook))


def _known(one: dict[str, Any]) -> dict[str, Any]:
    return dict(one["metadata"].get("nbgrader", {}))


def _edited(
    change: Callable[[Cells], Cells], points: Points, most: float, *more: str
) -> Callable[[Grader], Came]:
    """The master's cells are changed after grading. points, most: what is right from then on, once
    it was said how that is meant (`more`); where grading refuses before, nothing is to change."""

    def do(grader: Grader) -> Came:
        _graded(grader)
        _master(grader.traps, lambda notebook: notebook.update(cells=change(notebook["cells"])))
        again = _again(grader)
        if again.status == 0:
            return _unlike(grader.traps, points, most), _told(again)
        harm = _unlike(grader.traps, _BEFORE) + ([] if _told(again) else ["nobody is told"])
        if grader.command == CHAINRULE:
            settled = grader.run("--update-gradebook", *more)
            harm += [] if settled.status == 0 else ["it cannot be brought into the gradebook"]
            harm += _unlike(grader.traps, points, most)
        return harm, _told(again)

    return do


def _renamed(cells: Cells) -> Cells:
    for one in cells:
        if _known(one).get("grade_id") == "q2_power_arrays":
            one["metadata"]["nbgrader"]["grade_id"] = "q2_power_of_arrays"
    return cells


def _dropped(cells: Cells) -> Cells:
    return [one for one in cells if _known(one).get("grade_id") != "q3_exp_backward"]


def _added(cells: Cells) -> Cells:
    return [*cells, dict(cell("check", "q2_power_zero", "assert power(2.0, 0) == 1.0", 1))]


def _pointed(cells: Cells) -> Cells:
    for one in cells:
        if _known(one).get("grade_id") == "q2_power_arrays":
            one["metadata"]["nbgrader"]["points"] = 5
    return cells


def _penalties(traps: Traps) -> Points:
    with _book(traps) as book:
        return {
            work.student.id: sum(one.late_submission_penalty or 0.0 for one in work.notebooks)
            for work in book.assignment_submissions(ASSIGNMENT)
            if work.student.id in _BEFORE
        }


def _due(grader: Grader) -> Came:
    """A due date and a policy after grading, then an extension for one of the two."""
    traps = grader.traps
    _graded(grader)
    for name in _BEFORE:
        place = traps.course / "submitted" / name / ASSIGNMENT / "timestamp.txt"
        place.write_text("2030-01-12 00:00:00 UTC")
    with _book(traps) as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate="2030-01-10 00:00:00 UTC")
    config = traps.course / "nbgrader_config.py"
    config.write_text(config.read_text() + 'c.LateSubmissionPlugin.penalty_method = "zero"\n')
    more = () if grader.command == CHAINRULE else ("--force",)
    told, found = grader.run(*more).last, []
    if (late := _penalties(traps)) != _BEFORE:
        found.append(f"late work loses {late.get(_RIGHT, 0):g} and {late.get(_WRONG, 0):g} points")
    with _book(traps) as book:
        book.find_submission(ASSIGNMENT, _WRONG).extension = timedelta(days=3)
        book.db.commit()
    grader.run(*more)
    if _penalties(traps) != {**_BEFORE, _WRONG: 0.0}:
        found.append("an extension changes nothing")
    return found + _unlike(traps, _BEFORE), told


def _misspelt(grader: Grader) -> Came:
    with _book(grader.traps) as book:
        for name in ("anna", "benno"):
            book.update_or_create_student(name)
    run = _graded(grader)
    lines = [line.strip() for line in run.wrote.splitlines()]
    told = [line for line in lines if "ben" in line and "benno" in line]
    return ([] if told else ["nobody is told"]) + _unlike(grader.traps, _BEFORE), "".join(told[:1])


def _language(grader: Grader) -> Came:
    """Its check is an error of Python's and no error in R: what is run as Python gives zeros."""
    in_r = {"name": "ir", "language": "R", "display_name": "R"}
    _master(grader.traps, lambda notebook: notebook["metadata"].update(kernelspec=in_r))
    run = _graded(grader)
    with _book(grader.traps) as book:
        works = book.assignment_submissions(ASSIGNMENT)
        grades = [grade for work in works for one in work.notebooks for grade in one.grades]
    if any(grade.auto_score is not None for grade in grades):
        return ["it was graded as Python"], _told(run)
    return [] if "in R" in _told(run) or " ir" in run.wrote else ["nobody is told"], _told(run)


def _fails(grader: Grader) -> Came:
    def change(notebook: dict[str, Any]) -> None:
        for one in notebook["cells"]:
            if _known(one).get("grade_id") == "q2_power":
                text = "### BEGIN SOLUTION\ndef power(x, n): return x\n### END SOLUTION"
                one["source"] = text

    _master(grader.traps, change)
    run = _graded(grader)
    told = [line.strip() for line in run.wrote.splitlines() if "own solution" in line]
    return [] if told else ["nobody is told"], "".join(told[:1])


_SKIPS = {"q1_multiply": WRONG, "q2_power": "pass", "q3_exp": "pass"}


def _own_settings(grader: Grader) -> Came:
    """The course of this checkout, graded by nbgrader's own command; for stock nbgrader, without
    the line that has the judge do it."""
    traps = grader.traps
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    if grader.command != CHAINRULE:
        settings = "\n".join(x for x in settings.splitlines() if "Autograde.exporter" not in x)
    (traps.course / "nbgrader_config.py").write_text(settings)
    notebook = stub(traps, _SKIPS)
    for one in notebook["cells"]:
        if _known(one).get("grade"):
            one["metadata"]["tags"] = ["skip-execution"]
    hand_in(traps, _RIGHT, stub(traps, RIGHT))
    hand_in(traps, "skips", notebook)
    run = Grader(traps, NBGRADER).run()
    return _unlike(traps, {_RIGHT: 10.0, "skips": 0.0}), run.last


def _imports(grader: Grader) -> Came:
    """Two points for the import, which the master's first answer has and a stub has not."""

    def change(notebook: dict[str, Any]) -> None:
        answer = "### BEGIN SOLUTION\nimport cmath as c\n### END SOLUTION"
        check = "assert c.sqrt(4) == 2"
        notebook["cells"] += [dict(cell("answer", "q0_import", answer)),
                              dict(cell("check", "q0_import_works", check, 2))]  # fmt: skip

    _master(grader.traps, change)
    Grader(grader.traps, _RELEASE).run()
    hand_in(grader.traps, _RIGHT, stub(grader.traps, {**RIGHT, "q0_import": "import cmath as c"}))
    hand_in(grader.traps, "stub", stub(grader.traps, {"q1_multiply": WRONG}))
    run = grader.run()
    return _unlike(grader.traps, {_RIGHT: 12.0, "stub": 0.0}, 12.0), run.last


EDITS = (
    Edit("own-settings", ("this checkout's own `nbgrader_config.py` graded with `nbgrader "
         "autograde`",), "Check cells of a stub are tagged `skip-execution`.", _own_settings),
    Edit("imported-names", ("names imported by the master's answer",),
         "A check uses a name that the answer was to import, and a stub is handed in.", _imports),
    Edit("cell-renamed", ("a master's cell renamed",), "A check has another name after grading.",
         _edited(_renamed, _BEFORE, 10.0, "--renamed", "q2_power_arrays=q2_power_of_arrays")),
    Edit("cell-dropped", ("dropped",), "A check of two points is deleted after grading.",
         _edited(_dropped, {_RIGHT: 8.0, _WRONG: 4.0}, 8.0)),
    Edit("cell-added", ("added",), "A check of one point is added after grading.",
         _edited(_added, {_RIGHT: 11.0, _WRONG: 6.0}, 11.0)),
    Edit("cell-pointed", ("or re-pointed after grading",),
         "A check of two points has five after grading.",
         _edited(_pointed, {_RIGHT: 13.0, _WRONG: 6.0}, 13.0)),
    Edit("due-date", ("a due date", "an extension", "a late policy changed"),
         "After grading comes a due date, a policy for late work, and an extension.", _due),
    Edit("misspelt", ("a student's folder misspelt",),
         "A folder is called “ben”, and “benno” is in the class list.", _misspelt),
    Edit("other-language", ("a master in another language",), "The master's kernel is that of R.",
         _language),
    Edit("solution-fails", ("a master whose own solution fails",),
         "The master's answer does not pass its own checks.", _fails),
)  # fmt: skip
