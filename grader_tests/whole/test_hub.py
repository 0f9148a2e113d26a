"""The files of docs/deploy/ as they stand: two students and two graders on one JupyterHub.

Real accounts, real passwords, PostgreSQL, and a server for each person; all on a machine laid over
this one, which vanishes with the test (see `machine`). Only the hub's ports are of the test's
choosing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chainrule.course.folder import Course
from chainrule.sample.sample_class import read_answers, read_students, submit
from grader_tests.support import machine, postgres
from grader_tests.support.lab import free_port
from grader_tests.support.machine import Machine
from grader_tests.support.paths import ROOT

pytestmark = [pytest.mark.overnight, pytest.mark.browser, pytest.mark.timeout(1200)]

DEPLOY = ROOT / "docs" / "deploy"
PROXY = "configurable-http-proxy@5.3.0"
PS1 = "ps1_scalar_circuits"
PEOPLE = {"ida": "grades", "noor": "grades", "ada": "learns", "ben": "learns"}
GRADER = "grader-chainrule"
FOLDER = f"/home/{GRADER}/course"
EXCHANGE = "/srv/nbgrader/exchange"
WITHIN = 180_000  # milliseconds, for a server to start on a busy machine


@dataclass(frozen=True)
class Hub:
    """A running hub: its address with a slash at its end, and the machine it runs on."""

    address: str
    machine: Machine
    log: Path

    def submitted(self) -> dict[str, list[str]]:
        """What was collected: student -> names of files."""
        folder = self.machine.path(f"{FOLDER}/submitted")
        return {
            one.name: sorted(path.name for path in (one / PS1).rglob("*"))
            for one in sorted(folder.iterdir())
        }


@pytest.fixture(scope="module")
def proxy_program() -> Path:
    """The folder of configurable-http-proxy, fetched once for this environment."""
    folder = Path(sys.prefix) / "node"
    programs = folder / "node_modules" / ".bin"
    if not (programs / "configurable-http-proxy").exists():
        if shutil.which("npm") is None:
            reason = "needs npm, for JupyterHub's proxy"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        command = ["npm", "install", "--silent", "--no-save", "--prefix", str(folder), PROXY]
        subprocess.run(command, check=True)
    return programs


@pytest.fixture(scope="module")
def hub(
    course: Course, proxy_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """The page's steps one after another: accounts, set-up, database, course, hub."""
    server = postgres.programs()
    logs = tmp_path_factory.mktemp("hub")
    with ExitStack() as stack:
        inside = stack.enter_context(machine.machine())
        for person in PEOPLE:
            inside.run("useradd", "--create-home", "--shell", "/bin/bash", person)
        inside.run("chpasswd", input="".join(f"{one}:{password(one)}\n" for one in PEOPLE))
        inside.run("sh", DEPLOY / "set-up.sh")
        _gradebook(inside, server, stack, logs / "postgres")
        _course(inside, course)
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        with_proxy = f"PATH={proxy_program}{os.pathsep}{machine.environment()['PATH']}"
        started = stack.enter_context(
            inside.running(
                with_proxy, "jupyterhub", "-f", "/etc/jupyterhub/jupyterhub_config.py",
                f"--JupyterHub.bind_url={address}",
                f"--JupyterHub.hub_bind_url=http://127.0.0.1:{free_port()}",
                f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{free_port()}",
                log=logs / "hub", cwd="/var/lib/jupyterhub",
            )
        )  # fmt: skip
        _wait(started, "JupyterHub is now running", logs / "hub")
        yield Hub(f"{address}/", inside, logs / "hub")


def password(person: str) -> str:
    return f"secret of {person}"


def _gradebook(inside: Machine, server: Path, stack: ExitStack, log: Path) -> None:
    """A PostgreSQL server as Debian sets it up: on its usual socket, accounts are roles."""
    inside.run("install", "-d", "-o", "postgres", "/var/run/postgresql", "/var/lib/postgresql/test")
    data = "/var/lib/postgresql/test/data"
    inside.run(server / "initdb", "-D", data, "-A", "peer", "--no-sync", user="postgres")
    started = stack.enter_context(
        inside.running(
            server / "postgres", "-D", data, "-c", "listen_addresses=",
            "-c", "unix_socket_directories=/var/run/postgresql", log=log, user="postgres",
        )
    )  # fmt: skip
    _wait(started, "ready to accept connections", log)
    psql = (server / "psql", "-v", "ON_ERROR_STOP=1")
    inside.run(*psql, user="postgres", input=(DEPLOY / "gradebook.sql").read_text())


def _course(inside: Machine, course: Course) -> None:
    """The course's folder with one problem set, owned by the course's account."""
    for name in (f"source/{PS1}", "nbgrader_config.py"):
        inside.run("env", "-C", course.root, "cp", "-r", "--parents", name, FOLDER)
    inside.run("sh", "-c", f"cat {DEPLOY}/course_config.py >> {FOLDER}/nbgrader_config.py")
    inside.run("chown", "-R", f"{GRADER}:", FOLDER)


def _wait(started: subprocess.Popen[bytes], says: str, log: Path) -> None:
    """Until a program says so in its log."""
    for _ in range(3000):
        text = log.read_text()
        if says in text:
            return
        assert started.poll() is None, f"it ended:\n{text[-20_000:]}"
        time.sleep(0.1)
    pytest.fail(f"it did not start:\n{text[-20_000:]}")


class Desk:
    """A person at a browser, logged in. base: the path of the server they work in."""

    def __init__(self, page: Any, hub: Hub, person: str) -> None:
        self.page, self.hub = page, hub
        page.set_default_timeout(WITHIN)
        page.goto(hub.address)
        page.get_by_label("Username").fill(person)
        page.get_by_label("Password").fill(password(person))
        page.get_by_role("button", name="Sign in").click()
        self.base = f"user/{person}/"
        page.wait_for_url(f"**/{self.base}lab**")
        page.locator("#jp-main-dock-panel").wait_for()

    def into_the_course(self) -> Any:
        """Go over to the course's own server. Returns what the hub answered."""
        answer = self.page.goto(f"{self.hub.address}services/chainrule/lab")
        self.base = "services/chainrule/"
        return answer

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the server what its pages ask it, as this person; its answer, from JSON."""
        status, text = self.page.evaluate(
            """async ([method, url, body]) => {
              const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/);
              const headers = {"X-XSRFToken": token ? token[1] : ""};
              if (body !== null) headers["Content-Type"] = "application/json";
              const answer = await fetch(url, {
                method, headers, body: body === null ? undefined : JSON.stringify(body),
              });
              return [answer.status, await answer.text()];
            }""",
            [method, f"{self.hub.address}{self.base}{path}", body],
        )
        assert status < 300, f"{method} {path}: {status} {text[:2000]}"
        return json.loads(text) if text else None

    def does(self, path: str) -> None:
        """Press one of Formgrader's buttons."""
        done = self.call("POST", f"formgrader/api/{path}")
        assert done["success"], f"{path}:\n{done.get('error')}\n{done.get('log')}"

    def submissions(self) -> dict[str, Any]:
        """Formgrader's rows, by student."""
        rows = self.call("GET", f"formgrader/api/submissions/{PS1}")
        return {row["student"]: row for row in rows}

    def assignment(self, action: str) -> Any:
        """What the Assignment List does; the rows it shows then."""
        done = self.call(
            "POST", f"assignments/{action}", {"course_id": "chainrule", "assignment_id": PS1}
        )
        assert done["success"], done
        return done["value"]

    def write(self, path: str, notebook: Any) -> None:
        self.call(
            "PUT", f"api/contents/{path}",
            {"type": "notebook", "format": "json", "content": notebook},
        )  # fmt: skip


@contextmanager
def at_the_desk(chromium: Any, hub: Hub, person: str) -> Iterator[Desk]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    try:
        yield Desk(context.new_page(), hub, person)
    except BaseException:
        print(hub.log.read_text()[-20_000:])
        raise
    finally:
        context.close()


def test_the_whole_round(chromium: Any, hub: Hub, course: Course, tmp_path: Path) -> None:
    answers = _answers(course, tmp_path)

    with at_the_desk(chromium, hub, "ida") as ida:
        assert ida.into_the_course().ok
        ida.does(f"assignment/{PS1}/assign")
        ida.does(f"assignment/{PS1}/release")

    for student, notebook in answers.items():
        with at_the_desk(chromium, hub, student) as desk:
            shown = desk.call("GET", "assignments?course_id=chainrule")["value"]
            assert [(row["assignment_id"], row["status"]) for row in shown] == [(PS1, "released")]
            desk.assignment("fetch")
            desk.write(f"{PS1}/{PS1}.ipynb", notebook)
            said = desk.call("POST", "assignments/validate", {"path": f"{PS1}/{PS1}.ipynb"})
            assert said["success"], said
            assert bool(said["value"].get("failed")) == (student == "ben"), said
            rows = desk.assignment("submit")
            assert "submitted" in {row["status"] for row in rows}
            assert desk.into_the_course().status == 403

    _mischief(hub)

    with at_the_desk(chromium, hub, "ida") as ida:
        ida.into_the_course()
        ida.does(f"assignment/{PS1}/collect")
        collected = hub.submitted()
        assert sorted(collected) == ["ada", "ben"]
        assert "stolen.txt" not in collected["ben"]
        for student in answers:
            ida.does(f"submission/{PS1}/{student}/autograde")
        found = ida.submissions()
        assert found["ada"]["score"] == 50
        assert found["ben"]["score"] == 34
        assert all(found[student]["needs_manual_grade"] for student in answers)
        _formgrader(ida, tmp_path / "formgrader.png")

    with at_the_desk(chromium, hub, "noor") as noor:  # the second grader reads what is written
        noor.into_the_course()
        for student in answers:
            _grade_by_hand(noor, student)
        noor.does(f"assignment/{PS1}/generate_feedback")
        noor.does(f"assignment/{PS1}/release_feedback")
        found = noor.submissions()
        assert found["ada"]["score"] == 53
        assert not found["ada"]["needs_manual_grade"]

    for student in answers:
        with at_the_desk(chromium, hub, student) as desk:
            (row,) = (r for r in desk.assignment("fetch_feedback") if r["status"] == "submitted")
            (handed_in,) = (one for one in row["submissions"] if one["has_local_feedback"])
            feedback = quote(f"{handed_in['local_feedback_path']}/{PS1}.html")
            page = desk.page
            page.goto(f"{hub.address}{desk.base}files/{feedback}")
            text = page.locator("body").inner_text()
            assert f"Well put, {student}." in text
            assert "BEGIN HIDDEN TESTS" not in text
            assert re.search(r"\b%s / 53" % ("53" if student == "ada" else "51"), text)


def _formgrader(desk: Desk, picture: Path) -> None:
    """Formgrader as a grader sees it: both students, graded, waiting for a person."""
    page = desk.page
    page.goto(f"{desk.hub.address}{desk.base}formgrader/manage_submissions/{PS1}")
    for student in ("ada", "ben"):
        row = page.get_by_role("row").filter(has=page.get_by_text(student, exact=True))
        assert "needs manual grading" in row.inner_text()
    page.screenshot(path=picture, animations="disabled")


def _answers(course: Course, folder: Path) -> dict[str, Any]:
    """What the two write: ada all right, ben the own input where the other one belongs."""
    sample = course.root / "grader_tests"
    answers = read_answers(sample / "answers" / f"{PS1}.py")
    known = {student.id: student for student in read_students(sample / "students.toml")}
    return {
        name: json.loads(submit(course, PS1, known[like], answers, folder).read_text())
        for name, like in {"ada": "ada", "ben": "gus"}.items()
    }


def _grade_by_hand(desk: Desk, student: str) -> None:
    """The last question, in Formgrader's page: its points and a comment."""
    rows = desk.call("GET", f"formgrader/api/submitted_notebooks/{PS1}/{PS1}")
    (one,) = (row for row in rows if row["student"] == student)
    for grade in desk.call("GET", f"formgrader/api/grades?submission_id={one['id']}"):
        if grade["needs_manual_grade"]:
            desk.call(
                "PUT", f"formgrader/api/grade/{grade['id']}",
                {**grade, "manual_score": grade["max_score"]},
            )  # fmt: skip
            written = grade["name"]
    for comment in desk.call("GET", f"formgrader/api/comments?submission_id={one['id']}"):
        if comment["name"] == written:
            desk.call(
                "PUT", f"formgrader/api/comment/{comment['id']}",
                {**comment, "manual_comment": f"Well put, {student}."},
            )  # fmt: skip


def _mischief(hub: Hub) -> None:
    """What a student with a shell tries in the exchange: see the page, "The exchange"."""
    inbound = f"{EXCHANGE}/chainrule/inbound"
    inside = hub.machine
    for attempt in (
        f"ls {inbound}",  # who handed in, and what
        f"mv {EXCHANGE}/chainrule {EXCHANGE}/mine",  # an exchange of one's own in its place
        f"ls /home/ada {FOLDER}",
        "psql -h /var/run/postgresql gradebook -c 'SELECT 1'",
    ):
        assert "ok" not in inside.run("sh", "-c", f"({attempt}) 2>&1 && echo ok; true", user="ben")
    later = "2100-01-01 00:00:00.000000 UTC"
    forged = f"{inbound}/ada+{PS1}+{later}+AAAAAAAAAAAA"
    inside.run("sh", "-c", f"mkdir '{forged}' '{inbound}/ben+{PS1}+soon+B'", user="ben")
    link = f"ln -s {FOLDER}/source/{PS1}/{PS1}.ipynb '{{}}/stolen.txt'"
    own = next(hub.machine.path(inbound).glob(f"ben+{PS1}+20[0-9][0-9]-*")).name
    inside.run("sh", "-c", link.format(f"{inbound}/{own}"), user="ben")
