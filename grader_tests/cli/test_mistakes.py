"""Every mistake of the table ends with its exit status and a line, and never with a traceback."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from chainrule.grading.gradebook.batch import grade
from grader_tests.cli.mistakes import TABLE, Mistake, held
from grader_tests.support.command import chainrule
from grader_tests.support.once import once
from grader_tests.support.small_course import make_course


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one assignment, with a class of four, graded."""

    def made(to: Path) -> None:
        grade(make_course(to / "course"), "ps")

    return once(tmp_path_factory, "mistaken", made)[1] / "course"


def test_there_are_enough_and_each_has_a_name() -> None:
    assert len(TABLE) >= 60
    assert len({one.name for one in TABLE}) == len(TABLE)


@pytest.mark.parametrize("mistake", TABLE, ids=lambda one: one.name)
def test_a_mistake_is_told_in_a_line(
    mistake: Mistake, graded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = shutil.copytree(graded, tmp_path / "course")
    try:
        with monkeypatch.context() as patch:
            mistake.given(course, patch)
            done = chainrule(*shlex.split(mistake.typed), cwd=course)
    finally:
        while held:
            held.pop().close()  # type: ignore[attr-defined]
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert done.returncode == mistake.status, said
    assert re.search(mistake.says, said), said
    if done.returncode == 2:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("note ")]
        assert len(lines) == 1, done.stderr
        assert len(lines[0]) < 500
        assert done.stdout.strip() == ""
