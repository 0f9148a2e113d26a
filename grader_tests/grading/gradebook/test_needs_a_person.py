"""Work that is not as it should be: under another name, of another kind, by nobody in the class."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from chainrule.course.folder import Course
from chainrule.course.roster import EnrolledStudent
from chainrule.grading.gradebook.batch import BatchResult, grade
from chainrule.grading.gradebook.class_list import enrol
from chainrule.grading.report.feedback import generate
from grader_tests.support.notebooks import RIGHT, answered, submission
from grader_tests.support.paper_judge import PaperJudge
from grader_tests.support.small_course import MASTER, hand_in, make_course

ANSWERS = {"q1": "right", "q2": "right", "w1": "Words."}
NOTEBOOK = submission(answered(MASTER, ANSWERS)).notebook or b""


@pytest.fixture
def root(tmp_path: Path, empty_book: Path) -> Path:
    made = make_course(tmp_path / "course", {"ada": ANSWERS})
    shutil.copy(empty_book, made)
    return made


def graded(root: Path, **how: Any) -> BatchResult:
    result = grade(root, "ps", executor=PaperJudge(), jobs=1, **how)
    assert not result.failed
    return result


def rows(root: Path, student: str) -> dict[str, Any]:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        (notebook,) = book.find_submission("ps", student).notebooks
        return {one.name: one for one in notebook.grades} | {"score": notebook.score}


def page(root: Path, student: str) -> str:
    generate(root, "ps", students=[student], force=True)
    return (root / f"feedback/{student}/ps/ps.html").read_text()


def put(root: Path, student: str, **files: bytes) -> Path:
    folder = root / "submitted" / student / "ps"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    "name",
    ["ps (1).ipynb", "ps-Copy1.ipynb", "PS.ipynb", "ps.ipynb.txt", "week 1/ps.ipynb", "mine.ipynb"],
)
def test_the_notebook_under_another_name_is_graded_with_a_note(root: Path, name: str) -> None:
    put(root, "bob", **{name: NOTEBOOK})
    told = graded(root).problems["bob"]
    assert told == [f"{name} was graded as ps.ipynb."]
    assert rows(root, "bob")["score"] == 5
    assert told[0] in page(root, "bob")


def test_of_two_that_differ_a_person_has_to_say_which_counts(root: Path) -> None:
    other = submission(answered(MASTER, {"q1": "right"})).notebook or b""
    put(root, "bob", **{"ps (1).ipynb": NOTEBOOK, "ps (2).ipynb": other})
    (told,) = graded(root).problems["bob"]
    assert told.endswith("a person has to say which one counts.")
    assert rows(root, "bob")["score"] == 0
    assert all(rows(root, "bob")[name].needs_manual_grade for name in ("c1", "c2", "w1"))
    assert told in page(root, "bob")


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("ps.ipynb", NOTEBOOK)
    return made.getvalue()


CONFLICT = b"<<<<<<< HEAD\n" + NOTEBOOK + b"\n=======\n" + NOTEBOOK + b"\n>>>>>>> mine\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html>\n<html><body>ps</body></html>", "a web page (HTML)"),
        (archive(), "a zip archive"),
        (b"%PDF-1.4 ...", "a PDF"),
        (CONFLICT, "a notebook with the marks of an unfinished merge"),
    ],
    ids=["html", "zip", "pdf", "merge"],
)
@pytest.mark.parametrize("name", ["ps.ipynb", "work"])
def test_what_is_no_notebook_is_named(root: Path, name: str, content: bytes, kind: str) -> None:
    put(root, "bob", **{name: content})
    (told,) = graded(root).problems["bob"]
    assert kind in told
    found = rows(root, "bob")
    assert (found["score"], found["c1"].needs_manual_grade) == (0, True)
    assert kind in page(root, "bob")


def test_of_several_notebooks_each_page_has_its_own_notes(root: Path) -> None:
    """What is about the whole, or about a notebook that has no page, stands on every page."""
    for name in ("other", "third"):
        shutil.copy(root / "source/ps/ps.ipynb", root / f"source/ps/{name}.ipynb")
    pdf = {"other.ipynb": b"%PDF-1.4 ..."}
    folder = put(root, "bob", **{"ps.ipynb": NOTEBOOK, "third.ipynb": NOTEBOOK, **pdf})
    (folder / "data.csv").symlink_to("/etc/passwd")
    put(root, "eve", **{"ps.ipynb": NOTEBOOK, **pdf})
    told = graded(root).problems
    (link, of_pdf) = told["bob"]
    assert ("data.csv" in link, "a PDF" in of_pdf) == (True, True)
    missing = "third.ipynb was not handed in."
    assert told["eve"] == [missing, of_pdf]

    def has(student: str, name: str) -> list[bool]:
        page(root, student)
        text = (root / f"feedback/{student}/ps/{name}.html").read_text()
        return [note in text for note in (link, of_pdf, missing)]

    assert has("bob", "ps") == has("bob", "third") == [True, False, False]
    assert has("bob", "other") == [True, True, False]
    assert (has("eve", "ps"), has("eve", "other")) == ([False, False, True], [False, True, True])
    assert not (root / "feedback/eve/ps/third.html").exists()


def test_an_empty_folder_is_no_submission_for_a_person_to_see(root: Path) -> None:
    (root / "submitted/bob/ps").mkdir(parents=True)
    assert graded(root).problems["bob"] == ["ps.ipynb was not handed in."]
    assert not any(rows(root, "bob")[name].needs_manual_grade for name in ("c1", "c2", "w1"))


def test_outputs_are_dropped_before_anything_is_measured(root: Path) -> None:
    notebook = json.loads(NOTEBOOK)
    code = next(one for one in notebook["cells"] if one["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 21_000_000}]
    put(root, "bob", **{"ps.ipynb": json.dumps(notebook).encode()})
    assert "bob" not in graded(root).problems
    assert rows(root, "bob")["score"] == 5


def with_words_below(*added: Any) -> bytes:
    cells = answered(MASTER, {"q1": "right"})
    place = next(n for n, one in enumerate(cells) if one["id"] == "w1")
    cells[place + 1 : place + 1] = added
    return submission(cells).notebook or b""


def test_an_answer_in_a_cell_below_the_untouched_stub_is_for_a_person_to_see(root: Path) -> None:
    words = new_markdown_cell("What I think of it.")
    put(root, "bob", **{"ps.ipynb": with_words_below(new_markdown_cell(" "), words)})
    (told,) = graded(root).problems["bob"]
    assert told.startswith("The cell w1 is as it was handed out, and a cell was added under it")
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        assert book.find_comment("w1", "ps", "ps", "bob").comment is None
        assert book.find_grade("w1", "ps", "ps", "bob").needs_manual_grade
    shown = page(root, "bob")
    assert told in shown
    assert shown.count("No response.") == 1  # of q2, which has none


def test_nothing_below_the_untouched_stub_is_no_response(root: Path) -> None:
    put(root, "bob", **{"ps.ipynb": with_words_below(new_markdown_cell(" \n"))})
    assert "bob" not in graded(root).problems
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        assert book.find_comment("w1", "ps", "ps", "bob").comment == "No response."
        assert not book.find_grade("w1", "ps", "ps", "bob").needs_manual_grade


# Who is a student


def enter(root: Path, *names: str) -> list[str]:
    folders = CourseDirectory(config=Course(root).config())
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        return enrol(book, folders, [EnrolledStudent(name) for name in names])


def test_who_is_not_in_the_class_list_is_graded_and_told_of(root: Path) -> None:
    enter(root, "ada", "zoe")
    hand_in(root, "zed", RIGHT)
    for _ in range(2):  # what grading leaves in the gradebook makes nobody a student
        assert graded(root, force=True).strangers == {"zed": "zoe"}
    assert "c1" in rows(root, "zed")
    assert enter(root, "zed") == ["zed"]
    assert graded(root).strangers == {}


def test_who_is_not_in_the_class_list_can_be_left_out(root: Path) -> None:
    enter(root, "ada", "zoe")
    hand_in(root, "zed", RIGHT)
    found = graded(root, strict=True)
    assert (list(found.graded), found.strangers) == (["ada"], {"zed": "zoe"})
    assert not (root / "autograded/zed").exists()


def test_without_a_class_list_nobody_is_a_stranger(root: Path) -> None:
    hand_in(root, "zed", RIGHT)
    assert graded(root).strangers == {}
