"""The notebook that is graded: the master, with the student's answers put in.

A submission gives text and an order, nothing else: of what it says about points, flags, types, tags
and ids nothing is believed. It is read here as bytes of unknown origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from chainrule.grading.judge.master import Master, MasterCell
from chainrule.grading.limits import Limits
from chainrule.notebook.cells import grade_id_of, source_of
from chainrule.notebook.read import read_cells
from chainrule.notebook.text import plain_text

__all__ = ["Merged", "MergedCell", "merge"]

_MISSING = "This cell was missing from the submission; it is the untouched one of the assignment."
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


@dataclass
class MergedCell:
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

    cells: list[MergedCell]
    notes: list[str]


def merge(master: Master, content: bytes, limits: Limits) -> Merged:
    """The graded notebook, not yet run. Raises Malformed."""
    cells = read_cells(content, limits.notebook_bytes, limits.notebook_cells)
    notes: list[str] = []
    claimed = [grade_id_of(cell) for cell in cells]
    last = {name: place for place, name in enumerate(claimed) if name in master.by_id}
    for name in sorted(last):
        if claimed.count(name) > 1:
            notes.append(f"The cell {name} is there more than once; the last one counts.")

    answers: dict[str, MergedCell] = {}
    added: dict[str, list[MergedCell]] = {"": []}  # by the master's cell that they come after
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
        kept = MergedCell(known.cell_type, known.source, known, known.cell_id)
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


def _made(cell: dict[str, Any]) -> MergedCell:
    """A student's cell: its type, its text, its name if it has one, its pictures."""
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        kind = "markdown"  # heading cells of format 3 and whatever else
    source = plain_text(source_of(cell))
    name = cell.get("id")
    made = MergedCell(str(kind), source, cell_id=name if isinstance(name, str) else "")
    attachments = cell.get("attachments")
    if kind == "markdown" and isinstance(attachments, dict):
        made.attachments = _pictures(attachments)
    return made


def _pictures(attachments: dict[Any, Any]) -> dict[str, dict[str, str]]:
    kept = {
        plain_text(name): {kind: plain_text(data[kind]) for kind in _PICTURES if kind in data}
        for name, data in attachments.items()
        if isinstance(data, dict)
    }
    return {name: data for name, data in kept.items() if data}


def _give_ids(cells: list[MergedCell]) -> None:
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
