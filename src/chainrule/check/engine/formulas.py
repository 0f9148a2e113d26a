"""A formula that is written down, such as "x * y + x", as a program for an engine."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

from chainrule.check.engine.expressions import Expression
from chainrule.check.engine.programs import Instruction

__all__ = ["formula", "named"]

_OPERATORS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow",
    ast.MatMult: "matmul",
}  # fmt: skip


def formula(text: str, at: Mapping[str, Any], fixed: Collection[str] = ()) -> Expression:
    """The expression that `text` says, with leaves of these names and values; see `named`."""
    return named(text, at, fixed)[0]


def named(
    text: str, at: Mapping[str, Any], fixed: Collection[str] = ()
) -> tuple[Expression, dict[str, int]]:
    """The expression that `text` says, and the register of each name in it.

    text:  one expression in Python's words; before it, after each a semicolon, values that are used
           more than once may be given names: "p = x * y; p + p * z". Methods and indexing as well.
    fixed: leaves that are constants and want no gradient.

    Raises ValueError for anything else.
    """
    program = [Instruction("fixed" if name in fixed else "make", (at[name],)) for name in at]
    known = {name: number for number, name in enumerate(at)}

    def register(instruction: Instruction) -> int:
        program.append(instruction)
        return len(program) - 1

    def read(node: ast.AST) -> Any:
        match node:
            case ast.Name():
                return known[node.id]
            case ast.Constant():
                return float(node.value)  # type: ignore[arg-type]
            case ast.BinOp():
                operands = read(node.left), read(node.right)
                return register(Instruction(_OPERATORS[type(node.op)], operands))
            case ast.UnaryOp(op=ast.USub()):
                return register(Instruction("neg", (read(node.operand),)))
            case ast.Call(func=ast.Attribute() as method):
                given = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
                more = [ast.literal_eval(one) for one in node.args]
                more += [given[name] for name in ("axis", "keepdims") if name in given]
                return register(Instruction(method.attr, (read(method.value),), tuple(more)))
            case ast.Subscript():
                index = eval(compile(ast.Expression(_as_index(node.slice)), "index", "eval"))
                return register(Instruction("getitem", (read(node.value),), (index,)))
        raise ValueError(f"{ast.unparse(node)!r} is no part of a formula")

    lines = tuple(one.strip() for one in text.split(";"))
    for statement in ast.parse("\n".join(lines)).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            known[statement.targets[0].id] = read(statement.value)
        elif isinstance(statement, ast.Expr):
            read(statement.value)
        else:
            raise ValueError(f"{ast.unparse(statement)!r} is no part of a formula")
    marks = tuple(name in fixed for name in at)
    return Expression(tuple(program), tuple(at.values()), marks, tuple(at), lines), known


def _as_index(node: ast.expr) -> ast.expr:
    """An index of numbers, slices and lists; nothing that would call anything."""
    allowed = (
        ast.Slice, ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.List, ast.Load,
    )  # fmt: skip
    if not all(isinstance(part, allowed) for part in ast.walk(node)):
        raise ValueError(f"{ast.unparse(node)!r} is no index")
    if isinstance(node, ast.Slice):
        return _slice(node)
    if isinstance(node, ast.Tuple):
        parts = [_slice(one) if isinstance(one, ast.Slice) else one for one in node.elts]
        return ast.fix_missing_locations(ast.Tuple(parts, ast.Load()))
    return node


def _slice(node: ast.Slice) -> ast.expr:
    ends = [end or ast.Constant(None) for end in (node.lower, node.upper, node.step)]
    return ast.fix_missing_locations(ast.Call(ast.Name("slice", ast.Load()), ends, []))
