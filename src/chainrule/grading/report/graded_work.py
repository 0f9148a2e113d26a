"""The notebooks of a class on disk: the graded ones, and those that students handed in."""

from __future__ import annotations

from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from chainrule.course.folder import Course
from chainrule.grading.gradebook.reader import AssignmentGrades, StudentGrades
from chainrule.grading.judge.deriving import who_and_what
from chainrule.grading.judge.ways import INSIDE
from chainrule.grading.limits import Limits
from chainrule.grading.report.failures import Looked, look_at
from chainrule.grading.report.timing import question_times
from chainrule.notebook.cells import cells_of, note_of, plain_json
from chainrule.notebook.failed_check import NOTE, notes_of
from chainrule.notebook.read import Malformed, read_file

__all__ = ["ClassWork"]

_MOST = 64 << 20  # bytes of a graded notebook: answers and whatever they printed


class ClassWork:
    """The notebooks of an assignment, where nbgrader's configuration has them.

    submitters: the students who have a folder there.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self._dirs = CourseDirectory(config=course.config())
        self._assignment = assignment
        self._limits = Limits.of(course.config().get("Judge", {}))
        # The folder of one student, taken apart where the student's name stands.
        above, _, below = self._path(self._dirs.submitted_directory, "\0").partition("\0")
        self.submitters = {
            path.name for path in Path(above).glob("*") if Path(f"{path}{below}").is_dir()
        }

    def _path(self, step: str, student: str) -> str:
        return str(self._dirs.format_path(step, student, self._assignment))

    def _read(self, step: str, student: str, notebook: str, most: int) -> bytes:
        """The notebook; nothing where it is missing, a link, or too large."""
        try:
            return read_file(Path(self._path(step, student)) / f"{notebook}.ipynb", most)
        except Malformed:
            return b""

    def looked(self, grades: AssignmentGrades, entry: StudentGrades) -> Looked:
        """What went wrong in a student's graded notebooks."""
        whole = Looked()
        for name, answers in grades.solutions.items():
            cells = {c.grade_id: c.question for c in grades.cells if c.notebook == name}
            checks = {cell: cells[cell] for cell in cells.keys() - answers.keys()}
            content = self._read(self._dirs.autograded_directory, entry.id, name, _MOST)
            one = look_at(plain_json(content), checks, answers)
            whole.failures |= one.failures
            whole.answers |= one.answers
        return whole

    def told(
        self, grades: AssignmentGrades, entry: StudentGrades
    ) -> tuple[list[tuple[str, str]], set[str]]:
        """What grading told: (question, what it does) of answers that differentiate numerically,
        and the checks that were run in the student's own process, by grade_id."""
        numerical: list[tuple[str, str]] = []
        inside: set[str] = set()
        for name, answers in grades.solutions.items():
            content = self._read(self._dirs.autograded_directory, entry.id, name, _MOST)
            notebook = plain_json(content)
            told = [who_and_what(note) for note in notes_of(notebook)]
            numerical += [(answers.get(one[0], ""), one[1]) for one in told if one]
            inside.update(
                check for check, cell in cells_of(notebook)
                if note_of(cell, NOTE).get("way") == INSIDE
            )  # fmt: skip
        return list(dict.fromkeys(numerical)), inside

    def times(self, grades: AssignmentGrades, entry: StudentGrades) -> dict[str, float]:
        """Seconds a question, from what the student handed in."""
        found: dict[str, float] = {}
        for name, answers in grades.solutions.items():
            cells = {c.grade_id: c.question for c in grades.cells if c.notebook == name}
            step, most = self._dirs.submitted_directory, self._limits.notebook_file_bytes
            content = self._read(step, entry.id, name, most)
            found |= question_times(content, answers | cells)
        return found
