"""Cells of an answer as people leave them: what stock nbgrader gives points for gets them here."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.grading.judge.judge import judge
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import (
    RIGHT,
    TWO,
    answered,
    cell,
    master,
    points,
    shown,
    submission,
)

MASTER = master(*TWO)
SQUARE = RIGHT["q1"]


def plain(source: str, name: str = "mine") -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
            "id": name, "source": source}  # fmt: skip


def with_cells(cells: list[Any], name: str, before: list[Any], after: list[Any]) -> list[Any]:
    """The cells, with others around the one of that name; without it, where it is None in them."""
    place = next(i for i, one in enumerate(cells) if one["id"] == name)
    kept = [] if None in before else [cells[place]]
    return [*cells[:place], *[b for b in before if b], *kept, *after, *cells[place + 1 :]]


STUB = answered(MASTER, {})
DONE = answered(MASTER, RIGHT)
COPY = {**next(one for one in STUB if one["id"] == "q1"), "id": "copy"}

# what was done: (the cells, a sentence of the notes)
MOVED = {
    "the stub deleted, the answer in an added cell": (
        with_cells(DONE, "q1", [None, plain(SQUARE)], []), "known by what it defines",
    ),
    "the stub left, the answer above it": (
        with_cells(answered(MASTER, {"q2": RIGHT["q2"]}), "q1", [plain(SQUARE)], []),
        "stands in a cell that was added",
    ),
    "the stub left, the answer below it": (
        with_cells(answered(MASTER, {"q2": RIGHT["q2"]}), "q1", [], [plain(SQUARE)]), "",
    ),
    "an untouched stub below the answer": (
        with_cells(DONE, "q1", [], [COPY]), "the last one that is not as it was handed out",
    ),
    "an untouched stub above the answer": (with_cells(DONE, "q1", [COPY], []), "the last one"),
    "metadata dropped": ([{**one, "metadata": {}} for one in DONE], "known by its id"),
    "metadata and ids dropped": (
        [{**one, "metadata": {}, "id": f"n{i}"} for i, one in enumerate(DONE)],
        "known by what it defines",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MOVED)
def test_an_answer_is_found_where_it_stands(what: str) -> None:
    cells, note = MOVED[what]
    got = judge(MASTER, submission(cells), LIMITS)
    assert (points(got)["c1"], points(got)["c2"]) == (2, 3)
    assert note in " ".join(got.notes)


def test_of_two_cells_that_define_the_same_none_is_taken_for_the_answer() -> None:
    cells = with_cells(DONE, "q1", [None, plain("def square(x):\n    return 0", "m0")],
                       [plain(SQUARE, "m1")])  # fmt: skip
    got = judge(MASTER, submission(cells), LIMITS)
    assert points(got)["c1"] == 2  # the last one is run last, as in a kernel
    assert "known by" not in " ".join(got.notes)


# What stands above an answer -> what is shown in its place.
ABOVE = {
    "!pip install numpy": "!pip install numpy was not run: no programs are started",
    "!ls -l": "!ls -l was not run",
    "files = !ls": "!ls was not run",
    "%pip install numpy": "%pip install numpy was not run",
    "%conda install numpy": "%conda install numpy was not run",
    "%%bash\nls": "%%bash was not run",
    "%cd ..": "",
    "%cd nowhere": "%cd nowhere was not done: No such file",
    "%matplotlib inline": "",
    "%matplotlib notebook": "no windows here",
    "%matplotlib qt": "no windows here",
    "import matplotlib\nmatplotlib.use('TkAgg')\nmatplotlib.use('Qt5Agg')": "",
    "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
    "    open(folder + '/x', 'w').write('y')": "",
    "import asyncio\nasync def three(): return 3\nprint('so', asyncio.run(three()))": "so 3",
    "import asyncio\nawait asyncio.sleep(0.001)\nprint('slept')": "slept",
    "%load_ext autoreload\n%autoreload 2": "",
    "%time 3": "",
}


@pytest.mark.parametrize("line", ABOVE)
def test_lines_above_an_answer_cost_nothing(line: str) -> None:
    answers = RIGHT | {"q1": f"{line}\n{SQUARE}"}
    got = judge(MASTER, submission(answered(MASTER, answers)), LIMITS)
    assert points(got)["c1"] == 2, shown(got, "q1")
    assert ABOVE[line] in shown(got, "q1")
    assert '"error"' not in shown(got, "q1")


def test_what_costs_points_is_told() -> None:
    answers = RIGHT | {"q1": f"import subprocess\nsubprocess.run(['ls'])\n{SQUARE}"}
    got = judge(MASTER, submission(answered(MASTER, answers)), LIMITS)
    assert points(got)["c1"] == 0
    assert "no programs are started while a notebook is graded" in shown(got, "q1")


def test_programs_are_still_refused_by_the_jail() -> None:
    """The sentence is a courtesy; who goes around it meets the filter of system calls."""
    answers = RIGHT | {"q1": f"import os\nos.posix_spawn('/bin/ls', ['ls'], {{}})\n{SQUARE}"}
    got = judge(MASTER, submission(answered(MASTER, answers)), LIMITS)
    assert points(got)["c1"] == 0
    assert "Operation not permitted" in shown(got, "q1")


def test_an_example_that_was_handed_out_is_no_answer() -> None:
    """A cell of the instructor's, above the stub, that defines the same name."""
    example = cell("plain", "example", "def square(x):\n    return x * x")
    stub = "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"
    made = master(example, cell("answer", "q1", stub), *TWO[2:])
    cells = [plain("def square(x):\n    return x * x", "example"), *answered(made, {})]
    assert points(judge(made, submission(cells), LIMITS))["c1"] == 0
    edited = [plain("def square(x):\n    return x ** 2", "mine"), *answered(made, {})]
    assert points(judge(made, submission(edited), LIMITS))["c1"] == 0


def test_an_added_cell_that_no_parser_survives_costs_the_answers_nothing() -> None:
    deep = plain("x = " + "(" * 200_000 + ")" * 200_000, "deep")
    got = judge(
        MASTER, submission([deep, *with_cells(DONE, "q1", [None, plain(SQUARE)], [])]), LIMITS
    )
    assert (points(got)["c1"], points(got)["c2"]) == (2, 3)
