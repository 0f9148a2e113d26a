"""An answer as an example for others: whose it was cannot be told from it.

Comments go, and so do texts, in which names, addresses and paths stand; of names of variables, the
parts that are a student's name. What an instructor wrote into the master tells of nobody.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

from chainrule.notebook.text import printable

__all__ = ["Private", "anonymous", "words_of"]

_LONGEST_SOURCE = 20_000  # characters of an answer that may become an example
_KEY = re.compile(r"[A-Za-z]\w{0,11}")  # a text that names an entry, as in grads["W1"]
_ANY_NAME = 3  # characters of a key that may stand for anything
_RUNS = re.compile(r"[^\W\d_]+|\d+")
_HIDDEN = "…"
# Letters that have no accent to take off, and those that are spelt out where they are missing.
_LETTERS = str.maketrans({"ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe",
                          "ø": "o"})  # fmt: skip
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def words_of(sources: Iterable[str]) -> set[str]:
    """The words of code, and of the names in it: `MaxGate` is max and gate."""
    return {_plain(part) for text in sources for run in _RUNS.findall(text) for part in _parts(run)}


class Private:
    """What may not stand in an example: the names of a class.

    names: of all its students: ids, first and last names, addresses. known: words that tell of
    nobody, though somebody may be called so, as Max. Shorter ones than three letters are names of
    variables as well.
    """

    def __init__(self, names: Iterable[str], known: Collection[str] = ()) -> None:
        found = {one for name in names for one in _spellings(name)}
        found |= {part for name in found for part in re.split(r"[\W_]+", name)}
        self._known = known
        self._words = {name for name in found if len(name) > 2 and name not in known}
        self._long = [squeezed for one in self._words if len(squeezed := _squeezed(one)) > 4]

    def hidden(self, text: str) -> str:
        """Code without them: a part of a name at least, and all of it where it runs into others."""
        return re.sub(r"\w+", lambda found: self._word(found[0]), text)

    def tells_nothing(self, key: str) -> bool:
        """Whether a text that names an entry is of the master's words, or too short for a name."""
        return len(key) <= _ANY_NAME or words_of([key]) <= set(self._known)

    def _word(self, word: str) -> str:
        if self._is_name(word):
            return _HIDDEN
        shown = _RUNS.sub(lambda run: "".join(map(self._part, _parts(run[0]))), word)
        squeezed = {_squeezed(one) for one in _spellings(shown)}
        runs_in = any(name in one for name in self._long for one in squeezed)
        return shown if self._words.isdisjoint(squeezed) and not runs_in else _HIDDEN

    def _part(self, part: str) -> str:
        return _HIDDEN if self._is_name(part) or self._begins_or_ends(part) else part

    def _is_name(self, word: str) -> bool:
        return not self._words.isdisjoint(_spellings(word))

    def _begins_or_ends(self, part: str) -> bool:
        """Whether it is a name and a word written as one, as `adagate`."""
        rests = {
            rest
            for one in _spellings(part)
            for name in self._words
            for rest in (one.removeprefix(name), one.removesuffix(name))
            if rest != one
        }
        return any(rest == "s" or rest in self._known or rest in self._words for rest in rests)


def anonymous(
    source: str,
    private: Private,
    focus: str = "",
    lines: int = 14,
    width: int = 84,
) -> str:
    """An answer as an example for others: no comments, no texts, no names, not long.

    focus: the method that is shown when there is no room for all of them. Returns "" for what is no
    Python.
    """
    if len(source) > _LONGEST_SOURCE:
        return ""
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            _drop(node, _is_text)
        tree = _Silent(private).visit(tree)
        text = ast.unparse(tree)
        if text.count("\n") >= lines and f"def {focus}(" in text:
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    _drop(node, lambda one: getattr(one, "name", focus) != focus)
            text = ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    text = re.sub(r"^(class .*:)\n\n", r"\1\n", text, flags=re.M)
    text = printable(private.hidden(text), keep="\n")
    kept = [line if len(line) <= width else line[: width - 1] + "…" for line in text.split("\n")]
    return "\n".join(kept if len(kept) <= lines else [*kept[: lines - 1], "…"])


class _Silent(ast.NodeTransformer):
    """Takes the texts out of code, but for those that name an entry of a dict as the master may."""

    def __init__(self, private: Private) -> None:
        self._private = private

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, (str, bytes)):
            return ast.Constant(_HIDDEN)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return ast.Constant(_HIDDEN)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.value = self.visit(node.value)
        node.slice = self._key(node.slice)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        node.keys = [None if key is None else self._key(key) for key in node.keys]
        node.values = [self.visit(value) for value in node.values]
        return node

    def _key(self, node: ast.expr) -> ast.expr:
        value = getattr(node, "value", None)
        if not (isinstance(value, str) and _KEY.fullmatch(value)):
            return self.visit(node)
        return node if self._private.tells_nothing(value) else self.visit(node)


def _plain(text: str) -> str:
    """Without accents and capitals: two ways to write one name."""
    whole = unicodedata.normalize("NFKC", text.strip()).casefold().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))


def _spellings(text: str) -> set[str]:
    """How it may be written without accents: Müller as Muller, or Mueller."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    return {_plain(whole), _plain(whole.translate(_SPELT_OUT))}


def _parts(run: str) -> list[str]:
    """Letters that run on, where a capital begins another word: MaxGate, HTTPServer."""
    begins = [
        at
        for at in range(1, len(run))
        if run[at].isupper()
        and (run[at - 1].islower() or (run[at - 1].isupper() and run[at + 1 : at + 2].islower()))
    ]
    return [run[a:b] for a, b in zip([0, *begins], [*begins, len(run)], strict=True)]


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


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
