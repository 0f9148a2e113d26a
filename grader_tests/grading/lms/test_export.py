"""Exports, read back by readers that follow the rules of the system each is for."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.course.folder import Course, CourseError
from chainrule.formatting import decimal
from chainrule.grading.lms.canvas import read_roster
from chainrule.grading.lms.export import FORMATS, Target, export_assignment
from chainrule.grading.lms.export_job import PLACES, Exported, as_csv, guarded
from chainrule.grading.lms.moodle import for_php
from chainrule.grading.lms.options import Match, Options
from grader_tests.support.command import chainrule
from grader_tests.support.gradedclass import ASSIGNMENT, Handed, empty_gradebook, make_class, scores
from grader_tests.support.lms import Canvas, Moodle, fgetcsv, read_results

LEFT_OUT = "Add.backward: dx and dy are wrong: the upstream gradient was left out.\n  expected 17"

CLASS = [
    Handed(
        "ada", scores(1, 2, 3, (None, 3.5)), first="Ada", last='Love,lace "the first"',
        email="ada@example.org", lms="101", timestamp=datetime(2026, 3, 2, 18, 30),
        comment='Well said: "never" halve,\nand see \\',
    ),
    Handed("bob", scores(1, 0, (0, 2), (None, 0)), first="Bob", last="Späth", email="b@example.org",
           lms="102", penalty=1.25, errors={"q1_add_backward": ("CheckFailed", LEFT_OUT)}),
    Handed("cy", scores(1, 2, 3, None), first="小龙", last="李", email="cy@example.org", lms="103",
           extra=0.5),
    Handed("late", scores(0, 0, 1, (None, 0)), first="محمد", last="علي", email="late@example.org",
           lms="104", penalty=5.0),
    Handed("none", first="No", last="Work", email="none@example.org", lms="105"),
    Handed("=1+2", scores(1, 0, 0, (None, 0)), first="=HYPERLINK(\"http://x\",\"y\")", last="+cmd",
           email="eq@example.org", lms="106"),
    Handed("@at", scores(0, 2, 0, (None, 0)), first="-minus", last="@sum", email="at@example.org",
           lms="107"),
    Handed("007", scores(1, 2, 0, (None, 0)), first="\ttab", last="two\nlines; and, more",
           email="bond@example.org", lms="108"),
    Handed("o'neil", scores(0, 0, 3, (None, 1)), first="Points Possible", last="back\\",
           email="on@example.org", lms="109"),
]  # fmt: skip
# What each of them has in the end: points less penalty, never below zero.
FINAL: dict[str, float] = {
    "ada": 9.5, "bob": 1.75, "cy": 6.5, "late": 0, "=1+2": 1, "@at": 2, "007": 3, "o'neil": 4,
}  # fmt: skip
BY_ID = {one.id: one for one in CLASS}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_gradebook(tmp_path_factory.mktemp("book") / "gradebook.db")


@pytest.fixture(scope="module")
def course(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_class(tmp_path_factory.mktemp("course"), empty, CLASS, (ASSIGNMENT, "ps2"))


def exported(course: Course, target: str, to: Path, **options: Any) -> Exported:
    return export_assignment(course, ASSIGNMENT, Target(target), to, Options(**options))


# ---- Cells.


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@a",
        "\t=1",
        "\r=1",
        "\n",
        "  =1",
        "'=1",
        "''\t",
        "＝1",
        "−".replace("−", "-"),
    ],
)
def test_formulas_are_guarded(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ada", "'t Hooft", "o'neil", "a=1", "李", "1", " x", "−1"])
def test_other_text_is_not(text: str) -> None:
    assert guarded(text) == text


def unguarded(text: str) -> str:
    """As the docstring of `guarded` has it."""
    return text[1:] if text[:1] == "'" and guarded(text[1:]) != text[1:] else text


@given(st.text() | st.text("'=+-@\t\r\n a"))
def test_a_guarded_text_can_be_had_back_and_is_no_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not re.match(r"[=+\-@\t\r]", guarded(text))


@settings(deadline=None)  # how fast it is on a busy machine is not what is tested
@given(st.floats(0, 1e9))
def test_numbers_have_no_exponent(value: float) -> None:
    assert re.fullmatch(r"\d+(\.\d{1,4})?", decimal(value, PLACES))
    assert float(decimal(value, PLACES)) == pytest.approx(value, abs=1e-4)


def test_what_cannot_be_written_is_told_in_a_line(course: Course, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target in Target:
        with pytest.raises(CourseError, match="cannot be written"):
            exported(course, target, tmp_path / "file" / "below")


# ---- csv: for people.


def test_plain_table(course: Course, tmp_path: Path) -> None:
    done = exported(course, "csv", tmp_path / "grades.csv")
    with done.path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert done.path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(rows) == done.students == len(CLASS)
    by_id = {unguarded(row["student_id"]): row for row in rows}
    assert set(by_id) == set(BY_ID)
    for student, row in by_id.items():
        assert unguarded(row["last_name"]) == BY_ID[student].last
        assert unguarded(row["first_name"]) == BY_ID[student].first
        assert row["score"] == ("" if student == "none" else decimal(FINAL[student], PLACES))
        assert not any(re.match(r"[=+\-@\t\r]", cell) for cell in row.values())
    ada = by_id["ada"]
    assert [ada[q] for q in ("q1", "q2", "q3")] == ["3", "3", "3.5"]
    assert (ada["submitted"], ada["timestamp"]) == ("yes", "2026-03-02 18:30:00")
    assert (by_id["bob"]["late_penalty"], by_id["bob"]["q2"]) == ("1.25", "2")  # by hand: 2, not 0
    assert (by_id["cy"]["waiting"], by_id["cy"]["q1"]) == ("yes", "3.5")  # extra credit
    assert (by_id["none"]["submitted"], by_id["none"]["q1"]) == ("no", "")
    assert {row["max_score"] for row in rows} == {"10"}
    assert done.notes == ["points are missing, since a person has yet to grade an answer: cy"]


def test_no_submission_is_zero_where_that_is_wished(course: Course, tmp_path: Path) -> None:
    exported(course, "csv", tmp_path / "grades.csv", zero_for_missing=True)
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {r["student_id"]: r["score"] for r in csv.DictReader(file)}["none"] == "0"


# ---- Canvas.


USERS = [(one.lms or "", f"sis{one.lms}", one.id, f"{one.last}, {one.first}") for one in CLASS]
WITHOUT_IDS = [Handed(**{**vars(one), "lms": None}) for one in CLASS]


def test_canvas_gets_every_grade_by_its_own_ids(course: Course, tmp_path: Path) -> None:
    done = exported(course, "canvas", tmp_path / "c.csv", column="Problem Set 1 (77)")
    canvas = Canvas(USERS, {"77": "Problem Set 1"}).upload(done.path)
    assert canvas.unknown == []
    assert canvas.points == {"77": "10"}
    wanted = {(BY_ID[s].lms, "77"): decimal(points, PLACES) for s, points in FINAL.items()}
    assert canvas.grades == wanted
    assert done.students == len(FINAL)


def test_canvas_finds_them_by_login_where_it_has_to(empty: Path, tmp_path: Path) -> None:
    """Their logins are formulas, and go through as they are; names do not decide."""
    course = make_class(tmp_path / "course", empty, WITHOUT_IDS)
    done = exported(course, "canvas", tmp_path / "c.csv")
    canvas = Canvas([(n, s, login, "somebody else") for n, s, login, _ in USERS], {}).upload(
        done.path
    )
    assert canvas.unknown == []
    assert canvas.grades == {
        (BY_ID[s].lms, f"new: {ASSIGNMENT}"): decimal(points, PLACES) for s, points in FINAL.items()
    }
    assert [note for note in done.notes if "formulas" in note] == [
        "ids kept as they are, though a spreadsheet may take them for formulas: import, not open:"
        " =1+2, @at"
    ]


def test_canvas_shows_no_formula_of_a_name(course: Course, tmp_path: Path) -> None:
    exported(course, "canvas", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["SIS Login ID"]: row["Student"] for row in rows[1:]}
    assert names["=1+2"] == '\'+cmd, =HYPERLINK("http://x","y")'
    assert names["ada"] == 'Love,lace "the first", Ada'
    assert names["cy"] == "李, 小龙"
    assert names["o'neil"] == "o'neil"  # "Points Possible" would not be a student's row
    assert not any(re.match(r"[=+\-@\t\r]", name) for name in names.values())


ROSTER = """Student;ID;SIS User ID;SIS Login ID;Root Account;Section;Home 1 (41);ps (42);Final Score
;;;;;;Manual Posting;;
    Points Possible;;;;;;12,00;10,00;(read only)
"Love,lace ""the first"", Ada";9001;s1;ADA;x.instructure.com;"A; and B";1,50;;80,0
Späth, Bob;9002;s2;b@example.org;x.instructure.com;A;;;
"李, 小龙";103;s3;other;x.instructure.com;A;;;
=eq;9006;=1+2;eq;x.instructure.com;=A;;;
Never, Heard;9010;s10;never;x.instructure.com;A;;;
"Student, Test";9099;;0a1b2c;x.instructure.com;A;;;
"""


def test_a_roster_gives_ids_column_and_points(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes(b"\xef\xbb\xbf" + ROSTER.encode())
    done = exported(course, "canvas", tmp_path / "c.csv", roster=tmp_path / "roster.csv")
    users = [("9001", "s1", "ADA", ""), ("9002", "s2", "b@example.org", ""), ("103", "s3", "o", ""),
             ("9006", "=1+2", "eq", ""), ("9010", "s10", "never", "")]  # fmt: skip
    canvas = Canvas(users, {"41": "Home 1", "42": ASSIGNMENT}).upload(done.path)
    assert canvas.unknown == []
    assert canvas.grades == {
        ("9001", "42"): "9.5", ("9002", "42"): "1.75", ("103", "42"): "6.5", ("9006", "42"): "1",
    }  # fmt: skip
    assert canvas.points == {"42": "10.00"}
    left_out = [note for note in done.notes if "not in the roster" in note]
    assert left_out == ["not in the roster, and left out: 007, @at, late, o'neil"]
    assert not any("points in Canvas" in note for note in done.notes)


def test_a_column_that_differs_is_told(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    here = dict(roster=tmp_path / "roster.csv")
    other = exported(course, "canvas", tmp_path / "c.csv", column="Home 1", **here)
    assert "Home 1 (41) has 12,00 points in Canvas, and 10 here" in other.notes
    new = exported(course, "canvas", tmp_path / "c.csv", column="Home 9", **here)
    assert "Canvas has no assignment Home 9: it will make a new one" in new.notes
    with pytest.raises(CourseError, match="leaves out a column"):
        exported(course, "canvas", tmp_path / "c.csv", column="My Final Grade")


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b'Student,ID\n"' + b"x" * 200_000]
)
def test_what_is_no_roster_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(CourseError, match=r"roster\.csv"):
        read_roster(tmp_path / "roster.csv")


def test_a_seat_is_given_once(empty: Path, tmp_path: Path) -> None:
    """Who calls themselves by another's number in Canvas does not get their grade in."""
    students = [
        Handed("ada", scores(1, 2, 3, (None, 4)), lms="9001"),
        Handed("s1", scores(0, 0, 0, (None, 0))),
    ]
    course = make_class(tmp_path / "course", empty, students)
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    done = exported(course, "canvas", tmp_path / "c.csv", roster=tmp_path / "roster.csv")
    canvas = Canvas([("9001", "s1", "ADA", "")], {"42": ASSIGNMENT}).upload(done.path)
    assert canvas.grades == {("9001", "42"): "10"}
    assert "not in the roster, and left out: s1" in done.notes


# ---- Moodle.


@pytest.mark.parametrize(
    ("match", "header", "key"),
    [(Match.IDNUMBER, "ID number", "lms"), (Match.USERNAME, "Username", "id"),
     (Match.EMAIL, "Email address", "email")],
)  # fmt: skip
def test_moodle_gets_every_grade(
    course: Course, tmp_path: Path, match: Match, header: str, key: str
) -> None:
    done = exported(course, "moodle", tmp_path / "m.csv", match=match)
    users = {getattr(one, key): one.id for one in CLASS}
    moodle = Moodle(users, header).upload(done.path)
    assert moodle.grades == {one.id: {ASSIGNMENT: FINAL.get(one.id)} for one in CLASS}
    assert done.students == len(CLASS)


def test_newest_moodle_too(course: Course, tmp_path: Path) -> None:
    done = exported(course, "moodle", tmp_path / "m.csv")
    users = {one.lms or "": one.id for one in CLASS}
    moodle = Moodle(users, "ID number", newest=True).upload(done.path)
    assert moodle.grades["=1+2"] == {ASSIGNMENT: 1}
    assert moodle.grades["none"] == {ASSIGNMENT: None}


def test_moodle_feedback_is_whole_and_holds_nothing_of_a_student_s(
    course: Course, tmp_path: Path
) -> None:
    done = exported(course, "moodle", tmp_path / "m.csv", column="Set 1")
    moodle = Moodle({one.lms or "": one.id for one in CLASS}, "ID number").upload(done.path)
    told = {user: feedback["Set 1 (feedback)"] for user, feedback in moodle.feedback.items()}
    assert told["ada"] == ('q1 3/3, q2 3/3, q3 3.5/4\nq3: Well said: "never" halve,\nand see \\')
    assert told["bob"] == "q1 1/3, q2 2/3, q3 0/4\nhanded in late: 1.25 points less"
    assert told["cy"] == "q1 3.5/3, q2 3/3, q3 waits/4"
    assert told["none"] == ""


def test_who_moodle_cannot_find_is_left_out_and_told(empty: Path, tmp_path: Path) -> None:
    students = [Handed("a", scores(1, 2, 3, 4)), Handed("b\\", scores(1, 2, 3, 4), email="b@x.org")]
    course = make_class(tmp_path / "course", empty, students)
    done = exported(course, "moodle", tmp_path / "m.csv", match=Match.EMAIL)
    assert Moodle({"b@x.org": "b"}, "Email address").upload(done.path).grades == {"b": {"ps": 10}}
    assert done.notes == ["no usable Email address, and left out: a"]
    done = exported(course, "moodle", tmp_path / "m.csv", match=Match.USERNAME)
    assert Moodle({"a": "a"}, "Username").upload(done.path).grades == {"a": {"ps": 10}}


@given(st.lists(st.text('a\\",\n=é', max_size=8), min_size=3, max_size=3))
def test_no_text_breaks_a_line_of_moodle_s(texts: list[str]) -> None:
    row = [for_php(guarded(text)) for text in texts]
    assert fgetcsv(as_csv([["x", *row, "y"]]).removesuffix("\r\n")) == [["x", *row, "y"]]


# ---- Gradescope.


def results(folder: Path) -> dict[str, Any]:
    found = {}
    for path in sorted(folder.glob("*/results.json")):
        told = read_results(path)
        found[told["extra_data"]["student"]] = told
    return found


def test_gradescope_has_a_file_for_each_submission(course: Course, tmp_path: Path) -> None:
    done = exported(course, "gradescope", tmp_path / "g")
    found = results(done.path)
    assert {student: told["score"] for student, told in found.items()} == FINAL
    assert done.students == len(FINAL)
    assert all(told["visibility"] == "after_published" for told in found.values())
    assert all(told["output_format"] == "text" for told in found.values())


def test_gradescope_tests_are_the_graded_cells(course: Course, tmp_path: Path) -> None:
    found = results(exported(course, "gradescope", tmp_path / "g").path)
    bob = {test["name"]: test for test in found["bob"]["tests"]}
    assert list(bob) == ["q1_add_forward", "q1_add_backward", "q2_multiply_backward", "q3_why"]
    failed = bob["q1_add_backward"]
    assert (failed["score"], failed["max_score"]) == (0, 2)
    assert failed["output"] == "the upstream gradient was left out"
    assert bob["q2_multiply_backward"]["score"] == 2  # given by hand
    assert "1.25 points less" in found["bob"]["output"]
    (waiting,) = (test for test in found["cy"]["tests"] if test["name"] == "q3_why")
    assert "score" not in waiting
    assert waiting["output"] == "A person has yet to grade it."
    # What a hidden check compared with is told to nobody.
    assert "expected 17" not in json.dumps(found)


def test_no_id_leads_out_of_the_folder(empty: Path, tmp_path: Path) -> None:
    ids = [
        "../../up",
        "..",
        ".",
        "/etc/x",
        "a/b",
        "a\\b",
        "c:d",
        "tab\t",
        "ends.",
        "李",
        ".hid",
        "%",
    ]
    students = [Handed(one, scores(1, 2, 3, (None, 4))) for one in ids]
    course = make_class(
        tmp_path / "course", empty, [Handed(**{**vars(s), "points": {}}) for s in students]
    )
    from nbgrader import api

    with api.Gradebook(course.db_url, "") as book:
        for one in students:
            book.add_submission(ASSIGNMENT, one.id)
    done = exported(course, "gradescope", tmp_path / "out" / "g")
    assert set(results(done.path)) == set(ids)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"g"}
    assert (done.path / "李").is_dir()


# ---- The commands.


SLOW = [Target.CANVAS, *(pytest.param(t, marks=pytest.mark.slow) for t in Target if t != "canvas")]


@pytest.mark.parametrize("target", SLOW)
def test_command_says_where_it_wrote(course: Course, target: Target) -> None:
    done = chainrule("export", ASSIGNMENT, "--to", target, cwd=course.root)
    assert done.returncode == 0, done.stderr
    path = course.root / "exports" / f"{ASSIGNMENT}-{target}{FORMATS[target].ending}"
    assert str(path.relative_to(course.root)) in done.stdout
    assert path.is_dir() if target == "gradescope" else path.is_file()


@pytest.mark.parametrize("target", SLOW)
def test_nbgrader_exports_the_same(course: Course, tmp_path: Path, target: Target) -> None:
    ours = exported(course, target, tmp_path / f"ours{FORMATS[target].ending}")
    theirs = tmp_path / f"theirs{FORMATS[target].ending}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", f"--to={theirs}", f"--assignment={ASSIGNMENT}",
         f"--exporter=chainrule.nbgrader.{target.capitalize()}Exporter"],
        cwd=course.root, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, other = (
        {str(p.relative_to(top)): p.read_bytes() for p in [top, *top.rglob("*")] if p.is_file()}
        for top in (ours.path, theirs)
    )
    assert one == other
    assert one


def test_nbgrader_exports_all_assignments_with_settings(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    (course.root / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CanvasExporter.roster = {str(tmp_path / 'roster.csv')!r}\n"
    )
    theirs = tmp_path / "canvas.csv"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", f"--to={theirs}", "--student=ada",
         "--exporter=chainrule.nbgrader.CanvasExporter"],
        cwd=course.root, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    (course.root / "nbgrader_config.py").unlink()
    assert done.returncode == 0, done.stderr
    canvas = Canvas([("9001", "s1", "ADA", "")], {"42": ASSIGNMENT}).upload(theirs)
    assert canvas.grades == {("9001", "42"): "9.5", ("9001", "new: ps2"): "9.5"}
    assert "Canvas has no assignment ps2" in done.stderr
