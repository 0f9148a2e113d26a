"""The course that the threats are tried on: ten points, and traps around what is nobody's business.

Three questions. An attack either stands in a notebook that answers nothing right (then it is worth
no point), or in the second question, between two that are solved (then it is worth six of ten).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_notebook

from chainrule.course.folder import Course
from grader_tests.support.notebooks import cell

ASSIGNMENT = "gates"
FULL, WITHOUT_Q2 = 10.0, 6.0
ASKED, EXPECTED = 7.28125, 53.0166015625  # by a hidden check, of the second answer

MULTIPLY = """
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        return upstream * self.y, upstream * self.x
"""
POWER = """
def power(x, n):
    return x ** n
"""
EXP = """
class Exp:
    def forward(self, x):
        self.out = np.exp(x)
        return self.out

    def backward(self, upstream):
        return upstream * self.out
"""
RIGHT = {"q1_multiply": MULTIPLY, "q2_power": POWER, "q3_exp": EXP}
WRONG = """
class Multiply:
    def forward(self, x, y): return x - y
    def backward(self, upstream): return upstream, upstream
def power(x, n): return 0.5 * x
class Exp:
    def forward(self, x): return x + 2.5
    def backward(self, upstream): return 3.5 * upstream
"""


def _answer(name: str, source: str) -> Any:
    return cell("answer", name, f"### BEGIN SOLUTION\n{source.strip()}\n### END SOLUTION")


def _check(name: str, points: int, visible: str, hidden: str, mark: str) -> Any:
    source = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}  # {mark}\n### END HIDDEN TESTS"
    return cell("check", name, source, points)


def master(mark: str) -> Any:
    """The instructor's notebook; `mark` stands in every hidden test."""
    two = "at=check.points(x=(), y=(), seed=2, scale=[1e-3, 1, 1e3])"
    one = "at=check.points(x=(4,), seed=3)"
    return new_notebook(
        cells=[
            cell("set-up", "setup", "import numpy as np\nfrom chainrule import check"),
            _answer("q1_multiply", MULTIPLY),
            _check("q1_multiply_forward", 1,
                   "check.forward(Multiply, at=dict(x=3.0, y=-4.0), gives=-12.0)",
                   f"check.forward(Multiply, {two}, like=lambda x, y: x * y)", mark),
            _check("q1_multiply_backward", 2,
                   "check.backward(Multiply, at=dict(x=3.0, y=-4.0))",
                   f"check.backward(Multiply, {two}, of=lambda x, y: x * y)", mark),
            _answer("q2_power", POWER),
            _check("q2_power_numbers", 2,
                   "assert power(3.0, 2) == 9.0", f"assert power({ASKED}, 2) == {EXPECTED}", mark),
            _check("q2_power_arrays", 2,
                   "assert np.allclose(power(np.arange(3.0), 3), [0, 1, 8])",
                   "assert np.allclose(power(np.full((2, 3), 5.0), 2), 25.0)", mark),
            _answer("q3_exp", EXP),
            _check("q3_exp_forward", 1,
                   "check.forward(Exp, at=dict(x=0.0), gives=1.0)",
                   f"check.forward(Exp, {one}, like=np.exp)", mark),
            _check("q3_exp_backward", 2,
                   "check.backward(Exp, at=dict(x=0.5))",
                   f"check.backward(Exp, {one}, of=np.exp)", mark),
        ]
    )  # fmt: skip


CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "threats"
c.OverwriteCells.add_missing_cells = True
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code here"}
c.Execute.timeout = 4
c.Execute.extra_arguments = ["--log-level=40", "--HistoryManager.hist_file=:memory:"]
c.Judge.cell_seconds = 2.0
c.Judge.call_seconds = 1.5
c.Judge.grace_seconds = 0.5
c.Judge.check_seconds = 2.0
c.Judge.total_seconds = 12.0
c.Judge.notebook_bytes = 4 << 20
"""


@dataclass
class Traps:
    """What must not be found, written or connected to, and what a submission calls it by.

    marks: secret words by where they lie. tag: a word known to submissions, in the name of every
    file that one tries to leave somewhere. connections: how often somebody connected.
    """

    course: Path
    home: Path
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    marks: dict[str, str] = field(default_factory=dict)
    port: int = 0
    connections: int = 0

    def mark(self, place: str) -> str:
        """The secret word of a place."""
        return self.marks.setdefault(place, f"secret-{secrets.token_hex(8)}")

    def fill_in(self, text: str) -> str:
        """A submission's text, with the places it wants to go to."""
        for name, value in {
            "course": self.course, "home": self.home, "tag": self.tag, "port": self.port,
            "unix": self.course / "s",
        }.items():  # fmt: skip
            text = text.replace(f"@{name}@", str(value))
        return text

    @property
    def environment(self) -> dict[str, str]:
        """What the grader is started with: its home, its scratch folder, and a secret."""
        known = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return known | {
            "HOME": str(self.home),
            "TMPDIR": str(self.home.parent / "tmp"),
            "CHAINRULE_SECRET": self.mark("environment variables"),
        }

    @contextmanager
    def listening(self) -> Iterator[None]:
        """TCP, UDP and Unix sockets that count who comes."""
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        unix = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(self.course)  # a path of more than 107 bytes cannot be bound
        unix.bind("s")
        os.chmod("s", 0o777)
        os.chdir(here)
        unix.listen()
        ends = (tcp, udp, unix)
        watchers = [threading.Thread(target=self._count, args=(end,), daemon=True) for end in ends]
        for one in watchers:
            one.start()
        try:
            yield
        finally:
            for end in ends:
                if end is not udp:
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _count(self, end: socket.socket) -> None:
        while True:
            try:
                if end.type == socket.SOCK_DGRAM:
                    end.recv(100)
                else:
                    end.accept()[0].close()
            except OSError:
                return
            self.connections += 1

    # What was there before, and what is there afterwards

    def left(self) -> list[str]:
        """Files with the tag in their name, anywhere that a submission may have tried to write."""
        import site

        places = [
            self.course, self.course / "source", self.course / "source" / ASSIGNMENT,
            self.course / "release" / ASSIGNMENT, self.home, *self.home.rglob("*"),
            self.home.parent, self.home.parent / "tmp", Path("/tmp"), Path("/var/tmp"),
            Path("/dev/shm"), Path("/"), *map(Path, site.getsitepackages()),
        ]  # fmt: skip
        found = {
            str(path)
            for place in places
            if place.is_dir()
            for path in place.iterdir()
            if self.tag in path.name and not path.is_symlink()
        }
        return sorted(found)

    def fingerprint(self) -> dict[str, str]:
        """Every file of the course and the home folder, but for what grading writes."""
        written = [self.course / name for name in ("autograded", "feedback")]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for root in (self.course, self.home)
            for path in everything(root, written)
            if path.is_file() and not path.name.startswith("gradebook.db")
        }

    def processes(self) -> list[int]:
        """Processes that were started by the grader of this course and still run."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"HOME={self.home}".encode() in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found


def everything(root: Path, but: Sequence[Path] = ()) -> Iterator[Path]:
    """All files and folders below one, step by step: some lie deeper than a function can call
    itself. but: folders that are left out."""
    waiting = [root]
    while waiting:
        for path in waiting.pop().iterdir():
            if path in but:
                continue
            yield path
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)


def make_course(folder: Path) -> Traps:
    """An nbgrader course with everything in it but submissions, and traps all around.

    The gradebook is nbgrader's own, made by `nbgrader generate_assignment`.
    """
    traps = Traps(folder / "course", folder / "home")
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    traps.home.mkdir()
    (traps.home / ".ssh").mkdir()
    (traps.home / ".ssh" / "id_ed25519").write_text(traps.mark("home folder"))
    (traps.home / f"{traps.mark('home folder')}.txt").write_text("its name is a secret")
    source = traps.course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    nbformat.write(master(traps.mark("hidden checks")), source / f"{ASSIGNMENT}.ipynb")
    (traps.course / "nbgrader_config.py").write_text(CONFIG + f"# {traps.mark('its settings')}\n")
    (traps.course / "grades.csv").write_text(traps.mark("course folder"))
    (traps.course / f"{traps.mark('course folder')}.txt").write_text("its name is a secret")
    api = Course(traps.course).nbgrader()
    made = api.generate_assignment(ASSIGNMENT)
    if not made["success"]:
        raise RuntimeError(made["log"])
    with api.gradebook as book:  # a student's name in it is a secret, too
        book.add_student("0", first_name=traps.mark("gradebook"))
    traps.marks["connection files"] = "secret-connection"
    neighbour = hand_in(traps, "000-honest", stub(traps, RIGHT))
    (neighbour / "notes.txt").write_text(traps.mark("other submissions"))
    return traps


def stub(traps: Traps, answers: dict[str, str]) -> dict[str, Any]:
    """The released notebook, with answers put into it by grade_id."""
    path = traps.course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook: dict[str, Any] = json.loads(path.read_text())
    for one in notebook["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            one["source"] = traps.fill_in(answers[name])
    return notebook


def hand_in(traps: Traps, student: str, notebook: dict[str, Any] | None) -> Path:
    """A student's folder in submitted/, with that notebook in it if there is one."""
    folder = traps.course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    if notebook is not None:
        (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook))
    return folder


def copy_course(traps: Traps, folder: Path) -> Traps:
    """The same course elsewhere, with the same secrets and nothing graded."""
    shutil.copytree(traps.course.parent, folder, symlinks=True)
    return Traps(folder / "course", folder / "home", traps.tag, traps.marks)
