"""Feedback: a page for each student that says all nbgrader's does, but for the hidden checks."""

from __future__ import annotations

import html
import json
import re
import shutil
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.course.folder import Course, CourseError
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.gradebook.feedback_rows import CellScore
from chainrule.grading.limits import Limits
from chainrule.grading.report.feedback import generate
from chainrule.grading.report.feedback_page import FeedbackInput, page
from chainrule.notebook.cells import grade_id_of, is_masters
from chainrule.notebook.hidden_tests import Hidden
from chainrule.notebook.text import joined
from chainrule.sample.run import Demo
from chainrule.sample.sample_class import Answer, SampleStudent, read_answers, submit
from grader_tests.support.command import chainrule
from grader_tests.support.trial import ROOT, problem_sets

PS1 = "ps1_scalar_circuits"
PER_STUDENT = ("ada", "gus", "nora", "otis", "milo")


@pytest.fixture(scope="module")
def graded(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The sample class, graded, with comments and points of a person, in a copy."""
    folder = tmp_path_factory.mktemp("feedback") / "work"
    shutil.copytree(demo.course.root, folder)
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        comment = book.find_comment("q12_why_not_halves", PS1, PS1, "gus")
        comment.manual_comment = "Good, **but** why $\\frac{1}{2}$? <script>x</script>"
        grade = book.find_grade("q12_why_not_halves", PS1, PS1, "gus")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.5, 0.25, False
        book.find_grade("q1_add_forward", PS1, PS1, "gus").manual_score = 0.5
        late = book.find_submission_notebook(PS1, PS1, "ada")
        late.late_submission_penalty = 1.5
        book.db.commit()
    for name, text in {"timestamp.txt": "2026-01-01 10:00:00 UTC", "evil.html": "<p>"}.items():
        (folder / "autograded" / "gus" / PS1 / name).write_text(text)
    return Course(folder)


def soup(course: Course, student: str, assignment: str = PS1, step: str = "feedback") -> Any:
    path = course.root / step / student / assignment / f"{assignment}.html"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def mistaken(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class that gets every question of every set wrong, each student in a way of their own."""
    made = Course(tmp_path_factory.mktemp("mistaken"))
    for name in ("source", "release"):
        shutil.copytree(course.root / name, made.root / name)
    for assignment in course.assignments:
        answers = read_answers(ROOT / "grader_tests" / "answers" / f"{assignment}.py")
        wrong: dict[str, list[str]] = {}
        for answer in answers:
            if not answer.right:
                wrong.setdefault(answer.cell, []).append(answer.name)
        for n in range(3):
            chosen = {cell: names[n % len(names)] for cell, names in wrong.items()}
            student = SampleStudent(f"s{n}", "", "master", {assignment: chosen})
            submit(made, assignment, student, answers, made.root / "submitted")
        # One who wrote nothing that runs: its checks raise, and their tracebacks show their source.
        broken = dict.fromkeys(wrong, "no names")
        nameless = [Answer(cell, "no names", False, None, "1 / 0") for cell in wrong]
        student = SampleStudent("s3", "", "master", {assignment: broken})
        submit(made, assignment, student, nameless, made.root / "submitted")
        limits = Limits(cell_seconds=4.0, call_seconds=2.0)
        assert grade(made.root, assignment, limits=limits).failed == {}
        assert generate(made.root, assignment).failed == {}
    return made


def hidden_lines(assignment: str) -> set[str]:
    """Lines of the hidden checks of a problem set that stand nowhere in what students get."""
    hidden: set[str] = set()
    shown = ""
    for cell in problem_sets()[assignment].cells:
        parts = re.split(r"(?s)(### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS)", cell.source)
        shown += "\n".join(parts[::2])
        hidden.update(line.strip() for part in parts[1::2] for line in part.split("\n"))
    return {line for line in hidden if line not in shown}


def says(words: str, line: str) -> bool:
    """Whether a page says the line: anywhere, or as a line of its own where it is very short."""
    return line in words if len(line) >= 12 else line in map(str.strip, words.split("\n"))


@pytest.mark.slow
@pytest.mark.parametrize("assignment", sorted(problem_sets()))
def test_hidden_checks_never_appear(mistaken: Course, assignment: str) -> None:
    hidden = hidden_lines(assignment)
    assert len(hidden) > 10
    leaks = 0
    for student in ("s0", "s1", "s2", "s3"):
        path = mistaken.root / "autograded" / student / assignment / f"{assignment}.ipynb"
        cells = json.loads(path.read_text())["cells"]
        raised = str([cell.get("outputs") for cell in cells])
        leaks += any(says(raised, line) for line in hidden)
        text = (
            path.parents[3] / "feedback" / student / assignment / f"{assignment}.html"
        ).read_text()
        words = BeautifulSoup(text, "html.parser").get_text()
        own = "\n".join(cell["source"] for cell in cells if not is_masters(cell))
        for line in hidden:
            if line not in own:
                assert not says(words, line), (student, line)
                assert not says(text, html.escape(line)), (student, line)
        assert words.count("# hidden checks: they count") == sum(
            cell["source"].count("BEGIN HIDDEN TESTS") for cell in cells
        )
    assert leaks  # else the test is about nothing: tracebacks show the source of hidden checks


@pytest.mark.slow
def test_says_what_nbgraders_page_says(graded: Course) -> None:
    """Points, comments, cells and outputs; tracebacks of checks and hidden checks apart."""
    api = graded.nbgrader(
        CourseDirectory__feedback_directory="stock",
        GenerateFeedback__exporter_class="nbconvert.exporters.HTMLExporter",
    )
    for student in PER_STUDENT:
        done = api.generate_feedback(PS1, student)
        assert done["success"], done
    generate(graded.root, PS1, force=True)
    path = graded.root / "autograded"
    parts = ("#toc a", ".input_area", ".output_stream", ".panel-footer")
    compared: Counter[str] = Counter()
    for student in PER_STUDENT:
        theirs, ours = soup(graded, student, step="stock"), soup(graded, student)
        compared.update({part: len(theirs.select(part)) for part in parts})
        cells = json.loads((path / student / PS1 / f"{PS1}.ipynb").read_text())["cells"]
        hidden = Hidden(cells)

        total = re.search(r"Score: ([\d.]+) / ([\d.]+)", theirs.find("h4").text)
        assert total is not None
        assert [float(n) for n in total.groups()] == [
            float(n) for n in ours.select_one("nav tfoot .points").text.split(" / ")
        ]
        for link in theirs.select("#toc a"):
            name = link["href"].removeprefix("#")
            here = ours.find(id=name)
            assert here is not None, name
            points = re.search(r"Score: ([\d.]+) / ([\d.]+)", link.parent.text)
            if points is not None:
                shown = here.select_one(".points").text.strip().replace("–", "0").split(" / ")
                assert [float(n) for n in points.groups()] == [float(n) for n in shown], name
                assert ours.select_one(f'nav a[href="#{name}"]') is not None

        code = [pre.text.strip() for pre in ours.select("pre.code")]
        for block in theirs.select(".input_area"):
            assert hidden.cut(block.text).strip() in code
        words = re.sub(r"\s+", " ", ours.get_text())
        # What cells of one's own print once hidden checks have run may tell what they tried.
        untold = {
            line.strip()
            for cell in cells
            if not is_masters(cell) and not grade_id_of(cell)
            for output in cell.get("outputs", [])
            for line in joined(output.get("text")).split("\n")
        }
        for stream in theirs.select(".output_stream"):
            for line in stream.text.split("\n"):
                assert line.strip() in words or line.strip() in untold
        for footer in theirs.select(".panel-footer"):
            said = re.sub(r"\$.*?\$|x", "", footer.text.replace("Comments:", "")).split()
            assert all(word in words for word in said), said
        for cell in cells:
            for output in cell.get("outputs", []):
                if output["output_type"] == "error" and output["ename"] == "CheckFailed":
                    assert re.sub(r"\s+", " ", output["evalue"]) in words
                    compared["failed check"] += 1
    # Each kind is there to be compared; a page of another make would have none of it.
    assert all(compared[part] for part in (*parts, "failed check")), compared


def test_a_persons_points_and_comment(graded: Course) -> None:
    generate(graded.root, PS1, students=["gus"], force=True)
    shown = soup(graded, "gus")
    answer = shown.find(id="q12_why_not_halves")
    assert answer.select_one(".points").text == "2.75 / 3"
    comment = answer.select_one(".comment")
    assert comment.select_one("strong").text == "but"
    assert comment.find("mfrac") is not None
    assert comment.find("script") is None
    assert shown.find(id="q1_add_forward").select_one(".points").text == "0.5 / 1"


def test_what_is_late_and_what_waits(graded: Course) -> None:
    generate(graded.root, PS1, students=["ada"], force=True)
    shown = soup(graded, "ada")
    assert shown.nav.select_one("tr.failed").text == "Handed in late−1.5"
    assert shown.find(id="q12_why_not_halves")["class"] == ["answer", "waiting"]
    assert "still to be read by a person" in shown.header.text


def test_diagnosis_comes_first(graded: Course) -> None:
    generate(graded.root, PS1, students=["otis"], force=True)
    failed = soup(graded, "otis").select(".check.failed")
    assert [section["id"] for section in failed] == ["q2_multiply_backward"]
    assert failed[0].select_one(".diagnosis p").text == "Multiply.backward raised an error."
    assert "line 13 of your cell" in failed[0].select_one(".diagnosis pre").text
    assert not failed[0].select_one("details").has_attr("open")


def test_only_what_changed_is_made_again(graded: Course) -> None:
    first = generate(graded.root, PS1, force=True)
    assert first.failed == {}
    assert len(first.written) > 10
    again = generate(graded.root, PS1)
    assert (len(again.written), again.unchanged) == (0, len(first.written))
    with Gradebook(f"sqlite:///{graded.root}/gradebook.db") as book:
        book.find_comment("q12_why_not_halves", PS1, PS1, "lea").manual_comment = "Well said."
        book.db.commit()
    changed = generate(graded.root, PS1)
    assert [path.parent.parent.name for path in changed.written] == ["lea"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_pages_however_made(graded: Course, jobs: int) -> None:
    def pages() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (graded.root / "feedback").glob(f"*/{PS1}/*")}

    generate(graded.root, PS1, force=True, jobs=jobs)
    before = pages()
    with ThreadPoolExecutor(2) as pool:
        generate(graded.root, PS1, force=True, executor=pool)
    assert pages() == before


def test_files_are_as_nbgrader_leaves_them(graded: Course) -> None:
    generate(graded.root, PS1, force=True)
    folder = graded.root / "feedback" / "gus" / PS1
    assert sorted(p.name for p in folder.iterdir()) == [f"{PS1}.html", "timestamp.txt"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o644}


def test_unknown_students_and_assignments(graded: Course) -> None:
    done = generate(graded.root, PS1, students=["nobody", "gus"], force=True)
    assert done.failed == {"nobody": "nothing of it was graded"}
    assert len(done.written) == 1
    with pytest.raises(CourseError, match="knows no assignment ps99"):
        generate(graded.root, "ps99")


def test_the_command(graded: Course) -> None:
    students = ["--student", "gus", "--student", "nobody"]
    done = chainrule("feedback", PS1, *students, "--force", cwd=graded.root)
    assert done.returncode == 1
    assert re.search(r"^1 written in [\d.]+ s; 0 unchanged, 1 failed$", done.stdout, re.MULTILINE)
    assert "failed nobody: nothing of it was graded" in done.stdout


def test_one_broken_notebook_is_not_the_end(graded: Course, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(graded.root, folder)
    path = folder / "autograded" / "fay" / PS1 / f"{PS1}.ipynb"
    path.chmod(0o644)
    path.write_text('{"cells": ' + "[" * 100_000)
    linked = folder / "autograded" / "hana" / PS1 / f"{PS1}.ipynb"
    linked.unlink()
    linked.symlink_to(folder / "gradebook.db")
    done = generate(folder, PS1, force=True)
    assert sorted(done.failed) == ["fay", "hana"]
    assert len(done.written) > 10


def test_the_same_page_from_nbgrader(graded: Course) -> None:
    """`nbgrader generate_feedback` makes it, by configuration alone; and it can be released."""
    generate(graded.root, PS1, students=["gus"], force=True)
    path = graded.root / "feedback" / "gus" / PS1 / f"{PS1}.html"
    ours = path.read_text()
    work = graded.root / "autograded" / "gus" / PS1
    (work / "submission_secret.txt").write_text("secret")
    (work / "evil.html").unlink()  # which nbgrader copies along; `chainrule feedback` does not
    exporter = "chainrule.nbgrader.FeedbackExporter"
    api = graded.nbgrader(
        GenerateFeedback__exporter_class=exporter,
        Exchange__root=str(graded.root / "exchange"),
        CourseDirectory__course_id="chainrule",
    )
    done = api.generate_feedback(PS1, "gus", force=True)
    assert done["success"], done
    assert path.read_text() == ours
    (graded.root / "exchange").mkdir()
    (graded.root / "exchange").chmod(0o777)
    released = api.release_feedback(PS1, "gus")
    assert released["success"], released
    (found,) = (graded.root / "exchange" / "chainrule" / "feedback").glob("*.html")
    assert found.read_text() == ours


# One page -----------------------------------------------------------------------------------------


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def cell(source: str, *outputs: Any, name: str = "", **flags: Any) -> dict[str, Any]:
    known = {"grade_id": name, "schema_version": 3, **flags} if name else None
    return {
        "cell_type": "code",
        "metadata": {"nbgrader": known} if known else {},
        "source": source.splitlines(keepends=True),
        "outputs": list(outputs),
    }


CHECK = """assert add(1, 2) == 3
### BEGIN HIDDEN TESTS
    secret = add(20, 22)
    assert secret == 42, "the hidden sum"
### END HIDDEN TESTS
assert add(0, 0) == 0"""
STOCK_TRACEBACK = [
    "\x1b[31m---------------------------------------\x1b[39m",
    "\x1b[31mAssertionError\x1b[39m         Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[5]\x1b[39m\x1b[32m, line 3\x1b[39m\n"
    "\x1b[32m      2\x1b[39m ### BEGIN HIDDEN TESTS\n"
    "\x1b[32m----> 3\x1b[39m     secret\x1b[38;5;241m \x1b[39m= add(20, 22)\n"
    '\x1b[32m      4\x1b[39m     assert secret == 42, "the hidden sum"',
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 2\x1b[39m, in add\n"
    "\x1b[32m      1\x1b[39m def add(x, y):\n"
    "\x1b[32m----> 2\x1b[39m     return x / 0",
    "\x1b[31mAssertionError\x1b[39m: the hidden sum",
]


def check_page(outputs: list[Any], answer: list[Any] = []) -> str:  # noqa: B006
    content = notebook(
        cell("def add(x, y):\n    return x / 0", *answer, name="add", solution=True),
        cell(CHECK, *outputs, name="add_check", grade=True, solution=False, locked=True),
    )
    rows = {"add_check": CellScore(0.0, 1.0)}
    return page(FeedbackInput("s", "ps", "nb", content, rows))


def words_of(text: str) -> str:
    return BeautifulSoup(text, "html.parser").body.get_text()


def test_stock_traceback_is_cut_to_the_students_own_frames() -> None:
    error = {
        "output_type": "error",
        "ename": "AssertionError",
        "evalue": "it is wrong",
        "traceback": STOCK_TRACEBACK,
    }
    words = words_of(check_page([error]))
    assert "A hidden check failed (AssertionError)." in words
    assert "it is wrong" not in words
    assert "Cell In[4], line 2, in add" in words
    assert "----> 2     return x / 0" in words
    assert "secret" not in words
    assert "In[5]" not in words
    assert words.count("# hidden checks: they count, and are not shown") == 1


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": CHECK},
        {"output_type": "stream", "name": "stdout", "text": [f"{CHECK}\n", "tail"]},
        {"output_type": "error", "ename": "E", "evalue": CHECK, "traceback": [CHECK]},
        {"output_type": "error", "ename": CHECK, "evalue": "", "traceback": STOCK_TRACEBACK[:-1]},
        {"output_type": "display_data", "data": {"text/plain": CHECK}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": f"<pre>{CHECK}</pre>"}},
        {"output_type": "display_data", "data": {"text/html": html.escape(CHECK)}},
        {"output_type": "display_data", "data": {"text/markdown": CHECK}},
    ],
)
@pytest.mark.parametrize("where", ["check", "answer"])
def test_hidden_lines_are_cut_from_any_output(output: Any, where: str) -> None:
    """A student who read the check's source at grading, and printed it, hands it to nobody."""
    words = words_of(check_page([output] if where == "check" else [], [output]))
    assert "secret" not in words
    assert "hidden sum" not in words


VALUES = """assert add(1, 2) == 3
### BEGIN HIDDEN TESTS
check.backward(Add, at=dict(x=7.25), of=like)
### END HIDDEN TESTS"""
FAILED = {
    "output_type": "error", "ename": "CheckFailed", "traceback": [],
    "evalue": f"Add.backward: dx is wrong: {MISCONCEPTIONS['sign'].phrase}.\n"
    "  at x = 7.25, upstream = 0.5\n  dx: expected 3.625 ± 1e-9\n      got      -3.625",
}  # fmt: skip


def values_page(line: int, printed: str, **settings: Any) -> str:
    note = {"misconception": "sign", "line": line}
    check = cell(VALUES, FAILED, name="add_check", grade=True, solution=False, locked=True)
    check["metadata"]["chainrule"] = note
    spied = {"output_type": "stream", "name": "stdout", "text": printed}
    before, after = (cell("print(1)", spied, name=name) for name in ("a", "b"))
    content = notebook(before, check, after)
    return words_of(
        page(FeedbackInput("s", "ps", "nb", content, {"add_check": CellScore(0, 1)}, **settings))
    )


def test_a_hidden_check_tells_the_mistake_and_not_its_values() -> None:
    words = values_page(3, "7.25 is what they tried")
    assert f"Add.backward: dx is wrong: {MISCONCEPTIONS['sign'].phrase}." in words
    assert "Read: course/" in words
    assert "3.625" not in words
    assert words.count("7.25") == 1  # before any hidden check was run nobody knew it
    assert "hidden checks had been run before it" in words


def test_a_visible_check_tells_its_values() -> None:
    assert "expected 3.625" in values_page(1, "")


def test_a_course_may_show_hidden_values() -> None:
    words = values_page(3, "7.25 is what they tried", hidden_values=True)
    assert "expected 3.625" in words
    assert words.count("7.25 is what they tried") == 2


def test_a_mark_without_its_end_hides_the_rest() -> None:
    cells = [{"source": "a\n# BEGIN HIDDEN TESTS\nb\nc", "metadata": {"nbgrader": {"grade": True}}}]
    hidden = Hidden(cells)
    assert hidden.cut(cells[0]["source"]) == "a\n# hidden checks: they count, and are not shown"
    assert hidden.lines == {"# BEGIN HIDDEN TESTS", "b", "c"}


def test_other_marks() -> None:
    text = CHECK.replace("HIDDEN TESTS", "SECRET")
    content = notebook(cell(text, name="c", grade=True, solution=False))
    marks = ("BEGIN SECRET", "END SECRET")
    assert "the hidden sum" not in page(FeedbackInput("s", "ps", "nb", content, {}, marks=marks))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"cells": [1]}', b"\xff", b'{"cells": 1}']
)
def test_what_is_no_notebook(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        page(FeedbackInput("s", "ps", "nb", content, {}))


def test_odd_fields_of_a_notebook_are_passed_over() -> None:
    content = notebook(
        {"cell_type": "code"},
        {"cell_type": 3, "source": 4, "metadata": 5, "outputs": [6, {}]},
        {"source": ["x", 7], "outputs": [{"output_type": "error", "traceback": 8}]},
        {"outputs": [{"output_type": "display_data", "data": {"text/html": 9, "x": None}}]},
        {"cell_type": "markdown", "source": "ok", "attachments": {"a": 1, "b": {"image/png": 2}}},
    )
    assert "<p>ok</p>" in page(FeedbackInput("s", "ps", "nb", content, {}))
