"""The ways in which a check can be run, and what a check needs to be run in each of them.

Outside, in the worker, is the strictest: student code cannot reach it. What keeps a check from
being run there is a *crossing* between check and student code that no message can stand for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from chainrule.grading.judge.master import Master, MasterCell, parsed

__all__ = [
    "AS_LEFT",
    "INSIDE",
    "OUTSIDE",
    "WAYS",
    "crossing_of",
    "names_used",
    "prelude",
    "uses_data",
]

OUTSIDE, AS_LEFT, INSIDE = "outside", "as left", "inside"

WAYS = {
    OUTSIDE: "in the worker, where student code cannot reach it",
    AS_LEFT: "in the worker, with the data of set-up cells as the student's cells left them",
    INSIDE: "in the student's own process, where student code could forge what it finds",
}
"""Way -> where the check is run, the strictest first."""


class Need(NamedTuple):
    """Something that a check does which only the student's process has: what, and how its code
    (comments left out, strings kept) shows it."""

    what: str
    pattern: str


NEEDS = (
    Need("it captures what student code prints",
             r"redirect_std|capsys|capture_output|sys\.std(out|err)|io\.capture"),
    Need("it puts something in the place of what student code calls",
             r"\bpatch\b|monkeypatch|\bMock\b|builtins?\.\w+ *=|\binput *="),
    Need("it reads the source of student code",
             r"getsource|__code__|\bdis\.|In\[|_ih\b|get_ipython"),
    Need("it asks what kind of function student code has written", r"\binspect\b|signature\("),
    Need("it copies or pickles what student code has made",
             r"\bpickle\b|deepcopy|copy\.copy|\bdill\b"),
    Need("it looks names up in the namespace of the notebook",
             r"globals\(|locals\(|\bvars\(|\bdir\(|\beval\(|\bexec\("),
    Need("it reads or writes files beside those of student code",
             r"\bopen\(|\bPath\(|os\.(path|remove|listdir|getcwd)|read_csv|to_csv|loadtxt|savetxt"),
    Need("it shares random numbers with student code", r"\bseed\(|\brandom\b|default_rng"),
    Need("it looks at figures that student code has drawn", r"\bplt\.|gca\(|gcf\("),
    Need("it waits for student code", r"\bawait\b|asyncio|Thread\(|signal\.alarm"),
)  # fmt: skip
"""What is named first, where several fit."""


def crossing_of(cell: MasterCell, master: Master, error: str) -> str:
    """Why a check that passes inside does not outside, in a phrase.

    error: what it ends with outside.
    """
    tree = parsed(cell.source)
    derived = [
        one.name
        for one in ast.walk(tree)
        if isinstance(one, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in master.defines for base in one.bases)
    ]
    if derived:
        return "it derives a class from one of student code"
    caught = [
        name
        for one in ast.walk(tree)
        if isinstance(one, ast.ExceptHandler) and one.type is not None
        for name in _names(one.type) & master.defines
    ]
    if caught:
        return f"it catches an exception of student code ({caught[0]})"
    code = ast.unparse(tree)
    for row in NEEDS:
        if re.search(row.pattern, code):
            return row.what
    lent = sorted(master.lent & _bound(tree.body))
    if lent:
        return f"student code uses a name that it binds ({lent[0]})"
    return f"outside it ends with {error}" if error else "outside it has another outcome"


def uses_data(master: Master, name: str) -> bool:
    """Whether a check looks up a name to which a set-up cell has bound something; functions of
    set-up cells may, too."""
    set_up = [
        statement
        for cell in master.cells
        if cell.cell_type == "code" and not (cell.is_theirs or cell.is_check)
        for statement in parsed(cell.source).body
        if not isinstance(statement, (ast.Import, ast.ImportFrom))
    ]
    return bool(names_used(master.by_id[name].source) & _bound(set_up))


# What earlier checks bound -----------------------------------------------------------------------


def names_used(source: str) -> set[str]:
    """Names that are looked up anywhere in it."""
    return {
        node.id
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def prelude(master: Master, cell: MasterCell) -> str:
    """What has to run before a check that is run in a process of its own: those statements of
    earlier checks that bind a name which it uses, and what these need in turn."""
    earlier: list[ast.stmt] = []
    for one in master.cells:
        if one.grade_id == cell.grade_id:
            break
        if one.is_check:
            earlier += parsed(one.source).body
    wanted, kept = names_used(cell.source), []
    for statement in reversed(earlier):
        binds = _bound([statement])
        if binds & wanted and not isinstance(statement, (ast.Assert, ast.Expr)):
            wanted |= names_used(ast.unparse(statement))
            kept.append(ast.unparse(statement))
    return "\n".join(reversed(kept))


def _bound(body: Iterable[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).partition(".")[0])
    return found


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
