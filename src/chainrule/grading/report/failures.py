"""What went wrong in a graded notebook, question by question, and which misconception it shows.

The notebook is the judge's own, but answers and some of its text are a student's: it is read as
plain JSON, and what is not of the form that is expected is passed over.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.check.misconceptions import MISCONCEPTIONS

__all__ = ["Failure", "Looked", "anonymous", "look_at", "misconception_of", "plain_json"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ENDLESS = ("CellTimeoutError", "KeyboardInterrupt", "TimeoutError")
_REASON = 100  # characters
_LONGEST_SOURCE = 20_000  # characters of an answer that may become an example


@dataclass(frozen=True)
class Failure:
    """A check that failed. reason: why, in a phrase; misconception: its id, if one was named."""

    check: str
    reason: str
    misconception: str | None = None


@dataclass
class Looked:
    """What a notebook holds, by question: the checks that failed, in order, and the answer."""

    failures: dict[str, list[Failure]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def plain_json(content: bytes) -> dict[str, Any]:
    """A notebook as plain data; empty when it is none. Never raises, whatever the bytes are."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError, MemoryError):
        return {}
    return found if isinstance(found, dict) else {}


def cells_of(notebook: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cells that nbgrader knows, each with its grade_id."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else ():
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        name = known.get("grade_id") if isinstance(known, dict) else None
        if isinstance(name, str):
            yield name, cell


def look_at(
    notebook: dict[str, Any], checks: Mapping[str, str], answers: Mapping[str, str]
) -> Looked:
    """Read a graded notebook. checks, answers: the question of each such cell, by grade_id."""
    found = Looked()
    broken: dict[str, str] = {}
    for name, cell in cells_of(notebook):
        errors = [one for one in _outputs(cell) if one.get("output_type") == "error"]
        if name in answers:
            question = answers[name]
            source = _text(cell.get("source"))
            found.answers[question] = f"{found.answers.get(question, '')}\n\n{source}".strip()
            if errors:
                ename = _text(errors[0].get("ename"))
                broken[question] = _short(f"the answer does not run ({ename})")
        elif name in checks and errors:
            question = checks[name]
            failure = _failure(name, errors[0])
            if failure.misconception is None and question in broken:
                failure = Failure(name, broken[question])
            found.failures.setdefault(question, []).append(failure)
    return found


def _failure(check: str, error: dict[str, Any]) -> Failure:
    ename, message = _text(error.get("ename")), _text(error.get("evalue"))
    mistake = misconception_of(message) if ename == "CheckFailed" else None
    if mistake is not None:
        return Failure(check, MISCONCEPTIONS[mistake].phrase, mistake)
    if ename in _ENDLESS:
        return Failure(check, "it did not come to an end")
    headline = _COLOURS.sub("", message).strip().split("\n")[0].strip()
    if ename != "CheckFailed":
        headline = f"{ename}: {headline}" if headline else ename
    return Failure(check, _short(headline.rstrip(".")))


def _squeezed(text: str) -> str:
    """Without white space: a message is wrapped, and may be so at a hyphen."""
    return "".join(_COLOURS.sub("", text).split())


# What a check says of a misconception: the headline ends in ": PHRASE.", and further down stand the
# sentence and the section, which tell rows of one phrase apart.
_TOLD = [
    (_squeezed(f": {row.phrase}."), _squeezed(row.sentence), row.id)
    for row in MISCONCEPTIONS.values()
]


def misconception_of(message: str) -> str | None:
    """The id of the misconception that a check's message names, or None.

    The first one counts: later lines may quote what a student's own code said.
    """
    squeezed = _squeezed(message)
    told = [
        (place, sentence not in squeezed, name)
        for phrase, sentence, name in _TOLD
        if (place := squeezed.find(phrase)) >= 0
    ]
    return min(told)[2] if told else None


def _outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = cell.get("outputs")
    return [one for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _visible(text: str) -> str:
    """Without marks that turn the direction of writing, and make it read as what it is not."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C")


def _short(text: str) -> str:
    text = _visible(" ".join(text.split()))
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


# An example --------------------------------------------------------------------------------------


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
    text = _visible(text)
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
