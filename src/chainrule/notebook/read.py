"""A notebook file that a stranger wrote, read as data: cells, or Malformed, whatever is in it."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

__all__ = ["Malformed", "read_cells", "read_file", "what_is"]

# What people hand in instead, by how it begins. What is a notebook begins with a brace.
_KINDS = (
    (rb"%PDF-", "a PDF"),
    (rb"PK\x03\x04(?s:.){0,2000}word/", "a Word document"),
    (rb"PK(\x03\x04|\x05\x06)", "a zip archive"),
    (rb"\x1f\x8b", "an archive (gzip)"),
    (rb"Rar!\x1a\x07|7z\xbc\xaf", "an archive"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP", "a picture"),
    (rb"\{\\rtf", "a text document (RTF)"),
    (rb"\xd0\xcf\x11\xe0", "an Office document"),
    (rb"version https://git-lfs", "a pointer of Git LFS instead of the file"),
    (rb"(?is)(?=<).{0,3000}?<(!doctype html|html|head|body)", "a web page (HTML)"),
)
# Windows lacks some of them, and has no pipes in folders, nor links of ordinary users.
_FLAGS = ("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY")
_AS_IT_IS = sum(getattr(os, flag, 0) for flag in _FLAGS)
_CONFLICT = re.compile(rb"^(<{7} .*|={7}\s*|>{7} .*)$", re.MULTILINE)


class Malformed(ValueError):
    """A submission cannot be read; the text says why in one sentence, for its student."""


def read_file(path: Path, most: int) -> bytes:
    """The content of a submitted file. Raises Malformed for a link, a folder, a pipe, a huge file.

    It is opened once, without waiting and without following a link, and then looked at.
    """
    try:
        descriptor = os.open(path, _AS_IT_IS)
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


def what_is(content: bytes) -> str:
    """What a file is that is no notebook ("a PDF"); nothing where that cannot be told."""
    if len({mark[:7] for mark in _CONFLICT.findall(content)}) == 3:
        return "a notebook with the marks of an unfinished merge (<<<<<<<)"
    begins = content[:4000].removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for pattern, kind in _KINDS if re.match(pattern, begins)), "")


def read_cells(content: bytes, most_bytes: int, most_cells: int) -> list[dict[str, Any]]:
    """The cells of a notebook in any format there has been, as far as it has any.

    most_bytes: of its cells; outputs, which are made anew, do not count. Raises Malformed where it
    is none, or larger than that.
    """
    found = _cells(_notebook(content))
    if len(found) > most_cells:
        raise Malformed(f"The notebook has too many cells: {len(found)}, {most_cells} are allowed.")
    cells = [
        {name: value for name, value in cell.items() if name not in ("outputs", "output")}
        for cell in found
        if isinstance(cell, dict)
    ]
    if len(content) > most_bytes:
        try:
            size = len(json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError:
            raise Malformed("The notebook is nested too deeply to be one.") from None
        if size > most_bytes:
            raise Malformed(
                f"The notebook is too large: {size} bytes without its outputs, {most_bytes} are "
                "allowed."
            )
    return cells


def _notebook(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise Malformed("The notebook is an empty file.")
    kind = what_is(content)
    if kind:
        raise Malformed(f"The file is {kind}, and cannot be graded as a notebook.")
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
