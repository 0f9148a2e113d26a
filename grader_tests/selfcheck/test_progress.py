"""The progress line of a notebook, `chainrule progress`, and notebooks on the base package alone.

VS Code and Colab cannot run here; what they send a kernel can: see FRONT_ENDS.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbformat import NotebookNode

from chainrule.check.problem_sets import fingerprint
from chainrule.course.folder import Course
from chainrule.course.kernel import KERNEL_ARGUMENTS
from chainrule.course.notebooks import read, write
from chainrule.course.release import checks_table
from chainrule.graded_cells import TABLE, table
from chainrule.grading.judge.judge import Submission, judge
from chainrule.grading.judge.master import read_master
from chainrule.grading.limits import Limits
from chainrule.sample.sample_class import SampleStudent, solved, submit
from chainrule.selfcheck.progress import SetProgress, folder_progress
from chainrule.selfcheck.run import check_notebook
from grader_tests.support import browser
from grader_tests.support.command import program
from grader_tests.support.lab import jupyterlab
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import master_source, problem_sets

RELEASES = {path.stem: path for path in sorted(ROOT.glob("release/ps*/*.ipynb"))}
PS1 = "ps1_scalar_circuits"
EVERYTHING = SampleStudent("all", "right everywhere", "master", {})
STUB = "class Add:\n    pass"


def cells_of(name: str) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in read(RELEASES[name]).cells}


def written(notebook: NotebookNode) -> NotebookNode:
    """The answer that a person reads."""
    (cell,) = (
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade")
    )
    return cell


# What front ends send of a cell: its text, and the metadata of the request. JupyterLab sends the
# cell's id; VS Code an address of its own and the cell's metadata; Colab and nbclient nothing.
FRONT_ENDS: dict[str, Callable[[NotebookNode], tuple[str, dict[str, Any]]]] = {
    "JupyterLab": lambda cell: (cell.source, {"cellId": cell.id, "deletedCells": []}),
    "VS Code": lambda cell: (
        cell.source,
        {**cell.metadata, "cellId": "vscode-notebook-cell:/home/me/ps1.ipynb#W5sZmlsZQ%3D%3D"},
    ),
    "Colab": lambda cell: (f'# @title Cell {{ display-mode: "form" }}\n\n{cell.source}', {}),
    "nbclient": lambda cell: (cell.source, {}),
}


@dataclass
class Shown:
    """What one cell showed. lines: the progress lines; emptied: earlier ones taken away."""

    status: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


@dataclass
class Session:
    """A kernel, and a notebook's front end."""

    manager: Any
    client: Any
    front: Callable[[NotebookNode], tuple[str, dict[str, Any]]]
    cells: dict[str, NotebookNode] = field(default_factory=lambda: cells_of(PS1))

    def run(self, cell: NotebookNode | str) -> Shown:
        """Run a cell, by its id or given."""
        source, metadata = self.front(self.cells[cell] if isinstance(cell, str) else cell)
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        content |= {"user_expressions": {}, "stop_on_error": False}
        request = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(request)
        shown = Shown()
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind in ("display_data", "update_display_data"):
                name, text = content["transient"]["display_id"], content["data"]["text/plain"]
                if text:
                    shown.lines.append(text)
                    shown.ids.append(name)
                else:
                    shown.emptied.append(name)
            elif kind in ("stream", "error", "execute_result"):
                shown.outputs.append({"kind": kind, **content})
        reply = self.client.get_shell_msg(timeout=120)
        while reply["parent_header"]["msg_id"] != request["header"]["msg_id"]:
            reply = self.client.get_shell_msg(timeout=120)
        shown.status = reply["content"]["status"]
        return shown

    def answer(self, cell_id: str, source: str | None = None) -> None:
        """Run an answer cell with the master's solution, or with `source`."""
        cell = self.cells[cell_id].copy()
        cell.source = solved(master_source(PS1, cell_id)) if source is None else source
        assert self.run(NotebookNode(cell)).status == "ok"

    def start(self) -> Shown:
        assert self.run("setup").status == "ok"
        return self.run("progress")


@pytest.fixture
def session() -> Iterator[Callable[..., Session]]:
    """Makes sessions: session(front end, env=...)."""
    made: list[Session] = []

    def make(front: str = "JupyterLab", **options: Any) -> Session:
        manager, client = start_new_kernel(extra_arguments=KERNEL_ARGUMENTS, **options)
        made.append(Session(manager, client, FRONT_ENDS[front]))
        return made[-1]

    yield make
    for one in made:
        one.client.stop_channels()
        one.manager.shutdown_kernel(now=True)


# The table ----------------------------------------------------------------------------------------


def test_the_table_is_that_of_the_released_sets() -> None:
    stored = Path(TABLE).read_text(encoding="utf-8")
    assert stored == checks_table(list(RELEASES.values())), "stale: run `make notebooks`"


@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_every_set_asks_for_its_own_line(name: str) -> None:
    """The call in the notebook names the set, and the points that its checks give."""
    checks = [cell for cell in table()[name] if cell.fingerprint]
    assert len({check.fingerprint for check in checks}) == len(checks), "two checks look the same"
    points = sum(check.points for check in checks)
    call = cells_of(name)["progress"].source.splitlines()[-1]
    assert call == f'check.progress("{name}", out_of={points:g})'
    assert f"{points:g} for code" in cells_of(name)["title"].source


def test_what_front_ends_add_does_not_change_a_fingerprint() -> None:
    source = "check.forward(\n    Add,\n    at=dict(x=1.0),\n)"
    same = "#@title A check\n%%time\n\ncheck.forward(\n  Add,  \n  # here\n  at=dict(x=1.0),\n)\n\n"
    assert fingerprint(source) == fingerprint(same)
    assert fingerprint(source) != fingerprint(source.replace("1.0", "2.0"))


# The line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("front", FRONT_ENDS)
def test_the_line_follows_the_work(session: Callable[..., Session], front: str) -> None:
    work = session(front)
    first = work.start()
    assert first.lines == ["0 of 50 points; next: Q1"]
    assert first.outputs == []

    work.run("q1_add")
    failed = work.run("q1_add_forward")
    assert failed.status == "error"
    assert failed.lines == ["0 of 50 points; next: Q1"]
    assert failed.emptied == first.ids, "there is one line at a time"
    work.answer("q1_add")
    passed = work.run("q1_add_forward")
    assert passed.lines == ["1 of 50 points; next: Q1"]
    assert [o["text"] for o in passed.outputs] == ["Add.forward: right at 3 points.\n"]
    assert work.run("q1_add_backward").lines == ["3 of 50 points; next: Q2"]

    work.answer("q3_max")  # the second is left for later
    work.run("q3_max_forward")
    assert work.run("q3_max_backward").lines == ["6 of 50 points; next: Q2"]
    assert work.run("q3_max_backward").lines == ["6 of 50 points; next: Q2"], "not counted twice"
    work.answer("q1_add", STUB)
    assert work.run("q1_add_backward").lines == ["4 of 50 points; next: Q1"]
    assert work.run(NotebookNode(work.cells["q1_add"])).lines == []

    work.manager.restart_kernel(now=True)
    work.client.wait_for_ready(timeout=120)
    assert work.start().lines == ["0 of 50 points; next: Q1"]
    work.answer("q2_multiply")
    assert work.run("q2_multiply_backward").lines == ["2 of 50 points; next: Q1"]
    again = work.run("progress")
    assert again.lines == ["2 of 50 points; next: Q1"], "calling it twice loses nothing"
    assert work.run("q2_multiply_forward").lines == ["3 of 50 points; next: Q1"]


def test_at_the_end_it_says_what_a_person_reads(session: Callable[..., Session]) -> None:
    work = session("Colab")
    work.start()
    last = Shown()
    for cell in read(RELEASES[PS1]).cells:
        if cell.cell_type == "code" and cell.id != "setup" and "nbgrader" in cell.metadata:
            if cell.metadata.nbgrader.solution:
                work.answer(cell.id)
            else:
                last = work.run(cell.id)
                assert not [o for o in last.outputs if o.get("name") == "stderr"]
    assert last.lines == ["50 of 50 points; 3 more are read by a person"]


def test_a_check_shows_what_it_shows_without_the_line(session: Callable[..., Session]) -> None:
    """Outputs, status and the value of the last line are the same with the line and without."""
    with_line, without = session(), session()
    with_line.start()
    without.run("setup")
    for work in (with_line, without):
        work.answer("q1_add", solved(master_source(PS1, "q1_add")).replace("return x", "return -x"))
    value = NotebookNode(with_line.cells["q1_add_backward"] | {"source": "1 + 1"})
    for cell in ("q1_add_forward", "q1_add_backward", value):
        one, other = with_line.run(cell), without.run(cell)
        assert one.status == other.status
        assert [_plain(o) for o in one.outputs] == [_plain(o) for o in other.outputs]
        assert other.lines == []
        assert len(one.lines) == 1


def _plain(output: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in output.items() if key != "execution_count"}


SILENT = {
    "at grading": ({"NBGRADER_EXECUTION": "autograde"}, f'check.progress("{PS1}", out_of=50)'),
    "a set with other points": ({}, f'check.progress("{PS1}", out_of=40)'),
    "a set that nobody knows": ({}, 'check.progress("ps9_nothing", out_of=1)'),
    "nonsense": ({}, "check.progress(None, out_of=[])"),
}


@pytest.mark.parametrize("case", SILENT)
def test_it_is_silent(session: Callable[..., Session], case: str) -> None:
    environment, call = SILENT[case]
    work = session(env=os.environ | environment)
    work.run("setup")
    called = work.run(NotebookNode(work.cells["progress"] | {"source": call}))
    assert (called.status, called.outputs, called.lines) == ("ok", [], [])
    work.answer("q1_add")
    assert work.run("q1_add_forward").lines == []


@pytest.mark.parametrize(
    "host",
    ["", "from IPython.core.interactiveshell import InteractiveShell as S; S.instance()"],
    ids=["without IPython", "in a terminal"],
)
def test_outside_a_notebook_it_does_nothing(host: str) -> None:
    code = (
        f"{host}\nimport sys\nfrom chainrule import check\nbefore = set(sys.modules)\n"
        f'assert check.progress("{PS1}", out_of=50) is None\n'
        "assert set(sys.modules) == before, set(sys.modules) - before"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_judge_gives_full_marks_and_shows_no_line(course: Course, tmp_path: Path) -> None:
    """Also when a student calls it once more, and over what it looks at."""
    path = submit(course, PS1, EVERYTHING, [], tmp_path)
    notebook = read(path)
    hostile = (
        "import os, sys\nos.environ.pop('NBGRADER_EXECUTION', None)\n"
        "get_ipython().kernel = object()\n"
        f'check.progress("{PS1}", out_of=50)'
    )
    place = [cell.id for cell in notebook.cells].index("progress")
    notebook.cells[place + 1 : place + 1] = [nbformat.v4.new_code_cell(hostile)]
    master = read_master((ROOT / "source" / PS1 / f"{PS1}.ipynb").read_bytes(), PS1)
    stub = NotebookNode(read(RELEASES[PS1]))
    stub.cells[2:2] = [nbformat.v4.new_code_cell(hostile)]
    for work, points in ((notebook, 50.0), (stub, 0.0)):
        content = nbformat.writes(work).encode()
        graded = judge(master, Submission(content), Limits(no_jail=True))
        assert sum(score.points or 0 for score in graded.scores) == points
        graded_cells = [c for c in graded.notebook["cells"] if c["id"].endswith("ward")]
        assert len(graded_cells) == 26
        assert "of 50 points" not in json.dumps(graded_cells)


@pytest.mark.overnight
def test_stock_autograde_shows_no_line(course: Course, tmp_path: Path) -> None:
    from grader_tests.support.command import installed, stock_settings

    for part in ("source", "release"):
        (tmp_path / part / PS1).mkdir(parents=True)
        (tmp_path / part / PS1 / f"{PS1}.ipynb").write_bytes(
            (ROOT / part / PS1 / f"{PS1}.ipynb").read_bytes()
        )
    stock_settings(tmp_path)
    submit(Course(tmp_path), PS1, EVERYTHING, [], tmp_path / "submitted")
    installed(tmp_path, "nbgrader", "generate_assignment", PS1, "--force")
    installed(tmp_path, "nbgrader", "autograde", PS1)
    text = (tmp_path / "autograded" / "all" / PS1 / f"{PS1}.ipynb").read_text()
    assert "Add.forward: right at" in text
    assert "of 50 points" not in text


@pytest.mark.overnight
@pytest.mark.browser
def test_in_jupyterlab_there_is_one_line(chromium: Any, tmp_path: Path) -> None:
    notebook = read(RELEASES[PS1])
    for cell in notebook.cells:
        if cell.id == "q1_add":
            cell.source = solved(master_source(PS1, "q1_add"))
    notebook.cells = [c for c in notebook.cells if c.id.startswith(("setup", "progress", "q1_"))]
    write(notebook, tmp_path / "work" / "mine.ipynb")
    with (
        jupyterlab(tmp_path / "home", tmp_path / "work") as lab,
        browser.visit(chromium, lab.url("lab/tree/mine.ipynb"), lab.address) as page,
    ):
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
        line = page.locator(".jp-OutputArea-output", has_text="of 50 points")
        line.get_by_text("3 of 50 points; next: Q2").wait_for()
        assert line.count() == 1
        squares = line.locator("span[title]")
        assert squares.count() == 11
        assert squares.first.get_attribute("title") == "Q1: 3 of 3"
        # What is left of the lines before takes no room.
        heights = page.locator(".jp-OutputArea-child").evaluate_all(
            "(all) => all.filter((e) => !e.innerText.trim()).map((e) => e.offsetHeight)"
        )
        assert heights
        assert set(heights) == {0}


# The base package alone ---------------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes every kernel that is started one where little is installed."""

    def install(*arguments: str) -> None:
        program = [
            sys.executable,
            str(ROOT / "grader_tests" / "support" / "bare_kernel.py"),
            *arguments,
        ]
        spec = {"argv": [*program, "-f", "{connection_file}"], "language": "python"}
        folder = tmp_path / "jupyter" / "kernels" / "python3"
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps({**spec, "display_name": "bare"}))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    return install


def test_a_bare_kernel_refuses_what_is_not_in_the_base(
    bare: Callable[..., None], session: Callable[..., Session]
) -> None:
    bare()
    work = session("nbclient")
    code = NotebookNode(source="import matplotlib, numpy, chainrule.plots, ipykernel")
    assert work.run(code).status == "ok"
    for module in ("nbgrader", "nbformat", "typer", "rich", "sqlalchemy", "chainrule.grading"):
        refused = work.run(NotebookNode(source=f"import {module}"))
        assert refused.outputs[-1]["ename"] == "ModuleNotFoundError", module


@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_a_released_set_needs_the_base_package_alone(
    bare: Callable[..., None], course: Course, tmp_path: Path, name: str
) -> None:
    bare()
    checked = check_notebook(submit(course, name, EVERYTHING, [], tmp_path))
    assert [q.message for q in checked.questions if q.message] == []
    assert checked.points == checked.max_points > 0


@pytest.mark.parametrize("without", ["chainrule", "numpy"])
def test_where_the_package_is_missing_the_first_code_cell_says_so(
    bare: Callable[..., None], session: Callable[..., Session], without: str
) -> None:
    bare("--without", without)
    work = session("VS Code")
    for name in RELEASES:
        first = next(c for c in read(RELEASES[name]).cells if c.cell_type == "code")
        assert first.id == "setup"
        shown = work.run(first)
        assert shown.status == "error"
        (error,) = shown.outputs
        assert error["traceback"] == error["evalue"].splitlines(), "no traceback, but what to do"
        assert len(error["traceback"]) == 3
        assert "%pip install  with the .whl file" in error["evalue"]


# `chainrule progress` -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sets in all states; and in submitted/, one that leaves a trace when its code is run."""
    home = tmp_path_factory.mktemp("learner")
    mine = home / "mine"

    def put(path: Path, name: str, change: Callable[[dict[str, NotebookNode]], None]) -> None:
        notebook = read(RELEASES[name])
        change({cell.id: cell for cell in notebook.cells})
        write(notebook, path)

    def solve(name: str, *ids: str) -> Callable[[dict[str, NotebookNode]], None]:
        def change(cells: dict[str, NotebookNode]) -> None:
            for one in ids:
                cells[one].source = solved(master_source(name, one))

        return change

    put(mine / f"{PS1}.ipynb", PS1, solve(PS1, "q1_add", "q3_max"))
    put(mine / "again.ipynb", PS1, lambda cells: None)  # untouched: left out
    put(mine / "ps2.ipynb", "ps2_jacobians", lambda cells: None)
    five = read(submit(course, "ps5_activations", EVERYTHING, [], home / "unused"))
    del five.metadata["chainrule"]  # as a front end may
    written(five).source = written(read(RELEASES["ps5_activations"])).source  # not yet written
    write(five, mine / "five" / "activations.ipynb")
    six = "ps6_gradient_checking"
    write(read(RELEASES[six]), mine / f"{six}.ipynb")
    lacking = read(RELEASES[six])
    lacking.cells = [cell for cell in lacking.cells if cell.id != "q2_central_value"]
    written(lacking).source = "It lies at a kink."
    write(lacking, mine / f"{six}.ipynb")
    (mine / "broken.ipynb").write_text('{"cells": [')
    (mine / "list.ipynb").write_text("[1, 2]")
    odd = {"chainrule": {"problem_set": "[/red]odd", "cells": 7}}
    write(nbformat.v4.new_notebook(metadata=odd), mine / "odd.ipynb")
    write(nbformat.v4.new_notebook(), mine / "notes.ipynb")  # nothing of ours
    os.mkfifo(mine / "pipe.ipynb")

    def trap(cells: dict[str, NotebookNode]) -> None:
        cells["q1_add"].source = f"open({str(home / 'was_run')!r}, 'w').close()"

    put(mine / "submitted" / "eve" / PS1 / f"{PS1}.ipynb", PS1, trap)
    (mine / "venv").mkdir()
    (mine / "venv" / "pyvenv.cfg").touch()
    put(mine / "venv" / "ps4.ipynb", "ps4_neural_networks", lambda cells: None)
    return mine


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[SetProgress]:
    steps: list[tuple[str, int, int]] = []
    found = folder_progress(folder, progress=lambda *step: steps.append(step))
    assert {name for name, _, _ in steps} >= {PS1, "ps5_activations"}
    assert all(done <= total for _, done, total in steps)
    assert not (folder.parent / "was_run").exists(), "other people's code was run"
    return found


def test_every_set_in_a_folder_is_a_row(rows: list[SetProgress]) -> None:
    able = {row.problem_set: row for row in rows if not row.problem}
    assert list(able) == [PS1, "ps2_jacobians", "ps5_activations"]
    one, two, five = able.values()
    assert (one.begun, one.points, one.max_points, one.by_hand, one.next) == (True, 6, 50, 3, "Q2")
    assert (two.begun, two.points, two.max_points, two.next) == (False, 0, 32, "Q1")
    assert (five.begun, five.points, five.max_points, five.next) == (True, 31, 31, "Q9")
    assert five.path == "five/activations.ipynb"


def test_what_cannot_be_checked_is_a_row_with_a_reason(rows: list[SetProgress]) -> None:
    reasons = {row.path: row.problem for row in rows if row.problem}
    assert set(reasons) == {
        "broken.ipynb",
        "list.ipynb",
        "odd.ipynb",
        "pipe.ipynb",
        "ps6_gradient_checking.ipynb",
    }
    assert "it is no notebook" in reasons["broken.ipynb"]
    assert "it lacks the cell q2_central_value" in reasons["ps6_gradient_checking.ipynb"]
    assert reasons["pipe.ipynb"] == "it is not an ordinary file"
    assert all("\n" not in reason for reason in reasons.values())


def test_the_command(folder: Path) -> None:
    done = program("progress", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert " 6/50" in lines[PS1]
    assert lines[PS1].rstrip().endswith("Q2")
    assert "not begun" in lines["ps2_jacobians"]
    assert "Q9, in your own words" in lines["ps5_activations"]
    assert "it is no notebook" in lines["broken.ipynb"]
    assert "37/113" in lines["all"]


def test_the_command_as_json(folder: Path, rows: list[SetProgress]) -> None:
    done = program("progress", "--json", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [row.as_json() for row in rows]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_where_there_is_nothing_it_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    done = program("progress", str(tmp_path / name))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "there is no" in done.stderr
