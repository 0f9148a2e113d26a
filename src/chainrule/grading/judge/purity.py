"""Which cells of a master depend on nothing but what student code answers.

Such a cell asks the same of every student, and given the same answers it comes out the same. It may
use the names that the master's solutions define, functions without side effects, and modules whose
functions have none; what it binds, no other cell may use. What cannot be told from the text (random
numbers that are left unseeded, say) a rehearsal finds out.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.grading.judge.master import Master, MasterCell

__all__ = ["repeatable_cells"]

_MODULES = {
    "chainrule", "cmath", "collections", "fractions", "functools", "itertools", "math", "numpy",
    "operator", "re", "scipy", "statistics", "string", "typing",
}  # fmt: skip
_IMPURE = {
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "globals", "help",
    "id", "input", "locals", "open", "quit", "setattr", "vars",
}  # fmt: skip
_BUILTINS = {name for name in dir(builtins) if name[0] != "_"} - _IMPURE


@dataclass
class _Reads:
    """Of a cell's text: names that it takes from outside, and names that it binds."""

    needs: set[str]
    binds: set[str]
    imports: dict[str, str]  # name -> the module's first name


def repeatable_cells(master: Master) -> frozenset[str]:
    """The grade_ids of set-up and check cells whose outcome the student's answers decide alone."""
    cells = [cell for cell in master.cells if cell.cell_type == "code" and not cell.is_theirs]
    read = {cell.grade_id: _read(cell.source) for cell in cells}
    imports = {name: root for cell in cells for name, root in _imports(cell.imports)}
    for cell in cells:
        found = read[cell.grade_id]
        if found is not None and not cell.is_check:
            imports |= found.imports
    impure = {name for name, root in imports.items() if root not in _MODULES}
    shared = _set_up_names(cells, read)
    allowed = (_BUILTINS | imports.keys() | shared | master.defines) - impure
    kept: set[str] = set()
    for cell in cells:
        found = read[cell.grade_id]
        others = {
            name
            for other in cells
            if other is not cell and (theirs := read[other.grade_id]) is not None
            for name in theirs.needs
        }
        if (
            found is not None
            and found.needs <= allowed
            and not found.binds & master.defines
            and not set(found.imports.values()) - _MODULES
            and (not cell.is_check or not found.binds & others)
        ):
            kept.add(cell.grade_id)
    return frozenset(kept)


def _set_up_names(cells: list[MasterCell], read: dict[str, _Reads | None]) -> set[str]:
    return {
        name
        for cell in cells
        if not cell.is_check and (found := read[cell.grade_id]) is not None
        for name in found.binds
    }


def _imports(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for one in node.names:
                root = one.name.split(".")[0]
                yield one.asname or root, root
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                yield one.asname or one.name, (node.module or ".").split(".")[0]


def _read(source: str) -> _Reads | None:
    """None where the text is no plain Python, or changes what it did not make itself."""
    try:
        tree = ast.parse(source)
        reached = _reached(symtable.symtable(source, "cell", "exec"))
    except (SyntaxError, ValueError):
        return None
    found = _Reads(set(), set(), dict(_imports(source)))
    for statement in tree.body:
        stored = _names(statement, ast.Store)
        loaded = _names(statement, ast.Load) & reached
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.binds.add(statement.name)
        if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
            found.binds |= stored & reached
        found.needs |= loaded - found.binds - found.imports.keys()
        found.binds |= stored & reached
    changed = (node for node in ast.walk(tree) if isinstance(node, (ast.Attribute, ast.Subscript)))
    roots = {_root(node) for node in changed if not isinstance(node.ctx, ast.Load)}
    forbidden = (ast.Delete, ast.Global, ast.Nonlocal, ast.Await, ast.AsyncFor, ast.AsyncWith)
    made = _names(tree, ast.Store)
    if any(isinstance(node, forbidden) for node in ast.walk(tree)) or roots - made:
        return None
    return found


def _names(tree: ast.AST, use: type[ast.expr_context]) -> set[str]:
    """The names that a text loads, or stores."""
    nodes = list(ast.walk(tree))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, use)}
    if use is ast.Store:
        names |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    return names


def _reached(table: symtable.SymbolTable) -> set[str]:
    """Names of the module that are used anywhere in it, functions and comprehensions included."""
    top = table.get_type() == "module"
    found = {one.get_name() for one in table.get_symbols() if top or one.is_global()}
    return found.union(*(_reached(child) for child in table.get_children()))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
