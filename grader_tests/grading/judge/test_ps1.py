"""A course like that of nbgrader's documentation: graded by nbgrader as it comes, by nbgrader with
the judge in it, and by `chainrule grade`, with the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

import nbformat
import pytest
from nbgrader.api import Gradebook

from chainrule.grading.judge.judge import judge
from grader_tests.support import ps1
from grader_tests.support.command import installed
from grader_tests.support.gradebookrows import Rows, differences, rows
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, points, submission

SETTINGS = """
c = get_config()
c.LateSubmissionPlugin.penalty_method = "zero"
c.OverwriteCells.add_missing_cells = True
"""
PLUGIN = 'c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"\n'


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ps1.make(tmp_path_factory.mktemp("ps1") / "ungraded")
    (folder / "nbgrader_config.py").write_text(SETTINGS)
    installed(folder, "nbgrader", "generate_assignment", "ps1")
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        book.update_or_create_assignment("ps1", duedate=ps1.DUE)
    return folder


# name: settings, and the command that grades.
WAYS = {
    "stock": ("", ("nbgrader", "autograde")),
    "plugin": (PLUGIN, ("nbgrader", "autograde")),
    "chainrule": ("", ("chainrule", "grade")),
}


def in_every_way(start: Callable[[str], Path], *options: str) -> dict[str, Path]:
    """Grade a course, which `start` makes, in each of these ways."""

    def graded(way: str) -> Path:
        folder = start(way)
        settings, command = WAYS[way]
        # Some checks of it are such as give nobody a point, its own solution neither.
        even_so = "c.Judge.even_so = True\n"
        (folder / "nbgrader_config.py").write_text(SETTINGS + settings + even_so)
        installed(folder, *command, "ps1", *options)
        return folder

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(WAYS, pool.map(graded, WAYS), strict=True))


@pytest.fixture(scope="module")
def graded(ungraded: Path) -> dict[str, Path]:
    return in_every_way(lambda way: shutil.copytree(ungraded, ungraded.with_name(way)))


@pytest.fixture(scope="module")
def found(graded: dict[str, Path]) -> dict[str, Rows]:
    return {way: rows(folder / "gradebook.db") for way, folder in graded.items()}


# Where nbgrader's rows are not right, and why; all others have to be the same.
WRONG_IN_STOCK = {
    ("reasoner", "shown"): "their function warns, which nbgrader takes for an error of the check",
}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["chainrule", "plugin"])
def test_the_same_rows_as_stock_nbgrader(way: str, found: dict[str, Rows]) -> None:
    ours, stock = found[way], found["stock"]
    known = [key for key in stock if key[2:3] + key[4:5] in WRONG_IN_STOCK]
    assert differences(without(ours, known), without(stock, known)) == []
    # The table is no larger than it has to be, and where it applies the better rows are ours.
    unlike = [key for key in known if ours[key] != stock[key]]
    assert {key[2:3] + key[4:5] for key in unlike} == set(WRONG_IN_STOCK)
    scores = [key for key in unlike if key[1] == "auto_score"]
    assert all(ours[key] > 0 and stock[key] == 0 for key in scores)  # type: ignore[operator]
    late = {key[1] for key in unlike} - {"auto_score"}
    assert late == {"late_submission_penalty"}  # which is the score of the notebook


def without(rows: Rows, keys: list[tuple[str, ...]]) -> Rows:
    return {key: value for key, value in rows.items() if key not in set(keys)}


# What the answers in `ps1.py` should get; where a person grades it is None.
POINTS = {
    "bitdiddle": {
        "mean_is_right": 1, "mean_of_nothing": 1, "spread_in_parts": 2, "spread_uses_mean": 0.5,
        "mean_is_back": 0.5, "wettest_is_right": 1, "formula": None, "use": None, "plot": None,
    },
    "hacker": {
        "mean_is_right": 1, "mean_of_nothing": 0, "spread_in_parts": 2, "spread_uses_mean": 0,
        "mean_is_back": 0.5, "wettest_is_right": 0, "formula": 0, "use": None, "what": None,
    },
    "reasoner": {"mean_of_nothing": 1, "spread_in_parts": 0.5, "spread_uses_mean": 0.5},
    "ben": {"spread_in_parts": 2, "wettest_is_right": 0, "what": 0, "use": 0},
}  # fmt: skip


@pytest.mark.slow
def test_everyone_gets_what_the_answers_are_worth(found: dict[str, Rows]) -> None:
    scores = {
        (key[2], key[5]): value
        for key, value in found["chainrule"].items()
        if key[:2] == ("grade", "auto_score")
    }
    for student, expected in POINTS.items():
        assert {name: scores[student, name] for name in expected} == expected, student


@pytest.mark.slow
def test_late_work_files_and_notebooks(graded: dict[str, Path], found: dict[str, Rows]) -> None:
    for way, folder in graded.items():
        late = {
            key[2] for key, value in found[way].items()
            if key[1] == "late_submission_penalty" and value
        }  # fmt: skip
        assert late == {"reasoner"}, way
        hacker = folder / "autograded/hacker/ps1"
        assert (hacker / "rain.csv").read_text() == ps1.FILES["rain.csv"]
        assert (hacker / "notes/own.txt").read_text() == "mine"
        assert not (folder / "autograded/ben/ps1/problem2.ipynb").exists()
    for path in graded["chainrule"].glob("autograded/*/*/*.ipynb"):
        twin = graded["plugin"] / path.relative_to(graded["chainrule"])
        assert nbformat.read(path, as_version=4) == nbformat.read(twin, as_version=4)


@pytest.mark.slow
def test_the_same_rows_once_more_after_a_person_has_graded(graded: dict[str, Path]) -> None:
    """What a person entered stays, and asks to be looked at again."""

    def looked_through(way: str) -> Path:
        folder = shutil.copytree(graded[way], graded[way].with_name(f"{way} again"))
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
            for name, points, extra in (("formula", 0.75, None), ("mean_is_right", 0.5, 1.0)):
                grade = book.find_grade(name, "problem1", "ps1", "bitdiddle")
                grade.manual_score, grade.extra_credit, grade.needs_manual_grade = (
                    points, extra, False,
                )  # fmt: skip
            comment = book.find_comment("formula", "problem1", "ps1", "bitdiddle")
            comment.manual_comment = "Say what n is."
            book.db.commit()
        changed = folder / "submitted/hacker/ps1"
        shutil.copy(folder / "submitted/bitdiddle/ps1/problem1.ipynb", changed)
        return folder

    again = in_every_way(looked_through, "--force")
    ours, plugin, stock = (
        rows(again[way] / "gradebook.db") for way in ("chainrule", "plugin", "stock")
    )
    assert differences(ours, plugin) == []
    known = [key for key in stock if key[2:3] + key[4:5] in WRONG_IN_STOCK]
    assert differences(without(ours, known), without(stock, known)) == []
    place = "ps1", "problem1", "formula"
    assert ours["grade", "manual_score", "bitdiddle", *place] == 0.75
    assert ours["comment", "manual_comment", "bitdiddle", *place] == "Say what n is."


# Files that come with an assignment, and files that students add ----------------------------------

HELPED = (
    cell("set-up", "setup", "from doubling import twice"),
    cell(
        "answer",
        "q",
        "### BEGIN SOLUTION\ndef four(x):\n    return twice(twice(x))\n### END SOLUTION",
    ),
    cell("check", "c", "assert four(twice(1)) == 8", 1),
)
HELP = {"doubling.py": b"def twice(x):\n    return 2 * x\n"}


@pytest.mark.parametrize(
    "theirs",
    [
        {},
        {"doubling.py": b"def twice(x):\n    return 1 / 0\n"},  # the course's is laid over it
        {"json.py": b"raise SystemExit", "numpy.py": b"1 / 0", "chainrule.py": b"1 / 0"},
    ],
    ids=["none", "the course's", "Python's"],
)
def test_modules_of_the_assignment_are_imported_on_both_sides(theirs: dict[str, bytes]) -> None:
    course = master(*HELPED, files=HELP)
    answer = "def four(x):\n    return twice(twice(x))"
    given = submission(answered(course, {"q": answer}), files=theirs)
    assert points(judge(course, given, LIMITS)) == {"c": 1}


def test_modules_of_a_student_are_theirs_alone() -> None:
    course = master(*HELPED, files=HELP)
    own = {"q": "from mine import four"}
    with_file = submission(answered(course, own), files={"mine.py": b"four = lambda x: 4 * x"})
    assert points(judge(course, with_file, LIMITS)) == {"c": 1}
    assert points(judge(course, submission(answered(course, own)), LIMITS)) == {"c": 0}
    # What a check imports comes from the course, whatever a student calls a file.
    unseen = master(cell("answer", "q", "n = 0"), cell("check", "c", "import mine", 1))
    forged = submission(answered(unseen, {}), files={"mine.py": b""})
    assert points(judge(unseen, forged, LIMITS)) == {"c": 0}


@pytest.mark.parametrize("checks", ["inside", "outside"])
def test_a_file_that_a_check_writes_is_seen_by_students(
    checks: Literal["inside", "outside"],
) -> None:
    """The two sides have a folder each, whose files are copied."""
    course = master(
        cell("answer", "q", "### BEGIN SOLUTION\ndef lines(path):\n    ...\n### END SOLUTION"),
        cell("check", "c", "open('n.txt', 'w').write('1\\n2\\n')\nassert lines('n.txt') == 2", 1),
    )
    answer = "def lines(path):\n    return len(open(path).readlines())"
    given = submission(answered(course, {"q": answer}))
    assert points(judge(course, given, replace(LIMITS, checks=checks))) == {"c": 1}
