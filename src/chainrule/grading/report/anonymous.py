"""An answer as an example for others: whose it was cannot be told from it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from chainrule.notebook.text import printable

__all__ = ["anonymous"]

_LONGEST_SOURCE = 20_000  # characters of an answer that may become an example


def anonymous(
    source: str, names: Iterable[str], focus: str = "", lines: int = 14, width: int = 84
) -> str:
    """An answer as an example for others: no comments, no docstrings, no names, not long.

    names: what may not stand in it, in whatever case. focus: the method that is shown when there
    is no room for all of them. Returns "" for what is no Python.
    """
    if len(source) > _LONGEST_SOURCE:
        return ""
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            _drop(node, _is_text)
        text = ast.unparse(tree)
        if text.count("\n") >= lines and f"def {focus}(" in text:
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    _drop(node, lambda one: getattr(one, "name", focus) != focus)
            text = ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    text = re.sub(r"^(class .*:)\n\n", r"\1\n", text, flags=re.M)
    for name in sorted({n.strip() for n in names}, key=len, reverse=True):
        if len(name) > 2:  # shorter ones are names of variables as well
            text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "…", text, flags=re.I)
    text = printable(text, keep="\n")
    kept = [line if len(line) <= width else line[: width - 1] + "…" for line in text.split("\n")]
    return "\n".join(kept if len(kept) <= lines else [*kept[: lines - 1], "…"])


def _drop(node: ast.AST, unwanted: Callable[[ast.AST], bool]) -> None:
    """Take statements out of what is made of statements."""
    body = getattr(node, "body", None)
    if isinstance(body, list):
        kept = [one for one in body if not unwanted(one)]
        node.body = kept or ([ast.Pass()] if body else [])  # type: ignore[attr-defined]


def _is_text(node: ast.AST) -> bool:
    """A string that stands alone: a docstring, or a comment in the form of one."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
