"""What takes long to build and is only read: built once, whichever test process asks first."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

__all__ = ["once"]

Built = TypeVar("Built")


def once(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Built]
) -> tuple[Built, Path]:
    """What `build(folder)` returned, and the folder; others wait while one builds.

    The tests of one run are shared out among processes, which have one folder above their own.
    """
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    folder, done = shared / name, shared / f"{name}.pickle"
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            done.write_bytes(pickle.dumps(build(folder)))
        return pickle.loads(done.read_bytes()), folder
