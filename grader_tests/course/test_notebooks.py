"""The notebooks as they are stored: masters, releases, lectures."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import is_grade, is_locked, is_solution

from chainrule.course.folder import Course, CourseError
from chainrule.course.notebooks import faults, normalise, read
from chainrule.course.release import generate_release
from chainrule.sample.sample_class import solved
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import problem_sets, questions

SETS = sorted(problem_sets())
MASTERS = sorted(ROOT.glob("source/*/*.ipynb"))
RELEASES = sorted(ROOT.glob("release/ps*/*.ipynb"))
LECTURES = sorted(ROOT.glob("course/*.ipynb"))


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


@pytest.mark.parametrize("path", [*MASTERS, *RELEASES], ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_problem_sets_are_stored_clean(path: Path) -> None:
    assert faults(read(path)) == []


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_lectures_are_stored_with_outputs(path: Path) -> None:
    assert faults(read(path), outputs_wanted=True) == []


@pytest.mark.parametrize(
    "path", [*MASTERS, *RELEASES, *LECTURES], ids=lambda p: f"{p.parts[-3]}-{p.stem}"
)
def test_notebooks_are_normalised(path: Path) -> None:
    notebook = read(path)
    before = nbformat.writes(notebook)
    assert nbformat.writes(normalise(notebook, keep_outputs=path in LECTURES)) == before
    assert path.read_text(encoding="utf-8").rstrip("\n") == before.rstrip("\n")


def test_faults_are_found() -> None:
    """Each fault that the tests above look for is seen when it is there."""
    doubled = new_notebook(cells=[new_code_cell("1"), new_code_cell("2")])
    doubled.cells[1].id = doubled.cells[0].id
    assert "doubled" in faults(doubled)[0]
    bare = new_notebook(cells=[new_code_cell("1")])
    del bare.cells[0]["id"]
    assert "no id" in faults(bare)[0]
    printed = new_code_cell("1", outputs=[new_output("stream", text="1")])
    assert "holds outputs" in faults(new_notebook(cells=[printed]))[0]
    assert faults(new_notebook(cells=[printed]), outputs_wanted=True) == []
    failed = new_code_cell("1", outputs=[new_output("error", ename="E", evalue="", traceback=[])])
    assert any("error" in f for f in faults(new_notebook(cells=[failed]), outputs_wanted=True))
    assert "not run" in faults(new_notebook(cells=[new_code_cell("1")]), outputs_wanted=True)[0]


@pytest.mark.slow
def test_release_matches_source(course: Course, tmp_path: Path) -> None:
    fresh = {p.relative_to(tmp_path): p for p in generate_release(course, tmp_path)}
    stored = {p.relative_to(course.root / "release") for p in RELEASES}
    assert stored == set(fresh), "release/ is stale: run `make notebooks`"
    for name, path in fresh.items():
        kept = course.root / "release" / name
        assert kept.read_text() == path.read_text(), f"{name} is stale: run `make notebooks`"


@pytest.mark.slow
def test_stale_release_is_noticed(course: Course, tmp_path: Path) -> None:
    """The comparison above can fail: another master gives another release."""
    work = Course(tmp_path / "course")
    for master in MASTERS[:1]:
        notebook = read(master)
        notebook.cells[0].source += "\n\nOne more line."
        path = work.root / master.relative_to(course.root)
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    (work.root / "nbgrader_config.py").write_text((course.root / "nbgrader_config.py").read_text())
    (made,) = generate_release(work, tmp_path / "release")
    assert made.read_text() != RELEASES[0].read_text()


def hidden_lines(cell: NotebookNode) -> list[str]:
    blocks = re.findall(
        r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", cell.source, re.DOTALL
    )
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def solution_lines(cell: NotebookNode) -> list[str]:
    blocks = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
    return [
        line.strip() for block in blocks for line in block.splitlines() if len(line.strip()) > 12
    ]


@pytest.mark.parametrize("name", SETS)
def test_release_holds_no_solution_and_no_hidden_check(name: str) -> None:
    released = {c.id: c.source for c in read(ROOT / "release" / name / f"{name}.ipynb").cells}
    everything = "\n".join(released.values())
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN)", everything)
    for cell in problem_sets()[name].cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if not nbgrader:
            continue
        kept = released[nbgrader["grade_id"]]
        if is_solution(cell):
            lines = solution_lines(cell) if cell.cell_type == "code" else cell.source.splitlines()
            assert lines or cell.cell_type == "code"
            assert not [line for line in lines if line and line in kept]
        for line in hidden_lines(cell):
            # A line that the visible part has as well (a bracket, say) tells nothing.
            assert line not in kept or line in cell.source.split("### BEGIN HIDDEN")[0]


@pytest.mark.parametrize("name", SETS)
def test_every_question_is_whole(name: str) -> None:
    found = questions(name)
    assert 5 <= len(found) <= 15
    cells = problem_sets()[name].cells
    for solution, checks in found.items():
        assert len(checks) >= 1, f"{solution} has no check cell"
    graded = [c for c in cells if is_grade(c)]
    checked = {c.metadata.nbgrader.grade_id for checks in found.values() for c in checks}
    for cell in graded:
        if cell.cell_type == "code":
            assert cell.metadata.nbgrader.grade_id in checked
            # Numbers that are typed in have no other values to be tried at.
            assert "### BEGIN HIDDEN TESTS" in cell.source or "check.numbers(" in cell.source
            assert is_locked(cell)
        assert cell.metadata.nbgrader.points > 0
    assert sum(c.cell_type == "markdown" and is_grade(c) for c in cells) == 1
    for cell in cells:
        if is_solution(cell) and cell.cell_type == "code":
            stub = solved(cell.source)
            assert '"""' in stub, f"{cell.metadata.nbgrader.grade_id} has no docstring"
            assert "### BEGIN SOLUTION" in cell.source


@pytest.mark.parametrize("name", SETS)
def test_a_set_begins_with_five_minutes_back_and_ends_with_a_challenge(name: str) -> None:
    ids = [cell.id for cell in problem_sets()[name].cells]
    assert ids[:4] == ["title", "setup", "progress", "five_minutes_back"]
    assert ids[-3:] == ["challenge_text", "challenge", "challenge_check"]


@pytest.mark.parametrize("name", SETS)
def test_a_stub_names_its_question(name: str) -> None:
    for cell in problem_sets()[name].cells:
        if is_solution(cell) and cell.cell_type == "code":
            number = cell.metadata.nbgrader.grade_id.split("_")[0].removeprefix("q")
            assert f"Question {number}" in cell.source, cell.id


@pytest.mark.parametrize("name", SETS)
def test_points_are_stated(name: str) -> None:
    cells = problem_sets()[name].cells
    total = sum(c.metadata.nbgrader.points for c in cells if is_grade(c))
    intro = " ".join(c.source for c in cells[:3])
    assert f"{total:g} points" in intro


def test_reading_what_is_no_notebook_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text("{")
    with pytest.raises(CourseError, match="is no notebook"):
        read(path)


def test_course_is_found_from_below_and_not_elsewhere(course: Course, tmp_path: Path) -> None:
    assert Course.find(course.root / "grader_tests") == course
    with pytest.raises(CourseError, match="source/"):
        Course.find(tmp_path)
