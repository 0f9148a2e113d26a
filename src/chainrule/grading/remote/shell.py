"""IPython without a kernel: runs a cell and keeps what it showed, in the form notebooks store.

Jail and judge both run cells in it; what a jail's shell says it showed is data like any other, and
goes through `outputs.clean_outputs` before it is put in a notebook.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
import tempfile
import types
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

import chainrule.grading
from chainrule.grading.remote.captured import Compiler, History, Hook, Kept, Publisher, Stream
from chainrule.notebook.outputs import Output

__all__ = ["Shell", "make_shell"]

_PARSE_ONLY = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_DEFINITION = re.compile(r"(?:class|def)[ \t]+(\w+)")
_ASYNC = re.compile(r"\b(await|async)\b")
_MOST_COMPILED = 500
_THEIR_EVENTS = ("pre_run_cell", "post_run_cell")  # that nothing here listens to


class Shell(InteractiveShell):
    """IPython that keeps outputs instead of showing them."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(Compiler)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.kept = Kept()
        super().__init__(*args, **kwargs)
        self._own_transformers = self._transformers()
        self._flags = self.compile.flags
        self._compiled: dict[Any, list[types.CodeType]] = {}
        self._streams = Stream(self.kept, "stdout"), Stream(self.kept, "stderr")
        # For good: what a cell defined may be called, and show something, between cells too.
        self.builtin_trap.__enter__()
        self.display_trap.__enter__()

    def init_history(self) -> None:
        """In place of a history in a database."""
        self.history_manager = History(shell=self, parent=self)
        self.configurables.append(self.history_manager)

    def use(self, names: dict[str, Any], most_bytes: int) -> None:
        """Start afresh with `names` as the notebook's namespace (it may be a subclass of dict)."""
        module = types.ModuleType("__main__")
        if type(names) is dict:
            names = vars(module)
        else:
            names.update(vars(module))
            module = _Module(names)  # type: ignore[assignment]
        sys.modules["__main__"] = module
        assert self.history_manager is not None
        for typed in (self.history_manager.input_hist_parsed, self.history_manager.input_hist_raw):
            typed[:] = [""]  # the cells are counted from 1
        self.user_module, self.user_ns = module, names
        self.ns_table["user_global"], self.ns_table["user_local"] = vars(module), names
        self.init_user_ns()
        self.execution_count = 1
        self.compile.flags = self._flags  # without what a cell imported from the future
        self.kept.most = most_bytes

    def run(
        self, source: str, quiet: bool = False, number: int | None = None
    ) -> tuple[bool, list[Output]]:
        """Run a cell; (whether it raised nothing, its outputs).

        number: what the notebook calls it, `In [number]`; default: the next one.
        """
        self.kept.start()
        if number is not None:
            self.execution_count = number
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams
        try:
            success = self._run_plain(source, quiet)
            if success is None:
                result = self.run_cell(source, store_history=not quiet, silent=quiet)
                success = bool(result.success)
        finally:
            sys.stdout, sys.stderr = streams
        return success, self.kept.settled()

    def _run_plain(self, source: str, quiet: bool) -> bool | None:
        """What `run_cell` does with plain Python: whether it went well.

        None, and nothing was run, for any other cell. What IPython does besides takes several
        times as long as to run an answer.
        """
        if not source.strip() or source[:1].isspace() or self._changed():
            return None
        if self.ast_transformers or self.ast_node_interactivity != "last_expr":
            return None
        if self.custom_exceptions or any(self.events.callbacks[name] for name in _THEIR_EVENTS):
            return None
        count, text = self.execution_count, _ended(source)
        name = self.compile.cache(text, count, source)
        try:
            parts = self._parts(text, name, quiet)
        except Exception:  # no plain Python; what it says of this is for run_cell to show
            return None
        self._tell("pre_execute")
        if not quiet:
            assert self.history_manager is not None
            self.history_manager.store_inputs(count, text, source)
            self.execution_count = count + 1
        result = ExecutionResult(ExecutionInfo(source, not quiet, quiet, True, None))
        result.execution_count = count
        with self.builtin_trap, self.display_trap:
            self.displayhook.exec_result = result
            raised = any(_finished(self.run_code(part, result)) for part in parts)
            self.displayhook.exec_result = None
        self.last_execution_succeeded, self.last_execution_result = not raised, result
        self._tell("post_execute")
        if not quiet:  # the cell itself may have asked for this one
            self._tell("post_run_cell", result)
        return not raised

    def prepare(self, source: str, number: int) -> None:
        """Compile a cell that will be run under this number, if it is plain Python."""
        text = _ended(source)
        with contextlib.suppress(Exception):
            self._parts(text, self.compile.cache(text, number, source), False)

    def _tell(self, event: str, *args: Any) -> None:
        if self.events.callbacks[event]:  # as a rule there is nobody
            self.events.trigger(event, *args)

    def _parts(self, text: str, name: str, quiet: bool) -> list[types.CodeType]:
        """A cell of plain Python, compiled: what is run, and what is run and shown.

        Workers are forked from a process that has compiled the checks of their master.
        """
        key = text, name, quiet, self.compile.flags
        if key not in self._compiled:
            if len(self._compiled) >= _MOST_COMPILED:
                self._compiled.clear()
            self._compiled[key] = self._compiled_parts(text, name, quiet)
        return self._compiled[key]

    def _compiled_parts(self, text: str, name: str, quiet: bool) -> list[types.CodeType]:
        begin = _last_definition(text)
        if quiet or begin is not None:
            whole = self.compile(text, name, "exec")
            if quiet or begin in _begins(whole):
                return [whole]
        # A tree takes as long again, and tells what it ends with in every case.
        tree = compile(text, name, "exec", _PARSE_ONLY, dont_inherit=True)
        shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts = [self.compile(tree, name, "exec")]
        if shown is not None:
            parts.append(self.compile(ast.Interactive([shown]), name, "single"))
        return parts

    def transform_cell(self, raw_cell: str) -> str:
        """As IPython does it; but plain Python, which it leaves as it is, is known by parsing it.

        IPython tokenizes every cell, which takes longer than to run most of them.
        """
        if not raw_cell[:1].isspace() and not self._changed():
            with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
                compile(raw_cell, "cell", "exec", _PARSE_ONLY, dont_inherit=True)
                return _ended(raw_cell)
        return super().transform_cell(raw_cell)

    def _changed(self) -> bool:
        """Whether student code has changed what IPython makes of cells."""
        return self._transformers() != self._own_transformers

    def _transformers(self) -> list[Any]:
        manager = self.input_transformer_manager
        lists = (
            manager.cleanup_transforms,
            manager.line_transforms,
            manager.token_transformers,
            self.input_transformers_post,
        )
        return [list(one) for one in lists]

    def should_run_async(self, raw_cell: str, **kwargs: Any) -> bool:
        """Whether there is an `await` outside of functions."""
        return bool(_ASYNC.search(raw_cell)) and super().should_run_async(raw_cell, **kwargs)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to open."""

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """IPython keeps all that is printed for its history, without a limit; here nothing does."""
        yield

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        _drop_own_frames(sys.exc_info()[1])
        super().showtraceback(*args, **kwargs)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [stb] if isinstance(stb, str) else [str(line) for line in stb]
        error: Output = {
            "output_type": "error",
            "ename": str(getattr(etype, "__name__", etype)),
            "evalue": str(evalue),
            "traceback": lines,
        }
        mistake = getattr(evalue, "misconception", None)
        if isinstance(mistake, str):
            error["misconception"] = mistake
        line = _line_in_cell(evalue)
        if line:
            error["line"] = line
        self.kept.error(error)


def _ended(source: str) -> str:
    return source if source.endswith("\n") else source + "\n"


def _last_definition(text: str) -> tuple[int, str] | None:
    """The last line that is not indented, its number and the name it defines, if it is the first of
    a class or a function. It may belong to a string: see `_begins`."""
    lines = text.split("\n")
    number = len(lines)
    while number and (not lines[number - 1] or lines[number - 1][0] in " \t#"):
        number -= 1
    found = _DEFINITION.match(lines[number - 1]) if number else None
    return (number, found[1]) if found else None


def _begins(code: types.CodeType) -> list[tuple[int, str]]:
    """Where the classes and functions of a cell begin, and what they are called."""
    parts = (one for one in code.co_consts if isinstance(one, types.CodeType))
    return [(one.co_firstlineno, one.co_name) for one in parts]


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waited for something")


class _Module:
    """A module whose namespace is a dict of our own making."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.__dict__ = names

    # A dict of our own making may know more than it holds, and be told more than to hold it.

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module '__main__' has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__dict__":
            object.__setattr__(self, name, value)
        else:
            self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None


def _drop_own_frames(error: BaseException | None) -> None:
    """Take the frames of this package's grading out of a traceback: they are nobody's mistake."""
    here = os.path.dirname(chainrule.grading.__file__)
    trace: types.TracebackType | None = error.__traceback__ if error is not None else None
    while trace is not None:
        after: types.TracebackType | None = trace.tb_next
        while after is not None and after.tb_frame.f_code.co_filename.startswith(here):
            after = after.tb_next
        trace.tb_next = after
        trace = after


def _line_in_cell(error: Any) -> int:
    """The line of the running cell in which an error was raised; 0 for one of no cell."""
    trace = getattr(error, "__traceback__", None)
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<ipython-input"):
            return int(trace.tb_lineno)
        trace = trace.tb_next
    return 0


def make_shell() -> Shell:
    """The one shell of this process: no history, no files."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPYTHONDIR"] = folder
        return Shell.instance(config=config)
