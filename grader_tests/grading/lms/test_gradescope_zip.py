"""autograder.zip, laid out as Gradescope does it, and the results.json that comes of submissions.

Nothing of Gradescope is here: its folders are made below a folder of the test, `setup.sh` is only
parsed (it installs by apt-get), and the wheel of the archive is what runs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook

from chainrule.course.folder import Course
from chainrule.grading.gradebook.submitted import BatchError
from chainrule.grading.lms.gradescope_run import graded_here
from chainrule.grading.lms.gradescope_zip import write_autograder
from grader_tests.support.notebooks import CUBE, RIGHT, SQUARE, answered, cell, master, submission
from grader_tests.support.refused import REFUSED, as_user, opened

CELLS = [
    cell("set-up", "setup", "import numpy as np\nhere = open('data.txt').read()"),
    cell("answer", "q1", SQUARE),
    cell("check", "c1", "assert square(3) == 9\n### BEGIN HIDDEN TESTS\nassert square(7) == 49\n"
         "### END HIDDEN TESTS", 2),
    cell("answer", "q2", CUBE),
    cell("check", "c2", "### BEGIN HIDDEN TESTS\nassert cube(41) == 68921\n"
         "### END HIDDEN TESTS", 3),
    cell("written", "w1", "Your words.", 4),
]  # fmt: skip
MASTER = master(*CELLS, files={"data.txt": b"5"})
SETTINGS = "c = get_config()\nc.Judge.call_seconds = 1.0\nc.Judge.cell_seconds = 1.5\n"
LOOP = "def square(x):\n    while True: pass"
HOSTILE = (
    "import os, glob\n"
    "seen = []\n"
    "for top in ('{root}/source', '{root}/results', '/autograder'):\n"
    "    for pattern in (top + '/*', top + '/*/*', top + '/*/*/*'):\n"
    "        for path in glob.glob(pattern):\n"
    "            try: seen.append(open(path).read(20))\n"
    "            except OSError: pass\n"
    "try: open('{root}/results/results.json', 'w').write('full marks')\n"
    "except OSError: pass\n"
    "def square(x):\n"
    "    if seen: raise ValueError('read ' + repr(seen))\n"
    "    os._exit(0)"
)

# what is handed in: the files of the submission -> points by test, and words of its output
HANDED_IN = {
    "right": (RIGHT | {"w1": "Mine."}, {"c1": 2, "c2": 3}, ""),
    "wrong": ({"q1": "def square(x):\n    return 9", "q2": RIGHT["q2"]}, {"c1": 0, "c2": 3}, ""),
    "endless": ({"q1": LOOP, "q2": RIGHT["q2"]}, {"c1": 0, "c2": 3}, "took longer than 1 s"),
    "hostile": ({"q1": HOSTILE, "q2": RIGHT["q2"]}, {"c1": 0, "c2": 3}, "ended its own"),
    "missing": (None, {"c1": 0, "c2": 0}, "not handed in"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    source = root / "source/ps"
    source.mkdir(parents=True)
    nbformat.write(new_notebook(cells=CELLS), source / "ps.ipynb")
    (source / "data.txt").write_text("5")
    (root / "nbgrader_config.py").write_text(SETTINGS)
    return Course(root)


@pytest.fixture(scope="module")
def archive(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("zip") / "autograder.zip"
    write_autograder(course, "ps", target, 600)
    return target


def laid_out(archive: Path, root: Path, what: str) -> Path:
    """Gradescope's folders, with that submission in them."""
    for name in ("submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(root / "source")
        wheel = next(one for one in packed.namelist() if one.endswith(".whl"))
    shutil.copy(root / "source/run_autograder", root / "run_autograder")
    with zipfile.ZipFile(root / "source" / wheel) as packed:
        packed.extractall(root / "site")
    about = {"id": 1, "users": [{"email": "ada@example.org", "name": "Ada"}]}
    (root / "submission_metadata.json").write_text(json.dumps(about))
    answers = HANDED_IN[what][0]
    if answers is not None:
        given = {name: text.replace("{root}", str(root)) for name, text in answers.items()}
        content = submission(answered(MASTER, given)).notebook or b""
        (root / "submission/ps.ipynb").write_bytes(content)
    for path in (root / "source").rglob("*"):  # as setup.sh leaves them
        path.chmod(0o700 if path.is_dir() else 0o600)
    return root


def scores(told: dict[str, Any]) -> dict[str, float]:
    return {test["name"]: test["score"] for test in told["tests"] if "score" in test}


def check(told: dict[str, Any], what: str) -> None:
    _, points, words = HANDED_IN[what]
    assert scores(told) == points | ({} if what == "right" else {"w1": 0})
    assert words in json.dumps(told)
    by = {test["name"]: test for test in told["tests"]}
    assert by["c2"]["visibility"] == "after_published"
    assert "visibility" not in by["c1"]
    assert "68921" not in json.dumps(told)
    if what == "right":
        assert by["w1"] == {
            "name": "w1", "name_format": "text", "output": "A person grades this.",
            "output_format": "text",
        }  # fmt: skip


def test_what_is_in_the_archive(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        setup = packed.read("setup.sh").decode()
        run = packed.read("run_autograder").decode()
        modes = {one.filename: one.external_attr >> 16 for one in packed.infolist()}
    assert names[:2] == ["setup.sh", "run_autograder"]
    assert {"course/source/ps/ps.ipynb", "course/source/ps/data.txt"} < set(names)
    assert modes["setup.sh"] & 0o100
    assert modes["run_autograder"] & 0o100
    for text in (setup, run):
        assert text.startswith("#!/usr/bin/env bash\n")
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    wheel = next(name for name in names if name.endswith(".whl"))
    assert f'"./{wheel}[grading]"' in setup
    assert "--assignment 'ps' --seconds 600" in run


def test_the_wheel_is_one_that_pip_takes(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        wheel = next(name for name in packed.namelist() if name.endswith(".whl"))
        packed.extract(wheel, tmp_path)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
               "--target", str(tmp_path / "site"), str(tmp_path / wheel)]  # fmt: skip
    subprocess.run(command, check=True)
    assert (tmp_path / "site/chainrule/py.typed").exists()
    assert (tmp_path / "site/bin/chainrule").exists()


@pytest.mark.parametrize("what", ["right", "missing"])
def test_results(archive: Path, tmp_path: Path, what: str) -> None:
    check(graded_here(laid_out(archive, tmp_path / "autograder", what), "ps", 600), what)


def test_a_master_that_fails_its_checks_makes_no_archive(course: Course, tmp_path: Path) -> None:
    wrong = [*CELLS[:2], cell("check", "c1", "assert square(3) == 10", 2)]
    source = tmp_path / "source/ps"
    shutil.copytree(course.root / "source/ps", source)
    nbformat.write(new_notebook(cells=wrong), source / "ps.ipynb")
    with pytest.raises(BatchError, match="its own solution fails c1"):
        write_autograder(Course(tmp_path), "ps", tmp_path / "a.zip", 600)
    assert not (tmp_path / "a.zip").exists()


USERS = {"root": (), "ordinary": as_user()}


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("what", HANDED_IN)
def test_in_a_container_without_namespaces(
    archive: Path, tmp_path: Path, user: str, what: str
) -> None:
    """As Docker's filter refuses them; the archive's own wheel runs, as root and as a user."""
    if os.getuid() != 0:
        assert "CI" not in os.environ, "only root can become another user"
        pytest.skip("only root can become another user")
    root = laid_out(archive, tmp_path / "autograder", what)
    for name in ("home", "tmp"):
        (root / name).mkdir()
    os.chmod(tmp_path, 0o755)
    for folder in tmp_path.parents:
        if folder.owner() == "root" and str(folder).startswith(("/tmp/", "/var/tmp/")):
            folder.chmod(0o755)
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(root / "site"), "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
    }  # fmt: skip
    command = [
        *opened(), *USERS[user], *REFUSED, sys.executable, "-m",
        "chainrule.grading.lms.gradescope_run", "--assignment", "ps", "--seconds", "600", str(root),
    ]  # fmt: skip
    done = subprocess.run(
        command, env=env, cwd=root, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads((root / "results/results.json").read_text())
    assert "tests" in told, done.stdout[-2000:]
    check(told, what)
    assert "read [" not in json.dumps(told)


@pytest.mark.slow
def test_results_are_there_even_when_time_is_nearly_over(archive: Path, tmp_path: Path) -> None:
    """The harness's own seconds end before the judge knows anything."""
    root = laid_out(archive, tmp_path / "autograder", "endless")
    config = root / "source/course/nbgrader_config.py"
    config.write_text(
        "c = get_config()\nc.Judge.call_seconds = 50.0\nc.Judge.total_seconds = 50.0\n"
    )
    command = [sys.executable, "-m", "chainrule.grading.lms.gradescope_run", "--assignment", "ps",
               "--seconds", "12", str(root)]  # fmt: skip
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    told = json.loads((root / "results/results.json").read_text())
    assert told.get("score", 0) == 0
    assert "tests" in told or "took longer than Gradescope gives it" in told["output"]


def test_what_cannot_be_graded_is_told(archive: Path, tmp_path: Path) -> None:
    root = laid_out(archive, tmp_path / "autograder", "right")
    (root / "source/course/source/ps/ps.ipynb").write_text("{")
    from chainrule.grading.lms.gradescope_run import main

    main(["--assignment", "ps", str(root)])
    told = json.loads((root / "results/results.json").read_text())
    assert told["score"] == 0
    assert "please tell your instructor" in told["output"]
