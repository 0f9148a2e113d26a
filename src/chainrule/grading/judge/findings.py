"""What an instructor should know of a master before a class is graded with it: `chainrule vet`.

Its own solution and answers that are none (the untouched stub, empty cells, functions that return
nothing) are judged as submissions are; the checks themselves are read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chainrule.grading.judge.judge import judge, vetting_of
from chainrule.grading.judge.master import Master, MasterCell, parsed
from chainrule.grading.judge.scores import Graded
from chainrule.grading.judge.submission import of_the_master
from chainrule.grading.judge.ways import OUTSIDE
from chainrule.grading.limits import Limits
from chainrule.notebook.hidden_tests import Hidden

__all__ = ["Finding", "Findings", "findings"]

_SLOW = 1.0  # seconds of a check that are worth a word


@dataclass
class Finding:
    """What was found of one check.

    way, why: see `vetting.VettedCheck`. points: what the master's own solution gets, of `most`.
    free: what answers that are none get, by what they are. remarks: a sentence each.
    """

    grade_id: str
    way: str
    why: str
    points: float
    most: float
    free: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass
class Findings:
    """Of one master. problem: why it should not be used on a class, in a few words, or nothing.
    seconds: what its own solution takes."""

    name: str
    checks: list[Finding]
    problem: str
    seconds: float


def findings(
    master: Master, limits: Limits, progress: Callable[[int, int], None] | None = None
) -> Findings:
    """Vet a master. progress: is told how many judgings are done, of how many.

    Raises JailUnavailable, ForkServerError, JudgeError.
    """
    tries: dict[str, Callable[[str, str], str] | None] = {"its own solution": None, **_NO_ANSWERS}
    told = progress or (lambda done, total: None)
    told(0, len(tries) + 1)
    vetting = vetting_of(master, limits)
    told(1, len(tries) + 1)
    got: dict[str, Graded] = {}
    for done, (what, change) in enumerate(tries.items(), 2):
        got[what] = judge(master, of_the_master(master, change), limits)
        told(done, len(tries) + 1)
    own = got.pop("its own solution")
    points = {what: _points(graded) for what, graded in got.items()}
    mine = _points(own)
    checks = []
    for one in vetting.checks:
        cell = master.by_id[one.grade_id]
        had = mine.get(one.grade_id, 0.0)
        free = {what: given for what, by in points.items() if (given := by.get(one.grade_id, 0.0))}
        found = Finding(one.grade_id, one.way, one.why, had, cell.points, free)
        passes = had >= cell.points
        if not one.steady or passes != (one.passes and not one.error):
            found.remarks.append("it does not come out the same twice: random numbers decide")
        elif not passes:
            found.remarks.append(f"the master's own solution gets {had:g}: {one.error}")
        if one.way == OUTSIDE and one.asked == 0:
            found.remarks.append("it asks student code for nothing")
        if one.seconds > _SLOW:
            found.remarks.append(f"it takes {one.seconds:.1f} s")
        found.remarks += _holes(cell)
        checks.append(found)
    return Findings(master.name, checks, vetting.problem, own.seconds)


def _points(graded: Graded) -> dict[str, float]:
    return {score.grade_id: score.points or 0.0 for score in graded.scores}


# Answers that are none ----------------------------------------------------------------------------


def _hollow(source: str, _: str) -> str:
    """The functions and classes of a solution, with nothing in them; every value None."""
    tree = parsed(source)
    kept: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            _empty(node)
            kept.append(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            kept.append(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one.id for one in targets if isinstance(one, ast.Name)]
            kept += [ast.parse(f"{name} = None").body[0] for name in names]
    return ast.unparse(ast.Module(body=kept, type_ignores=[]))


def _empty(node: ast.AST) -> None:
    for one in ast.walk(node):
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            one.body = [ast.Return(ast.Constant(None))]
            one.decorator_list = []


_NO_ANSWERS: dict[str, Callable[[str, str], str]] = {
    "the untouched stub": lambda solved, stub: stub,
    "an empty cell": lambda solved, stub: "",
    "return None": _hollow,
}
"""What a student may hand in without an answer -> the cell, from the solution and the stub."""


# Checks that let wrong answers through ------------------------------------------------------------


def _holes(cell: MasterCell) -> Iterator[str]:
    tree = parsed(cell.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _swallows(node):
            yield f"line {node.lineno} swallows exceptions: what fails there costs nothing"
    visible, hidden = _parts(cell.source)
    repeated = [one for one in hidden if one in visible]
    if hidden and len(repeated) == len(hidden):
        yield "its hidden part repeats what is visible"


def _swallows(node: ast.ExceptHandler) -> bool:
    """Whether a handler takes any exception and goes on as if nothing had been."""
    names = (
        {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)}
        if node.type
        else {"BaseException"}
    )
    if not names & {"BaseException", "Exception", "AssertionError"}:
        return False
    quiet = (ast.Pass, ast.Expr, ast.Continue)
    loud = any(isinstance(one, (ast.Raise, ast.Assert)) for one in ast.walk(node))
    return not loud and all(isinstance(one, quiet) for one in node.body)


def _parts(source: str) -> tuple[set[str], list[str]]:
    """The statements that a student sees, and those that are hidden; assertions and calls alone."""
    marked = enumerate(Hidden(()).marked(source), 1)
    hidden_lines = {number for number, (_, hides) in marked if hides}
    visible: set[str] = set()
    hidden: list[str] = []
    for node in parsed(source).body:
        if isinstance(node, (ast.Assert, ast.Expr)):
            text = ast.unparse(node.test) if isinstance(node, ast.Assert) else ast.unparse(node)
            if node.lineno in hidden_lines:
                hidden.append(text)
            else:
                visible.add(text)
    return visible, hidden
