"""IPython without a kernel: runs a cell and keeps what it showed, in the form notebooks store.

Jail and judge both run cells in it; what a jail's shell says it showed is data like any other, and
goes through `outputs.clean_outputs` before it is put in a notebook.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import os
import re
import sys
import tempfile
import types
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

import chainrule.grading
from chainrule.notebook.outputs import CUT, MOST_OUTPUTS, Output, stream_output

__all__ = ["Shell", "make_shell"]

_PARSE_ONLY = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_DEFINITION = re.compile(r"(?:class|def)[ \t]+(\w+)")
_ASYNC = re.compile(r"\b(await|async)\b")
_MOST_COMPILED = 500
_THEIR_EVENTS = ("pre_run_cell", "post_run_cell")  # that nothing here listens to


class _Kept:
    """The outputs of the running cell, up to a number of bytes; what is more is dropped."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.shown: dict[str, Output] = {}
        self.most = self.room = 1 << 20
        self.clear_next = False

    def start(self) -> None:
        self.outputs, self.shown, self.room, self.clear_next = [], {}, self.most, False

    def clear(self, wait: bool) -> None:
        if wait:
            self.clear_next = True
        else:
            self.outputs, self.clear_next = [], False

    def _take(self, size: int) -> bool:
        if self.clear_next:
            self.clear(False)
        if self.room <= 0:
            return False
        self.room -= size
        if self.room <= 0 or len(self.outputs) >= MOST_OUTPUTS:
            self.room = 0
            self.outputs.append(stream_output(CUT))
            return False
        return True

    def add(self, output: Output, size: int) -> None:
        if self._take(size):
            self.outputs.append(output)

    def text(self, name: str, text: str) -> None:
        if len(text) > self.room > 1:
            text = text[: self.room - 1]
            self.room = len(text)
            self._stream(name, text)
            self._take(len(text))
        elif self._take(len(text)):
            self._stream(name, text)

    def _stream(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append(stream_output(text, name))


class _Stream(io.TextIOBase):
    """sys.stdout and sys.stderr of a cell."""

    encoding = "utf-8"

    def __init__(self, kept: _Kept, name: str) -> None:
        self._kept, self.name = kept, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._kept.text(self.name, text)
        return len(text)


def _as_text(data: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for kind, value in data.items()
    }


class _Hook(DisplayHook):
    """The value of a cell's last line becomes an execute_result."""

    def start_displayhook(self) -> None:
        self._data: dict[str, Any] = {}

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        data = _as_text(format_dict)
        result = {
            "output_type": "execute_result",
            "execution_count": self.prompt_count,
            "data": data,
            "metadata": md_dict or {},
        }
        self.shell.kept.add(result, sum(len(str(value)) for value in data.values()))

    def finish_displayhook(self) -> None:
        pass


class _Publisher(DisplayPublisher):
    """What `display` shows becomes display_data."""

    def publish(
        self, data: Any, metadata: Any = None, *args: Any, transient: Any = None,
        update: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        kept = self.shell.kept
        name = (transient or {}).get("display_id")
        shown = {"data": _as_text(data), "metadata": metadata or {}}
        if update and name in kept.shown:
            kept.shown[name].update(shown)
            return
        output = {"output_type": "display_data", **shown}
        if name is not None:
            kept.shown[name] = output
        kept.add(output, sum(len(str(value)) for value in shown["data"].values()))

    def clear_output(self, wait: bool = False) -> None:
        self.shell.kept.clear(wait)


class _History(HistoryManager):
    """What was typed: for `In`, `_i` and the like alone, and kept nowhere else."""

    def store_inputs(self, line_num: int, source: str, source_raw: str | None = None) -> None:
        typed = (source if source_raw is None else source_raw).rstrip("\n")
        if self._exit_re.match(typed.strip()):
            return
        self.input_hist_parsed.append(source.rstrip("\n"))
        self.input_hist_raw.append(typed)
        before = ["", "", *self.input_hist_raw][-4:-1]
        names = dict(zip(("_iii", "_ii", "_i"), before, strict=True)) | {f"_i{line_num}": typed}
        self.shell.push(names, interactive=False)


class _Compiler(CachingCompiler):
    """Names cells by a checksum that takes no library of its own."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"<ipython-input-{number}-{crc32(raw_code.encode('utf-8', 'surrogatepass')):08x}>"


class Shell(InteractiveShell):
    """IPython that keeps outputs instead of showing them."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.kept = _Kept()
        super().__init__(*args, **kwargs)
        self._own_transformers = self._transformers()
        self._flags = self.compile.flags
        self._compiled: dict[Any, list[types.CodeType]] = {}
        self._streams = _Stream(self.kept, "stdout"), _Stream(self.kept, "stderr")
        # For good: what a cell defined may be called, and show something, between cells too.
        self.builtin_trap.__enter__()
        self.display_trap.__enter__()

    def init_history(self) -> None:
        """In place of a history in a database."""
        self.history_manager = _History(shell=self, parent=self)
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
        return success, self.kept.outputs

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

    def _tell(self, event: str, *args: Any) -> None:
        if self.events.callbacks[event]:  # as a rule there is nobody
            self.events.trigger(event, *args)

    def _parts(self, text: str, name: str, quiet: bool) -> list[types.CodeType]:
        """A cell of plain Python, compiled: what is run, and what is run and shown.

        A judge runs the same checks for one student after the other.
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
        error = {
            "output_type": "error",
            "ename": str(getattr(etype, "__name__", etype)),
            "evalue": str(evalue),
            "traceback": lines,
        }
        # An error is never dropped for want of room: a check that failed has failed.
        self.kept.outputs.append(error)


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
