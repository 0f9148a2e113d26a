"""A new course folder, worked in with nbgrader's own commands and with `chainrule grade`."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from chainrule.course.folder import Course, CourseError
from chainrule.course.notebooks import read
from chainrule.course.roster import read_roster
from chainrule.course.scaffold import _made_at_once, checkout, new_course
from chainrule.grading.report.summary import results
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support.command import chainrule, program

ASSIGNMENT = "ps1_scalar_circuits"
ROSTER = """\
id,first_name,last_name,email,lms_user_id
ada,Ada,"Lovelace, Countess",ada@example.org,101
gus,Gus,,,102
"""


# ---- What it makes.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A new course with a class, and what the command said."""
    place = tmp_path_factory.mktemp("new")
    (place / "class.csv").write_text(ROSTER, encoding="utf-8")
    done = chainrule(
        "new-course", "my course", "--course-id", "cs231", "--students", "class.csv", cwd=place
    )
    assert done.returncode == 0, done.stderr
    return place / "my course", done.stdout


def test_it_says_in_one_line_what_to_do_next(made: tuple[Path, str]) -> None:
    (line,) = made[1].strip().splitlines()
    assert line == (
        "my course: 7 problem sets, a class of 2. "
        "Next: cd 'my course' && nbgrader generate_assignment ps1_scalar_circuits"
    )


def test_what_is_in_it(made: tuple[Path, str], course: Course) -> None:
    folder = made[0]
    assert {path.name for path in folder.iterdir()} == {
        ".gitignore", "README.md", "gradebook.db", "nbgrader_config.py", "source",
    }  # fmt: skip
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []
    assert Course.find(folder / "source").root == folder
    for path in course.masters():
        copy = folder / path.relative_to(course.root)
        assert copy.read_bytes() == path.read_bytes()
    assert "ps7_autograd_engine" in (folder / "README.md").read_text()
    assert folder.stat().st_mode & 0o077 == 0


def test_the_class_is_in_the_gradebook(made: tuple[Path, str]) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(Course(made[0]).db_url) as book:
        ada, gus = sorted(book.students, key=lambda student: student.id)
    assert (ada.id, ada.last_name, ada.lms_user_id) == ("ada", "Lovelace, Countess", "101")
    assert (gus.first_name, gus.last_name, gus.email) == ("Gus", None, None)


def test_the_lectures_come_when_asked_for(tmp_path: Path, course: Course) -> None:
    new_course(tmp_path / "c", course.root, lectures=True)
    assert [path.name for path in Course(tmp_path / "c").lectures()] == [
        path.name for path in course.lectures()
    ]


def test_settings_are_those_of_this_course_and_everything_they_name_exists(
    made: tuple[Path, str], course: Course
) -> None:
    new, here = Course(made[0]).config(), course.config()
    assert new.CourseDirectory.course_id == "cs231"
    named = 0
    for section in here:
        for key, value in here[section].items():
            if section != "CourseDirectory":
                assert new[section][key] == value, f"{section}.{key}"
    for values in new.values():
        for value in values.values():
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name.startswith("chainrule."):
                    module, _, thing = name.rpartition(".")
                    assert hasattr(importlib.import_module(module), thing), name
                    named += 1
    assert named >= 5
    assert new.Autograde.exporter_class.endswith(".JudgeExporter")


# ---- What it refuses.


@pytest.mark.parametrize("there", ["file", "empty folder", "folder", "link to nowhere"])
def test_nothing_is_written_over(tmp_path: Path, course: Course, there: str) -> None:
    target = tmp_path / "c"
    if there == "file":
        target.write_text("mine")
    elif there == "link to nowhere":
        target.symlink_to(tmp_path / "elsewhere")
    else:
        target.mkdir()
        if there == "folder":
            (target / "mine").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CourseError, match="is there already: nothing was written"):
        new_course(target, course.root)
    assert sorted(tmp_path.rglob("*")) == before


def test_of_many_at_once_one_makes_it(tmp_path: Path, course: Course) -> None:
    def attempt(n: int) -> str:
        try:
            new_course(tmp_path / "c", course.root, course_id=f"course{n}")
        except CourseError:
            return ""
        return f"course{n}"

    with ThreadPoolExecutor(8) as pool:
        winners = [name for name in pool.map(attempt, range(16)) if name]
    assert len(winners) == 1
    assert Course(tmp_path / "c").config().CourseDirectory.course_id == winners[0]
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_what_somebody_puts_there_meanwhile_stays(tmp_path: Path) -> None:
    def race() -> None:
        with _made_at_once(tmp_path / "c") as work:
            (work / "ours").write_text("ours")
            (tmp_path / "c" / "mine").write_text("mine")

    with pytest.raises(CourseError, match="not empty any more"):
        race()
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["c", "c/mine"]


def test_a_failure_leaves_nothing(tmp_path: Path, course: Course) -> None:
    (tmp_path / "class.csv").write_text("id\n../ada\n")
    done = program("new-course", "c", "--students", "class.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "class.csv, line 2: '../ada' is no student id: use letters, digits, and . _ @ - in them"
    )
    with pytest.raises(CourseError, match="is no course id"):
        new_course(tmp_path / "c", course.root, course_id="../elsewhere")
    assert [path.name for path in tmp_path.iterdir()] == ["class.csv"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("id\n", "names no students"),
        ("name\nada\n", "id has to be there; it has 'name'"),
        ("id,phone\nada,1\n", "it has 'id', 'phone'"),
        ("id,id\nada,ada\n", "the first line names columns"),
        ("id,email\nada\n", "line 2: it has not as many fields"),
        ("id\nada,x\n", "line 2: it has not as many fields"),
        ("id,email\n,a@b\n", "line 2: the id is empty"),
        ("id\nada\ngus\nada\n", "line 4: ada is there twice"),
        ("id\na+b\n", "line 2: 'a+b' is no student id"),
        ("id\n.\n", "line 2: '.' is no student id"),
        ("id,lms_user_id\nada,1\ngus,1\n", "line 3: gus has the same lms_user_id as ada"),
        ("id,email\nada,nowhere\n", "line 2: 'nowhere' is no address"),
        ('id\n"ada\n', "unexpected end of data"),
        ("id\n" + "!\n" * 12, "and 2 more"),
    ],
)
def test_a_class_list_that_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text)
    with pytest.raises(CourseError) as told:
        read_roster(path)
    assert says in str(told.value)


def test_a_class_list_in_another_encoding_or_missing(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes("id,last_name\nemmy,Nöther\n".encode("latin-1"))
    with pytest.raises(CourseError, match="is not UTF-8"):
        read_roster(path)
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        read_roster(tmp_path / "missing.csv")


def test_a_class_list_as_spreadsheets_write_it(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_bytes("\ufefflast_name,id\r\nNöther,emmy\r\n\r\n".encode())
    (student,) = read_roster(path)
    assert (student.id, student.last_name) == ("emmy", "Nöther")


# ---- From a wheel.


@pytest.fixture(scope="module")
def wheel(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as students install it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*pip, "-q", "-w", str(folder), str(course.root)],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("chainrule-*.whl")
    return path


def test_the_package_holds_no_solution_and_no_hidden_check(wheel: Path, course: Course) -> None:
    secrets = set()
    for path in course.masters():
        for cell in read(path).cells:
            inside = False
            for line in cell.source.splitlines():
                if "### BEGIN" in line or "### END" in line:
                    inside = "### BEGIN" in line
                elif inside and len(line.strip()) > 25:
                    secrets.add(line.strip())
    assert len(secrets) > 100
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = {name: archive.read(name).decode("utf-8", "replace") for name in names}
    assert "chainrule/course/templates/nbgrader_config.py.jinja" in names
    assert [name for name in names if name.endswith(".ipynb")] == []
    # Lines of solutions are plain arithmetic, and the library may well compute the same.
    calls = {line for line in secrets if "check." in line or "seed=" in line}
    assert len(calls) > 40
    assert [(n, line) for n in names for line in calls if line in text[n]] == []


def test_from_a_wheel_it_needs_a_checkout(wheel: Path, course: Course, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q"]
    target = tmp_path / "installed"
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, timeout=240)
    env = {"PYTHONPATH": str(target)}
    refused = program("new-course", "c", cwd=tmp_path, env=env)
    assert refused.returncode == 2
    assert "name it with --from" in refused.stderr
    assert not (tmp_path / "c").exists()
    done = program("new-course", "c", "--from", str(course.root), cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert Course(tmp_path / "c").assignments == course.assignments
    wrong = program("new-course", "d", "--from", str(target), cwd=tmp_path, env=env)
    assert wrong.returncode == 2
    assert "is no checkout of the course" in wrong.stderr


def test_an_editable_install_is_its_own_checkout(course: Course) -> None:
    assert checkout() == course.root


# ---- A week in it.


@dataclass(frozen=True)
class Term:
    """A new course, its exchange, and a folder for each student."""

    folder: Path
    env: dict[str, str]

    def nbgrader(self, *arguments: str, student: str = "") -> str:
        cwd = self.folder.parent / student if student else self.folder
        options = [f"--CourseDirectory.student_id={student}"] if student else []
        command = [sys.executable, "-m", "nbgrader", *arguments, *options]
        done = subprocess.run(
            command, cwd=cwd, env=os.environ | self.env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rows(self, student: str) -> tuple[float, dict[str, object]]:
        (row,) = (r for r in results(Course(self.folder), ASSIGNMENT) if r.student == student)
        return row.score, dict(row.questions)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_problem_set_goes_out_and_comes_back(
    made: tuple[Path, str], course: Course, tmp_path: Path
) -> None:
    folder = tmp_path / "course"
    shutil.copytree(made[0], folder)
    exchange, settings = tmp_path / "exchange", tmp_path / "settings"
    exchange.mkdir()
    exchange.chmod(0o777)
    settings.mkdir()
    (settings / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.Exchange.root = {str(exchange)!r}\n"
        "c.ExchangeCollect.check_owner = False\n"  # all are one user of this machine
        'c.CourseDirectory.course_id = "cs231"\n'
    )
    folders = {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    term = Term(folder, folders)
    sample = course.root / "grader_tests"
    answers = read_answers(sample / "answers" / f"{ASSIGNMENT}.py")
    students = [s for s in read_students(sample / "students.toml") if s.id in ("ada", "gus")]

    term.nbgrader("generate_assignment", ASSIGNMENT)
    released = (folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text()
    assert "HIDDEN TESTS" not in released
    assert "BEGIN SOLUTION" not in released
    term.nbgrader("release_assignment", ASSIGNMENT)
    for student in students:
        (tmp_path / student.id).mkdir()
        term.nbgrader("fetch_assignment", ASSIGNMENT, student=student.id)
        work = submit(Course(folder), ASSIGNMENT, student, answers, tmp_path / "desk")
        fetched = tmp_path / student.id / ASSIGNMENT / work.name
        assert fetched.read_text() == released
        shutil.copy(work, fetched)
        term.nbgrader("submit", ASSIGNMENT, student=student.id)
    term.nbgrader("collect", ASSIGNMENT)

    one = program("grade", ASSIGNMENT, "--student", "ada", cwd=folder, env=folders)
    assert one.returncode == 0, one.stderr
    term.nbgrader("autograde", ASSIGNMENT, "--student=gus")
    assert term.rows("ada")[0] == 50
    assert term.rows("gus")[0] == 48
    graded = folder / "autograded" / "gus" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    by_nbgrader = term.rows("gus"), read(graded)
    again = program("grade", ASSIGNMENT, "--student", "gus", "--force", cwd=folder, env=folders)
    assert again.returncode == 0, again.stderr
    assert (term.rows("gus"), read(graded)) == by_nbgrader

    term.nbgrader("generate_feedback", ASSIGNMENT)
    page = (folder / "feedback" / "gus" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "each input was used for its own gradient" in page
    assert "HIDDEN TESTS" not in page
