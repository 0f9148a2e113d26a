"""What a failed check says, read from the cell that a notebook keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.grading.judge.judge import judge
from chainrule.notebook.cells import cells_of
from chainrule.notebook.failed_check import failed_check, misconception_in
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, submission

SIGN, FORK = "sign", "fork-last-only"


def failed(message: str, known: str | None = None, kind: str = "CheckFailed") -> dict[str, Any]:
    error = {"output_type": "error", "ename": kind, "evalue": message, "traceback": []}
    metadata = {} if known is None else {"chainrule": {"misconception": known}}
    return {"cell_type": "code", "metadata": metadata, "source": "", "outputs": [error]}


def test_the_metadata_names_the_mistake_whatever_the_message_says() -> None:
    said = f"Multiply.backward: dx is wrong: {MISCONCEPTIONS[SIGN].phrase}."
    found = failed_check(failed(said, FORK))
    assert found is not None
    assert found.misconception == FORK
    assert found.reason == MISCONCEPTIONS[FORK].phrase


@pytest.mark.parametrize("known", [None, "no-such-mistake"])
def test_without_it_the_message_does(known: str | None) -> None:
    said = f"Multiply.backward: dx is wrong: {MISCONCEPTIONS[SIGN].phrase}."
    found = failed_check(failed(said, known))
    assert found is not None
    assert found.misconception == SIGN


def test_another_exception_is_no_named_mistake() -> None:
    said = f"the student wrote: {MISCONCEPTIONS[SIGN].phrase}."
    found = failed_check(failed(said, SIGN, kind="ValueError"))
    assert found is not None
    assert found.misconception is None
    assert found.headline == f"ValueError: {said}"


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "TimeoutError", "CellTimeoutError"])
def test_a_time_out_is_one_phrase(kind: str) -> None:
    found = failed_check(failed("whatever", kind=kind))
    assert found is not None
    assert found.stopped
    assert found.reason == "it did not come to an end"


def test_a_judged_cell_keeps_the_id_and_nbformats_form() -> None:
    whole = master(
        cell("answer", "q1_neg", "### BEGIN SOLUTION\nclass Neg:\n    def forward(self, x):\n"
             "        return -3 * x\n    def backward(self, up):\n        return -3 * up\n"
             "### END SOLUTION"),
        cell("check", "q1_neg_backward", "from chainrule import check\n"
             "check.backward(Neg, at=check.points(seed=1, count=3, x=()))", points=2),
    )  # fmt: skip
    wrong = (
        "class Neg:\n    def forward(self, x):\n        return -3 * x\n"
        "    def backward(self, up):\n        return 3 * up\n"
    )
    graded = judge(whole, submission(answered(whole, {"q1_neg": wrong})), LIMITS)
    check = dict(cells_of(json.loads(json.dumps(graded.notebook))))["q1_neg_backward"]
    (error,) = check["outputs"]
    assert set(error) == {"output_type", "ename", "evalue", "traceback"}
    assert check["metadata"]["chainrule"]["misconception"] == misconception_in(error["evalue"])
    assert misconception_in(error["evalue"]) in MISCONCEPTIONS
