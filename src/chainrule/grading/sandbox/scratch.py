"""Folders that a stranger filled: taken away whatever is in them, step by step, without recursion.

A thousand folders in one another end a function that calls itself, and make a path that is longer
than the system takes. So a folder is brought up to the top before it is looked into.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat

__all__ = ["remove_tree"]


def remove_tree(folder: str) -> None:
    """Remove a folder and all that is in it, as far as it can be; links are not followed."""
    numbers = itertools.count()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        with contextlib.suppress(OSError):
            os.chmod(place, stat.S_IRWXU)
            with os.scandir(place) as entries:
                for entry in list(entries):
                    with contextlib.suppress(OSError):
                        if not entry.is_dir(follow_symlinks=False):
                            os.unlink(entry.path)
                            continue
                        below = os.path.join(folder, f".removed-{next(numbers)}")
                        os.rename(entry.path, below)
                        waiting.append(below)
            if place != folder:
                os.rmdir(place)
    with contextlib.suppress(OSError):
        os.rmdir(folder)
