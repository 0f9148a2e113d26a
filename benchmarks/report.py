"""How long `chainrule report` takes for a large class.

    python benchmarks/report.py [--students 1000] [--graded 40] [--assignment ps1_scalar_circuits]

A few dozen submissions, made of the answers in grader_tests/answers, are graded by the judge; all
others are copies of them: rows, graded and submitted notebooks. The report is then made in this
process, and by the command as it is typed, which takes time to start. Three runs each, in turns;
what is printed is the median of seconds, and of those the processor was at work.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import insert

from chainrule.course.folder import Course
from chainrule.course.release import generate_release
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.limits import Limits
from chainrule.grading.report.class_report import read_report
from chainrule.grading.report.class_report_page import write_report
from chainrule.sample.sample_class import SampleStudent, read_answers, submit

_ROOT = Path(__file__).resolve().parent.parent
_START = datetime(2026, 3, 2, 18, tzinfo=UTC)
_COMMAND = [sys.executable, "-c", "from chainrule.cli import main; main()"]


def make_class(root: Path, assignment: str, graded: int, students: int) -> Course:
    """A course whose gradebook and folders hold an assignment of so many students."""
    chance = random.Random(1)
    shutil.copytree(_ROOT / "source" / assignment, root / "source" / assignment)
    shutil.copy(_ROOT / "nbgrader_config.py", root)
    course = Course(root)
    generate_release(course, root / "release")
    answers = read_answers(_ROOT / "grader_tests" / "answers" / f"{assignment}.py")
    by_cell: dict[str, list[str]] = {}
    for answer in answers:
        by_cell.setdefault(answer.cell, []).append(answer.name)
    for number in range(graded):
        chosen = {
            cell: chance.choice([*names, "stub"]) if chance.random() < 0.25 else "solved"
            for cell, names in by_cell.items()
        }
        student = SampleStudent(f"student{number:05}", "", "master", {assignment: chosen})
        path = submit(course, assignment, student, answers, root / "submitted")
        path.write_text(json.dumps(timed(json.loads(path.read_text()), chance)))
    grade(root, assignment, limits=Limits(cell_seconds=5, call_seconds=2, no_jail=True))
    clone(course, assignment, graded, students)
    return course


def timed(notebook: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The notebook with the times that JupyterLab keeps of each cell's last run."""
    now = _START + timedelta(minutes=chance.randrange(600))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            now += timedelta(seconds=chance.expovariate(1 / 150))
            stamp = now.isoformat().replace("+00:00", "Z")
            cell["metadata"]["execution"] = {
                "iopub.status.busy": stamp, "iopub.execute_input": stamp,
                "iopub.status.idle": stamp, "shell.execute_reply.started": stamp,
                "shell.execute_reply": stamp,
            }  # fmt: skip
    return notebook


def clone(course: Course, assignment: str, have: int, want: int) -> None:
    """Copy the first `have` students' rows and folders until there are `want`."""
    tables = api.Base.metadata.tables
    with api.Gradebook(course.db_url) as book:
        db = book.db
        works = db.query(api.SubmittedAssignment).order_by("student_id").all()
        rows: dict[str, list[dict[str, Any]]] = {}

        def copy(table: str, row: Any, **new: Any) -> str:
            kept = {name: getattr(row, name) for name in tables[table].columns.keys()}  # noqa: SIM118
            rows.setdefault(table, []).append(kept | {"id": api.new_uuid()} | new)
            return str(rows[table][-1]["id"])

        for number in range(have, want):
            work, name = works[number % have], f"student{number:05}"
            copy("student", work.student, id=name)
            mine = copy("submitted_assignment", work, student_id=name)
            for notebook in work.notebooks:
                there = copy("submitted_notebook", notebook, assignment_id=mine)
                for one in notebook.grades:
                    copy("grade", one, notebook_id=there)
                for one in notebook.comments:
                    copy("comment", one, notebook_id=there)
            for step in ("submitted", "autograded"):
                source = course.root / step / work.student_id / assignment
                shutil.copytree(source, course.root / step / name / assignment)
        for table in ("student", "submitted_assignment", "submitted_notebook", "grade", "comment"):
            if table in rows:
                db.execute(insert(tables[table]), rows[table])
        db.commit()


def measured(run: Callable[[], Any]) -> tuple[float, float]:
    """(seconds, CPU seconds of this process and its children) of a call."""

    def cpu() -> float:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(one.ru_utime + one.ru_stime for one in used)

    before, started = cpu(), time.perf_counter()
    run()
    return time.perf_counter() - started, cpu() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--graded", type=int, default=40)
    parser.add_argument("--assignment", default="ps1_scalar_circuits")
    parser.add_argument("--keep", type=Path, help="make the class here, and leave it there")
    told = parser.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp(prefix="chainrule-"))
    try:
        course = make_class(folder, told.assignment, told.graded, told.students)
        page = folder / "reports" / "page.html"
        command = [*_COMMAND, "report", told.assignment]
        runs: dict[str, Callable[[], Any]] = {
            "in this process": lambda: write_report(read_report(course, told.assignment), page),
            "as it is typed": lambda: subprocess.run(
                command, cwd=folder, check=True, capture_output=True
            ),
        }
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(3):
            for name, run in runs.items():
                took[name].append(measured(run))
        print(f"chainrule report, {told.students} submissions")
        for name, all_of in took.items():
            wall, cpu = (statistics.median(values) for values in zip(*all_of, strict=True))
            print(f"{name}: {wall:.2f} s, {cpu:.2f} s of CPU")
    finally:
        if told.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
