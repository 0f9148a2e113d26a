"""The class report: its numbers worked out by hand, its page opened in a browser."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from chainrule import check
from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.course.folder import Course, CourseError
from chainrule.course.release import generate_release
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.limits import Limits
from chainrule.grading.report.anonymous import Private, anonymous, words_of
from chainrule.grading.report.class_report import ClassReport, read_report
from chainrule.grading.report.class_report_page import write_report
from chainrule.grading.report.failures import look_at
from chainrule.notebook.failed_check import misconception_in
from chainrule.sample.sample_class import Answer, read_answers, read_students, submit
from grader_tests.check.test_misconceptions import SHOWN_HERE
from grader_tests.support import browser
from grader_tests.support.command import chainrule, program
from grader_tests.support.gradedclass import (
    ASSIGNMENT,
    Handed,
    empty_gradebook,
    make_class,
    ran,
    scores,
)
from grader_tests.support.trial import answers, problem_sets, try_named

LEFT_OUT = "Add.backward: dx and dy are wrong: the upstream gradient was left out.\n  at x = 3"
SWITCHED = "Multiply.backward: dx is wrong: each input was used for its own gradient.\n  at x = 3"
LOCAL = '''class Add:
    def backward(self, upstream):
        """By Ada Lovelace."""
        # ada wrote this
        return 1.0, 1.0
'''


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_gradebook(tmp_path_factory.mktemp("book") / "gradebook.db")


# ---- Misconceptions, from what a check says to the row of the table.


def of_mistake(mistake: str) -> tuple[str, Answer] | None:
    return next(
        ((name, a) for name in problem_sets() for a in answers(name) if a.mistake == mistake), None
    )


@pytest.mark.parametrize("mistake", MISCONCEPTIONS)
def test_every_misconception_is_found_in_its_message(mistake: str) -> None:
    shown = of_mistake(mistake)
    if shown is None:
        gate, shapes, right = SHOWN_HERE[mistake]
        with pytest.raises(check.CheckFailed) as failed:
            check.backward(gate, at=check.points(seed=1, **shapes), of=right)
        errors: list[BaseException] = [failed.value]
    else:
        errors = list(try_named(*shown).failed.values())
    named = {
        e.misconception: misconception_in(str(e)) for e in errors if type(e) is check.CheckFailed
    }
    assert mistake in named
    assert all(found == told for told, found in named.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_every_message_to_every_answer_is_understood(name: str) -> None:
    seen = 0
    for answer in answers(name):
        for error in try_named(name, answer).failed.values():
            if type(error) is check.CheckFailed:
                assert misconception_in(str(error)) == error.misconception, answer.name
                seen += 1
    assert seen > 50


def test_wrapped_at_a_hyphen_or_coloured_it_is_understood() -> None:
    phrase = MISCONCEPTIONS["integer-arithmetic"].phrase
    assert "whole-number" in phrase
    wrapped = phrase.replace("whole-", "whole-\n  ")
    told = f"\x1b[31mGate.backward: dx is wrong: {wrapped}.\x1b[0m"
    assert misconception_in(told) == "integer-arithmetic"


def test_what_a_student_makes_an_error_say_comes_second() -> None:
    quoted = MISCONCEPTIONS["sign"].phrase
    assert (
        misconception_in(f"{LEFT_OUT}\n  ValueError: x is wrong: {quoted}.") == "upstream-forgotten"
    )
    assert misconception_in("Add.backward raised an error.\n  ValueError: no phrase") is None


# ---- An example.


def test_an_example_has_no_comments_and_no_names() -> None:
    source = LOCAL + "ada_x = 'Lovelace, ADA'\nadapt = 1\n"
    example = anonymous(source, Private(["ada", "Ada", "Lovelace", "", "x"]))
    assert "adapt = 1" in example
    assert not re.search(r"\bada\b|ada_|lovelace|wrote", example, re.I)
    assert "return (1.0, 1.0)" in example


CLASS = Private(
    ["ada", "Ada", "Lovelace", "ada.lovelace@example.org", "1815121", "zoë", "Zoë",
     "Müller-Lüdenscheidt", "max", "Max", "Li", "LiXu", "Łukasz", "O'Brien", "Søren", "4711"],
    known=words_of(["class MaxGate:\n    def backward(self): return grads['weights']"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("path = '/home/ada/ps1.ipynb'", "path = '…'"),
        ("mail = 'somebody@else.org'", "mail = '…'"),
        ("x = b'/Users/ada'", "x = '…'"),
        ("x = f'{y} of Ada'", "x = '…'"),
        (r"raise ValueError('C:\\Users\\ada')", "raise ValueError('…')"),
        ("x = 1  # by Ada", "x = 1"),
        ('"""By Ada"""\nx = 1', "x = 1"),
        ("x: 'Ada' = 1", "x: '…' = 1"),
        ("ada = 1", "… = 1"),
        ("ADA2 = AdaGate = my_ada_gate = 1", "…2 = …Gate = my_…_gate = 1"),
        ("import lovelace.ada as al", "import ….… as al"),
        ("mylovelacegate = adalovelace = 1", "… = … = 1"),
        ("self.ludenscheidt = obj.mueller", "self.… = obj.…"),
        ("muller = 1", "… = 1"),
        ("student = 1815121", "student = …"),
        ("f(ada=1)", "f(…=1)"),
        ("global ada, x", "global …, x"),
        ("grads['W1'] = {'b1': adapt}", "grads['W1'] = {'b1': adapt}"),
        ("grads['ada'] = {'/home': 1}", "grads['…'] = {'…': 1}"),
        ("class Max:\n    pass", "class Max:\n    pass"),
        ("li = max(x, 0)", "li = max(x, 0)"),
        ("x = '\u202eada'", "x = '…'"),
        ("müller_gate = zoë_gate = ZoëGate = 1", "…_gate = …_gate = …Gate = 1"),
        ("lukasz = soren = soeren = 1", "… = … = … = 1"),
        ("adagate = gateada = adas = my_adas_loss = 1", "… = … = … = my_…_loss = 1"),
        ("cascada = adaptive = gradadd = 1", "cascada = adaptive = gradadd = 1"),
        ("li_xu = xu_li = lixu = 1", "… = xu_li = … = 1"),
        ("obrien = o_brien = 1", "… = o_… = 1"),
        ("n = 4_711", "n = …"),
        ("n = 0x1267", "n = …"),
        ("grads['Fatima'] = grads['weights']", "grads['…'] = grads['weights']"),
        ("d['x@y.org', 'ada']['W2']", "d['…', '…']['W2']"),
        ("match x:\n    case {'ada': 'a@b.org'}:\n        pass",
         "match x:\n    case {'…': '…'}:\n        pass"),
        ("try:\n    pass\nfinally:\n    'by Ada'", "try:\n    pass\nfinally:\n    '…'"),
        ("home / ada / 'ps1.ipynb'", "home / … / '…'"),
        ("def f(*, ada: 'Ada' = '~/ada') -> 'ada@x.org':\n    'Ada'",
         "def f(*, …: '…'='…') -> '…':\n    pass"),
        ("ａｄａ = 1", "… = 1"),
        ("with open('/home/ada/x') as ada_s: # ada", ""),
        ("print(f'{ada!r:>{width}}' \"/home/ada\")", "print('…')"),
    ],
)  # fmt: skip
def test_an_example_tells_of_nobody(source: str, shown: str) -> None:
    assert anonymous(source, CLASS) == shown


def test_an_example_holds_no_name_of_another_student_either(empty: Path, tmp_path: Path) -> None:
    """Answers are copied, with what stands in them."""
    copied = LOCAL + "    by_grace = '/home/grace/hopper@example.org'\n"
    course = make_class(
        tmp_path, empty,
        [Handed("gh", scores(1, 2, 3, (None, 4)), first="Grace", last="Hopper"),
         Handed("bo", scores(1, 0, 3, (None, 4)), answers={"q1_add": copied},
                errors={"q1_add_backward": ("CheckFailed", LEFT_OUT)})],
    )  # fmt: skip
    (made,) = read_report(course, ASSIGNMENT).misconceptions
    assert "return (1.0, 1.0)" in made.example
    assert "by_… = '…'" in made.example
    assert not re.search(r"grace|hopper|@|/home", made.example, re.I)


def test_an_example_is_short_and_shows_the_method_that_failed() -> None:
    long = "\n".join(f"        a{i} = {i}" for i in range(20))
    source = (
        f"class A:\n    def forward(self):\n{long}\n    def backward(self):\n        return 7\n"
    )
    assert anonymous(source, Private([]), "backward").split("\n") == [
        "class A:", "    def backward(self):", "        return 7",
    ]  # fmt: skip
    lines = anonymous(source, Private([])).split("\n")
    assert len(lines) == 14
    assert lines[-1] == "…"
    assert max(len(line) for line in anonymous(f"x = {'y' * 500}", Private([])).split("\n")) <= 84


@pytest.mark.parametrize("source", ["def (", "-" * 15_000 + "1", "(" * 15_000, "x" * 30_000, "\0"])
def test_what_is_no_python_is_no_example(source: str) -> None:
    assert anonymous(source, Private([])) == ""


def test_marks_that_turn_the_direction_of_writing_are_taken_out() -> None:
    assert "\u202e" not in anonymous("x = 1\nдля = 'a\u202eb'", Private([]))


# ---- A small class, worked out by hand.


SMALL = [
    Handed("ada", scores(1, 2, 3, (None, 4)), first="Ada", last="Lovelace"),
    Handed(
        "bob", scores(1, 0, 3, (None, 2)), penalty=1.5,
        errors={"q1_add_backward": ("CheckFailed", LEFT_OUT)}, answers={"q1_add": LOCAL},
        times={"q1_add": ran("18:00:00"), "q1_add_backward": ran("18:10:00"),
               "q2_multiply": ran("18:30:00")},
    ),
    Handed(
        "cy", scores(1, 0, 0, (None, 0)),
        errors={"q1_add_backward": ("CheckFailed", LEFT_OUT),
                "q2_multiply_backward": ("CheckFailed", SWITCHED)},
        answers={"q1_add": LOCAL + "    x = 1\n"},
        times={"q1_add": ran("18:00:00"), "q1_add_backward": ran("18:20:00"),
               "q2_multiply": ran("18:30:00")},
    ),
    Handed(
        "dan", scores(1, 2, 0, None),
        errors={"q2_multiply": ("SyntaxError", "bad"),
                "q2_multiply_backward": ("NameError", "name 'Multiply' is not defined")},
    ),
    Handed("eve", first="Eve"),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = make_class(tmp_path_factory.mktemp("small") / "a course [1]", empty, SMALL)
    (course.root / "submitted" / "fred" / ASSIGNMENT).mkdir(parents=True)
    return course


@pytest.fixture(scope="module")
def report(small: Course) -> ClassReport:
    return read_report(small, ASSIGNMENT)


def test_questions_are_in_the_master_s_order(report: ClassReport) -> None:
    assert [(q.name, q.title, q.max_score, q.by_hand) for q in report.questions] == [
        ("q1", "add", 3, False), ("q2", "multiply", 3, False), ("q3", "why", 4, True),
    ]  # fmt: skip


def test_pass_rates_and_means(report: ClassReport) -> None:
    q1, q2, q3 = report.questions
    assert (q1.graded, q1.passed, q1.pass_rate) == (4, 2, 0.5)
    assert q1.mean == pytest.approx((3 + 1 + 1 + 3) / 12)
    assert (q2.graded, q2.passed, q2.mean) == (4, 2, 0.5)
    # dan's answer waits for a person, so it is in none of these.
    assert (q3.graded, q3.passed, q3.mean) == (3, 1, 0.5)
    assert report.waiting == 1


def test_discrimination_of_a_small_class(report: ClassReport) -> None:
    q1, q2, q3 = report.questions
    # q3 is not known of everybody, so q1 is held against q2 alone, and q2 against q1:
    # 3 1 1 3 and 3 3 0 0: deviations 1 -1 -1 1 and 1.5 1.5 -1.5 -1.5, cov 0.
    assert q1.discrimination == pytest.approx(0)
    assert q2.discrimination == pytest.approx(0)
    # q3 of ada, bob, cy against q1 + q2: 4 2 0 and 6 4 1: 2 0 -2; 7/3 1/3 -8/3.
    assert q3.discrimination == pytest.approx(10 / math.sqrt(8 * 114 / 9))


def test_scores_are_those_before_the_penalty(report: ClassReport) -> None:
    # That of the student whose q3 waits for a person is no score yet.
    assert sorted(report.scores) == [1, 6, 10]
    assert (report.median, report.max_score, report.submissions) == (6, 10, 4)
    assert report.mean == pytest.approx(17 / 3)
    assert sum(one.count for one in report.histogram) == 3
    assert (report.unread, report.set_aside) == ([], 1)


def test_median_times(report: ClassReport) -> None:
    q1, q2, q3 = report.questions
    assert (q1.seconds, q1.timed) == (900, 2)  # 10 and 20 minutes
    assert (q2.seconds, q2.timed) == (900, 2)  # 20 and 10
    assert (q3.seconds, q3.timed) == (None, 0)


def test_misconceptions_with_counts_and_an_example(report: ClassReport) -> None:
    first, second = report.misconceptions
    assert (first.id, first.students, first.questions) == ("upstream-forgotten", 2, {"q1": 2})
    assert (second.id, second.students, second.questions) == ("not-switched", 1, {"q2": 1})
    assert first.example == (
        "class Add:\n    def backward(self, upstream):\n        return (1.0, 1.0)"
    )
    assert second.example == ""  # cy's answer to it is empty
    assert report.questions[0].mistakes == {"upstream-forgotten": 2}


def test_groups_and_who_is_missing(report: ClassReport) -> None:
    (group,) = report.groups
    assert (group.question, group.students) == ("q1", ["bob", "cy"])
    assert group.reason == "the upstream gradient was left out"
    assert (report.alone, report.complete) == (1, 1)  # dan, at q2; ada
    assert report.missing == ["Eve"]
    assert report.ungraded == ["fred"]


def test_an_answer_that_does_not_run_is_the_reason(small: Course) -> None:
    path = small.root / "autograded" / "dan" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    found = look_at(
        json.loads(path.read_text()), {"q2_multiply_backward": "q2"}, {"q2_multiply": "q2"}
    )
    assert found.failures["q2"][0].reason == "the answer does not run (SyntaxError)"


def test_table_beside_the_page(report: ClassReport, tmp_path: Path) -> None:
    page, table = write_report(report, tmp_path / "deep" / "ps.html")
    assert (page.name, table.name) == ("ps.html", "ps.csv")
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["question"] for row in rows] == ["q1", "q2", "q3"]
    assert rows[0]["pass_rate"] == "0.5000"
    assert rows[0]["median_seconds"] == "900"
    assert rows[0]["misconceptions"] == "upstream-forgotten 2"
    assert rows[2]["median_seconds"] == ""


def test_nobody_handed_in(empty: Path, tmp_path: Path) -> None:
    course = make_class(tmp_path, empty, [Handed("ada")])
    found = read_report(course, ASSIGNMENT)
    assert (found.scores, found.median, found.mean) == ([], None, None)
    assert "Everybody" not in write_report(found, tmp_path / "page.html")[0].read_text()


def test_no_gradebook_and_no_such_assignment_are_told(small: Course, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no gradebook yet"):
        read_report(Course(tmp_path), ASSIGNMENT)
    assert not list(tmp_path.iterdir())
    with pytest.raises(CourseError, match="no assignment ps9"):
        read_report(small, "ps9")


def test_questions_of_two_notebooks_are_kept_apart(empty: Path, tmp_path: Path) -> None:
    course = make_class(tmp_path, empty, [SMALL[0], SMALL[1]])
    with api.Gradebook(course.db_url, "") as book:
        book.add_notebook("more", ASSIGNMENT)
        book.add_grade_cell("q1_new", "more", ASSIGNMENT, max_score=5, cell_type="code")
        second = api.SubmittedNotebook(
            id=api.new_uuid(),
            notebook_id=book.find_notebook("more", ASSIGNMENT).id,
            assignment_id=book.find_submission(ASSIGNMENT, "ada").id,
        )
        cell = book.find_grade_cell("q1_new", "more", ASSIGNMENT).id
        grade = api.Grade(cell_id=cell, notebook_id=second.id, auto_score=5)
        grade.needs_manual_grade = False
        book.db.add_all([second, grade])
        book.db.commit()
    found = read_report(course, ASSIGNMENT)
    assert [(q.name, q.graded, q.passed) for q in found.questions] == [
        ("ps: q1", 2, 1), ("ps: q2", 2, 2), ("ps: q3", 2, 1), ("more: q1", 1, 1),
    ]  # fmt: skip
    assert [one.questions for one in found.misconceptions] == [{"ps: q1": 1}]
    assert sorted(found.scores) == [6, 15]


def test_a_link_in_the_place_of_a_notebook_is_not_followed(empty: Path, tmp_path: Path) -> None:
    course = make_class(tmp_path / "course", empty, [SMALL[1]])
    for step in ("submitted", "autograded"):
        path = course.root / step / "bob" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        shutil.move(path, tmp_path / step)
        path.symlink_to(tmp_path / step)
    found = read_report(course, ASSIGNMENT)
    assert found.misconceptions == []
    assert found.questions[0].timed == 0


def test_answers_that_differentiate_numerically_are_told_by_question(
    empty: Path, tmp_path: Path
) -> None:
    course = make_class(tmp_path / "course", empty, [SMALL[0], SMALL[1]])
    calls = "calls its own forward at other inputs in Add.backward"
    told = {
        "ada": [f"The answer q1_add {calls}.", "The cell q2_multiply was missing."],
        "bob": [f"The answer q1_add {calls}.",
                "A cell that was added imports chainrule.numeric, which differentiates "
                "numerically."],
    }  # fmt: skip
    for name, notes in told.items():
        path = course.root / "autograded" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        notebook = json.loads(path.read_text())
        notebook["metadata"]["chainrule"] = {"notes": notes}
        path.write_text(json.dumps(notebook))
    found = read_report(course, ASSIGNMENT)
    known = [(group.question, group.reason, len(group.students)) for group in found.numerical]
    imports = "imports chainrule.numeric, which differentiates numerically"
    assert known == [("q1", calls, 2), ("", imports, 1)]
    text = write_report(found, tmp_path / "page.html")[0].read_text(encoding="utf-8")
    assert f"Q1: <bdi>{calls}</bdi>" in text
    assert f"A cell that was added: <bdi>{imports}</bdi>" in text


# ---- The page.


EVIL = "<img src=x onerror=window.hit=1>"
HOSTILE = [
    Handed(
        f"h{n}", scores(1, 0, 0, None), first=f"</title><script>window.hit=1</script>{n}",
        last='" onmouseover="window.hit=1', answers={"q1_add": f"{LOCAL}s = '{EVIL}</pre>'"},
        errors={"q1_add_backward": ("CheckFailed", LEFT_OUT),
                "q2_multiply_backward": (EVIL, f"{EVIL} http://evil.example/x.js")},
    )
    for n in range(3)
] + [
    Handed(
        f"i{n}", scores(1, 2, 0, None),
        errors={"q2_multiply_backward": (EVIL, f"{EVIL}\u202e javascript:alert(1)")},
    )
    for n in range(2)
] + [Handed("gone", first="<b>gone</b>", last="<iframe src=//evil.example>")]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    course = make_class(root, empty, HOSTILE)
    return write_report(read_report(course, ASSIGNMENT), root / "page.html")[0]


def test_nothing_a_student_wrote_is_markup(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    for raw in ("<script", "<img", "<iframe", "<b>gone", 'onmouseover="', "</pre>'"):
        assert raw not in text
    assert "&lt;img src=x onerror=window.hit=1&gt;" in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_opens_without_a_network_and_runs_nothing(
    chromium: Any, hostile: Path, scheme: Any
) -> None:
    with browser.visit(chromium, hostile.as_uri(), color_scheme=scheme, offline=True) as page:
        assert page.evaluate("window.hit") is None
        assert page.locator("script, img, iframe, link[href^=http], a").count() == 0
        assert page.locator("svg .bars rect").count() > 0
        assert page.locator("h2").all_inner_texts() == [
            "Scores", "Questions", "Misconceptions", "Stuck at the same place", "Did not submit",
        ]  # fmt: skip
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
        page.emulate_media(media="print", color_scheme=scheme)
        printed = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert printed == "rgb(255, 255, 255)"


@pytest.mark.browser
def test_page_fits_a_phone(chromium: Any, hostile: Path) -> None:
    size = {"width": 360, "height": 700}
    with browser.visit(chromium, hostile.as_uri(), viewport=size) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
def test_page_fits_a_sheet_of_paper(chromium: Any, hostile: Path) -> None:
    size = {"width": 688, "height": 970}  # A4 less its margins, at 96 dots an inch
    with browser.visit(chromium, hostile.as_uri(), viewport=size) as page:
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 688
        assert page.evaluate("document.querySelector('table').scrollWidth") <= 688


def test_all_text_has_contrast_in_light_and_dark(hostile: Path) -> None:
    def luminance(colour: str) -> float:
        colour = colour * 2 if len(colour) == 3 else colour
        parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    schemes = re.findall(
        r":root \{(.*?--mark.*?)\}", hostile.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): #(\w+)", scheme))
        for ground in ("page", "card"):
            for ink in ("text", "soft", "value", "gradient"):
                pair = sorted(luminance(colours[name]) for name in (ground, ink))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ground, ink)


# ---- The whole way: answers of the sample class, judged, and the command as it is typed.


@pytest.fixture(scope="module")
def graded(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    name = "ps1_scalar_circuits"
    work = Course(tmp_path_factory.mktemp("graded"))
    shutil.copytree(course.root / "source" / name, work.root / "source" / name)
    shutil.copy(course.root / "nbgrader_config.py", work.root)
    generate_release(work, work.root / "release")
    sample = course.root / "grader_tests"
    given = read_answers(sample / "answers" / f"{name}.py")
    for student in read_students(sample / "students.toml"):
        if student.id in ("ada", "fay", "gus", "hana", "milo", "nora"):
            submit(work, name, student, given, work.root / "submitted")
    assert not grade(work.root, name, limits=Limits(cell_seconds=5, call_seconds=2)).failed
    return work


def test_of_judged_work_every_misconception_is_named(graded: Course) -> None:
    found = read_report(graded, "ps1_scalar_circuits")
    assert {one.id: one.questions for one in found.misconceptions} == {
        "upstream-forgotten": {"q8": 1}, "not-switched": {"q2": 1}, "sign": {"q10": 1},
    }  # fmt: skip
    assert all(one.example.startswith("class ") for one in found.misconceptions)
    assert found.complete == 1


def test_command_prints_the_questions_and_where_it_wrote(graded: Course) -> None:
    done = chainrule("report", "ps1_scalar_circuits", cwd=graded.root)
    assert done.returncode == 0, done.stderr
    assert "reports/ps1_scalar_circuits.html\nreports/ps1_scalar_circuits.csv" in done.stdout
    assert "each input was used for its own gradient ×1" in done.stdout
    assert (graded.root / "reports" / "ps1_scalar_circuits.html").is_file()
    missing = program("report", "ps7", cwd=graded.root)
    assert missing.returncode == 2
    assert missing.stderr.strip().count("\n") == 0
