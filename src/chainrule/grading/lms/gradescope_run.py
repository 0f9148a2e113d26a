"""What runs on Gradescope: judge the one submission that is there, and write results.json.

    python -m chainrule.grading.lms.gradescope_run --assignment NAME --seconds 600 /autograder

results.json is written whatever happens: at once, saying that grading did not end, and again when
it is known what came of it. Its form is Gradescope's
(https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from chainrule.course.folder import Course
from chainrule.grading.gradebook.submitted import read_masters
from chainrule.grading.gradebook.work import WorkReader
from chainrule.grading.judge.judge import calibrated, judge
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded
from chainrule.grading.judge.ways import INSIDE
from chainrule.grading.limits import Limits
from chainrule.grading.report.feedback import settings_of
from chainrule.grading.report.hidden_values import HiddenValues
from chainrule.notebook.atomic_file import put
from chainrule.notebook.cells import grade_id_of, note_of, source_of
from chainrule.notebook.failed_check import NOTE, failed_check
from chainrule.notebook.hidden_tests import Hidden
from chainrule.notebook.text import printable

__all__ = ["graded_here", "main", "results"]

_OWN_SECONDS = 30  # of Gradescope's, for what comes before and after the judge
_MOST_TEXT = 4000  # characters that a test says
_ENDED = (
    "Grading did not come to an end, and no points are known. This is not for you to mend: "
    "please tell your instructor."
)
_LATE = (
    "Grading took longer than Gradescope gives it, so no points are known. Look for a loop that "
    "does not end; if there is none, please tell your instructor."
)


def main(arguments: list[str] | None = None) -> None:
    """Judge, write results.json, and say on the standard output what instructors should know."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--assignment", required=True)
    parser.add_argument("--seconds", type=int, default=600)
    given = parser.parse_args(arguments)
    target = given.root / "results" / "results.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, {"score": 0, "output": _ENDED})

    def late() -> None:
        _write(target, {"score": 0, "output": _LATE})
        os._exit(0)  # whatever the main thread waits for

    timer = threading.Timer(max(1, given.seconds - 5), late)
    timer.daemon = True
    timer.start()
    try:
        told = graded_here(given.root, given.assignment, given.seconds)
    except Exception:
        traceback.print_exc(file=sys.stdout)  # which Gradescope shows to instructors alone
    else:
        _write(target, told)
    timer.cancel()


def graded_here(root: Path, assignment: str, seconds: int) -> dict[str, Any]:
    """What results.json says of the submission in `root`, as Gradescope lays it out.

    Raises MasterError, BatchError, JailUnavailable and what else keeps it from being judged.
    """
    course = Course(root / "source" / "course")
    config = course.config()
    folders = CourseDirectory(config=_as_laid_out(config, root, assignment))
    limits = Limits.of(config.get("Judge", {})).of_assignment(assignment)
    enough = float(max(1, seconds - _OWN_SECONDS))
    masters = read_masters(folders, assignment, config)
    if max(calibrated(master, limits).total_seconds for master in masters) > enough:
        limits = replace(limits, total_seconds=enough)
    work = WorkReader(folders, assignment, masters, limits).read("student", "")
    tests: list[dict[str, Any]] = []
    notes = list(work.problems)
    marks = settings_of(config)["marks"]
    for master in masters:
        graded = judge(master, work.notebooks[master.name], limits)
        prefix = f"{master.name}: " if len(masters) > 1 else ""
        tests += results(master, graded, prefix, marks)
        notes += graded.notes
    told: dict[str, Any] = {
        "tests": tests,
        "stdout_visibility": "hidden",
        "output": "\n".join(dict.fromkeys(map(printable, notes))),
        "output_format": "text",
    }
    if not any("score" in test for test in tests):
        told["score"] = 0
    return told


def _as_laid_out(config: Config, root: Path, assignment: str) -> Config:
    """nbgrader's settings for Gradescope's folders."""
    found = Config(config)
    found.CourseDirectory.root = str(root)
    found.CourseDirectory.directory_structure = "{nbgrader_step}"
    found.CourseDirectory.submitted_directory = "submission"
    found.CourseDirectory.source_directory = f"source/course/source/{assignment}"
    return found


def results(
    master: Master, graded: Graded, prefix: str, marks: tuple[str, str]
) -> list[dict[str, Any]]:
    """A test for each cell with points.

    A check all of which is hidden is shown once grades are published; of one with a hidden part,
    the values it tries are kept back. What a person grades has no score yet.
    prefix: of the names of tests. marks: those around hidden checks.
    """
    cells = graded.notebook["cells"]
    hidden = Hidden(cells, *marks)
    values = HiddenValues(hidden, cells, shown=False)
    by_id = {grade_id_of(cell): cell for cell in cells}
    tests = []
    for score in graded.scores:
        cell = by_id[score.grade_id]
        test: dict[str, Any] = {"name": prefix + score.grade_id, "name_format": "text"}
        if score.points is None:
            test["output"] = "A person grades this."
        else:
            test |= {"score": score.points, "max_score": score.most}
            told = [graded.problem] if graded.problem else _told(cell, hidden, values)
            if note_of(cell, NOTE).get("way") == INSIDE and score.points:
                test["extra_data"] = {"run": "inside the student's process"}
            test["output"] = printable("\n".join(told))[:_MOST_TEXT]
        test["output_format"] = "text"
        if master.by_id[score.grade_id].is_check and _is_hidden(cell, hidden):
            test["visibility"] = "after_published"
        tests.append(test)
    return tests


def _told(cell: dict[str, Any], hidden: Hidden, values: HiddenValues) -> list[str]:
    failed = failed_check(cell)
    if failed is None:
        return []
    failed = values.reduced(cell, failed) or failed
    return [hidden.redact(failed.message)]


def _is_hidden(cell: dict[str, Any], hidden: Hidden) -> bool:
    """Whether all that a check does is hidden."""
    lines: Iterable[tuple[str, bool]] = hidden.marked(source_of(cell))
    code = [hides for line, hides in lines if line.strip() and not line.strip().startswith("#")]
    return bool(code) and all(code)


def _write(target: Path, told: dict[str, Any]) -> None:
    put(target, (json.dumps(told, indent=1, allow_nan=False) + "\n").encode(), 0o644)


if __name__ == "__main__":
    main()
