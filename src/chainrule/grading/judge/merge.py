"""The notebook that is graded: the master, with the student's answers put in.

A submission gives text and an order, nothing else: of what it says about points, flags, types, tags
and ids nothing is believed. It is read here as bytes of unknown origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chainrule.grading.judge.master import Master, MasterCell, definitions
from chainrule.grading.limits import Limits
from chainrule.notebook.cells import grade_id_of, source_of
from chainrule.notebook.read import read_cells
from chainrule.notebook.text import plain_text

__all__ = ["Merged", "MergedCell", "merge"]

_MISSING = "This cell was missing from the submission; it is the untouched one of the assignment."
_ANSWERED = "This cell was not run, since what it defines was answered in a cell that was added."
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


@dataclass
class MergedCell:
    """A cell of the graded notebook.

    master: the master's cell it stands for; None for a cell that the student added. skipped: it is
    an untouched stub, and what it would define was answered elsewhere.
    """

    cell_type: str
    source: str
    master: MasterCell | None = None
    cell_id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    note: str = ""
    skipped: bool = False


@dataclass
class Merged:
    """All cells in order, and what the student and the instructor should know, a sentence each."""

    cells: list[MergedCell]
    notes: list[str]


def merge(master: Master, content: bytes, limits: Limits) -> Merged:
    """The graded notebook, not yet run. Raises Malformed."""
    cells = read_cells(content, limits.notebook_bytes, limits.notebook_cells)
    notes: list[str] = []
    claimed = _claimed(master, cells, notes)
    counting = _counting(master, cells, claimed, notes)

    answers: dict[str, MergedCell] = {}
    added: dict[str, list[MergedCell]] = {"": []}  # by the master's cell that they come after
    anchor = ""
    for place, cell in enumerate(cells):
        known = master.by_id.get(claimed[place])
        theirs = known is None or known.is_theirs  # of locked cells only the place counts
        if known is not None and counting[known.grade_id] == place:
            anchor = known.grade_id
            if theirs:
                answers[anchor] = _made(cell)
        elif theirs and not (known and _is_stub(known, cell)):
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
    _skip_answered_stubs(master, merged, answers, notes)
    _give_ids(merged)
    return Merged(merged, notes)


def _claimed(master: Master, cells: list[dict[str, Any]], notes: list[str]) -> list[str]:
    """Of each cell the grade_id: the one it has; or, where an editor lost it, that of the master's
    cell which has the same id, or locked text, or is the only one to define the same names."""
    claimed = [grade_id_of(cell) for cell in cells]
    for known in master.cells:
        if known.grade_id in claimed:
            continue
        names = master.to_define.get(known.grade_id, frozenset())
        for what, fits in _SIGNS.items():
            places = [
                place
                for place, cell in enumerate(cells)
                if claimed[place] not in master.by_id
                and cell.get("cell_type") == known.cell_type
                and fits(known, cell, names)
            ]
            if len(places) == 1:
                claimed[places[0]] = known.grade_id
                if known.is_theirs:
                    name = f"The cell {known.grade_id}"
                    notes.append(f"{name} came without its metadata; it was known by {what}.")
                break
    return claimed


_SIGNS: dict[str, Callable[[MasterCell, dict[str, Any], frozenset[str]], bool]] = {
    "its id": lambda known, cell, _: bool(known.cell_id) and cell.get("id") == known.cell_id,
    "its text": lambda known, cell, _: (
        known.source.strip() != "" and source_of(cell).strip() == known.source.strip()
    ),
    "what it defines": lambda _, cell, names: bool(names) and names <= definitions(source_of(cell)),
}


def _counting(
    master: Master, cells: list[dict[str, Any]], claimed: list[str], notes: list[str]
) -> dict[str, int]:
    """The place of the cell that counts, by grade_id: of copies the last that is not the stub."""
    counting: dict[str, int] = {}
    for name in sorted(set(claimed) & master.by_id.keys()):
        places = [place for place, one in enumerate(claimed) if one == name]
        known = master.by_id[name]
        touched = [place for place in places if not _is_stub(known, cells[place])]
        counting[name] = (touched or places)[-1]
        if len(places) > 1:
            which = "the last one counts"
            if touched and touched[-1] != places[-1]:
                which = "the last one that is not as it was handed out counts"
            notes.append(f"The cell {name} is there more than once; {which}.")
    return counting


def _is_stub(known: MasterCell, cell: dict[str, Any]) -> bool:
    return known.is_theirs and source_of(cell).strip() == known.source.strip()


def _skip_answered_stubs(
    master: Master, merged: list[MergedCell], answers: dict[str, MergedCell], notes: list[str]
) -> None:
    """An untouched stub is not run over an answer in a cell that was added: where the stub itself
    is missing wherever that cell stands, and else above it."""
    own = [
        (place, definitions(one.source))
        for place, one in enumerate(merged)
        if one.master is None and one.cell_type == "code"
    ]
    for place, cell in enumerate(merged):
        known = cell.master
        names = master.to_define.get(known.grade_id) if known is not None else None
        if known is None or not names or cell.source.strip() != known.source.strip():
            continue
        last = place if known.grade_id in answers else len(merged)
        if names <= frozenset().union(*(given for where, given in own if where < last)):
            cell.skipped = True
            cell.note = _ANSWERED
            told = f"The cell {known.grade_id} was missing from the submission."
            if told in notes:
                notes.remove(told)
            notes.append(
                f"The answer {known.grade_id} stands in a cell that was added: that one was run, "
                "and not the stub."
            )


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
