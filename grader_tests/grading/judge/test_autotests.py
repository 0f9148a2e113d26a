"""nbgrader's AUTOTEST cells are expanded as nbgrader does it, and then graded like any check."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook
from traitlets.config import Config

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.master import Master, MasterError, read_master
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, points, submission

CELLS = [
    cell("answer", "q", "### BEGIN SOLUTION\nn = 6 * 7\nwords = ['a', 'b']\n### END SOLUTION"),
    cell("check", "c1", "import math\n### AUTOTEST n; math.sqrt(n)", 1),
    cell("check", "c2", "### HASHED AUTOTEST words", 2),
    cell("check", "c3", "assert n > 0", 1),
]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture(scope="module")
def tests() -> bytes:
    """The file that nbgrader's own documentation gives."""
    package = find_spec("nbgrader")
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / "docs/source/user_guide/autotests.yml").read_bytes()


def read(cells: list[Any], **how: Any) -> Master:
    return read_master(nbformat.writes(new_notebook(cells=cells, metadata=KERNEL)), "ps", **how)


@pytest.fixture(scope="module")
def made(tests: bytes) -> Master:
    config = Config()
    config.Elsewhere.plugin = lambda: None  # of a course's settings not all can be sent away
    return read(CELLS, autotests=tests, config=config)


def test_the_tests_are_made_from_the_solution(made: Master) -> None:
    assert "AUTOTEST" not in made.by_id["c1"].source
    assert "42" in made.by_id["c1"].source
    assert "['a', 'b']" not in made.by_id["c2"].source  # hashed
    assert made.by_id["q"].source.startswith("# YOUR CODE HERE")


@pytest.mark.parametrize(("answer", "got"), [
    ("n = 42\nwords = ['a', 'b']", {"c1": 1, "c2": 2, "c3": 1}),
    ("n = 41\nwords = ['a', 'b']", {"c1": 0, "c2": 2, "c3": 1}),
    ("n = 42\nwords = ['b', 'a']", {"c1": 1, "c2": 0, "c3": 1}),
    ("n = '42'\nwords = None", {"c1": 0, "c2": 0, "c3": 0}),
])  # fmt: skip
def test_they_are_graded(made: Master, answer: str, got: dict[str, float]) -> None:
    assert points(judge(made, submission(answered(made, {"q": answer})), LIMITS)) == got


def test_the_same_master_twice_is_the_same(made: Master, tests: bytes) -> None:
    assert read(CELLS, files={"autotests.yml": tests}).by_id["c2"].source == made.by_id["c2"].source


def test_without_their_file_they_are_refused_by_name() -> None:
    with pytest.raises(MasterError, match=r"ps: it has AUTOTEST cells, and there is no autotests"):
        read(CELLS)


def test_what_cannot_be_made_is_told(tests: bytes) -> None:
    wrong = [*CELLS[:1], cell("check", "c", "### AUTOTEST no_such_name", 1)]
    with pytest.raises(MasterError, match=r"could not be expanded: .*no_such_name"):
        read(wrong, autotests=tests)
