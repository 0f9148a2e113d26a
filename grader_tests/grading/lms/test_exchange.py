"""Collecting from an exchange where students wrote what they like: files and folders, really made.

The hub's test (`test_hub`) does it again between accounts of their own.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from chainrule.course.folder import Course

ME = pwd.getpwuid(os.getuid()).pw_name
EARLY, LATE, LATER = (f"20{year}-01-01 00:00:00.000000 UTC" for year in (30, 31, 32))


@pytest.fixture
def inbound(tmp_path: Path) -> Path:
    folder = tmp_path / "exchange/default_course/inbound"
    folder.mkdir(parents=True)
    (tmp_path / "exchange").chmod(0o777)
    return folder


def collect(tmp_path: Path, **config: object) -> dict[str, set[str]]:
    """What nbgrader's collecting with ours in it brings: student -> names of files."""
    (tmp_path / "course/source").mkdir(parents=True, exist_ok=True)
    done = (
        Course(tmp_path / "course")
        .nbgrader(
            CourseDirectory__course_id="default_course",
            Exchange__root=str(tmp_path / "exchange"),
            ExchangeFactory__collect="chainrule.nbgrader.Collect",
            **config,
        )
        .collect("ps")
    )
    assert done["success"], done["log"]
    found = tmp_path / "course/submitted"
    return {
        one.name: {str(p.relative_to(one / "ps")) for p in (one / "ps").rglob("*") if p.is_file()}
        for one in (found.iterdir() if found.is_dir() else ())
    }


def test_ordinary_files_only(tmp_path: Path, inbound: Path) -> None:
    secret = tmp_path / "master.ipynb"
    secret.write_text("the solutions")
    mine = inbound / f"{ME}+ps+{EARLY}+AAAAAAAAAAAA"
    (mine / "data").mkdir(parents=True)
    (mine / "ps.ipynb").write_text("mine")
    (mine / "data/a b.txt").write_text("mine too")
    (mine / "stolen.ipynb").symlink_to(secret)
    (mine / "folder").symlink_to(tmp_path)
    (mine / "huge.bin").write_bytes(bytes(30_000))
    os.mkfifo(mine / "pipe")
    found = collect(tmp_path, CourseDirectory__max_file_size=20)
    assert found == {ME: {"ps.ipynb", "data/a b.txt"}}
    assert (tmp_path / f"course/submitted/{ME}/ps/data/a b.txt").read_text() == "mine too"


def test_names_that_lie_cost_nobody_else(tmp_path: Path, inbound: Path) -> None:
    for name in (f"{ME}+ps+{EARLY}+A", f"{ME}+ps+soon+B", f"..+ps+{LATE}+C", f"nobody+ps+{LATE}+D"):
        (inbound / name).mkdir()
        (inbound / name / "ps.ipynb").write_text(name)
    (inbound / f"{ME}+ps+{LATER}+E").symlink_to(tmp_path)
    (inbound / f"{ME}+ps+{LATE}+F").write_text("not a folder")
    assert collect(tmp_path) == {ME: {"ps.ipynb"}}
    assert (tmp_path / f"course/submitted/{ME}/ps/ps.ipynb").read_text() == f"{ME}+ps+{EARLY}+A"
    assert not (tmp_path / "course/ps").exists()


def test_a_newer_submission_takes_the_place_of_the_older(tmp_path: Path, inbound: Path) -> None:
    for time in (EARLY, LATE):
        folder = inbound / f"{ME}+ps+{time}+A"
        folder.mkdir()
        (folder / f"{time[:4]}.txt").write_text("")
        (folder / "timestamp.txt").write_text(time)
        assert collect(tmp_path) == {ME: {f"{time[:4]}.txt", "timestamp.txt"}}
