"""Pictures that lie beside a graded notebook."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from chainrule.notebook.read import Malformed, read_file

__all__ = ["PICTURE_BYTES", "pictures_beside"]


_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg")
PICTURE_BYTES = 2 << 20  # of one picture beside a notebook
_MOST_PICTURES = 50


def pictures_beside(folder: Path) -> dict[str, bytes]:
    """The pictures in a folder, by relative path; links and large files are left out."""
    found: dict[str, bytes] = {}
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
    for path in sorted(islice(paths, _MOST_PICTURES)):
        with suppress(Malformed):
            found[path.relative_to(folder).as_posix()] = read_file(path, PICTURE_BYTES)
    return found
