"""The Python of the browser edition says of every answer what the Python of this machine says.

To the letter, but for what `ALIKE` lists. Pyodide runs under Node here.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chainrule.course.notebooks import read
from chainrule.sample.sample_class import Answer
from grader_tests.support import pyodide, pyodide_jobs
from grader_tests.support.cells import judged
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import answers, cells_of, problem_sets

SAMPLE = 8  # one answer of so many, in the test that is not for a night

# What may differ, and why. The rest of the message may not.
ALIKE = {
    r"dtype\('int(32|64)'\)": "NumPy's words: its default whole number has 32 bits there",
    r"used up to \d+ [KMG]iB|asked for more than there is": "NumPy uses the memory of a temporary "
    "array again where the system can tell it who called; and no array of 2 GiB is to be had",
    r"takes [\d,]+ calls of functions, \d+ times only [\d,]+": "before Python 3.12 a comprehension "
    "is a call",
}
AT_RANDOM = {("q1_sigmoid", "dropout")}  # refused in one of two ways, on one machine too

ALL = [(name, answer) for name in sorted(problem_sets()) for answer in answers(name)]


def _plain(told: dict[str, Any]) -> Any:
    """A verdict without what may differ."""
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    for pattern in ALIKE:
        text = re.sub(pattern, "…", text)
    return json.loads(text)


def _compare(asked: list[tuple[str, Answer]]) -> None:
    jobs = [cells_of(name, answer) for name, answer in asked]
    there = list(pyodide.run("verdict", jobs))
    assert len(there) == len(jobs)
    differ = {}
    for (name, answer), job, said in zip(asked, jobs, there, strict=True):
        here = pyodide_jobs.told(judged(*job))
        if (answer.cell, answer.name) in AT_RANDOM:
            alike = [bool(one["raised"]) for one in here.values()] == [
                bool(one["raised"]) for one in said.values()
            ]
        else:
            alike = _plain(here) == _plain(said)
        if not alike:
            differ[name, answer.cell, answer.name] = (here, said)
    assert differ == {}


@pytest.mark.slow
def test_a_sample_of_all_answers_gets_the_same_verdict() -> None:
    _compare(ALL[::SAMPLE])


@pytest.mark.overnight
@pytest.mark.timeout(3600)
def test_every_answer_gets_the_same_verdict() -> None:
    _compare(ALL)


@pytest.mark.slow
def test_every_lecture_runs() -> None:
    lectures = sorted((ROOT / "release" / "lectures").glob("*.ipynb"))
    jobs = [[cell.source for cell in read(path).cells if cell.cell_type == "code"]
            for path in lectures]  # fmt: skip
    failed = dict(zip([path.stem for path in lectures], pyodide.run("notebook", jobs), strict=True))
    assert failed == {path.stem: {} for path in lectures}
