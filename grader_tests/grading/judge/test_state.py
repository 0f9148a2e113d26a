"""Nothing of a submission stays with the processes that judge: theirs is the state it was before.

A check cell that counts what is in memory tells what a worker found when it was forked. One and the
same submission is judged before a class and after it: the counts are equal, and so are those of the
process that judges them.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.master import Master
from grader_tests.support import digest
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import RIGHT, TWO, answered, cell, master, points, submission

OURS = "chainrule.grading"
_TIMES = 4
CLASS: dict[str, dict[str, str]] = {
    "right": RIGHT,
    "float": {**RIGHT, "q1": "def square(x):\n    return float(x) ** 2"},
    "wrong": {**RIGHT, "q1": "def square(x):\n    return 2 * x"},
    "raises": {**RIGHT, "q1": "def square(x):\n    raise ValueError('seen before')"},
    "warns": {**RIGHT, "q1": "def square(x):\n    import warnings; warnings.warn('me')\n"
                             "    return x * x"},
    "syntax": {**RIGHT, "q1": "def square(x) return x"},
    "dies": {**RIGHT, "q1": "import os; os._exit(3)"},
    "loops": {**RIGHT, "q1": "while True: pass"},
    "late": {**RIGHT, "q1": "import time\ndef square(x):\n    time.sleep(1.2)\n    return x * x"},
    "odd": {**RIGHT, "q1": "class Odd(float):\n    own = 'odd one'\n"
                           "def square(x):\n    return Odd(x * x)"},
    "huge": {**RIGHT, "q2": "def cube(x):\n    return np.full(1_000_000, 1e308) * 10"},
    "options": {**RIGHT, "q2": "np.set_printoptions(precision=1)\ndef cube(x):\n    return x"},
}  # fmt: skip


@pytest.fixture
def counting(tmp_path: Path) -> tuple[Master, Path]:
    """A master whose first check counts, and the folder where the counts come to lie."""
    source = f"{Path(digest.__file__).read_text()}\nwrite({str(tmp_path)!r})"
    # "from __future__" and names of its own: in a namespace that no other check sees
    count = f"exec(compile({source!r}, 'digest', 'exec'), {{'__name__': 'digest'}})"
    return master(TWO[0], cell("check", "counts", count, 1), *TWO[1:]), tmp_path


@pytest.mark.overnight
def test_nothing_stays_of_a_class(counting: tuple[Master, Path]) -> None:
    one, folder = counting
    for _ in range(2):  # what is done once, is done then
        counted(one, folder)
    # A worker that had to wait has looked at a clock more often, and an object more for it: what is
    # there without a class is one of a few states, and what stays of a class would be in none.
    before, mine = [counted(one, folder) for _ in range(_TIMES)], digest.digest(OURS)
    assert sum(before[0].values()) > 50_000
    given = {name: judge(one, submission(answered(one, work)), LIMITS)
             for name, work in CLASS.items()}  # fmt: skip
    earned = {name: points(graded)["c1"] for name, graded in given.items()}
    assert {name for name, got in earned.items() if got} >= {"right", "float", "huge", "options"}
    assert not earned["wrong"]
    del given, earned
    after = [counted(one, folder) for _ in range(_TIMES)]
    assert min((changes(a, b) for a in before for b in after), key=len) == {}
    assert changes(mine, digest.digest(OURS)) == {}


def counted(one: Master, folder: Path) -> Counter[str]:
    """Judge the solution of the two questions, and take what its worker counted."""
    for path in folder.glob("*.json"):
        path.unlink()
    graded = judge(one, submission(answered(one, RIGHT)), LIMITS)
    assert points(graded)["counts"] == 1, graded.notes
    found: Any = json.loads(max(folder.glob("*.json")).read_text())
    return Counter(found)


def changes(before: Counter[str], after: Counter[str]) -> dict[str, tuple[int, int]]:
    return {
        token: (before[token], after[token])
        for token in before | after
        if before[token] != after[token]
    }
