"""What the instructor wrote: a master notebook, read into what a judge needs of it."""

from __future__ import annotations

import ast
import builtins
import hashlib
import json
import re
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from traitlets.config import Config

from chainrule.grading.judge.autotests import AutotestError, expanded, has_autotests
from chainrule.notebook.cells import nbgrader_of

__all__ = ["Master", "MasterCell", "MasterError", "definitions", "mentions_plots", "parsed",
           "read_master"]  # fmt: skip


_PLOTS = (b"matplotlib", b"pylab", b"seaborn", b"scipy", b"pandas", b"plots")


class MasterError(ValueError):
    """A master notebook cannot be graded with; the text says what is wrong with it, in a line."""


@dataclass(frozen=True)
class MasterCell:
    """A cell of the master that nbgrader knows.

    source:   as students get it (solutions cleared) but with the hidden tests.
    metadata: its nbgrader metadata, with the checksum of that source.
    imports:  import statements of the cells before it that the worker does not run itself; what
              they bind, a check finds if the student's code has bound it too.
    answer:   the grade_id of the answer before it, which it is about; nothing where there is none.
    """

    grade_id: str
    cell_type: str
    source: str
    metadata: dict[str, Any]
    cell_id: str
    imports: str = ""
    answer: str = ""

    @property
    def is_solution(self) -> bool:
        """The student answers in it."""
        return bool(self.metadata.get("solution"))

    @property
    def is_grade(self) -> bool:
        """It has points."""
        return bool(self.metadata.get("grade"))

    @property
    def is_task(self) -> bool:
        """It describes a task that a person grades."""
        return bool(self.metadata.get("task"))

    @property
    def is_check(self) -> bool:
        """It is code that grades other cells."""
        return self.is_grade and not self.is_solution and self.cell_type == "code"

    @property
    def is_theirs(self) -> bool:
        """Its text is the student's: an answer, or a task that is not locked."""
        return self.is_solution or not (self.is_grade or self.metadata.get("locked"))

    @property
    def points(self) -> float:
        """The most it can give."""
        return float(self.metadata.get("points") or 0.0)


@dataclass(frozen=True)
class Master:
    """A master notebook.

    name:     the notebook's name, without its ending.
    cells:    those that nbgrader knows, in order.
    metadata: of the notebook: its kernel.
    solved:   (grade_id or nothing, cell type, source) of every cell, as the instructor wrote it.
    defines:  names that the master's solutions bind; in checks these names are the student's.
    files:    further files of the assignment, by path relative to it; check cells find them too.
    """

    name: str
    cells: tuple[MasterCell, ...]
    metadata: dict[str, Any]
    solved: tuple[tuple[str, str, str], ...] = ()
    defines: frozenset[str] = frozenset()
    files: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, MasterCell]:
        """The cells by grade_id."""
        return {cell.grade_id: cell for cell in self.cells}

    @cached_property
    def answers(self) -> dict[str, str]:
        """The source of each cell as the instructor wrote it, by grade_id."""
        return {name: source for name, _, source in self.solved if name}

    @cached_property
    def to_define(self) -> dict[str, frozenset[str]]:
        """What each answer's cell alone is there to define, by grade_id, as its stub or the
        solution does; nothing where a cell that was handed out, and is no answer, does so too."""
        handed_out = (definitions(source) for name, _, source in self.solved if not name)
        elsewhere: frozenset[str] = frozenset().union(*handed_out)
        found = {
            cell.grade_id: definitions(cell.source)
            or definitions(self.answers.get(cell.grade_id, ""))
            for cell in self.cells
            if cell.is_solution
        }
        return {name: names for name, names in found.items() if names and not names & elsewhere}

    @cached_property
    def _solution(self) -> ast.Module:
        """The code of its answers, as one."""
        known = self.by_id
        sources = [
            source
            for name, kind, source in self.solved
            if kind == "code" and (name not in known or known[name].is_theirs)
        ]
        return ast.Module([part for one in sources for part in parsed(one).body], [])

    @cached_property
    def lent(self) -> frozenset[str]:
        """Names that functions of the solution read, and the solution does not bind: a check does,
        or a set-up cell."""
        read = names_read(ast.unparse(self._solution))
        return read - self.defines - _bound(self._solution) - set(dir(builtins))

    @cached_property
    def classes(self) -> frozenset[str]:
        """Names of the classes that the solution defines."""
        return frozenset(one.name for one in self._solution.body if isinstance(one, ast.ClassDef))

    @cached_property
    def mentions_plots(self) -> bool:
        """Whether its code does: see the function of that name."""
        code = "\n".join(source for _, kind, source in self.solved if kind == "code")
        return mentions_plots(code.encode("utf-8", "replace"))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all of it: work graded with another master has to be graded again."""
        cells = [(c.grade_id, c.cell_type, c.source, c.metadata, c.imports) for c in self.cells]
        text = json.dumps([self.name, cells, sorted(self.defines)], sort_keys=True, default=str)
        found = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
        for name, content in sorted(self.files.items()):
            found.update(f"\0{name}\0".encode() + hashlib.sha256(content).digest())
        return found.hexdigest()


def mentions_plots(text: bytes) -> bool:
    """Whether a notebook may want to plot, or any other of the large libraries (see `preload.py`).

    Wrong in either direction costs a second, and nothing else.
    """
    return any(word in text for word in _PLOTS)


def read_master(
    content: bytes | str,
    name: str,
    files: dict[str, bytes] | None = None,
    config: Config | None = None,
    autotests: bytes | None = None,
) -> Master:
    """The master in an instructor's notebook (or, solutions missing already, a released one).

    config: nbgrader's, for how solutions are marked. autotests: the course's file for AUTOTEST
    cells, if it has one. Raises MasterError.
    """
    # Imported here, since nbgrader takes seconds to import and a judge process does without.
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.preprocessors import ClearSolutions, ComputeChecksums

    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        notebook = nbformat.reads(text, as_version=4)
        _is_python(name, notebook.metadata)  # first: nbgrader has other words for it
        if has_autotests(notebook, config):
            notebook = expanded(notebook, files or {}, autotests, config)
        solved = [(cell, cell.source) for cell in notebook.cells]
        notebook = MetadataValidator().upgrade_notebook_metadata(notebook)
        notebook, _ = ClearSolutions(config=config).preprocess(notebook, {})
        notebook, _ = ComputeChecksums(config=config).preprocess(notebook, {})
        MetadataValidator().validate_nb(notebook)
    except MasterError:
        raise
    except AutotestError as error:
        raise MasterError(f"{name}: {error}") from error
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise MasterError(f"{name} is no master notebook: {reason[0]}") from error
    cells: list[MasterCell] = []
    imports: list[str] = []
    defines: set[str] = set()
    answer = ""
    for cell, (_, source) in zip(notebook.cells, solved, strict=True):
        known = _known(cell)
        theirs = not known or known.get("solution")
        if cell.cell_type == "code" and theirs:
            tree = parsed(source)
            imports += _imports(tree)
            if known:
                defines.update(_bound(tree))
        if not known:
            continue
        if known.get("solution"):
            answer = known["grade_id"]
        entry = MasterCell(
            grade_id=known["grade_id"],
            cell_type=cell.cell_type,
            source=cell.source,
            metadata=known,
            cell_id=str(cell.get("id") or ""),
            imports="\n".join(imports),
            answer=answer,
        )
        cells.append(entry)
        if cell.cell_type == "code" and not theirs:
            imports = []
    _no_doubles(name, cells)
    metadata = json.loads(json.dumps(notebook.metadata))
    kept = {key: metadata[key] for key in ("kernelspec", "language_info") if key in metadata}
    whole = tuple(
        (_known(cell).get("grade_id", ""), str(cell.cell_type), str(source))
        for cell, (_, source) in zip(notebook.cells, solved, strict=True)
    )
    return Master(name, tuple(cells), kept, whole, frozenset(defines), dict(files or {}))


def _is_python(name: str, metadata: dict[str, Any]) -> None:
    """Raises MasterError for a master whose metadata name another language."""
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        known = metadata.get(part)
        language = known.get(key) if isinstance(known, dict) else None
        if isinstance(language, str) and language and "python" not in language.lower():
            raise MasterError(f"{name} is a notebook in {language}: only Python can be graded")


def _known(cell: Any) -> dict[str, Any]:
    """The nbgrader metadata of a cell that is graded, answered or locked; else nothing."""
    metadata: dict[str, Any] = dict(nbgrader_of(cell))
    flags = ("grade", "solution", "locked", "task")
    return metadata if any(metadata.get(flag) for flag in flags) else {}


def _no_doubles(name: str, cells: Iterable[MasterCell]) -> None:
    seen: set[str] = set()
    for cell in cells:
        if cell.grade_id in seen:
            raise MasterError(f"{name}: two cells have the grade_id {cell.grade_id}")
        seen.add(cell.grade_id)


# What a cell binds --------------------------------------------------------------------------------


def parsed(source: str) -> ast.Module:
    """The cell as Python, magics and shell lines left out; empty where it is none."""
    kept = re.sub(r"^\s*[%!?].*$", "pass", source, flags=re.MULTILINE)
    try:
        return ast.parse(kept)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


_DEFINITION = re.compile(r"^(?:def|async[ \t]+def|class)[ \t]+(\w+)", re.MULTILINE)


def definitions(source: str) -> frozenset[str]:
    """The functions and classes that a cell defines at its top level.

    By its lines: to parse what a stranger sent takes long, and deeply nested it ends the process.
    """
    return frozenset(_DEFINITION.findall(source))


def _imports(tree: ast.Module) -> list[str]:
    return [
        ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Import)
        or (isinstance(node, ast.ImportFrom) and node.module != "__future__")
    ]


def _bound(tree: ast.Module) -> set[str]:
    """Names that the top level of a cell binds, imports apart."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def names_read(source: str) -> frozenset[str]:
    """Names of the module that the functions in a source read; none where it is no Python."""
    try:
        return frozenset(_read_in(symtable.symtable(source, "answer", "exec"), False))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def _read_in(table: symtable.SymbolTable, inside: bool) -> Iterator[str]:
    inside = inside or table.get_type() == "function"
    if inside:
        yield from (one.get_name() for one in table.get_symbols() if _is_read(one))
    for inner in table.get_children():
        yield from _read_in(inner, inside)


def _is_read(symbol: symtable.Symbol) -> bool:
    return symbol.is_global() and symbol.is_referenced() and not symbol.is_assigned()
