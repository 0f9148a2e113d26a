"""Notebooks of earlier versions, unchanged, on today's package."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from nbformat import NotebookNode

from chainrule.course.kernel import run_lecture
from chainrule.course.notebooks import read
from grader_tests.support.lectures import printed
from grader_tests.support.paths import ROOT

FROZEN = ROOT / "grader_tests" / "frozen"
RELEASES = sorted(FROZEN.glob("*/release/*.ipynb"))
LECTURES = sorted(FROZEN.glob("*/course/*.ipynb"))
_MARK = re.compile(r"^# %% ", re.MULTILINE)


def label(path: Path) -> str:
    """The version and the name of a frozen notebook, for the name of a test."""
    return f"{path.relative_to(FROZEN).parts[0]}-{path.stem}"


@cache
def masters_cells(release: Path) -> dict[str, str]:
    """What the master of that release has in its solution and check cells, by grade_id."""
    path = release.parents[1] / "masters" / f"{release.stem}.py"
    found = {}
    for piece in _MARK.split(path.read_text(encoding="utf-8"))[1:]:
        grade_id, _, source = piece.partition("\n")
        found[grade_id] = source.strip("\n")
    return found


def is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not is_solution(cell)


def run(release: Path, instead: dict[str, str]) -> dict[str, AssertionError | None]:
    """Run a release from top to bottom; what each check cell raised, None where it passed.

    instead: sources that are put in the place of the cells with these ids.
    """
    namespace: dict[str, Any] = {"__name__": "student"}
    raised: dict[str, AssertionError | None] = {}
    for cell in read(release).cells:
        if cell.cell_type != "code":
            continue
        code = compile(instead.get(cell.id, cell.source), cell.id, "exec")
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            if is_check(cell):
                raised[cell.id] = None
                try:
                    exec(code, namespace)
                except AssertionError as error:
                    raised[cell.id] = error
            else:
                exec(code, namespace)
        assert said.getvalue() == "", f"{cell.id} writes to stderr: nbgrader scores that as zero"
    return raised


def code_ids(release: Path) -> tuple[set[str], set[str]]:
    """(the solution cells, the check cells) of a release, those of code."""
    cells = [cell for cell in read(release).cells if cell.cell_type == "code"]
    return {c.id for c in cells if is_solution(c)}, {c.id for c in cells if is_check(c)}


def test_what_is_frozen_is_whole() -> None:
    versions = {path.relative_to(FROZEN).parts[0] for path in [*RELEASES, *LECTURES]}
    assert versions == {path.name for path in FROZEN.iterdir() if path.is_dir()} != set()
    for version in versions:
        assert len([p for p in RELEASES if version in p.parts]) >= 6
        assert len([p for p in LECTURES if version in p.parts]) >= 6
    for release in RELEASES:
        solutions, checks = code_ids(release)
        assert solutions
        assert checks
        assert set(masters_cells(release)) == solutions | checks


@pytest.mark.parametrize("release", RELEASES, ids=label)
def test_its_masters_answers_pass_a_frozen_release(release: Path) -> None:
    solutions, checks = code_ids(release)
    answers = {name: masters_cells(release)[name] for name in solutions}
    assert run(release, answers) == dict.fromkeys(checks)


@pytest.mark.parametrize("release", RELEASES, ids=label)
def test_its_masters_answers_pass_its_hidden_checks_too(release: Path) -> None:
    _, checks = code_ids(release)
    everything = masters_cells(release)
    hidden = [name for name in checks if "### BEGIN HIDDEN TESTS" in everything[name]]
    assert set(hidden) == checks
    assert run(release, everything) == dict.fromkeys(checks)


@pytest.mark.parametrize("release", RELEASES, ids=label)
def test_a_frozen_release_as_it_was_handed_out_passes_no_check(release: Path) -> None:
    _, checks = code_ids(release)
    raised = run(release, {})
    assert set(raised) == checks
    for name, error in raised.items():
        assert error is not None, f"{name} passes with nothing written"
        assert "is not written yet" in str(error), name


# ---- What frozen notebooks call.


def sources(notebook: Path) -> list[str]:
    """The code of a notebook, for a release that of its master's hidden checks too."""
    found = [cell.source for cell in read(notebook).cells if cell.cell_type == "code"]
    return found + (list(masters_cells(notebook).values()) if notebook in RELEASES else [])


def imported(trees: list[ast.Module]) -> Iterator[tuple[str, str, str]]:
    """(the name it is bound to, module, name in the module) of what comes from chainrule."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "chainrule":
            for alias in node.names:
                yield alias.asname or alias.name, node.module or "", alias.name
        elif isinstance(node, ast.Import):
            # `import chainrule.circuit` would bind another name than it imports.
            assert not [a for a in node.names if a.name.split(".")[0] == "chainrule"]


def resolve(module: str, name: str) -> Any:
    """What `from module import name` binds. Raises ImportError or AttributeError."""
    parent = importlib.import_module(module)
    if hasattr(parent, name):
        return getattr(parent, name)
    return importlib.import_module(f"{module}.{name}")


def looked_up(node: ast.expr, names: dict[str, Any]) -> tuple[str, Any] | None:
    """(how it is written, what it is) for a name of ours, or an attribute of a module of ours.

    None for everything else, as what a method of a result is known only when it runs.
    """
    if isinstance(node, ast.Name) and node.id in names:
        return node.id, names[node.id]
    if isinstance(node, ast.Attribute):
        found = looked_up(node.value, names)
        if found is not None and isinstance(found[1], (ModuleType, type)):
            return f"{found[0]}.{node.attr}", getattr(found[1], node.attr)
    return None


def rebound(trees: list[ast.Module]) -> set[str]:
    """The names that a notebook binds itself."""
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def fits(function: Any, call: ast.Call) -> None:
    """Whether a function still takes the arguments of a call. Raises TypeError.

    Of what stands behind a star nobody knows how much it is: only the rest is tried.
    """
    positional = [one for one in call.args if not isinstance(one, ast.Starred)]
    by_name = {one.arg: None for one in call.keywords if one.arg is not None}
    whole = len(positional) == len(call.args) and len(by_name) == len(call.keywords)
    signature = inspect.signature(function)
    (signature.bind if whole else signature.bind_partial)(*positional, **by_name)


@pytest.mark.parametrize("notebook", [*RELEASES, *LECTURES], ids=label)
def test_what_a_frozen_notebook_calls_is_there_and_takes_its_arguments(notebook: Path) -> None:
    trees = [ast.parse(source) for source in sources(notebook)]
    names = {bound: resolve(module, name) for bound, module, name in imported(trees)}
    assert names
    assert not rebound(trees) & set(names), "then one does not know whose function is called"
    modules_seen, calls = set(), 0
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute):
            looked_up(node, names)
        if isinstance(node, ast.Call) and (found := looked_up(node.func, names)) is not None:
            written, function = found
            calls += 1
            modules_seen.add(written.split(".")[0])
            try:
                fits(function, node)
            except TypeError as error:
                pytest.fail(f"{written}, called as {ast.unparse(node)}: {error}")
    # Every module that was imported is called somewhere: the search above sees it.
    assert {bound for bound, value in names.items() if isinstance(value, ModuleType)} <= (
        modules_seen
    )
    assert calls >= 10


def test_an_argument_that_is_gone_would_be_noticed() -> None:
    def function(gate: Any, *, at: Any) -> None:
        """A check that knows `at` only."""

    def call(text: str) -> ast.Call:
        node = ast.parse(text, mode="eval").body
        assert isinstance(node, ast.Call)
        return node

    fits(function, call("f(gate, at=1)"))
    fits(function, call("f(*gates, **more)"))
    for text in ("f(gate, at=1, gives=2)", "f(gate)", "f(gate, 1)", "f(gate, gives=2, **more)"):
        with pytest.raises(TypeError):
            fits(function, call(text))
    with pytest.raises(ModuleNotFoundError):
        resolve("chainrule.check", "no_such_check")


@pytest.mark.slow
@pytest.mark.parametrize("lecture", LECTURES, ids=label)
def test_a_frozen_lecture_runs(lecture: Path, tmp_path: Path) -> None:
    notebook = run_lecture(Path(shutil.copy(lecture, tmp_path)))
    shown = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert sum(bool(text) for text in shown) >= len(shown) / 2
