"""A search for the text of worked answers, in a folder and in every archive in it."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from grader_tests.support.paths import ROOT

__all__ = ["given_away"]

# Words in a row that no format writes otherwise: no mark-up, no quotation marks, no line's end.
_PLAIN = re.compile(r"[A-Za-z0-9 ,:]{40,}")


@cache
def _telling() -> tuple[bytes, ...]:
    """Pieces of the worked answers that stand in them alone."""
    answers = [path.read_text(encoding="utf-8") for path in ROOT.glob("answers/*.md")]
    said = [*ROOT.glob("source/*/*.ipynb"), *ROOT.glob("course/*"), *ROOT.glob("src/**/*.py")]
    elsewhere = "\n".join(path.read_text(encoding="utf-8") for path in said)
    found = {piece.strip() for text in answers for piece in _PLAIN.findall(text)}
    return tuple(one.encode() for one in found if one not in elsewhere)


def given_away(place: Path) -> list[str]:
    """The files at a place, in archives too, with text of a worked answer in them."""
    assert len(_telling()) > 100
    paths = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    assert paths, f"there is nothing at {place}"
    return [
        name
        for path in paths
        for name, data in _inside(str(path), path.read_bytes())
        if any(piece in data for piece in _telling())
    ]


def _inside(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file by its name, and if it is an archive the files in it."""
    yield name, data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.namelist():
                yield from _inside(f"{name}/{one}", archive.read(one))
    elif name.endswith((".tar.gz", ".tgz", ".tar")):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive_of:
            for member in archive_of.getmembers():
                if (file := archive_of.extractfile(member)) is not None:
                    yield from _inside(f"{name}/{member.name}", file.read())
