"""Hidden checks, kept out of what students see: their source, and the lines of it in outputs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from chainrule.notebook.cells import is_masters, source_of
from chainrule.notebook.text import without_colours

__all__ = ["Hidden"]

_IN_PLACE = "# hidden checks: they count, and are not shown"
_LEFT_OUT = "[a line of a hidden check]"
_LEAST = 12  # characters that make a line known wherever it stands
_GUTTER = re.compile(r"^(?:-+>)?\s*\d+[ |]?")


class Hidden:
    """The hidden checks of one graded notebook.

    begin, end: the marks around them, as nbgrader's ClearHiddenTests has them.
    """

    def __init__(
        self,
        cells: Iterable[Mapping[str, Any]],
        begin: str = "BEGIN HIDDEN TESTS",
        end: str = "END HIDDEN TESTS",
    ) -> None:
        self._begin, self._end = begin, end
        hidden: set[str] = set()
        shown: set[str] = set()
        self._own: set[str] = set()
        for cell in cells:
            source = source_of(cell)
            if is_masters(cell):
                for line, is_hidden in self.marked(source):
                    (hidden if is_hidden else shown).add(line.strip())
            else:
                self._own.update(line.strip() for line in source.split("\n"))
        self.lines = frozenset(hidden - shown - self._own - {""})
        self._long = [line for line in self.lines if len(line) >= _LEAST]
        self._long += [html.escape(line) for line in self._long if html.escape(line) != line]

    def marked(self, source: str) -> Iterable[tuple[str, bool]]:
        """Each line, and whether it is hidden; the marks are. A mark without its end hides all."""
        inside = False
        for line in source.split("\n"):
            starts = self._begin in line
            yield line, inside or starts
            inside = (inside or starts) and self._end not in line

    def cut(self, source: str) -> str:
        """The source of the instructor's cell with one line in the place of each hidden part."""
        kept: list[str] = []
        before = False
        for line, is_hidden in self.marked(source):
            if not is_hidden:
                kept.append(line)
            elif not before or self._begin in line:
                kept.append(line[: len(line) - len(line.lstrip())] + _IN_PLACE)
            before = is_hidden
        return "\n".join(kept)

    def redact(self, text: str) -> str:
        """Text that was printed or raised, with no line of a hidden check left in it."""
        if not self.lines:
            return text
        return "\n".join(_LEFT_OUT if self._is_hidden(line) else line for line in text.split("\n"))

    def _is_hidden(self, line: str) -> bool:
        bare = without_colours(line)
        if bare.strip() in self.lines or _GUTTER.sub("", bare).strip() in self.lines:
            return True
        return self.stands_in(bare)

    def stands_in(self, text: str) -> bool:
        """Whether a hidden line of some length stands in the text."""
        return any(line in text for line in self._long)

    def own_frames(self, traceback: Any) -> list[str]:
        """Of a traceback, the frames whose every line stands in one of the student's own cells."""
        frames = [without_colours(one) for one in traceback if isinstance(one, str)]
        return [frame for frame in frames if self._is_own(frame)]

    def _is_own(self, frame: str) -> bool:
        head, *rest = frame.strip("\n").split("\n")
        code = [_GUTTER.sub("", line).strip() for line in rest]
        return (
            head.startswith("Cell In[") and any(code) and self._own.issuperset(filter(None, code))
        )
