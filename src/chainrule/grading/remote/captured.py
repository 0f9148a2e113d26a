"""The parts of IPython that show, remember and name things, replaced by ones that keep outputs."""

from __future__ import annotations

import base64
import io
from typing import Any
from zlib import crc32

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager

from chainrule.notebook.outputs import CUT, MOST_OUTPUTS, Output, stream_output

__all__ = ["Compiler", "History", "Hook", "Kept", "Publisher", "Stream"]


class Kept:
    """The outputs of the running cell, up to a number of bytes; what is more is dropped."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.shown: dict[str, Output] = {}
        self.most = self.room = 1 << 20
        self.clear_next = False

    def start(self) -> None:
        self.outputs, self.shown, self.room, self.clear_next = [], {}, self.most, False
        self._parts: list[str] = []  # of the text of the last output, which would grow bit by bit

    def settled(self) -> list[Output]:
        """The outputs so far."""
        if self._parts and self.outputs:
            self.outputs[-1]["text"] += "".join(self._parts)
        self._parts.clear()
        return self.outputs

    def clear(self, wait: bool) -> None:
        if wait:
            self.clear_next = True
        else:
            self.outputs, self.clear_next = [], False
            self._parts.clear()

    def _take(self, size: int) -> bool:
        if self.clear_next:
            self.clear(False)
        if self.room <= 0:
            return False
        self.room -= size
        if self.room <= 0 or len(self.outputs) >= MOST_OUTPUTS:
            self.room = 0
            self.settled().append(stream_output(CUT))
            return False
        return True

    def add(self, output: Output, size: int) -> None:
        if self._take(size):
            self.settled().append(output)

    def error(self, output: Output) -> None:
        """An error is never dropped for want of room: a check that failed has failed."""
        self.settled().append(output)

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
            self._parts.append(text)
        else:
            self.settled().append(stream_output(text, name))


class Stream(io.TextIOBase):
    """sys.stdout and sys.stderr of a cell."""

    encoding = "utf-8"

    def __init__(self, kept: Kept, name: str) -> None:
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


class Hook(DisplayHook):
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


class Publisher(DisplayPublisher):
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


class History(HistoryManager):
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


class Compiler(CachingCompiler):
    """Names cells by a checksum that takes no library of its own."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"<ipython-input-{number}-{crc32(raw_code.encode('utf-8', 'surrogatepass')):08x}>"
