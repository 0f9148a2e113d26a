"""The notebook that is graded: the master, with the student's answers put in.

A submission gives text and an order, nothing else: of what it says about points, flags, types, tags
and ids nothing is believed. It is read here as bytes of unknown origin.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.grading.judge.master import Master, MasterCell
from chainrule.grading.limits import Limits

__all__ = ["Cell", "Malformed", "Merged", "merge", "read_file"]

_MISSING = "This cell was missing from the submission; it is the untouched one of the assignment."
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


class Malformed(ValueError):
    """A submission cannot be read; the text says why in one sentence, for its student."""


@dataclass
class Cell:
    """A cell of the graded notebook.

    master: the master's cell it stands for; None for a cell that the student added.
    """

    cell_type: str
    source: str
    master: MasterCell | None = None
    cell_id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    note: str = ""


@dataclass
class Merged:
    """All cells in order, and what the student and the instructor should know, a sentence each."""

    cells: list[Cell]
    notes: list[str]


def read_file(path: Path, most: int) -> bytes:
    """The content of a submitted file. Raises Malformed for a link, a folder, a pipe, a huge file.

    It is opened once, without waiting and without following a link, and then looked at.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        why = "it is a link to another place" if path.is_symlink() else error.strerror
        raise Malformed(f"{path.name} cannot be read: {why}.") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise Malformed(f"{path.name} is not an ordinary file.")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > most:
            raise Malformed(f"{path.name} is too large: {found.st_size} bytes, {most} are allowed.")
        return file.read(most + 1)[:most]


def merge(master: Master, content: bytes, limits: Limits) -> Merged:
    """The graded notebook, not yet run. Raises Malformed."""
    cells = _cells(_notebook(content, limits), limits)
    notes: list[str] = []
    claimed = [_grade_id(cell) for cell in cells]
    last = {name: place for place, name in enumerate(claimed) if name in master.by_id}
    for name in sorted(last):
        if claimed.count(name) > 1:
            notes.append(f"The cell {name} is there more than once; the last one counts.")

    answers: dict[str, Cell] = {}
    added: dict[str, list[Cell]] = {"": []}  # by the master's cell that they come after
    anchor = ""
    for place, cell in enumerate(cells):
        known = master.by_id.get(claimed[place])
        theirs = known is None or known.is_theirs  # of locked cells only the place counts
        if known is not None and last[known.grade_id] == place:
            anchor = known.grade_id
            if theirs:
                answers[anchor] = _made(cell)
        elif theirs:
            added.setdefault(anchor, []).append(_made(cell))

    merged = list(added[""])
    for known in master.cells:
        answer = answers.get(known.grade_id)
        kept = Cell(known.cell_type, known.source, known, known.cell_id)
        if answer is None and known.is_theirs:
            kept.note = _MISSING
            notes.append(f"The cell {known.grade_id} was missing from the submission.")
        elif answer is not None:
            kept.source = answer.source
            if known.cell_type == "markdown":
                kept.attachments = answer.attachments
        merged.append(kept)
        merged += added.get(known.grade_id, [])
    _give_ids(merged)
    return Merged(merged, notes)


# Reading ------------------------------------------------------------------------------------------


def _notebook(content: bytes, limits: Limits) -> dict[str, Any]:
    if len(content) > limits.notebook_bytes:
        raise Malformed(
            f"The notebook is too large: {len(content)} bytes, {limits.notebook_bytes} are allowed."
        )
    if not content.strip():
        raise Malformed("The notebook is an empty file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("The notebook is not text in UTF-8, as notebooks have to be.") from None
    if "\0" in text:
        raise Malformed("The notebook holds null bytes; it was damaged on the way.")
    try:
        found = json.loads(text)
    except RecursionError:
        raise Malformed("The notebook is nested too deeply to be one.") from None
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Malformed(f"The notebook is not valid JSON{where}; it was damaged.") from None
    if not isinstance(found, dict):
        raise Malformed("The file is not a notebook.")
    return found


def _cells(notebook: dict[str, Any], limits: Limits) -> list[dict[str, Any]]:
    """The cells of a notebook in any format there has been, as far as it has any."""
    found = notebook.get("cells")
    if found is None and isinstance(notebook.get("worksheets"), list):  # formats 2 and 3
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        lists = [sheet.get("cells") for sheet in sheets]
        found = [cell for cells in lists if isinstance(cells, list) for cell in cells]
    if not isinstance(found, list):
        raise Malformed("The file is not a notebook: it has no cells.")
    if len(found) > limits.notebook_cells:
        raise Malformed(
            f"The notebook has too many cells: {len(found)}, {limits.notebook_cells} are allowed."
        )
    return [cell for cell in found if isinstance(cell, dict)]


def _grade_id(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = known.get("grade_id") if isinstance(known, dict) else None
    return name if isinstance(name, str) else ""


def _made(cell: dict[str, Any]) -> Cell:
    """A student's cell: its type, its text, its name if it has one, its pictures."""
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        kind = "markdown"  # heading cells of format 3 and whatever else
    source = _text(cell.get("source", cell.get("input")))
    name = cell.get("id")
    made = Cell(str(kind), source, cell_id=name if isinstance(name, str) else "")
    attachments = cell.get("attachments")
    if kind == "markdown" and isinstance(attachments, dict):
        made.attachments = _pictures(attachments)
    return made


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join([part for part in value if isinstance(part, str)])
    text = value if isinstance(value, str) else ""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _pictures(attachments: dict[Any, Any]) -> dict[str, dict[str, str]]:
    kept = {
        _text(name): {kind: _text(data[kind]) for kind in _PICTURES if kind in data}
        for name, data in attachments.items()
        if isinstance(data, dict)
    }
    return {name: data for name, data in kept.items() if data}


def _give_ids(cells: list[Cell]) -> None:
    """Every cell a valid id of its own; the master's cells keep theirs."""
    taken = {cell.cell_id for cell in cells if cell.master is not None and cell.cell_id}
    for place, cell in enumerate(cells):
        if cell.master is not None and cell.cell_id:
            continue
        if not _ID.match(cell.cell_id) or cell.cell_id in taken:
            cell.cell_id = next(
                name
                for name in (f"cell-{place}{'-' * extra}" for extra in range(1, 40))
                if name not in taken
            )
        taken.add(cell.cell_id)
