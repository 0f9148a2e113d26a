"""Gradients that an answer seems to have from numbers, and not by deriving them: told, not taken.

It is read off the text of the cells. Points stay as they are: whether a course allows it, its
instructor knows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from chainrule.grading.judge.master import Master, parsed
from chainrule.grading.judge.merge import MergedCell

__all__ = ["numerical_notes", "who_and_what"]

_NUMERIC = ("chainrule", "numeric")
_IMPORTS = "imports chainrule.numeric, which differentiates numerically"
_ELSEWHERE = "calls its own forward at other inputs in {}.backward"
_NOTE = re.compile(
    r"(?:The answer (\S+)|A cell that was added) "
    rf"({re.escape(_IMPORTS)}|{re.escape(_ELSEWHERE).replace(re.escape('{}'), '.+')})\."
)


def numerical_notes(master: Master, cells: Iterable[MergedCell], ran: Collection[str]) -> list[str]:
    """A sentence for each of the student's cells that differentiates numerically.

    What the master's own solution does in the same cell is not told. ran: sources that were run in
    a guest; what could not be is not read here either.
    """
    own = {name: source for name, _, source in master.solved if name}
    given = {source for _, _, source in master.solved}
    found: list[str] = []
    for cell in cells:
        theirs = cell.master is None or cell.master.is_theirs
        if not theirs or cell.source in given or cell.source not in ran:
            continue
        name = cell.master.grade_id if cell.master else ""
        title = f"The answer {name}" if name else "A cell that was added"
        new = set(_seen(cell.source))
        if new:
            new -= set(_seen(own.get(name, "")))
        found += [f"{title} {what}." for what in sorted(new)]
    return found


def who_and_what(note: str) -> tuple[str, str] | None:
    """Of a sentence of `numerical_notes`: the grade_id of the answer (nothing for a cell that was
    added) and what it does. None for any other sentence."""
    found = _NOTE.fullmatch(note)
    return (found[1] or "", found[2]) if found else None


# Without one of these nothing is seen: most answers are not taken to pieces for it.
_NAMED = re.compile(r"numeric|\.[\s\\]*forward")


def _seen(source: str) -> Iterator[str]:
    if not _NAMED.search(source):
        return
    for node in ast.walk(parsed(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and _is_numeric(node):
            yield _IMPORTS
        elif isinstance(node, ast.ClassDef) and any(_differs(one, node.name) for one in node.body):
            yield _ELSEWHERE.format(node.name)


def _is_numeric(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.Import):
        return any(tuple(one.name.split(".")[:2]) == _NUMERIC for one in node.names)
    module = tuple((node.module or "").split("."))
    if module[:2] == _NUMERIC:
        return True
    return module == _NUMERIC[:1] and any(one.name == _NUMERIC[1] for one in node.names)


def _differs(method: ast.stmt, owner: str) -> bool:
    """Whether this is a backward that calls its own forward at other inputs."""
    if not (isinstance(method, ast.FunctionDef) and method.name == "backward"):
        return False
    return any(_asks_elsewhere(node, owner, method) for node in ast.walk(method))


def _asks_elsewhere(node: ast.AST, owner: str, method: ast.FunctionDef) -> bool:
    """Whether it calls the class's own forward with what was computed in this method.

    A call with what the method was given, or what the object had kept, is an honest one.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    if node.func.attr != "forward" or not _is_own(node.func.value, owner, method):
        return False
    made = _computed(method)
    arguments = [*node.args, *(one.value for one in node.keywords)]
    return any(_is_made(argument, made) for argument in arguments)


def _is_own(target: ast.expr, owner: str, method: ast.FunctionDef) -> bool:
    """Whether this is the object, its class, or a new one of that class."""
    if isinstance(target, ast.Call):
        target = target.func
        if isinstance(target, ast.Call):  # type(self)()
            return isinstance(target.func, ast.Name) and target.func.id == "type"
    if isinstance(target, ast.Attribute):  # self.__class__
        return target.attr == "__class__"
    first = [one.arg for one in method.args.args[:1]]
    return isinstance(target, ast.Name) and target.id in (owner, *first)


def _computed(method: ast.FunctionDef) -> set[str]:
    """Local names that hold something computed: assigned from an operation, or changed in place."""
    made: set[str] = set()
    while True:
        before = len(made)
        for node in ast.walk(method):
            if isinstance(node, ast.AugAssign):
                made |= _names(node.target)
            elif isinstance(node, ast.Assign) and _is_made(node.value, made):
                for target in node.targets:
                    made |= _names(target)
        if len(made) == before:
            return made


def _is_made(value: ast.expr, made: set[str]) -> bool:
    return any(
        isinstance(part, ast.BinOp) or (isinstance(part, ast.Name) and part.id in made)
        for part in ast.walk(value)
    )


def _names(target: ast.expr) -> set[str]:
    """The names that an assignment to it changes: `x` in `x`, `x[0]` and `(x, y)`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return set().union(*map(_names, target.elts))
    while isinstance(target, (ast.Subscript, ast.Starred)):
        target = target.value
    return {target.id} if isinstance(target, ast.Name) else set()
