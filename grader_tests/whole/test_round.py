"""A problem set's whole way, in the real programs: an instructor and two students in JupyterLab.

Each of the three has a JupyterLab, a home and a folder of their own; between them is nbgrader's
exchange. With CHAINRULE_PICTURES set to a folder, the pictures of docs/round.md are written there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from PIL import Image

from chainrule.course.folder import Course
from chainrule.course.notebooks import read
from chainrule.sample.sample_class import answer_cell, read_answers, solved
from grader_tests.support import lab
from grader_tests.support.paths import ANSWERS, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.overnight, pytest.mark.timeout(1500)]

ASSIGNMENT = "ps1_scalar_circuits"
STUDENTS = {"ada": "Ada", "gus": "Gus"}
SWAPPED = "each input was used for its own gradient"
WORDS = "The slope of a sum is 1 for either input, so each gets all of it."
COMMENT = "Right. And if x goes to both inputs?"
# What a student may write to act in the name of who reads it.
ATTACK = """
<script>top.attacked = 1</script><img src="x" onerror="top.attacked = 1">
<svg onload="top.attacked = 1"></svg><a href="javascript:top.attacked = 1">Sources</a>"""

CLASS = "id,first_name,last_name\nada,Ada,Okoro\ngus,Gus,Lind\n"
# Beyond what a new course has: where the exchange is, and that all three are one user here.
CONFIG = """
c.Exchange.root = {exchange!r}
c.ExchangeCollect.check_owner = False
"""
STUDENT = """
c = get_config()
c.CourseDirectory.course_id = "chainrule"
c.CourseDirectory.student_id = {student!r}
c.Exchange.root = {exchange!r}
"""
# nbgrader's documentation has students work without these.
INSTRUCTORS_ONLY = tuple(
    f"@jupyter/nbgrader:{name}" for name in ("formgrader", "course-list", "create-assignment")
)


@dataclass
class Album:
    """Pictures for the documentation, numbered as they come; none are taken without a folder."""

    folder: Path | None
    taken: int = 0

    def take(self, page: Any, name: str, *marked: Any, height: int = 800) -> None:
        """marked: what a reader should look at; it gets a red line around it. height: of the page,
        from above, where there is nothing further down."""
        self.taken += 1
        if self.folder is None:
            return
        for one in marked:
            one.evaluate(
                "e => e.style.cssText += '; outline: 3px solid #d55e00; outline-offset: 2px'"
            )
        page.mouse.move(640, 799)
        shot = Image.open(BytesIO(page.screenshot(animations="disabled")))
        for one in marked:
            one.evaluate("e => e.style.outline = ''")
        self.folder.mkdir(parents=True, exist_ok=True)
        shot = shot.convert("RGB").crop((0, 0, shot.width, height))
        shot.quantize(128, dither=Image.Dither.NONE).save(
            self.folder / f"{self.taken:02}-{name}.png", optimize=True
        )


@pytest.fixture
def album() -> Album:
    folder = os.environ.get("CHAINRULE_PICTURES")
    return Album(Path(folder).resolve() if folder else None)


@dataclass(frozen=True)
class Class:
    """What the three work on. pages: by name, theirs in JupyterLab."""

    course: Course
    pages: dict[str, Any]

    def places(self) -> dict[str, int]:
        """Where the cells of the released notebook are, by id."""
        path = self.course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        return {one.id: k for k, one in enumerate(read(path).cells)}


@contextmanager
def a_class(chromium: Any, home: Path) -> Iterator[Class]:
    """A new course, a JupyterLab for each of the three, and they in front of it."""
    exchange = home / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    work = home / "course"
    (home / "class.csv").write_text(CLASS, encoding="utf-8")
    new = ["new-course", str(work), "--course-id", "chainrule", "--students", "class.csv"]
    program = Path(sys.executable).with_name("chainrule")
    subprocess.run([program, *new], cwd=home, check=True)
    with (work / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(CONFIG.format(exchange=str(exchange)))
    with ExitStack() as stack:
        labs = {"instructor": stack.enter_context(lab.jupyterlab(home / "instructor", work))}
        for student in STUDENTS:
            labs[student] = stack.enter_context(
                lab.jupyterlab(
                    home / student,
                    home / student / "work",
                    files={
                        "nbgrader_config.py": STUDENT.format(
                            student=student, exchange=str(exchange)
                        )
                    },
                    disabled=INSTRUCTORS_ONLY,
                )
            )
        pages = {
            name: stack.enter_context(lab.at_the_desk(chromium, one)) for name, one in labs.items()
        }
        yield Class(Course(work), pages)


def answers(course: Course, *chosen: str) -> dict[str, str]:
    """Every solution cell of the master as a student has it, but for the answers `chosen`."""
    path = ANSWERS / f"{ASSIGNMENT}.py"
    given = {one.name: one for one in read_answers(path)}
    master = read(course.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    cells = {
        one.id: one.source
        for one in master.cells
        if one.cell_type == "code" and one.metadata.get("nbgrader", {}).get("solution")
    }
    wrong = {given[name].cell: given[name].source for name in chosen}
    return {
        name: answer_cell(source, wrong[name]) if name in wrong else solved(source)
        for name, source in cells.items()
    }


def test_the_whole_round(chromium: Any, tmp_path: Path, album: Album) -> None:
    with a_class(chromium, tmp_path) as people:
        release(people, album)
        solve_rightly(people, album)
        solve_with_a_mistake(people, album)
        collect_and_grade(people, album)
        read_answers_and_send_feedback(people, album)
        read_feedback(people, album)
    with Gradebook(people.course.db_url, "chainrule") as book:
        rows = {one.student_id: one.score for one in book.assignment_submissions(ASSIGNMENT)}
    assert rows == {"ada": 53, "gus": 50}
    # What docs/round.md says of its pictures.
    told = (ROOT / "docs" / "round.md").read_text(encoding="utf-8")
    assert "48 and 50 of 53 points, both need manual grading" in told
    assert "Gus's feedback: 50 of 53 points" in told


def release(people: Class, album: Album) -> None:
    page = people.pages["instructor"]
    lab.menu(page, "Nbgrader", "Course List")
    page.locator("#formgrader_list").get_by_role("link", name="chainrule").click()
    frame = lab.formgrader(page)
    line = lab.row(frame, ASSIGNMENT)
    album.take(page, "formgrader", line.locator("td.assign a"))
    assert "Successfully created" in lab.press(line, "assign")
    assert "Successfully released" in lab.press(line, "release")
    line.get_by_text("released", exact=True).wait_for()
    album.take(page, "released", line.locator("td.status span"))


def fetch(people: Class, student: str, album: Album | None) -> None:
    """From the Assignment List into the open notebook."""
    page = people.pages[student]
    lab.menu(page, "Nbgrader", "Assignment List")
    released = lab.assignments(page, "released")
    button = released.get_by_role("button", name="Fetch", exact=True)
    if album:
        album.take(page, "fetch", button, height=380)
    button.click()
    fetched = page.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name=ASSIGNMENT).click()
    fetched.locator(".nested_list_item").get_by_text(ASSIGNMENT).click()
    lab.wait_for_kernel(page)
    if album:
        album.take(page, "notebook")


def submit(people: Class, student: str) -> Any:
    """Hand in; returns the list of what was."""
    page = people.pages[student]
    lab.tab(page, "Assignments")
    page.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    submitted = page.locator("#submitted_assignments_list")
    submitted.locator(".nested_list_item").wait_for()
    return submitted


def solve_rightly(people: Class, album: Album) -> None:
    page, at = people.pages["ada"], people.places()
    fetch(people, "ada", album)
    for name in ("setup", "progress"):
        lab.run(page, at[name])
    first = answers(people.course, "local gradients only")["q2_multiply"]
    lab.write(page, at["q2_multiply"], first)
    lab.run(page, at["q2_multiply"])
    check = at["q2_multiply_backward"]
    assert "the upstream gradient was left out" in lab.run(page, check)
    lab.scroll(page, 180)
    album.take(page, "check", lab.cell(page, check).locator(".jp-OutputArea"))
    right = answers(people.course)
    lab.write(page, at["q2_multiply"], right["q2_multiply"])
    lab.run(page, at["q2_multiply"])
    assert "Multiply.backward: right" in lab.run(page, check)
    album.take(page, "mended", lab.cell(page, check).locator(".jp-OutputArea"))
    for name, source in right.items():
        lab.write(page, at[name], source)
    lab.write(page, at["q12_why_not_halves"], WORDS)
    lab.run(page, at["q12_why_not_halves"])
    assert "Success!" in lab.validate(page)
    album.take(page, "validate")
    lab.close_dialog(page)
    submitted = submit(people, "ada")
    album.take(page, "submitted", submitted.locator(".nested_list_item"), height=380)


def solve_with_a_mistake(people: Class, album: Album) -> None:
    """The product's gradients stay swapped; what validation says of it is not heeded."""
    page, at = people.pages["gus"], people.places()
    fetch(people, "gus", None)
    for name, source in answers(people.course, "own input").items():
        lab.write(page, at[name], source)
    lab.write(page, at["q12_why_not_halves"], WORDS + ATTACK)
    lab.run(page, at["q12_why_not_halves"])
    assert SWAPPED in lab.validate(page)
    lab.cell(page, at["q2_multiply_backward"]).scroll_into_view_if_needed()
    album.take(page, "validate-fails")
    lab.close_dialog(page)
    submit(people, "gus")


def collect_and_grade(people: Class, album: Album) -> None:
    page = people.pages["instructor"]
    frame = lab.formgrader(page)
    line = lab.row(frame, ASSIGNMENT)
    assert "Successfully collected" in lab.press(line, "collect")
    number = line.locator("td.num-submissions a")
    assert number.inner_text() == "2"
    album.take(page, "collected", line.locator("td.collect a"), number)
    number.click()
    for student, score in (("ada", "50 / 53"), ("gus", "48 / 53")):
        line = lab.row(frame, student)
        line.get_by_text("needs autograding").wait_for()
        assert "Successfully autograded" in lab.press(line, "autograde")
        line.get_by_text("needs manual grading").wait_for()
        assert line.locator("td.score").inner_text() == score
    album.take(page, "autograded", *(lab.row(frame, s).locator("td.autograde a") for s in STUDENTS))


def read_answers_and_send_feedback(people: Class, album: Album) -> None:
    page = people.pages["instructor"]
    frame = lab.formgrader(page)
    for student, points in (("gus", "2"), ("ada", "3")):
        frame.get_by_role("link", name="Manual Grading").click()
        lab.row(frame, ASSIGNMENT).locator("td.num-submissions").wait_for()
        lab.row(frame, ASSIGNMENT).get_by_role("link").click()
        lab.row(frame, ASSIGNMENT).locator("td.avg-code-score").wait_for()
        lab.row(frame, ASSIGNMENT).get_by_role("link").click()
        line = lab.row(frame, STUDENTS[student])
        line.locator("td.reveal .name-hidden").click()
        line.locator("a.name-shown").click()
        score = frame.locator("#q12_why_not_halves")
        score.scroll_into_view_if_needed()
        with page.expect_response(saved("grade")):
            score.fill(points)
            score.blur()
        comment = frame.locator("#q12_why_not_halves-comment")
        with page.expect_response(saved("comment")):
            comment.fill(COMMENT)
            comment.blur()
        assert WORDS in frame.locator("body").inner_text()
        assert page.evaluate("window.attacked") is None
    album.take(page, "answer", score, comment)
    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("link", name="Manage Assignments").click()
    line = lab.row(frame, ASSIGNMENT)
    assert "Successfully generated feedback" in lab.press(line, "generate-feedback")
    assert "Successfully released feedback" in lab.press(line, "release-feedback")
    line.locator("td.release-feedback").scroll_into_view_if_needed()
    album.take(
        page,
        "send-feedback",
        line.locator("td.generate-feedback a"),
        line.locator("td.release-feedback a"),
    )


def saved(what: str) -> Any:
    return lambda answer: (
        f"/formgrader/api/{what}/" in answer.url and answer.request.method == "PUT"
    )


def read_feedback(people: Class, album: Album) -> None:
    page = people.pages["gus"]
    submitted = lab.assignments(page, "submitted")
    submitted.get_by_role("button", name="Fetch Feedback").click()
    link = submitted.get_by_text("(view feedback)")
    link.wait_for()
    album.take(page, "fetch-feedback", link, height=380)
    link.click()
    page.locator(".jp-DirListing-item", has_text=f"{ASSIGNMENT}.html").dblclick()
    page.keyboard.press("Control+b")
    feedback = page.frame_locator(".jp-HTMLViewer iframe")
    wrong = feedback.get_by_text(re.compile(SWAPPED)).first
    wrong.wait_for()
    album.take(page, "feedback")
    text = feedback.locator("body").inner_text()
    assert "50 / 53" in text
    assert COMMENT in text
    assert "HIDDEN TESTS" not in text
    # Playwright's own scrolling leaves the frame of an untrusted page where it is.
    wrong.evaluate("e => e.scrollIntoView({block: 'center'})")
    album.take(page, "diagnosis", wrong)
