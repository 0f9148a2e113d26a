"""A check that failed, as the error output of its cell tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.notebook.cells import note_of, outputs_of
from chainrule.notebook.text import joined, without_colours

__all__ = ["NOTE", "FailedCheck", "failed_check", "failed_checks", "misconception_in", "notes_of"]

NOTE = "chainrule"
"""Under this name a graded cell's metadata holds what the judge knows of its failure: the id of the
`misconception`, the `line` of the check that raised, and the `way` in which a check was run, unless
it was outside; a graded notebook's, the `notes` of its submission."""

_STOPPED = ("CellTimeoutError", "KeyboardInterrupt", "TimeoutError")


@dataclass(frozen=True)
class FailedCheck:
    """What a check that failed says.

    kind: the name of the exception. headline, details: its message, first line and rest, without
    the codes of a terminal; before the message of what is no CheckFailed stands its name.
    misconception: its id, if one was named. stopped: it did not come to an end. traceback: a frame
    each, as IPython wrote them. line: of the check cell that raised, 0 where that is not known.
    """

    kind: str
    headline: str
    details: str
    misconception: str | None = None
    stopped: bool = False
    traceback: tuple[str, ...] = ()
    line: int = 0

    @property
    def message(self) -> str:
        """All of it."""
        return f"{self.headline}\n{self.details}" if self.details else self.headline

    @property
    def reason(self) -> str:
        """Why it failed, in a phrase."""
        if self.misconception is not None:
            return MISCONCEPTIONS[self.misconception].phrase
        if self.stopped:
            return "it did not come to an end"
        return self.headline.strip().rstrip(".")


def failed_check(cell: Mapping[str, Any]) -> FailedCheck | None:
    """What the check in this cell says; None where it passed, or was not run."""
    return next(iter(failed_checks(cell)), None)


def failed_checks(cell: Mapping[str, Any]) -> list[FailedCheck]:
    """As `failed_check`, one for each error output that the cell holds."""
    known = note_of(cell, NOTE)
    errors = [one for one in outputs_of(cell) if one.get("output_type") == "error"]
    return [_read(error, known) for error in errors]


def _read(error: Mapping[str, Any], note: Mapping[str, Any]) -> FailedCheck:
    kind = without_colours(joined(error.get("ename")))
    message = without_colours(joined(error.get("evalue"))).strip("\n")
    headline, _, details = message.partition("\n")
    mistake = None
    if kind == "CheckFailed":
        known = note.get("misconception")
        mistake = known if known in MISCONCEPTIONS else misconception_in(message)
    else:
        headline = f"{kind}: {headline}" if headline.strip() else kind
    frames = error.get("traceback")
    traceback = tuple(map(joined, frames)) if isinstance(frames, list) else ()
    line = note.get("line")
    line = line if isinstance(line, int) else 0
    return FailedCheck(kind, headline, details, mistake, kind in _STOPPED, traceback, line)


# A notebook that stock nbgrader graded has no metadata that names the mistake, only the message:
# the headline ends in ": PHRASE.", and further down stand the sentence and the section, which tell
# rows of one phrase apart.


def _squeezed(text: str) -> str:
    """Without white space: a message is wrapped, and may be so at a hyphen."""
    return "".join(without_colours(text).split())


_SAID = [
    (_squeezed(f": {row.phrase}."), _squeezed(row.sentence), row.id)
    for row in MISCONCEPTIONS.values()
]


def misconception_in(message: str) -> str | None:
    """The id of the misconception that a check's message names, or None.

    The first one counts: later lines may quote what a student's own code said.
    """
    squeezed = _squeezed(message)
    said = [
        (place, sentence not in squeezed, name)
        for phrase, sentence, name in _SAID
        if (place := squeezed.find(phrase)) >= 0
    ]
    return min(said)[2] if said else None


def notes_of(notebook: Mapping[str, Any]) -> list[str]:
    """What the judge noted of a submission, a sentence each."""
    metadata = notebook.get("metadata")
    known = metadata.get(NOTE) if isinstance(metadata, dict) else None
    notes = known.get("notes") if isinstance(known, dict) else None
    return [str(note) for note in notes] if isinstance(notes, list) else []
