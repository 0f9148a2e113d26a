"""The gradebook, opened to be read; and a word where another program keeps one waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader import api
from sqlalchemy.engine import make_url

from chainrule.course.folder import CourseError

__all__ = ["is_there", "missing_folder", "opened", "told_when_slow"]

_SILENT = 2.0  # seconds, after which it is said that one waits

_log = logging.getLogger(__name__)


@contextmanager
def opened(db_url: str, course_id: str = "") -> Iterator[api.Gradebook]:
    """The gradebook at that address. Raises CourseError when there is none yet."""
    if not is_there(db_url):
        place = make_url(db_url).database
        raise CourseError(f"there is no gradebook yet ({place}): grade something first")
    with told_when_slow():
        book = api.Gradebook(db_url, course_id)
    with book:
        yield book


def missing_folder(db_url: str) -> Path | None:
    """The folder that a gradebook in SQLite would lie in, if that is not there."""
    url = make_url(db_url)
    folder = Path(url.database or "").parent
    new = url.get_backend_name() == "sqlite" and not (url.database or "").startswith("file:")
    return folder if new and not folder.is_dir() else None


def is_there(db_url: str) -> bool:
    """Whether there is a gradebook, as far as can be told; of an empty file nbgrader makes one."""
    url = make_url(db_url)
    place = url.database or ""
    if url.get_backend_name() != "sqlite" or place.startswith("file:"):
        return True
    path = Path(place)
    return path.is_file() and path.stat().st_size > 0


@contextmanager
def told_when_slow() -> Iterator[None]:
    """Log, when it takes longer than work with a gradebook does, that one is waiting for it."""
    said = "waiting for the gradebook: another program, such as Formgrader, may be using it"
    timer = threading.Timer(_SILENT, _log.warning, [said])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
