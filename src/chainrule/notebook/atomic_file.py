"""Files that are there as a whole or not at all, and errors in one line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

__all__ = ["line_of", "put", "put_all"]


def put(path: Path, content: bytes, mode: int) -> None:
    """Write a file, in the place of whatever has its name. Raises OSError."""
    scratch = path.with_name(f".{path.name}.part"[:250])
    try:
        _write(scratch, path, content, mode)
    except OSError:  # its folder is not there yet, or something stands in the way
        path.parent.mkdir(parents=True, exist_ok=True)
        for place in (path, scratch):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
        scratch.unlink(missing_ok=True)
        try:
            _write(scratch, path, content, mode)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise


def put_all(folder: Path, files: Mapping[str, bytes], mode: int) -> None:
    """Write files, by path relative to the folder, in the place of whatever is in their way: a
    file may bear the name of another's folder. What comes later stays. Raises OSError."""
    for name, content in files.items():
        for above in list(Path(name).parents)[-2::-1]:  # from the folder itself downward
            place = folder / above
            if place.is_symlink() or place.is_file():
                place.unlink()
        put(folder / name, content, mode)


def _write(scratch: Path, path: Path, content: bytes, mode: int) -> None:
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    scratch.chmod(mode)
    os.replace(scratch, path)


def line_of(error: BaseException) -> str:
    """The first line of what it says, or its name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
