"""A notebook file that a stranger wrote, read as data: cells, or Malformed, whatever is in it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

__all__ = ["Malformed", "read_cells", "read_file"]


class Malformed(ValueError):
    """A submission cannot be read; the text says why in one sentence, for its student."""


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


def read_cells(content: bytes, most_bytes: int, most_cells: int) -> list[dict[str, Any]]:
    """The cells of a notebook in any format there has been, as far as it has any.

    Raises Malformed where it is none, or larger than that.
    """
    found = _cells(_notebook(content, most_bytes))
    if len(found) > most_cells:
        raise Malformed(f"The notebook has too many cells: {len(found)}, {most_cells} are allowed.")
    return [cell for cell in found if isinstance(cell, dict)]


def _notebook(content: bytes, most: int) -> dict[str, Any]:
    if len(content) > most:
        raise Malformed(f"The notebook is too large: {len(content)} bytes, {most} are allowed.")
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


def _cells(notebook: dict[str, Any]) -> list[Any]:
    found = notebook.get("cells")
    if found is None and isinstance(notebook.get("worksheets"), list):  # formats 2 and 3
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        lists = [sheet.get("cells") for sheet in sheets]
        found = [cell for cells in lists if isinstance(cells, list) for cell in cells]
    if not isinstance(found, list):
        raise Malformed("The file is not a notebook: it has no cells.")
    return found
