"""The README's three doors lead to pages on which every command does what the page says.

Each page is followed in a fresh folder, with an environment that it makes itself: packages are
installed for real, servers are started, and what the other side does meanwhile (students hand in,
an instructor grades) happens before the command that needs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chainrule.course.folder import Course
from chainrule.grading.report.summary import results
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support.doors import Terminal, commands, fences, follow, not_said
from grader_tests.support.lab import free_port
from grader_tests.support.paths import ROOT

PAGES = {name: ROOT / "docs" / f"{name}.md" for name in ("student", "instructor", "self-learner")}
ASSIGNMENT = "ps1_scalar_circuits"
SECOND = "ps2_jacobians"
NOTEBOOK = f"{ASSIGNMENT}.ipynb"


# ---- The pages as they are written.


def test_the_readme_leads_to_each_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES.values():
        assert f"(docs/{page.name})" in readme


@pytest.mark.parametrize("name", PAGES)
def test_every_fence_says_what_it_is(name: str) -> None:
    known = {"bash", "text", "python", "none"}
    assert [fence for fence in fences(PAGES[name]) if fence.mark not in known] == []
    assert commands(PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_commands_are_plain_lines(name: str) -> None:
    for command in commands(PAGES[name]):
        assert not command.startswith("$"), command
        assert not command.endswith("\\"), command
        assert "<<" not in command, command


def test_links_lead_somewhere() -> None:
    found = [
        (name, target)
        for name, page in PAGES.items()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert {name for name, _ in found} >= {"student", "instructor"}
    for name, target in found:
        there = ROOT / "docs" / target
        assert there.exists() or there.with_name(there.name + ".jinja").exists(), (name, target)


def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    with Terminal(tmp_path, os.environ, 0) as terminal:
        assert terminal.type("echo one && cd /").split() == ["one"]
        assert terminal.type("pwd; false  # exit status 1: so it is").split() == ["/"]
        assert terminal.type("cat").split() == []  # nothing to read, and no waiting
        for command in ("false", "true  # exit status 1", "no-such-command"):
            with pytest.raises(AssertionError, match=re.escape(command)):
                terminal.type(command)


def test_what_is_printed_is_held_against_the_page() -> None:
    assert not_said(["a … c", "d"], "x\na b c\ny\n  d\n") is None
    assert not_said(["d", "a … c"], "a b c\nd\n") == "a … c"
    assert not_said(["a"], "a b\n") == "a"


# ---- Followed.


@dataclass
class Place:
    """A fresh folder with a home, an exchange, and a checkout of the course."""

    folder: Path
    port: int

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def env(self, *first: str) -> dict[str, str]:
        """What a newcomer's terminal has; nothing of the environment that the tests run in."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if key.startswith(("PIP_", "SSL_", "LANG", "LC_")) or key.lower().endswith("_proxy")
        }
        path = [*first, str(Path(sys.base_prefix) / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
        return kept | {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(path),
            "JUPYTER_CONFIG_DIR": str(self.home / "jupyter"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "PYTHONUTF8": "1",
            "PIP_REQUIRE_VIRTUALENV": "1",  # a step gone wrong must not install into this machine
        }

    def nbgrader(self, folder: Path, *arguments: str) -> None:
        """What the other side does, with the tests' own nbgrader."""
        env = os.environ | {key: self.env()[key] for key in ("JUPYTER_CONFIG_DIR", "HOME")}
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def place(tmp_path: Path, course: Course) -> Place:
    place = Place(tmp_path, free_port())
    exchange = tmp_path / "exchange"
    settings = place.home / "jupyter"
    settings.mkdir(parents=True)
    exchange.mkdir()
    exchange.chmod(0o777)
    # Everybody is one user of this machine, and nothing opens a browser.
    (settings / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
        "c.ExchangeCollect.check_owner = False\n"
    )
    (settings / "jupyter_server_config.py").write_text(
        "c = get_config()\nc.ServerApp.open_browser = False\nc.ServerApp.allow_root = True\n"
        f"c.ServerApp.port = {place.port}\nc.ServerApp.port_retries = 0\n"
        'c.IdentityProvider.token = ""\n'
    )
    left_out = shutil.ignore_patterns(".*", "demo", "_build", "dist", "__pycache__", "gradebook.db")
    shutil.copytree(course.root, place.checkout, ignore=left_out)
    return place


def run(
    page: Path,
    place: Place,
    folder: Path,
    path: tuple[str, ...],
    before: Mapping[str, Callable[[], None]],
) -> None:
    with Terminal(folder, place.env(*path), place.port) as terminal:
        steps: Iterator[str] = follow(page, terminal, before)
        try:
            done = list(steps)
        except AssertionError as error:
            offline = "Could not find a version" in str(error) or "No matching" in str(error)
            if offline and not os.environ.get("CI"):
                pytest.skip("needs a package index for pip")
            raise
    assert done == commands(page)


@pytest.mark.overnight
@pytest.mark.timeout(1500)
def test_self_learner(place: Place) -> None:
    run(PAGES["self-learner"], place, place.checkout, (), {})


@pytest.mark.overnight
@pytest.mark.timeout(1500)
def test_student(place: Place, course: Course) -> None:
    """A hub with nbgrader on it, and then a machine with nothing on it."""
    desk, office = place.folder / "desk", place.folder / "office"
    desk.mkdir()
    office.mkdir()
    for name in ("source", "nbgrader_config.py"):
        there = course.root / name
        copy = shutil.copytree if there.is_dir() else shutil.copy
        copy(there, office / name)
    for step in ("generate_assignment", "release_assignment"):
        place.nbgrader(office, step, ASSIGNMENT)
    shutil.copy(office / "release" / ASSIGNMENT / NOTEBOOK, desk)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "-q", "-w", str(desk), str(course.root)], check=True, timeout=240)

    def graded() -> None:
        for step in ("collect", "autograde", "generate_feedback", "release_feedback"):
            place.nbgrader(office, step, ASSIGNMENT)

    run(
        PAGES["student"], place, desk, (str(Path(sys.executable).parent),),
        {"nbgrader fetch_feedback": graded},
    )  # fmt: skip
    assert list(desk.glob(f"{ASSIGNMENT}/feedback/*/{ASSIGNMENT}.html"))


@pytest.mark.overnight
@pytest.mark.timeout(2400)
def test_instructor(place: Place, course: Course) -> None:
    page = PAGES["instructor"]
    folder = place.home / "backprop"
    sample = course.root / "grader_tests"
    students = [s for s in read_students(sample / "students.toml") if s.id in ("ada", "gus")]

    def class_list() -> None:
        (text,) = (fence.text for fence in fences(page) if fence.mark == "none")
        (place.checkout / "class.csv").write_text(text, encoding="utf-8")

    def work(student_id: str, assignment: str) -> Path:
        (student,) = (one for one in students if one.id == student_id)
        answers = read_answers(sample / "answers" / f"{assignment}.py")
        return submit(Course(folder), assignment, student, answers, place.folder / "desk")

    def hand_in() -> None:
        for student in students:
            path = work(student.id, ASSIGNMENT).parent
            options = ["--course", "chainrule", f"--CourseDirectory.student_id={student.id}"]
            place.nbgrader(path.parent, "submit", ASSIGNMENT, *options)

    def download() -> None:
        ada, gus = work("ada", SECOND), work("gus", SECOND)
        (place.home / "Downloads").mkdir()
        with zipfile.ZipFile(place.folder / "work.zip", "w") as archive:
            archive.write(gus, gus.name)
            archive.writestr("../../evil.py", "evil")
        with zipfile.ZipFile(place.home / "Downloads" / "submissions.zip", "w") as archive:
            archive.write(ada, f"lovelaceada_101_9001_{ada.name}")
            archive.write(place.folder / "work.zip", "lindgus_102_9002_work.zip")
            archive.write(ada, f"strange_999_9003_{ada.name}")

    def come_later() -> None:
        (folder / "late.csv").write_text("id,first_name\nada,Ada\nzoe,Zoe\n", encoding="utf-8")

    def edit(change: Callable[[list[Any]], list[Any]]) -> None:
        path = folder / "source" / ASSIGNMENT / NOTEBOOK
        master = nbformat.read(path, as_version=4)
        master.cells = change(master.cells)
        nbformat.write(master, path)

    def mend_a_check() -> None:
        def mended(cells: list[Any]) -> list[Any]:
            check = next(one for one in cells if "BEGIN HIDDEN TESTS" in one.source)
            check.source += "\n# put right"
            return cells

        edit(mended)

    def drop_the_last() -> None:
        def shorter(cells: list[Any]) -> list[Any]:
            graded = [one for one in cells if one.metadata.get("nbgrader", {}).get("grade")]
            return [one for one in cells if one is not graded[-1]]

        edit(shorter)

    before = {
        "chainrule new-course": class_list,
        "nbgrader collect": hand_in,
        "mv ~/Downloads": download,
        "chainrule students import": come_later,
        f"chainrule grade {ASSIGNMENT}  # with a check put right": mend_a_check,
        f"chainrule grade {ASSIGNMENT}  # exit status 2: a question is gone": drop_the_last,
    }
    run(page, place, place.checkout, (), before)
    collected = {path.parts[-3] for path in folder.glob(f"submitted/*/{SECOND}/{SECOND}.ipynb")}
    assert collected == {"ada", "gus"}
    for student in ("ada", "gus"):
        html = folder / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
        assert "HIDDEN TESTS" not in html.read_text(encoding="utf-8")
    scores = {row.student: row.score for row in results(Course(folder), ASSIGNMENT)}
    assert scores == {"ada": 48, "gus": 46}  # of 50, less the 2 of the question that was dropped
