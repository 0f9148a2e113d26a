"""Problem set 7 from end to end: the master's engine is short, and it learns real digits."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from chainrule import check, nets
from chainrule.check.messages import CheckFailed
from chainrule.course.folder import Course
from chainrule.data import digits
from chainrule.grading.report.summary import results
from chainrule.sample.sample_class import SampleStudent, read_answers, solved, submit
from grader_tests.support.command import program
from grader_tests.support.paths import ANSWERS, ROOT
from grader_tests.support.trial import master_source, problem_sets, questions

SET = "ps7_autograd_engine"
ENGINE = ("q3_unbroadcast", "q4_tensor")
UNTIL_TRAINING = ("q2_value", *ENGINE, "q5_loss", "q6_train")


@cache
def solutions() -> dict[str, Any]:
    """The names that the master's answers define, run as its setup cell would leave them."""
    names: dict[str, Any] = {}
    exec("import math\nimport numpy as np", names)
    for cell in UNTIL_TRAINING:
        exec(solved(master_source(SET, cell)), names)
    return names


def code_lines(source: str) -> int:
    """The lines of code: without docstrings, comments and empty lines."""
    return sum(bool(line.strip()) for line in ast.unparse(without_docstrings(source)).split("\n"))


def without_docstrings(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:]
    return tree


def test_the_engine_is_at_most_120_lines() -> None:
    written = "\n".join(solved(master_source(SET, cell)) for cell in ENGINE)
    assert 60 < code_lines(written) <= 120
    assert 30 < code_lines(solved(master_source(SET, "q2_value"))) <= 120


def test_the_engine_reads_at_least_95_percent_of_digits_it_has_never_seen() -> None:
    """The cell that the problem set gives to students, word for word."""
    (cell,) = (c for c in problem_sets()[SET].cells if c.id == "own_engine")
    train, through = re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)
    names, said = dict(solutions()), io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(train, names)
    plt.close("all")
    printed = re.match(r"([\d.]+)% of 449 digits that it has never seen", said.getvalue())
    assert printed
    X, _, new_X, new_y = digits()
    accuracy = nets.accuracy(names["params"], new_X, new_y)
    assert accuracy >= 0.95
    assert float(printed[1]) == pytest.approx(100 * accuracy, abs=0.05)
    assert not {tuple(row) for row in X} & {tuple(row) for row in new_X}
    exec(through, names)
    assert (names["x"].gradient, names["y"].gradient) == (-3.0, 2.0)


@pytest.mark.slow
def test_a_right_engine_twice_as_slow_has_every_point_in_the_jail(tmp_path: Path) -> None:
    """A chain of 100,000 gates is among what it is tried with, and the master's own time counts."""
    (tmp_path / "class.csv").write_text("id,first_name,last_name\nslow,Slow,Right\n", "utf-8")
    students = ("--students", str(tmp_path / "class.csv"))
    made = program("new-course", str(tmp_path / "course"), *students)
    assert made.returncode == 0, made.stderr
    course = Course(tmp_path / "course")
    chosen = dict.fromkeys(("q2_value", "q4_tensor"), "twice as slow")
    slow = SampleStudent("slow", "right, and slow", "master", {SET: chosen})
    answers = read_answers(ANSWERS / f"{SET}.py")
    submit(Course(ROOT), SET, slow, answers, course.root / "submitted")
    done = program("grade", SET, cwd=course.root)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = results(course, SET)
    for_code = sum(
        cell.metadata.nbgrader.points for checks in questions(SET).values() for cell in checks
    )
    assert (row.student, row.score) == ("slow", for_code)


def test_grading_trains_something_tiny() -> None:
    for checks in questions(SET).values():
        for cell in checks:
            assert "digits" not in cell.source
            for points, arms in re.findall(r"spiral\((\d+)(?:, arms=(\d+))?", cell.source):
                assert int(points) * int(arms or 3) <= 60
            assert all(int(steps) <= 300 for steps in re.findall(r"steps=(\d+)", cell.source))


RIGHT_SLOPE = """
class Twice:
    def __init__(self, value, operands=(), local=()):
        self.value, self.operands, self.local = value, operands, local

    def __add__(self, other):
        return Twice(self.value + other.value, (self, other), (Twice(1.0), Twice(1.0)))

    def __mul__(self, other):
        return Twice(self.value * other.value, (self, other), (other, self))


def slope(output, x):
    order, met, waiting = [], set(), [(output, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in met:
            met.add(node)
            waiting.append((node, True))
            waiting.extend((o, False) for o in node.operands)
    gradients = {node: Twice(0.0) for node in order} | {x: Twice(0.0), output: Twice(1.0)}
    for node in reversed(order):
        for operand, local in zip(node.operands, node.local):
            gradients[operand] = gradients[operand] + gradients[node] * local
    return gradients[x]
"""


def challenge(source: str) -> str:
    """What the check of the challenge prints about this answer."""
    (cell,) = (c for c in problem_sets()[SET].cells if c.id == "challenge_check")
    names: dict[str, Any] = {"check": check, "np": np}
    exec(source, names)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(cell.source, names)
    return said.getvalue()


def test_the_challenge_takes_no_points_and_stops_nothing() -> None:
    (stub,) = (c for c in problem_sets()[SET].cells if c.id == "challenge")
    assert "nobody has to" in challenge(stub.source)
    assert "Well done" in challenge(RIGHT_SLOPE)
    plain = RIGHT_SLOPE.replace("    return gradients[x]", "    return Twice(gradients[x].value)")
    assert "Well done" not in challenge(plain)
    halves = RIGHT_SLOPE.replace("Twice(1.0), Twice(1.0)", "Twice(0.5), Twice(0.5)")
    assert "Well done" not in challenge(halves)


def test_a_recursion_is_found_before_it_takes_the_kernel_with_it() -> None:
    deepest = 0

    def topological_order(circuit: dict[Any, Any], output: Any) -> list[Any]:
        nonlocal deepest
        deepest = max(deepest, len(circuit))
        order: list[Any] = []

        def visit(name: Any) -> None:
            if name not in order:
                for part in circuit[name]:
                    visit(part)
                order.append(name)

        visit(output)
        return order

    with pytest.raises(CheckFailed, match="nested as deeply"):
        check.order(topological_order, of={"f": ("x",), "x": ()}, deep=True)
    assert deepest < 1_000
