"""What a cell says of itself, in a notebook as plain JSON or as nbformat reads it.

Nothing in it is believed to be of the form that it should have: what is not is passed over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from chainrule.notebook.text import joined

__all__ = [
    "cells_of", "checksum_of", "grade_id_of", "is_masters", "nbgrader_of", "note_of",
    "outputs_of", "plain_json", "source_of",
]  # fmt: skip


def plain_json(content: bytes) -> dict[str, Any]:
    """A notebook as plain data; empty when it is none. Never raises, whatever the bytes are."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError, MemoryError):
        return {}
    return found if isinstance(found, dict) else {}


def cells_of(notebook: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cells that nbgrader knows, each with its grade_id."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict) and (name := grade_id_of(cell)):
            yield name, cell


def nbgrader_of(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The nbgrader metadata of a cell; empty where there is none."""
    return note_of(cell, "nbgrader")


def note_of(cell: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What one program keeps in a cell's metadata; empty where there is none."""
    metadata = cell.get("metadata")
    known = metadata.get(name) if isinstance(metadata, dict) else None
    return known if isinstance(known, dict) else {}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The name that nbgrader knows a cell by; empty where there is none."""
    name = nbgrader_of(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def checksum_of(cell: Mapping[str, Any]) -> str:
    """What nbgrader's `compute_checksum` gives of a cell that it knows, by which it tells whether
    the cell is as it was released. To import nbgrader for it takes more than a second."""
    known = nbgrader_of(cell)
    graded, solution = bool(known.get("grade")), bool(known.get("solution"))
    locked = not solution and (graded or bool(known.get("locked")))
    parts = [source_of(cell), str(cell.get("cell_type")), str(graded), str(solution), str(locked)]
    parts.append(grade_id_of(cell))
    if graded:
        points = known.get("points")
        parts.append(str(float(points)) if isinstance(points, (int, float)) else str(points))
    text = "".join(parts).encode("utf-8", "replace")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def is_masters(cell: Mapping[str, Any]) -> bool:
    """Whether a cell of a graded notebook is the instructor's: a check, or locked."""
    known = nbgrader_of(cell)
    return bool((known.get("grade") or known.get("locked")) and not known.get("solution"))


def source_of(cell: Mapping[str, Any]) -> str:
    """The text of a cell, in any format that notebooks have had."""
    return joined(cell.get("source", cell.get("input")))


def outputs_of(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outputs of a cell, without what is none."""
    outputs = cell.get("outputs")
    return [one for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []
