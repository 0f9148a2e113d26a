"""`chainrule vet`, and what grade, report and nbgrader's own command make of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook

from grader_tests.support.command import chainrule, installed
from grader_tests.support.notebooks import answered, cell, master, submission

PRINTS = "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    "
CELLS = [
    cell("set-up", "setup", "data = [3, 1, 2]"),
    cell("answer", "q", "### BEGIN SOLUTION\ndef f(x): return 2 * x\ndef say(): print('hello')\n"
         "data.sort()\n### END SOLUTION"),
    cell("check", "plain", "assert f(2) == 4", 1),
    cell("check", "left", "assert data == [1, 2, 3]", 2),
    cell("check", "source", "import inspect\nassert 'print' in inspect.getsource(say)", 4),
]  # fmt: skip
RIGHT = "def f(x): return 2 * x\ndef say(): print('hello')\ndata.sort()"
SILENT = "def f(x): return 2 * x\ndef say(): pass\ndata = [1, 2, 3]"


def make(root: Path, cells: list[Any], answers: dict[str, str]) -> Path:
    (root / "source/ps").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), root / "source/ps/ps.ipynb")
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"\n'
    )
    for student, answer in answers.items():
        folder = root / "submitted" / student / "ps"
        folder.mkdir(parents=True)
        content = submission(answered(master(*cells), {"q": answer})).notebook or b""
        (folder / "ps.ipynb").write_bytes(content)
    return root


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("course"), CELLS, {"ada": RIGHT, "bob": SILENT})


def points(root: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        found = book.assignment_submissions("ps")
        return {one.student.id: one.score for one in found}


def test_how_each_check_is_run_is_shown(course: Path) -> None:
    done = chainrule("vet", "ps", cwd=course)
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "plain outside 1/1 –" in lines
    assert any(line.startswith("left as left 2/2 –") for line in lines)
    assert any(line.startswith("source inside 4/4 –") for line in lines)
    assert "Its own solution takes" in done.stdout


def test_the_same_as_plain_data(course: Path) -> None:
    (told,) = json.loads(chainrule("vet", "ps", "--json", cwd=course).stdout)
    assert [one["way"] for one in told["checks"]] == ["outside", "as left", "inside"]
    assert told["problem"] == ""


def test_a_class_gets_what_nbgrader_gives_and_is_told_what_could_be_forged(
    course: Path, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    shutil.copytree(course, here)
    done = chainrule("grade", "ps", cwd=here)
    assert done.returncode == 0
    assert "run where student code could forge them: source" in " ".join(done.stdout.split())
    assert points(here) == {"ada": 7, "bob": 3}
    report = json.loads(chainrule("report", "ps", "--json", cwd=here).stdout)
    assert report["inside"] == ["source"]
    page = (here / "reports/ps.html").read_text()
    assert "Checks that could be forged" in page
    there = tmp_path / "there"
    shutil.copytree(course, there)
    told = installed(there, "nbgrader", "autograde", "ps", "--create")
    assert "source is run where student code could forge it" in told
    assert points(there) == points(here)


WRONG = [*CELLS[:2], cell("check", "wrong", "assert f(2) == 5", 1)]


def test_a_master_that_fails_its_own_checks_is_refused_by_name(tmp_path: Path) -> None:
    root = make(tmp_path / "course", WRONG, {"ada": RIGHT})
    vetted = chainrule("vet", "ps", cwd=root)
    assert vetted.returncode == 1
    assert "Its own solution fails wrong" in vetted.stdout
    done = chainrule("grade", "ps", cwd=root)
    assert done.returncode == 2
    assert "its own solution fails wrong" in done.stderr
    assert not list(root.glob("autograded/*/ps"))
    with pytest.raises(AssertionError, match="its own solution fails wrong"):
        installed(root, "nbgrader", "autograde", "ps", "--create")
    assert not list(root.glob("autograded/*/ps"))
    again = chainrule("grade", "ps", "--even-so", cwd=root)
    assert again.returncode == 0
    assert "its own solution fails wrong" in again.stdout
    assert points(root) == {"ada": 0}
