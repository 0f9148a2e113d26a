"""Folders that a stranger filled: taken away whatever is in them, step by step, without recursion.

A thousand folders in one another end a function that calls itself, and make a path that is longer
than the system takes. So one goes down into them and up again, and says no name but the next.
"""

from __future__ import annotations

import contextlib
import os
import stat

__all__ = ["remove_tree"]


def remove_tree(folder: str) -> None:
    """Remove a folder and all that is in it, as far as it can be; links are not followed.

    For a process without threads: it changes the working folder meanwhile.
    """
    home = os.open(".", os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.chmod(folder, stat.S_IRWXU)
            os.chdir(folder)
            _empty()
    finally:
        os.fchdir(home)
        os.close(home)
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def _empty() -> None:
    """Take away all that is in the working folder. Raises OSError."""
    above: list[str] = []  # the folders that one went down into, from the top
    left = _files_gone()
    while left or above:
        if left:
            name = left.pop()
            os.chmod(name, stat.S_IRWXU)
            os.chdir(name)
            above.append(name)
        else:
            os.chdir("..")
            os.rmdir(above.pop())
        left = _files_gone()


def _files_gone() -> list[str]:
    """Take away the files of the working folder; the folders in it. Raises OSError."""
    with os.scandir() as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name)
    return [name for name, is_folder in found if is_folder]
