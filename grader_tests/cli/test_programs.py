"""The command as a program of its own: Ctrl-C, streams that are closed, terminals, shells."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

import chainrule as package
from chainrule.grading.gradebook.batch import grade
from grader_tests.support.command import PROGRAM, chainrule, program
from grader_tests.support.notebooks import RIGHT
from grader_tests.support.once import once
from grader_tests.support.small_course import make_course

_SLOW = {"q1": "import time\ntime.sleep(1.0)\n" + RIGHT["q1"], "q2": RIGHT["q2"]}
_AT_ONCE = 6.0  # seconds on a machine that is busy; what judges would take far longer
_ENDLESS = {"q1": "while True:\n    pass", "q2": RIGHT["q2"]}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def made(to: Path) -> None:
        grade(make_course(to / "course"), "ps")

    return once(tmp_path_factory, "mistaken", made)[1] / "course"


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(graded, tmp_path / "course")


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(*typed: str, cwd: Path) -> subprocess.Popen[str]:
    """The command, with Ctrl-C as a terminal gives it: what a shell starts in the background has
    it ignored, and so has what that starts."""
    return subprocess.Popen(
        [*PROGRAM, *typed], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=_hear_ctrl_c,
    )  # fmt: skip


def stopped(running: subprocess.Popen[str]) -> tuple[int, str, str, float]:
    """Ctrl-C, and how it ended: status, stdout, stderr, seconds."""
    begun = time.monotonic()
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    return running.returncode, out, err, time.monotonic() - begun


# Ctrl-C ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ctrl_c_while_grading(tmp_path: Path) -> None:
    answers = {f"s{n:02}": _ENDLESS if n % 4 == 3 else _SLOW for n in range(30)}
    course = make_course(tmp_path / "course", answers)
    running = started("grade", "ps", cwd=course)
    graded = course / "autograded"
    while len(list(graded.glob("*/ps/ps.ipynb"))) < 3:
        assert running.poll() is None
        time.sleep(0.05)
    children = psutil.Process(running.pid).children(recursive=True)
    status, out, err, seconds = stopped(running)
    assert (status, "Traceback" in err) == (130, False), err
    assert seconds < _AT_ONCE
    (line,) = [line for line in out.splitlines() if "to go" in line]
    done, left = (int(part.split()[0]) for part in line.split(", "))
    assert line == f"{done} graded, {left} to go: run it again"
    assert done + left == 30
    assert not psutil.wait_procs(children, timeout=10)[1]
    again = program("grade", "ps", "--json", cwd=course)
    told = json.loads(again.stdout)
    assert len(told["unchanged"]) == done
    assert len(told["graded"]) == left


# Now and then Python loses a Ctrl-C that comes while it imports: an exception in a finaliser is
# printed and forgotten. So this is no test that must pass each time.
@pytest.mark.overnight
@pytest.mark.parametrize("seconds", [0.15, 0.25, 0.4, 0.7, 1.0, 1.5, 2.0])
def test_ctrl_c_while_it_starts(course: Path, seconds: float) -> None:
    running = started("grade", "ps", "--force", cwd=course)
    time.sleep(seconds)
    status, out, err, took = stopped(running)
    assert "Traceback" not in err
    assert status == 130
    assert "run it again" in out + err
    assert took < _AT_ONCE


# A gradebook that another program has -------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("report ps", "reports/ps.html"),
        pytest.param("grade ps --force", "4 graded", marks=pytest.mark.slow),
    ],
)
def test_a_locked_gradebook_is_waited_for_and_that_is_said(
    course: Path, typed: str, says: str
) -> None:
    holder = sqlite3.connect(course / "gradebook.db")
    holder.execute("BEGIN EXCLUSIVE")
    running = started(*typed.split(), cwd=course)
    assert running.stderr is not None
    assert "waiting for the gradebook" in running.stderr.readline()
    holder.rollback()
    holder.close()
    out, err = running.communicate(timeout=120)
    assert (running.returncode, "Traceback" in err) == (0, False), err
    assert says in out


def test_an_assignment_that_cannot_be_mended_does_not_keep_others_from_it(course: Path) -> None:
    address = f"sqlite:///{course}/gradebook.db"
    with Gradebook(address) as book:
        book.add_assignment("an_old_one", course_id="default_course")
        work = book.assignment_submissions("ps")[0]
        book.add_submission("an_old_one", work.student.id)
        (first, *_) = work.notebooks[0].grades
        first.auto_score = first.max_score + 1
        book.db.commit()
    done = chainrule("doctor", "--mend", cwd=course)
    assert done.returncode == 1
    assert "not mended an_old_one: no such assignment" in done.stdout
    assert "graded in" in done.stdout
    again = chainrule("doctor", "--json", cwd=course)
    assert [one["assignment"] for one in json.loads(again.stdout)["gradebook"]] == ["an_old_one"]


# Permissions, as the system has them --------------------------------------------------------------


def without_rights(*typed: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, run by somebody for whom permissions hold: for root they do not."""
    less = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    as_others = ["setpriv", *less] if os.geteuid() == 0 else []
    if as_others and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, or not to be root")
    return subprocess.run(
        [*as_others, *PROGRAM, *typed], cwd=cwd, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "locked", "mode", "says"),
    [
        ("students add joe", "gradebook.db", 0o444, "may not be written"),
        ("report ps", "gradebook.db", 0o000, "the gradebook cannot be opened"),
        ("grade ps --force", "autograded", 0o000, "may not be read or written by you"),
        ("grade ps", "source/ps", 0o000, "source/ps may not be read"),
        ("vet ps", "source/ps/ps.ipynb", 0o000, "ps.ipynb may not be read"),
        ("report ps", "submitted/ada/ps/ps.ipynb", 0o000, "ps.ipynb may not be read"),
        ("export ps", ".", 0o555, "cannot be written: Permission denied"),
        ("new-course new", ".", 0o555, "new cannot be made: Permission denied"),
        ("gradescope-zip ps", ".", 0o555, "exports may not be read or written"),
        ("check locked/x.ipynb", "locked", 0o000, "locked/x.ipynb may not be read"),
        ("progress locked", "locked", 0o000, "'locked' is not readable"),
        ("grade ps", "source", 0o000, "source may not be read"),
    ],
)
def test_what_one_may_not_is_said_in_a_line(
    course: Path, typed: str, locked: str, mode: int, says: str
) -> None:
    place = course / locked
    if locked == "locked":
        place.mkdir()
    before = place.stat().st_mode
    place.chmod(mode)
    try:
        done = without_rights(*typed.split(), cwd=course)
    finally:
        place.chmod(before)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert says in line


# Streams ------------------------------------------------------------------------------------------


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line.replace("CHAINRULE", f"{sys.executable} -m chainrule")],
        cwd=cwd, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def slow(*row: object) -> object:
    return pytest.param(*row, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        ("CHAINRULE report ps > /dev/full", 2, "disk is full"),
        ("CHAINRULE report ps >&-", 0, ""),
        slow("CHAINRULE report ps 2>&-", 0, "reports/ps.html"),
        ("CHAINRULE grade xyz 2>&-", 2, ""),
        slow("CHAINRULE report ps | head -1; exit ${PIPESTATUS[0]}", None, ""),
        slow("PYTHONIOENCODING=ascii CHAINRULE report ps", 0, "reports/ps.html"),
        slow("LC_ALL=C PYTHONUTF8=0 CHAINRULE report ps", 0, "reports/ps.html"),
        ("mkdir gone; cd gone; rmdir ../gone; CHAINRULE grade ps", 2, "is gone: cd to another"),
        slow("ulimit -f 1; CHAINRULE report ps", 2, "cannot be written: File too large"),
        ("env -i CHAINRULE --version", 0, package.__version__),
        ("CHAINRULE", 2, "Usage"),
    ],
)
def test_whatever_the_shell_does_there_is_no_traceback(
    course: Path, line: str, status: int | None, says: str
) -> None:
    done = shell(line, course)
    assert "Traceback" not in done.stdout + done.stderr
    assert "fault of chainrule" not in done.stderr
    assert status in (None, done.returncode), done.stderr
    assert says in done.stdout + done.stderr


def test_a_traceback_comes_with_debug(course: Path) -> None:
    for typed in (["--debug", "grade", "psx"], ["grade", "psx", "--debug"]):
        done = program(*typed, cwd=course)
        assert done.returncode == 2
        assert "Traceback" in done.stderr
        assert done.stderr.splitlines()[-1] == "no such assignment: psx; did you mean ps?"


@pytest.mark.slow
def test_a_gradebook_that_grows_over_the_limit_is_told(course: Path) -> None:
    """As with a quota: the disk says no in the middle of a transaction."""
    size = (course / "gradebook.db").stat().st_size
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
    for student in "abcdefghijklmnop":
        shutil.copytree(course / "submitted/ada", course / f"submitted/{student * 30}")
    done = subprocess.run(
        [sys.executable, "-c", limit + PROGRAM[2], "grade", "ps"],
        cwd=course, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode in (1, 2), done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert "disk" in done.stderr + done.stdout
    assert json.loads(program("grade", "ps", "--json", cwd=course).stdout)["failed"] == {}


# A terminal ---------------------------------------------------------------------------------------


def in_terminal(*typed: str, cwd: Path, columns: int = 80, **env: str) -> str:
    """What it writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    os.set_inheritable(theirs, True)
    running = subprocess.Popen(
        [*PROGRAM, *typed], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color"} | env,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    running.wait(60)
    return said.decode()


COLOUR = re.compile(r"\x1b\[(\d+;)*3\dm")  # 31 is red, 32 green; 1 and 2 are bold and dim


@pytest.mark.parametrize(
    "typed", ["grade psx", "--help", pytest.param("report ps", marks=pytest.mark.slow)]
)
def test_no_color(course: Path, typed: str) -> None:
    coloured = in_terminal(*typed.split(), cwd=course, NO_COLOR="")
    assert COLOUR.search(coloured)
    assert not COLOUR.search(in_terminal(*typed.split(), cwd=course, NO_COLOR="1"))


@pytest.mark.parametrize("typed", ["--help", "grade --help", "report ps", "check x"])
def test_80_columns_are_enough(course: Path, typed: str) -> None:
    said = in_terminal(*typed.split(), cwd=course, NO_COLOR="1", TERM="dumb")
    lines = said.replace("\r", "").splitlines()
    assert lines
    assert max(map(len, lines)) <= 80
    if typed.startswith("report"):  # no word is torn apart
        (header,) = (line for line in lines if line.startswith("  question"))
        assert header.split() == ["question", "all", "points", "mean", "discrimination", "time"]


# Names --------------------------------------------------------------------------------------------


def test_as_a_module_and_its_version(tmp_path: Path) -> None:
    done = shell("CHAINRULE --version", tmp_path)
    assert done.stdout == f"chainrule {package.__version__}\n"


@pytest.mark.parametrize(
    ("shell_name", "env"),
    [
        ("bash", {"COMP_WORDS": "chainrule grade p", "COMP_CWORD": "2"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "chainrule grade p"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "chainrule grade p",
                  "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)  # fmt: skip
def test_shells_complete_the_name_of_an_assignment(
    course: Path, shell_name: str, env: dict[str, str]
) -> None:
    done = program(cwd=course, env={"_CHAINRULE_COMPLETE": f"complete_{shell_name}"} | env)
    assert "ps" in done.stdout
    assert done.stderr == ""


def test_bash_takes_what_show_completion_prints(course: Path) -> None:
    line = (
        'eval "$(chainrule --show-completion; true)"; complete -p chainrule; '
        "COMP_WORDS=(chainrule grade p) COMP_CWORD=2; _chainrule_completion chainrule; "
        "echo completed ${COMPREPLY[@]}"
    )
    done = shell(f"PATH={Path(sys.executable).parent}:$PATH; {line}", course)
    assert "complete -o default -F _chainrule_completion chainrule" in done.stdout, done.stderr
    assert "completed ps" in done.stdout


def test_completion_outside_a_course_says_nothing(tmp_path: Path) -> None:
    env = {"_CHAINRULE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    done = program(cwd=tmp_path, env=env | {"COMP_WORDS": "chainrule grade p"})
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_json_of_all_that_has_it(course: Path) -> None:
    graded = json.loads(chainrule("grade", "ps", "--json", cwd=course).stdout)
    assert sorted(graded["unchanged"]) == ["ada", "bob", "eve", "zoe"]
    report = json.loads(chainrule("report", "ps", "--json", cwd=course).stdout)
    assert report["submissions"] == 4
    assert [q["name"] for q in report["questions"]] == ["c1", "c2", "w1"]
    export = json.loads(chainrule("export", "ps", "--json", cwd=course).stdout)
    assert export["students"] == 4
    assert Path(export["written"]).is_file()
    layers = json.loads(chainrule("doctor", "--json", cwd=course).stdout)["layers"]
    assert {"name", "active", "why"} <= set(layers[0])
