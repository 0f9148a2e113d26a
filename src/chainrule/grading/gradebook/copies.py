"""A copy of the gradebook, put aside before something in it is changed for good."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, select

__all__ = ["copy_aside"]


def copy_aside(engine: Any, folder: Path) -> Path:
    """Copy the database; where to. Raises OSError, and what the database raises.

    Of SQLite it is a database file beside the original; of another one a file in `folder` with all
    rows of all tables as JSON.
    """
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    if engine.url.get_backend_name() == "sqlite":
        source = Path(engine.url.database)
        target = _free(source.with_name(f"{source.stem}.before-{stamp}{source.suffix}"))
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
        return target
    target = _free(folder / f"gradebook.before-{stamp}.json")
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in found.sorted_tables
        }
    target.write_text(json.dumps(rows, indent=1, default=str), encoding="utf-8")
    return target


def _free(path: Path) -> Path:
    """A name that nothing has yet."""
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
