"""Answers that were once blamed wrongly, accepted, or named otherwise: each stands for a kind."""

from __future__ import annotations

import ast
import contextlib
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.numeric import numerical_gradient
from chainrule.sample.sample_class import answer_cell
from grader_tests.support.cells import Verdict
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import master_source, problem_sets, try_answer


@dataclass(frozen=True)
class Blame:
    """An answer to a question, the misconception that is told (or None), and words of the message;
    `accepted` in place of them."""

    problem_set: str
    cell: str
    mistake: str | None
    title: str
    says: str
    source: str


def blames() -> list[Blame]:
    text = (ROOT / "grader_tests" / "check" / "cases.py").read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]:
        head, says, source = part.split("\n", 2)
        problem_set, cell, mistake, title = head.split(" | ")
        words = ast.literal_eval(says.removeprefix("# says: "))
        named = None if mistake == "-" else mistake
        found.append(Blame(problem_set, cell, named, title, words, source.strip("\n") + "\n"))
    return found


def judged(blame: Blame) -> Verdict:
    source = answer_cell(master_source(blame.problem_set, blame.cell), blame.source)
    return try_answer(blame.problem_set, blame.cell, source)


@pytest.mark.parametrize("blame", blames(), ids=lambda blame: blame.title.replace(" ", "-"))
def test_it_is_said_what_is_so_and_nothing_else(blame: Blame) -> None:
    verdict = judged(blame)
    messages = [" ".join(str(error).split()) + " " for error in verdict.failed.values()]
    if blame.says == "accepted":
        assert verdict.accepted, messages
        return
    assert {type(error).__name__ for error in verdict.failed.values()} == {"CheckFailed"}
    assert any(blame.says in message for message in messages), messages
    assert verdict.named == ({blame.mistake} if blame.mistake else set()), messages


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: round(math.sin(x), 6), 1.0, math.cos(1.0)),
        (lambda x: float(np.sin(np.float16(x))), 1.0, math.cos(1.0)),
        (lambda x: math.exp(x) + 1e10 - 1e10, 0.5, math.exp(0.5)),
        (lambda x: (1 - math.cos(x)) / x**2, 1e-6, -8.3e-8),
        (lambda x: 1e-6 * abs(x) + math.sin(x), 1e-9, 1.000001),
        (lambda x: math.sin(1e8 * x), -1.3, 1e8 * math.cos(-1.3e8)),
        (lambda x: x + 1e-6 * math.sin(1e6 * x), 2.7, 1 + math.cos(2.7e6)),
    ],
)
def test_a_bar_covers_the_truth_or_is_infinite(
    f: Callable[[float], float], x: float, slope: float
) -> None:
    estimate = numerical_gradient(f, x)
    assert not np.isfinite(estimate.error) or estimate.covers(slope)


def test_what_student_code_prints_is_shown_for_the_stated_point_and_cut() -> None:
    (flood,) = (blame for blame in blames() if blame.title == "prints flood")
    source = flood.source.replace('print("h1", h1.shape)', 'print("h1\\n" * 84, h1.shape)')
    namespace: dict[str, Any] = {}
    exec("import numpy as np\nfrom chainrule import check\n" + source, namespace)
    name = "ps4_neural_networks"
    (cell,) = (c for c in problem_sets()[name].cells if c.id == "q5_threelayer_backward")
    visible = cell.source.split("### BEGIN")[0]
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        exec(visible, namespace)
    lines = shown.getvalue().splitlines()
    assert lines[:10] == ["h1"] * 10
    assert lines[10:] == ["and 75 more lines", "ThreeLayerNet.backward: right at 2 points."]
