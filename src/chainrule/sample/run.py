"""The whole way once: release, a sample class, grading, gradebook, grades.csv and feedback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins.export import CsvExportPlugin

from chainrule.course.folder import Course, CourseError
from chainrule.course.release import generate_release
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.limits import Limits
from chainrule.grading.report.feedback import generate
from chainrule.grading.report.summary import StudentResult, results
from chainrule.sample.sample_class import read_answers, read_students, submit

__all__ = ["Demo", "run_demo"]

# What the endless loop of the sample class may cost.
_LIMITS = Limits(cell_seconds=20.0, call_seconds=5.0)


@dataclass
class Demo:
    """What the demonstration made. written: label -> path."""

    course: Course
    graded: dict[str, list[StudentResult]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    written: dict[str, Path] = field(default_factory=dict)


Progress = Callable[[str, int, int], None]
"""Called as progress(what is being done, steps done, steps in all)."""


def run_demo(course: Course, folder: Path, progress: Progress) -> Demo:
    """Grade the course's sample class in `folder`, which is made anew.

    Raises CourseError when the course has no sample class, or nbgrader refuses something.
    """
    sample = course.root / "grader_tests"
    if not (sample / "students.toml").is_file():
        raise CourseError(f"{course.root} has no sample class (grader_tests/students.toml)")
    students = read_students(sample / "students.toml")
    work = _fresh(course, folder)
    demo = Demo(work, about={s.id: s.about for s in students})

    progress("releasing", 0, 1)
    generate_release(work, work.root / "release")
    progress("releasing", 1, 1)
    for assignment in work.assignments:
        answers = read_answers(sample / "answers" / f"{assignment}.py")
        handing_in = [s for s in students if s.takes(assignment)]
        for n, student in enumerate(handing_in, start=1):
            submit(work, assignment, student, answers, work.root / "submitted")
            progress(f"{assignment}: handing in", n, len(handing_in))
        _grade(work, assignment, progress)
        demo.graded[assignment] = results(work, assignment)
    _export(work, work.root / "grades.csv")
    demo.written = {
        "released": work.root / "release",
        "handed in": work.root / "submitted",
        "graded": work.root / "autograded",
        "feedback": work.root / "feedback",
        "gradebook": work.root / "gradebook.db",
        "grades": work.root / "grades.csv",
    }
    return demo


def _fresh(course: Course, folder: Path) -> Course:
    if folder.exists():
        if not (folder / ".demo").exists():
            raise CourseError(f"{folder} is not a folder that the demo made: remove it yourself")
        shutil.rmtree(folder)
    shutil.copytree(course.root / "source", folder / "source")
    shutil.copy(course.root / "nbgrader_config.py", folder)
    (folder / ".demo").touch()
    return Course(folder.resolve())


def _grade(course: Course, assignment: str, progress: Progress) -> None:
    api = course.nbgrader()
    _succeed(api.generate_assignment(assignment, force=True), assignment)
    done = grade(
        course.root,
        assignment,
        progress=lambda n, total, *_: progress(f"{assignment}: grading", n, total),
        limits=_LIMITS,
    )
    for name, why in done.failed.items():
        raise CourseError(f"{name} could not be graded: {why}")
    pages = generate(
        course.root,
        assignment,
        progress=lambda n, total, _: progress(f"{assignment}: writing feedback", n, total),
    )
    for name, why in pages.failed.items():
        raise CourseError(f"{name} has no feedback: {why}")


def _succeed(result: dict, what: str) -> None:
    if not result["success"]:
        raise CourseError(f"nbgrader failed on {what}:\n{result.get('error') or result.get('log')}")


def _export(course: Course, path: Path) -> None:
    exporter = CsvExportPlugin(config=course.config())
    exporter.to = str(path)
    with Gradebook(course.db_url) as gradebook:
        exporter.export(gradebook)
