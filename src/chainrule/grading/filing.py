"""Files that are there as a whole or not at all, and errors in one line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["line_of", "put"]


def put(path: Path, content: bytes, mode: int) -> None:
    """Write a file, in the place of whatever has its name. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.part"[:250])
    for place in (path, scratch):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
    scratch.unlink(missing_ok=True)
    try:
        scratch.write_bytes(content)
        scratch.chmod(mode)
        os.replace(scratch, path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise


def line_of(error: BaseException) -> str:
    """The first line of what it says, or its name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
