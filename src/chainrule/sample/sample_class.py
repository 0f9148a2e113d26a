"""A sample class: submissions made from the masters and a file of answers.

An answers file is plain Python, cut into answers by comment lines:

    # %% q2_multiply | right | numpy product
    # %% q2_multiply | wrong: upstream-forgotten | returns the local gradients
    def backward(self, upstream):
        return self.y, self.x

What follows a line is the answer: whole definitions replace the cell, and a bare method replaces
the method of that name in the master's class. Answers are read as text and never imported.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from chainrule.course.folder import Course, CourseError
from chainrule.course.notebooks import read, write
from chainrule.notebook.cells import cells_of

__all__ = [
    "Answer", "SampleStudent", "answer_cell", "read_answers", "read_students", "solved",
    "submit",
]  # fmt: skip

_HEADER = re.compile(
    r"# %% (?P<cell>\w+) \| (?P<verdict>right|wrong|broken)(: (?P<mistake>[\w-]+))? \| (?P<name>.+)"
)


@dataclass(frozen=True)
class Answer:
    """One answer to one question.

    cell:    grade_id of the solution cell it goes into.
    name:    what it is, in a few words; unique within its cell.
    right:   whether a check has to accept it.
    mistake: the misconception it has, or None.
    source:  Python text, see the module.
    """

    cell: str
    name: str
    right: bool
    mistake: str | None
    source: str


@dataclass(frozen=True)
class SampleStudent:
    """One student of the sample class.

    answers: for each problem set, cell -> name of the answer, or "solved" for the master's own;
    cells not named are as `base` says: "master" (solved) or "release" (the untouched stub).
    without: cells that the student deleted; only: the problem sets handed in, empty for all.
    """

    id: str
    about: str
    base: str
    answers: dict[str, dict[str, str]]
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def takes(self, assignment: str) -> bool:
        """Whether the student hands this problem set in."""
        return not self.only or assignment in self.only


def read_answers(path: Path) -> list[Answer]:
    """The answers in a file. Raises CourseError for a header that is not understood."""
    answers = []
    pieces = re.split(r"^(?=# %% )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for piece in pieces[1:]:
        header, _, source = piece.partition("\n")
        match = _HEADER.fullmatch(header.strip())
        if match is None:
            raise CourseError(f"{path.name}: cannot read the line {header!r}")
        answers.append(
            Answer(
                match["cell"],
                match["name"].strip(),
                match["verdict"] == "right",
                match["mistake"],
                source.strip("\n"),
            )
        )
    return answers


def read_students(path: Path) -> list[SampleStudent]:
    """The class in a TOML file: a table for each student, see `SampleStudent`."""
    return [
        SampleStudent(
            id=student,
            about=row["about"],
            base=row.get("base", "master"),
            answers=row.get("answers", {}),
            without=tuple(row.get("without", ())),
            only=tuple(row.get("only", ())),
        )
        for student, row in tomllib.loads(path.read_text(encoding="utf-8")).items()
    ]


def submit(
    course: Course, assignment: str, student: SampleStudent, answers: list[Answer], folder: Path
) -> Path:
    """Write what a student hands in for an assignment below `folder`; returns the notebook's path.

    Raises CourseError when the student gives an answer that the file does not hold.
    """
    name = f"{assignment}.ipynb"
    notebook = read(course.root / "release" / assignment / name)
    master = _cells(read(course.root / "source" / assignment / name))
    by_name = {(answer.cell, answer.name): answer for answer in answers}
    chosen = student.answers.get(assignment, {})
    for cell_id, cell in _cells(notebook).items():
        if not cell.metadata.nbgrader.solution:
            continue
        base = "solved" if student.base == "master" else "stub"
        choice = chosen.get(cell_id, base)
        if choice == "solved":
            cell.source = solved(master[cell_id].source)
        elif choice != "stub":
            key = (cell_id, choice)
            if key not in by_name:
                raise CourseError(f"{student.id}: no answer {key[1]!r} to {cell_id}")
            cell.source = answer_cell(master[cell_id].source, by_name[key].source)
    notebook.cells = [c for c in notebook.cells if c.get("id") not in student.without]
    path = folder / student.id / assignment / name
    write(notebook, path)
    return path


def answer_cell(master: str, answer: str) -> str:
    """The master's solution cell with an answer in the place of the solution.

    Bare methods (first argument `self`) replace those of the master's class, new ones are added;
    anything else replaces the cell.
    """
    try:
        given = ast.parse(answer).body
    except SyntaxError:  # a student may well hand in something that does not parse
        return answer
    methods = {
        node.name: ast.get_source_segment(answer, node) or ""
        for node in given
        if isinstance(node, ast.FunctionDef)
        and node.args.args[:1]
        and node.args.args[0].arg == "self"
    }
    if len(methods) != len(given) or not methods:
        return answer
    return _with_methods(solved(master), methods)


def _with_methods(source: str, methods: dict[str, str]) -> str:
    tree = ast.parse(source)
    (cls,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    lines = source.split("\n")
    rest = dict(methods)
    for node in sorted(cls.body, key=lambda n: n.lineno, reverse=True):
        if isinstance(node, ast.FunctionDef) and node.name in rest:
            lines[node.lineno - 1 : node.end_lineno] = _indented(rest.pop(node.name))
    for text in rest.values():
        lines += ["", *_indented(text)]
    return "\n".join(lines)


def _indented(method: str) -> list[str]:
    return textwrap.indent(method, "    ").split("\n")


def solved(source: str) -> str:
    """A master's cell as a student would have it: without the marks around the solution."""
    return "\n".join(
        line
        for line in source.split("\n")
        if "### BEGIN SOL" not in line and "### END SOL" not in line
    )


def _cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return dict(cells_of(notebook))
